//! `reactivateUser`: a user who was kept out may sign in again, with the role and the password that they had.

use super::policy::act;
use super::{User, user};
use crate::error::Failure;
use crate::id::UserId;
use crate::log::{Action, save};
use crate::operation::Operation;

/// Lets a user in again. One who is active already stays so.
pub async fn reactivate_user(op: &Operation, id: UserId) -> Result<User, Failure> {
    let transaction = op.begin().await?;
    let found = user::find_for::<act::ManageUsers>(&transaction, op, id).await?;
    if found.is_active {
        return Ok((*found).clone());
    }
    let written = user::write(&transaction, op, &found, User { is_active: true, ..(*found).clone() }).await?;
    let change = user::change(transaction.connection(), Action::UserReactivated, &written).await?;
    save(transaction, op, change).await?;
    Ok(written)
}
