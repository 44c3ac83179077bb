//! Comments as the public sees them.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object};
use uuid::Uuid;

use super::ahead;
use crate::cache::recall::{KnownOf, told_of};
use crate::comment::ahead::{Replies, UnderArticles};
use crate::comment::entity::comments;
use crate::comment::memory::{self, Parents};
use crate::comment::read::{self, Above, Asked};
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::at_hand::{AtHand, Reading, leaves};
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{Connection, Count, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::rich_text::{Origin, RichText, Text};
use crate::graphql::scalars::DateTime;
use crate::graphql::{ids, operation};
use crate::id::CommentId;
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

/// Which comments a field asks for.
pub type CommentArguments = (PageArguments, CommentOrder);

/// What a page of articles or comments has loaded of the comments under them.
#[derive(Default)]
pub struct CommentLists {
    /// Under articles, what was read with them.
    ahead: Arc<UnderArticles>,
    /// Under comments, what was read with them.
    known: Replies,
    pages: Batch<CommentArguments, KnownOf<Uuid, Page<CommentObject>>>,
    counts: Arc<Batch<(), KnownOf<Uuid, Arc<u64>>>>,
}

/// What a page of comments loads together.
#[derive(Default)]
pub struct CommentLoads {
    parents: Batch<(), HashMap<CommentId, CommentObject>>,
    replies: CommentLists,
}

impl CommentLists {
    /// Those under articles with which these were read.
    pub fn under(ahead: Arc<UnderArticles>) -> Self {
        Self { ahead, ..Self::default() }
    }
}

impl CommentLoads {
    /// What comments load with which these replies were read.
    fn with(replies: Replies) -> Self {
        Self { replies: CommentLists { known: replies, ..CommentLists::default() }, ..Self::default() }
    }
}

impl CommentOrder {
    /// Which comments are asked for of a list of this name.
    pub(super) fn asked(
        self,
        arguments: &PageArguments,
        op: &Operation,
        list: &ListName,
    ) -> Result<Asked, Failure> {
        let window = arguments.window(&op.store.keys, list)?;
        Ok(Asked { newest_first: self == Self::CreatedAtDesc, window })
    }
}

/// A public comment.
pub type CommentObject = AtHand<CommentFields>;

/// What there is to tell of a public comment.
#[derive(Clone)]
pub struct CommentFields(Member<comments::Model, CommentLoads>);

impl CommentObject {
    /// A comment on its page.
    pub fn of(member: Member<comments::Model, CommentLoads>) -> Self {
        Self(CommentFields(member))
    }
}

impl CommentFields {
    fn row(&self) -> &comments::Model {
        self.0.row()
    }
}

impl Reading for CommentFields {
    const FIELDS: &'static [&'static str] = &["parent", "replies"];

    leaves!(
        "id" => id,
        "authorName" => author_name,
        "createdAt" => created_at,
        "isStaff" => is_staff,
        "isByArticleAuthor" => is_by_article_author;
        objects "body" => body
    );
}

impl Text for CommentFields {
    fn markdown(&self) -> &str {
        self.row().body.as_deref().unwrap_or_default()
    }

    fn origin(&self) -> Option<Origin> {
        Some(Origin { thing: self.row().id.to_string(), on: vec![self.row().article_id.to_string()] })
    }
}

/// The comments under one article or comment; loads those of all `parents` with it, and under articles the replies to them that
/// are asked for.
pub async fn comments_under(
    ctx: &Context<'_>,
    lists: &CommentLists,
    above: Above,
    id: Uuid,
    (arguments, order): CommentArguments,
    parents: impl Fn() -> Parents + Clone + Send + Sync + 'static,
) -> Result<Connection<CommentObject>, Failure> {
    let op = operation(ctx)?;
    let field = match above {
        Above::Article => "Article.comments",
        Above::Comment => "Comment.comments",
    };
    let list = ListName::new(&[field, &id.to_string(), &format!("{order:?}")]);
    let asked = order.asked(&arguments, op, &list)?;
    let loaded = lists
        .pages
        .get((arguments, order), || async {
            let expected = if above == Above::Article { ahead::replies(ctx, op) } else { None };
            let replies = Replies::expected(expected);
            let known = if above == Above::Article { &replies } else { &lists.known };
            let pages = memory::under(op, above, &parents(), &asked, &lists.ahead, known).await?;
            Ok(Member::pages(op, CommentLoads::with(replies), pages, CommentObject::of))
        })
        .await?;
    let page = told_of(&loaded, id, op);
    let place = |comment: &CommentObject| Position {
        key: SortKey::Number(comment.row().created_at.0),
        id: comment.row().id.0,
    };
    let (counts, counting) = (Arc::clone(&lists.counts), Arc::clone(op));
    Ok(Connection::new(op, list, page, place, move || {
        let (counts, op, parents) = (Arc::clone(&counts), Arc::clone(&counting), parents.clone());
        async move {
            let counted = counts.get((), || async { memory::counts(&op, above, &parents()).await }).await?;
            Ok(Count::exactly(*told_of(&counted, id, &op)))
        }
    }))
}

/// An approved comment.
#[Object(name = "Comment")]
impl CommentFields {
    /// Its global id.
    pub async fn id(&self) -> ID {
        ids::global(self.row().id)
    }

    /// What the reader calls themselves, or the name of whoever of the desk wrote it; blank once it was removed and replies to
    /// it remain.
    async fn author_name(&self) -> &str {
        &self.row().author_name
    }

    /// What it says; null once it was removed and replies to it remain.
    async fn body(&self) -> Option<RichText> {
        self.row().body.is_some().then(|| RichText::comment(self.clone()))
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row().created_at)
    }

    /// Whether somebody of the desk wrote it, signed in. Whatever readers call themselves, theirs is not.
    async fn is_staff(&self) -> bool {
        self.row().is_staff
    }

    /// Whether it was written, signed in, by the user who owned the article then: a desk's owner, which a byline need not name.
    async fn is_by_article_author(&self) -> bool {
        self.row().is_by_article_author
    }

    /// What it replies to; null at the top of a thread.
    async fn parent(&self) -> Nullable<CommentObject> {
        nullable(async {
            let Some(parent) = self.row().parent_id else { return Ok(None) };
            let cohort = self.0.cohort();
            let parents = cohort
                .loads
                .parents
                .get((), || async {
                    let ids = cohort.rows.iter().filter_map(|comment| comment.parent_id).collect();
                    let rows = read::by_ids(&*cohort.op.snapshot().await?, ids).await?;
                    let members = Member::page(&cohort.op, rows.into_values().collect())
                        .into_iter()
                        .map(CommentObject::of);
                    Ok(members.map(|comment| (comment.row().id, comment)).collect())
                })
                .await?;
            Ok(parents.get(&parent).cloned())
        })
        .await
    }

    /// The approved replies to it.
    async fn replies(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "In which order.", default)] order_by: CommentOrder,
    ) -> Result<Connection<CommentObject>, Failure> {
        let lists = &self.0.cohort().loads.replies;
        let arguments = (PageArguments { first, after, last, before }, order_by);
        let member = self.0.clone();
        let parents = move || {
            let comments = member.cohort().rows.iter();
            comments.map(|comment| (comment.id.0, comment.article_id)).collect()
        };
        Box::pin(comments_under(ctx, lists, Above::Comment, self.row().id.0, arguments, parents)).await
    }
}
