//! What is made from the database and kept in memory: each with what it was made from, and dropped by the entry of the log
//! that touches it. A cache is exact, or it does not answer.
//!
//! - What was read at one place of the log is kept only if no entry after that place touched it meanwhile.
//! - It counts only while the log was followed to its end so lately ([`MOST_BEHIND`]): a node that hears nothing any more
//!   vouches for nothing.
//! - What is made for many who ask at once is made once ([`flight`]).

pub mod flight;
pub mod recall;

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{Options, OptionsBuilder, Weighter};

use crate::clock::Timestamp;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::log::follow::MOST_BEHIND;
use crate::operation::{Committed, Follows, Store};
use crate::reads::{Sources, Tag};

/// Entries that are remembered, for what is read while they come.
const REMEMBERED: usize = 1_000;
/// How much a shard holds at least, and how many there are at most: each is locked by itself.
const SHARD: u64 = 4_000_000;
const MOST_SHARDS: usize = 16;
/// What most things weigh, about.
const USUAL: u64 = 4_000;
/// What one thing weighs beside its value, and each of its tags.
const WEIGHT: usize = 250;
const WEIGHT_OF_TAG: usize = 40;

/// What is kept.
pub struct Kept<K, V> {
    /// It.
    pub value: V,
    key: K,
    /// The place of the log at which it was read.
    sequence: i64,
    until: Option<Timestamp>,
    since: Option<Timestamp>,
    weight: u32,
    is_dropped: AtomicBool,
}

#[derive(Clone)]
struct ByWeight;

impl<K, V> Weighter<K, Arc<Kept<K, V>>> for ByWeight {
    fn weight(&self, _: &K, kept: &Arc<Kept<K, V>>) -> u64 {
        u64::from(kept.weight)
    }
}

/// Things of one kind.
pub struct Tagged<K, V> {
    /// Hashed by what is quick on long keys, and not foreseen by whoever asks.
    kept: Cache<K, Arc<Kept<K, V>>, ByWeight, ahash::RandomState>,
    known: Mutex<Known<K, V>>,
    born: Instant,
    /// When the log was last followed to its end: nanoseconds since the birth, and 1; 0: never.
    caught_up: AtomicU64,
    /// The same place as in `known`, for who only looks.
    place: AtomicI64,
    hits: AtomicU64,
    misses: AtomicU64,
}

struct Known<K, V> {
    /// Up to which entry of the log things have been dropped.
    place: i64,
    by_tag: HashMap<Tag, Holders<K, V>>,
    /// How many tags make it worth to look for those that nothing has any more.
    swept_at: usize,
    /// The last entries, and what they touched.
    recent: VecDeque<(i64, Arc<[Tag]>)>,
}

/// What has a tag. Things that fell out of the cache stand here until the next sweep.
struct Holders<K, V> {
    all: Vec<Weak<Kept<K, V>>>,
    swept_at: usize,
}

impl<K, V> Holders<K, V> {
    fn sweep(&mut self) {
        self.all.retain(|kept| kept.strong_count() > 0);
        self.swept_at = (self.all.len() * 2).max(8);
    }
}

impl<K, V> Default for Holders<K, V> {
    fn default() -> Self {
        Self { all: Vec::new(), swept_at: 8 }
    }
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static, V: Send + Sync + 'static> Tagged<K, V> {
    /// One that keeps so many bytes.
    pub fn new(bytes: u64) -> Self {
        // Much like S3-FIFO: what is asked for once does not drive out what is asked for often.
        let kept = Cache::with_options(
            options(bytes),
            ByWeight,
            ahash::RandomState::new(),
            DefaultLifecycle::default(),
        );
        let known = Known { place: 0, by_tag: HashMap::new(), swept_at: 1_000, recent: VecDeque::new() };
        Self {
            kept,
            known: Mutex::new(known),
            born: Instant::now(),
            caught_up: AtomicU64::new(0),
            place: AtomicI64::new(0),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
        }
    }

    fn known(&self) -> MutexGuard<'_, Known<K, V>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is kept under this key, if it holds at this moment.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q, now: impl Fn() -> Timestamp) -> Option<Arc<Kept<K, V>>>
    where
        K: Borrow<Q>,
    {
        let found = self.is_current(Instant::now()).then(|| self.kept.get(key)).flatten().filter(|kept| {
            !kept.is_dropped.load(Ordering::Acquire)
                && kept.until.is_none_or(|until| now() < until)
                && kept.since.is_none_or(|since| now() >= since)
        });
        let counter = if found.is_some() { &self.hits } else { &self.misses };
        counter.fetch_add(1, Ordering::Relaxed);
        found
    }

