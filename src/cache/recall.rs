//! What queries read, kept in memory for the next query, of whatever shape, that reads the same.
//!
//! An operation reads at one place of the log: at its snapshot's, or, before it has one, at the place up to which the memory
//! had followed when it was first asked. What is kept counts only if it was so at that place. Where a snapshot is opened after the
//! memory was asked, and the log has gone on in between, two states may be mixed: [`is_torn`] tells, and the query is done again
//! from the snapshot alone.

use std::collections::{HashMap, HashSet};
use std::fmt::{self, Debug, Display, Write as _};
use std::hash::Hash;
use std::sync::Arc;

use super::Tagged;
use crate::clock::Timestamp;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::log::{follow, read};
use crate::operation::{Memory, Operation, Recalled, Store};
use crate::reads::{Reads, Sources, Tag};

/// The memory of one node.
pub struct Recall(Option<Arc<Tagged<String, Recalled>>>);

impl Recall {
    /// One that keeps so many bytes; 0: nothing.
    pub fn new(bytes: u64) -> Self {
        Self((bytes > 0).then(|| Arc::new(Tagged::new(bytes))))
    }
}

impl Memory for Recall {
    fn place(&self) -> Option<i64> {
        self.0.as_ref()?.place()
    }

    fn recall(&self, question: &str, place: i64) -> Option<Recalled> {
        // Nothing here turns at a moment: `keep` sees to that.
        let found = self.0.as_ref()?.get_at(question, place, || Timestamp(0))?;
        Some(found.value.clone())
    }

    fn keep(&self, question: String, read: Recalled, bytes: usize, dropped_by: &Sources, place: i64) {
        if let Some(kept) = &self.0
            && dropped_by.until.is_none()
            && dropped_by.since.is_none()
        {
            let bytes = bytes + question.len();
            kept.keep(question, read, bytes, dropped_by, place);
        }
    }

    fn follow(self: Arc<Self>, store: &Arc<Store>) {
        if let Some(kept) = &self.0 {
            follow::follow(store, Arc::clone(kept));
        }
    }

    fn told(&self) -> [(u64, &'static str, &'static str); 4] {
        let (count, bytes) = self.0.as_ref().map(|kept| kept.size()).unwrap_or_default();
        let (hits, misses) = self.0.as_ref().map(|kept| kept.used()).unwrap_or_default();
        [
            (count, "copydesk_reads_kept", "What queries read of the database, in memory."),
            (bytes, "copydesk_reads_kept_bytes", "What it weighs."),
            (hits, "copydesk_reads_found_total", "Reads that were in memory, since the start."),
            (misses, "copydesk_reads_missed_total", "Reads that were not, since the start."),
        ]
    }
}

/// What something that was read depends on, as tags.
#[derive(Default)]
pub struct Depends {
    /// What an answer that shows it depends on too.
    pub on: Vec<String>,
    /// What it is dropped by besides: of counts in its rows, which an answer notes only where it shows them.
    pub beside: Vec<String>,
}

/// What a question reads: what it read before, where that is still so. It depends on what `read` notes.
pub async fn recall<T: Debug + Send + Sync + 'static>(
    op: &Operation,
    question: String,
    read: impl AsyncFnOnce(Snapshot) -> Result<T, Failure>,
) -> Result<Arc<T>, Failure> {
    recall_beside(op, question, |_| Vec::new(), read).await
}

/// The same for what is dropped [`beside`](Depends::beside).
pub async fn recall_beside<T: Debug + Send + Sync + 'static>(
    op: &Operation,
    question: String,
    beside: impl Fn(&T) -> Vec<String>,
    read: impl AsyncFnOnce(Snapshot) -> Result<T, Failure>,
) -> Result<Arc<T>, Failure> {
    if op.recalled_at.is_none() {
        return Ok(Arc::new(read(op.snapshot().await?.as_ref().clone()).await?));
    }
    if let Some(value) = find(op, &question).await? {
        return Ok(value);
    }
    let (snapshot, place) = here(op).await?;
    let reads = Arc::new(Reads::noting());
    let value = Arc::new(read(snapshot.noting(Arc::clone(&reads))).await?);
    keep(op, question, &value, reads.sources(), &beside(&value), place);
    Ok(value)
}

