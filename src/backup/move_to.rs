//! Copies an instance's rows into another, empty database, on either engine. Its keys and media stay where they are.

use std::sync::Arc;

use super::load::Loader;
use super::manifest::{Head, Manifest, head};
use super::{BackupError, on_blocking_thread, rows, tables};
use crate::account::instance;
use crate::config::DatabaseAddress;
use crate::keys::Keys;
use crate::operation::Store;
use crate::start;

/// What was moved.
pub struct Moved {
    /// The instance on its new database.
    pub store: Arc<Store>,
    /// Where the log ended.
    pub head: Head,
    /// How many rows.
    pub rows: u64,
}

/// Copies every row of one moment to `target`. Fails, and leaves the target empty, where the instance was written to
/// meanwhile: what was written would be left behind.
pub async fn move_to(store: &Arc<Store>, target: DatabaseAddress) -> Result<Moved, BackupError> {
    let store = Arc::clone(store);
    on_blocking_thread(move || copy(store, target)).await
}

async fn copy(store: Arc<Store>, target: DatabaseAddress) -> Result<Moved, BackupError> {
    let mut config = store.config.clone();
    config.database = target;
    let (database, lock) = start::open_database(&config).await?;
    drop(lock);
    let snapshot = store.database.snapshot_for_copying().await?;
    let manifest = Manifest::of(&snapshot, store.clock.now()).await?;
    manifest.check_tables()?;
    let mut loader = Loader::begin(&database).await?;
    for (place, table) in tables::all()?.iter().enumerate() {
        rows::each(&snapshot, table, async |row| loader.add(place, row).await).await?;
    }
    drop(snapshot);
    let head = manifest.head;
    refuse_later(&store, &head, "The target is empty still.").await?;
    let rows = loader.finish().await?.values().sum();
    let keys = Keys::load_or_create(&config.keys_dir, &*store.chance)?;
    instance::check_keys(&database, &keys, &*store.clock).await?;
    let store = start::assemble(config, database, keys, Arc::clone(&store.clock), Arc::clone(&store.chance))?;
    Ok(Moved { store, head, rows })
}

/// Fails where the instance that was moved has been written to since.
pub async fn check_source(store: &Store, copied: &Head) -> Result<(), BackupError> {
    refuse_later(
        store,
        copied,
        "The target holds the instance as it was before: delete what is in it, or give another database.",
    )
    .await
}

async fn refuse_later(store: &Store, copied: &Head, state: &'static str) -> Result<(), BackupError> {
    let now = head(&store.database.snapshot().await?).await?;
    if now == *copied {
        return Ok(());
    }
    Err(BackupError::WentOn { copied: copied.sequence, now: now.sequence, state })
}
