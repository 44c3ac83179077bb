//! `createRedirect`.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;

use super::entity::redirects;
use super::{read, redirect};
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// What a redirect is made of.
pub struct NewRedirect {
    /// A path on the site.
    pub from: String,
    /// A path on the site, or a web address.
    pub to: String,
    /// The HTTP status.
    pub status: i32,
}

/// Sets a redirect. What is published at its path goes before it.
pub async fn create(op: &Operation, new: NewRedirect) -> Result<redirects::Model, Failure> {
    policy::allow_new::<act::EditRedirects>(op)?;
    let NewRedirect { from, to, status } = new;
    let mut problems = Problems::default();
    let from = problems.take(redirect::from_path(&from)).unwrap_or_default();
    let to = problems.take(redirect::target(&op.store.config.site, &to)).unwrap_or_default();
    let status = problems.take(redirect::status(status)).unwrap_or_default();
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    if read::by_path(connection, &from).await?.is_some() {
        let message = "There is a redirect from this path already: change that one.";
        problems.add(UserErrorCode::Taken, &["input", "from"], message);
    }
    problems.take(redirect::check_leads_on(connection, None, &from, &to).await?);
    problems.check()?;
    let now = op.now();
    let row = redirects::ActiveModel {
        id: Set(op.new_id()),
        from_path: Set(from),
        target: Set(to),
        status: Set(status),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(connection)
    .await?;
    let change = NewChange::new(Action::RedirectCreated, SubjectType::Redirect, row.id)
        .hash(redirect::hash(&row)?)
        .tags([redirect::tag(&row.from_path)]);
    save(transaction, op, change).await?;
    Ok(row)
}
