//! Pages by key: a page begins after a position, never at an offset, so that the last page costs what the first does
//! and a list stays steady while rows are added.

use sea_orm::sea_query::{Expr, ExprTrait as _, Order, Query, SelectStatement, SimpleExpr};
use sea_orm::{ConnectionTrait as _, EntityTrait, QuerySelect, QueryTrait as _, Select};
use uuid::Uuid;

use super::Snapshot;
use super::rows::{self, Taken};
use crate::error::Failure;

/// What a list is sorted by, before the id decides.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SortKey {
    /// A time or a number.
    Number(i64),
    /// A name, folded for sorting, compared byte by byte on both engines.
    Text(String),
}

/// Where a row stands in a list: its sort key, then its id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// The sort key.
    pub key: SortKey,
    /// The id; decides between equal keys.
    pub id: Uuid,
}

/// Which rows of a list are wanted.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// How many, at most.
    pub limit: u64,
    /// Whether the rows nearest to the end are wanted (`last`).
    pub from_end: bool,
    /// Only rows after this one.
    pub after: Option<Position>,
    /// Only rows before this one.
    pub before: Option<Position>,
}

impl Window {
    /// The first `limit` rows.
    pub fn first(limit: u64) -> Self {
        Self { limit, from_end: false, after: None, before: None }
    }
}

/// A page: rows in the list's order.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether rows follow.
    pub has_next: bool,
    /// Whether rows precede.
    pub has_previous: bool,
}

/// A page without rows.
impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), has_next: false, has_previous: false }
    }
}

impl<T> Page<T> {
    /// Makes the page from rows fetched with [`apply`]: takes off the row too many, turns a page from the end around.
    pub fn from_fetched(mut rows: Vec<T>, window: &Window) -> Self {
        let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        if window.from_end {
            rows.reverse();
            Self { rows, has_next: window.before.is_some(), has_previous: more }
        } else {
            Self { rows, has_next: more, has_previous: window.after.is_some() }
        }
    }

    /// The same from rows in no order; `place` tells what they are sorted by.
    pub fn from_unsorted<K: Ord>(
        mut rows: Vec<T>,
        place: impl Fn(&T) -> K,
        descending: bool,
        window: &Window,
    ) -> Self {
        rows.sort_by_key(place);
        if descending != window.from_end {
            rows.reverse();
        }
        Self::from_fetched(rows, window)
    }

    /// The same page of other things.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(convert).collect(),
            has_next: self.has_next,
            has_previous: self.has_previous,
        }
    }
}

/// The two columns that a list is sorted by, and the way.
#[derive(Clone, Debug)]
pub struct Sorting {
    /// The sort key's column.
    pub key: SimpleExpr,
    /// The id's column.
    pub id: SimpleExpr,
    /// Whether the largest comes first.
    pub descending: bool,
}

impl Sorting {
    /// By these columns, smallest or largest first.
    pub fn new(key: impl Into<SimpleExpr>, id: impl Into<SimpleExpr>, descending: bool) -> Self {
        Self { key: key.into(), id: id.into(), descending }
    }
}

/// Reads the window of a query.
pub async fn fetch<E: Taken>(
    snapshot: &Snapshot,
    mut query: Select<E>,
    sorting: &Sorting,
    window: &Window,
) -> Result<Page<E::Model>, Failure> {
    apply(QuerySelect::query(&mut query), sorting, window);
    Ok(Page::from_fetched(rows::all(snapshot, &query).await?, window))
}

/// Counts a query's rows, up to one more than `most`.
pub async fn count<E: EntityTrait>(snapshot: &Snapshot, query: Select<E>, most: u64) -> Result<u64, Failure> {
    let mut rows = query.into_query();
    rows.clear_selects().clear_order_by().expr(Expr::val(1)).limit(most.saturating_add(1));
    let counted = Query::select().expr(Expr::cust("COUNT(*)")).from_subquery(rows, "counted").to_owned();
    let counted = snapshot.connection().get_database_backend().build(&counted);
    Ok(u64::try_from(rows::number(snapshot, counted).await?).unwrap_or_default())
}

/// Narrows a query to the window: bounds, order, and one row too many to know whether more follow.
pub fn apply(query: &mut SelectStatement, sorting: &Sorting, window: &Window) {
    bound(query, sorting, window);
    let descending = sorting.descending != window.from_end;
    let order = if descending { Order::Desc } else { Order::Asc };
    query.order_by_expr(sorting.key.clone(), order.clone());
    query.order_by_expr(sorting.id.clone(), order);
    query.limit(window.limit.saturating_add(1));
}

fn bound(query: &mut SelectStatement, sorting: &Sorting, window: &Window) {
    let row = || Expr::tuple([sorting.key.clone(), sorting.id.clone()]);
    let place = |position: &Position| {
        let key: SimpleExpr = match &position.key {
            SortKey::Number(number) => Expr::val(*number),
            SortKey::Text(text) => Expr::val(text.clone()),
        };
        Expr::tuple([key, Expr::val(position.id)])
    };
    if let Some(after) = &window.after {
        query.and_where(if sorting.descending { row().lt(place(after)) } else { row().gt(place(after)) });
    }
    if let Some(before) = &window.before {
        query.and_where(if sorting.descending { row().gt(place(before)) } else { row().lt(place(before)) });
    }
}
