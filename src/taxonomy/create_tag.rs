//! `createTag`.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;

use super::entity::tag_records;
use super::tag;
use super::tag::Tags;
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems};
use crate::library;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::text::{fold, slug};

/// What a tag is made of.
pub struct NewTag {
    /// As readers see it.
    pub name: String,
    /// Derived from the name where absent.
    pub slug: Option<String>,
}

/// Adds a tag to the library.
pub async fn create(op: &Operation, new: NewTag) -> Result<tag_records::Model, Failure> {
    policy::allow_new::<act::CreateTag>(op)?;
    let NewTag { name, slug: given } = new;
    let mut problems = Problems::default();
    let name = problems.take(tag::name(&name)).unwrap_or_default();
    let given = given.and_then(|given| problems.take(slug::parse(&["input", "slug"], &given)));
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let slug = match given {
        Some(given) => {
            library::slug::check::<Tags>(connection, &given, None, &mut problems).await?;
            given
        }
        None => library::slug::derived::<Tags>(connection, op, &name).await?,
    };
    problems.check()?;
    let now = op.now();
    let record = tag_records::ActiveModel {
        id: Set(op.new_id()),
        slug: Set(slug),
        sort_name: Set(fold::fold(&name)),
        name: Set(name),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(connection)
    .await?;
    let change =
        NewChange::new(Action::TagCreated, SubjectType::Tag, record.id).hash(tag::hash(&record, &[])?);
    save(transaction, op, change).await?;
    Ok(record)
}
