//! Comments as moderators see them.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};

use super::comment::CommentOrder;
use crate::account::policy::{self, Action, Reach};
use crate::article;
use crate::comment::entity::comment_records;
use crate::comment::hold::HoldReason as StoredReason;
use crate::comment::read::{self, QueueFilter, Status};
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::rich_text::RichText;
use crate::graphql::scalars::DateTime;
use crate::graphql::{ids, operation};
use crate::id::ArticleId;

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

/// Why a comment was held for a moderator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredReason")]
pub enum HoldReason {
    /// The site holds every comment.
    AlwaysModerated,
    /// No comment from its address is approved, or one is marked as spam.
    FirstTimeAuthor,
    /// It has links.
    HasLinks,
    /// It has more than two links.
    ManyLinks,
    /// The same words came from its address before.
    RepeatedText,
    /// Its reader changed it after it was sent.
    Edited,
}

/// What a page of moderated comments loads together.
#[derive(Default)]
pub struct ModeratedLoads {
    articles: Batch<(), HashMap<ArticleId, article::called::Called>>,
}

/// A comment as moderators see it.
#[derive(Clone)]
pub struct ModeratedComment(pub(super) Member<comment_records::Model, ModeratedLoads>);

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

    /// The reader's address; null for roles that don't see it, and where somebody of the desk wrote it.
    async fn author_email(&self) -> Option<&str> {
        let sees = policy::reach_of(self.0.op().viewer, Action::ReadReaderEmail) == Reach::Any;
        let row = self.0.row();
        (sees && row.staff_id.is_none()).then_some(row.author_email.as_str())
    }

    /// Whether somebody of the desk wrote it.
    async fn is_staff(&self) -> bool {
        self.0.row().staff_id.is_some()
    }

    /// Whether the user who owned the article then wrote it.
    async fn is_by_article_author(&self) -> bool {
        self.0.row().is_by_article_author
    }

    /// Why it was held when it came, or when its reader last changed it; empty where nothing held it.
    async fn held_for(&self) -> Vec<HoldReason> {
        self.0.row().hold_reasons().into_iter().map(HoldReason::from).collect()
    }

    /// Rises with every change of it, also with its reader's: a decision may name the version that it is about.
    async fn version(&self) -> i32 {
        self.0.row().version
    }

    /// What it says.
    async fn body(&self) -> RichText {
        RichText::comment(self.0.row().body.clone())
    }

    /// When it was sent.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.row().created_at)
    }

    /// When it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.row().updated_at)
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
                    article::called::heads(&*cohort.op.snapshot().await?, cohort.op.viewer, ids).await
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

/// Which comments: all conditions that are given hold.
#[derive(Default, InputObject)]
pub struct ModerationFilter {
    /// Only those under this article.
    article_id: Option<ID>,
}

/// Moderation, under `viewer`.
#[derive(Default)]
pub struct CommentViewer;

#[Object]
impl CommentViewer {
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    /// The comments that the viewer moderates: authors see those under their own articles.
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
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<ModerationFilter>,
        #[graphql(desc = "In which order.", default)] order_by: CommentOrder,
    ) -> Result<Connection<ModeratedComment>, Failure> {
        let op = operation(ctx)?;
        let ModerationFilter { article_id } = filter.unwrap_or_default();
        let article =
            article_id.map(|id| ids::parse::<ArticleId>(&id, &["filter", "articleId"])).transpose()?;
        let filter = QueueFilter { status: status.into(), article };
        let newest_first = order_by == CommentOrder::CreatedAtDesc;
        let list = ListName::new(&[
            "viewer.moderationQueue",
            filter.status.name(),
            &article.map(|id| id.to_string()).unwrap_or_default(),
            &format!("{order_by:?}"),
        ]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let Page { rows, has_next, has_previous } =
            read::queue(&*op.snapshot().await?, op.viewer, filter, newest_first, &window).await?;
        let page = Page {
            rows: Member::page(op, rows).into_iter().map(ModeratedComment).collect(),
            has_next,
            has_previous,
        };
        let place = |comment: &ModeratedComment| {
            let row = comment.0.row();
            Position { key: SortKey::Number(row.created_at.0), id: row.id.0 }
        };
        Ok(Connection::listed(op, list, page, place, move |op| async move {
            read::queue_count(&*op.snapshot().await?, op.viewer, filter, COUNTED).await
        }))
    }
}
