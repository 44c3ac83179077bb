//! `requestChanges`: a draft in review goes back to its owner, with a note that says why.

use super::draft::{self, Draft, Stage};
use super::fields;
use crate::account::policy::{self, Action as Right, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::ArticleId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Sends a draft back.
pub async fn request_changes(
    op: &Operation,
    id: ArticleId,
    version: i32,
    note: &str,
) -> Result<Draft, Failure> {
    let transaction = op.begin().await?;
    let found = draft::find_for::<act::RequestChanges>(&transaction, op, id).await?;
    draft::check_version(&found, version)?;
    let mut problems = Problems::default();
    let stage_note = problems.take(fields::note(Some(note))).flatten();
    if stage_note.is_none() && problems.is_empty() {
        problems.add(UserErrorCode::Required, &["input", "note"], "Say what should change.");
    }
    problems.check()?;
    if let Some(reason) = policy::bar(Right::RequestChanges, found.state()) {
        return Err(Failure::refused(UserErrorCode::WrongState, &[], reason));
    }
    let changed = Draft {
        stage: Stage::Writing.name().to_owned(),
        stage_note,
        updated_at: op.now(),
        ..(*found).clone()
    };
    let written = draft::write(&transaction, &found, changed).await?;
    save(transaction, op, NewChange::new(Action::ArticleChangesRequested, SubjectType::Article, id)).await?;
    Ok(written)
}
