//! Starting: the command line, keys, many nodes at once, a crash.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::json;

use crate::harness::{Desk, Engine, on_both};

fn copydesk(folder: &std::path::Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_copydesk"))
        .args(arguments)
        .current_dir(folder)
        .env("COPYDESK_LOG_LEVEL", "error")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn users_are_added_by_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let add = |email: &str, role: &str, password: &str| {
        copydesk(
            folder.path(),
            &["user", "add", "--email", email, "--name", "Ada", "--role", role, "--password-stdin"],
            password,
        )
    };
    let added = add("Ada@Desk.example", "admin", "correct horse battery\n");
    assert!(added.status.success(), "{}", String::from_utf8_lossy(&added.stderr));
    assert!(String::from_utf8_lossy(&added.stdout).contains("ada@desk.example"));
    for (email, role, password, words) in [
        ("ada@desk.example", "editor", "correct horse battery", "there is a user"),
        ("nonsense", "editor", "correct horse battery", "e-mail"),
        ("b@desk.example", "boss", "correct horse battery", "boss"),
        ("b@desk.example", "editor", "short", "12 to 128"),
    ] {
        let refused = add(email, role, password);
        let said = String::from_utf8_lossy(&refused.stderr).to_lowercase();
        assert!(!refused.status.success() && said.contains(words), "{words}: {said}");
    }
    let verified = copydesk(folder.path(), &["verify"], "");
    assert!(verified.status.success());
    assert!(
        String::from_utf8_lossy(&verified.stdout)
            .contains("1 log entries and 0 public articles checked; 0 problems")
    );
}

#[test]
fn users_and_keys_are_managed_by_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| {
        let output = copydesk(folder.path(), arguments, input);
        let said =
            String::from_utf8_lossy(if output.status.success() { &output.stdout } else { &output.stderr });
        (output.status.success(), said.into_owned())
    };
    let add = |email: &str, name: &str, role: &str| {
        let arguments = ["user", "add", "--email", email, "--name", name, "--role", role, "--password-stdin"];
        assert!(run(&arguments, "correct horse battery").0);
    };
    add("ada@desk.example", "Ada", "admin");
    add("ben@desk.example", "Ben", "author");
    let (_, list) = run(&["user", "list"], "");
    let lines: Vec<Vec<&str>> = list.lines().map(|line| line.split_whitespace().skip(1).collect()).collect();
    assert_eq!(
        lines,
        [["admin", "active", "ada@desk.example", "Ada"], ["author", "active", "ben@desk.example", "Ben"]]
    );
    for (arguments, input, is_done, words) in [
        (&["role", "--email", "Ben@desk.example", "--role", "editor"][..], "", true, "editor"),
        (
            &["passwd", "--email", "ben@desk.example", "--password-stdin"],
            "another horse battery\n",
            true,
            "ben@desk.example",
        ),
        (
            &["passwd", "--email", "ben@desk.example", "--password-stdin"],
            "password1234",
            false,
            "first that others would try",
        ),
        (
            &["passwd", "--email", "ben@desk.example", "--password-stdin"],
            "ben@desk.example",
            false,
            "e-mail address",
        ),
        (&["deactivate", "--email", "ben@desk.example"], "", true, "Deactivated"),
        (&["reactivate", "--email", "ben@desk.example"], "", true, "Reactivated"),
        (&["deactivate", "--email", "nobody@desk.example"], "", false, "copydesk user list"),
        (&["deactivate", "--email", "ada@desk.example"], "", false, "last active admin"),
        (&["role", "--email", "ada@desk.example", "--role", "editor"], "", false, "last active admin"),
    ] {
        let (done, said) = run(&[&["user"], arguments].concat(), input);
        assert!(done == is_done && said.contains(words), "{arguments:?}: {said}");
    }
    let (_, made) = run(&["keys", "rotate"], "");
    let file = made.lines().next().unwrap().rsplit(": ").next().unwrap().to_owned();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(folder.path().join(&file)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let (_, keys) = run(&["keys", "list"], "");
    assert_eq!(keys.lines().filter(|line| line.contains("refused from")).count(), 1, "{keys}");
    assert_eq!(keys.lines().count(), 2);
    // Without the new key's file a node does not start, and says where to get it.
    std::fs::remove_file(folder.path().join(&file)).unwrap();
    let (done, said) = run(&["user", "list"], "");
    assert!(!done && said.contains("copy the keys directory"), "{said}");
}

#[test]
fn a_wrong_setting_stops_the_start_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("copydesk.toml"), "site_name = \"The Ledger\"\nlisten = \"nowhere\"\n")
        .unwrap();
    let refused = copydesk(folder.path(), &["serve"], "");
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(
        said.contains("listen") && said.contains("copydesk.toml") && said.contains("127.0.0.1:8000"),
        "{said}"
    );
    let config = copydesk(folder.path(), &["config", "--listen", "127.0.0.1:9"], "");
    let shown = String::from_utf8_lossy(&config.stdout).into_owned();
    assert!(
        shown.contains("listen = \"127.0.0.1:9\" # flag --listen")
            && shown.contains("site_name = \"The Ledger\" # file copydesk.toml"),
        "{shown}"
    );
    let open = copydesk(folder.path(), &["serve", "--demo", "--listen", "0.0.0.0:0"], "");
    assert!(String::from_utf8_lossy(&open.stderr).contains("--demo listens on this machine alone"));
}

