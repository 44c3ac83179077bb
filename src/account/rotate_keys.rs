//! `copydesk keys rotate`: another key signs access tokens. In good time first, so that it can be copied to every node; at
//! once where the old one is in wrong hands.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::entity::instance_keys;
use super::instance::{self, TOKEN};
use super::policy::{self, act};
use super::token;
use crate::clock::Timestamp;
use crate::error::Failure;
use crate::keys::Term;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// How long before the new key signs. Meanwhile it is copied, and whoever checks tokens by `/.well-known/jwks.json` has asked
/// again.
const OVERLAP_SECONDS: i64 = 10 * 60;

/// How the log tells that the key before counts no more.
pub(super) const AT_ONCE: &str = "at once";

/// What was done.
pub struct Rotation {
    /// The new key's public id.
    pub key_id: String,
    /// Its file on this node.
    pub file: String,
    /// It signs from then on.
    pub signs_from: Timestamp,
    /// What the keys before it signed is refused from then on.
    pub old_refused_from: Timestamp,
}

/// From when a key that is made now signs, and from when what the keys before it signed is refused.
pub(super) fn moments(now: Timestamp, at_once: bool) -> (Timestamp, Timestamp) {
    if at_once {
        return (now, now);
    }
    let signs_from = now.plus_seconds(OVERLAP_SECONDS);
    (signs_from, signs_from.plus_seconds(token::LIFETIME_SECONDS + 2 * token::CLOCK_SKEW_SECONDS))
}

/// Makes a key and gives it its term. `at_once`: it signs from now on, and every token signed before is refused.
pub async fn rotate_keys(op: &Operation, at_once: bool) -> Result<Rotation, Failure> {
    policy::allow_new::<act::RotateKeys>(op)?;
    let key = op.store.keys.create_token_key(&*op.store.chance)?;
    let transaction = op.begin().await?;
    transaction.lock_accounts().await?;
    let now = op.now();
    let (signs_from, old_refused_from) = moments(now, at_once);
    let connection = transaction.connection();
    instance_keys::Entity::update_many()
        .col_expr(instance_keys::Column::RefusedFrom, Expr::value(old_refused_from))
        .filter(instance_keys::Column::Purpose.eq(TOKEN))
        .filter(
            instance_keys::Column::RefusedFrom
                .is_null()
                .or(instance_keys::Column::RefusedFrom.gt(old_refused_from)),
        )
        .exec(connection)
        .await?;
    instance_keys::ActiveModel {
        purpose: Set(TOKEN.to_owned()),
        key_id: Set(key.id.clone()),
        created_at: Set(now),
        signs_from: Set(signs_from),
        refused_from: Set(None),
    }
    .insert(connection)
    .await?;
    let change = NewChange::new(Action::KeyRotated, SubjectType::Key, key.log_id()).detail(if at_once {
        AT_ONCE
    } else {
        "with overlap"
    });
    save(transaction, op, change).await?;
    let file = op.store.keys.token_file(&key.id);
    Ok(Rotation { key_id: key.id, file, signs_from, old_refused_from })
}

/// The keys that sign tokens, the oldest first, and whether this node has each.
pub async fn token_keys(op: &Operation) -> Result<Vec<(Term, bool)>, Failure> {
    policy::allow_new::<act::RotateKeys>(op)?;
    let terms = instance::terms(op.snapshot().await?.connection()).await?;
    let held = op.store.keys.tokens();
    Ok(terms.into_iter().map(|term| (term.clone(), held.has(&term.key_id))).collect())
}
