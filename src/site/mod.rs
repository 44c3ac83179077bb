//! The site that shows what is published: what it is called, what is at a path, and redirects that editors set by hand. Where on
//! it each thing stands is in the settings (`src/config/site.rs`).

pub mod create_redirect;
pub mod delete_redirect;
pub mod entity;
pub mod graphql;
pub mod read;
mod redirect;
pub mod route;
pub mod update_redirect;
pub mod verify;
