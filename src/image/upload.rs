//! `uploadImage`: a file into the store, its record into the library.

use std::io::{Read as _, Seek as _, SeekFrom};

use bytes::Bytes;
use sea_orm::{ActiveModelTrait as _, IntoActiveModel as _};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::entity::image_records;
use super::picture::{self, Bounds, Placeholder, Processed, Refused};
use super::store::{self, Kind};
use super::variant::CENTER;
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::{ImageId, UserId};
use crate::log::{Action, NewChange, SubjectType, content_hash, save};
use crate::operation::Operation;
use crate::text::{fold, input};

/// Longest alt text, in characters.
pub const ALT_LIMIT: usize = 500;
/// Longest caption or credit, in characters.
pub const CAPTION_LIMIT: usize = 1_000;

/// Most bytes of folded words that the library searches.
const MOST_WORDS: usize = 8_000;

/// What an upload is made of.
pub struct NewImage {
    /// The file.
    pub file: std::fs::File,
    /// Its name on the editor's disk.
    pub file_name: String,
    /// What it shows.
    pub alt: String,
    /// Caption where a place gives none; `None`: as the file says.
    pub caption: Option<Option<String>>,
    /// Who made it; `None`: as the file says.
    pub credit: Option<Option<String>>,
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
    let mut optional = |path: &str, given: &Option<Option<String>>| {
        let text = given.as_ref().and_then(Option::as_deref);
        problems.take(input::optional_line(&["input", path], text, CAPTION_LIMIT)).flatten()
    };
    let (given_caption, given_credit) = (optional("caption", &caption), optional("credit", &credit));
    let received = match receive(op, file, &file_name).await? {
        Ok(received) => received,
        Err(Refused(message)) => {
            problems.add(UserErrorCode::Invalid, &["input", "file"], message);
            return Err(problems.check().err().unwrap_or(Failure::Unauthenticated));
        }
    };
    problems.check()?;
    let about = received.processed.about.clone();
    let kept = received.keep(op).await?;
    // What the file says counts where nothing is said.
    let caption = if caption.is_some() { given_caption } else { proposed(about.caption) };
    let credit = if credit.is_some() {
        given_credit
    } else {
        proposed(about.credit.or(about.creator).or(about.copyright))
    };
    let transaction = op.begin().await?;
    transaction.share_library().await?;
    let now = op.now();
    let mut record = image_records::Model {
        id: op.new_id(),
        alt,
        caption,
        credit,
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
        words: String::new(),
        uploader_id,
        version: 1,
        salt: op.random_hex::<16>(),
        created_at: now,
        updated_at: now,
    };
    record.words = words(&record);
    let record = record.into_active_model().reset_all().insert(transaction.connection()).await?;
    let change = NewChange::new(Action::ImageUploaded, SubjectType::Image, record.id).hash(hash(&record)?);
    save(transaction, op, change).await?;
    kept.stay(op).await;
    Ok(record)
}

/// An alt text says what the picture shows; a file's name does not.
pub(super) fn alt_text(alt: &str, file_name: &str) -> Result<String, crate::error::UserError> {
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
pub(super) fn safe_file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|character| !character.is_control()).take(200).collect()
}

/// What a file says of itself, as a text that may be kept.
fn proposed(text: Option<String>) -> Option<String> {
    input::optional_line(&[], text.as_deref(), CAPTION_LIMIT).ok().flatten()
}

/// The words by which the library finds an image.
pub(super) fn words(record: &image_records::Model) -> String {
    let texts = [Some(&record.alt), record.caption.as_ref(), record.credit.as_ref(), Some(&record.file_name)];
    let all = texts.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(" ");
    fold::indexed(&all, MOST_WORDS)
}

/// A file that was received and may be kept.
pub(super) struct Received {
    original: Vec<u8>,
    processed: Processed,
}

/// A file that was kept.
pub(super) struct KeptFile {
    original: Bytes,
    rendition: Bytes,
    pub(super) original_hash: String,
    pub(super) original_mime_type: &'static str,
    pub(super) original_bytes: i64,
    pub(super) rendition_hash: String,
    pub(super) mime_type: &'static str,
    pub(super) width: i32,
    pub(super) height: i32,
    pub(super) placeholder: Placeholder,
}

impl Received {
    /// Puts both files into the store. Before the row: a row never names a file that isn't there. A file without a row harms
    /// nobody, and is an orphan that [`super::check_media`] may delete once it is old. So that it can't take these away, of
    /// which the row is about to be written:
    ///
    /// - Bytes that are there already are written again, and are young by that: they may be an orphan.
    /// - The row is written sharing the lock on the library, which is held alone while an orphan is looked at a last time and
    ///   deleted. So the row is either seen there, or written after the deletion.
    /// - A deletion that looked before the bytes were written again, and came after, is then made good by [`KeptFile::stay`].
    pub(super) async fn keep(self, op: &Operation) -> Result<KeptFile, Failure> {
        let Self { original, processed } = self;
        let (original, rendition) = (Bytes::from(original), Bytes::from(processed.rendition));
        let kept = KeptFile {
            original_hash: hex::encode(Sha256::digest(&original)),
            original_mime_type: processed.original_mime_type,
            original_bytes: i64::try_from(original.len()).unwrap_or(i64::MAX),
            rendition_hash: hex::encode(Sha256::digest(&rendition)),
            mime_type: processed.mime_type,
            width: i32::try_from(processed.width).unwrap_or(i32::MAX),
            height: i32::try_from(processed.height).unwrap_or(i32::MAX),
            placeholder: processed.placeholder,
            original,
            rendition,
        };
        for (kind, hash, bytes) in kept.files() {
            store::put(&op.store, kind, hash, bytes.clone()).await?;
        }
        Ok(kept)
    }
}

impl KeptFile {
    fn files(&self) -> [(Kind, &str, &Bytes); 2] {
        [
            (Kind::Original, &self.original_hash, &self.original),
            (Kind::Rendition, &self.rendition_hash, &self.rendition),
        ]
    }

    /// Looks, once the row is written, whether its files are there still: see [`Received::keep`].
    pub(super) async fn stay(&self, op: &Operation) {
        for (kind, hash, bytes) in self.files() {
            let stays = async {
                if !store::is_there(&op.store, &store::path(kind, hash)).await? {
                    store::put(&op.store, kind, hash, bytes.clone()).await?;
                }
                Ok(())
            };
            // The image is in the library, whatever the store answers now.
            if let Err(Failure::Internal(fault)) = stays.await {
                tracing::error!(error = %fault, hash, "whether a picture's file is there can't be asked");
            }
        }
    }
}

/// Reads and checks a file.
pub(super) async fn receive(
    op: &Operation,
    mut file: std::fs::File,
    file_name: &str,
) -> Result<Result<Received, Refused>, Failure> {
    let max_bytes = op.store.config.max_image_bytes;
    let bounds =
        Bounds { pixels: op.store.config.max_image_pixels, frames: op.store.config.max_image_frames };
    let file_name = file_name.to_owned();
    let received = op.store.work.run(move || -> std::io::Result<Result<Received, Refused>> {
        let mut original = Vec::new();
        file.seek(SeekFrom::Start(0))?;
        file.take(max_bytes.saturating_add(1)).read_to_end(&mut original)?;
        if original.len() as u64 > max_bytes {
            return Ok(Err(Refused(format!("A picture file has at most {max_bytes} bytes."))));
        }
        Ok(picture::process(&original, &file_name, bounds).map(|processed| Received { original, processed }))
    });
    Ok(received.await??)
}
