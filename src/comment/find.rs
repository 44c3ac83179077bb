//! Finding a comment for an action.

use sea_orm::{EntityTrait as _, QuerySelect as _};

use super::entity::comment_records;
use crate::account::policy::{self, Act, Action, Allowed, Owned};
use crate::article;
use crate::db::WriteTransaction;
use crate::error::{Failure, UserErrorCode};
use crate::id::{CommentId, UserId};
use crate::operation::Operation;

/// A comment, with whose article it is under and whether that is public.
pub struct Found {
    /// The comment.
    pub record: comment_records::Model,
    article_owner: UserId,
    /// Whether its article is public.
    pub article_is_public: bool,
}

impl Owned for Found {
    fn owner(&self) -> UserId {
        self.article_owner
    }
}

/// Finds a comment for an action, inside the transaction, locked to its end.
pub(super) async fn find_for<A: Act>(
    transaction: &WriteTransaction,
    op: &Operation,
    id: CommentId,
) -> Result<Allowed<A, Found>, Failure> {
    policy::may_ever::<A>(op)?;
    let not_found =
        || Failure::refused(UserErrorCode::NotFound, &["input", "commentId"], "There is no such comment.");
    let connection = transaction.connection();
    let record = comment_records::Entity::find_by_id(id)
        .lock_exclusive()
        .one(connection)
        .await?
        .ok_or_else(not_found)?;
    let (article_owner, article_is_public) = article::draft::owner(connection, record.article_id)
        .await?
        .ok_or_else(|| Failure::corrupt(format!("{id} is under an article that is gone")))?;
    if !policy::may(op.viewer, Action::ModerateComment, article_owner) {
        return Err(not_found());
    }
    policy::allow(op, Found { record, article_owner, article_is_public })
}
