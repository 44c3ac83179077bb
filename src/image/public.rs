//! The public rows of images. Whoever makes something public that shows an image refers to it here, and releases it when
//! it goes; the row lives from the first reference to the last. Callers hold the lock on the public tables.

use std::collections::{BTreeMap, HashMap};

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::{NotSet, Set};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::entity::{image_records, images};
use super::read;
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::id::ImageId;

/// One more public thing shows each of these. Gives the cache tags that this touches: of those that were not public.
pub async fn refer(transaction: &WriteTransaction, ids: &[ImageId]) -> Result<Vec<String>, Failure> {
    refer_more(transaction, &ids.iter().map(|id| (*id, 1)).collect()).await
}

/// So many more public things show each of these. Gives the cache tags that this touches.
pub async fn refer_more(
    transaction: &WriteTransaction,
    counts: &BTreeMap<ImageId, i32>,
) -> Result<Vec<String>, Failure> {
    let mut touched = Vec::new();
    let records: HashMap<ImageId, image_records::Model> =
        read::records(transaction.connection(), counts.keys().copied().collect()).await?;
    for (id, by) in counts {
        let record =
            records.get(id).ok_or_else(|| Failure::corrupt(format!("{id} was checked and is gone")))?;
        let referred = images::Entity::update_many()
            .col_expr(images::Column::ReferenceCount, Expr::col(images::Column::ReferenceCount).add(*by))
            .filter(images::Column::Id.eq(*id))
            .exec(transaction.connection())
            .await?;
        if referred.rows_affected == 0 {
            show(transaction, record, *by).await?;
            touched.push(id.to_string());
        }
    }
    Ok(touched)
}

/// One public thing less shows each of these. Gives the cache tags that this touches: of those that are public no longer.
pub async fn release(transaction: &WriteTransaction, ids: &[ImageId]) -> Result<Vec<String>, Failure> {
    let mut touched = Vec::new();
    for id in ids {
        let last = images::Entity::delete_many()
            .filter(images::Column::Id.eq(*id))
            .filter(images::Column::ReferenceCount.eq(1))
            .exec(transaction.connection())
            .await?;
        if last.rows_affected == 0 {
            images::Entity::update_many()
                .col_expr(images::Column::ReferenceCount, Expr::col(images::Column::ReferenceCount).sub(1))
                .filter(images::Column::Id.eq(*id))
                .exec(transaction.connection())
                .await?;
        } else {
            touched.push(id.to_string());
        }
    }
    Ok(touched)
}

/// Brings the public row, if there is one, to what the record says.
pub async fn follow(transaction: &WriteTransaction, record: &image_records::Model) -> Result<(), Failure> {
    images::Entity::update_many()
        .set(images::ActiveModel { id: NotSet, reference_count: NotSet, ..row(record, 1) })
        .filter(images::Column::Id.eq(record.id))
        .exec(transaction.connection())
        .await?;
    Ok(())
}

async fn show(
    transaction: &WriteTransaction,
    record: &image_records::Model,
    reference_count: i32,
) -> Result<(), Failure> {
    row(record, reference_count).insert(transaction.connection()).await?;
    Ok(())
}

fn row(record: &image_records::Model, reference_count: i32) -> images::ActiveModel {
    images::ActiveModel {
        id: Set(record.id),
        alt: Set(record.alt.clone()),
        caption: Set(record.caption.clone()),
        credit: Set(record.credit.clone()),
        rendition_hash: Set(record.rendition_hash.clone()),
        mime_type: Set(record.mime_type.clone()),
        width: Set(record.width),
        height: Set(record.height),
        focal_x: Set(record.focal_x),
        focal_y: Set(record.focal_y),
        thumb_hash: Set(record.thumb_hash.clone()),
        dominant_color: Set(record.dominant_color.clone()),
        reference_count: Set(reference_count),
    }
}
