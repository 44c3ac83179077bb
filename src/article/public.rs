//! Writes the public tables from a projection, and takes an article out of them. Callers hold the lock on the public
//! tables and end the transaction with the log.

use std::collections::{BTreeMap, BTreeSet};

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _,
};

use super::archive;
use super::commenting::Commenting;
use super::entity::private::{comment_settings, slug_history};
use super::entity::public::{
    article_authors, article_categories, article_references, article_slugs, article_tags, articles, figures,
    related_links, search, sections,
};
use super::projection::Projection;
use crate::clock::Timestamp;
use crate::db::WriteTransaction;
use crate::db::insert::{self, Inserts};
use crate::error::Failure;
use crate::id::{ArticleId, AuthorId, CategoryId, ImageId, TagId};
use crate::reads::{ARTICLES, articles_of, links_to};
use crate::{author, image, taxonomy};

/// What a public article refers to: each once, however often it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct References {
    images: BTreeSet<ImageId>,
    authors: BTreeSet<AuthorId>,
    tags: BTreeSet<TagId>,
    categories: BTreeSet<CategoryId>,
    links: BTreeSet<ArticleId>,
}

impl References {
    pub(super) fn of(projection: &Projection) -> Self {
        Self {
            images: projection.figures.iter().map(|figure| figure.image_id).collect(),
            authors: projection.authors.iter().copied().collect(),
            tags: projection.tags.iter().copied().collect(),
            categories: projection.categories.iter().map(|category| category.id).collect(),
            links: projection.links.iter().filter_map(|link| link.target_article_id).collect(),
        }
    }

    async fn read(connection: &DatabaseTransaction, id: ArticleId) -> Result<Self, Failure> {
        let figures =
            figures::Entity::find().filter(figures::Column::ArticleId.eq(id)).all(connection).await?;
        let authors = article_authors::Entity::find()
            .filter(article_authors::Column::ArticleId.eq(id))
            .all(connection)
            .await?;
        let tags = article_tags::Entity::find()
            .filter(article_tags::Column::ArticleId.eq(id))
            .all(connection)
            .await?;
        let categories = article_categories::Entity::find()
            .filter(article_categories::Column::ArticleId.eq(id))
            .all(connection)
            .await?;
        let links = article_references::Entity::find()
            .filter(article_references::Column::ArticleId.eq(id))
            .all(connection)
            .await?;
        Ok(Self {
            images: figures.into_iter().map(|row| row.image_id).collect(),
            authors: authors.into_iter().map(|row| row.author_id).collect(),
            tags: tags.into_iter().map(|row| row.tag_id).collect(),
            categories: categories.into_iter().map(|row| row.category_id).collect(),
            links: links.into_iter().map(|row| row.target_article_id).collect(),
        })
    }

    /// All that these articles refer to, each counted once an article. Gives the cache tags of what became public.
    pub(super) async fn refer_all(
        of: &[Self],
        transaction: &WriteTransaction,
    ) -> Result<Vec<String>, Failure> {
        let images = counted(of.iter().flat_map(|article| &article.images));
        let mut touched = image::public::refer_more(transaction, &images).await?;
        let authors = counted(of.iter().flat_map(|article| &article.authors));
        touched.extend(author::public::refer_more(transaction, &authors).await?);
        let tags = counted(of.iter().flat_map(|article| &article.tags));
        touched.extend(taxonomy::public::refer_more_tags(transaction, &tags).await?);
        let mut categories: BTreeMap<i32, Vec<CategoryId>> = BTreeMap::new();
        for (category, by) in counted(of.iter().flat_map(|article| &article.categories)) {
            categories.entry(by).or_default().push(category);
        }
        for (by, categories) in categories {
            taxonomy::public::count_in_categories(transaction, &categories, by).await?;
        }
        Ok(touched)
    }

    /// Gives the cache tags of what is public no longer.
    async fn release(&self, transaction: &WriteTransaction) -> Result<Vec<String>, Failure> {
        let (images, authors) = (Vec::from_iter(self.images.clone()), Vec::from_iter(self.authors.clone()));
        let (tags, categories) = (Vec::from_iter(self.tags.clone()), Vec::from_iter(self.categories.clone()));
        let mut touched = image::public::release(transaction, &images).await?;
        touched.extend(author::public::release(transaction, &authors).await?);
        touched.extend(taxonomy::public::release_tags(transaction, &tags).await?);
        taxonomy::public::count_in_categories(transaction, &categories, -1).await?;
        Ok(touched)
    }

