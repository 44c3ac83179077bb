//! Connections and transactions, and all that differs between SQLite and PostgreSQL. Only this room begins a transaction.

mod cells;
mod checkpoint;
mod here;
pub mod ids;
pub mod insert;
pub mod keyset;
pub mod listen;
pub mod lock;
pub mod per_parent;
pub mod rows;
mod shelf;
pub mod snapshot;
pub mod union;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use migration::MigratorTrait as _;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    AccessMode, ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbErr,
    IsolationLevel, SqliteTransactionMode, Statement, TransactionOptions, TransactionTrait,
};

use crate::config::DatabaseAddress;
use here::Here;
use insert::Inserts;
use shelf::Shelf;
pub use snapshot::Snapshot;

/// How long a statement or a wait for a connection may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// How much of the file a connection to SQLite keeps in memory, in KiB: the engine's own default,
const READER_PAGES: u32 = 2_000;
/// more where statements are carried out where they are asked for, of what those connections share,
const HERE_PAGES: usize = 16_000;
/// and for the writer what hundreds of articles take that are loaded at once: a page that does not fit is written once more each
/// time it is touched.
const WRITER_PAGES: u32 = 32_000;
/// Has SQLite take a megabyte and give it back. From then on glibc keeps twice that at hand instead of asking the system for it again
/// with each long row (mallopt(3), `M_MMAP_THRESHOLD`).
const TAKE_AND_GIVE_BACK: &str = "SELECT length(printf('%1048576s', ''))";
/// Makes SQLite's index of words anew from the rows.
const REBUILD_WORDS: &str = "INSERT INTO search_index (search_index) VALUES ('rebuild')";

// The words that wait for the index are sorted in as much memory as a query may take: with PostgreSQL's 4 MB it would take as long
// as all the rest.
const FOR_MANY_ROWS: &str = "
SET LOCAL gin_pending_list_limit = '256MB';
SET LOCAL work_mem = '256MB';
SELECT set_config('default_toast_compression', 'lz4', true) FROM pg_settings
WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)";
const SETTLE: &str = "
SET LOCAL maintenance_work_mem = '256MB';
SELECT gin_clean_pending_list('search_by_word');
ANALYZE";

/// Which database engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Embedded: one writer, many readers.
    Sqlite,
    /// A server: a pool.
    Postgres,
}

/// How statements are asked one by one that need no transaction.
#[derive(Clone)]
enum OneByOne {
    /// Of SQLite,
    Here(Arc<Here>),
    /// of PostgreSQL.
    Shelf(Arc<Shelf>),
}

impl OneByOne {
    /// Gives back what others may wait for.
    fn end_rest(&self) {
        if let Self::Shelf(shelf) = self {
            shelf.end_rest();
        }
    }

    fn close(&self) {
        match self {
            Self::Here(here) => here.close(),
            Self::Shelf(shelf) => shelf.close(),
        }
    }
}

/// The database of this node.
pub struct Database {
    engine: Engine,
    writer: DatabaseConnection,
    reader: DatabaseConnection,
    one_by_one: OneByOne,
    /// Of those that follow the log, so that they get on however many read and write.
    follower: DatabaseConnection,
    /// Of what takes SQLite's write-ahead log into the file.
    checkpointer: DatabaseConnection,
    statements: Arc<Ran>,
    address: DatabaseAddress,
}

/// The names of the migrations that this version knows, oldest first.
pub fn migrations() -> Vec<String> {
    migration::Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}

/// A writing transaction. [`crate::log::save`] ends it; dropping it undoes all of it.
pub struct WriteTransaction {
    transaction: DatabaseTransaction,
    engine: Engine,
}

impl WriteTransaction {
    /// What statements run on.
    pub fn connection(&self) -> &DatabaseTransaction {
        &self.transaction
    }

    /// Which engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Whether nobody else writes anything while it lasts.
    pub fn is_alone(&self) -> bool {
        self.engine == Engine::Sqlite
    }

    /// Makes the public tables this transaction's own until it ends: publications follow one another, so counts and
    /// references move exactly. On SQLite the one writer is alone already.
    pub async fn lock_public_tables(&self) -> Result<(), DbErr> {
        lock::advisory(&self.transaction, self.engine, lock::Lock::PublicTables).await
    }

