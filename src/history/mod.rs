//! What the log tells a viewer: each sees the entries that the policy gives their role.

pub mod graphql;
pub mod visible;
