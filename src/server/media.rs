//! Serves picture files and their variants: public ones to everybody and every cache, private ones under a signed address
//! that is good for 15 minutes. Originals are never served.

use std::io::SeekFrom;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use object_store::{GetRange, GetResult, GetResultPayload};
use serde::Deserialize;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio_util::io::ReaderStream;

use super::App;
use crate::cdn;
use crate::error::Failure;
use crate::id::ImageId;
use crate::image::make_variant::VariantFile;
use crate::image::store::{self, Kind};
use crate::image::variant::{Format, Source, Variant};
use crate::image::{address, read};
use crate::reads::Tag;

const PUBLIC: &str = "public, max-age=31536000, immutable";
const PRIVATE: &str = "private, max-age=900";

/// Bytes of a file that is read at once.
const READ_AT_ONCE: u64 = 256 * 1_024;
/// Bytes of a larger one that are read at a time.
const READ_IN_PARTS: usize = 128 * 1_024;

/// The signature of a private address.
#[derive(Deserialize)]
pub struct Signed {
    expires: Option<i64>,
    signature: Option<String>,
}

/// What an address names, as far as it may be served.
enum Found {
    /// The picture as it is.
    Whole(Source, &'static str),
    /// A size and a format of it.
    Variant(Source, Variant, &'static str),
    /// A crop around another focal point than the picture has now: the present one is there.
    Moved(String),
    /// What could be an address of a picture, and shows none to the public: taken down, or never put up.
    Gone,
    /// Not an address of ours, or not any more.
    Unknown,
}

/// A file that is served.
struct File {
    path: object_store::path::Path,
    tag: String,
    mime_type: String,
    cache: &'static str,
    /// Whether other browsers get another file.
    varies: bool,
    /// Makes it, where it isn't there yet.
    made: Option<VariantFile>,
}

impl File {
    /// Makes it, if it can be made: it was looked for, and is not there. So what is there is asked for once.
    async fn make(&self, app: &App) -> Result<(), Failure> {
        match &self.made {
            Some(made) => made.clone().make(&app.store).await,
            None => Err(self.missing()),
        }
    }

    fn missing(&self) -> Failure {
        Failure::corrupt(format!("the file {} is missing", self.path))
    }

    /// Its bytes.
    async fn size(&self, app: &App) -> Result<u64, Failure> {
        if let Some(size) = store::size(&app.store, &self.path).await? {
            return Ok(size);
        }
        self.make(app).await?;
        store::size(&app.store, &self.path).await?.ok_or_else(|| self.missing())
    }

    /// The file, or a part of it.
    async fn open(&self, app: &App, range: Option<GetRange>) -> Result<GetResult, Failure> {
        if let Some(found) = store::open(&app.store, &self.path, range.clone()).await? {
            return Ok(found);
        }
        self.make(app).await?;
        store::open(&app.store, &self.path, range).await?.ok_or_else(|| self.missing())
    }
}

/// Answers `/media/{id}/{file}`.
pub async fn serve(
    State(app): State<Arc<App>>,
    Path((id, file)): Path<(String, String)>,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
) -> Response {
    answer(&app, &id, &file, None, &signed, &headers).await
}

/// Answers `/media/{id}/{file}/{variant}`.
pub async fn serve_variant(
    State(app): State<Arc<App>>,
    Path((id, file, variant)): Path<(String, String, String)>,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
) -> Response {
    answer(&app, &id, &file, Some(&variant), &signed, &headers).await
}

async fn answer(
    app: &App,
    id: &str,
    file: &str,
    variant: Option<&str>,
    signed: &Signed,
    headers: &HeaderMap,
) -> Response {
    let served = async {
        let file = match find(app, id, file, variant, signed).await? {
            Found::Unknown => {
                let words = "There is no such picture, or its address is not good any more.\n";
                return Ok(nothing(StatusCode::NOT_FOUND, words));
            }
            Found::Gone => return Ok(nothing(StatusCode::GONE, "This picture is not public.\n")),
            Found::Moved(address) => {
                let fields = [(header::LOCATION, address), (header::CACHE_CONTROL, "no-cache".to_owned())];
                return Ok((StatusCode::TEMPORARY_REDIRECT, fields).into_response());
            }
            Found::Whole(source, cache) => File {
                path: store::path(Kind::Rendition, &source.hash),
                tag: source.hash.clone(),
                mime_type: source.mime_type,
                cache,
                varies: false,
                made: None,
            },
            Found::Variant(source, variant, cache) => {
                let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
                let accept = accept.collect::<Vec<_>>().join(",");
                let format = variant
                    .format
                    .unwrap_or_else(|| Format::best(&accept, &source, app.store.config.image_auto_avif));
                let made = VariantFile::of(&app.store, &source, variant, format);
                File {
                    path: made.path.clone(),
                    tag: made.tag.clone(),
                    mime_type: format.mime_type().to_owned(),
                    cache,
                    varies: variant.format.is_none(),
                    made: Some(made),
                }
            }
        };
        let is_public = file.cache == PUBLIC;
        let mut response = send(app, file, headers).await?;
        if let (true, Some(cdn)) = (is_public, &app.store.config.caching.cdn) {
            // So that it is dropped when the picture is public no longer.
            let (name, keys) = cdn::keys::header(cdn.kind, [Tag::of(id)]);
            if let Ok(keys) = HeaderValue::from_str(&keys) {
                response.headers_mut().insert(name, keys);
            }
        }
        Ok(response)
    };
    served.await.unwrap_or_else(unavailable)
}

/// An answer that no cache keeps: what isn't public now may be in a minute.
fn nothing(status: StatusCode, words: &'static str) -> Response {
    (status, [(header::CACHE_CONTROL, "no-cache")], words).into_response()
}

async fn send(app: &App, file: File, headers: &HeaderMap) -> Result<Response, Failure> {
    let tag = format!("\"{}\"", file.tag);
    let mut response = if is_known(headers, &file.tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        let is_same = headers.get(header::IF_RANGE).is_none_or(|given| given.as_bytes() == tag.as_bytes());
        let wanted = headers
            .get(header::RANGE)
            .filter(|_| is_same)
            .and_then(|range| range.to_str().ok())
            .and_then(range);
        body(app, &file, wanted).await?
    };
    let fields = [
        (header::CONTENT_TYPE, file.mime_type.as_str()),
        (header::CACHE_CONTROL, file.cache),
        (header::ETAG, tag.as_str()),
        (header::ACCEPT_RANGES, "bytes"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    if file.varies {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    }
    Ok(response)
}

/// The bytes that are wanted; `416` where there are none.
async fn body(app: &App, file: &File, wanted: Option<GetRange>) -> Result<Response, Failure> {
    let is_part = wanted.is_some();
    if let Some(wanted) = &wanted {
        let size = file.size(app).await?;
        if wanted.as_range(size).is_err() {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
                response.headers_mut().insert(header::CONTENT_RANGE, value);
            }
            return Ok(response);
        }
    }
    let found = file.open(app, wanted).await?;
    let (size, range) = (found.meta.size, found.range.clone());
    let mut response = Response::new(content(found).await?);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(range.end - range.start));
    if is_part {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let last = range.end.saturating_sub(1);
        if let Ok(value) = HeaderValue::from_str(&format!("bytes {}-{last}/{size}", range.start)) {
            response.headers_mut().insert(header::CONTENT_RANGE, value);
        }
    }
    Ok(response)
}

/// What is sent. A small file is read at once: each step of reading waits for another thread, or for the bucket. A large one in
/// parts, as fast as the client takes them.
async fn content(found: GetResult) -> Result<Body, Failure> {
    let (start, length) = (found.range.start, found.range.end - found.range.start);
    if length <= READ_AT_ONCE {
        return Ok(Body::from(found.bytes().await?));
    }
    match found.payload {
        // object_store would read eight kilobytes at a time.
        GetResultPayload::File(file, _) => {
            let mut file = tokio::fs::File::from_std(file);
            file.seek(SeekFrom::Start(start)).await?;
            Ok(Body::from_stream(ReaderStream::with_capacity(file.take(length), READ_IN_PARTS)))
        }
        GetResultPayload::Stream(parts) => Ok(Body::from_stream(parts)),
    }
}

/// The one range that is asked for. Whoever asks for several, or in another unit, gets the whole, as the specification allows.
fn range(field: &str) -> Option<GetRange> {
    let (first, last) = field.strip_prefix("bytes=")?.trim().split_once('-')?;
    let number = |text: &str| {
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten()
    };
    match (first, last) {
        ("", length) => number(length).map(GetRange::Suffix),
        (first, "") => number(first).map(GetRange::Offset),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then(|| GetRange::Bounded(first..last.saturating_add(1)))
        }
    }
}

/// Whether the client has the file already.
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let given = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    given.flat_map(|value| value.split(',')).any(|given| {
        let given = given.trim();
        given == "*" || given.trim_start_matches("W/").trim_matches('"') == tag
    })
}