    /// What is kept under this key, if it was so at this place of the log.
    pub fn get_at<Q: Hash + Eq + ?Sized>(
        &self,
        key: &Q,
        place: i64,
        now: impl Fn() -> Timestamp,
    ) -> Option<Arc<Kept<K, V>>>
    where
        K: Borrow<Q>,
    {
        // Asked first: what is not dropped afterwards holds up to here at least.
        let is_reached = self.place().is_some_and(|reached| place <= reached);
        is_reached.then(|| self.get(key, now)).flatten().filter(|kept| kept.sequence <= place)
    }

    /// Up to which entry of the log things have been dropped, while that counts.
    pub fn place(&self) -> Option<i64> {
        self.is_current(Instant::now()).then(|| self.place.load(Ordering::Acquire))
    }

    /// Whether what is kept counts.
    fn is_current(&self, now: Instant) -> bool {
        match self.caught_up.load(Ordering::Acquire) {
            0 => false,
            then => {
                let now = now.saturating_duration_since(self.born);
                now.saturating_sub(Duration::from_nanos(then)) <= MOST_BEHIND
            }
        }
    }

    /// Keeps what was read at this place of the log, unless something that it was made from has changed since, or may have.
    pub fn keep(&self, key: K, value: V, bytes: usize, sources: &Sources, sequence: i64) {
        if sources.is_private {
            return;
        }
        let weight = WEIGHT + bytes + sources.tags.len() * WEIGHT_OF_TAG;
        // What the allocator leaves between things is about a sixth.
        let weight = weight + weight / 6;
        let kept = Arc::new(Kept {
            value,
            key: key.clone(),
            sequence,
            until: sources.until,
            since: sources.since,
            weight: u32::try_from(weight).unwrap_or(u32::MAX),
            is_dropped: AtomicBool::new(false),
        });
        let mut known = self.known();
        if self.caught_up.load(Ordering::Acquire) == 0 || !known.holds(sources, sequence) {
            return;
        }
        for tag in &sources.tags {
            let holders = known.by_tag.entry(*tag).or_default();
            if holders.all.len() >= holders.swept_at {
                holders.sweep();
            }
            holders.all.push(Arc::downgrade(&kept));
        }
        if known.by_tag.len() >= known.swept_at {
            known.by_tag.values_mut().for_each(Holders::sweep);
            known.by_tag.retain(|_, holders| !holders.all.is_empty());
            known.swept_at = (known.by_tag.len() * 2).max(1_000);
        }
        self.kept.insert(key, kept);
    }

    fn drop_touched(&self, sequence: i64, tags: &Arc<[Tag]>) {
        let mut known = self.known();
        for tag in &**tags {
            let Some(holders) = known.by_tag.get_mut(tag) else { continue };
            let touched: Vec<_> = holders
                .all
                .extract_if(.., |kept| kept.upgrade().is_none_or(|kept| kept.sequence < sequence))
                .collect();
            for kept in touched.into_iter().filter_map(|kept| kept.upgrade()) {
                kept.is_dropped.store(true, Ordering::Release);
                self.kept.remove(&kept.key);
            }
        }
        known.place = sequence;
        self.place.store(sequence, Ordering::Release);
        known.recent.push_back((sequence, Arc::clone(tags)));
        if known.recent.len() > REMEMBERED {
            known.recent.pop_front();
        }
    }

    /// How many things are kept, and how much they weigh in bytes.
    pub fn size(&self) -> (u64, u64) {
        (self.kept.len() as u64, self.kept.weight())
    }

    /// How often something was there, and was not.
    pub fn used(&self) -> (u64, u64) {
        (self.hits.load(Ordering::Relaxed), self.misses.load(Ordering::Relaxed))
    }
}