#[test]
fn a_damaged_key_is_not_replaced() {
    let folder = tempfile::tempdir().unwrap();
    assert!(copydesk(folder.path(), &["migrate"], "").status.success());
    let key = folder.path().join("copydesk-data/keys/seal.key");
    let whole = std::fs::read(&key).unwrap();
    std::fs::write(&key, "x").unwrap();
    assert!(String::from_utf8_lossy(&copydesk(folder.path(), &["migrate"], "").stderr).contains("damaged"));
    // Another instance's key is told, with what to copy.
    std::fs::remove_file(&key).unwrap();
    let other = copydesk(folder.path(), &["migrate"], "");
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(said.contains("copy the keys directory"), "{said}");
    std::fs::write(&key, whole).unwrap();
    assert!(copydesk(folder.path(), &["migrate"], "").status.success());
}

#[test]
fn many_nodes_may_start_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let nodes: Vec<_> = (0..6)
        .map(|_| {
            let folder = folder.path().to_owned();
            std::thread::spawn(move || copydesk(&folder, &["migrate"], ""))
        })
        .collect();
    for node in nodes {
        let node = node.join().unwrap();
        assert!(node.status.success(), "{}", String::from_utf8_lossy(&node.stderr));
    }
}

#[tokio::test]
async fn a_crash_loses_no_acknowledged_write() {
    let folder = tempfile::tempdir().unwrap();
    copydesk(
        folder.path(),
        &[
            "user",
            "add",
            "--email",
            "edda@desk.example",
            "--name",
            "Edda",
            "--role",
            "editor",
            "--password-stdin",
        ],
        crate::harness::PASSWORD,
    );
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let listen = format!("127.0.0.1:{port}");
    let mut server = Command::new(env!("CARGO_BIN_EXE_copydesk"))
        .args(["serve", "--listen", &listen, "--log-level", "error"])
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    let mut there = desk.stranger();
    there.set_address(&format!("http://{listen}"));
    while desk.http.get(format!("http://{listen}/health/ready")).send().await.is_err() {
        assert!(server.try_wait().unwrap().is_none(), "the server ended before it answered");
        tokio::task::yield_now().await;
    }
    let session = there
        .run(
            "SignIn",
            json!({ "input": { "email": "edda@desk.example", "password": crate::harness::PASSWORD } }),
        )
        .await;
    there.token = session.data()["signIn"]["session"]["accessToken"].as_str().map(str::to_owned);
    for number in 0..20 {
        there.publish(&there.write(&format!("Story {number}")).await).await;
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let verified = copydesk(folder.path(), &["verify"], "");
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert!(
        verified.status.success()
            && said.contains("42 log entries and 20 public articles checked; 0 problems"),
        "{said}"
    );
}

#[tokio::test]
async fn shutting_down_answers_what_is_under_way_and_refuses_the_rest() {
    let mut desk = Desk::open(Engine::Sqlite).await.unwrap();
    let editor = desk.editor().await;
    let other = desk.second_node().await;
    let held = other.store.database.begin().await.unwrap();
    let before = desk.store.database.statements();
    let waiting = tokio::spawn(async move { editor.create_tag("Patient").await });
    while desk.store.database.statements() == before {
        tokio::task::yield_now().await;
    }
    desk.stop();
    while reqwest::get(format!("{}/health/live", desk.address)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(!waiting.is_finished());
    drop(held);
    assert!(waiting.await.unwrap().starts_with("tag_"));
}

on_both! {
    async fn two_nodes_are_one_desk(desk) {
        let editor = desk.editor().await;
        let other = desk.second_node().await;
        let draft = editor.at(&other).write("From the other node").await;
        editor.publish(&draft).await;
        let cursor = |answer: &crate::harness::Answer| answer.data()["articles"]["pageInfo"]["endCursor"].clone();
        let here = desk.stranger().run("FrontPage", json!({})).await;
        let there = desk.stranger().at(&other).run("FrontPage", json!({})).await;
        assert_eq!(cursor(&here), cursor(&there));
        assert_eq!(there.data()["articles"]["nodes"][0]["title"], "From the other node");
        // Raced on both nodes, publications follow one another and counts hold.
        let tag = editor.create_tag("Shared").await;
        let mut races = Vec::new();
        for number in 0..12 {
            let editor = if number % 2 == 0 { editor.clone() } else { editor.at(&other) };
            let draft = editor.create(json!({ "title": format!("Race {number}"), "sections": [{ "body": "Words" }], "tagIds": [tag] })).await;
            races.push(tokio::spawn(async move { editor.publish(&draft).await }));
        }
        for race in races {
            race.await.unwrap();
        }
        let page = desk.stranger().run("TagPage", json!({ "slug": "shared" })).await;
        assert_eq!(page.data()["tag"]["articleCount"], 12);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }
}
