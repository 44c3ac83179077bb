//! Documents that are named by their hash: automatic persisted queries, which the server learns from whoever sends one with its
//! hash; and trusted documents, a list from which alone anything is executed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use crate::graphql::errors::code;
use crate::server::request::Asked;

/// Bytes of documents that are learned.
const LEARNED: u64 = 16_000_000;
/// How many they are, about.
const USUALLY: usize = 10_000;

#[derive(Clone)]
struct ByLength;

impl Weighter<[u8; 32], Arc<str>> for ByLength {
    fn weight(&self, _: &[u8; 32], text: &Arc<str>) -> u64 {
        text.len() as u64 + 100
    }
}

/// The documents of one node.
pub struct Documents {
    learned: Cache<[u8; 32], Arc<str>, ByLength>,
    trusted: Option<HashMap<String, Arc<str>>>,
}

/// A list of documents that can't be read.
#[derive(Debug, thiserror::Error)]
#[error("setting trusted_documents: {file} {why}", file = file.display())]
pub struct WrongManifest {
    file: PathBuf,
    why: String,
}

/// Why a request has no document.
#[derive(Debug, PartialEq, Eq)]
pub struct Unnamed {
    /// For the error's extensions.
    pub code: &'static str,
    /// For people.
    pub message: &'static str,
}

/// A request's document.
#[derive(Debug)]
pub struct Named {
    /// The text.
    pub text: Arc<str>,
    /// What it may be called from now on, once it is known to be good.
    lesson: Option<[u8; 32]>,
}

/// `extensions.persistedQuery`, as Apollo's clients and those that follow them send it.
#[derive(Deserialize)]
struct PersistedQuery {
    version: u32,
    #[serde(rename = "sha256Hash")]
    sha256_hash: String,
}

impl Named {
    /// Whether it is to be learned.
    pub fn is_lesson(&self) -> bool {
        self.lesson.is_some()
    }
}

impl Documents {
    /// Learns from what is sent; where files of trusted ones are named, takes those alone.
    pub fn open(manifests: &[PathBuf]) -> Result<Self, WrongManifest> {
        let mut trusted = HashMap::new();
        for file in manifests {
            trusted.extend(read(file)?);
        }
        let learned = Cache::with_weighter(USUALLY, LEARNED, ByLength);
        Ok(Self { learned, trusted: (!manifests.is_empty()).then_some(trusted) })
    }

    /// The document that a request sends or names.
    pub fn find(&self, asked: &Asked) -> Result<Named, Unnamed> {
        let persisted = asked
            .extensions
            .as_ref()
            .and_then(|extensions| extensions.get("persistedQuery"))
            .map(PersistedQuery::deserialize)
            .transpose()
            .map_err(|_| {
                wrong("`extensions.persistedQuery` is an object with `version` and `sha256Hash`.")
            })?;
        if persisted.as_ref().is_some_and(|persisted| persisted.version != 1) {
            return Err(Unnamed { code: code::BAD_REQUEST, message: "PersistedQueryNotSupported" });
        }
        let hash = persisted.map(|persisted| persisted.sha256_hash.to_ascii_lowercase());
        match &self.trusted {
            Some(trusted) => self::trusted(trusted, asked, hash),
            None => self.learned(asked, hash),
        }
    }

    fn learned(&self, asked: &Asked, hash: Option<String>) -> Result<Named, Unnamed> {
        let named =
            hash.or_else(|| asked.document_id.as_deref().map(without_prefix).map(str::to_ascii_lowercase));
        let Some(named) = named else {
            let text = asked.query.as_deref().ok_or(wrong("The request has no `query`."))?;
            return Ok(Named { text: text.into(), lesson: None });
        };
        let mut hash = [0; 32];
        hex::decode_to_slice(&named, &mut hash)
            .map_err(|_| wrong("A document is named by its SHA-256 in 64 hexadecimal digits."))?;
        match &asked.query {
            Some(text) if <[u8; 32]>::from(Sha256::digest(text)) == hash => {
                Ok(Named { text: text.as_str().into(), lesson: Some(hash) })
            }
            Some(_) => Err(wrong("`sha256Hash` is not the SHA-256 of `query`.")),
            // In the words that clients look for.
            None => self
                .learned
                .get(&hash)
                .map(|text| Named { text, lesson: None })
                .ok_or(Unnamed { code: code::PERSISTED_QUERY_NOT_FOUND, message: "PersistedQueryNotFound" }),
        }
    }

