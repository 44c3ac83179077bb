//! The policy in the schema.

use async_graphql::{Enum, SimpleObject};

use crate::account::policy::{self, Action, DraftState, Reach as StoredReach};
use crate::id::UserId;
use crate::operation::Viewer;

/// What can be done. Some of it has no mutation in this version; a capability is told only of what has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Action")]
pub enum PolicyAction {
    /// Start an article.
    CreateArticle,
    /// See a draft, its content and revisions.
    ReadDraft,
    /// Save new content of a draft, or go back to older content.
    EditDraft,
    /// Hand a draft in for review.
    SubmitForReview,
    /// Send a draft back to its owner.
    RequestChanges,
    /// Make somebody else a draft's owner.
    AssignArticle,
    /// Make a revision the public one.
    PublishArticle,
    /// Take an article down.
    UnpublishArticle,
    /// Move an article to the trash.
    TrashArticle,
    /// Take an article out of the trash.
    RestoreArticle,
    /// Say whether readers may comment on an article.
    SetArticleComments,
    /// See the records of images, authors, tags and categories.
    ReadLibrary,
    /// Upload images.
    UploadImage,
    /// Change an image's texts, focal point and file; own: while nothing public shows it.
    EditImage,
    /// Add authors.
    CreateAuthor,
    /// Change or delete authors.
    EditAuthor,
    /// Add tags.
    CreateTag,
    /// Change, merge or delete tags.
    EditTag,
    /// Add categories.
    CreateCategory,
    /// Change, move or delete categories.
    EditCategory,
    /// See, set, change and take away redirects.
    EditRedirects,
    /// Decide on comments; own: on own articles.
    ModerateComment,
    /// Erase comments for good.
    EraseComment,
    /// Answer comments; own: on own articles.
    ReplyToComment,
    /// Erase an article for good; for the command line alone.
    EraseArticle,
    /// Make anew the words by which articles are found; for the command line alone.
    ReindexSearch,
    /// See readers' e-mail addresses.
    ReadReaderEmail,
    /// See what the log says of articles.
    ReadArticleChanges,
    /// See what the log says of the library.
    ReadLibraryChanges,
    /// See what the log says of comments.
    ReadCommentChanges,
    /// See what the log says of users, sessions and keys.
    ReadUserChanges,
    /// Change a user's name; own: one's own.
    RenameUser,
    /// Change the password that one signs in with, and end one's own sessions.
    ManageOwnSessions,
    /// See the list of users; own: oneself in it.
    ReadUsers,
    /// Add users, change their e-mail addresses, roles and passwords, let them in and keep them out.
    ManageUsers,
    /// Make the keys that sign tokens; for the command line alone.
    RotateKeys,
}

/// How far a right reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "StoredReach")]
pub enum Reach {
    /// Not at all.
    None,
    /// To what is the viewer's own.
    Own,
    /// To all.
    Any,
}

/// How far a right of the viewer's reaches.
#[derive(SimpleObject)]
pub struct Capability {
    /// To do what.
    action: PolicyAction,
    /// To which things.
    reach: Reach,
}

impl Capability {
    /// Everything that something in the API asks for, with how far the viewer's right reaches.
    pub fn all(viewer: Viewer) -> Vec<Self> {
        policy::asked_for()
            .map(|action| Self { action: action.into(), reach: policy::reach_of(viewer, action).into() })
            .collect()
    }
}

/// Whether the viewer may do something to a draft now.
#[derive(SimpleObject)]
pub struct DraftRight {
    /// To do what.
    action: PolicyAction,
    /// Whether they may, as the draft stands.
    is_allowed: bool,
    /// Why not; null where they may.
    reason: Option<String>,
}

impl DraftRight {
    /// Everything that can be done to a draft.
    pub fn all(viewer: Viewer, owner: UserId, state: DraftState) -> Vec<Self> {
        policy::rights_on_draft(viewer, owner, state)
            .map(|(action, reason)| Self { action: action.into(), is_allowed: reason.is_none(), reason })
            .collect()
    }
}
