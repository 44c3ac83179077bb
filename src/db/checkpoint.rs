//! SQLite's write-ahead log: taken into the database's file beside the writer, so that no save waits for it; and emptied at once
//! when something was erased. PostgreSQL does the like by itself, in its own time.

use std::sync::Weak;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, DatabaseConnection, DbErr, Statement};

use super::{Database, Engine};

/// How often the log is taken into the file.
const PERIOD: Duration = Duration::from_millis(500);
/// Pages after which a writer does it itself: where this task can't keep up, the log must not grow without end.
pub(super) const LATEST_PAGES: &str = "16000";

impl Database {
    /// Takes SQLite's log into the file now and then, in a task that ends with the database.
    pub fn checkpoint_in_background(&self) {
        if self.engine == Engine::Postgres {
            return;
        }
        let (connection, alive) = (self.checkpointer.clone(), std::sync::Arc::downgrade(&self.statements));
        tokio::spawn(async move {
            while Weak::strong_count(&alive) > 0 {
                // PASSIVE waits for nobody: what somebody still reads is left for the next turn.
                if let Err(error) = checkpoint(&connection, "PASSIVE").await {
                    tracing::debug!(%error, "the write-ahead log can't be taken into the file at the moment");
                }
                tokio::time::sleep(PERIOD).await;
            }
        });
    }

    /// Takes what was erased out of the files. On SQLite: out of the write-ahead log. `false` where somebody reads an older
    /// moment for so long that this has to be done again. PostgreSQL's vacuum does it in its own time.
    pub async fn forget(&self) -> Result<bool, DbErr> {
        match self.engine {
            Engine::Sqlite => checkpoint(&self.checkpointer, "TRUNCATE").await,
            Engine::Postgres => Ok(true),
        }
    }
}

/// Says whether the whole log was taken.
async fn checkpoint(connection: &DatabaseConnection, how: &str) -> Result<bool, DbErr> {
    let statement =
        Statement::from_string(connection.get_database_backend(), format!("PRAGMA wal_checkpoint({how})"));
    let row = connection.query_one_raw(statement).await?;
    let busy: i32 = row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or(1);
    Ok(busy == 0)
}
