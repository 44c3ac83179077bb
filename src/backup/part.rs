//! A file that is there whole or not at all: written beside its name as `NAME.part`, for its owner's eyes alone, and
//! renamed when everything is on the disk.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{BackupError, file_error};

/// A file that is being written. Dropped before it is kept, it is removed.
pub(super) struct Part {
    path: PathBuf,
    part: PathBuf,
    file: File,
    is_kept: bool,
}

impl Part {
    /// Begins the file of this name; refuses where there is one.
    pub fn create(path: &Path) -> Result<Self, BackupError> {
        if path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(path.display().to_string()));
        }
        let mut part = path.as_os_str().to_owned();
        part.push(".part");
        let part = PathBuf::from(part);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&part) {
            Ok(file) => Ok(Self { path: path.to_owned(), part, file, is_kept: false }),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(BackupError::Unfinished(part.display().to_string()))
            }
            Err(source) => Err(file_error(&part, source)),
        }
    }

    /// Where to write.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// What to say of a write that failed.
    pub fn error(&self, source: std::io::Error) -> BackupError {
        file_error(&self.part, source)
    }

    /// Gives the file its name, once all of it is on the disk.
    pub fn keep(mut self) -> Result<(), BackupError> {
        self.file.sync_all().map_err(|source| self.error(source))?;
        if self.path.symlink_metadata().is_ok() {
            return Err(BackupError::Exists(self.path.display().to_string()));
        }
        std::fs::rename(&self.part, &self.path).map_err(|source| self.error(source))?;
        self.is_kept = true;
        // The name is on the disk when its folder is.
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        #[cfg(unix)]
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|source| file_error(folder, source))?;
        #[cfg(not(unix))]
        let _ = folder;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.is_kept {
            // Nothing else can be done about it: the next backup says that it is there.
            let _ = std::fs::remove_file(&self.part);
        }
    }
}
