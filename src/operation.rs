//! What every rule receives: who asks, the clock, the source of randomness, the store and the request's id.

use std::any::Any;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Instant;

use object_store::ObjectStore;
use sea_orm::DatabaseTransaction;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::clock::{Chance, Clock, Timestamp};
use crate::config::Config;
use crate::db::{Database, Snapshot, WriteTransaction};
use crate::error::Failure;
use crate::id::{GlobalId, SessionId, UserId};
use crate::keys::Keys;
use crate::limit::Limits;
use crate::progress::Progress;
use crate::reads::{Reads, Sources, Tag};
use crate::work::Work;

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
        /// Which of the account's sessions.
        session: SessionId,
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

    /// The session that the request belongs to.
    pub fn session(self) -> Option<SessionId> {
        match self {
            Self::User { session, .. } => Some(session),
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

/// Whether who acts still may, asked inside a transaction: sessions end and roles change while a request is under way. The
/// accounts know; they stand above this, so the store is given them.
pub trait Standing: Send + Sync {
    /// Fails where the viewer's session is over, or the role is another by now.
    fn check<'a>(
        &'a self,
        connection: &'a DatabaseTransaction,
        viewer: Viewer,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;
}

/// What queries read before, as far as it is still so. The caches know how that is kept; they stand above this, so the store is
/// given them.
pub trait Memory: Send + Sync {
    /// Up to which entry of the log it vouches for what it has; `None`: at the moment for nothing.
    fn place(&self) -> Option<i64>;
    /// What a question reads at this place of the log, now.
    fn recall(&self, question: &str, place: i64, now: Timestamp) -> Option<Recalled>;
    /// Keeps what a question read at this place of the log, until something of this is touched; it takes so many bytes, about.
    fn keep(&self, question: String, read: Recalled, bytes: usize, dropped_by: &Sources, place: i64);
    /// Whether it keeps anything at all.
    fn keeps(&self) -> bool;
    /// How much is kept, how much that weighs; how often something was there, and was not: for `/metrics`.
    fn told(&self) -> [(u64, &'static str, &'static str); 4];
    /// What is to follow the log; `None` where nothing is kept.
    fn follower(&self) -> Option<Arc<dyn Follows>>;
}

/// What is kept in memory and must die with the entry that changes it.
pub trait Follows: Send + Sync {
    /// These were committed, in this order. Also called with none, at every turn.
    fn apply<'a>(
        &'a self,
        store: &'a Store,
        snapshot: &'a Snapshot,
        entries: &'a [Committed],
    ) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

    /// All that was committed before `since` has been applied, and nothing after this number.
    fn caught_up(&self, sequence: i64, since: Instant);
}

/// An entry of the log, for who follows it.
#[derive(Clone, Debug)]
pub struct Committed {
    /// Its number.
    pub sequence: i64,
    /// What was done: a name of [`crate::log::Action`].
    pub action: String,
    /// To what kind of thing: a name of [`crate::log::SubjectType`].
    pub subject_type: String,
    /// To which.
    pub subject_id: Uuid,
    /// What it touches.
    pub tags: Arc<[Tag]>,
}

/// What a question read.
#[derive(Clone)]
pub struct Recalled {
    /// What came out.
    pub value: Arc<dyn Any + Send + Sync>,
    /// What an answer that shows it depends on.
    pub sources: Arc<Sources>,
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
    /// How often what may happen.
    pub limits: Limits,
    /// How far this node's followers of the log have come.
    pub progress: Progress,
    /// What keeps processors busy: pictures that are decoded.
    pub work: Work,
    /// Whether who acts still may.
    pub standing: Box<dyn Standing>,
    /// What queries read before.
    pub memory: Arc<dyn Memory>,
    /// What parts of answers were made of it.
    pub fragments: Arc<dyn Memory>,
}

/// Where a request comes from.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// Its address, as far as the proxies in between are trusted; none at the command line.
    pub address: Option<IpAddr>,
    /// What it calls itself.
    pub user_agent: Option<String>,
}

impl Client {
    /// What is counted as one place: an IPv4 address, or the /64 of an IPv6 address, which one household or office has.
    pub fn network(&self) -> Option<Vec<u8>> {
        self.address.map(|address| match address {
            IpAddr::V4(address) => address.octets().to_vec(),
            IpAddr::V6(address) => address.octets()[..8].to_vec(),
        })
    }
}

/// One request, or one command: made where it enters, handed to every rule.
pub struct Operation {
    /// Who asks.
    pub viewer: Viewer,
    /// What this node's operations share.
    pub store: Arc<Store>,
    /// Names the request in the log and towards the client.
    pub request_id: String,
    /// Where the request comes from.
    pub client: Client,
    moment: AtomicI64,
    snapshot: Mutex<Option<Arc<Snapshot>>>,
    /// Whether what it reads may turn out to be of two moments.
    may_be_torn: bool,
    /// At which place of the log the memory was asked before there was a snapshot; `None`: the memory is not asked.
    pub(crate) recalled_at: Option<OnceLock<i64>>,
    reads: Arc<Reads>,
    refused: std::sync::Mutex<Vec<&'static str>>,
}

