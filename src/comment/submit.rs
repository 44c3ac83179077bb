//! `submitComment`: a reader sends a comment; it waits for a moderator.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;
use serde::Serialize;

use super::entity::{comment_records, comments};
use super::read::Status;
use crate::article;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::{ArticleId, CommentId, GlobalId as _};
use crate::limit::Key;
use crate::log::{Action, NewChange, SubjectType, content_hash, save};
use crate::operation::Operation;
use crate::text::input;
use crate::text::markdown::{self, Flavor};

/// Longest comment, in bytes.
const BODY_BYTES: usize = 10_000;

/// What a comment is made of.
pub struct NewComment {
    /// Under which published article.
    pub article: ArticleId,
    /// In reply to which comment of the same article.
    pub parent: Option<CommentId>,
    /// What the reader calls themselves.
    pub author_name: String,
    /// Never public.
    pub author_email: String,
    /// Markdown without pictures.
    pub body: String,
}

/// What the log's hash of a comment covers.
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
    })
}

/// Takes a comment in. Anybody may send one under a published article.
pub async fn submit(op: &Operation, new: NewComment) -> Result<comment_records::Model, Failure> {
    let NewComment { article, parent, author_name, author_email, body } = new;
    take_turn(op, article)?;
    let mut problems = Problems::default();
    let author_name =
        problems.take(input::name(&["input", "authorName"], &author_name, 100)).unwrap_or_default();
    let author_email =
        problems.take(input::email(&["input", "authorEmail"], &author_email)).unwrap_or_default();
    let body = problems.take(comment_body(&body)).unwrap_or_default();

    let transaction = op.begin().await?;
    let connection = transaction.connection();
    if !article::draft::stays_public(&transaction, article).await? {
        problems.add(UserErrorCode::NotFound, &["input", "articleId"], "There is no such article.");
    }
    if let Some(parent) = parent {
        let found = comments::Entity::find_by_id(parent).one(connection).await?;
        // Nor is a removed one there to be answered.
        if found.is_none_or(|found| found.article_id != article || found.body.is_none()) {
            problems.add(UserErrorCode::NotFound, &["input", "parentId"], "The article has no such comment.");
        }
    }
    problems.check()?;
    let now = op.now();
    let record = comment_records::ActiveModel {
        id: Set(op.new_id()),
        article_id: Set(article),
        parent_id: Set(parent),
        author_name: Set(author_name),
        author_email: Set(author_email),
        body: Set(body),
        status: Set(Status::Pending.name().to_owned()),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
        erased_at: Set(None),
    }
    .insert(connection)
    .await?;
    let change =
        NewChange::new(Action::CommentSubmitted, SubjectType::Comment, record.id).hash(hash(&record)?);
    save(transaction, op, change).await?;
    Ok(record)
}

/// Counts a comment from this network, under this article and all together. Where there is no network, nobody is at the door.
fn take_turn(op: &Operation, article: ArticleId) -> Result<(), Failure> {
    let Some(network) = op.client.network() else { return Ok(()) };
    op.store.limits.comment_network.take(Key::of(&[&network]))?;
    op.store.limits.comment.take(Key::of(&[&network, article.uuid().as_bytes()]))
}

fn comment_body(body: &str) -> Result<String, crate::error::UserError> {
    let path = ["input", "body"];
    let body = input::lines(&path, body, BODY_BYTES)?;
    let refuse = |code, message: &str| Err(crate::error::UserError::new(code, &path, message));
    if body.trim().is_empty() {
        return refuse(UserErrorCode::Required, "Write something.");
    }
    let outline = markdown::outline_of(&body, Flavor::Short);
    if !outline.figures.is_empty() || !outline.foreign_pictures.is_empty() {
        return refuse(UserErrorCode::Invalid, "Comments have no pictures: take them out.");
    }
    if outline.is_too_deep {
        return refuse(UserErrorCode::Invalid, "The comment nests too deeply.");
    }
    Ok(body.trim().to_owned())
}
