//! Authors: who bylines credit. Not users; an author gives no rights.

pub mod create;
pub mod entity;
pub mod graphql;
pub mod public;
pub mod read;
pub mod verify;
