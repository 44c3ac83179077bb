//! Accounts: who signs in, with what, and what each role may do.

pub mod entity;
pub mod graphql;
pub mod instance;
pub mod password;
pub mod policy;
pub mod read;
pub mod refresh;
pub mod sign_in;
pub mod token;
pub mod user;

pub use entity::users::Model as User;
