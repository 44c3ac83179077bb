//! What pages of other sites may ask and see (the Fetch standard's CORS protocol, <https://fetch.spec.whatwg.org/#http-cors-protocol>).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use tower::{Layer as _, Service as _, service_fn};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::Serves;
use crate::config::CorsOrigins;

/// Headers that these pages may see.
const EXPOSED: &str = "x-request-id,retry-after,etag";
/// For how long a browser may remember what it may ask.
const REMEMBERED: Duration = Duration::from_secs(86_400);

/// The same service for the pages of these sites too; it answers their browsers' preflights.
pub fn open_to(origins: CorsOrigins, service: impl Serves) -> impl Serves {
    let is_open_to_all = origins == CorsOrigins::Any;
    let by_origin = layer(origins).layer(service.clone());
    let services = Arc::new((service, by_origin));
    service_fn(move |request: Request| {
        let services = Arc::clone(&services);
        async move {
            let (service, by_origin) = &*services;
            if is_open_to_all && request.method() != Method::OPTIONS {
                return Ok::<_, Infallible>(seen_by_all(service.clone().call(request).await?));
            }
            by_origin.clone().call(request).await
        }
    })
}

/// Whoever asks, the answer says the same: to ask the layer takes as long as finding an answer in memory.
fn seen_by_all(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    response
}

fn layer(origins: CorsOrigins) -> CorsLayer {
    let (origins, vary) = match origins {
        CorsOrigins::Any => (AllowOrigin::any(), vec![]),
        CorsOrigins::These(origins) => {
            let origins = origins.into_iter().filter_map(|origin| HeaderValue::try_from(origin).ok());
            (AllowOrigin::list(origins), vec![header::ORIGIN])
        }
    };
    CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(EXPOSED.split(',').map(HeaderName::from_static).collect::<Vec<_>>())
        // Nothing keeps the answer to a preflight by its headers.
        .vary(vary)
        .max_age(REMEMBERED)
}