    /// The cache tags of the lists in which an article is by one of these and not by the other.
    pub(super) fn lists_between(&self, other: &Self) -> BTreeSet<String> {
        let authors = self.authors.symmetric_difference(&other.authors).map(articles_of);
        let tags = self.tags.symmetric_difference(&other.tags).map(articles_of);
        let categories = self.categories.symmetric_difference(&other.categories).map(articles_of);
        let links = self.links.symmetric_difference(&other.links).map(links_to);
        authors.chain(tags).chain(categories).chain(links).chain([ARTICLES.to_owned()]).collect()
    }
}

fn counted<'a, T: Copy + Ord + 'a>(ids: impl Iterator<Item = &'a T>) -> BTreeMap<T, i32> {
    let mut counts = BTreeMap::new();
    for id in ids {
        *counts.entry(*id).or_default() += 1;
    }
    counts
}

/// What writing a projection did.
pub(super) struct Written {
    /// The cache tags that this touches, those of slugs apart.
    pub touched: BTreeSet<String>,
    /// Whether the article was not public before.
    pub is_new: bool,
    /// Under which slugs it is found now.
    pub slugs: Vec<String>,
}

/// Makes the projection what the public sees. New references come before old ones go, so that what both name stays.
pub(super) async fn write(
    transaction: &WriteTransaction,
    id: ArticleId,
    projection: Projection,
    published_at: Timestamp,
    updated_at: Timestamp,
) -> Result<Written, Failure> {
    let connection = transaction.connection();
    let existing = articles::Entity::find_by_id(id).one(connection).await?;
    let is_new = existing.is_none();
    let before = if is_new { References::default() } else { References::read(connection, id).await? };
    let after = References::of(&projection);
    let mut touched = before.lists_between(&after);
    touched.extend(References::refer_all(std::slice::from_ref(&after), transaction).await?);
    let head = projection.head.clone();
    let settings = comment_settings::Entity::find_by_id(id).one(connection).await?;
    let row = articles::ActiveModel {
        id: Set(id),
        slug: Set(head.slug),
        title: Set(head.title),
        excerpt: Set(head.excerpt),
        locale: Set(head.locale),
        word_count: Set(head.word_count),
        comment_count: Set(existing.map_or(0, |article| article.comment_count)),
        published_at: Set(published_at),
        updated_at: Set(updated_at),
        comments: Set(settings
            .as_ref()
            .map_or(Commenting::default().name().to_owned(), |row| row.comments.clone())),
        comments_close_after_days: Set(settings.and_then(|row| row.close_after_days)),
    };
    if is_new {
        row.insert(connection).await?;
        archive::count_one_more(connection, published_at).await?;
    } else {
        row.update(connection).await?;
        delete_parts(connection, id).await?;
    }
    let slugs = insert_slugs(connection, id).await?;
    let mut parts = Parts::default();
    parts.add(id, projection, published_at);
    let mut inserts = Inserts::new(connection.get_database_backend());
    parts.inserts(&mut inserts);
    inserts.run(connection).await?;
    touched.extend(before.release(transaction).await?);
    Ok(Written { touched, is_new, slugs })
}

/// Takes an article out of the public tables. Gives the cache tags that this touches.
pub(super) async fn remove(
    transaction: &WriteTransaction,
    id: ArticleId,
) -> Result<BTreeSet<String>, Failure> {
    let connection = transaction.connection();
    let before = References::read(connection, id).await?;
    if let Some(article) = articles::Entity::find_by_id(id).one(connection).await? {
        archive::count_one_less(connection, article.published_at).await?;
    }
    delete_parts(connection, id).await?;
    // Its comments go with it, by their foreign key.
    articles::Entity::delete_by_id(id).exec(connection).await?;
    let mut touched = before.lists_between(&References::default());
    touched.extend(before.release(transaction).await?);
    Ok(touched)
}

/// More (or fewer) comments of an article are public.
pub async fn count_comments(transaction: &WriteTransaction, id: ArticleId, by: i32) -> Result<(), Failure> {
    articles::Entity::update_many()
        .col_expr(articles::Column::CommentCount, Expr::col(articles::Column::CommentCount).add(by))
        .filter(articles::Column::Id.eq(id))
        .exec(transaction.connection())
        .await?;
    Ok(())
}

