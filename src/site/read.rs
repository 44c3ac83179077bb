//! Reads of redirects.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::entity::redirects;
use crate::db::Snapshot;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::error::Failure;
use crate::id::RedirectId;

/// The redirect from a path in its canonical form.
pub async fn by_path(
    connection: &impl ConnectionTrait,
    path: &str,
) -> Result<Option<redirects::Model>, Failure> {
    Ok(redirects::Entity::find().filter(redirects::Column::FromPath.eq(path)).one(connection).await?)
}

/// A redirect by id.
pub(super) async fn by_id(
    connection: &impl ConnectionTrait,
    id: RedirectId,
) -> Result<Option<redirects::Model>, Failure> {
    Ok(redirects::Entity::find_by_id(id).one(connection).await?)
}

/// Redirects, by id.
pub(super) async fn by_ids(
    connection: &impl ConnectionTrait,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, redirects::Model>, Failure> {
    let rows = redirects::Entity::find().filter(redirects::Column::Id.is_in(ids.to_vec())).all(connection);
    Ok(rows.await?.into_iter().map(|row| (row.id.0, row)).collect())
}

/// A page of the redirects, by path.
pub async fn list(snapshot: &Snapshot, window: &Window) -> Result<Page<redirects::Model>, Failure> {
    let sorting =
        Sorting::new(Expr::col(redirects::Column::FromPath), Expr::col(redirects::Column::Id), false);
    keyset::fetch(snapshot, redirects::Entity::find(), &sorting, window).await
}

/// How many redirects there are, up to one more than `most`.
pub async fn count(snapshot: &Snapshot, most: u64) -> Result<u64, Failure> {
    keyset::count(snapshot, redirects::Entity::find(), most).await
}
