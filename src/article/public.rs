//! Writes the public tables from a projection, and takes an article out of them. Callers hold the lock on the public
//! tables and end the transaction with the log.

use std::collections::BTreeSet;

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, IntoActiveModel, QueryFilter as _};

use super::commenting::Commenting;
use super::entity::private::{comment_settings, slug_history};
use super::entity::public::{
    article_authors, article_categories, article_slugs, article_tags, articles, figures, related_links,
    search, sections,
};
use super::projection::Projection;
use crate::clock::Timestamp;
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::id::{ArticleId, AuthorId, CategoryId, ImageId, TagId};
use crate::{author, image, taxonomy};

/// What a public article refers to: each once, however often it stands there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct References {
    images: BTreeSet<ImageId>,
    authors: BTreeSet<AuthorId>,
    tags: BTreeSet<TagId>,
    categories: BTreeSet<CategoryId>,
}

impl References {
    fn of(projection: &Projection) -> Self {
        Self {
            images: projection.figures.iter().map(|figure| figure.image_id).collect(),
            authors: projection.authors.iter().copied().collect(),
            tags: projection.tags.iter().copied().collect(),
            categories: projection.categories.iter().map(|category| category.id).collect(),
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
        Ok(Self {
            images: figures.into_iter().map(|row| row.image_id).collect(),
            authors: authors.into_iter().map(|row| row.author_id).collect(),
            tags: tags.into_iter().map(|row| row.tag_id).collect(),
            categories: categories.into_iter().map(|row| row.category_id).collect(),
        })
    }

    async fn refer(&self, transaction: &WriteTransaction) -> Result<(), Failure> {
        image::public::refer(transaction, &Vec::from_iter(self.images.iter().copied())).await?;
        author::public::refer(transaction, &Vec::from_iter(self.authors.iter().copied())).await?;
        taxonomy::public::refer_tags(transaction, &Vec::from_iter(self.tags.iter().copied())).await?;
        taxonomy::public::count_in_categories(
            transaction,
            &Vec::from_iter(self.categories.iter().copied()),
            1,
        )
        .await
    }

    async fn release(&self, transaction: &WriteTransaction) -> Result<(), Failure> {
        image::public::release(transaction, &Vec::from_iter(self.images.iter().copied())).await?;
        author::public::release(transaction, &Vec::from_iter(self.authors.iter().copied())).await?;
        taxonomy::public::release_tags(transaction, &Vec::from_iter(self.tags.iter().copied())).await?;
        taxonomy::public::count_in_categories(
            transaction,
            &Vec::from_iter(self.categories.iter().copied()),
            -1,
        )
        .await
    }

    /// The cache tags of what they are.
    pub(super) fn tags(&self) -> BTreeSet<String> {
        let images = self.images.iter().map(ToString::to_string);
        let authors = self.authors.iter().map(ToString::to_string);
        let tags = self.tags.iter().map(ToString::to_string);
        let categories = self.categories.iter().map(ToString::to_string);
        images.chain(authors).chain(tags).chain(categories).chain(["articles".to_owned()]).collect()
    }
}

/// Makes the projection what the public sees. New references come before old ones go, so that what both name stays.
/// Gives the cache tags that this touches, and whether the article was not public before.
pub(super) async fn write(
    transaction: &WriteTransaction,
    id: ArticleId,
    projection: Projection,
    published_at: Timestamp,
    updated_at: Timestamp,
) -> Result<(BTreeSet<String>, bool), Failure> {
    let connection = transaction.connection();
    let existing = articles::Entity::find_by_id(id).one(connection).await?;
    let is_new = existing.is_none();
    let before = if is_new { References::default() } else { References::read(connection, id).await? };
    let after = References::of(&projection);
    after.refer(transaction).await?;
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
    } else {
        row.update(connection).await?;
        delete_parts(connection, id).await?;
    }
    insert_parts(connection, id, projection, published_at).await?;
    before.release(transaction).await?;
    let mut tags = before.tags();
    tags.extend(after.tags());
    Ok((tags, is_new))
}

