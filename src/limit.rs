//! Limits of rate: how often something may happen for a key. They are counted in memory, by each node for itself, and how
//! many keys are remembered is bounded: who comes from ever new addresses pushes out others of that kind, not the server.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use quick_cache::sync::{Cache, EntryAction, EntryResult};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::clock::{Clock, Timestamp};
use crate::config::Config;
use crate::error::Failure;

/// Keys that a limit remembers, each about 200 bytes.
const MOST_KEYS: usize = 100_000;

/// What is counted apart: a hash, so that no address stands in memory longer than it must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

impl Key {
    /// The key of these parts, each led by its length so that no two lists of parts read alike.
    pub fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
        let mut key = [0; 16];
        key.copy_from_slice(&digest.finalize()[..16]);
        Self(key)
    }
}

/// The operations' clock, as governor asks for the time.
#[derive(Clone)]
struct Ticks(Arc<dyn Clock>);

impl governor::clock::Clock for Ticks {
    type Instant = Duration;

    fn now(&self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.now().0).unwrap_or_default())
    }
}

type Bucket = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<Duration>>;

/// So many at once, and as many again in each period, evenly.
pub struct Limiter {
    quota: Quota,
    ticks: Ticks,
    buckets: Cache<Key, Arc<Bucket>>,
}

impl Limiter {
    /// `most` at once, and as many in each period.
    pub fn new(most: NonZeroU32, period: Duration, clock: Arc<dyn Clock>) -> Self {
        let each = (period / most.get()).max(Duration::from_millis(1));
        let quota = Quota::with_period(each).unwrap_or(Quota::per_second(most)).allow_burst(most);
        Self { quota, ticks: Ticks(clock), buckets: Cache::new(MOST_KEYS) }
    }

    /// Counts one, or says in how many seconds there will be room.
    pub fn take(&self, key: Key) -> Result<(), Failure> {
        let begin = || Ok(Arc::new(Bucket::direct_with_clock(self.quota, self.ticks.clone())));
        let Ok(bucket) = self.buckets.get_or_insert_with::<_, Infallible>(&key, begin);
        bucket.check().map_err(|refused| {
            let wait = refused.wait_time_from(governor::clock::Clock::now(&self.ticks));
            let seconds = u32::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u32::MAX);
            Failure::RateLimited { retry_after: seconds.max(1) }
        })
    }

    /// Begins anew for this key.
    pub fn forget(&self, key: Key) {
        self.buckets.remove(&key);
    }
}

/// How often something has happened in a row: forgotten after an hour in which it has not.
pub struct Tally {
    clock: Arc<dyn Clock>,
    counts: Cache<Key, (u32, Timestamp)>,
}

impl Tally {
    const FORGOTTEN_AFTER_SECONDS: i64 = 60 * 60;

    /// Nothing has happened yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, counts: Cache::new(MOST_KEYS) }
    }

    /// Counts one more; says how many came before it.
    pub fn add(&self, key: Key) -> u32 {
        let now = self.clock.now();
        let one_more = |_: &Key, (count, last): &mut (u32, Timestamp)| {
            let lasts = last.plus_seconds(Self::FORGOTTEN_AFTER_SECONDS) > now;
            let before = if lasts { *count } else { 0 };
            (*count, *last) = (before.saturating_add(1), now);
            EntryAction::Retain(before)
        };
        match self.counts.entry(&key, None, one_more) {
            EntryResult::Retained(before) => before,
            EntryResult::Vacant(place) => {
                // Where it was forgotten in between, it is the first anyway.
                let _ = place.insert((1, now));
                0
            }
            // Nothing is taken out here, and nobody waits for a time.
            EntryResult::Removed(..) | EntryResult::Replaced(..) | EntryResult::Timeout => 0,
        }
    }

    /// Begins anew for this key.
    pub fn forget(&self, key: Key) {
        self.counts.remove(&key);
    }
}

/// All limits of rate of this node.
pub struct Limits {
    /// Sign-ins by account and network.
    pub sign_in: Limiter,
    /// Sign-ins by network.
    pub sign_in_network: Limiter,
    /// Sign-ins in a row that did not succeed, by account.
    pub sign_in_failures: Tally,
    /// Sign-ins that are held back at once.
    pub sign_ins_waiting: Semaphore,
    /// Passwords that are hashed at once.
    pub password_hashes: Semaphore,
    /// Passwords that wait to be hashed.
    pub password_queue: Semaphore,
    /// The same, kept for tries from networks where somebody signed in before: a flood from elsewhere does not fill it.
    pub password_queue_of_known: Semaphore,
    /// Comments by network and article.
    pub comment: Limiter,
    /// Comments by network.
    pub comment_network: Limiter,
    /// Refusals of rights that are written to the log, by user and right.
    pub refusal_entries: Limiter,
    /// Failed sign-ins that are written to the log, by user; those of no user together.
    pub failure_entries: Limiter,
}

impl Limits {
    /// The limits that the settings name.
    pub fn new(config: &Config, clock: &Arc<dyn Clock>) -> Self {
        let minutes = |most: NonZeroU32, minutes: u64| {
            Limiter::new(most, Duration::from_secs(minutes * 60), Arc::clone(clock))
        };
        let few = NonZeroU32::MIN.saturating_add(2);
        let many = NonZeroU32::MIN.saturating_add(999);
        let hashes = usize::try_from(config.password_hashes.get()).unwrap_or(1);
        Self {
            sign_in: minutes(config.sign_in_limit, 15),
            sign_in_network: minutes(config.sign_in_network_limit, 15),
            sign_in_failures: Tally::new(Arc::clone(clock)),
            sign_ins_waiting: Semaphore::new(1_000),
            password_hashes: Semaphore::new(hashes),
            password_queue: Semaphore::new(hashes.saturating_mul(32)),
            password_queue_of_known: Semaphore::new(hashes.saturating_mul(8)),
            comment: minutes(config.comment_limit, 10),
            comment_network: minutes(config.comment_network_limit, 10),
            refusal_entries: minutes(few, 10),
            failure_entries: minutes(many, 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SetClock;

    #[test]
    fn so_many_at_once_and_as_many_again_in_each_period() {
        let clock = Arc::new(SetClock::at(Timestamp(1_000_000_000_000)));
        let most = NonZeroU32::new(4).unwrap();
        let limiter = Limiter::new(most, Duration::from_secs(60), Arc::clone(&clock) as _);
        let (one, other) = (Key::of(&[b"one"]), Key::of(&[b"other"]));
        let taken = |key| limiter.take(key).is_ok();
        assert_eq!([(); 5].map(|()| taken(one)), [true, true, true, true, false]);
        assert!(taken(other));
        assert!(matches!(limiter.take(one), Err(Failure::RateLimited { retry_after: 15 })));
        clock.advance_seconds(15);
        assert_eq!([(); 2].map(|()| taken(one)), [true, false]);
        limiter.forget(one);
        assert!(taken(one));
    }

    #[test]
    fn a_tally_counts_what_came_before_and_forgets() {
        let clock = Arc::new(SetClock::at(Timestamp(1_000_000_000_000)));
        let tally = Tally::new(Arc::clone(&clock) as _);
        let key = Key::of(&[b"a", b"b"]);
        assert_ne!(key, Key::of(&[b"ab"]));
        assert_eq!([(); 3].map(|()| tally.add(key)), [0, 1, 2]);
        tally.forget(key);
        assert_eq!(tally.add(key), 0);
        clock.advance_seconds(3_601);
        assert_eq!(tally.add(key), 0);
    }
}
