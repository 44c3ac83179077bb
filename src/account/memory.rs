//! Who is signed in, in memory: asked at every request, it follows the log, so that a deactivation, another role or the end
//! of a session holds from the moment of its commit, on every node. Where following is more than a second behind, the
//! rows are asked instead.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Instant;

use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use super::instance;
use super::read::{self, SignedIn};
use super::token::{self, Checked};
use crate::clock::Timestamp;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::id::{GlobalId as _, UserId};
use crate::log::SubjectType;
use crate::log::follow::MOST_BEHIND;
use crate::operation::{Committed, Follows, Store, Viewer};

/// Tokens whose signature need not be checked again.
const MOST_TOKENS: usize = 10_000;

/// The viewer that a token speaks for, if its session lasts.
fn viewer_of(user: &SignedIn, token: &Checked, now: Timestamp) -> Option<Viewer> {
    let lasts = user.sessions.get(&token.session).is_some_and(|expires_at| *expires_at > now);
    lasts.then_some(Viewer::User { id: token.user, role: user.role, session: token.session })
}

#[derive(Default)]
struct Known {
    /// Up to which entry of the log this has been corrected.
    place: i64,
    /// When that was the whole log; `None` before the first time.
    caught_up: Option<Instant>,
    users: HashMap<UserId, Arc<SignedIn>>,
}

/// The memory of one node.
pub struct Memory {
    known: RwLock<Known>,
    tokens: Cache<[u8; 32], Checked>,
    /// Whether a key that counts may not be on this node: it is looked for until it is. At first too: a key may have been
    /// rotated between the node's start and the place from which it follows the log.
    lacks_keys: AtomicBool,
}

/// What it knows counts once it follows the log.
impl Default for Memory {
    fn default() -> Self {
        let tokens = Cache::new(MOST_TOKENS);
        Self { known: RwLock::default(), tokens, lacks_keys: AtomicBool::new(true) }
    }
}

impl Memory {
    /// Whom a token speaks for, now. `Unauthenticated` where it is not good, or not any more.
    pub async fn viewer(&self, store: &Store, token: &str) -> Result<Viewer, Failure> {
        let checked = self.checked(store, token).filter(|token| token.is_good(store));
        let checked = checked.ok_or(Failure::Unauthenticated)?;
        let now = store.clock.now();
        let recalled =
            self.recall(checked.user, Instant::now()).and_then(|user| viewer_of(&user, &checked, now));
        if let Some(viewer) = recalled {
            return Ok(viewer);
        }
        // Also where the user is known and the session is not: another node may have started it a moment ago.
        let read = self.read(store, checked.user).await?.and_then(|user| viewer_of(&user, &checked, now));
        read.ok_or(Failure::Unauthenticated)
    }

    /// A token whose signature is ours. Only those are kept, so nobody else fills the memory.
    fn checked(&self, store: &Store, token: &str) -> Option<Checked> {
        let digest: [u8; 32] = Sha256::digest(token).into();
        if let Some(known) = self.tokens.get(&digest) {
            return Some(known);
        }
        let checked = token::check(store, token)?;
        self.tokens.insert(digest, checked.clone());
        Some(checked)
    }

    fn recall(&self, user: UserId, now: Instant) -> Option<Arc<SignedIn>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let is_current = known.caught_up.is_some_and(|then| now.duration_since(then) <= MOST_BEHIND);
        known.users.get(&user).filter(|_| is_current).cloned()
    }

    async fn read(&self, store: &Store, id: UserId) -> Result<Option<Arc<SignedIn>>, Failure> {
        let (sequence, found) = read::signed_in(store, id).await?;
        let Some(found) = found.map(Arc::new) else { return Ok(None) };
        self.keep(id, sequence, &found);
        Ok(Some(found))
    }

    /// Keeps what was read at this place of the log, unless it may have changed since.
    fn keep(&self, id: UserId, sequence: i64, found: &Arc<SignedIn>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.caught_up.is_some() && known.place <= sequence {
            known.users.insert(id, Arc::clone(found));
        }
    }
}

impl Follows for Memory {
    fn apply<'a>(
        &'a self,
        store: &'a Store,
        snapshot: &'a Snapshot,
        entries: &'a [Committed],
    ) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>> {
        {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            for entry in entries {
                if entry.subject_type == SubjectType::User.name() {
                    known.users.remove(&UserId::from_uuid(entry.subject_id));
                }
                known.place = entry.sequence;
            }
        }
        let has_changed = entries.iter().any(|entry| entry.subject_type == SubjectType::Key.name());
        Box::pin(async move {
            if has_changed || self.lacks_keys.load(Ordering::Relaxed) {
                let lacks_keys = !instance::reload_token_keys(store, snapshot, has_changed).await?;
                self.lacks_keys.store(lacks_keys, Ordering::Relaxed);
            }
            Ok(())
        })
    }

    fn caught_up(&self, sequence: i64, since: Instant) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.place = sequence;
        known.caught_up = Some(since);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::operation::Role;

    fn somebody() -> Arc<SignedIn> {
        Arc::new(SignedIn { role: Role::Editor, sessions: HashMap::new() })
    }

    #[test]
    fn what_is_kept_counts_for_a_second_after_the_log_was_followed_to_its_end() {
        let (memory, id, start) = (Memory::default(), UserId(uuid::Uuid::nil()), Instant::now());
        memory.keep(id, 5, &somebody());
        memory.caught_up(5, start);
        assert!(memory.recall(id, start).is_none(), "kept before its place in the log was known");
        memory.keep(id, 5, &somebody());
        assert!(memory.recall(id, start + MOST_BEHIND).is_some());
        assert!(memory.recall(id, start + MOST_BEHIND + Duration::from_millis(1)).is_none());
        memory.caught_up(5, start + MOST_BEHIND);
        assert!(memory.recall(id, start + MOST_BEHIND * 2).is_some());
    }

    #[test]
    fn what_was_read_before_an_entry_is_not_kept_after_it() {
        let (memory, id, start) = (Memory::default(), UserId(uuid::Uuid::nil()), Instant::now());
        memory.caught_up(7, start);
        memory.keep(id, 6, &somebody());
        assert!(memory.recall(id, start).is_none());
        memory.keep(id, 8, &somebody());
        assert!(memory.recall(id, start).is_some());
    }
}
