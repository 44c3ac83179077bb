//! How an answer is written: the bytes, the status, and what stands in the headers.

use async_graphql::{Response as Answer, ServerError, Value};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::graphql::errors::code;
use crate::graphql::json;
use crate::server::RequestId;
use crate::server::encoding::Encoding;
use crate::server::negotiate::{MediaType, Outcome};

/// The answer to what went wrong in a way that was not foreseen.
pub fn internal_error() -> Response {
    let body = serde_json::json!({ "errors": [{
        "message": "Something went wrong on our side. The request's id helps to find it in the log.",
        "extensions": { "code": code::INTERNAL },
    }] });
    let headers = [(header::CONTENT_TYPE, MediaType::Json.header())];
    (StatusCode::INTERNAL_SERVER_ERROR, headers, body.to_string()).into_response()
}

/// An answer's bytes: errors, data, extensions, as far as there are any. A request error has no `data`.
pub fn body(outcome: Outcome, answer: &Answer) -> Vec<u8> {
    let mut body = Vec::with_capacity(json::length(&answer.data) + 100);
    body.push(b'{');
    if !answer.errors.is_empty() {
        body.extend(b"\"errors\":");
        // They hold texts, numbers and values, all of which can be written, and a vector takes them.
        let _ = serde_json::to_writer(&mut body, &answer.errors);
    }
    if matches!(outcome, Outcome::Data | Outcome::Partial) {
        body.extend(if body.len() > 1 { &b",\"data\":"[..] } else { b"\"data\":" });
        json::write(&mut body, &answer.data);
    }
    if !answer.extensions.is_empty() {
        body.extend(if body.len() > 1 { &b",\"extensions\":"[..] } else { b"\"extensions\":" });
        let _ = serde_json::to_writer(&mut body, &answer.extensions);
    }
    body.push(b'}');
    body
}

/// How a request is answered, whatever comes of it.
#[derive(Clone, Copy, Debug)]
pub struct Form<'a> {
    /// What names the request.
    pub id: &'a RequestId,
    /// Which media type.
    pub media_type: MediaType,
    /// Compressed or not.
    pub encoding: Option<Encoding>,
}

/// In how many seconds what was too often is worth another try.
fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

/// Writes an answer. `outcome` is told where nothing was executed.
pub fn write(form: Form<'_>, outcome: Option<Outcome>, mut answer: Answer) -> Response {
    for error in &mut answer.errors {
        let extensions = error.extensions.get_or_insert_default();
        match extensions.get("code") {
            // What async-graphql itself refuses is the client's mistake.
            None => extensions.set("code", code::BAD_REQUEST),
            Some(Value::String(given)) if given == code::INTERNAL => {
                extensions.set("requestId", form.id.as_str())
            }
            Some(_) => {}
        }
    }
    let outcome = outcome.unwrap_or_else(|| {
        let at_no_field =
            answer.data == Value::Null && answer.errors.iter().all(|error| error.path.is_empty());
        match (answer.errors.is_empty(), at_no_field) {
            (true, _) => Outcome::Data,
            (false, true) => Outcome::Refused,
            (false, false) => Outcome::Partial,
        }
    });
    let plain = body(outcome, &answer);
    let packed = form.encoding.and_then(|encoding| Some((encoding, encoding.packed(&plain)?)));
    let (encoding, bytes) = packed.map_or((None, plain), |(encoding, bytes)| (Some(encoding), bytes));
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = form.media_type.status(outcome);
    let headers = response.headers_mut();
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, encoding.header());
    }
    if let Some(seconds) = answer.errors.iter().filter_map(retry_after).max() {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(form.media_type.header()));
    response
}
