//! Objects whose fields are at hand, most or all of them. async-graphql puts every field of an object into a box, to wait for all of
//! them at once. Of these, what is at hand is told one after the other where it stands, and only what reads is waited for together.
//! Extensions of async-graphql would not see them; Copydesk has none.

use std::borrow::Cow;
use std::ops::Deref;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::resolver_utils::Fields;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
};
use futures_util::future::{BoxFuture, try_join_all};

use super::json;

/// An object that knows which of its fields are not at hand.
pub trait Reading: ObjectType {
    /// Those that may read from the database, or what they give may: things on one page read together only by these.
    const FIELDS: &'static [&'static str] = &[];
}

/// An object that is told so.
#[derive(Clone)]
pub struct AtHand<T>(pub T);

impl<T> Deref for AtHand<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Reading> OutputType for AtHand<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        let name = T::create_type_info(registry);
        if let Some(fields) = registry.types.get(&*T::type_name()).and_then(MetaType::fields) {
            // One that has itself as a field is still without any.
            let is_one = |name: &&str| fields.is_empty() || fields.contains_key(*name);
            debug_assert!(T::FIELDS.iter().all(is_one), "{name} has not all of {:?}", T::FIELDS);
        }
        name
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        tell(&self.0, ctx, field).await
    }
}

impl<T: Reading> ContainerType for AtHand<T> {
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

impl<T: Reading> ObjectType for AtHand<T> {}

/// Goes with a query in which no two fields that have fields come under one key: its objects are told as bytes, which could not be put
/// together with others.
#[derive(Clone, Copy)]
pub struct NothingIsMerged;

/// Objects that are asked for more fields are left to async-graphql.
const FEW: usize = 48;

/// What is asked of an object. Boxed: what is nested is as deep as a document may be, and would stand in each of those around it.
pub fn tell<'a, T: Reading>(
    thing: &'a T,
    ctx: &'a ContextSelectionSet<'a>,
    field: &'a Positioned<Field>,
) -> BoxFuture<'a, ServerResult<Value>> {
    Box::pin(async move {
        let Some(mut told) = plain::<T>(ctx) else { return thing.resolve(ctx, field).await };
        let mut reading: Vec<BoxFuture<'_, ServerResult<()>>> = Vec::new();
        for (field, told) in &mut told {
            let (field, name) = (*field, field.node.name.node.as_str());
            if T::FIELDS.contains(&name) {
                reading.push(Box::pin(async move {
                    *told = value(thing, ctx, field).await?;
                    Ok(())
                }));
            } else if name == "__typename" {
                *told = Value::from(T::type_name());
            } else {
                *told = value(thing, ctx, field).await?;
            }
        }
        try_join_all(reading).await?;
        let key = |field: &'a Positioned<Field>| &field.node.response_key().node;
        if ctx.data_opt::<NothingIsMerged>().is_some() {
            let json = json::written_object(told.iter().map(|(field, value)| (key(field), value)));
            return Ok(Value::Binary(json.into()));
        }
        Ok(Value::Object(told.into_iter().map(|(field, value)| (key(field).clone(), value)).collect()))
    })
}

async fn value<T: Reading>(
    thing: &T,
    ctx: &ContextSelectionSet<'_>,
    field: &Positioned<Field>,
) -> ServerResult<Value> {
    thing.resolve_field(&ctx.with_field(field)).await.map(Option::unwrap_or_default)
}

/// The fields that are asked of an object, each with a place for what it tells. `None` where something is asked that takes more than to
/// tell each by itself.
fn plain<'a, T: ObjectType>(ctx: &ContextSelectionSet<'a>) -> Option<Vec<(&'a Positioned<Field>, Value)>> {
    let mut fields = Vec::with_capacity(ctx.item.node.items.len());
    add::<T>(ctx, &ctx.item.node, &mut fields)?;
    // Two under one key are to be merged. Each is compared with each, which would be dear of very many.
    let key = |(field, _): &(&'a Positioned<Field>, Value)| &field.node.response_key().node;
    let is_new = |(place, field)| fields.iter().take(place).all(|before| key(before) != key(field));
    (fields.len() <= FEW && fields.iter().enumerate().all(is_new)).then_some(fields)
}

fn add<'a, T: ObjectType>(
    ctx: &ContextSelectionSet<'a>,
    set: &'a SelectionSet,
    fields: &mut Vec<(&'a Positioned<Field>, Value)>,
) -> Option<()> {
    for selection in &set.items {
        let (of_type, below) = match &selection.node {
            Selection::Field(field) => {
                field.node.directives.is_empty().then(|| fields.push((field, Value::Null)))?;
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

    impl Reading for Thing {
        const FIELDS: &'static [&'static str] = &["number", "refused"];
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
    async fn it_is_told_as_async_graphql_tells_it() {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        for (asked, is_plain) in [
            ("number name", true),
            ("name", true),
            ("__typename a: number b: number name @skip(if: true)", true),
            ("name name number", true),
            ("a: name ...more ... { b: name } } } fragment more on Thing { name", true),
            ("refused { __typename } ... on Thing { refused { x: __typename } name }", false),
            ("name refused { why }", true),
        ] {
            let answer = |at_hand: bool, merges: bool| {
                let query = match asked.split_once("fragment") {
                    Some((asked, fragment)) => {
                        format!("query($at: Boolean!) {{ thing(atHand: $at) {{ {asked} fragment{fragment} }}")
                    }
                    None => format!("query($at: Boolean!) {{ thing(atHand: $at) {{ {asked} }} }}"),
                };
                let variables = async_graphql::Variables::from_json(serde_json::json!({ "at": at_hand }));
                let request = async_graphql::Request::new(query).variables(variables);
                schema.execute(if merges { request } else { request.data(NothingIsMerged) })
            };
            let text = |answer: &async_graphql::Response| {
                String::from_utf8(json::written(&answer.data)).unwrap() + &format!("{:?}", answer.errors)
            };
            let (waiting, told) = (answer(false, true).await, answer(true, true).await);
            assert_eq!(text(&told), text(&waiting), "{asked}");
            assert_eq!(told.errors.is_empty(), !asked.contains("why"), "{:?}", told.errors);
            if is_plain {
                assert_eq!(text(&answer(true, false).await), text(&waiting), "{asked}");
            }
        }
    }
}
