//! Following the log: a follower asks for what comes after a number, in order, and so misses nothing and repeats nothing.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::change::Entry;
use super::entity::changes;
use crate::db::Snapshot;
use crate::db::listen::Listener;
use crate::error::Failure;
use crate::operation::{Committed, Follows, Store};
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

impl TryFrom<changes::Model> for Committed {
    type Error = Failure;

    fn try_from(change: changes::Model) -> Result<Self, Failure> {
        let tags = touched(&change)?.into();
        let changes::Model { sequence, action, subject_type, subject_id, .. } = change;
        Ok(Self { sequence, action, subject_type, subject_id, tags })
    }
}

/// Who follows, and up to which entry it was told; `None`: it is yet to begin.
struct Following {
    who: Arc<dyn Follows>,
    place: Option<i64>,
}

/// Lets these follow the log from its present end, in one task that ends with the store: an entry is read once for all of them.
pub fn follow(store: &Arc<Store>, all: Vec<Arc<dyn Follows>>) {
    let mut place = store.progress.enter();
    let store = Arc::downgrade(store);
    tokio::spawn(async move {
        let mut all: Vec<Following> = all.into_iter().map(|who| Following { who, place: None }).collect();
        let mut listener = None;
        loop {
            let Some(heartbeat) = turn(&store, &mut all, &mut listener).await else { return };
            if let Some(reached) = all.iter().map(|following| following.place).min().flatten() {
                place.reach(reached);
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
    all: &mut [Following],
    listener: &mut Option<Listener>,
) -> Option<Duration> {
    let store = store.upgrade()?;
    if let Err(failure) = read_on(&store, all).await {
        tracing::warn!(?failure, "the log can't be followed at the moment");
    }
    if listener.is_none() {
        *listener = store.database.listen().await;
    }
    Some(store.database.heartbeat())
}

async fn read_on(store: &Store, all: &mut [Following]) -> Result<(), Failure> {
    let since = Instant::now();
    let snapshot = store.database.snapshot_for_following().await?;
    let head = snapshot.place().await?;
    // From the present end: what is kept is read after this, so it holds all that came before.
    let places = all.iter_mut().map(|following| *following.place.get_or_insert(head));
    let mut follower = Follower::after(places.min().unwrap_or(head));
    // Those whom something can't be told are told it at the next turn, and nothing else before.
    let mut told: Vec<&mut Following> = all.iter_mut().collect();
    let mut failed = Ok(());
    loop {
        let entries = follower.next(&snapshot, BATCH).await?;
        let is_last = (entries.len() as u64) < BATCH;
        if is_last && follower.place() != head {
            return Err(Failure::corrupt("the log's head names an entry that is not there"));
        }
        let entries: Vec<Committed> =
            entries.into_iter().map(Committed::try_from).collect::<Result<_, _>>()?;
        for following in std::mem::take(&mut told) {
            let first = entries.partition_point(|entry| Some(entry.sequence) <= following.place);
            match following.who.apply(store, &snapshot, &entries[first..]).await {
                Ok(()) => {
                    following.place = following.place.max(Some(follower.place()));
                    told.push(following);
                }
                Err(failure) => failed = Err(failure),
            }
        }
        if is_last {
            break;
        }
    }
    for following in told {
        following.who.caught_up(head, since);
    }
    failed
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
