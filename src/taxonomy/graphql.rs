//! Categories and tags in the schema.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};

use super::create_category::{self, NewCategory};
use super::create_tag::{self, NewTag};
use super::entity::{categories, tag_records, tags};
use super::read;
use crate::account::policy;
use crate::article::graphql::{ArticleObject, ArticleOrder, OneOf, SubjectLists, articles_of};
use crate::article::read::Subject;
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::scalars::{DateTime, Url};
use crate::graphql::seo::{DESCRIPTION_CHARACTERS, PageSeo};
use crate::graphql::{ids, operation};
use crate::id::CategoryId;
use crate::text::shorten::shorten;

/// What a page of tags loads together.
#[derive(Default)]
pub struct TagLoads {
    articles: SubjectLists,
}

/// A public tag.
#[derive(Clone)]
pub struct TagObject(pub Member<tags::Model, TagLoads>);

/// A free label that published articles have.
#[Object(name = "Tag")]
impl TagObject {
    /// Its global id.
    pub async fn id(&self) -> ID {
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

    /// Its page's path on the site, such as `/tags/trams`.
    async fn path(&self) -> String {
        self.0.op().store.config.site.tag_path(&self.0.row().slug)
    }

    /// Its page's address on the site.
    async fn url(&self) -> Url {
        let site = &self.0.op().store.config.site;
        Url(site.address(&site.tag_path(&self.0.row().slug)))
    }

    /// What its page's head says.
    async fn seo(&self) -> PageSeo {
        let (site, row) = (&self.0.op().store.config.site, self.0.row());
        PageSeo {
            title: row.name.clone(),
            description: None,
            canonical_url: Url(site.address(&site.tag_path(&row.slug))),
        }
    }

    /// How many published articles have it.
    async fn article_count(&self) -> i32 {
        self.0.row().article_count
    }

    /// The published articles that have it.
    async fn articles(
        &self,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "In which order.", default)] order_by: ArticleOrder,
    ) -> Result<Connection<ArticleObject>, Failure> {
        let (cohort, row) = (self.0.cohort(), self.0.row());
        let all = cohort.rows.iter().map(|tag| tag.id.0).collect();
        let one = OneOf { subject: Subject::Tag, id: row.id.0, all };
        let arguments = PageArguments { first, after, last, before };
        articles_of(&cohort.op, &cohort.loads.articles, one, row.article_count, arguments, order_by).await
    }
}

type Tree = HashMap<CategoryId, categories::Model>;

/// What a page of categories loads together.
#[derive(Default)]
pub struct CategoryLoads {
    tree: Batch<(), Tree>,
    articles: SubjectLists,
}

/// A category.
#[derive(Clone)]
pub struct CategoryObject(pub Member<categories::Model, CategoryLoads>);

impl CategoryObject {
    /// Categories that load together.
    pub fn page(op: &Arc<crate::operation::Operation>, rows: Vec<categories::Model>) -> Vec<Self> {
        Member::page(op, rows).into_iter().map(Self).collect()
    }

    /// Its page's path on the site: the tree is read where the path tells of it.
    async fn site_path(&self) -> Result<String, Failure> {
        let (site, row) = (&self.0.op().store.config.site, self.0.row());
        if !site.tells_ancestors() {
            return Ok(site.category_path(Vec::new(), &row.slug));
        }
        let tree = self.tree().await?;
        let above = read::ancestors(&tree, row.id).into_iter().map(|category| category.slug.as_str());
        Ok(site.category_path(above.collect(), &row.slug))
    }

    async fn tree(&self) -> Result<Arc<Tree>, Failure> {
        let cohort = self.0.cohort();
        cohort
            .loads
            .tree
            .get((), || async { read::tree(cohort.op.snapshot().await?.connection()).await })
            .await
    }
}

