//! Readers' comments: the records with their e-mail addresses, and the approved ones that the public sees.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000006_comments"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = r#"
CREATE TABLE comment_records (
    id {id} NOT NULL PRIMARY KEY,
    article_id {id} NOT NULL REFERENCES drafts (article_id),
    parent_id {id} NULL REFERENCES comment_records (id),
    author_name TEXT NOT NULL,
    author_email TEXT NOT NULL,
    body TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('PENDING', 'APPROVED', 'REJECTED', 'SPAM', 'DELETED')),
    version INTEGER NOT NULL CHECK (version > 0),
    salt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE INDEX comment_records_by_status ON comment_records (status, created_at, id)

CREATE INDEX comment_records_by_article ON comment_records (article_id, created_at, id)

CREATE INDEX comment_records_by_parent ON comment_records (parent_id) WHERE parent_id IS NOT NULL

CREATE TABLE comments (
    id {id} NOT NULL PRIMARY KEY,
    article_id {id} NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    parent_id {id} NULL,
    author_name TEXT NOT NULL,
    body TEXT NULL,
    created_at BIGINT NOT NULL
)

CREATE INDEX comments_of_article ON comments (article_id, created_at, id) WHERE parent_id IS NULL

CREATE INDEX comments_by_article ON comments (article_id)

CREATE INDEX comments_of_parent ON comments (parent_id, created_at, id) WHERE parent_id IS NOT NULL
"#;