    /// Keeps a document that turned out to be good under the hash that it was sent with.
    pub fn learn(&self, named: &Named) {
        if let Some(hash) = named.lesson {
            self.learned.insert(hash, Arc::clone(&named.text));
        }
    }
}

fn wrong(message: &'static str) -> Unnamed {
    Unnamed { code: code::BAD_REQUEST, message }
}

/// The specification's appendix on persisted documents has names such as `sha256:…`.
fn without_prefix(name: &str) -> &str {
    name.strip_prefix("sha256:").unwrap_or(name)
}

fn trusted(
    trusted: &HashMap<String, Arc<str>>,
    asked: &Asked,
    hash: Option<String>,
) -> Result<Named, Unnamed> {
    let id = asked.document_id.clone().or(hash);
    let found = match (&id, &asked.query) {
        (Some(id), None) => trusted.get(id).or_else(|| trusted.get(without_prefix(id))),
        // Sent in full: it must be one of them all the same.
        (_, Some(text)) => trusted.get(&hex::encode(Sha256::digest(text))),
        (None, None) => return Err(wrong("The request names no document: send `documentId`.")),
    };
    found.map(|text| Named { text: Arc::clone(text), lesson: None }).ok_or(Unnamed {
        code: code::DOCUMENT_NOT_TRUSTED,
        message: "This server executes only the documents that its operator has listed, and this is none of them.",
    })
}

/// Apollo's form of a list.
#[derive(Deserialize)]
struct ApolloManifest {
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

/// Reads a list: an object of ids and documents, as graphql-codegen and Relay write it, or Apollo's form. Each document counts
/// under its id and under the SHA-256 of its text.
fn read(file: &Path) -> Result<HashMap<String, Arc<str>>, WrongManifest> {
    let wrong = |why: String| WrongManifest { file: file.to_owned(), why };
    let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("can't be read: {error}")))?;
    let listed: Vec<(String, String)> = match serde_json::from_str::<ApolloManifest>(&text) {
        Ok(manifest) => {
            manifest.operations.into_iter().map(|operation| (operation.id, operation.body)).collect()
        }
        Err(_) => serde_json::from_str::<HashMap<String, String>>(&text)
            .map_err(|error| {
                wrong(format!(
                    "is no list of documents, as graphql-codegen, Relay or Apollo write it: {error}"
                ))
            })?
            .into_iter()
            .collect(),
    };
    let mut documents = HashMap::new();
    for (id, text) in listed {
        async_graphql::parser::parse_query(&text)
            .map_err(|error| wrong(format!("holds {id:?}, which is not a GraphQL document: {error}")))?;
        let text: Arc<str> = text.into();
        documents.insert(hex::encode(Sha256::digest(&*text)), Arc::clone(&text));
        documents.insert(id, text);
    }
    Ok(documents)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(text: &str) -> Result<Documents, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("documents.json");
        std::fs::write(&file, text).unwrap();
        Documents::open(&[file]).map_err(|error| error.to_string())
    }

    fn by_id(documents: &Documents, id: &str) -> Option<String> {
        let asked = Asked { document_id: Some(id.to_owned()), ..Asked::default() };
        documents.find(&asked).ok().map(|named| named.text.to_string())
    }

    #[test]
    fn lists_of_every_kind_are_read() {
        let codegen = manifest(r#"{ "abc": "{ site { name } }" }"#).unwrap();
        let apollo = manifest(
            r#"{ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [{ "id": "abc", "name": "Site", "type": "query", "body": "{ site { name } }" }] }"#,
        );
        for documents in [codegen, apollo.unwrap()] {
            for id in ["abc", "sha256:abc", &hex::encode(Sha256::digest("{ site { name } }"))] {
                assert_eq!(by_id(&documents, id).as_deref(), Some("{ site { name } }"), "{id}");
            }
            assert_eq!(by_id(&documents, "abd"), None);
        }
        for text in ["", "[]", r#"{ "abc": 7 }"#, r#"{ "abc": "{ site { name }" }"#] {
            assert!(manifest(text).is_err_and(|why| why.contains("trusted_documents")), "{text}");
        }
        assert!(Documents::open(&["/nowhere.json".into()]).is_err());
    }
}
