//! Articles: the document, the desk's drafts and revisions, publishing, and what the public reads.

pub mod archive;
pub mod assign;
pub mod bulk;
pub mod checks;
pub mod commenting;
pub mod compare;
pub mod content;
pub mod create;
pub mod delete;
pub mod draft;
pub mod edit;
pub mod edit_related_links;
pub mod edit_sections;
pub mod entity;
pub mod erase;
pub mod fields;
pub mod graphql;
mod merge;
pub mod projection;
mod public;
pub mod publish;
pub mod read;
pub mod reindex;
pub mod request_changes;
pub mod restore;
pub mod revert;
pub mod revision;
pub mod search;
pub mod set_comments;
pub mod submit;
pub mod suggest;
pub mod unpublish;
pub mod update;
pub mod verify;

pub use draft::{Draft, Stage};
pub use public::count_comments;
