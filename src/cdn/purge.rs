//! Tells what stands in front which answers to drop: one task for each address, which follows the log in its order, and tells
//! nothing later before all that came before was taken.
//!
//! Each node tells by itself, and only what its own caches have passed: what is fetched anew after a purge may come from any
//! node, and one that had not heard of the change yet would give the old answer once more. What was being answered meanwhile may
//! arrive after the purge, so everything is told a second time when no request from before can be under way. How far it was told
//! is kept in the data directory; who starts without that, or is far behind, has all dropped.

use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use sha2::{Digest as _, Sha256};

use super::keys::{self, ALL, LONGEST};
use crate::config::{Cdn, CdnKind};
use crate::error::Failure;
use crate::log::follow::{Follower, touched};
use crate::media_store::choose_tls;
use crate::operation::Store;

/// Entries read at once.
const BATCH: u64 = 500;
/// Who is behind by more has all dropped.
const FAR_BEHIND: i64 = 10_000;
/// Keys that are worth to be named: for more, all is dropped.
const MOST_KEYS: usize = 2_000;
/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited before an address is told again that did not take it: doubled each time, up to the second.
const WAITS: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// How often is looked without being woken.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Begins to tell, where the settings name somebody.
pub fn begin(store: &Arc<Store>) {
    let Some(cdn) = &store.config.caching.cdn else { return };
    choose_tls();
    for address in &cdn.purge_urls {
        let teller = Teller {
            http: reqwest::Client::new(),
            cdn: cdn.clone(),
            address: address.clone(),
            file: file(store, address),
            told: VecDeque::new(),
        };
        tokio::spawn(teller.run(Arc::downgrade(store)));
    }
}

/// Where it is kept how far this address was told.
fn file(store: &Store, address: &str) -> PathBuf {
    let name = hex::encode(&Sha256::digest(address)[..8]);
    store.config.data_dir.join(format!("purged-{name}"))
}

/// What one address is told.
struct Teller {
    http: reqwest::Client,
    cdn: Cdn,
    address: String,
    file: PathBuf,
    /// What is to be told a second time, and when; up to which place that is.
    told: VecDeque<(Instant, i64, BTreeSet<String>)>,
}

impl Teller {
    async fn run(mut self, store: Weak<Store>) {
        let Some(mut advanced) = store.upgrade().map(|store| store.progress.watch()) else { return };
        let mut follower = None;
        loop {
            {
                let Some(store) = store.upgrade() else { return };
                if let Err(failure) = self.turn(&store, &mut follower).await {
                    tracing::warn!(?failure, "the log can't be followed at the moment");
                }
            }
            let again = self.told.front().map_or(HEARTBEAT, |(when, ..)| {
                when.saturating_duration_since(Instant::now()).min(HEARTBEAT)
            });
            tokio::select! {
                changed = advanced.changed() => if changed.is_err() { return },
                () = tokio::time::sleep(again) => {}
            }
        }
    }

    /// Tells what was passed since the last turn, then what is to be told a second time.
    async fn turn(&mut self, store: &Arc<Store>, follower: &mut Option<Follower>) -> Result<(), Failure> {
        let settled = Duration::from_secs(store.config.request_timeout) + HEARTBEAT;
        loop {
            let passed = store.progress.passed();
            let snapshot = store.database.snapshot_for_following().await?;
            let head = snapshot.place().await?;
            let place = follower.map_or_else(|| self.kept(), |follower: Follower| Some(follower.place()));
            let known = place.filter(|place| (head - FAR_BEHIND..=head).contains(place));
            let Some(place) = known else {
                drop(snapshot);
                self.tell(BTreeSet::from([ALL.to_owned()]), head, settled).await;
                *follower = Some(Follower::after(head));
                continue;
            };
            let mut next = Follower::after(place);
            let mut entries = next.next(&snapshot, BATCH).await?;
            drop(snapshot);
            entries.retain(|change| change.sequence <= passed);
            let Some(last) = entries.last().map(|change| change.sequence) else { break };
            let mut tags = Vec::new();
            for change in &entries {
                tags.extend(touched(change)?);
            }
            let keys = match keys::touched(tags) {
                keys if keys.len() > MOST_KEYS => BTreeSet::from([ALL.to_owned()]),
                keys => keys,
            };
            self.tell(keys, last, settled).await;
            *follower = Some(Follower::after(last));
        }
        while self.told.front().is_some_and(|(when, ..)| *when <= Instant::now()) {
            let Some((_, place, keys)) = self.told.pop_front() else { break };
            self.send_until_taken(&keys).await;
            self.keep(place);
        }
        Ok(())
    }