/// Of a cache of so many bytes. Nothing is kept that is larger than one of its shards.
fn options(bytes: u64) -> Options {
    let shards = usize::try_from(bytes / SHARD).unwrap_or(MOST_SHARDS).clamp(1, MOST_SHARDS);
    let things = usize::try_from(bytes / USUAL).unwrap_or(usize::MAX);
    let mut options = OptionsBuilder::new();
    options.shards(shards).estimated_items_capacity(things).weight_capacity(bytes);
    #[allow(clippy::expect_used, reason = "what must be told is told")]
    options.build().expect("how much, and of how many")
}

/// How `/metrics` calls what is kept, what it weighs, how often something was there, and was not; each with its words.
pub type Told = [(&'static str, &'static str); 4];

/// These numbers of a cache, where there is one.
pub fn told<K, V>(kept: Option<&Tagged<K, V>>, words: Told) -> [(u64, &'static str, &'static str); 4]
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Send + Sync + 'static,
{
    let ((count, bytes), (hits, misses)) = kept.map(|kept| (kept.size(), kept.used())).unwrap_or_default();
    let [kept, weight, found, missed] = words;
    [(count, kept), (bytes, weight), (hits, found), (misses, missed)]
        .map(|(number, (name, words))| (number, name, words))
}

impl<K, V> Known<K, V> {
    /// Whether what was read at this place is still so, as far as is known.
    fn holds(&self, sources: &Sources, sequence: i64) -> bool {
        if sequence >= self.place {
            return true;
        }
        let remembers_all = self.recent.front().is_some_and(|(first, _)| *first <= sequence + 1);
        remembers_all
            && self
                .recent
                .iter()
                .rev()
                .take_while(|(touched_at, _)| *touched_at > sequence)
                .all(|(_, tags)| tags.iter().all(|tag| !sources.tags.contains(tag)))
    }
}

