//! Compares articles with the log: drafts, revisions and reserved slugs, and all that the public sees of them. Called by
//! `verify`.

mod commenting;
mod desk;
mod expected;
mod public;

use std::collections::{BTreeMap, HashMap};

use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};
use uuid::Uuid;

use self::expected::Expected;
use super::archive;
use super::entity::private::{comment_settings, drafts, revisions, slug_history, uses};
use super::entity::public::{
    article_authors, article_categories, article_references, article_slugs, article_tags, articles, figures,
    related_links, search, sections,
};
use crate::db::ids::IdColumn;
use crate::error::Failure;
use crate::id::CategoryId;
use crate::log::check::{Check, Extent, Problem};
use crate::log::walk::{Thing, Things, entries};
use crate::log::{Action, SubjectType};
use crate::taxonomy;

/// What the log tells of the articles of a batch.
type Articles = BTreeMap<Uuid, Expected>;

/// The site's tree of categories.
pub type Tree = HashMap<CategoryId, taxonomy::entity::categories::Model>;

/// What is compared with every article.
pub struct Labels {
    /// The site's tree of categories.
    pub tree: Tree,
    /// What took the place of what is gone.
    pub replaced: HashMap<Uuid, Uuid>,
}

/// The public articles.
pub fn public() -> IdColumn {
    IdColumn::of::<articles::Entity>(articles::Column::Id)
}

/// The authors whom public articles credit.
pub fn credits() -> IdColumn {
    IdColumn::of::<article_authors::Entity>(article_authors::Column::AuthorId)
}

/// The tags of public articles.
pub fn tags() -> IdColumn {
    IdColumn::of::<article_tags::Entity>(article_tags::Column::TagId)
}

/// The categories of public articles.
pub fn categories() -> IdColumn {
    IdColumn::of::<article_categories::Entity>(article_categories::Column::CategoryId)
}

/// The images that public articles show; what is counted are the articles.
pub fn images() -> IdColumn {
    IdColumn::of::<figures::Entity>(figures::Column::ImageId)
        .counting::<figures::Entity>(figures::Column::ArticleId)
}

/// All articles. `comments` is where public comments stand under them.
pub fn all(extent: Extent, comments: IdColumn) -> Things {
    let mut columns = match extent {
        Extent::Whole => vec![
            IdColumn::of::<drafts::Entity>(drafts::Column::ArticleId),
            IdColumn::of::<revisions::Entity>(revisions::Column::ArticleId),
            IdColumn::of::<slug_history::Entity>(slug_history::Column::ArticleId),
            IdColumn::of::<comment_settings::Entity>(comment_settings::Column::ArticleId),
            IdColumn::of::<uses::Entity>(uses::Column::ArticleId),
        ],
        Extent::Public => Vec::new(),
    };
    columns.extend([
        public(),
        IdColumn::of::<article_slugs::Entity>(article_slugs::Column::ArticleId),
        IdColumn::of::<sections::Entity>(sections::Column::ArticleId),
        IdColumn::of::<figures::Entity>(figures::Column::ArticleId),
        IdColumn::of::<related_links::Entity>(related_links::Column::ArticleId),
        IdColumn::of::<article_references::Entity>(article_references::Column::ArticleId),
        IdColumn::of::<article_authors::Entity>(article_authors::Column::ArticleId),
        IdColumn::of::<article_tags::Entity>(article_tags::Column::ArticleId),
        IdColumn::of::<article_categories::Entity>(article_categories::Column::ArticleId),
        IdColumn::of::<search::Entity>(search::Column::ArticleId),
        comments,
    ]);
    let action = match extent {
        Extent::Whole => Action::ArticleCreated,
        Extent::Public => Action::ArticlePublished,
    };
    Things::new(SubjectType::Article, Some(action), columns)
}

/// Compares the counts of the archive with the articles that are public.
pub async fn compare_archive(check: &mut Check<'_>) -> Result<(), Failure> {
    let connection = check.snapshot.connection();
    let mut counted = 0;
    for (month, article_count) in archive::months(check.snapshot).await? {
        let found = match month.period() {
            Some(period) => {
                articles::Entity::find()
                    .filter(articles::Column::PublishedAt.gte(period.start))
                    .filter(articles::Column::PublishedAt.lt(period.end))
                    .count(connection)
                    .await?
            }
            None => 0,
        };
        counted += found;
        if u64::try_from(article_count) != Ok(found) {
            let month = format!("archive {}-{:02}", month.year, month.month);
            let message = format!("counts {article_count} articles, and {found} are public");
            check.found(Problem::new(month, "articleCount", message));
        }
    }
    let public = articles::Entity::find().count(connection).await?;
    if counted != public {
        let message = format!("lacks months: {counted} of {public} public articles are in one");
        check.found(Problem::new("archive", "months", message));
    }
    Ok(())
}

/// Compares these articles. `comments` says how many public comments stand under each.
pub async fn compare(
    check: &mut Check<'_>,
    things: &[Thing],
    labels: &Labels,
    comments: &HashMap<Uuid, i64>,
) -> Result<(), Failure> {
    let ids: Vec<Uuid> = things.iter().map(|thing| thing.id).collect();
    let mut articles: Articles = ids.iter().map(|id| (*id, Expected::default())).collect();
    entries(check, SubjectType::Article, &ids, &[], |id, entry| {
        articles.entry(id).or_default().take(&entry);
    })
    .await?;
    match check.extent {
        Extent::Whole => desk::compare(check, &articles, labels).await?,
        // The walk comes by every entry that published an article: it is looked at where the last of them is.
        Extent::Public => articles.retain(|id, expected| {
            let mut came = things.iter().filter(|thing| thing.id == *id);
            came.any(|thing| thing.sequence.is_none_or(|sequence| sequence == expected.last_published))
        }),
    }
    commenting::compare(check, &articles).await?;
    public::compare(check, &articles, labels, comments).await
}
