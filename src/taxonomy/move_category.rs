//! `moveCategory`: another place among its siblings, or below another category, with all that is below it. Public articles are
//! filed anew: a category's list holds what is in it and below it.

use super::category::{self, Tree};
use super::entity::categories;
use super::read;
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::given::Given;
use crate::id::CategoryId;
use crate::library::Articles;
use crate::log::save_all;
use crate::operation::Operation;

/// Where to.
pub struct Destination {
    /// Below which category; null: among the roots; absent: where it is.
    pub parent: Given<CategoryId>,
    /// Its place there, from 1; absent: the last, or where it stays below the same one, as it is.
    pub position: Option<i32>,
}

/// Moves a category.
pub async fn move_to(
    op: &Operation,
    id: CategoryId,
    version: i32,
    to: Destination,
    articles: &impl Articles,
) -> Result<categories::Model, Failure> {
    policy::allow_new::<act::EditCategory>(op)?;
    let Destination { parent, position } = to;
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let tree = read::tree(transaction.connection()).await?;
    let found = category::find(&tree, id, version)?;
    let parent = parent.or_present(&found.parent_id);
    let mut problems = Problems::default();
    check_parent(&tree, id, parent, &mut problems);
    let mut siblings = siblings(&tree, parent, id);
    let place = match position {
        None if parent == found.parent_id => usize::try_from(found.position - 1).unwrap_or_default(),
        None => siblings.len(),
        Some(given) => match usize::try_from(given) {
            Ok(place @ 1..) if place <= siblings.len() + 1 => place - 1,
            _ => {
                let message = format!("A place here is 1 to {}; this is {given}.", siblings.len() + 1);
                problems.add(UserErrorCode::Invalid, &["input", "position"], message);
                0
            }
        },
    };
    problems.check()?;
    siblings.insert(place.min(siblings.len()), found.clone());
    let mut written = category::number(&transaction, op, siblings, parent).await?;
    let mut touched = Vec::new();
    if parent != found.parent_id {
        let left = self::siblings(&tree, found.parent_id, id);
        written.extend(category::number(&transaction, op, left, found.parent_id).await?);
        touched = articles.refile(&transaction, id).await?;
    }
    if written.is_empty() {
        return Ok(found);
    }
    let mut moved = found.clone();
    let mut changes = Vec::with_capacity(written.len());
    for (category, change) in written {
        if category.id == id {
            moved = category;
            changes.push(change.tags(std::mem::take(&mut touched)));
        } else {
            changes.push(change);
        }
    }
    save_all(transaction, op, changes).await?;
    Ok(moved)
}

/// The others below a parent, in their order.
fn siblings(tree: &Tree, parent: Option<CategoryId>, except: CategoryId) -> Vec<categories::Model> {
    read::children(tree, parent).into_iter().filter(|category| category.id != except).cloned().collect()
}

fn check_parent(tree: &Tree, id: CategoryId, parent: Option<CategoryId>, problems: &mut Problems) {
    let Some(parent) = parent else { return };
    let path = ["input", "parentId"];
    if !tree.contains_key(&parent) {
        problems.add(UserErrorCode::NotFound, &path, "There is no such category.");
    } else if parent == id || read::ancestors(tree, parent).iter().any(|above| above.id == id) {
        problems.add(UserErrorCode::Invalid, &path, "A category can't be moved below itself.");
    } else {
        category::check_depth(tree, parent, levels(tree, id), problems);
    }
}

/// How many levels a category has, itself among them. No more than are looked for, even if rows were tampered with.
fn levels(tree: &Tree, id: CategoryId) -> usize {
    let mut row = vec![id];
    let mut levels = 0;
    while !row.is_empty() && levels <= category::DEEPEST {
        levels += 1;
        row = row
            .into_iter()
            .flat_map(|id| read::children(tree, Some(id)).into_iter().map(|below| below.id))
            .collect();
    }
    levels
}
