//! Reads of images: public rows for the public, records for the desk.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::entity::{image_records, images};
use crate::db::Snapshot;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::error::Failure;
use crate::id::ImageId;

/// Public images, by id.
pub async fn public(
    snapshot: &Snapshot,
    ids: Vec<ImageId>,
) -> Result<HashMap<ImageId, images::Model>, Failure> {
    let ids: HashSet<ImageId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows =
        images::Entity::find().filter(images::Column::Id.is_in(ids)).all(snapshot.connection()).await?;
    Ok(rows.into_iter().map(|image| (image.id, image)).collect())
}

/// Records, by id.
pub async fn records(
    connection: &impl ConnectionTrait,
    ids: Vec<ImageId>,
) -> Result<HashMap<ImageId, image_records::Model>, Failure> {
    let ids: HashSet<ImageId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows =
        image_records::Entity::find().filter(image_records::Column::Id.is_in(ids)).all(connection).await?;
    Ok(rows.into_iter().map(|record| (record.id, record)).collect())
}

/// A page of the library, newest first.
pub async fn library(snapshot: &Snapshot, window: &Window) -> Result<Page<image_records::Model>, Failure> {
    let sorting =
        Sorting::new(Expr::col(image_records::Column::CreatedAt), Expr::col(image_records::Column::Id), true);
    Ok(keyset::fetch(snapshot, image_records::Entity::find(), &sorting, window).await?)
}

/// How many images the library holds, up to one more than `most`.
pub async fn library_count(snapshot: &Snapshot, most: u64) -> Result<u64, Failure> {
    Ok(keyset::count(snapshot, image_records::Entity::find(), most).await?)
}
