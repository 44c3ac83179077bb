//! PostgreSQL's words of an article, made in one step for each field: where in the field a word stands was never asked.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261129_000018_words"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        if manager.get_database_backend() == DbBackend::Postgres {
            dialect::run(manager, POSTGRES).await?;
        }
        Ok(())
    }
}

/// Every word stands at the first place: without any, it would count as standing wherever it is asked for. What was made before
/// holds, so no row is written anew.
const POSTGRES: &str = r#"
CREATE OR REPLACE FUNCTION copydesk_words(folded TEXT) RETURNS TSVECTOR LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$
    SELECT CAST(CASE WHEN folded = '' THEN '' ELSE replace(folded, ' ', ':1 ') || ':1' END AS TSVECTOR)
$$
"#;
