//! Who may do what: one table. Finding a thing for an action asks it and gives [`Allowed`]: the row and the proof in one,
//! which writing demands. `docs/policy.md` is its print; a test holds that.

mod printed;

use std::marker::PhantomData;

use crate::error::Failure;
use crate::id::UserId;
use crate::operation::{Operation, Role, Viewer};

pub use printed::printed;

/// How far a role's right to an action reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Not at all.
    None,
    /// To what is their own.
    Own,
    /// To all.
    Any,
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident $words:literal: $contributor:ident $author:ident $moderator:ident $editor:ident $admin:ident;)*) => {
        /// What can be done. Each is also a type, for [`Allowed`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Action { $($(#[$doc])* $name,)* }

        impl Action {
            /// All of them, in the table's order.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As it stands in the log.
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// For people: what it is, as an infinitive.
            pub fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }

        /// The table.
        pub fn reach(role: Role, action: Action) -> Reach {
            match (action, role) {
                $(
                    (Action::$name, Role::Contributor) => Reach::$contributor,
                    (Action::$name, Role::Author) => Reach::$author,
                    (Action::$name, Role::Moderator) => Reach::$moderator,
                    (Action::$name, Role::Editor) => Reach::$editor,
                    (Action::$name, Role::Admin) => Reach::$admin,
                )*
            }
        }

        /// The actions as types.
        pub mod act {
            $($(#[$doc])* #[derive(Clone, Copy, Debug)] pub struct $name;

            impl super::Act for $name {
                const ACTION: super::Action = super::Action::$name;
            })*
        }
    };
}

actions! {
    //                                                                    contributor author moderator editor admin
    /// Start an article.
    CreateArticle "create articles":                                      Any  Any  None Any  Any;
    /// See a draft, its content and revisions.
    ReadDraft "read the draft":                                           Own  Own  None Any  Any;
    /// Save new content of a draft, or go back to older content.
    EditDraft "edit the draft":                                           Own  Own  None Any  Any;
    /// Hand a draft in for review.
    SubmitForReview "submit the draft for review":                        Own  Own  None Any  Any;
    /// Send a draft back to its owner.
    RequestChanges "request changes to the draft":                        None None None Any  Any;
    /// Make somebody else a draft's owner.
    AssignArticle "hand the draft on":                                    None None None Any  Any;
    /// Make a revision the public one.
    PublishArticle "publish the article":                                 None Own  None Any  Any;
    /// Take an article down.
    UnpublishArticle "take the article down":                             None Own  None Any  Any;
    /// Move an article to the trash.
    TrashArticle "move the article to the trash":                         None Own  None Any  Any;
    /// Take an article out of the trash.
    RestoreArticle "take the article out of the trash":                   None None None Any  Any;
    /// Say whether readers may comment on an article.
    SetArticleComments "open and close the article's comments":           None Own  None Any  Any;
    /// See the records of images, authors, tags and categories.
    ReadLibrary "see the library":                                        Any  Any  None Any  Any;
    /// Upload images.
    UploadImage "upload images":                                          Any  Any  None Any  Any;
    /// Change an image's texts, focal point and file; own: while nothing public shows it.
    EditImage "edit the image":                                           Own  Own  None Any  Any;
    /// Add authors.
    CreateAuthor "create authors":                                        None None None Any  Any;
    /// Change or delete authors.
    EditAuthor "edit authors":                                            None None None Any  Any;
    /// Add tags.
    CreateTag "create tags":                                              None None None Any  Any;
    /// Change, merge or delete tags.
    EditTag "edit tags":                                                  None None None Any  Any;
    /// Add categories.
    CreateCategory "create categories":                                   None None None Any  Any;
    /// Change, move or delete categories.
    EditCategory "edit categories":                                       None None None Any  Any;
    /// See, set, change and take away redirects.
    EditRedirects "edit redirects":                                       None None None Any  Any;
    /// Decide on comments; own: on own articles.
    ModerateComment "moderate the comment":                               None Own  Any  Any  Any;
    /// Erase comments for good.
    EraseComment "erase the comment":                                     None None Any  Any  Any;
    /// Answer comments; own: on own articles.
    ReplyToComment "answer the comment":                                  None Own  Any  Any  Any;
    /// Erase an article for good; for the command line alone.
    EraseArticle "erase the article":                                     None None None None None;
    /// Make anew the words by which articles are found; for the command line alone.
    ReindexSearch "make the search index anew":                            None None None None None;
    /// See readers' e-mail addresses.
    ReadReaderEmail "see readers' e-mail addresses":                      None None Any  Any  Any;
    /// See what the log says of articles.
    ReadArticleChanges "see the log of articles":                         Own  Own  None Any  Any;
    /// See what the log says of the library.
    ReadLibraryChanges "see the log of the library":                      None None None Any  Any;
    /// See what the log says of comments.
    ReadCommentChanges "see the log of comments":                         None None Any  Any  Any;
    /// See what the log says of users, sessions and keys.
    ReadUserChanges "see the log of users":                               None None None None Any;
    /// Change a user's name; own: one's own.
    RenameUser "change the user's name":                                  Own  Own  Own  Own  Any;
    /// Change the password that one signs in with, and end one's own sessions.
    ManageOwnSessions "change their own password and end their sessions": Own  Own  Own  Own  Own;
    /// See the list of users; own: oneself in it.
    ReadUsers "see the users":                                            Own  Own  Own  Own  Any;
    /// Add users, change their e-mail addresses, roles and passwords, let them in and keep them out.
    ManageUsers "manage users":                                           None None None None Any;
    /// Make the keys that sign tokens; for the command line alone.
    RotateKeys "rotate keys":                                             None None None None None;
}

