//! Reads of accounts.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, JoinType, QueryFilter as _, QuerySelect as _, Select,
};

use super::entity::{credentials, sessions, users};
use super::policy::{self, Action, Reach};
use super::session::{self, Session};
use crate::clock::Timestamp;
use crate::db::Snapshot;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::error::Failure;
use crate::id::{SessionId, UserId};
use crate::operation::{Operation, Role, Store, Viewer};

/// An active user and the sessions that last.
#[derive(Debug)]
pub struct SignedIn {
    /// What the user may do.
    pub role: Role,
    /// When each session ends unless prolonged.
    pub sessions: HashMap<SessionId, Timestamp>,
}

/// The role of a stored user.
pub fn role_of(user: &users::Model) -> Result<Role, Failure> {
    Role::from_name(&user.role)
        .ok_or_else(|| Failure::corrupt(format!("user {} has the role {:?}", user.id, user.role)))
}

/// One user.
pub async fn user(snapshot: &Snapshot, id: UserId) -> Result<Option<users::Model>, Failure> {
    Ok(users::Entity::find_by_id(id).one(snapshot.connection()).await?)
}

/// One user, if the viewer may see them.
pub async fn visible_user(op: &Operation, id: UserId) -> Result<Option<users::Model>, Failure> {
    if !policy::may(op.viewer, Action::ReadUsers, id) {
        return Ok(None);
    }
    user(&*op.snapshot().await?, id).await
}

/// Several users, by id.
pub async fn users(snapshot: &Snapshot, ids: Vec<UserId>) -> Result<HashMap<UserId, users::Model>, Failure> {
    let rows = users::Entity::find().filter(users::Column::Id.is_in(ids)).all(snapshot.connection()).await?;
    Ok(rows.into_iter().map(|user| (user.id, user)).collect())
}

/// What a user is called.
pub async fn name(connection: &impl ConnectionTrait, id: UserId) -> Result<Option<String>, Failure> {
    Ok(users::Entity::find_by_id(id).one(connection).await?.map(|user| user.name))
}

/// Which users a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listed {
    /// Those that the viewer may see.
    Users,
    /// Those to whom the viewer can hand a draft on.
    Assignees,
}

/// A page of them, in the order in which they were added.
pub async fn list(
    snapshot: &Snapshot,
    viewer: Viewer,
    which: Listed,
    window: &Window,
) -> Result<Page<users::Model>, Failure> {
    let Some(query) = listed(viewer, which) else { return Ok(Page::default()) };
    let sorting = Sorting::new(Expr::col(users::Column::CreatedAt), Expr::col(users::Column::Id), false);
    keyset::fetch(snapshot, query, &sorting, window).await
}

/// How many there are, up to one more than `most`.
pub async fn count(snapshot: &Snapshot, viewer: Viewer, which: Listed, most: u64) -> Result<u64, Failure> {
    match listed(viewer, which) {
        Some(query) => keyset::count(snapshot, query, most).await,
        None => Ok(0),
    }
}

fn listed(viewer: Viewer, which: Listed) -> Option<Select<users::Entity>> {
    match which {
        Listed::Users => match policy::reach_of(viewer, Action::ReadUsers) {
            Reach::Any => Some(users::Entity::find()),
            Reach::Own => Some(users::Entity::find_by_id(viewer.user_id()?)),
            Reach::None => None,
        },
        Listed::Assignees => (policy::reach_of(viewer, Action::AssignArticle) != Reach::None).then(assignees),
    }
}

