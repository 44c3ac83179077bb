//! What differs between the two engines, side by side.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend, DbErr};

/// The names that a migration may use for a type, and what each engine calls it.
const TYPES: &[(&str, &str, &str)] = &[
    // 16 bytes, compared byte by byte on both.
    ("{id}", "BLOB", "UUID"),
    // Text compared byte by byte: what keyset pages sort by must sort alike everywhere.
    ("{sorted_text}", "TEXT COLLATE BINARY", "TEXT COLLATE \"C\""),
    ("{serial}", "INTEGER PRIMARY KEY", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"),
];

/// Runs the statements, split at blank lines.
pub async fn run(manager: &SchemaManager<'_>, sql: &str) -> Result<(), DbErr> {
    let is_sqlite = manager.get_database_backend() == DbBackend::Sqlite;
    let mut sql = sql.to_owned();
    for (name, sqlite, postgres) in TYPES {
        sql = sql.replace(name, if is_sqlite { sqlite } else { postgres });
    }
    for statement in sql.split("\n\n").map(str::trim).filter(|statement| !statement.is_empty()) {
        manager.get_connection().execute_unprepared(statement).await?;
    }
    Ok(())
}
