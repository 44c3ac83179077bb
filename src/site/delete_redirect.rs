//! `deleteRedirect`.

use sea_orm::EntityTrait as _;

use super::entity::redirects;
use super::redirect;
use super::update_redirect::find;
use crate::account::policy::{self, act};
use crate::error::Failure;
use crate::id::RedirectId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Takes a redirect away. Gives it as it was.
pub async fn delete(op: &Operation, id: RedirectId, version: i32) -> Result<redirects::Model, Failure> {
    policy::allow_new::<act::EditRedirects>(op)?;
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = find(transaction.connection(), id, version).await?;
    redirects::Entity::delete_by_id(id).exec(transaction.connection()).await?;
    let change = NewChange::new(Action::RedirectDeleted, SubjectType::Redirect, id)
        .tags([redirect::tag(&found.from_path)]);
    save(transaction, op, change).await?;
    Ok(found)
}
