//! What every verb about users shares: finding one for an action, writing it, and what the log keeps of it.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, PaginatorTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use serde::Serialize;

use super::User;
use super::entity::{credentials, users};
use super::policy::{self, Act, Action, Allowed, Owned, act};
use crate::db::WriteTransaction;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::UserId;
use crate::log::{self, NewChange, SubjectType, content_hash};
use crate::operation::{Operation, Role};
use crate::text::lookalike;

/// Longest name, in characters.
pub(super) const NAME_CHARACTERS: usize = 100;

impl Owned for User {
    fn owner(&self) -> UserId {
        self.id
    }
}

/// What the log's hash of a user covers.
#[derive(Serialize)]
struct HashedUser<'a> {
    id: UserId,
    email: &'a str,
    name: &'a str,
    role: &'a str,
    is_active: &'a str,
    password_hash: &'a str,
    salt: &'a str,
}

/// The hash of a user as the log has it, with what their password is checked against.
pub(super) fn hash(user: &User, password_hash: &str) -> Result<String, Failure> {
    let User { id, email, name, role, is_active, version: _, salt, created_at: _, updated_at: _ } = user;
    let is_active = if *is_active { "true" } else { "false" };
    content_hash(&HashedUser { id: *id, email, name, role, is_active, password_hash, salt })
}

/// What was done to a user, with the hash of what they became.
pub(super) async fn change(
    connection: &impl ConnectionTrait,
    action: log::Action,
    user: &User,
) -> Result<NewChange, Failure> {
    let password = credentials::Entity::find_by_id(user.id).one(connection).await?;
    let password_hash = password.map(|password| password.password_hash).unwrap_or_default();
    Ok(NewChange::new(action, SubjectType::User, user.id).hash(hash(user, &password_hash)?))
}

/// Whether there is any user.
pub async fn any(op: &Operation) -> Result<bool, Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    Ok(users::Entity::find().one(op.snapshot().await?.connection()).await?.is_some())
}

/// The user of this e-mail address.
pub async fn by_email(op: &Operation, email: &str) -> Result<Option<User>, Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    Ok(users::Entity::find()
        .filter(users::Column::Email.eq(email))
        .one(op.snapshot().await?.connection())
        .await?)
}

/// All users, in the order in which they were added.
pub async fn all(op: &Operation) -> Result<Vec<User>, Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    Ok(users::Entity::find()
        .order_by_asc(users::Column::CreatedAt)
        .order_by_asc(users::Column::Id)
        .all(op.snapshot().await?.connection())
        .await?)
}

/// Finds a user for an action, inside the transaction, locked to its end with all that is about users.
pub(super) async fn find_for<A: Act>(
    transaction: &WriteTransaction,
    op: &Operation,
    id: UserId,
) -> Result<Allowed<A, User>, Failure> {
    policy::may_ever::<A>(op)?;
    transaction.lock_accounts().await?;
    let found = users::Entity::find_by_id(id).lock_exclusive().one(transaction.connection()).await?;
    op.check_standing(transaction).await?;
    match found.filter(|user| policy::may(op.viewer, Action::ReadUsers, user.id)) {
        Some(user) => policy::allow(op, user),
        None => {
            Err(Failure::refused(UserErrorCode::NotFound, &["input", "userId"], "There is no such user."))
        }
    }
}

/// Refuses an edit that was made from another version.
pub(super) fn check_version(user: &User, given: i32) -> Result<(), Failure> {
    if user.version == given {
        return Ok(());
    }
    let message = format!(
        "The user has changed since version {given}. Look at it as it is now, and save with its version."
    );
    Err(Failure::refused(UserErrorCode::Conflict, &["input", "version"], message))
}

/// Writes a user's columns and raises the version.
pub(super) async fn write<A>(
    transaction: &WriteTransaction,
    op: &Operation,
    found: &Allowed<A, User>,
    changed: User,
) -> Result<User, Failure> {
    let User { id, email, name, role, is_active, version: _, salt: _, created_at: _, updated_at: _ } =
        changed.clone();
    let version = found.version + 1;
    users::Entity::update_many()
        .col_expr(users::Column::Email, Expr::value(email))
        .col_expr(users::Column::Name, Expr::value(name))
        .col_expr(users::Column::Role, Expr::value(role))
        .col_expr(users::Column::IsActive, Expr::value(is_active))
        .col_expr(users::Column::Version, Expr::value(version))
        .col_expr(users::Column::UpdatedAt, Expr::value(op.now()))
        .filter(users::Column::Id.eq(id))
        .exec(transaction.connection())
        .await?;
    Ok(User { version, updated_at: op.now(), ..changed })
}

/// Refuses what would leave nobody who manages users.
pub(super) async fn check_an_admin_stays(
    connection: &impl ConnectionTrait,
    user: &User,
    path: &[&str],
) -> Result<(), Failure> {
    if !user.is_active || user.role != Role::Admin.name() {
        return Ok(());
    }
    let others = users::Entity::find()
        .filter(users::Column::Role.eq(Role::Admin.name()))
        .filter(users::Column::IsActive.eq(true))
        .filter(users::Column::Id.ne(user.id))
        .count(connection)
        .await?;
    if others > 0 {
        return Ok(());
    }
    let message = "This is the last active admin: without one, nobody could let anybody in. Make somebody else an admin first.";
    Err(Failure::refused(UserErrorCode::WrongState, path, message))
}

/// Notes where an e-mail address is another user's, or where it or the name would pass for another's. Namesakes are for
/// admins to allow.
pub(super) async fn check_unmistakable(
    connection: &impl ConnectionTrait,
    op: &Operation,
    user: Option<UserId>,
    email: Option<&str>,
    name: Option<&str>,
    problems: &mut Problems,
) -> Result<(), Failure> {
    let others = users::Entity::find().all(connection).await?;
    let manages = policy::reach_of(op.viewer, Action::ManageUsers) == policy::Reach::Any;
    for other in others.iter().filter(|other| Some(other.id) != user) {
        if let Some(email) = email
            && (email == other.email || lookalike::imitates(email, &other.email))
        {
            let message = "There is a user with this e-mail address, or with one that looks like it.";
            problems.add(UserErrorCode::Taken, &["input", "email"], message);
        }
        if let Some(name) = name
            && (lookalike::imitates_name(name, &other.name) || (name == other.name && !manages))
        {
            let message =
                "Another user's name reads like this: nobody could tell the two apart. Choose another.";
            problems.add(UserErrorCode::Taken, &["input", "name"], message);
            break;
        }
    }
    Ok(())
}
