//! Who signs in: users, their password hashes apart, their sessions.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000001_accounts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = r#"
CREATE TABLE users (
    id {id} NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('contributor', 'author', 'moderator', 'editor', 'admin')),
    is_active BOOLEAN NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    salt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE TABLE credentials (
    user_id {id} NOT NULL PRIMARY KEY REFERENCES users (id),
    password_hash TEXT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE TABLE sessions (
    id {id} NOT NULL PRIMARY KEY,
    user_id {id} NOT NULL REFERENCES users (id),
    refresh_hash TEXT NOT NULL UNIQUE,
    spent_hash TEXT NULL,
    created_at BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT NULL
)

CREATE INDEX sessions_by_user ON sessions (user_id)

CREATE INDEX sessions_by_spent ON sessions (spent_hash) WHERE spent_hash IS NOT NULL

CREATE TABLE instance_keys (
    purpose TEXT NOT NULL,
    key_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (purpose, key_id)
)
"#;
