//! `editComment`: a reader changes what they sent just now, by the token that they got for it. It waits for a moderator again:
//! what was approved is not what it says now.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, IntoActiveModel as _, QuerySelect as _};

use super::entity::comment_records;
use super::read::Status;
use super::submit::take_turn;
use super::{body, edit_token, hold, public, record};
use crate::article;
use crate::error::{Failure, UserErrorCode};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Changes a comment. One that says this already stays as it is.
pub async fn edit(op: &Operation, token: &str, body: &str) -> Result<comment_records::Model, Failure> {
    let id = edit_token::open(&op.store.keys, token, op.store.clock.now()).ok_or_else(not_found)?;
    let config = &op.store.config;
    let body = body::of_reader(config, body);
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let article = comment_records::Entity::find_by_id(id).one(connection).await?.ok_or_else(not_found)?;
    take_turn(op, article.article_id)?;
    if !article::draft::stays_public(&transaction, article.article_id).await? {
        return Err(not_found());
    }
    let found = comment_records::Entity::find_by_id(id)
        .lock_exclusive()
        .one(connection)
        .await?
        .filter(|record| matches!(record.status(), Status::Pending | Status::Approved))
        .ok_or_else(not_found)?;
    let body = body.map_err(|error| Failure::Refused(vec![error]))?;
    if body.text == found.body {
        return Ok(found);
    }
    let reasons = hold::look(connection, config, &found.author_email, &body, Some(id)).await?;
    let mut changed = found.clone().into_active_model();
    changed.body = Set(body.text);
    changed.status = Set(Status::Pending.name().to_owned());
    changed.held_for = Set(hold::written(&reasons));
    changed.version = Set(found.version + 1);
    changed.updated_at = Set(op.now());
    let record = changed.update(connection).await?;
    let tags = public::follow(&transaction, &found, &record, true).await?;
    let change = NewChange::new(Action::CommentEdited, SubjectType::Comment, id)
        .hash(record::hash(&record)?)
        .tags(tags);
    save(transaction, op, change).await?;
    Ok(record)
}

/// A token that is forged, that is over, and that of a comment that was decided against, are answered alike.
fn not_found() -> Failure {
    let message = "There is no comment that this token changes now. Comments can be changed for a short time after they were \
                   sent.";
    Failure::refused(UserErrorCode::NotFound, &["input", "editToken"], message)
}
