//! Restores a backup into an empty instance, on either engine.
//!
//! The file is read three times: all of it, to know that it is whole; the media, which are named by their content, so that
//! one that nothing refers to yet is no harm; then the rows, in one transaction. Where that fails, nothing is in the
//! database, and the same command may be given again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use object_store::ObjectStoreExt as _;

use super::check::{check, table_of};
use super::load::Loader;
use super::manifest::Head;
use super::unpack::Opened;
use super::{BackupError, keys_file, on_blocking_thread, rows, tables};
use crate::account::instance;
use crate::clock::{Chance, Clock};
use crate::config::Config;
use crate::keys::Keys;
use crate::operation::Store;
use crate::start;

/// What was restored.
pub struct Restored {
    /// The instance, opened.
    pub store: Arc<Store>,
    /// The version that made the backup.
    pub made_by: String,
    /// When it was made.
    pub made_at: String,
    /// Where the log ends.
    pub head: Head,
    /// How many rows.
    pub rows: u64,
    /// How many files of the media.
    pub files: u64,
    /// Files of the media that were damaged already when they were backed up.
    pub damaged: Vec<String>,
}

/// Reads `file` into the instance that the settings name, which must be empty. Its keys must be in the keys directory, or in
/// the keys file.
pub async fn restore(
    config: Config,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    file: &Path,
    keys: Option<&Path>,
) -> Result<Restored, BackupError> {
    let (file, keys) = (file.to_owned(), keys.map(Path::to_owned));
    on_blocking_thread(move || read(config, clock, chance, file, keys)).await
}

async fn read(
    config: Config,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
    file: PathBuf,
    keys: Option<PathBuf>,
) -> Result<Restored, BackupError> {
    let file = Opened::at(&file)?;
    let checked = check(&file).await?;
    let manifest = checked.manifest;
    let missing = keys_file::missing(&config.keys_dir, keys.as_deref(), &manifest.keys, clock.now())?;
    start::make_folders(&config)?;
    let (database, lock) = start::open_database(&config).await?;
    drop(lock);
    // Only to know that it is empty, before keys and media are put there: what is begun is undone.
    drop(Loader::begin(&database).await?);
    keys_file::put(&config.keys_dir, &missing, &*chance)?;
    let keys = Keys::load_or_create(&config.keys_dir, &*chance)?;
    let store = start::assemble(config, database, keys, clock, chance)?;
    put_media(&store, &file).await?;
    let counts = load(&store, &file).await?;
    instance::check_keys(&store.database, &store.keys, &*store.clock).await?;
    Ok(Restored {
        store,
        made_by: manifest.copydesk,
        made_at: manifest.created_at,
        head: manifest.head,
        rows: counts,
        files: checked.end.files,
        damaged: checked.end.damaged,
    })
}

async fn put_media(store: &Store, file: &Opened) -> Result<(), BackupError> {
    let mut reader = file.read()?;
    while let Some(name) = reader.next()? {
        let Some(place) = name.strip_prefix("media/") else { continue };
        let place = object_store::path::Path::parse(place).map_err(object_store::Error::from)?;
        let content = reader.content()?;
        // Whole, whatever was there: what a restore that was broken off has put is the same.
        store.media.put(&place, content.into()).await?;
    }
    Ok(())
}

async fn load(store: &Store, file: &Opened) -> Result<u64, BackupError> {
    let tables = tables::all()?;
    let mut loader = Loader::begin(&store.database).await?;
    let mut reader = file.read()?;
    while let Some(name) = reader.next()? {
        let Some(table) = table_of(&name) else { continue };
        let found = tables.iter().position(|it| it.name == table);
        let place = found.ok_or_else(|| reader.damaged(format!("there is no table {table}")))?;
        reader.lines(async |line| loader.add(place, rows::read_line(&tables[place], line)?).await).await?;
    }
    Ok(loader.finish().await?.values().sum())
}
