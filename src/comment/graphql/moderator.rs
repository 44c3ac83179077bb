//! What moderators do: decide about one comment or many, answer, erase.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::moderated::ModeratedComment;
use crate::comment::entity::comment_records;
use crate::comment::moderate::{self, Decision};
use crate::comment::{erase, read, reply};
use crate::error::Failure;
use crate::graphql::batch::Member;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::{ids, operation};
use crate::id::CommentId;
use crate::operation::Operation;

macro_rules! inputs {
    (one: $($one:ident)*; many: $($many:ident)*) => {
        $(
            /// Which comment.
            #[derive(InputObject)]
            pub struct $one {
                /// Its id.
                comment_id: ID,
                /// The version that the decision is about; absent: whatever it says now.
                version: Option<i32>,
            }

            impl $one {
                fn parse(self) -> Result<(CommentId, Option<i32>), Failure> {
                    let Self { comment_id, version } = self;
                    Ok((ids::parse(&comment_id, &["input", "commentId"])?, version))
                }
            }
        )*
        $(
            /// Which comments.
            #[derive(InputObject)]
            pub struct $many {
                /// Their ids, at most 100.
                comment_ids: Vec<ID>,
            }

            impl $many {
                fn parse(self) -> Result<Vec<CommentId>, Failure> {
                    let Self { comment_ids } = self;
                    ids::parse_list(&comment_ids, &["input", "commentIds"])
                }
            }
        )*
    };
}

inputs! {
    one: ApproveCommentInput RejectCommentInput MarkCommentAsSpamInput DeleteCommentInput;
    many: ApproveCommentsInput RejectCommentsInput MarkCommentsAsSpamInput DeleteCommentsInput
}

macro_rules! payloads {
    (one: $($one:ident)*; many: $($many:ident)*) => {
        $(
            /// What became of it.
            #[derive(SimpleObject)]
            pub struct $one {
                /// The comment as it stands now, also where it was refused; null where the viewer sees none.
                comment: Option<ModeratedComment>,
                /// What was wrong; empty where it was done.
                user_errors: Vec<UserError>,
            }

            impl From<Moderated> for $one {
                fn from(Moderated { comment, user_errors }: Moderated) -> Self {
                    Self { comment, user_errors }
                }
            }
        )*
        $(
            /// What became of them.
            #[derive(SimpleObject)]
            pub struct $many {
                /// What became of each, in the order of the ids; empty where nothing was tried.
                results: Vec<ModerationResult>,
                /// What was wrong with the list as a whole; what was wrong with one stands in its result.
                user_errors: Vec<UserError>,
            }

            impl From<(Vec<ModerationResult>, Vec<UserError>)> for $many {
                fn from((results, user_errors): (Vec<ModerationResult>, Vec<UserError>)) -> Self {
                    Self { results, user_errors }
                }
            }
        )*
    };
}

payloads! {
    one: ApproveCommentPayload RejectCommentPayload MarkCommentAsSpamPayload DeleteCommentPayload EraseCommentPayload;
    many: ApproveCommentsPayload RejectCommentsPayload MarkCommentsAsSpamPayload DeleteCommentsPayload
}

/// What became of one of many comments.
#[derive(SimpleObject)]
pub struct ModerationResult {
    /// The comment as it stands now, also where it was refused; null where the viewer sees none.
    comment: Option<ModeratedComment>,
    /// What was wrong with it; the path names its place in the list. Empty where it was done.
    user_errors: Vec<UserError>,
}

/// Which comment to erase.
#[derive(InputObject)]
pub struct EraseCommentInput {
    /// Its id.
    comment_id: ID,
}

