//! The change log: one signed chain, and its head in one row that serializes appending.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000002_log"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = r#"
CREATE TABLE log_head (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence BIGINT NOT NULL,
    hash TEXT NOT NULL
)

INSERT INTO log_head (id, sequence, hash) VALUES (1, 0, '')

CREATE TABLE changes (
    sequence BIGINT NOT NULL PRIMARY KEY,
    at BIGINT NOT NULL,
    actor_id {id} NULL,
    action TEXT NOT NULL,
    subject_type TEXT NOT NULL,
    subject_id {id} NOT NULL,
    entry TEXT NOT NULL,
    hash TEXT NOT NULL,
    key_id TEXT NOT NULL,
    signature TEXT NOT NULL
)

CREATE INDEX changes_by_subject ON changes (subject_id, sequence)

CREATE INDEX changes_by_kind ON changes (subject_type, sequence)
"#;
