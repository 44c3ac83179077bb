//! GraphiQL opens with its examples and asks no other host: looked at in headless Chromium with the network closed.

use std::process::Command;

use serde_json::json;

use crate::harness::{Desk, Engine};

#[tokio::test(flavor = "multi_thread")]
async fn the_explorer_works_with_the_network_closed() {
    let explorer = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("explorer");
    let is_ready = explorer.join("node_modules").is_dir();
    if std::env::var_os("COPYDESK_TEST_REQUIRE_CHROMIUM").is_none() && !is_ready {
        eprintln!(
            "left out: explorer/node_modules is not there (npm ci in explorer/ puts the driver of Chromium there)"
        );
        return;
    }
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    let editor = desk.editor().await;
    let author = editor.create_author("Ines Calloway").await;
    let draft = editor
        .create(json!({ "title": "A story", "sections": [{ "body": "Words" }], "authorIds": [author] }))
        .await;
    editor.publish(&draft).await;
    let address = format!("{}/graphiql", desk.address);
    let picture = desk.folder.join("explorer.png");
    let checked = tokio::task::spawn_blocking(move || {
        Command::new("node")
            .arg("check.mjs")
            .arg(address)
            .arg(picture)
            .current_dir(explorer)
            .output()
            .unwrap()
    });
    let checked = checked.await.unwrap();
    assert!(
        checked.status.success(),
        "{}{}",
        String::from_utf8_lossy(&checked.stdout),
        String::from_utf8_lossy(&checked.stderr)
    );
}
