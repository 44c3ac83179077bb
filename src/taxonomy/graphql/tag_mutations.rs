//! Mutations of tags.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::TagRecord;
use crate::article::graphql::{DraftObject, some_that_use};
use crate::article::refile::Articles;
use crate::error::Failure;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome, parted};
use crate::graphql::{ids, operation};
use crate::id::TagId;
use crate::operation::Operation;
use crate::taxonomy::create_tag::{self, NewTag};
use crate::taxonomy::entity::tag_records;
use crate::taxonomy::update_tag::{self, TagEdit};
use crate::taxonomy::{delete_tag, merge_tags, read};

/// A tag to add.
#[derive(InputObject)]
pub struct CreateTagInput {
    /// As readers see it.
    name: String,
    /// The name in addresses; derived from the name where absent.
    slug: Option<String>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct CreateTagPayload {
    /// The tag in the library; null where it was refused.
    tag: Option<TagRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What changes of a tag; what is absent stays.
#[derive(InputObject)]
pub struct UpdateTagInput {
    /// Which tag.
    tag_id: ID,
    /// The version that the edit was made from.
    version: i32,
    /// As readers see it.
    name: Option<String>,
    /// The name in addresses. The old one leads to it for ever.
    slug: Option<String>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct UpdateTagPayload {
    /// The tag; where the change was refused, as it is. Null where there is none.
    tag: Option<TagRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// A tag to delete.
#[derive(InputObject)]
pub struct DeleteTagInput {
    /// Which tag.
    tag_id: ID,
    /// The version that was seen.
    version: i32,
    /// The tag that takes its place: articles that had this one have that one, and its addresses lead there.
    replacement_id: Option<ID>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct DeleteTagPayload {
    /// The tag as it was; where that was refused, as it is. Null where there is none.
    tag: Option<TagRecord>,
    /// What took its place.
    replacement: Option<TagRecord>,
    /// Where it was refused with `IN_USE`: the articles last written that have it, ten at most.
    used_by: Vec<DraftObject>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Tags to merge into one.
#[derive(InputObject)]
pub struct MergeTagsInput {
    /// The tag that stays.
    tag_id: ID,
    /// The version of it that was seen.
    version: i32,
    /// Those that are merged into it, 100 at most. Articles that had one of them have the one that stays; addresses of all lead there.
    merged_tag_ids: Vec<ID>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct MergeTagsPayload {
    /// The tag that stays; where the merge was refused, as it is. Null where there is none.
    tag: Option<TagRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// A verb's outcome as a payload: the tag as it became; where the verb was refused, as it is.
async fn with_present(
    op: &Arc<Operation>,
    id: TagId,
    result: Result<tag_records::Model, Failure>,
) -> Result<(Option<TagRecord>, Vec<UserError>), Failure> {
    let (mut tag, user_errors) = outcome(result)?;
    if tag.is_none() {
        tag = read::tag_records(op.snapshot().await?.connection(), vec![id]).await?.remove(&id);
    }
    Ok((tag.map(|row| TagRecord::alone(op, row)), user_errors))
}

/// Mutations of tags.
#[derive(Default)]
pub struct TagMutation;

#[Object]
impl TagMutation {
    /// Adds a tag to the library.
    async fn create_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tag.")] input: CreateTagInput,
    ) -> Nullable<CreateTagPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let CreateTagInput { name, slug } = input;
            let (tag, user_errors) = outcome(create_tag::create(op, NewTag { name, slug }).await)?;
            Ok(Some(CreateTagPayload { tag: tag.map(|row| TagRecord::alone(op, row)), user_errors }))
        })
        .await
    }

    /// Changes a tag. The slug that it had leads to it for ever.
    async fn update_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateTagInput,
    ) -> Nullable<UpdateTagPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let UpdateTagInput { tag_id, version, name, slug } = input;
            let id = ids::parse(&tag_id, &["input", "tagId"])?;
            let updated = update_tag::update(op, id, version, TagEdit { name, slug }).await;
            let (tag, user_errors) = with_present(op, id, updated).await?;
            Ok(Some(UpdateTagPayload { tag, user_errors }))
        })
        .await
    }

    /// Deletes a tag that no article has, or puts another in its place.
    async fn delete_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tag.")] input: DeleteTagInput,
    ) -> Nullable<DeleteTagPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let DeleteTagInput { tag_id, version, replacement_id } = input;
            let id: TagId = ids::parse(&tag_id, &["input", "tagId"])?;
            let replacement =
                replacement_id.map(|id| ids::parse(&id, &["input", "replacementId"])).transpose()?;
            let deleted = delete_tag::delete(op, id, version, replacement, &Articles).await;
            let used_by = some_that_use(op, id.0, &deleted).await?;
            let (deleted, replacement) = parted(deleted);
            let (tag, user_errors) = with_present(op, id, deleted).await?;
            let replacement = replacement.map(|row| TagRecord::alone(op, row));
            Ok(Some(DeleteTagPayload { tag, replacement, used_by, user_errors }))
        })
        .await
    }

    /// Makes several tags one: articles that had any of them have that one.
    async fn merge_tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tags, and into which.")] input: MergeTagsInput,
    ) -> Nullable<MergeTagsPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let MergeTagsInput { tag_id, version, merged_tag_ids } = input;
            let id = ids::parse(&tag_id, &["input", "tagId"])?;
            let merged = ids::parse_list(&merged_tag_ids, &["input", "mergedTagIds"])?;
            let done = merge_tags::merge(op, id, version, merged, &Articles).await;
            let (tag, user_errors) = with_present(op, id, done).await?;
            Ok(Some(MergeTagsPayload { tag, user_errors }))
        })
        .await
    }
}
