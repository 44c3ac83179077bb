//! Ends every write: the entry is chained, signed and appended as the last statement, then the transaction commits.

use std::sync::Arc;

use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait as _, EntityTrait as _, QuerySelect as _, Select};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::change::{Action, Entry, SubjectType};
use super::entity::{changes, log_head};
use crate::clock::Timestamp;
use crate::db::WriteTransaction;
use crate::db::insert::Inserts;
use crate::error::Failure;
use crate::id::GlobalId;
use crate::operation::{Operation, Viewer};

/// What a verb tells the log.
pub struct NewChange {
    action: Action,
    subject_type: SubjectType,
    subject_id: Uuid,
    subject: String,
    revision: Option<i32>,
    hash: Option<String>,
    detail: Option<String>,
    tags: Vec<String>,
    past: Option<(Timestamp, Viewer)>,
}

impl NewChange {
    /// This was done to that. It touches at least the thing itself, as far as the public sees it.
    pub fn new<T: GlobalId>(action: Action, subject_type: SubjectType, subject: T) -> Self {
        Self {
            action,
            subject_type,
            subject_id: subject.uuid(),
            subject: subject.to_string(),
            revision: None,
            hash: None,
            detail: None,
            tags: if action.is_private() { Vec::new() } else { vec![subject.to_string()] },
            past: None,
        }
    }

    /// It was done at that moment, by that viewer: for what is loaded with its history.
    pub fn in_the_past(mut self, at: Timestamp, by: Viewer) -> Self {
        self.past = Some((at, by));
        self
    }

    /// It made, or made public, this revision.
    pub fn revision(mut self, number: i32, hash: impl Into<String>) -> Self {
        self.revision = Some(number);
        self.hash = Some(hash.into());
        self
    }

    /// The thing became what has this hash.
    pub fn hash(mut self, hash: impl Into<String>) -> Self {
        self.hash = Some(hash.into());
        self
    }

    /// A word more about it: a role, the right that was refused. Never what anybody typed.
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// It also changes what these tags are about.
    pub fn tags(mut self, tags: impl IntoIterator<Item = String>) -> Self {
        for tag in tags {
            if !self.tags.contains(&tag) {
                self.tags.push(tag);
            }
        }
        self
    }
}

/// The hash of a thing as the log names it: SHA-256 over its canonical JSON, hexadecimal. The thing holds its own salt.
pub fn content_hash(thing: &impl Serialize) -> Result<String, Failure> {
    Ok(hex::encode(Sha256::digest(serde_json_canonicalizer::to_vec(thing)?)))
}

/// Appends the change and commits: from here on it is done. Entries stand in the order of commits because the head's row
/// stays locked until then. Returns when this node's followers of the log have passed the entry.
pub async fn save(transaction: WriteTransaction, op: &Operation, change: NewChange) -> Result<i64, Failure> {
    save_all(transaction, op, vec![change]).await
}

/// The same for several changes, in their order. Gives the number of the last.
pub async fn save_all(
    transaction: WriteTransaction,
    op: &Operation,
    changes: Vec<NewChange>,
) -> Result<i64, Failure> {
    append(transaction, op, changes, None).await
}

/// Entries that are made beside what else a transaction writes: they count if nobody appends anything before it does.
pub struct MadeAhead {
    changes: Vec<NewChange>,
    after: log_head::Model,
    chained: Chained,
}

impl MadeAhead {
    /// Begins to make them, in a thread of their own.
    pub async fn begin(
        transaction: &WriteTransaction,
        op: &Arc<Operation>,
        changes: Vec<NewChange>,
    ) -> Result<JoinHandle<Result<Self, Failure>>, Failure> {
        let (op, after) = (Arc::clone(op), head(log_head::Entity::find_by_id(1), transaction).await?);
        Ok(tokio::task::spawn_blocking(move || {
            let chained = Chained::new(&op, &changes, &after)?;
            Ok(Self { changes, after, chained })
        }))
    }

