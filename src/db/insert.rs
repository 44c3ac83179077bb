//! Many rows in few statements.

use futures_util::future::join;
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel,
    Iterable as _, QueryTrait as _, Statement,
};

/// Values that one statement binds, at most. Both engines take many times as many; but then there is nothing to be made while
/// one is carried out.
pub const MOST_VALUES: usize = 2_000;

/// Inserts rows in as few statements as both engines take; none without a statement.
pub async fn all<A, Rows>(connection: &impl ConnectionTrait, rows: Rows) -> Result<(), DbErr>
where
    A: ActiveModelTrait + ActiveModelBehavior + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    Rows: IntoIterator<Item = A>,
    Rows::IntoIter: Send,
{
    as_made(connection, rows.into_iter().map(Ok)).await
}

/// The same for rows that are made meanwhile: those of the next statement while the engine carries out the last. Where one
/// can't be made, some that come before it are in.
pub async fn as_made<A, E>(
    connection: &impl ConnectionTrait,
    mut rows: impl Iterator<Item = Result<A, E>> + Send,
) -> Result<(), E>
where
    A: ActiveModelTrait + ActiveModelBehavior + Send,
    <A::Entity as EntityTrait>::Model: IntoActiveModel<A>,
    E: From<DbErr> + Send,
{
    let engine = connection.get_database_backend();
    let at_once = MOST_VALUES / <A::Entity as EntityTrait>::Column::iter().count().max(1);
    let mut make = || -> Result<Option<Statement>, E> {
        let some = rows.by_ref().take(at_once).collect::<Result<Vec<A>, E>>()?;
        Ok((!some.is_empty()).then(|| A::Entity::insert_many(some).build(engine)))
    };
    let mut next = make()?;
    while let Some(statement) = next {
        let (done, made) = join(connection.execute_raw(statement), async { make() }).await;
        done.map_err(E::from)?;
        next = made?;
    }
    Ok(())
}
