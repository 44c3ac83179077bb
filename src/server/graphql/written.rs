//! How an answer is written: the bytes, the status, and what stands in the headers.

use async_graphql::{Response as Answer, ServerError, Value};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::graphql::errors::code;
use crate::server::RequestId;
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

/// What goes over the wire; a request error has no `data`.
#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    #[serde(skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    extensions: &'a std::collections::BTreeMap<String, Value>,
}

/// An answer's bytes; `None` where it can't be written.
pub fn body(outcome: Outcome, answer: &Answer) -> Option<Vec<u8>> {
    let has_data = matches!(outcome, Outcome::Data | Outcome::Partial);
    let written = Written {
        errors: &answer.errors,
        data: has_data.then_some(&answer.data),
        extensions: &answer.extensions,
    };
    serde_json::to_vec(&written).ok()
}

/// In how many seconds what was too often is worth another try.
fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

/// Writes an answer. `outcome` is told where nothing was executed.
pub fn write(
    media_type: MediaType,
    id: &RequestId,
    outcome: Option<Outcome>,
    mut answer: Answer,
) -> Response {
    for error in &mut answer.errors {
        let extensions = error.extensions.get_or_insert_default();
        match extensions.get("code") {
            // What async-graphql itself refuses is the client's mistake.
            None => extensions.set("code", code::BAD_REQUEST),
            Some(Value::String(given)) if given == code::INTERNAL => {
                extensions.set("requestId", id.0.as_str())
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
    let Some(body) = body(outcome, &answer) else { return internal_error() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = media_type.status(outcome);
    if let Some(seconds) = answer.errors.iter().filter_map(retry_after).max() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.header()));
    response
}
