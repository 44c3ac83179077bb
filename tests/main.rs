//! Black-box tests: over HTTP, against a running server, on SQLite and on PostgreSQL.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros
)]
#![allow(clippy::print_stderr, reason = "a test run says when PostgreSQL is missing")]

mod harness;

mod backup;
mod bad_input;
mod budgets;
mod caching;
mod cdn;
mod compare;
mod conversation;
mod corpora;
mod crawl;
mod cut_off_uploads;
mod day;
mod documents;
mod drafts_stay_private;
mod edits;
mod erasure;
mod explorer;
mod fragments;
mod given_up;
mod hand_on;
mod house;
mod image_avif;
mod image_formats;
mod image_library;
mod image_variants;
mod images;
mod leaks;
mod library;
mod limits;
mod lists;
mod log_order;
mod media;
mod model;
mod operations;
mod over_http;
mod over_tls;
mod paging;
mod permissions;
mod plans;
mod preview;
mod races;
mod scene;
mod search;
mod sessions;
mod site;
mod start;
mod storm;
mod tokens;
mod trash;
mod users;
mod verify;
