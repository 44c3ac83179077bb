//! PostgreSQL's connections on which statements are asked one by one, without a transaction: SeaORM lends none but for one. The pool asks
//! each that is given back whether it is well, which is a turn as well: these go from hand to hand instead.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{AssertSqlSafe, Postgres, query_with};
use sea_orm::{DatabaseConnection, DbErr, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;
use tokio::sync::Semaphore;

/// After so long without use, a connection is asked whether it is well: it goes back into the pool.
const REST: Duration = Duration::from_secs(1);
/// After so long, the pool sees a connection again, which may be due to be closed.
const LONGEST: Duration = Duration::from_secs(60);

/// Connections that go from hand to hand.
pub(super) struct Shelf {
    /// Where they come from.
    pool: DatabaseConnection,
    /// As many as there may be at once, in use or at rest: who waits at the pool is given none of them.
    turns: Semaphore,
    /// Since when each rests; the last one last.
    resting: Mutex<Vec<(Loan, Instant)>>,
}

/// A connection, and since when it is not the pool's.
struct Loan(PoolConnection<Postgres>, Instant);

impl Shelf {
    /// Of half the connections of a pool that has so many.
    pub(super) fn of_half(pool: &DatabaseConnection, connections: u32) -> Self {
        let turns = Semaphore::new(usize::try_from(connections / 2).unwrap_or_default());
        Self { pool: pool.clone(), turns, resting: Mutex::default() }
    }

    /// All rows of a statement that changes nothing.
    pub(super) async fn query_all(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Ok(_turn) = self.turns.try_acquire() else {
            return self.lend().await?.query_all(statement).await;
        };
        let mut loan = match self.rested() {
            Some(loan) => loan,
            None => self.lend().await?,
        };
        let rows = loan.query_all(statement).await?;
        self.put_back(loan);
        Ok(rows)
    }

    /// Those that rest go back into the pool, where somebody may wait.
    pub(super) fn end_rest(&self) {
        self.resting().clear();
    }

    /// All go back into the pool, those in use when they are done.
    pub(super) fn close(&self) {
        self.turns.close();
        self.end_rest();
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

    async fn lend(&self) -> Result<Loan, DbErr> {
        let connection = self.pool.get_postgres_connection_pool().acquire().await;
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
        let rows = query_with(sql, values).fetch_all(&mut *self.0).await;
        let rows = rows.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))?;
        Ok(rows.into_iter().map(QueryResult::from).collect())
    }
}
