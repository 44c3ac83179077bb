//! Sessions in the schema.

use async_graphql::{ID, Object};
use secrecy::ExposeSecret as _;

use super::user::UserObject;
use crate::account::read;
use crate::account::session::{Session, StartedSession};
use crate::error::Failure;
use crate::graphql::ids;
use crate::graphql::scalars::DateTime;
use crate::id::SessionId;
use crate::operation::Operation;

/// What a client keeps of a session.
pub struct SessionObject(pub StartedSession);

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

/// A session of the viewer's that lasts.
pub struct OpenSession {
    row: Session,
    /// The one that asks.
    current: Option<SessionId>,
}

impl OpenSession {
    /// All of them, the one used last first.
    pub async fn all(op: &Operation) -> Result<Vec<Self>, Failure> {
        let rows = read::own_sessions(op).await?;
        Ok(rows.into_iter().map(|row| Self { row, current: op.viewer.session() }).collect())
    }
}

/// A place where the viewer is signed in.
#[Object]
impl OpenSession {
    /// Its id, for `endSession`.
    async fn id(&self) -> ID {
        ids::global(self.row.id)
    }

    /// Whether it is the one that asks.
    async fn is_current(&self) -> bool {
        self.current == Some(self.row.id)
    }

    /// The network address from which it was started, as far as the server can tell.
    async fn address(&self) -> Option<&str> {
        self.row.address.as_deref()
    }

    /// The program with which it was started, as it called itself.
    async fn user_agent(&self) -> Option<&str> {
        self.row.user_agent.as_deref()
    }

    /// When the viewer signed in there.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
    }

    /// When it was last prolonged.
    async fn refreshed_at(&self) -> DateTime {
        DateTime(self.row.refreshed_at)
    }

    /// When it ends unless it is prolonged: 30 days after that, and 90 days after it began at the latest.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.row.expires_at)
    }
}