    /// Makes users and keys this transaction's own until it ends: of two admins who deactivate each other, the second is
    /// refused.
    pub async fn lock_accounts(&self) -> Result<(), DbErr> {
        lock::advisory(&self.transaction, self.engine, lock::Lock::Accounts).await
    }

    /// Makes the library this transaction's own until it ends: no draft comes to use what is deleted meanwhile.
    pub async fn lock_library(&self) -> Result<(), DbErr> {
        lock::advisory(&self.transaction, self.engine, lock::Lock::Library).await
    }

    /// Keeps what stands in the library there until this transaction ends.
    pub async fn share_library(&self) -> Result<(), DbErr> {
        lock::shared(&self.transaction, self.engine, lock::Lock::Library).await
    }

    /// Until it ends, writes as is best for very many rows: on PostgreSQL, words are put into their index many at a time, and
    /// long texts are compressed in the faster way, where the server knows it. SQLite's writer does well as it is.
    pub async fn expect_many_rows(&self) -> Result<(), DbErr> {
        match self.engine {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.transaction.execute_unprepared(FOR_MANY_ROWS).await.map(|_| ()),
        }
    }

    /// Makes SQLite's index of words anew from the rows: what was taken out of them stays in the old one's inner nodes.
    pub async fn renew_search_index(&self) -> Result<(), DbErr> {
        match self.engine {
            Engine::Sqlite => self.transaction.execute_unprepared(REBUILD_WORDS).await.map(|_| ()),
            Engine::Postgres => Ok(()),
        }
    }

    /// Ends the transaction. For `log::save` alone, which appends to the log first; a test holds it.
    pub async fn commit(self) -> Result<(), DbErr> {
        self.transaction.commit().await
    }
}

/// The statements that ran: how many, and, while somebody watches, which.
#[derive(Default)]
struct Ran {
    count: AtomicU64,
    watched: Mutex<Option<Vec<Statement>>>,
}

impl Ran {
    fn note(&self, statement: &Statement) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if let Some(kept) = &mut *self.watched.lock().unwrap_or_else(PoisonError::into_inner) {
            kept.push(statement.clone());
        }
    }
}

impl Database {
    /// Connects; makes the SQLite file where there is none. Migrates nothing.
    pub async fn connect(address: &DatabaseAddress, connections: u32) -> Result<Self, DbErr> {
        let statements = Arc::new(Ran::default());
        let counted = |mut connection: DatabaseConnection| {
            let counter = Arc::clone(&statements);
            connection.set_metric_callback(move |ran| counter.note(ran.statement));
            connection
        };
        let (engine, writer, reader, one_by_one, follower, checkpointer) = match address {
            DatabaseAddress::Sqlite(path) => {
                make_private(path)?;
                let url = format!("sqlite://{}?mode=rwc", path.display());
                let writer = sea_orm::Database::connect(sqlite_options(&url, 1, WRITER_PAGES)).await?;
                writer.execute_unprepared(TAKE_AND_GIVE_BACK).await?;
                let writer = counted(writer);
                let reader = counted(
                    sea_orm::Database::connect(sqlite_options(&url, connections, READER_PAGES)).await?,
                );
                let here = OneByOne::Here(Arc::new(Here::new(path, HERE_PAGES)));
                let aside = || when_needed(sqlite_options(&url, 1, READER_PAGES));
                let follower = sea_orm::Database::connect(aside()).await?;
                let checkpointer = sea_orm::Database::connect(aside()).await?;
                (Engine::Sqlite, writer, reader, here, follower, checkpointer)
            }
            DatabaseAddress::Postgres(url) => {
                let pool = sea_orm::Database::connect(postgres_options(url, connections)).await?;
                check_isolation(&pool).await?;
                let pool = counted(pool);
                let follower = sea_orm::Database::connect(when_needed(postgres_options(url, 1))).await?;
                let shelf = OneByOne::Shelf(Arc::new(Shelf::of_half(&pool, connections)));
                (Engine::Postgres, pool.clone(), pool.clone(), shelf, follower, pool)
            }
        };
        let address = address.clone();
        Ok(Self { engine, writer, reader, one_by_one, follower, checkpointer, statements, address })
    }

