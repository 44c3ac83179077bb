//! `updateTag`. The slug that it had leads to it for ever.

use super::entity::tag_records;
use super::tag;
use super::tag::Tags;
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems};
use crate::id::TagId;
use crate::library::{self, former_slugs};
use crate::log::{SubjectType, save};
use crate::operation::Operation;
use crate::text::{fold, slug};

/// What changes; what is absent stays.
#[derive(Default)]
pub struct TagEdit {
    /// As readers see it.
    pub name: Option<String>,
    /// Its name in addresses.
    pub slug: Option<String>,
}

/// Changes a tag.
pub async fn update(
    op: &Operation,
    id: TagId,
    version: i32,
    edit: TagEdit,
) -> Result<tag_records::Model, Failure> {
    policy::allow_new::<act::EditTag>(op)?;
    let TagEdit { name, slug } = edit;
    let mut problems = Problems::default();
    let name = name.and_then(|name| problems.take(tag::name(&name)));
    let slug = slug.and_then(|slug| problems.take(slug::parse(&["input", "slug"], &slug)));
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let found = tag::find(connection, id, version).await?;
    if let Some(slug) = &slug {
        library::slug::check::<Tags>(connection, slug, Some(id.0), &mut problems).await?;
    }
    problems.check()?;
    let mut changed = found.clone();
    if let Some(name) = name {
        changed.sort_name = fold::fold(&name);
        changed.name = name;
    }
    if let Some(slug) = slug {
        changed.slug = slug;
    }
    if changed == found {
        return Ok(found);
    }
    if changed.slug != found.slug {
        former_slugs::rename(&transaction, SubjectType::Tag, id.0, &found.slug, &changed.slug).await?;
    }
    let (written, change) = tag::write(&transaction, op, changed).await?;
    save(transaction, op, change).await?;
    Ok(written)
}
