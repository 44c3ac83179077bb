//! The failure type. It speaks with two voices: what a client may read and what the log gets are different fields.
//!
//! [`Failure`] has neither `Display` nor `Error` on purpose: no `?` can turn a database's words into a client's message.

/// What a caller did wrong with the data: one entry of a mutation's `userErrors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserError {
    /// For programs.
    pub code: UserErrorCode,
    /// For people: says what to do.
    pub message: String,
    /// The input field that it is about, from `input` down; empty when it is about the whole.
    pub path: Vec<String>,
}

impl UserError {
    /// An error about one input field.
    pub fn new(code: UserErrorCode, path: &[&str], message: impl Into<String>) -> Self {
        Self { code, message: message.into(), path: path.iter().map(|&part| part.to_owned()).collect() }
    }
}

/// The kinds of [`UserError`]. `docs/errors.md` tells clients what to do about each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserErrorCode {
    /// A value must be given and not be blank.
    Required,
    /// Longer, or more, than the limit that the message names.
    TooLong,
    /// Not a value of the form that the message describes.
    Invalid,
    /// Another thing has this unique value already.
    Taken,
    /// There is no such thing, or the viewer may not see it.
    NotFound,
    /// The thing has changed since the version that the edit names.
    Conflict,
    /// The thing is still referred to.
    InUse,
    /// The thing's state does not allow this transition.
    WrongState,
    /// A check before publishing blocks.
    CheckFailed,
}

/// Why an operation failed.
#[derive(Debug)]
pub enum Failure {
    /// Nobody is signed in, and somebody must be.
    Unauthenticated,
    /// The viewer sees the thing and may not do this to it.
    Forbidden {
        /// What is not allowed, and who may.
        message: String,
    },
    /// The query asks for something that can't be.
    BadRequest {
        /// What is wrong and what to do.
        message: String,
        /// The argument that it is about, outermost first.
        argument: Vec<String>,
    },
    /// Too often.
    RateLimited {
        /// Seconds until it is worth trying again.
        retry_after: u32,
    },
    /// The caller did something wrong with the data: every violation found, never the first alone.
    Refused(Vec<UserError>),
    /// A fault of ours: the client learns the request's id and nothing else.
    Internal(Fault),
}

impl Failure {
    /// One user error as a failure.
    pub fn refused(code: UserErrorCode, path: &[&str], message: impl Into<String>) -> Self {
        Self::Refused(vec![UserError::new(code, path, message)])
    }

    /// A bad argument.
    pub fn bad_request(argument: &[&str], message: impl Into<String>) -> Self {
        Self::BadRequest {
            message: message.into(),
            argument: argument.iter().map(|&part| part.to_owned()).collect(),
        }
    }

    /// Rows that contradict each other: our fault, for the log.
    pub fn corrupt(what: impl Into<String>) -> Self {
        Self::Internal(Fault::Corrupt(what.into()))
    }
}

/// The sources of an internal failure, for the log alone.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database refused, failed or is away.
    #[error("database: {0}")]
    Database(#[from] sea_orm::DbErr),
    /// The object store refused, failed or is away.
    #[error("object store: {0}")]
    Media(#[from] object_store::Error),
    /// A document that we wrote can't be read or written.
    #[error("document: {0}")]
    Document(#[from] serde_json::Error),
    /// What is stored contradicts itself.
    #[error("corrupt: {0}")]
    Corrupt(String),
    /// A password could not be hashed.
    #[error("password hash: {0}")]
    PasswordHash(String),
    /// A token could not be signed.
    #[error("token: {0}")]
    Token(#[from] jsonwebtoken::errors::Error),
    /// A task of ours ended before its work did.
    #[error("task: {0}")]
    Task(#[from] tokio::task::JoinError),
    /// A file could not be read.
    #[error("file: {0}")]
    File(#[from] std::io::Error),
    /// The keys can't be read or written.
    #[error("keys: {0}")]
    Keys(#[from] crate::keys::KeysError),
}

macro_rules! internal {
    ($($source:ty),* $(,)?) => {$(
        impl From<$source> for Failure {
            fn from(source: $source) -> Self {
                Self::Internal(source.into())
            }
        }
    )*};
}

internal!(
    sea_orm::DbErr,
    object_store::Error,
    serde_json::Error,
    jsonwebtoken::errors::Error,
    tokio::task::JoinError,
    std::io::Error,
    crate::keys::KeysError,
);

/// Collects every violation of an input, so that one answer names them all.
#[derive(Default)]
pub struct Problems(Vec<UserError>);

impl Problems {
    /// Notes one violation.
    pub fn add(&mut self, code: UserErrorCode, path: &[&str], message: impl Into<String>) {
        self.0.push(UserError::new(code, path, message));
    }

    /// Takes the value, or notes the violation and goes on without.
    pub fn take<T>(&mut self, result: Result<T, UserError>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    /// Says of what was noted below `from` that it stands at `to`.
    pub fn relocate(&mut self, from: &[String], to: &[&str]) {
        for error in &mut self.0 {
            if let Some(rest) = error.path.strip_prefix(from) {
                error.path = to.iter().map(|&part| part.to_owned()).chain(rest.iter().cloned()).collect();
            }
        }
    }

    /// Whether nothing was noted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Fails with all that was noted.
    pub fn check(self) -> Result<(), Failure> {
        if self.0.is_empty() { Ok(()) } else { Err(Failure::Refused(self.0)) }
    }
}
