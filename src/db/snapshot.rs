//! One moment of the database.
//!
//! Mostly it is a read-only transaction. For a page that is read by a statement or two, to begin one and to end it takes as many turns
//! to the database again. So what the public asks is read without: with the rows of each statement that can tell it comes at which
//! place of the log they are. As long as all are at the same, nothing that is public was written in between, and what was read is of
//! one moment. Where two differ, it [is torn](Snapshot::is_torn), and the query has to be done again in a transaction. A statement that
//! tells no place begins one, which tells it first.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use futures_util::future::BoxFuture;
use sea_orm::prelude::async_trait::async_trait;
use sea_orm::sqlx;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    RuntimeErr, SqliteTransactionMode, Statement, TransactionOptions,
};
use tokio::sync::{Mutex, OnceCell};

use super::cells::{Cell, Width};
use super::{Database, Engine, OneByOne, Ran};
use crate::reads::Reads;

/// The number of the log's last entry; 0 before the first. One row, always.
pub(super) const PLACE: &str = "SELECT sequence FROM log_head WHERE id = 1";

/// What is read at one moment. Dropping the last of its copies ends it.
#[derive(Clone)]
pub struct Snapshot {
    moment: Arc<Moment>,
    reads: Arc<Reads>,
}

/// The connection of a snapshot: what is asked of it is read in its transaction.
pub struct Moment {
    engine: Engine,
    pool: DatabaseConnection,
    transaction: OnceCell<DatabaseTransaction>,
    /// Whether it is read without a transaction as far as that goes,
    by_places: bool,
    one_by_one: OneByOne,
    /// one statement after the other, so that what fails does so in the same order each time,
    turn: Mutex<()>,
    /// until its transaction begins.
    has_begun: AtomicBool,
    ran: Arc<Ran>,
    place: OnceLock<i64>,
    /// Who asks for the place by itself does so one after the other.
    asking_place: Mutex<()>,
    is_torn: AtomicBool,
    plans_by_values: OnceCell<()>,
}

impl Snapshot {
    /// One that has a transaction.
    pub(super) async fn begin(database: &Database, pool: &DatabaseConnection) -> Result<Self, DbErr> {
        let snapshot = Self::new(database, pool, false);
        snapshot.moment.transaction().await?;
        Ok(snapshot)
    }

    /// One that is read by the log's places.
    pub(super) fn by_places(database: &Database, pool: &DatabaseConnection) -> Self {
        Self::new(database, pool, true)
    }

    fn new(database: &Database, pool: &DatabaseConnection, by_places: bool) -> Self {
        let moment = Moment {
            engine: database.engine,
            pool: pool.clone(),
            transaction: OnceCell::new(),
            by_places,
            one_by_one: database.one_by_one.clone(),
            turn: Mutex::default(),
            has_begun: AtomicBool::new(false),
            ran: Arc::clone(&database.statements),
            place: OnceLock::new(),
            asking_place: Mutex::default(),
            is_torn: AtomicBool::new(false),
            plans_by_values: OnceCell::new(),
        };
        Self { moment: Arc::new(moment), reads: Arc::default() }
    }

    /// What statements run on that tell no place.
    pub fn connection(&self) -> &Moment {
        &self.moment
    }

    /// Its transaction.
    pub async fn transaction(&self) -> Result<&DatabaseTransaction, DbErr> {
        self.moment.transaction().await
    }

    /// Which engine.
    pub fn engine(&self) -> Engine {
        self.moment.engine
    }

    /// The same; what is read through it is noted there.
    pub fn noting(self, reads: Arc<Reads>) -> Self {
        Self { reads, ..self }
    }