/// A subject of the site, in a tree.
#[Object(name = "Category")]
impl CategoryObject {
    /// Its global id.
    pub async fn id(&self) -> ID {
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

    /// The category directly above it; null for a root.
    async fn parent(&self) -> Nullable<CategoryObject> {
        nullable(async {
            let Some(parent) = self.0.row().parent_id else { return Ok(None) };
            Ok(self.tree().await?.get(&parent).map(|row| Self(Member::alone(self.0.op(), row.clone()))))
        })
        .await
    }

    /// Those above it, the root first.
    async fn ancestors(&self) -> Result<Vec<CategoryObject>, Failure> {
        let tree = self.tree().await?;
        let rows = read::ancestors(&tree, self.0.row().id).into_iter().cloned().collect();
        Ok(Self::page(self.0.op(), rows))
    }

    /// Those directly below it, in their order.
    async fn children(&self) -> Result<Vec<CategoryObject>, Failure> {
        let tree = self.tree().await?;
        let rows = read::children(&tree, Some(self.0.row().id)).into_iter().cloned().collect();
        Ok(Self::page(self.0.op(), rows))
    }

    /// Its page's path on the site, such as `/categories/harbor`.
    async fn path(&self) -> Result<String, Failure> {
        self.site_path().await
    }

    /// Its page's address on the site.
    async fn url(&self) -> Result<Url, Failure> {
        Ok(Url(self.0.op().store.config.site.address(&self.site_path().await?)))
    }

    /// What its page's head says.
    async fn seo(&self) -> Result<PageSeo, Failure> {
        let row = self.0.row();
        let description = row.description.as_deref().map(|words| shorten(words, DESCRIPTION_CHARACTERS));
        Ok(PageSeo {
            title: row.name.clone(),
            description: description.filter(|words| !words.is_empty()),
            canonical_url: Url(self.0.op().store.config.site.address(&self.site_path().await?)),
        })
    }

    /// How many published articles are in it and below it.
    async fn article_count(&self) -> i32 {
        self.0.row().article_count
    }

    /// The published articles in it and below it.
    async fn articles(
        &self,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "In which order.", default)] order_by: ArticleOrder,
    ) -> Result<Connection<ArticleObject>, Failure> {
        let (cohort, row) = (self.0.cohort(), self.0.row());
        let all = cohort.rows.iter().map(|category| category.id.0).collect();
        let one = OneOf { subject: Subject::Category, id: row.id.0, all };
        let arguments = PageArguments { first, after, last, before };
        articles_of(&cohort.op, &cohort.loads.articles, one, row.article_count, arguments, order_by).await
    }
}

/// A tag in the library.
#[derive(Clone)]
pub struct TagRecord(pub tag_records::Model);

/// A tag as editors see it, whether public or not.
#[Object]
impl TagRecord {
    /// Its id; the public tag's too.
    async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// As readers see it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When it was added.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }
}

/// A category as editors see it.
#[derive(Clone)]
pub struct CategoryRecord(pub categories::Model);

/// A category as editors see it.
#[Object]
impl CategoryRecord {
    /// Its id; the public category's too.
    async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.0.slug
    }

    /// As readers see it.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it is about.
    async fn description(&self) -> Option<&str> {
        self.0.description.as_deref()
    }

    /// The id of the category above it; null for a root.
    async fn parent_id(&self) -> Option<ID> {
        self.0.parent_id.map(ids::global)
    }

    /// Its place among its siblings, from 1.
    async fn position(&self) -> i32 {
        self.0.position
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.0.version
    }
}

/// Which tag.
#[derive(OneofObject)]
pub enum TagBy {
    /// By the global id.
    Id(ID),
    /// By the name in addresses.
    Slug(String),
}

/// Which category.
#[derive(OneofObject)]
pub enum CategoryBy {
    /// By the global id.
    Id(ID),
    /// By the name in addresses.
    Slug(String),
}

/// Public queries for categories and tags.
#[derive(Default)]
pub struct TaxonomyQuery;

#[Object]
impl TaxonomyQuery {
    /// One public tag; null where there is none.
    async fn tag(&self, ctx: &Context<'_>, #[graphql(desc = "Which tag.")] by: TagBy) -> Nullable<TagObject> {
        nullable(async {
            let op = operation(ctx)?;
            let snapshot = op.snapshot().await?;
            let found = match by {
                TagBy::Id(id) => read::tag_by_id(&snapshot, ids::parse(&id, &["by", "id"])?).await?,
                TagBy::Slug(slug) => read::tag_by_slug(&snapshot, &slug).await?,
            };
            Ok(found.map(|row| TagObject(Member::alone(op, row))))
        })
        .await
    }

