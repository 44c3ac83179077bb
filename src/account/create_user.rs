//! `createUser`, and `copydesk user add`.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use secrecy::SecretString;

use super::entity::{credentials, users};
use super::policy::{self, act};
use super::{User, password, user};
use crate::error::{Failure, Problems};
use crate::log::{Action, save};
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

/// Adds a user.
pub async fn create_user(op: &Operation, new: NewUser) -> Result<User, Failure> {
    policy::allow_new::<act::ManageUsers>(op)?;
    let NewUser { email, name, role, password } = new;
    let mut problems = Problems::default();
    let email = problems.take(input::email(&["input", "email"], &email));
    let name = problems.take(input::name(&["input", "name"], &name, user::NAME_CHARACTERS));
    problems.take(password::check(&["input", "password"], &password, email.as_deref().unwrap_or_default()));
    // Hashed before the transaction: it would hold the lock for as long as that takes.
    let password_hash =
        if problems.is_empty() { password::hash(op, &password).await? } else { String::new() };

    let transaction = op.begin().await?;
    transaction.lock_accounts().await?;
    let connection = transaction.connection();
    user::check_unmistakable(connection, op, None, email.as_deref(), name.as_deref(), &mut problems).await?;
    problems.check()?;
    let now = op.now();
    let added = users::ActiveModel {
        id: Set(op.new_id()),
        email: Set(email.unwrap_or_default()),
        name: Set(name.unwrap_or_default()),
        role: Set(role.name().to_owned()),
        is_active: Set(true),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(connection)
    .await?;
    credentials::ActiveModel {
        user_id: Set(added.id),
        password_hash: Set(password_hash),
        updated_at: Set(now),
    }
    .insert(connection)
    .await?;
    let change = user::change(connection, Action::UserCreated, &added).await?.detail(role.name());
    save(transaction, op, change).await?;
    Ok(added)
}
