//! Opens an instance: data directory, keys, database, media. The server, the commands and the tests begin here.

use std::sync::Arc;

use crate::account::instance::{self, InstanceError};
use crate::account::standing::Rows;
use crate::cache::recall::{self, Recall};
use crate::clock::{Chance, Clock};
use crate::config::{Config, DatabaseAddress};
use crate::db::Database;
use crate::keys::{Keys, KeysError};
use crate::limit::Limits;
use crate::media_store;
use crate::operation::Store;
use crate::progress::Progress;
use crate::work::Work;

/// Why an instance can't be opened: one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory.
    #[error(
        "the data directory {path} can't be used: {source}; set COPYDESK_DATA_DIR to a folder that this user may write"
    )]
    DataDirectory {
        /// Which folder.
        path: String,
        /// What the machine says.
        source: std::io::Error,
    },
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The database.
    #[error("the database can't be used: {0}; check COPYDESK_DATABASE_URL and that the server runs")]
    Database(#[from] sea_orm::DbErr),
    /// The keys are not this database's.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// The store of pictures.
    #[error(
        "the store of pictures can't be used: {0}; check the settings media_bucket, media_endpoint and media_region, and AWS_ACCESS_KEY_ID"
    )]
    Media(#[from] object_store::Error),
}

/// Opens the instance that the settings name, and brings its tables up to date.
pub async fn open(
    config: Config,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
) -> Result<Arc<Store>, StartError> {
    make_folders(&config)?;
    let keys = Keys::load_or_create(&config.keys_dir, &*chance)?;
    let (database, _lock) = open_database(&config).await?;
    instance::check_keys(&database, &keys, &*clock).await?;
    assemble(config, database, keys, clock, chance)
}

/// Makes the folders that an instance keeps its files in.
pub fn make_folders(config: &Config) -> Result<(), StartError> {
    let mut private = std::fs::DirBuilder::new();
    private.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut private, 0o700);
    private
        .create(config.data_dir.join("media"))
        .map_err(|source| StartError::DataDirectory { path: config.data_dir.display().to_string(), source })
}

/// Connects to the database that the settings name, and brings its tables up to date. Whoever opens SQLite after it waits
/// while the lock is held.
pub async fn open_database(config: &Config) -> Result<(Database, Option<std::fs::File>), StartError> {
    let database = Database::connect(&config.database, config.database_connections).await?;
    let lock = match &config.database {
        DatabaseAddress::Sqlite(path) => Some(migration_lock(path)?),
        DatabaseAddress::Postgres(_) => None,
    };
    database.migrate().await?;
    Ok((database, lock))
}

/// Makes an instance of its parts.
pub fn assemble(
    config: Config,
    database: Database,
    keys: Keys,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
) -> Result<Arc<Store>, StartError> {
    let media = media_store::open(&config)?;
    let limits = Limits::new(&config, &clock);
    let progress = Progress::default();
    let work = Work::new(config.image_workers);
    let standing = Box::new(Rows);
    let memory = Arc::new(Recall::new(config.caching.articles, recall::READS));
    let fragments = Arc::new(Recall::new(config.caching.fragments, recall::FRAGMENTS));
    Ok(Arc::new(Store {
        config,
        database,
        keys,
        media,
        clock,
        chance,
        limits,
        progress,
        work,
        standing,
        memory,
        fragments,
    }))
}

/// Holds a lock file while SQLite is migrated, for processes that start together. `BEGIN IMMEDIATE` would serialize them
/// too; the lock file spares the later ones the wait for a busy database.
fn migration_lock(database: &std::path::Path) -> Result<std::fs::File, StartError> {
    let path = database.with_extension("lock");
    let refused = |source| StartError::DataDirectory { path: path.display().to_string(), source };
    let file =
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(refused)?;
    file.lock().map_err(refused)?;
    Ok(file)
}
