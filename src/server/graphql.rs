//! GraphQL over HTTP: from the request to the document, through the guard, to the answer.

pub mod documents;
pub mod read_documents;
pub mod written;

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use async_graphql::{Response as Answer, ServerError, Value, Variables};
use axum::body::{BodyDataStream, Bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use futures_util::poll;
use tracing::Instrument as _;

use self::documents::Unnamed;
use self::written::Form;
use super::answers::{self, Waited};
use super::encoding::Encoding;
use super::negotiate::{self, MediaType, Outcome};
use super::request::{Asked, Refused, content_type, drain, from_address, from_json, whole};
use super::{App, RequestId, client, upload, viewer};
use crate::account::audit;
use crate::cache::recall;
use crate::error::Failure;
use crate::graphql::at_hand::NothingIsMerged;
use crate::graphql::errors::code;
use crate::graphql::{fragments, guard};
use crate::image::graphql::Uploads;
use crate::operation::{Operation, Viewer};
use crate::schema::Schema;

/// By it a client asks what its query costs.
const COST: HeaderName = HeaderName::from_static("x-copydesk-cost");

/// Answers `/graphql`.
pub async fn handle(app: &App, id: &RequestId, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let (headers, mut body) = (&head.headers, body.into_data_stream());
    let form = |media_type| Form { id, media_type, encoding: Encoding::accepted(headers) };
    let Some(media_type) = negotiate::accepted(headers) else {
        let message = "Accept application/graphql-response+json or application/json.";
        return refusal(
            form(MediaType::Json),
            Refused::new(StatusCode::NOT_ACCEPTABLE, code::BAD_REQUEST, message),
        );
    };
    let (form, content) = (form(media_type), Content::of(headers));
    let patience = Duration::from_secs(app.store.config.request_timeout)
        * if content == Content::Files { 10 } else { 1 };
    let answered = {
        let mut answer = pin!(answer(app, form, content, &head, &mut body));
        // What is in memory needs no clock.
        match poll!(&mut answer) {
            Poll::Ready(answered) => Ok(answered),
            Poll::Pending => tokio::time::timeout(patience, answer).await,
        }
    };
    let mut response = match answered {
        Ok(Ok(response)) => response,
        Ok(Err(refused)) => {
            // A client that is still sending would see a broken connection instead of the answer.
            drain(&mut body).await;
            let mut response = refusal(form, refused);
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            response
        }
        Err(_) => {
            let message = "The request took too long. Ask for less, or try again.";
            refusal(form, Refused::new(StatusCode::SERVICE_UNAVAILABLE, code::INTERNAL, message))
        }
    };
    let cache = if headers.contains_key(header::AUTHORIZATION) { "private, no-store" } else { "no-cache" };
    let written = response.headers_mut();
    // A whole answer to a public query says itself how long it may be kept.
    written.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static(cache));
    written.append(
        header::VARY,
        HeaderValue::from_static("accept, accept-encoding, authorization, x-copydesk-cost"),
    );
    response
}

async fn answer(
    app: &App,
    form: Form<'_>,
    content: Content,
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
    // Who sends a bad token, or files without the right to, is refused before a byte of the body is read.
    let sender = viewer(app, form.id, headers).await?;
    let sent = sent(app, form.id, content, head, sender, body).await?;
    let viewer = match sender {
        Viewer::Public => sender,
        // Asked again: sending a body takes as long as a client likes, and a session may have ended meanwhile.
        _ => viewer(app, form.id, headers).await?,
    };
    let key = sent.bytes().filter(|_| viewer == Viewer::Public).map(|sent| answers::Key {
        sent,
        is_body: method == Method::POST,
        media_type: form.media_type,
        tells_cost: headers.contains_key(COST),
    });
    if let Some(answer) = key.as_ref().and_then(|key| app.answers.get(key, &app.store)) {
        return Ok(app.answers.response(&answer.value, form, head, &*app.store.clock));
    }
    // Boxed: what is in memory would carry it around.
    Box::pin(ask(app, form, head, viewer, sent, key).instrument(form.id.span())).await
}

