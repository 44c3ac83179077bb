//! Commands, as they are made at random, dropped one by one, and pasted into a test: each names things by numbers that mean
//! something in any state, so that a script without some of its steps is a script still.

use super::rules::Who;

/// One command by somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step(pub Who, pub Act);

/// Which version an edit names: the draft's, one so many before it, or one that is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    Current,
    Behind(i32),
    Ahead,
}

/// From which version an edit is made, and whether it may be merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    Seen(Version),
    Merging(Version),
}

/// Which slug is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slug {
    Derived,
    Named(u16),
    Malformed,
    /// The one that another article has.
    Of(usize),
}

/// What is done. Articles, sections, links and comments are counted from 0, around again where there are fewer; [`NONE`] is
/// one that never was. Words make texts. Labels are bits: two tags, an author, two categories, a tag that never was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Create {
        word: u16,
        is_titled: bool,
        slug: Slug,
        sections: u16,
        links: u16,
        labels: u8,
    },
    Retitle {
        article: usize,
        from: From,
        word: u16,
    },
    Reslug {
        article: usize,
        from: From,
        slug: Slug,
    },
    Relabel {
        article: usize,
        from: From,
        labels: u8,
    },
    /// All sections at once: turned around so many places, the first with other words, perhaps without the last, perhaps with
    /// a new one.
    Rewrite {
        article: usize,
        from: From,
        turn: usize,
        word: u16,
        drops: bool,
        adds: bool,
    },
    /// The links to this article and elsewhere, all at once.
    Relink {
        article: usize,
        from: From,
        target: usize,
        word: u16,
    },
    AddSection {
        article: usize,
        from: From,
        word: u16,
        place: i32,
        level: i32,
    },
    UpdateSection {
        article: usize,
        from: From,
        section: usize,
        word: u16,
    },
    MoveSection {
        article: usize,
        from: From,
        section: usize,
        place: i32,
    },
    RemoveSection {
        article: usize,
        from: From,
        section: usize,
    },
    AddLink {
        article: usize,
        from: From,
        word: u16,
        place: i32,
    },
    AddArticleLink {
        article: usize,
        from: From,
        target: usize,
        place: i32,
    },
    MoveLink {
        article: usize,
        from: From,
        place: i32,
        to: i32,
    },
    RemoveLink {
        article: usize,
        from: From,
        place: i32,
    },
    Submit {
        article: usize,
        version: Version,
        word: u16,
    },
    RequestChanges {
        article: usize,
        version: Version,
        word: u16,
    },
    Publish {
        article: usize,
        version: Version,
    },
    Unpublish {
        article: usize,
        version: Version,
    },
    Revert {
        article: usize,
        version: Version,
        to: usize,
    },
    Assign {
        article: usize,
        version: Version,
        to: Who,
    },
    Delete {
        article: usize,
        version: Version,
    },
    Restore {
        article: usize,
        version: Version,
    },
    Comment {
        article: usize,
        word: u16,
    },
    Reply {
        article: usize,
        parent: usize,
        word: u16,
    },
    Approve {
        comment: usize,
    },
    /// A tag is merged into the other; a new one of its name takes its place in the library.
    MergeTag {
        tag: usize,
    },
    /// Time passes.
    Wait(i64),
    Restart,
}

/// Something that never was.
pub const NONE: usize = 99;

impl Act {
    /// Which article it is about, from which version, and whether it may be merged.
    pub fn about(self) -> (usize, Version, bool) {
        match self {
            Self::Retitle { article, from, .. }
            | Self::Reslug { article, from, .. }
            | Self::Relabel { article, from, .. }
            | Self::Rewrite { article, from, .. }
            | Self::Relink { article, from, .. }
            | Self::AddSection { article, from, .. }
            | Self::UpdateSection { article, from, .. }
            | Self::MoveSection { article, from, .. }
            | Self::RemoveSection { article, from, .. }
            | Self::AddLink { article, from, .. }
            | Self::AddArticleLink { article, from, .. }
            | Self::MoveLink { article, from, .. }
            | Self::RemoveLink { article, from, .. } => match from {
                From::Seen(version) => (article, version, false),
                From::Merging(version) => (article, version, true),
            },
            Self::Submit { article, version, .. }
            | Self::RequestChanges { article, version, .. }
            | Self::Publish { article, version }
            | Self::Unpublish { article, version }
            | Self::Revert { article, version, .. }
            | Self::Assign { article, version, .. }
            | Self::Delete { article, version }
            | Self::Restore { article, version } => (article, version, false),
            Self::Create { .. }
            | Self::Comment { .. }
            | Self::Reply { .. }
            | Self::Approve { .. }
            | Self::MergeTag { .. }
            | Self::Wait(_)
            | Self::Restart => (NONE, Version::Current, false),
        }
    }
}
