//! What queries read, kept in memory for the next query, of whatever shape, that reads the same.
//!
//! An operation reads at one place of the log: at its snapshot's, or, before it has one, at the place up to which the memory
//! had followed when it was first asked. What is kept counts only if it was so at that place. Where a snapshot is opened after the
//! memory was asked, and the log has gone on in between, two states may be mixed: [`is_torn`] tells, and the query is done again
//! from the snapshot alone.

use std::collections::HashMap;
use std::fmt::{self, Debug, Display, Write as _};
use std::hash::{BuildHasher, Hash};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{Tagged, Told, told};
use crate::clock::Timestamp;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::operation::{Follows, Memory, Operation, Recalled};
use crate::reads::{Reads, Sources, Tag};

/// A memory of one node.
pub struct Recall {
    kept: Option<Arc<Tagged<String, Recalled>>>,
    told: Told,
}

/// Of what queries read.
pub const READS: Told = [
    ("copydesk_reads_kept", "What queries read of the database, in memory."),
    ("copydesk_reads_kept_bytes", "What it weighs."),
    ("copydesk_reads_found_total", "Reads that were in memory, since the start."),
    ("copydesk_reads_missed_total", "Reads that were not, since the start."),
];

/// Of parts of answers.
pub const FRAGMENTS: Told = [
    ("copydesk_fragments_kept", "Parts of answers, in memory."),
    ("copydesk_fragments_kept_bytes", "What they weigh."),
    ("copydesk_fragments_found_total", "Parts of answers that were in memory, since the start."),
    ("copydesk_fragments_missed_total", "Parts of answers that were not, since the start."),
];

impl Recall {
    /// One that keeps so many bytes; 0: nothing.
    pub fn new(bytes: u64, told: Told) -> Self {
        Self { kept: (bytes > 0).then(|| Arc::new(Tagged::new(bytes))), told }
    }
}

impl Memory for Recall {
    fn place(&self) -> Option<i64> {
        self.kept.as_ref()?.place()
    }

    fn recall(&self, question: &str, place: i64, now: Timestamp) -> Option<Recalled> {
        Some(self.kept.as_ref()?.get_at(question, place, || now)?.value.clone())
    }

    fn keep(&self, question: String, read: Recalled, bytes: usize, dropped_by: &Sources, place: i64) {
        if let Some(kept) = &self.kept {
            let bytes = bytes + question.len();
            kept.keep(question, read, bytes, dropped_by, place);
        }
    }

    fn keeps(&self) -> bool {
        self.kept.is_some()
    }

    fn follower(&self) -> Option<Arc<dyn Follows>> {
        Some(Arc::clone(self.kept.as_ref()?) as _)
    }

    fn told(&self) -> [(u64, &'static str, &'static str); 4] {
        told(self.kept.as_deref(), self.told)
    }
}

/// What was read of one thing among many. It is told apart from the others': only then is it noted as read.
#[derive(Clone, Debug, Default)]
pub struct Known<T> {
    value: T,
    sources: Option<Arc<Sources>>,
}

/// What was read of each of many things.
pub type KnownOf<K, T> = FxHashMap<K, Known<T>>;

/// What was read of one of them, noted as read; nothing of it, where there is none.
pub fn told_of<K: Eq + Hash, T: Clone + Default>(of: &KnownOf<K, T>, thing: K, op: &Operation) -> T {
    of.get(&thing).map(|known| known.tell(op).clone()).unwrap_or_default()
}

impl<T> Known<T> {
    /// It, noted as read.
    pub fn tell(&self, op: &Operation) -> &T {
        if let Some(sources) = &self.sources {
            op.reads().note_sources(sources);
        }
        &self.value
    }

    /// What is made of it, which depends on the same.
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Known<U> {
        Known { value: make(self.value), sources: self.sources }
    }

    /// It, to see what to make of all together.
    pub fn peek(&self) -> &T {
        &self.value
    }
}

