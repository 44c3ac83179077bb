//! `deleteCategory`: one that no article is in, or one in whose place another is put. One with others below it stays: they are
//! moved or deleted first.

use sea_orm::EntityTrait as _;

use super::entity::categories;
use super::{category, read};
use crate::account::policy::{self, act};
use crate::error::{Failure, UserErrorCode};
use crate::id::CategoryId;
use crate::library::{self, Articles, former_slugs, replacements};
use crate::log::{Action, NewChange, SubjectType, save_all};
use crate::operation::Operation;
use crate::reads::CATEGORIES;

/// Deletes a category. Gives it as it was, and what took its place.
pub async fn delete(
    op: &Operation,
    id: CategoryId,
    version: i32,
    replacement: Option<CategoryId>,
    articles: &impl Articles,
) -> Result<(categories::Model, Option<categories::Model>), Failure> {
    policy::allow_new::<act::EditCategory>(op)?;
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    transaction.lock_library().await?;
    let connection = transaction.connection();
    let tree = read::tree(connection).await?;
    let found = category::find(&tree, id, version)?;
    if !read::children(&tree, Some(id)).is_empty() {
        let message = "Other categories are below it. Move or delete them first.";
        return Err(Failure::refused(UserErrorCode::InUse, &["input", "categoryId"], message));
    }
    let gone =
        NewChange::new(Action::CategoryDeleted, SubjectType::Category, id).tags([CATEGORIES.to_owned()]);
    let mut changes = Vec::new();
    let replacement = match replacement {
        None => {
            let uses = articles.count_uses(&transaction, id.0).await?;
            if uses > 0 {
                return Err(library::in_use(&["input", "categoryId"], uses, "this category"));
            }
            former_slugs::release(&transaction, id.0).await?;
            changes.push(gone);
            None
        }
        Some(new) => {
            let refused = |code, message: &str| Failure::refused(code, &["input", "replacementId"], message);
            if new == id {
                return Err(refused(UserErrorCode::Invalid, "A category can't take its own place."));
            }
            if !tree.contains_key(&new) {
                return Err(refused(UserErrorCode::NotFound, "There is no such category."));
            }
            let touched = articles.replace_category(&transaction, id, new).await?;
            replacements::note(&transaction, SubjectType::Category, id.0, new.0).await?;
            former_slugs::inherit(&transaction, SubjectType::Category, (id.0, &found.slug), new.0).await?;
            changes.push(gone.detail(new.to_string()).tags(touched));
            Some(new)
        }
    };
    categories::Entity::delete_by_id(id).exec(connection).await?;
    let mut left = read::tree(connection).await?;
    let mut successor = None;
    if let Some(new) = replacement
        && let Some(row) = left.remove(&new)
    {
        let (row, change) = category::write(&transaction, op, row, Action::CategoryUpdated).await?;
        changes.push(change);
        left.insert(new, row.clone());
        successor = Some(row);
    }
    let siblings = read::children(&left, found.parent_id).into_iter().cloned().collect();
    for (row, change) in category::number(&transaction, op, siblings, found.parent_id).await? {
        if successor.as_ref().is_some_and(|successor| successor.id == row.id) {
            successor = Some(row);
        }
        changes.push(change);
    }
    save_all(transaction, op, changes).await?;
    Ok((found, successor))
}
