//! Which articles use what of the library, for the library's types.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::draft::DraftObject;
use crate::article::drafts::{self, DraftFilter};
use crate::article::uses;
use crate::db::keyset::Window;
use crate::error::{Failure, UserErrorCode};
use crate::graphql::batch::Batch;
use crate::operation::Operation;

/// Articles that a refusal names.
const NAMED: u64 = 10;

/// How many articles use each of a page's things.
#[derive(Default)]
pub struct UseCounts(Batch<(), HashMap<Uuid, i64>>);

impl UseCounts {
    /// How many use this one of them all.
    pub async fn of(
        &self,
        op: &Arc<Operation>,
        all: impl Iterator<Item = Uuid>,
        one: Uuid,
    ) -> Result<i64, Failure> {
        let counts =
            self.0.get((), || async { uses::counts(&*op.snapshot().await?, &all.collect::<Vec<_>>()).await });
        Ok(counts.await?.get(&one).copied().unwrap_or_default())
    }
}

/// The articles last written that use something, where deleting it was refused for that.
pub async fn some_that_use<T>(
    op: &Arc<Operation>,
    thing: Uuid,
    deleted: &Result<T, Failure>,
) -> Result<Vec<DraftObject>, Failure> {
    let is_in_use = matches!(deleted, Err(Failure::Refused(errors)) if errors.iter().any(|error| error.code == UserErrorCode::InUse));
    if !is_in_use {
        return Ok(Vec::new());
    }
    let filter = DraftFilter { uses: Some(thing), ..DraftFilter::default() };
    let page = drafts::list(&*op.snapshot().await?, op.viewer, &filter, &Window::first(NAMED)).await?;
    Ok(DraftObject::page(op, page.rows))
}
