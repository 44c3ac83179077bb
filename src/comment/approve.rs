//! `approveComment`: a comment becomes public, if its article is.

use sea_orm::ActiveModelTrait as _;
use sea_orm::{EntityTrait as _, IntoActiveModel as _, QuerySelect as _};

use super::entity::comment_records;
use super::read::Status;
use super::{public, submit};
use crate::account::policy::{self, Act, Action as Right, Allowed, Owned, act};
use crate::article;
use crate::db::WriteTransaction;
use crate::error::{Failure, UserErrorCode};
use crate::id::{CommentId, UserId};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// A comment, with whose article it is under and whether that is public.
pub struct Found {
    /// The comment.
    pub record: comment_records::Model,
    article_owner: UserId,
    article_is_public: bool,
}

impl Owned for Found {
    fn owner(&self) -> UserId {
        self.article_owner
    }
}

/// Finds a comment for an action, inside the transaction, locked to its end.
async fn find_for<A: Act>(
    transaction: &WriteTransaction,
    op: &Operation,
    id: CommentId,
) -> Result<Allowed<A, Found>, Failure> {
    policy::may_ever::<A>(op)?;
    let not_found =
        || Failure::refused(UserErrorCode::NotFound, &["input", "commentId"], "There is no such comment.");
    let connection = transaction.connection();
    let record = comment_records::Entity::find_by_id(id)
        .lock_exclusive()
        .one(connection)
        .await?
        .ok_or_else(not_found)?;
    let (article_owner, article_is_public) = article::draft::owner(connection, record.article_id)
        .await?
        .ok_or_else(|| Failure::corrupt(format!("{id} is under an article that is gone")))?;
    if !policy::may(op.viewer, Right::ModerateComment, article_owner) {
        return Err(not_found());
    }
    policy::allow(op, Found { record, article_owner, article_is_public })
}

/// Approves a comment. One that is approved already stays so.
pub async fn approve(op: &Operation, id: CommentId) -> Result<comment_records::Model, Failure> {
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = find_for::<act::ModerateComment>(&transaction, op, id).await?;
    match found.record.status() {
        Status::Approved => return Ok(found.record.clone()),
        Status::Deleted => {
            return Err(Failure::refused(UserErrorCode::WrongState, &[], "The comment was deleted."));
        }
        Status::Pending | Status::Rejected | Status::Spam => {}
    }
    let mut changed = found.record.clone().into_active_model();
    changed.status = sea_orm::ActiveValue::Set(Status::Approved.name().to_owned());
    changed.version = sea_orm::ActiveValue::Set(found.record.version + 1);
    changed.updated_at = sea_orm::ActiveValue::Set(op.now());
    let record = changed.update(transaction.connection()).await?;
    let mut tags = Vec::new();
    if found.article_is_public {
        public::show(&transaction, std::slice::from_ref(&record)).await?;
        article::count_comments(&transaction, record.article_id, 1).await?;
        tags.push(record.article_id.to_string());
    }
    let change = NewChange::new(Action::CommentApproved, SubjectType::Comment, id)
        .hash(submit::hash(&record)?)
        .tags(tags);
    save(transaction, op, change).await?;
    Ok(record)
}
