//! What every verb about tags shares: finding one, its slug, what the log keeps of it, and one that takes another's place.

use std::collections::HashSet;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait as _, ConnectionTrait, DatabaseTransaction, EntityTrait as _, IntoActiveModel as _,
};
use serde::Serialize;
use uuid::Uuid;

use super::entity::tag_records;
use super::{public, read};
use crate::db::WriteTransaction;
use crate::error::{Failure, UserErrorCode};
use crate::id::TagId;
use crate::library::slug::Slugged;
use crate::library::{Articles, check_version, former_slugs, replacements};
use crate::log::{Action, NewChange, SubjectType, content_hash};
use crate::operation::Operation;
use crate::reads::TAGS;
use crate::text::input;

/// What the log's hash of a tag covers.
#[derive(Serialize)]
struct HashedTag<'a> {
    id: TagId,
    slug: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    former_slugs: &'a [String],
    salt: &'a str,
}

/// The hash of a tag as the log has it.
pub(super) fn hash(record: &tag_records::Model, former_slugs: &[String]) -> Result<String, Failure> {
    let tag_records::Model { id, slug, name, sort_name: _, version: _, salt, created_at: _, updated_at: _ } =
        record;
    content_hash(&HashedTag { id: *id, slug, name, former_slugs, salt })
}

/// Reads a name.
pub(super) fn name(given: &str) -> Result<String, crate::error::UserError> {
    input::name(&["input", "name"], given, 100)
}

/// The tag, where it still has this version.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    id: TagId,
    version: i32,
) -> Result<tag_records::Model, Failure> {
    let found = existing(connection, id, "tagId").await?;
    check_version("tag", found.version, version)?;
    Ok(found)
}

/// The tag that a field of the input names.
pub(super) async fn existing(
    connection: &impl ConnectionTrait,
    id: TagId,
    field: &str,
) -> Result<tag_records::Model, Failure> {
    let found = tag_records::Entity::find_by_id(id).one(connection).await?;
    found.ok_or_else(|| Failure::refused(UserErrorCode::NotFound, &["input", field], "There is no such tag."))
}

/// That slugs are looked for among tags.
pub(super) struct Tags;

impl Slugged for Tags {
    const KIND: SubjectType = SubjectType::Tag;
    const NOUN: &'static str = "tag";

    async fn present(
        connection: &DatabaseTransaction,
        slugs: Vec<String>,
        except: Option<Uuid>,
    ) -> Result<HashSet<String>, Failure> {
        read::tag_slugs_taken(connection, slugs, except.map(TagId)).await
    }
}

/// Writes what a tag has become, in the public table too; gives it with what the log must say.
pub(super) async fn write(
    transaction: &WriteTransaction,
    op: &Operation,
    changed: tag_records::Model,
) -> Result<(tag_records::Model, NewChange), Failure> {
    let connection = transaction.connection();
    let row = tag_records::ActiveModel {
        slug: Set(changed.slug.clone()),
        name: Set(changed.name.clone()),
        sort_name: Set(changed.sort_name.clone()),
        version: Set(changed.version + 1),
        updated_at: Set(op.now()),
        ..changed.into_active_model()
    };
    let written = row.update(connection).await?;
    public::rename_tag(transaction, &written).await?;
    let hash = hash(&written, &former_slugs::of_one(connection, written.id.0).await?)?;
    let change =
        NewChange::new(Action::TagUpdated, SubjectType::Tag, written.id).hash(hash).tags([TAGS.to_owned()]);
    Ok((written, change))
}

/// Puts a tag in the place of another, which goes. Gives what the log must say of the one that goes.
pub(super) async fn replace(
    transaction: &WriteTransaction,
    old: &tag_records::Model,
    new: &tag_records::Model,
    action: Action,
    articles: &impl Articles,
) -> Result<NewChange, Failure> {
    let touched = articles.replace_tag(transaction, old.id, new.id).await?;
    replacements::note(transaction, SubjectType::Tag, old.id.0, new.id.0).await?;
    former_slugs::inherit(transaction, SubjectType::Tag, (old.id.0, &old.slug), new.id.0).await?;
    Ok(remove(transaction, old, action).await?.detail(new.id.to_string()).tags(touched))
}

/// Takes a tag that no article has out of the library. Gives what the log must say.
pub(super) async fn remove(
    transaction: &WriteTransaction,
    old: &tag_records::Model,
    action: Action,
) -> Result<NewChange, Failure> {
    public::withdraw_tag(transaction, old.id).await?;
    tag_records::Entity::delete_by_id(old.id).exec(transaction.connection()).await?;
    Ok(NewChange::new(action, SubjectType::Tag, old.id).tags([TAGS.to_owned()]))
}
