//! The site's subjects: a tree of categories, and free tags.

mod category;
pub mod create_category;
pub mod create_tag;
pub mod delete_category;
pub mod delete_tag;
pub mod entity;
pub mod graphql;
pub mod memory;
pub mod merge_tags;
pub mod move_category;
pub mod public;
pub mod read;
mod tag;
pub mod update_category;
pub mod update_tag;
pub mod verify;
