//! The published article.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use uuid::Uuid;

use super::ArticleOrder;
use super::ahead::Ahead;
use super::lists::{OneOf, SubjectLists, page_of, position};
use super::related::{self, Links, RelatedLink};
use super::section::{FigureObject, Part, SectionObject, reading_minutes, sections_of, table_of_contents};
use super::seo::Seo;
use super::shared::shared;
use crate::article::commenting::Opening;
use crate::article::entity::public::{articles, figures, sections};
use crate::article::memory::{self, OfEach};
use crate::article::read::{self, Subject};
use crate::article::read_parts::Together;
use crate::article::suggest;
use crate::author::graphql::{AuthorLoads, AuthorObject};
use crate::cache::recall::{self, KnownOf, told_of};
use crate::comment::graphql::{CommentLists, CommentObject, CommentOrder, comments_under};
use crate::comment::read::Above;
use crate::db::keyset::Page;
use crate::error::Failure;
use crate::graphql::at_hand::{List, Reading, leaves};
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{Connection, Count, PageArguments};
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::fragments::{Keepable, Kept};
use crate::graphql::ids;
use crate::graphql::rich_text::Heading;
use crate::graphql::scalars::{DateTime, Url};
use crate::id::ArticleId;
use crate::image::entity::images;
use crate::operation::Operation;
use crate::taxonomy::graphql::{CategoryObject, TagObject};

type OfArticles<T> = Batch<(), KnownOf<ArticleId, T>>;

/// What a page of articles loads together: a statement each, when it is asked for.
#[derive(Default)]
pub struct ArticleLoads {
    parts: Together,
    sections: Batch<(), OfEach<sections::Model>>,
    figures: Batch<(), OfEach<(figures::Model, images::Model)>>,
    leads: Batch<(), OfEach<(figures::Model, images::Model)>>,
    authors: OfArticles<Vec<AuthorObject>>,
    categories: OfArticles<Vec<CategoryObject>>,
    tags: OfArticles<Vec<TagObject>>,
    links: OfArticles<Links>,
    comments: CommentLists,
    references: SubjectLists,
    reference_counts: Arc<Batch<(), HashMap<Uuid, i64>>>,
    suggestions: OfArticles<Vec<ArticleObject>>,
}

/// A published article on its page, told from memory where it was told before.
pub type ArticleObject = Kept<ArticleFields>;

/// What there is to tell of a published article.
#[derive(Clone)]
pub struct ArticleFields(Member<articles::Model, ArticleLoads>);

impl ArticleLoads {
    /// What articles load of which this was read with them.
    fn with(Ahead { parts, comments }: Ahead) -> Self {
        Self { parts, comments: CommentLists::under(comments), ..Self::default() }
    }
}

impl ArticleObject {
    /// Articles that load together.
    pub fn page(op: &Arc<Operation>, ahead: impl Into<Ahead>, rows: Vec<articles::Model>) -> Vec<Self> {
        Member::page_with(op, ArticleLoads::with(ahead.into()), rows).into_iter().map(Self::of).collect()
    }

    /// One that loads by itself.
    pub fn alone(op: &Arc<Operation>, ahead: impl Into<Ahead>, row: articles::Model) -> Self {
        Self::of(Member::alone_with(op, ArticleLoads::with(ahead.into()), row))
    }

    fn of(member: Member<articles::Model, ArticleLoads>) -> Self {
        Self(ArticleFields(member))
    }

    /// The articles of several lists, which load together.
    pub fn pages(
        op: &Arc<Operation>,
        ahead: Ahead,
        pages: KnownOf<Uuid, Arc<Page<articles::Model>>>,
    ) -> KnownOf<Uuid, Page<Self>> {
        Member::pages(op, ArticleLoads::with(ahead), pages, Self::of)
    }
}

