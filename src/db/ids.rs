//! A column of ids as such: walked in order, asked for some of them, counted. What checks a whole table goes by it, a few
//! rows at a time, whatever the table holds.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Alias, Expr, ExprTrait as _, Func, Iden as _, Order, Query, SelectStatement};
use sea_orm::{ConnectionTrait as _, DbErr, EntityTrait};
use uuid::Uuid;

use super::Snapshot;

/// A column that holds ids, and begins an index.
#[derive(Clone, Debug)]
pub struct IdColumn {
    table: String,
    column: String,
    counted: Counted,
}

/// What is counted of each id.
#[derive(Clone, Debug)]
enum Counted {
    /// Its rows.
    Rows,
    /// The different values of another column.
    Different(String),
    /// Its rows in which another column has a value.
    Filled(String),
}

impl IdColumn {
    /// This column of `E`'s table.
    pub fn of<E: EntityTrait>(column: E::Column) -> Self {
        let column = column.unquoted().to_owned();
        Self { table: E::default().table_name().to_owned(), column, counted: Counted::Rows }
    }

    /// What is counted of each id: the different values of another column of `E`.
    pub fn counting<E: EntityTrait>(self, counted: E::Column) -> Self {
        Self { counted: Counted::Different(counted.unquoted().to_owned()), ..self }
    }

    /// What is counted of each id: its rows in which another column of `E` has a value.
    pub fn counting_filled<E: EntityTrait>(self, counted: E::Column) -> Self {
        Self { counted: Counted::Filled(counted.unquoted().to_owned()), ..self }
    }

    /// The table's name.
    pub fn table(&self) -> &str {
        &self.table
    }

    fn select(&self) -> SelectStatement {
        let mut query = Query::select();
        query.from(Alias::new(&self.table)).column(Alias::new(&self.column));
        query
    }

    fn expression(&self) -> Expr {
        Expr::col(Alias::new(&self.column))
    }

    /// The ids that follow this one, each once, in order.
    pub async fn after(
        &self,
        snapshot: &Snapshot,
        place: Option<Uuid>,
        limit: u64,
    ) -> Result<Vec<Uuid>, DbErr> {
        let mut query = self.select();
        query.distinct().order_by(Alias::new(&self.column), Order::Asc).limit(limit).and_where(match place {
            Some(place) => self.expression().gt(place),
            None => self.expression().is_not_null(),
        });
        let rows = snapshot.connection().query_all(&query).await?;
        rows.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// Which of these stand in it.
    pub async fn among(&self, snapshot: &Snapshot, ids: &[Uuid]) -> Result<HashSet<Uuid>, DbErr> {
        if ids.is_empty() {
            return Ok(HashSet::new());
        }
        let mut query = self.select();
        query.distinct().and_where(self.expression().is_in(ids.to_vec()));
        let rows = snapshot.connection().query_all(&query).await?;
        rows.iter().map(|row| row.try_get_by_index(0)).collect()
    }

    /// How much of what is counted there is of each of these. Those that
    /// don't are left out.
    pub async fn counts(&self, snapshot: &Snapshot, ids: &[Uuid]) -> Result<HashMap<Uuid, i64>, DbErr> {
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let mut query = self.select();
        match &self.counted {
            Counted::Rows => query.expr(Func::count(self.expression())),
            Counted::Different(column) => query.expr(Func::count_distinct(Expr::col(Alias::new(column)))),
            Counted::Filled(column) => query.expr(Func::count(Expr::col(Alias::new(column)))),
        };
        query.and_where(self.expression().is_in(ids.to_vec())).add_group_by([self.expression()]);
        let rows = snapshot.connection().query_all(&query).await?;
        rows.iter().map(|row| Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?))).collect()
    }
}
