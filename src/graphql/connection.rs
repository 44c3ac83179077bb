//! Lists as Relay connections: <https://relay.dev/graphql/connections.htm>.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_graphql::{Object, OutputType, TypeName};
use tokio::sync::OnceCell;

use super::at_hand::{AtHand, Reading, leaves};
use super::cursors::{self, ListName};
use crate::db::keyset::{Page, Position, Window};
use crate::error::Failure;
use crate::keys::Keys;
use crate::operation::Operation;

/// Things on a page when the client does not say.
pub const DEFAULT_PAGE: i32 = 20;
/// Most things on a page.
pub const LARGEST_PAGE: i32 = 100;
/// Up to here a list is counted exactly.
pub const COUNTED: u64 = 10_000;

/// The four arguments of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PageArguments {
    /// How many from the start.
    pub first: Option<i32>,
    /// Only after this cursor.
    pub after: Option<String>,
    /// How many from the end.
    pub last: Option<i32>,
    /// Only before this cursor.
    pub before: Option<String>,
}

impl PageArguments {
    /// The window that is asked for.
    pub fn window(&self, keys: &Keys, list: &ListName) -> Result<Window, Failure> {
        let (limit, from_end) = match (self.first, self.last) {
            (Some(_), Some(_)) => {
                return Err(Failure::bad_request(&["last"], "Give `first` or `last`, not both."));
            }
            (None, Some(last)) => (page_size("last", last)?, true),
            (first, None) => (page_size("first", first.unwrap_or(DEFAULT_PAGE))?, false),
        };
        let open = |argument: &str, cursor: &Option<String>| {
            cursor.as_deref().map(|cursor| cursors::open(keys, list, argument, cursor)).transpose()
        };
        Ok(Window {
            limit,
            from_end,
            after: open("after", &self.after)?,
            before: open("before", &self.before)?,
        })
    }
}

fn page_size(argument: &str, size: i32) -> Result<u64, Failure> {
    match u64::try_from(size) {
        Ok(size) if size <= LARGEST_PAGE as u64 => Ok(size),
        _ => Err(Failure::bad_request(
            &[argument],
            format!("`{argument}` is from 0 to {LARGEST_PAGE}; this asks for {size}."),
        )),
    }
}

/// A count, exact up to [`COUNTED`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count {
    /// How many; at most [`COUNTED`] where it isn't exact.
    pub number: u64,
    /// Whether it is the whole truth.
    pub is_exact: bool,
}

impl Count {
    /// A number that is known.
    pub fn exactly(number: u64) -> Self {
        Self { number, is_exact: true }
    }

    /// From a count that stopped at one more than [`COUNTED`].
    pub fn bounded(counted: u64) -> Self {
        Self { number: counted.min(COUNTED), is_exact: counted <= COUNTED }
    }
}

type Counting = Pin<Box<dyn Future<Output = Result<Count, Failure>> + Send>>;

/// A page of a list, in the list's order.
pub type Connection<N> = AtHand<ConnectionFields<N>>;

/// What there is to tell of it.
pub struct ConnectionFields<N> {
    edges: Vec<Edge<N>>,
    has_next: bool,
    has_previous: bool,
    count: OnceCell<Count>,
    counter: Box<dyn Fn() -> Counting + Send + Sync>,
}

/// A thing in a list, and its place.
pub type Edge<N> = AtHand<EdgeFields<N>>;

/// What there is to tell of it.
pub struct EdgeFields<N> {
    cursor: Cursor,
    node: N,
}

/// A place in a list, sealed where it is asked for.
#[derive(Clone)]
pub struct Cursor {
    list: Arc<Cursors>,
    place: Position,
}

/// What the cursors of a list are sealed with.
pub struct Cursors {
    op: Arc<Operation>,
    list: ListName,
}

impl Cursors {
    /// Of this list.
    pub fn new(op: &Arc<Operation>, list: ListName) -> Arc<Self> {
        Arc::new(Self { op: Arc::clone(op), list })
    }

    /// That of this place.
    pub fn at(self: &Arc<Self>, place: Position) -> Cursor {
        Cursor { list: Arc::clone(self), place }
    }
}

impl Cursor {
    /// As clients get it.
    pub fn sealed(&self) -> String {
        cursors::seal(&self.list.op.store.keys, &self.list.list, &self.place)
    }
}

/// Where a page stands in its list.
pub type PageInfo = AtHand<PageInfoFields>;

/// What there is to tell of it.
pub struct PageInfoFields {
    start: Option<Cursor>,
    end: Option<Cursor>,
    has_next: bool,
    has_previous: bool,
}

