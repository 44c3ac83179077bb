//! Tags and categories as editors see them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use crate::account::policy;
use crate::article::graphql::UseCounts;
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::Member;
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::scalars::DateTime;
use crate::graphql::{ids, operation};
use crate::operation::Operation;
use crate::taxonomy::entity::{categories, tag_records};
use crate::taxonomy::read;

/// What a page of the library loads together.
#[derive(Default)]
pub struct RecordLoads {
    uses: UseCounts,
}

/// A tag in the library.
#[derive(Clone)]
pub struct TagRecord(Member<tag_records::Model, RecordLoads>);

impl TagRecord {
    /// Tags that load together, in their order.
    pub fn page(op: &Arc<Operation>, rows: Vec<tag_records::Model>) -> Vec<Self> {
        Member::page(op, rows).into_iter().map(Self).collect()
    }

    /// A tag alone.
    pub fn alone(op: &Arc<Operation>, row: tag_records::Model) -> Self {
        Self(Member::alone(op, row))
    }
}

/// A tag as editors see it, whether public or not.
#[Object]
impl TagRecord {
    /// Its id; the public tag's too.
    async fn id(&self) -> ID {
        ids::global(self.0.row().id)
    }

    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.row().slug
    }

    /// As readers see it.
    async fn name(&self) -> &str {
        &self.0.row().name
    }

    /// How many articles use it, in their newest revision or in their public one, those in the trash among them;
    /// `drafts(filter: { uses: … })` lists them.
    async fn usage_count(&self) -> Result<i64, Failure> {
        let (cohort, id) = (self.0.cohort(), self.0.row().id.0);
        cohort.loads.uses.of(&cohort.op, cohort.rows.iter().map(|row| row.id.0), id).await
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.0.row().version
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.row().created_at)
    }
}

/// A category as editors see it.
#[derive(Clone)]
pub struct CategoryRecord(Member<categories::Model, RecordLoads>);

impl CategoryRecord {
    /// Categories that load together, in their order.
    pub fn page(op: &Arc<Operation>, rows: Vec<categories::Model>) -> Vec<Self> {
        Member::page(op, rows).into_iter().map(Self).collect()
    }

    /// A category alone.
    pub fn alone(op: &Arc<Operation>, row: categories::Model) -> Self {
        Self(Member::alone(op, row))
    }
}

/// A category as editors see it.
#[Object]
impl CategoryRecord {
    /// Its id; the public category's too.
    async fn id(&self) -> ID {
        ids::global(self.0.row().id)
    }

    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.row().slug
    }

    /// As readers see it.
    async fn name(&self) -> &str {
        &self.0.row().name
    }

    /// What it is about.
    async fn description(&self) -> Option<&str> {
        self.0.row().description.as_deref()
    }

    /// The id of the category above it; null for a root.
    async fn parent_id(&self) -> Option<ID> {
        self.0.row().parent_id.map(ids::global)
    }

    /// Its place among its siblings, from 1.
    async fn position(&self) -> i32 {
        self.0.row().position
    }

    /// How many articles use it, in their newest revision or in their public one, those in the trash among them;
    /// `drafts(filter: { uses: … })` lists them.
    async fn usage_count(&self) -> Result<i64, Failure> {
        let (cohort, id) = (self.0.cohort(), self.0.row().id.0);
        cohort.loads.uses.of(&cohort.op, cohort.rows.iter().map(|row| row.id.0), id).await
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.0.row().version
    }
}

/// The library's categories and tags, under `viewer`.
#[derive(Default)]
pub struct TaxonomyViewer;

#[Object]
impl TaxonomyViewer {
    /// The library's tags, by name; none for roles that don't see the library.
    async fn tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<TagRecord>, Failure> {
        let op = operation(ctx)?;
        let list = ListName::new(&["viewer.tags"]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let sees = policy::sees_library(op.viewer);
        let page =
            if sees { read::tag_library(&*op.snapshot().await?, &window).await? } else { Page::default() };
        let Page { rows, has_next, has_previous } = page;
        let page = Page { rows: TagRecord::page(op, rows), has_next, has_previous };
        let place = |tag: &TagRecord| Position {
            key: SortKey::Text(tag.0.row().sort_name.clone()),
            id: tag.0.row().id.0,
        };
        Ok(Connection::listed(op, list, page, place, move |op| async move {
            if sees { read::tag_library_count(&*op.snapshot().await?, COUNTED).await } else { Ok(0) }
        }))
    }

    /// All categories, parents before children; none for roles that don't see the library.
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<CategoryRecord>, Failure> {
        let op = operation(ctx)?;
        if !policy::sees_library(op.viewer) {
            return Ok(Vec::new());
        }
        let tree = read::site_tree(&*op.snapshot().await?).await?;
        let mut ordered = Vec::new();
        let mut above = vec![None];
        while let Some(parent) = above.pop() {
            let below = read::children(&tree, parent);
            above.extend(below.iter().rev().map(|category| Some(category.id)));
            ordered.extend(below.into_iter().cloned());
        }
        Ok(CategoryRecord::page(op, ordered))
    }
}
