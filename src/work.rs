//! Work that keeps a processor busy for long, such as decoding pictures: few at a time, so that queries go on beside it; and
//! the same only once, however many ask for it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, Weak};

use tokio::sync::{Mutex, Notify, OwnedMutexGuard, OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::error::Failure;

/// Different things that may be made or waited for at once; who asks for one more is told to come again.
const MOST_UNDER_WAY: usize = 200;

/// A place among those who work at once.
pub struct Place {
    permit: Option<OwnedSemaphorePermit>,
    freed: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        // First to those who wait for it.
        self.permit.take();
        self.freed.notify_one();
    }
}

/// What this node works on.
pub struct Work {
    places: Arc<Semaphore>,
    freed: Arc<Notify>,
    under_way: std::sync::Mutex<HashMap<String, Weak<Mutex<()>>>>,
    done: AtomicU64,
    under_hand: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
}

/// Counts one piece of work for as long as it is under hand, however it ends.
struct UnderHand(Arc<AtomicUsize>);

impl Drop for UnderHand {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Work {
    /// So many at a time.
    pub fn new(places: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            freed: Arc::default(),
            under_way: std::sync::Mutex::default(),
            done: AtomicU64::new(0),
            under_hand: Arc::default(),
            most_at_once: Arc::default(),
        }
    }

    /// Waits for a place. What the work is about is best read when there is one: what waits then holds no memory.
    pub async fn place(&self) -> Result<Place, Failure> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        Ok(self.taken(place.map_err(|_| Failure::corrupt("the queue of work is closed"))?))
    }

    /// Waits for a place that nobody else waits for. For one task alone, which makes what nobody asked for yet.
    pub async fn idle_place(&self) -> Result<Place, Failure> {
        loop {
            match Arc::clone(&self.places).try_acquire_owned() {
                Ok(place) => return Ok(self.taken(place)),
                Err(TryAcquireError::NoPermits) => self.freed.notified().await,
                Err(TryAcquireError::Closed) => return Err(Failure::corrupt("the queue of work is closed")),
            }
        }
    }

    fn taken(&self, permit: OwnedSemaphorePermit) -> Place {
        Place { permit: Some(permit), freed: Arc::clone(&self.freed) }
    }

    /// Does it on a thread of its own. The place is taken until it is done, also where nobody waits for it any more.
    pub async fn run_in<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let (under_hand, most_at_once) = (Arc::clone(&self.under_hand), Arc::clone(&self.most_at_once));
        let done = tokio::task::spawn_blocking(move || {
            // Let go of, in case it panics too, before another takes the place.
            let _place = place;
            let now = under_hand.fetch_add(1, Ordering::Relaxed) + 1;
            let _counted = UnderHand(under_hand);
            most_at_once.fetch_max(now, Ordering::Relaxed);
            work()
        });
        let done = done.await?;
        self.done.fetch_add(1, Ordering::Relaxed);
        Ok(done)
    }

    /// Does it on a thread of its own, when there is a place.
    pub async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failure> {
        let place = self.place().await?;
        self.run_in(place, work).await
    }

    /// How much was done since the start.
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// How much was done, is under hand now, and ever was at once: each with a name and what it is.
    pub fn told(&self) -> [(u64, &'static str, &'static str); 3] {
        let number = |count: &AtomicUsize| u64::try_from(count.load(Ordering::Relaxed)).unwrap_or(u64::MAX);
        [
            (self.done(), "copydesk_pictures_decoded_total", "Pictures that were decoded since the start."),
            (number(&self.under_hand), "copydesk_pictures_under_hand", "Pictures that are decoded now."),
            (
                number(&self.most_at_once),
                "copydesk_pictures_most_at_once",
                "Pictures that were ever decoded at once since the start; `image_workers` at most.",
            ),
        ]
    }

    /// Waits until nobody else on this node makes the thing of this name, and keeps others waiting while what it gives lives.
    pub async fn alone(&self, name: &str) -> Result<OwnedMutexGuard<()>, Failure> {
        let turn = self.turn(name)?;
        Ok(turn.lock_owned().await)
    }

    /// The same where nobody makes it; does not wait.
    pub fn alone_now(&self, name: &str) -> Option<OwnedMutexGuard<()>> {
        self.turn(name).ok()?.try_lock_owned().ok()
    }

    fn turn(&self, name: &str) -> Result<Arc<Mutex<()>>, Failure> {
        let turn = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            match under_way.get(name).and_then(Weak::upgrade) {
                Some(turn) => turn,
                None => {
                    under_way.retain(|_, turn| turn.strong_count() > 0);
                    if under_way.len() >= MOST_UNDER_WAY {
                        return Err(Failure::RateLimited { retry_after: 5 });
                    }
                    let turn = Arc::new(Mutex::new(()));
                    under_way.insert(name.to_owned(), Arc::downgrade(&turn));
                    turn
                }
            }
        };
        Ok(turn)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[tokio::test]
    async fn one_thing_is_made_by_one_at_a_time() {
        let work = Arc::new(Work::new(2));
        let inside = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..50)
            .map(|number| {
                let (work, inside) = (Arc::clone(&work), Arc::clone(&inside));
                tokio::spawn(async move {
                    let _turn = work.alone(&format!("thing {}", number % 2)).await.unwrap();
                    assert!(inside.fetch_add(1, Ordering::SeqCst) < 2);
                    assert_eq!(work.run(move || number).await.unwrap(), number);
                    inside.fetch_sub(1, Ordering::SeqCst);
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }

    #[tokio::test]
    async fn who_is_idle_comes_after_all_who_wait() {
        let work = Arc::new(Work::new(1));
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let held = work.place().await.unwrap();
        let run = |name: &'static str, is_idle: bool| {
            let (work, order) = (Arc::clone(&work), Arc::clone(&order));
            tokio::spawn(async move {
                let place = if is_idle { work.idle_place().await } else { work.place().await };
                order.lock().unwrap().push(name);
                drop(place.unwrap());
            })
        };
        let tasks = [run("idle", true), run("first", false), run("second", false)];
        // All of them have begun to wait.
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        drop(held);
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), ["first", "second", "idle"]);
    }

    #[tokio::test]
    async fn what_waits_is_bounded() {
        let work = Work::new(1);
        let mut turns = Vec::new();
        for number in 0..MOST_UNDER_WAY {
            turns.push(work.alone(&number.to_string()).await.unwrap());
        }
        assert!(matches!(work.alone("more").await, Err(Failure::RateLimited { .. })));
        turns.pop();
        assert!(work.alone("more").await.is_ok());
    }
}
