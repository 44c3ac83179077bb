//! What to read next, where an editor gave no related links: other public articles that have much in common with one.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::entity::public::{article_categories, article_references, article_tags, articles};
use super::read::{self, ArticleFilter, ArticleOrder, Subject};
use super::read_parts::Together;
use crate::db::Snapshot;
use crate::db::keyset::Window;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::text::fold;

/// Most suggestions for an article.
pub const MOST: usize = 10;
/// So many of an article's tags and categories are looked into, the first ones,
const LABELS: usize = 5;
/// and so many of the newest articles of each,
const NEWEST_OF_LABEL: u64 = 12;
/// and so many of the newest of all: those may share words.
const NEWEST: u64 = 50;
/// A shorter word says little.
const SHORTEST_WORD: usize = 4;

/// What of an article is compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Traits {
    tags: HashSet<Uuid>,
    categories: HashSet<Uuid>,
    words: HashSet<String>,
}

impl Traits {
    /// How much two articles have in common; 0: nothing. A tag says most, being chosen; words say little each.
    fn in_common(&self, other: &Self) -> usize {
        let tags = self.tags.intersection(&other.tags).count();
        let categories = self.categories.intersection(&other.categories).count();
        let words = self.words.intersection(&other.words).count();
        4 * tags + 2 * categories + words.min(6)
    }
}

/// Suggestions for each of these articles, the best first, in a fixed number of statements.
pub async fn suggest(
    snapshot: &Snapshot,
    of: &[articles::Model],
) -> Result<HashMap<ArticleId, Vec<articles::Model>>, Failure> {
    let ids: Vec<ArticleId> = of.iter().map(|article| article.id).collect();
    let given = labels(snapshot, &ids).await?;
    let first = |labels: &dyn Fn(&Labels) -> &[Uuid]| -> Vec<Uuid> {
        let first = given.values().flat_map(|given| labels(given).iter().take(LABELS).copied());
        first.collect::<HashSet<_>>().into_iter().collect()
    };
    let window = Window::first(NEWEST_OF_LABEL);
    let (tags, categories) = (first(&|given| &given.tags), first(&|given| &given.categories));
    let mut candidates: HashMap<ArticleId, articles::Model> = HashMap::new();
    let alone = &Together::default();
    let of_tags = read::of_subjects(snapshot, alone, Subject::Tag, &tags, true, &window).await?;
    let of_categories =
        read::of_subjects(snapshot, alone, Subject::Category, &categories, true, &window).await?;
    let newest = ArticleOrder::PublishedAtDesc;
    let newest =
        read::list(snapshot, alone, &ArticleFilter::default(), newest, &Window::first(NEWEST)).await?;
    for page in of_tags.into_values().chain(of_categories.into_values()).chain([newest]) {
        candidates.extend(page.rows.into_iter().map(|article| (article.id, article)));
    }
    let others: Vec<ArticleId> = candidates.keys().copied().collect();
    let mut of_others = labels(snapshot, &others).await?;
    let linked = linked(snapshot, &ids).await?;
    let traits: HashMap<ArticleId, Traits> = candidates
        .values()
        .map(|article| (article.id, traits(article, of_others.remove(&article.id).unwrap_or_default())))
        .collect();
    let mut given = given;
    Ok(of
        .iter()
        .map(|article| {
            let own = self::traits(article, given.remove(&article.id).unwrap_or_default());
            let mut scored: Vec<(usize, &articles::Model)> = candidates
                .values()
                .filter(|other| other.id != article.id && other.locale == article.locale)
                .filter(|other| !linked.contains(&(article.id, other.id)))
                .filter_map(|other| Some((own.in_common(traits.get(&other.id)?), other)))
                .filter(|(in_common, _)| *in_common > 0)
                .collect();
            scored.sort_by_key(|(in_common, other)| Reverse((*in_common, other.published_at, other.id)));
            (article.id, scored.into_iter().take(MOST).map(|(_, other)| other.clone()).collect())
        })
        .collect())
}

/// An article's tags and categories, in their order.
#[derive(Default)]
struct Labels {
    tags: Vec<Uuid>,
    categories: Vec<Uuid>,
}

async fn labels(snapshot: &Snapshot, ids: &[ArticleId]) -> Result<HashMap<ArticleId, Labels>, Failure> {
    let mut labels: HashMap<ArticleId, Labels> = HashMap::new();
    let tags = article_tags::Entity::find()
        .filter(article_tags::Column::ArticleId.is_in(ids.iter().copied()))
        .order_by_asc(article_tags::Column::Position)
        .all(snapshot.connection())
        .await?;
    for row in tags {
        labels.entry(row.article_id).or_default().tags.push(row.tag_id.0);
    }
    let categories = article_categories::Entity::find()
        .filter(article_categories::Column::ArticleId.is_in(ids.iter().copied()))
        .filter(article_categories::Column::IsDirect.eq(true))
        .order_by_asc(article_categories::Column::Position)
        .all(snapshot.connection())
        .await?;
    for row in categories {
        labels.entry(row.article_id).or_default().categories.push(row.category_id.0);
    }
    Ok(labels)
}

/// Which articles have a related link to which.
async fn linked(snapshot: &Snapshot, ids: &[ArticleId]) -> Result<HashSet<(ArticleId, ArticleId)>, Failure> {
    let rows = article_references::Entity::find()
        .filter(article_references::Column::ArticleId.is_in(ids.iter().copied()))
        .all(snapshot.connection())
        .await?;
    Ok(rows.into_iter().map(|row| (row.article_id, row.target_article_id)).collect())
}

fn traits(article: &articles::Model, labels: Labels) -> Traits {
    let text = format!("{} {}", article.title, article.excerpt.as_deref().unwrap_or_default());
    let words = fold::words(&text).into_iter().filter(|word| word.chars().count() >= SHORTEST_WORD);
    Traits {
        tags: labels.tags.into_iter().collect(),
        categories: labels.categories.into_iter().collect(),
        words: words.collect(),
    }
}
