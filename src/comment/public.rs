//! The public rows of comments: there while the comment is approved and its article public.

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::entity::{comment_records, comments};
use super::read::Status;
use crate::article::publish::Conversation;
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::id::ArticleId;

/// Rows inserted at once: far below what either engine binds in a statement.
const ROWS: usize = 1_000;

/// The conversation that publishing is given.
pub struct Comments;

impl Conversation for Comments {
    async fn show(&self, transaction: &WriteTransaction, article: ArticleId) -> Result<i32, Failure> {
        let approved = comment_records::Entity::find()
            .filter(comment_records::Column::ArticleId.eq(article))
            .filter(comment_records::Column::Status.eq(Status::Approved.name()))
            .all(transaction.connection())
            .await?;
        show(transaction, &approved).await?;
        Ok(i32::try_from(approved.len()).unwrap_or(i32::MAX))
    }
}

/// Makes these comments public.
pub(super) async fn show(
    transaction: &WriteTransaction,
    records: &[comment_records::Model],
) -> Result<(), Failure> {
    for chunk in records.chunks(ROWS) {
        let rows = chunk.iter().map(|record| comments::ActiveModel {
            id: Set(record.id),
            article_id: Set(record.article_id),
            parent_id: Set(record.parent_id),
            author_name: Set(record.author_name.clone()),
            body: Set(Some(record.body.clone())),
            created_at: Set(record.created_at),
        });
        comments::Entity::insert_many(rows).exec_without_returning(transaction.connection()).await?;
    }
    Ok(())
}
