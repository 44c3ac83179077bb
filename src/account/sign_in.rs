//! `signIn`: an e-mail address and a password for a session.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};

use super::entity::{sessions, users};
use super::{password, read, token};
use crate::clock::Timestamp;
use crate::error::{Failure, UserErrorCode};
use crate::id::SessionId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::{Operation, Viewer};
use crate::text::input;

/// How long a session lasts unless prolonged.
pub(super) const SESSION_SECONDS: i64 = 30 * 24 * 60 * 60;

/// What a client gets to keep.
pub struct StartedSession {
    /// The signed access token.
    pub access_token: SecretString,
    /// Until when it is good.
    pub access_token_expires_at: Timestamp,
    /// What prolongs the session, once.
    pub refresh_token: SecretString,
    /// Whose session it is.
    pub user: users::Model,
}

/// Starts a session. Unknown address, wrong password and inactive account answer alike, in words and in time.
pub async fn sign_in(op: &Operation, email: &str, given: &SecretString) -> Result<StartedSession, Failure> {
    let snapshot = op.snapshot().await?;
    let email = if input::is_storable(email) { email.trim().to_lowercase() } else { String::new() };
    let found = read::user_with_password(snapshot.connection(), &email).await?;
    drop(snapshot);
    let (user, stored) = found.unzip();
    let holds = password::verify(given, stored).await?;
    let Some(user) = user.filter(|_| holds) else {
        return Err(Failure::refused(
            UserErrorCode::Invalid,
            &[],
            "The e-mail address or the password is wrong.",
        ));
    };
    let as_user = Operation::new(
        std::sync::Arc::clone(&op.store),
        Viewer::User { id: user.id, role: read::role_of(&user)? },
        op.request_id.clone(),
    );
    let transaction = op.begin().await?;
    let session: SessionId = op.new_id();
    let (refresh_token, refresh_hash) = new_refresh_token(op);
    let now = op.now();
    sessions::ActiveModel {
        id: Set(session),
        user_id: Set(user.id),
        refresh_hash: Set(refresh_hash),
        spent_hash: Set(None),
        created_at: Set(now),
        refreshed_at: Set(now),
        expires_at: Set(now.plus_seconds(SESSION_SECONDS)),
        ended_at: Set(None),
    }
    .insert(transaction.connection())
    .await?;
    save(transaction, &as_user, NewChange::new(Action::SessionStarted, SubjectType::User, user.id)).await?;
    let (access_token, access_token_expires_at) = token::issue(&op.store, user.id, session)?;
    Ok(StartedSession { access_token, access_token_expires_at, refresh_token, user })
}

/// A new refresh token: 256 random bits; and the hash that is stored of it.
pub(super) fn new_refresh_token(op: &Operation) -> (SecretString, String) {
    let token = op.random_hex::<32>();
    let hash = refresh_hash(&token);
    (SecretString::from(token), hash)
}

/// What is stored of a refresh token. The token is random, so a plain hash can't be guessed from.
pub(super) fn refresh_hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}
