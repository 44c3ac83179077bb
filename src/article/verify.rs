//! `copydesk verify`, first form: the log's chain and signatures hold, and each public article equals the revision that
//! the log says is published.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::entity::public::{
    article_authors, article_categories, article_slugs, article_tags, articles, figures, related_links,
    search, sections,
};
use super::projection::{
    Head, ProjectedCategory, ProjectedFigure, ProjectedLink, ProjectedSection, Projection, SearchWords,
    project,
};
use super::publish::slug_tag;
use super::revision;
use crate::clock::Timestamp;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::log::entity::log_head;
use crate::log::follow::Follower;
use crate::log::{Action, verify_entry};
use crate::operation::Store;
use crate::taxonomy;

/// Log entries read at once.
const BATCH: u64 = 1_000;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Entries of the log that were checked.
    pub entries: u64,
    /// Public articles that were compared.
    pub articles: u64,
    /// The last entry's number.
    pub head_sequence: i64,
    /// The last entry's hash.
    pub head_hash: String,
    /// What differs, one line each: which article, revision and field.
    pub problems: Vec<String>,
}

/// What the log says is public of an article.
struct Publication {
    revision: i32,
    hash: String,
    published_at: Timestamp,
    updated_at: Timestamp,
    /// All under which it was published so far.
    slugs: BTreeSet<String>,
}

/// Checks the whole.
pub async fn verify(store: &Store) -> Result<Report, Failure> {
    let mut report = Report::default();
    // One snapshot for the log and the tables: what is published meanwhile is in both or in neither.
    let snapshot = store.database.snapshot().await?;
    let published = read_log(store, &snapshot, &mut report).await?;
    let tree = taxonomy::read::tree(snapshot.connection()).await?;
    for (id, publication) in &published {
        compare(&store.keys, &snapshot, *id, publication, &tree, &mut report).await?;
        report.articles += 1;
    }
    let public: Vec<articles::Model> =
        articles::Entity::find().order_by_asc(articles::Column::Id).all(snapshot.connection()).await?;
    for article in public.iter().filter(|article| !published.contains_key(&article.id)) {
        report.problems.push(format!("{}: is public, and the log does not say so", article.id));
    }
    Ok(report)
}

async fn read_log(
    store: &Store,
    snapshot: &Snapshot,
    report: &mut Report,
) -> Result<BTreeMap<ArticleId, Publication>, Failure> {
    let mut published = BTreeMap::new();
    let mut first_published: HashMap<ArticleId, Timestamp> = HashMap::new();
    let mut slugs: HashMap<ArticleId, BTreeSet<String>> = HashMap::new();
    let mut follower = Follower::after(0);
    loop {
        let rows = follower.next(snapshot, BATCH).await?;
        if rows.is_empty() {
            check_head(snapshot, report).await?;
            return Ok(published);
        }
        for row in rows {
            report.entries += 1;
            let entry = match verify_entry(&store.keys, (report.head_sequence, &report.head_hash), &row) {
                Ok(entry) => Some(entry),
                Err(problems) => {
                    report.problems.extend(
                        problems.iter().map(|problem| format!("log entry {}: {problem}", row.sequence)),
                    );
                    serde_json::from_str(&row.entry).ok()
                }
            };
            report.head_sequence = row.sequence;
            report.head_hash = row.hash;
            let Some(entry) = entry else { continue };
            let Ok(article) = entry.subject.parse::<ArticleId>() else { continue };
            match (Action::from_name(&entry.action), entry.revision, entry.hash) {
                (Some(Action::ArticlePublished), Some(revision), Some(hash)) => {
                    let published_at = *first_published.entry(article).or_insert(entry.at);
                    let known = slugs.entry(article).or_default();
                    known.extend(entry.tags.iter().filter(|tag| tag.starts_with("slug:")).cloned());
                    let slugs = known.clone();
                    let updated_at = entry.at;
                    published
                        .insert(article, Publication { revision, hash, published_at, updated_at, slugs });
                }
                (Some(Action::ArticleUnpublished | Action::ArticleTrashed | Action::ArticleErased), _, _) => {
                    published.remove(&article);
                }
                _ => {}
            }
        }
    }
}

/// A head that does not name the last entry there is means that entries were cut off.
async fn check_head(snapshot: &Snapshot, report: &mut Report) -> Result<(), Failure> {
    let head = log_head::Entity::find_by_id(1).one(snapshot.connection()).await?;
    if head.is_none_or(|head| head.sequence != report.head_sequence || head.hash != report.head_hash) {
        let last = report.head_sequence;
        report
            .problems
            .push(format!("log: the head does not name entry {last}: the newest entries were cut off"));
    }
    Ok(())
}

