//! The words of the log, and the document that is hashed and signed.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::id::{
    ArticleId, AuthorId, CategoryId, CommentId, GlobalId as _, ImageId, KeyId, RedirectId, TagId, UserId,
};

macro_rules! names {
    ($(#[$doc:meta])* $kind:ident { $($(#[$variant_doc:meta])* $variant:ident $name:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $kind { $($(#[$variant_doc])* $variant,)* }

        impl $kind {
            /// As it stands in the log.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The one of this name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

names! {
    /// What was done.
    Action {
        /// A draft and its first revision were made.
        ArticleCreated "ARTICLE_CREATED",
        /// A draft got a new revision.
        ArticleSaved "ARTICLE_SAVED",
        /// A draft got a new revision with the content of an older one.
        ArticleReverted "ARTICLE_REVERTED",
        /// A draft was handed in for review.
        ArticleSubmitted "ARTICLE_SUBMITTED",
        /// A draft was sent back to its owner.
        ArticleChangesRequested "ARTICLE_CHANGES_REQUESTED",
        /// A draft was handed on to another owner.
        ArticleAssigned "ARTICLE_ASSIGNED",
        /// A revision became the public one.
        ArticlePublished "ARTICLE_PUBLISHED",
        /// An article was taken down.
        ArticleUnpublished "ARTICLE_UNPUBLISHED",
        /// An article was moved to the trash; if it was public, it is no longer.
        ArticleTrashed "ARTICLE_TRASHED",
        /// An article was taken out of the trash.
        ArticleRestored "ARTICLE_RESTORED",
        /// An article's comments were opened or closed, or are to close by themselves.
        ArticleCommentsSet "ARTICLE_COMMENTS_SET",
        /// An article's content was erased, with all its revisions: tombstones of this hash stand in their place.
        ArticleErased "ARTICLE_ERASED",
        /// The words by which published articles are found were made anew, the article's among them.
        SearchReindexed "SEARCH_REINDEXED",
        /// An image was uploaded.
        ImageUploaded "IMAGE_UPLOADED",
        /// An image's texts or its focal point were changed.
        ImageUpdated "IMAGE_UPDATED",
        /// An image got another file.
        ImageFileReplaced "IMAGE_FILE_REPLACED",
        /// An image was deleted.
        ImageDeleted "IMAGE_DELETED",
        /// An author was added.
        AuthorCreated "AUTHOR_CREATED",
        /// An author was changed, or took over another's slugs.
        AuthorUpdated "AUTHOR_UPDATED",
        /// An author was deleted.
        AuthorDeleted "AUTHOR_DELETED",
        /// A tag was added.
        TagCreated "TAG_CREATED",
        /// A tag was changed, or took over another's slugs.
        TagUpdated "TAG_UPDATED",
        /// A tag was deleted.
        TagDeleted "TAG_DELETED",
        /// A tag was merged into another.
        TagMerged "TAG_MERGED",
        /// A category was added.
        CategoryCreated "CATEGORY_CREATED",
        /// A category was changed, or took over another's slugs.
        CategoryUpdated "CATEGORY_UPDATED",
        /// A category has another place in the tree.
        CategoryMoved "CATEGORY_MOVED",
        /// A category was deleted.
        CategoryDeleted "CATEGORY_DELETED",
        /// A redirect was set.
        RedirectCreated "REDIRECT_CREATED",
        /// A redirect was changed.
        RedirectUpdated "REDIRECT_UPDATED",
        /// A redirect was taken away.
        RedirectDeleted "REDIRECT_DELETED",
        /// A reader sent a comment.
        CommentSubmitted "COMMENT_SUBMITTED",
        /// A reader sent a comment, and nothing held it: it was approved at once.
        CommentAccepted "COMMENT_ACCEPTED",
        /// A reader changed a comment: it waits again.
        CommentEdited "COMMENT_EDITED",
        /// Somebody of the desk answered a comment.
        CommentReplied "COMMENT_REPLIED",
        /// A comment was approved.
        CommentApproved "COMMENT_APPROVED",
        /// A comment was rejected; if it was public, it is no longer.
        CommentRejected "COMMENT_REJECTED",
        /// A comment was marked as spam; if it was public, it is no longer.
        CommentMarkedAsSpam "COMMENT_MARKED_AS_SPAM",
        /// A comment was taken away; if it was public, it is no longer.
        CommentDeleted "COMMENT_DELETED",
        /// What a comment said was erased, with who sent it.
        CommentErased "COMMENT_ERASED",
        /// A user was added.
        UserCreated "USER_CREATED",
        /// A user's name, e-mail address or role was changed.
        UserUpdated "USER_UPDATED",
        /// A user may not sign in any more.
        UserDeactivated "USER_DEACTIVATED",
        /// A user may sign in again.
        UserReactivated "USER_REACTIVATED",
        /// A user got another password.
        PasswordSet "PASSWORD_SET",
        /// A user signed in.
        SessionStarted "SESSION_STARTED",
        /// A session was prolonged with its refresh token.
        SessionRefreshed "SESSION_REFRESHED",
        /// Sessions were ended: the user signed out, or a spent refresh token was shown again.
        SessionEnded "SESSION_ENDED",
        /// Somebody gave a wrong password, or an e-mail address that no account has.
        SignInFailed "SIGN_IN_FAILED",
        /// A signed-in user tried what their role may not do.
        AccessRefused "ACCESS_REFUSED",
        /// Another key signs access tokens.
        KeyRotated "KEY_ROTATED",
    }
}

impl Action {
    /// Whether it is the desk's alone: nothing that the public sees is another after it.
    pub fn is_private(self) -> bool {
        matches!(
            self,
            Self::ArticleCreated
                | Self::ArticleSaved
                | Self::ArticleReverted
                | Self::ArticleSubmitted
                | Self::ArticleChangesRequested
                | Self::ArticleAssigned
                | Self::ArticleRestored
                | Self::ImageUploaded
                | Self::CommentSubmitted
                | Self::UserCreated
                | Self::UserUpdated
                | Self::UserDeactivated
                | Self::UserReactivated
                | Self::PasswordSet
                | Self::SessionStarted
                | Self::SessionRefreshed
                | Self::SessionEnded
                | Self::SignInFailed
                | Self::AccessRefused
                | Self::KeyRotated
        )
    }

    /// Whether the thing is gone with it.
    pub fn is_deletion(self) -> bool {
        matches!(
            self,
            Self::ImageDeleted
                | Self::AuthorDeleted
                | Self::TagDeleted
                | Self::TagMerged
                | Self::CategoryDeleted
                | Self::RedirectDeleted
        )
    }
}

names! {
    /// The kind of thing that an entry is about.
    SubjectType {
        /// An article, draft or public.
        Article "ARTICLE",
        /// An image.
        Image "IMAGE",
        /// An author.
        Author "AUTHOR",
        /// A tag.
        Tag "TAG",
        /// A category.
        Category "CATEGORY",
        /// A redirect on the site.
        Redirect "REDIRECT",
        /// A comment.
        Comment "COMMENT",
        /// A user, and the sessions that are theirs.
        User "USER",
        /// A key of the instance.
        Key "KEY",
    }
}

impl SubjectType {
    /// The kind that an id's prefix tells.
    pub fn of_id(id: &str) -> Option<Self> {
        match id.split_once('_')?.0 {
            ArticleId::PREFIX => Some(Self::Article),
            ImageId::PREFIX => Some(Self::Image),
            AuthorId::PREFIX => Some(Self::Author),
            TagId::PREFIX => Some(Self::Tag),
            CategoryId::PREFIX => Some(Self::Category),
            RedirectId::PREFIX => Some(Self::Redirect),
            CommentId::PREFIX => Some(Self::Comment),
            UserId::PREFIX => Some(Self::User),
            KeyId::PREFIX => Some(Self::Key),
            _ => None,
        }
    }

    /// The id of a thing of this kind, as the log has it.
    pub fn id(self, id: Uuid) -> String {
        match self {
            Self::Article => ArticleId(id).to_string(),
            Self::Image => ImageId(id).to_string(),
            Self::Author => AuthorId(id).to_string(),
            Self::Tag => TagId(id).to_string(),
            Self::Category => CategoryId(id).to_string(),
            Self::Redirect => RedirectId(id).to_string(),
            Self::Comment => CommentId(id).to_string(),
            Self::User => UserId(id).to_string(),
            Self::Key => KeyId(id).to_string(),
        }
    }
}

/// What is hashed and signed, as canonical JSON (RFC 8785): integers and strings only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// A name of [`Action`].
    pub action: String,
    /// A user's id, `public` or `operator`.
    pub actor: String,
    /// When.
    pub at: Timestamp,
    /// A word more: a role, the right that was refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The hash of what the thing became: for a save or a publication, the revision's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// The public id of the key that signs.
    pub key: String,
    /// The hash of the entry before; empty for the first.
    pub previous: String,
    /// The revision's number, for a save or a publication.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i32>,
    /// This entry's number.
    pub sequence: i64,
    /// The id of what it is about.
    pub subject: String,
    /// The cache tags that it touches.
    pub tags: Vec<String>,
}
