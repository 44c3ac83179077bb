//! The public rows of authors: there while a public article credits them, or while they are listed. Callers hold the lock
//! on the public tables, and are given the cache tags that are touched: of what appears or goes.

use std::collections::BTreeMap;

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::entity::{author_records, authors};
use super::read;
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::id::AuthorId;
use crate::image;
use crate::reads::AUTHORS;

/// So many more public articles credit each of these.
pub async fn refer_more(
    transaction: &WriteTransaction,
    counts: &BTreeMap<AuthorId, i32>,
) -> Result<Vec<String>, Failure> {
    let mut touched = Vec::new();
    let records = read::records(transaction.connection(), counts.keys().copied().collect()).await?;
    for (id, by) in counts {
        let record =
            records.get(id).ok_or_else(|| Failure::corrupt(format!("{id} was checked and is gone")))?;
        let referred = authors::Entity::update_many()
            .col_expr(authors::Column::ArticleCount, Expr::col(authors::Column::ArticleCount).add(*by))
            .filter(authors::Column::Id.eq(*id))
            .exec(transaction.connection())
            .await?;
        if referred.rows_affected == 0 {
            touched.extend(show(transaction, record, *by).await?);
        }
    }
    Ok(touched)
}

/// One public article less credits each of these.
pub async fn release(transaction: &WriteTransaction, ids: &[AuthorId]) -> Result<Vec<String>, Failure> {
    let mut touched = Vec::new();
    let records = read::records(transaction.connection(), ids.to_vec()).await?;
    for id in ids {
        authors::Entity::update_many()
            .col_expr(authors::Column::ArticleCount, Expr::col(authors::Column::ArticleCount).sub(1))
            .filter(authors::Column::Id.eq(*id))
            .exec(transaction.connection())
            .await?;
        if records.get(id).is_some_and(|record| record.is_listed) {
            continue;
        }
        let unreferred = authors::Entity::find_by_id(*id)
            .filter(authors::Column::ArticleCount.eq(0))
            .one(transaction.connection())
            .await?;
        if unreferred.is_some() {
            touched.extend(withdraw(transaction, *id).await?);
        }
    }
    Ok(touched)
}

/// An author has changed: the public row follows, and is there where it must be.
pub(super) async fn follow(
    transaction: &WriteTransaction,
    record: &author_records::Model,
) -> Result<Vec<String>, Failure> {
    let connection = transaction.connection();
    let Some(found) = authors::Entity::find_by_id(record.id).one(connection).await? else {
        return if record.is_listed { show(transaction, record, 0).await } else { Ok(Vec::new()) };
    };
    if !record.is_listed && found.article_count == 0 {
        return withdraw(transaction, record.id).await;
    }
    let mut touched = image::public::refer(transaction, record.portrait_image_id.as_slice()).await?;
    authors::Entity::update_many()
        .col_expr(authors::Column::Slug, Expr::value(&record.slug))
        .col_expr(authors::Column::Name, Expr::value(&record.name))
        .col_expr(authors::Column::SortName, Expr::value(&record.sort_name))
        .col_expr(authors::Column::Bio, Expr::value(record.bio.clone()))
        .col_expr(authors::Column::PortraitImageId, Expr::value(record.portrait_image_id))
        .col_expr(authors::Column::Links, Expr::value(&record.links))
        .filter(authors::Column::Id.eq(record.id))
        .exec(connection)
        .await?;
    touched.extend(image::public::release(transaction, found.portrait_image_id.as_slice()).await?);
    Ok(touched)
}

/// An author is public no longer, whatever counted them.
pub(super) async fn withdraw(transaction: &WriteTransaction, id: AuthorId) -> Result<Vec<String>, Failure> {
    let connection = transaction.connection();
    let mut touched = Vec::new();
    if let Some(author) = authors::Entity::find_by_id(id).one(connection).await? {
        authors::Entity::delete_by_id(id).exec(connection).await?;
        touched = image::public::release(transaction, author.portrait_image_id.as_slice()).await?;
        touched.extend([id.to_string(), AUTHORS.to_owned()]);
    }
    Ok(touched)
}

/// Makes an author public, with the portrait.
pub(super) async fn show(
    transaction: &WriteTransaction,
    record: &author_records::Model,
    article_count: i32,
) -> Result<Vec<String>, Failure> {
    let mut touched = image::public::refer(transaction, record.portrait_image_id.as_slice()).await?;
    authors::ActiveModel {
        id: Set(record.id),
        slug: Set(record.slug.clone()),
        name: Set(record.name.clone()),
        sort_name: Set(record.sort_name.clone()),
        bio: Set(record.bio.clone()),
        portrait_image_id: Set(record.portrait_image_id),
        links: Set(record.links.clone()),
        article_count: Set(article_count),
    }
    .insert(transaction.connection())
    .await?;
    touched.extend([record.id.to_string(), AUTHORS.to_owned()]);
    Ok(touched)
}
