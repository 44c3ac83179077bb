//! `approveComment`, `rejectComment`, `markCommentAsSpam`, `deleteComment`, each for one comment and for many: what moderators
//! decide. One table says what leads where ([`decide`]), one function does it.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, IntoActiveModel as _};

use super::entity::comment_records;
use super::find::find_for;
use super::read::Status;
use super::{public, record};
use crate::account::policy::{self, act};
use crate::error::{Failure, UserError, UserErrorCode};
use crate::id::CommentId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Most comments that are decided about at once.
pub const MOST_AT_ONCE: usize = 100;

/// What a moderator decides about a comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It may be public.
    Approve,
    /// It may not.
    Reject,
    /// It is unwanted advertising.
    MarkAsSpam,
    /// It is taken away.
    Delete,
}

impl Decision {
    /// Where a comment stands after it.
    pub fn leads_to(self) -> Status {
        match self {
            Self::Approve => Status::Approved,
            Self::Reject => Status::Rejected,
            Self::MarkAsSpam => Status::Spam,
            Self::Delete => Status::Deleted,
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Approve => Action::CommentApproved,
            Self::Reject => Action::CommentRejected,
            Self::MarkAsSpam => Action::CommentMarkedAsSpam,
            Self::Delete => Action::CommentDeleted,
        }
    }
}

/// What a decision makes of a comment that stands there: where it stands then, nothing where it stands there already, or why
/// that can't be.
pub fn decide(decision: Decision, from: Status, is_erased: bool) -> Result<Option<Status>, &'static str> {
    if is_erased {
        return Err("The comment was erased: there is nothing left to decide about.");
    }
    if from == decision.leads_to() {
        return Ok(None);
    }
    match (decision, from) {
        (Decision::Delete, _)
        | (Decision::Approve, Status::Pending | Status::Rejected | Status::Spam)
        | (Decision::Reject | Decision::MarkAsSpam, Status::Pending | Status::Approved) => {
            Ok(Some(decision.leads_to()))
        }
        (Decision::Approve, Status::Approved) => Ok(None),
        (_, Status::Deleted) => Err("The comment was deleted."),
        (_, Status::Rejected) => Err("The comment was rejected already: approve or delete it."),
        (_, Status::Spam) => Err("The comment is marked as spam already: approve or delete it."),
    }
}

/// Decides about a comment. With a version, only if it is still that one: the reader may have changed it since.
pub async fn moderate(
    op: &Operation,
    decision: Decision,
    id: CommentId,
    version: Option<i32>,
) -> Result<comment_records::Model, Failure> {
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = find_for::<act::ModerateComment>(&transaction, op, id).await?;
    let decided = decide(decision, found.record.status(), found.record.erased_at.is_some());
    check_version(&found.record, version, decided == Ok(None))?;
    let Some(status) = decided.map_err(|reason| Failure::refused(UserErrorCode::WrongState, &[], reason))?
    else {
        return Ok(found.record.clone());
    };
    let mut changed = found.record.clone().into_active_model();
    changed.status = Set(status.name().to_owned());
    changed.version = Set(found.record.version + 1);
    changed.updated_at = Set(op.now());
    let record = changed.update(transaction.connection()).await?;
    let tags = public::follow(&transaction, &found.record, &record, found.article_is_public).await?;
    let change =
        NewChange::new(decision.action(), SubjectType::Comment, id).hash(record::hash(&record)?).tags(tags);
    save(transaction, op, change).await?;
    Ok(record)
}

/// A decision that is repeated was made from the version before: its answer may have been lost.
fn check_version(record: &comment_records::Model, given: Option<i32>, is_done: bool) -> Result<(), Failure> {
    let Some(given) = given else { return Ok(()) };
    if record.version == given || (is_done && record.version == given.saturating_add(1)) {
        return Ok(());
    }
    let message = format!("The comment has changed since version {given}: read it again.");
    Err(Failure::refused(UserErrorCode::Conflict, &["input", "version"], message))
}

/// Decides about many comments, one after the other, each for itself: one that is refused stops none of the others. Gives what
/// was wrong with each, with its place in the list as the path.
pub async fn moderate_many(
    op: &Operation,
    decision: Decision,
    ids: &[CommentId],
) -> Result<Vec<Vec<UserError>>, Failure> {
    policy::may_ever::<act::ModerateComment>(op)?;
    if ids.len() > MOST_AT_ONCE {
        let message = format!("At most {MOST_AT_ONCE} comments at once; these are {}.", ids.len());
        return Err(Failure::refused(UserErrorCode::TooLong, &["input", "commentIds"], message));
    }
    let mut all = Vec::with_capacity(ids.len());
    for (index, id) in ids.iter().enumerate() {
        let errors = match moderate(op, decision, *id, None).await {
            Ok(_) => Vec::new(),
            Err(Failure::Refused(errors)) => {
                let index = index.to_string();
                let path = ["input", "commentIds", &index];
                errors.into_iter().map(|error| UserError::new(error.code, &path, error.message)).collect()
            }
            Err(other) => return Err(other),
        };
        all.push(errors);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table() {
        use Decision::{Approve, Delete, MarkAsSpam, Reject};
        use Status::{Approved, Deleted, Pending, Rejected, Spam};
        // For each decision: where it leads from, and where it changes nothing. Elsewhere it is refused.
        let table: [(Decision, &[Status], Status); 4] = [
            (Approve, &[Pending, Rejected, Spam], Approved),
            (Reject, &[Pending, Approved], Rejected),
            (MarkAsSpam, &[Pending, Approved], Spam),
            (Delete, &[Pending, Approved, Rejected, Spam], Deleted),
        ];
        for (decision, leads_from, to) in table {
            for from in [Pending, Approved, Rejected, Spam, Deleted] {
                let decided = decide(decision, from, false);
                if from == to {
                    assert_eq!(decided, Ok(None), "{decision:?} from {from:?}");
                } else if leads_from.contains(&from) {
                    assert_eq!(decided, Ok(Some(to)), "{decision:?} from {from:?}");
                } else {
                    assert!(decided.is_err(), "{decision:?} from {from:?}");
                }
                assert!(decide(decision, from, true).is_err(), "{decision:?} of an erased one");
            }
        }
    }
}
