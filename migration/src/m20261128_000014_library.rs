//! What the library's things were called before, what took the place of those that are gone, which articles use what, and links
//! of authors.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261128_000014_library"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, TABLES).await?;
        let fill = if manager.get_database_backend() == DbBackend::Sqlite { SQLITE } else { POSTGRES };
        dialect::run(manager, fill).await
    }
}

// A kind is a subject's in the log: AUTHOR, TAG or CATEGORY. A thing's id is unique over all kinds.
const TABLES: &str = r#"
CREATE TABLE former_slugs (
    kind {sorted_text} NOT NULL,
    slug {sorted_text} NOT NULL,
    thing_id {id} NOT NULL,
    PRIMARY KEY (kind, slug)
)

CREATE INDEX former_slugs_by_thing ON former_slugs (thing_id, slug)

CREATE TABLE replacements (
    thing_id {id} NOT NULL PRIMARY KEY,
    kind {sorted_text} NOT NULL,
    replacement_id {id} NOT NULL
)

CREATE TABLE uses (
    thing_id {id} NOT NULL,
    article_id {id} NOT NULL REFERENCES drafts (article_id),
    PRIMARY KEY (thing_id, article_id)
)

CREATE INDEX uses_by_article ON uses (article_id, thing_id)

ALTER TABLE author_records ADD COLUMN links TEXT NOT NULL DEFAULT '[]'

ALTER TABLE authors ADD COLUMN links TEXT NOT NULL DEFAULT '[]'
"#;

// What the newest and the public revisions name: an id is the kind, an underscore and 32 hexadecimal digits. An image may stand
// anywhere in a text; there, each place where its prefix stands is tried.
const SQLITE: &str = r#"
INSERT OR IGNORE INTO uses (thing_id, article_id)
WITH shown (article_id, content) AS (
    SELECT drafts.article_id, revisions.content FROM drafts JOIN revisions ON revisions.article_id = drafts.article_id
    AND revisions.number IN (drafts.head_revision, drafts.published_revision) WHERE drafts.erased_at IS NULL
), cut (article_id, rest) AS (
    SELECT article_id, content FROM shown
    UNION ALL
    SELECT article_id, substr(rest, instr(rest, 'img_') + 4) FROM cut WHERE instr(rest, 'img_') > 0
), named (article_id, id) AS (
    SELECT article_id, substr(value, 5) FROM shown, json_each(content, '$.authors')
    UNION ALL
    SELECT article_id, substr(value, 5) FROM shown, json_each(content, '$.categories')
    UNION ALL
    SELECT article_id, substr(value, 5) FROM shown, json_each(content, '$.tags')
    UNION ALL
    SELECT article_id, substr(rest, 1, 32) FROM cut
)
SELECT unhex(id), article_id FROM named
WHERE unhex(id) IN (
    SELECT id FROM author_records UNION ALL SELECT id FROM tag_records UNION ALL SELECT id FROM categories
    UNION ALL SELECT id FROM image_records
)
"#;

const POSTGRES: &str = r#"
INSERT INTO uses (thing_id, article_id)
SELECT DISTINCT things.id, named.article_id FROM (
    SELECT drafts.article_id, (regexp_matches(revisions.content, '(?:aut|cat|tag|img)_([0-9a-f]{32})', 'g'))[1] AS id
    FROM drafts JOIN revisions ON revisions.article_id = drafts.article_id
    AND revisions.number IN (drafts.head_revision, drafts.published_revision) WHERE drafts.erased_at IS NULL
) AS named JOIN (
    SELECT id FROM author_records UNION ALL SELECT id FROM tag_records UNION ALL SELECT id FROM categories
    UNION ALL SELECT id FROM image_records
) AS things ON things.id = CAST(named.id AS UUID)
"#;
