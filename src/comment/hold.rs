//! Why a reader's comment waits for a moderator: one pure function of what the site wants and what is known of the comment.

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, Select};

use super::body::Body;
use super::entity::comment_records;
use super::read::Status;
use crate::config::{CommentLinks, CommentModeration, Config};
use crate::error::Failure;
use crate::id::CommentId;

/// Links that a comment may have where links hold none.
const FEW_LINKS: usize = 2;

/// Why a comment is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoldReason {
    /// The site holds every comment.
    AlwaysModerated,
    /// No comment from this address is approved, or one is marked as spam.
    FirstTimeAuthor,
    /// It has links.
    HasLinks,
    /// It has more than two links.
    ManyLinks,
    /// The same words came from this address before.
    RepeatedText,
    /// The reader changed it.
    Edited,
}

impl HoldReason {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AlwaysModerated,
        Self::FirstTimeAuthor,
        Self::HasLinks,
        Self::ManyLinks,
        Self::RepeatedText,
        Self::Edited,
    ];

    /// As it stands in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::AlwaysModerated => "ALWAYS_MODERATED",
            Self::FirstTimeAuthor => "FIRST_TIME_AUTHOR",
            Self::HasLinks => "HAS_LINKS",
            Self::ManyLinks => "MANY_LINKS",
            Self::RepeatedText => "REPEATED_TEXT",
            Self::Edited => "EDITED",
        }
    }
}

/// What is known of a comment when it comes.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// How many links readers would see in it.
    pub links: usize,
    /// Whether a comment from its address is approved, and none is marked as spam.
    pub is_from_known_address: bool,
    /// Whether the same words came from the address before.
    pub is_repeated: bool,
    /// Whether the reader changed it.
    pub is_edited: bool,
}

/// Why it is held; for no reason: it is approved at once.
pub fn reasons(moderation: CommentModeration, links: CommentLinks, known: Known) -> Vec<HoldReason> {
    let Known { links: number, is_from_known_address, is_repeated, is_edited } = known;
    let holds_links = links != CommentLinks::Allow;
    [
        (HoldReason::AlwaysModerated, moderation == CommentModeration::All),
        (HoldReason::FirstTimeAuthor, !is_from_known_address),
        (HoldReason::HasLinks, holds_links && number > 0),
        (HoldReason::ManyLinks, number > FEW_LINKS),
        (HoldReason::RepeatedText, is_repeated),
        (HoldReason::Edited, is_edited),
    ]
    .into_iter()
    .filter_map(|(reason, holds)| holds.then_some(reason))
    .collect()
}

/// As it stands in the record; none for no reason.
pub(super) fn written(reasons: &[HoldReason]) -> Option<String> {
    let names: Vec<&str> = reasons.iter().map(|reason| reason.name()).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

impl comment_records::Model {
    /// Why it was held when it came.
    pub fn hold_reasons(&self) -> Vec<HoldReason> {
        let names = self.held_for.as_deref().unwrap_or_default().split(' ');
        names.filter_map(|name| HoldReason::ALL.into_iter().find(|reason| reason.name() == name)).collect()
    }
}

/// Finds out why a comment from this address is held. `edited` is the one that it was, where the reader changes it.
pub(super) async fn look(
    connection: &impl ConnectionTrait,
    config: &Config,
    address: &str,
    body: &Body,
    edited: Option<CommentId>,
) -> Result<Vec<HoldReason>, Failure> {
    let from_there = || {
        let query = comment_records::Entity::find().filter(comment_records::Column::AuthorEmail.eq(address));
        match edited {
            Some(id) => query.filter(comment_records::Column::Id.ne(id)),
            None => query,
        }
    };
    let with = |status: Status| from_there().filter(comment_records::Column::Status.eq(status.name()));
    let known = Known {
        links: body.links,
        is_from_known_address: is_any(connection, with(Status::Approved)).await?
            && !is_any(connection, with(Status::Spam)).await?,
        is_repeated: is_any(connection, from_there().filter(comment_records::Column::Body.eq(&body.text)))
            .await?,
        is_edited: edited.is_some(),
    };
    Ok(reasons(config.comment_moderation, config.comment_links, known))
}

async fn is_any(
    connection: &impl ConnectionTrait,
    query: Select<comment_records::Entity>,
) -> Result<bool, Failure> {
    Ok(query.one(connection).await?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Known =
        Known { links: 0, is_from_known_address: true, is_repeated: false, is_edited: false };

    #[test]
    fn each_reason_holds_by_itself() {
        use CommentLinks::{Allow, Hold, Refuse};
        use CommentModeration::{All, FirstTime};
        use HoldReason::{AlwaysModerated, Edited, FirstTimeAuthor, HasLinks, ManyLinks, RepeatedText};
        let cases: [(CommentModeration, CommentLinks, Known, &[HoldReason]); 11] = [
            (FirstTime, Allow, PLAIN, &[]),
            (FirstTime, Hold, PLAIN, &[]),
            (All, Allow, PLAIN, &[AlwaysModerated]),
            (FirstTime, Allow, Known { is_from_known_address: false, ..PLAIN }, &[FirstTimeAuthor]),
            (FirstTime, Allow, Known { links: 2, ..PLAIN }, &[]),
            (FirstTime, Allow, Known { links: 3, ..PLAIN }, &[ManyLinks]),
            (FirstTime, Hold, Known { links: 1, ..PLAIN }, &[HasLinks]),
            (FirstTime, Hold, Known { links: 3, ..PLAIN }, &[HasLinks, ManyLinks]),
            (FirstTime, Refuse, Known { links: 1, ..PLAIN }, &[HasLinks]),
            (FirstTime, Allow, Known { is_repeated: true, ..PLAIN }, &[RepeatedText]),
            (FirstTime, Allow, Known { is_edited: true, ..PLAIN }, &[Edited]),
        ];
        for (moderation, links, known, expected) in cases {
            assert_eq!(reasons(moderation, links, known), expected, "{moderation:?} {links:?} {known:?}");
        }
        let all = Known { links: 9, is_from_known_address: false, is_repeated: true, is_edited: true };
        assert_eq!(reasons(All, Hold, all), HoldReason::ALL);
    }
}
