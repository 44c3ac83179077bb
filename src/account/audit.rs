//! What did not succeed and is written to the log all the same: failed sign-ins, and refusals of rights. How many such
//! entries can be caused is bounded; what is above that stands in the server's own log alone.

use uuid::Uuid;

use crate::error::Failure;
use crate::id::{GlobalId as _, UserId};
use crate::limit::Key;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Whose sign-in failed where no account has the e-mail address that was given. The address itself is not kept: it may be a
/// password that was typed into the wrong field.
const NOBODY: UserId = UserId(Uuid::nil());

/// A wrong password was given for this user, or an address that no active account has.
pub(super) async fn sign_in_failed(op: &Operation, user: Option<UserId>) -> Result<(), Failure> {
    let address = op.client.address.map(|address| address.to_string());
    tracing::warn!(user = user.map(|user| user.to_string()), address, "a sign-in failed");
    let subject = user.unwrap_or(NOBODY);
    if op.store.limits.failure_entries.take(Key::of(&[subject.uuid().as_bytes()])).is_err() {
        return Ok(());
    }
    let transaction = op.begin().await?;
    save(transaction, op, NewChange::new(Action::SignInFailed, SubjectType::User, subject)).await?;
    Ok(())
}

/// Writes down which rights were refused while the request was answered. The same one again and again is written a few times.
pub async fn refusals(op: &Operation) {
    let rights = op.take_refusals();
    let Some(user) = op.viewer.user_id() else { return };
    for right in rights {
        let key = Key::of(&[user.uuid().as_bytes(), right.as_bytes()]);
        if op.store.limits.refusal_entries.take(key).is_ok()
            && let Err(failure) = refused(op, user, right).await
        {
            tracing::error!(?failure, right, "a refusal can't be written to the log");
        }
    }
}

async fn refused(op: &Operation, user: UserId, right: &str) -> Result<(), Failure> {
    let transaction = op.begin().await?;
    save(transaction, op, NewChange::new(Action::AccessRefused, SubjectType::User, user).detail(right))
        .await?;
    Ok(())
}
