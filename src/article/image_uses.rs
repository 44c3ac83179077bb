//! What uses an image: articles, and authors whose portrait it is. Whether it may be deleted is decided by this, and which images
//! the library lists as used.

use sea_orm::sea_query::{Expr, ExprTrait as _, SelectStatement, SubQueryStatement};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::entity::private::drafts;
use super::uses;
use crate::author;
use crate::error::Failure;
use crate::id::{ImageId, UserId};
use crate::image::entity::image_records;
use crate::library::ImageUses;

/// How much uses an image.
pub(super) async fn count(connection: &impl ConnectionTrait, image: ImageId) -> Result<ImageUses, Failure> {
    Ok(ImageUses {
        articles: uses::count(connection, image.0).await?,
        portraits: author::read::count_portraits(connection, image).await?,
    })
}

/// Whether a draft of anybody else's than this user's uses an image.
pub(super) async fn is_in_a_draft_of_others(
    connection: &impl ConnectionTrait,
    image: ImageId,
    user: UserId,
) -> Result<bool, Failure> {
    let found = drafts::Entity::find()
        .filter(drafts::Column::ArticleId.in_subquery(uses::users(image.0)))
        .filter(drafts::Column::OwnerId.ne(user));
    Ok(found.one(connection).await?.is_some())
}

/// That something uses an image of the library, or that nothing does: a condition for lists of images.
///
/// Each image of the list is looked up in both indexes as the list comes by it. `EXISTS` says the same, and lets PostgreSQL read
/// all uses there are into a table first, which for the first page of a list is the dearer way.
pub fn condition(is_used: bool) -> Expr {
    let image = || Expr::col((image_records::Entity, image_records::Column::Id));
    let found = |user: SelectStatement| Expr::from(SubQueryStatement::from(user.to_owned()));
    let (article, author) = (found(uses::one_of(image())), found(author::read::one_with_portrait(image())));
    if is_used {
        article.is_not_null().or(author.is_not_null())
    } else {
        article.is_null().and(author.is_null())
    }
}
