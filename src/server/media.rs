//! Serves picture files: public ones to everybody and every cache, private ones under a signed address that is good for
//! 15 minutes. Originals are never served.

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::App;
use crate::error::Failure;
use crate::id::ImageId;
use crate::image::store::{self, Kind};
use crate::image::{address, read};

/// The signature of a private address.
#[derive(Deserialize)]
pub struct Signed {
    expires: Option<i64>,
    signature: Option<String>,
}

/// A file that may be served.
struct Found {
    hash: String,
    mime_type: String,
    cache: &'static str,
}

/// Answers `/media/{id}/{file}`.
pub async fn serve(
    State(app): State<App>,
    Path((id, file)): Path<(String, String)>,
    Query(signed): Query<Signed>,
    headers: HeaderMap,
) -> Response {
    let found = match find(&app, &id, &file, &signed).await {
        Ok(Some(found)) => found,
        Ok(None) => {
            return (
                StatusCode::NOT_FOUND,
                "There is no such picture, or its address is not good any more.\n",
            )
                .into_response();
        }
        Err(failure) => return unavailable(failure),
    };
    let tag = format!("\"{}\"", found.hash);
    let is_known = headers.get(header::IF_NONE_MATCH).is_some_and(|given| given.as_bytes() == tag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        match store::get(&app.store, Kind::Rendition, &found.hash).await {
            Ok(Some(file)) => {
                let length = file.meta.size;
                let mut response = Response::new(Body::from_stream(file.into_stream()));
                response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
                response
            }
            Ok(None) => return unavailable(Failure::corrupt(format!("the file {} is missing", found.hash))),
            Err(failure) => return unavailable(failure),
        }
    };
    let fields = [
        (header::CONTENT_TYPE, found.mime_type.as_str()),
        (header::CACHE_CONTROL, found.cache),
        (header::ETAG, tag.as_str()),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn find(app: &App, id: &str, file: &str, signed: &Signed) -> Result<Option<Found>, Failure> {
    let Ok(id) = id.parse::<ImageId>() else { return Ok(None) };
    let snapshot = app.store.database.snapshot().await?;
    if let Some(image) = read::public(&snapshot, vec![id]).await?.remove(&id)
        && address::file_name(&image.rendition_hash, &image.mime_type) == file
    {
        let cache = "public, max-age=31536000, immutable";
        return Ok(Some(Found { hash: image.rendition_hash, mime_type: image.mime_type, cache }));
    }
    let (Some(expires), Some(signature)) = (signed.expires, &signed.signature) else { return Ok(None) };
    if !address::signature_holds(&app.store, id, file, expires, signature) {
        return Ok(None);
    }
    let record = read::records(snapshot.connection(), vec![id]).await?.remove(&id);
    let record =
        record.filter(|record| address::file_name(&record.rendition_hash, &record.mime_type) == file);
    Ok(record.map(|record| Found {
        hash: record.rendition_hash,
        mime_type: record.mime_type,
        cache: "private, max-age=900",
    }))
}

fn unavailable(failure: Failure) -> Response {
    if let Failure::Internal(fault) = failure {
        tracing::error!(error = %fault, "a picture can't be served");
    }
    (StatusCode::SERVICE_UNAVAILABLE, "The picture can't be served at the moment.\n").into_response()
}
