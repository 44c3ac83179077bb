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
const RENAMES: usize = 60;

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
        let title = format!("Round {round}");
        let sections = json!([{ "heading": title, "body": "Words." }]);
        let fields = json!({ "articleId": article, "version": seen, "title": title, "sections": sections });
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
    let question = format!(
        "{{ article(by: {{ slug: \"{slug}\" }}) {{ title suggestedArticles {{ id }} tableOfContents {{ text }} }} }}"
    );
    while !is_over.load(Ordering::SeqCst) {
        let begun = Instant::now();
        let answer = reader.query(&question).await;
        let Some(title) = answer.body["data"]["article"]["title"].as_str() else { continue };
        let shown: usize = title.strip_prefix("Round ").map_or(0, |round| round.parse().unwrap());
        if shown > 0 {
            let contents = &answer.body["data"]["article"]["tableOfContents"];
            assert_eq!(contents, &json!([{ "text": title }]), "{slug}: its parts are of two rounds");
        }
        let least = begun.checked_sub(slack).map_or(0, |moment| round_before(&acknowledged, moment));
        assert!(
            shown >= least,
            "{slug}: round {least} was acknowledged {slack:?} before this was asked, and it shows {shown}"
        );
        answered.fetch_add(1, Ordering::SeqCst);
    }
}

/// Renames a tag again and again.
async fn rename(editor: Actor, tag: String) {
    let document = "mutation ($input: UpdateTagInput!) { updateTag(input: $input) { userErrors { code } } }";
    for version in 1..=RENAMES {
        let input = json!({ "tagId": tag, "version": version, "name": format!("Name {version}") });
        assert_eq!(
            editor.query_with(document, json!({ "input": input })).await.data()["updateTag"]["userErrors"],
            json!([])
        );
    }
}

on_both! {
    async fn an_answer_never_mixes_two_moments(desk) {
        let node = desk.second_node_without(&["answer_cache"]).await;
        // Where nothing is kept, each query reads the two by two statements, without a transaction.
        let cold = desk.second_node_without(&["answer_cache", "fragment_cache", "article_cache"]).await;
        let editor = desk.editor().await;
        let tag = editor.create_tag("Name 0").await;
        let story = json!({ "title": "Story", "sections": [{ "body": "Words." }], "tagIds": [tag] });
        editor.publish(&editor.create(story).await).await;
        let renaming = tokio::spawn(rename(editor, tag));
        let mut names = std::collections::BTreeSet::new();
        for number in 1.. {
            for reader in [desk.stranger(), node.stranger(), cold.stranger()] {
                // The article is in memory while its tag has its name; of this length, the list was never read.
                let question = format!("{{ article(by: {{ slug: \"story\" }}) {{ tags {{ name }} }} tags(first: {}, after: null, before: null) {{ nodes {{ name }} }} number{number}: __typename }}", 1 + number % 100);
                let answer = reader.query(&question).await;
                let (of_article, of_list) = (&answer.data()["article"]["tags"][0]["name"], &answer.data()["tags"]["nodes"][0]["name"]);
                assert_eq!(of_article, of_list);
                names.insert(of_article.as_str().unwrap().to_owned());
            }
            if renaming.is_finished() {
                break;
            }
        }
        renaming.await.unwrap();
        assert!(names.len() > 5, "{names:?}");
    }

    async fn three_nodes_show_nothing_that_is_long_gone(desk) {
        // One keeps whole answers, one what they are made of, one both.
        let nodes = [desk.second_node_without(&["answer_cache"]).await, desk.second_node_without(&["article_cache"]).await];
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
