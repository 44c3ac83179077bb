//! Locks between nodes, held to the end of the transaction that takes them.

use sea_orm::{ConnectionTrait, DatabaseTransaction, DbErr, Statement, Value};

use super::Engine;

/// What may be locked.
#[derive(Clone, Copy, Debug)]
pub enum Lock {
    /// The shape of the tables.
    Migration,
    /// The rows that the public sees.
    PublicTables,
    /// Users and keys.
    Accounts,
    /// That what drafts come to use stays in the library.
    Library,
}

impl Lock {
    /// Its number among PostgreSQL's advisory locks: "copydesk" in ASCII, and one digit.
    fn number(self) -> i64 {
        let base = i64::from_be_bytes(*b"copydes\0");
        base + match self {
            Self::Migration => 1,
            Self::PublicTables => 2,
            Self::Accounts => 3,
            Self::Library => 4,
        }
    }
}

/// Waits for the lock. SQLite: `BEGIN IMMEDIATE` has locked the whole file already.
pub async fn advisory(transaction: &DatabaseTransaction, engine: Engine, lock: Lock) -> Result<(), DbErr> {
    take(transaction, engine, "SELECT pg_advisory_xact_lock($1)", lock).await
}

/// The same, beside others who share it.
pub async fn shared(transaction: &DatabaseTransaction, engine: Engine, lock: Lock) -> Result<(), DbErr> {
    take(transaction, engine, "SELECT pg_advisory_xact_lock_shared($1)", lock).await
}

async fn take(
    transaction: &DatabaseTransaction,
    engine: Engine,
    sql: &'static str,
    lock: Lock,
) -> Result<(), DbErr> {
    match engine {
        Engine::Sqlite => Ok(()),
        Engine::Postgres => {
            let backend = transaction.get_database_backend();
            let statement = Statement::from_sql_and_values(backend, sql, [Value::from(lock.number())]);
            transaction.execute_raw(statement).await.map(|_| ())
        }
    }
}
