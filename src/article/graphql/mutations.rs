//! Mutations of articles: one a transition. Each parses, calls its verb and answers with the draft as it stands then.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use super::ArticleObject;
use super::commenting::SetArticleCommentsInput;
use super::draft::DraftObject;
use super::edits::{RevertArticlePayload, UpdateArticlePayload, saved};
use super::inputs::{
    AssignArticleInput, CreateArticleInput, DeleteArticleInput, PublishArticleInput, RequestChangesInput,
    RestoreArticleInput, RevertArticleInput, SubmitForReviewInput, UnpublishArticleInput, UpdateArticleInput,
};
use crate::article::read_parts::Together;
use crate::article::{
    Draft, assign, create, delete, draft, publish, read, request_changes, restore, revert, set_comments,
    submit, unpublish, update,
};
use crate::comment::Comments;
use crate::error::Failure;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::{ids, operation};
use crate::id::ArticleId;
use crate::operation::Operation;

macro_rules! draft_payloads {
    ($($name:ident)*) => {$(
        /// What became of it.
        #[derive(SimpleObject)]
        pub struct $name {
            /// The draft as it stands now, also where it was refused; null where the viewer may see none.
            draft: Option<DraftObject>,
            /// What was wrong; empty where it was done.
            user_errors: Vec<UserError>,
        }

        impl From<(Option<DraftObject>, Vec<UserError>)> for $name {
            fn from((draft, user_errors): (Option<DraftObject>, Vec<UserError>)) -> Self {
                Self { draft, user_errors }
            }
        }
    )*};
}

draft_payloads! {
    AssignArticlePayload CreateArticlePayload UnpublishArticlePayload SubmitForReviewPayload
    RequestChangesPayload DeleteArticlePayload RestoreArticlePayload SetArticleCommentsPayload
}

/// What became of it.
#[derive(SimpleObject)]
pub struct PublishArticlePayload {
    /// The public article; null where none is public.
    article: Option<ArticleObject>,
    /// The draft as it stands now, also where it was refused; null where the viewer may see none.
    draft: Option<DraftObject>,
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

/// The draft after a verb: as the verb left it, or, where it refused, as it stands.
async fn answer<P: From<(Option<DraftObject>, Vec<UserError>)>>(
    op: &Arc<Operation>,
    id: Option<ArticleId>,
    result: Result<Draft, Failure>,
) -> Result<Option<P>, Failure> {
    let (done, user_errors) = outcome(result)?;
    let current = match (done, id) {
        (Some(draft), _) => Some(draft),
        (None, Some(id)) => draft::read(&*op.snapshot().await?, op.viewer, id).await?,
        (None, None) => None,
    };
    Ok(Some(P::from((current.map(|row| DraftObject::alone(op, row)), user_errors))))
}

/// Mutations of articles.
#[derive(Default)]
pub struct ArticleMutation;

#[Object]
impl ArticleMutation {
    /// Starts an article: a draft with its first revision, owned by who creates it.
    async fn create_article(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it begins with.")] input: CreateArticleInput,
    ) -> Nullable<CreateArticlePayload> {
        nullable(async {
            let op = operation(ctx)?;
            answer(op, None, create::create(op, input.parse()?).await).await
        })
        .await
    }

    /// Saves an edit as a new revision. A save that changes nothing makes none.
    async fn update_article(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The edit, and the version that it was made from.")] input: UpdateArticleInput,
    ) -> Nullable<UpdateArticlePayload> {
        nullable(async {
            let op = operation(ctx)?;
            let (id, from, fields) = input.parse()?;
            saved(op, id, from.version, update::update(op, id, from, fields).await).await
        })
        .await
    }

