//! What editors pick from: the records of images, authors and tags; and the categories, which are always public.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261124_000003_library"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = r#"
CREATE TABLE image_records (
    id {id} NOT NULL PRIMARY KEY,
    alt TEXT NOT NULL,
    caption TEXT NULL,
    credit TEXT NULL,
    file_name TEXT NOT NULL,
    original_hash TEXT NOT NULL,
    original_mime_type TEXT NOT NULL,
    original_bytes BIGINT NOT NULL,
    rendition_hash TEXT NOT NULL,
    mime_type TEXT NOT NULL,
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    uploader_id {id} NOT NULL REFERENCES users (id),
    version INTEGER NOT NULL CHECK (version > 0),
    salt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE INDEX image_records_newest ON image_records (created_at, id)

CREATE TABLE author_records (
    id {id} NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name {sorted_text} NOT NULL,
    bio TEXT NULL,
    portrait_image_id {id} NULL REFERENCES image_records (id),
    is_listed BOOLEAN NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    salt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE INDEX author_records_by_name ON author_records (sort_name, id)

CREATE TABLE tag_records (
    id {id} NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    sort_name {sorted_text} NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    salt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE INDEX tag_records_by_name ON tag_records (sort_name, id)

CREATE TABLE categories (
    id {id} NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NULL,
    parent_id {id} NULL REFERENCES categories (id),
    position INTEGER NOT NULL,
    article_count INTEGER NOT NULL CHECK (article_count >= 0),
    version INTEGER NOT NULL CHECK (version > 0),
    salt TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
)

CREATE INDEX categories_by_parent ON categories (parent_id, position, id)
"#;
