//! Reads of images: public rows for the public, records for the desk.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, Select};

use super::entity::{image_records, images};
use super::store::Kind;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::db::{Snapshot, rows};
use crate::error::Failure;
use crate::id::ImageId;
use crate::text::fold;

/// Public images, by id; some of them may be known.
pub async fn public(
    snapshot: &Snapshot,
    ids: Vec<ImageId>,
    known: &[images::Model],
) -> Result<HashMap<ImageId, images::Model>, Failure> {
    let mut ids: HashSet<ImageId> = ids.into_iter().collect();
    snapshot.reads().note_all(&ids);
    let known = known.iter().filter(|image| ids.remove(&image.id)).cloned();
    let mut found: HashMap<ImageId, images::Model> = known.map(|image| (image.id, image)).collect();
    if !ids.is_empty() {
        let query = images::Entity::find().filter(images::Column::Id.is_in(ids));
        let rows = rows::all(snapshot, &query).await?;
        found.extend(rows.into_iter().map(|image| (image.id, image)));
    }
    Ok(found)
}

/// A public image.
pub async fn public_one(
    connection: &impl ConnectionTrait,
    id: ImageId,
) -> Result<Option<images::Model>, Failure> {
    Ok(images::Entity::find_by_id(id).one(connection).await?)
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

/// Whether an image has a file with this hash: as it was uploaded, or as it may be served.
pub async fn has_file(connection: &impl ConnectionTrait, kind: Kind, hash: &str) -> Result<bool, Failure> {
    let column = match kind {
        Kind::Original => image_records::Column::OriginalHash,
        Kind::Rendition => image_records::Column::RenditionHash,
    };
    let found = image_records::Entity::find().filter(column.eq(hash)).one(connection).await?;
    Ok(found.is_some())
}

/// Whether something public shows it.
pub async fn is_public(connection: &impl ConnectionTrait, id: ImageId) -> Result<bool, Failure> {
    Ok(public_one(connection, id).await?.is_some())
}

/// The words that an image's must hold; `None`: all images.
pub fn searched(search: Option<&str>) -> Option<Vec<String>> {
    let search = search.filter(|search| !search.trim().is_empty())?;
    Some(fold::words(search).into_iter().take(MOST_SEARCHED).collect())
}

/// More words find no other image, but cost.
const MOST_SEARCHED: usize = 10;

/// Which images the library lists: all conditions that are given hold.
#[derive(Clone, Debug, Default)]
pub struct LibraryFilter {
    /// See [`searched`].
    pub words: Option<Vec<String>>,
    /// Whether something uses them, which those rooms say that do.
    pub uses: Option<Expr>,
}

fn found(filter: &LibraryFilter) -> Select<image_records::Entity> {
    let LibraryFilter { words, uses } = filter;
    let all = match uses {
        None => image_records::Entity::find(),
        Some(uses) => image_records::Entity::find().filter(uses.clone()),
    };
    match words.as_deref() {
        None => all,
        // Signs alone are in no word.
        Some([]) => all.filter(Expr::cust("1 = 0")),
        // Words are letters and digits: nothing in them is a sign of LIKE's.
        Some(words) => {
            words.iter().fold(all, |found, word| found.filter(image_records::Column::Words.contains(word)))
        }
    }
}

/// A page of the library, newest first.
pub async fn library(
    snapshot: &Snapshot,
    filter: &LibraryFilter,
    window: &Window,
) -> Result<Page<image_records::Model>, Failure> {
    let sorting =
        Sorting::new(Expr::col(image_records::Column::CreatedAt), Expr::col(image_records::Column::Id), true);
    keyset::fetch(snapshot, found(filter), &sorting, window).await
}

/// How many images the library holds, up to one more than `most`.
pub async fn library_count(snapshot: &Snapshot, filter: &LibraryFilter, most: u64) -> Result<u64, Failure> {
    keyset::count(snapshot, found(filter), most).await
}
