//! Who may do what: one table. Finding a thing for an action asks it and gives [`Allowed`]: the row and the proof in one,
//! which writing demands. `docs/policy.md` is its print; a test holds that.

use std::marker::PhantomData;

use crate::error::Failure;
use crate::id::UserId;
use crate::operation::{Operation, Role, Viewer};

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
    //                                                                  contributor author moderator editor admin
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
    /// Make a revision the public one.
    PublishArticle "publish the article":                                 None Own  None Any  Any;
    /// Take an article down.
    UnpublishArticle "take the article down":                             None Own  None Any  Any;
    /// See the records of images, authors, tags and categories.
    ReadLibrary "see the library":                                        Any  Any  None Any  Any;
    /// Upload images.
    UploadImage "upload images":                                          Any  Any  None Any  Any;
    /// Add authors.
    CreateAuthor "create authors":                                        None None None Any  Any;
    /// Add tags.
    CreateTag "create tags":                                              None None None Any  Any;
    /// Add categories.
    CreateCategory "create categories":                                   None None None Any  Any;
    /// Decide on comments; own: on own articles.
    ModerateComment "moderate the comment":                               None Own  Any  Any  Any;
    /// See readers' e-mail addresses.
    ReadReaderEmail "see readers' e-mail addresses":                      None None Any  Any  Any;
    /// See what the log says of articles.
    ReadArticleChanges "see the log of articles":                         Own  Own  None Any  Any;
    /// See what the log says of the library.
    ReadLibraryChanges "see the log of the library":                      None None None Any  Any;
    /// See what the log says of comments.
    ReadCommentChanges "see the log of comments":                         None None Any  Any  Any;
    /// See what the log says of users and sessions.
    ReadUserChanges "see the log of users":                               None None None None Any;
    /// Add and change users.
    ManageUsers "manage users":                                           None None None None Any;
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
        Err(forbidden(op.viewer, A::ACTION))
    }
}

/// Allows an action that is done to nothing that exists yet.
pub fn allow_new<A: Act>(op: &Operation) -> Result<Allowed<A, ()>, Failure> {
    signed_in(op)?;
    match reach_of(op.viewer, A::ACTION) {
        Reach::Any => Ok(Allowed { thing: (), action: PhantomData }),
        Reach::Own | Reach::None => Err(forbidden(op.viewer, A::ACTION)),
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
        Reach::None => Err(forbidden(op.viewer, A::ACTION)),
    }
}

/// Fails where nobody is signed in.
pub fn signed_in(op: &Operation) -> Result<(), Failure> {
    if op.viewer == Viewer::Public { Err(Failure::Unauthenticated) } else { Ok(()) }
}

fn forbidden(viewer: Viewer, action: Action) -> Failure {
    let who = match viewer {
        Viewer::User { role, .. } => role.name(),
        Viewer::Public => "public",
        Viewer::Operator => "operator",
    };
    let only_own = if reach_of(viewer, action) == Reach::Own { " of others" } else { "" };
    Failure::Forbidden {
        message: format!("Your role, {who}, may not {}{only_own}. Ask an editor.", action.words()),
    }
}

/// The table as Markdown: what `docs/policy.md` holds.
pub fn matrix() -> String {
    let mut text = String::from("| |");
    for role in Role::ALL {
        text.push_str(&format!(" {} |", role.name()));
    }
    text.push_str("\n|---|---|---|---|---|---|\n");
    for &action in Action::ALL {
        text.push_str(&format!("| {} |", action.words()));
        for role in Role::ALL {
            let cell = match reach(role, action) {
                Reach::None => "",
                Reach::Own => "own",
                Reach::Any => "yes",
            };
            text.push_str(&format!(" {cell} |"));
        }
        text.push('\n');
    }
    text
}
