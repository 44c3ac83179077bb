//! The HTTP server: routes, who asks, GraphQL over HTTP, GraphiQL, pictures, health.

mod answers;
mod client;
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
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};
use tracing::Instrument as _;

use answers::Answers;
use graphql::documents::Documents;
use graphql::read_documents::ReadDocuments;

use crate::account::memory::Memory;
use crate::article::head_start;
use crate::cdn;
use crate::config::{Config, CorsOrigins};
use crate::graphql::cost::SchemaTypes;
use crate::graphql::guard::Limits;
use crate::log::heads;
use crate::operation::Store;
use crate::schema::{self, Schema};
use crate::verify::Schedule;

static REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What all requests share.
pub(crate) struct App {
    store: Arc<Store>,
    verified: Arc<Schedule>,
    accounts: Arc<Memory>,
    answers: Arc<Answers>,
    documents: Documents,
    read_documents: ReadDocuments,
    schema: Schema,
    /// The same, for documents that it has executed before.
    known_schema: Schema,
    schema_types: SchemaTypes,
    limits: Limits,
}

/// Names a request, in its log lines and towards its client.
#[derive(Clone)]
pub(crate) struct RequestId(String);

/// Why there is no server.
#[derive(Debug, thiserror::Error)]
pub enum RouterError {
    /// The schema's printed form can't be read back: a fault of the build.
    #[error("the schema can't be read back: {0}")]
    Schema(#[from] async_graphql::parser::Error),
    /// The list of trusted documents can't be used.
    #[error(transparent)]
    Documents(#[from] graphql::documents::WrongManifest),
}

/// The whole server as one service. Needs a runtime: what it keeps in memory follows the log in tasks of its own.
pub fn router(store: Arc<Store>) -> Result<Router, RouterError> {
    let config = &store.config;
    let limits =
        Limits { depth: config.max_depth, cost: config.max_cost, introspection: config.introspection };
    let cors = cors(config);
    let documents = Documents::open(&config.trusted_documents)?;
    let read_documents = ReadDocuments::default();
    let schema_types = SchemaTypes::from_sdl(&schema::sdl())?;
    let accounts = Memory::following(&store);
    let answers = Answers::following(&store);
    let verified = Schedule::begin(&store);
    heads::keep(&store);
    cdn::purge::begin(&store);
    head_start::begin(&store);
    store.database.checkpoint_in_background();
    Arc::clone(&store.memory).follow(&store);
    Arc::clone(&store.fragments).follow(&store);
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
        store,
    };
    let app = Arc::new(app);
    Ok(Router::new()
        .route("/", get(|| async { Redirect::temporary("/graphiql") }))
        .route("/graphql", axum::routing::any(graphql::handle))
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
        // As one layer, from outside to inside: each of its own would cost every request three allocations.
        .layer((
            middleware::from_fn_with_state(Arc::clone(&app), around),
            CatchPanicLayer::custom(after_panic),
            cors,
            CompressionLayer::new(),
        ))
        .with_state(app))
}

/// Serves until `shutdown` ends; requests that are under way then are answered first.
pub async fn serve(
    listener: tokio::net::TcpListener,
    router: Router,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Of what is sent in parts, none waits for the receipt of the one before.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(%error, "a connection waits for receipts");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}

/// Around every request: a name, a line in the log, the headers that every answer carries.
async fn around(State(app): State<Arc<App>>, mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let mut bytes = [0; 12];
    app.store.chance.fill(&mut bytes);
    let id = hex::encode(bytes);
    request.extensions_mut().insert(RequestId(id.clone()));
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    // Of the highest level, so that no line of the log lacks the id, however little is logged.
    let span = tracing::error_span!("request", id = %id, %method, %path);
    let mut response = next.run(request).instrument(span.clone()).await;
    span.in_scope(|| {
        let elapsed_us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(status = response.status().as_u16(), elapsed_us, "answered");
    });
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID.clone(), id);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    response
}

/// A panic is a bug of ours; the client learns that something went wrong, the log what.
#[allow(clippy::needless_pass_by_value, reason = "tower-http gives it so")]
fn after_panic(panic: Box<dyn Any + Send + 'static>) -> Response<Body> {
    let words =
        panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = words.unwrap_or("?"), "a request panicked");
    graphql::written::internal_error().into_response()
}

fn cors(config: &Config) -> CorsLayer {
    let origins = match &config.cors_origins {
        CorsOrigins::Any => AllowOrigin::any(),
        CorsOrigins::These(origins) => {
            AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))
        }
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([REQUEST_ID.clone(), header::RETRY_AFTER, header::ETAG])
        .max_age(std::time::Duration::from_secs(86_400))
}
