//! The site's subjects: a tree of categories, and free tags.

pub mod create_category;
pub mod create_tag;
pub mod entity;
pub mod graphql;
pub mod public;
pub mod read;
pub mod verify;