    /// Where what is read through it is noted.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// At which place of the log it is: the number of the last entry, 0 before the first.
    pub async fn place(&self) -> Result<i64, DbErr> {
        let Moment { place, asking_place, .. } = &*self.moment;
        if let Some(place) = place.get() {
            return Ok(*place);
        }
        let _turn = asking_place.lock().await;
        match place.get() {
            Some(place) => Ok(*place),
            None if self.engine() == Engine::Sqlite => {
                let rows = self.cells(Statement::from_string(DbBackend::Sqlite, PLACE), Width::All).await?;
                self.moment.be_at(rows.first().and_then(|row| row.first()?.number()))
            }
            None => {
                let statement = Statement::from_string(DbBackend::Postgres, PLACE);
                self.note_place(self.query_all(statement).await?.first(), 0)
            }
        }
    }

    /// Whether what was read is of two moments.
    pub fn is_torn(&self) -> bool {
        self.moment.is_torn.load(Ordering::Acquire)
    }

    /// Whether a statement has to tell the place of what it reads.
    pub(super) fn asks_for_places(&self) -> bool {
        self.moment.by_places && !self.moment.has_begun.load(Ordering::Acquire)
    }

    /// All rows of a statement of PostgreSQL's that tells the place, where it is asked for. Boxed: each field that may read would carry
    /// it.
    pub(super) fn query_all(&self, statement: Statement) -> BoxFuture<'_, Result<Vec<QueryResult>, DbErr>> {
        Box::pin(async move {
            let turn = self.moment.turn.lock().await;
            match &self.moment.one_by_one {
                OneByOne::Shelf(shelf) if self.asks_for_places() => {
                    self.moment.ran.note(&statement);
                    shelf.query_all(statement).await
                }
                _ => {
                    drop(turn);
                    self.transaction().await?.query_all_raw(statement).await
                }
            }
        })
    }

    /// All rows of a statement of SQLite's.
    pub(super) async fn cells(
        &self,
        statement: Statement,
        width: Width<'_>,
    ) -> Result<Vec<Vec<Cell>>, DbErr> {
        // By places, beside its transaction too: by other ways rows cost more.
        if let OneByOne::Here(here) = &self.moment.one_by_one
            && self.moment.by_places
            && let Some((rows, place)) = here.read(&statement, width)
        {
            self.moment.ran.note(&statement);
            self.moment.be_at(Some(place))?;
            return Ok(rows);
        }
        let rows = Box::pin(async { self.transaction().await?.query_all_raw(statement).await }).await?;
        let cells = |row: &QueryResult| row.try_as_sqlite_row().map(|row| width.take_from(row));
        let rows: Result<_, sqlx::Error> = rows.iter().filter_map(cells).collect();
        rows.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }

    /// A statement told the place of what it has read: in this row, there.
    pub(super) fn note_place(&self, row: Option<&QueryResult>, at: usize) -> Result<i64, DbErr> {
        self.moment.note_place(row, at)
    }

    /// What is read from here on is planned by what is bound to it, where PostgreSQL thinks that this pays: how many articles have a
    /// word decides how they are found.
    pub async fn plan_by_values(&self) -> Result<(), DbErr> {
        if self.engine() == Engine::Sqlite {
            return Ok(());
        }
        let say = || async {
            self.connection().execute_unprepared("SET LOCAL plan_cache_mode = auto").await.map(|_| ())
        };
        self.moment.plans_by_values.get_or_try_init(say).await.copied()
    }

    /// The names of the migrations that the database has at this moment, oldest first.
    pub async fn migrations(&self) -> Result<Vec<String>, DbErr> {
        let sql = "SELECT version FROM seaql_migrations ORDER BY version";
        let statement = Statement::from_string(self.connection().get_database_backend(), sql);
        let rows = self.connection().query_all_raw(statement).await?;
        rows.into_iter().map(|row| row.try_get_by_index(0)).collect()
    }
}

impl Moment {
    async fn transaction(&self) -> Result<&DatabaseTransaction, DbErr> {
        // Boxed: each field that reads would carry it.
        Box::pin(self.transaction.get_or_try_init(|| self.begin())).await
    }

