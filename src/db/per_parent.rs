//! One statement for a page under each of many parents: the comments of twenty articles, the articles of five tags.

use std::collections::HashMap;

use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Iden as _, IntoTableRef as _, JoinType, Query};
use sea_orm::{ConnectionTrait as _, Iterable as _};
use uuid::Uuid;

use super::keyset::{self, Page, Sorting, Window};
use super::rows::{self, Taken};
use super::{Engine, Snapshot};
use crate::error::Failure;

/// The columns that such a list goes by.
pub struct Columns<C> {
    /// Names the parent.
    pub parent: C,
    /// Sorts the rows of a parent,
    pub sort: C,
    /// and then this one.
    pub id: C,
    /// Only rows that have nothing here.
    pub must_be_null: Option<C>,
}

/// Reads, for each parent, the window of the rows of `E` that name it. What comes back is in no order; each parent's rows
/// are at most one more than the window's limit: [`pages`] makes pages of them.
///
/// SQLite has no `LATERAL`, PostgreSQL would run a correlated `IN` once a pair of rows: each engine gets the form that
/// walks the parent's index and stops at the limit. Tests run both.
pub async fn read<E: Taken>(
    snapshot: &Snapshot,
    parents: &[Uuid],
    columns: Columns<E::Column>,
    descending: bool,
    window: &Window,
) -> Result<Vec<E::Model>, Failure> {
    if parents.is_empty() {
        return Ok(Vec::new());
    }
    let of_row = |name: &E::Column| Expr::col((Alias::new("r"), Alias::new(name.unquoted())));
    let given = Expr::col((Alias::new("p"), Alias::new("column1")));
    let table = Alias::new(E::default().table_name());
    let mut rows = Query::select();
    rows.from_as(table.clone(), Alias::new("r")).and_where(of_row(&columns.parent).eq(given.clone()));
    if let Some(column) = &columns.must_be_null {
        rows.and_where(of_row(column).is_null());
    }
    keyset::apply(&mut rows, &Sorting::new(of_row(&columns.sort), of_row(&columns.id), descending), window);

    let mut query = Query::select();
    query.from_values(parents.iter().copied(), Alias::new("p"));
    for name in E::Column::iter() {
        query.column((Alias::new("c"), Alias::new(name.unquoted())));
    }
    match snapshot.engine() {
        Engine::Postgres => {
            for name in E::Column::iter() {
                rows.expr_as(of_row(&name), Alias::new(name.unquoted()));
            }
            query.join_lateral(JoinType::InnerJoin, rows, Alias::new("c"), Expr::val(true));
        }
        Engine::Sqlite => {
            rows.expr(of_row(&columns.id));
            let within = Expr::col((Alias::new("c"), Alias::new(columns.id.unquoted()))).in_subquery(rows);
            // By id alone, `+` says, and `CROSS` that parents come first: else SQLite goes through all rows of a parent, or of all.
            let parent = Expr::col((Alias::new("c"), Alias::new(columns.parent.unquoted())));
            let of_parent = Expr::cust_with_exprs("+? = ?", [parent, given]);
            query
                .cross_join(table.into_table_ref().alias(Alias::new("c")))
                .and_where(within)
                .and_where(of_parent);
        }
    }
    rows::all::<E>(snapshot, snapshot.connection().get_database_backend().build(&query)).await
}

/// Makes a page for each parent of rows that [`read`] gave. `place` tells a row's parent and what it is sorted by.
pub fn pages<R, K: Ord>(
    rows: Vec<R>,
    place: impl Fn(&R) -> (Uuid, K),
    descending: bool,
    window: &Window,
) -> HashMap<Uuid, Page<R>> {
    let mut by_parent: HashMap<Uuid, Vec<R>> = HashMap::new();
    for row in rows {
        by_parent.entry(place(&row).0).or_default().push(row);
    }
    by_parent
        .into_iter()
        .map(|(parent, rows)| (parent, Page::from_unsorted(rows, |row| place(row).1, descending, window)))
        .collect()
}
