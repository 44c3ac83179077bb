//! Passwords: Argon2id on blocking threads, few at a time, so that sign-ins can't starve queries.

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, ConnectionTrait};
use secrecy::{ExposeSecret as _, SecretString};
use std::collections::HashSet;
use std::sync::LazyLock;
use tokio::sync::TryAcquireError;
use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::User;
use super::attempts::Attempt;
use super::entity::credentials;
use super::policy::Allowed;
use crate::error::{Failure, Fault, UserError, UserErrorCode};
use crate::operation::Operation;

/// Shortest and longest password, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

/// The hash of a password that nobody can give: what an unknown account is checked against.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_with("\0", &[0; 16]).unwrap_or_default());

/// Passwords that are tried first by everybody who tries.
static COMMON: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("common_passwords.txt").lines().filter(|line| !line.starts_with("# ")).collect()
});

/// How long a password waits for its turn at most, in the answer to one who comes when too many wait.
pub(super) const RETRY_AFTER_SECONDS: u32 = 5;

/// 19 MiB and two passes: one of OWASP's choices of parameters, and the library's.
fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// Whether a new password may be used.
pub fn check(path: &[&str], password: &SecretString, email: &str) -> Result<(), UserError> {
    let composed = composed(password.expose_secret());
    let length = composed.chars().count();
    if !LENGTH.contains(&length) {
        let message =
            format!("A password has {} to {} characters; this has {length}.", LENGTH.start(), LENGTH.end());
        return Err(UserError::new(
            if length > *LENGTH.end() { UserErrorCode::TooLong } else { UserErrorCode::Invalid },
            path,
            message,
        ));
    }
    let folded = composed.trim().to_lowercase();
    let why = if !email.is_empty() && folded == email {
        "The password may not be the e-mail address."
    } else if COMMON.contains(folded.as_str()) || is_one_character(&folded) {
        "This password is one of the first that others would try. Choose another, such as four words that don't belong together."
    } else {
        return Ok(());
    };
    Err(UserError::new(UserErrorCode::Invalid, path, why))
}

fn is_one_character(text: &str) -> bool {
    text.chars().all(|character| text.starts_with(character))
}

/// A password in Unicode's composed form, as RFC 8265 asks: the same letters typed on another machine are the same password.
fn composed(password: &str) -> Zeroizing<String> {
    Zeroizing::new(password.nfc().collect())
}

/// Hashes a password; PHC form.
pub async fn hash(op: &Operation, password: &SecretString) -> Result<String, Failure> {
    let mut salt = [0; 16];
    op.store.chance.fill(&mut salt);
    let password = password.clone();
    blocking(op, false, move || hash_with(password.expose_secret(), &salt)).await?
}

/// Hashes a new password if it may be used; one that may not costs nothing. Where it isn't known yet whose it will be, the
/// address is empty, and compared later.
pub(super) async fn hash_if_valid(
    op: &Operation,
    password: &SecretString,
    path: &[&str],
    email: &str,
) -> Result<String, Failure> {
    check(path, password, email).map_err(|wrong| Failure::Refused(vec![wrong]))?;
    hash(op, password).await
}

/// Stores a user's new hash.
pub(super) async fn store<A>(
    connection: &impl ConnectionTrait,
    op: &Operation,
    user: &Allowed<A, User>,
    password_hash: String,
) -> Result<(), Failure> {
    credentials::ActiveModel {
        user_id: Set(user.id),
        password_hash: Set(password_hash),
        updated_at: Set(op.now()),
    }
    .update(connection)
    .await?;
    Ok(())
}

fn hash_with(password: &str, salt: &[u8]) -> Result<String, Failure> {
    argon2()
        .hash_password_with_salt(composed(password).as_bytes(), salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Failure::Internal(Fault::PasswordHash(error.to_string())))
}

/// Whether the password is the one of this hash. Without a hash it takes as long and says no, so that the time does not
/// tell which accounts exist.
pub async fn verify(
    op: &Operation,
    password: &SecretString,
    stored: Option<String>,
    attempt: Option<&Attempt>,
) -> Result<bool, Failure> {
    // Longer than any password, in whatever form.
    if password.expose_secret().len() > LENGTH.end() * 16 {
        return Ok(false);
    }
    let password = password.clone();
    let is_known = attempt.is_some_and(|attempt| attempt.is_from_known_network);
    blocking(op, is_known, move || {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.clone());
        let hash = PasswordHash::new(&stored)
            .map_err(|error| Failure::Internal(Fault::PasswordHash(error.to_string())))?;
        Ok(argon2().verify_password(composed(password.expose_secret()).as_bytes(), &hash).is_ok() && exists)
    })
    .await?
}

/// Runs it when its turn has come. Where too many wait already, it is refused at once: a flood of sign-ins takes neither
/// the memory nor the processors of those who read.
async fn blocking<T: Send + 'static>(
    op: &Operation,
    is_known: bool,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let limits = &op.store.limits;
    let kept = || {
        if is_known { limits.password_queue_of_known.try_acquire() } else { Err(TryAcquireError::NoPermits) }
    };
    let _waiting = limits
        .password_queue
        .try_acquire()
        .or_else(|_| kept())
        .map_err(|_| Failure::RateLimited { retry_after: RETRY_AFTER_SECONDS })?;
    let _turn = limits
        .password_hashes
        .acquire()
        .await
        .map_err(|error| Failure::Internal(Fault::PasswordHash(error.to_string())))?;
    Ok(tokio::task::spawn_blocking(work).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(password: &str) -> bool {
        check(&[], &SecretString::from(password), "ada.lovelace@desk.example").is_err()
    }

    #[test]
    fn what_others_would_try_first_is_refused() {
        assert!(COMMON.len() > 400 && COMMON.iter().all(|password| refused(password)));
        for password in
            ["Password1234", " qwertyuiop[] ", "ADA.Lovelace@desk.example", "aaaaaaaaaaaaaa", "short", ""]
        {
            assert!(refused(password), "{password}");
        }
        assert!(
            refused(&"x1".repeat(65))
                && !refused(&"x1".repeat(64))
                && !refused("twelve chars")
                && !refused("čtyřiadvacet")
        );
    }
}
