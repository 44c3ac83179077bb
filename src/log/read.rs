//! Reads of the log for people.

use sea_orm::sea_query::{Expr, ExprTrait as _, Func, SelectStatement};
use sea_orm::{ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, Select};
use uuid::Uuid;

use super::change::{Action, SubjectType};
use super::entity::{changes, log_head};
use crate::db::Snapshot;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::error::Failure;

/// What of the log somebody may see.
pub struct Visible {
    /// Entries about things of these kinds.
    pub kinds: Vec<SubjectType>,
    /// And entries about articles of this subquery.
    pub articles: Option<SelectStatement>,
}

/// Which entries a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangeFilter {
    /// Only those about this thing.
    pub subject: Option<Uuid>,
    /// Only those of this action.
    pub action: Option<Action>,
}

/// The last entry's number and hash; 0 and nothing before the first.
pub async fn last(snapshot: &Snapshot) -> Result<(i64, String), Failure> {
    let head = log_head::Entity::find_by_id(1).one(snapshot.connection()).await?;
    head.map(|head| (head.sequence, head.hash)).ok_or_else(|| Failure::corrupt("log_head has no row"))
}

/// A page of the log, oldest first.
pub async fn list(
    snapshot: &Snapshot,
    visible: Visible,
    filter: &ChangeFilter,
    window: &Window,
) -> Result<Page<changes::Model>, Failure> {
    let sorting =
        Sorting::new(Expr::col(changes::Column::Sequence), Expr::col(changes::Column::SubjectId), false);
    keyset::fetch(snapshot, filtered(visible, filter), &sorting, window).await
}

/// How many entries there are, up to one more than `most`.
pub async fn count(
    snapshot: &Snapshot,
    visible: Visible,
    filter: &ChangeFilter,
    most: u64,
) -> Result<u64, Failure> {
    keyset::count(snapshot, filtered(visible, filter), most).await
}

fn filtered(visible: Visible, filter: &ChangeFilter) -> Select<changes::Entity> {
    let ChangeFilter { subject, action } = filter;
    let names: Vec<&str> = visible.kinds.into_iter().map(SubjectType::name).collect();
    // Hidden from the index of kinds: SQLite would read all entries of them and sort those, where a page of all is wanted.
    let kind = Func::coalesce([Expr::col(changes::Column::SubjectType), Expr::val("")]);
    let mut may_see = Condition::any().add(Expr::expr(kind).is_in(names));
    if let Some(articles) = visible.articles {
        let about_article = changes::Column::SubjectType.eq(SubjectType::Article.name());
        may_see = may_see.add(about_article.and(Expr::col(changes::Column::SubjectId).in_subquery(articles)));
    }
    let mut query = changes::Entity::find().filter(may_see);
    if let Some(subject) = subject {
        query = query.filter(changes::Column::SubjectId.eq(*subject));
    }
    if let Some(action) = action {
        query = query.filter(changes::Column::Action.eq(action.name()));
    }
    query
}
