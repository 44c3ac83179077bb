//! Comments in the schema.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use uuid::Uuid;

use super::entity::{comment_records, comments};
use super::read::{self, Above, Status};
use super::submit::{self, NewComment};
use super::{approve, erase};
use crate::account::policy::{self, Action, Reach};
use crate::article;
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{COUNTED, Connection, Count, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::rich_text::RichText;
use crate::graphql::scalars::DateTime;
use crate::graphql::{ids, operation};
use crate::id::{ArticleId, CommentId};
use crate::operation::Operation;

/// The order of a list of comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Enum)]
pub enum CommentOrder {
    /// Oldest first: as a conversation reads.
    #[default]
    CreatedAtAsc,
    /// Newest first.
    CreatedAtDesc,
}

/// What a page of articles or comments has loaded of the comments under them.
#[derive(Default)]
pub struct CommentLists {
    pages: Batch<(PageArguments, CommentOrder), HashMap<Uuid, Page<CommentObject>>>,
    counts: Arc<Batch<(), HashMap<Uuid, u64>>>,
}

/// What a page of comments loads together.
#[derive(Default)]
pub struct CommentLoads {
    parents: Batch<(), HashMap<CommentId, CommentObject>>,
    replies: CommentLists,
}

/// A public comment.
#[derive(Clone)]
pub struct CommentObject(pub Member<comments::Model, CommentLoads>);

/// The comments under one article or comment; loads those of all `parents` with it.
pub async fn comments_under(
    op: &Arc<Operation>,
    lists: &CommentLists,
    above: Above,
    parents: Vec<Uuid>,
    id: Uuid,
    arguments: PageArguments,
    order: CommentOrder,
) -> Result<Connection<CommentObject>, Failure> {
    let list = ListName::new(&[&format!("{above:?}.comments"), &id.to_string(), &format!("{order:?}")]);
    let window = arguments.window(&op.store.keys, &list)?;
    let loaded = lists
        .pages
        .get((arguments, order), || async {
            let newest_first = order == CommentOrder::CreatedAtDesc;
            let pages = read::under(&*op.snapshot().await?, above, &parents, newest_first, &window).await?;
            Ok(Member::pages(op, pages)
                .into_iter()
                .map(|(parent, page)| (parent, page.map(CommentObject)))
                .collect())
        })
        .await?;
    let page = loaded.get(&id).cloned().unwrap_or_else(Page::empty);
    let place = |comment: &CommentObject| Position {
        key: SortKey::Number(comment.0.row().created_at.0),
        id: comment.0.row().id.0,
    };
    let (counts, counting) = (Arc::clone(&lists.counts), Arc::clone(op));
    Ok(Connection::new(&op.store.keys, &list, page, place, move || {
        let (counts, op, parents) = (Arc::clone(&counts), Arc::clone(&counting), parents.clone());
        async move {
            let counted = counts
                .get((), || async { read::counts(&*op.snapshot().await?, above, &parents).await })
                .await?;
            Ok(Count::exactly(counted.get(&id).copied().unwrap_or_default()))
        }
    }))
}

/// An approved comment of a reader.
#[Object(name = "Comment")]
impl CommentObject {
    /// Its global id.
    pub async fn id(&self) -> ID {
        ids::global(self.0.row().id)
    }

    /// What the reader calls themselves; blank once it was removed and replies to it remain.
    async fn author_name(&self) -> &str {
        &self.0.row().author_name
    }

    /// What it says; null once it was removed and replies to it remain.
    async fn body(&self) -> Option<RichText> {
        self.0.row().body.clone().map(RichText::simple)
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.row().created_at)
    }

    /// What it replies to; null at the top of a thread.
    async fn parent(&self) -> Nullable<CommentObject> {
        nullable(async {
            let Some(parent) = self.0.row().parent_id else { return Ok(None) };
            let cohort = self.0.cohort();
            let parents = cohort
                .loads
                .parents
                .get((), || async {
                    let ids = cohort.rows.iter().filter_map(|comment| comment.parent_id).collect();
                    let rows = read::by_ids(&*cohort.op.snapshot().await?, ids).await?;
                    let members =
                        Member::page(&cohort.op, rows.into_values().collect()).into_iter().map(CommentObject);
                    Ok(members.map(|comment| (comment.0.row().id, comment)).collect())
                })
                .await?;
            Ok(parents.get(&parent).cloned())
        })
        .await
    }

    /// The approved replies to it.
    async fn replies(
        &self,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "In which order.", default)] order_by: CommentOrder,
    ) -> Result<Connection<CommentObject>, Failure> {
        let cohort = self.0.cohort();
        let parents = cohort.rows.iter().map(|comment| comment.id.0).collect();
        let arguments = PageArguments { first, after, last, before };
        comments_under(
            &cohort.op,
            &cohort.loads.replies,
            Above::Comment,
            parents,
            self.0.row().id.0,
            arguments,
            order_by,
        )
        .await
    }
}

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Status")]
pub enum CommentStatus {
    /// Waits for a moderator.
    Pending,
    /// Public, while its article is.
    Approved,
    /// Refused.
    Rejected,
    /// Unwanted advertising.
    Spam,
    /// Taken away.
    Deleted,
}

