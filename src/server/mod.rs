//! The HTTP server: routes, who asks, GraphQL over HTTP, GraphiQL, pictures, health.

mod answers;
mod client;
mod cors;
mod encoding;
mod explorer;
mod graphql;
mod health;
mod jwks;
mod media;
mod negotiate;
mod request;
mod upload;
mod viewer;

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Redirect, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use axum::{Router, ServiceExt as _};
use futures_util::FutureExt as _;
use tower::{Service, service_fn};
use tower_http::compression::CompressionLayer;
use tracing::{Instrument as _, Level, Span};

use answers::Answers;
use graphql::documents::Documents;
use graphql::read_documents::ReadDocuments;

use crate::account::memory::Memory;
use crate::article::head_start;
use crate::cdn;
use crate::clock::Chance;
use crate::graphql::cost::SchemaTypes;
use crate::graphql::guard::Limits;
use crate::log::{follow, heads};
use crate::operation::Store;
use crate::schema::{self, Schema};
use crate::verify::Schedule;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What all requests share.
pub(crate) struct App {
    store: Arc<Store>,
    verified: Arc<Schedule>,
    accounts: Arc<Memory>,
    answers: Answers,
    documents: Documents,
    read_documents: ReadDocuments,
    schema: Schema,
    /// The same, for documents that it has executed before.
    known_schema: Schema,
    schema_types: SchemaTypes,
    limits: Limits,
    /// Queries that were executed a second time.
    repeated: AtomicU64,
}

impl App {
    /// How often a query was executed a second time, as `/metrics` tells it.
    fn repeated(&self) -> (u64, &'static str, &'static str) {
        let help =
            "Queries that were executed again, as the log had gone on between two things that they read.";
        (self.repeated.load(Ordering::Relaxed), "copydesk_queries_repeated_total", help)
    }
}

/// Names a request, in its log lines and towards its client: hexadecimal digits.
#[derive(Debug)]
pub(crate) struct RequestId([u8; 24]);

impl RequestId {
    fn new(chance: &dyn Chance) -> Self {
        let (mut bytes, mut digits) = ([0; 12], [0; 24]);
        chance.fill(&mut bytes);
        // There is room for two digits a byte.
        let _ = hex::encode_to_slice(bytes, &mut digits);
        Self(digits)
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// What stands around the request's lines in the log; made where there may be some, as most answers from memory have none. Of
    /// the highest level, so that no line lacks the id, however little is logged.
    fn span(&self) -> Span {
        tracing::error_span!("request", id = %self.as_str())
    }
}

/// What answers HTTP requests.
pub trait Serves:
    Service<Request, Response = Response, Error = Infallible, Future: Send> + Clone + Send + Sync + 'static
{
}

impl<T> Serves for T where
    T: Service<Request, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + Sync
        + 'static
{
}

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The schema's printed form can't be read back: a fault of the build.
    #[error("the schema can't be read back: {0}")]
    Schema(#[from] async_graphql::parser::Error),
    /// The list of trusted documents can't be used.
    #[error(transparent)]
    Documents(#[from] graphql::documents::WrongManifest),
}

/// The whole server. Needs a runtime: what it keeps in memory follows the log in tasks of its own.
pub fn service(store: Arc<Store>) -> Result<impl Serves, ServiceError> {
    let config = &store.config;
    let limits =
        Limits { depth: config.max_depth, cost: config.max_cost, introspection: config.introspection };
    let origins = config.cors_origins.clone();
    let documents = Documents::open(&config.trusted_documents)?;
    let read_documents = ReadDocuments::default();
    let schema_types = SchemaTypes::from_sdl(&schema::sdl())?;
    let accounts = Arc::new(Memory::default());
    let answers = Answers::new(config.caching.clone());
    let followers = [
        Some(Arc::clone(&accounts) as _),
        answers.follower(),
        store.memory.follower(),
        store.fragments.follower(),
        head_start::follower(&store),
    ];
    follow::follow(&store, followers.into_iter().flatten().collect());
    let verified = Schedule::begin(&store);
    heads::keep(&store);
    cdn::purge::begin(&store);
    store.database.checkpoint_in_background();
    let app = App {
        schema: schema::build(),
        known_schema: schema::for_known_documents(),
        verified,
        accounts,
        answers,
        documents,
        read_documents,
        schema_types,
        limits,
        repeated: AtomicU64::new(0),
        store,
    };
    let app = Arc::new(app);
    let pages = Router::new()
        .route("/", get(|| async { Redirect::temporary("/graphiql") }))
        .route("/graphiql", get(explorer::page))
        .route("/graphiql/", get(|| async { Redirect::permanent("/graphiql") }))
        .route("/graphiql/{*path}", get(explorer::file))
        .route("/media/{id}/{file}", get(media::serve))
        .route("/media/{id}/{file}/{variant}", get(media::serve_variant))
        .route("/.well-known/jwks.json", get(jwks::serve))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(|| async {
            (StatusCode::NOT_FOUND, "Nothing is here. GraphQL is at /graphql, GraphiQL at /graphiql.\n")
        })
        // GraphQL's answers are compressed where they are written.
        .layer(CompressionLayer::new())
        .with_state(Arc::clone(&app));
    // Around all routes at once, which costs each request less than around each.
    let shared = Arc::new((app, pages));
    Ok(cors::open_to(origins, service_fn(move |request| Box::pin(around(Arc::clone(&shared), request)))))
}

/// Serves until `shutdown` ends; requests that are under way then are answered first.
pub async fn serve(
    listener: tokio::net::TcpListener,
    service: impl Serves,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Of what is sent in parts, none waits for the receipt of the one before.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection waits for receipts");
        }
    });
    let service = service.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}

/// Around every request: a name, a line in the log, the headers that every answer carries. What most ask for, GraphQL, is answered
/// from here: the way by the routes takes as long as finding an answer in memory.
async fn around(shared: Arc<(Arc<App>, Router)>, request: Request) -> Result<Response, Infallible> {
    let (app, pages) = &*shared;
    let started = Instant::now();
    let id = RequestId::new(&*app.store.chance);
    let name = HeaderValue::from_bytes(&id.0);
    let (method, path) = (request.method(), request.uri().path());
    let span_of_page =
        (path != "/graphql").then(|| tracing::error_span!("request", id = %id.as_str(), %method, %path));
    let span = || span_of_page.clone().unwrap_or_else(|| id.span());
    let answer = pin!(async {
        match &span_of_page {
            Some(span) => pages.clone().call(request).instrument(span.clone()).await,
            None => Ok(graphql::handle(app, &id, request).await),
        }
    });
    let answered = AssertUnwindSafe(answer).catch_unwind().await;
    let Ok(mut response) = answered.unwrap_or_else(|panic| Ok(span().in_scope(|| after_panic(panic))));
    if tracing::enabled!(Level::INFO) {
        let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let status = response.status().as_u16();
        span().in_scope(|| tracing::info!(status, elapsed_us, "answered"));
    }
    let headers = response.headers_mut();
    if let Ok(name) = name {
        headers.insert(REQUEST_ID.clone(), name);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    Ok(response)
}

/// A panic is a bug of ours; the client learns that something went wrong, the log what.
#[allow(clippy::needless_pass_by_value, reason = "it comes so")]
fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = words.unwrap_or("?"), "a request panicked");
    graphql::written::internal_error()
}