impl Reading for ArticleFields {
    const FIELDS: &'static [&'static str] = &[
        "leadFigure",
        "sections",
        "tableOfContents",
        "authors",
        "categories",
        "tags",
        "relatedLinks",
        "referencedBy",
        "suggestedArticles",
        "comments",
        "seo",
    ];

    leaves!(
        "id" => id,
        "slug" => slug,
        "title" => title,
        "excerpt" => excerpt,
        "locale" => locale,
        "commentCount" => comment_count,
        "publishedAt" => published_at,
        "updatedAt" => updated_at,
        "wordCount" => word_count,
        "readingMinutes" => reading_minutes,
        "path" => path,
        "url" => url,
    );
}

impl Keepable for ArticleFields {
    fn operation(&self) -> &Arc<Operation> {
        self.0.op()
    }

    fn tag(&self) -> String {
        self.row().id.to_string()
    }
}

impl ArticleFields {
    /// Its row.
    pub fn row(&self) -> &articles::Model {
        self.0.row()
    }

    fn ids(&self) -> Vec<ArticleId> {
        self.0.cohort().rows.iter().map(|article| article.id).collect()
    }

    /// What asks.
    pub(super) fn op(&self) -> &Arc<Operation> {
        self.0.op()
    }

    /// Whether readers may comment, as long as that lasts.
    fn opening(&self) -> Opening {
        let op = self.op();
        let now = op.now();
        let opening = self.row().opening(&op.store.config, now);
        if let Some(moment) = opening.closes_at {
            op.reads().turn_at(moment, now);
        }
        opening
    }

    /// Its path on the site.
    pub(super) fn site_path(&self) -> String {
        let row = self.row();
        self.op().store.config.site.article_path(&row.slug, row.published_at)
    }

    pub(super) async fn load_sections(&self) -> Result<Arc<Vec<sections::Model>>, Failure> {
        let cohort = self.0.cohort();
        let load = || async { memory::sections(&cohort.op, &cohort.loads.parts, &self.ids()).await };
        let loaded = cohort.loads.sections.get((), load).await?;
        Ok(told_of(&loaded, self.row().id, &cohort.op))
    }

    pub(super) async fn load_figures(&self) -> Result<Arc<Vec<(figures::Model, images::Model)>>, Failure> {
        let cohort = self.0.cohort();
        let load = || async { memory::figures(&cohort.op, &cohort.loads.parts, &self.ids()).await };
        let loaded = cohort.loads.figures.get((), load).await?;
        Ok(told_of(&loaded, self.row().id, &cohort.op))
    }

    pub(super) async fn load_authors(&self) -> Result<Vec<AuthorObject>, Failure> {
        let cohort = self.0.cohort();
        let loaded = cohort
            .loads
            .authors
            .get((), || async {
                let rows = memory::authors(&cohort.op, &cohort.loads.parts, &self.ids()).await?;
                let loads = AuthorLoads::with(cohort.loads.parts.portraits());
                Ok(shared(&cohort.op, loads, rows, |author| author.id, AuthorObject::of))
            })
            .await?;
        Ok(told_of(&loaded, self.row().id, &cohort.op))
    }

    pub(super) async fn load_categories(&self) -> Result<Vec<CategoryObject>, Failure> {
        let cohort = self.0.cohort();
        let loaded = cohort
            .loads
            .categories
            .get((), || async {
                let rows = memory::categories(&cohort.op, &cohort.loads.parts, &self.ids()).await?;
                Ok(shared(&cohort.op, Default::default(), rows, |category| category.id, CategoryObject::of))
            })
            .await?;
        Ok(told_of(&loaded, self.row().id, &cohort.op))
    }

    pub(super) async fn load_tags(&self) -> Result<Vec<TagObject>, Failure> {
        let cohort = self.0.cohort();
        let loaded = cohort
            .loads
            .tags
            .get((), || async {
                let rows = memory::tags(&cohort.op, &cohort.loads.parts, &self.ids()).await?;
                Ok(shared(&cohort.op, Default::default(), rows, |tag| tag.id, TagObject::of))
            })
            .await?;
        Ok(told_of(&loaded, self.row().id, &cohort.op))
    }

