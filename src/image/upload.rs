//! `uploadImage`: a file into the store, its record into the library.

use std::io::{Read as _, Seek as _, SeekFrom};

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::entity::image_records;
use super::picture::{self, Bounds, Processed, Refused};
use super::store::{self, Kind};
use super::variant::CENTER;
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::{ImageId, UserId};
use crate::log::{Action, NewChange, SubjectType, content_hash, save};
use crate::operation::Operation;
use crate::text::input;

/// Longest alt text, in characters.
pub const ALT_LIMIT: usize = 500;
/// Longest caption or credit, in characters.
pub const CAPTION_LIMIT: usize = 1_000;

/// What an upload is made of.
pub struct NewImage {
    /// The file.
    pub file: std::fs::File,
    /// Its name on the editor's disk.
    pub file_name: String,
    /// What it shows.
    pub alt: String,
    /// Caption where a place gives none.
    pub caption: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
}

/// What the log's hash of an image covers.
#[derive(Serialize)]
struct HashedImage<'a> {
    id: ImageId,
    alt: &'a str,
    caption: Option<&'a str>,
    credit: Option<&'a str>,
    original_hash: &'a str,
    rendition_hash: &'a str,
    /// Where it is not the center, as it was when there was no other.
    #[serde(skip_serializing_if = "Option::is_none")]
    focal_point: Option<(i32, i32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thumb_hash: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dominant_color: Option<&'a str>,
    uploader_id: UserId,
    salt: &'a str,
}

/// The hash of an image as the log has it.
pub(super) fn hash(record: &image_records::Model) -> Result<String, Failure> {
    content_hash(&HashedImage {
        id: record.id,
        alt: &record.alt,
        caption: record.caption.as_deref(),
        credit: record.credit.as_deref(),
        original_hash: &record.original_hash,
        rendition_hash: &record.rendition_hash,
        thumb_hash: record.thumb_hash.as_deref(),
        dominant_color: record.dominant_color.as_deref(),
        focal_point: Some((record.focal_x, record.focal_y)).filter(|point| *point != CENTER),
        uploader_id: record.uploader_id,
        salt: &record.salt,
    })
}

/// Keeps a picture: checked, stored, recorded. A refused one leaves nothing behind.
pub async fn upload(op: &Operation, new: NewImage) -> Result<image_records::Model, Failure> {
    policy::allow_new::<act::UploadImage>(op)?;
    let uploader_id = op.viewer.user_id().ok_or(Failure::Unauthenticated)?;
    let NewImage { file, file_name, alt, caption, credit } = new;
    let mut problems = Problems::default();
    let alt = problems.take(alt_text(&alt, &file_name)).unwrap_or_default();
    let caption = problems
        .take(input::optional_line(&["input", "caption"], caption.as_deref(), CAPTION_LIMIT))
        .flatten();
    let credit =
        problems.take(input::optional_line(&["input", "credit"], credit.as_deref(), CAPTION_LIMIT)).flatten();
    let processed = decode(op, file, file_name.clone()).await?;
    let (original, processed) = match processed {
        Ok(done) => done,
        Err(Refused(message)) => {
            problems.add(UserErrorCode::Invalid, &["input", "file"], message);
            return Err(problems.check().err().unwrap_or(Failure::Unauthenticated));
        }
    };
    problems.check()?;

    let original_hash = hex::encode(Sha256::digest(&original));
    let rendition_hash = hex::encode(Sha256::digest(&processed.rendition));
    let original_bytes = i64::try_from(original.len()).unwrap_or(i64::MAX);
    // Files before the row: a row never names a file that isn't there. A file without a row harms nobody.
    store::put(&op.store, Kind::Original, &original_hash, original).await?;
    store::put(&op.store, Kind::Rendition, &rendition_hash, processed.rendition).await?;

    let transaction = op.begin().await?;
    let now = op.now();
    let record = image_records::ActiveModel {
        id: Set(op.new_id()),
        alt: Set(alt),
        caption: Set(caption),
        credit: Set(credit),
        file_name: Set(safe_file_name(&file_name)),
        original_hash: Set(original_hash),
        original_mime_type: Set(processed.original_mime_type.to_owned()),
        original_bytes: Set(original_bytes),
        rendition_hash: Set(rendition_hash),
        mime_type: Set(processed.mime_type.to_owned()),
        width: Set(i32::try_from(processed.width).unwrap_or(i32::MAX)),
        height: Set(i32::try_from(processed.height).unwrap_or(i32::MAX)),
        focal_x: Set(CENTER.0),
        focal_y: Set(CENTER.1),
        thumb_hash: Set(Some(processed.placeholder.thumb_hash)),
        dominant_color: Set(Some(processed.placeholder.dominant_color)),
        uploader_id: Set(uploader_id),
        version: Set(1),
        salt: Set(op.random_hex::<16>()),
        created_at: Set(now),
        updated_at: Set(now),
    }
    .insert(transaction.connection())
    .await?;
    let change = NewChange::new(Action::ImageUploaded, SubjectType::Image, record.id).hash(hash(&record)?);
    save(transaction, op, change).await?;
    Ok(record)
}

/// An alt text says what the picture shows; a file's name does not.
fn alt_text(alt: &str, file_name: &str) -> Result<String, crate::error::UserError> {
    let path = ["input", "alt"];
    let alt = input::line(&path, alt, ALT_LIMIT)?;
    let stem = |name: &str| name.rsplit_once('.').map_or(name, |(stem, _)| stem).to_lowercase();
    let is_file_name =
        !file_name.is_empty() && (alt.eq_ignore_ascii_case(file_name) || stem(&alt) == stem(file_name));
    if is_file_name {
        let message =
            "The alt text is the file's name. Say what the picture shows, for those who can't see it.";
        return Err(crate::error::UserError::new(UserErrorCode::Invalid, &path, message));
    }
    Ok(alt)
}

/// The last part of a path, without control characters: kept for people to find the file by.
fn safe_file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|character| !character.is_control()).take(200).collect()
}

type Decoded = Result<(Vec<u8>, Processed), Refused>;

async fn decode(op: &Operation, mut file: std::fs::File, file_name: String) -> Result<Decoded, Failure> {
    let max_bytes = op.store.config.max_image_bytes;
    let bounds =
        Bounds { pixels: op.store.config.max_image_pixels, frames: op.store.config.max_image_frames };
    let decoded = op.store.work.run(move || -> std::io::Result<Decoded> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > max_bytes {
            return Ok(Err(Refused(format!("A picture file has at most {max_bytes} bytes."))));
        }
        Ok(picture::process(&bytes, &file_name, bounds).map(|processed| (bytes, processed)))
    });
    Ok(decoded.await??)
}