/// What was noted as read for all together.
impl<T> From<T> for Known<T> {
    fn from(value: T) -> Self {
        Self { value, sources: None }
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
    question: impl FnOnce() -> String,
    read: impl AsyncFnOnce(Snapshot) -> Result<T, Failure>,
) -> Result<Arc<T>, Failure> {
    recall_beside(op, question, |_| Vec::new(), read).await
}

/// The same for what is dropped [`beside`](Depends::beside).
pub async fn recall_beside<T: Debug + Send + Sync + 'static>(
    op: &Operation,
    question: impl FnOnce() -> String,
    beside: impl Fn(&T) -> Vec<String>,
    read: impl AsyncFnOnce(Snapshot) -> Result<T, Failure>,
) -> Result<Arc<T>, Failure> {
    if op.recalled_at.is_none() {
        return Ok(Arc::new(read(op.snapshot().await?.as_ref().clone()).await?));
    }
    let question = question();
    if let Some((value, sources)) = find(op, &question).await? {
        op.reads().note_sources(&sources);
        return Ok(value);
    }
    let snapshot = op.snapshot().await?;
    let reads = Arc::new(Reads::noting());
    let value = Arc::new(read(snapshot.as_ref().clone().noting(Arc::clone(&reads))).await?);
    let place = one_place_of(&snapshot).await?;
    let sources = keep(op, question, &value, reads.sources(), &beside(&value), place);
    op.reads().note_sources(&sources);
    Ok(value)
}

/// The same for many things of a kind at once: what is in memory of some is not read again with the others. `depends` tells what a
/// thing's part depends on: no less than what `read` notes for all together.
pub async fn recall_each<K, T, S>(
    op: &Operation,
    question: impl FnOnce() -> String,
    things: impl IntoIterator<Item = K>,
    depends: impl Fn(K, &T) -> Depends,
    read: impl AsyncFnOnce(Snapshot, Vec<K>) -> Result<HashMap<K, T, S>, Failure>,
) -> Result<KnownOf<K, Arc<T>>, Failure>
where
    K: Copy + Eq + Hash + Display,
    T: Debug + Default + Send + Sync + 'static,
    S: BuildHasher,
{
    // An article may stand on the pages of two tags.
    let things: FxHashSet<K> = things.into_iter().collect();
    if op.recalled_at.is_none() {
        // Noted as read for all together.
        let read = read(op.snapshot().await?.as_ref().clone(), things.into_iter().collect()).await?;
        return Ok(read.into_iter().map(|(thing, value)| (thing, Arc::new(value).into())).collect());
    }
    let question = question();
    let (mut found, mut missing) = (KnownOf::default(), Vec::new());
    let asked = Asked::of(op, &*op.store.memory).await?;
    for thing in things {
        match asked.as_ref().and_then(|asked| asked.find(&format!("{question} {thing}"))) {
            Some((value, sources)) => {
                found.insert(thing, Known { value, sources: Some(sources) });
            }
            None => missing.push(thing),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    let snapshot = op.snapshot().await?;
    let reads = Arc::new(if cfg!(debug_assertions) { Reads::noting() } else { Reads::default() });
    let mut read = read(snapshot.as_ref().clone().noting(Arc::clone(&reads)), missing.clone()).await?;
    let place = one_place_of(&snapshot).await?;
    let mut told = FxHashSet::default();
    for thing in missing {
        let value = Arc::new(read.remove(&thing).unwrap_or_default());
        let Depends { on, beside } = depends(thing, &value);
        let sources = Sources { tags: tags(&on).collect(), ..Sources::default() };
        if cfg!(debug_assertions) {
            told.extend(sources.tags.iter().copied());
        }
        let sources = keep(op, format!("{question} {thing}"), &value, sources, &beside, place);
        found.insert(thing, Known { value, sources: Some(sources) });
    }
    debug_assert!(reads.sources().tags.is_subset(&told), "{question}: something that was read is not told");
    Ok(found)
}

/// What is made of something that was read: what was made before, where that is still so. `called` tells in what words it is looked
/// for, and the tags of what it is made of; `None` where it is not kept.
pub async fn made<T: Debug + Send + Sync + 'static>(
    op: &Operation,
    called: impl FnOnce() -> Option<(String, Vec<String>)>,
    make: impl FnOnce() -> T,
) -> Result<Arc<T>, Failure> {
    match is_recalling(op).then(called).flatten() {
        // Boxed: each field that is told would have room for it.
        Some((question, on)) => Box::pin(found_or_made(op, question, on, make)).await,
        None => Ok(Arc::new(make())),
    }
}

async fn found_or_made<T: Debug + Send + Sync + 'static>(
    op: &Operation,
    question: String,
    on: Vec<String>,
    make: impl FnOnce() -> T,
) -> Result<Arc<T>, Failure> {
    if let Some((value, sources)) = find(op, &question).await? {
        op.reads().note_sources(&sources);
        return Ok(value);
    }
    let value = Arc::new(make());
    let sources = Sources { tags: tags(&on).collect(), ..Sources::default() };
    op.reads().note_sources(&sources);
    keep(op, question, &value, sources, &[], one_place(op).await?);
    Ok(value)
}

/// Whether this operation is told what was read before.
pub fn is_recalling(op: &Operation) -> bool {
    op.recalled_at.is_some()
}

