//! Which articles use what of the library: the authors, categories, tags and images of their newest revision, and of the public
//! one.

use std::collections::{BTreeSet, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, OnConflict, Query, SelectStatement};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QuerySelect as _,
};
use uuid::Uuid;

use super::content::Content;
use super::entity::private::uses;
use super::{resolve, revision};
use crate::db::ids::IdColumn;
use crate::db::{Snapshot, WriteTransaction};
use crate::error::Failure;
use crate::id::ArticleId;

/// Rows that one statement writes.
const ROWS: usize = 1_000;
/// So many articles are few.
const FEW: u64 = 1_000;

/// What a content uses.
pub(super) fn of(content: &Content) -> BTreeSet<Uuid> {
    let authors = content.authors.iter().map(|id| id.0);
    let categories = content.categories.iter().map(|id| id.0);
    let tags = content.tags.iter().map(|id| id.0);
    let images = content.images().into_iter().map(|id| id.0);
    authors.chain(categories).chain(tags).chain(images).collect()
}

/// The rows of an article that uses this.
pub(super) fn rows(
    article: ArticleId,
    things: impl IntoIterator<Item = Uuid>,
) -> impl Iterator<Item = uses::ActiveModel> {
    things.into_iter().map(move |thing| uses::ActiveModel { thing_id: Set(thing), article_id: Set(article) })
}

/// An article comes to use this.
pub(super) async fn add(
    transaction: &WriteTransaction,
    article: ArticleId,
    things: impl IntoIterator<Item = Uuid>,
) -> Result<(), Failure> {
    let rows: Vec<uses::ActiveModel> = rows(article, things).collect();
    for some in rows.chunks(ROWS) {
        let known =
            OnConflict::columns([uses::Column::ThingId, uses::Column::ArticleId]).do_nothing().to_owned();
        uses::Entity::insert_many(some.to_vec())
            .on_conflict(known)
            .exec_without_returning(transaction.connection())
            .await?;
    }
    Ok(())
}

/// An article's newest content is another. What its public revision uses stays.
pub(super) async fn change(
    transaction: &WriteTransaction,
    article: ArticleId,
    published_revision: Option<i32>,
    before: &Content,
    after: &Content,
) -> Result<(), Failure> {
    let (before, after) = (of(before), of(after));
    add(transaction, article, after.difference(&before).copied()).await?;
    if before.is_subset(&after) {
        return Ok(());
    }
    let public = match published_revision {
        Some(number) => revision::read(transaction.connection(), article, number).await?,
        None => None,
    };
    let mut stays = after;
    if let Some(public) = public {
        let mut content = revision::content(&public)?;
        resolve::resolve(transaction.connection(), [&mut content]).await?;
        stays.extend(of(&content));
    }
    keep(transaction, article, &stays).await
}

/// An article uses nothing but this any more.
pub(super) async fn keep(
    transaction: &WriteTransaction,
    article: ArticleId,
    stays: &BTreeSet<Uuid>,
) -> Result<(), Failure> {
    let connection = transaction.connection();
    let found: Vec<Uuid> = uses::Entity::find()
        .select_only()
        .column(uses::Column::ThingId)
        .filter(uses::Column::ArticleId.eq(article))
        .into_tuple()
        .all(connection)
        .await?;
    let gone: Vec<Uuid> = found.into_iter().filter(|thing| !stays.contains(thing)).collect();
    for some in gone.chunks(ROWS) {
        uses::Entity::delete_many()
            .filter(uses::Column::ArticleId.eq(article))
            .filter(uses::Column::ThingId.is_in(some.to_vec()))
            .exec(connection)
            .await?;
    }
    Ok(())
}

/// What these articles use, as the table has it.
pub(super) async fn of_articles(
    connection: &impl ConnectionTrait,
    articles: Vec<Uuid>,
) -> Result<HashMap<Uuid, BTreeSet<Uuid>>, Failure> {
    let rows = uses::Entity::find().filter(uses::Column::ArticleId.is_in(articles)).all(connection).await?;
    let mut found: HashMap<Uuid, BTreeSet<Uuid>> = HashMap::new();
    for row in rows {
        found.entry(row.article_id.0).or_default().insert(row.thing_id);
    }
    Ok(found)
}

/// The articles that use this: a subquery for lists of drafts.
pub(super) fn users(thing: Uuid) -> SelectStatement {
    Query::select()
        .column(uses::Column::ArticleId)
        .from(uses::Entity)
        .and_where(Expr::col(uses::Column::ThingId).eq(thing))
        .to_owned()
}

/// The same articles by their ids, where they are few: a list of drafts then begins with them, and goes through the drafts in
/// their order only where many of those are among them.
pub(super) async fn few(snapshot: &Snapshot, thing: Uuid) -> Result<Option<Vec<ArticleId>>, Failure> {
    let articles: Vec<ArticleId> = uses::Entity::find()
        .select_only()
        .column(uses::Column::ArticleId)
        .filter(uses::Column::ThingId.eq(thing))
        .limit(FEW + 1)
        .into_tuple()
        .all(snapshot.connection())
        .await?;
    Ok((articles.len() as u64 <= FEW).then_some(articles))
}

/// One of the articles that use what this names: a subquery.
pub(super) fn one_of(thing: Expr) -> SelectStatement {
    Query::select()
        .column(uses::Column::ArticleId)
        .from(uses::Entity)
        .and_where(Expr::col((uses::Entity, uses::Column::ThingId)).eq(thing))
        .limit(1)
        .to_owned()
}

/// How many articles use this, those in the trash among them.
pub(super) async fn count(connection: &impl ConnectionTrait, thing: Uuid) -> Result<u64, Failure> {
    Ok(uses::Entity::find().filter(uses::Column::ThingId.eq(thing)).count(connection).await?)
}

/// Whoever uses one thing uses another in its place.
pub(super) async fn replace(connection: &impl ConnectionTrait, old: Uuid, new: Uuid) -> Result<(), Failure> {
    uses::Entity::delete_many()
        .filter(uses::Column::ThingId.eq(old))
        .filter(uses::Column::ArticleId.in_subquery(users(new)))
        .exec(connection)
        .await?;
    uses::Entity::update_many()
        .col_expr(uses::Column::ThingId, Expr::value(new))
        .filter(uses::Column::ThingId.eq(old))
        .exec(connection)
        .await?;
    Ok(())
}

/// How many articles use each of these, those in the trash among them.
pub async fn counts(snapshot: &Snapshot, things: &[Uuid]) -> Result<HashMap<Uuid, i64>, Failure> {
    Ok(IdColumn::of::<uses::Entity>(uses::Column::ThingId).counts(snapshot, things).await?)
}
