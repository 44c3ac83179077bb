//! Objects whose fields are at hand, most or all of them. async-graphql puts every field of an object into a box, to wait for all of
//! them at once, and makes a value of it. Of these, what is at hand is told one after the other where it stands, what needs no more than
//! to be written is written, and only what reads is waited for together. Extensions of async-graphql would not see them; Copydesk has
//! none.

use std::borrow::Cow;
use std::ops::Deref;

use async_graphql::parser::types::{Field, Selection, SelectionSet};
use async_graphql::registry::{MetaType, Registry};
use async_graphql::resolver_utils::Fields;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, ServerResult, Value,
};
use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, try_join_all};

use super::json::{self, Leaf};

/// An object that knows which of its fields are not at hand.
pub trait Reading: ObjectType {
    /// Those that may read from the database, or what they give may: things on one page read together only by these.
    const FIELDS: &'static [&'static str] = &[];

    /// Writes a field as JSON that takes no arguments, has no fields and reads nothing: [`leaves`] makes this of their names. Whether it
    /// was one; any other is told by async-graphql.
    fn write(&self, _field: &Context<'_>, _to: &mut Vec<u8>) -> bool {
        false
    }
}

/// Writes these fields, each by the method that tells it to async-graphql.
macro_rules! leaves {
    ($($name:literal => $method:ident),+ $(,)?) => {
        fn write(&self, field: &async_graphql::Context<'_>, to: &mut Vec<u8>) -> bool {
            match field.item.node.name.node.as_str() {
                $($name => $crate::graphql::at_hand::write_told(self.$method(field), to),)+
                _ => false,
            }
        }
    };
}
pub(crate) use leaves;

/// Writes what a method tells, if it does so at once.
pub fn write_told<T: Leaf, E>(told: impl Future<Output = Result<T, E>>, to: &mut Vec<u8>) -> bool {
    let Some(Ok(leaf)) = told.now_or_never() else { return false };
    leaf.write(to);
    true
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
/// In so much room an object is written, in bytes: most need no more.
const ROOM: usize = 1_024;

/// What is asked of an object. Boxed: what is nested is as deep as a document may be, and would stand in each of those around it.
pub fn tell<'a, T: Reading>(
    thing: &'a T,
    ctx: &'a ContextSelectionSet<'a>,
    field: &'a Positioned<Field>,
) -> BoxFuture<'a, ServerResult<Value>> {
    Box::pin(async move {
        match ctx.data_opt::<NothingIsMerged>().and_then(|_| plain::<T>(ctx)) {
            Some(fields) => {
                let json = written(thing, ctx, &fields).await?;
                // In no more room than it takes: it may be kept.
                Ok(Value::Binary(Bytes::copy_from_slice(&json)))
            }
            None => thing.resolve(ctx, field).await,
        }
    })
}

async fn written<T: Reading>(
    thing: &T,
    ctx: &ContextSelectionSet<'_>,
    fields: &[&Positioned<Field>],
) -> ServerResult<Vec<u8>> {
    let mut told = Vec::with_capacity(ROOM);
    // What reads is put in behind these places.
    let (mut reading, mut places) = (Vec::new(), Vec::new());
    for field in fields {
        told.push(if told.is_empty() { b'{' } else { b',' });
        json::key(&mut told, &field.node.response_key().node);
        let (name, field) = (field.node.name.node.as_str(), ctx.with_field(field));
        if T::FIELDS.contains(&name) {
            reading.push(Box::pin(async move { value(thing, &field).await }));
            places.push(told.len());
        } else if name == "__typename" {
            T::type_name().write(&mut told);
        } else if !(field.item.node.arguments.is_empty() && thing.write(&field, &mut told)) {
            json::write(&mut told, &value(thing, &field).await?);
        }
    }
    told.push(b'}');
    if reading.is_empty() {
        return Ok(told);
    }
    let read = try_join_all(reading).await?;
    let mut all = Vec::with_capacity(told.len() + read.iter().map(json::length).sum::<usize>());
    let mut begin = 0;
    for (place, value) in places.into_iter().zip(&read) {
        all.extend_from_slice(&told[begin..place]);
        json::write(&mut all, value);
        begin = place;
    }
    all.extend_from_slice(&told[begin..]);
    Ok(all)
}

async fn value<T: Reading>(thing: &T, field: &Context<'_>) -> ServerResult<Value> {
    thing.resolve_field(field).await.map(Option::unwrap_or_default)
}

/// The fields that are asked of an object. `None` where something is asked that takes more than to tell each by itself.
fn plain<'a, T: ObjectType>(ctx: &ContextSelectionSet<'a>) -> Option<Vec<&'a Positioned<Field>>> {
    let mut fields = Vec::with_capacity(ctx.item.node.items.len());
    add::<T>(ctx, &ctx.item.node, &mut fields)?;
    // Two under one key are to be merged. Each is compared with each, which would be dear of very many.
    let key = |field: &&'a Positioned<Field>| &field.node.response_key().node;
    let is_new = |(place, field)| fields.iter().take(place).all(|before| key(before) != key(field));
    (!fields.is_empty() && fields.len() <= FEW && fields.iter().enumerate().all(is_new)).then_some(fields)
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

    impl Reading for Thing {
        const FIELDS: &'static [&'static str] = &["number", "refused"];

        fn write(&self, field: &Context<'_>, to: &mut Vec<u8>) -> bool {
            let is_name = field.item.node.name.node == "name";
            if is_name {
                self.name.write(to);
            }
            is_name
        }
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
