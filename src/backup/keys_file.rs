//! The keys, apart from the backup: who has both can act as the instance; who has the backup alone can't.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::manifest::RecordedKey;
use super::part::Part;
use super::{BackupError, file_error};
use crate::clock::{Chance, Timestamp};
use crate::keys::files::{self, KeyFile, KeyFiles};

const FORMAT: &str = "copydesk-keys";

#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    files: BTreeMap<String, String>,
}

impl Drop for Document {
    fn drop(&mut self) {
        self.files.values_mut().for_each(|text| text.zeroize());
    }
}

/// Writes the keys that are in the directory.
pub(super) fn write(part: &Part, directory: &Path) -> Result<(), BackupError> {
    let keys = files::in_directory(directory)?;
    let texts = keys.iter().map(|(name, key)| (name.clone(), key.text().to_string())).collect();
    let document = Document { format: FORMAT.to_owned(), files: texts };
    let text = Zeroizing::new(serde_json::to_vec_pretty(&document)?);
    part.file().write_all(&text).map_err(|source| part.error(source))
}

fn read(path: &Path) -> Result<KeyFiles, BackupError> {
    let text = Zeroizing::new(std::fs::read(path).map_err(|source| file_error(path, source))?);
    let refused =
        |what: &str| BackupError::KeysFile { file: path.display().to_string(), what: what.to_owned() };
    let document: Document = serde_json::from_slice(&text)
        .map_err(|_| refused("it is not what `copydesk backup --keys` writes"))?;
    if document.format != FORMAT {
        return Err(refused("it is of another form"));
    }
    document
        .files
        .iter()
        .map(|(name, text)| {
            let key = KeyFile::from_text(text)
                .filter(|key| files::purpose_and_id(name, key).is_some())
                .ok_or_else(|| refused("it holds something that is no key"))?;
            Ok((name.clone(), key))
        })
        .collect()
}

/// The keys that are missing in the directory, from the given file: the backup's keys that still count are then all there.
/// Fails where they would not be, or where the directory has others.
pub(super) fn missing(
    directory: &Path,
    given: Option<&Path>,
    recorded: &[RecordedKey],
    now: Timestamp,
) -> Result<KeyFiles, BackupError> {
    let held = files::in_directory(directory)?;
    let given = given.map(read).transpose()?.unwrap_or_default();
    for (name, key) in &given {
        if held.get(name).is_some_and(|other| other != key) {
            return Err(BackupError::OtherKey(directory.join(name).display().to_string()));
        }
    }
    let ids: Vec<_> =
        held.iter().chain(&given).filter_map(|(name, key)| files::purpose_and_id(name, key)).collect();
    for needed in recorded.iter().filter(|key| key.refused_from.is_none_or(|refused| now < refused)) {
        if !ids.iter().any(|(purpose, id)| *purpose == needed.purpose && *id == needed.id) {
            return Err(BackupError::MissingKey {
                purpose: needed.purpose.clone(),
                id: needed.id.clone(),
                directory: directory.display().to_string(),
            });
        }
    }
    Ok(given.into_iter().filter(|(name, _)| !held.contains_key(name)).collect())
}

/// Puts keys into the directory.
pub(super) fn put(directory: &Path, keys: &KeyFiles, chance: &dyn Chance) -> Result<(), BackupError> {
    Ok(files::put(directory, keys, chance)?)
}
