//! How deep a thread goes: the top of one is its first level.

use sea_orm::{ConnectionTrait, EntityTrait as _};

use super::entity::comment_records;
use crate::config::Config;
use crate::error::{Failure, UserError, UserErrorCode};
use crate::id::CommentId;

/// What is wrong with answering this comment, if its thread goes no deeper.
pub(super) async fn too_deep(
    connection: &impl ConnectionTrait,
    config: &Config,
    parent: CommentId,
    path: &[&str],
) -> Result<Option<UserError>, Failure> {
    let deepest = config.comment_depth.get();
    let (mut level, mut at, mut above) = (1, parent, None);
    // A reply stands one level below its parent; beyond the deepest, nothing more has to be known.
    while level < deepest {
        let record = comment_records::Entity::find_by_id(at).one(connection).await?;
        let Some(next) = record.and_then(|record| record.parent_id) else { return Ok(None) };
        above = above.or(Some(next));
        (level, at) = (level + 1, next);
    }
    let message = match above {
        Some(above) => format!("Threads are {deepest} levels deep: answer the comment above it, {above}."),
        None => "Comments are not answered here: begin a new thread.".to_owned(),
    };
    Ok(Some(UserError::new(UserErrorCode::Invalid, path, message)))
}
