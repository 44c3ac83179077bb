//! Articles after something of the library was replaced or moved: what they use, and what the public sees of it. Their revisions
//! stay as they are.

use std::collections::{BTreeMap, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, DatabaseTransaction, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use uuid::Uuid;

use super::entity::public::{article_authors, article_categories, article_tags};
use super::projection::project_categories;
use super::resolve::replace_in;
use super::{image_uses, uses};
use crate::clock::Timestamp;
use crate::db::{WriteTransaction, insert};
use crate::error::Failure;
use crate::id::{ArticleId, AuthorId, CategoryId, ImageId, TagId, UserId};
use crate::library;
use crate::reads::articles_of;
use crate::{author, taxonomy};

/// Public articles that are written at once.
const BATCH: usize = 500;

/// The articles, for the library's verbs.
pub struct Articles;

impl library::Articles for Articles {
    async fn count_uses(&self, transaction: &WriteTransaction, thing: Uuid) -> Result<u64, Failure> {
        uses::count(transaction.connection(), thing).await
    }

    async fn count_image_uses(
        &self,
        transaction: &WriteTransaction,
        image: ImageId,
    ) -> Result<library::ImageUses, Failure> {
        image_uses::count(transaction.connection(), image).await
    }

    async fn do_others_use_image(
        &self,
        transaction: &WriteTransaction,
        image: ImageId,
        user: UserId,
    ) -> Result<bool, Failure> {
        image_uses::is_in_a_draft_of_others(transaction.connection(), image, user).await
    }

    async fn replace_author(
        &self,
        transaction: &WriteTransaction,
        old: AuthorId,
        new: AuthorId,
    ) -> Result<Vec<String>, Failure> {
        let mut touched = vec![articles_of(old), articles_of(new)];
        let more = authors::unite(transaction.connection(), old, new).await?;
        if more > 0 {
            touched.extend(author::public::refer_more(transaction, &BTreeMap::from([(new, more)])).await?);
            authors::rename(transaction.connection(), old, new).await?;
        }
        uses::replace(transaction.connection(), old.0, new.0).await?;
        Ok(touched)
    }

    async fn replace_tag(
        &self,
        transaction: &WriteTransaction,
        old: TagId,
        new: TagId,
    ) -> Result<Vec<String>, Failure> {
        let mut touched = vec![articles_of(old), articles_of(new)];
        let more = tags::unite(transaction.connection(), old, new).await?;
        if more > 0 {
            let counts = BTreeMap::from([(new, more)]);
            touched.extend(taxonomy::public::refer_more_tags(transaction, &counts).await?);
            tags::rename(transaction.connection(), old, new).await?;
        }
        uses::replace(transaction.connection(), old.0, new.0).await?;
        Ok(touched)
    }

    async fn replace_category(
        &self,
        transaction: &WriteTransaction,
        old: CategoryId,
        new: CategoryId,
    ) -> Result<Vec<String>, Failure> {
        let touched = refile(transaction, old, &HashMap::from([(old.0, new.0)])).await?;
        uses::replace(transaction.connection(), old.0, new.0).await?;
        Ok(touched)
    }

    async fn refile(
        &self,
        transaction: &WriteTransaction,
        moved: CategoryId,
    ) -> Result<Vec<String>, Failure> {
        refile(transaction, moved, &HashMap::new()).await
    }
}

/// What replaces a label in a table of public articles' labels. The public row of the new one must be there before rows refer to
/// it, so it is said first how many more will.
macro_rules! label {
    ($name:ident, $junction:ident, $Id:ty, $Column:ident, $column:ident) => {
        mod $name {
            use super::*;
            use $junction::{ActiveModel, Column, Entity, Model};

            /// Takes the old one away from articles that have both: the first place counts. Gives how many have it alone.
            pub async fn unite(connection: &DatabaseTransaction, old: $Id, new: $Id) -> Result<i32, Failure> {
                let has_new: SelectStatement = Query::select()
                    .column(Column::ArticleId)
                    .from(Entity)
                    .and_where(Expr::col(Column::$Column).eq(new.0))
                    .to_owned();
                let with_old = Entity::find().filter(Column::$Column.eq(old));
                let both: Vec<ArticleId> = with_old
                    .clone()
                    .select_only()
                    .column(Column::ArticleId)
                    .filter(Column::ArticleId.in_subquery(has_new))
                    .into_tuple()
                    .all(connection)
                    .await?;
                let replaced = HashMap::from([(old.0, new.0)]);
                for some in both.chunks(BATCH) {
                    let these = Column::ArticleId.is_in(some.iter().copied());
                    let rows = Entity::find().filter(these.clone()).order_by_asc(Column::Position);
                    let rows = rows.all(connection).await?;
                    Entity::delete_many().filter(these).exec(connection).await?;
                    let mut by_article: BTreeMap<ArticleId, (Timestamp, Vec<$Id>)> = BTreeMap::new();
                    for Model { article_id, published_at, $column, position: _ } in rows {
                        by_article.entry(article_id).or_insert((published_at, Vec::new())).1.push($column);
                    }
                    let mut written = Vec::new();
                    for (article, (published_at, mut ids)) in by_article {
                        replace_in(&mut ids, &replaced);
                        written.extend((1..).zip(ids).map(|(position, id)| ActiveModel {
                            article_id: Set(article),
                            $column: Set(id),
                            position: Set(position),
                            published_at: Set(published_at),
                        }));
                    }
                    insert::all(connection, written).await?;
                }
                Ok(i32::try_from(with_old.count(connection).await?).unwrap_or(i32::MAX))
            }

            /// Puts the new one in the place of the old.
            pub async fn rename(connection: &DatabaseTransaction, old: $Id, new: $Id) -> Result<(), Failure> {
                Entity::update_many()
                    .col_expr(Column::$Column, Expr::value(new.0))
                    .filter(Column::$Column.eq(old))
                    .exec(connection)
                    .await?;
                Ok(())
            }
        }
    };
}

label!(authors, article_authors, AuthorId, AuthorId, author_id);
label!(tags, article_tags, TagId, TagId, tag_id);

/// Files the public articles that are in a category or below it anew: by the tree as it stands, and with what is replaced. Gives
/// the cache tags that this touches: of the categories that have other articles now.
async fn refile(
    transaction: &WriteTransaction,
    category: CategoryId,
    replaced: &HashMap<Uuid, Uuid>,
) -> Result<Vec<String>, Failure> {
    use article_categories::{ActiveModel, Column, Entity};
    let connection = transaction.connection();
    let tree = taxonomy::read::tree(connection).await?;
    let articles: Vec<ArticleId> = Entity::find()
        .select_only()
        .column(Column::ArticleId)
        .filter(Column::CategoryId.eq(category))
        .into_tuple()
        .all(connection)
        .await?;
    let mut counts: HashMap<CategoryId, i32> = HashMap::new();
    for some in articles.chunks(BATCH) {
        let these = Column::ArticleId.is_in(some.iter().copied());
        let rows =
            Entity::find().filter(these.clone()).order_by_asc(Column::Position).all(connection).await?;
        Entity::delete_many().filter(these).exec(connection).await?;
        let mut direct: BTreeMap<ArticleId, (Timestamp, Vec<CategoryId>)> = BTreeMap::new();
        for row in rows {
            *counts.entry(row.category_id).or_default() -= 1;
            let article = direct.entry(row.article_id).or_insert((row.published_at, Vec::new()));
            if row.is_direct {
                article.1.push(row.category_id);
            }
        }
        let mut written = Vec::new();
        for (article, (published_at, mut ids)) in direct {
            replace_in(&mut ids, replaced);
            for row in project_categories(&ids, &tree) {
                *counts.entry(row.id).or_default() += 1;
                written.push(ActiveModel {
                    article_id: Set(article),
                    category_id: Set(row.id),
                    position: Set(row.position),
                    is_direct: Set(row.is_direct),
                    published_at: Set(published_at),
                });
            }
        }
        insert::all(connection, written).await?;
    }
    let mut by: BTreeMap<i32, Vec<CategoryId>> = BTreeMap::new();
    let touched = counts.iter().filter(|(_, more)| **more != 0).map(|(id, _)| articles_of(id)).collect();
    for (category, more) in counts.into_iter().filter(|(_, more)| *more != 0) {
        by.entry(more).or_default().push(category);
    }
    for (more, categories) in by {
        taxonomy::public::count_in_categories(transaction, &categories, more).await?;
    }
    Ok(touched)
}
