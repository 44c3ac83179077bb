//! Following the log: asks for what comes after a number, in order, and so misses nothing and repeats nothing.

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};

use super::entity::changes;
use crate::db::Snapshot;
use crate::error::Failure;

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
