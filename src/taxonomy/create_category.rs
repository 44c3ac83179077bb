//! `createCategory`.

use std::collections::HashSet;

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use serde::Serialize;

use super::entity::categories;
use super::read;
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::CategoryId;
use crate::log::{Action, NewChange, SubjectType, content_hash, save};
use crate::operation::Operation;
use crate::text::{input, slug};

/// Most levels of the tree.
const DEEPEST: usize = 10;

/// What a category is made of.
pub struct NewCategory {
    /// As readers see it.
    pub name: String,
    /// Derived from the name where absent.
    pub slug: Option<String>,
    /// What it is about.
    pub description: Option<String>,
    /// The one above it.
    pub parent: Option<CategoryId>,
}

/// What the log's hash of a category covers.
#[derive(Serialize)]
struct HashedCategory<'a> {
    id: CategoryId,
    slug: &'a str,
    name: &'a str,
    description: Option<&'a str>,
    parent: Option<CategoryId>,
    position: i32,
    salt: &'a str,
}

/// The hash of a category as the log has it.
pub(super) fn hash(category: &categories::Model) -> Result<String, Failure> {
    content_hash(&HashedCategory {
        id: category.id,
        slug: &category.slug,
        name: &category.name,
        description: category.description.as_deref(),
        parent: category.parent_id,
        position: category.position,
        salt: &category.salt,
    })
}

/// Adds a category, as the last of its siblings.
pub async fn create(op: &Operation, new: NewCategory) -> Result<categories::Model, Failure> {
    policy::allow_new::<act::CreateCategory>(op)?;
    let NewCategory { name, slug: given, description, parent } = new;
    let mut problems = Problems::default();
    let name = problems.take(input::line(&["input", "name"], &name, 100)).unwrap_or_default();
    let given = given.and_then(|given| problems.take(slug::parse(&["input", "slug"], &given)));
    let description = problems
        .take(input::optional_line(&["input", "description"], description.as_deref(), 1_000))
        .flatten();
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let tree = read::tree(connection).await?;
    if let Some(parent) = parent {
        if !tree.contains_key(&parent) {
            problems.add(UserErrorCode::NotFound, &["input", "parentId"], "There is no such category.");
        } else if read::ancestors(&tree, parent).len() + 2 > DEEPEST {
            problems.add(
                UserErrorCode::Invalid,
                &["input", "parentId"],
                format!("Categories nest at most {DEEPEST} levels."),
            );
        }
    }
    let taken: HashSet<String> = tree.values().map(|category| category.slug.clone()).collect();
    let slug = match given {
        Some(given) => {
            if taken.contains(&given) {
                problems.add(UserErrorCode::Taken, &["input", "slug"], "Another category has this slug.");
            }
            given
        }
        None => {
            let derived = slug::from_title(&name);
            let base = if derived.is_empty() { "category" } else { &derived };
            slug::first_free(slug::candidates(base, &op.random_hex::<4>()), &taken)
        }
    };
    problems.check()?;
    let last =
        tree.values().filter(|category| category.parent_id == parent).map(|category| category.position).max();
    let now = op.now();
    let category = categories::ActiveModel {
        id: Set(op.new_id()),
        slug: Set(slug),
        name: Set(name),
        description: Set(description),
        parent_id: Set(parent),
        position: Set(last.unwrap_or(0) + 1),
        article_count: Set(0),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(connection)
    .await?;
    let change = NewChange::new(Action::CategoryCreated, SubjectType::Category, category.id)
        .hash(hash(&category)?)
        .tags(["categories".to_owned()]);
    save(transaction, op, change).await?;
    Ok(category)
}
