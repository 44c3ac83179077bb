//! Whether the process lives, whether it can answer, and numbers to watch. These pages are open to everybody: of what
//! `verify` found they tell how much, never what.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use object_store::ObjectStoreExt as _;
use serde_json::{Value, json};

use super::App;

/// The process answers: restart it when this fails.
pub async fn live() -> &'static str {
    "alive\n"
}

/// The database answers too: send requests here only while this succeeds. With `?verbose` it tells more, as JSON; the status
/// is the same. What `verify` found makes no node unready.
pub async fn ready(State(app): State<Arc<App>>, Query(query): Query<HashMap<String, String>>) -> Response {
    let answered = app.store.database.ping().await;
    let (status, words) = match &answered {
        Ok(()) => (StatusCode::OK, "ready\n"),
        Err(error) => {
            tracing::error!(%error, "the database does not answer");
            (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n")
        }
    };
    if !query.contains_key("verbose") {
        return (status, words).into_response();
    }
    let media = match app.store.media.head(&object_store::path::Path::from("health")).await {
        Ok(_) | Err(object_store::Error::NotFound { .. }) => true,
        Err(error) => {
            tracing::error!(%error, "the store of pictures does not answer");
            false
        }
    };
    let body = json!({
        "isReady": answered.is_ok(),
        "database": { "answers": answered.is_ok() },
        "media": { "answers": media },
        "verify": verified(&app),
    });
    (status, [(header::CONTENT_TYPE, "application/json")], format!("{body}\n")).into_response()
}

fn verified(app: &App) -> Value {
    let last = app.verified.last();
    json!({
        "everySeconds": app.verified.every_seconds,
        "lastRunAt": last.as_ref().map(|run| run.at.to_rfc3339()),
        "problems": last.as_ref().and_then(|run| run.problems),
        "head": last.as_ref().and_then(|run| run.head.clone()),
    })
}

/// Numbers in the text form of Prometheus.
pub async fn metrics(State(app): State<Arc<App>>) -> Response {
    let sequence = async { app.store.database.snapshot().await?.place().await }.await;
    let Ok(sequence) = sequence else {
        return (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response();
    };
    let mut text = gauge("copydesk_log_sequence", "Number of the log's last entry.", sequence);
    if let Some(run) = app.verified.last() {
        let help = "When verify last ran in this server, in seconds since 1970.";
        text += &gauge("copydesk_verify_last_run_seconds", help, run.at.seconds());
        let help = "What is not as the log says, at that run; -1: it could not be run to its end.";
        let problems = run.problems.map_or(-1, |problems| i64::try_from(problems).unwrap_or(i64::MAX));
        text += &gauge("copydesk_verify_problems", help, problems);
    }
    let (reads, fragments) = (app.store.memory.told(), app.store.fragments.told());
    let kept = app.answers.told().into_iter().chain(reads).chain(fragments);
    for (value, name, help) in kept.chain([app.repeated()]).chain(app.store.work.told()) {
        let value = i64::try_from(value).unwrap_or(i64::MAX);
        text += &if name.ends_with("_total") { counter(name, help, value) } else { gauge(name, help, value) };
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

fn counter(name: &str, help: &str, value: i64) -> String {
    format!("# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}\n")
}

fn gauge(name: &str, help: &str, value: i64) -> String {
    format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n")
}
