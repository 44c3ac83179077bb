//! Articles: the document, the desk's drafts and revisions, publishing, and what the public reads.

pub mod assign;
pub mod checks;
pub mod compare;
pub mod content;
pub mod create;
pub mod draft;
pub mod entity;
pub mod fields;
pub mod graphql;
pub mod projection;
mod public;
pub mod publish;
pub mod read;
pub mod request_changes;
pub mod revert;
pub mod revision;
pub mod search;
pub mod submit;
pub mod unpublish;
pub mod update;
pub mod verify;

pub use draft::{Draft, Stage};
pub use public::count_comments;
