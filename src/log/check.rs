//! What checking an instance against its log is done with: one snapshot, what was found in it, and what the log told of a
//! record. Each room compares what is its own; `verify` joins them.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Serialize, Serializer};

use super::change::{Action, Entry};
use crate::clock::Timestamp;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::operation::Store;

/// Problems that are kept. Where everything is wrong, the first tell it, and the rest are counted.
const KEPT: usize = 10_000;

/// How much is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// What the public sees: its tables, and of the log and the records what they come from.
    Public,
}

/// The last entry of the log that tells what a thing was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Since {
    /// The entry's number.
    pub sequence: i64,
    /// Its moment.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
}

fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

impl Since {
    /// Told by this entry.
    pub fn of(entry: &Entry) -> Self {
        Self { sequence: entry.sequence, at: entry.at }
    }
}

/// Something that is not what the log says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// What: an id, a log entry, a file.
    pub subject: String,
    /// Which revision of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i32>,
    /// Which field of it.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
    /// The entry up to which it can be proven what it was.
    pub since: Option<Since>,
}

impl Problem {
    /// A problem of which nothing more is known.
    pub fn new(subject: impl ToString, field: impl Into<String>, message: impl Into<String>) -> Self {
        let (subject, field, message) = (subject.to_string(), field.into(), message.into());
        Self { subject, revision: None, field, message, since: None }
    }

    /// It is about this revision.
    pub fn revision(self, number: i32) -> Self {
        Self { revision: Some(number), ..self }
    }

    /// What it was can be proven up to there.
    pub fn since(self, since: impl Into<Option<Since>>) -> Self {
        Self { since: since.into(), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.subject)?;
        if let Some(revision) = self.revision {
            write!(f, ", revision {revision}")?;
        }
        write!(f, ", {}: {}", self.field, self.message)?;
        match self.since {
            Some(Since { sequence, at }) => write!(f, " (since entry {sequence}, {at})"),
            None => Ok(()),
        }
    }
}

/// What was found.
#[derive(Debug, Default)]
pub struct Findings {
    /// How many of each kind of thing were checked.
    pub checked: BTreeMap<&'static str, u64>,
    /// The first problems.
    pub problems: Vec<Problem>,
    /// How many there are.
    pub problem_count: u64,
}

/// Is told how many of which kind of thing have been checked so far.
pub type Tell<'a> = &'a (dyn Fn(&'static str, u64) + Send + Sync);

/// A check under way.
pub struct Check<'a> {
    /// Whose instance.
    pub store: &'a Store,
    /// The moment that is checked.
    pub snapshot: &'a Snapshot,
    /// How much of it.
    pub extent: Extent,
    findings: Findings,
    tell: Tell<'a>,
}

impl<'a> Check<'a> {
    /// Begins.
    pub fn new(store: &'a Store, snapshot: &'a Snapshot, extent: Extent, tell: Tell<'a>) -> Self {
        Self { store, snapshot, extent, findings: Findings::default(), tell }
    }

    /// Notes a problem.
    pub fn found(&mut self, problem: Problem) {
        self.findings.problem_count += 1;
        if self.findings.problems.len() < KEPT {
            self.findings.problems.push(problem);
        }
    }

    /// Notes a problem of each field that differs, in the same words.
    pub fn compare(&mut self, problem: &Problem, fields: &[(&str, bool)]) {
        for (field, _) in fields.iter().filter(|(_, is_equal)| !is_equal) {
            self.found(Problem { field: (*field).to_owned(), ..problem.clone() });
        }
    }

    /// Counts things that were checked.
    pub fn checked(&mut self, kind: &'static str, more: usize) {
        let total = self.findings.checked.entry(kind).or_default();
        *total += more as u64;
        (self.tell)(kind, *total);
    }

    /// What was found.
    pub fn end(self) -> Findings {
        self.findings
    }
}

/// What the log tells of a record: a thing whose every entry holds the hash of what it became.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// By which entry it was made.
    pub made: Option<Since>,
    /// Which entry last told what it became.
    pub last: Option<Since>,
    /// The hash of that.
    pub hash: Option<String>,
    /// How many entries told it.
    pub times: i32,
    /// That it was deleted.
    pub gone: Option<Gone>,
}

/// That a record was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// By which entry.
    pub since: Since,
    /// The id of what took its place.
    pub replacement: Option<String>,
}