    async fn tell(&mut self, keys: BTreeSet<String>, place: i64, settled: Duration) {
        self.send_until_taken(&keys).await;
        self.told.push_back((Instant::now() + settled, place, keys));
    }

    /// How far the address was told, as far as is known.
    fn kept(&self) -> Option<i64> {
        std::fs::read_to_string(&self.file).ok()?.trim().parse().ok()
    }

    fn keep(&self, place: i64) {
        // Written beside and renamed: a file that broke off would be another number.
        let beside = self.file.with_extension("new");
        let written =
            std::fs::write(&beside, place.to_string()).and_then(|()| std::fs::rename(&beside, &self.file));
        if let Err(error) = written {
            tracing::warn!(%error, file = %self.file.display(), "how far the CDN was told can't be kept: it is told all at the next start");
        }
    }

    async fn send_until_taken(&self, keys: &BTreeSet<String>) {
        for some in pieces(self.cdn.kind, keys) {
            let mut wait = WAITS.0;
            while let Err(why) = self.send(&some).await {
                tracing::warn!(address = %self.address, why, "the CDN was not told what to drop: it is told again");
                tokio::time::sleep(wait).await;
                wait = (wait * 2).min(WAITS.1);
            }
        }
    }

    async fn send(&self, keys: &[&str]) -> Result<(), String> {
        let Self { http, cdn, address, .. } = self;
        let request = match cdn.kind {
            CdnKind::Varnish => {
                let purge = reqwest::Method::from_bytes(b"PURGE").map_err(|error| error.to_string())?;
                http.request(purge, address).header("xkey-purge", keys.join(" "))
            }
            CdnKind::Fastly => {
                http.post(address).header("surrogate-key", keys.join(" ")).header("fastly-key", &cdn.token)
            }
            CdnKind::Cloudflare => {
                let body = serde_json::json!({ "tags": keys }).to_string();
                http.post(address)
                    .bearer_auth(&cdn.token)
                    .header("content-type", "application/json")
                    .body(body)
            }
        };
        let answer =
            request.timeout(PATIENCE).send().await.map_err(|error| error.without_url().to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("it answered {}", answer.status())) }
    }
}

/// Keys in as many pieces as the kind needs.
fn pieces(kind: CdnKind, keys: &BTreeSet<String>) -> Vec<Vec<&str>> {
    let most = match kind {
        CdnKind::Varnish => usize::MAX,
        CdnKind::Fastly => 256,
        CdnKind::Cloudflare => 30,
    };
    let mut pieces: Vec<Vec<&str>> = Vec::new();
    let mut length = LONGEST;
    for key in keys {
        length += key.len() + 1;
        match pieces.last_mut() {
            Some(piece) if length <= LONGEST && piece.len() < most => piece.push(key),
            _ => {
                pieces.push(vec![key]);
                length = key.len() + 1;
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reads::Tag;

    #[test]
    fn pieces_hold_every_key_once_and_are_short_enough() {
        let keys: BTreeSet<String> =
            (0..1_500).map(|number| Tag::of(&number.to_string()).to_string()).collect();
        for (kind, most) in [(CdnKind::Varnish, 1_500), (CdnKind::Fastly, 256), (CdnKind::Cloudflare, 30)] {
            let pieces = pieces(kind, &keys);
            assert!(pieces.iter().all(|piece| piece.len() <= most && piece.join(" ").len() <= LONGEST));
            let all: Vec<&str> = pieces.concat();
            assert_eq!(all, keys.iter().map(String::as_str).collect::<Vec<_>>());
        }
        assert!(pieces(CdnKind::Varnish, &BTreeSet::new()).is_empty());
    }
}
