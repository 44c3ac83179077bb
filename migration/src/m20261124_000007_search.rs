//! The words of published articles, and each engine's index over them.
//!
//! The rows are the same on both engines: words folded by us, separated by spaces. SQLite keeps an FTS5 table beside them
//! by triggers, PostgreSQL a generated tsvector; neither engine's own idea of a word ever sees an editor's text.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000007_search"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, ROWS).await?;
        let index =
            if manager.get_database_backend() == DbBackend::Sqlite { SQLITE_INDEX } else { POSTGRES_INDEX };
        dialect::run(manager, index).await
    }
}

const ROWS: &str = r#"
CREATE TABLE search (
    row {serial},
    article_id {id} NOT NULL UNIQUE REFERENCES articles (id) ON DELETE CASCADE,
    title TEXT NOT NULL,
    excerpt TEXT NOT NULL,
    headings TEXT NOT NULL,
    body TEXT NOT NULL
)
"#;

const SQLITE_INDEX: &str = r#"
CREATE VIRTUAL TABLE search_index USING fts5 (
    title, excerpt, headings, body,
    content = 'search', content_rowid = 'row', tokenize = "unicode61 remove_diacritics 0"
)

CREATE TRIGGER search_inserted AFTER INSERT ON search BEGIN
    INSERT INTO search_index (rowid, title, excerpt, headings, body)
    VALUES (new.row, new.title, new.excerpt, new.headings, new.body);
END

CREATE TRIGGER search_deleted AFTER DELETE ON search BEGIN
    INSERT INTO search_index (search_index, rowid, title, excerpt, headings, body)
    VALUES ('delete', old.row, old.title, old.excerpt, old.headings, old.body);
END

CREATE TRIGGER search_updated AFTER UPDATE ON search BEGIN
    INSERT INTO search_index (search_index, rowid, title, excerpt, headings, body)
    VALUES ('delete', old.row, old.title, old.excerpt, old.headings, old.body);
    INSERT INTO search_index (rowid, title, excerpt, headings, body)
    VALUES (new.row, new.title, new.excerpt, new.headings, new.body);
END
"#;

const POSTGRES_INDEX: &str = r#"
ALTER TABLE search ADD COLUMN words TSVECTOR NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('simple', excerpt), 'B')
    || setweight(to_tsvector('simple', headings), 'C') || setweight(to_tsvector('simple', body), 'D')
) STORED

CREATE INDEX search_by_word ON search USING GIN (words)
"#;
