//! `endSession`: another of one's own sessions is over: a phone that was lost, a browser somewhere.

use super::policy::{self, Allowed, Owned, act};
use super::session::{self, Session};
use crate::db::WriteTransaction;
use crate::error::{Failure, UserErrorCode};
use crate::id::{SessionId, UserId};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

impl Owned for Session {
    fn owner(&self) -> UserId {
        self.user_id
    }
}

/// Ends one of the viewer's sessions. One that is over already stays so.
pub async fn end_session(op: &Operation, id: SessionId) -> Result<(), Failure> {
    let transaction = op.begin().await?;
    let found = find_for_ending(&transaction, op, id).await?;
    if !found.lasts(op.now()) {
        return Ok(());
    }
    session::end(transaction.connection(), op.now(), found.id).await?;
    save(transaction, op, NewChange::new(Action::SessionEnded, SubjectType::User, found.user_id)).await?;
    Ok(())
}

async fn find_for_ending(
    transaction: &WriteTransaction,
    op: &Operation,
    id: SessionId,
) -> Result<Allowed<act::ManageOwnSessions, Session>, Failure> {
    policy::may_ever::<act::ManageOwnSessions>(op)?;
    let found = session::find(transaction.connection(), id).await?;
    let own = found.filter(|session| op.viewer.user_id() == Some(session.user_id));
    let not_found =
        || Failure::refused(UserErrorCode::NotFound, &["input", "sessionId"], "You have no such session.");
    policy::allow(op, own.ok_or_else(not_found)?)
}
