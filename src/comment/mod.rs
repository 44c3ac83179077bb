//! Readers' comments: sent, moderated, answered, shown under published articles.

pub mod ahead;
mod body;
pub mod bulk;
pub mod edit;
pub mod edit_token;
pub mod entity;
pub mod erase;
mod find;
pub mod graphql;
pub mod hold;
pub mod memory;
pub mod moderate;
mod public;
pub mod read;
mod record;
pub mod reply;
pub mod submit;
mod thread;
pub mod verify;

pub use public::Comments;
