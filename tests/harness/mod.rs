//! A harness that tells stories: actors are values, the clock is ours to move, each test has a database of its own, copied
//! from a template that is migrated once.

mod actor;
mod desk;
mod picture;
mod place;
pub mod postgres;
pub mod program;
mod schema;

pub use actor::{Actor, Answer, CONTRACT, answer};
pub use desk::{Desk, Engine, MORNING, PASSWORD};
pub use picture::{noise, picture};
pub use place::Place;
pub use schema::fields_of;

/// A client for HTTP.
pub fn http() -> reqwest::Client {
    copydesk::media_store::choose_tls();
    reqwest::Client::new()
}

/// Runs a story on SQLite and on PostgreSQL.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($desk:ident) $story:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn story($desk: $crate::harness::Desk) $story

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            $(#[$attribute])*
            async fn sqlite() {
                story($crate::harness::Desk::open($crate::harness::Engine::Sqlite).await.expect("SQLite is always there")).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            $(#[$attribute])*
            async fn postgres() {
                match $crate::harness::Desk::open($crate::harness::Engine::Postgres).await {
                    Some(desk) => story(desk).await,
                    None => eprintln!("left out: PostgreSQL's programs (initdb, pg_ctl) are not found"),
                }
            }
        }
    )*};
}
pub(crate) use on_both;
