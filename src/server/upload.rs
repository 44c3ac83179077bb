//! Uploads by the GraphQL multipart request specification: token and role first, then the stream, file by file onto disk.
//! <https://github.com/jaydenseric/graphql-multipart-request-spec>

use std::collections::HashMap;

use axum::body::BodyDataStream;
use axum::http::{HeaderMap, StatusCode, header};
use multer::{Constraints, Field, Multipart, SizeLimit};
use tokio::io::AsyncWriteExt as _;

use super::request::{Asked, Refused, from_json, too_large};
use crate::account::audit;
use crate::account::policy::{self, act};
use crate::error::Failure;
use crate::graphql::errors::code;
use crate::graphql::scalars::Upload;
use crate::image::graphql::{SpooledFile, Uploads};
use crate::operation::Operation;

/// Most files in a request.
const MOST_FILES: usize = 10;

/// Reads a multipart request. Nothing of the body is read for a viewer who may not upload. Who may has sent a token in
/// `Authorization`, which no form on another site can: the preflight that the specification asks for is forced.
pub async fn read(
    op: &Operation,
    headers: &HeaderMap,
    body: &mut BodyDataStream,
) -> Result<(Asked, Uploads), Refused> {
    may_upload(op).await?;
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(|_| malformed("the boundary is missing"))?;
    let largest = op.store.config.max_image_bytes;
    let whole =
        largest.saturating_mul(MOST_FILES as u64).saturating_add(op.store.config.max_body_bytes as u64);
    let constraints = Constraints::new().size_limit(SizeLimit::new().whole_stream(whole));
    let mut parts = Multipart::with_constraints(body, boundary, constraints);

    let operations = text(&mut parts, "operations", op.store.config.max_body_bytes).await?;
    let map = text(&mut parts, "map", op.store.config.max_body_bytes).await?;
    let mut asked = from_json(&operations)?;
    let map: HashMap<String, Vec<String>> =
        serde_json::from_slice(&map).map_err(|_| malformed("`map` is not an object of lists of paths"))?;
    if map.len() > MOST_FILES {
        return Err(malformed(&format!("it holds {} files; at most {MOST_FILES} are taken", map.len())));
    }
    let mut uploads = Uploads::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        let paths = map.get(&name).ok_or_else(|| malformed(&format!("the part {name:?} is not in `map`")))?;
        if uploads.0.len() >= map.len() {
            return Err(malformed("a file is sent twice"));
        }
        for path in paths {
            place(&mut asked, path, uploads.0.len())?;
        }
        uploads.0.push(spool(part, largest).await?);
    }
    Ok((asked, uploads))
}

async fn may_upload(op: &Operation) -> Result<(), Refused> {
    let refused = match policy::may_ever::<act::UploadImage>(op) {
        Ok(()) => return Ok(()),
        Err(Failure::Forbidden { message }) => Refused::new(StatusCode::FORBIDDEN, code::FORBIDDEN, message),
        Err(_) => Refused::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, "Sign in to upload files."),
    };
    audit::refusals(op).await;
    Err(refused)
}

async fn text(parts: &mut Multipart<'_>, name: &str, limit: usize) -> Result<Vec<u8>, Refused> {
    let missing = || {
        malformed(&format!("`{name}` is missing, or not in its place: `operations`, `map`, then the files"))
    };
    let mut part = parts
        .next_field()
        .await
        .map_err(broken)?
        .filter(|part| part.name() == Some(name))
        .ok_or_else(missing)?;
    let mut bytes = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// Puts a file's placeholder where `map` says: `variables.input.file`.
fn place(asked: &mut Asked, path: &str, number: usize) -> Result<(), Refused> {
    let wrong = || malformed(&format!("the path {path:?} in `map` does not lead to a null in the variables"));
    let mut steps = path.strip_prefix("variables.").ok_or_else(wrong)?.split('.');
    let first = steps.next().ok_or_else(wrong)?;
    let mut at = asked.variables.as_mut().and_then(|variables| variables.get_mut(first)).ok_or_else(wrong)?;
    for step in steps {
        at = match at {
            serde_json::Value::Array(list) => {
                step.parse::<usize>().ok().and_then(|index| list.get_mut(index))
            }
            serde_json::Value::Object(fields) => fields.get_mut(step),
            _ => None,
        }
        .ok_or_else(wrong)?;
    }
    if !at.is_null() {
        return Err(wrong());
    }
    *at = serde_json::Value::String(Upload::placeholder(number));
    Ok(())
}

async fn spool(mut part: Field<'_>, largest: u64) -> Result<SpooledFile, Refused> {
    let name = part.file_name().unwrap_or_default().to_owned();
    // Without a name: nothing is left of it when the process ends, however that ends.
    let file = tempfile::tempfile().map_err(no_space)?;
    let mut writer = tokio::fs::File::from_std(file.try_clone().map_err(no_space)?);
    let mut written = 0_u64;
    while let Some(chunk) = part.chunk().await.map_err(broken)? {
        written += chunk.len() as u64;
        if written > largest {
            let message = format!("A picture file has at most {largest} bytes.");
            return Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, code::BAD_REQUEST, message));
        }
        writer.write_all(&chunk).await.map_err(no_space)?;
    }
    writer.flush().await.map_err(no_space)?;
    Ok(SpooledFile { file, name })
}

fn malformed(what: &str) -> Refused {
    Refused::bad_request(format!("This is not a GraphQL multipart request: {what}."))
}

#[allow(clippy::needless_pass_by_value, reason = "map_err gives it so")]
fn broken(error: multer::Error) -> Refused {
    match error {
        multer::Error::StreamSizeExceeded { limit } => {
            too_large(usize::try_from(limit).unwrap_or(usize::MAX))
        }
        error => malformed(&format!("it breaks off or is garbled ({error})")),
    }
}

#[allow(clippy::needless_pass_by_value, reason = "map_err gives it so")]
fn no_space(error: std::io::Error) -> Refused {
    tracing::error!(%error, "an upload can't be spooled");
    Refused::new(
        StatusCode::SERVICE_UNAVAILABLE,
        code::INTERNAL,
        "The upload can't be taken at the moment. Try again later.",
    )
}
