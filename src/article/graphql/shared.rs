//! What several articles of a page have.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::article::memory::OfEach;
use crate::cache::recall::KnownOf;
use crate::graphql::batch::Member;
use crate::id::ArticleId;
use crate::operation::Operation;

/// Makes the things of several articles load together, each once: the author of twenty articles is one author.
pub fn shared<M: Clone, L: Default, K: Eq + Hash, T: Clone>(
    op: &Arc<Operation>,
    loads: L,
    rows: OfEach<M>,
    key: impl Fn(&M) -> K,
    wrap: impl Fn(Member<M, L>) -> T,
) -> KnownOf<ArticleId, Vec<T>> {
    let mut unique: FxHashMap<K, usize> = FxHashMap::default();
    let mut cohort: Vec<M> = Vec::new();
    for row in rows.values().flat_map(|rows| rows.peek().iter()) {
        unique.entry(key(row)).or_insert_with(|| {
            cohort.push(row.clone());
            cohort.len() - 1
        });
    }
    let wrapped: Vec<T> = Member::page_with(op, loads, cohort).into_iter().map(wrap).collect();
    rows.into_iter()
        .map(|(article, rows)| {
            let members = |rows: Arc<Vec<M>>| {
                let places = rows.iter().filter_map(|row| unique.get(&key(row)));
                places.filter_map(|&index| wrapped.get(index)).cloned().collect()
            };
            (article, rows.map(members))
        })
        .collect()
}
