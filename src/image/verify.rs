//! Compares images with the log: the records with the last entry about each, the public rows with the records, and the
//! files with the hashes that name them. Called by `verify`.

use std::collections::{BTreeMap, HashMap};
use std::io::Cursor;

use futures_util::TryStreamExt as _;
use image::ImageReader;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::entity::{image_records, images};
use super::store::{self, Kind};
use super::upload::{hash, words};
use super::{picture, read};
use crate::db::ids::IdColumn;
use crate::error::Failure;
use crate::id::ImageId;
use crate::log::check::{Check, Extent, Problem, Recorded};
use crate::log::walk::{Things, told};
use crate::log::{Action, SubjectType};
use crate::operation::Store;

/// How much of a file is looked at for its form and size in pixels. What stands before them in a rendition is a color
/// profile at most.
const BEGINNING: usize = 4_500_000;

/// All images. `shown` is where public things show them.
pub fn all(extent: Extent, shown: impl IntoIterator<Item = IdColumn>) -> Things {
    let records = IdColumn::of::<image_records::Entity>(image_records::Column::Id);
    let public = IdColumn::of::<images::Entity>(images::Column::Id);
    let (made_by, mut columns) = match extent {
        Extent::Whole => (Some(Action::ImageUploaded), vec![records, public]),
        Extent::Public => (None, vec![public]),
    };
    columns.extend(shown);
    Things::new(SubjectType::Image, made_by, columns)
}

/// Compares these images, and with the whole their files. `shown` says how many public things show each.
pub async fn compare(check: &mut Check<'_>, ids: &[Uuid], shown: &HashMap<Uuid, i64>) -> Result<(), Failure> {
    let mut told = told(check, SubjectType::Image, ids).await?;
    let typed: Vec<ImageId> = ids.iter().copied().map(ImageId).collect();
    let records = read::records(check.snapshot.connection(), typed.clone()).await?;
    let public = read::public(check.snapshot, typed.clone(), &[]).await?;
    check.checked("images", ids.len());
    let mut files = BTreeMap::new();
    for id in typed {
        let told = told.remove(&id.0).unwrap_or_default();
        let record = records.get(&id);
        let recorded = record.map(recorded).transpose()?;
        check.record(id, &told, recorded)?;
        let problem = Problem::new(id, "", "").since(told.last);
        if let Some(record) = record.filter(|record| !record.words.is_empty()) {
            let message = "is not what the image's texts make".to_owned();
            check.compare(
                &Problem { message, ..problem.clone() },
                &[("words", record.words == words(record))],
            );
        }
        compare_public(
            check,
            &problem,
            record,
            public.get(&id),
            shown.get(&id.0).copied().unwrap_or_default(),
        );
        if let Some(record) = record.filter(|_| check.extent == Extent::Whole) {
            compare_files(check, &problem, record, &mut files).await?;
        }
    }
    Ok(())
}

fn compare_public(
    check: &mut Check<'_>,
    problem: &Problem,
    record: Option<&image_records::Model>,
    public: Option<&images::Model>,
    shown: i64,
) {
    let rows = check.public_row(
        problem,
        (record, public),
        shown > 0,
        "is public, and nothing public shows it",
        "is not in the public table, and must be",
    );
    let Some((record, public)) = rows else { return };
    let message = "the public table differs from the record".to_owned();
    check.compare(
        &Problem { message, ..problem.clone() },
        &[
            ("alt", public.alt == record.alt),
            ("caption", public.caption == record.caption),
            ("credit", public.credit == record.credit),
            ("renditionHash", public.rendition_hash == record.rendition_hash),
            ("mimeType", public.mime_type == record.mime_type),
            ("width", public.width == record.width),
            ("height", public.height == record.height),
            ("thumbHash", public.thumb_hash == record.thumb_hash),
            ("dominantColor", public.dominant_color == record.dominant_color),
            ("focalPoint", (public.focal_x, public.focal_y) == (record.focal_x, record.focal_y)),
        ],
    );
    let message = format!("the public table differs from the {shown} places counted");
    check.compare(
        &Problem { message, ..problem.clone() },
        &[("referenceCount", i64::from(public.reference_count) == shown)],
    );
}

