//! `deleteTag`: one that no article has, or one in whose place another is put.

use super::entity::tag_records;
use super::tag;
use crate::account::policy::{self, act};
use crate::error::{Failure, UserErrorCode};
use crate::id::TagId;
use crate::library::{self, Articles, former_slugs};
use crate::log::{Action, save, save_all};
use crate::operation::Operation;

/// Deletes a tag. Gives it as it was, and what took its place.
pub async fn delete(
    op: &Operation,
    id: TagId,
    version: i32,
    replacement: Option<TagId>,
    articles: &impl Articles,
) -> Result<(tag_records::Model, Option<tag_records::Model>), Failure> {
    policy::allow_new::<act::EditTag>(op)?;
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    transaction.lock_library().await?;
    let connection = transaction.connection();
    let found = tag::find(connection, id, version).await?;
    let Some(replacement) = replacement else {
        let uses = articles.count_uses(&transaction, id.0).await?;
        if uses > 0 {
            return Err(library::in_use(&["input", "tagId"], uses, "this tag"));
        }
        former_slugs::release(&transaction, id.0).await?;
        let change = tag::remove(&transaction, &found, Action::TagDeleted).await?;
        save(transaction, op, change).await?;
        return Ok((found, None));
    };
    if replacement == id {
        let message = "A tag can't take its own place.";
        return Err(Failure::refused(UserErrorCode::Invalid, &["input", "replacementId"], message));
    }
    let new = tag::existing(connection, replacement, "replacementId").await?;
    let gone = tag::replace(&transaction, &found, &new, Action::TagDeleted, articles).await?;
    let (new, changed) = tag::write(&transaction, op, new).await?;
    save_all(transaction, op, vec![gone, changed]).await?;
    Ok((found, Some(new)))
}
