//! Reads of authors: public rows for the public, records for the desk.

use std::collections::{HashMap, HashSet};

use rustc_hash::FxHashMap;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::entity::{author_records, authors};
use crate::db::ids::IdColumn;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::db::per_parent::{self, List};
use crate::db::{Snapshot, rows};
use crate::error::Failure;
use crate::id::{AuthorId, ImageId};
use crate::library::former_slugs;
use crate::log::SubjectType;
use crate::reads::AUTHORS;
use crate::text::input;

/// A public author by id.
pub async fn by_id(snapshot: &Snapshot, id: AuthorId) -> Result<Option<authors::Model>, Failure> {
    snapshot.reads().note(id);
    rows::one(snapshot, &authors::Entity::find_by_id(id)).await
}

/// A public author by slug, or by one that they had before.
pub async fn by_slug(snapshot: &Snapshot, slug: &str) -> Result<Option<authors::Model>, Failure> {
    if !input::is_storable(slug) {
        return Ok(None);
    }
    let found = rows::one(snapshot, &authors::Entity::find().filter(authors::Column::Slug.eq(slug))).await?;
    if let Some(author) = found {
        snapshot.reads().note(author.id);
        return Ok(Some(author));
    }
    snapshot.reads().note(AUTHORS);
    match former_slugs::holder(snapshot.connection(), SubjectType::Author, slug).await? {
        Some(id) => by_id(snapshot, AuthorId(id)).await,
        None => Ok(None),
    }
}

/// A page of the public authors, by name.
pub async fn list(snapshot: &Snapshot, window: &Window) -> Result<Page<authors::Model>, Failure> {
    let sorting = Sorting::new(Expr::col(authors::Column::SortName), Expr::col(authors::Column::Id), false);
    let page = keyset::fetch(snapshot, authors::Entity::find(), &sorting, window).await?;
    snapshot.reads().note(AUTHORS);
    snapshot.reads().note_all(page.rows.iter().map(|author: &authors::Model| author.id));
    Ok(page)
}

/// How many public authors there are, up to one more than `most`.
pub async fn count(snapshot: &Snapshot, most: u64) -> Result<u64, Failure> {
    snapshot.reads().note(AUTHORS);
    keyset::count(snapshot, authors::Entity::find(), most).await
}

/// Records, by id.
pub async fn records(
    connection: &impl ConnectionTrait,
    ids: Vec<AuthorId>,
) -> Result<HashMap<AuthorId, author_records::Model>, Failure> {
    let ids: HashSet<AuthorId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows =
        author_records::Entity::find().filter(author_records::Column::Id.is_in(ids)).all(connection).await?;
    Ok(rows.into_iter().map(|record| (record.id, record)).collect())
}

/// A page of the library's authors, by name.
pub async fn library(snapshot: &Snapshot, window: &Window) -> Result<Page<author_records::Model>, Failure> {
    let sorting = Sorting::new(
        Expr::col(author_records::Column::SortName),
        Expr::col(author_records::Column::Id),
        false,
    );
    keyset::fetch(snapshot, author_records::Entity::find(), &sorting, window).await
}

/// How many authors the library holds, up to one more than `most`.
pub async fn library_count(snapshot: &Snapshot, most: u64) -> Result<u64, Failure> {
    keyset::count(snapshot, author_records::Entity::find(), most).await
}

/// One of the authors who have what this names as their portrait: a subquery.
pub fn one_with_portrait(image: Expr) -> SelectStatement {
    Query::select()
        .column(author_records::Column::Id)
        .from(author_records::Entity)
        .and_where(Expr::col((author_records::Entity, author_records::Column::PortraitImageId)).eq(image))
        .limit(1)
        .to_owned()
}

/// For each of these images, a page of the authors who have it as their portrait, by name.
pub async fn with_portraits(
    snapshot: &Snapshot,
    images: &[Uuid],
    window: &Window,
) -> Result<FxHashMap<Uuid, Page<author_records::Model>>, Failure> {
    use author_records::Column;
    let list = List {
        parent: Column::PortraitImageId,
        sort: Column::SortName,
        id: Column::Id,
        must_be_null: None,
        descending: false,
        window,
    };
    let rows = per_parent::read::<author_records::Entity>(snapshot, images, list).await?;
    let place = |row: &author_records::Model| {
        (row.portrait_image_id.map(|image| image.0).unwrap_or_default(), (row.sort_name.clone(), row.id))
    };
    Ok(per_parent::pages(rows, place, false, window))
}

/// How many authors have each of these images as their portrait.
pub async fn portrait_counts(snapshot: &Snapshot, images: &[Uuid]) -> Result<HashMap<Uuid, i64>, Failure> {
    let portraits = IdColumn::of::<author_records::Entity>(author_records::Column::PortraitImageId);
    Ok(portraits.counts(snapshot, images).await?)
}

/// How many authors have this image as their portrait, public or not.
pub async fn count_portraits(connection: &impl ConnectionTrait, image: ImageId) -> Result<u64, Failure> {
    let with_it = author_records::Entity::find().filter(author_records::Column::PortraitImageId.eq(image));
    Ok(with_it.count(connection).await?)
}

/// Which of these slugs authors have, other than this one.
pub(super) async fn slugs_taken(
    connection: &impl ConnectionTrait,
    slugs: Vec<String>,
    except: Option<AuthorId>,
) -> Result<HashSet<String>, Failure> {
    let rows = author_records::Entity::find()
        .filter(author_records::Column::Slug.is_in(slugs))
        .all(connection)
        .await?;
    Ok(rows.into_iter().filter(|record| Some(record.id) != except).map(|record| record.slug).collect())
}
