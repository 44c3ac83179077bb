//! `replyToComment`: somebody of the desk answers a public comment, under their own name. The answer is public at once, and
//! marked: no reader can write one.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;

use super::entity::comment_records;
use super::find::find_for;
use super::read::Status;
use super::{body, public, record, thread};
use crate::account;
use crate::account::policy::{Owned as _, act};
use crate::article;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::CommentId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Answers a comment.
pub async fn reply(op: &Operation, id: CommentId, body: &str) -> Result<comment_records::Model, Failure> {
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = find_for::<act::ReplyToComment>(&transaction, op, id).await?;
    let config = &op.store.config;
    let mut problems = Problems::default();
    let body = problems.take(body::of_desk(config, body));
    let refused = if found.record.status() != Status::Approved {
        Some("The comment is not approved: only what readers see is answered.")
    } else if !article::draft::stays_public(&transaction, found.record.article_id).await? {
        Some("The article is not public: nobody would see the answer.")
    } else {
        None
    };
    if let Some(reason) = refused {
        problems.add(UserErrorCode::WrongState, &[], reason);
    }
    let connection = transaction.connection();
    if let Some(problem) = thread::too_deep(connection, config, id, &["input", "commentId"]).await? {
        problems.take::<()>(Err(problem));
    }
    problems.check()?;
    let Some(body) = body else { return Err(Failure::corrupt("a body that was read is missing")) };
    let user = op.viewer.user_id().ok_or(Failure::Unauthenticated)?;
    let name = account::read::name(connection, user).await?.ok_or(Failure::Unauthenticated)?;
    let now = op.now();
    let record = comment_records::ActiveModel {
        id: Set(op.new_id()),
        article_id: Set(found.record.article_id),
        parent_id: Set(Some(id)),
        author_name: Set(name),
        author_email: Set(String::new()),
        body: Set(body.text),
        status: Set(Status::Approved.name().to_owned()),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
        erased_at: Set(None),
        staff_id: Set(Some(user)),
        is_by_article_author: Set(found.owner() == user),
        held_for: Set(None),
    }
    .insert(connection)
    .await?;
    let tags = public::appear(&transaction, &record).await?;
    let change = NewChange::new(Action::CommentReplied, SubjectType::Comment, record.id)
        .hash(record::hash(&record)?)
        .tags(tags);
    save(transaction, op, change).await?;
    Ok(record)
}
