//! Users in the schema.

use std::collections::HashMap;

use async_graphql::{Enum, ID, Object, SimpleObject};

use crate::account::{User, read};
use crate::error::Failure;
use crate::graphql::ids;
use crate::graphql::scalars::DateTime;
use crate::id::UserId;
use crate::operation::Role as StoredRole;

/// What a user may do; the policy says it in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredRole")]
pub enum Role {
    /// Writes drafts; others publish them.
    Contributor,
    /// Writes and publishes own articles.
    Author,
    /// Moderates readers' comments.
    Moderator,
    /// Edits and publishes everything.
    Editor,
    /// An editor who also manages users.
    Admin,
}

/// A user.
#[derive(Clone)]
pub struct UserObject(pub User);

/// Who signs in.
#[Object(name = "User")]
impl UserObject {
    /// The user's id.
    async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Where they sign in with.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// As colleagues know them.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What they may do.
    async fn role(&self) -> Result<Role, Failure> {
        Ok(read::role_of(&self.0)?.into())
    }

    /// Whether they may sign in.
    async fn is_active(&self) -> bool {
        self.0.is_active
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.0.version
    }

    /// When they were added.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When they were last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }
}

/// A user as colleagues see them.
pub struct Colleague(pub User);

/// A user as colleagues see them: no address, no rights.
#[Object]
impl Colleague {
    /// The user's id.
    async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// As colleagues know them.
    async fn name(&self) -> &str {
        &self.0.name
    }
}

/// Who did something, as colleagues see it.
#[derive(Clone, SimpleObject)]
pub struct Actor {
    /// The user's id; null for the public and for the operator at the command line.
    id: Option<ID>,
    /// Their name: `Public` or `Operator` where it was no user.
    name: String,
}

impl Actor {
    /// The user of this id, among those that were read; `log_name` where it was none.
    pub fn of(id: Option<UserId>, users: &HashMap<UserId, User>, log_name: &str) -> Self {
        match id {
            Some(id) => Self {
                id: Some(ids::global(id)),
                name: users.get(&id).map(|user| user.name.clone()).unwrap_or_default(),
            },
            None if log_name == "operator" => Self { id: None, name: "Operator".to_owned() },
            None => Self { id: None, name: "Public".to_owned() },
        }
    }
}
