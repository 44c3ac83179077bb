//! The instance's secrets, in `COPYDESK_KEYS_DIR`: the key that seals the log, the keys that sign tokens, and one secret
//! from which the keys of cursors, refresh tokens and private media addresses are derived. None of them is in the database.

pub mod files;
mod token_keys;

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use crate::clock::Chance;

pub use token_keys::{Term, TokenKey, TokenKeys};

/// What the derived keys are for: a key of one purpose opens nothing of another.
#[derive(Clone, Copy, Debug)]
pub enum Purpose {
    /// Cursors of lists.
    Cursor,
    /// Addresses of pictures that are not public.
    MediaAddress,
    /// Refresh tokens.
    RefreshToken,
    /// Tokens by which readers change their comments.
    CommentEdit,
    /// Slugs in the log's tags: who reads the log learns no slug that was erased.
    SlugTag,
}

/// The secrets of an instance. All nodes of one instance hold the same.
pub struct Keys {
    directory: PathBuf,
    seal: SigningKey,
    secret: Zeroizing<[u8; 32]>,
    tokens: RwLock<Arc<TokenKeys>>,
}

/// The keys can't be read, written or used.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// A file's trouble.
    #[error(
        "the key file {file} can't be used: {source}; give the server's user the right to read and write it"
    )]
    File {
        /// Which file.
        file: String,
        /// What the machine says.
        source: std::io::Error,
    },
    /// Not 32 bytes in hexadecimal.
    #[error("the key file {0} is damaged: it must hold 64 hexadecimal digits; restore it from the backup")]
    Damaged(String),
}

impl Keys {
    /// Reads the keys; makes those that are missing (files of mode 600). Nodes that start together on one folder agree:
    /// a file is created by one of them, whole, and read by the rest.
    pub fn load_or_create(directory: &Path, chance: &dyn Chance) -> Result<Self, KeysError> {
        create_folder(directory).map_err(|source| file_error(directory, source))?;
        let seal = load_or_create(&directory.join("seal.key"), chance)?;
        let secret = load_or_create(&directory.join("secret.key"), chance)?;
        if token_keys::files(directory)?.is_empty() {
            load_or_create(&directory.join("token.key"), chance)?;
        }
        Ok(Self {
            directory: directory.to_owned(),
            seal: SigningKey::from_bytes(&seal),
            secret,
            tokens: RwLock::new(Arc::new(TokenKeys::read(directory)?)),
        })
    }

    /// The keys that sign tokens, as far as this node has them, with their terms.
    pub fn tokens(&self) -> Arc<TokenKeys> {
        Arc::clone(&self.tokens.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the token keys' files again, and takes over which of them counts when. Gives the ids of those that have a term
    /// and are not here.
    pub fn set_terms(&self, terms: &[Term]) -> Vec<String> {
        // The terms hold whatever the files are: a folder that can't be read leaves the keys that are known.
        let mut read = TokenKeys::read(&self.directory).unwrap_or_else(|error| {
            tracing::error!(%error, "the token keys can't be read again");
            self.tokens().as_ref().clone()
        });
        let missing = read.set_terms(terms);
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
        missing
    }

    /// Where the token key of this id is kept, or has to be.
    pub fn token_file(&self, id: &str) -> String {
        self.directory.join(token_keys::file_name(id)).display().to_string()
    }

    /// Makes another token key (a file of mode 600 beside the first), which counts for nothing until it has a term.
    pub fn create_token_key(&self, chance: &dyn Chance) -> Result<TokenKey, KeysError> {
        token_keys::create(&self.directory, chance)
    }

    /// The public id of the key that seals the log.
    pub fn seal_id(&self) -> String {
        public_id(&self.seal.verifying_key())
    }

    /// The public half of the key that seals the log, hexadecimal: with it, anybody can check the log.
    pub fn seal_public_key(&self) -> String {
        hex::encode(self.seal.verifying_key().as_bytes())
    }

    /// The public id of the secret.
    pub fn secret_id(&self) -> String {
        secret_id(&self.secret)
    }

    /// Signs a log entry's hash; hexadecimal.
    pub fn seal(&self, hash: &str) -> String {
        hex::encode(self.seal.sign(hash.as_bytes()).to_bytes())
    }

    /// Whether the signature over a log entry's hash is this instance's.
    pub fn seal_holds(&self, hash: &str, signature: &str) -> bool {
        let bytes: Option<[u8; 64]> = hex::decode(signature).ok().and_then(|bytes| bytes.try_into().ok());
        bytes.is_some_and(|bytes| {
            self.seal.verifying_key().verify_strict(hash.as_bytes(), &Signature::from_bytes(&bytes)).is_ok()
        })
    }

    /// The first 16 bytes of HMAC-SHA-256 over the parts, under the purpose's own key.
    pub fn mac(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; 16] {
        let label: &[u8] = match purpose {
            Purpose::Cursor => b"copydesk cursor",
            Purpose::MediaAddress => b"copydesk media address",
            Purpose::RefreshToken => b"copydesk refresh token",
            Purpose::CommentEdit => b"copydesk comment edit",
            Purpose::SlugTag => b"copydesk slug tag",
        };
        let derived = keyed(self.secret.as_slice(), &[label]);
        let code = keyed(&derived, parts);
        let mut short = [0; 16];
        short.copy_from_slice(&code[..16]);
        short
    }
}

/// HMAC-SHA-256, each part led by its length so that no two lists of parts read alike.
fn keyed(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    #[allow(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn public_id(key: &VerifyingKey) -> String {
    hex::encode(&Sha256::digest(key.as_bytes())[..8])
}

fn secret_id(secret: &[u8; 32]) -> String {
    let digest = Sha256::new().chain_update(b"copydesk secret id").chain_update(secret).finalize();
    hex::encode(&digest[..8])
}

fn file_error(path: &Path, source: std::io::Error) -> KeysError {
    KeysError::File { file: path.display().to_string(), source }
}

fn create_folder(directory: &Path) -> std::io::Result<()> {
    let mut folder = std::fs::DirBuilder::new();
    folder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.create(directory)
}

/// A new secret.
fn random(chance: &dyn Chance) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    chance.fill(key.as_mut_slice());
    key
}

fn load_or_create(path: &Path, chance: &dyn Chance) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    match read(path)? {
        Some(key) => Ok(key),
        None => create(path, random(chance), chance),
    }
}

