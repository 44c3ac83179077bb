//! The database remembers the public ids of its instance's keys: a node that holds others refuses to start, before it
//! signs what the rest can't check. Of the keys that sign tokens it also remembers when each counts.

use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, DbErr, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};

use super::entity::instance_keys;
use crate::clock::{Clock, Timestamp};
use crate::db::{Database, Snapshot};
use crate::error::Failure;
use crate::keys::{Keys, Term};
use crate::operation::Store;

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
    Database(#[from] DbErr),
}

/// What the database calls the keys that sign tokens.
pub(super) const TOKEN: &str = "token";

/// Records the keys' ids at the first start, compares them at every other. Of nodes that start together, the first one's
/// keys hold.
pub async fn check_keys(database: &Database, keys: &Keys, clock: &dyn Clock) -> Result<(), InstanceError> {
    let transaction = database.begin().await?;
    transaction.lock_public_tables().await?;
    let mut recorded = instance_keys::Entity::find()
        .order_by_asc(instance_keys::Column::SignsFrom)
        .all(transaction.connection())
        .await?;
    if recorded.is_empty() {
        recorded = first_keys(keys, clock.now());
        let rows = recorded.iter().cloned().map(instance_keys::ActiveModel::from);
        instance_keys::Entity::insert_many(rows)
            .on_conflict(OnConflict::new().do_nothing().to_owned())
            .exec_without_returning(transaction.connection())
            .await?;
        // Not a change of content: there is no actor yet, and the log can't be signed before its key is known.
        transaction.commit().await?;
    }
    let of = |purpose: &str| {
        recorded.iter().filter(move |key| key.purpose == purpose).cloned().collect::<Vec<_>>()
    };
    for (purpose, held) in [("seal", keys.seal_id()), ("secret", keys.secret_id())] {
        if !of(purpose).iter().any(|key| key.key_id == held) {
            return Err(other_keys(purpose, held, &of(purpose)));
        }
    }
    let terms: Vec<Term> = of(TOKEN).into_iter().map(term).collect();
    let missing = keys.set_terms(&terms);
    if terms.iter().any(|term| term.is_good(clock.now()) && missing.contains(&term.key_id)) {
        let held = keys.tokens().first().map(|key| key.id.clone()).unwrap_or_default();
        return Err(other_keys(TOKEN, held, &of(TOKEN)));
    }
    Ok(())
}

fn first_keys(keys: &Keys, now: Timestamp) -> Vec<instance_keys::Model> {
    let token = keys.tokens().first().map(|key| key.id.clone()).unwrap_or_default();
    [("seal", keys.seal_id()), (TOKEN, token), ("secret", keys.secret_id())]
        .map(|(purpose, key_id)| instance_keys::Model {
            purpose: purpose.to_owned(),
            key_id,
            created_at: now,
            signs_from: Timestamp(0),
            refused_from: None,
        })
        .into()
}

fn other_keys(purpose: &str, held: String, recorded: &[instance_keys::Model]) -> InstanceError {
    let ids: Vec<&str> = recorded.iter().map(|key| key.key_id.as_str()).collect();
    InstanceError::OtherKeys { purpose: purpose.to_owned(), held, recorded: ids.join(", ") }
}

fn term(row: instance_keys::Model) -> Term {
    Term { key_id: row.key_id, signs_from: row.signs_from, refused_from: row.refused_from }
}

/// When which token key counts, the oldest first.
pub(super) async fn terms(connection: &impl ConnectionTrait) -> Result<Vec<Term>, DbErr> {
    let rows = instance_keys::Entity::find()
        .filter(instance_keys::Column::Purpose.eq(TOKEN))
        .order_by_asc(instance_keys::Column::SignsFrom)
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(term).collect())
}

/// Reads the token keys and their terms again; says whether all that count are here. One that is not is told when
/// `is_news`: its tokens can't be checked until its file is copied.
pub(super) async fn reload_token_keys(
    store: &Store,
    snapshot: &Snapshot,
    is_news: bool,
) -> Result<bool, Failure> {
    let terms = terms(snapshot.connection()).await?;
    let missing = store.keys.set_terms(&terms);
    let now = store.clock.now();
    let mut lacking =
        terms.iter().filter(|term| term.is_good(now) && missing.contains(&term.key_id)).peekable();
    let is_complete = lacking.peek().is_none();
    for term in lacking.filter(|_| is_news) {
        let file = store.keys.token_file(&term.key_id);
        tracing::error!(
            key = term.key_id,
            "the file {file} is missing: copy it from the node where the key was rotated; its tokens are refused here until then"
        );
    }
    Ok(is_complete)
}
