//! Reads a backup's file from end to end before anything is written: whether it is one, whole, and of our tables.

use std::io::Read as _;

use sha2::{Digest as _, Sha256};

use super::back_up::is_named_by;
use super::manifest::{END, End, FORMAT, FORMAT_VERSION, MANIFEST, Manifest};
use super::unpack::{Opened, Unpack};
use super::{BackupError, rows, tables};

/// What a whole backup says of itself.
pub(super) struct Checked {
    /// What it is of.
    pub manifest: Manifest,
    /// What is in it.
    pub end: End,
}

/// Checks the whole file.
pub(super) async fn check(file: &Opened) -> Result<Checked, BackupError> {
    let mut reader = file.read_summing()?;
    let manifest = read_manifest(&mut reader)?;
    manifest.check_tables()?;
    let tables = tables::all()?;
    let mut found = End::default();
    found.tables.extend(tables.iter().map(|table| (table.name.to_owned(), 0)));
    loop {
        let Some(name) = reader.next()? else { return Err(reader.damaged("its last part is missing")) };
        if name == END {
            break;
        } else if let Some(table) = table_of(&name).and_then(|name| tables.iter().find(|it| it.name == name))
        {
            let mut count = 0;
            reader
                .lines(async |line| {
                    count += 1;
                    rows::read_line(table, line).map(|_| ())
                })
                .await?;
            *found.tables.entry(table.name.to_owned()).or_default() += count;
        } else if name.starts_with("media/") {
            let hash = hash_of(&mut reader)?;
            found.files += 1;
            if !is_named_by(&name, &hash) {
                found.damaged.push(name);
            }
        } else {
            return Err(reader.damaged(format!("{name} is nothing that a backup holds")));
        }
    }
    found.sha256 = reader.sha256();
    let end: End = serde_json::from_slice(&reader.content()?).map_err(|error| reader.damaged(error))?;
    if reader.next()?.is_some() {
        return Err(reader.damaged("there is something after its end"));
    }
    reader.expect_end()?;
    if end != found {
        return Err(reader.damaged("what is in it is not what was written"));
    }
    Ok(Checked { manifest, end })
}

/// The table that a member's rows are of.
pub(super) fn table_of(member: &str) -> Option<&str> {
    member.strip_prefix("tables/")?.split('/').next()
}

fn read_manifest(reader: &mut Unpack<'_>) -> Result<Manifest, BackupError> {
    let foreign = BackupError::Foreign(reader.name());
    // A file that is no tar, or no gzip, fails at its first byte.
    match reader.next() {
        Ok(Some(name)) if name == MANIFEST => {}
        _ => return Err(foreign),
    }
    let content = reader.content()?;
    let said: serde_json::Value = serde_json::from_slice(&content).unwrap_or_default();
    if said["format"] != FORMAT {
        return Err(foreign);
    }
    if said["formatVersion"] != FORMAT_VERSION {
        return Err(BackupError::OtherForm {
            file: reader.name(),
            version: said["formatVersion"].as_u64().and_then(|it| it.try_into().ok()).unwrap_or_default(),
            copydesk: said["copydesk"].as_str().unwrap_or("?").to_owned(),
        });
    }
    serde_json::from_value(said).map_err(|error| reader.damaged(error))
}

fn hash_of(reader: &mut Unpack<'_>) -> Result<String, BackupError> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return Ok(hex::encode(digest.finalize())),
            Ok(read) => digest.update(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reader.damaged(error)),
        }
    }
}
