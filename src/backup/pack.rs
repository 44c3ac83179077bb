//! Writes a backup's file: a tar of members, compressed with gzip. `tar xzf` takes it apart on any machine.
//!
//! Rows are compressed; the media, which are compressed pictures, are only wrapped: the file is two gzip streams, one after
//! the other.

use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::manifest::{END, End};
use super::part::Part;
use super::{BackupError, file_error};
use crate::clock::Timestamp;

/// What members and the file's end are filled up to.
pub(super) const BLOCK: usize = 512;

/// A backup that is being written.
pub(super) struct Pack {
    part: Part,
    stream: GzEncoder<Vec<u8>>,
    digest: Sha256,
    moment: u64,
    /// Bytes that the member at hand still wants, and its name and size.
    left: u64,
    size: u64,
    name: String,
}

/// Compressed bytes are written when there are so many.
const BUFFER: usize = 256 * 1024;

impl Pack {
    /// Begins the file.
    pub fn create(file: &Path, now: Timestamp) -> Result<Self, BackupError> {
        Ok(Self {
            part: Part::create(file)?,
            stream: GzEncoder::new(Vec::new(), Compression::new(3)),
            digest: Sha256::new(),
            moment: u64::try_from(now.seconds()).unwrap_or_default(),
            left: 0,
            size: 0,
            name: String::new(),
        })
    }

    /// From here on nothing is worth compressing.
    pub fn only_wrap(&mut self) -> Result<(), BackupError> {
        let wrapping = GzEncoder::new(Vec::new(), Compression::none());
        let compressed = std::mem::replace(&mut self.stream, wrapping).finish();
        let compressed = compressed.map_err(|source| self.part.error(source))?;
        self.part.file().write_all(&compressed).map_err(|source| self.part.error(source))
    }

    /// Writes a member.
    pub fn member(&mut self, name: &str, content: &[u8]) -> Result<(), BackupError> {
        self.begin(name, content.len() as u64)?;
        self.write(content)?;
        self.end()
    }

    /// Begins a member of that size.
    pub fn begin(&mut self, name: &str, size: u64) -> Result<(), BackupError> {
        let mut header = tar::Header::new_ustar();
        header.set_path(name).map_err(|source| file_error(Path::new(name), source))?;
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(self.moment);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        (self.left, self.size) = (size, size);
        name.clone_into(&mut self.name);
        self.digest.update(heading(name, size));
        self.raw(header.as_bytes())
    }

    /// Writes more of the member's content.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| self.changed())?;
        self.digest.update(bytes);
        self.raw(bytes)
    }

    /// Ends the member.
    pub fn end(&mut self) -> Result<(), BackupError> {
        if self.left > 0 {
            return Err(self.changed());
        }
        self.raw(&[0; BLOCK][..padding(self.size)])
    }

    /// Ends the file with what was counted, and gives it its name. Gives its size.
    pub fn finish(mut self, mut end: End) -> Result<(Part, u64), BackupError> {
        end.sha256 = hex::encode(self.digest.clone().finalize());
        self.member(END, &serde_json::to_vec_pretty(&end)?)?;
        self.raw(&[0; 2 * BLOCK])?;
        self.only_wrap()?;
        let size = self.part.file().metadata().map_err(|source| self.part.error(source))?.len();
        Ok((self.part, size))
    }

    fn changed(&self) -> BackupError {
        let source = std::io::Error::other("it changed while it was read");
        file_error(Path::new(&self.name), source)
    }

    fn raw(&mut self, bytes: &[u8]) -> Result<(), BackupError> {
        let written = self.stream.write_all(bytes).and_then(|()| {
            let ready = self.stream.get_mut();
            if ready.len() >= BUFFER {
                self.part.file().write_all(ready)?;
                ready.clear();
            }
            Ok(())
        });
        written.map_err(|source| self.part.error(source))
    }
}

/// What goes into the hash before a member's content, so that no two lists of members read alike.
pub(super) fn heading(name: &str, size: u64) -> Vec<u8> {
    let mut heading = (name.len() as u64).to_be_bytes().to_vec();
    heading.extend_from_slice(name.as_bytes());
    heading.extend_from_slice(&size.to_be_bytes());
    heading
}

/// Zeros after a member's content.
pub(super) fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or_default();
    (BLOCK - over) % BLOCK
}
