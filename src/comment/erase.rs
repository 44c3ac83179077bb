//! `eraseComment`, and a reader's data by address: what a reader wrote, their name and address are gone for good. The record
//! stays as a tombstone, so that a conversation keeps its shape and the log its subject; the salt goes with the words, so that
//! nothing can be guessed from the hashes that the log keeps.

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, Select,
};

use super::entity::comment_records;
use super::find::find_for;
use super::read::Status;
use super::{public, record};
use crate::account::policy::{self, act};
use crate::error::Failure;
use crate::id::{ArticleId, CommentId};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::text::input;

/// Erases a comment. One that was erased already stays so.
pub async fn erase(op: &Operation, id: CommentId) -> Result<comment_records::Model, Failure> {
    let record = erase_row(op, id).await?;
    op.forget().await;
    Ok(record)
}

async fn erase_row(op: &Operation, id: CommentId) -> Result<comment_records::Model, Failure> {
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = find_for::<act::EraseComment>(&transaction, op, id).await?;
    if found.record.erased_at.is_some() {
        return Ok(found.record.clone());
    }
    let mut changed = found.record.clone().into_active_model();
    changed.author_name = Set(String::new());
    changed.author_email = Set(String::new());
    changed.body = Set(String::new());
    changed.status = Set(Status::Deleted.name().to_owned());
    changed.salt = Set(op.random_hex::<16>());
    changed.version = Set(found.record.version + 1);
    changed.updated_at = Set(op.now());
    changed.erased_at = Set(Some(op.now()));
    let record = changed.update(transaction.connection()).await?;
    let tags = public::follow(&transaction, &found.record, &record, found.article_is_public).await?;
    let change = NewChange::new(Action::CommentErased, SubjectType::Comment, id)
        .hash(record::hash(&record)?)
        .tags(tags);
    save(transaction, op, change).await?;
    Ok(record)
}

/// Erases all that a reader sent from an address, however it is spelled; says how many comments that were. Where it stops
/// midway, it can be run again.
pub async fn erase_reader(op: &Operation, email: &str) -> Result<usize, Failure> {
    let address = input::email(&["email"], email).map_err(|error| Failure::Refused(vec![error]))?;
    let theirs = comment_records::Column::AuthorEmail.eq(address);
    erase_all(op, comment_records::Entity::find().filter(theirs)).await
}

/// Erases all comments under an article; says how many those were.
pub async fn erase_under(op: &Operation, article: ArticleId) -> Result<usize, Failure> {
    let under = comment_records::Column::ArticleId.eq(article);
    erase_all(op, comment_records::Entity::find().filter(under)).await
}

async fn erase_all(op: &Operation, which: Select<comment_records::Entity>) -> Result<usize, Failure> {
    policy::may_ever::<act::EraseComment>(op)?;
    let found = which
        .filter(comment_records::Column::ErasedAt.is_null())
        .order_by_asc(comment_records::Column::Id)
        .all(op.snapshot().await?.connection())
        .await?;
    for record in &found {
        erase_row(op, record.id).await?;
    }
    op.forget().await;
    Ok(found.len())
}