fn read(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, KeysError> {
    let mut text = Zeroizing::new(String::new());
    match std::fs::File::open(path) {
        Ok(mut file) => file.read_to_string(&mut text).map_err(|source| file_error(path, source))?,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(file_error(path, source)),
    };
    let mut key = Zeroizing::new([0; 32]);
    hex::decode_to_slice(text.trim(), key.as_mut_slice())
        .map_err(|_| KeysError::Damaged(path.display().to_string()))?;
    Ok(Some(key))
}

/// Writes a temporary file and links it to its name: the name appears with the whole key behind it, once.
fn create(
    path: &Path,
    key: Zeroizing<[u8; 32]>,
    chance: &dyn Chance,
) -> Result<Zeroizing<[u8; 32]>, KeysError> {
    let mut suffix = [0; 8];
    chance.fill(&mut suffix);
    let draft = path.with_extension(format!("{}.new", hex::encode(suffix)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft).map_err(|source| file_error(&draft, source))?;
    file.write_all(Zeroizing::new(hex::encode(key.as_slice())).as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|source| file_error(&draft, source))?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft).map_err(|source| file_error(&draft, source))?;
    match linked {
        Ok(()) => Ok(key),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            read(path)?.ok_or_else(|| KeysError::Damaged(path.display().to_string()))
        }
        Err(source) => Err(file_error(path, source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemChance;

    #[test]
    fn keys_are_made_once_and_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let first = Keys::load_or_create(directory.path(), &SystemChance).unwrap();
        let second = Keys::load_or_create(directory.path(), &SystemChance).unwrap();
        assert_eq!(first.seal_id(), second.seal_id());
        assert_eq!(first.mac(Purpose::Cursor, &[b"a"]), second.mac(Purpose::Cursor, &[b"a"]));
        assert_ne!(first.mac(Purpose::Cursor, &[b"a"]), first.mac(Purpose::MediaAddress, &[b"a"]));
        assert_ne!(first.mac(Purpose::Cursor, &[b"ab", b"c"]), first.mac(Purpose::Cursor, &[b"a", b"bc"]));
        let signature = first.seal("hash");
        assert!(second.seal_holds("hash", &signature));
        assert!(!second.seal_holds("other", &signature));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(directory.path().join("seal.key")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_damaged_key_stops_the_start_and_is_not_replaced() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("seal.key"), "nonsense").unwrap();
        assert!(matches!(Keys::load_or_create(directory.path(), &SystemChance), Err(KeysError::Damaged(_))));
    }
}