fn recorded(record: &image_records::Model) -> Result<Recorded, Failure> {
    Ok(Recorded {
        hash: hash(record)?,
        version: record.version,
        created_at: record.created_at,
        updated_at: record.updated_at,
    })
}

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum File {
    Missing,
    Unreadable(String),
    Read { hash: String, bytes: i64, picture: Option<Form> },
}

/// Reads both files of an image, each once a batch.
async fn compare_files(
    check: &mut Check<'_>,
    problem: &Problem,
    record: &image_records::Model,
    files: &mut BTreeMap<(bool, String), File>,
) -> Result<(), Failure> {
    for (kind, field, named) in [
        (Kind::Original, "original file", &record.original_hash),
        (Kind::Rendition, "rendition file", &record.rendition_hash),
    ] {
        let is_original = matches!(kind, Kind::Original);
        let key = (is_original, named.clone());
        let file = match files.get(&key) {
            Some(file) => file.clone(),
            None => {
                let file = read_file(check.store, kind, named).await;
                check.checked("files", 1);
                files.insert(key, file.clone());
                file
            }
        };
        let path = store::path(kind, named);
        let mut found = |field: &str, message: String| {
            check.found(Problem { field: field.to_owned(), message, ..problem.clone() });
        };
        match file {
            File::Missing => found(field, format!("{path} is missing")),
            File::Unreadable(error) => found(field, format!("{path} can't be read: {error}")),
            File::Read { hash, .. } if hash != *named => {
                found(field, format!("the bytes of {path} are not those that its name is the hash of"));
            }
            File::Read { hash: _, bytes, picture } => {
                let differs = "the record differs from the file".to_owned();
                if is_original && bytes != record.original_bytes {
                    found("originalBytes", differs);
                } else if let Some(form) = picture.filter(|_| !is_original) {
                    let (width, height) = form.size.unzip();
                    for (field, is_equal) in [
                        ("mimeType", form.mime_type == record.mime_type),
                        ("width", width == Some(record.width)),
                        ("height", height == Some(record.height)),
                    ] {
                        if !is_equal {
                            found(field, differs.clone());
                        }
                    }
                } else if let Some(form) = picture
                    && form.mime_type != record.original_mime_type
                {
                    found("originalMimeType", differs);
                }
            }
        }
    }
    Ok(())
}

/// Reads a file as a stream: a file that somebody put there may be of any size.
async fn read_file(store: &Store, kind: Kind, named: &str) -> File {
    let mut stream = match store::get(store, kind, named).await {
        Ok(Some(found)) => found.into_stream(),
        Ok(None) => return File::Missing,
        Err(failure) => return File::Unreadable(format!("{failure:?}")),
    };
    let (mut digest, mut bytes, mut beginning) = (Sha256::new(), 0_usize, Vec::new());
    loop {
        match stream.try_next().await {
            Ok(Some(chunk)) => {
                digest.update(&chunk);
                bytes += chunk.len();
                let room = BEGINNING.saturating_sub(beginning.len()).min(chunk.len());
                beginning.extend_from_slice(&chunk[..room]);
            }
            Ok(None) => break,
            Err(error) => return File::Unreadable(error.to_string()),
        }
    }
    let hash = hex::encode(digest.finalize());
    let picture = if hash == named { form(&beginning) } else { None };
    File::Read { hash, bytes: i64::try_from(bytes).unwrap_or(i64::MAX), picture }
}

/// A picture's type and pixels, as its beginning tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Form {
    mime_type: &'static str,
    /// Of an AVIF, which is kept as an original alone, it isn't asked.
    size: Option<(i32, i32)>,
}

fn form(beginning: &[u8]) -> Option<Form> {
    let mime_type = picture::mime_type(beginning)?;
    let reader = ImageReader::new(Cursor::new(beginning)).with_guessed_format().ok()?;
    let size = reader.into_dimensions().ok();
    let size =
        size.and_then(|(width, height)| Some((i32::try_from(width).ok()?, i32::try_from(height).ok()?)));
    (size.is_some() || mime_type == picture::AVIF).then_some(Form { mime_type, size })
}
