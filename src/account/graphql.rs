//! Accounts in the schema.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use secrecy::{ExposeSecret as _, SecretString};

use super::entity::users;
use super::sign_in::StartedSession;
use super::{read, refresh, sign_in};
use crate::error::Failure;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::scalars::DateTime;
use crate::graphql::{ids, operation};
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
pub struct UserObject(pub users::Model);

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

    /// When they were added.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
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
    pub fn of(id: Option<UserId>, users: &HashMap<UserId, users::Model>, log_name: &str) -> Self {
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

/// The signed-in user, under `viewer`.
#[derive(Default)]
pub struct AccountViewer;

#[Object]
impl AccountViewer {
    /// Who is signed in.
    async fn user(&self, ctx: &Context<'_>) -> Result<UserObject, Failure> {
        let op = operation(ctx)?;
        let id = op.viewer.user_id().ok_or(Failure::Unauthenticated)?;
        let found = read::user(&*op.snapshot().await?, id).await?;
        found.map(UserObject).ok_or_else(|| Failure::corrupt("the signed-in user is gone"))
    }
}

/// What a client keeps of a session.
pub struct SessionObject(StartedSession);

/// A session: a short-lived access token, and the refresh token that prolongs it once.
#[Object(name = "Session")]
impl SessionObject {
    /// Send it as `Authorization: Bearer …`.
    async fn access_token(&self) -> &str {
        self.0.access_token.expose_secret()
    }

    /// Until when the access token is good.
    async fn access_token_expires_at(&self) -> DateTime {
        DateTime(self.0.access_token_expires_at)
    }

    /// Give it to `refreshSession`, once; it returns the next one.
    async fn refresh_token(&self) -> &str {
        self.0.refresh_token.expose_secret()
    }

    /// Who signed in.
    async fn user(&self) -> UserObject {
        UserObject(self.0.user.clone())
    }
}

/// Who signs in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The account's e-mail address.
    email: String,
    /// The account's password.
    password: String,
}

/// The session, or why there is none.
#[derive(SimpleObject)]
pub struct SignInPayload {
    /// The session; null where it was refused.
    session: Option<SessionObject>,
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Which session to prolong.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The refresh token of the last `signIn` or `refreshSession`.
    refresh_token: String,
}

/// The prolonged session, or why it is not.
#[derive(SimpleObject)]
pub struct RefreshSessionPayload {
    /// The session with its new tokens; null where it was refused.
    session: Option<SessionObject>,
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

/// Mutations of accounts.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Starts a session. At most one stands in an operation.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account and its password.")] input: SignInInput,
    ) -> Nullable<SignInPayload> {
        nullable(async {
            let SignInInput { email, password } = input;
            let (session, user_errors) =
                outcome(sign_in::sign_in(operation(ctx)?, &email, &SecretString::from(password)).await)?;
            Ok(Some(SignInPayload { session: session.map(SessionObject), user_errors }))
        })
        .await
    }

    /// Prolongs a session: a new access token for a refresh token, which is spent by it. A spent one that is shown again
    /// ends the session.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token.")] input: RefreshSessionInput,
    ) -> Nullable<RefreshSessionPayload> {
        nullable(async {
            let RefreshSessionInput { refresh_token } = input;
            let (session, user_errors) =
                outcome(refresh::refresh(operation(ctx)?, &SecretString::from(refresh_token)).await)?;
            Ok(Some(RefreshSessionPayload { session: session.map(SessionObject), user_errors }))
        })
        .await
    }
}
