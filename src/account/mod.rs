//! Accounts: who signs in, with what, for how long, and what each role may do.

mod attempts;
pub mod audit;
pub mod change_password;
pub mod create_user;
pub mod deactivate_user;
pub mod end_session;
pub mod entity;
pub mod graphql;
pub mod instance;
pub mod memory;
pub mod password;
pub mod policy;
pub mod reactivate_user;
pub mod read;
pub mod refresh;
pub mod rotate_keys;
pub mod session;
pub mod set_user_password;
pub mod sign_in;
pub mod sign_out;
pub mod standing;
pub mod token;
pub mod update_user;
pub mod user;
pub mod verify;

pub use entity::users::Model as User;
