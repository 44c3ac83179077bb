//! Time and chance, injected: every rule takes them from [`crate::operation::Operation`], so that tests control both.

use std::fmt;
use std::pin::Pin;

use sea_orm::DeriveValueType;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// A moment in whole milliseconds since 1970-01-01T00:00:00Z, as it stands in every table and in every hashed document.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, DeriveValueType,
)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment, moved by a number of seconds (negative: earlier). Saturates.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1_000)))
    }

    /// Whole seconds since 1970, as JSON Web Tokens count.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// RFC 3339 in UTC with milliseconds: `2026-11-24T10:00:00.000Z`.
    pub fn to_rfc3339(self) -> String {
        chrono::DateTime::from_timestamp_millis(self.0)
            .unwrap_or_default()
            .to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }

    /// Reads RFC 3339 with any offset; what is finer than a millisecond is cut off. `None` when it isn't a moment.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        chrono::DateTime::parse_from_rfc3339(text).ok().map(|moment| Self(moment.timestamp_millis()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// Where the time comes from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Ends when that moment has come.
    fn wait_until(&self, moment: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}

/// Where unpredictable bytes come from.
pub trait Chance: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the machine for the time")]
    fn now(&self) -> Timestamp {
        Timestamp(chrono::Utc::now().timestamp_millis())
    }

    fn wait_until(&self, moment: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let millis = u64::try_from(moment.0.saturating_sub(self.now().0)).unwrap_or_default();
        Box::pin(tokio::time::sleep(std::time::Duration::from_millis(millis)))
    }
}

/// The operating system's source of randomness.
pub struct SystemChance;

impl Chance for SystemChance {
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the machine for randomness")]
    fn fill(&self, buffer: &mut [u8]) {
        rand::Rng::fill_bytes(&mut rand::rng(), buffer);
    }
}

/// Bytes that a seed decides: for content that is made up, and nothing that must not be guessed.
pub struct SeededChance(std::sync::Mutex<rand::rngs::StdRng>);

impl SeededChance {
    /// The same number gives the same bytes.
    pub fn new(seed: u64) -> Self {
        Self(std::sync::Mutex::new(rand::SeedableRng::seed_from_u64(seed)))
    }
}

impl Chance for SeededChance {
    fn fill(&self, buffer: &mut [u8]) {
        let mut random = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        rand::Rng::fill_bytes(&mut *random, buffer);
    }
}

/// A clock that stands still until it is moved: for tests, and for content that is written as of another day.
pub struct SetClock(watch::Sender<i64>);

impl SetClock {
    /// A clock that shows this moment.
    pub fn at(moment: Timestamp) -> Self {
        Self(watch::Sender::new(moment.0))
    }

    /// Shows another moment from now on.
    pub fn set(&self, moment: Timestamp) {
        self.0.send_replace(moment.0);
    }

    /// Moves on.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.send_modify(|now| *now = now.saturating_add(seconds.saturating_mul(1_000)));
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp(*self.0.borrow())
    }

    fn wait_until(&self, moment: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let mut shown = self.0.subscribe();
        Box::pin(async move {
            if shown.wait_for(|now| *now >= moment.0).await.is_err() {
                // The clock is gone, and its time with it.
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timestamp_reads_back_what_it_wrote() {
        for millis in [0, 1, 999, 1_795_514_400_123, -1] {
            assert_eq!(Timestamp::parse_rfc3339(&Timestamp(millis).to_rfc3339()), Some(Timestamp(millis)));
        }
        assert_eq!(
            Timestamp::parse_rfc3339("2026-01-01T01:00:00+01:00"),
            Timestamp::parse_rfc3339("2026-01-01T00:00:00Z")
        );
        assert_eq!(Timestamp::parse_rfc3339("yesterday"), None);
    }
}