    async fn begin(&self) -> Result<DatabaseTransaction, DbErr> {
        let options = match self.engine {
            Engine::Sqlite => TransactionOptions {
                isolation_level: None,
                access_mode: None,
                sqlite_transaction_mode: Some(SqliteTransactionMode::Deferred),
            },
            // As its connections are set up: it need not be said each time.
            Engine::Postgres => TransactionOptions::default(),
        };
        self.one_by_one.end_rest();
        self.has_begun.store(true, Ordering::Release);
        let transaction = super::begin(self.engine, &self.pool, options).await?;
        if self.by_places {
            let statement = Statement::from_string(self.get_database_backend(), PLACE);
            self.note_place(transaction.query_one_raw(statement).await?.as_ref(), 0)?;
        }
        Ok(transaction)
    }

    fn note_place(&self, row: Option<&QueryResult>, at: usize) -> Result<i64, DbErr> {
        self.be_at(row.map(|row| row.try_get_by_index(at)).transpose()?)
    }

    fn be_at(&self, place: Option<i64>) -> Result<i64, DbErr> {
        let place = place.ok_or_else(|| DbErr::RecordNotFound("log_head has no row".to_owned()))?;
        if *self.place.get_or_init(|| place) != place {
            self.is_torn.store(true, Ordering::Release);
        }
        Ok(place)
    }
}

#[async_trait]
impl ConnectionTrait for Moment {
    fn get_database_backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.transaction().await?.execute_raw(statement).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.transaction().await?.execute_unprepared(sql).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.transaction().await?.query_one_raw(statement).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.transaction().await?.query_all_raw(statement).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::DatabaseAddress;
    use crate::db::{Database, rows};

    /// How many migrations there are: told with the place.
    async fn told(snapshot: &Snapshot) -> i64 {
        let count = "SELECT COUNT(*) FROM seaql_migrations";
        rows::number(snapshot, Statement::from_string(DbBackend::Sqlite, count)).await.unwrap()
    }

    async fn go_on(database: &Database) {
        let go_on = "UPDATE log_head SET sequence = sequence + 1";
        database.writer.execute_unprepared(go_on).await.unwrap();
    }

    #[tokio::test]
    async fn what_is_read_by_places_is_torn_where_the_log_goes_on_in_between() {
        let folder = tempfile::tempdir().unwrap();
        let address = DatabaseAddress::Sqlite(folder.path().join("x.sqlite"));
        let database = Database::connect(&address, 5).await.unwrap();
        database.migrate().await.unwrap();

        let calm = database.snapshot_by_places();
        assert!(told(&calm).await > 0 && told(&calm).await > 0);
        assert_eq!((calm.migrations().await.unwrap().is_empty(), calm.is_torn()), (false, false));
        assert_eq!(calm.place().await.unwrap(), 0);

        // Between two statements; and between one and the beginning of a transaction, for what tells no place.
        let (of_two, begun_late, begun) =
            (database.snapshot_by_places(), database.snapshot_by_places(), database.snapshot_by_places());
        told(&of_two).await;
        told(&begun_late).await;
        begun.migrations().await.unwrap();
        go_on(&database).await;
        assert!(!of_two.is_torn() && !begun_late.is_torn());
        told(&of_two).await;
        begun_late.migrations().await.unwrap();
        assert!(of_two.is_torn() && begun_late.is_torn());
        // Of what is read in its transaction, all is of its moment.
        begun.migrations().await.unwrap();
        assert_eq!((begun.place().await.unwrap(), begun.is_torn()), (0, false));
        told(&begun).await;
        assert!(begun.is_torn());
        let whole = database.snapshot().await.unwrap();
        told(&whole).await;
        assert_eq!((whole.place().await.unwrap(), whole.is_torn()), (1, false));
        drop((calm, of_two, begun_late, begun, whole));
        database.close().await.unwrap();
    }
}