async fn find(
    app: &App,
    id: &str,
    file: &str,
    variant: Option<&str>,
    signed: &Signed,
) -> Result<Found, Failure> {
    let Ok(id) = id.parse::<ImageId>() else { return Ok(Found::Unknown) };
    let ladder = &app.store.config.image_widths;
    let parsed = match variant {
        Some(name) => match Variant::parse(name, ladder) {
            Some(parsed) => Some(parsed),
            None => return Ok(Found::Unknown),
        },
        None => None,
    };
    // A whole file's name has an ending, the folder of variants none.
    if !address::is_file_name(file) || file.contains('.') != parsed.is_none() {
        return Ok(Found::Unknown);
    }
    let named = |source: Source, cache: &'static str| match parsed {
        None if address::file_name(&source.hash, &source.mime_type) == file => Found::Whole(source, cache),
        Some((variant, focal_point))
            if source.short_hash() == file
                && variant.is_of(&source, ladder)
                && variant.name(&source) == variant.name(&Source { focal_point, ..source.clone() }) =>
        {
            Found::Variant(source, variant, cache)
        }
        _ => Found::Unknown,
    };
    let public = read::public_one(app.store.database.reader(), id).await?;
    if let Some(image) = &public
        && let found @ (Found::Whole(..) | Found::Variant(..)) = named(image.into(), PUBLIC)
    {
        return Ok(found);
    }
    if let (Some(image), Some((variant, _))) = (&public, parsed)
        && Source::from(image).short_hash() == file
        && variant.is_of(&image.into(), ladder)
    {
        return Ok(Found::Moved(address::public_variant(&app.store, image, variant)));
    }
    let (Some(expires), Some(signature)) = (signed.expires, &signed.signature) else {
        // The same for what was taken down and for what never was: nobody learns which.
        return Ok(if public.is_some() { Found::Unknown } else { Found::Gone });
    };
    let path = variant.map_or_else(|| file.to_owned(), |variant| format!("{file}/{variant}"));
    if !address::signature_holds(&app.store, id, &path, expires, signature) {
        return Ok(Found::Unknown);
    }
    let record = read::records(app.store.database.reader(), vec![id]).await?.remove(&id);
    Ok(record.map_or(Found::Unknown, |record| named((&record).into(), PRIVATE)))
}

fn unavailable(failure: Failure) -> Response {
    let words = "The picture can't be served at the moment.\n";
    match failure {
        Failure::RateLimited { retry_after } => {
            let later = [(header::RETRY_AFTER, HeaderValue::from(retry_after))];
            return (StatusCode::SERVICE_UNAVAILABLE, later, words).into_response();
        }
        Failure::Internal(fault) => tracing::error!(error = %fault, "a picture can't be served"),
        _ => {}
    }
    (StatusCode::SERVICE_UNAVAILABLE, words).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read() {
        assert_eq!(range("bytes=0-0"), Some(GetRange::Bounded(0..1)));
        assert_eq!(range("bytes=5-"), Some(GetRange::Offset(5)));
        assert_eq!(range("bytes=-5"), Some(GetRange::Suffix(5)));
        for whole in
            ["bytes=5-4", "bytes=0-1,3-4", "lines=0-1", "bytes=", "bytes=-", "bytes=+1-2", "bytes=a-b"]
        {
            assert_eq!(range(whole), None, "{whole}");
        }
    }
}
