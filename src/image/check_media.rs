//! Compares the store of pictures with the library: which files are missing, belong to nothing, or have other bytes than their
//! names say; and deletes those that belong to nothing, if it is told to. For `copydesk media check`; `verify` asks the same of each image, and more.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use futures_util::TryStreamExt as _;
use sha2::{Digest as _, Sha256};

use super::read::{self, LibraryFilter};
use super::store::{self, Kind, ORIGINALS, RENDITIONS, VARIANTS};
use crate::clock::Timestamp;
use crate::db::keyset::{Position, SortKey, Window};
use crate::error::Failure;
use crate::media_store;
use crate::operation::Store;

/// Records that are read at once.
const BATCH: u64 = 500;

/// How long a file may be without an image: longer than an upload is under way.
const YOUNG_SECONDS: i64 = 60 * 60;

/// How it is looked.
#[derive(Clone, Copy, Debug, Default)]
pub struct Look {
    /// Whether each file is read; else it is only looked whether it is there.
    pub reads_bytes: bool,
    /// Whether orphans are deleted, once they are an hour old.
    pub deletes_orphans: bool,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Checked {
    /// Files that were looked at.
    pub files: u64,
    /// Files that an image names and that are not there.
    pub missing: BTreeSet<String>,
    /// Files that no image names: of uploads that were refused late or cut off, of images that were deleted, or whose file was
    /// replaced; and what was made of those.
    pub orphaned: BTreeSet<String>,
    /// Those among them that were deleted.
    pub deleted: BTreeSet<String>,
    /// Files whose bytes are not those that their names are the hash of, or that can't be read.
    pub corrupt: BTreeSet<String>,
}

/// Checks the store. `tell` learns how many files so far.
pub async fn check_media(store: &Store, look: Look, tell: &(dyn Fn(u64) + Sync)) -> Result<Checked, Failure> {
    let mut checked = Checked::default();
    // Listed before the library is read: a file comes before its row, so what was listed and is named by nothing by then is an
    // orphan, or of an upload that is under way.
    let mut there = BTreeMap::new();
    let mut listed = store.media.list(None);
    while let Some(object) = listed.try_next().await? {
        there.insert(object.location.to_string(), store::time_of(&object));
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
    for path in named.iter().filter(|path| !there.contains_key(*path)) {
        // Of an image that was uploaded since the store was listed, the file is there.
        if !store::is_there(store, &path.as_str().into()).await? {
            checked.missing.insert(path.clone());
        }
    }
    let old = store.clock.now().plus_seconds(-YOUNG_SECONDS);
    for (path, written_at) in there {
        let mut parts = path.split('/');
        let folder = parts.next().unwrap_or_default();
        let hash = parts.nth(1).unwrap_or_default();
        let (is_orphaned, kind) = match folder {
            ORIGINALS => (!named.contains(&path), Kind::Original),
            RENDITIONS => (!named.contains(&path), Kind::Rendition),
            VARIANTS => (!hashes.contains(hash), Kind::Rendition),
            // The log's heads, and whatever else is kept beside.
            _ => continue,
        };
        checked.files += 1;
        if look.reads_bytes && folder != VARIANTS && !is_whole(store, &path).await {
            checked.corrupt.insert(path.clone());
        }
        if is_orphaned {
            if look.deletes_orphans && written_at < old && delete(store, &path, kind, hash, old).await? {
                checked.deleted.insert(path.clone());
            }
            checked.orphaned.insert(path);
        }
        tell(checked.files);
    }
    for unfinished in media_store::unfinished(&store.config).await? {
        checked.files += 1;
        if look.deletes_orphans && unfinished.written_at < old && unfinished.remove().await? {
            checked.deleted.insert(unfinished.name.clone());
        }
        checked.orphaned.insert(unfinished.name);
    }
    Ok(checked)
}

/// Deletes a file that belonged to no image when the library was read, and was old: if both hold still, and while no row can be
/// written that names it. What an upload does on its side, `super::upload::Received::keep` says.
async fn delete(store: &Store, path: &str, kind: Kind, hash: &str, old: Timestamp) -> Result<bool, Failure> {
    let path = path.into();
    // It writes nothing: it holds the lock, for the time of two calls to the store.
    let transaction = store.database.begin().await?;
    transaction.lock_library().await?;
    let is_orphaned = !read::has_file(transaction.connection(), kind, hash).await?
        && store::written_at(store, &path).await?.is_some_and(|written_at| written_at < old);
    if is_orphaned {
        store::delete(store, &path).await?;
    }
    Ok(is_orphaned)
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
