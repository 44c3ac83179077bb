//! `deleteImage`: one that nothing uses. Its files stay in the store, where another image may have the same.

use sea_orm::EntityTrait as _;

use super::entity::image_records;
use super::update::find;
use crate::account::policy::{self, act};
use crate::error::{Failure, UserErrorCode};
use crate::id::ImageId;
use crate::library::{Articles, ImageUses};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Deletes an image. Gives it as it was.
pub async fn delete(
    op: &Operation,
    id: ImageId,
    version: i32,
    articles: &impl Articles,
) -> Result<image_records::Model, Failure> {
    policy::may_ever::<act::EditImage>(op)?;
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    transaction.lock_library().await?;
    let found = find(&transaction, op, id, version, articles).await?;
    let ImageUses { articles, portraits } = articles.count_image_uses(&transaction, id).await?;
    if articles + portraits > 0 {
        let message = format!(
            "{articles} articles show this image, and it is the portrait of {portraits} authors: \
             `drafts(filter: {{ uses: … }})` lists the articles, and those in the trash apart, the image's `portraitOf` the \
             authors. Take it out there first."
        );
        return Err(Failure::refused(UserErrorCode::InUse, &["input", "imageId"], message));
    }
    image_records::Entity::delete_by_id(id).exec(transaction.connection()).await?;
    save(transaction, op, NewChange::new(Action::ImageDeleted, SubjectType::Image, id)).await?;
    Ok(found.record.clone())
}
