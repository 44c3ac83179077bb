//! Readers' comments: sent, moderated, shown under published articles.

pub mod approve;
pub mod bulk;
pub mod entity;
pub mod erase;
mod find;
pub mod graphql;
mod public;
pub mod read;
pub mod submit;
pub mod verify;

pub use public::Comments;
