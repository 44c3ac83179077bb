//! `replaceImageFile`: another file under the same image, wherever it is shown.

use super::entity::image_records;
use super::update::{find, write};
use super::upload::{receive, safe_file_name, words};
use super::variant::CENTER;
use crate::account::policy::{self, act};
use crate::error::{Failure, UserErrorCode};
use crate::id::ImageId;
use crate::library::Articles;
use crate::log::Action;
use crate::operation::Operation;

/// Replaces an image's file. Texts stay; the focal point is the new file's center; the addresses of the old file are of nothing.
pub async fn replace_file(
    op: &Operation,
    id: ImageId,
    version: i32,
    file: std::fs::File,
    file_name: String,
    articles: &impl Articles,
) -> Result<image_records::Model, Failure> {
    policy::may_ever::<act::EditImage>(op)?;
    let received = receive(op, file, &file_name)
        .await?
        .map_err(|refused| Failure::refused(UserErrorCode::Invalid, &["input", "file"], refused.0))?;
    // Files before the row, as at an upload.
    let kept = received.keep(op).await?;
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    transaction.share_library().await?;
    let found = find(&transaction, op, id, version, articles).await?;
    let mut changed = image_records::Model {
        file_name: safe_file_name(&file_name),
        original_hash: kept.original_hash.clone(),
        original_mime_type: kept.original_mime_type.to_owned(),
        original_bytes: kept.original_bytes,
        rendition_hash: kept.rendition_hash.clone(),
        mime_type: kept.mime_type.to_owned(),
        width: kept.width,
        height: kept.height,
        focal_x: CENTER.0,
        focal_y: CENTER.1,
        thumb_hash: Some(kept.placeholder.thumb_hash.clone()),
        dominant_color: Some(kept.placeholder.dominant_color.clone()),
        ..found.record.clone()
    };
    changed.words = words(&changed);
    let written = write(transaction, op, changed, Action::ImageFileReplaced).await?;
    kept.stay(op).await;
    Ok(written)
}