    /// What is made of the article's own rows.
    pub(super) async fn made<T: Debug + Send + Sync + 'static>(
        &self,
        what: &str,
        make: impl FnOnce() -> T + Send,
    ) -> Result<Arc<T>, Failure> {
        let id = self.row().id;
        recall::made(self.op(), || Some((format!("{what} of {id}"), vec![id.to_string()])), make).await
    }

    pub(super) async fn load_lead(&self) -> Result<Option<(figures::Model, images::Model)>, Failure> {
        let cohort = self.0.cohort();
        if cohort.loads.parts.has_figures() {
            let figures = self.load_figures().await?;
            return Ok(lead_among(&figures).cloned());
        }
        let load = || async { memory::leads(&cohort.op, &cohort.loads.parts, &self.ids()).await };
        let loaded = cohort.loads.leads.get((), load).await?;
        Ok(told_of(&loaded, self.row().id, &cohort.op).first().cloned())
    }
}

/// The one above the text, if there is one.
pub(super) fn lead_among(
    figures: &[(figures::Model, images::Model)],
) -> Option<&(figures::Model, images::Model)> {
    figures.iter().find(|(figure, _)| figure.section_id.is_none())
}

/// A published article.
#[Object(name = "Article")]
impl ArticleFields {
    /// Its global id.
    pub async fn id(&self) -> ID {
        ids::global(self.row().id)
    }

    /// Its name in addresses. An old one keeps finding the article; this is the present one.
    async fn slug(&self) -> &str {
        &self.row().slug
    }

    /// Its title.
    async fn title(&self) -> &str {
        &self.row().title
    }

    /// What a card shows, and search engines.
    async fn excerpt(&self) -> Option<&str> {
        self.row().excerpt.as_deref()
    }

    /// Its language: a tag of BCP 47, such as `en` or `de-AT`.
    async fn locale(&self) -> &str {
        &self.row().locale
    }

    /// The picture above the text.
    async fn lead_figure(&self) -> Nullable<FigureObject> {
        nullable(async {
            Ok(self.load_lead().await?.map(|lead| FigureObject::new(&lead, &self.0.op().store)))
        })
        .await
    }

    /// The text, in order.
    async fn sections(&self) -> Result<List<SectionObject>, Failure> {
        let (sections, figures) = tokio::try_join!(self.load_sections(), self.load_figures())?;
        Ok(List(sections_of(self.row().id, sections, figures, &self.op().store)))
    }

    /// The headings of the text in order, those inside sections among them.
    async fn table_of_contents(&self) -> Result<Arc<Vec<Heading>>, Failure> {
        let sections = self.load_sections().await?;
        self.made("contents", || table_of_contents(sections.iter().map(Part::from))).await
    }

    /// Whom the byline credits, in order.
    async fn authors(&self) -> Result<List<AuthorObject>, Failure> {
        self.load_authors().await.map(List)
    }

    /// Where an editor put it in the site's tree, in order.
    async fn categories(&self) -> Result<List<CategoryObject>, Failure> {
        self.load_categories().await.map(List)
    }

    /// Its free labels, in order.
    async fn tags(&self) -> Result<List<TagObject>, Failure> {
        self.load_tags().await.map(List)
    }

    /// Where it points to, in order. A link to an article shows while that article is published.
    async fn related_links(&self) -> Result<List<RelatedLink>, Failure> {
        let cohort = self.0.cohort();
        let loaded = cohort
            .loads
            .links
            .get((), || async {
                let rows = memory::links(&cohort.op, &cohort.loads.parts, &self.ids()).await?;
                Ok(related::with_targets(&cohort.op, rows))
            })
            .await?;
        let links =
            loaded.get(&self.row().id).map(|links| links.tell(&cohort.op).as_slice()).unwrap_or_default();
        Ok(List(links.iter().filter_map(related::shown).collect()))
    }

