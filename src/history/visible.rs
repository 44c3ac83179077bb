//! Which entries of the log a viewer sees.

use crate::account::policy::{self, Action, Reach};
use crate::article;
use crate::log::SubjectType;
use crate::log::read::Visible;
use crate::operation::Viewer;

/// What the policy lets the viewer see of the log.
pub fn visible(viewer: Viewer) -> Visible {
    const KINDS: &[(Action, &[SubjectType])] = &[
        (Action::ReadArticleChanges, &[SubjectType::Article]),
        (
            Action::ReadLibraryChanges,
            &[
                SubjectType::Image,
                SubjectType::Author,
                SubjectType::Tag,
                SubjectType::Category,
                SubjectType::Redirect,
            ],
        ),
        (Action::ReadCommentChanges, &[SubjectType::Comment]),
        (Action::ReadUserChanges, &[SubjectType::User, SubjectType::Key]),
    ];
    let kinds = KINDS.iter().filter(|(right, _)| policy::reach_of(viewer, *right) == Reach::Any);
    let owns = policy::reach_of(viewer, Action::ReadArticleChanges) == Reach::Own;
    Visible {
        kinds: kinds.flat_map(|(_, kinds)| kinds.iter().copied()).collect(),
        articles: viewer.user_id().filter(|_| owns).map(article::draft::owned_by),
    }
}
