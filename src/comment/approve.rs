//! `approveComment`: a comment becomes public, if its article is.

use sea_orm::ActiveModelTrait as _;
use sea_orm::IntoActiveModel as _;

use super::entity::comment_records;
use super::find::find_for;
use super::read::Status;
use super::{public, submit};
use crate::account::policy::act;
use crate::article;
use crate::error::{Failure, UserErrorCode};
use crate::id::CommentId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

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
