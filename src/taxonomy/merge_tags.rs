//! `mergeTags`: several tags become one. Articles that had any of them have that one, and the addresses of all lead to it.

use std::collections::HashSet;

use super::entity::tag_records;
use super::tag;
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::TagId;
use crate::library::Articles;
use crate::log::{Action, save_all};
use crate::operation::Operation;

/// Tags that are merged at once.
const MOST: usize = 100;

/// Merges tags into one, which must still have this version.
pub async fn merge(
    op: &Operation,
    into: TagId,
    version: i32,
    merged: Vec<TagId>,
    articles: &impl Articles,
) -> Result<tag_records::Model, Failure> {
    policy::allow_new::<act::EditTag>(op)?;
    check_list(into, &merged)?;
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    transaction.lock_library().await?;
    let connection = transaction.connection();
    let found = tag::find(connection, into, version).await?;
    let mut records = super::read::tag_records(connection, merged.clone()).await?;
    let mut problems = Problems::default();
    let mut gone = Vec::with_capacity(merged.len());
    for (index, id) in merged.iter().enumerate() {
        match records.remove(id) {
            Some(old) => gone.push(old),
            None => {
                let path = ["input", "mergedTagIds", &index.to_string()];
                problems.add(UserErrorCode::NotFound, &path, "There is no such tag.");
            }
        }
    }
    problems.check()?;
    let mut changes = Vec::with_capacity(gone.len() + 1);
    for old in gone {
        changes.push(tag::replace(&transaction, &old, &found, Action::TagMerged, articles).await?);
    }
    let (written, changed) = tag::write(&transaction, op, found).await?;
    changes.push(changed);
    save_all(transaction, op, changes).await?;
    Ok(written)
}

fn check_list(into: TagId, merged: &[TagId]) -> Result<(), Failure> {
    let path = ["input", "mergedTagIds"];
    let refused = |code, message: String| Err(Failure::refused(code, &path, message));
    if merged.is_empty() {
        return refused(UserErrorCode::Required, "Name the tags that are to be merged.".to_owned());
    }
    if merged.len() > MOST {
        let message = format!("At most {MOST} tags are merged at once; these are {}.", merged.len());
        return refused(UserErrorCode::TooLong, message);
    }
    if merged.contains(&into) {
        return refused(UserErrorCode::Invalid, "A tag can't be merged into itself.".to_owned());
    }
    if merged.iter().collect::<HashSet<_>>().len() < merged.len() {
        return refused(UserErrorCode::Invalid, "One of these stands twice; name each once.".to_owned());
    }
    Ok(())
}