/// An answer to a comment.
#[derive(InputObject)]
pub struct ReplyToCommentInput {
    /// Which comment it answers; readers must see it.
    comment_id: ID,
    /// What it says: Markdown.
    body: String,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct ReplyToCommentPayload {
    /// The answer, which is public; null where it was refused.
    comment: Option<ModeratedComment>,
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

/// A comment after a verb: as the verb left it, or, where it refused, as it stands.
struct Moderated {
    comment: Option<ModeratedComment>,
    user_errors: Vec<UserError>,
}

async fn moderated<P: From<Moderated>>(
    op: &Arc<Operation>,
    id: CommentId,
    result: Result<comment_records::Model, Failure>,
) -> Result<Option<P>, Failure> {
    let (done, user_errors) = outcome(result)?;
    let current = match done {
        Some(record) => Some(record),
        None => read::records(&*op.snapshot().await?, op.viewer, &[id]).await?.pop(),
    };
    let comment = current.map(|row| ModeratedComment(Member::alone(op, row)));
    Ok(Some(P::from(Moderated { comment, user_errors })))
}

/// Many comments after a decision, each as it stands then.
async fn decided<P: From<(Vec<ModerationResult>, Vec<UserError>)>>(
    op: &Arc<Operation>,
    decision: Decision,
    ids: Vec<CommentId>,
) -> Result<Option<P>, Failure> {
    let (refusals, user_errors) = outcome(moderate::moderate_many(op, decision, &ids).await)?;
    let Some(refusals) = refusals else { return Ok(Some(P::from((Vec::new(), user_errors)))) };
    let rows = read::records(&*op.snapshot().await?, op.viewer, &ids).await?;
    let members: Vec<ModeratedComment> = Member::page(op, rows).into_iter().map(ModeratedComment).collect();
    let results = ids.iter().zip(refusals).map(|(id, errors)| ModerationResult {
        comment: members.iter().find(|comment| comment.0.row().id == *id).cloned(),
        user_errors: errors.into_iter().map(UserError::from).collect(),
    });
    Ok(Some(P::from((results.collect(), user_errors))))
}

/// Mutations of comments for moderators.
#[derive(Default)]
pub struct ModeratorMutation;

#[Object]
impl ModeratorMutation {
    /// Makes a comment public, while its article is.
    async fn approve_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: ApproveCommentInput,
    ) -> Nullable<ApproveCommentPayload> {
        nullable(async {
            let (op, (id, version)) = (operation(ctx)?, input.parse()?);
            moderated(op, id, moderate::moderate(op, Decision::Approve, id, version).await).await
        })
        .await
    }

    /// Refuses a comment; if it is public, it is no longer. While public comments reply to it, a removed one stays in its place.
    async fn reject_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: RejectCommentInput,
    ) -> Nullable<RejectCommentPayload> {
        nullable(async {
            let (op, (id, version)) = (operation(ctx)?, input.parse()?);
            moderated(op, id, moderate::moderate(op, Decision::Reject, id, version).await).await
        })
        .await
    }

    /// Marks a comment as unwanted advertising; if it is public, it is no longer. Where the site moderates first comments alone, comments
    /// from its address are held from then on.
    async fn mark_comment_as_spam(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: MarkCommentAsSpamInput,
    ) -> Nullable<MarkCommentAsSpamPayload> {
        nullable(async {
            let (op, (id, version)) = (operation(ctx)?, input.parse()?);
            moderated(op, id, moderate::moderate(op, Decision::MarkAsSpam, id, version).await).await
        })
        .await
    }

    /// Takes a comment away, for good; if it is public, it is no longer. What it said stays in the record: `eraseComment` erases it.
    async fn delete_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: DeleteCommentInput,
    ) -> Nullable<DeleteCommentPayload> {
        nullable(async {
            let (op, (id, version)) = (operation(ctx)?, input.parse()?);
            moderated(op, id, moderate::moderate(op, Decision::Delete, id, version).await).await
        })
        .await
    }

    /// Makes comments public, each for itself: one that is refused stops none of the others.
    async fn approve_comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comments.")] input: ApproveCommentsInput,
    ) -> Nullable<ApproveCommentsPayload> {
        nullable(async { decided(operation(ctx)?, Decision::Approve, input.parse()?).await }).await
    }

    /// Refuses comments, each for itself: one that is refused stops none of the others.
    async fn reject_comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comments.")] input: RejectCommentsInput,
    ) -> Nullable<RejectCommentsPayload> {
        nullable(async { decided(operation(ctx)?, Decision::Reject, input.parse()?).await }).await
    }

    /// Marks comments as unwanted advertising, each for itself: one that is refused stops none of the others.
    async fn mark_comments_as_spam(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comments.")] input: MarkCommentsAsSpamInput,
    ) -> Nullable<MarkCommentsAsSpamPayload> {
        nullable(async { decided(operation(ctx)?, Decision::MarkAsSpam, input.parse()?).await }).await
    }

    /// Takes comments away, each for itself: one that is refused stops none of the others.
    async fn delete_comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comments.")] input: DeleteCommentsInput,
    ) -> Nullable<DeleteCommentsPayload> {
        nullable(async { decided(operation(ctx)?, Decision::Delete, input.parse()?).await }).await
    }

    /// Answers a comment that readers see, under the viewer's own name. The answer is public at once, and marked as the desk's.
    async fn reply_to_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment, and what to answer.")] input: ReplyToCommentInput,
    ) -> Nullable<ReplyToCommentPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let ReplyToCommentInput { comment_id, body } = input;
            let id = ids::parse(&comment_id, &["input", "commentId"])?;
            let (done, user_errors) = outcome(reply::reply(op, id, &body).await)?;
            let comment = done.map(|row| ModeratedComment(Member::alone(op, row)));
            Ok(Some(ReplyToCommentPayload { comment, user_errors }))
        })
        .await
    }

    /// Erases what a reader wrote, with their name and address, for good. Backups made before keep it.
    async fn erase_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: EraseCommentInput,
    ) -> Nullable<EraseCommentPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let EraseCommentInput { comment_id } = input;
            let id = ids::parse(&comment_id, &["input", "commentId"])?;
            moderated(op, id, erase::erase(op, id).await).await
        })
        .await
    }
}
