//! `deactivateUser`: a user may not sign in any more; what they wrote stays theirs. All their sessions end.

use super::policy::act;
use super::{User, session, user};
use crate::error::Failure;
use crate::id::UserId;
use crate::log::{Action, save};
use crate::operation::Operation;

/// Keeps a user out from now on. One who is kept out already stays so.
pub async fn deactivate_user(op: &Operation, id: UserId) -> Result<User, Failure> {
    let transaction = op.begin().await?;
    let found = user::find_for::<act::ManageUsers>(&transaction, op, id).await?;
    if !found.is_active {
        return Ok((*found).clone());
    }
    user::check_an_admin_stays(transaction.connection(), &found, &["input", "userId"]).await?;
    let written =
        user::write(&transaction, op, &found, User { is_active: false, ..(*found).clone() }).await?;
    session::end_all(transaction.connection(), op.now(), id, None).await?;
    let change = user::change(transaction.connection(), Action::UserDeactivated, &written).await?;
    save(transaction, op, change).await?;
    Ok(written)
}
