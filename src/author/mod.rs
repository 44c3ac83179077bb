//! Authors: who bylines credit. Not users; an author gives no rights.

pub mod create;
pub mod delete;
pub mod entity;
pub mod graphql;
pub mod links;
pub mod memory;
pub mod public;
pub mod read;
mod record;
pub mod update;
pub mod verify;