/// A user to whom a draft can be handed on: active, and of a role that writes.
pub async fn assignee(
    connection: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<users::Model>, Failure> {
    Ok(assignees().filter(users::Column::Id.eq(id)).one(connection).await?)
}

fn assignees() -> Select<users::Entity> {
    let writes = |role: &Role| policy::reach(*role, Action::CreateArticle) == Reach::Any;
    let roles = Role::ALL.into_iter().filter(writes).map(Role::name);
    users::Entity::find().filter(users::Column::IsActive.eq(true)).filter(users::Column::Role.is_in(roles))
}

/// The viewer's own sessions that last, the one used last first.
pub async fn own_sessions(op: &Operation) -> Result<Vec<Session>, Failure> {
    match op.viewer.user_id() {
        Some(user) => session::lasting(op.snapshot().await?.connection(), user, op.now()).await,
        None => Ok(Vec::new()),
    }
}

/// One session.
pub(super) async fn session(
    connection: &impl ConnectionTrait,
    id: SessionId,
) -> Result<Option<Session>, Failure> {
    Ok(sessions::Entity::find_by_id(id).one(connection).await?)
}

/// A session with whose it is, in one statement.
pub(super) async fn session_and_user(
    connection: &impl ConnectionTrait,
    id: SessionId,
) -> Result<Option<(Session, users::Model)>, Failure> {
    let user =
        sessions::Entity::belongs_to(users::Entity).from(sessions::Column::UserId).to(users::Column::Id);
    let found = sessions::Entity::find_by_id(id)
        .join(JoinType::InnerJoin, user.into())
        .select_also(users::Entity)
        .one(connection)
        .await?;
    Ok(found.and_then(|(session, user)| Some((session, user?))))
}

/// A user who may sign in.
pub(super) async fn active_user(
    connection: &impl ConnectionTrait,
    id: UserId,
) -> Result<Option<users::Model>, Failure> {
    Ok(users::Entity::find_by_id(id).filter(users::Column::IsActive.eq(true)).one(connection).await?)
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
    // Asked for an unknown account too: the number of statements tells nothing.
    let id = user.as_ref().map_or(UserId(uuid::Uuid::nil()), |user| user.id);
    let credentials = credentials::Entity::find_by_id(id).one(connection).await?;
    Ok(user.zip(credentials.map(|credentials| credentials.password_hash)))
}

/// Makes a user's row this transaction's own, and with it what is done to all of the user's sessions.
pub(super) async fn lock_user(connection: &impl ConnectionTrait, id: UserId) -> Result<(), Failure> {
    users::Entity::find_by_id(id).lock_exclusive().one(connection).await?;
    Ok(())
}

/// An active user whose password still has this hash, locked to the transaction's end.
pub(super) async fn if_unchanged(
    connection: &impl ConnectionTrait,
    id: UserId,
    password_hash: &str,
) -> Result<Option<users::Model>, Failure> {
    let user = users::Entity::find_by_id(id)
        .filter(users::Column::IsActive.eq(true))
        .lock_exclusive()
        .one(connection)
        .await?;
    let same = credentials::Entity::find_by_id(id)
        .filter(credentials::Column::PasswordHash.eq(password_hash))
        .one(connection)
        .await?;
    Ok(user.filter(|_| same.is_some()))
}

/// Whether anybody has signed in from this network lately.
pub(super) async fn is_known(op: &Operation, network: &[u8]) -> Result<bool, Failure> {
    let found = sessions::Entity::find()
        .filter(sessions::Column::Network.eq(hex::encode(network)))
        .one(op.snapshot().await?.connection())
        .await?;
    Ok(found.is_some())
}

/// An active user and the sessions that last, with the log's number of the moment.
pub(super) async fn signed_in(store: &Store, id: UserId) -> Result<(i64, Option<SignedIn>), Failure> {
    let snapshot = store.database.snapshot().await?;
    let sequence = snapshot.place().await?;
    let Some(user) = active_user(snapshot.connection(), id).await? else { return Ok((sequence, None)) };
    let sessions = session::lasting(snapshot.connection(), id, store.clock.now()).await?;
    let sessions = sessions.into_iter().map(|session| (session.id, session.expires_at)).collect();
    Ok((sequence, Some(SignedIn { role: role_of(&user)?, sessions })))
}
