//! Mutations of authors.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use super::AuthorRecord;
use crate::article::graphql::{DraftObject, some_that_use};
use crate::article::refile::Articles;
use crate::author::create::{self, NewAuthor};
use crate::author::entity::author_records;
use crate::author::links::Link;
use crate::author::update::{self, AuthorEdit};
use crate::author::{delete, read};
use crate::error::Failure;
use crate::graphql::batch::Member;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome, parted};
use crate::graphql::{given, ids, operation};
use crate::id::AuthorId;
use crate::operation::Operation;

/// Where else an author is found.
#[derive(InputObject)]
pub struct AuthorLinkInput {
    /// What it is called: the service, say; 100 characters at most.
    title: String,
    /// Its http or https address.
    url: String,
}

/// An author to add.
#[derive(InputObject)]
pub struct CreateAuthorInput {
    /// As in the byline.
    name: String,
    /// The name in addresses; derived from the name where absent.
    slug: Option<String>,
    /// Who they are, in a few sentences of Markdown.
    bio: Option<String>,
    /// Their portrait, an image of the library.
    portrait_image_id: Option<ID>,
    /// Where else they are found, in order, ten at most.
    #[graphql(default)]
    links: Vec<AuthorLinkInput>,
    /// Whether they are public without an article: on the masthead.
    #[graphql(default)]
    is_listed: bool,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct CreateAuthorPayload {
    /// The author in the library; null where it was refused.
    author: Option<AuthorRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What changes of an author; what is absent stays.
#[derive(InputObject)]
pub struct UpdateAuthorInput {
    /// Which author.
    author_id: ID,
    /// The version that the edit was made from.
    version: i32,
    /// As in the byline.
    name: Option<String>,
    /// The name in addresses. The old one leads to them for ever.
    slug: Option<String>,
    /// Who they are, in a few sentences of Markdown; null: nothing is said.
    bio: MaybeUndefined<String>,
    /// Their portrait, an image of the library; null: none.
    portrait_image_id: MaybeUndefined<ID>,
    /// Where else they are found: the whole list, in order, ten at most.
    links: Option<Vec<AuthorLinkInput>>,
    /// Whether they are public without an article: on the masthead.
    is_listed: Option<bool>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct UpdateAuthorPayload {
    /// The author; where the change was refused, as they are. Null where there is none.
    author: Option<AuthorRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// An author to delete.
#[derive(InputObject)]
pub struct DeleteAuthorInput {
    /// Which author.
    author_id: ID,
    /// The version that was seen.
    version: i32,
    /// The author who takes their place: articles that credited this one credit that one, and the addresses lead there.
    replacement_id: Option<ID>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct DeleteAuthorPayload {
    /// The author as they were; where that was refused, as they are. Null where there is none.
    author: Option<AuthorRecord>,
    /// Who took their place.
    replacement: Option<AuthorRecord>,
    /// Where it was refused with `IN_USE`: the articles last written that credit them, ten at most.
    used_by: Vec<DraftObject>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// A verb's outcome as a payload: the author as they became; where the verb was refused, as they are.
async fn with_present(
    op: &Arc<Operation>,
    id: AuthorId,
    result: Result<author_records::Model, Failure>,
) -> Result<(Option<AuthorRecord>, Vec<UserError>), Failure> {
    let (mut author, user_errors) = outcome(result)?;
    if author.is_none() {
        author = read::records(op.snapshot().await?.connection(), vec![id]).await?.remove(&id);
    }
    Ok((author.map(|row| AuthorRecord(Member::alone(op, row))), user_errors))
}

fn links(given: Vec<AuthorLinkInput>) -> Vec<Link> {
    given.into_iter().map(|AuthorLinkInput { title, url }| Link { title, url }).collect()
}

/// Mutations of authors.
#[derive(Default)]
pub struct AuthorMutation;

#[Object]
impl AuthorMutation {
    /// Adds an author to the library.
    async fn create_author(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The author.")] input: CreateAuthorInput,
    ) -> Nullable<CreateAuthorPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let CreateAuthorInput { name, slug, bio, portrait_image_id, links: given, is_listed } = input;
            let portrait =
                portrait_image_id.map(|id| ids::parse(&id, &["input", "portraitImageId"])).transpose()?;
            let new = NewAuthor { name, slug, bio, portrait, links: links(given), is_listed };
            let (author, user_errors) = outcome(create::create(op, new).await)?;
            Ok(Some(CreateAuthorPayload {
                author: author.map(|row| AuthorRecord(Member::alone(op, row))),
                user_errors,
            }))
        })
        .await
    }

    /// Changes an author. The slug that they had leads to them for ever.
    async fn update_author(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateAuthorInput,
    ) -> Nullable<UpdateAuthorPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let UpdateAuthorInput {
                author_id,
                version,
                name,
                slug,
                bio,
                portrait_image_id,
                links: new_links,
                is_listed,
            } = input;
            let id = ids::parse(&author_id, &["input", "authorId"])?;
            let portrait =
                given(portrait_image_id).try_map(|id| ids::parse(&id, &["input", "portraitImageId"]))?;
            let bio = given(bio);
            let edit = AuthorEdit { name, slug, bio, portrait, links: new_links.map(links), is_listed };
            let updated = update::update(op, id, version, edit).await;
            let (author, user_errors) = with_present(op, id, updated).await?;
            Ok(Some(UpdateAuthorPayload { author, user_errors }))
        })
        .await
    }

    /// Deletes an author whom no article credits, or puts another in their place.
    async fn delete_author(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which author.")] input: DeleteAuthorInput,
    ) -> Nullable<DeleteAuthorPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let DeleteAuthorInput { author_id, version, replacement_id } = input;
            let id: AuthorId = ids::parse(&author_id, &["input", "authorId"])?;
            let replacement =
                replacement_id.map(|id| ids::parse(&id, &["input", "replacementId"])).transpose()?;
            let deleted = delete::delete(op, id, version, replacement, &Articles).await;
            let used_by = some_that_use(op, id.0, &deleted).await?;
            let (deleted, replacement) = parted(deleted);
            let (author, user_errors) = with_present(op, id, deleted).await?;
            let replacement = replacement.map(|row| AuthorRecord(Member::alone(op, row)));
            Ok(Some(DeleteAuthorPayload { author, replacement, used_by, user_errors }))
        })
        .await
    }
}