/// Takes an article out of the public tables. Gives the cache tags that this touches.
pub(super) async fn remove(
    transaction: &WriteTransaction,
    id: ArticleId,
) -> Result<BTreeSet<String>, Failure> {
    let before = References::read(transaction.connection(), id).await?;
    delete_parts(transaction.connection(), id).await?;
    // Its comments go with it, by their foreign key.
    articles::Entity::delete_by_id(id).exec(transaction.connection()).await?;
    before.release(transaction).await?;
    Ok(before.tags())
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

async fn insert_parts(
    connection: &DatabaseTransaction,
    id: ArticleId,
    projection: Projection,
    published_at: Timestamp,
) -> Result<(), Failure> {
    let Projection { head: _, sections, figures, links, authors, tags, categories, search } = projection;
    let slugs = slug_history::Entity::find()
        .filter(slug_history::Column::ArticleId.eq(id))
        .filter(slug_history::Column::WasPublished.eq(true))
        .all(connection)
        .await?;
    insert_all(
        connection,
        slugs
            .into_iter()
            .map(|slug| article_slugs::ActiveModel { slug: Set(slug.slug), article_id: Set(id) }),
    )
    .await?;
    let rows = sections.into_iter().map(|section| sections::ActiveModel {
        article_id: Set(id),
        position: Set(section.position),
        id: Set(section.id),
        anchor: Set(section.anchor),
        level: Set(section.level),
        heading: Set(section.heading),
        body: Set(section.body),
    });
    insert_all(connection, rows).await?;
    let rows = figures.into_iter().map(|figure| figures::ActiveModel {
        article_id: Set(id),
        position: Set(figure.position),
        section_id: Set(figure.section_id),
        image_id: Set(figure.image_id),
        caption: Set(figure.caption),
        credit: Set(figure.credit),
    });
    insert_all(connection, rows).await?;
    let rows = links.into_iter().map(|link| related_links::ActiveModel {
        article_id: Set(id),
        position: Set(link.position),
        target_article_id: Set(link.target_article_id),
        url: Set(link.url),
        title: Set(link.title),
    });
    insert_all(connection, rows).await?;
    let rows = (1..).zip(authors).map(|(position, author_id)| article_authors::ActiveModel {
        article_id: Set(id),
        author_id: Set(author_id),
        position: Set(position),
        published_at: Set(published_at),
    });
    insert_all(connection, rows).await?;
    let rows = (1..).zip(tags).map(|(position, tag_id)| article_tags::ActiveModel {
        article_id: Set(id),
        tag_id: Set(tag_id),
        position: Set(position),
        published_at: Set(published_at),
    });
    insert_all(connection, rows).await?;
    let rows = categories.into_iter().map(|category| article_categories::ActiveModel {
        article_id: Set(id),
        category_id: Set(category.id),
        position: Set(category.position),
        is_direct: Set(category.is_direct),
        published_at: Set(published_at),
    });
    insert_all(connection, rows).await?;
    let words = search::ActiveModel {
        row: sea_orm::ActiveValue::NotSet,
        article_id: Set(id),
        title: Set(search.title),
        excerpt: Set(search.excerpt),
        headings: Set(search.headings),
        body: Set(search.body),
    };
    insert_all(connection, [words]).await
}

/// Inserts rows in one statement; none without a statement.
async fn insert_all<A>(
    connection: &DatabaseTransaction,
    rows: impl IntoIterator<Item = A>,
) -> Result<(), Failure>
where
    A: sea_orm::ActiveModelTrait + sea_orm::ActiveModelBehavior + Send,
    <A::Entity as sea_orm::EntityTrait>::Model: IntoActiveModel<A>,
{
    let rows: Vec<A> = rows.into_iter().collect();
    if !rows.is_empty() {
        A::Entity::insert_many(rows).exec_without_returning(connection).await?;
    }
    Ok(())
}
