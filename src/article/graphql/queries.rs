//! Public queries for articles.

use async_graphql::{Context, Enum, ID, InputObject, Object, OneofObject};

use super::ArticleObject;
use super::ahead::Ahead;
use super::lists::position;
use super::search::{self, SearchConnection};
use crate::article::archive::{self, Month, Period};
use crate::article::memory;
use crate::article::read::{ArticleFilter, ArticleOrder as Order, Label};
use crate::clock::Timestamp;
use crate::db::keyset::Page;
use crate::error::Failure;
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::scalars::DateTime;
use crate::graphql::{ids, operation};
use crate::operation::Operation;
use crate::text::input;
use crate::{author, taxonomy};

/// The order of a list of articles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Enum)]
#[graphql(remote = "Order")]
pub enum ArticleOrder {
    /// Newest first.
    #[default]
    PublishedAtDesc,
    /// Oldest first.
    PublishedAtAsc,
}

/// Which article.
#[derive(OneofObject)]
pub enum ArticleBy {
    /// By the global id.
    Id(ID),
    /// By the name in addresses; one that it was published under before finds it too.
    Slug(String),
}

/// A year, or a month of it, in UTC.
#[derive(Clone, Copy, InputObject)]
pub struct PeriodInput {
    /// Such as 2026.
    year: i32,
    /// 1 to 12; absent: the whole year.
    month: Option<i32>,
}

impl PeriodInput {
    fn resolve(self) -> Result<Period, Failure> {
        let Self { year, month } = self;
        let found = match month {
            None => archive::year(year),
            Some(month) => u32::try_from(month).ok().and_then(|month| Month { year, month }.period()),
        };
        found.ok_or_else(|| {
            let message = "There is no such year or month: a month is 1 to 12.";
            Failure::bad_request(&["filter", "publishedIn"], message)
        })
    }
}

/// Which articles: all conditions that are given hold. What a name finds nothing for, finds nothing.
#[derive(Clone, Default, InputObject)]
#[graphql(name = "ArticleFilter")]
pub struct ArticleFilterInput {
    /// Credits the author of this slug.
    author_slug: Option<String>,
    /// Has the tag of this slug.
    tag_slug: Option<String>,
    /// Is in the category of this slug, or below it.
    category_slug: Option<String>,
    /// First published after this moment.
    published_after: Option<DateTime>,
    /// First published before this moment.
    published_before: Option<DateTime>,
    /// First published in this year or month: one of `archive`.
    published_in: Option<PeriodInput>,
    /// Written in this language, such as `en`.
    locale: Option<String>,
}

impl ArticleFilterInput {
    /// Finds what the slugs name; `None` where one names nothing.
    pub(super) async fn resolve(self, op: &Operation) -> Result<Option<ArticleFilter>, Failure> {
        let Self {
            author_slug,
            tag_slug,
            category_slug,
            published_after,
            published_before,
            published_in,
            locale,
        } = self;
        let period = published_in.map(PeriodInput::resolve).transpose()?;
        if locale.as_deref().is_some_and(|locale| !input::is_storable(locale)) {
            return Ok(None);
        }
        let after = published_after.map(|moment| Timestamp(moment.0.0.saturating_add(1)));
        let before = published_before.map(|moment| moment.0);
        let mut filter = ArticleFilter {
            published_from: after.into_iter().chain(period.map(|period| period.start)).max(),
            published_until: before.into_iter().chain(period.map(|period| period.end)).min(),
            locale,
            ..ArticleFilter::default()
        };
        if let Some(slug) = author_slug {
            let Some(author) = author::memory::by_slug(op, &slug).await? else { return Ok(None) };
            filter.author = Some(Label { id: author.id, article_count: author.article_count });
        }
        if let Some(slug) = tag_slug {
            let Some(tag) = taxonomy::memory::tag_by_slug(op, &slug).await? else { return Ok(None) };
            filter.tag = Some(Label { id: tag.id, article_count: tag.article_count });
        }
        if let Some(slug) = category_slug {
            let found = taxonomy::memory::category_by_slug(op, &slug).await?;
            let Some(category) = found else { return Ok(None) };
            filter.category = Some(Label { id: category.id, article_count: category.article_count });
        }
        Ok(Some(filter))
    }
}

/// What a filter adds to a list's name for cursors: all of it.
pub(super) fn filter_name(filter: Option<&ArticleFilter>) -> String {
    let Some(ArticleFilter { author, tag, category, published_from, published_until, locale }) = filter
    else {
        return "none".to_owned();
    };
    format!(
        "{:?} {:?} {:?} {published_from:?} {published_until:?} {locale:?}",
        author.map(|author| author.id),
        tag.map(|tag| tag.id),
        category.map(|category| category.id),
    )
}

/// Public queries for articles.
#[derive(Default)]
pub struct ArticleQuery;

#[Object]
impl ArticleQuery {
    /// One published article; null where there is none.
    async fn article(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which article.")] by: ArticleBy,
    ) -> Nullable<ArticleObject> {
        nullable(async {
            let (op, ahead) = (operation(ctx)?, Ahead::default());
            let (parts, wanted) = (&ahead.parts, || ahead.of_article(ctx));
            let found = match by {
                ArticleBy::Id(id) => {
                    memory::by_id(op, parts, wanted, ids::parse(&id, &["by", "id"])?).await?
                }
                ArticleBy::Slug(slug) => memory::by_slug(op, parts, wanted, &slug).await?,
            };
            Ok(found.map(|row| ArticleObject::alone(op, ahead, row)))
        })
        .await
    }

    /// The published articles.
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
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
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<ArticleFilterInput>,
        #[graphql(desc = "In which order.", default)] order_by: ArticleOrder,
    ) -> Result<Connection<ArticleObject>, Failure> {
        let op = operation(ctx)?;
        // Boxed where they are begun: what waits for this field would be as large, several times over.
        let filter = Box::pin(filter.unwrap_or_default().resolve(op)).await?;
        let order_by: Order = order_by.into();
        let list = ListName::new(&["articles", &filter_name(filter.as_ref()), &format!("{order_by:?}")]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let ahead = Ahead::default();
        let (parts, wanted) = (&ahead.parts, || ahead.of_articles(ctx));
        let Page { rows, has_next, has_previous } = match &filter {
            Some(filter) => Box::pin(memory::list(op, parts, wanted, filter, order_by, &window)).await?,
            None => Page::default(),
        };
        let page = Page { rows: ArticleObject::page(op, ahead, rows), has_next, has_previous };
        let place = |article: &ArticleObject| position(article.row());
        Ok(Connection::listed(op, list, page, place, move |op| {
            let filter = filter.clone();
            async move {
                match filter {
                    Some(filter) => memory::count(&op, &filter, COUNTED).await,
                    None => Ok(0),
                }
            }
        }))
    }

    /// Published articles in which all words stand, the last of them as a prefix where it has three letters and isn't one that
    /// very many articles have; best first: where all stand in the title, then with the excerpt, the headings, the text, each the
    /// newest first. Accents and case don't matter.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What somebody typed.")] query: String,
        #[graphql(desc = "How many, 100 at most.", default = 20)] first: i32,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<ArticleFilterInput>,
    ) -> Result<SearchConnection, Failure> {
        Box::pin(search::run(operation(ctx)?, &query, filter.unwrap_or_default(), first, after)).await
    }
}
