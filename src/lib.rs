//! Copydesk: a GraphQL headless CMS backend for publishers. This page is the map; ARCHITECTURE.md tells how data flows.
//!
//! From the top, never upward:
//!
//! - [`cli`]: the commands. [`demo`] fills an instance with demonstration content.
//! - [`server`]: HTTP: who asks, GraphQL over HTTP, GraphiQL, pictures, health.
//! - [`schema`]: joins the rooms' GraphQL parts.
//! - [`verify`]: the whole instance against its log, by what each room knows of its own tables.
//! - [`backup`]: all rows and files of an instance, into a file and back, and into another database. [`start`] opens an
//!   instance.
//! - The rooms, each with its tables, rules and GraphQL types: [`history`] (what the log tells a viewer), [`site`] (what
//!   is at a path, redirects), [`comment`], [`article`], [`author`], [`taxonomy`] (categories and tags), [`image`], [`library`] (what authors, categories and tags
//!   share: former slugs, and what took the place of what is gone), [`account`] (users, sessions, the policy).
//! - [`graphql`]: the kit: errors, ids, connections, cursors, batches, the guard.
//! - [`cdn`]: what stands in front. [`cache`]: what is kept in memory, exact to the last change.
//! - [`log`]: the signed chain of everything that was done; every write ends in it.
//! - [`db`]: connections, transactions, pages by key, and what differs between SQLite and PostgreSQL.
//! - [`text`]: Markdown, its blocks, slugs, paths, anchors, folding: pure functions.
//! - [`operation`], [`error`], [`given`], [`id`], [`clock`], [`keys`], [`limit`], [`progress`], [`reads`], [`config`]: what every rule receives.

pub mod account;
pub mod article;
pub mod author;
pub mod backup;
pub mod cache;
pub mod cdn;
pub mod cli;
pub mod clock;
pub mod comment;
pub mod config;
pub mod db;
pub mod demo;
pub mod error;
pub mod given;
pub mod graphql;
pub mod history;
pub mod id;
pub mod image;
pub mod keys;
pub mod library;
pub mod limit;
pub mod log;
pub mod media_store;
pub mod operation;
pub mod progress;
pub mod reads;
pub mod schema;
pub mod server;
pub mod site;
pub mod start;
pub mod taxonomy;
pub mod text;
pub mod verify;
pub mod work;
