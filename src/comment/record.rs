//! What the log's hash of a comment covers.

use serde::Serialize;

use super::entity::comment_records;
use crate::error::Failure;
use crate::id::{ArticleId, CommentId, UserId};
use crate::log::content_hash;

/// A field that came later is hashed only where it is set: what was hashed before stays what it is.
#[derive(Serialize)]
struct HashedComment<'a> {
    id: CommentId,
    article: ArticleId,
    parent: Option<CommentId>,
    author_name: &'a str,
    author_email: &'a str,
    body: &'a str,
    status: &'a str,
    salt: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    staff: Option<UserId>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    by_article_author: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_for: Option<&'a str>,
}

/// The hash of a comment as the log has it.
pub(super) fn hash(record: &comment_records::Model) -> Result<String, Failure> {
    content_hash(&HashedComment {
        id: record.id,
        article: record.article_id,
        parent: record.parent_id,
        author_name: &record.author_name,
        author_email: &record.author_email,
        body: &record.body,
        status: &record.status,
        salt: &record.salt,
        staff: record.staff_id,
        by_article_author: record.is_by_article_author,
        held_for: record.held_for.as_deref(),
    })
}
