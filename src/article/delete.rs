//! `deleteArticle`: an article goes to the trash, and out of the public tables. Nothing of it is lost; `restoreArticle` takes
//! it out.

use super::draft::{self, Draft};
use super::unpublish::take_down;
use crate::account::policy::act;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Moves an article to the trash. One that is there already stays there.
pub async fn delete(op: &Operation, id: ArticleId, version: i32) -> Result<Draft, Failure> {
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = draft::find_for::<act::TrashArticle>(&transaction, op, id).await?;
    let is_done = found.trashed_at.is_some();
    draft::check_version_or_repeated(&found, version, is_done)?;
    if is_done {
        return Ok((*found).clone());
    }
    let tags = if found.is_published() { take_down(&transaction, &found).await? } else { Default::default() };
    let now = op.now();
    let changed =
        Draft { trashed_at: Some(now), published_revision: None, updated_at: now, ..(*found).clone() };
    let written = draft::write(&transaction, &found, changed).await?;
    save(transaction, op, NewChange::new(Action::ArticleTrashed, SubjectType::Article, id).tags(tags))
        .await?;
    Ok(written)
}
