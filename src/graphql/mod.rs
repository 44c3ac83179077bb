//! The kit below the rooms' GraphQL parts: errors, ids, scalars, connections, cursors, batches, fragments, root fields, the guard.

pub mod at_hand;
pub mod batch;
pub mod blocks;
pub mod connection;
pub mod cost;
pub mod cursors;
pub mod errors;
pub mod fragments;
pub mod guard;
pub mod ids;
pub mod interface;
pub mod json;
pub mod rich_text;
pub mod root_fields;
pub mod scalars;
pub mod seo;
pub mod variables;

use std::sync::Arc;

use async_graphql::{Context, MaybeUndefined};

use crate::error::Failure;
use crate::given::Given;
use crate::operation::Operation;

/// The operation that this request is.
pub fn operation<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Operation>, Failure> {
    ctx.data::<Arc<Operation>>().map_err(|_| Failure::corrupt("a request without an operation"))
}

/// A field of a partial update.
pub fn given<T>(value: MaybeUndefined<T>) -> Given<T> {
    match value {
        MaybeUndefined::Undefined => Given::Absent,
        MaybeUndefined::Null => Given::Null,
        MaybeUndefined::Value(value) => Given::Value(value),
    }
}
