//! `unpublishArticle`: an article is taken out of the public tables. The draft and all revisions stay.

use std::collections::BTreeSet;

use super::draft::{self, Draft};
use super::{public, uses};
use crate::account::policy::{Allowed, act};
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Takes an article down. One that isn't public stays as it is.
pub async fn unpublish(op: &Operation, id: ArticleId, version: i32) -> Result<Draft, Failure> {
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = draft::find_for::<act::UnpublishArticle>(&transaction, op, id).await?;
    draft::check_version_or_repeated(&found, version, !found.is_published())?;
    if !found.is_published() {
        return Ok((*found).clone());
    }
    let tags = take_down(&transaction, &found).await?;
    let changed = Draft { published_revision: None, updated_at: op.now(), ..(*found).clone() };
    let written = draft::write(&transaction, &found, changed).await?;
    save(transaction, op, NewChange::new(Action::ArticleUnpublished, SubjectType::Article, id).tags(tags))
        .await?;
    Ok(written)
}

/// Takes a public article out of the public tables. Gives the cache tags that this touches.
pub(super) async fn take_down<A>(
    transaction: &WriteTransaction,
    found: &Allowed<A, Draft>,
) -> Result<BTreeSet<String>, Failure> {
    if found.has_unpublished_changes() {
        let head = draft::head(transaction, found).await?;
        uses::keep(transaction, found.article_id, &uses::of(&head)).await?;
    }
    public::remove(transaction, found.article_id).await
}