/// Answers what is not in memory, and keeps the answer where it has a key.
async fn ask(
    app: &App,
    form: Form<'_>,
    head: &Parts,
    viewer: Viewer,
    sent: Sent<'_>,
    key: Option<answers::Key>,
) -> Result<Response, Refused> {
    let (asked, uploads) = sent.read()?;
    let document = match app.documents.find(&asked) {
        Ok(document) => document,
        Err(Unnamed { code: code::BAD_REQUEST, message }) => return Err(Refused::bad_request(message)),
        Err(Unnamed { code, message }) => {
            let mut error = ServerError::new(message, None);
            error.extensions.get_or_insert_default().set("code", code);
            return Ok(written::write(form, Some(Outcome::Refused), Answer::from_errors(vec![error])));
        }
    };
    let operation_name = asked.operation_name.as_deref().filter(|name| !name.is_empty());
    let variables = Variables::from_json(serde_json::Value::Object(asked.variables.unwrap_or_default()));
    let checked = app.read_documents.read(&app.schema_types, app.limits, &document.text).and_then(|read| {
        let checked = guard::check(
            &app.schema_types,
            app.limits,
            (&read.document, &read.costs),
            operation_name,
            &variables,
        )?;
        Ok((read, checked))
    });
    let (read, checked) = match checked {
        Ok(checked) => checked,
        Err(refusal) => {
            let outcome = if refusal.is_unreadable { Outcome::UnreadableDocument } else { Outcome::Refused };
            let errors = vec![ServerError::new(refusal.message, refusal.position)];
            return Ok(written::write(form, Some(outcome), Answer::from_errors(errors)));
        }
    };
    if checked.operation == OperationType::Mutation && head.method != Method::POST {
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, code::BAD_REQUEST, "Mutations need POST."));
    }
    let is_query = checked.operation == OperationType::Query;
    // A document that is to be learned comes by here each time, until it is known.
    let kept = match key.filter(|_| is_query && !document.is_lesson()) {
        Some(key) => match app.answers.wait(key, &app.store).await {
            Waited::Kept(answer) => {
                return Ok(app.answers.response(&answer.value, form, head, &*app.store.clock));
            }
            Waited::Make(keeper) => Some(keeper),
        },
        None => None,
    };
    let operation = || {
        let operation = operation(app, form.id, viewer, head);
        if kept.is_some() && app.answers.ask_for_sources() { operation.noting_reads() } else { operation }
    };
    let operation_name = operation_name.map(str::to_owned);
    let asked = Arc::new(fragments::Asked::new(Arc::clone(&read.selections), operation_name, variables));
    let (schema, root_fields) = if read.is_valid() {
        (&app.known_schema, read.root_fields.find(asked.operation.as_deref()))
    } else {
        (&app.schema, None)
    };
    let request = |operation: &Arc<Operation>| {
        // It is parsed: its text stands for nothing.
        let request = async_graphql::Request::new("");
        let mut request = request.data(Arc::clone(operation)).data(Arc::clone(&asked));
        if asked.is_plain() {
            request = request.data(NothingIsMerged);
        }
        request.operation_name.clone_from(&asked.operation);
        request.variables = asked.variables.clone();
        match root_fields {
            Some(fields) => {
                request.set_parsed_query(fields.bare.clone());
                request.data(Arc::clone(fields))
            }
            None => {
                request.set_parsed_query(read.document.clone());
                request
            }
        }
    };
    let (operation, mut answer) = if is_query {
        query(app, schema, operation, &asked, request).await
    } else {
        let operation = Arc::new(operation());
        let request = request(&operation).data(uploads);
        let answer = mutate(schema.clone(), request, Arc::clone(&operation)).await?;
        (operation, answer)
    };
    if answer.data != Value::Null {
        read.note_valid();
        app.documents.learn(&document);
    }
    if head.headers.contains_key(COST) {
        let cost = serde_json::json!({ "cost": checked.cost, "limit": app.limits.cost });
        answer.extensions.insert("cost".to_owned(), Value::from_json(cost).unwrap_or_default());
    }
    Ok(match kept {
        Some(keeper) if answer.errors.is_empty() => {
            keeper.end(written::body(Outcome::Data, &answer), form, &operation, head).await
        }
        _ => written::write(form, None, answer),
    })
}

/// Executes a query, unless all that it asks for was told before; again, without the memory and in a transaction, where what it told
/// may be of two moments.
async fn query(
    app: &App,
    schema: &Schema,
    operation: impl Fn() -> Operation,
    asked: &fragments::Asked,
    request: impl Fn(&Arc<Operation>) -> async_graphql::Request,
) -> (Arc<Operation>, Answer) {
    let mut reading = Arc::new(operation().recalling().by_places());
    if let Some(told) = asked.told(&reading).await {
        return (reading, Answer::new(told));
    }
    let mut answer = schema.execute(request(&reading)).await;
    if recall::is_torn(&reading).await {
        app.repeated.fetch_add(1, Ordering::Relaxed);
        reading = Arc::new(operation());
        answer = schema.execute(request(&reading)).await;
    }
    audit::refusals(&reading).await;
    (reading, answer)
}

