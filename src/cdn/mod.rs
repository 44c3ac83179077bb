//! What stands between this server and its readers: how it is told which answers to drop.

pub mod keys;
pub mod purge;
