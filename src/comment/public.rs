//! The public rows of comments: there while the comment is approved and its article public.

use std::collections::{BTreeSet, HashSet};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::entity::{comment_records, comments};
use super::read::Status;
use crate::article;
use crate::article::publish::Conversation;
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::id::{ArticleId, CommentId};

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

/// Lets what the public sees follow a record that stands elsewhere now. Gives the cache tags that this touches.
pub(super) async fn follow(
    transaction: &WriteTransaction,
    before: &comment_records::Model,
    after: &comment_records::Model,
    article_is_public: bool,
) -> Result<Vec<String>, Failure> {
    let (was_shown, is_shown) = (before.status() == Status::Approved, after.status() == Status::Approved);
    if !article_is_public || was_shown == is_shown {
        return Ok(Vec::new());
    }
    if is_shown {
        return appear(transaction, after).await;
    }
    hide(transaction, after).await?;
    article::count_comments(transaction, after.article_id, -1).await?;
    Ok(vec![after.article_id.to_string()])
}

/// Makes a comment of a public article public. Gives the cache tags that this touches.
pub(super) async fn appear(
    transaction: &WriteTransaction,
    record: &comment_records::Model,
) -> Result<Vec<String>, Failure> {
    show(transaction, std::slice::from_ref(record)).await?;
    article::count_comments(transaction, record.article_id, 1).await?;
    Ok(vec![record.article_id.to_string()])
}

/// Makes these comments of one article public. Where one replies to a comment that isn't, a removed one stands in its place.
async fn show(transaction: &WriteTransaction, records: &[comment_records::Model]) -> Result<(), Failure> {
    insert(transaction, records, true).await?;
    let mut missing = parents_not_public(transaction, records).await?;
    while !missing.is_empty() {
        insert(transaction, &missing, false).await?;
        missing = parents_not_public(transaction, &missing).await?;
    }
    Ok(())
}

/// Takes a comment from the public. While public comments reply to it, a removed one stays in its place.
async fn hide(transaction: &WriteTransaction, record: &comment_records::Model) -> Result<(), Failure> {
    let connection = transaction.connection();
    let mut emptied = Some(record.id);
    while let Some(id) = emptied {
        let reply =
            comments::Entity::find().filter(comments::Column::ParentId.eq(id)).one(connection).await?;
        if reply.is_some() {
            comments::Entity::update_many()
                .col_expr(comments::Column::AuthorName, Expr::value(""))
                .col_expr(comments::Column::Body, Expr::value(None::<String>))
                .col_expr(comments::Column::IsStaff, Expr::value(false))
                .col_expr(comments::Column::IsByArticleAuthor, Expr::value(false))
                .filter(comments::Column::Id.eq(id))
                .exec(connection)
                .await?;
            return Ok(());
        }
        let Some(row) = comments::Entity::find_by_id(id).one(connection).await? else { return Ok(()) };
        comments::Entity::delete_by_id(id).exec(connection).await?;
        // A removed one above it stood there for its sake.
        let parent = match row.parent_id {
            Some(parent) => comments::Entity::find_by_id(parent).one(connection).await?,
            None => None,
        };
        emptied = parent.filter(|parent| parent.body.is_none()).map(|parent| parent.id);
    }
    Ok(())
}

/// Inserts rows: with what the records say, or removed ones.
async fn insert(
    transaction: &WriteTransaction,
    records: &[comment_records::Model],
    is_shown: bool,
) -> Result<(), Failure> {
    for chunk in records.chunks(ROWS) {
        let ids = chunk.iter().map(|record| record.id);
        comments::Entity::delete_many()
            .filter(comments::Column::Id.is_in(ids))
            .exec(transaction.connection())
            .await?;
        let rows = chunk.iter().map(|record| comments::ActiveModel {
            id: Set(record.id),
            article_id: Set(record.article_id),
            parent_id: Set(record.parent_id),
            author_name: Set(if is_shown { record.author_name.clone() } else { String::new() }),
            body: Set(is_shown.then(|| record.body.clone())),
            created_at: Set(record.created_at),
            is_staff: Set(is_shown && record.staff_id.is_some()),
            is_by_article_author: Set(is_shown && record.is_by_article_author),
        });
        comments::Entity::insert_many(rows).exec_without_returning(transaction.connection()).await?;
    }
    Ok(())
}

/// The records above these, each once, that have no public row.
async fn parents_not_public(
    transaction: &WriteTransaction,
    records: &[comment_records::Model],
) -> Result<Vec<comment_records::Model>, Failure> {
    let parents: BTreeSet<CommentId> = records.iter().filter_map(|record| record.parent_id).collect();
    let mut missing = Vec::new();
    for chunk in Vec::from_iter(parents).chunks(ROWS) {
        let public = comments::Entity::find()
            .filter(comments::Column::Id.is_in(chunk.iter().copied()))
            .all(transaction.connection())
            .await?;
        let public: HashSet<CommentId> = public.into_iter().map(|row| row.id).collect();
        let others = chunk.iter().copied().filter(|id| !public.contains(id));
        let found = comment_records::Entity::find()
            .filter(comment_records::Column::Id.is_in(others))
            .all(transaction.connection())
            .await?;
        missing.extend(found);
    }
    Ok(missing)
}
