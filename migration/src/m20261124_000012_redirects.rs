//! Redirects that editors set by hand: from a path on the site to another, or to an address elsewhere. Public by nature.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000012_redirects"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = r#"
CREATE TABLE redirects (
    id {id} NOT NULL PRIMARY KEY,
    from_path {sorted_text} NOT NULL UNIQUE,
    target TEXT NOT NULL,
    status INTEGER NOT NULL CHECK (status IN (301, 302, 307, 308)),
    version INTEGER NOT NULL CHECK (version > 0),
    salt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE INDEX redirects_by_path ON redirects (from_path, id)
"#;
