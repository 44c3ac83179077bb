//! Search in the schema.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_graphql::{Object, SimpleObject};
use uuid::Uuid;

use super::ArticleObject;
use super::queries::{ArticleFilterInput, filter_name};
use crate::article::entity::public::sections;
use crate::article::read;
use crate::article::read_parts::{self, Expected, Part, Together};
use crate::article::search::{self, SearchQuery};
use crate::db::keyset::{Position, SortKey};
use crate::error::Failure;
use crate::graphql::connection::{COUNTED, Count, Cursor, Cursors, PageArguments, PageInfo};
use crate::graphql::cursors::ListName;
use crate::id::ArticleId;
use crate::operation::Operation;
use crate::text::markdown;

/// A page of search results.
pub struct SearchConnection {
    op: Arc<Operation>,
    query: Option<SearchQuery>,
    edges: Vec<SearchEdge>,
    has_next: bool,
    has_previous: bool,
}

/// A found article.
pub struct SearchEdge {
    cursor: Cursor,
    score: f64,
    snippet: SearchSnippet,
    node: ArticleObject,
}

/// A found article.
#[Object]
impl SearchEdge {
    /// Its place: for `after`.
    async fn cursor(&self) -> String {
        self.cursor.sealed()
    }

    /// How well it matches: comparable within one answer alone.
    async fn score(&self) -> f64 {
        self.score
    }

    /// Where it matches.
    async fn snippet(&self) -> &SearchSnippet {
        &self.snippet
    }

    /// The article.
    async fn node(&self) -> &ArticleObject {
        &self.node
    }
}

/// A piece of an article around a match.
#[derive(Clone, SimpleObject)]
pub struct SearchSnippet {
    /// Escaped, with `<mark>` around what matches, and no other element.
    html: String,
    /// Plain.
    text: String,
}

/// A page of search results, best first.
#[Object]
impl SearchConnection {
    /// The results with their scores and snippets.
    async fn edges(&self) -> &[SearchEdge] {
        &self.edges
    }

    /// The articles alone.
    async fn nodes(&self) -> Vec<&ArticleObject> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where this page stands.
    async fn page_info(&self) -> PageInfo {
        let cursor = |edge: Option<&SearchEdge>| edge.map(|edge| edge.cursor.clone());
        PageInfo::new(cursor(self.edges.first()), cursor(self.edges.last()), self.has_next, self.has_previous)
    }

    /// How many articles match; counted only when asked for, and up to 10,000.
    async fn total_count(&self) -> Result<u64, Failure> {
        Ok(self.count().await?.number)
    }

    /// Whether `totalCount` is exact: false where there are more than 10,000.
    async fn total_count_is_exact(&self) -> Result<bool, Failure> {
        Ok(self.count().await?.is_exact)
    }
}

impl SearchConnection {
    async fn count(&self) -> Result<Count, Failure> {
        let Some(query) = &self.query else { return Ok(Count::exactly(0)) };
        Ok(Count::bounded(search::count(&*self.op.snapshot().await?, query).await?))
    }
}

/// Finds, loads and cuts snippets. Results are counted off from the best: scores change as articles are added, so a page
/// goes on from a place, not from a score; up to 10,000.
pub async fn run(
    op: &Arc<Operation>,
    text: &str,
    filter: ArticleFilterInput,
    first: i32,
    after: Option<String>,
) -> Result<SearchConnection, Failure> {
    let filter = filter.resolve(op).await?;
    let list = ListName::new(&["search", text, &filter_name(filter.as_ref())]);
    let window = PageArguments { first: Some(first), after, last: None, before: None }
        .window(&op.store.keys, &list)?;
    let offset = match &window.after {
        Some(Position { key: SortKey::Number(place), id: _ }) => {
            u64::try_from(*place).unwrap_or_default().min(COUNTED)
        }
        _ => 0,
    };
    let Some(query) = filter.map(|filter| SearchQuery::new(text, filter)) else {
        return Ok(SearchConnection {
            op: Arc::clone(op),
            query: None,
            edges: Vec::new(),
            has_next: false,
            has_previous: false,
        });
    };
    let snapshot = op.snapshot().await?;
    let query = query.settled(&snapshot).await?;
    let mut hits = search::find(&snapshot, &query, offset, window.limit).await?;
    let limit = usize::try_from(window.limit).unwrap_or(usize::MAX);
    let has_next = hits.len() > limit;
    hits.truncate(limit);
    let found: Vec<ArticleId> = hits.iter().map(|hit| hit.article).collect();
    let parts = Together::default();
    // Of them snippets are cut.
    parts.expect(Expected { parts: BTreeSet::from([Part::Sections]), guest: None });
    let mut rows = read::by_ids(&snapshot, &parts, found.clone()).await?;
    let sections = read_parts::sections(&parts, &snapshot, &found).await?;
    let articles = ArticleObject::page(op, parts, found.iter().filter_map(|id| rows.remove(id)).collect());
    let cursors = Cursors::new(op, list);
    let edges = hits.iter().zip(articles).zip(offset + 1..).map(|((hit, node), place)| {
        let position =
            Position { key: SortKey::Number(i64::try_from(place).unwrap_or(i64::MAX)), id: Uuid::nil() };
        SearchEdge {
            cursor: cursors.at(position),
            score: hit.score,
            snippet: cut(&query, &node, sections.get(&hit.article).map(Vec::as_slice).unwrap_or_default()),
            node,
        }
    });
    let edges = edges.collect();
    Ok(SearchConnection { op: Arc::clone(op), query: Some(query), edges, has_next, has_previous: offset > 0 })
}

fn cut(query: &SearchQuery, article: &ArticleObject, sections: &[sections::Model]) -> SearchSnippet {
    let bodies: Vec<String> = sections.iter().map(|section| markdown::outline(&section.body).text).collect();
    let headings = sections.iter().filter_map(|section| section.heading.as_deref());
    let row = article.row();
    let texts: Vec<&str> = row
        .excerpt
        .as_deref()
        .into_iter()
        .chain(bodies.iter().map(String::as_str))
        .chain(headings)
        .chain([row.title.as_str()])
        .collect();
    let search::Snippet { text, html } = search::snippet(query, &texts);
    SearchSnippet { html, text }
}
