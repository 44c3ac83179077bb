//! `updateArticle`: the given fields into a new revision.

use super::edit::{Edit, Edited, MadeFrom, edit};
use super::fields::Fields;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::operation::Operation;

/// Saves the given fields; the others stay as they are.
pub async fn update(op: &Operation, id: ArticleId, from: MadeFrom, given: Fields) -> Result<Edited, Failure> {
    edit(op, id, from, |_| Ok(Edit::from(given))).await
}
