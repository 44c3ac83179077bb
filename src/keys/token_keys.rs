//! The keys that sign access tokens: each a file, `token.key` or `token-<id>.key`, and which of them counts when. The files
//! are this node's; the terms stand in the database, for all nodes alike.

use std::path::{Path, PathBuf};

use ed25519_dalek::SigningKey;
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{KeysError, create as create_file, file_error, public_id, random, read};
use crate::clock::{Chance, Timestamp};
use crate::id::KeyId;

/// When a key counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// The key's public id.
    pub key_id: String,
    /// It signs from then on, until a later key does.
    pub signs_from: Timestamp,
    /// What it signed is refused from then on.
    pub refused_from: Option<Timestamp>,
}

impl Term {
    /// Whether what it signed is good at this moment.
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.refused_from.is_none_or(|refused_from| now < refused_from)
    }
}

/// One key.
#[derive(Clone)]
pub struct TokenKey {
    key: SigningKey,
    /// Its public id: the tokens' `kid`.
    pub id: String,
}

impl TokenKey {
    fn new(bytes: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(bytes);
        Self { id: public_id(&key.verifying_key()), key }
    }

    /// In PKCS#8, for signing.
    pub fn signing_der(&self) -> Option<Zeroizing<Vec<u8>>> {
        self.key.to_pkcs8_der().ok().map(|document| Zeroizing::new(document.as_bytes().to_vec()))
    }

    /// The public half: 32 bytes.
    pub fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// How the log names it. Its first 16 digits are the public id.
    pub fn log_id(&self) -> KeyId {
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&Sha256::digest(self.public())[..16]);
        KeyId(Uuid::from_bytes(bytes))
    }
}

/// The keys of this node, with their terms.
#[derive(Clone)]
pub struct TokenKeys {
    keys: Vec<(TokenKey, Option<Term>)>,
}

impl TokenKeys {
    /// Reads all files; no key has a term yet. One that can't be read is said and left out, unless it is the only one: a
    /// copy that broke off must not keep a node from taking over the terms.
    pub(super) fn read(directory: &Path) -> Result<Self, KeysError> {
        let mut keys = Vec::new();
        let mut unreadable = None;
        for path in files(directory)? {
            match read(&path) {
                Ok(Some(bytes)) => keys.push((TokenKey::new(&bytes), None)),
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(%error, "a token key is left out");
                    unreadable = Some(error);
                }
            }
        }
        match unreadable {
            Some(error) if keys.is_empty() => Err(error),
            _ => Ok(Self { keys }),
        }
    }

    /// Takes over the terms; gives the ids of those whose key is not here.
    pub(super) fn set_terms(&mut self, terms: &[Term]) -> Vec<String> {
        for (key, term) in &mut self.keys {
            *term = terms.iter().find(|term| term.key_id == key.id).cloned();
        }
        let is_here = |term: &&Term| !self.keys.iter().any(|(key, _)| key.id == term.key_id);
        terms.iter().filter(is_here).map(|term| term.key_id.clone()).collect()
    }

    /// Whether this node has the key.
    pub fn has(&self, id: &str) -> bool {
        self.keys.iter().any(|(key, _)| key.id == id)
    }

    /// The one key of an instance that has never started.
    pub fn first(&self) -> Option<&TokenKey> {
        self.keys.first().map(|(key, _)| key)
    }

    /// The key that signs at this moment.
    pub fn signer(&self, now: Timestamp) -> Option<&TokenKey> {
        self.good(now)
            .filter(|(_, term)| term.signs_from <= now)
            .max_by_key(|(_, term)| term.signs_from)
            .map(|(key, _)| key)
    }

    /// The key of this id, while what it signed is good.
    pub fn verifier(&self, id: &str, now: Timestamp) -> Option<&TokenKey> {
        self.good(now).find(|(key, _)| key.id == id).map(|(key, _)| key)
    }

    /// The keys whose tokens are good now, or will be.
    pub fn good(&self, now: Timestamp) -> impl Iterator<Item = (&TokenKey, &Term)> {
        let with_term = self.keys.iter().filter_map(|(key, term)| Some((key, term.as_ref()?)));
        with_term.filter(move |(_, term)| term.is_good(now))
    }
}

/// The files of token keys, in the order of their names: `token.key` before the others.
pub(super) fn files(directory: &Path) -> Result<Vec<PathBuf>, KeysError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(|source| file_error(directory, source))? {
        let entry = entry.map_err(|source| file_error(directory, source))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // A file that is being made ends in `.new`.
        if name == "token.key" || (name.starts_with("token-") && name.ends_with(".key")) {
            found.push(entry.path());
        }
    }
    found.sort_by_key(|path| std::cmp::Reverse(path.file_name().is_some_and(|name| name == "token.key")));
    Ok(found)
}

/// The name of the file of a key that was made later than the first.
pub(super) fn file_name(id: &str) -> String {
    format!("token-{id}.key")
}

/// Makes a key and its file.
pub(super) fn create(directory: &Path, chance: &dyn Chance) -> Result<TokenKey, KeysError> {
    let bytes = random(chance);
    let key = TokenKey::new(&bytes);
    create_file(&directory.join(file_name(&key.id)), bytes, chance)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemChance;

    #[test]
    fn each_key_signs_and_is_good_in_its_term() {
        let key = |number| (TokenKey::new(&[number; 32]), None);
        let mut keys = TokenKeys { keys: vec![key(1), key(2), key(3)] };
        let [old, new, unknown] = [0, 1, 2].map(|index| keys.keys[index].0.id.clone());
        let term = |key_id: &str, signs_from, refused_from: Option<i64>| Term {
            key_id: key_id.to_owned(),
            signs_from: Timestamp(signs_from),
            refused_from: refused_from.map(Timestamp),
        };
        let missing =
            keys.set_terms(&[term(&old, 0, Some(200)), term(&new, 100, None), term("elsewhere", 50, None)]);
        assert_eq!(missing, ["elsewhere"]);
        for (now, signer, good) in
            [(0, &old, [true, true]), (100, &new, [true, true]), (200, &new, [false, true])]
        {
            let now = Timestamp(now);
            assert_eq!(&keys.signer(now).unwrap().id, signer);
            assert_eq!([&old, &new].map(|id| keys.verifier(id, now).is_some()), good);
            assert!(keys.verifier(&unknown, now).is_none());
        }
    }

    #[test]
    fn a_key_that_is_made_is_read_beside_the_first() {
        let directory = tempfile::tempdir().unwrap();
        let keys = super::super::Keys::load_or_create(directory.path(), &SystemChance).unwrap();
        let made = keys.create_token_key(&SystemChance).unwrap();
        assert!(made.log_id().to_string().starts_with(&format!("key_{}", made.id)));
        let first = keys.tokens().first().unwrap().id.clone();
        assert!(!keys.tokens().has(&made.id));
        keys.set_terms(&[]);
        assert!(keys.tokens().has(&made.id) && keys.tokens().first().unwrap().id == first);
    }
}