/// The same for many things of a kind at once: what is in memory of some is not read again with the others. `depends` tells what a
/// thing's part depends on: no less than what `read` notes for all together.
pub async fn recall_each<K, T>(
    op: &Operation,
    question: String,
    things: impl IntoIterator<Item = K>,
    depends: impl Fn(K, &T) -> Depends,
    read: impl AsyncFnOnce(Snapshot, Vec<K>) -> Result<HashMap<K, T>, Failure>,
) -> Result<HashMap<K, Arc<T>>, Failure>
where
    K: Copy + Eq + Hash + Display,
    T: Debug + Default + Send + Sync + 'static,
{
    // An article may stand on the pages of two tags.
    let things: HashSet<K> = things.into_iter().collect();
    if op.recalled_at.is_none() {
        let read = read(op.snapshot().await?.as_ref().clone(), things.into_iter().collect()).await?;
        return Ok(read.into_iter().map(|(thing, value)| (thing, Arc::new(value))).collect());
    }
    let (mut found, mut missing) = (HashMap::new(), Vec::new());
    for thing in things {
        match find(op, &format!("{question} {thing}")).await? {
            Some(value) => {
                found.insert(thing, value);
            }
            None => missing.push(thing),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let (snapshot, place) = here(op).await?;
    let reads = Arc::new(if cfg!(debug_assertions) { Reads::noting() } else { Reads::default() });
    let mut read = read(snapshot.noting(Arc::clone(&reads)), missing.clone()).await?;
    let mut told = HashSet::new();
    for thing in missing {
        let value = Arc::new(read.remove(&thing).unwrap_or_default());
        let Depends { on, beside } = depends(thing, &value);
        let sources = Sources { tags: tags(&on).collect(), ..Sources::default() };
        if cfg!(debug_assertions) {
            told.extend(sources.tags.iter().copied());
        }
        keep(op, format!("{question} {thing}"), &value, sources, &beside, place);
        found.insert(thing, value);
    }
    debug_assert!(reads.sources().tags.is_subset(&told), "{question}: something that was read is not told");
    Ok(found)
}

/// What is made of something that was read: what was made before, where that is still so. `on`: the tags of what it is made of.
pub async fn made<T: Debug + Send + Sync + 'static>(
    op: &Operation,
    question: String,
    on: &[String],
    make: impl FnOnce() -> T,
) -> Result<Arc<T>, Failure> {
    if op.recalled_at.is_none() {
        return Ok(Arc::new(make()));
    }
    if let Some(value) = find(op, &question).await? {
        return Ok(value);
    }
    let value = Arc::new(make());
    // Where two moments may be mixed, it can't be told of which one this is.
    if let Some(place) = place(op).await?
        && !is_torn(op).await
    {
        let sources = Sources { tags: tags(on).collect(), ..Sources::default() };
        keep(op, question, &value, sources, &[], place);
    }
    Ok(value)
}

/// At which place of the log an operation has read; `None` where it has read nothing.
pub async fn place(op: &Operation) -> Result<Option<i64>, Failure> {
    match op.open_snapshot().await {
        Some(snapshot) => Ok(Some(place_of(op, &snapshot).await?)),
        None => Ok(op.recalled_at.as_ref().and_then(|at| at.get().copied())),
    }
}

/// Whether an operation has read at two places of the log, so that what it tells may be of neither.
pub async fn is_torn(op: &Operation) -> bool {
    match op.recalled_at.as_ref().and_then(|at| at.get()) {
        Some(recalled_at) => place(op).await.ok().flatten() != Some(*recalled_at),
        None => false,
    }
}

async fn find<T: Send + Sync + 'static>(op: &Operation, question: &str) -> Result<Option<Arc<T>>, Failure> {
    let memory = &op.store.memory;
    let Some(recalled_at) = &op.recalled_at else { return Ok(None) };
    let place = match (recalled_at.get(), op.open_snapshot().await) {
        (Some(place), _) => Some(*place),
        (None, Some(snapshot)) => Some(place_of(op, &snapshot).await?),
        (None, None) => memory.place(),
    };
    let Some(place) = place else { return Ok(None) };
    let Some(Recalled { value, sources }) = memory.recall(question, place) else { return Ok(None) };
    let Ok(value) = value.downcast::<T>() else { return Ok(None) };
    op.reads().note_sources(&sources);
    recalled_at.get_or_init(|| place);
    Ok(Some(value))
}

fn keep<T: Debug + Send + Sync + 'static>(
    op: &Operation,
    question: String,
    value: &Arc<T>,
    sources: Sources,
    beside: &[String],
    place: i64,
) {
    op.reads().note_sources(&sources);
    let mut dropped_by = sources.clone();
    dropped_by.tags.extend(tags(beside));
    let bytes = weight(value);
    let read = Recalled { value: Arc::clone(value) as _, sources: Arc::new(sources) };
    op.store.memory.keep(question, read, bytes, &dropped_by, place);
}

fn tags(names: &[String]) -> impl Iterator<Item = Tag> {
    names.iter().map(|name| Tag::of(name))
}

/// The operation's snapshot, and its place of the log.
async fn here(op: &Operation) -> Result<(Snapshot, i64), Failure> {
    let snapshot = op.snapshot().await?;
    let place = place_of(op, &snapshot).await?;
    Ok((snapshot.as_ref().clone(), place))
}

async fn place_of(op: &Operation, snapshot: &Snapshot) -> Result<i64, Failure> {
    op.snapshot_at.get_or_try_init(|| read::head(snapshot)).await.copied()
}

/// About how much memory something takes: as many bytes as it would be written in for people.
fn weight(value: &impl Debug) -> usize {
    struct Counted(usize);
    impl fmt::Write for Counted {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    let mut counted = Counted(0);
    // Counting can't fail.
    let _ = write!(counted, "{value:?}");
    counted.0
}
