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

    /// Writes a field as JSON that takes no arguments and reads nothing: [`leaves`] makes this of their names. Whether it was one, all
    /// of it; any other is told by async-graphql.
    fn write(&self, _field: &Context<'_>, _to: &mut Vec<u8>) -> bool {
        false
    }
}

/// Writes these fields, each by the method that tells it to async-graphql: those without fields, and behind `objects` those with.
macro_rules! leaves {
    ($($name:literal => $method:ident),+ $(; objects $($object:literal => $its:ident),+)? $(,)?) => {
        fn write(&self, field: &async_graphql::Context<'_>, to: &mut Vec<u8>) -> bool {
            match field.item.node.name.node.as_str() {
                $($name => $crate::graphql::at_hand::write_told(self.$method(field), to),)+
                $($($object => $crate::graphql::at_hand::write_object(self.$its(field), field, to),)+)?
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

/// Writes what is asked of an object that a method gives, or of several, if all that can be done at once.
pub fn write_object<T: AtOnce, E>(
    told: impl Future<Output = Result<T, E>>,
    field: &Context<'_>,
    to: &mut Vec<u8>,
) -> bool {
    let Some(Ok(object)) = told.now_or_never() else { return false };
    object.write(&field.with_selection_set(&field.item.node.selection_set), to)
}

/// What may be written at once: an object, or several.
pub trait AtOnce {
    /// Writes what is asked of it as JSON. Whether all of it could be written: then nothing of it reads.
    fn write(&self, asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool;

    /// The same of many of the same kind.
    fn write_each(all: &[Self], asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool
    where
        Self: Sized,
    {
        write_list(all, to, |one, to| one.write(asked, to))
    }
}

impl<T: Reading> AtOnce for AtHand<T> {
    fn write(&self, asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool {
        write(&self.0, asked, to)
    }

    fn write_each(all: &[Self], asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool {
        plain::<T>(asked)
            .is_some_and(|fields| write_list(all, to, |one, to| write_fields(&one.0, asked, &fields, to)))
    }
}

impl<T: AtOnce> AtOnce for [T] {
    fn write(&self, asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool {
        T::write_each(self, asked, to)
    }
}

impl<T: AtOnce> AtOnce for List<T> {
    fn write(&self, asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool {
        T::write_each(&self.0, asked, to)
    }
}

impl<T: AtOnce + ?Sized> AtOnce for &T {
    fn write(&self, asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool {
        T::write(self, asked, to)
    }
}

impl<T: AtOnce> AtOnce for Option<T> {
    fn write(&self, asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool {
        match self {
            Some(object) => object.write(asked, to),
            None => {
                to.extend_from_slice(b"null");
                true
            }
        }
    }
}

/// Writes what is asked of an object, if nothing of it reads.
pub fn write<T: Reading>(thing: &T, asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool {
    plain::<T>(asked).is_some_and(|fields| write_fields(thing, asked, &fields, to))
}

fn write_list<T>(all: &[T], to: &mut Vec<u8>, mut write: impl FnMut(&T, &mut Vec<u8>) -> bool) -> bool {
    to.push(b'[');
    for (place, one) in all.iter().enumerate() {
        if place > 0 {
            to.push(b',');
        }
        if !write(one, to) {
            return false;
        }
    }
    to.push(b']');
    true
}

/// Writes an object of which these fields are asked, if none of them reads.
fn write_fields<T: Reading>(
    thing: &T,
    asked: &ContextSelectionSet<'_>,
    fields: &[&Positioned<Field>],
    to: &mut Vec<u8>,
) -> bool {
    for (place, field) in fields.iter().enumerate() {
        begin(place, field, to);
        if !write_field(thing, &asked.with_field(field), to) {
            return false;
        }
    }
    to.push(b'}');
    true
}

/// Writes what stands before a field's value.
fn begin(place: usize, field: &Positioned<Field>, to: &mut Vec<u8>) {
    to.push(if place == 0 { b'{' } else { b',' });
    json::key(to, &field.node.response_key().node);
}

/// Writes a field that reads nothing; where it could not, nothing of it.
fn write_field<T: Reading>(thing: &T, field: &Context<'_>, to: &mut Vec<u8>) -> bool {
    if field.item.node.name.node == "__typename" {
        T::type_name().write(to);
        return true;
    }
    let before = to.len();
    let is_written = field.item.node.arguments.is_empty() && thing.write(field, to);
    if !is_written {
        to.truncate(before);
    }
    is_written
}

/// A list of things that are written at once where that can be done.
pub struct List<T>(pub Vec<T>);

impl<T: AtOnce + OutputType> OutputType for List<T> {
    fn type_name() -> Cow<'static, str> {
        Vec::<T>::type_name()
    }

    fn qualified_type_name() -> String {
        Vec::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Vec::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if ctx.data_opt::<NothingIsMerged>().is_some() {
            let mut json = Vec::with_capacity(ROOM);
            if self.write(ctx, &mut json) {
                return Ok(Value::Binary(json.into()));
            }
        }
        self.0.resolve(ctx, field).await
    }
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
    // What reads is put in behind these places. It begins when all else is told, which might wait for the same.
    let (mut reading, mut places) = (Vec::new(), Vec::new());
    for (place, field) in fields.iter().enumerate() {
        begin(place, field, &mut told);
        let (name, field) = (field.node.name.node.as_str(), ctx.with_field(field));
        if T::FIELDS.contains(&name) {
            reading.push(Box::pin(async move { value(thing, &field).await }));
            places.push(told.len());
        } else if !write_field(thing, &field, &mut told) {
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
        match of_type.map(|of| &of.node.on.node) {
            Some(other) if *other != *T::type_name() => is_object(ctx, other).then_some(())?,
            _ => add::<T>(ctx, &below.node, fields)?,
        }
    }
    Some(())
}

/// Whether this is an object's type, not one that several have in common.
fn is_object(ctx: &ContextSelectionSet<'_>, name: &str) -> bool {
    matches!(ctx.schema_env.registry.types.get(name), Some(MetaType::Object { .. }))
}

#[cfg(test)]
mod tests {
    use std::future::ready;

    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, SimpleObject};

    use super::*;
    use crate::error::Failure;

    #[derive(Clone, SimpleObject)]
    struct Thing {
        name: String,
        number: i32,
        refused: Option<Refused>,
        below: Vec<AtHand<Part>>,
    }

    impl Reading for Thing {
        const FIELDS: &'static [&'static str] = &["number", "refused"];

        fn write(&self, field: &Context<'_>, to: &mut Vec<u8>) -> bool {
            match field.item.node.name.node.as_str() {
                "name" => self.name.write(to),
                "below" => return write_object(ready(Ok::<_, ()>(self.below.as_slice())), field, to),
                _ => return false,
            }
            true
        }
    }

    /// One whose `read` waits.
    #[derive(Clone)]
    struct Part(i32);

    impl Reading for Part {
        const FIELDS: &'static [&'static str] = &["read"];

        leaves!("number" => number; objects "parts" => parts, "next" => next);
    }

    #[Object]
    impl Part {
        async fn number(&self) -> i32 {
            self.0
        }

        async fn parts(&self) -> List<AtHand<Self>> {
            List((1..self.0).map(|number| AtHand(Self(number))).collect())
        }

        async fn next(&self) -> Option<AtHand<Self>> {
            (self.0 < 3).then(|| AtHand(Self(self.0 + 1)))
        }

        async fn read(&self) -> i32 {
            tokio::task::yield_now().await;
            self.0
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
            let below = (1..4).map(|number| AtHand(Part(number))).collect();
            let thing = Thing { name: "it".to_owned(), number: 1, refused: Some(Refused), below };
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
            ("below { number parts { number } next { next { number } } }", true),
            ("name below { read parts { number next { read } } } number", true),
            ("below { parts { __typename ... on Refused { why } ... on Part { number } } }", true),
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
