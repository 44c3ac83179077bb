//! Reads of categories and tags.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::entity::{categories, tag_records, tags};
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::db::{Snapshot, rows};
use crate::error::Failure;
use crate::id::{CategoryId, TagId};
use crate::library::former_slugs;
use crate::log::SubjectType;
use crate::reads::{CATEGORIES, TAGS};
use crate::text::input;

/// All categories, by id. A site has hundreds at most, and every answer about one needs its neighbors.
pub async fn tree(
    connection: &impl ConnectionTrait,
) -> Result<HashMap<CategoryId, categories::Model>, Failure> {
    Ok(by_id(categories::Entity::find().all(connection).await?))
}

/// The same, for an answer.
pub async fn site_tree(snapshot: &Snapshot) -> Result<HashMap<CategoryId, categories::Model>, Failure> {
    snapshot.reads().note(CATEGORIES);
    Ok(by_id(rows::all(snapshot, &categories::Entity::find()).await?))
}

fn by_id(categories: Vec<categories::Model>) -> HashMap<CategoryId, categories::Model> {
    categories.into_iter().map(|category| (category.id, category)).collect()
}

/// The categories above one, the root first.
pub fn ancestors(tree: &HashMap<CategoryId, categories::Model>, id: CategoryId) -> Vec<&categories::Model> {
    let mut above = Vec::new();
    let mut next = tree.get(&id).and_then(|category| category.parent_id);
    // A tree of n has no path longer than n, even if its rows were tampered with.
    while let Some(category) = next.and_then(|id| tree.get(&id)).filter(|_| above.len() < tree.len()) {
        above.push(category);
        next = category.parent_id;
    }
    above.reverse();
    above
}

/// The categories directly below one (or the roots), in their order.
pub fn children(
    tree: &HashMap<CategoryId, categories::Model>,
    parent: Option<CategoryId>,
) -> Vec<&categories::Model> {
    let mut below: Vec<_> = tree.values().filter(|category| category.parent_id == parent).collect();
    below.sort_by_key(|category| (category.position, category.id));
    below
}

/// A category by slug, or by one that it had before.
pub async fn category_by_slug<'a>(
    snapshot: &Snapshot,
    tree: &'a HashMap<CategoryId, categories::Model>,
    slug: &str,
) -> Result<Option<&'a categories::Model>, Failure> {
    if !input::is_storable(slug) {
        return Ok(None);
    }
    let found = tree.values().find(|category| category.slug == slug);
    if found.is_some() {
        return Ok(found);
    }
    let holder = former_slugs::holder(snapshot.connection(), SubjectType::Category, slug).await?;
    Ok(holder.and_then(|id| tree.get(&CategoryId(id))))
}

/// A public tag by id.
pub async fn tag_by_id(snapshot: &Snapshot, id: TagId) -> Result<Option<tags::Model>, Failure> {
    snapshot.reads().note(id);
    rows::one(snapshot, &tags::Entity::find_by_id(id)).await
}

/// A public tag by slug, or by one that it had before.
pub async fn tag_by_slug(snapshot: &Snapshot, slug: &str) -> Result<Option<tags::Model>, Failure> {
    if !input::is_storable(slug) {
        return Ok(None);
    }
    let found = rows::one(snapshot, &tags::Entity::find().filter(tags::Column::Slug.eq(slug))).await?;
    if let Some(tag) = found {
        snapshot.reads().note(tag.id);
        return Ok(Some(tag));
    }
    snapshot.reads().note(TAGS);
    match former_slugs::holder(snapshot.connection(), SubjectType::Tag, slug).await? {
        Some(id) => tag_by_id(snapshot, TagId(id)).await,
        None => Ok(None),
    }
}

/// A page of the public tags, by name.
pub async fn tag_list(snapshot: &Snapshot, window: &Window) -> Result<Page<tags::Model>, Failure> {
    let sorting = Sorting::new(Expr::col(tags::Column::SortName), Expr::col(tags::Column::Id), false);
    let page = keyset::fetch(snapshot, tags::Entity::find(), &sorting, window).await?;
    snapshot.reads().note(TAGS);
    snapshot.reads().note_all(page.rows.iter().map(|tag: &tags::Model| tag.id));
    Ok(page)
}

/// How many public tags there are, up to one more than `most`.
pub async fn tag_count(snapshot: &Snapshot, most: u64) -> Result<u64, Failure> {
    snapshot.reads().note(TAGS);
    keyset::count(snapshot, tags::Entity::find(), most).await
}

/// Tags' records, by id.
pub async fn tag_records(
    connection: &impl ConnectionTrait,
    ids: Vec<TagId>,
) -> Result<HashMap<TagId, tag_records::Model>, Failure> {
    let ids: HashSet<TagId> = ids.into_iter().collect();
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = tag_records::Entity::find().filter(tag_records::Column::Id.is_in(ids)).all(connection).await?;
    Ok(rows.into_iter().map(|record| (record.id, record)).collect())
}

/// A page of the library's tags, by name.
pub async fn tag_library(snapshot: &Snapshot, window: &Window) -> Result<Page<tag_records::Model>, Failure> {
    let sorting =
        Sorting::new(Expr::col(tag_records::Column::SortName), Expr::col(tag_records::Column::Id), false);
    keyset::fetch(snapshot, tag_records::Entity::find(), &sorting, window).await
}

/// How many tags the library holds, up to one more than `most`.
pub async fn tag_library_count(snapshot: &Snapshot, most: u64) -> Result<u64, Failure> {
    keyset::count(snapshot, tag_records::Entity::find(), most).await
}

/// Which of these slugs categories have, other than this one.
pub(super) async fn category_slugs_taken(
    connection: &impl ConnectionTrait,
    slugs: Vec<String>,
    except: Option<CategoryId>,
) -> Result<HashSet<String>, Failure> {
    let rows =
        categories::Entity::find().filter(categories::Column::Slug.is_in(slugs)).all(connection).await?;
    let others = rows.into_iter().filter(|category| Some(category.id) != except);
    Ok(others.map(|category| category.slug).collect())
}

/// Which of these slugs tags have, other than this one.
pub(super) async fn tag_slugs_taken(
    connection: &impl ConnectionTrait,
    slugs: Vec<String>,
    except: Option<TagId>,
) -> Result<HashSet<String>, Failure> {
    let rows =
        tag_records::Entity::find().filter(tag_records::Column::Slug.is_in(slugs)).all(connection).await?;
    Ok(rows.into_iter().filter(|record| Some(record.id) != except).map(|record| record.slug).collect())
}
