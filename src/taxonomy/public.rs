//! The public rows of tags, there while a public article has the tag; and how many articles each tag and category has.
//! Callers hold the lock on the public tables.

use std::collections::BTreeMap;

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::entity::{categories, tag_records, tags};
use super::read;
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::id::{CategoryId, TagId};
use crate::reads::TAGS;

/// So many more public articles have each of these tags. Gives the cache tags that this touches: of those that were not public.
pub async fn refer_more_tags(
    transaction: &WriteTransaction,
    counts: &BTreeMap<TagId, i32>,
) -> Result<Vec<String>, Failure> {
    let mut touched = Vec::new();
    let records = read::tag_records(transaction.connection(), counts.keys().copied().collect()).await?;
    for (id, by) in counts {
        let record =
            records.get(id).ok_or_else(|| Failure::corrupt(format!("{id} was checked and is gone")))?;
        let referred = tags::Entity::update_many()
            .col_expr(tags::Column::ArticleCount, Expr::col(tags::Column::ArticleCount).add(*by))
            .filter(tags::Column::Id.eq(*id))
            .exec(transaction.connection())
            .await?;
        if referred.rows_affected == 0 {
            tags::ActiveModel {
                id: Set(record.id),
                slug: Set(record.slug.clone()),
                name: Set(record.name.clone()),
                sort_name: Set(record.sort_name.clone()),
                article_count: Set(*by),
            }
            .insert(transaction.connection())
            .await?;
            touched.extend([id.to_string(), TAGS.to_owned()]);
        }
    }
    Ok(touched)
}

/// One public article less has each of these tags. Gives the cache tags that this touches: of those that are public no longer.
pub async fn release_tags(transaction: &WriteTransaction, ids: &[TagId]) -> Result<Vec<String>, Failure> {
    let mut touched = Vec::new();
    for id in ids {
        let last = tags::Entity::delete_many()
            .filter(tags::Column::Id.eq(*id))
            .filter(tags::Column::ArticleCount.eq(1))
            .exec(transaction.connection())
            .await?;
        if last.rows_affected == 0 {
            tags::Entity::update_many()
                .col_expr(tags::Column::ArticleCount, Expr::col(tags::Column::ArticleCount).sub(1))
                .filter(tags::Column::Id.eq(*id))
                .exec(transaction.connection())
                .await?;
        } else {
            touched.extend([id.to_string(), TAGS.to_owned()]);
        }
    }
    Ok(touched)
}

/// A public tag is called otherwise.
pub(super) async fn rename_tag(
    transaction: &WriteTransaction,
    record: &tag_records::Model,
) -> Result<(), Failure> {
    tags::Entity::update_many()
        .col_expr(tags::Column::Slug, Expr::value(&record.slug))
        .col_expr(tags::Column::Name, Expr::value(&record.name))
        .col_expr(tags::Column::SortName, Expr::value(&record.sort_name))
        .filter(tags::Column::Id.eq(record.id))
        .exec(transaction.connection())
        .await?;
    Ok(())
}

/// A tag is public no longer, whatever counted it.
pub(super) async fn withdraw_tag(transaction: &WriteTransaction, id: TagId) -> Result<(), Failure> {
    tags::Entity::delete_by_id(id).exec(transaction.connection()).await?;
    Ok(())
}

/// Articles more (or less) in each of these categories, those above them among them.
pub async fn count_in_categories(
    transaction: &WriteTransaction,
    ids: &[CategoryId],
    by: i32,
) -> Result<(), Failure> {
    if ids.is_empty() {
        return Ok(());
    }
    categories::Entity::update_many()
        .col_expr(categories::Column::ArticleCount, Expr::col(categories::Column::ArticleCount).add(by))
        .filter(categories::Column::Id.is_in(ids.iter().copied()))
        .exec(transaction.connection())
        .await?;
    Ok(())
}