    /// Appends them and commits, as [`save_all`] does.
    pub async fn save(self, transaction: WriteTransaction, op: &Operation) -> Result<i64, Failure> {
        append(transaction, op, self.changes, Some((self.after, self.chained))).await
    }
}

async fn append(
    transaction: WriteTransaction,
    op: &Operation,
    changes: Vec<NewChange>,
    made: Option<(log_head::Model, Chained)>,
) -> Result<i64, Failure> {
    let connection = transaction.connection();
    let head = head(log_head::Entity::find_by_id(1).lock_exclusive(), &transaction).await?;
    // Nobody else commits from here on, so what holds now holds at the commit. Verbs about the viewer's own account may have
    // ended the session themselves: they were asked when they began, and those that give rights, once they had locked it.
    // On SQLite nobody has written since the transaction began.
    let own = op.viewer.user_id().map(GlobalId::uuid);
    if !transaction.is_alone() && !changes.iter().any(|change| own == Some(change.subject_id)) {
        op.check_standing(&transaction).await?;
    }
    let Chained { inserts, head } = match made.filter(|(after, _)| *after == head) {
        Some((_, chained)) => chained,
        None => Chained::new(op, &changes, &head)?,
    };
    inserts.run(connection).await?;
    let sequence = head.sequence;
    log_head::ActiveModel { id: Set(1), sequence: Set(sequence), hash: Set(head.hash) }
        .update(connection)
        .await?;
    transaction.announce().await?;
    transaction.commit().await?;
    op.store.progress.committed(sequence).await;
    Ok(sequence)
}

async fn head(
    query: Select<log_head::Entity>,
    transaction: &WriteTransaction,
) -> Result<log_head::Model, Failure> {
    let row = query.one(transaction.connection()).await?;
    row.ok_or_else(|| Failure::corrupt("log_head has no row"))
}

/// Entries, one after the other, and the head that they make.
struct Chained {
    inserts: Inserts,
    head: log_head::Model,
}

impl Chained {
    fn new(op: &Operation, changes: &[NewChange], after: &log_head::Model) -> Result<Self, Failure> {
        let mut head = after.clone();
        let mut rows = Vec::with_capacity(changes.len());
        for change in changes {
            let (row, hash) = entry(op, change, &head)?;
            head = log_head::Model { id: head.id, sequence: head.sequence + 1, hash };
            rows.push(row);
        }
        let mut inserts = op.store.database.inserts();
        inserts.add(rows);
        Ok(Self { inserts, head })
    }
}

/// The row that comes after the head, and its hash.
fn entry(
    op: &Operation,
    change: &NewChange,
    head: &log_head::Model,
) -> Result<(changes::ActiveModel, String), Failure> {
    let (at, actor) = change.past.unwrap_or((op.now(), op.viewer));
    let entry = Entry {
        action: change.action.name().to_owned(),
        actor: actor.log_name(),
        at,
        detail: change.detail.clone(),
        hash: change.hash.clone(),
        key: op.store.keys.seal_id(),
        previous: head.hash.clone(),
        revision: change.revision,
        sequence: head.sequence + 1,
        subject: change.subject.clone(),
        tags: change.tags.clone(),
    };
    let bytes = serde_json_canonicalizer::to_string(&entry)?;
    let hash = hex::encode(Sha256::digest(&bytes));
    let row = changes::ActiveModel {
        sequence: Set(entry.sequence),
        at: Set(entry.at),
        actor_id: Set(actor.user_id()),
        action: Set(entry.action),
        subject_type: Set(change.subject_type.name().to_owned()),
        subject_id: Set(change.subject_id),
        entry: Set(bytes),
        signature: Set(op.store.keys.seal(&hash)),
        hash: Set(hash.clone()),
        key_id: Set(entry.key),
    };
    Ok((row, hash))
}
