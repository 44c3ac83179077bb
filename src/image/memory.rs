//! What the public reads of images, from memory where it is there.

use std::collections::HashMap;
use std::sync::Arc;

use super::entity::images;
use super::read;
use crate::cache::recall::{Depends, KnownOf, recall_each};
use crate::db::Snapshot;
use crate::error::Failure;
use crate::id::ImageId;
use crate::operation::Operation;

/// [`read::public`].
pub async fn public(
    op: &Operation,
    ids: Vec<ImageId>,
    known: &[images::Model],
) -> Result<KnownOf<ImageId, Arc<Option<images::Model>>>, Failure> {
    let read = async move |snapshot: Snapshot, missing: Vec<ImageId>| {
        let rows = read::public(&snapshot, missing, known).await?;
        Ok(rows.into_iter().map(|(id, image)| (id, Some(image))).collect::<HashMap<_, _>>())
    };
    let depends =
        |id: ImageId, _: &Option<images::Model>| Depends { on: vec![id.to_string()], ..Depends::default() };
    recall_each(op, || "image".to_owned(), ids, depends, read).await
}
