//! Reads a backup's file, member by member, from the beginning. What is not as [`super::pack`] writes it is refused.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek as _};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use sha2::{Digest as _, Sha256};

use super::BackupError;
use super::manifest::END;
use super::pack::{BLOCK, heading, padding};

/// A backup that is being read.
pub(super) struct Unpack<'a> {
    path: &'a Path,
    stream: BufReader<MultiGzDecoder<BufReader<&'a File>>>,
    digest: Sha256,
    left: u64,
    padding: usize,
    is_summed: bool,
    is_hashed: bool,
}

/// Where a file is read from, once or more.
pub(super) struct Opened {
    path: PathBuf,
    file: File,
}

impl Opened {
    /// Opens the file.
    pub fn at(path: &Path) -> Result<Self, BackupError> {
        let file = File::open(path).map_err(|source| super::file_error(path, source))?;
        Ok(Self { path: path.to_owned(), file })
    }

    /// Begins to read it, from the start, for the sum over all of it.
    pub fn read_summing(&self) -> Result<Unpack<'_>, BackupError> {
        Ok(Unpack { is_summed: true, ..self.read()? })
    }

    /// Begins to read it, from the start.
    pub fn read(&self) -> Result<Unpack<'_>, BackupError> {
        let mut file = &self.file;
        file.rewind().map_err(|source| super::file_error(&self.path, source))?;
        Ok(Unpack {
            path: &self.path,
            stream: BufReader::with_capacity(64 * 1024, MultiGzDecoder::new(BufReader::new(file))),
            digest: Sha256::new(),
            left: 0,
            padding: 0,
            is_summed: false,
            is_hashed: false,
        })
    }
}

impl Unpack<'_> {
    /// The name of the file, to people.
    pub fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// What to say of what is wrong in it.
    pub fn damaged(&self, what: impl ToString) -> BackupError {
        BackupError::Damaged { file: self.name(), what: what.to_string() }
    }

    /// The next member's name; `None` at the end. What was not read of the last one is passed over.
    pub fn next(&mut self) -> Result<Option<String>, BackupError> {
        self.pass_over()?;
        let mut header = tar::Header::new_old();
        self.stream.read_exact(header.as_mut_bytes()).map_err(|error| self.damaged(error))?;
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(None);
        }
        // The sum is taken with its own field filled with spaces.
        let mut blank = header.clone();
        blank.set_cksum();
        let is_whole = header.cksum().is_ok_and(|given| blank.cksum().is_ok_and(|sum| sum == given));
        let name = String::from_utf8(header.path_bytes().into_owned());
        let (true, Ok(name), Ok(size)) = (is_whole, name, header.entry_size()) else {
            return Err(self.damaged("a member's heading can't be read"));
        };
        (self.left, self.padding) = (size, padding(size));
        self.is_hashed = self.is_summed && name != END;
        if self.is_hashed {
            self.digest.update(heading(&name, size));
        }
        Ok(Some(name))
    }

    /// The member's content, as lines without their ends; each is given to `take`.
    pub async fn lines(
        &mut self,
        mut take: impl AsyncFnMut(&[u8]) -> Result<(), BackupError>,
    ) -> Result<(), BackupError> {
        // A buffer over the member alone: it never reads beyond.
        let mut content = BufReader::with_capacity(64 * 1024, self);
        let mut line = Vec::new();
        loop {
            line.clear();
            match content.read_until(b'\n', &mut line) {
                Ok(0) => return Ok(()),
                Ok(_) if line.pop() == Some(b'\n') => take(&line).await?,
                Ok(_) => return Err(content.get_ref().damaged("a row is cut off")),
                Err(error) => return Err(content.get_ref().damaged(error)),
            }
        }
    }

    /// The member's whole content.
    pub fn content(&mut self) -> Result<Vec<u8>, BackupError> {
        let mut content = Vec::new();
        self.read_to_end(&mut content).map_err(|error| self.damaged(error))?;
        Ok(content)
    }

    /// Over all members before the last, hexadecimal.
    pub fn sha256(&self) -> String {
        hex::encode(self.digest.clone().finalize())
    }

    /// Reads to the file's end, where the compression's own sums stand.
    pub fn expect_end(&mut self) -> Result<(), BackupError> {
        let mut rest = Vec::new();
        let read = self.stream.by_ref().take(64 * BLOCK as u64).read_to_end(&mut rest);
        read.map_err(|error| self.damaged(error))?;
        if rest.len() >= 64 * BLOCK || rest.iter().any(|byte| *byte != 0) {
            return Err(self.damaged("there is something after its end"));
        }
        Ok(())
    }

    fn pass_over(&mut self) -> Result<(), BackupError> {
        std::io::copy(self, &mut std::io::sink()).map_err(|error| self.damaged(error))?;
        let mut zeros = [0; BLOCK];
        let padding = std::mem::take(&mut self.padding);
        self.stream.read_exact(&mut zeros[..padding]).map_err(|error| self.damaged(error))
    }
}

/// Of the member at hand.
impl Read for Unpack<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let wanted = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.stream.read(&mut buffer[..wanted])?;
        if read == 0 {
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "it ends too early"));
        }
        self.left -= read as u64;
        if self.is_hashed {
            self.digest.update(&buffer[..read]);
        }
        Ok(read)
    }
}
