//! Whether an entry of the log is the one that was written: its hash, its signature, its place in the chain.

use sea_orm::EntityTrait as _;
use sha2::{Digest as _, Sha256};

use super::change::{Entry, SubjectType};
use super::check::{Check, Problem, Since};
use super::entity::{changes, log_head};
use super::follow::Follower;
use crate::error::Failure;
use crate::keys::Keys;

/// Entries read at once.
const BATCH: u64 = 1_000;

/// What is wrong with an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainProblem {
    /// A number is missing or stands twice.
    #[error("entry {found} follows entry {before}: an entry is missing or was put in")]
    Gap {
        /// The entry's number.
        found: i64,
        /// The number before it.
        before: i64,
    },
    /// The bytes are not those that were hashed.
    #[error("the entry's bytes do not match its hash")]
    Hash,
    /// The signature is not this instance's.
    #[error("the signature is not by this instance's sealing key")]
    Signature,
    /// It does not name the hash of the entry before it.
    #[error("the entry does not follow the one before it: the chain is broken here")]
    Chain,
    /// The bytes are not an entry.
    #[error("the entry can't be read")]
    Unreadable,
    /// A column says something else than the signed bytes.
    #[error("the column {0} does not repeat what was signed")]
    Column(&'static str),
}

impl ChainProblem {
    /// Which field of the entry it is about.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Gap { found: _, before: _ } => "sequence",
            Self::Hash => "hash",
            Self::Signature => "signature",
            Self::Chain => "previous",
            Self::Unreadable => "entry",
            Self::Column(column) => column,
        }
    }
}

/// Checks one entry against the one before it (its number and hash; 0 and nothing before the first).
pub fn verify_entry(
    keys: &Keys,
    before: (i64, &str),
    row: &changes::Model,
) -> Result<Entry, Vec<ChainProblem>> {
    let mut problems = Vec::new();
    if row.sequence != before.0 + 1 {
        problems.push(ChainProblem::Gap { found: row.sequence, before: before.0 });
    }
    problems.extend(own_problems(keys, row));
    match serde_json::from_str::<Entry>(&row.entry) {
        Ok(entry) if entry.previous != before.1 => problems.push(ChainProblem::Chain),
        Ok(entry) if problems.is_empty() => return Ok(entry),
        _ => {}
    }
    Err(problems)
}

/// What is wrong with an entry by itself, wherever it stands.
pub(super) fn own_problems(keys: &Keys, row: &changes::Model) -> Vec<ChainProblem> {
    let mut problems = Vec::new();
    if hex::encode(Sha256::digest(&row.entry)) != row.hash {
        problems.push(ChainProblem::Hash);
    }
    if row.key_id != keys.seal_id() || !keys.seal_holds(&row.hash, &row.signature) {
        problems.push(ChainProblem::Signature);
    }
    match serde_json::from_str::<Entry>(&row.entry) {
        Ok(entry) => problems.extend(differing_columns(&entry, row).into_iter().map(ChainProblem::Column)),
        Err(_) => problems.push(ChainProblem::Unreadable),
    }
    problems
}

/// Reads the whole chain and checks every entry. Gives the last one's number and hash.
pub async fn chain(check: &mut Check<'_>) -> Result<(i64, String), Failure> {
    let mut last = (0, String::new());
    let mut since = None;
    let mut follower = Follower::after(0);
    loop {
        let rows = follower.next(check.snapshot, BATCH).await?;
        if rows.is_empty() {
            break;
        }
        check.checked("entries", rows.len());
        for row in rows {
            if let Err(problems) = verify_entry(&check.store.keys, (last.0, &last.1), &row) {
                for problem in problems {
                    check.found(
                        Problem::new(
                            format!("log entry {}", row.sequence),
                            problem.field(),
                            problem.to_string(),
                        )
                        .since(since),
                    );
                }
            }
            since = Some(Since { sequence: row.sequence, at: row.at });
            last = (row.sequence, row.hash);
        }
        // A thousand signatures take a while: whoever else runs on this thread gets a turn.
        tokio::task::yield_now().await;
    }
    let head = log_head::Entity::find_by_id(1).one(check.snapshot.connection()).await?;
    if head.is_none_or(|head| head.sequence != last.0 || head.hash != last.1) {
        let message = format!("does not name entry {}: the newest entries were cut off", last.0);
        check.found(Problem::new("log", "head", message).since(since));
    }
    Ok(last)
}

fn differing_columns(entry: &Entry, row: &changes::Model) -> Vec<&'static str> {
    let subject_matches = entry
        .subject
        .rsplit_once('_')
        .is_some_and(|(_, digits)| digits == row.subject_id.simple().to_string());
    let actor_matches = match row.actor_id {
        Some(actor) => entry.actor == actor.to_string(),
        None => matches!(entry.actor.as_str(), "public" | "operator"),
    };
    [
        ("sequence", entry.sequence == row.sequence),
        ("at", entry.at == row.at),
        ("action", entry.action == row.action),
        (
            "subject_type",
            SubjectType::of_id(&entry.subject).is_some_and(|kind| kind.name() == row.subject_type),
        ),
        ("subject_id", subject_matches),
        ("actor_id", actor_matches),
        ("key_id", entry.key == row.key_id),
    ]
    .into_iter()
    .filter_map(|(column, matches)| (!matches).then_some(column))
    .collect()
}