/// What opens a mutation, or a field under `viewer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing: it is for everybody.
    Everybody,
    /// That somebody is signed in.
    SignedIn,
    /// A right of the table. A field leaves out what the right does not reach.
    Right(Action),
}

/// Every mutation, and every field under `viewer`, with what opens it. A test compares this with the schema.
pub const GATES: &[(&str, Gate)] = &[
    ("signIn", Gate::Everybody),
    ("refreshSession", Gate::Everybody),
    ("submitComment", Gate::Everybody),
    ("editComment", Gate::Everybody),
    ("signOut", Gate::SignedIn),
    ("endSession", Gate::Right(Action::ManageOwnSessions)),
    ("changePassword", Gate::Right(Action::ManageOwnSessions)),
    ("createUser", Gate::Right(Action::ManageUsers)),
    ("updateUser", Gate::Right(Action::RenameUser)),
    ("setUserPassword", Gate::Right(Action::ManageUsers)),
    ("deactivateUser", Gate::Right(Action::ManageUsers)),
    ("reactivateUser", Gate::Right(Action::ManageUsers)),
    ("createArticle", Gate::Right(Action::CreateArticle)),
    ("updateArticle", Gate::Right(Action::EditDraft)),
    ("addSection", Gate::Right(Action::EditDraft)),
    ("updateSection", Gate::Right(Action::EditDraft)),
    ("moveSection", Gate::Right(Action::EditDraft)),
    ("removeSection", Gate::Right(Action::EditDraft)),
    ("addRelatedLink", Gate::Right(Action::EditDraft)),
    ("moveRelatedLink", Gate::Right(Action::EditDraft)),
    ("removeRelatedLink", Gate::Right(Action::EditDraft)),
    ("revertArticle", Gate::Right(Action::EditDraft)),
    ("submitForReview", Gate::Right(Action::SubmitForReview)),
    ("requestChanges", Gate::Right(Action::RequestChanges)),
    ("assignArticle", Gate::Right(Action::AssignArticle)),
    ("publishArticle", Gate::Right(Action::PublishArticle)),
    ("unpublishArticle", Gate::Right(Action::UnpublishArticle)),
    ("deleteArticle", Gate::Right(Action::TrashArticle)),
    ("restoreArticle", Gate::Right(Action::RestoreArticle)),
    ("setArticleComments", Gate::Right(Action::SetArticleComments)),
    ("uploadImage", Gate::Right(Action::UploadImage)),
    ("updateImage", Gate::Right(Action::EditImage)),
    ("replaceImageFile", Gate::Right(Action::EditImage)),
    ("deleteImage", Gate::Right(Action::EditImage)),
    ("createAuthor", Gate::Right(Action::CreateAuthor)),
    ("updateAuthor", Gate::Right(Action::EditAuthor)),
    ("deleteAuthor", Gate::Right(Action::EditAuthor)),
    ("createTag", Gate::Right(Action::CreateTag)),
    ("updateTag", Gate::Right(Action::EditTag)),
    ("deleteTag", Gate::Right(Action::EditTag)),
    ("mergeTags", Gate::Right(Action::EditTag)),
    ("createCategory", Gate::Right(Action::CreateCategory)),
    ("updateCategory", Gate::Right(Action::EditCategory)),
    ("moveCategory", Gate::Right(Action::EditCategory)),
    ("deleteCategory", Gate::Right(Action::EditCategory)),
    ("createRedirect", Gate::Right(Action::EditRedirects)),
    ("updateRedirect", Gate::Right(Action::EditRedirects)),
    ("deleteRedirect", Gate::Right(Action::EditRedirects)),
    ("approveComment", Gate::Right(Action::ModerateComment)),
    ("rejectComment", Gate::Right(Action::ModerateComment)),
    ("markCommentAsSpam", Gate::Right(Action::ModerateComment)),
    ("deleteComment", Gate::Right(Action::ModerateComment)),
    ("approveComments", Gate::Right(Action::ModerateComment)),
    ("rejectComments", Gate::Right(Action::ModerateComment)),
    ("markCommentsAsSpam", Gate::Right(Action::ModerateComment)),
    ("deleteComments", Gate::Right(Action::ModerateComment)),
    ("replyToComment", Gate::Right(Action::ReplyToComment)),
    ("eraseComment", Gate::Right(Action::EraseComment)),
    ("viewer.user", Gate::SignedIn),
    ("viewer.capabilities", Gate::SignedIn),
    ("viewer.sessions", Gate::Right(Action::ManageOwnSessions)),
    ("viewer.users", Gate::Right(Action::ReadUsers)),
    ("viewer.assignees", Gate::Right(Action::AssignArticle)),
    ("viewer.draft", Gate::Right(Action::ReadDraft)),
    ("viewer.preview", Gate::Right(Action::ReadDraft)),
    ("viewer.compareRevisions", Gate::Right(Action::ReadDraft)),
    ("viewer.drafts", Gate::Right(Action::ReadDraft)),
    ("viewer.images", Gate::Right(Action::ReadLibrary)),
    ("viewer.authors", Gate::Right(Action::ReadLibrary)),
    ("viewer.tags", Gate::Right(Action::ReadLibrary)),
    ("viewer.categories", Gate::Right(Action::ReadLibrary)),
    ("viewer.redirects", Gate::Right(Action::EditRedirects)),
    ("viewer.moderationQueue", Gate::Right(Action::ModerateComment)),
    ("viewer.changes", Gate::Right(Action::ReadArticleChanges)),
    ("viewer.changes", Gate::Right(Action::ReadLibraryChanges)),
    ("viewer.changes", Gate::Right(Action::ReadCommentChanges)),
    ("viewer.changes", Gate::Right(Action::ReadUserChanges)),
];

