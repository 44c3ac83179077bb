//! Reads of accounts.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::entity::{credentials, sessions, users};
use crate::db::Snapshot;
use crate::error::Failure;
use crate::id::{SessionId, UserId};
use crate::operation::{Role, Store, Viewer};

/// The role of a stored user.
pub fn role_of(user: &users::Model) -> Result<Role, Failure> {
    Role::from_name(&user.role)
        .ok_or_else(|| Failure::corrupt(format!("user {} has the role {:?}", user.id, user.role)))
}

/// One user.
pub async fn user(snapshot: &Snapshot, id: UserId) -> Result<Option<users::Model>, Failure> {
    Ok(users::Entity::find_by_id(id).one(snapshot.connection()).await?)
}

/// Several users, by id.
pub async fn users(snapshot: &Snapshot, ids: Vec<UserId>) -> Result<HashMap<UserId, users::Model>, Failure> {
    let rows = users::Entity::find().filter(users::Column::Id.is_in(ids)).all(snapshot.connection()).await?;
    Ok(rows.into_iter().map(|user| (user.id, user)).collect())
}

/// An active user with the hash of their password.
pub(super) async fn user_with_password(
    connection: &impl ConnectionTrait,
    email: &str,
) -> Result<Option<(users::Model, String)>, Failure> {
    let user = users::Entity::find()
        .filter(users::Column::Email.eq(email))
        .filter(users::Column::IsActive.eq(true))
        .one(connection)
        .await?;
    let Some(user) = user else { return Ok(None) };
    let credentials = credentials::Entity::find_by_id(user.id).one(connection).await?;
    Ok(credentials.map(|credentials| (user, credentials.password_hash)))
}

/// Who a checked token speaks for, if the session still lasts and the user is still active.
pub async fn viewer(store: &Store, user: UserId, session: SessionId) -> Result<Option<Viewer>, Failure> {
    let snapshot = store.database.snapshot().await?;
    let lasting = sessions::Entity::find_by_id(session)
        .filter(sessions::Column::UserId.eq(user))
        .filter(sessions::Column::EndedAt.is_null())
        .filter(sessions::Column::ExpiresAt.gt(store.clock.now()))
        .one(snapshot.connection())
        .await?;
    if lasting.is_none() {
        return Ok(None);
    }
    match users::Entity::find_by_id(user)
        .filter(users::Column::IsActive.eq(true))
        .one(snapshot.connection())
        .await?
    {
        Some(user) => Ok(Some(Viewer::User { id: user.id, role: role_of(&user)? })),
        None => Ok(None),
    }
}
