//! `changePassword`: one's own, for who knows the present one. All other sessions end.

use secrecy::SecretString;

use super::policy::{self, act};
use super::{User, attempts, audit, password, read, session, user};
use crate::error::{Failure, UserErrorCode};
use crate::log::{Action, save};
use crate::operation::Operation;

/// Changes the viewer's password. Trying the present one counts as signing in does.
pub async fn change_password(
    op: &Operation,
    current: &SecretString,
    new: &SecretString,
) -> Result<User, Failure> {
    policy::may_ever::<act::ManageOwnSessions>(op)?;
    let id = op.viewer.user_id().ok_or(Failure::Unauthenticated)?;
    let me = read::user(&*op.snapshot().await?, id).await?.ok_or(Failure::Unauthenticated)?;
    let attempt = attempts::admit(op, &me.email).await?;
    let stored = read::user_with_password(op.snapshot().await?.connection(), &me.email).await?;
    let (_, old_hash) = stored.ok_or(Failure::Unauthenticated)?;
    op.end_reading().await;
    if !password::verify(op, current, Some(old_hash.clone()), attempt.as_ref()).await? {
        audit::sign_in_failed(op, Some(id)).await?;
        let message = "This is not the present password.";
        return Err(Failure::refused(UserErrorCode::Invalid, &["input", "currentPassword"], message));
    }
    if let Some(attempt) = attempt {
        attempt.succeeded(op);
    }
    let hash = password::hash_if_valid(op, new, &["input", "newPassword"], &me.email).await?;
    let transaction = op.begin().await?;
    let found = user::find_for::<act::ManageOwnSessions>(&transaction, op, id).await?;
    // The session may have ended while the passwords were hashed: asked again under the account's lock, by `find_for`.
    if read::if_unchanged(transaction.connection(), id, &old_hash).await?.is_none() {
        let message = "The password has just been changed by somebody else.";
        return Err(Failure::refused(UserErrorCode::Conflict, &["input", "currentPassword"], message));
    }
    password::store(transaction.connection(), op, &found, hash).await?;
    session::end_all(transaction.connection(), op.now(), id, op.viewer.session()).await?;
    let change = user::change(transaction.connection(), Action::PasswordSet, &found).await?;
    save(transaction, op, change).await?;
    Ok((*found).clone())
}
