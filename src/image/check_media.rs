//! Compares the store of pictures with the library: which files are missing, belong to nothing, or have other bytes than their
//! names say. For `copydesk media check`; `verify` asks the same of each image, and more.

use std::collections::{BTreeSet, HashSet};

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};

use super::read::{self, LibraryFilter};
use super::store::{self, Kind, VARIANTS};
use crate::db::keyset::{Position, SortKey, Window};
use crate::error::Failure;
use crate::operation::Store;

/// Records that are read at once.
const BATCH: u64 = 500;

/// What was found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Files that were looked at.
    pub files: u64,
    /// Files that an image names and that are not there.
    pub missing: BTreeSet<String>,
    /// Files that no image names: of uploads that were refused late, or of files that were replaced.
    pub orphaned: BTreeSet<String>,
    /// Files whose bytes are not those that their names are the hash of, or that can't be read.
    pub corrupt: BTreeSet<String>,
}

/// Checks the store. With `reads_bytes`, each file is read; else only whether it is there. `tell` learns how many so far.
pub async fn check_media(
    store: &Store,
    reads_bytes: bool,
    tell: &(dyn Fn(u64) + Sync),
) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
    // Listed before the library is read: a file comes before its row, so what was listed and is named by nothing by then is an
    // orphan, or of an upload that is under way.
    let mut there = BTreeSet::new();
    let mut listed = store.media.list(None);
    while let Some(object) = listed.try_next().await? {
        there.insert(object.location.to_string());
    }
    let (mut named, mut hashes) = (BTreeSet::new(), HashSet::new());
    let mut window = Window::first(BATCH);
    loop {
        let snapshot = store.database.snapshot().await?;
        let page = read::library(&snapshot, &LibraryFilter::default(), &window).await?;
        for record in &page.rows {
            named.insert(store::path(Kind::Original, &record.original_hash).to_string());
            named.insert(store::path(Kind::Rendition, &record.rendition_hash).to_string());
            hashes.insert(record.rendition_hash.clone());
        }
        let Some(last) = page.rows.last().filter(|_| page.has_next) else { break };
        window.after = Some(Position { key: SortKey::Number(last.created_at.0), id: last.id.0 });
    }
    for path in named.difference(&there) {
        // Of an image that was uploaded since the store was listed, the file is there.
        if !store::is_there(store, &path.as_str().into()).await? {
            checked.missing.insert(path.clone());
        }
    }
    for path in there {
        let mut parts = path.split('/');
        let folder = parts.next().unwrap_or_default();
        let is_orphaned = match folder {
            "originals" | "renditions" => !named.contains(&path),
            VARIANTS => !parts.nth(1).is_some_and(|hash| hashes.contains(hash)),
            // The log's heads, and whatever else is kept beside.
            _ => continue,
        };
        checked.files += 1;
        if reads_bytes && folder != VARIANTS && !is_whole(store, &path).await {
            checked.corrupt.insert(path.clone());
        }
        if is_orphaned {
            checked.orphaned.insert(path);
        }
        tell(checked.files);
    }
    Ok(checked)
}

/// Whether a file's bytes are those that its name is the hash of.
async fn is_whole(store: &Store, path: &str) -> bool {
    let Ok(Some(found)) = store::open(store, &path.into(), None).await else { return false };
    let (mut digest, mut content) = (Sha256::new(), found.into_stream());
    loop {
        match content.try_next().await {
            Ok(Some(bytes)) => digest.update(&bytes),
            Ok(None) => return path.ends_with(&hex::encode(digest.finalize())),
            Err(_) => return false,
        }
    }
}
