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
    let images = found.portrait_image_id.map(|image| image.to_string());
    let gone = NewChange::new(Action::AuthorDeleted, SubjectType::Author, id)
        .tags(images.into_iter().chain(["authors".to_owned()]));
    let (changes, successor) = match replacement {
        None => {
            let uses = articles.count_uses(&transaction, id.0).await?;
            if uses > 0 {
                return Err(library::in_use(&["input", "authorId"], uses, "this author"));
            }
            former_slugs::release(&transaction, id.0).await?;
            (vec![gone], None)
        }
        Some(new) => {
            if new == id {
                let message = "An author can't take their own place.";
                return Err(Failure::refused(UserErrorCode::Invalid, &["input", "replacementId"], message));
            }
            let successor = record::existing(connection, new, "replacementId").await?;
            articles.replace_author(&transaction, id, new).await?;
            replacements::note(&transaction, SubjectType::Author, id.0, new.0).await?;
            former_slugs::inherit(&transaction, SubjectType::Author, (id.0, &found.slug), new.0).await?;
            let (successor, change) = record::write(&transaction, op, successor).await?;
            (vec![gone.detail(new.to_string()), change], Some(successor))
        }
    };
    public::withdraw(&transaction, id).await?;
    author_records::Entity::delete_by_id(id).exec(connection).await?;
    save_all(transaction, op, changes).await?;
    Ok((found, successor))
}
