//! `setUserPassword`, and `copydesk user passwd`: an admin gives a user another password.

use secrecy::SecretString;

use super::policy::{self, act};
use super::{User, password, session, user};
use crate::error::{Failure, Problems};
use crate::id::UserId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Sets a user's password. All their sessions end, but the one that asks.
pub async fn set_user_password(op: &Operation, id: UserId, new: &SecretString) -> Result<User, Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    let hash = password::hash_if_valid(op, new, &["input", "newPassword"]).await?;
    let transaction = op.begin().await?;
    let found = user::find_for::<act::ManageUsers>(&transaction, op, id).await?;
    let mut problems = Problems::default();
    problems.take(password::check(&["input", "newPassword"], new, &found.email));
    problems.check()?;
    password::store(transaction.connection(), op, &found, hash).await?;
    session::end_all(transaction.connection(), op.now(), id, op.viewer.session()).await?;
    save(transaction, op, NewChange::new(Action::PasswordSet, SubjectType::User, id)).await?;
    Ok((*found).clone())
}
