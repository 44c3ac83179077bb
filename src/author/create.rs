//! `createAuthor`.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use serde::Serialize;

use super::entity::author_records;
use super::{public, read};
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::{AuthorId, ImageId};
use crate::image;
use crate::log::{Action, NewChange, SubjectType, content_hash, save};
use crate::operation::Operation;
use crate::text::{fold, input, markdown, slug};

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
    /// Whether they are public without an article.
    pub is_listed: bool,
}

/// What the log's hash of an author covers.
#[derive(Serialize)]
struct HashedAuthor<'a> {
    id: AuthorId,
    slug: &'a str,
    name: &'a str,
    bio: Option<&'a str>,
    portrait: Option<ImageId>,
    is_listed: &'a str,
    salt: &'a str,
}

/// The hash of an author as the log has it.
pub(super) fn hash(record: &author_records::Model) -> Result<String, Failure> {
    content_hash(&HashedAuthor {
        id: record.id,
        slug: &record.slug,
        name: &record.name,
        bio: record.bio.as_deref(),
        portrait: record.portrait_image_id,
        is_listed: if record.is_listed { "true" } else { "false" },
        salt: &record.salt,
    })
}

/// Adds an author to the library.
pub async fn create(op: &Operation, new: NewAuthor) -> Result<author_records::Model, Failure> {
    policy::allow_new::<act::CreateAuthor>(op)?;
    let NewAuthor { name, slug: given, bio, portrait, is_listed } = new;
    let mut problems = Problems::default();
    let name = problems.take(input::name(&["input", "name"], &name, 100)).unwrap_or_default();
    let given = given.and_then(|given| problems.take(slug::parse(&["input", "slug"], &given)));
    let bio = bio.and_then(|bio| problems.take(biography(&bio)));

    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    if let Some(image) = portrait
        && image::read::records(connection, vec![image]).await?.is_empty()
    {
        problems.add(
            UserErrorCode::NotFound,
            &["input", "portraitImageId"],
            "There is no such image. Upload it first.",
        );
    }
    let slug = match given {
        Some(given) => {
            if !read::slugs_taken(connection, vec![given.clone()]).await?.is_empty() {
                problems.add(UserErrorCode::Taken, &["input", "slug"], "Another author has this slug.");
            }
            given
        }
        None => {
            let derived = slug::from_title(&name);
            let base = if derived.is_empty() { "author" } else { &derived };
            let candidates = slug::candidates(base, &op.random_hex::<4>());
            let taken = read::slugs_taken(connection, candidates.clone()).await?;
            slug::first_free(candidates, &taken)
        }
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
        is_listed: Set(is_listed),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(connection)
    .await?;
    if record.is_listed {
        public::show(&transaction, &record, 0).await?;
    }
    let change = NewChange::new(Action::AuthorCreated, SubjectType::Author, record.id).hash(hash(&record)?);
    save(transaction, op, change).await?;
    Ok(record)
}

fn biography(bio: &str) -> Result<String, crate::error::UserError> {
    let path = ["input", "bio"];
    let bio = input::lines(&path, bio, 10_000)?;
    let outline = markdown::outline_of(&bio, markdown::Flavor::Short);
    if outline.is_too_deep || !outline.figures.is_empty() || !outline.foreign_pictures.is_empty() {
        let message = "A biography is short Markdown without pictures; the portrait has a field of its own.";
        return Err(crate::error::UserError::new(UserErrorCode::Invalid, &path, message));
    }
    Ok(bio.trim().to_owned())
}
