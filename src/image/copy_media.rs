//! Copies the store of pictures into another, for `copydesk media move`. What is there already is not copied again, so whoever
//! was interrupted goes on.

use futures_util::TryStreamExt as _;
use object_store::{ObjectStore, ObjectStoreExt as _};

use super::store::VARIANTS;

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// Files that were copied.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Files that were there.
    pub there: u64,
}

/// Copies all but what can be made again. A picture's file never changes, so one of the same name and size is the same.
pub async fn copy_media(
    from: &dyn ObjectStore,
    to: &dyn ObjectStore,
    tell: &(dyn Fn(Copied) + Sync),
) -> object_store::Result<Copied> {
    let mut copied = Copied::default();
    let mut listed = from.list(None);
    while let Some(object) = listed.try_next().await? {
        if object.location.parts().next().is_some_and(|folder| folder.as_ref() == VARIANTS) {
            continue;
        }
        let there = match to.head(&object.location).await {
            Ok(there) => Some(there.size),
            Err(object_store::Error::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        if there == Some(object.size) {
            copied.there += 1;
        } else {
            let content = from.get(&object.location).await?.bytes().await?;
            copied.bytes += content.len() as u64;
            // A file appears whole or not at all, in a folder as in a bucket.
            to.put(&object.location, content.into()).await?;
            copied.files += 1;
        }
        tell(copied);
    }
    Ok(copied)
}
