//! Accounts in the schema.

mod mutations;
mod policy;
mod sessions;
mod user;
mod viewer;

pub use mutations::AccountMutation;
pub use policy::{DraftRight, PolicyAction};
pub use user::{Actor, Colleague, Role, UserObject};
pub use viewer::AccountViewer;
