//! Pictures: uploaded files, their records in the library, and the public rows of those that something public shows.

pub mod address;
pub mod entity;
pub mod graphql;
mod picture;
pub mod public;
pub mod read;
pub mod store;
pub mod upload;
pub mod verify;
