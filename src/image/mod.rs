//! Pictures: uploaded files, their records in the library, and the public rows of those that something public shows.

pub mod address;
pub mod check_media;
pub mod copy_media;
pub mod delete;
pub mod entity;
pub mod graphql;
pub mod make_variant;
pub mod memory;
mod picture;
pub mod public;
pub mod read;
pub mod replace_file;
pub mod store;
pub mod update;
pub mod upload;
pub mod variant;
pub mod verify;
