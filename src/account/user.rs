//! Adding users: by the command line for now, `copydesk user add`.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use secrecy::SecretString;
use serde::Serialize;

use super::entity::{credentials, users};
use super::password;
use super::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::UserId;
use crate::log::{Action, NewChange, SubjectType, content_hash, save};
use crate::operation::{Operation, Role};
use crate::text::input;

/// What a user is made of.
pub struct NewUser {
    /// Where they sign in with.
    pub email: String,
    /// As colleagues know them.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Kept as an Argon2id hash alone.
    pub password: SecretString,
}

/// What the log's hash of a user covers.
#[derive(Serialize)]
struct HashedUser<'a> {
    id: UserId,
    email: &'a str,
    name: &'a str,
    role: &'a str,
    is_active: &'a str,
    salt: &'a str,
}

/// Whether there is any user.
pub async fn any(op: &Operation) -> Result<bool, Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    Ok(users::Entity::find().one(op.snapshot().await?.connection()).await?.is_some())
}

/// The user of this e-mail address.
pub async fn by_email(op: &Operation, email: &str) -> Result<Option<users::Model>, Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    Ok(users::Entity::find()
        .filter(users::Column::Email.eq(email))
        .one(op.snapshot().await?.connection())
        .await?)
}

/// Gives a user another password.
pub async fn set_password(op: &Operation, id: UserId, password: &SecretString) -> Result<(), Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    let password_hash = password::hash(op, password).await?;
    let transaction = op.begin().await?;
    credentials::ActiveModel {
        user_id: Set(id),
        password_hash: Set(password_hash),
        updated_at: Set(op.now()),
    }
    .update(transaction.connection())
    .await?;
    save(transaction, op, NewChange::new(Action::PasswordSet, SubjectType::User, id)).await?;
    Ok(())
}

/// Adds a user.
pub async fn add(op: &Operation, new: NewUser) -> Result<users::Model, Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    let NewUser { email, name, role, password } = new;
    let mut problems = Problems::default();
    let email = problems.take(input::email(&["input", "email"], &email)).unwrap_or_default();
    let name = problems.take(input::line(&["input", "name"], &name, 100)).unwrap_or_default();
    problems.take(password::check(&["input", "password"], &password, &email));
    problems.check()?;
    let password_hash = password::hash(op, &password).await?;

    let transaction = op.begin().await?;
    let taken =
        users::Entity::find().filter(users::Column::Email.eq(&email)).one(transaction.connection()).await?;
    if taken.is_some() {
        return Err(Failure::refused(
            UserErrorCode::Taken,
            &["input", "email"],
            "There is a user with this e-mail address.",
        ));
    }
    let now = op.now();
    let user = users::ActiveModel {
        id: Set(op.new_id()),
        email: Set(email),
        name: Set(name),
        role: Set(role.name().to_owned()),
        is_active: Set(true),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(transaction.connection())
    .await?;
    credentials::ActiveModel {
        user_id: Set(user.id),
        password_hash: Set(password_hash),
        updated_at: Set(now),
    }
    .insert(transaction.connection())
    .await?;
    let hashed = HashedUser {
        id: user.id,
        email: &user.email,
        name: &user.name,
        role: &user.role,
        is_active: "true",
        salt: &user.salt,
    };
    let change = NewChange::new(Action::UserCreated, SubjectType::User, user.id).hash(content_hash(&hashed)?);
    save(transaction, op, change).await?;
    Ok(user)
}
