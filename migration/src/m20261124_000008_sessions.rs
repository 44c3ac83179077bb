//! Sessions whose refresh tokens are derived, not kept: which generation is good, and the salt that they are derived with.
//! Where each was started from. When each key that signs tokens counts.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000008_sessions"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

// Sessions from before hold tokens of another form: their users sign in again.
const SQL: &str = r#"
DROP TABLE sessions

CREATE TABLE sessions (
    id {id} NOT NULL PRIMARY KEY,
    user_id {id} NOT NULL REFERENCES users (id),
    salt TEXT NOT NULL,
    generation INTEGER NOT NULL CHECK (generation > 0),
    refresh_hash TEXT NOT NULL,
    address TEXT NULL,
    network TEXT NULL,
    user_agent TEXT NULL,
    created_at BIGINT NOT NULL,
    refreshed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT NULL
)

CREATE INDEX sessions_by_user ON sessions (user_id, created_at)

CREATE INDEX sessions_by_network ON sessions (network) WHERE network IS NOT NULL

ALTER TABLE instance_keys ADD COLUMN signs_from BIGINT NOT NULL DEFAULT 0

ALTER TABLE instance_keys ADD COLUMN refused_from BIGINT NULL
"#;
