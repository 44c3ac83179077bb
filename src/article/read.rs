//! What the public reads of articles, one by one and in lists: public tables alone. What an article is made of: [`super::read_parts`];
//! those parts that are [expected](Together::expect) are read with it.

use std::collections::HashMap;
use std::hash::Hash;

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait, JoinType, QueryFilter as _, QuerySelect, RelationDef, Select};
use uuid::Uuid;

use super::entity::public::{
    article_authors, article_categories, article_references, article_slugs, article_tags, articles,
};
use super::publish::slug_tag;
use super::read_parts::Together;
use crate::clock::Timestamp;
use crate::db::Snapshot;
use crate::db::ids::IdColumn;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::db::per_parent::{self, List};
use crate::error::Failure;
use crate::id::{ArticleId, AuthorId, CategoryId, TagId};
use crate::keys::Keys;
use crate::reads::{ARTICLES, articles_of, links_to};
use crate::text::input;

/// The order of a list of articles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ArticleOrder {
    /// Newest first.
    #[default]
    PublishedAtDesc,
    /// Oldest first.
    PublishedAtAsc,
}

/// An author, a tag or a category by which a list is narrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Label<T> {
    /// Which.
    pub id: T,
    /// How many public articles have it.
    pub article_count: i32,
}

/// Which articles a list shows: all that hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ArticleFilter {
    /// Credits this author.
    pub author: Option<Label<AuthorId>>,
    /// Has this tag.
    pub tag: Option<Label<TagId>>,
    /// Is in this category or below it.
    pub category: Option<Label<CategoryId>>,
    /// Published at this moment or later.
    pub published_from: Option<Timestamp>,
    /// Published before this moment.
    pub published_until: Option<Timestamp>,
    /// In this language.
    pub locale: Option<String>,
}

impl ArticleFilter {
    /// Of the labels that are given, the one that the fewest articles have.
    fn fewest(&self) -> Option<Subject> {
        let author = self.author.map(|author| (author.article_count, Subject::Author));
        let tag = self.tag.map(|tag| (tag.article_count, Subject::Tag));
        let category = self.category.map(|category| (category.article_count, Subject::Category));
        let labels = [author, tag, category].into_iter().flatten();
        labels.min_by_key(|(count, _)| *count).map(|(_, subject)| subject)
    }
}

/// What lists of articles hang under.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An author.
    Author,
    /// A tag.
    Tag,
    /// A category, with what is below it.
    Category,
    /// An article: the list is of those that have a related link to it.
    Article,
}

impl Subject {
    /// The tag of its articles.
    pub fn articles(self, id: Uuid) -> String {
        match self {
            Self::Author => articles_of(AuthorId(id)),
            Self::Tag => articles_of(TagId(id)),
            Self::Category => articles_of(CategoryId(id)),
            Self::Article => links_to(ArticleId(id)),
        }
    }

    /// Its articles as a list of its own.
    fn filter(self, id: Uuid) -> Option<ArticleFilter> {
        fn only<T>(id: T) -> Option<Label<T>> {
            Some(Label { id, article_count: 0 })
        }
        let all = ArticleFilter::default();
        match self {
            Self::Author => Some(ArticleFilter { author: only(AuthorId(id)), ..all }),
            Self::Tag => Some(ArticleFilter { tag: only(TagId(id)), ..all }),
            Self::Category => Some(ArticleFilter { category: only(CategoryId(id)), ..all }),
            Self::Article => None,
        }
    }
}

/// A published article.
pub async fn by_id(
    snapshot: &Snapshot,
    parts: &Together,
    id: ArticleId,
) -> Result<Option<articles::Model>, Failure> {
    snapshot.reads().note(id);
    parts.find_one(snapshot, &articles::Entity::find_by_id(id)).await
}

/// A published article by its slug, or by one that it was published under before.
pub async fn by_slug(
    snapshot: &Snapshot,
    parts: &Together,
    keys: &Keys,
    slug: &str,
) -> Result<Option<articles::Model>, Failure> {
    if !input::is_storable(slug) {
        return Ok(None);
    }
    snapshot.reads().note(slug_tag(keys, slug));
    let query = articles::Entity::find()
        .join_rev(
            JoinType::InnerJoin,
            relation::<article_slugs::Entity, articles::Entity>(
                article_slugs::Column::ArticleId,
                articles::Column::Id,
            ),
        )
        .filter(article_slugs::Column::Slug.eq(slug));
    let found = parts.find_one(snapshot, &query).await?;
    snapshot.reads().note_all(found.as_ref().map(|article| article.id));
    Ok(found)
}

/// A page of the published articles.
pub async fn list(
    snapshot: &Snapshot,
    parts: &Together,
    filter: &ArticleFilter,
    order: ArticleOrder,
    window: &Window,
) -> Result<Page<articles::Model>, Failure> {
    note_list(snapshot, filter);
    let (mut query, key, id) = filtered(filter);
    let descending = order == ArticleOrder::PublishedAtDesc;
    keyset::apply(QuerySelect::query(&mut query), &Sorting::new(key, id, descending), window);
    let found = parts.find(snapshot, &query).await?;
    let place = |article: &articles::Model| (article.published_at, article.id);
    let page = Page::from_unsorted(found, place, descending, window);
    snapshot.reads().note_all(page.rows.iter().map(|article| article.id));
    Ok(page)
}

/// How many published articles there are, up to one more than `most`.
pub async fn count(snapshot: &Snapshot, filter: &ArticleFilter, most: u64) -> Result<u64, Failure> {
    note_list(snapshot, filter);
    keyset::count(snapshot, filtered(filter).0, most).await
}