    /// Makes the newest revision the public one.
    async fn publish_article(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which article.")] input: PublishArticleInput,
    ) -> Nullable<PublishArticlePayload> {
        nullable(async {
            let op = operation(ctx)?;
            let id = input.article()?;
            let (done, user_errors) = outcome(publish::publish(op, id, input.version, &Comments).await)?;
            let snapshot = op.snapshot().await?;
            let draft = match done {
                Some(draft) => Some(draft),
                None => draft::read(&snapshot, op.viewer, id).await?,
            };
            let parts = Together::default();
            let public = read::by_id(&snapshot, &parts, id).await?;
            let article = public.map(|row| ArticleObject::alone(op, parts, row));
            Ok(Some(PublishArticlePayload {
                article,
                draft: draft.map(|row| DraftObject::alone(op, row)),
                user_errors,
            }))
        })
        .await
    }

    /// Takes an article down. The draft and all revisions stay.
    async fn unpublish_article(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which article.")] input: UnpublishArticleInput,
    ) -> Nullable<UnpublishArticlePayload> {
        nullable(async {
            let op = operation(ctx)?;
            let id = input.article()?;
            answer(op, Some(id), unpublish::unpublish(op, id, input.version).await).await
        })
        .await
    }

    /// Moves an article to the trash; if it is public, it is no longer. Nothing is lost: an editor can restore it.
    async fn delete_article(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which article.")] input: DeleteArticleInput,
    ) -> Nullable<DeleteArticlePayload> {
        nullable(async {
            let op = operation(ctx)?;
            let id = input.article()?;
            answer(op, Some(id), delete::delete(op, id, input.version).await).await
        })
        .await
    }

    /// Takes an article out of the trash. It comes back as a draft that is not public.
    async fn restore_article(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which article.")] input: RestoreArticleInput,
    ) -> Nullable<RestoreArticlePayload> {
        nullable(async {
            let op = operation(ctx)?;
            let id = input.article()?;
            answer(op, Some(id), restore::restore(op, id, input.version).await).await
        })
        .await
    }

    /// Hands a draft in for review.
    async fn submit_for_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft.")] input: SubmitForReviewInput,
    ) -> Nullable<SubmitForReviewPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let id = input.article()?;
            answer(op, Some(id), submit::submit(op, id, input.version, input.note.as_deref()).await).await
        })
        .await
    }

    /// Sends a draft that is in review back to its owner, with a note that says what should change.
    async fn request_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft, and what should change.")] input: RequestChangesInput,
    ) -> Nullable<RequestChangesPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let id = input.article()?;
            answer(op, Some(id), request_changes::request_changes(op, id, input.version, &input.note).await)
                .await
        })
        .await
    }

    /// Hands a draft on: somebody else owns it from then on.
    async fn assign_article(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which draft, and to whom.")] input: AssignArticleInput,
    ) -> Nullable<AssignArticlePayload> {
        nullable(async {
            let op = operation(ctx)?;
            let id = input.article()?;
            let owner = ids::parse(&input.owner_id, &["input", "ownerId"])?;
            answer(op, Some(id), assign::assign(op, id, input.version, owner).await).await
        })
        .await
    }

    /// Opens or closes an article's comments, or lets them close by themselves. It counts at once; what was said stays. It is no
    /// part of the content, and leaves the draft's version alone.
    async fn set_article_comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which article, and what becomes of its comments.")] input: SetArticleCommentsInput,
    ) -> Nullable<SetArticleCommentsPayload> {
        nullable(async {
            let (op, (id, version, settings)) = (operation(ctx)?, input.parse()?);
            answer(op, Some(id), set_comments::set_comments(op, id, version, settings).await).await
        })
        .await
    }

    /// Goes back to an older revision's content, as a new revision. Nothing is lost.
    async fn revert_article(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which article, and to which revision.")] input: RevertArticleInput,
    ) -> Nullable<RevertArticlePayload> {
        nullable(async {
            let op = operation(ctx)?;
            let id = input.article()?;
            let done = revert::revert(op, id, input.version, input.to_revision).await;
            saved(op, id, input.version, done).await
        })
        .await
    }
}
