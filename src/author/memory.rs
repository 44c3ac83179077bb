//! What the public reads of authors, from memory where it is there.

use std::sync::Arc;

use super::entity::authors;
use super::read;
use crate::cache::recall::recall_beside;
use crate::db::Snapshot;
use crate::db::keyset::{Page, Window};
use crate::error::Failure;
use crate::id::AuthorId;
use crate::operation::Operation;
use crate::reads::articles_of;

/// [`read::by_id`].
pub async fn by_id(op: &Operation, id: AuthorId) -> Result<Option<authors::Model>, Failure> {
    let read = async move |snapshot: Snapshot| read::by_id(&snapshot, id).await;
    Ok(Arc::unwrap_or_clone(recall_beside(op, || format!("author {id}"), |found| counts(found), read).await?))
}

/// [`read::by_slug`].
pub async fn by_slug(op: &Operation, slug: &str) -> Result<Option<authors::Model>, Failure> {
    let read = async move |snapshot: Snapshot| read::by_slug(&snapshot, slug).await;
    Ok(Option::clone(
        &*recall_beside(op, || format!("author by slug {slug:?}"), |found| counts(found), read).await?,
    ))
}

/// [`read::list`].
pub async fn list(op: &Operation, window: &Window) -> Result<Page<authors::Model>, Failure> {
    let read = async move |snapshot: Snapshot| read::list(&snapshot, window).await;
    let counts = |page: &Page<authors::Model>| counts(&page.rows);
    Ok(Arc::unwrap_or_clone(recall_beside(op, || format!("authors {window:?}"), counts, read).await?))
}

/// What drops the counts in these rows.
fn counts<'a>(rows: impl IntoIterator<Item = &'a authors::Model>) -> Vec<String> {
    rows.into_iter().map(|author| articles_of(author.id)).collect()
}
