//! Reads of comments: public rows for the public, records for moderators.

use std::collections::HashMap;

use rustc_hash::{FxHashMap, FxHashSet};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _, Select};
use uuid::Uuid;

use super::ahead::{Replies, UnderArticles};
use super::entity::{comment_records, comments};
use crate::account::policy::{self, Action, Reach};
use crate::article;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::db::per_parent::{self, List};
use crate::db::{Snapshot, rows};
use crate::error::Failure;
use crate::id::{ArticleId, CommentId};
use crate::operation::Viewer;
use crate::reads::ARTICLES;

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
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

impl Status {
    /// As it stands in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Approved => "APPROVED",
            Self::Rejected => "REJECTED",
            Self::Spam => "SPAM",
            Self::Deleted => "DELETED",
        }
    }
}

impl comment_records::Model {
    /// Where it stands.
    pub fn status(&self) -> Status {
        [Status::Approved, Status::Rejected, Status::Spam, Status::Deleted]
            .into_iter()
            .find(|status| status.name() == self.status)
            .unwrap_or(Status::Pending)
    }
}

/// What public comments hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Above {
    /// An article: the top of each thread.
    Article,
    /// A comment: its replies.
    Comment,
}

/// Which comments of those under an article or a comment are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asked {
    /// In which order.
    pub newest_first: bool,
    /// Which of them.
    pub window: Window,
}

/// For each article or comment, a page of the comments under it.
pub(super) type Pages = FxHashMap<Uuid, Page<comments::Model>>;

/// The public comments under several articles, a page each, in one statement, with the replies to them that are expected; where they
/// were not read with the articles.
pub async fn under_articles(
    snapshot: &Snapshot,
    articles: &[Uuid],
    asked: &Asked,
    ahead: &UnderArticles,
    replies: &Replies,
) -> Result<Pages, Failure> {
    let list = list(Above::Article, asked);
    let rows = match (ahead.take_asked(asked, replies.expected.as_ref()), &replies.expected) {
        (Some(mut rows), _) => {
            // Of some of the articles that were found, they may be known.
            let asked: FxHashSet<Uuid> = articles.iter().copied().collect();
            rows.retain(|row| asked.contains(&row.article_id.0));
            rows
        }
        (None, None) => per_parent::read::<comments::Entity>(snapshot, articles, list).await?,
        (None, Some(expected)) => {
            let next = self::list(Above::Comment, expected);
            per_parent::read_with_next::<comments::Entity>(snapshot, articles, list, next).await?
        }
    };
    let (rows, below): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.parent_id.is_none());
    if let Some(expected) = &replies.expected {
        let mut read = pages(snapshot, Above::Comment, below, expected);
        for row in &rows {
            read.entry(row.id.0).or_default();
        }
        // The first that reads fills it: who reads the same a second time has what is there.
        let _ = replies.read.set(read);
    }
    Ok(pages(snapshot, Above::Article, rows, asked))
}

/// The public replies to several comments, a page each, in one statement, where they were not read with those.
pub async fn under_comments(
    snapshot: &Snapshot,
    comments: &[Uuid],
    asked: &Asked,
    replies: &Replies,
) -> Result<Pages, Failure> {
    let known = comments.iter().filter_map(|id| Some((*id, replies.to(*id, asked)?.clone())));
    let mut read: Pages = known.collect();
    let missing: Vec<Uuid> = comments.iter().filter(|id| !read.contains_key(*id)).copied().collect();
    let rows = per_parent::read::<comments::Entity>(snapshot, &missing, list(Above::Comment, asked)).await?;
    read.extend(pages(snapshot, Above::Comment, rows, asked));
    Ok(read)
}

pub(super) fn list(above: Above, Asked { newest_first, window }: &Asked) -> List<'_, comments::Column> {
    use comments::Column;
    let (parent, must_be_null) = match above {
        Above::Article => (Column::ArticleId, Some(Column::ParentId)),
        Above::Comment => (Column::ParentId, None),
    };
    List { parent, sort: Column::CreatedAt, id: Column::Id, must_be_null, descending: *newest_first, window }
}

fn pages(snapshot: &Snapshot, above: Above, rows: Vec<comments::Model>, asked: &Asked) -> Pages {
    let parent = |row: &comments::Model| match (above, row.parent_id) {
        (Above::Comment, Some(parent)) => parent.0,
        _ => row.article_id.0,
    };
    // Every entry about a public comment names its article too.
    snapshot.reads().note_all(rows.iter().map(|row| row.article_id));
    let place = |row: &comments::Model| (parent(row), (row.created_at, row.id));
    per_parent::pages(rows, place, asked.newest_first, &asked.window)
}

