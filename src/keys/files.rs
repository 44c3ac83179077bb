//! The files of a keys directory as they are: to copy them elsewhere, and to put them where an instance has none.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use ed25519_dalek::SigningKey;
use zeroize::Zeroizing;

use super::{KeysError, create, create_folder, file_error, public_id, read, secret_id, token_keys};
use crate::clock::Chance;

/// One key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyFile(Zeroizing<[u8; 32]>);

/// Keys by the names of their files.
pub type KeyFiles = BTreeMap<String, KeyFile>;

impl KeyFile {
    /// The key in hexadecimal, as it stands in the file.
    pub fn text(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_slice()))
    }

    /// The key of this text.
    pub fn from_text(text: &str) -> Option<Self> {
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), key.as_mut_slice()).ok()?;
        Some(Self(key))
    }
}

/// What the database calls the key in a file of this name, and the key's public id. `None` where no key has such a name.
pub fn purpose_and_id(name: &str, key: &KeyFile) -> Option<(&'static str, String)> {
    let public = || public_id(&SigningKey::from_bytes(&key.0).verifying_key());
    match name {
        "seal.key" => Some(("seal", public())),
        "secret.key" => Some(("secret", secret_id(&key.0))),
        "token.key" => Some(("token", public())),
        _ => Some(("token", public())).filter(|(_, id)| name == token_keys::file_name(id)),
    }
}

/// The keys that are in the directory; none where there is no directory.
pub fn in_directory(directory: &Path) -> Result<KeyFiles, KeysError> {
    let tokens = match token_keys::files(directory) {
        Err(KeysError::File { source, .. }) if source.kind() == ErrorKind::NotFound => Vec::new(),
        found => found?,
    };
    let others = ["seal.key", "secret.key"].map(|name| directory.join(name));
    let mut found = KeyFiles::new();
    for path in others.into_iter().chain(tokens) {
        if let (Some(key), Some(name)) = (read(&path)?, path.file_name()) {
            found.insert(name.to_string_lossy().into_owned(), KeyFile(key));
        }
    }
    Ok(found)
}

/// Puts the keys into the directory, files of mode 600. One that is there already stays as it is.
pub fn put(directory: &Path, keys: &KeyFiles, chance: &dyn Chance) -> Result<(), KeysError> {
    create_folder(directory).map_err(|source| file_error(directory, source))?;
    for (name, key) in keys {
        create(&directory.join(name), key.0.clone(), chance)?;
    }
    Ok(())
}
