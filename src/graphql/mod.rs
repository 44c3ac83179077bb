//! The kit below the rooms' GraphQL parts: errors, ids, scalars, connections, cursors, batches, fragments, root fields, the guard.

/// Fields around an object are of its type.
macro_rules! is_what_it_holds {
    ($fields:ident) => {
        impl<T: async_graphql::ObjectType> async_graphql::OutputType for $fields<T> {
            fn type_name() -> std::borrow::Cow<'static, str> {
                T::type_name()
            }

            fn create_type_info(registry: &mut async_graphql::registry::Registry) -> String {
                T::create_type_info(registry)
            }

            async fn resolve(
                &self,
                ctx: &async_graphql::ContextSelectionSet<'_>,
                field: &async_graphql::Positioned<async_graphql::parser::types::Field>,
            ) -> async_graphql::ServerResult<async_graphql::Value> {
                self.0.resolve(ctx, field).await
            }
        }

        impl<T: async_graphql::ObjectType> async_graphql::ObjectType for $fields<T> {}
    };
}

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
