//! Backup, restore and move: the whole instance as rows and files, the same for both engines.
//!
//! [`back_up`] writes everything that is in the database at one moment, and the media, into one file; [`restore`] reads it
//! into an empty instance, on either engine; [`move_to`] copies the rows into another database without a file between. The
//! keys are never among them: they go into a file of their own ([`keys_file`]).
//!
//! This room stands above all that have tables, and reads and writes each of them ([`tables`]) as it is: no rule is asked,
//! nothing is added to the log. It is called by the command line alone.

pub mod back_up;
mod check;
pub mod keys_file;
mod load;
mod manifest;
pub mod move_to;
mod pack;
mod part;
pub mod restore;
mod rows;
pub mod tables;
mod unpack;

use std::path::Path;

use crate::account::instance::InstanceError;
use crate::keys::KeysError;
use crate::start::StartError;

pub use manifest::Head;

/// Why a backup can't be made, or taken back: one line that says what to do.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Nothing is overwritten.
    #[error("{0} is there already: name a file that isn't")]
    Exists(String),
    /// What was written so far of a file.
    #[error("{0} is there: a backup is being written, or one was broken off; delete it if none is running")]
    Unfinished(String),
    /// A file's trouble.
    #[error("the file {file} can't be used: {source}")]
    File {
        /// Which file.
        file: String,
        /// What the machine says.
        source: std::io::Error,
    },
    /// Something else than a backup.
    #[error("{0} is not a backup of Copydesk; nothing was written")]
    Foreign(String),
    /// Of another form.
    #[error(
        "{file} is a backup of form {version}, made by Copydesk {copydesk}; this one reads form {}: restore it with that version",
        manifest::FORMAT_VERSION
    )]
    OtherForm {
        /// Which file.
        file: String,
        /// Its form.
        version: u32,
        /// Who made it.
        copydesk: String,
    },
    /// Its tables are not ours.
    #[error(
        "the backup was made by Copydesk {made_by}, whose tables are others (migration {migration}); this is Copydesk {}: \
         restore it with the version that made it, then open the instance with this one, which brings the tables up to date. \
         Nothing was written",
        env!("CARGO_PKG_VERSION")
    )]
    OtherTables {
        /// The version that made it.
        made_by: String,
        /// The first migration that one of the two has alone.
        migration: String,
    },
    /// The database was migrated by a newer release while this one runs.
    #[error(
        "the database has the migration {0}, which this version does not know: back up with the newest version that runs on it"
    )]
    NewerDatabase(String),
    /// Not what was written.
    #[error("{file} is damaged or incomplete: {what}; nothing was written, take another backup")]
    Damaged {
        /// Which file.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// Rows would be mixed.
    #[error(
        "the target is not empty (its table {0} has rows): give a new data directory (COPYDESK_DATA_DIR) or a new database \
         (COPYDESK_DATABASE_URL). Nothing was written"
    )]
    NotEmpty(String),
    /// Without it the log can't go on, or no session.
    #[error(
        "the {purpose} key {id} of the instance that was backed up is not in {directory}: give the keys file that was written \
         with it (--keys FILE), or copy that instance's keys directory there. Nothing was written"
    )]
    MissingKey {
        /// Which key.
        purpose: String,
        /// Its public id.
        id: String,
        /// Where it has to be.
        directory: String,
    },
    /// Keys are never overwritten.
    #[error(
        "{0} holds another key than the keys file: it may be another instance's. Move it away, or set COPYDESK_KEYS_DIR to \
         an empty folder. Nothing was written"
    )]
    OtherKey(String),
    /// Not what `--keys` writes.
    #[error("{file} is not a keys file of Copydesk: {what}. Nothing was written")]
    KeysFile {
        /// Which file.
        file: String,
        /// What is wrong.
        what: String,
    },
    /// A row that the target can't hold, or that no table of ours has.
    #[error("a row of {table} can't be taken over: {what}")]
    Row {
        /// Which table.
        table: String,
        /// What is wrong.
        what: String,
    },
    /// Our own fault: a test holds that there is none.
    #[error("the column {table}.{column} is of a kind that backups don't know: this is a fault of Copydesk")]
    Column {
        /// Which table.
        table: String,
        /// Which column.
        column: String,
    },
    /// The instance was in use while it was moved.
    #[error(
        "the instance was written to while it was moved (log entry {now}, copied up to {copied}): stop every server that \
         runs on it, and move again. {state}"
    )]
    WentOn {
        /// The last entry that was copied.
        copied: i64,
        /// The last entry that there is.
        now: i64,
        /// What is in the target.
        state: &'static str,
    },
    /// The target can't be opened.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The keys are not the database's.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// The database's trouble.
    #[error("the database can't be used: {0}")]
    Database(#[from] sea_orm::DbErr),
    /// The media's trouble.
    #[error("the media can't be used: {0}")]
    Media(#[from] object_store::Error),
    /// What we write ourselves can't be written.
    #[error("a document can't be written: {0}")]
    Document(#[from] serde_json::Error),
    /// The work was broken off.
    #[error("the work was broken off: {0}")]
    Task(#[from] tokio::task::JoinError),
}

fn file_error(file: &Path, source: std::io::Error) -> BackupError {
    BackupError::File { file: file.display().to_string(), source }
}

/// Does work that goes on for long, and reads and writes files, on a thread that may block; what it asks of the database and
/// the media goes on where all such work does.
async fn on_blocking_thread<T, F>(work: impl FnOnce() -> F + Send + 'static) -> Result<T, BackupError>
where
    T: Send + 'static,
    F: Future<Output = Result<T, BackupError>>,
{
    let runtime = tokio::runtime::Handle::current();
    tokio::task::spawn_blocking(move || runtime.block_on(work())).await?
}
