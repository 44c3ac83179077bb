//! What a query has read, as tags. Each entry of the log names the tags that it touches, and so tells which answers hold no
//! longer.
//!
//! A thing's tag is its id: the thing changed, appeared or went, or was looked for in vain. Beside them stand those of lists,
//! below, and of names: of an article's slug, of a path.

use std::fmt::{self, Display};
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustc_hash::FxHashSet;
use sha2::{Digest as _, Sha256};

use crate::clock::Timestamp;

/// Which articles are public, and what search finds in them.
pub const ARTICLES: &str = "articles";
/// Which authors are public, and what they are called.
pub const AUTHORS: &str = "authors";
/// Which tags are public, and what they are called.
pub const TAGS: &str = "tags";
/// The site's tree.
pub const CATEGORIES: &str = "categories";

/// Which public articles an author, a tag or a category has.
pub fn articles_of(label: impl Display) -> String {
    format!("articles:{label}")
}

/// Which public articles link to an article.
pub fn links_to(article: impl Display) -> String {
    format!("links:{article}")
}

/// A tag in eight bytes, as caches keep it: two that meet drop an answer too many, never one too few. The same on all nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tag(u64);

impl Tag {
    /// The tag of this name.
    pub fn of(name: &str) -> Self {
        let mut first = [0; 8];
        first.copy_from_slice(&Sha256::digest(name)[..8]);
        Self(u64::from_be_bytes(first))
    }

    /// One of so many groups in which tags fall.
    pub fn group(self, groups: u64) -> u64 {
        self.0 % groups
    }
}

/// Eleven letters, digits, `-` and `_`.
impl Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0.to_be_bytes()))
    }
}

/// What an answer was made from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// What it tells of.
    pub tags: FxHashSet<Tag>,
    /// From when on it may be another without any change,
    pub until: Option<Timestamp>,
    /// and before when: a clock may be set back.
    pub since: Option<Timestamp>,
    /// That it is for one viewer alone.
    pub is_private: bool,
}

tokio::task_local! {
    /// What notes what is read for the part of the answer that this task makes at the moment.
    static PART: Arc<Reads>;
}

/// Makes a part of an answer; tells what was read for it. What loads for several parts together, and tells each what is its own,
/// is such a part too.
pub async fn apart<T>(make: impl Future<Output = T>) -> (T, Sources) {
    let reads = Arc::new(Reads::noting());
    let made = PART.scope(Arc::clone(&reads), make).await;
    (made, reads.sources())
}

/// Whether a part of an answer is being made.
fn are_apart() -> bool {
    PART.try_with(|_| ()).is_ok()
}

/// The part that is being made depends on this: another one read it.
pub fn note_in_part(sources: &Sources) {
    // None is: nothing to tell.
    let _ = PART.try_with(|part| part.note_sources(sources));
}

/// What an operation notes of what it reads; nothing, where nobody keeps its answer.
#[derive(Debug, Default)]
pub struct Reads {
    noted: Option<Mutex<Sources>>,
    /// Whether it is noted for the part of the answer too that is being made.
    is_for_parts: bool,
}

impl Reads {
    /// One that notes.
    pub fn noting() -> Self {
        Self { noted: Some(Mutex::default()), is_for_parts: false }
    }

    /// The same of an operation of whose answer parts are kept: what it reads for one of them is noted for that too.
    pub fn for_parts(&self) -> Self {
        Self { noted: self.noted.as_ref().map(|_| Mutex::default()), is_for_parts: true }
    }

    fn with(&self, note: &dyn Fn(&mut Sources)) {
        if let Some(noted) = &self.noted {
            note(&mut noted.lock().unwrap_or_else(PoisonError::into_inner));
        }
        if self.is_for_parts {
            let _ = PART.try_with(|part| part.with(note));
        }
    }

    /// This was read, or looked for.
    pub fn note(&self, name: impl Display) {
        self.note_all([name]);
    }

    /// All of these were read, or looked for.
    pub fn note_all(&self, names: impl IntoIterator<Item = impl Display>) {
        if self.noted.is_some() || (self.is_for_parts && are_apart()) {
            let tags: Vec<Tag> = names.into_iter().map(|name| Tag::of(&name.to_string())).collect();
            self.with(&|sources| sources.tags.extend(&tags));
        }
    }

    /// The answer that is made now is one before this moment and another from it on.
    pub fn turn_at(&self, moment: Timestamp, now: Timestamp) {
        self.with(&|sources| {
            if now < moment {
                sources.until = Some(sources.until.map_or(moment, |until| until.min(moment)));
            } else {
                sources.since = Some(sources.since.map_or(moment, |since| since.max(moment)));
            }
        });
    }

    /// All that these depend on was read.
    pub fn note_sources(&self, more: &Sources) {
        self.with(&|sources| {
            sources.tags.extend(&more.tags);
            sources.until = sources.until.into_iter().chain(more.until).min();
            sources.since = sources.since.into_iter().chain(more.since).max();
            sources.is_private |= more.is_private;
        });
    }

    /// The answer is for one viewer alone.
    pub fn are_private(&self) {
        self.with(&|sources| sources.is_private = true);
    }

    /// What was noted so far.
    pub fn sources(&self) -> Sources {
        let noted =
            self.noted.as_ref().map(|noted| noted.lock().unwrap_or_else(PoisonError::into_inner).clone());
        noted.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_is_noted_once_and_only_where_it_is_wanted() {
        let (noting, idle) = (Reads::noting(), Reads::default());
        for reads in [&noting, &idle] {
            reads.note(ARTICLES);
            reads.note_all([ARTICLES, TAGS]);
            for moment in [7, 5, 9, 2, 3, 1] {
                reads.turn_at(Timestamp(moment), Timestamp(3));
            }
        }
        let Sources { tags, until, since, is_private } = noting.sources();
        assert_eq!(tags, FxHashSet::from_iter([Tag::of("articles"), Tag::of("tags")]));
        assert_eq!((since, until, is_private), (Some(Timestamp(3)), Some(Timestamp(5)), false));
        assert_eq!(idle.sources(), Sources::default());
    }

    #[test]
    fn a_tag_is_the_same_everywhere() {
        assert_eq!(Tag::of("articles").to_string(), "kGx_9HzXxoI");
    }
}
