//! What every verb about authors shares: reading what is given, finding one, the slug, and what the log keeps.

use std::collections::HashSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _, IntoActiveModel as _,
};
use serde::Serialize;
use uuid::Uuid;

use super::entity::author_records;
use super::{links, public, read};
use crate::db::WriteTransaction;
use crate::error::{Failure, Problems, UserError, UserErrorCode};
use crate::id::{AuthorId, ImageId};
use crate::image;
use crate::library::slug::Slugged;
use crate::library::{check_version, former_slugs};
use crate::log::{Action, NewChange, SubjectType, content_hash};
use crate::operation::Operation;
use crate::reads::AUTHORS;
use crate::text::{input, markdown};

/// What the log's hash of an author covers.
#[derive(Serialize)]
struct HashedAuthor<'a> {
    id: AuthorId,
    slug: &'a str,
    name: &'a str,
    bio: Option<&'a str>,
    portrait: Option<ImageId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    links: Option<&'a str>,
    is_listed: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    former_slugs: &'a [String],
    salt: &'a str,
}

/// The hash of an author as the log has it.
pub(super) fn hash(record: &author_records::Model, former_slugs: &[String]) -> Result<String, Failure> {
    content_hash(&HashedAuthor {
        id: record.id,
        slug: &record.slug,
        name: &record.name,
        bio: record.bio.as_deref(),
        portrait: record.portrait_image_id,
        links: Some(record.links.as_str()).filter(|links| *links != links::NONE),
        is_listed: if record.is_listed { "true" } else { "false" },
        former_slugs,
        salt: &record.salt,
    })
}

/// Reads a name.
pub(super) fn name(given: &str) -> Result<String, UserError> {
    input::name(&["input", "name"], given, 100)
}

/// Reads a biography.
pub(super) fn biography(bio: &str) -> Result<String, UserError> {
    let path = ["input", "bio"];
    let bio = input::lines(&path, bio, 10_000)?;
    let outline = markdown::outline_of(&bio, markdown::Flavor::Short);
    if outline.is_too_deep || !outline.figures.is_empty() || !outline.foreign_pictures.is_empty() {
        let message = "A biography is short Markdown without pictures; the portrait has a field of its own.";
        return Err(UserError::new(UserErrorCode::Invalid, &path, message));
    }
    Ok(bio.trim().to_owned())
}

/// Notes where a portrait is no image of the library.
pub(super) async fn check_portrait(
    connection: &impl ConnectionTrait,
    portrait: Option<ImageId>,
    problems: &mut Problems,
) -> Result<(), Failure> {
    if let Some(image) = portrait
        && image::read::records(connection, vec![image]).await?.is_empty()
    {
        let message = "There is no such image. Upload it first.";
        problems.add(UserErrorCode::NotFound, &["input", "portraitImageId"], message);
    }
    Ok(())
}

/// The author, where they still have this version.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    id: AuthorId,
    version: i32,
) -> Result<author_records::Model, Failure> {
    let found = existing(connection, id, "authorId").await?;
    check_version("author", found.version, version)?;
    Ok(found)
}

/// The author whom a field of the input names.
pub(super) async fn existing(
    connection: &impl ConnectionTrait,
    id: AuthorId,
    field: &str,
) -> Result<author_records::Model, Failure> {
    let found = author_records::Entity::find_by_id(id).one(connection).await?;
    found.ok_or_else(|| {
        Failure::refused(UserErrorCode::NotFound, &["input", field], "There is no such author.")
    })
}

/// That slugs are looked for among authors.
pub(super) struct Authors;

impl Slugged for Authors {
    const KIND: SubjectType = SubjectType::Author;
    const NOUN: &'static str = "author";

    async fn present(
        connection: &DatabaseTransaction,
        slugs: Vec<String>,
        except: Option<Uuid>,
    ) -> Result<HashSet<String>, Failure> {
        read::slugs_taken(connection, slugs, except.map(AuthorId)).await
    }
}

/// Writes what an author has become, in the public table too; gives them with what the log must say.
pub(super) async fn write(
    transaction: &WriteTransaction,
    op: &Operation,
    changed: author_records::Model,
) -> Result<(author_records::Model, NewChange), Failure> {
    let connection = transaction.connection();
    let row = author_records::ActiveModel {
        slug: Set(changed.slug.clone()),
        name: Set(changed.name.clone()),
        sort_name: Set(changed.sort_name.clone()),
        bio: Set(changed.bio.clone()),
        portrait_image_id: Set(changed.portrait_image_id),
        links: Set(changed.links.clone()),
        is_listed: Set(changed.is_listed),
        version: Set(changed.version + 1),
        updated_at: Set(op.now()),
        ..changed.into_active_model()
    };
    let written = row.update(connection).await?;
    let touched = public::follow(transaction, &written).await?;
    let hash = hash(&written, &former_slugs::of_one(connection, written.id.0).await?)?;
    let change = NewChange::new(Action::AuthorUpdated, SubjectType::Author, written.id)
        .hash(hash)
        .tags(touched)
        .tags([AUTHORS.to_owned()]);
    Ok((written, change))
}
