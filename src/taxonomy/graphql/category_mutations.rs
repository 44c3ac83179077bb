//! Mutations of categories.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use super::CategoryRecord;
use crate::article::graphql::{DraftObject, some_that_use};
use crate::article::refile::Articles;
use crate::error::Failure;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome, parted};
use crate::graphql::{given, ids, operation};
use crate::id::CategoryId;
use crate::operation::Operation;
use crate::taxonomy::create_category::{self, NewCategory};
use crate::taxonomy::entity::categories;
use crate::taxonomy::move_category::{self, Destination};
use crate::taxonomy::update_category::{self, CategoryEdit};
use crate::taxonomy::{delete_category, read};

/// A category to add.
#[derive(InputObject)]
pub struct CreateCategoryInput {
    /// As readers see it.
    name: String,
    /// The name in addresses; derived from the name where absent.
    slug: Option<String>,
    /// What it is about.
    description: Option<String>,
    /// The category above it; absent: a root.
    parent_id: Option<ID>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct CreateCategoryPayload {
    /// The category; null where it was refused.
    category: Option<CategoryRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What changes of a category; what is absent stays.
#[derive(InputObject)]
pub struct UpdateCategoryInput {
    /// Which category.
    category_id: ID,
    /// The version that the edit was made from.
    version: i32,
    /// As readers see it.
    name: Option<String>,
    /// The name in addresses. The old one leads to it for ever.
    slug: Option<String>,
    /// What it is about; null: nothing is said.
    description: MaybeUndefined<String>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct UpdateCategoryPayload {
    /// The category; where the change was refused, as it is. Null where there is none.
    category: Option<CategoryRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Where a category is moved to.
#[derive(InputObject)]
pub struct MoveCategoryInput {
    /// Which category. All that is below it moves along.
    category_id: ID,
    /// The version that was seen.
    version: i32,
    /// The category above it from now on; null: it becomes a root; absent: the same as now.
    parent_id: MaybeUndefined<ID>,
    /// Its place among its siblings there, from 1; absent: the last below another category, and as it is below the same one.
    position: Option<i32>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct MoveCategoryPayload {
    /// The category; where the move was refused, as it is. Null where there is none.
    category: Option<CategoryRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// A category to delete.
#[derive(InputObject)]
pub struct DeleteCategoryInput {
    /// Which category. One with others below it can't be deleted.
    category_id: ID,
    /// The version that was seen.
    version: i32,
    /// The category that takes its place: articles that were in this one are in that one, and its addresses lead there.
    replacement_id: Option<ID>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct DeleteCategoryPayload {
    /// The category as it was; where that was refused, as it is. Null where there is none.
    category: Option<CategoryRecord>,
    /// What took its place.
    replacement: Option<CategoryRecord>,
    /// Where it was refused with `IN_USE`: the articles last written that are in it, ten at most.
    used_by: Vec<DraftObject>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// A verb's outcome as a payload: the category as it became; where the verb was refused, as it is.
async fn with_present(
    op: &Arc<Operation>,
    id: CategoryId,
    result: Result<categories::Model, Failure>,
) -> Result<(Option<CategoryRecord>, Vec<UserError>), Failure> {
    let (mut category, user_errors) = outcome(result)?;
    if category.is_none() {
        category = read::tree(op.snapshot().await?.connection()).await?.remove(&id);
    }
    Ok((category.map(|row| CategoryRecord::alone(op, row)), user_errors))
}

/// Mutations of categories.
#[derive(Default)]
pub struct CategoryMutation;

#[Object]
impl CategoryMutation {
    /// Adds a category to the site's tree, as the last of its siblings.
    async fn create_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category.")] input: CreateCategoryInput,
    ) -> Nullable<CreateCategoryPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let CreateCategoryInput { name, slug, description, parent_id } = input;
            let parent = parent_id.map(|id| ids::parse(&id, &["input", "parentId"])).transpose()?;
            let created = create_category::create(op, NewCategory { name, slug, description, parent }).await;
            let (category, user_errors) = outcome(created)?;
            let category = category.map(|row| CategoryRecord::alone(op, row));
            Ok(Some(CreateCategoryPayload { category, user_errors }))
        })
        .await
    }

    /// Changes a category. The slug that it had leads to it for ever.
    async fn update_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateCategoryInput,
    ) -> Nullable<UpdateCategoryPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let UpdateCategoryInput { category_id, version, name, slug, description } = input;
            let id = ids::parse(&category_id, &["input", "categoryId"])?;
            let edit = CategoryEdit { name, slug, description: given(description) };
            let updated = update_category::update(op, id, version, edit).await;
            let (category, user_errors) = with_present(op, id, updated).await?;
            Ok(Some(UpdateCategoryPayload { category, user_errors }))
        })
        .await
    }

    /// Moves a category among its siblings, or below another category.
    async fn move_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which category, and where to.")] input: MoveCategoryInput,
    ) -> Nullable<MoveCategoryPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let MoveCategoryInput { category_id, version, parent_id, position } = input;
            let id = ids::parse(&category_id, &["input", "categoryId"])?;
            let parent = given(parent_id).try_map(|id| ids::parse(&id, &["input", "parentId"]))?;
            let to = Destination { parent, position };
            let moved = move_category::move_to(op, id, version, to, &Articles).await;
            let (category, user_errors) = with_present(op, id, moved).await?;
            Ok(Some(MoveCategoryPayload { category, user_errors }))
        })
        .await
    }

    /// Deletes a category that no article is in and none is below, or puts another in its place.
    async fn delete_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which category.")] input: DeleteCategoryInput,
    ) -> Nullable<DeleteCategoryPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let DeleteCategoryInput { category_id, version, replacement_id } = input;
            let id: CategoryId = ids::parse(&category_id, &["input", "categoryId"])?;
            let replacement =
                replacement_id.map(|id| ids::parse(&id, &["input", "replacementId"])).transpose()?;
            let deleted = delete_category::delete(op, id, version, replacement, &Articles).await;
            let used_by = some_that_use(op, id.0, &deleted).await?;
            let (deleted, replacement) = parted(deleted);
            let (category, user_errors) = with_present(op, id, deleted).await?;
            let replacement = replacement.map(|row| CategoryRecord::alone(op, row));
            Ok(Some(DeleteCategoryPayload { category, replacement, used_by, user_errors }))
        })
        .await
    }
}
