//! What every rule receives: who asks, the clock, the source of randomness, the store and the request's id.

use std::sync::Arc;

use object_store::ObjectStore;
use tokio::sync::Mutex;

use crate::clock::{Chance, Clock, Timestamp};
use crate::config::Config;
use crate::db::{Database, Snapshot, WriteTransaction};
use crate::error::Failure;
use crate::id::{GlobalId, UserId};
use crate::keys::Keys;

/// What a role may do stands in [`crate::account::policy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Writes drafts; others publish them.
    Contributor,
    /// Writes and publishes own articles.
    Author,
    /// Moderates readers' comments.
    Moderator,
    /// Edits and publishes everything.
    Editor,
    /// An editor who also manages users.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Contributor, Self::Author, Self::Moderator, Self::Editor, Self::Admin];

    /// As it stands in the database, in tokens and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Contributor => "contributor",
            Self::Author => "author",
            Self::Moderator => "moderator",
            Self::Editor => "editor",
            Self::Admin => "admin",
        }
    }

    /// The role of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer {
    /// Anybody: a reader, a frontend.
    Public,
    /// Somebody who signed in.
    User {
        /// Whose account.
        id: UserId,
        /// What the account may do.
        role: Role,
    },
    /// Whoever runs the command line on the machine itself.
    Operator,
}

impl Viewer {
    /// The signed-in user's id.
    pub fn user_id(self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(id),
            Self::Public | Self::Operator => None,
        }
    }

    /// How the log names them: a user's id, `public` or `operator`.
    pub fn log_name(self) -> String {
        match self {
            Self::Public => "public".to_owned(),
            Self::Operator => "operator".to_owned(),
            Self::User { id, .. } => id.to_string(),
        }
    }
}

/// What all operations of a node share.
pub struct Store {
    /// The settings in force.
    pub config: Config,
    /// The database.
    pub database: Database,
    /// The instance's secret keys.
    pub keys: Keys,
    /// Where pictures are kept.
    pub media: Arc<dyn ObjectStore>,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where unpredictable bytes come from.
    pub chance: Arc<dyn Chance>,
}

/// One request, or one command: made where it enters, handed to every rule.
pub struct Operation {
    /// Who asks.
    pub viewer: Viewer,
    /// What this node's operations share.
    pub store: Arc<Store>,
    /// Names the request in the log and towards the client.
    pub request_id: String,
    moment: Timestamp,
    reads: Mutex<Option<Arc<Snapshot>>>,
}

impl Operation {
    /// A new operation.
    pub fn new(store: Arc<Store>, viewer: Viewer, request_id: impl Into<String>) -> Self {
        let moment = store.clock.now();
        Self { viewer, store, request_id: request_id.into(), moment, reads: Mutex::new(None) }
    }

    /// When the operation began: one moment for all that it writes, so that a row and its log entry agree.
    pub fn now(&self) -> Timestamp {
        self.moment
    }

    /// A new id.
    pub fn new_id<T: GlobalId>(&self) -> T {
        T::generate(&*self.store.clock, &*self.store.chance)
    }

    /// Unpredictable bytes in hexadecimal: twice `N` digits.
    pub fn random_hex<const N: usize>(&self) -> String {
        let mut bytes = [0; N];
        self.store.chance.fill(&mut bytes);
        hex::encode(bytes)
    }

    /// The moment from which this operation reads: one read-only snapshot, opened at the first read and shared by all,
    /// so that an answer never mixes two states, whatever is published meanwhile.
    pub async fn snapshot(&self) -> Result<Arc<Snapshot>, Failure> {
        let mut reads = self.reads.lock().await;
        if let Some(snapshot) = &*reads {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot = Arc::new(self.store.database.snapshot().await?);
        *reads = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// Begins a writing transaction. The snapshot is let go: what is read after the write shows it, and a request never
    /// holds two connections at once (which could starve a full pool).
    pub async fn begin(&self) -> Result<WriteTransaction, Failure> {
        *self.reads.lock().await = None;
        Ok(self.store.database.begin().await?)
    }
}