impl PageInfo {
    /// Of a page that begins and ends at these places.
    pub fn new(start: Option<Cursor>, end: Option<Cursor>, has_next: bool, has_previous: bool) -> Self {
        Self(PageInfoFields { start, end, has_next, has_previous })
    }
}

impl Reading for PageInfoFields {
    leaves!("hasNextPage" => has_next_page, "hasPreviousPage" => has_previous_page, "startCursor" => start_cursor, "endCursor" => end_cursor);
}

/// Where a page stands in its list.
#[Object(name = "PageInfo")]
impl PageInfoFields {
    /// Whether things follow this page.
    async fn has_next_page(&self) -> bool {
        self.has_next
    }

    /// Whether things precede this page.
    async fn has_previous_page(&self) -> bool {
        self.has_previous
    }

    /// The first thing's cursor: for `before`.
    async fn start_cursor(&self) -> Option<String> {
        self.start.as_ref().map(Cursor::sealed)
    }

    /// The last thing's cursor: for `after`.
    async fn end_cursor(&self) -> Option<String> {
        self.end.as_ref().map(Cursor::sealed)
    }
}

impl<N> Connection<N> {
    /// Makes the connection of a page. `place` gives a thing's position, `counter` counts the whole list when asked.
    pub fn new<F>(
        op: &Arc<Operation>,
        list: ListName,
        page: Page<N>,
        place: impl Fn(&N) -> Position,
        counter: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<Count, Failure>> + Send + 'static,
    {
        let cursors = Cursors::new(op, list);
        let edge = |node| AtHand(EdgeFields { cursor: cursors.at(place(&node)), node });
        Self(ConnectionFields {
            edges: page.rows.into_iter().map(edge).collect(),
            has_next: page.has_next,
            has_previous: page.has_previous,
            count: OnceCell::new(),
            counter: Box::new(move || Box::pin(counter())),
        })
    }

    /// The same of a list that is counted by a statement, up to one more than [`COUNTED`].
    pub fn listed<F>(
        op: &Arc<Operation>,
        list: ListName,
        page: Page<N>,
        place: impl Fn(&N) -> Position,
        count: impl Fn(Arc<Operation>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Result<u64, Failure>> + Send + 'static,
    {
        let counting = Arc::clone(op);
        Self::new(op, list, page, place, move || {
            let counted = count(Arc::clone(&counting));
            async move { Ok(Count::bounded(counted.await?)) }
        })
    }

    /// The same of a list whose length is known.
    pub fn counted(
        op: &Arc<Operation>,
        list: ListName,
        page: Page<N>,
        place: impl Fn(&N) -> Position,
        number: u64,
    ) -> Self {
        Self::new(op, list, page, place, move || async move { Ok(Count::exactly(number)) })
    }
}

impl<N> ConnectionFields<N> {
    async fn count(&self) -> Result<Count, Failure> {
        self.count.get_or_try_init(|| (self.counter)()).await.copied()
    }
}

impl<N: OutputType> Reading for EdgeFields<N> {
    const FIELDS: &'static [&'static str] = &["node"];

    leaves!("cursor" => cursor);
}

impl<N: OutputType> Reading for ConnectionFields<N> {
    const FIELDS: &'static [&'static str] = &["edges", "nodes", "totalCount", "totalCountIsExact"];
}

/// A page of a list, in the list's order.
#[Object(name_type)]
impl<N: OutputType> ConnectionFields<N> {
    /// The things with their cursors.
    async fn edges(&self) -> &[Edge<N>] {
        &self.edges
    }

    /// The things alone.
    async fn nodes(&self) -> Vec<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where this page stands.
    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: Option<&Edge<N>>| edge.map(|edge| edge.cursor.clone());
        PageInfo::new(cursor(self.edges.first()), cursor(self.edges.last()), self.has_next, self.has_previous)
    }

    /// How many things the whole list has; counted only when asked for, and up to 10,000.
    async fn total_count(&self) -> Result<u64, Failure> {
        Ok(self.count().await?.number)
    }

    /// Whether `totalCount` is exact: false where there are more than 10,000.
    async fn total_count_is_exact(&self) -> Result<bool, Failure> {
        Ok(self.count().await?.is_exact)
    }
}

impl<N: OutputType> TypeName for ConnectionFields<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", <N as OutputType>::type_name()).into()
    }
}

/// A thing in a list, and its place.
#[Object(name_type)]
impl<N: OutputType> EdgeFields<N> {
    /// Its place: for `after` and `before`.
    async fn cursor(&self) -> String {
        self.cursor.sealed()
    }

    /// The thing.
    async fn node(&self) -> &N {
        &self.node
    }
}

impl<N: OutputType> TypeName for EdgeFields<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", <N as OutputType>::type_name()).into()
    }
}
