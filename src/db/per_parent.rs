//! One statement for a page under each of many parents: the comments of twenty articles, the articles of five tags.

use rustc_hash::FxHashMap;
use sea_orm::sea_query::{
    Alias, CommonTableExpression, Expr, ExprTrait as _, Iden as _, IntoTableRef as _, JoinType,
    PostgresQueryBuilder, Query, SelectStatement, SimpleExpr, SqliteQueryBuilder, UnionType,
};
use sea_orm::{ConnectionTrait as _, Iterable as _};
use uuid::Uuid;

use super::keyset::{self, Page, Sorting, Window};
use super::rows::{self, Taken};
use super::union::FOUND;
use super::{Engine, Snapshot};
use crate::error::Failure;

/// A list of rows under each parent, by the columns that it goes by.
pub struct List<'a, C> {
    /// Names the parent.
    pub parent: C,
    /// Sorts the rows of a parent,
    pub sort: C,
    /// and then this one.
    pub id: C,
    /// Only rows that have nothing here.
    pub must_be_null: Option<C>,
    /// Whether the largest comes first.
    pub descending: bool,
    /// Which of them.
    pub window: &'a Window,
}

/// Reads, for each parent, the window of the rows of `E` that name it. What comes back is in no order; each parent's rows
/// are at most one more than the window's limit: [`pages`] makes pages of them.
pub async fn read<E: Taken>(
    snapshot: &Snapshot,
    parents: &[Uuid],
    list: List<'_, E::Column>,
) -> Result<Vec<E::Model>, Failure> {
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    let query = query::<E>(snapshot.engine(), Parents::These(parents), &list);
    rows::of_statement::<E>(snapshot, snapshot.connection().get_database_backend().build(&query)).await
}

/// The same, and with it the rows of `E` that name those as their parents.
pub async fn read_with_next<E: Taken>(
    snapshot: &Snapshot,
    parents: &[Uuid],
    list: List<'_, E::Column>,
    next: List<'_, E::Column>,
) -> Result<Vec<E::Model>, Failure> {
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    let above = query::<E>(snapshot.engine(), Parents::These(parents), &list);
    let next = query::<E>(snapshot.engine(), Parents::Above, &next);
    let mut both = Query::select();
    both.columns(E::Column::iter().map(|name| Alias::new(name.unquoted())));
    both.from(Alias::new(ABOVE)).union(UnionType::All, next);
    let above = CommonTableExpression::new().query(above).table_name(Alias::new(ABOVE)).to_owned();
    let both = both.with(Query::with().cte(above).to_owned());
    rows::of_statement::<E>(snapshot, snapshot.connection().get_database_backend().build(&both)).await
}

/// The same of the parents that another statement finds, as [`FOUND`]: the queries that stand beside it, told by their text alone, and
/// their names.
pub fn under_found<E: Taken>(
    engine: Engine,
    found: Found,
    list: &List<'_, E::Column>,
    next: Option<&List<'_, E::Column>>,
) -> Vec<(&'static str, String)> {
    let text = |parents, list: &List<'_, E::Column>| {
        let query = query::<E>(engine, parents, list);
        match engine {
            Engine::Sqlite => query.to_string(SqliteQueryBuilder),
            Engine::Postgres => query.to_string(PostgresQueryBuilder),
        }
    };
    let next = next.map(|next| (BELOW, text(Parents::Above, next)));
    std::iter::once((ABOVE, text(Parents::Found(found), list))).chain(next).collect()
}

/// How many are [`FOUND`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    /// One at most.
    One,
    /// Any number.
    Many,
}

/// What the rows are called that others have as their parents.
const ABOVE: &str = "above";
/// What those others are called.
const BELOW: &str = "below";
/// SQLite's own number of a row, which finds it at once.
const ROW: &str = "rowid";

enum Parents<'a> {
    These(&'a [Uuid]),
    /// Those of [`FOUND`].
    Found(Found),
    /// Those of [`ABOVE`].
    Above,
}

/// SQLite has no `LATERAL`, PostgreSQL would run a correlated `IN` once a pair of rows: each engine gets the form that
/// walks the parent's index and stops at the limit. Tests run both.
fn query<E: Taken>(engine: Engine, parents: Parents<'_>, list: &List<'_, E::Column>) -> SelectStatement {
    let mut query = Query::select();
    let given = match parents {
        Parents::These(ids) => {
            query.from_values(ids.iter().copied(), Alias::new("p"));
            "column1"
        }
        Parents::Found(Found::One) if engine == Engine::Sqlite => {
            let one = Query::select().column(Alias::new("id")).from(Alias::new(FOUND)).to_owned();
            let mut rows = under::<E>("c", one.into(), list);
            return rows.columns(E::Column::iter().map(|name| of("c", name.unquoted()))).to_owned();
        }
        Parents::Found(_) => {
            query.from_as(Alias::new(FOUND), Alias::new("p"));
            "id"
        }
        Parents::Above => {
            query.from_as(Alias::new(ABOVE), Alias::new("p"));
            list.id.unquoted()
        }
    };
    let mut rows = under::<E>("r", Expr::col(of("p", given)), list);
    query.columns(E::Column::iter().map(|name| of("c", name.unquoted())));
    match engine {
        Engine::Postgres => {
            for name in E::Column::iter() {
                rows.expr_as(Expr::col(of("r", name.unquoted())), Alias::new(name.unquoted()));
            }
            query.join_lateral(JoinType::InnerJoin, rows, Alias::new("c"), Expr::val(true));
        }
        Engine::Sqlite => {
            // `CROSS` says that parents come first: else SQLite might go through all rows.
            rows.expr(Expr::col(of("r", ROW)));
            query
                .cross_join(table::<E>().into_table_ref().alias(Alias::new("c")))
                .and_where(Expr::col(of("c", ROW)).in_subquery(rows));
        }
    }
    query
}

/// The window of the rows under one parent, which go by this name; nothing of them yet.
fn under<E: Taken>(name: &str, parent: SimpleExpr, list: &List<'_, E::Column>) -> SelectStatement {
    let of_row = |column: &E::Column| Expr::col(of(name, column.unquoted()));
    let mut rows = Query::select();
    rows.from_as(table::<E>(), Alias::new(name)).and_where(of_row(&list.parent).eq(parent));
    if let Some(column) = &list.must_be_null {
        rows.and_where(of_row(column).is_null());
    }
    let sorting = Sorting::new(of_row(&list.sort), of_row(&list.id), list.descending);
    keyset::apply(&mut rows, &sorting, list.window);
    rows
}

fn table<E: Taken>() -> Alias {
    Alias::new(E::default().table_name())
}

fn of(table: &str, column: &str) -> (Alias, Alias) {
    (Alias::new(table), Alias::new(column))
}

/// Makes a page for each parent of rows that [`read`] gave. `place` tells a row's parent and what it is sorted by.
pub fn pages<R, K: Ord>(
    rows: Vec<R>,
    place: impl Fn(&R) -> (Uuid, K),
    descending: bool,
    window: &Window,
) -> FxHashMap<Uuid, Page<R>> {
    let mut by_parent: FxHashMap<Uuid, Vec<R>> = FxHashMap::default();
    for row in rows {
        by_parent.entry(place(&row).0).or_default().push(row);
    }
    by_parent
        .into_iter()
        .map(|(parent, rows)| (parent, Page::from_unsorted(rows, |row| place(row).1, descending, window)))
        .collect()
}