impl Told {
    /// The next entry about it.
    pub fn take(&mut self, entry: &Entry) {
        if let Some(hash) = &entry.hash {
            let since = Since::of(entry);
            self.made = self.made.or(Some(since));
            self.last = Some(since);
            self.hash = Some(hash.clone());
            self.times += 1;
        }
        if Action::from_name(&entry.action).is_some_and(Action::is_deletion) {
            self.gone = Some(Gone { since: Since::of(entry), replacement: entry.detail.clone() });
        }
    }

    /// Which entry is the last about it.
    pub fn latest(&self) -> Option<Since> {
        self.gone.as_ref().map(|gone| gone.since).or(self.last)
    }
}

/// What every record holds of its own history.
pub struct Recorded {
    /// The hash of it as it stands.
    pub hash: String,
    /// Rises with every change.
    pub version: i32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Check<'_> {
    /// Compares whether a public row is there with whether it must be, and says so in these words. Gives the two rows where
    /// they are to be compared.
    pub fn public_row<'a, R, P>(
        &mut self,
        problem: &Problem,
        (record, public): (Option<&'a R>, Option<&'a P>),
        must_be_public: bool,
        unfounded: &str,
        missing: &str,
    ) -> Option<(&'a R, &'a P)> {
        let message = match (record, public) {
            (Some(record), Some(public)) if must_be_public => return Some((record, public)),
            (_, Some(_)) => unfounded,
            (_, None) if must_be_public => missing,
            (_, None) => return None,
        };
        let (field, message) = ("public row".to_owned(), message.to_owned());
        self.found(Problem { field, message, ..problem.clone() });
        None
    }

    /// Compares a record with what the log told of it. Says whether it is what was told: what comes from it may be trusted.
    pub fn record(
        &mut self,
        id: impl ToString,
        told: &Told,
        record: Option<Recorded>,
    ) -> Result<bool, Failure> {
        let id = id.to_string();
        let problem = |field: &str, message: &str| Problem::new(&id, field, message).since(told.latest());
        if told.gone.is_some() {
            if record.is_some() {
                self.found(problem("record", "is there, and the log says that it was taken away"));
            }
            return Ok(false);
        }
        let Some(Recorded { hash, version, created_at, updated_at }) = record else {
            if told.made.is_some() {
                self.found(problem("record", "is in the log, and its row is missing"));
            }
            return Ok(false);
        };
        let (Some(made), Some(last)) = (told.made, told.last) else {
            self.found(problem("record", "is there, and the log has no entry that made it"));
            return Ok(false);
        };
        self.compare(
            &problem("", "is not what the log's entries about it tell"),
            &[
                ("version", version == told.times),
                ("createdAt", created_at == made.at),
                ("updatedAt", updated_at == last.at),
            ],
        );
        let is_told = told.hash.as_ref() == Some(&hash);
        if !is_told {
            self.found(problem("record", "is not what was last written"));
        }
        Ok(is_told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: i64, hash: Option<&str>) -> Entry {
        Entry {
            action: String::new(),
            actor: String::new(),
            at: Timestamp(sequence * 1_000),
            detail: None,
            hash: hash.map(str::to_owned),
            key: String::new(),
            previous: String::new(),
            revision: None,
            sequence,
            subject: String::new(),
            tags: Vec::new(),
        }
    }

    #[test]
    fn the_last_hash_counts() {
        let mut told = Told::default();
        for entry in [entry(3, Some("a")), entry(4, None), entry(7, Some("b")), entry(9, None)] {
            told.take(&entry);
        }
        let since = |sequence| Some(Since { sequence, at: Timestamp(sequence * 1_000) });
        assert_eq!(
            told,
            Told { made: since(3), last: since(7), hash: Some("b".to_owned()), times: 2, gone: None }
        );
    }

    #[test]
    fn a_problem_is_a_line() {
        let problem = Problem::new("art_1", "title", "differs").revision(2);
        assert_eq!(problem.to_string(), "art_1, revision 2, title: differs");
        let since = Since { sequence: 12, at: Timestamp(0) };
        assert_eq!(
            problem.since(since).to_string(),
            "art_1, revision 2, title: differs (since entry 12, 1970-01-01T00:00:00.000Z)"
        );
    }
}
