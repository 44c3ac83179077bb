//! The log's heads, kept beside the database: a line of `heads.jsonl` in the data directory, and an object beside the media.
//! Whoever cuts the newest entries off, or writes the log anew, has the kept heads against them.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::TryStreamExt as _;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutMode, PutOptions};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::check::{Check, Problem, Since};
use super::entity::{changes, log_head};
use crate::clock::Timestamp;
use crate::error::Failure;
use crate::keys::Keys;
use crate::operation::Store;

/// How often the head is kept.
const PERIOD_SECONDS: i64 = 60 * 60;
/// Heads that are looked for in the log at once.
const BATCH: usize = 500;
/// Longest object that is read as a head.
const LONGEST: u64 = 10_000;

/// What the log ended with at some moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// When it was kept.
    pub at: Timestamp,
    /// The last entry's hash.
    pub hash: String,
    /// The public id of the key that signed.
    pub key: String,
    /// The last entry's number.
    pub sequence: i64,
    /// Ed25519 over the SHA-256 of the rest, hexadecimal.
    #[serde(default)]
    pub signature: String,
}

impl Head {
    fn digest(&self) -> Result<String, Failure> {
        let unsigned = Self { signature: String::new(), ..self.clone() };
        Ok(hex::encode(Sha256::digest(serde_json_canonicalizer::to_vec(&unsigned)?)))
    }

    fn signed(keys: &Keys, at: Timestamp, sequence: i64, hash: String) -> Result<Self, Failure> {
        let head = Self { at, hash, key: keys.seal_id(), sequence, signature: String::new() };
        Ok(Self { signature: keys.seal(&head.digest()?), ..head })
    }

    fn is_ours(&self, keys: &Keys) -> bool {
        self.key == keys.seal_id()
            && self.digest().is_ok_and(|digest| keys.seal_holds(&digest, &self.signature))
    }
}

/// A head that somebody kept, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptHead {
    /// Where.
    pub place: String,
    /// The entry's number,
    pub sequence: i64,
    /// and its hash.
    pub hash: String,
    /// When; not known of one that was noted by hand.
    pub at: Option<Timestamp>,
    /// Whether this instance's key signed it. What was noted by hand is not signed, and believed.
    pub is_genuine: bool,
}

impl KeptHead {
    /// Reads `NUMBER:HASH`, as `verify` prints it, or a line of `heads.jsonl`.
    pub fn read(keys: &Keys, text: &str, place: &str) -> Option<Self> {
        let text = text.trim();
        let place = place.to_owned();
        if let Ok(head) = serde_json::from_str::<Head>(text) {
            let is_genuine = head.is_ours(keys);
            let Head { at, hash, key: _, sequence, signature: _ } = head;
            return Some(Self { place, sequence, hash, at: Some(at), is_genuine });
        }
        let (sequence, hash) = text.trim_start_matches("head:").trim().split_once(':')?;
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let sequence = sequence.parse().ok().filter(|sequence| *sequence > 0 && is_hash)?;
        Some(Self { place, sequence, hash: hash.to_lowercase(), at: None, is_genuine: true })
    }
}

/// Where this node keeps them.
pub fn file(store: &Store) -> PathBuf {
    store.config.data_dir.join("heads.jsonl")
}

/// All heads of a file, one a line. What is no head is a problem of its own: of a line that broke off nobody knows what it
/// was.
pub fn of_file(keys: &Keys, path: &Path) -> std::io::Result<(Vec<KeptHead>, Vec<Problem>)> {
    let (mut heads, mut problems) = (Vec::new(), Vec::new());
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    for (number, line) in (1..).zip(std::fs::read_to_string(path)?.lines()) {
        let place = format!("{name}, line {number}");
        match KeptHead::read(keys, line, &place) {
            Some(head) => heads.push(head),
            None if line.trim().is_empty() => {}
            None => problems.push(Problem::new(place, "head", "is not the head of a log")),
        }
    }
    Ok((heads, problems))
}

/// All heads that this instance kept: those of the data directory, and those beside the media. To be read before the
/// snapshot is opened in which they are looked for: another one may be kept meanwhile.
pub async fn kept(store: &Store) -> Result<(Vec<KeptHead>, Vec<Problem>), Failure> {
    let (mut heads, mut problems) = match of_file(&store.keys, &file(store)) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Default::default(),
        Err(error) => {
            let message = format!("can't be read: {error}");
            (Vec::new(), vec![Problem::new(file(store).display(), "file", message)])
        }
    };
    let mut known: HashMap<i64, String> =
        heads.iter().map(|head| (head.sequence, head.hash.clone())).collect();
    let mut listed = store.media.list(Some(&object_store::path::Path::from("heads")));
    while let Some(object) = listed.try_next().await? {
        let place = object.location.to_string();
        let read = if object.size <= LONGEST {
            let bytes = store.media.get(&object.location).await?.bytes().await?;
            KeptHead::read(&store.keys, &String::from_utf8_lossy(&bytes), &place)
        } else {
            None
        };
        match read {
            // The same head at both places is looked for once.
            Some(head) if head.is_genuine && known.get(&head.sequence) == Some(&head.hash) => {}
            Some(head) => {
                known.insert(head.sequence, head.hash.clone());
                heads.push(head);
            }
            None => problems.push(Problem::new(place, "head", "is not the head of a log")),
        }
    }
    Ok((heads, problems))
}

