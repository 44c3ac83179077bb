//! Who asks may hang up at any moment. Whatever was half done for them is undone, and nobody after them notices. Nor does what only
//! reads leave anything behind.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use copydesk::db::Database;
use futures_util::future::join_all;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::json;

use crate::harness::{Desk, Engine, on_both};

/// Lets something go on until it has waited so many times, and gives it up then.
async fn given_up_after<T>(waits: usize, work: impl Future<Output = T>) {
    let (mut work, mut waited) = (pin!(work), 0);
    poll_fn(|context| {
        let is_over = work.as_mut().poll(context).is_ready();
        waited += 1;
        if is_over || waited == waits { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

async fn reads(database: &Database) {
    let connection = database.reader();
    let statement =
        Statement::from_string(connection.get_database_backend(), "SELECT sequence FROM log_head");
    connection.query_one_raw(statement).await.unwrap();
    let snapshot = database.snapshot().await.unwrap();
    snapshot.migrations().await.unwrap();
}

/// Waits until no connection stands in a transaction that nobody uses.
async fn until_nothing_is_open(desk: &Desk) {
    if desk.engine == Engine::Sqlite {
        return;
    }
    let outside = desk.database_from_outside().await;
    let open = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    tokio::time::timeout(Duration::from_secs(20), async {
        let asked = Statement::from_string(outside.get_database_backend(), open);
        while outside.query_one_raw(asked.clone()).await.unwrap().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("a transaction stays open");
}

on_both! {
    async fn a_transaction_is_given_up_while_it_begins(desk) {
        let desk = desk.restart_with(&[("database_connections", "1")]).await;
        let database = &desk.store.database;
        // Between two waits it gets as far as the database is quick, so each time elsewhere.
        for waits in (1..=5).cycle().take(60) {
            given_up_after(waits, database.snapshot()).await;
            until_nothing_is_open(&desk).await;
            given_up_after(waits, database.begin()).await;
            until_nothing_is_open(&desk).await;
            reads(database).await;
        }
    }

    async fn a_connection_that_goes_from_hand_to_hand_is_lent_to_whoever_begins_something(desk) {
        let desk = desk.restart_with(&[("database_connections", "4")]).await;
        let database = &desk.store.database;
        for _ in 0..3 {
            let asked: Vec<_> = (0..10).map(|_| database.snapshot_by_places()).collect();
            for place in join_all(asked.iter().map(|snapshot| snapshot.place())).await {
                assert_eq!(place.unwrap(), asked[0].place().await.unwrap());
            }
            // All that there are, at once.
            let begun = tokio::time::timeout(Duration::from_secs(5), join_all((0..4).map(|_| database.snapshot())));
            assert!(begun.await.expect("one is kept back").iter().all(Result::is_ok));
        }
    }

    async fn a_snapshot_changes_nothing(desk) {
        desk.editor().await.create_tag("Trams").await;
        let before = desk.contents().await;
        let snapshot = desk.store.database.snapshot().await.unwrap();
        let written = snapshot.connection().execute_unprepared("DELETE FROM tag_records").await;
        // SQLite undoes it in the end, PostgreSQL refuses it.
        assert_eq!(written.is_err(), desk.engine == Engine::Postgres);
        drop(snapshot);
        assert_eq!(desk.contents().await, before);
    }

    async fn readers_and_editors_hang_up(desk) {
        let desk = desk.restart_with(&[("database_connections", "2"), ("answer_cache", "0"), ("article_cache", "0"), ("fragment_cache", "0")]).await;
        let (editor, stranger) = (desk.editor().await, desk.stranger());
        let story = editor.publish(&editor.write("Quay").await).await;
        let page = json!({ "slug": story["slug"] });
        let mut story = editor.save(&story, json!({ "title": "Quay 0" })).await;
        for turn in 1..=60_u32 {
            let patience = Duration::from_micros(100) * turn;
            let _ = tokio::time::timeout(patience, stranger.run("ArticlePage", page.clone())).await;
            let _ = tokio::time::timeout(patience, editor.run("OneDraft", json!({ "articleId": story["articleId"] }))).await;
            assert_eq!(stranger.run("ArticlePage", page.clone()).await.data()["article"]["title"], "Quay");
            story = editor.save(&story, json!({ "title": format!("Quay {turn}") })).await;
        }
        editor.publish(&story).await;
        assert_eq!(stranger.run("ArticlePage", page).await.data()["article"]["title"], "Quay 60");
        until_nothing_is_open(&desk).await;
    }
}
