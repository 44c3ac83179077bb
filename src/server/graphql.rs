//! GraphQL over HTTP: from the request to the document, through the guard, to the answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response as Answer, ServerError, Value, Variables};
use axum::Extension;
use axum::body::{Body, BodyDataStream};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::negotiate::{self, MediaType, Outcome};
use super::request::{Asked, Refused, content_type, drain, from_address, from_json, whole};
use super::{App, RequestId, client, upload, viewer};
use crate::account::audit;
use crate::error::Failure;
use crate::graphql::errors::code;
use crate::graphql::guard;
use crate::image::graphql::Uploads;
use crate::operation::Operation;

/// A client that sends this header is told what its query costs.
const COST_HEADER: &str = "x-copydesk-cost";

/// Answers `/graphql`.
pub async fn handle(
    State(app): State<App>,
    Extension(id): Extension<RequestId>,
    request: Request,
) -> Response {
    let (head, body) = request.into_parts();
    let (headers, mut body) = (&head.headers, body.into_data_stream());
    let Some(media_type) = negotiate::accepted(headers) else {
        let message = "Accept application/graphql-response+json or application/json.";
        return refusal(
            MediaType::Json,
            &id,
            Refused::new(StatusCode::NOT_ACCEPTABLE, code::BAD_REQUEST, message),
        );
    };
    let patience =
        Duration::from_secs(app.store.config.request_timeout) * if is_multipart(headers) { 10 } else { 1 };
    let mut response = match tokio::time::timeout(patience, answer(&app, &id, media_type, &head, &mut body))
        .await
    {
        Ok(Ok(response)) => response,
        Ok(Err(refused)) => {
            // A client that is still sending would see a broken connection instead of the answer.
            drain(&mut body).await;
            let mut response = refusal(media_type, &id, refused);
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
        Err(_) => {
            let message = "The request took too long. Ask for less, or try again.";
            refusal(media_type, &id, Refused::new(StatusCode::SERVICE_UNAVAILABLE, code::INTERNAL, message))
        }
    };
    let cache = if headers.contains_key(header::AUTHORIZATION) { "private, no-store" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept, authorization"));
    response
}

async fn answer(
    app: &App,
    id: &RequestId,
    media_type: MediaType,
    head: &Parts,
    body: &mut BodyDataStream,
) -> Result<Response, Refused> {
    let (method, headers) = (&head.method, &head.headers);
    if ![Method::POST, Method::GET, Method::HEAD].contains(method) {
        return Err(Refused::new(
            StatusCode::METHOD_NOT_ALLOWED,
            code::BAD_REQUEST,
            "Use POST, or GET for queries.",
        ));
    }
    let viewer = viewer::of(&app.store, &app.accounts, headers).await.map_err(unauthenticated)?;
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    let client = client::of(&app.store.config, peer, headers);
    let operation = Operation::new(Arc::clone(&app.store), viewer, id.0.clone()).from_client(client);
    let (asked, uploads) = read(app, &operation, head, body).await?;
    // Asked again: sending a body takes as long as a client likes, and a session may have ended meanwhile.
    let viewer = viewer::of(&app.store, &app.accounts, headers).await.map_err(unauthenticated)?;
    let query = asked.query.ok_or_else(|| Refused::bad_request("The request has no `query`."))?;
    let operation_name = asked.operation_name.as_deref().filter(|name| !name.is_empty());
    let variables = Variables::from_json(serde_json::Value::Object(asked.variables.unwrap_or_default()));
    let checked = match guard::check(&app.schema_types, app.limits, &query, operation_name, &variables) {
        Ok(checked) => checked,
        Err(refusal) => {
            let outcome = if refusal.is_unreadable { Outcome::UnreadableDocument } else { Outcome::Refused };
            let errors = vec![ServerError::new(refusal.message, refusal.position)];
            return Ok(write(media_type, id, Some(outcome), Answer::from_errors(errors)));
        }
    };
    if checked.operation == OperationType::Mutation && *method != Method::POST {
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_REQUEST, "Mutations need POST."));
    }
    let operation = Arc::new(operation.acting_as(viewer));
    let mut request =
        async_graphql::Request::new(query).variables(variables).data(Arc::clone(&operation)).data(uploads);
    request.operation_name = operation_name.map(str::to_owned);
    request.set_parsed_query(checked.document);
    let schema = app.schema.clone();
    let execute = async move {
        let answer = schema.execute(request).await;
        audit::refusals(&operation).await;
        answer
    };
    let mut answer = if checked.operation == OperationType::Mutation {
        // In a task of its own: a connection that closes cuts no mutation in half.
        let span = tracing::Span::current();
        match tokio::spawn(tracing::Instrument::instrument(execute, span)).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, "a mutation ended before its work did");
                return Ok(internal_error());
            }
        }
    } else {
        execute.await
    };
    if headers.contains_key(COST_HEADER) {
        let cost = serde_json::json!({ "cost": checked.cost, "limit": app.limits.cost });
        answer.extensions.insert("cost".to_owned(), Value::from_json(cost).unwrap_or_default());
    }
    Ok(write(media_type, id, None, answer))
}