/// The rights that something in the API asks for, in the table's order.
pub fn asked_for() -> impl Iterator<Item = Action> {
    let is_asked = |action: &Action| GATES.iter().any(|(_, gate)| *gate == Gate::Right(*action));
    Action::ALL.iter().copied().filter(is_asked)
}

/// What of a draft's state the policy asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DraftState {
    /// Whether it is handed in for review.
    pub is_in_review: bool,
    /// Whether a revision of it is public.
    pub is_published: bool,
    /// Whether the newest revision is not the public one.
    pub has_unpublished_changes: bool,
    /// Whether it is in the trash.
    pub is_trashed: bool,
}

/// What can be done to a draft.
const TO_A_DRAFT: &[Action] = &[
    Action::EditDraft,
    Action::SubmitForReview,
    Action::RequestChanges,
    Action::AssignArticle,
    Action::PublishArticle,
    Action::UnpublishArticle,
    Action::TrashArticle,
    Action::RestoreArticle,
    Action::SetArticleComments,
];

/// Why a draft in this state is not there for this to be done, whoever asks.
pub fn bar(action: Action, state: DraftState) -> Option<&'static str> {
    match action {
        Action::RestoreArticle if !state.is_trashed => Some("The article is not in the trash."),
        Action::RestoreArticle => None,
        Action::TrashArticle if state.is_trashed => Some("The article is in the trash already."),
        _ if state.is_trashed => Some("The article is in the trash: restore it first."),
        Action::SubmitForReview if state.is_in_review => Some("The article is in review already."),
        Action::RequestChanges if !state.is_in_review => Some("The article is not in review."),
        Action::PublishArticle if state.is_published && !state.has_unpublished_changes => {
            Some("The newest revision is public already.")
        }
        Action::UnpublishArticle if !state.is_published => Some("The article is not public."),
        _ => None,
    }
}

