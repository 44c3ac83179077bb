//! The first and the last member of a backup: what it is, and what has to be in it.

use std::collections::BTreeMap;

use sea_orm::{EntityTrait as _, QueryOrder as _};
use serde::{Deserialize, Serialize};

use super::BackupError;
use crate::account::entity::instance_keys;
use crate::clock::Timestamp;
use crate::db::{self, Engine, Snapshot};
use crate::log::entity::log_head;

/// What every backup says that it is.
pub(super) const FORMAT: &str = "copydesk-backup";
/// The form that is written and read here: another number where a reader of this one could not read it.
pub(super) const FORMAT_VERSION: u32 = 1;
/// The name of the first member.
pub(super) const MANIFEST: &str = "manifest.json";
/// The name of the last member.
pub(super) const END: &str = "end.json";

/// What the backup is of.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    /// [`FORMAT`].
    pub format: String,
    /// [`FORMAT_VERSION`].
    pub format_version: u32,
    /// The version that made it.
    pub copydesk: String,
    /// When; RFC 3339.
    pub created_at: String,
    /// On which engine. Any other reads it as well.
    pub engine: String,
    /// Which migrations its tables have.
    pub migrations: Vec<String>,
    /// The log's last entry.
    pub head: Head,
    /// The public ids of the keys that it needs.
    pub keys: Vec<RecordedKey>,
}

/// Where the log ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The last entry's number.
    pub sequence: i64,
    /// The last entry's hash.
    pub hash: String,
}

/// A key that the database knows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RecordedKey {
    /// `seal`, `secret` or `token`.
    pub purpose: String,
    /// Its public id.
    pub id: String,
    /// It counts for nothing from then on.
    pub refused_from: Option<Timestamp>,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    /// Rows by table.
    pub tables: BTreeMap<String, u64>,
    /// Files of the media.
    pub files: u64,
    /// Those of them whose bytes were not what their names say already when they were backed up.
    pub damaged: Vec<String>,
    /// Over the names, sizes and contents of all members before.
    pub sha256: String,
}

impl Manifest {
    /// What this moment of the database is.
    pub async fn of(snapshot: &Snapshot, now: Timestamp) -> Result<Self, BackupError> {
        let head = head(snapshot).await?;
        let known = db::migrations();
        let migrations = snapshot.migrations().await?;
        if let Some(newer) = migrations.iter().find(|name| !known.contains(name)) {
            return Err(BackupError::NewerDatabase(newer.clone()));
        }
        let keys = instance_keys::Entity::find()
            .order_by_asc(instance_keys::Column::SignsFrom)
            .all(snapshot.connection())
            .await?;
        let recorded = |key: instance_keys::Model| RecordedKey {
            purpose: key.purpose,
            id: key.key_id,
            refused_from: key.refused_from,
        };
        Ok(Self {
            format: FORMAT.to_owned(),
            format_version: FORMAT_VERSION,
            copydesk: env!("CARGO_PKG_VERSION").to_owned(),
            created_at: now.to_rfc3339(),
            engine: match snapshot.engine() {
                Engine::Sqlite => "sqlite".to_owned(),
                Engine::Postgres => "postgres".to_owned(),
            },
            migrations,
            head,
            keys: keys.into_iter().map(recorded).collect(),
        })
    }

    /// Fails where its tables are not those of this version: rows are taken over as they are, and only a migration knows
    /// what became of them.
    pub fn check_tables(&self) -> Result<(), BackupError> {
        let known = db::migrations();
        let alone =
            |some: &[String], others: &[String]| some.iter().find(|name| !others.contains(name)).cloned();
        match alone(&self.migrations, &known).or_else(|| alone(&known, &self.migrations)) {
            Some(migration) => Err(BackupError::OtherTables { made_by: self.copydesk.clone(), migration }),
            None => Ok(()),
        }
    }
}

/// Where the log ends at this moment.
pub(super) async fn head(snapshot: &Snapshot) -> Result<Head, BackupError> {
    let head = log_head::Entity::find_by_id(1).one(snapshot.connection()).await?;
    let missing = || BackupError::Row { table: "log_head".to_owned(), what: "there is none".to_owned() };
    head.map(|head| Head { sequence: head.sequence, hash: head.hash }).ok_or_else(missing)
}