fn unauthenticated(failure: Failure) -> Refused {
    match failure {
        Failure::Internal(fault) => {
            tracing::error!(error = %fault, "the viewer can't be told");
            let message = "Something went wrong on our side. Try again.";
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, code::INTERNAL, message)
        }
        _ => {
            let message =
                "The access token is not good, or not any more: refresh the session or sign in again.";
            Refused::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, message)
        }
    }
}

fn is_multipart(headers: &HeaderMap) -> bool {
    content_type(headers).is_some_and(|mime| mime.essence_str() == "multipart/form-data")
}

async fn read(
    app: &App,
    operation: &Operation,
    head: &Parts,
    body: &mut BodyDataStream,
) -> Result<(Asked, Uploads), Refused> {
    if head.method != Method::POST {
        return Ok((from_address(head.uri.query().unwrap_or_default())?, Uploads::default()));
    }
    if is_multipart(&head.headers) {
        return upload::read(operation, &head.headers, body).await;
    }
    let mime = content_type(&head.headers);
    if mime.as_ref().is_none_or(|mime| mime.essence_str() != "application/json") {
        let message = "Send JSON with `Content-Type: application/json`, or files by the multipart request specification.";
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::BAD_REQUEST, message));
    }
    if mime.and_then(|mime| mime.get_param("charset").map(|charset| charset != "utf-8")).unwrap_or(false) {
        return Err(Refused::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            code::BAD_REQUEST,
            "Send JSON in UTF-8.",
        ));
    }
    let bytes = whole(body, app.store.config.max_body_bytes).await?;
    Ok((from_json(&bytes)?, Uploads::default()))
}

fn refusal(media_type: MediaType, id: &RequestId, refused: Refused) -> Response {
    let mut error = ServerError::new(refused.message, None);
    error.extensions.get_or_insert_default().set("code", refused.code);
    let mut response = write(media_type, id, Some(Outcome::Refused), Answer::from_errors(vec![error]));
    *response.status_mut() = refused.status;
    if refused.status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer error=\"invalid_token\""));
    }
    if refused.status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
    }
    response
}

/// The answer to what went wrong in a way that was not foreseen.
pub(super) fn internal_error() -> Response {
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

/// In how many seconds what was too often is worth another try.
fn retry_after(error: &ServerError) -> Option<u64> {
    match error.extensions.as_ref()?.get("retryAfter")? {
        Value::Number(seconds) => seconds.as_u64(),
        _ => None,
    }
}

/// Writes an answer. `outcome` is told where nothing was executed.
fn write(media_type: MediaType, id: &RequestId, outcome: Option<Outcome>, mut answer: Answer) -> Response {
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
    let has_data = matches!(outcome, Outcome::Data | Outcome::Partial);
    let written = Written {
        errors: &answer.errors,
        data: has_data.then_some(&answer.data),
        extensions: &answer.extensions,
    };
    let Ok(body) = serde_json::to_vec(&written) else { return internal_error() };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = media_type.status(outcome);
    if let Some(seconds) = answer.errors.iter().filter_map(retry_after).max() {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type.header()));
    response
}
