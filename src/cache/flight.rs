//! What many ask for at once is made by the first of them; the others wait, and look again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

/// What is being made.
pub struct Flights<K>(Mutex<HashMap<K, watch::Receiver<()>>>);

/// Who asks for what is not there.
pub enum Turn<'a, K: Clone + Eq + Hash> {
    /// Is the first, and makes it. Others wait while this lives.
    First(First<'a, K>),
    /// Was not the first, and has waited: it may be there now. Where it is not, nobody waits for anybody again.
    Waited,
}

/// What others wait for, while it lives.
pub struct First<'a, K: Clone + Eq + Hash> {
    flights: &'a Flights<K>,
    key: K,
    _ends: watch::Sender<()>,
}

impl<K> Default for Flights<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Clone + Eq + Hash> Flights<K> {
    /// Waits until what is being made under this key is done; returns at once where nobody makes it.
    pub async fn turn(&self, key: &K) -> Turn<'_, K> {
        let mut under_way = {
            let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match flights.get(key) {
                Some(under_way) => under_way.clone(),
                None => {
                    let (ends, under_way) = watch::channel(());
                    flights.insert(key.clone(), under_way);
                    return Turn::First(First { flights: self, key: key.clone(), _ends: ends });
                }
            }
        };
        // Nothing is ever sent: it ends with the sender.
        let _ = under_way.changed().await;
        Turn::Waited
    }
}

impl<K: Clone + Eq + Hash> Drop for First<'_, K> {
    fn drop(&mut self) {
        self.flights.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn of_many_one_makes_it_and_the_others_wait() {
        let flights = Arc::new(Flights::default());
        let made = Arc::new(AtomicUsize::new(0));
        let Turn::First(first) = flights.turn(&7).await else { panic!("nobody makes it") };
        let waiting: Vec<_> = (0..50)
            .map(|_| {
                let (flights, made) = (Arc::clone(&flights), Arc::clone(&made));
                tokio::spawn(async move {
                    assert!(matches!(flights.turn(&7).await, Turn::Waited));
                    assert_eq!(made.load(Ordering::SeqCst), 1);
                })
            })
            .collect();
        tokio::task::yield_now().await;
        assert!(matches!(flights.turn(&8).await, Turn::First(_)), "another thing waits for nothing");
        made.fetch_add(1, Ordering::SeqCst);
        drop(first);
        for task in waiting {
            task.await.unwrap();
        }
        assert!(matches!(flights.turn(&7).await, Turn::First(_)));
    }
}
