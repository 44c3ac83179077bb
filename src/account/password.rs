//! Passwords: Argon2id on blocking threads, few at a time, so that sign-ins can't starve queries.

use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash};
use argon2::{Algorithm, Argon2, Params, Version};
use std::sync::LazyLock;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Semaphore;

use crate::error::{Failure, Fault, UserError, UserErrorCode};
use crate::operation::Operation;

/// How many hashes are computed at once. Each takes 19 MiB (OWASP's first choice of parameters).
static HASHING: Semaphore = Semaphore::const_new(2);

/// Shortest and longest password, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 12..=128;

/// The hash of a password that nobody can give: what an unknown account is checked against.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_with("\0", &[0; 16]).unwrap_or_default());

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
}

/// Whether a new password may be used.
pub fn check(path: &[&str], password: &SecretString, email: &str) -> Result<(), UserError> {
    let length = password.expose_secret().chars().count();
    if !LENGTH.contains(&length) {
        let message =
            format!("A password has {} to {} characters; this has {length}.", LENGTH.start(), LENGTH.end());
        return Err(UserError::new(
            if length > *LENGTH.end() { UserErrorCode::TooLong } else { UserErrorCode::Invalid },
            path,
            message,
        ));
    }
    if password.expose_secret().eq_ignore_ascii_case(email) {
        return Err(UserError::new(
            UserErrorCode::Invalid,
            path,
            "The password may not be the e-mail address.",
        ));
    }
    Ok(())
}

/// Hashes a password; PHC form.
pub async fn hash(op: &Operation, password: &SecretString) -> Result<String, Failure> {
    let mut salt = [0; 16];
    op.store.chance.fill(&mut salt);
    let password = password.clone();
    blocking(move || hash_with(password.expose_secret(), &salt)).await?
}

fn hash_with(password: &str, salt: &[u8]) -> Result<String, Failure> {
    argon2()
        .hash_password_with_salt(password.as_bytes(), salt)
        .map(|hash| hash.to_string())
        .map_err(|error| Failure::Internal(Fault::PasswordHash(error.to_string())))
}

/// Whether the password is the one of this hash. Without a hash it takes as long and says no, so that the time does not
/// tell which accounts exist.
pub async fn verify(password: &SecretString, stored: Option<String>) -> Result<bool, Failure> {
    if password.expose_secret().chars().count() > *LENGTH.end() {
        return Ok(false);
    }
    let password = password.clone();
    blocking(move || {
        let exists = stored.is_some();
        let stored = stored.unwrap_or_else(|| NOBODY.clone());
        let hash = PasswordHash::new(&stored)
            .map_err(|error| Failure::Internal(Fault::PasswordHash(error.to_string())))?;
        Ok(argon2().verify_password(password.expose_secret().as_bytes(), &hash).is_ok() && exists)
    })
    .await?
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Failure> {
    let _place =
        HASHING.acquire().await.map_err(|error| Failure::Internal(Fault::PasswordHash(error.to_string())))?;
    Ok(tokio::task::spawn_blocking(work).await?)
}
