//! The trash, erasure, and which version of a draft each revision was saved as: what an editor's stale version is compared
//! with.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000009_trash"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

// A draft's version is how many entries the log had about it: the same for revisions that are there already.
const SQL: &str = r#"
ALTER TABLE drafts ADD COLUMN trashed_at BIGINT NULL

ALTER TABLE drafts ADD COLUMN erased_at BIGINT NULL

CREATE INDEX drafts_trashed ON drafts (updated_at, article_id) WHERE trashed_at IS NOT NULL

ALTER TABLE revisions ADD COLUMN version INTEGER NOT NULL DEFAULT 0

UPDATE revisions SET version = (
    SELECT COUNT(*) FROM changes
    WHERE changes.subject_id = revisions.article_id AND changes.at <= revisions.created_at
)

ALTER TABLE comment_records ADD COLUMN erased_at BIGINT NULL
"#;
