//! `restoreArticle`: an article comes back from the trash, as a draft. Publishing it again is another decision.

use super::draft::{self, Draft};
use crate::account::policy::act;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Takes an article out of the trash. One that isn't there stays as it is.
pub async fn restore(op: &Operation, id: ArticleId, version: i32) -> Result<Draft, Failure> {
    let transaction = op.begin().await?;
    let found = draft::find_for::<act::RestoreArticle>(&transaction, op, id).await?;
    let is_done = found.trashed_at.is_none();
    draft::check_version_or_repeated(&found, version, is_done)?;
    if is_done {
        return Ok((*found).clone());
    }
    let changed = Draft { trashed_at: None, updated_at: op.now(), ..(*found).clone() };
    let written = draft::write(&transaction, &found, changed).await?;
    save(transaction, op, NewChange::new(Action::ArticleRestored, SubjectType::Article, id)).await?;
    Ok(written)
}
