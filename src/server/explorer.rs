//! GraphiQL: the page that `build.rs` bundled, embedded in the binary.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

/// `bundled`: nothing is asked of a third party. `cdn`: the build found no npm, and the page says so.
const KIND: &str = env!("COPYDESK_EXPLORER_KIND");

#[derive(RustEmbed)]
#[folder = "$COPYDESK_EXPLORER_DIR"]
#[exclude = ".*"]
struct Bundle;

/// The page.
pub async fn page() -> Response {
    answer("index.html", "no-cache")
}

/// What the page loads. Names under `assets/` carry hashes, in the bundle.
pub async fn file(Path(path): Path<String>) -> Response {
    let is_hashed = KIND == "bundled" && path.starts_with("assets/");
    answer(&path, if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" })
}

fn answer(path: &str, cache: &'static str) -> Response {
    let Some(file) = Bundle::get(path) else { return StatusCode::NOT_FOUND.into_response() };
    let other_host = if KIND == "cdn" { " https://cdn.jsdelivr.net" } else { "" };
    let policy = format!(
        "default-src 'none'; script-src 'self'{other_host}; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'{other_host}; \
         img-src 'self' data:; font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_TYPE, file.metadata.mimetype().to_owned()),
        (header::CACHE_CONTROL, cache.to_owned()),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin".to_owned()),
    ];
    (headers, file.data.into_owned()).into_response()
}
