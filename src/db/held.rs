//! A connection that is held from one statement to the next, without a transaction: SeaORM holds none but for one. The pool asks a
//! connection that is given back each time whether it is well, which is a turn as well: some go from hand to hand instead.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{AssertSqlSafe, Postgres, Sqlite, query_with};
use sea_orm::{DatabaseConnection, DbErr, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;

use super::Engine;

/// After so long without use, a connection is asked whether it is well: it goes back into the pool.
const REST: Duration = Duration::from_secs(1);
/// After so long, the pool sees a connection again, which may be due to be closed.
const LONGEST: Duration = Duration::from_secs(60);

/// Connections that go from hand to hand.
pub(super) struct Shelf(Mutex<OnLoan>);

struct OnLoan {
    /// How many there may be: no more than a part of the pool's, as nobody who waits there is given one.
    room: usize,
    /// How many there are, whether they are used or rest.
    count: usize,
    /// Those that rest, and since when; the last one last.
    resting: Vec<(Loan, Instant)>,
}

/// A connection, and since when it is not the pool's.
struct Loan(Connection, Instant);

enum Connection {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Shelf {
    /// Of a pool with so many.
    pub(super) fn beside(connections: u32) -> Arc<Self> {
        let room = usize::try_from(connections / 2).unwrap_or_default();
        Arc::new(Self(Mutex::new(OnLoan { room, count: 0, resting: Vec::new() })))
    }

    /// Those that rest go back into the pool, where somebody may wait for one.
    pub(super) fn end_rest(&self) {
        self.with(OnLoan::end_rest);
    }

    /// All go back into the pool, those in use when they are dropped.
    pub(super) fn close(&self) {
        self.with(|on_loan| {
            on_loan.room = 0;
            on_loan.end_rest();
        });
    }

    /// The connection that has rested for the least time.
    fn take(&self) -> Option<Loan> {
        self.with(|on_loan| {
            let (_, since) = on_loan.resting.last()?;
            if since.elapsed() > REST {
                // The others have rested for longer.
                on_loan.end_rest();
            }
            on_loan.resting.pop().map(|(loan, _)| loan)
        })
    }

    fn with<T>(&self, with: impl FnOnce(&mut OnLoan) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OnLoan {
    fn end_rest(&mut self) {
        self.count -= self.resting.len();
        self.resting.clear();
    }

    /// A connection that was used. Given back, if it goes back into the pool.
    fn back(&mut self, loan: Loan, was_on_loan: bool, is_well: bool) -> Option<Loan> {
        self.count -= usize::from(was_on_loan);
        if !is_well || self.count >= self.room || loan.1.elapsed() > LONGEST {
            return Some(loan);
        }
        self.count += 1;
        self.resting.push((loan, Instant::now()));
        None
    }
}

/// Goes back when it is dropped: into its pool, or to whoever is next.
pub(super) struct Held {
    shelf: Arc<Shelf>,
    /// There until it goes back.
    loan: Option<Loan>,
    /// Whether it came from hand to hand.
    was_on_loan: bool,
    /// Whether its last statement was carried out to its end.
    is_well: bool,
}

impl Held {
    /// A connection of this pool.
    pub(super) async fn of(
        engine: Engine,
        pool: &DatabaseConnection,
        shelf: &Arc<Shelf>,
    ) -> Result<Self, DbErr> {
        let held = |loan, was_on_loan| Self {
            shelf: Arc::clone(shelf),
            loan: Some(loan),
            was_on_loan,
            is_well: false,
        };
        if let Some(loan) = shelf.take() {
            return Ok(held(loan, true));
        }
        let connection = match engine {
            Engine::Sqlite => pool.get_sqlite_connection_pool().acquire().await.map(Connection::Sqlite),
            Engine::Postgres => pool.get_postgres_connection_pool().acquire().await.map(Connection::Postgres),
        };
        let connection = connection.map_err(|error| DbErr::Conn(RuntimeErr::SqlxError(error.into())))?;
        Ok(held(Loan(connection, Instant::now()), false))
    }

    /// All rows of a statement that changes nothing.
    pub(super) async fn query_all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Statement { sql, values, .. } = statement;
        let (sql, values) = (AssertSqlSafe(sql), SqlxValues(values.unwrap_or(Values(Vec::new()))));
        self.is_well = false;
        let Some(Loan(connection, _)) = &mut self.loan else {
            return Err(DbErr::Custom("the connection was given back".to_owned()));
        };
        let rows = match connection {
            Connection::Sqlite(connection) => {
                let rows = query_with(sql, values).fetch_all(&mut **connection).await;
                rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            }
            Connection::Postgres(connection) => {
                let rows = query_with(sql, values).fetch_all(&mut **connection).await;
                rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            }
        };
        self.is_well = rows.is_ok();
        rows.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(loan) = self.loan.take() {
            // Dropped behind the lock.
            let _goes_back = self.shelf.with(|on_loan| on_loan.back(loan, self.was_on_loan, self.is_well));
        }
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;
    use crate::db::{Database, DatabaseAddress};

    async fn asked(database: &Database, sql: &str) -> Held {
        let mut held = Held::of(Engine::Sqlite, &database.reader, &database.shelf).await.unwrap();
        let _ = held.query_all(Statement::from_string(DbBackend::Sqlite, sql)).await;
        held
    }

    #[tokio::test]
    async fn half_of_the_connections_go_from_hand_to_hand() {
        let folder = tempfile::tempdir().unwrap();
        let address = DatabaseAddress::Sqlite(folder.path().join("x.sqlite"));
        let database = Database::connect(&address, 4).await.unwrap();
        let on_loan = || database.shelf.with(|on_loan| (on_loan.count, on_loan.resting.len()));
        let three = [
            asked(&database, "SELECT 1").await,
            asked(&database, "SELECT 1").await,
            asked(&database, "SELECT 1").await,
        ];
        assert_eq!(on_loan(), (0, 0));
        drop(three);
        assert_eq!(on_loan(), (2, 2), "the third is the pool's again");
        let held = asked(&database, "SELECT 1").await;
        assert_eq!(on_loan(), (2, 1));
        drop(held);
        assert_eq!(on_loan(), (2, 2));
        drop(asked(&database, "SELECT nothing").await);
        assert_eq!(on_loan(), (1, 1), "one that failed goes back into the pool");
        // Who still holds one does not keep the pool open.
        let held = asked(&database, "SELECT 1").await;
        let (closed, ()) = tokio::join!(database.close(), async {
            tokio::task::yield_now().await;
            drop(held);
        });
        closed.unwrap();
    }
}
