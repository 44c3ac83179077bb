//! `updateUser`: a user's name; for admins also the e-mail address and the role.

use super::policy::{self, act};
use super::{User, user};
use crate::error::{Failure, Problems};
use crate::id::UserId;
use crate::log::{Action, save};
use crate::operation::{Operation, Role};
use crate::text::input;

/// What changes; what is absent stays.
#[derive(Default)]
pub struct UserEdit {
    /// As colleagues know them.
    pub name: Option<String>,
    /// Where they sign in with.
    pub email: Option<String>,
    /// What they may do.
    pub role: Option<Role>,
}

/// Changes a user. Everybody may change their own name; the rest is for admins. A new role counts from the commit on.
pub async fn update_user(op: &Operation, id: UserId, version: i32, edit: UserEdit) -> Result<User, Failure> {
    let UserEdit { name, email, role } = edit;
    let transaction = op.begin().await?;
    let found = user::find_for::<act::RenameUser>(&transaction, op, id).await?;
    if email.is_some() || role.is_some() {
        policy::allow_new::<act::ManageUsers>(op)?;
    }
    user::check_version(&found, version)?;
    let mut problems = Problems::default();
    let name =
        name.and_then(|name| problems.take(input::name(&["input", "name"], &name, user::NAME_CHARACTERS)));
    let email = email.and_then(|email| problems.take(input::email(&["input", "email"], &email)));
    let connection = transaction.connection();
    let new_name = name.as_deref().filter(|name| *name != found.name);
    user::check_unmistakable(connection, op, Some(id), email.as_deref(), new_name, &mut problems).await?;
    problems.check()?;
    let new_role = role.map(Role::name).filter(|role| *role != found.role);
    if new_role.is_some_and(|role| role != Role::Admin.name()) {
        user::check_an_admin_stays(connection, &found, &["input", "role"]).await?;
    }
    let changed = User {
        name: name.unwrap_or_else(|| found.name.clone()),
        email: email.unwrap_or_else(|| found.email.clone()),
        role: new_role.map_or_else(|| found.role.clone(), str::to_owned),
        ..(*found).clone()
    };
    if changed == *found {
        return Ok(changed);
    }
    let written = user::write(&transaction, op, &found, changed).await?;
    let mut change = user::change(transaction.connection(), Action::UserUpdated, &written).await?;
    if let Some(new_role) = new_role {
        change = change.detail(format!("{} → {new_role}", found.role));
    }
    save(transaction, op, change).await?;
    Ok(written)
}
