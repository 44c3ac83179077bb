//! A connection that is held from one statement to the next, without a transaction: SeaORM holds none but for one. A connection that is
//! given back in between is asked each time whether it is well, which is a turn as well.

use sea_orm::sqlx::pool::PoolConnection;
use sea_orm::sqlx::{AssertSqlSafe, Postgres, Sqlite, query_with};
use sea_orm::{DatabaseConnection, DbErr, QueryResult, RuntimeErr, Statement, Values};
use sea_query_sqlx::SqlxValues;

use super::Engine;

/// Goes back into its pool when it is dropped.
pub(super) enum Held {
    Sqlite(PoolConnection<Sqlite>),
    Postgres(PoolConnection<Postgres>),
}

impl Held {
    /// A connection of this pool.
    pub(super) async fn of(engine: Engine, pool: &DatabaseConnection) -> Result<Self, DbErr> {
        let failed = |error: sea_orm::SqlxError| DbErr::Conn(RuntimeErr::SqlxError(error.into()));
        match engine {
            Engine::Sqlite => {
                pool.get_sqlite_connection_pool().acquire().await.map(Self::Sqlite).map_err(failed)
            }
            Engine::Postgres => {
                pool.get_postgres_connection_pool().acquire().await.map(Self::Postgres).map_err(failed)
            }
        }
    }

    /// All rows of a statement that changes nothing.
    pub(super) async fn query_all(&mut self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        let Statement { sql, values, .. } = statement;
        let (sql, values) = (AssertSqlSafe(sql), SqlxValues(values.unwrap_or(Values(Vec::new()))));
        let rows = match self {
            Self::Sqlite(connection) => {
                let rows = query_with(sql, values).fetch_all(&mut **connection).await;
                rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            }
            Self::Postgres(connection) => {
                let rows = query_with(sql, values).fetch_all(&mut **connection).await;
                rows.map(|rows| rows.into_iter().map(QueryResult::from).collect())
            }
        };
        rows.map_err(|error| DbErr::Query(RuntimeErr::SqlxError(error.into())))
    }
}