async fn compare(
    keys: &crate::keys::Keys,
    snapshot: &Snapshot,
    id: ArticleId,
    publication: &Publication,
    tree: &HashMap<crate::id::CategoryId, taxonomy::entity::categories::Model>,
    report: &mut Report,
) -> Result<(), Failure> {
    let number = publication.revision;
    let mut differs =
        |field: &str, what: &str| report.problems.push(format!("{id}, revision {number}, {field}: {what}"));
    let Some(revision) = revision::read(snapshot.connection(), id, number).await? else {
        differs("revision", "is published, and is missing");
        return Ok(());
    };
    if revision.hash != publication.hash || revision::hash(&revision.content) != publication.hash {
        differs("content", "is not what was published");
    }
    let Ok(content) = serde_json::from_str(&revision.content) else {
        differs("content", "can't be read");
        return Ok(());
    };
    let Some(article) = articles::Entity::find_by_id(id).one(snapshot.connection()).await? else {
        differs("article", "is published, and is not in the public tables");
        return Ok(());
    };
    let expected = project(&content, tree);
    let found = read_projection(snapshot, &article).await?;
    for (field, is_equal) in [
        ("slug", expected.head.slug == found.head.slug),
        ("title", expected.head.title == found.head.title),
        ("excerpt", expected.head.excerpt == found.head.excerpt),
        ("locale", expected.head.locale == found.head.locale),
        ("wordCount", expected.head.word_count == found.head.word_count),
        ("publishedAt", publication.published_at == article.published_at),
        ("updatedAt", publication.updated_at == article.updated_at),
        ("figures", expected.figures == found.figures),
        ("relatedLinks", expected.links == found.links),
        ("authors", expected.authors == found.authors),
        ("tags", expected.tags == found.tags),
        ("categories", set(&expected.categories) == set(&found.categories)),
        ("search", expected.search == found.search),
        ("sections", expected.sections.len() == found.sections.len()),
    ] {
        if !is_equal {
            differs(field, "the public table differs from the revision");
        }
    }
    for (expected, found) in expected.sections.iter().zip(&found.sections) {
        if expected != found {
            differs(&format!("section {}", expected.id), "the public table differs from the revision");
        }
    }
    let slugs = article_slugs::Entity::find()
        .filter(article_slugs::Column::ArticleId.eq(id))
        .all(snapshot.connection())
        .await?;
    if slugs.into_iter().map(|row| slug_tag(keys, &row.slug)).collect::<BTreeSet<_>>() != publication.slugs {
        differs("slugs", "the addresses that lead to the article are not those that it was published under");
    }
    Ok(())
}

fn set(categories: &[ProjectedCategory]) -> BTreeSet<(crate::id::CategoryId, i32, bool)> {
    categories.iter().map(|category| (category.id, category.position, category.is_direct)).collect()
}

async fn read_projection(snapshot: &Snapshot, article: &articles::Model) -> Result<Projection, Failure> {
    let connection = snapshot.connection();
    let id = article.id;
    let sections = sections::Entity::find()
        .filter(sections::Column::ArticleId.eq(id))
        .order_by_asc(sections::Column::Position)
        .all(connection)
        .await?;
    let figures = figures::Entity::find()
        .filter(figures::Column::ArticleId.eq(id))
        .order_by_asc(figures::Column::Position)
        .all(connection)
        .await?;
    let links = related_links::Entity::find()
        .filter(related_links::Column::ArticleId.eq(id))
        .order_by_asc(related_links::Column::Position)
        .all(connection)
        .await?;
    let authors = article_authors::Entity::find()
        .filter(article_authors::Column::ArticleId.eq(id))
        .order_by_asc(article_authors::Column::Position)
        .all(connection)
        .await?;
    let tags = article_tags::Entity::find()
        .filter(article_tags::Column::ArticleId.eq(id))
        .order_by_asc(article_tags::Column::Position)
        .all(connection)
        .await?;
    let categories = article_categories::Entity::find()
        .filter(article_categories::Column::ArticleId.eq(id))
        .all(connection)
        .await?;
    let words = search::Entity::find().filter(search::Column::ArticleId.eq(id)).one(connection).await?;
    Ok(Projection {
        head: Head {
            slug: article.slug.clone(),
            title: article.title.clone(),
            excerpt: article.excerpt.clone(),
            locale: article.locale.clone(),
            word_count: article.word_count,
        },
        sections: sections
            .into_iter()
            .map(|row| ProjectedSection {
                position: row.position,
                id: row.id,
                anchor: row.anchor,
                level: row.level,
                heading: row.heading,
                body: row.body,
            })
            .collect(),
        figures: figures
            .into_iter()
            .map(|row| ProjectedFigure {
                position: row.position,
                section_id: row.section_id,
                image_id: row.image_id,
                caption: row.caption,
                credit: row.credit,
            })
            .collect(),
        links: links
            .into_iter()
            .map(|row| ProjectedLink {
                position: row.position,
                target_article_id: row.target_article_id,
                url: row.url,
                title: row.title,
            })
            .collect(),
        authors: authors.into_iter().map(|row| row.author_id).collect(),
        tags: tags.into_iter().map(|row| row.tag_id).collect(),
        categories: categories
            .into_iter()
            .map(|row| ProjectedCategory {
                id: row.category_id,
                position: row.position,
                is_direct: row.is_direct,
            })
            .collect(),
        search: words.map_or_else(
            || SearchWords {
                title: String::new(),
                excerpt: String::new(),
                headings: String::new(),
                body: String::new(),
            },
            |row| SearchWords {
                title: row.title,
                excerpt: row.excerpt,
                headings: row.headings,
                body: row.body,
            },
        ),
    })
}
