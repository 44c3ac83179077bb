//! Objects of which each field is at hand. async-graphql puts every field of an object into a box, to wait for all of them at once. Of
//! these, one is told after the other where it stands: there is nothing that could be read together. Extensions of async-graphql would
//! not see them; Copydesk has none.

use std::borrow::Cow;

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::Fields;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Name, ObjectType, OutputType, Positioned, ServerResult,
    Value,
};

/// An object none of whose fields reads from the database, nor does any of what it has.
#[derive(Clone)]
pub struct AtHand<T>(pub T);

impl<T: ObjectType> OutputType for AtHand<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let mut told = IndexMap::with_capacity(ctx.item.node.items.len());
        let Some(fields) = plain::<T>(ctx, &mut told) else {
            return Box::pin(self.0.resolve(ctx, field)).await;
        };
        for (field, slot) in fields.into_iter().zip(told.values_mut()) {
            *slot = if field.node.name.node == "__typename" {
                Value::from(T::type_name())
            } else {
                self.0.resolve_field(&ctx.with_field(field)).await?.unwrap_or_default()
            };
        }
        Ok(Value::Object(told))
    }
}

impl<T: ObjectType> ContainerType for AtHand<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }

    fn collect_all_fields<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
        fields: &mut Fields<'a>,
    ) -> ServerResult<()> {
        self.0.collect_all_fields(ctx, fields)
    }
}

impl<T: ObjectType> ObjectType for AtHand<T> {}

/// The fields that are asked of an object, with a place for what each tells. `None` where something is asked that takes more than to
/// tell one after the other.
fn plain<'a, T: ObjectType>(
    ctx: &ContextSelectionSet<'a>,
    told: &mut IndexMap<Name, Value>,
) -> Option<Vec<&'a Positioned<Field>>> {
    let mut fields = Vec::with_capacity(ctx.item.node.items.len());
    add::<T>(ctx, &ctx.item.node, &mut fields)?;
    // Two under one key are to be merged.
    let mut keys = fields.iter().map(|field| field.node.response_key().node.clone());
    keys.all(|key| told.insert(key, Value::Null).is_none()).then_some(fields)
}

fn add<'a, T: ObjectType>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    fields: &mut Vec<&'a Positioned<Field>>,
) -> Option<()> {
    for selection in &set.items {
        let (of_type, below) = match &selection.node {
            Selection::Field(field) => {
                field.node.directives.is_empty().then(|| fields.push(field))?;
                continue;
            }
            Selection::InlineFragment(fragment) => {
                (fragment.node.type_condition.as_ref(), &fragment.node.selection_set)
            }
            Selection::FragmentSpread(spread) => {
                let fragment = ctx.query_env.fragments.get(&spread.node.fragment_name.node)?;
                (Some(&fragment.node.type_condition), &fragment.node.selection_set)
            }
        };
        of_type.is_none_or(|of| of.node.on.node == *T::type_name()).then_some(())?;
        add::<T>(ctx, &below.node, fields)?;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, SimpleObject};

    use super::*;
    use crate::error::Failure;

    #[derive(Clone, SimpleObject)]
    struct Thing {
        name: String,
        number: i32,
        refused: Option<Refused>,
    }

    #[derive(Clone)]
    struct Refused;

    #[Object]
    impl Refused {
        async fn why(&self) -> Result<i32, Failure> {
            Err(Failure::bad_request(&["why"], "It is."))
        }
    }

    struct Query;

    #[Object]
    impl Query {
        async fn thing(&self, at_hand: bool) -> Option<Either> {
            let thing = Thing { name: "it".to_owned(), number: 1, refused: Some(Refused) };
            Some(if at_hand { Either::AtHand(AtHand(thing)) } else { Either::Waiting(thing) })
        }
    }

    /// The same object, told in both ways.
    enum Either {
        AtHand(AtHand<Thing>),
        Waiting(Thing),
    }

    impl OutputType for Either {
        fn type_name() -> Cow<'static, str> {
            Thing::type_name()
        }

        fn create_type_info(registry: &mut Registry) -> String {
            Thing::create_type_info(registry)
        }

        async fn resolve(
            &self,
            ctx: &ContextSelectionSet<'_>,
            field: &Positioned<Field>,
        ) -> ServerResult<Value> {
            match self {
                Self::AtHand(thing) => thing.resolve(ctx, field).await,
                Self::Waiting(thing) => thing.resolve(ctx, field).await,
            }
        }
    }

    #[tokio::test]
    async fn it_is_told_as_it_would_be_told_with_waiting() {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        for asked in [
            "number name",
            "__typename a: number b: number name @skip(if: true)",
            "name name number",
            "number ...more ... { b: name } } } fragment more on Thing { name",
            "refused { __typename } ... on Thing { refused { x: __typename } name }",
            "name refused { why }",
        ] {
            let answer = |at_hand: bool| {
                let query = match asked.split_once("fragment") {
                    Some((asked, fragment)) => {
                        format!("query($at: Boolean!) {{ thing(atHand: $at) {{ {asked} fragment{fragment} }}")
                    }
                    None => format!("query($at: Boolean!) {{ thing(atHand: $at) {{ {asked} }} }}"),
                };
                let variables = async_graphql::Variables::from_json(serde_json::json!({ "at": at_hand }));
                schema.execute(async_graphql::Request::new(query).variables(variables))
            };
            let (waiting, told) = (answer(false).await, answer(true).await);
            let text = |answer| serde_json::to_string(&answer).unwrap();
            assert_eq!(text(&told), text(&waiting), "{asked}");
            assert_eq!(told.errors.is_empty(), !asked.contains("why"), "{:?}", told.errors);
        }
    }
}