    /// The tags that published articles have, by name.
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
    ) -> Result<Connection<TagObject>, Failure> {
        let op = operation(ctx)?;
        let list = ListName::new(&["tags"]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let Page { rows, has_next, has_previous } = read::tag_list(&*op.snapshot().await?, &window).await?;
        let page = Page {
            rows: Member::page(op, rows).into_iter().map(TagObject).collect(),
            has_next,
            has_previous,
        };
        let place = |tag: &TagObject| Position {
            key: SortKey::Text(tag.0.row().sort_name.clone()),
            id: tag.0.row().id.0,
        };
        Ok(Connection::listed(op, &list, page, place, |op| async move {
            read::tag_count(&*op.snapshot().await?, COUNTED).await
        }))
    }

    /// One category; null where there is none.
    async fn category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which category.")] by: CategoryBy,
    ) -> Nullable<CategoryObject> {
        nullable(async {
            let op = operation(ctx)?;
            let tree = read::tree(op.snapshot().await?.connection()).await?;
            let found = match by {
                CategoryBy::Id(id) => tree.get(&ids::parse(&id, &["by", "id"])?),
                CategoryBy::Slug(slug) => tree.values().find(|category| category.slug == slug),
            };
            Ok(found.map(|row| CategoryObject(Member::alone(op, row.clone()))))
        })
        .await
    }

    /// The roots of the site's tree, in their order.
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<CategoryObject>, Failure> {
        let op = operation(ctx)?;
        let tree = read::tree(op.snapshot().await?.connection()).await?;
        Ok(CategoryObject::page(op, read::children(&tree, None).into_iter().cloned().collect()))
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
            if sees { read::tag_library(&*op.snapshot().await?, &window).await? } else { Page::empty() };
        let place =
            |tag: &TagRecord| Position { key: SortKey::Text(tag.0.sort_name.clone()), id: tag.0.id.0 };
        Ok(Connection::listed(op, &list, page.map(TagRecord), place, move |op| async move {
            if sees { read::tag_library_count(&*op.snapshot().await?, COUNTED).await } else { Ok(0) }
        }))
    }

    /// All categories, parents before children; none for roles that don't see the library.
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<CategoryRecord>, Failure> {
        let op = operation(ctx)?;
        if !policy::sees_library(op.viewer) {
            return Ok(Vec::new());
        }
        let tree = read::tree(op.snapshot().await?.connection()).await?;
        let mut ordered = Vec::new();
        let mut above = vec![None];
        while let Some(parent) = above.pop() {
            let below = read::children(&tree, parent);
            above.extend(below.iter().rev().map(|category| Some(category.id)));
            ordered.extend(below.into_iter().cloned().map(CategoryRecord));
        }
        Ok(ordered)
    }
}

/// A tag to add.
#[derive(InputObject)]
pub struct CreateTagInput {
    /// As readers see it.
    name: String,
    /// The name in addresses; derived from the name where absent.
    slug: Option<String>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct CreateTagPayload {
    /// The tag in the library; null where it was refused.
    tag: Option<TagRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// A category to add.
#[derive(InputObject)]
pub struct CreateCategoryInput {
    /// As readers see it.
    name: String,
    /// The name in addresses; derived from the name where absent.
    slug: Option<String>,
    /// What it is about.
    description: Option<String>,
    /// The category above it; absent: a root.
    parent_id: Option<ID>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct CreateCategoryPayload {
    /// The category; null where it was refused.
    category: Option<CategoryRecord>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Mutations of categories and tags.
#[derive(Default)]
pub struct TaxonomyMutation;

#[Object]
impl TaxonomyMutation {
    /// Adds a tag to the library.
    async fn create_tag(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tag.")] input: CreateTagInput,
    ) -> Nullable<CreateTagPayload> {
        nullable(async {
            let CreateTagInput { name, slug } = input;
            let (tag, user_errors) =
                outcome(create_tag::create(operation(ctx)?, NewTag { name, slug }).await)?;
            Ok(Some(CreateTagPayload { tag: tag.map(TagRecord), user_errors }))
        })
        .await
    }

    /// Adds a category to the site's tree, as the last of its siblings.
    async fn create_category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category.")] input: CreateCategoryInput,
    ) -> Nullable<CreateCategoryPayload> {
        nullable(async {
            let CreateCategoryInput { name, slug, description, parent_id } = input;
            let parent = parent_id.map(|id| ids::parse(&id, &["input", "parentId"])).transpose()?;
            let created =
                create_category::create(operation(ctx)?, NewCategory { name, slug, description, parent })
                    .await;
            let (category, user_errors) = outcome(created)?;
            Ok(Some(CreateCategoryPayload { category: category.map(CategoryRecord), user_errors }))
        })
        .await
    }
}