    /// The published articles that have a related link to this one.
    async fn referenced_by(
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
        let cohort = self.0.cohort();
        let (id, all): (Uuid, Vec<Uuid>) =
            (self.row().id.0, cohort.rows.iter().map(|article| article.id.0).collect());
        let one = OneOf { subject: Subject::Article, id, all: all.clone() };
        let arguments = PageArguments { first, after, last, before };
        let references = &cohort.loads.references;
        let (list, page) = Box::pin(page_of(ctx, references, one, arguments, order_by)).await?;
        let (counts, counting) = (Arc::clone(&cohort.loads.reference_counts), Arc::clone(&cohort.op));
        let place = |article: &ArticleObject| position(article.row());
        Ok(Connection::new(&cohort.op, list, page, place, move || {
            let (counts, op, all) = (Arc::clone(&counts), Arc::clone(&counting), all.clone());
            async move {
                let counted = counts
                    .get((), || async { read::reference_counts(&*op.snapshot().await?, &all).await })
                    .await?;
                let count = counted.get(&id).copied().unwrap_or_default();
                Ok(Count::exactly(u64::try_from(count).unwrap_or_default()))
            }
        }))
    }

    /// Other published articles in its language that have much in common with it: tags, categories, words of the title and the
    /// excerpt. For where an editor gave no related links; what it links to is not among them. Best first.
    async fn suggested_articles(
        &self,
        #[graphql(desc = "How many, 10 at most.", default = 5)] first: i32,
    ) -> Result<Vec<ArticleObject>, Failure> {
        let most = i32::try_from(suggest::MOST).unwrap_or_default();
        let wanted = usize::try_from(first).ok().filter(|_| first <= most).ok_or_else(|| {
            Failure::bad_request(&["first"], format!("`first` is from 0 to {most}; this asks for {first}."))
        })?;
        let cohort = self.0.cohort();
        let loaded = cohort
            .loads
            .suggestions
            .get((), || async {
                let rows = suggest::suggest(&*cohort.op.snapshot().await?, &cohort.rows).await?;
                let rows = rows.into_iter().map(|(article, rows)| (article, Arc::new(rows).into())).collect();
                let loads = ArticleLoads::default();
                Ok(shared(&cohort.op, loads, rows, |article| article.id, ArticleObject::of))
            })
            .await?;
        let suggested =
            loaded.get(&self.row().id).map(|all| all.tell(&cohort.op).as_slice()).unwrap_or_default();
        Ok(suggested.iter().take(wanted).cloned().collect())
    }

    /// The readers' conversation: the top of each thread.
    async fn comments(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "In which order.", default)] order_by: CommentOrder,
    ) -> Result<Connection<CommentObject>, Failure> {
        let lists = &self.0.cohort().loads.comments;
        let arguments = (PageArguments { first, after, last, before }, order_by);
        let member = self.0.clone();
        let parents = move || {
            // Under the others there is nothing to read.
            let commented = member.cohort().rows.iter().filter(|article| article.comment_count > 0);
            commented.map(|article| (article.id.0, article.id)).collect()
        };
        Box::pin(comments_under(ctx, lists, Above::Article, self.row().id.0, arguments, parents)).await
    }

    /// How many comments are approved, replies among them.
    async fn comment_count(&self) -> i32 {
        self.row().comment_count
    }

    /// Whether readers may comment now.
    async fn comments_open(&self) -> bool {
        self.opening().is_open
    }

    /// When the comments close by themselves, or did; null where they don't, and where they are closed anyway.
    async fn comments_close_at(&self) -> Option<DateTime> {
        self.opening().closes_at.map(DateTime)
    }

    /// When it was first published.
    async fn published_at(&self) -> DateTime {
        DateTime(self.row().published_at)
    }

    /// When it was last published.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.row().updated_at)
    }

    /// How many words its sections have.
    async fn word_count(&self) -> i32 {
        self.row().word_count
    }

    /// How long it takes to read, at least 1.
    async fn reading_minutes(&self) -> i32 {
        reading_minutes(self.row().word_count)
    }

    /// Its path on the site, such as `/a-story`: what a frontend links to.
    async fn path(&self) -> String {
        self.site_path()
    }

    /// Its address on the site.
    async fn url(&self) -> Url {
        Url(self.op().store.config.site.address(&self.site_path()))
    }

    /// What a page's head says of it.
    async fn seo(&self) -> Seo {
        Seo::new(self.clone())
    }
}
