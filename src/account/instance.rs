//! The database remembers the public ids of its instance's keys: a node that holds others refuses to start, before it
//! signs what the rest can't check.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait as _, QueryOrder as _};

use super::entity::instance_keys;
use crate::clock::Clock;
use crate::db::Database;
use crate::keys::Keys;

/// Why a node may not start.
#[derive(Debug, thiserror::Error)]
pub enum InstanceError {
    /// The keys are of another instance.
    #[error(
        "this node's {purpose} key is {held}, but the database was written with {recorded}: \
         copy the keys directory of the node that made it (COPYDESK_KEYS_DIR) to this node"
    )]
    OtherKeys {
        /// Which key.
        purpose: String,
        /// Its public id here.
        held: String,
        /// Its public id in the database.
        recorded: String,
    },
    /// The database's trouble.
    #[error("the database can't be used: {0}")]
    Database(#[from] sea_orm::DbErr),
}

/// Records the keys' ids at the first start, compares them at every other. Of nodes that start together, the first one's
/// keys hold.
pub async fn check_keys(database: &Database, keys: &Keys, clock: &dyn Clock) -> Result<(), InstanceError> {
    let held = [("seal", keys.seal_id()), ("token", keys.token_id()), ("secret", keys.secret_id())];
    let transaction = database.begin().await?;
    transaction.lock_public_tables().await?;
    let recorded = instance_keys::Entity::find()
        .order_by_asc(instance_keys::Column::Purpose)
        .all(transaction.connection())
        .await?;
    if recorded.is_empty() {
        let rows = held.map(|(purpose, key_id)| instance_keys::ActiveModel {
            purpose: Set(purpose.to_owned()),
            key_id: Set(key_id),
            created_at: Set(clock.now()),
        });
        instance_keys::Entity::insert_many(rows)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(transaction.connection())
            .await?;
        // Not a change of content: there is no actor yet, and the log can't be signed before its key is known.
        return Ok(transaction.commit().await?);
    }
    for (purpose, held) in held {
        if !recorded.iter().any(|key| key.purpose == purpose && key.key_id == held) {
            let recorded: Vec<&str> =
                recorded.iter().filter(|key| key.purpose == purpose).map(|key| key.key_id.as_str()).collect();
            return Err(InstanceError::OtherKeys {
                purpose: purpose.to_owned(),
                held,
                recorded: recorded.join(", "),
            });
        }
    }
    Ok(())
}
