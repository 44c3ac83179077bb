//! Tags as the public sees them.

use async_graphql::{Context, ID, Object};

use crate::article::graphql::{ArticleObject, ArticleOrder, OneOf, SubjectLists, articles_of};
use crate::article::read::Subject;
use crate::error::Failure;
use crate::graphql::at_hand::{AtHand, Reading, leaves};
use crate::graphql::batch::Member;
use crate::graphql::connection::{Connection, PageArguments};
use crate::graphql::ids;
use crate::graphql::scalars::Url;
use crate::graphql::seo::PageSeo;
use crate::reads;
use crate::taxonomy::entity::tags;

/// What a page of tags loads together.
#[derive(Default)]
pub struct TagLoads {
    articles: SubjectLists,
}

/// A public tag.
pub type TagObject = AtHand<TagFields>;

/// What there is to tell of a tag.
#[derive(Clone)]
pub struct TagFields(Member<tags::Model, TagLoads>);

impl TagObject {
    /// A tag on its page.
    pub fn of(member: Member<tags::Model, TagLoads>) -> Self {
        Self(TagFields(member))
    }
}

impl TagFields {
    /// Its row.
    pub fn row(&self) -> &tags::Model {
        self.0.row()
    }
}

impl Reading for TagFields {
    const FIELDS: &'static [&'static str] = &["articles"];

    leaves!("id" => id, "slug" => slug, "name" => name, "path" => path, "url" => url, "articleCount" => article_count);
}

/// A free label that published articles have.
#[Object(name = "Tag")]
impl TagFields {
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

    /// Its page's path on the site, such as `/tags/trams`.
    async fn path(&self) -> String {
        self.0.op().store.config.site.tag_path(&self.row().slug)
    }

    /// Its page's address on the site.
    async fn url(&self) -> Url {
        let site = &self.0.op().store.config.site;
        Url(site.address(&site.tag_path(&self.row().slug)))
    }

    /// What its page's head says.
    async fn seo(&self) -> PageSeo {
        let (site, row) = (&self.0.op().store.config.site, self.row());
        PageSeo {
            title: row.name.clone(),
            description: None,
            canonical_url: Url(site.address(&site.tag_path(&row.slug))),
        }
    }

    /// How many published articles have it.
    async fn article_count(&self) -> i32 {
        self.0.op().reads().note(reads::articles_of(self.row().id));
        self.row().article_count
    }

    /// The published articles that have it.
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
        let all = cohort.rows.iter().map(|tag| tag.id.0).collect();
        let one = OneOf { subject: Subject::Tag, id: row.id.0, all };
        let arguments = PageArguments { first, after, last, before };
        articles_of(ctx, &cohort.loads.articles, one, row.article_count, arguments, order_by).await
    }
}
