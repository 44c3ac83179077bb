//! The archive's months, who refers to an article, and a search index that splits words at our spaces alone.
//!
//! Each engine has its own idea of a word, which differs from one version of Unicode to the next. The rows hold words that we
//! folded and separated by spaces, so both engines are told to split nowhere else: SQLite by its tokenizer that knows ASCII
//! alone, PostgreSQL by a function of ours in the place of its parser.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000013_lists"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await?;
        let rest = if manager.get_database_backend() == DbBackend::Sqlite { SQLITE } else { POSTGRES };
        dialect::run(manager, rest).await
    }
}

// A month is its year times a hundred, and its number: 202611.
const TABLES: &str = r#"
CREATE TABLE archive_months (
    month INTEGER NOT NULL PRIMARY KEY,
    article_count INTEGER NOT NULL CHECK (article_count > 0)
)

CREATE TABLE article_references (
    target_article_id {id} NOT NULL,
    article_id {id} NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (target_article_id, article_id)
)

CREATE INDEX article_references_newest ON article_references (target_article_id, published_at, article_id)

CREATE INDEX article_references_by_article ON article_references (article_id)

CREATE INDEX users_newest ON users (created_at, id)

CREATE INDEX changes_in_order ON changes (sequence, subject_id)

INSERT INTO article_references (target_article_id, article_id, published_at)
SELECT DISTINCT related_links.target_article_id, articles.id, articles.published_at
FROM related_links JOIN articles ON articles.id = related_links.article_id
WHERE related_links.target_article_id IS NOT NULL
"#;

const SQLITE: &str = r#"
INSERT INTO archive_months (month, article_count)
SELECT CAST(strftime('%Y%m', published_at / 1000, 'unixepoch') AS INTEGER), COUNT(*) FROM articles GROUP BY 1

DROP TABLE search_index

CREATE VIRTUAL TABLE search_index USING fts5 (
    title, excerpt, headings, body, content = 'search', content_rowid = 'row', tokenize = "ascii"
)

INSERT INTO search_index (search_index) VALUES ('rebuild')
"#;

// Casting a text to tsvector splits it at spaces, and takes `word:3` as a word at place 3. PostgreSQL counts places up to
// 16,383.
const POSTGRES: &str = r#"
INSERT INTO archive_months (month, article_count)
SELECT CAST(to_char(to_timestamp(published_at / 1000) AT TIME ZONE 'UTC', 'YYYYMM') AS INTEGER), COUNT(*)
FROM articles GROUP BY 1

CREATE FUNCTION copydesk_words(folded TEXT) RETURNS TSVECTOR LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS $$
    SELECT CAST(COALESCE(string_agg(word || ':' || LEAST(place, 16383), ' '), '') AS TSVECTOR)
    FROM unnest(string_to_array(folded, ' ')) WITH ORDINALITY AS words (word, place) WHERE word <> ''
$$

DROP INDEX search_by_word

ALTER TABLE search DROP COLUMN words

ALTER TABLE search ADD COLUMN words TSVECTOR NOT NULL GENERATED ALWAYS AS (
    setweight(copydesk_words(title), 'A') || setweight(copydesk_words(excerpt), 'B')
    || setweight(copydesk_words(headings), 'C') || setweight(copydesk_words(body), 'D')
) STORED

CREATE INDEX search_by_word ON search USING GIN (words)
"#;
