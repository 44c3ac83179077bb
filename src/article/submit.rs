//! `submitForReview`: a draft is handed in.

use super::draft::{self, Draft, Stage};
use super::fields;
use crate::account::policy::act;
use crate::error::{Failure, Problems};
use crate::id::ArticleId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Hands a draft in. One that is in review already stays there.
pub async fn submit(
    op: &Operation,
    id: ArticleId,
    version: i32,
    note: Option<&str>,
) -> Result<Draft, Failure> {
    let transaction = op.begin().await?;
    let found = draft::find_for::<act::SubmitForReview>(&transaction, op, id).await?;
    let is_done = found.stage() == Stage::InReview;
    draft::check_version_or_repeated(&found, version, is_done)?;
    let mut problems = Problems::default();
    let stage_note = problems.take(fields::note(note)).flatten();
    problems.check()?;
    if is_done {
        return Ok((*found).clone());
    }
    let changed = Draft {
        stage: Stage::InReview.name().to_owned(),
        stage_note,
        updated_at: op.now(),
        ..(*found).clone()
    };
    let written = draft::write(&transaction, &found, changed).await?;
    save(transaction, op, NewChange::new(Action::ArticleSubmitted, SubjectType::Article, id)).await?;
    Ok(written)
}