/// Whether parts of this operation's answer are looked for, and kept.
pub fn keeps_fragments(op: &Operation) -> bool {
    is_recalling(op) && op.store.fragments.keeps()
}

/// A part of an answer, in bytes, that was made before, where it is still so. What it was made of is noted as read.
pub async fn fragment(op: &Operation, question: &str) -> Option<Bytes> {
    let (bytes, sources) = Asked::of(op, &*op.store.fragments).await.ok()??.find::<Bytes>(question)?;
    op.reads().note_sources(&sources);
    Some(Bytes::clone(&bytes))
}

/// Keeps a part of an answer that was made of these.
pub async fn keep_fragment(op: &Operation, question: String, bytes: &Bytes, sources: Sources) {
    if let Ok(Some(place)) = one_place(op).await {
        let read = Recalled { value: Arc::new(bytes.clone()), sources: Arc::new(sources.clone()) };
        op.store.fragments.keep(question, read, bytes.len(), &sources, place);
    }
}

/// At which place of the log an operation has read; `None` too where those are two: of what was made of both it can't be told of
/// which one it is.
pub async fn one_place(op: &Operation) -> Result<Option<i64>, Failure> {
    let recalled_at = op.recalled_at.as_ref().and_then(|at| at.get().copied());
    let Some(snapshot) = op.open_snapshot().await else { return Ok(recalled_at) };
    let read_at = one_place_of(&snapshot).await?;
    Ok(read_at.filter(|read_at| recalled_at.is_none_or(|recalled_at| recalled_at == *read_at)))
}

/// The same of a snapshot.
async fn one_place_of(snapshot: &Snapshot) -> Result<Option<i64>, Failure> {
    // Boxed: each field that looks into the memory would carry it.
    let place = Box::pin(snapshot.place()).await?;
    Ok(Some(place).filter(|_| !snapshot.is_torn()))
}

/// Whether an operation has read at two places of the log, so that what it tells may be of neither.
pub async fn is_torn(op: &Operation) -> bool {
    let has_recalled = op.recalled_at.as_ref().is_some_and(|at| at.get().is_some());
    match op.open_snapshot().await {
        Some(snapshot) => snapshot.is_torn() || (has_recalled && !matches!(one_place(op).await, Ok(Some(_)))),
        None => false,
    }
}

async fn find<T: Send + Sync + 'static>(op: &Operation, question: &str) -> Result<Option<Found<T>>, Failure> {
    let asked = Asked::of(op, &*op.store.memory).await?;
    Ok(asked.and_then(|asked| asked.find(question)))
}

/// Something that is kept, and what an answer that shows it depends on.
type Found<T> = (Arc<T>, Arc<Sources>);

/// A memory, asked at the place of the log at which an operation reads.
struct Asked<'a> {
    op: &'a Operation,
    memory: &'a dyn Memory,
    recalled_at: &'a OnceLock<i64>,
    place: i64,
}

impl<'a> Asked<'a> {
    /// `None`: it is not asked.
    async fn of(op: &'a Operation, memory: &'a dyn Memory) -> Result<Option<Self>, Failure> {
        let Some(recalled_at) = &op.recalled_at else { return Ok(None) };
        let place = match recalled_at.get() {
            Some(place) => Some(*place),
            None => match op.open_snapshot().await {
                Some(snapshot) => Some(Box::pin(snapshot.place()).await?),
                None => memory.place(),
            },
        };
        Ok(place.map(|place| Self { op, memory, recalled_at, place }))
    }

    fn find<T: Send + Sync + 'static>(&self, question: &str) -> Option<Found<T>> {
        let Recalled { value, sources } = self.memory.recall(question, self.place, self.op.now())?;
        self.recalled_at.get_or_init(|| self.place);
        Some((value.downcast().ok()?, sources))
    }
}

/// Gives what an answer that shows it depends on. What was not read at one place is not kept.
fn keep<T: Debug + Send + Sync + 'static>(
    op: &Operation,
    question: String,
    value: &Arc<T>,
    sources: Sources,
    beside: &[String],
    place: Option<i64>,
) -> Arc<Sources> {
    let sources = Arc::new(sources);
    let Some(place) = place else { return sources };
    let mut dropped_by = Sources::clone(&sources);
    dropped_by.tags.extend(tags(beside));
    let read = Recalled { value: Arc::clone(value) as _, sources: Arc::clone(&sources) };
    op.store.memory.keep(question, read, weight(value), &dropped_by, place);
    sources
}

fn tags(names: &[String]) -> impl Iterator<Item = Tag> {
    names.iter().map(|name| Tag::of(name))
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