    /// Which engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Brings the tables up to date, under a lock: many nodes may start at once, one of them migrates.
    pub async fn migrate(&self) -> Result<(), DbErr> {
        let transaction = self.begin().await?;
        lock::advisory(&transaction.transaction, self.engine, lock::Lock::Migration).await?;
        migration::Migrator::up(&transaction.transaction, None).await?;
        transaction.commit().await
    }

    /// What will put rows in here.
    pub fn inserts(&self) -> Inserts {
        Inserts::new(self.writer.get_database_backend())
    }

    /// Begins a writing transaction.
    pub async fn begin(&self) -> Result<WriteTransaction, DbErr> {
        let options = match self.engine {
            Engine::Sqlite => TransactionOptions {
                isolation_level: None,
                access_mode: None,
                sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            },
            Engine::Postgres => TransactionOptions {
                isolation_level: Some(IsolationLevel::ReadCommitted),
                access_mode: Some(AccessMode::ReadWrite),
                sqlite_transaction_mode: None,
            },
        };
        self.one_by_one.end_rest();
        let transaction = begin(self.engine, &self.writer, options).await?;
        Ok(WriteTransaction { transaction, engine: self.engine })
    }

    /// Begins a read-only transaction that sees one moment.
    pub async fn snapshot(&self) -> Result<Snapshot, DbErr> {
        Snapshot::begin(self, &self.reader).await
    }

    /// What reads by the log's places: [`snapshot`] tells.
    pub fn snapshot_by_places(&self) -> Snapshot {
        Snapshot::by_places(self, &self.reader)
    }

    /// What reads by one statement alone: that sees one moment by itself, and needs no transaction around it.
    pub fn reader(&self) -> &DatabaseConnection {
        &self.reader
    }

    /// The same as [`Self::snapshot`] for reading whole tables, which may take longer than a query: PostgreSQL counts a
    /// statement's time until its last row is taken.
    pub async fn snapshot_for_copying(&self) -> Result<Snapshot, DbErr> {
        let snapshot = self.snapshot().await?;
        if self.engine == Engine::Postgres {
            snapshot.connection().execute_unprepared("SET LOCAL statement_timeout = 0").await?;
        }
        Ok(snapshot)
    }

    /// The same for what follows the log: not counted, and on a connection of its own.
    pub async fn snapshot_for_following(&self) -> Result<Snapshot, DbErr> {
        Snapshot::begin(self, &self.follower).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), DbErr> {
        self.reader
            .query_one_raw(Statement::from_string(self.reader.get_database_backend(), "SELECT 1"))
            .await
            .map(|_| ())
    }

    /// Makes the engine's index of words anew from the rows: what it costs to do without knowing what is wrong with it. On
    /// SQLite writers wait meanwhile.
    pub async fn rebuild_search_index(&self) -> Result<(), DbErr> {
        let rebuild = match self.engine {
            Engine::Sqlite => REBUILD_WORDS,
            Engine::Postgres => "REINDEX INDEX CONCURRENTLY search_by_word",
        };
        self.writer.execute_unprepared(rebuild).await.map(|_| ())
    }

    /// After very many rows: puts those words into PostgreSQL's index that wait for it, and lets the planner know what there is.
    pub async fn settle(&self) -> Result<(), DbErr> {
        match self.engine {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.writer.execute_unprepared(SETTLE).await.map(|_| ()),
        }
    }

    /// How many statements have run since the start, those of followers apart.
    pub fn statements(&self) -> u64 {
        self.statements.count.load(Ordering::Relaxed)
    }

    /// Keeps the statements that run from here on, for whoever looks into how they are carried out.
    pub fn watch(&self) {
        *self.statements.watched.lock().unwrap_or_else(PoisonError::into_inner) = Some(Vec::new());
    }

    /// Those that ran since [`Database::watch`]; no more are kept.
    pub fn watched(&self) -> Vec<Statement> {
        self.statements.watched.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default()
    }

    /// Closes all connections after what runs on them has ended.
    pub async fn close(self) -> Result<(), DbErr> {
        self.one_by_one.close();
        self.writer.close().await?;
        self.follower.close().await?;
        self.checkpointer.close().await?;
        self.reader.close().await
    }
}