/// What the viewer may do to this draft now, each with the reason where it can't be done: `None` where it can. Whether its
/// content may be published is for the checks to say.
pub fn rights_on_draft(
    viewer: Viewer,
    owner: UserId,
    state: DraftState,
) -> impl Iterator<Item = (Action, Option<String>)> {
    asked_for().filter(|action| TO_A_DRAFT.contains(action)).map(move |action| {
        let reason = if may(viewer, action, owner) {
            bar(action, state).map(str::to_owned)
        } else {
            Some(refusal(viewer, action))
        };
        (action, reason)
    })
}

/// An action as a type.
pub trait Act {
    /// Which one.
    const ACTION: Action;
}

/// A thing that may be somebody's own.
pub trait Owned {
    /// Whose.
    fn owner(&self) -> UserId;
}

/// A thing, with the proof that the viewer may do `A` to it.
pub struct Allowed<A, T> {
    thing: T,
    action: PhantomData<A>,
}

impl<A, T> std::ops::Deref for Allowed<A, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.thing
    }
}

/// How far the viewer's right reaches. The operator, on the machine itself, may do everything; the public nothing that
/// has a row here.
pub fn reach_of(viewer: Viewer, action: Action) -> Reach {
    match viewer {
        Viewer::Operator => Reach::Any,
        Viewer::Public => Reach::None,
        Viewer::User { role, .. } => reach(role, action),
    }
}

/// Whether the viewer may do it to this owner's thing.
pub fn may(viewer: Viewer, action: Action, owner: UserId) -> bool {
    match reach_of(viewer, action) {
        Reach::Any => true,
        Reach::Own => viewer.user_id() == Some(owner),
        Reach::None => false,
    }
}

/// Allows the action on a thing that the viewer sees, or says who may not.
pub fn allow<A: Act, T: Owned>(op: &Operation, thing: T) -> Result<Allowed<A, T>, Failure> {
    signed_in(op)?;
    if may(op.viewer, A::ACTION, thing.owner()) {
        Ok(Allowed { thing, action: PhantomData })
    } else {
        Err(forbidden(op, A::ACTION))
    }
}

/// Allows an action that is done to nothing that exists yet.
pub fn allow_new<A: Act>(op: &Operation) -> Result<Allowed<A, ()>, Failure> {
    signed_in(op)?;
    match reach_of(op.viewer, A::ACTION) {
        Reach::Any => Ok(Allowed { thing: (), action: PhantomData }),
        Reach::Own | Reach::None => Err(forbidden(op, A::ACTION)),
    }
}

/// Whether the viewer sees the records of images, authors, tags and categories.
pub fn sees_library(viewer: Viewer) -> bool {
    reach_of(viewer, Action::ReadLibrary) == Reach::Any
}

/// Fails where the viewer may do this to nothing at all: before anything is looked for, so that nothing is learned.
pub fn may_ever<A: Act>(op: &Operation) -> Result<(), Failure> {
    signed_in(op)?;
    match reach_of(op.viewer, A::ACTION) {
        Reach::Own | Reach::Any => Ok(()),
        Reach::None => Err(forbidden(op, A::ACTION)),
    }
}

/// Fails where nobody is signed in.
pub fn signed_in(op: &Operation) -> Result<(), Failure> {
    if op.viewer == Viewer::Public { Err(Failure::Unauthenticated) } else { Ok(()) }
}

fn forbidden(op: &Operation, action: Action) -> Failure {
    op.note_refusal(action.name());
    Failure::Forbidden { message: refusal(op.viewer, action) }
}

fn refusal(viewer: Viewer, action: Action) -> String {
    let who = match viewer {
        Viewer::User { role, .. } => role.name(),
        Viewer::Public => "public",
        Viewer::Operator => "operator",
    };
    let only_own = if reach_of(viewer, action) == Reach::Own { " of others" } else { "" };
    let may = Role::ALL.into_iter().filter(|role| reach(*role, action) == Reach::Any).map(Role::name);
    let ask = match may.collect::<Vec<_>>().as_slice() {
        [] => String::from("Nobody may through the API."),
        [.., "editor", "admin"] => String::from("Ask an editor."),
        [.., last] => format!("Ask an {last}."),
    };
    format!("Your role, {who}, may not {}{only_own}. {ask}", action.words())
}
