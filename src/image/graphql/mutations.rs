//! What editors do to images.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};

use super::LibraryImage;
use crate::article::graphql::{DraftObject, some_that_use};
use crate::article::refile::Articles;
use crate::error::{Failure, UserErrorCode};
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::scalars::Upload;
use crate::graphql::{given, ids, operation};
use crate::id::ImageId;
use crate::image::entity::image_records;
use crate::image::update::{self, ImageEdit};
use crate::image::upload::{self, NewImage};
use crate::image::{delete, read, replace_file};
use crate::operation::Operation;

/// A picture to upload, by the GraphQL multipart request specification.
#[derive(InputObject)]
pub struct UploadImageInput {
    /// The file: JPEG, PNG, GIF, WebP or AVIF; 30 MB, and 100 megapixels in all its frames, at most where it isn't set otherwise.
    file: Upload,
    /// What it shows, for those who can't see it: a sentence, not the file's name.
    alt: String,
    /// Caption where a place gives none; where it is absent, the one that the file holds (XMP, IPTC).
    caption: MaybeUndefined<String>,
    /// Who made it; where it is absent, the credit, creator or copyright that the file holds (XMP, IPTC, EXIF).
    credit: MaybeUndefined<String>,
}

/// A point in a picture.
#[derive(InputObject)]
pub struct FocalPointInput {
    /// How far from the left, in ten-thousandths of the width: 0 to 10,000.
    x: i32,
    /// How far from the top, in ten-thousandths of the height: 0 to 10,000.
    y: i32,
}

/// What changes of an image. A field that is absent is left alone, null clears it.
#[derive(InputObject)]
pub struct UpdateImageInput {
    /// Which image.
    image_id: ID,
    /// The version that the edit was made from.
    version: i32,
    /// What it shows, for those who can't see it: a sentence, not the file's name.
    alt: Option<String>,
    /// Caption where a place gives none.
    caption: MaybeUndefined<String>,
    /// Who made it.
    credit: MaybeUndefined<String>,
    /// What must stay in sight when it is cropped; null: its center.
    focal_point: MaybeUndefined<FocalPointInput>,
}

