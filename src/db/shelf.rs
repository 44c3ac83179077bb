//! The connections on which statements are asked one by one, without a transaction: SeaORM lends none but for one. The pool asks each
//! that is given back whether it is well, which is a turn as well: these go from hand to hand instead.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{AssertSqlSafe, Postgres, Sqlite, query_with};
use sea_orm::{DatabaseConnection, DbErr, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::Engine;

/// After so long without use, a connection is asked whether it is well: it goes back into the pool.
const REST: Duration = Duration::from_secs(1);
/// After so long, the pool sees a connection again, which may be due to be closed.
const LONGEST: Duration = Duration::from_secs(60);
/// For so long a statement waits for its turn on SQLite: few connections keep more of the file each, and more threads than processors
/// only push one another aside. Behind slow statements it goes on beside them.
const TURN: Duration = Duration::from_millis(20);

/// Connections that go from hand to hand.
pub(super) struct Shelf {
    engine: Engine,
    /// Where they come from,
    pool: DatabaseConnection,
    /// and the others, of statements that have no turn.
    beside: DatabaseConnection,
    /// As many as there may be at once, in use or at rest.
    turns: Semaphore,
    /// Since when each rests; the last one last.
    resting: Mutex<Vec<(Loan, Instant)>>,
}

/// A connection, and since when it is not the pool's.
struct Loan(Connection, Instant);

enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Shelf {
    /// Of all the connections of a pool of SQLite's that has so many; and where others come from.
    pub(super) fn of_all(pool: DatabaseConnection, connections: u32, beside: DatabaseConnection) -> Self {
        Self::new(Engine::Sqlite, pool, connections, beside)
    }

    /// Of half the connections of a pool of PostgreSQL's that has so many: who waits there is given none of them.
    pub(super) fn of_half(pool: &DatabaseConnection, connections: u32) -> Self {
        Self::new(Engine::Postgres, pool.clone(), connections / 2, pool.clone())
    }

    fn new(engine: Engine, pool: DatabaseConnection, turns: u32, beside: DatabaseConnection) -> Self {
        let turns = Semaphore::new(usize::try_from(turns).unwrap_or_default());
        Self { engine, pool, beside, turns, resting: Mutex::default() }
    }

    /// All rows of a statement that changes nothing.
    pub(super) async fn query_all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Some(_turn) = self.turn().await else {
            return self.lend(&self.beside).await?.query_all(statement).await;
        };
        let mut loan = match self.rested() {
            Some(loan) => loan,
            None => self.lend(&self.pool).await?,
        };
        let rows = loan.query_all(statement).await?;
        self.put_back(loan);
        Ok(rows)
    }

    /// Those that rest go back into the pool, if it is one where somebody may wait.
    pub(super) fn end_rest(&self) {
        if self.engine == Engine::Postgres {
            self.resting().clear();
        }
    }

    /// All go back into the pool, those in use when they are done; closes what is the shelf's alone.
    pub(super) async fn close(&self) -> Result<(), DbErr> {
        self.turns.close();
        self.resting().clear();
        match self.engine {
            Engine::Sqlite => self.pool.clone().close().await,
            Engine::Postgres => Ok(()),
        }
    }

    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        match (self.turns.try_acquire(), self.engine) {
            (Err(_), Engine::Sqlite) => tokio::time::timeout(TURN, self.turns.acquire()).await.ok()?.ok(),
            (turn, _) => turn.ok(),
        }
    }

    /// The connection that has rested for the least time.
    fn rested(&self) -> Option<Loan> {
        let mut resting = self.resting();
        if resting.last().is_some_and(|(_, since)| since.elapsed() > REST) {
            // The others have rested for longer.
            resting.clear();
        }
        resting.pop().map(|(loan, _)| loan)
    }

    async fn lend(&self, pool: &DatabaseConnection) -> Result<Loan, DbErr> {
        let connection = match self.engine {
            Engine::Sqlite => pool.get_sqlite_connection_pool().acquire().await.map(Connection::Sqlite),
            Engine::Postgres => pool.get_postgres_connection_pool().acquire().await.map(Connection::Postgres),
        };
        let connection = connection.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
        Ok(Loan(connection, Instant::now()))
    }

    fn put_back(&self, loan: Loan) {
        let mut resting = self.resting();
        if !self.turns.is_closed() && loan.1.elapsed() <= LONGEST {
            resting.push((loan, Instant::now()));
        }
    }

    fn resting(&self) -> MutexGuard<'_, Vec<(Loan, Instant)>> {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Loan {
    async fn query_all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Statement { sql, values, .. } = statement;
        let (sql, values) = (AssertSqlSafe(sql), SqlxValues(values.unwrap_or(Values(Vec::new()))));
        let rows = match &mut self.0 {
            Connection::Sqlite(connection) => {
                let rows = query_with(sql, values).fetch_all(&mut **connection).await;
                rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            }
            Connection::Postgres(connection) => {
                let rows = query_with(sql, values).fetch_all(&mut **connection).await;
                rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            }
        };
        rows.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;
    use crate::db::{Database, DatabaseAddress};

    async fn ask(shelf: &Shelf, sql: &str) -> Result<Vec<QueryResult>, DbErr> {
        shelf.query_all(Statement::from_string(DbBackend::Sqlite, sql)).await
    }

    #[tokio::test]
    async fn connections_go_from_hand_to_hand_as_many_as_there_are_turns() {
        let folder = tempfile::tempdir().unwrap();
        let address = DatabaseAddress::Sqlite(folder.path().join("x.sqlite"));
        let database = Database::connect(&address, 2).await.unwrap();
        let shelf = &database.shelf;
        let resting = || shelf.resting().len();
        let one = "SELECT 1";

        ask(shelf, one).await.unwrap();
        assert_eq!(resting(), 1);
        ask(shelf, one).await.unwrap();
        assert_eq!(resting(), 1, "the same once more");
        ask(shelf, "SELECT nothing").await.unwrap_err();
        assert_eq!(resting(), 0, "one that failed goes back into the pool");
        let three = futures_util::future::join_all([ask(shelf, one), ask(shelf, one), ask(shelf, one)]).await;
        assert!(three.iter().all(Result::is_ok));
        assert_eq!(resting(), 2, "no more than there are turns");

        // Who has no turn after a while goes on beside.
        let turns = shelf.turns.acquire_many(2).await.unwrap();
        ask(shelf, one).await.unwrap();
        assert_eq!(resting(), 2);
        drop(turns);
        // Somebody who went away before the answer has kept no turn.
        let long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) SELECT sum(i) FROM n";
        let mut asking = Box::pin(ask(shelf, long));
        assert!(futures_util::poll!(&mut asking).is_pending());
        assert_eq!(shelf.turns.available_permits(), 1);
        drop(asking);
        assert_eq!(shelf.turns.available_permits(), 2);

        database.shelf.close().await.unwrap();
        assert_eq!(resting(), 0);
        database.close().await.unwrap();
    }
}
