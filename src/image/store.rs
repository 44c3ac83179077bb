//! Where picture files are kept: by the SHA-256 of their bytes, originals apart from what may be served.

use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutMode, PutOptions};

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
        Kind::Original => "originals",
        Kind::Rendition => "renditions",
    };
    Path::from_iter([folder, &hash[..hash.len().min(2)], hash])
}

/// Keeps a file. The same bytes are kept once.
pub async fn put(store: &Store, kind: Kind, hash: &str, bytes: Vec<u8>) -> Result<(), Failure> {
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match store.media.put_opts(&path(kind, hash), bytes.into(), options).await {
        Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Reads a file as a stream; `None` when it isn't there.
pub async fn get(store: &Store, kind: Kind, hash: &str) -> Result<Option<object_store::GetResult>, Failure> {
    match store.media.get(&path(kind, hash)).await {
        Ok(found) => Ok(Some(found)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
