//! Approved comments by the hundred, with their history: what loads an archive. The rows are those that sending and approving one
//! by one would write; the changes are for the log, which the caller appends them to. They are made beforehand, as articles are.

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, TryIntoModel as _};

use super::entity::{comment_records, comments};
use super::read::Status;
use super::record;
use crate::account::policy::{self, act};
use crate::clock::Timestamp;
use crate::db::insert::Inserts;
use crate::error::Failure;
use crate::id::{ArticleId, CommentId};
use crate::log::{Action, NewChange, SubjectType};
use crate::operation::{Operation, Viewer};

/// A comment as it was approved once.
#[derive(Clone, Debug)]
pub struct Approved {
    /// Its id.
    pub id: CommentId,
    /// Under which public article.
    pub article: ArticleId,
    /// In reply to which comment that is put in before it.
    pub parent: Option<CommentId>,
    /// What the reader calls themselves.
    pub author_name: String,
    /// Never public.
    pub author_email: String,
    /// Markdown without pictures.
    pub body: String,
    /// When it was sent and approved.
    pub at: Timestamp,
}

/// Comments that only have to be put in.
pub struct Prepared {
    /// What puts them in: the caller holds the lock on the public tables, and their articles are there.
    pub rows: Inserts,
    /// What the log must say, in order.
    pub changes: Vec<NewChange>,
}

/// Works out what is to be written; that the articles count them is the caller's to see to.
pub fn prepare(op: &Operation, given: Vec<Approved>) -> Result<Prepared, Failure> {
    policy::may_ever::<act::ModerateComment>(op)?;
    let mut changes = Vec::with_capacity(given.len() * 2);
    let mut records = Vec::with_capacity(given.len());
    let mut public = Vec::with_capacity(given.len());
    for comment in given {
        let Approved { id, article, parent, author_name, author_email, body, at } = comment;
        let pending = comment_records::ActiveModel {
            id: Set(id),
            article_id: Set(article),
            parent_id: Set(parent),
            author_name: Set(author_name.clone()),
            author_email: Set(author_email),
            body: Set(body.clone()),
            status: Set(Status::Pending.name().to_owned()),
            version: Set(1),
            salt: Set(op.random_hex::<16>()),
            created_at: Set(at),
            updated_at: Set(at),
            erased_at: Set(None),
            staff_id: Set(None),
            is_by_article_author: Set(false),
            held_for: Set(None),
        };
        let mut approved = pending.try_into_model()?;
        let sent = NewChange::new(Action::CommentSubmitted, SubjectType::Comment, id);
        changes.push(sent.hash(record::hash(&approved)?).in_the_past(at, Viewer::Public));
        approved.status = Status::Approved.name().to_owned();
        approved.version = 2;
        let change = NewChange::new(Action::CommentApproved, SubjectType::Comment, id);
        let change = change.hash(record::hash(&approved)?).tags([article.to_string()]);
        changes.push(change.in_the_past(at, op.viewer));
        records.push(comment_records::ActiveModel::from(approved).reset_all());
        public.push(comments::ActiveModel {
            id: Set(id),
            article_id: Set(article),
            parent_id: Set(parent),
            author_name: Set(author_name),
            body: Set(Some(body)),
            created_at: Set(at),
            is_staff: Set(false),
            is_by_article_author: Set(false),
        });
    }
    let mut rows = op.store.database.inserts();
    rows.add(records);
    rows.add(public);
    Ok(Prepared { rows, changes })
}
