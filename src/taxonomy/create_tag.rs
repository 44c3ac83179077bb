//! `createTag`.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use serde::Serialize;

use super::entity::tag_records;
use super::read;
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::TagId;
use crate::log::{Action, NewChange, SubjectType, content_hash, save};
use crate::operation::Operation;
use crate::text::{fold, input, slug};

/// What a tag is made of.
pub struct NewTag {
    /// As readers see it.
    pub name: String,
    /// Derived from the name where absent.
    pub slug: Option<String>,
}

/// What the log's hash of a tag covers.
#[derive(Serialize)]
struct HashedTag<'a> {
    id: TagId,
    slug: &'a str,
    name: &'a str,
    salt: &'a str,
}

/// The hash of a tag as the log has it.
pub(super) fn hash(record: &tag_records::Model) -> Result<String, Failure> {
    content_hash(&HashedTag { id: record.id, slug: &record.slug, name: &record.name, salt: &record.salt })
}

/// Adds a tag to the library.
pub async fn create(op: &Operation, new: NewTag) -> Result<tag_records::Model, Failure> {
    policy::allow_new::<act::CreateTag>(op)?;
    let NewTag { name, slug: given } = new;
    let mut problems = Problems::default();
    let name = problems.take(input::line(&["input", "name"], &name, 100)).unwrap_or_default();
    let given = given.and_then(|given| problems.take(slug::parse(&["input", "slug"], &given)));
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let slug = match given {
        Some(given) => {
            if !read::tag_slugs_taken(connection, vec![given.clone()]).await?.is_empty() {
                problems.add(UserErrorCode::Taken, &["input", "slug"], "Another tag has this slug.");
            }
            given
        }
        None => {
            let derived = slug::from_title(&name);
            let base = if derived.is_empty() { "tag" } else { &derived };
            let candidates = slug::candidates(base, &op.random_hex::<4>());
            let taken = read::tag_slugs_taken(connection, candidates.clone()).await?;
            slug::first_free(candidates, &taken)
        }
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
    let change = NewChange::new(Action::TagCreated, SubjectType::Tag, record.id).hash(hash(&record)?);
    save(transaction, op, change).await?;
    Ok(record)
}
