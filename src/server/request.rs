//! What a client asks, before anything is executed: as JSON or in the address; and how it is refused.

use std::time::Duration;

use axum::body::{BodyDataStream, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::BytesMut;
use futures_util::StreamExt as _;
use serde::Deserialize;

use crate::graphql::errors::code;

/// What a client asks, however it came.
#[derive(Debug, Default, Deserialize)]
#[serde(rename = "an object with `query`", rename_all = "camelCase")]
pub struct Asked {
    pub query: Option<String>,
    #[serde(default)]
    pub operation_name: Option<String>,
    #[serde(default)]
    pub variables: Option<serde_json::Map<String, serde_json::Value>>,
    #[serde(default)]
    pub document_id: Option<String>,
    #[serde(default)]
    pub extensions: Option<serde_json::Map<String, serde_json::Value>>,
}

/// An answer that comes before anything is executed.
#[derive(Debug)]
pub struct Refused {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

impl Refused {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::BAD_REQUEST, message)
    }
}

/// The request's content type, if it has one that can be read.
pub fn content_type(headers: &HeaderMap) -> Option<mime::Mime> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()?.parse().ok()
}

/// That the body is larger than allowed.
pub fn too_large(limit: usize) -> Refused {
    Refused::new(
        StatusCode::PAYLOAD_TOO_LARGE,
        code::BAD_REQUEST,
        format!("The request body has more than {limit} bytes."),
    )
}

/// Reads a request's JSON body.
pub fn from_json(body: &[u8]) -> Result<Asked, Refused> {
    if body.trim_ascii_start().starts_with(b"[") {
        return Err(Refused::bad_request("Batches are not answered: send one request at a time."));
    }
    serde_json::from_slice(body)
        .map_err(|error| Refused::bad_request(format!("The body is not a GraphQL request in JSON: {error}.")))
}

/// Reads a request from the query of its address.
pub fn from_address(query: &str) -> Result<Asked, Refused> {
    let mut asked = Asked::default();
    let object = |name: &str, value: &str| {
        serde_json::from_str(value)
            .map_err(|error| Refused::bad_request(format!("`{name}` is not a JSON object: {error}.")))
    };
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        match &*name {
            "query" => asked.query = Some(value.into_owned()),
            "operationName" if !value.is_empty() => asked.operation_name = Some(value.into_owned()),
            "variables" if !value.is_empty() => {
                asked.variables = object("variables", &value)?;
            }
            "extensions" if !value.is_empty() => asked.extensions = object("extensions", &value)?,
            "documentId" if !value.is_empty() => asked.document_id = Some(value.into_owned()),
            _ => {}
        }
    }
    Ok(asked)
}

/// Most bytes that are read of a body that was refused already.
const DRAINED: usize = 64_000_000;
/// Longest that is waited for them.
const PATIENCE: Duration = Duration::from_secs(5);

/// The whole body.
pub async fn whole(body: &mut BodyDataStream, limit: usize) -> Result<Bytes, Refused> {
    let mut whole = Bytes::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Refused::bad_request("The request body broke off."))?;
        if whole.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        // Most come in one piece, which is not copied.
        whole = if whole.is_empty() {
            chunk
        } else {
            let mut grown = BytesMut::from(whole);
            grown.extend_from_slice(&chunk);
            grown.freeze()
        };
    }
    Ok(whole)
}

/// Reads on, within bounds, and forgets what comes: so that a client that sends first and listens then hears the refusal.
pub async fn drain(body: &mut BodyDataStream) {
    let mut left = DRAINED;
    let reading = async {
        while let Some(Ok(chunk)) = body.next().await {
            left = left.saturating_sub(chunk.len());
            if left == 0 {
                break;
            }
        }
    };
    // Whether it came to the end in time: the connection is closed after the answer either way.
    let _ = tokio::time::timeout(PATIENCE, reading).await;
}
