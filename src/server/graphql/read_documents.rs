//! Documents as they were parsed, kept for the next request that sends the same: with whether they were executed, so that what is
//! wrong with a document in itself is looked for once. Nothing that is kept depends on variables.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_graphql::parser::types::ExecutableDocument;
use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use crate::graphql::cost::{Costs, SchemaTypes};
use crate::graphql::fragments::Selections;
use crate::graphql::guard::{self, Limits, Refusal};
use crate::graphql::root_fields::OfQueries;

/// Bytes that are kept, as far as they can be told.
const KEPT: u64 = 16_000_000;
/// What a document weighs parsed, for each byte of its text.
const WEIGHT: u64 = 20;
/// What each field or fragment weighs of those that it is executed by.
const WEIGHT_OF_SELECTION: u64 = 300;
/// How many they are, about.
const USUALLY: usize = 1_000;

#[derive(Clone)]
struct BySize;

impl Weighter<Arc<str>, Arc<ReadDocument>> for BySize {
    fn weight(&self, text: &Arc<str>, read: &Arc<ReadDocument>) -> u64 {
        1_000 + WEIGHT * text.len() as u64 + WEIGHT_OF_SELECTION * read.root_fields.selections() as u64
    }
}

/// A document that may be asked.
pub struct ReadDocument {
    /// As parsed.
    pub document: ExecutableDocument,
    /// What is known of its costs.
    pub costs: Costs,
    /// What it asks of things, place by place.
    pub selections: Arc<Selections>,
    /// What it is executed by, once it is known to be valid.
    pub root_fields: OfQueries,
    is_valid: AtomicBool,
}

impl ReadDocument {
    /// Whether it is known that nothing is wrong with it in itself.
    pub fn is_valid(&self) -> bool {
        self.is_valid.load(Ordering::Relaxed)
    }

    /// It was executed.
    pub fn note_valid(&self) {
        self.is_valid.store(true, Ordering::Relaxed);
    }
}

/// The documents that this node has read.
pub struct ReadDocuments(Cache<Arc<str>, Arc<ReadDocument>, BySize, ahash::RandomState>);

impl Default for ReadDocuments {
    fn default() -> Self {
        let hasher = ahash::RandomState::new();
        Self(Cache::with(USUALLY, KEPT, BySize, hasher, DefaultLifecycle::default()))
    }
}

impl ReadDocuments {
    /// Reads a document, or recalls it.
    pub fn read(
        &self,
        types: &SchemaTypes,
        limits: Limits,
        text: &Arc<str>,
    ) -> Result<Arc<ReadDocument>, Refusal> {
        if let Some(read) = self.0.get(text) {
            return Ok(read);
        }
        let (document, costs) = guard::read(types, limits, text)?;
        let read = Arc::new(ReadDocument {
            selections: Arc::new(Selections::of(&document)),
            root_fields: OfQueries::of(&document),
            document,
            costs,
            is_valid: AtomicBool::new(false),
        });
        self.0.insert(Arc::clone(text), Arc::clone(&read));
        Ok(read)
    }
}
