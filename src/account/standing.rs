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
            let session = read::session(connection, session).await?;
            if !session.is_some_and(|session| session.user_id == id && session.lasts(now)) {
                return Err(Failure::Unauthenticated);
            }
            let user = read::active_user(connection, id).await?.ok_or(Failure::Unauthenticated)?;
            if read::role_of(&user)? == role {
                return Ok(());
            }
            let message = "Your role has just been changed. Send the request again.".to_owned();
            Err(Failure::Forbidden { message })
        })
    }
}
