//! GraphQL over HTTP: from the request to the document, through the guard, to the answer.

pub mod documents;
pub mod written;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response as Answer, ServerError, Value, Variables};
use axum::Extension;
use axum::body::BodyDataStream;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;

use self::documents::Unnamed;
use self::written::internal_error;
use super::answers::{self, Waited};
use super::negotiate::{self, MediaType, Outcome};
use super::request::{Asked, Refused, content_type, drain, from_address, from_json, whole};
use super::{App, RequestId, client, upload, viewer};
use crate::account::audit;
use crate::error::Failure;
use crate::graphql::errors::code;
use crate::graphql::guard;
use crate::image::graphql::Uploads;
use crate::operation::{Operation, Viewer};

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
    let written = response.headers_mut();
    // A whole answer to a public query says itself how long it may be kept.
    written.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(cache));
    written.append(header::VARY, HeaderValue::from_static("accept, authorization, x-copydesk-cost"));
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
    let document = match app.documents.find(&asked) {
        Ok(document) => document,
        Err(Unnamed { code: code::BAD_REQUEST, message }) => return Err(Refused::bad_request(message)),
        Err(Unnamed { code, message }) => {
            let mut error = ServerError::new(message, None);
            error.extensions.get_or_insert_default().set("code", code);
            return Ok(written::write(
                media_type,
                id,
                Some(Outcome::Refused),
                Answer::from_errors(vec![error]),
            ));
        }
    };
    let query = &*document.text;
    let operation_name = asked.operation_name.as_deref().filter(|name| !name.is_empty());
    let tells_cost = headers.contains_key(COST_HEADER);
    let key = (viewer == Viewer::Public)
        .then(|| answers::key(query, operation_name, asked.variables.as_ref(), media_type, tells_cost));
    if let Some(answer) = key.and_then(|key| app.answers.get(&key, &app.store)) {
        return Ok(app.answers.response(&answer, head, app.store.clock.now()));
    }
    let variables = Variables::from_json(serde_json::Value::Object(asked.variables.unwrap_or_default()));
    let checked = match guard::check(&app.schema_types, app.limits, query, operation_name, &variables) {
        Ok(checked) => checked,
        Err(refusal) => {
            let outcome = if refusal.is_unreadable { Outcome::UnreadableDocument } else { Outcome::Refused };
            let errors = vec![ServerError::new(refusal.message, refusal.position)];
            return Ok(written::write(media_type, id, Some(outcome), Answer::from_errors(errors)));
        }
    };
    if checked.operation == OperationType::Mutation && *method != Method::POST {
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_REQUEST, "Mutations need POST."));
    }
    let operation = operation.acting_as(viewer);
    let key = key.filter(|_| checked.operation == OperationType::Query);
    let mut kept = match key {
        Some(key) => match app.answers.wait(key, &app.store).await {
            Waited::Kept(answer) => return Ok(app.answers.response(&answer, head, app.store.clock.now())),
            Waited::Make(keeper) => Some(keeper),
        },
        None => None,
    };
    let operation = Arc::new(if kept.is_some() { operation.noting_reads() } else { operation });
    if let Some(keeper) = &mut kept {
        keeper.begin(&operation).await;
    }
    let mut request =
        async_graphql::Request::new(query).variables(variables).data(Arc::clone(&operation)).data(uploads);
    request.operation_name = operation_name.map(str::to_owned);
    request.set_parsed_query(checked.document);
    let mut answer = execute(app, request, Arc::clone(&operation), checked.operation).await?;
    if answer.data != Value::Null {
        app.documents.learn(&document);
    }
    if tells_cost {
        let cost = serde_json::json!({ "cost": checked.cost, "limit": app.limits.cost });
        answer.extensions.insert("cost".to_owned(), Value::from_json(cost).unwrap_or_default());
    }
    Ok(match kept {
        Some(keeper) if answer.errors.is_empty() => {
            let Some(body) = written::body(Outcome::Data, &answer) else { return Ok(internal_error()) };
            keeper.end(body, media_type, &operation, head)
        }
        _ => written::write(media_type, id, None, answer),
    })
}

async fn execute(
    app: &App,
    request: async_graphql::Request,
    operation: Arc<Operation>,
    kind: OperationType,
) -> Result<Answer, Refused> {
    let schema = app.schema.clone();
    let execute = async move {
        let answer = schema.execute(request).await;
        audit::refusals(&operation).await;
        answer
    };
    if kind != OperationType::Mutation {
        return Ok(execute.await);
    }
    // In a task of its own: a connection that closes cuts no mutation in half.
    let span = tracing::Span::current();
    tokio::spawn(tracing::Instrument::instrument(execute, span)).await.map_err(|error| {
        tracing::error!(%error, "a mutation ended before its work did");
        let message = "Something went wrong on our side. The request's id helps to find it in the log.";
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL, message)
    })
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
    let mut response =
        written::write(media_type, id, Some(Outcome::Refused), Answer::from_errors(vec![error]));
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
