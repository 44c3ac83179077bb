//! `setUserPassword`, and `copydesk user passwd`: an admin gives a user another password.

use secrecy::SecretString;

use super::policy::{self, act};
use super::{User, password, session, user};
use crate::error::{Failure, UserErrorCode};
use crate::id::UserId;
use crate::log::{Action, save};
use crate::operation::Operation;

/// Sets another user's password. All their sessions end.
pub async fn set_user_password(op: &Operation, id: UserId, new: &SecretString) -> Result<User, Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    if op.viewer.user_id() == Some(id) {
        let message = "Change your own password with changePassword, which asks for the present one.";
        return Err(Failure::refused(UserErrorCode::Invalid, &["input", "userId"], message));
    }
    let hash = password::hash_if_valid(op, new, &["input", "newPassword"], "").await?;
    let transaction = op.begin().await?;
    let found = user::find_for::<act::ManageUsers>(&transaction, op, id).await?;
    password::check(&["input", "newPassword"], new, &found.email)
        .map_err(|wrong| Failure::Refused(vec![wrong]))?;
    password::store(transaction.connection(), op, &found, hash).await?;
    session::end_all(transaction.connection(), op.now(), id, None).await?;
    let change = user::change(transaction.connection(), Action::PasswordSet, &found).await?;
    save(transaction, op, change).await?;
    Ok((*found).clone())
}