/// Executes a mutation in a task of its own: a connection that closes cuts none in half.
async fn mutate(
    schema: Schema,
    request: async_graphql::Request,
    operation: Arc<Operation>,
) -> Result<Answer, Refused> {
    let execute = async move {
        let answer = schema.execute(request).await;
        audit::refusals(&operation).await;
        answer
    };
    tokio::spawn(execute.in_current_span()).await.map_err(|error| {
        tracing::error!(%error, "a mutation ended before its work did");
        let message = "Something went wrong on our side. The request's id helps to find it in the log.";
        Refused::new(StatusCode::INTERNAL_SERVER_ERROR, code::INTERNAL, message)
    })
}

/// Who asks.
async fn viewer(app: &App, id: &RequestId, headers: &HeaderMap) -> Result<Viewer, Refused> {
    viewer::of(&app.store, &app.accounts, headers).await.map_err(|failure| match failure {
        Failure::Internal(fault) => {
            id.span().in_scope(|| tracing::error!(error = %fault, "the viewer can't be told"));
            let message = "Something went wrong on our side. Try again.";
            Refused::new(StatusCode::SERVICE_UNAVAILABLE, code::INTERNAL, message)
        }
        _ => {
            let message =
                "The access token is not good, or not any more: refresh the session or sign in again.";
            Refused::new(StatusCode::UNAUTHORIZED, code::UNAUTHENTICATED, message)
        }
    })
}

/// One request of this viewer's.
fn operation(app: &App, id: &RequestId, viewer: Viewer, head: &Parts) -> Operation {
    let peer = head.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer);
    let client = client::of(&app.store.config, peer, &head.headers);
    Operation::new(Arc::clone(&app.store), viewer, id.as_str().to_owned()).from_client(client)
}

/// What a body is said to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Json,
    JsonNotInUtf8,
    Files,
    Other,
}

impl Content {
    fn of(headers: &HeaderMap) -> Self {
        // What most send needs no parsing.
        if headers.get(header::CONTENT_TYPE).is_some_and(|given| given == "application/json") {
            return Self::Json;
        }
        let mime = content_type(headers);
        match mime.as_ref().map(|mime| (mime.essence_str(), mime.get_param("charset"))) {
            Some(("application/json", Some(charset))) if charset != "utf-8" => Self::JsonNotInUtf8,
            Some(("application/json", _)) => Self::Json,
            Some(("multipart/form-data", _)) => Self::Files,
            _ => Self::Other,
        }
    }
}

/// What came, before it is known what it asks.
enum Sent<'a> {
    Address(&'a str),
    Json(Bytes),
    Files(Asked, Uploads),
}

impl Sent<'_> {
    /// The same bytes ask the same; `None` where files are among them.
    fn bytes(&self) -> Option<Bytes> {
        match self {
            Self::Address(query) => Some(Bytes::copy_from_slice(query.as_bytes())),
            Self::Json(bytes) => Some(bytes.clone()),
            Self::Files(..) => None,
        }
    }

    fn read(self) -> Result<(Asked, Uploads), Refused> {
        match self {
            Self::Address(query) => Ok((from_address(query)?, Uploads::default())),
            Self::Json(bytes) => Ok((from_json(&bytes)?, Uploads::default())),
            Self::Files(asked, uploads) => Ok((asked, uploads)),
        }
    }
}

/// Takes what is sent.
async fn sent<'a>(
    app: &App,
    id: &RequestId,
    content: Content,
    head: &'a Parts,
    sender: Viewer,
    body: &mut BodyDataStream,
) -> Result<Sent<'a>, Refused> {
    if head.method != Method::POST {
        return Ok(Sent::Address(head.uri.query().unwrap_or_default()));
    }
    let unsupported =
        |message| Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, code::BAD_REQUEST, message));
    match content {
        Content::Json => Ok(Sent::Json(whole(body, app.store.config.max_body_bytes).await?)),
        Content::Files => {
            let read = async {
                let operation = operation(app, id, sender, head);
                upload::read(&operation, &head.headers, body).await
            };
            let (asked, uploads) = Box::pin(read.instrument(id.span())).await?;
            Ok(Sent::Files(asked, uploads))
        }
        Content::JsonNotInUtf8 => unsupported("Send JSON in UTF-8."),
        Content::Other => unsupported(
            "Send JSON with `Content-Type: application/json`, or files by the multipart request specification.",
        ),
    }
}

fn refusal(form: Form<'_>, refused: Refused) -> Response {
    let mut error = ServerError::new(refused.message, None);
    error.extensions.get_or_insert_default().set("code", refused.code);
    let mut response = written::write(form, Some(Outcome::Refused), Answer::from_errors(vec![error]));
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
