//! The public halves of the keys that sign access tokens, for services that check them: a JSON Web Key Set (RFC 7517, RFC
//! 8037). A token that a service finds well signed may be of a session that is over: only Copydesk knows that.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::App;

/// Answers `/.well-known/jwks.json`.
pub async fn serve(State(app): State<Arc<App>>) -> Response {
    let tokens = app.store.keys.tokens();
    let keys: Vec<serde_json::Value> = tokens
        .good(app.store.clock.now())
        .map(|(key, _)| {
            serde_json::json!({
                "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": key.id,
                "x": URL_SAFE_NO_PAD.encode(key.public()),
            })
        })
        .collect();
    // Shorter than the time in which a new key is announced before it signs.
    let headers =
        [(header::CONTENT_TYPE, "application/jwk-set+json"), (header::CACHE_CONTROL, "public, max-age=300")];
    (headers, serde_json::json!({ "keys": keys }).to_string()).into_response()
}