/// A comment as its sender gets it back.
pub struct SubmittedComment(comment_records::Model);

/// A comment as its sender gets it back: it waits for a moderator.
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
        RichText::simple(self.0.body.clone())
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// What a page of moderated comments loads together.
#[derive(Default)]
pub struct ModeratedLoads {
    articles: Batch<(), HashMap<ArticleId, article::draft::Called>>,
}

/// A comment as moderators see it.
#[derive(Clone)]
pub struct ModeratedComment(Member<comment_records::Model, ModeratedLoads>);

/// A comment as moderators see it: the only type with a reader's e-mail address.
#[Object]
impl ModeratedComment {
    /// Its id.
    async fn id(&self) -> ID {
        ids::global(self.0.row().id)
    }

    /// Where it stands.
    async fn status(&self) -> CommentStatus {
        self.0.row().status().into()
    }

    /// What the reader calls themselves.
    async fn author_name(&self) -> &str {
        &self.0.row().author_name
    }

    /// The reader's address; null for roles that don't see it.
    async fn author_email(&self) -> Option<&str> {
        let sees = policy::reach_of(self.0.op().viewer, Action::ReadReaderEmail) == Reach::Any;
        sees.then_some(self.0.row().author_email.as_str())
    }

    /// What it says.
    async fn body(&self) -> RichText {
        RichText::simple(self.0.row().body.clone())
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.row().created_at)
    }

    /// The id of what it replies to.
    async fn parent_id(&self) -> Option<ID> {
        self.0.row().parent_id.map(ids::global)
    }

    /// The article that it is under; null where it is not public and the viewer may not read its draft.
    async fn article(&self) -> Nullable<CommentedArticle> {
        nullable(async {
            let cohort = self.0.cohort();
            let articles = cohort
                .loads
                .articles
                .get((), || async {
                    let ids = cohort.rows.iter().map(|comment| comment.article_id).collect();
                    article::draft::heads(&*cohort.op.snapshot().await?, cohort.op.viewer, ids).await
                })
                .await?;
            Ok(articles.get(&self.0.row().article_id).map(|draft| CommentedArticle {
                id: ids::global(self.0.row().article_id),
                slug: draft.slug.clone(),
                title: draft.title.clone(),
                is_published: draft.is_published,
            }))
        })
        .await
    }
}

/// The head of an article under which a comment was sent.
#[derive(SimpleObject)]
pub struct CommentedArticle {
    /// The article's id.
    id: ID,
    /// Its name in addresses.
    slug: String,
    /// Its title.
    title: String,
    /// Whether it is public now.
    is_published: bool,
}

/// Moderation, under `viewer`.
#[derive(Default)]
pub struct CommentViewer;