/// Another file for an image, by the GraphQL multipart request specification.
#[derive(InputObject)]
pub struct ReplaceImageFileInput {
    /// Which image.
    image_id: ID,
    /// The version that was seen.
    version: i32,
    /// The file: as for `uploadImage`.
    file: Upload,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct UpdateImagePayload {
    /// The image; where the change was refused, as it is. Null where there is none.
    image: Option<LibraryImage>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct ReplaceImageFilePayload {
    /// The image; where the file was refused, as it is. Null where there is none.
    image: Option<LibraryImage>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// The file of a request that an input names.
fn spooled(ctx: &Context<'_>, file: &Upload) -> Result<(std::fs::File, String), Failure> {
    let spooled = ctx.data::<Uploads>().ok().and_then(|uploads| uploads.0.get(file.0));
    let spooled = spooled.ok_or_else(|| {
        Failure::refused(UserErrorCode::Required, &["input", "file"], "The request holds no such file.")
    })?;
    Ok((spooled.file.try_clone()?, spooled.name.clone()))
}

/// A verb's outcome as a payload: the image as it became; where the verb was refused, as it is.
async fn with_present(
    op: &Arc<Operation>,
    id: ImageId,
    result: Result<image_records::Model, Failure>,
) -> Result<(Option<LibraryImage>, Vec<UserError>), Failure> {
    let (mut image, user_errors) = outcome(result)?;
    if image.is_none() {
        image = read::records(op.snapshot().await?.connection(), vec![id]).await?.remove(&id);
    }
    Ok((image.map(|row| LibraryImage::alone(op, row)), user_errors))
}

/// An image to delete.
#[derive(InputObject)]
pub struct DeleteImageInput {
    /// Which image. One that an article or an author uses can't be deleted.
    image_id: ID,
    /// The version that was seen.
    version: i32,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct DeleteImagePayload {
    /// The image as it was; where that was refused, as it is. Null where there is none.
    image: Option<LibraryImage>,
    /// Where it was refused with `IN_USE`: the articles last written that show it, ten at most.
    used_by: Vec<DraftObject>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What became of an upload.
#[derive(SimpleObject)]
pub struct UploadImagePayload {
    /// The image in the library; null where it was refused.
    image: Option<LibraryImage>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// The files of a request, as the server spooled them.
#[derive(Default)]
pub struct Uploads(pub Vec<SpooledFile>);

/// One of them.
pub struct SpooledFile {
    /// Its bytes.
    pub file: std::fs::File,
    /// Its name on the editor's disk.
    pub name: String,
}

/// Mutations of images.
#[derive(Default)]
pub struct ImageMutation;

#[Object]
impl ImageMutation {
    /// Uploads a picture into the library. Private metadata (place, device) never becomes public.
    async fn upload_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The picture and its texts.")] input: UploadImageInput,
    ) -> Nullable<UploadImagePayload> {
        nullable(async {
            let op = operation(ctx)?;
            let UploadImageInput { file, alt, caption, credit } = input;
            let uploaded = match spooled(ctx, &file) {
                Ok((file, file_name)) => {
                    let (caption, credit) = (given(caption).value(), given(credit).value());
                    upload::upload(op, NewImage { file, file_name, alt, caption, credit }).await
                }
                Err(failure) => Err(failure),
            };
            let (image, user_errors) = outcome(uploaded)?;
            Ok(Some(UploadImagePayload { image: image.map(|row| LibraryImage::alone(op, row)), user_errors }))
        })
        .await
    }

    /// Changes an image's texts and focal point; readers see it at once where it is public.
    async fn update_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateImageInput,
    ) -> Nullable<UpdateImagePayload> {
        nullable(async {
            let UpdateImageInput { image_id, version, alt, caption, credit, focal_point } = input;
            let id = ids::parse(&image_id, &["input", "imageId"])?;
            let focal_point =
                given(focal_point).value().map(|point| point.map(|FocalPointInput { x, y }| (x, y)));
            let edit = ImageEdit {
                alt,
                caption: given(caption).value(),
                credit: given(credit).value(),
                focal_point,
            };
            let op = operation(ctx)?;
            let updated = update::update(op, id, version, edit, &Articles).await;
            let (image, user_errors) = with_present(op, id, updated).await?;
            Ok(Some(UpdateImagePayload { image, user_errors }))
        })
        .await
    }

    /// Replaces an image's file, wherever it is shown. Its id and texts stay; its focal point is the center again, and the
    /// addresses of the old file are good no more.
    async fn replace_image_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which image, and the file.")] input: ReplaceImageFileInput,
    ) -> Nullable<ReplaceImageFilePayload> {
        nullable(async {
            let ReplaceImageFileInput { image_id, version, file } = input;
            let id = ids::parse(&image_id, &["input", "imageId"])?;
            let op = operation(ctx)?;
            let replaced = match spooled(ctx, &file) {
                Ok((file, file_name)) => {
                    replace_file::replace_file(op, id, version, file, file_name, &Articles).await
                }
                Err(failure) => Err(failure),
            };
            let (image, user_errors) = with_present(op, id, replaced).await?;
            Ok(Some(ReplaceImageFilePayload { image, user_errors }))
        })
        .await
    }

    /// Deletes an image that nothing uses.
    async fn delete_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which image.")] input: DeleteImageInput,
    ) -> Nullable<DeleteImagePayload> {
        nullable(async {
            let DeleteImageInput { image_id, version } = input;
            let id: ImageId = ids::parse(&image_id, &["input", "imageId"])?;
            let op = operation(ctx)?;
            let deleted = delete::delete(op, id, version, &Articles).await;
            let used_by = some_that_use(op, id.0, &deleted).await?;
            let (image, user_errors) = with_present(op, id, deleted).await?;
            Ok(Some(DeleteImagePayload { image, used_by, user_errors }))
        })
        .await
    }
}