async fn delete_parts(connection: &DatabaseTransaction, id: ArticleId) -> Result<(), Failure> {
    article_slugs::Entity::delete_many()
        .filter(article_slugs::Column::ArticleId.eq(id))
        .exec(connection)
        .await?;
    sections::Entity::delete_many().filter(sections::Column::ArticleId.eq(id)).exec(connection).await?;
    figures::Entity::delete_many().filter(figures::Column::ArticleId.eq(id)).exec(connection).await?;
    related_links::Entity::delete_many()
        .filter(related_links::Column::ArticleId.eq(id))
        .exec(connection)
        .await?;
    article_references::Entity::delete_many()
        .filter(article_references::Column::ArticleId.eq(id))
        .exec(connection)
        .await?;
    article_authors::Entity::delete_many()
        .filter(article_authors::Column::ArticleId.eq(id))
        .exec(connection)
        .await?;
    article_tags::Entity::delete_many()
        .filter(article_tags::Column::ArticleId.eq(id))
        .exec(connection)
        .await?;
    article_categories::Entity::delete_many()
        .filter(article_categories::Column::ArticleId.eq(id))
        .exec(connection)
        .await?;
    search::Entity::delete_many().filter(search::Column::ArticleId.eq(id)).exec(connection).await?;
    Ok(())
}

/// The addresses that lead to an article: those under which it was ever published.
async fn insert_slugs(connection: &DatabaseTransaction, id: ArticleId) -> Result<Vec<String>, Failure> {
    let slugs = slug_history::Entity::find()
        .filter(slug_history::Column::ArticleId.eq(id))
        .filter(slug_history::Column::WasPublished.eq(true))
        .all(connection)
        .await?;
    let slugs: Vec<String> = slugs.into_iter().map(|row| row.slug).collect();
    let row = |slug: &String| article_slugs::ActiveModel { slug: Set(slug.clone()), article_id: Set(id) };
    let rows: Vec<_> = slugs.iter().map(row).collect();
    insert::all(connection, rows).await?;
    Ok(slugs)
}

/// The rows of articles' parts, table by table.
#[derive(Default)]
pub(super) struct Parts {
    sections: Vec<sections::ActiveModel>,
    figures: Vec<figures::ActiveModel>,
    links: Vec<related_links::ActiveModel>,
    references: Vec<article_references::ActiveModel>,
    authors: Vec<article_authors::ActiveModel>,
    tags: Vec<article_tags::ActiveModel>,
    categories: Vec<article_categories::ActiveModel>,
    search: Vec<search::ActiveModel>,
}

impl Parts {
    /// Adds those of an article.
    pub(super) fn add(&mut self, id: ArticleId, projection: Projection, published_at: Timestamp) {
        let Projection { head: _, sections, figures, links, authors, tags, categories, search } = projection;
        self.sections.extend(sections.into_iter().map(|section| sections::ActiveModel {
            article_id: Set(id),
            position: Set(section.position),
            id: Set(section.id),
            anchor: Set(section.anchor),
            level: Set(section.level),
            heading: Set(section.heading),
            body: Set(section.body),
        }));
        self.figures.extend(figures.into_iter().map(|figure| figures::ActiveModel {
            article_id: Set(id),
            position: Set(figure.position),
            section_id: Set(figure.section_id),
            image_id: Set(figure.image_id),
            caption: Set(figure.caption),
            credit: Set(figure.credit),
        }));
        let targets: BTreeSet<ArticleId> = links.iter().filter_map(|link| link.target_article_id).collect();
        self.references.extend(targets.into_iter().map(|target| article_references::ActiveModel {
            target_article_id: Set(target),
            article_id: Set(id),
            published_at: Set(published_at),
        }));
        self.links.extend(links.into_iter().map(|link| related_links::ActiveModel {
            article_id: Set(id),
            position: Set(link.position),
            target_article_id: Set(link.target_article_id),
            url: Set(link.url),
            title: Set(link.title),
        }));
        self.authors.extend((1..).zip(authors).map(|(position, author_id)| article_authors::ActiveModel {
            article_id: Set(id),
            author_id: Set(author_id),
            position: Set(position),
            published_at: Set(published_at),
        }));
        self.tags.extend((1..).zip(tags).map(|(position, tag_id)| article_tags::ActiveModel {
            article_id: Set(id),
            tag_id: Set(tag_id),
            position: Set(position),
            published_at: Set(published_at),
        }));
        self.categories.extend(categories.into_iter().map(|category| article_categories::ActiveModel {
            article_id: Set(id),
            category_id: Set(category.id),
            position: Set(category.position),
            is_direct: Set(category.is_direct),
            published_at: Set(published_at),
        }));
        self.search.push(search::ActiveModel {
            row: sea_orm::ActiveValue::NotSet,
            article_id: Set(id),
            title: Set(search.title),
            excerpt: Set(search.excerpt),
            headings: Set(search.headings),
            body: Set(search.body),
        });
    }

    /// What puts them in.
    pub(super) fn inserts(self, inserts: &mut Inserts) {
        let Self { sections, figures, links, references, authors, tags, categories, search } = self;
        inserts.add(sections);
        inserts.add(figures);
        inserts.add(links);
        inserts.add(references);
        inserts.add(authors);
        inserts.add(tags);
        inserts.add(categories);
        inserts.add(search);
    }
}
