//! The tables of Copydesk, for SQLite and PostgreSQL alike: one file a migration, append-only.
//!
//! The statements are written in SQL, not with the schema builder: what an operator reads in the database stands here
//! word for word, with its checks and partial indexes. The few types that differ are written as `{names}` and put in by
//! [`dialect::run`].

mod dialect;
mod m20261124_000001_accounts;
mod m20261124_000002_log;
mod m20261124_000003_library;
mod m20261124_000004_drafts;
mod m20261124_000005_published;
mod m20261124_000006_comments;
mod m20261124_000007_search;
mod m20261124_000008_sessions;
mod m20261124_000009_trash;
mod m20261124_000011_conversation;
mod m20261124_000012_redirects;
mod m20261124_000013_lists;
mod m20261128_000014_library;
mod m20261128_000015_images;
mod m20261128_000016_portraits;
mod m20261128_000017_media;
mod m20261129_000018_words;

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261124_000001_accounts::Migration),
            Box::new(m20261124_000002_log::Migration),
            Box::new(m20261124_000003_library::Migration),
            Box::new(m20261124_000004_drafts::Migration),
            Box::new(m20261124_000005_published::Migration),
            Box::new(m20261124_000006_comments::Migration),
            Box::new(m20261124_000007_search::Migration),
            Box::new(m20261124_000008_sessions::Migration),
            Box::new(m20261124_000009_trash::Migration),
            Box::new(m20261124_000011_conversation::Migration),
            Box::new(m20261124_000012_redirects::Migration),
            Box::new(m20261124_000013_lists::Migration),
            Box::new(m20261128_000014_library::Migration),
            Box::new(m20261128_000015_images::Migration),
            Box::new(m20261128_000016_portraits::Migration),
            Box::new(m20261128_000017_media::Migration),
            Box::new(m20261129_000018_words::Migration),
        ]
    }
}
