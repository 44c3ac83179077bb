//! `assignArticle`: a draft is handed on: it is somebody else's own from then on.

use super::draft::{self, Draft};
use crate::account;
use crate::account::policy::act;
use crate::error::{Failure, UserErrorCode};
use crate::id::{ArticleId, UserId};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Makes somebody a draft's owner. Whose it is already, theirs it stays.
pub async fn assign(op: &Operation, id: ArticleId, version: i32, owner: UserId) -> Result<Draft, Failure> {
    let transaction = op.begin().await?;
    let found = draft::find_for::<act::AssignArticle>(&transaction, op, id).await?;
    let is_done = found.owner_id == owner;
    draft::check_version_or_repeated(&found, version, is_done)?;
    if is_done {
        return Ok((*found).clone());
    }
    let assignee = account::read::assignee(transaction.connection(), owner).await?.ok_or_else(|| {
        let message = "There is no such user who is active and writes articles.";
        Failure::refused(UserErrorCode::NotFound, &["input", "ownerId"], message)
    })?;
    let changed = Draft { owner_id: assignee.id, updated_at: op.now(), ..(*found).clone() };
    let written = draft::write(&transaction, &found, changed).await?;
    let change =
        NewChange::new(Action::ArticleAssigned, SubjectType::Article, id).detail(assignee.id.to_string());
    save(transaction, op, change).await?;
    Ok(written)
}
