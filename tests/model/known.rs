//! Scripts that are played by every test run: those that failed once, as they were reported, and ways that chance seldom goes.

use super::rules::Who::*;
use super::steps::Act::*;
use super::steps::From::*;
use super::steps::Slug::*;
use super::steps::Step;
use super::steps::Version::*;

/// Each with what it is about.
pub const KNOWN: &[(&str, &[Step])] = &[
    (
        "found where taking down left the public rows",
        &[
            Step(
                Ben,
                Create { word: 103, is_titled: true, slug: Named(1), sections: 3, links: 0, labels: 13 },
            ),
            Step(Ada, Publish { article: 0, version: Current }),
            Step(Owner, Unpublish { article: 0, version: Current }),
        ],
    ),
    (
        "found where a version that never was could be published, and where a contributor could publish",
        &[
            Step(
                Connie,
                Create { word: 334, is_titled: false, slug: Named(3), sections: 1, links: 2, labels: 29 },
            ),
            Step(Edda, Publish { article: 0, version: Ahead }),
            Step(Owner, Publish { article: 0, version: Current }),
        ],
    ),
    (
        "found where a slug that an article never had in public found it",
        &[
            Step(Edda, Create { word: 45, is_titled: true, slug: Derived, sections: 1, links: 3, labels: 8 }),
            Step(Owner, Reslug { article: 0, from: Seen(Current), slug: Named(2) }),
            Step(Owner, Publish { article: 0, version: Current }),
            Step(Owner, Reslug { article: 0, from: Seen(Current), slug: Named(3) }),
            Step(Owner, Publish { article: 0, version: Current }),
        ],
    ),
    (
        "found where a merged section came last, not after what it stood after",
        &[
            Step(
                Connie,
                Create { word: 102, is_titled: true, slug: Named(4), sections: 3, links: 2, labels: 12 },
            ),
            Step(Owner, AddSection { article: 0, from: Seen(Current), word: 418, place: 0, level: 2 }),
            Step(Owner, AddSection { article: 0, from: Merging(Behind(1)), word: 282, place: 2, level: 4 }),
        ],
    ),
    (
        "a section that is added while others are moved, by asking for it; and the stage that a save ends",
        &[
            Step(Ann, Create { word: 9, is_titled: true, slug: Derived, sections: 3, links: 0, labels: 0 }),
            Step(Edda, MoveSection { article: 0, from: Seen(Current), section: 0, place: 3 }),
            Step(Owner, Submit { article: 0, version: Current, word: 4 }),
            Step(Owner, AddSection { article: 0, from: Merging(Behind(2)), word: 12, place: 2, level: 3 }),
            Step(Edda, RequestChanges { article: 0, version: Current, word: 5 }),
            Step(Ben, AddSection { article: 0, from: Merging(Behind(1)), word: 13, place: 1, level: 2 }),
        ],
    ),
    (
        "a conversation that goes and comes back with its article",
        &[
            Step(Ann, Create { word: 7, is_titled: true, slug: Derived, sections: 1, links: 0, labels: 31 }),
            Step(Owner, Publish { article: 0, version: Current }),
            Step(Public, Comment { article: 0, word: 1 }),
            Step(Mo, Approve { comment: 0 }),
            Step(Public, Reply { article: 0, parent: 0, word: 2 }),
            Step(Owner, Delete { article: 0, version: Current }),
            Step(Owner, Approve { comment: 1 }),
            Step(Public, Reply { article: 0, parent: 0, word: 3 }),
            Step(Owner, Restart),
            Step(Edda, Restore { article: 0, version: Current }),
            Step(Owner, Wait(100)),
            Step(Owner, Publish { article: 0, version: Current }),
        ],
    ),
    (
        "a link that shows while its article is public, by who may read it and by who may not",
        &[
            Step(Ann, Create { word: 3, is_titled: true, slug: Derived, sections: 1, links: 0, labels: 1 }),
            Step(Ben, Create { word: 4, is_titled: true, slug: Derived, sections: 1, links: 1, labels: 2 }),
            Step(Ben, AddArticleLink { article: 1, from: Seen(Current), target: 0, place: 1 }),
            Step(Edda, AddArticleLink { article: 1, from: Seen(Current), target: 0, place: 1 }),
            Step(Ben, Publish { article: 1, version: Current }),
            Step(Ann, Publish { article: 0, version: Current }),
            Step(Ann, Retitle { article: 0, from: Seen(Current), word: 5 }),
            Step(Ben, AddArticleLink { article: 1, from: Seen(Current), target: 1, place: 0 }),
            Step(Edda, Unpublish { article: 0, version: Current }),
            Step(Ben, MoveLink { article: 1, from: Seen(Current), place: 1, to: 2 }),
        ],
    ),
];
