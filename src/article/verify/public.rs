//! Compares the public tables with the log: the revision that was published goes through [`project`] again, and everything
//! that the public sees of the article must be what comes out.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{ColumnTrait as _, EntityTrait, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::expected::{Expected, Publication};
use super::{Articles, Labels};
use crate::article::content::Content;
use crate::article::entity::public::{
    article_authors, article_categories, article_references, article_slugs, article_tags, articles, figures,
    related_links, search, sections,
};
use crate::article::projection::{
    Head, ProjectedCategory, ProjectedFigure, ProjectedLink, ProjectedSection, Projection, SearchWords,
    project,
};
use crate::article::publish::slug_tag;
use crate::article::resolve;
use crate::article::revision::{self, Revision};
use crate::clock::Timestamp;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::id::{ArticleId, CategoryId};
use crate::log::check::{Check, Extent, Problem};

/// All rows that the public sees of an article.
#[derive(Default)]
struct Rows {
    article: Option<articles::Model>,
    slugs: Vec<article_slugs::Model>,
    sections: Vec<sections::Model>,
    figures: Vec<figures::Model>,
    links: Vec<related_links::Model>,
    references: Vec<article_references::Model>,
    authors: Vec<article_authors::Model>,
    tags: Vec<article_tags::Model>,
    categories: Vec<article_categories::Model>,
    search: Vec<search::Model>,
}

/// Compares these articles. `comments` says how many public comments stand under each.
pub(super) async fn compare(
    check: &mut Check<'_>,
    expected: &Articles,
    labels: &Labels,
    comments: &HashMap<Uuid, i64>,
) -> Result<(), Failure> {
    let ids: Vec<Uuid> = expected.keys().copied().collect();
    let mut rows = read(check.snapshot, &ids).await?;
    let published: Vec<(ArticleId, i32)> = expected
        .iter()
        .filter_map(|(id, expected)| Some((ArticleId(*id), expected.publication.as_ref()?.revision)))
        .collect();
    let mut revisions = revision::read_many(check.snapshot.connection(), &published).await?;
    check.checked("articles", published.len());
    for (id, expected) in expected {
        let rows = rows.remove(id).unwrap_or_default();
        let comments = comments.get(id).copied().unwrap_or_default();
        let id = ArticleId(*id);
        match &expected.publication {
            Some(publication) => {
                let revision = revisions.remove(&(id, publication.revision));
                let article = Published { id, expected, publication, comments, labels };
                article.compare(check, revision, rows);
            }
            None => nothing_is_left(check, id, expected, &rows, comments),
        }
    }
    Ok(())
}

/// What is not public has no row in any public table.
fn nothing_is_left(check: &mut Check<'_>, id: ArticleId, expected: &Expected, rows: &Rows, comments: i64) {
    let since = expected.public_since.or(expected.last);
    if rows.article.is_some() {
        check.found(Problem::new(id, "article", "is public, and the log does not say so").since(since));
    }
    let message = "stands in a public table, and the log does not say that the article is public";
    check.compare(
        &Problem::new(id, "", message).since(since),
        &[
            ("slugs", rows.slugs.is_empty()),
            ("sections", rows.sections.is_empty()),
            ("figures", rows.figures.is_empty()),
            ("relatedLinks", rows.links.is_empty()),
            ("references", rows.references.is_empty()),
            ("authors", rows.authors.is_empty()),
            ("tags", rows.tags.is_empty()),
            ("categories", rows.categories.is_empty()),
            ("search", rows.search.is_empty()),
            ("comments", comments == 0),
        ],
    );
}

/// An article that the log says is public.
struct Published<'a> {
    id: ArticleId,
    expected: &'a Expected,
    publication: &'a Publication,
    comments: i64,
    labels: &'a Labels,
}

