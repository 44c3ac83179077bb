//! `createAuthor`.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;

use super::entity::author_records;
use super::links::{self, Link};
use super::record::Authors;
use super::{public, record};
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems};
use crate::id::ImageId;
use crate::library;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::text::{fold, slug};

/// What an author is made of.
pub struct NewAuthor {
    /// As in the byline.
    pub name: String,
    /// Derived from the name where absent.
    pub slug: Option<String>,
    /// Markdown.
    pub bio: Option<String>,
    /// Their portrait.
    pub portrait: Option<ImageId>,
    /// Where else they are found, in order.
    pub links: Vec<Link>,
    /// Whether they are public without an article.
    pub is_listed: bool,
}

/// Adds an author to the library.
pub async fn create(op: &Operation, new: NewAuthor) -> Result<author_records::Model, Failure> {
    policy::allow_new::<act::CreateAuthor>(op)?;
    let NewAuthor { name, slug: given, bio, portrait, links, is_listed } = new;
    let mut problems = Problems::default();
    let name = problems.take(record::name(&name)).unwrap_or_default();
    let given = given.and_then(|given| problems.take(slug::parse(&["input", "slug"], &given)));
    let bio = bio.and_then(|bio| problems.take(record::biography(&bio)));
    let links = links::parse(links, &mut problems);

    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    record::check_portrait(connection, portrait, &mut problems).await?;
    let slug = match given {
        Some(given) => {
            library::slug::check::<Authors>(connection, &given, None, &mut problems).await?;
            given
        }
        None => library::slug::derived::<Authors>(connection, op, &name).await?,
    };
    problems.check()?;
    let now = op.now();
    let record = author_records::ActiveModel {
        id: Set(op.new_id()),
        slug: Set(slug),
        sort_name: Set(fold::fold(&name)),
        name: Set(name),
        bio: Set(bio),
        portrait_image_id: Set(portrait),
        links: Set(links::to_column(&links)?),
        is_listed: Set(is_listed),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(connection)
    .await?;
    let touched =
        if record.is_listed { public::show(&transaction, &record, 0).await? } else { Default::default() };
    let change = NewChange::new(Action::AuthorCreated, SubjectType::Author, record.id)
        .hash(record::hash(&record, &[])?)
        .tags(touched);
    save(transaction, op, change).await?;
    Ok(record)
}
