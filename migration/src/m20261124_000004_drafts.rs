//! The desk: drafts, their immutable revisions, and the slugs that articles have reserved.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000004_drafts"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = r#"
CREATE TABLE drafts (
    article_id {id} NOT NULL PRIMARY KEY,
    owner_id {id} NOT NULL REFERENCES users (id),
    stage TEXT NOT NULL CHECK (stage IN ('WRITING', 'IN_REVIEW')),
    stage_note TEXT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    head_revision INTEGER NOT NULL CHECK (head_revision > 0),
    published_revision INTEGER NULL,
    title TEXT NOT NULL,
    slug TEXT NOT NULL,
    first_published_at BIGINT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE INDEX drafts_newest ON drafts (updated_at, article_id)

CREATE INDEX drafts_by_owner ON drafts (owner_id, updated_at, article_id)

CREATE INDEX drafts_by_stage ON drafts (stage, updated_at, article_id)

CREATE TABLE revisions (
    article_id {id} NOT NULL REFERENCES drafts (article_id),
    number INTEGER NOT NULL CHECK (number > 0),
    content TEXT NOT NULL,
    hash TEXT NOT NULL,
    actor_id {id} NOT NULL REFERENCES users (id),
    note TEXT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (article_id, number)
)

CREATE TABLE slug_history (
    slug TEXT NOT NULL PRIMARY KEY,
    article_id {id} NOT NULL,
    was_published BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL
)

CREATE INDEX slug_history_by_article ON slug_history (article_id)
"#;
