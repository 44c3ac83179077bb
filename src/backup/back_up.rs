//! Backs up a running instance: every row of one moment, then every file of the media.
//!
//! A picture's file is there before its row and never changes, so the media that are listed after that moment hold all that
//! its rows name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use object_store::ObjectStoreExt as _;
use sha2::{Digest as _, Sha256};

use super::manifest::{End, Head, MANIFEST, Manifest};
use super::pack::Pack;
use super::part::Part;
use super::{BackupError, keys_file, on_blocking_thread, rows, tables};
use crate::image::store::VARIANTS;
use crate::operation::Store;

/// Rows are gathered to members of about this size.
const CHUNK: usize = 1024 * 1024;

/// What was backed up.
#[derive(Debug)]
pub struct Made {
    /// Where the log ended.
    pub head: Head,
    /// How many rows.
    pub rows: u64,
    /// How many files of the media.
    pub files: u64,
    /// The file's size in bytes.
    pub bytes: u64,
    /// Files of the media whose bytes are not what their names say: damaged on this disk.
    pub damaged: Vec<String>,
}

/// Writes the instance into `file`; where `keys` is named, its keys into that. Neither may be there.
pub async fn back_up(store: &Arc<Store>, file: &Path, keys: Option<&Path>) -> Result<Made, BackupError> {
    let (store, file, keys) = (Arc::clone(store), file.to_owned(), keys.map(Path::to_owned));
    on_blocking_thread(move || write(store, file, keys)).await
}

async fn write(store: Arc<Store>, file: PathBuf, keys: Option<PathBuf>) -> Result<Made, BackupError> {
    let now = store.clock.now();
    let mut pack = Pack::create(&file, now)?;
    let keys = keys.map(|path| Part::create(&path)).transpose()?;
    let mut end = End::default();
    let head = write_tables(&store, &mut pack, &mut end).await?;
    pack.only_wrap()?;
    write_media(&store, &mut pack, &mut end).await?;
    let (rows, files, damaged) = (end.tables.values().sum(), end.files, end.damaged.clone());
    let (part, bytes) = pack.finish(end)?;
    if let Some(keys) = keys {
        keys_file::write(&keys, &store.config.keys_dir)?;
        keys.keep()?;
    }
    part.keep()?;
    Ok(Made { head, rows, files, bytes, damaged })
}

async fn write_tables(store: &Store, pack: &mut Pack, end: &mut End) -> Result<Head, BackupError> {
    let snapshot = store.database.snapshot_for_copying().await?;
    let manifest = Manifest::of(&snapshot, store.clock.now()).await?;
    pack.member(MANIFEST, &serde_json::to_vec_pretty(&manifest)?)?;
    for table in tables::all()? {
        let (mut lines, mut count, mut chunk) = (Vec::new(), 0, 0);
        let mut gather = |pack: &mut Pack, lines: &mut Vec<u8>| {
            chunk += 1;
            pack.member(&format!("tables/{}/{chunk:06}.jsonl", table.name), lines)?;
            lines.clear();
            Ok::<(), BackupError>(())
        };
        rows::each(&snapshot, &table, async |row| {
            rows::write_line(&table, &row, &mut lines)?;
            count += 1;
            if lines.len() >= CHUNK { gather(pack, &mut lines) } else { Ok(()) }
        })
        .await?;
        if !lines.is_empty() {
            gather(pack, &mut lines)?;
        }
        end.tables.insert(table.name.to_owned(), count);
    }
    Ok(manifest.head)
}

async fn write_media(store: &Store, pack: &mut Pack, end: &mut End) -> Result<(), BackupError> {
    let mut listed = store.media.list(None);
    while let Some(object) = listed.try_next().await? {
        // What can be made again is not copied.
        if object.location.parts().next().is_some_and(|folder| folder.as_ref() == VARIANTS) {
            continue;
        }
        let found = match store.media.get(&object.location).await {
            Ok(found) => found,
            // Deleted since it was listed, so nothing shows it any more.
            Err(object_store::Error::NotFound { .. }) => continue,
            Err(error) => return Err(error.into()),
        };
        let name = format!("media/{}", object.location);
        pack.begin(&name, found.meta.size)?;
        let mut digest = Sha256::new();
        let mut content = found.into_stream();
        while let Some(bytes) = content.try_next().await? {
            digest.update(&bytes);
            pack.write(&bytes)?;
        }
        pack.end()?;
        if !is_named_by(&name, &hex::encode(digest.finalize())) {
            end.damaged.push(name);
        }
        end.files += 1;
    }
    Ok(())
}

/// Whether a file's name allows this hash: one that is named by a hash allows that alone.
pub(super) fn is_named_by(name: &str, hash: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    let is_hash = last.len() == 64 && last.bytes().all(|byte| byte.is_ascii_hexdigit());
    !is_hash || last == hash
}
