//! From the entries about an article to what must stand in the tables: a pure fold.

use std::collections::{BTreeMap, BTreeSet};

use crate::article::Stage;
use crate::clock::Timestamp;
use crate::id::UserId;
use crate::log::check::{Since, Told};
use crate::log::{Action, Entry};

/// A revision as it was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Saved {
    pub hash: String,
    pub actor: Option<UserId>,
    /// The draft's, as which it was saved.
    pub version: i32,
    pub since: Since,
}

/// What is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Publication {
    pub revision: i32,
    pub hash: String,
    /// The entry that published it: the public tables were written with it.
    pub since: Since,
}

/// What the log tells of an article.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Expected {
    pub made: Option<Since>,
    pub last: Option<Since>,
    /// Raised by every entry, as the draft's version is.
    pub version: i32,
    pub owner: Option<(UserId, Since)>,
    pub stage: Option<(Stage, Since)>,
    pub head: Option<i32>,
    pub revisions: BTreeMap<i32, Saved>,
    pub publication: Option<Publication>,
    /// Which entry last published it or took it down.
    pub public_since: Option<Since>,
    pub first_published_at: Option<Timestamp>,
    /// The number of the last entry that published it, whether it was taken down since or not.
    pub last_published: i64,
    pub published_revisions: BTreeSet<i32>,
    /// The cache tags of all addresses under which it was published.
    pub slugs: BTreeSet<String>,
    /// While it is in the trash: since when.
    pub trashed: Option<Since>,
    /// The hash of the tombstone that stands in the place of every revision's content.
    pub erased: Option<(String, Since)>,
    /// What it says of its comments.
    pub comments: Told,
}

impl Expected {
    /// The next entry about it.
    pub(super) fn take(&mut self, entry: &Entry) {
        let since = Since::of(entry);
        // One that this program does not know was written by a newer one: it counts, and tells nothing more.
        if let Some(action) = Action::from_name(&entry.action) {
            match action {
                Action::ArticleCreated => {
                    self.made = Some(since);
                    self.owner = entry.actor.parse().ok().map(|owner| (owner, since));
                    self.save(entry, since);
                }
                Action::ArticleSaved | Action::ArticleReverted => self.save(entry, since),
                Action::ArticleSubmitted => self.stage = Some((Stage::InReview, since)),
                Action::ArticleChangesRequested => self.stage = Some((Stage::Writing, since)),
                Action::ArticleAssigned => {
                    let owner = entry.detail.as_deref().and_then(|detail| detail.parse().ok());
                    self.owner = owner.map(|owner| (owner, since));
                }
                Action::ArticlePublished => self.publish(entry, since),
                Action::ArticleUnpublished => self.take_down(since),
                Action::ArticleTrashed => {
                    self.take_down_if_public(since);
                    self.trashed = Some(since);
                }
                Action::ArticleRestored => self.trashed = None,
                Action::ArticleErased => {
                    self.take_down_if_public(since);
                    self.stage = Some((Stage::Writing, since));
                    self.erased = entry.hash.clone().map(|hash| (hash, since));
                }
                // No part of the draft: its version and its times stay what they were.
                Action::ArticleCommentsSet => {
                    self.comments.take(entry);
                    return;
                }
                Action::SearchReindexed
                | Action::ImageUploaded
                | Action::ImageUpdated
                | Action::ImageFileReplaced
                | Action::ImageDeleted
                | Action::AuthorCreated
                | Action::AuthorUpdated
                | Action::AuthorDeleted
                | Action::TagCreated
                | Action::TagUpdated
                | Action::TagDeleted
                | Action::TagMerged
                | Action::CategoryCreated
                | Action::CategoryUpdated
                | Action::CategoryMoved
                | Action::CategoryDeleted
                | Action::RedirectCreated
                | Action::RedirectUpdated
                | Action::RedirectDeleted
                | Action::CommentSubmitted
                | Action::CommentAccepted
                | Action::CommentEdited
                | Action::CommentReplied
                | Action::CommentApproved
                | Action::CommentRejected
                | Action::CommentMarkedAsSpam
                | Action::CommentDeleted
                | Action::CommentErased
                | Action::UserCreated
                | Action::UserUpdated
                | Action::UserDeactivated
                | Action::UserReactivated
                | Action::PasswordSet
                | Action::SessionStarted
                | Action::SessionRefreshed
                | Action::SessionEnded
                | Action::SignInFailed
                | Action::AccessRefused
                | Action::KeyRotated => return,
            }
        }
        self.version += 1;
        self.last = Some(since);
    }

    fn save(&mut self, entry: &Entry, since: Since) {
        self.stage = Some((Stage::Writing, since));
        if let (Some(number), Some(hash)) = (entry.revision, &entry.hash) {
            self.head = Some(number);
            let (actor, version) = (entry.actor.parse().ok(), self.version + 1);
            self.revisions.insert(number, Saved { hash: hash.clone(), actor, version, since });
        }
    }