impl Published<'_> {
    fn problem(&self, field: &str, message: &str) -> Problem {
        let Publication { revision, hash: _, since } = self.publication;
        Problem::new(self.id, field, message).revision(*revision).since(*since)
    }

    fn compare(&self, check: &mut Check<'_>, revision: Option<Revision>, rows: Rows) {
        let Some(content) = self.content(check, revision) else { return };
        let Some(article) = &rows.article else {
            check.found(self.problem("article", "is published, and is not in the public tables"));
            return;
        };
        let published_at = self.expected.first_published_at;
        check.compare(
            &self.problem("", "the public table differs from the entries that published the article"),
            &[
                ("publishedAt", Some(article.published_at) == published_at),
                ("updatedAt", article.updated_at == self.publication.since.at),
                (
                    "publishedAt of authors",
                    all_are(published_at, rows.authors.iter().map(|row| row.published_at)),
                ),
                (
                    "publishedAt of references",
                    all_are(published_at, rows.references.iter().map(|row| row.published_at)),
                ),
                ("publishedAt of tags", all_are(published_at, rows.tags.iter().map(|row| row.published_at))),
                (
                    "publishedAt of categories",
                    all_are(published_at, rows.categories.iter().map(|row| row.published_at)),
                ),
            ],
        );
        let message = format!("the public table differs from the {} comments counted", self.comments);
        check.compare(
            &self.problem("", &message),
            &[("commentCount", i64::from(article.comment_count) == self.comments)],
        );
        let authors_in_order = rows.authors.iter().zip(1..).all(|(row, place)| row.position == place);
        let tags_in_order = rows.tags.iter().zip(1..).all(|(row, place)| row.position == place);
        let slugs: BTreeSet<String> =
            rows.slugs.iter().map(|row| slug_tag(&check.store.keys, &row.slug)).collect();
        if slugs != self.expected.slugs {
            let message = "the addresses that lead to the article are not those that it was published under";
            check.found(self.problem("slugs", message));
        }
        let expected = project(&content, &self.labels.tree);
        let targets: BTreeSet<ArticleId> =
            expected.links.iter().filter_map(|link| link.target_article_id).collect();
        let referred: BTreeSet<ArticleId> = rows.references.iter().map(|row| row.target_article_id).collect();
        let found = projection(rows);
        check.compare(
            &self.problem("", "the public table differs from the revision"),
            &[
                ("slug", expected.head.slug == found.head.slug),
                ("title", expected.head.title == found.head.title),
                ("excerpt", expected.head.excerpt == found.head.excerpt),
                ("locale", expected.head.locale == found.head.locale),
                ("wordCount", expected.head.word_count == found.head.word_count),
                ("figures", expected.figures == found.figures),
                ("relatedLinks", expected.links == found.links),
                ("references", targets == referred),
                ("authors", expected.authors == found.authors && authors_in_order),
                ("tags", expected.tags == found.tags && tags_in_order),
                ("categories", set(&expected.categories) == set(&found.categories)),
                ("search", expected.search == found.search),
                ("sections", expected.sections.len() == found.sections.len()),
            ],
        );
        for (expected, found) in expected.sections.iter().zip(&found.sections) {
            if expected != found {
                let field = format!("section {}", expected.id);
                check.found(self.problem(&field, "the public table differs from the revision"));
            }
        }
    }

    /// The document that was published. Where all is checked, a revision that is not what was saved was told already.
    fn content(&self, check: &mut Check<'_>, revision: Option<Revision>) -> Option<Content> {
        let is_news = check.extent == Extent::Public;
        let Some(revision) = revision else {
            if is_news {
                check.found(self.problem("revision", "is published, and is missing"));
            }
            return None;
        };
        if revision::hash(&revision.content) != self.publication.hash {
            let saved = self.expected.revisions.get(&self.publication.revision);
            if is_news || saved.is_none_or(|saved| saved.hash != self.publication.hash) {
                check.found(self.problem("content", "is not what was published"));
            }
            return None;
        }
        let content = serde_json::from_str(&revision.content).ok();
        if content.is_none() {
            check.found(self.problem("content", "can't be read"));
        }
        content.map(|mut content| {
            resolve::replace(&mut content, &self.labels.replaced);
            content
        })
    }
}

fn all_are(expected: Option<Timestamp>, mut found: impl Iterator<Item = Timestamp>) -> bool {
    found.all(|moment| Some(moment) == expected)
}

fn set(categories: &[ProjectedCategory]) -> BTreeSet<(CategoryId, i32, bool)> {
    categories.iter().map(|category| (category.id, category.position, category.is_direct)).collect()
}

/// The rows of one table, in their order.
async fn of<E: EntityTrait>(
    snapshot: &Snapshot,
    ids: &[Uuid],
    article: E::Column,
    order: E::Column,
) -> Result<Vec<E::Model>, Failure> {
    Ok(E::find().filter(article.is_in(ids.to_vec())).order_by_asc(order).all(snapshot.connection()).await?)
}

async fn read(snapshot: &Snapshot, ids: &[Uuid]) -> Result<HashMap<Uuid, Rows>, Failure> {
    let mut rows: HashMap<Uuid, Rows> = HashMap::new();
    for row in of::<articles::Entity>(snapshot, ids, articles::Column::Id, articles::Column::Id).await? {
        let id = row.id.0;
        rows.entry(id).or_default().article = Some(row);
    }
    macro_rules! collect {
        ($($field:ident: $table:ident by $order:ident;)*) => {$(
            let found =
                of::<$table::Entity>(snapshot, ids, $table::Column::ArticleId, $table::Column::$order).await?;
            for row in found {
                rows.entry(row.article_id.0).or_default().$field.push(row);
            }
        )*};
    }
    collect! {
        slugs: article_slugs by Slug;
        sections: sections by Position;
        figures: figures by Position;
        links: related_links by Position;
        references: article_references by TargetArticleId;
        authors: article_authors by Position;
        tags: article_tags by Position;
        categories: article_categories by Position;
        search: search by ArticleId;
    }
    Ok(rows)
}

/// The rows as publishing would write them.
fn projection(rows: Rows) -> Projection {
    let Rows {
        article,
        slugs: _,
        sections,
        figures,
        links,
        references: _,
        authors,
        tags,
        categories,
        search,
    } = rows;
    let empty = SearchWords {
        title: String::new(),
        excerpt: String::new(),
        headings: String::new(),
        body: String::new(),
    };
    let words = search.into_iter().next().map_or(empty, |row| SearchWords {
        title: row.title,
        excerpt: row.excerpt,
        headings: row.headings,
        body: row.body,
    });
    let head = article.map_or_else(
        || Head {
            slug: String::new(),
            title: String::new(),
            excerpt: None,
            locale: String::new(),
            word_count: 0,
        },
        |article| Head {
            slug: article.slug,
            title: article.title,
            excerpt: article.excerpt,
            locale: article.locale,
            word_count: article.word_count,
        },
    );
    Projection {
        head,
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
        search: words,
    }
}
