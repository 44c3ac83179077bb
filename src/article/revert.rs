//! `revertArticle`: an older revision's content becomes a new head. Nothing is lost: the newer revisions stay.

use super::edit::{self, Edited};
use super::{draft, resolve, revision};
use crate::account::policy::act;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::ArticleId;
use crate::log::Action;
use crate::operation::Operation;

/// Goes back to an older revision.
pub async fn revert(
    op: &Operation,
    id: ArticleId,
    version: i32,
    to_revision: i32,
) -> Result<Edited, Failure> {
    let transaction = op.begin().await?;
    let found = draft::find_for::<act::EditDraft>(&transaction, op, id).await?;
    transaction.share_library().await?;
    draft::check_version(&found, version)?;
    let Some(older) = revision::read(transaction.connection(), id, to_revision).await? else {
        let message = format!("The article has the revisions 1 to {}.", found.head_revision);
        return Err(Failure::refused(UserErrorCode::NotFound, &["input", "toRevision"], message));
    };
    if to_revision == found.head_revision {
        return Ok(Edited { draft: (*found).clone(), is_merged: false });
    }
    let head = draft::head(&transaction, &found).await?;
    let mut content = revision::content(&older)?;
    resolve::resolve(transaction.connection(), [&mut content]).await?;
    let mut problems = Problems::default();
    content.slug = draft::reserve_slug(&transaction, op, id, &content.slug, true, &mut problems).await?;
    problems.check()?;
    let note = Some(format!("Reverted to revision {to_revision}"));
    let draft = edit::write(transaction, op, found, &head, content, note, Action::ArticleReverted).await?;
    Ok(Edited { draft, is_merged: false })
}
