//! Whether the process lives, and whether it can answer.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;

use super::App;

/// The process answers: restart it when this fails.
pub async fn live() -> &'static str {
    "alive\n"
}

/// The database answers too: send requests here only while this succeeds.
pub async fn ready(State(app): State<App>) -> impl IntoResponse {
    match app.store.database.ping().await {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    }
}
