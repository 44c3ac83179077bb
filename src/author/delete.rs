//! `deleteAuthor`: one whom no article credits, or one in whose place another is put.

use sea_orm::EntityTrait as _;

use super::entity::author_records;
use super::{public, record};
use crate::account::policy::{self, act};
use crate::error::{Failure, UserErrorCode};
use crate::id::AuthorId;
use crate::library::{self, Articles, former_slugs, replacements};
use crate::log::{Action, NewChange, SubjectType, save_all};
use crate::operation::Operation;
use crate::reads::AUTHORS;

/// Deletes an author. Gives them as they were, and who took their place.
pub async fn delete(
    op: &Operation,
    id: AuthorId,
    version: i32,
    replacement: Option<AuthorId>,
    articles: &impl Articles,
) -> Result<(author_records::Model, Option<author_records::Model>), Failure> {
    policy::allow_new::<act::EditAuthor>(op)?;
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    transaction.lock_library().await?;
    let connection = transaction.connection();
    let found = record::find(connection, id, version).await?;
    let gone = NewChange::new(Action::AuthorDeleted, SubjectType::Author, id).tags([AUTHORS.to_owned()]);
    let (gone, changed, successor) = match replacement {
        None => {
            let uses = articles.count_uses(&transaction, id.0).await?;
            if uses > 0 {
                return Err(library::in_use(&["input", "authorId"], uses, "this author"));
            }
            former_slugs::release(&transaction, id.0).await?;
            (gone, None, None)
        }
        Some(new) => {
            if new == id {
                let message = "An author can't take their own place.";
                return Err(Failure::refused(UserErrorCode::Invalid, &["input", "replacementId"], message));
            }
            let successor = record::existing(connection, new, "replacementId").await?;
            let touched = articles.replace_author(&transaction, id, new).await?;
            replacements::note(&transaction, SubjectType::Author, id.0, new.0).await?;
            former_slugs::inherit(&transaction, SubjectType::Author, (id.0, &found.slug), new.0).await?;
            let (successor, change) = record::write(&transaction, op, successor).await?;
            (gone.detail(new.to_string()).tags(touched), Some(change), Some(successor))
        }
    };
    let withdrawn = public::withdraw(&transaction, id).await?;
    author_records::Entity::delete_by_id(id).exec(connection).await?;
    let changes = [gone.tags(withdrawn)].into_iter().chain(changed).collect();
    save_all(transaction, op, changes).await?;
    Ok((found, successor))
}
