//! The conversation under an article: who of the desk speaks in it, why a comment was held, and whether it is open.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000011_conversation"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = r#"
ALTER TABLE comment_records ADD COLUMN staff_id {id} NULL REFERENCES users (id)

ALTER TABLE comment_records ADD COLUMN is_by_article_author BOOLEAN NOT NULL DEFAULT FALSE

ALTER TABLE comment_records ADD COLUMN held_for TEXT NULL

CREATE INDEX comment_records_by_article_and_status ON comment_records (article_id, status, created_at, id)

CREATE INDEX comment_records_by_email ON comment_records (author_email, status)

ALTER TABLE comments ADD COLUMN is_staff BOOLEAN NOT NULL DEFAULT FALSE

ALTER TABLE comments ADD COLUMN is_by_article_author BOOLEAN NOT NULL DEFAULT FALSE

CREATE TABLE comment_settings (
    article_id {id} NOT NULL PRIMARY KEY REFERENCES drafts (article_id),
    comments TEXT NOT NULL CHECK (comments IN ('OPEN', 'CLOSED', 'SITE_DEFAULT')),
    close_after_days INTEGER NULL CHECK (close_after_days >= 0),
    version INTEGER NOT NULL CHECK (version > 0),
    updated_at BIGINT NOT NULL
)

ALTER TABLE articles ADD COLUMN comments TEXT NOT NULL DEFAULT 'SITE_DEFAULT'

ALTER TABLE articles ADD COLUMN comments_close_after_days INTEGER NULL
"#;