/// Compares heads with the log, which must still hold each. Where it doesn't, the first is named, and how many follow.
pub async fn compare(check: &mut Check<'_>, heads: Vec<KeptHead>) -> Result<(), Failure> {
    check.checked("heads", heads.len());
    let mut by_place: BTreeMap<(i64, String), KeptHead> = BTreeMap::new();
    for head in heads {
        if head.is_genuine {
            by_place.insert((head.sequence, head.place.clone()), head);
        } else {
            let message = "is not signed by this instance's sealing key";
            check.found(Problem::new(head.place, "signature", message));
        }
    }
    let heads: Vec<KeptHead> = by_place.into_values().collect();
    let mut holds = None;
    let mut missing: Vec<&KeptHead> = Vec::new();
    for batch in heads.chunks(BATCH) {
        let rows = changes::Entity::find()
            .filter(changes::Column::Sequence.is_in(batch.iter().map(|head| head.sequence)))
            .all(check.snapshot.connection())
            .await?;
        let found: HashMap<i64, changes::Model> = rows.into_iter().map(|row| (row.sequence, row)).collect();
        for head in batch {
            match found.get(&head.sequence).filter(|row| row.hash == head.hash) {
                Some(row) if missing.is_empty() => {
                    holds = Some(Since { sequence: row.sequence, at: row.at });
                }
                Some(_) => {}
                None => missing.push(head),
            }
        }
    }
    if let Some(first) = missing.first() {
        let kept = first.at.map(|at| format!(" at {at}")).unwrap_or_default();
        let more = match missing.len() - 1 {
            0 => String::new(),
            more => format!("; {more} more heads that were kept are not held either"),
        };
        let message = format!(
            "does not hold entry {}:{} that was kept in {}{kept}: the newest entries were cut off or rewritten since{more}",
            first.sequence, first.hash, first.place
        );
        check.found(Problem::new("log", "head", message).since(holds));
    }
    Ok(())
}

/// Keeps the log's head from now on, at once and then hourly, in a task that ends with the store.
pub fn keep(store: &Arc<Store>) {
    let clock = Arc::clone(&store.clock);
    let store = Arc::downgrade(store);
    tokio::spawn(async move {
        let mut last = None;
        loop {
            let Some(store) = store.upgrade() else { return };
            if let Err(failure) = keep_now(&store, &mut last).await {
                tracing::error!(?failure, "the log's head can't be kept beside the database");
            }
            drop(store);
            clock.wait_until(clock.now().plus_seconds(PERIOD_SECONDS)).await;
        }
    });
}

/// Keeps the head as it is now, if it is not the one that was kept last. Two nodes that keep the same one harm nobody: a
/// line stands twice, and an object is made once.
pub async fn keep_now(store: &Store, last: &mut Option<i64>) -> Result<(), Failure> {
    let snapshot = store.database.snapshot_for_following().await?;
    let row = log_head::Entity::find_by_id(1).one(snapshot.connection()).await?;
    drop(snapshot);
    let Some(row) = row.filter(|row| row.sequence > 0 && Some(row.sequence) != *last) else { return Ok(()) };
    let path = file(store);
    if last.is_none() {
        *last = last_in(&store.keys, &path)?;
    }
    let head = Head::signed(&store.keys, store.clock.now(), row.sequence, row.hash)?;
    let text = serde_json_canonicalizer::to_string(&head)?;
    if *last != Some(head.sequence) {
        // One call a line, so that lines of two nodes don't mix.
        let mut options = std::fs::OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path)?;
        file.write_all(format!("{text}\n").as_bytes())?;
        file.sync_all()?;
    }
    let object = object_store::path::Path::from_iter(["heads", &format!("{:020}.json", head.sequence)]);
    let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
    match store.media.put_opts(&object, text.into_bytes().into(), options).await {
        Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    *last = Some(head.sequence);
    Ok(())
}

/// The number of the last head in the file.
fn last_in(keys: &Keys, path: &Path) -> Result<Option<i64>, Failure> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(text
            .lines()
            .next_back()
            .and_then(|line| KeptHead::read(keys, line, ""))
            .map(|head| head.sequence)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemChance;

    #[test]
    fn a_head_reads_back_and_is_ours_alone() {
        let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let keys = Keys::load_or_create(here.path(), &SystemChance).unwrap();
        let theirs = Keys::load_or_create(elsewhere.path(), &SystemChance).unwrap();
        let hash = "ab".repeat(32);
        let head = Head::signed(&keys, Timestamp(5), 166, hash.clone()).unwrap();
        let line = serde_json::to_string(&head).unwrap();
        let read = KeptHead::read(&keys, &line, "here").unwrap();
        assert!(read.is_genuine && read.sequence == 166 && read.at == Some(Timestamp(5)));
        assert!(!KeptHead::read(&theirs, &line, "there").unwrap().is_genuine);
        assert!(!KeptHead::read(&keys, &line.replace("166", "167"), "here").unwrap().is_genuine);
        let noted = KeptHead::read(&keys, &format!("head: 166:{hash}\n"), "a note").unwrap();
        assert!(noted.is_genuine && noted.hash == hash && noted.at.is_none());
        for text in ["", "166", "166:abc", &format!("x:{hash}"), &format!("0:{hash}")] {
            assert_eq!(KeptHead::read(&keys, text, ""), None, "{text}");
        }
    }
}
