//! Puts the rows of a whole instance into an empty database: all of them in one transaction, or none.
//!
//! The one writer besides the log's that commits: the entries of the log are among the rows, signed when they were made, and
//! taking them over is no change of what they tell. Nobody can have been told of anything in a database that is empty.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Alias, CaseStatement, Expr, ExprTrait as _, Query, SimpleExpr};
use sea_orm::{ConnectionTrait as _, EntityTrait as _, QuerySelect as _, Value};
use uuid::Uuid;

use super::BackupError;
use super::rows::{self, Row};
use super::tables::{self, Kind, Table};
use crate::db::insert::MOST_VALUES;
use crate::db::{Database, Engine, WriteTransaction};
use crate::log::entity::log_head;

/// Bytes that one statement carries, about.
const MOST_BYTES: usize = 1024 * 1024;
/// Rows whose parent is set by one statement.
const MOST_PARENTS: usize = 200;

/// An empty database that is being filled.
pub(super) struct Loader {
    transaction: WriteTransaction,
    tables: Vec<Table>,
    /// Rows of one table that wait for their statement.
    waiting: Vec<Row>,
    waiting_bytes: usize,
    of: usize,
    /// Rows that refer to others of their table: which table, which row, to which. They can come in any order, so they are
    /// put in without, and all set at the end: 40 bytes of memory each.
    parents: Vec<(usize, Uuid, Uuid)>,
    counts: BTreeMap<String, u64>,
}

impl Loader {
    /// Begins, where nothing is in the database but what a fresh one has.
    pub async fn begin(database: &Database) -> Result<Self, BackupError> {
        let tables = tables::all()?;
        let transaction = database.begin().await?;
        transaction.lock_accounts().await?;
        transaction.lock_public_tables().await?;
        let head = log_head::Entity::find_by_id(1).lock_exclusive().one(transaction.connection()).await?;
        if head.is_some_and(|head| head.sequence > 0) {
            return Err(BackupError::NotEmpty("log_head".to_owned()));
        }
        for table in tables.iter().filter(|table| !table.is_seeded()) {
            let any = Query::select().expr(Expr::val(1)).from(Alias::new(table.name)).limit(1).to_owned();
            if transaction.connection().query_one(&any).await?.is_some() {
                return Err(BackupError::NotEmpty(table.name.to_owned()));
            }
        }
        for table in tables.iter().filter(|table| table.is_seeded()) {
            let delete = Query::delete().from_table(Alias::new(table.name)).to_owned();
            transaction.connection().execute(&delete).await?;
        }
        let (waiting, parents, counts) = (Vec::new(), Vec::new(), BTreeMap::new());
        Ok(Self { transaction, tables, waiting, waiting_bytes: 0, of: 0, parents, counts })
    }

    /// Takes one more row. Tables come in their order.
    pub async fn add(&mut self, table: usize, mut row: Row) -> Result<(), BackupError> {
        if table != self.of {
            self.flush().await?;
            self.of = table;
        }
        let of = &self.tables[table];
        if self.transaction.engine() == Engine::Postgres {
            refuse_nul(of, &row)?;
        }
        if let Some((from, to)) = of.parent
            && let (Value::Uuid(Some(parent)), Value::Uuid(Some(id))) = (&row[from], &row[to])
        {
            self.parents.push((table, *id, *parent));
            row[from] = Value::Uuid(None);
        }
        *self.counts.entry(of.name.to_owned()).or_default() += 1;
        self.waiting_bytes += rows::size(&row);
        self.waiting.push(row);
        if (self.waiting.len() + 1) * of.columns.len() > MOST_VALUES || self.waiting_bytes > MOST_BYTES {
            self.flush().await?;
        }
        Ok(())
    }

    /// Sets what refers to rows of its own table, and commits. Gives the number of rows by table.
    pub async fn finish(mut self) -> Result<BTreeMap<String, u64>, BackupError> {
        self.flush().await?;
        let parents = std::mem::take(&mut self.parents);
        for some in parents.chunk_by(|one, next| one.0 == next.0).flat_map(|of| of.chunks(MOST_PARENTS)) {
            self.set_parents(some).await?;
        }
        self.transaction.commit().await?;
        Ok(self.counts)
    }

    async fn flush(&mut self) -> Result<(), BackupError> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let table = &self.tables[self.of];
        let mut insert = Query::insert();
        insert
            .into_table(Alias::new(table.name))
            .columns(table.columns.iter().map(|column| Alias::new(column.name)));
        for row in self.waiting.drain(..) {
            insert.values(row.into_iter().map(SimpleExpr::from)).map_err(|error| BackupError::Row {
                table: table.name.to_owned(),
                what: error.to_string(),
            })?;
        }
        self.waiting_bytes = 0;
        self.transaction.connection().execute(&insert).await?;
        Ok(())
    }

    async fn set_parents(&self, some: &[(usize, Uuid, Uuid)]) -> Result<(), BackupError> {
        let Some(table) = some.first().map(|(table, _, _)| &self.tables[*table]) else { return Ok(()) };
        let Some((from, to)) = table.parent else { return Ok(()) };
        let [from, to] = [from, to].map(|place| Alias::new(table.columns[place].name));
        let mut choice = CaseStatement::new();
        for (_, id, parent) in some {
            choice = choice.case(Expr::col(to.clone()).eq(*id), Expr::val(*parent));
        }
        let update = Query::update()
            .table(Alias::new(table.name))
            .value(from, choice)
            .and_where(Expr::col(to).is_in(some.iter().map(|(_, id, _)| *id)))
            .to_owned();
        self.transaction.connection().execute(&update).await?;
        Ok(())
    }
}

/// PostgreSQL's text can't hold the character NUL, which SQLite's can.
fn refuse_nul(table: &Table, row: &Row) -> Result<(), BackupError> {
    let has_nul = |value: &Value| matches!(value, Value::String(Some(text)) if text.contains('\0'));
    let Some((column, _)) = table.columns.iter().zip(row).find(|(_, value)| has_nul(value)) else {
        return Ok(());
    };
    let id = table.columns.iter().zip(row).find_map(|(column, value)| match (column.kind, value) {
        (Kind::Id, Value::Uuid(Some(id))) => Some(format!(" ({} {id})", column.name)),
        _ => None,
    });
    Err(BackupError::Row {
        table: table.name.to_owned(),
        what: format!(
            "its column {}{} holds the character NUL, which PostgreSQL can't: take it out in the instance that it is in",
            column.name,
            id.unwrap_or_default()
        ),
    })
}