    fn publish(&mut self, entry: &Entry, since: Since) {
        self.stage = Some((Stage::Writing, since));
        self.public_since = Some(since);
        self.last_published = entry.sequence;
        self.first_published_at = self.first_published_at.or(Some(entry.at));
        self.slugs.extend(entry.tags.iter().filter(|tag| tag.starts_with("slug:")).cloned());
        if let (Some(revision), Some(hash)) = (entry.revision, entry.hash.clone()) {
            self.published_revisions.insert(revision);
            self.publication = Some(Publication { revision, hash, since });
        }
    }

    fn take_down_if_public(&mut self, since: Since) {
        if self.publication.is_some() {
            self.take_down(since);
        }
    }

    fn take_down(&mut self, since: Since) {
        self.publication = None;
        self.public_since = Some(since);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn entry(sequence: i64, action: Action) -> Entry {
        Entry {
            action: action.name().to_owned(),
            actor: UserId(Uuid::from_u128(1)).to_string(),
            at: Timestamp(sequence * 1_000),
            detail: None,
            hash: None,
            key: String::new(),
            previous: String::new(),
            revision: None,
            sequence,
            subject: String::new(),
            tags: Vec::new(),
        }
    }

    fn of_revision(sequence: i64, action: Action, number: i32) -> Entry {
        let tags = vec![format!("slug:story-{number}")];
        Entry {
            revision: Some(number),
            hash: Some(format!("hash {number}")),
            tags,
            ..entry(sequence, action)
        }
    }

    fn folded(entries: &[Entry]) -> Expected {
        let mut expected = Expected::default();
        entries.iter().for_each(|entry| expected.take(entry));
        expected
    }

    fn since(sequence: i64) -> Since {
        Since { sequence, at: Timestamp(sequence * 1_000) }
    }

    #[test]
    fn saves_make_the_head_and_every_entry_a_version() {
        let other = UserId(Uuid::from_u128(2));
        let assigned = Entry { detail: Some(other.to_string()), ..entry(9, Action::ArticleAssigned) };
        let expected = folded(&[
            of_revision(1, Action::ArticleCreated, 1),
            of_revision(4, Action::ArticleSaved, 2),
            entry(7, Action::ArticleSubmitted),
            assigned,
        ]);
        assert_eq!((expected.version, expected.head, expected.made), (4, Some(2), Some(since(1))));
        assert_eq!(expected.stage, Some((Stage::InReview, since(7))));
        assert_eq!(expected.owner, Some((other, since(9))));
        assert_eq!(expected.revisions[&2].hash, "hash 2");
        assert_eq!((expected.publication, expected.first_published_at), (None, None));
    }

    #[test]
    fn what_is_public_is_the_last_word_about_it() {
        let published = [
            of_revision(1, Action::ArticleCreated, 1),
            of_revision(2, Action::ArticlePublished, 1),
            of_revision(3, Action::ArticleSaved, 2),
            of_revision(4, Action::ArticlePublished, 2),
        ];
        let expected = folded(&published);
        let publication = expected.publication.unwrap();
        assert_eq!((publication.revision, publication.since), (2, since(4)));
        assert_eq!(expected.first_published_at, Some(Timestamp(2_000)));
        assert_eq!(Vec::from_iter(expected.slugs), ["slug:story-1", "slug:story-2"]);
        let mut down = published.to_vec();
        down.push(entry(5, Action::ArticleUnpublished));
        let down = folded(&down);
        assert_eq!((down.publication, down.public_since, down.last_published), (None, Some(since(5)), 4));
        assert_eq!(Vec::from_iter(down.published_revisions), [1, 2]);
    }

    #[test]
    fn what_goes_to_the_trash_is_public_no_longer() {
        let mut entries = vec![
            of_revision(1, Action::ArticleCreated, 1),
            of_revision(2, Action::ArticlePublished, 1),
            entry(3, Action::ArticleTrashed),
        ];
        let trashed = folded(&entries);
        assert_eq!((trashed.trashed, trashed.publication), (Some(since(3)), None));
        entries.push(entry(4, Action::ArticleRestored));
        let restored = folded(&entries);
        assert_eq!((restored.trashed, restored.publication, restored.version), (None, None, 4));
        entries.push(Entry { hash: Some("tombstone".to_owned()), ..entry(5, Action::ArticleErased) });
        assert_eq!(folded(&entries).erased, Some(("tombstone".to_owned(), since(5))));
    }

    #[test]
    fn what_is_said_of_comments_leaves_the_draft_alone() {
        let set = Entry { hash: Some("settings".to_owned()), ..entry(2, Action::ArticleCommentsSet) };
        let expected = folded(&[of_revision(1, Action::ArticleCreated, 1), set]);
        assert_eq!((expected.version, expected.last), (1, Some(since(1))));
        assert_eq!((expected.comments.times, expected.comments.last), (1, Some(since(2))));
    }

    #[test]
    fn review_and_sending_back_move_the_stage_alone() {
        let expected = folded(&[
            of_revision(1, Action::ArticleCreated, 1),
            entry(2, Action::ArticleSubmitted),
            entry(3, Action::ArticleChangesRequested),
            entry(4, Action::TagCreated),
        ]);
        assert_eq!(expected.stage, Some((Stage::Writing, since(3))));
        assert_eq!((expected.version, expected.head), (3, Some(1)));
    }
}
