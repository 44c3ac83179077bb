//! What the public reads of categories and tags, from memory where it is there.

use std::collections::HashMap;
use std::sync::Arc;

use super::entity::{categories, tags};
use super::read;
use crate::cache::recall::recall_beside;
use crate::db::Snapshot;
use crate::db::keyset::{Page, Window};
use crate::error::Failure;
use crate::id::{CategoryId, TagId};
use crate::operation::Operation;
use crate::reads::articles_of;

/// [`read::site_tree`].
pub async fn site_tree(op: &Operation) -> Result<Arc<HashMap<CategoryId, categories::Model>>, Failure> {
    let read = async |snapshot: Snapshot| read::site_tree(&snapshot).await;
    let counts = |tree: &HashMap<CategoryId, categories::Model>| tree.keys().map(articles_of).collect();
    recall_beside(op, || "the tree".to_owned(), counts, read).await
}

/// [`read::category_by_slug`].
pub async fn category_by_slug(op: &Operation, slug: &str) -> Result<Option<categories::Model>, Failure> {
    let read = async move |snapshot: Snapshot| {
        let tree = read::site_tree(&snapshot).await?;
        Ok(read::category_by_slug(&snapshot, &tree, slug).await?.cloned())
    };
    let counts = |found: &Option<categories::Model>| found.iter().map(|it| articles_of(it.id)).collect();
    Ok(Arc::unwrap_or_clone(recall_beside(op, || format!("category by slug {slug:?}"), counts, read).await?))
}

/// [`read::tag_by_id`].
pub async fn tag_by_id(op: &Operation, id: TagId) -> Result<Option<tags::Model>, Failure> {
    let read = async move |snapshot: Snapshot| read::tag_by_id(&snapshot, id).await;
    Ok(Arc::unwrap_or_clone(recall_beside(op, || format!("tag {id}"), |found| counts(found), read).await?))
}

/// [`read::tag_by_slug`].
pub async fn tag_by_slug(op: &Operation, slug: &str) -> Result<Option<tags::Model>, Failure> {
    let read = async move |snapshot: Snapshot| read::tag_by_slug(&snapshot, slug).await;
    Ok(Option::clone(
        &*recall_beside(op, || format!("tag by slug {slug:?}"), |found| counts(found), read).await?,
    ))
}

/// [`read::tag_list`].
pub async fn tag_list(op: &Operation, window: &Window) -> Result<Page<tags::Model>, Failure> {
    let read = async move |snapshot: Snapshot| read::tag_list(&snapshot, window).await;
    Ok(Arc::unwrap_or_clone(
        recall_beside(op, || format!("tags {window:?}"), |page| counts(&page.rows), read).await?,
    ))
}

/// What drops the counts in these rows.
fn counts<'a>(rows: impl IntoIterator<Item = &'a tags::Model>) -> Vec<String> {
    rows.into_iter().map(|tag| articles_of(tag.id)).collect()
}