impl<K: Clone + Eq + Hash + Send + Sync + 'static, V: Send + Sync + 'static> Follows for Tagged<K, V> {
    fn apply<'a>(
        &'a self,
        _: &'a Store,
        _: &'a Snapshot,
        entries: &'a [Committed],
    ) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>> {
        for entry in entries {
            self.drop_touched(entry.sequence, &entry.tags);
        }
        Box::pin(std::future::ready(Ok(())))
    }

    fn caught_up(&self, sequence: i64, since: Instant) {
        self.known().place = sequence;
        self.place.store(sequence, Ordering::Release);
        let nanos = since.saturating_duration_since(self.born).as_nanos();
        self.caught_up.store(u64::try_from(nanos).unwrap_or(u64::MAX).max(1), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rustc_hash::FxHashSet;

    use super::*;

    fn of(tags: &[&str]) -> Sources {
        Sources { tags: tags.iter().map(|tag| Tag::of(tag)).collect(), ..Sources::default() }
    }

    fn cache(place: i64) -> Tagged<u32, u32> {
        let cache = Tagged::new(1_000_000);
        cache.caught_up(place, Instant::now());
        cache
    }

    fn value(cache: &Tagged<u32, u32>, key: u32) -> Option<u32> {
        cache.get(&key, || Timestamp(0)).map(|kept| kept.value)
    }

    #[test]
    fn an_entry_drops_what_it_touches_and_nothing_else() {
        let cache = cache(1);
        cache.keep(1, 10, 0, &of(&["a", "b"]), 1);
        cache.keep(2, 20, 0, &of(&["b"]), 1);
        cache.drop_touched(2, &[Tag::of("a"), Tag::of("c")].into());
        assert_eq!((value(&cache, 1), value(&cache, 2)), (None, Some(20)));
        cache.keep(1, 11, 0, &of(&["a", "b"]), 2);
        cache.drop_touched(3, &[Tag::of("b")].into());
        assert_eq!((value(&cache, 1), value(&cache, 2)), (None, None));
    }

    #[test]
    fn what_was_read_before_an_entry_that_touches_it_is_not_kept_after_it() {
        let cache = cache(5);
        cache.drop_touched(6, &[Tag::of("a")].into());
        cache.keep(1, 10, 0, &of(&["a"]), 5);
        cache.keep(2, 20, 0, &of(&["b"]), 5);
        cache.keep(3, 30, 0, &of(&["b"]), 4);
        cache.keep(4, 40, 0, &of(&["a"]), 7);
        assert_eq!([1, 2, 3, 4].map(|key| value(&cache, key)), [None, Some(20), None, Some(40)]);
        cache.drop_touched(7, &[Tag::of("a")].into());
        assert_eq!(value(&cache, 4), Some(40), "it was read after the entry");
    }

    #[test]
    fn nothing_counts_before_the_log_is_followed_nor_after_its_time() {
        let cache = Tagged::new(1_000_000);
        cache.keep(1, 10, 0, &of(&[]), 9);
        assert_eq!(value(&cache, 1), None);
        cache.caught_up(9, Instant::now());
        let sources = Sources { until: Some(Timestamp(5)), ..of(&[]) };
        cache.keep(1, 10, 0, &sources, 9);
        assert!(cache.get(&1, || Timestamp(4)).is_some());
        assert!(cache.get(&1, || Timestamp(5)).is_none());
        cache.keep(1, 10, 0, &Sources { since: Some(Timestamp(5)), ..of(&[]) }, 9);
        assert!(cache.get(&1, || Timestamp(5)).is_some());
        assert!(cache.get(&1, || Timestamp(4)).is_none(), "a clock was set back");
        assert!(cache.is_current(cache.born + MOST_BEHIND));
        assert!(!cache.is_current(Instant::now() + MOST_BEHIND + Duration::from_millis(1)));
        cache.keep(2, 20, 0, &Sources { is_private: true, ..of(&[]) }, 9);
        assert_eq!(value(&cache, 2), None);
    }

    #[test]
    fn very_many_things_that_are_asked_for_once_leave_what_is_asked_for_often() {
        let cache = Tagged::new(500_000);
        cache.caught_up(1, Instant::now());
        let keep = |key: u32| {
            cache.keep(key, key, 100, &of(&["articles", &key.to_string()]), 1);
        };
        for key in 0..100 {
            keep(key);
        }
        let mut found = 0;
        for key in 1_000..200_000 {
            if key % 1_000 == 0 {
                cache.caught_up(1, Instant::now());
            }
            let hot = key % 100;
            if value(&cache, hot).is_some() {
                found += 1;
            } else {
                keep(hot);
            }
            if value(&cache, key).is_none() {
                keep(key);
            }
        }
        assert!(cache.size().1 <= 500_000);
        let known = cache.known();
        let held: usize = known.by_tag.values().map(|holders| holders.all.len()).sum();
        assert!(held < 20_000 && known.by_tag.len() < 20_000, "{held} {}", known.by_tag.len());
        assert!(found > 190_000, "of 199,000 times, the hot ones were there {found} times");
    }

    proptest! {
        #[test]
        fn whatever_is_read_and_written_in_whatever_order_nothing_old_is_given(
            steps in proptest::collection::vec((0..4u8, 0..6u32, 0..6u32, 0..3i64), 1..200)
        ) {
            // A world of six things, each with the entry that last changed it; a value tells the newest of two.
            let cache = cache(0);
            let (mut world, mut log) = (vec![0i64; 6], Vec::new());
            let mut applied = 0;
            for (step, one, other, late) in steps {
                let tags: FxHashSet<Tag> = [one, other].iter().map(|thing| Tag::of(&thing.to_string())).collect();
                let key = one.min(other) * 6 + one.max(other);
                match step {
                    0 => {
                        log.push(one);
                        world[one as usize] = i64::try_from(log.len()).unwrap();
                    }
                    1 => while applied < log.len() {
                        applied += 1;
                        let tag = Tag::of(&log[applied - 1].to_string());
                        cache.drop_touched(i64::try_from(applied).unwrap(), &[tag].into());
                    },
                    2 => {
                        // Read some entries ago.
                        let sequence = (i64::try_from(log.len()).unwrap() - late).max(0);
                        let at = |thing: u32| {
                            let until = usize::try_from(sequence).unwrap();
                            log[..until].iter().rposition(|&changed| changed == thing).map_or(0, |at| at + 1)
                        };
                        let value = u32::try_from(at(one).max(at(other))).unwrap();
                        cache.keep(key, value, 0, &Sources { tags, ..Sources::default() }, sequence);
                    }
                    _ => if let Some(found) = value(&cache, key) {
                        let newest = [one, other].map(|thing| {
                            log[..applied].iter().rposition(|&changed| changed == thing).map_or(0, |at| at + 1)
                        });
                        let newest = newest[0].max(newest[1]);
                        prop_assert!(usize::try_from(found).unwrap() >= newest);
                    },
                }
            }
        }
    }
}
