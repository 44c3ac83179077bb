//! Slugs that authors, tags and categories had before: kept for them as long as they exist, and then for what takes their place.

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::entity::former_slugs;
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::log::SubjectType;

/// The former slugs of things, in order.
pub async fn of(
    connection: &impl ConnectionTrait,
    things: &[Uuid],
) -> Result<HashMap<Uuid, Vec<String>>, Failure> {
    let rows = former_slugs::Entity::find()
        .filter(former_slugs::Column::ThingId.is_in(things.to_vec()))
        .order_by_asc(former_slugs::Column::Slug)
        .all(connection)
        .await?;
    let mut slugs: HashMap<Uuid, Vec<String>> = HashMap::new();
    for row in rows {
        slugs.entry(row.thing_id).or_default().push(row.slug);
    }
    Ok(slugs)
}

/// The former slugs of one thing, in order.
pub async fn of_one(connection: &impl ConnectionTrait, thing: Uuid) -> Result<Vec<String>, Failure> {
    Ok(of(connection, &[thing]).await?.remove(&thing).unwrap_or_default())
}

/// What had this slug before.
pub async fn holder(
    connection: &impl ConnectionTrait,
    kind: SubjectType,
    slug: &str,
) -> Result<Option<Uuid>, Failure> {
    let key = (kind.name().to_owned(), slug.to_owned());
    let row = former_slugs::Entity::find_by_id(key).one(connection).await?;
    Ok(row.map(|row| row.thing_id))
}

/// Which of these slugs are kept, for another than this thing.
pub async fn taken(
    connection: &impl ConnectionTrait,
    kind: SubjectType,
    slugs: Vec<String>,
    except: Option<Uuid>,
) -> Result<HashSet<String>, Failure> {
    let rows = former_slugs::Entity::find()
        .filter(former_slugs::Column::Kind.eq(kind.name()))
        .filter(former_slugs::Column::Slug.is_in(slugs))
        .all(connection)
        .await?;
    Ok(rows.into_iter().filter(|row| Some(row.thing_id) != except).map(|row| row.slug).collect())
}

/// A thing has another slug: the old one is kept, and the new one is no former one any more.
pub async fn rename(
    transaction: &WriteTransaction,
    kind: SubjectType,
    thing: Uuid,
    old: &str,
    new: &str,
) -> Result<(), Failure> {
    let connection = transaction.connection();
    former_slugs::Entity::delete_by_id((kind.name().to_owned(), new.to_owned())).exec(connection).await?;
    keep(transaction, kind, thing, old).await
}

/// A thing takes the place of another: the other's slugs lead to it.
pub async fn inherit(
    transaction: &WriteTransaction,
    kind: SubjectType,
    (old, old_slug): (Uuid, &str),
    new: Uuid,
) -> Result<(), Failure> {
    former_slugs::Entity::update_many()
        .col_expr(former_slugs::Column::ThingId, Expr::value(new))
        .filter(former_slugs::Column::ThingId.eq(old))
        .exec(transaction.connection())
        .await?;
    keep(transaction, kind, new, old_slug).await
}

/// Nothing takes a thing's place: its former slugs are free.
pub async fn release(transaction: &WriteTransaction, thing: Uuid) -> Result<(), Failure> {
    former_slugs::Entity::delete_many()
        .filter(former_slugs::Column::ThingId.eq(thing))
        .exec(transaction.connection())
        .await?;
    Ok(())
}

async fn keep(
    transaction: &WriteTransaction,
    kind: SubjectType,
    thing: Uuid,
    slug: &str,
) -> Result<(), Failure> {
    let row = former_slugs::ActiveModel {
        kind: Set(kind.name().to_owned()),
        slug: Set(slug.to_owned()),
        thing_id: Set(thing),
    };
    former_slugs::Entity::insert(row).exec_without_returning(transaction.connection()).await?;
    Ok(())
}
