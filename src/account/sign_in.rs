//! `signIn`: an e-mail address and a password for a session.

use secrecy::SecretString;

use super::session::{self, StartedSession};
use super::{attempts, audit, password, read};
use crate::error::{Failure, UserErrorCode};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::{Operation, Viewer};
use crate::text::input;

/// Starts a session. Unknown address, wrong password and inactive account answer alike, in words and in time.
pub async fn sign_in(op: &Operation, email: &str, given: &SecretString) -> Result<StartedSession, Failure> {
    let email = if input::is_storable(email) { input::folded_email(email) } else { String::new() };
    let attempt = attempts::admit(op, &email).await?;
    let found = read::user_with_password(op.snapshot().await?.connection(), &email).await?;
    op.end_reading().await;
    let holds =
        password::verify(op, given, found.as_ref().map(|(_, hash)| hash.clone()), attempt.as_ref()).await?;
    let known = found.as_ref().map(|(user, _)| user.id);
    let Some((user, hash)) = found.filter(|_| holds) else {
        audit::sign_in_failed(op, known).await?;
        let message = "The e-mail address or the password is wrong.";
        return Err(Failure::refused(UserErrorCode::Invalid, &[], message));
    };
    let transaction = op.begin().await?;
    // Hashing took a while: whoever was kept out or got another password meanwhile is not let in.
    let user = read::if_unchanged(transaction.connection(), user.id, &hash).await?.ok_or_else(|| {
        Failure::refused(UserErrorCode::Invalid, &[], "The account has just changed. Sign in again.")
    })?;
    let session = session::start(transaction.connection(), op, user.id).await?;
    let as_user =
        op.acting_as(Viewer::User { id: user.id, role: read::role_of(&user)?, session: session.id });
    let change = NewChange::new(Action::SessionStarted, SubjectType::User, user.id);
    // Made before the commit: where this node can't sign, nothing has happened.
    let started = StartedSession::of(op, &session, user)?;
    save(transaction, &as_user, change).await?;
    if let Some(attempt) = attempt {
        attempt.succeeded(op);
    }
    Ok(started)
}
