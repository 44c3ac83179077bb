//! `signOut`: the session that asks is over, and with it its tokens.

use super::{policy, read, session};
use crate::error::Failure;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Ends the viewer's session; all of theirs where `everywhere`.
pub async fn sign_out(op: &Operation, everywhere: bool) -> Result<(), Failure> {
    policy::signed_in(op)?;
    let (Some(user), Some(current)) = (op.viewer.user_id(), op.viewer.session()) else { return Ok(()) };
    let transaction = op.begin().await?;
    if everywhere {
        // The user's row first, as signing in does: two who lock sessions in different orders would wait for each other.
        read::lock_user(transaction.connection(), user).await?;
        op.check_standing(&transaction).await?;
        session::end_all(transaction.connection(), op.now(), user, None).await?;
    } else {
        session::end(transaction.connection(), op.now(), current).await?;
    }
    save(transaction, op, NewChange::new(Action::SessionEnded, SubjectType::User, user)).await?;
    Ok(())
}
