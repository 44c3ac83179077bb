//! `submitComment`: a reader sends a comment. It waits for a moderator, unless nothing holds it.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use sea_orm::EntityTrait as _;

use super::entity::{comment_records, comments};
use super::read::Status;
use super::{body, edit_token, hold, public, record, thread};
use crate::article;
use crate::clock::Timestamp;
use crate::config::CommentModeration;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::{ArticleId, CommentId, GlobalId as _};
use crate::limit::Key;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::text::input;

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

/// By what, and until when, the reader may change the comment.
pub struct Editable {
    /// The token.
    pub token: String,
    /// When it is over.
    pub until: Timestamp,
}

/// Takes a comment in. Anybody may send one under a published article whose comments are open.
pub async fn submit(op: &Operation, new: NewComment) -> Result<comment_records::Model, Failure> {
    let NewComment { article, parent, author_name, author_email, body } = new;
    take_turn(op, article)?;
    let config = &op.store.config;
    let mut problems = Problems::default();
    let author_name =
        problems.take(input::name(&["input", "authorName"], &author_name, 100)).unwrap_or_default();
    let author_email =
        problems.take(input::email(&["input", "authorEmail"], &author_email)).unwrap_or_default();
    let body = problems.take(body::of_reader(config, &body));

    let transaction = op.begin().await?;
    // One that nothing holds becomes public here.
    if config.comment_moderation == CommentModeration::FirstTime {
        transaction.lock_public_tables().await?;
    }
    let connection = transaction.connection();
    if !article::draft::stays_public(&transaction, article).await? {
        problems.add(UserErrorCode::NotFound, &["input", "articleId"], "There is no such article.");
    } else if let Some(reason) = article::commenting::closed(&transaction, op, article).await? {
        problems.add(UserErrorCode::WrongState, &["input", "articleId"], reason);
    }
    if let Some(parent) = parent {
        let path = ["input", "parentId"];
        let found = comments::Entity::find_by_id(parent).one(connection).await?;
        // Nor is a removed one there to be answered.
        if found.is_none_or(|found| found.article_id != article || found.body.is_none()) {
            problems.add(UserErrorCode::NotFound, &path, "The article has no such comment.");
        } else if let Some(problem) = thread::too_deep(connection, config, parent, &path).await? {
            problems.take::<()>(Err(problem));
        }
    }
    problems.check()?;
    let Some(body) = body else { return Err(Failure::corrupt("a body that was read is missing")) };
    let reasons = hold::look(connection, config, &author_email, &body, None).await?;
    let (status, action) = if reasons.is_empty() {
        (Status::Approved, Action::CommentAccepted)
    } else {
        (Status::Pending, Action::CommentSubmitted)
    };
    let now = op.now();
    let record = comment_records::ActiveModel {
        id: Set(op.new_id()),
        article_id: Set(article),
        parent_id: Set(parent),
        author_name: Set(author_name),
        author_email: Set(author_email),
        body: Set(body.text),
        status: Set(status.name().to_owned()),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
        erased_at: Set(None),
        staff_id: Set(None),
        is_by_article_author: Set(false),
        held_for: Set(hold::written(&reasons)),
    }
    .insert(connection)
    .await?;
    let tags = match status {
        Status::Approved => public::appear(&transaction, &record).await?,
        _ => Vec::new(),
    };
    let change =
        NewChange::new(action, SubjectType::Comment, record.id).hash(record::hash(&record)?).tags(tags);
    save(transaction, op, change).await?;
    Ok(record)
}

/// What its sender gets to change it by; none where the site lets nobody change a comment.
pub fn editable(op: &Operation, record: &comment_records::Model) -> Option<Editable> {
    let minutes = i64::from(op.store.config.comment_edit_minutes);
    let until = record.created_at.plus_seconds(minutes * 60);
    (minutes > 0).then(|| Editable { token: edit_token::seal(&op.store.keys, record.id, until), until })
}

/// Counts a comment from this network, under this article and all together. Where there is no network, nobody is at the door.
pub(super) fn take_turn(op: &Operation, article: ArticleId) -> Result<(), Failure> {
    let Some(network) = op.client.network() else { return Ok(()) };
    op.store.limits.comment_network.take(Key::of(&[&network]))?;
    op.store.limits.comment.take(Key::of(&[&network, article.uuid().as_bytes()]))
}
