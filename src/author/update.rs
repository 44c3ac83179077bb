//! `updateAuthor`. The slug that they had leads to them for ever.

use super::entity::author_records;
use super::links::{self, Link};
use super::record;
use super::record::Authors;
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems};
use crate::given::Given;
use crate::id::{AuthorId, ImageId};
use crate::library::{self, former_slugs};
use crate::log::{SubjectType, save};
use crate::operation::Operation;
use crate::text::{fold, slug};

/// What changes; what is absent stays.
#[derive(Default)]
pub struct AuthorEdit {
    /// As in the byline.
    pub name: Option<String>,
    /// Their name in addresses.
    pub slug: Option<String>,
    /// Markdown.
    pub bio: Given<String>,
    /// Their portrait.
    pub portrait: Given<ImageId>,
    /// The whole list.
    pub links: Option<Vec<Link>>,
    /// Whether they are public without an article.
    pub is_listed: Option<bool>,
}

/// Changes an author.
pub async fn update(
    op: &Operation,
    id: AuthorId,
    version: i32,
    edit: AuthorEdit,
) -> Result<author_records::Model, Failure> {
    policy::allow_new::<act::EditAuthor>(op)?;
    let AuthorEdit { name, slug, bio, portrait, links, is_listed } = edit;
    let mut problems = Problems::default();
    let name = name.and_then(|name| problems.take(record::name(&name)));
    let slug = slug.and_then(|slug| problems.take(slug::parse(&["input", "slug"], &slug)));
    let bio = problems.take(bio.try_map(|bio| record::biography(&bio))).unwrap_or_default();
    let links = links.map(|links| links::parse(links, &mut problems));
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let found = record::find(connection, id, version).await?;
    if let Some(slug) = &slug {
        library::slug::check::<Authors>(connection, slug, Some(id.0), &mut problems).await?;
    }
    let portrait = portrait.or_present(&found.portrait_image_id);
    if portrait != found.portrait_image_id {
        record::check_portrait(connection, portrait, &mut problems).await?;
    }
    problems.check()?;
    let mut changed = author_records::Model {
        bio: bio.or_present(&found.bio),
        portrait_image_id: portrait,
        is_listed: is_listed.unwrap_or(found.is_listed),
        ..found.clone()
    };
    if let Some(name) = name {
        changed.sort_name = fold::fold(&name);
        changed.name = name;
    }
    if let Some(slug) = slug {
        changed.slug = slug;
    }
    if let Some(links) = links {
        changed.links = links::to_column(&links)?;
    }
    if changed == found {
        return Ok(found);
    }
    if changed.slug != found.slug {
        former_slugs::rename(&transaction, SubjectType::Author, id.0, &found.slug, &changed.slug).await?;
    }
    let (written, change) = record::write(&transaction, op, changed).await?;
    save(transaction, op, change).await?;
    Ok(written)
}