/// What a list depends on, whatever is on its page. A label's articles change by themselves, also where all that holds otherwise
/// stays; the language is the article's own.
fn note_list(snapshot: &Snapshot, filter: &ArticleFilter) {
    let author = filter.author.map(|author| articles_of(author.id));
    let tag = filter.tag.map(|tag| articles_of(tag.id));
    let category = filter.category.map(|category| articles_of(category.id));
    let labels: Vec<String> = [author, tag, category].into_iter().flatten().collect();
    if labels.is_empty() || filter.locale.is_some() {
        snapshot.reads().note(ARTICLES);
    }
    snapshot.reads().note_all(labels);
}

/// The query of a filter, and the two columns to sort by: those of the junction of the label that the fewest articles have,
/// whose index serves the list in its order; other labels are looked up by their primary keys.
fn filtered(filter: &ArticleFilter) -> (Select<articles::Entity>, Expr, Expr) {
    let ArticleFilter { author, tag, category, published_from, published_until, locale } = filter;
    let mut query = articles::Entity::find();
    let fewest = filter.fewest();
    let mut key = Expr::col((articles::Entity, articles::Column::PublishedAt));
    let mut id = Expr::col((articles::Entity, articles::Column::Id));
    macro_rules! narrow {
        ($label:ident, $subject:ident, $junction:ident, $column:ident) => {
            if let Some(label) = $label {
                use $junction::{Column, Entity};
                let joined = relation::<Entity, articles::Entity>(Column::ArticleId, articles::Column::Id);
                query = query.join_rev(JoinType::InnerJoin, joined).filter(Column::$column.eq(label.id));
                if fewest == Some(Subject::$subject) {
                    key = Expr::col((Entity, Column::PublishedAt));
                    id = Expr::col((Entity, Column::ArticleId));
                }
            }
        };
    }
    narrow!(author, Author, article_authors, AuthorId);
    narrow!(tag, Tag, article_tags, TagId);
    narrow!(category, Category, article_categories, CategoryId);
    if let Some(from) = published_from {
        query = query.filter(key.clone().gte(from.0));
    }
    if let Some(until) = published_until {
        query = query.filter(key.clone().lt(until.0));
    }
    if let Some(locale) = locale {
        query = query.filter(articles::Column::Locale.eq(locale));
    }
    (query, key, id)
}

/// The articles of several authors, tags or categories, a page each: of one in one statement, of more in two.
pub async fn of_subjects(
    snapshot: &Snapshot,
    parts: &Together,
    subject: Subject,
    subjects: &[Uuid],
    descending: bool,
    window: &Window,
) -> Result<HashMap<Uuid, Page<articles::Model>>, Failure> {
    if let [id] = subjects
        && let Some(filter) = subject.filter(*id)
    {
        let order = if descending { ArticleOrder::PublishedAtDesc } else { ArticleOrder::PublishedAtAsc };
        return Ok(HashMap::from([(*id, list(snapshot, parts, &filter, order, window).await?)]));
    }
    snapshot.reads().note_all(subjects.iter().map(|id| subject.articles(*id)));
    macro_rules! placed {
        ($junction:ident, $parent:ident, $field:ident) => {{
            use $junction::{Column, Entity};
            let list = List {
                parent: Column::$parent,
                sort: Column::PublishedAt,
                id: Column::ArticleId,
                must_be_null: None,
                descending,
                window,
            };
            let rows = per_parent::read::<Entity>(snapshot, subjects, list).await?;
            rows.into_iter().map(|row| (row.$field.0, row.article_id, row.published_at)).collect()
        }};
    }
    let placed: Vec<(Uuid, ArticleId, Timestamp)> = match subject {
        Subject::Author => placed!(article_authors, AuthorId, author_id),
        Subject::Tag => placed!(article_tags, TagId, tag_id),
        Subject::Category => placed!(article_categories, CategoryId, category_id),
        Subject::Article => placed!(article_references, TargetArticleId, target_article_id),
    };
    let pages =
        per_parent::pages(placed, |(parent, article, at)| (*parent, (at.0, article.0)), descending, window);
    let shown = pages.values().flat_map(|page| &page.rows).map(|(_, article, _)| *article);
    let rows = by_ids(snapshot, parts, shown.collect()).await?;
    Ok(pages
        .into_iter()
        .map(|(parent, page)| {
            let found = Page {
                rows: page.rows.iter().filter_map(|(_, article, _)| rows.get(article).cloned()).collect(),
                has_next: page.has_next,
                has_previous: page.has_previous,
            };
            (parent, found)
        })
        .collect())
}

/// How many published articles have a related link to each of these.
pub async fn reference_counts(snapshot: &Snapshot, targets: &[Uuid]) -> Result<HashMap<Uuid, i64>, Failure> {
    snapshot.reads().note_all(targets.iter().map(|id| links_to(ArticleId(*id))));
    let target = article_references::Column::TargetArticleId;
    let column = IdColumn::of::<article_references::Entity>(target);
    Ok(column.counts(snapshot, targets).await?)
}

/// Published articles, by id.
pub async fn by_ids(
    snapshot: &Snapshot,
    parts: &Together,
    ids: Vec<ArticleId>,
) -> Result<HashMap<ArticleId, articles::Model>, Failure> {
    let ids: std::collections::BTreeSet<ArticleId> = ids.into_iter().collect();
    snapshot.reads().note_all(&ids);
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let query = articles::Entity::find().filter(articles::Column::Id.is_in(ids));
    let rows = parts.find(snapshot, &query).await?;
    Ok(rows.into_iter().map(|article| (article.id, article)).collect())
}

fn relation<A: EntityTrait, B: EntityTrait>(from: A::Column, to: B::Column) -> RelationDef {
    A::belongs_to(B::default()).from(from).to(to).into()
}