#[Object]
impl CommentViewer {
    /// The comments that the viewer moderates, oldest first: authors see those under their own articles.
    async fn moderation_queue(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(
            desc = "Only those that stand here; those that wait where absent.",
            default_with = "CommentStatus::Pending"
        )]
        status: CommentStatus,
    ) -> Result<Connection<ModeratedComment>, Failure> {
        let op = operation(ctx)?;
        let status: Status = status.into();
        let list = ListName::new(&["viewer.moderationQueue", status.name()]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let Page { rows, has_next, has_previous } =
            read::queue(&*op.snapshot().await?, op.viewer, status, &window).await?;
        let page = Page {
            rows: Member::page(op, rows).into_iter().map(ModeratedComment).collect(),
            has_next,
            has_previous,
        };
        let place = |comment: &ModeratedComment| {
            let row = comment.0.row();
            Position { key: SortKey::Number(row.created_at.0), id: row.id.0 }
        };
        Ok(Connection::listed(op, &list, page, place, move |op| async move {
            read::queue_count(&*op.snapshot().await?, op.viewer, status, COUNTED).await
        }))
    }
}

/// A comment to send.
#[derive(InputObject)]
pub struct SubmitCommentInput {
    /// Under which published article.
    article_id: ID,
    /// In reply to which comment of that article; absent: a new thread.
    parent_id: Option<ID>,
    /// What the reader calls themselves; public.
    author_name: String,
    /// The reader's address; only moderators see it.
    author_email: String,
    /// What it says: Markdown without pictures.
    body: String,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct SubmitCommentPayload {
    /// The comment as it waits; null where it was refused.
    comment: Option<SubmittedComment>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Which comment to approve.
#[derive(InputObject)]
pub struct ApproveCommentInput {
    /// Its id.
    comment_id: ID,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct ApproveCommentPayload {
    /// The comment as it stands now; null where the viewer sees none.
    comment: Option<ModeratedComment>,
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Which comment to erase.
#[derive(InputObject)]
pub struct EraseCommentInput {
    /// Its id.
    comment_id: ID,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct EraseCommentPayload {
    /// The comment as it stands now: its name, address and text are blank; null where the viewer sees none.
    comment: Option<ModeratedComment>,
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Mutations of comments.
#[derive(Default)]
pub struct CommentMutation;

#[Object]
impl CommentMutation {
    /// Sends a comment under a published article. Anybody may; it is public once a moderator approves it.
    async fn submit_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The comment.")] input: SubmitCommentInput,
    ) -> Nullable<SubmitCommentPayload> {
        nullable(async {
            let SubmitCommentInput { article_id, parent_id, author_name, author_email, body } = input;
            let new = NewComment {
                article: ids::parse(&article_id, &["input", "articleId"])?,
                parent: parent_id.map(|id| ids::parse(&id, &["input", "parentId"])).transpose()?,
                author_name,
                author_email,
                body,
            };
            let (comment, user_errors) = outcome(submit::submit(operation(ctx)?, new).await)?;
            Ok(Some(SubmitCommentPayload { comment: comment.map(SubmittedComment), user_errors }))
        })
        .await
    }

    /// Makes a comment public.
    async fn approve_comment(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which comment.")] input: ApproveCommentInput,
    ) -> Nullable<ApproveCommentPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let ApproveCommentInput { comment_id } = input;
            let id = ids::parse(&comment_id, &["input", "commentId"])?;
            let (comment, user_errors) = moderated(op, id, approve::approve(op, id).await).await?;
            Ok(Some(ApproveCommentPayload { comment, user_errors }))
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
            let (comment, user_errors) = moderated(op, id, erase::erase(op, id).await).await?;
            Ok(Some(EraseCommentPayload { comment, user_errors }))
        })
        .await
    }
}

/// A comment after a verb: as the verb left it, or, where it refused, as it stands.
async fn moderated(
    op: &Arc<Operation>,
    id: CommentId,
    result: Result<comment_records::Model, Failure>,
) -> Result<(Option<ModeratedComment>, Vec<UserError>), Failure> {
    let (done, user_errors) = outcome(result)?;
    let current = match done {
        Some(record) => Some(record),
        None => read::record(&*op.snapshot().await?, op.viewer, id).await?,
    };
    Ok((current.map(|row| ModeratedComment(Member::alone(op, row))), user_errors))
}
