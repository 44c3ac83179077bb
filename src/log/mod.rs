//! The change log: one signed chain of everything that was done, in the order in which it was committed.
//!
//! **Invariant:** every write ends in [`save`], which appends and commits; nothing else commits.

mod append;
mod change;
pub mod check;
pub mod entity;
pub mod follow;
pub mod heads;
pub mod read;
pub mod verify;
pub mod walk;

pub use append::{MadeAhead, NewChange, content_hash, save, save_all};
pub use change::{Action, Entry, SubjectType};
