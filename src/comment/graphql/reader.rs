//! What readers do: send a comment, and change it.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};

use super::moderated::CommentStatus;
use crate::comment::edit;
use crate::comment::entity::comment_records;
use crate::comment::submit::{self, NewComment};
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::rich_text::RichText;
use crate::graphql::scalars::DateTime;
use crate::graphql::{ids, operation};

/// A comment as its sender gets it back.
pub struct SubmittedComment(pub(super) comment_records::Model);

/// A comment as its sender gets it back. It waits for a moderator, unless nothing holds it.
#[Object]
impl SubmittedComment {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Where it stands.
    async fn status(&self) -> CommentStatus {
        self.0.status().into()
    }

    /// What the reader calls themselves.
    async fn author_name(&self) -> &str {
        &self.0.author_name
    }

    /// What it says.
    async fn body(&self) -> RichText {
        RichText::comment(self.0.body.clone())
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// A comment to send.
#[derive(InputObject)]
pub struct SubmitCommentInput {
    /// Under which published article. Its comments must be open.
    article_id: ID,
    /// In reply to which comment of that article; absent: a new thread.
    parent_id: Option<ID>,
    /// What the reader calls themselves; public.
    author_name: String,
    /// The reader's address; only moderators see it.
    author_email: String,
    /// What it says: Markdown. Whether it may have links and pictures is the site's to say.
    body: String,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct SubmitCommentPayload {
    /// The comment as it waits; null where it was refused.
    comment: Option<SubmittedComment>,
    /// By this the reader can change it with `editComment`, for a short time: keep it where only the reader can read it. Null
    /// where it was refused, and where the site lets nobody change a comment.
    edit_token: Option<String>,
    /// Until when the token is good.
    edit_token_expires_at: Option<DateTime>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// A change of a comment by the reader who sent it.
#[derive(InputObject)]
pub struct EditCommentInput {
    /// The token that `submitComment` gave for it.
    edit_token: String,
    /// What it says now: Markdown.
    body: String,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct EditCommentPayload {
    /// The comment as it waits; null where it was refused.
    comment: Option<SubmittedComment>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Mutations of comments for readers.
#[derive(Default)]
pub struct ReaderMutation;

#[Object]
impl ReaderMutation {
    /// Sends a comment under a published article. Anybody may. It is public once a moderator approves it, or at once where the
    /// site moderates first comments alone and nothing else holds it.
    async fn submit_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The comment.")] input: SubmitCommentInput,
    ) -> Nullable<SubmitCommentPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let SubmitCommentInput { article_id, parent_id, author_name, author_email, body } = input;
            let new = NewComment {
                article: ids::parse(&article_id, &["input", "articleId"])?,
                parent: parent_id.map(|id| ids::parse(&id, &["input", "parentId"])).transpose()?,
                author_name,
                author_email,
                body,
            };
            let (comment, user_errors) = outcome(submit::submit(op, new).await)?;
            let editable = comment.as_ref().and_then(|comment| submit::editable(op, comment));
            let (edit_token, until) = editable.map(|editable| (editable.token, editable.until)).unzip();
            Ok(Some(SubmitCommentPayload {
                comment: comment.map(SubmittedComment),
                edit_token,
                edit_token_expires_at: until.map(DateTime),
                user_errors,
            }))
        })
        .await
    }

    /// Changes a comment shortly after it was sent, by the token that its sender got. It waits for a moderator again; if it was
    /// public, it is not until then. A token that is over, and one of a comment that was decided against, find nothing.
    async fn edit_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "By which token, and what it says now.")] input: EditCommentInput,
    ) -> Nullable<EditCommentPayload> {
        nullable(async {
            let EditCommentInput { edit_token, body } = input;
            let (comment, user_errors) = outcome(edit::edit(operation(ctx)?, &edit_token, &body).await)?;
            Ok(Some(EditCommentPayload { comment: comment.map(SubmittedComment), user_errors }))
        })
        .await
    }
}
