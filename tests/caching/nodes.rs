//! Three nodes over one database, with writers and readers on each, and connections that are cut.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use sea_orm::ConnectionTrait as _;
use serde_json::json;

use super::world::Chance;
use crate::harness::{Actor, Desk, Engine, on_both};

/// For how long another node may show what was before: it vouches for what it keeps for a second after it has last heard.
const BEHIND: Duration = Duration::from_millis(1_500);
const ROUNDS: usize = 25;
const STORIES: usize = 3;

/// What was acknowledged of a story: when, and which round.
type Acknowledged = Arc<Mutex<Vec<(Instant, usize)>>>;

fn round_before(acknowledged: &Acknowledged, moment: Instant) -> usize {
    let rounds = acknowledged.lock().unwrap();
    rounds.iter().rev().find(|(when, _)| *when <= moment).map_or(0, |(_, round)| *round)
}

/// Publishes rounds of a story by one node; what a cut connection refuses is tried again.
async fn write(editor: Actor, article: serde_json::Value, acknowledged: Acknowledged) {
    for round in 1..=ROUNDS {
        let seen = loop {
            let seen = editor.run("OneDraft", json!({ "articleId": article })).await;
            if let Some(version) = seen.body["data"]["viewer"]["draft"]["version"].as_i64() {
                break version;
            }
        };
        let fields = json!({ "articleId": article, "version": seen, "title": format!("Round {round}") });
        let saved = editor.run("UpdateArticle", json!({ "input": fields })).await;
        let Some(version) = saved.body["data"]["updateArticle"]["draft"]["version"].as_i64() else {
            continue;
        };
        let published = editor
            .run("PublishArticle", json!({ "input": { "articleId": article, "version": version } }))
            .await;
        if published.body["data"]["publishArticle"]["userErrors"] == json!([]) {
            acknowledged.lock().unwrap().push((Instant::now(), round));
        }
    }
}

/// Reads a story by one node until all is written. `slack`: how much older than acknowledged it may be.
async fn read(
    reader: Actor,
    slug: String,
    acknowledged: Acknowledged,
    slack: Duration,
    is_over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
) {
    let question = format!("{{ article(by: {{ slug: \"{slug}\" }}) {{ title }} }}");
    while !is_over.load(Ordering::SeqCst) {
        let begun = Instant::now();
        let answer = reader.query(&question).await;
        let Some(title) = answer.body["data"]["article"]["title"].as_str() else { continue };
        let shown: usize = title.strip_prefix("Round ").map_or(0, |round| round.parse().unwrap());
        let least = begun.checked_sub(slack).map_or(0, |moment| round_before(&acknowledged, moment));
        assert!(
            shown >= least,
            "{slug}: round {least} was acknowledged {slack:?} before this was asked, and it shows {shown}"
        );
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

on_both! {
    async fn three_nodes_show_nothing_that_is_long_gone(desk) {
        let nodes = [desk.second_node().await, desk.second_node().await];
        let nodes: Vec<&Desk> = std::iter::once(&desk).chain(&nodes).collect();
        let editor = desk.editor().await;
        let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (mut writers, mut readers) = (Vec::new(), Vec::new());
        for story in 0..STORIES {
            let draft = editor.publish(&editor.write(&format!("Story {story}")).await).await;
            let acknowledged = Acknowledged::default();
            let writer = nodes[story % nodes.len()];
            writers.push(tokio::spawn(write(editor.at(writer), draft["articleId"].clone(), Arc::clone(&acknowledged))));
            for node in &nodes {
                let slack = if std::ptr::eq(*node, writer) { Duration::ZERO } else { BEHIND };
                let slug = draft["slug"].as_str().unwrap().to_owned();
                readers.push(tokio::spawn(read(node.stranger(), slug, Arc::clone(&acknowledged), slack, Arc::clone(&is_over), Arc::clone(&answered))));
            }
        }
        let outside = desk.database_from_outside().await;
        let mut chance = Chance(11);
        while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
            if desk.engine == Engine::Postgres && chance.below(3) == 0 {
                // Cuts some connections of this database: followers', listeners', readers', writers'.
                let one = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1";
                outside.execute_unprepared(one).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        is_over.store(true, Ordering::SeqCst);
        for task in writers.into_iter().chain(readers) {
            task.await.unwrap();
        }
        assert!(answered.load(Ordering::SeqCst) > 100, "{answered:?} answers");
    }
}
