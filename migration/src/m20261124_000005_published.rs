//! What the public sees. Nothing private stands in these tables, so no join, filter or count can reach a draft.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000005_published"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = r#"
CREATE TABLE articles (
    id {id} NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    excerpt TEXT NULL,
    locale TEXT NOT NULL,
    word_count INTEGER NOT NULL,
    comment_count INTEGER NOT NULL CHECK (comment_count >= 0),
    published_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE INDEX articles_newest ON articles (published_at, id)

CREATE INDEX articles_by_locale ON articles (locale, published_at, id)

CREATE TABLE article_slugs (
    slug TEXT NOT NULL PRIMARY KEY,
    article_id {id} NOT NULL REFERENCES articles (id) ON DELETE CASCADE
)

CREATE INDEX article_slugs_by_article ON article_slugs (article_id)

CREATE TABLE images (
    id {id} NOT NULL PRIMARY KEY,
    alt TEXT NOT NULL,
    caption TEXT NULL,
    credit TEXT NULL,
    rendition_hash TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    reference_count INTEGER NOT NULL CHECK (reference_count > 0)
)

CREATE TABLE authors (
    id {id} NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name {sorted_text} NOT NULL,
    bio TEXT NULL,
    portrait_image_id {id} NULL REFERENCES images (id),
    article_count INTEGER NOT NULL CHECK (article_count >= 0)
)

CREATE INDEX authors_by_name ON authors (sort_name, id)

CREATE INDEX authors_by_portrait ON authors (portrait_image_id) WHERE portrait_image_id IS NOT NULL

CREATE TABLE tags (
    id {id} NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name {sorted_text} NOT NULL,
    article_count INTEGER NOT NULL CHECK (article_count >= 0)
)

CREATE INDEX tags_by_name ON tags (sort_name, id)

CREATE TABLE sections (
    article_id {id} NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    id {id} NOT NULL,
    anchor TEXT NOT NULL,
    level INTEGER NOT NULL CHECK (level BETWEEN 2 AND 4),
    heading TEXT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (article_id, position)
)

CREATE TABLE figures (
    article_id {id} NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    section_id {id} NULL,
    image_id {id} NOT NULL REFERENCES images (id),
    caption TEXT NULL,
    credit TEXT NULL,
    PRIMARY KEY (article_id, position)
)

CREATE INDEX figures_by_image ON figures (image_id)

CREATE TABLE related_links (
    article_id {id} NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    target_article_id {id} NULL,
    url TEXT NULL,
    title TEXT NULL,
    PRIMARY KEY (article_id, position),
    CHECK ((target_article_id IS NULL) <> (url IS NULL))
)

CREATE INDEX related_links_by_target ON related_links (target_article_id) WHERE target_article_id IS NOT NULL

CREATE TABLE article_authors (
    article_id {id} NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    author_id {id} NOT NULL REFERENCES authors (id),
    position INTEGER NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (article_id, author_id)
)

CREATE INDEX article_authors_newest ON article_authors (author_id, published_at, article_id)

CREATE TABLE article_tags (
    article_id {id} NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    tag_id {id} NOT NULL REFERENCES tags (id),
    position INTEGER NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (article_id, tag_id)
)

CREATE INDEX article_tags_newest ON article_tags (tag_id, published_at, article_id)

CREATE TABLE article_categories (
    article_id {id} NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
    category_id {id} NOT NULL REFERENCES categories (id),
    position INTEGER NOT NULL,
    is_direct BOOLEAN NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (article_id, category_id)
)

CREATE INDEX article_categories_newest ON article_categories (category_id, published_at, article_id)
"#;