/// How many public comments are directly under each.
pub async fn counts(
    snapshot: &Snapshot,
    above: Above,
    parents: &[Uuid],
) -> Result<HashMap<Uuid, u64>, Failure> {
    if parents.is_empty() {
        return Ok(HashMap::new());
    }
    let column = match above {
        Above::Article => comments::Column::ArticleId,
        Above::Comment => comments::Column::ParentId,
    };
    let mut query = comments::Entity::find()
        .select_only()
        .column(column)
        .expr(Expr::cust("COUNT(*)"))
        .filter(column.is_in(parents.to_vec()));
    if above == Above::Article {
        query = query.filter(comments::Column::ParentId.is_null());
    }
    let rows: Vec<(Uuid, i64)> = query.group_by(column).into_tuple().all(snapshot.connection()).await?;
    Ok(rows.into_iter().map(|(parent, count)| (parent, u64::try_from(count).unwrap_or_default())).collect())
}

/// A public comment.
pub async fn by_id(snapshot: &Snapshot, id: CommentId) -> Result<Option<comments::Model>, Failure> {
    let found = rows::one(snapshot, &comments::Entity::find_by_id(id)).await?;
    match &found {
        Some(comment) => snapshot.reads().note(comment.article_id),
        // It may be approved, or appear with its article.
        None => snapshot.reads().note_all([id.to_string(), ARTICLES.to_owned()]),
    }
    Ok(found)
}

/// Public comments, by id.
pub async fn by_ids(
    snapshot: &Snapshot,
    ids: Vec<CommentId>,
) -> Result<HashMap<CommentId, comments::Model>, Failure> {
    let rows = rows::all(snapshot, &comments::Entity::find().filter(comments::Column::Id.is_in(ids))).await?;
    Ok(rows.into_iter().map(|comment| (comment.id, comment)).collect())
}

/// Those of these records that the viewer may moderate.
pub async fn records(
    snapshot: &Snapshot,
    viewer: Viewer,
    ids: &[CommentId],
) -> Result<Vec<comment_records::Model>, Failure> {
    let Some(query) = moderated(viewer) else { return Ok(Vec::new()) };
    let these = comment_records::Column::Id.is_in(ids.to_vec());
    Ok(query.filter(these).all(snapshot.connection()).await?)
}

/// Which comments the queue shows.
#[derive(Clone, Copy, Debug)]
pub struct QueueFilter {
    /// Only those that stand here.
    pub status: Status,
    /// Only those under this article.
    pub article: Option<ArticleId>,
}

/// A page of the comments that the viewer moderates.
pub async fn queue(
    snapshot: &Snapshot,
    viewer: Viewer,
    filter: QueueFilter,
    newest_first: bool,
    window: &Window,
) -> Result<Page<comment_records::Model>, Failure> {
    let Some(query) = queued(viewer, filter) else { return Ok(Page::default()) };
    let sorting = Sorting::new(
        Expr::col(comment_records::Column::CreatedAt),
        Expr::col(comment_records::Column::Id),
        newest_first,
    );
    keyset::fetch(snapshot, query, &sorting, window).await
}

/// How many comments the viewer moderates, up to one more than `most`.
pub async fn queue_count(
    snapshot: &Snapshot,
    viewer: Viewer,
    filter: QueueFilter,
    most: u64,
) -> Result<u64, Failure> {
    match queued(viewer, filter) {
        Some(query) => keyset::count(snapshot, query, most).await,
        None => Ok(0),
    }
}

fn queued(viewer: Viewer, filter: QueueFilter) -> Option<Select<comment_records::Entity>> {
    let QueueFilter { status, article } = filter;
    let query = moderated(viewer)?.filter(comment_records::Column::Status.eq(status.name()));
    Some(match article {
        Some(article) => query.filter(comment_records::Column::ArticleId.eq(article)),
        None => query,
    })
}

fn moderated(viewer: Viewer) -> Option<Select<comment_records::Entity>> {
    let mut query = comment_records::Entity::find();
    match policy::reach_of(viewer, Action::ModerateComment) {
        Reach::Any => {}
        Reach::Own => {
            let own = article::draft::owned_by(viewer.user_id()?);
            query = query.filter(Expr::col(comment_records::Column::ArticleId).in_subquery(own));
        }
        Reach::None => return None,
    }
    Some(query)
}
