//! `createCategory`.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;

use super::category::Categories;
use super::entity::categories;
use super::{category, read};
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::CategoryId;
use crate::library;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::reads::CATEGORIES;
use crate::text::slug;

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

/// Adds a category, as the last of its siblings.
pub async fn create(op: &Operation, new: NewCategory) -> Result<categories::Model, Failure> {
    policy::allow_new::<act::CreateCategory>(op)?;
    let NewCategory { name, slug: given, description, parent } = new;
    let mut problems = Problems::default();
    let name = problems.take(category::name(&name)).unwrap_or_default();
    let given = given.and_then(|given| problems.take(slug::parse(&["input", "slug"], &given)));
    let description = problems.take(category::description(description.as_deref())).flatten();
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let tree = read::tree(connection).await?;
    if let Some(parent) = parent {
        if tree.contains_key(&parent) {
            category::check_depth(&tree, parent, 1, &mut problems);
        } else {
            problems.add(UserErrorCode::NotFound, &["input", "parentId"], "There is no such category.");
        }
    }
    let slug = match given {
        Some(given) => {
            library::slug::check::<Categories>(connection, &given, None, &mut problems).await?;
            given
        }
        None => library::slug::derived::<Categories>(connection, op, &name).await?,
    };
    problems.check()?;
    let now = op.now();
    let category = categories::ActiveModel {
        id: Set(op.new_id()),
        slug: Set(slug),
        name: Set(name),
        description: Set(description),
        parent_id: Set(parent),
        position: Set(read::children(&tree, parent).last().map_or(0, |last| last.position) + 1),
        article_count: Set(0),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(connection)
    .await?;
    let change = NewChange::new(Action::CategoryCreated, SubjectType::Category, category.id)
        .hash(category::hash(&category, &[])?)
        .tags([CATEGORIES.to_owned()]);
    save(transaction, op, change).await?;
    Ok(category)
}
