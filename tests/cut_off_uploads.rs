//! An upload during which the process is killed. How far it has come, Linux tells.

#![cfg(target_os = "linux")]

use std::path::Path;

use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::harness::program::{Running, UploadForm, add_editor, program, said, serve, token};
use crate::harness::{answer, http, picture};

/// What the process holds open of this size at least, under a name that is gone: how much of an upload is on the disk, no file
/// tells.
fn spooled(process: &Running) -> u64 {
    let open = std::fs::read_dir(format!("/proc/{}/fd", process.0.id()));
    let files = open.into_iter().flatten().flatten();
    let unnamed = files.filter(|file| {
        std::fs::read_link(file.path()).is_ok_and(|name| name.to_string_lossy().ends_with("(deleted)"))
    });
    unnamed
        .filter_map(|file| std::fs::metadata(file.path()).ok())
        .map(|file| file.len())
        .max()
        .unwrap_or_default()
}

fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_half_is_left_of_an_upload_that_was_killed() {
    let (http, folder) = (http(), tempfile::tempdir().unwrap());
    let media = folder.path().join("copydesk-data/media");
    add_editor(folder.path(), None);
    let file = picture(1_200, 900);
    let hash = hex::encode(Sha256::digest(&file));
    let form = || UploadForm::new(file.clone(), "{ id url }");
    let names = names_in(folder.path());

    for rounds in ["half", "all but its end"] {
        let (mut server, address) = serve(folder.path(), None, &http).await;
        let request = form().request(&address, &token(&http, &address).await);
        let sent = if rounds == "half" { request.len() - file.len() / 2 } else { request.len() - 4 };
        let mut connection = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
        connection.write_all(&request[..sent]).await.unwrap();
        while spooled(&server) < file.len() as u64 / 4 {
            tokio::task::yield_now().await;
        }
        // By its id, without a word.
        server.0.kill().unwrap();
        server.0.wait().unwrap();
        assert_eq!(names_in(folder.path()), names, "what was received had no name");
        assert_eq!(names_in(&media), ["heads"], "of the log");

        let (server, address) = serve(folder.path(), None, &http).await;
        let token = token(&http, &address).await;
        let list = serde_json::json!({ "query": "{ viewer { images { totalCount } } }" });
        let images = answer(http.post(format!("{address}/graphql")).bearer_auth(&token).json(&list)).await;
        assert_eq!(images.data()["viewer"]["images"]["totalCount"], 0, "{rounds}");
        drop(server);
        let checked = said(&program(folder.path(), None, &["media", "check"]).output().unwrap());
        assert!(checked.contains("0 files looked at; 0 missing"), "{checked}");
    }

    // All of it was sent: it is there, or it is not; and then it can be sent again.
    let (mut server, address) = serve(folder.path(), None, &http).await;
    let mut connection = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    connection.write_all(&form().request(&address, &token(&http, &address).await)).await.unwrap();
    while spooled(&server) < file.len() as u64 && !media.join("originals").exists() {
        tokio::task::yield_now().await;
    }
    server.0.kill().unwrap();
    server.0.wait().unwrap();
    let (server, address) = serve(folder.path(), None, &http).await;
    let token = token(&http, &address).await;
    let uploaded =
        answer(http.post(format!("{address}/graphql")).bearer_auth(&token).multipart(form().multipart()));
    let uploaded = uploaded.await.done("uploadImage", "image").clone();
    assert!(media.join("originals").join(&hash[..2]).join(&hash).is_file());
    assert_eq!(http.get(uploaded["url"].as_str().unwrap()).send().await.unwrap().status(), 200);
    drop(server);
    let checked = said(&program(folder.path(), None, &["media", "check"]).output().unwrap());
    assert!(checked.contains("0 missing, 0 corrupt"), "{checked}");
    said(&program(folder.path(), None, &["verify"]).output().unwrap());
}
