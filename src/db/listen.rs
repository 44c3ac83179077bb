//! How one node tells the others that the log has grown: PostgreSQL's NOTIFY. SQLite has no such thing; a follower there
//! looks again often, which costs next to nothing in the same process.

use std::time::Duration;

use sea_orm::sqlx::postgres::PgListener;
use sea_orm::{ConnectionTrait as _, DbErr};

use super::{Database, Engine, WriteTransaction};
use crate::config::DatabaseAddress;

const CHANNEL: &str = "copydesk_log";

/// Hears of other nodes' commits, on a connection of its own.
pub struct Listener(PgListener);

impl Database {
    /// A listener; none on SQLite, and none where PostgreSQL can't be reached at the moment.
    pub async fn listen(&self) -> Option<Listener> {
        let DatabaseAddress::Postgres(url) = &self.address else { return None };
        let connecting = async {
            let mut listener = PgListener::connect(url).await.ok()?;
            listener.listen(CHANNEL).await.ok()?;
            Some(Listener(listener))
        };
        // Following goes on without it meanwhile, by its heartbeat: a server without a free connection must not stop it.
        tokio::time::timeout(self.heartbeat(), connecting).await.ok().flatten()
    }

    /// How long a follower that has heard nothing waits before it looks by itself.
    pub fn heartbeat(&self) -> Duration {
        match self.engine {
            Engine::Sqlite => Duration::from_millis(50),
            Engine::Postgres => Duration::from_millis(500),
        }
    }
}

impl Listener {
    /// Returns when some node has committed; `false` where the connection broke: it has to be made again.
    pub async fn heard(&mut self) -> bool {
        matches!(self.0.try_recv().await, Ok(Some(_)))
    }
}

impl WriteTransaction {
    /// Tells all nodes, when this transaction has committed.
    pub async fn announce(&self) -> Result<(), DbErr> {
        match self.engine {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => {
                self.transaction.execute_unprepared(&format!("NOTIFY {CHANNEL}")).await.map(|_| ())
            }
        }
    }
}
