//! Whether who acts still may: asked when a write begins, and again when it ends, where nothing can come between. A request
//! may wait long before it writes, and hold many writes.

use std::pin::Pin;

use sea_orm::DatabaseTransaction;

use super::read;
use crate::clock::Timestamp;
use crate::error::Failure;
use crate::operation::{Standing, Viewer};

/// Asks the rows of sessions and users.
pub struct Rows;

impl Standing for Rows {
    fn check<'a>(
        &'a self,
        connection: &'a DatabaseTransaction,
        viewer: Viewer,
        now: Timestamp,
    ) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>> {
        Box::pin(async move {
            let Viewer::User { id, role, session } = viewer else { return Ok(()) };
            let found = read::session_and_user(connection, session).await?;
            let (session, user) = found.ok_or(Failure::Unauthenticated)?;
            if user.id != id || !user.is_active || !session.lasts(now) {
                return Err(Failure::Unauthenticated);
            }
            if read::role_of(&user)? == role {
                return Ok(());
            }
            let message = "Your role has just been changed. Send the request again.".to_owned();
            Err(Failure::Forbidden { message })
        })
    }
}
