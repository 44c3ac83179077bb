//! What took the place of authors, tags and categories that are gone.

use std::collections::{BTreeSet, HashMap};

use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::entity::replacements;
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::log::SubjectType;

/// What these were replaced by, as far as they were: what is there now, however often that was replaced in its turn.
pub async fn of(
    connection: &impl ConnectionTrait,
    things: BTreeSet<Uuid>,
) -> Result<HashMap<Uuid, Uuid>, Failure> {
    let mut direct: HashMap<Uuid, Uuid> = HashMap::new();
    let mut asked = things.clone();
    while !asked.is_empty() {
        let rows = replacements::Entity::find()
            .filter(replacements::Column::ThingId.is_in(asked))
            .all(connection)
            .await?;
        asked = rows.iter().map(|row| row.replacement_id).filter(|id| !direct.contains_key(id)).collect();
        direct.extend(rows.into_iter().map(|row| (row.thing_id, row.replacement_id)));
    }
    Ok(things.into_iter().filter_map(|thing| Some((thing, followed(&direct, thing)?))).collect())
}

/// All that was ever replaced, by what is there now: for what goes through all articles.
pub async fn all(connection: &impl ConnectionTrait) -> Result<HashMap<Uuid, Uuid>, Failure> {
    let rows = replacements::Entity::find().all(connection).await?;
    let direct: HashMap<Uuid, Uuid> =
        rows.into_iter().map(|row| (row.thing_id, row.replacement_id)).collect();
    Ok(direct.keys().filter_map(|thing| Some((*thing, followed(&direct, *thing)?))).collect())
}

/// Where the steps from a thing end; none where there is none. Rows that were tampered with may lead in a circle.
fn followed(direct: &HashMap<Uuid, Uuid>, thing: Uuid) -> Option<Uuid> {
    let mut last = *direct.get(&thing)?;
    for _ in 0..direct.len() {
        match direct.get(&last) {
            Some(next) => last = *next,
            None => break,
        }
    }
    Some(last)
}

/// Notes that a thing takes the place of another.
pub async fn note(
    transaction: &WriteTransaction,
    kind: SubjectType,
    old: Uuid,
    new: Uuid,
) -> Result<(), Failure> {
    let row = replacements::ActiveModel {
        thing_id: Set(old),
        kind: Set(kind.name().to_owned()),
        replacement_id: Set(new),
    };
    replacements::Entity::insert(row).exec_without_returning(transaction.connection()).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_followed_to_their_end() {
        let [a, b, c] = [1, 2, 3].map(Uuid::from_u128);
        let chain = HashMap::from([(a, b), (b, c)]);
        assert_eq!((followed(&chain, a), followed(&chain, b), followed(&chain, c)), (Some(c), Some(c), None));
        assert!(followed(&HashMap::from([(a, b), (b, a)]), a).is_some(), "a circle ends");
    }
}
