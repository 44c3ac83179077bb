//! What every verb about categories shares: finding one, its slug, its place in the tree, and what the log keeps of it.

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use sea_orm::{DatabaseTransaction, IntoActiveModel as _};
use serde::Serialize;
use uuid::Uuid;

use super::entity::categories;
use super::read;
use crate::db::WriteTransaction;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::CategoryId;
use crate::library::slug::Slugged;
use crate::library::{check_version, former_slugs};
use crate::log::{Action, NewChange, SubjectType, content_hash};
use crate::operation::Operation;
use crate::reads::CATEGORIES;
use crate::text::input;

/// Most levels of the tree.
pub(super) const DEEPEST: usize = 10;

/// All categories, by id.
pub(super) type Tree = HashMap<CategoryId, categories::Model>;

/// What the log's hash of a category covers.
#[derive(Serialize)]
struct HashedCategory<'a> {
    id: CategoryId,
    slug: &'a str,
    name: &'a str,
    description: Option<&'a str>,
    parent: Option<CategoryId>,
    position: i32,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    former_slugs: &'a [String],
    salt: &'a str,
}

/// The hash of a category as the log has it.
pub(super) fn hash(category: &categories::Model, former_slugs: &[String]) -> Result<String, Failure> {
    content_hash(&HashedCategory {
        id: category.id,
        slug: &category.slug,
        name: &category.name,
        description: category.description.as_deref(),
        parent: category.parent_id,
        position: category.position,
        former_slugs,
        salt: &category.salt,
    })
}

/// Reads a name.
pub(super) fn name(given: &str) -> Result<String, crate::error::UserError> {
    input::name(&["input", "name"], given, 100)
}

/// Reads a description; a blank one is none.
pub(super) fn description(given: Option<&str>) -> Result<Option<String>, crate::error::UserError> {
    input::optional_line(&["input", "description"], given, 1_000)
}

/// The category, where it still has this version.
pub(super) fn find(tree: &Tree, id: CategoryId, version: i32) -> Result<categories::Model, Failure> {
    let found = tree.get(&id).cloned().ok_or_else(|| {
        Failure::refused(UserErrorCode::NotFound, &["input", "categoryId"], "There is no such category.")
    })?;
    check_version("category", found.version, version)?;
    Ok(found)
}

/// That slugs are looked for among categories.
pub(super) struct Categories;

impl Slugged for Categories {
    const KIND: SubjectType = SubjectType::Category;
    const NOUN: &'static str = "category";

    async fn present(
        connection: &DatabaseTransaction,
        slugs: Vec<String>,
        except: Option<Uuid>,
    ) -> Result<HashSet<String>, Failure> {
        read::category_slugs_taken(connection, slugs, except.map(CategoryId)).await
    }
}

/// Checks that a category has room below another: with so many levels of its own.
pub(super) fn check_depth(tree: &Tree, parent: CategoryId, levels: usize, problems: &mut Problems) {
    if read::ancestors(tree, parent).len() + 1 + levels > DEEPEST {
        let message = format!("Categories nest at most {DEEPEST} levels.");
        problems.add(UserErrorCode::Invalid, &["input", "parentId"], message);
    }
}

/// Writes what a category has become; gives it with what the log must say.
pub(super) async fn write(
    transaction: &WriteTransaction,
    op: &Operation,
    changed: categories::Model,
    action: Action,
) -> Result<(categories::Model, NewChange), Failure> {
    let connection = transaction.connection();
    let row = categories::ActiveModel {
        slug: Set(changed.slug.clone()),
        name: Set(changed.name.clone()),
        description: Set(changed.description.clone()),
        parent_id: Set(changed.parent_id),
        position: Set(changed.position),
        version: Set(changed.version + 1),
        updated_at: Set(op.now()),
        ..changed.into_active_model()
    };
    let written = row.update(connection).await?;
    let hash = hash(&written, &former_slugs::of_one(connection, written.id.0).await?)?;
    let change =
        NewChange::new(action, SubjectType::Category, written.id).hash(hash).tags([CATEGORIES.to_owned()]);
    Ok((written, change))
}

/// Writes the places of siblings that have another now, in this order from 1. Gives what the log must say.
pub(super) async fn number(
    transaction: &WriteTransaction,
    op: &Operation,
    siblings: Vec<categories::Model>,
    parent: Option<CategoryId>,
) -> Result<Vec<(categories::Model, NewChange)>, Failure> {
    let mut written = Vec::new();
    for (position, sibling) in (1..).zip(siblings) {
        if (sibling.position, sibling.parent_id) != (position, parent) {
            let placed = categories::Model { position, parent_id: parent, ..sibling };
            written.push(write(transaction, op, placed, Action::CategoryMoved).await?);
        }
    }
    Ok(written)
}