/// Begins a transaction, to the end of its beginning even where nobody waits for it any more: of a `BEGIN` that is given up on its
/// way to PostgreSQL, sqlx knows nothing, and lends the connection on with a transaction open
/// (<https://github.com/transact-rs/sqlx/issues/4393>, mended after 0.9.0).
async fn begin(
    engine: Engine,
    connection: &DatabaseConnection,
    options: TransactionOptions,
) -> Result<DatabaseTransaction, DbErr> {
    if engine == Engine::Sqlite {
        return connection.begin_with_options(options).await;
    }
    let connection = connection.clone();
    let begun = tokio::spawn(async move { connection.begin_with_options(options).await });
    begun.await.unwrap_or_else(|ended| Err(DbErr::Custom(ended.to_string())))
}

/// Makes the file, where there is none, for this user alone: drafts, readers' addresses and passwords' hashes stand in it. The
/// files that SQLite puts beside it are as open as it is.
fn make_private(path: &std::path::Path) -> Result<(), DbErr> {
    let mut options = std::fs::OpenOptions::new();
    options.create_new(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(DbErr::Custom(format!("{} can't be made: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

fn sqlite_options(url: &str, connections: u32, pages_kib: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            // FULL: an acknowledged write survives a power cut, not the program's end alone.
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full)
                .foreign_keys(true)
                // What is deleted is overwritten, not only unlinked: what was erased is in no free page.
                .pragma("secure_delete", "ON")
                .pragma("wal_autocheckpoint", checkpoint::LATEST_PAGES)
                .pragma("cache_size", format!("-{pages_kib}"))
                .busy_timeout(PATIENCE)
        });
    options
}

/// Opened when it is used: a command follows nothing.
fn when_needed(mut options: ConnectOptions) -> ConnectOptions {
    options.connect_lazy(true);
    options
}

fn postgres_options(url: &str, connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .connect_timeout(PATIENCE)
        .acquire_timeout(PATIENCE)
        // What was used a moment ago is there still, but for an accident that would meet what is under way as well.
        .test_before_acquire_if_idle_for(Duration::from_secs(1))
        .statement_timeout(Duration::from_secs(30))
        .set_application_name("copydesk")
        .sqlx_logging(false)
        .map_sqlx_postgres_opts(|postgres| {
            postgres.options([
                // A snapshot sees one moment, and changes nothing; what writes says otherwise.
                ("default_transaction_isolation", "repeatable read"),
                ("default_transaction_read_only", "on"),
                // Statements go by an index whatever is bound to them, as SQLite's do: to plan one takes as long as to carry it out.
                ("plan_cache_mode", "force_generic_plan"),
                // To compile one would take many times as long as that.
                ("jit", "off"),
            ])
        });
    options
}

/// Fails where what stands between here and PostgreSQL does not pass on how a connection is to be set up: a snapshot would be none.
async fn check_isolation(connection: &DatabaseConnection) -> Result<(), DbErr> {
    let asked = Statement::from_string(connection.get_database_backend(), "SHOW transaction_isolation");
    let row = connection.query_one_raw(asked).await?;
    let is_set = row.map(|row| row.try_get_by_index::<String>(0)).transpose()?;
    if is_set.as_deref() == Some("repeatable read") {
        return Ok(());
    }
    Err(DbErr::Custom(
        "PostgreSQL did not get the connection's `options`: let the pooler in between pass them on, or connect without it".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn sqlite_is_built_as_asked() {
        let folder = tempfile::tempdir().unwrap();
        let address = DatabaseAddress::Sqlite(folder.path().join("x.sqlite"));
        let database = Database::connect(&address, 1).await.unwrap();
        let asked = Statement::from_string(database.reader.get_database_backend(), "PRAGMA compile_options");
        let rows = database.reader.query_all_raw(asked).await.unwrap();
        let options: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
        // Set in .cargo/config.toml, which a build elsewhere may not have read.
        let has = |name: &str| options.iter().any(|option| option == name);
        assert!(has("ENABLE_QPSG"), "it keeps its plans: {options:?}");
        assert!(!has("ENABLE_MEMORY_MANAGEMENT"), "one lock for all connections' pages: {options:?}");
        assert!(has("DEFAULT_MEMSTATUS=0"), "one lock for all allocations: {options:?}");
        assert!(has("DEFAULT_LOOKASIDE=1200,120"), "memory stands ready for statements: {options:?}");
        assert!(has("DEFAULT_PCACHE_INITSZ=0"), "small tables of statements take little: {options:?}");
        database.close().await.unwrap();
    }
}