impl Operation {
    /// A new operation.
    pub fn new(store: Arc<Store>, viewer: Viewer, request_id: impl Into<String>) -> Self {
        let moment = AtomicI64::new(store.clock.now().0);
        let client = Client::default();
        let request_id = request_id.into();
        let (snapshot, may_be_torn, recalled_at) = (Mutex::default(), false, None);
        let (reads, refused) = (Arc::default(), std::sync::Mutex::default());
        Self { viewer, store, request_id, client, moment, snapshot, may_be_torn, recalled_at, reads, refused }
    }

    /// The same, for a query: to the public, what was read before need not be read again. Who is signed in may have written
    /// something by another node a moment ago, and is told what there is.
    pub fn recalling(self) -> Self {
        let keeps_parts = self.store.fragments.keeps();
        if self.viewer != Viewer::Public || !(keeps_parts || self.store.memory.keeps()) {
            return self;
        }
        let reads = if keeps_parts { Arc::new(self.reads.for_parts()) } else { self.reads };
        Self { recalled_at: Some(OnceLock::new()), reads, ..self }
    }

    /// The same, for a query that can be done again, should what it reads be of two moments: to the public, it is read without a
    /// transaction as far as that goes. To others, there is more to tell than what the log knows the places of.
    pub fn by_places(self) -> Self {
        Self { may_be_torn: self.viewer == Viewer::Public, ..self }
    }

    /// The same, sent from there.
    pub fn from_client(self, client: Client) -> Self {
        Self { client, ..self }
    }

    /// The same, for an answer that may be kept: what it reads is noted.
    pub fn noting_reads(self) -> Self {
        Self { reads: Arc::new(Reads::noting()), ..self }
    }

    /// Where what it reads is noted.
    pub fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The same request, done by somebody else: who signs in is the public before and a user after.
    pub fn acting_as(&self, viewer: Viewer) -> Self {
        Self::new(Arc::clone(&self.store), viewer, self.request_id.clone()).from_client(self.client.clone())
    }

    /// Notes that a right was refused to a signed-in viewer: what the request's end writes to the log.
    pub fn note_refusal(&self, right: &'static str) {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner).push(right);
    }

    /// The rights that were refused so far; afterwards none are noted.
    pub fn take_refusals(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.refused.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When the operation began, or its last write did: one moment for all that a transaction writes, so that a row and its
    /// log entry agree.
    pub fn now(&self) -> Timestamp {
        Timestamp(self.moment.load(Ordering::Relaxed))
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
        let mut open = self.snapshot.lock().await;
        if let Some(snapshot) = &*open {
            return Ok(Arc::clone(snapshot));
        }
        let snapshot = if self.may_be_torn {
            self.store.database.snapshot_by_places()
        } else {
            // Boxed: each field that reads would carry it.
            Box::pin(self.store.database.snapshot()).await?
        };
        let snapshot = Arc::new(snapshot.noting(Arc::clone(&self.reads)));
        *open = Some(Arc::clone(&snapshot));
        Ok(snapshot)
    }

    /// The snapshot, if something was read already.
    pub async fn open_snapshot(&self) -> Option<Arc<Snapshot>> {
        self.snapshot.lock().await.clone()
    }

    /// Lets the snapshot go, before a wait in which nothing is read.
    pub async fn end_reading(&self) {
        *self.snapshot.lock().await = None;
    }

    /// Takes what was erased out of the files, as far as nobody reads an older moment. Where it can't be done now, the server's
    /// log says so: what was written stays written.
    pub async fn forget(&self) {
        self.end_reading().await;
        match self.store.database.forget().await {
            Ok(true) => {}
            Ok(false) => tracing::warn!(
                "what was erased stands in the write-ahead log until whoever reads an older moment has ended: erase it again then"
            ),
            Err(error) => {
                tracing::warn!(%error, "what was erased may stand in the write-ahead log: erase it again")
            }
        }
    }

    /// Begins a writing transaction, if the viewer still may. The snapshot is let go: what is read after the write shows it,
    /// and a request never holds two connections at once (which could starve a full pool).
    pub async fn begin(&self) -> Result<WriteTransaction, Failure> {
        self.end_reading().await;
        let transaction = self.store.database.begin().await?;
        self.moment.store(self.store.clock.now().0, Ordering::Relaxed);
        self.check_standing(&transaction).await?;
        Ok(transaction)
    }

    /// Fails where the viewer's session is over by now, or the role is another.
    pub async fn check_standing(&self, transaction: &WriteTransaction) -> Result<(), Failure> {
        self.store.standing.check(transaction.connection(), self.viewer, self.now()).await
    }
}
