//! Categories as the public sees them.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object};

use crate::article::graphql::{ArticleObject, ArticleOrder, OneOf, SubjectLists, articles_of};
use crate::article::read::Subject;
use crate::error::Failure;
use crate::graphql::at_hand::{AtHand, Reading, leaves};
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{Connection, PageArguments};
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::ids;
use crate::graphql::scalars::Url;
use crate::graphql::seo::{DESCRIPTION_CHARACTERS, PageSeo};
use crate::id::CategoryId;
use crate::operation::Operation;
use crate::reads;
use crate::taxonomy::entity::categories;
use crate::taxonomy::{memory, read};
use crate::text::shorten::shorten;

type Tree = HashMap<CategoryId, categories::Model>;

/// What a page of categories loads together.
#[derive(Default)]
pub struct CategoryLoads {
    tree: Batch<(), Arc<Tree>>,
    articles: SubjectLists,
}

/// A category.
pub type CategoryObject = AtHand<CategoryFields>;

/// What there is to tell of a category.
#[derive(Clone)]
pub struct CategoryFields(Member<categories::Model, CategoryLoads>);

impl CategoryObject {
    /// A category on its page.
    pub fn of(member: Member<categories::Model, CategoryLoads>) -> Self {
        Self(CategoryFields(member))
    }

    /// Categories that load together.
    pub fn page(op: &Arc<Operation>, rows: Vec<categories::Model>) -> Vec<Self> {
        Member::page(op, rows).into_iter().map(Self::of).collect()
    }
}

impl Reading for CategoryFields {
    const FIELDS: &'static [&'static str] =
        &["parent", "ancestors", "children", "path", "url", "seo", "articles"];

    leaves!("id" => id, "slug" => slug, "name" => name, "description" => description, "articleCount" => article_count);
}

impl CategoryFields {
    /// Its row.
    pub fn row(&self) -> &categories::Model {
        self.0.row()
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

    async fn tree(&self) -> Result<Arc<Arc<Tree>>, Failure> {
        let cohort = self.0.cohort();
        cohort.loads.tree.get((), || async { memory::site_tree(&cohort.op).await }).await
    }
}

/// A subject of the site, in a tree.
#[Object(name = "Category")]
impl CategoryFields {
    /// Its global id.
    pub async fn id(&self) -> ID {
        ids::global(self.row().id)
    }

    /// Its name in addresses.
    async fn slug(&self) -> &str {
        &self.row().slug
    }

    /// As readers see it.
    async fn name(&self) -> &str {
        &self.row().name
    }

    /// What it is about.
    async fn description(&self) -> Option<&str> {
        self.row().description.as_deref()
    }

    /// The category directly above it; null for a root.
    async fn parent(&self) -> Nullable<CategoryObject> {
        nullable(async {
            let Some(parent) = self.row().parent_id else { return Ok(None) };
            Ok(self
                .tree()
                .await?
                .get(&parent)
                .map(|row| CategoryObject::of(Member::alone(self.0.op(), row.clone()))))
        })
        .await
    }

    /// Those above it, the root first.
    async fn ancestors(&self) -> Result<Vec<CategoryObject>, Failure> {
        let tree = self.tree().await?;
        let rows = read::ancestors(&tree, self.row().id).into_iter().cloned().collect();
        Ok(CategoryObject::page(self.0.op(), rows))
    }

    /// Those directly below it, in their order.
    async fn children(&self) -> Result<Vec<CategoryObject>, Failure> {
        let tree = self.tree().await?;
        let rows = read::children(&tree, Some(self.row().id)).into_iter().cloned().collect();
        Ok(CategoryObject::page(self.0.op(), rows))
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
        let row = self.row();
        let description = row.description.as_deref().map(|words| shorten(words, DESCRIPTION_CHARACTERS));
        Ok(PageSeo {
            title: row.name.clone(),
            description: description.filter(|words| !words.is_empty()),
            canonical_url: Url(self.0.op().store.config.site.address(&self.site_path().await?)),
        })
    }

    /// How many published articles are in it and below it.
    async fn article_count(&self) -> i32 {
        self.0.op().reads().note(reads::articles_of(self.row().id));
        self.row().article_count
    }

    /// The published articles in it and below it.
    async fn articles(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "In which order.", default)] order_by: ArticleOrder,
    ) -> Result<Connection<ArticleObject>, Failure> {
        let (cohort, row) = (self.0.cohort(), self.row());
        let all = cohort.rows.iter().map(|category| category.id.0).collect();
        let one = OneOf { subject: Subject::Category, id: row.id.0, all };
        let arguments = PageArguments { first, after, last, before };
        articles_of(ctx, &cohort.loads.articles, one, row.article_count, arguments, order_by).await
    }
}
