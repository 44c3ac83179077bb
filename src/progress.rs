//! How far this node's followers of the log have come. A write waits for them after its commit, so that who wrote reads
//! what was written; and a commit wakes them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

/// How long a write waits for a follower at most. One that is further behind says so in the log, and what it keeps is not
/// relied on meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);

/// The places of all followers.
pub struct Progress {
    committed: watch::Sender<i64>,
    places: Mutex<Vec<watch::Receiver<i64>>>,
    advanced: watch::Sender<i64>,
}

/// One follower's side.
pub struct Place {
    committed: watch::Receiver<i64>,
    reached: watch::Sender<i64>,
    advanced: watch::Sender<i64>,
}

impl Default for Progress {
    fn default() -> Self {
        Self { committed: watch::Sender::new(0), places: Mutex::default(), advanced: watch::Sender::new(0) }
    }
}

impl Progress {
    /// Enters a follower. It counts until its place is dropped.
    pub fn enter(&self) -> Place {
        let reached = watch::Sender::new(0);
        self.places.lock().unwrap_or_else(PoisonError::into_inner).push(reached.subscribe());
        Place { committed: self.committed.subscribe(), reached, advanced: self.advanced.clone() }
    }

    /// Changes when a follower has come further.
    pub fn watch(&self) -> watch::Receiver<i64> {
        self.advanced.subscribe()
    }

    /// Up to which entry all followers have come.
    pub fn passed(&self) -> i64 {
        let places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let places = places.iter().filter(|place| place.has_changed().is_ok());
        places.map(|place| *place.borrow()).min().unwrap_or_default()
    }

    /// An entry of this number was committed: wakes the followers, and returns once all have passed it.
    pub async fn committed(&self, sequence: i64) {
        self.committed.send_if_modified(|last| {
            let is_new = *last < sequence;
            *last = sequence.max(*last);
            is_new
        });
        let places = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            places.retain(|place| place.has_changed().is_ok());
            places.clone()
        };
        for mut place in places {
            // An error: the follower has ended meanwhile, and nobody relies on it any more.
            if tokio::time::timeout(PATIENCE, place.wait_for(|reached| *reached >= sequence)).await.is_err() {
                tracing::warn!(sequence, "a follower of the log is behind");
            }
        }
    }
}

impl Place {
    /// Returns when this node has committed something since the last call.
    pub async fn woken(&mut self) {
        if self.committed.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// All up to this number was applied.
    pub fn reach(&self, sequence: i64) {
        let is_further = self.reached.send_replace(sequence) != sequence;
        if is_further {
            self.advanced.send_replace(sequence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_write_waits_until_every_follower_has_passed_it() {
        let progress = std::sync::Arc::new(Progress::default());
        progress.committed(1).await;
        let (mut slow, gone) = (progress.enter(), progress.enter());
        drop(gone);
        let writing = tokio::spawn({
            let progress = std::sync::Arc::clone(&progress);
            async move { progress.committed(7).await }
        });
        slow.woken().await;
        slow.reach(6);
        tokio::task::yield_now().await;
        assert!(!writing.is_finished());
        slow.reach(7);
        writing.await.unwrap();
    }
}
