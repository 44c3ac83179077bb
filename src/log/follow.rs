//! Following the log: a follower asks for what comes after a number, in order, and so misses nothing and repeats nothing.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::change::Entry;
use super::entity::changes;
use crate::db::Snapshot;
use crate::db::listen::Listener;
use crate::error::Failure;
use crate::operation::Store;
use crate::reads::Tag;

/// What is kept in memory counts only while the log was followed to its end so lately.
pub const MOST_BEHIND: Duration = Duration::from_secs(1);
/// Entries read at once.
const BATCH: u64 = 500;

/// A reader of the log with a place of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Follower {
    place: i64,
}

impl Follower {
    /// One that has seen everything up to this number; 0: nothing.
    pub fn after(place: i64) -> Self {
        Self { place }
    }

    /// The number of the last entry that it gave.
    pub fn place(&self) -> i64 {
        self.place
    }

    /// The entries that follow in this snapshot, at most `limit`; none when there are no more in it.
    pub async fn next(&mut self, snapshot: &Snapshot, limit: u64) -> Result<Vec<changes::Model>, Failure> {
        let rows = changes::Entity::find()
            .filter(changes::Column::Sequence.gt(self.place))
            .order_by_asc(changes::Column::Sequence)
            .limit(limit)
            .all(snapshot.connection())
            .await?;
        if let Some(last) = rows.last() {
            self.place = last.sequence;
        }
        Ok(rows)
    }
}

/// The cache tags that an entry touches.
pub fn touched(change: &changes::Model) -> Result<Vec<Tag>, Failure> {
    let entry: Entry = serde_json::from_str(&change.entry)?;
    Ok(entry.tags.iter().map(|tag| Tag::of(tag)).collect())
}

/// What is kept in memory and must die with the entry that changes it.
pub trait Follows: Send + Sync + 'static {
    /// These were committed, in this order. Also called with none, at every turn.
    fn apply(
        &self,
        store: &Store,
        snapshot: &Snapshot,
        entries: &[changes::Model],
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// All that was committed before `since` has been applied, and nothing after this number.
    fn caught_up(&self, sequence: i64, since: Instant);
}

/// Lets something follow the log from its present end, in a task that ends with the store.
pub fn follow(store: &Arc<Store>, who: Arc<impl Follows>) {
    let mut place = store.progress.enter();
    let store = Arc::downgrade(store);
    tokio::spawn(async move {
        let mut follower = None;
        let mut listener = None;
        loop {
            let Some(heartbeat) = turn(&store, &*who, &mut follower, &mut listener).await else { return };
            if let Some(follower) = &follower {
                place.reach(follower.place());
            }
            tokio::select! {
                () = place.woken() => {}
                () = heard(&mut listener) => {}
                () = tokio::time::sleep(heartbeat) => {}
            }
        }
    });
}

/// Reads on to the end of the log, and sees that it is woken at the next commit. Holds the store no longer than that. `None`:
/// the store is gone.
async fn turn(
    store: &Weak<Store>,
    who: &impl Follows,
    follower: &mut Option<Follower>,
    listener: &mut Option<Listener>,
) -> Option<Duration> {
    let store = store.upgrade()?;
    if let Err(failure) = read_on(&store, who, follower).await {
        tracing::warn!(?failure, "the log can't be followed at the moment");
    }
    if listener.is_none() {
        *listener = store.database.listen().await;
    }
    Some(store.database.heartbeat())
}

async fn read_on(store: &Store, who: &impl Follows, follower: &mut Option<Follower>) -> Result<(), Failure> {
    let since = Instant::now();
    let snapshot = store.database.snapshot_for_following().await?;
    let head = snapshot.place().await?;
    // From the present end: what is kept is read after this, so it holds all that came before.
    let follower = follower.get_or_insert(Follower::after(head));
    loop {
        let mut next = *follower;
        let entries = next.next(&snapshot, BATCH).await?;
        who.apply(store, &snapshot, &entries).await?;
        *follower = next;
        if entries.is_empty() {
            break;
        }
    }
    if follower.place() != head {
        return Err(Failure::corrupt("the log's head names an entry that is not there"));
    }
    who.caught_up(head, since);
    Ok(())
}

async fn heard(listener: &mut Option<Listener>) {
    match listener {
        Some(open) => {
            if !open.heard().await {
                *listener = None;
            }
        }
        None => std::future::pending().await,
    }
}
