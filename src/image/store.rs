//! Where picture files are kept: by the SHA-256 of their bytes, originals apart from what may be served.

use bytes::Bytes;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStoreExt as _, PutMode, PutOptions};

use crate::clock::Timestamp;
use crate::error::Failure;
use crate::operation::Store;

/// Which of the two files of an image.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// As uploaded; never served.
    Original,
    /// Without private metadata.
    Rendition,
}

/// The object's name.
pub fn path(kind: Kind, hash: &str) -> Path {
    let folder = match kind {
        Kind::Original => ORIGINALS,
        Kind::Rendition => RENDITIONS,
    };
    Path::from_iter([folder, &hash[..hash.len().min(2)], hash])
}

/// The name of what was made of a rendition. All below this folder can be made again.
pub fn variant_path(hash: &str, name: &str) -> Path {
    Path::from_iter([VARIANTS, &hash[..hash.len().min(2)], hash, name])
}

/// The folder of what was uploaded, as it was uploaded.
pub const ORIGINALS: &str = "originals";
/// The folder of what may be served.
pub const RENDITIONS: &str = "renditions";
/// The folder of variants.
pub const VARIANTS: &str = "variants";

/// How often it is tried to keep a file.
const TRIES: u32 = 5;

/// Keeps a file. The same bytes are kept once; where they are there, they are written again, which makes the file as young as
/// if it had come now: what no image names and is old is deleted by `copydesk media check --delete-orphans`.
pub async fn put(store: &Store, kind: Kind, hash: &str, bytes: Bytes) -> Result<(), Failure> {
    write(store, &path(kind, hash), bytes, PutMode::Overwrite).await
}

/// Keeps a file under this name, if there is none.
pub async fn put_new(store: &Store, path: &Path, bytes: Vec<u8>) -> Result<(), Failure> {
    write(store, path, bytes.into(), PutMode::Create).await
}

/// Tries again what failed: whoever deletes the last file of a folder takes the folder away, also while another is put there.
async fn write(store: &Store, path: &Path, bytes: Bytes, mode: PutMode) -> Result<(), Failure> {
    let mut tries = TRIES;
    loop {
        let options = PutOptions { mode: mode.clone(), ..PutOptions::default() };
        match store.media.put_opts(path, bytes.clone().into(), options).await {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => return Ok(()),
            Err(error) if tries > 1 => tracing::debug!(%error, %path, "a file can't be kept: tried again"),
            Err(error) => return Err(error.into()),
        }
        tries -= 1;
    }
}

/// Reads a file as a stream; `None` when it isn't there.
pub async fn get(store: &Store, kind: Kind, hash: &str) -> Result<Option<GetResult>, Failure> {
    open(store, &path(kind, hash), None).await
}

/// Whether there is such a file.
pub async fn is_there(store: &Store, path: &Path) -> Result<bool, Failure> {
    Ok(head(store, path).await?.is_some())
}

/// When a file was last written; `None` when it isn't there.
pub async fn written_at(store: &Store, path: &Path) -> Result<Option<Timestamp>, Failure> {
    Ok(head(store, path).await?.as_ref().map(time_of))
}

/// A file's bytes; `None` when it isn't there.
pub async fn size(store: &Store, path: &Path) -> Result<Option<u64>, Failure> {
    Ok(head(store, path).await?.map(|found| found.size))
}

async fn head(store: &Store, path: &Path) -> Result<Option<ObjectMeta>, Failure> {
    match store.media.head(path).await {
        Ok(found) => Ok(Some(found)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// When a file that was found was last written.
pub fn time_of(found: &ObjectMeta) -> Timestamp {
    Timestamp(found.last_modified.timestamp_millis())
}

/// Removes a file; one that is gone by then is none.
pub async fn delete(store: &Store, path: &Path) -> Result<(), Failure> {
    match store.media.delete(path).await {
        Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Reads a file, or a part of it, as a stream; `None` when it isn't there.
pub async fn open(store: &Store, path: &Path, range: Option<GetRange>) -> Result<Option<GetResult>, Failure> {
    match store.media.get_opts(path, GetOptions { range, ..GetOptions::default() }).await {
        Ok(found) => Ok(Some(found)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
