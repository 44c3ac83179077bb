//! What authors, tags and categories share: slugs that they had before, what took the place of those that are gone, and the
//! articles that use them.

pub mod entity;
pub mod former_slugs;
pub mod replacements;
pub mod slug;
pub mod verify;

use uuid::Uuid;

use crate::db::WriteTransaction;
use crate::error::{Failure, UserErrorCode};
use crate::id::{AuthorId, CategoryId, ImageId, TagId, UserId};

/// The articles that use what the library holds. They stand above it: its verbs are given them, and do not know them.
///
/// Callers hold the locks on the public tables and on the library.
pub trait Articles: Send + Sync {
    /// How many articles use this, in their newest or their public revision.
    fn count_uses(
        &self,
        transaction: &WriteTransaction,
        thing: Uuid,
    ) -> impl Future<Output = Result<u64, Failure>> + Send;

    /// What uses this image.
    fn count_image_uses(
        &self,
        transaction: &WriteTransaction,
        image: ImageId,
    ) -> impl Future<Output = Result<ImageUses, Failure>> + Send;

    /// Whether a draft of anybody else's than this user's uses this image.
    fn do_others_use_image(
        &self,
        transaction: &WriteTransaction,
        image: ImageId,
        user: UserId,
    ) -> impl Future<Output = Result<bool, Failure>> + Send;

    /// Puts an author in the place of another, wherever articles credit that one. Gives the cache
    /// tags that this touches.
    fn replace_author(
        &self,
        transaction: &WriteTransaction,
        old: AuthorId,
        new: AuthorId,
    ) -> impl Future<Output = Result<Vec<String>, Failure>> + Send;

    /// Puts a tag in the place of another, wherever articles have that one. Gives the cache
    /// tags that this touches.
    fn replace_tag(
        &self,
        transaction: &WriteTransaction,
        old: TagId,
        new: TagId,
    ) -> impl Future<Output = Result<Vec<String>, Failure>> + Send;

    /// Puts a category in the place of another, wherever articles are in that one. Both still stand in the tree. Gives the cache
    /// tags that this touches.
    fn replace_category(
        &self,
        transaction: &WriteTransaction,
        old: CategoryId,
        new: CategoryId,
    ) -> impl Future<Output = Result<Vec<String>, Failure>> + Send;

    /// Files the public articles below a category anew, after it was moved in the tree. Gives the cache
    /// tags that this touches.
    fn refile(
        &self,
        transaction: &WriteTransaction,
        moved: CategoryId,
    ) -> impl Future<Output = Result<Vec<String>, Failure>> + Send;
}

/// How much uses an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageUses {
    /// Articles that show it, in their newest or their public revision.
    pub articles: u64,
    /// Authors whose portrait it is.
    pub portraits: u64,
}

/// Refuses to delete what articles use. `what` is "this author", say.
pub fn in_use(path: &[&str], uses: u64, what: &str) -> Failure {
    let articles = if uses == 1 { "1 article uses".to_owned() } else { format!("{uses} articles use") };
    let message = format!(
        "{articles} {what}: `drafts(filter: {{ uses: … }})` lists them, and those in the trash apart. Change them first, or give \
         `replacementId`: what takes its place."
    );
    Failure::refused(UserErrorCode::InUse, path, message)
}

/// Refuses an edit that was made from another version. `what` is "tag", say.
pub fn check_version(what: &str, found: i32, given: i32) -> Result<(), Failure> {
    if found == given {
        return Ok(());
    }
    let message = format!(
        "The {what} has changed since version {given}. Look at it as it is now, and save with its version."
    );
    Err(Failure::refused(UserErrorCode::Conflict, &["input", "version"], message))
}
