//! A store that breaks under any operation of the schema tells a client `INTERNAL` and the request's id, and nothing else.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::{Value, json};

use crate::harness::{Answer, Desk, Engine, answer, fields_of, on_both, picture};
use crate::scene::{By, Row, Scene, furnish, rows, set_up};

#[test]
fn every_field_of_the_schema_is_asked_for() {
    let asked: BTreeSet<String> = rows(&Value::Null).iter().map(|row| row.field.to_owned()).collect();
    let of_viewer = fields_of("Viewer").into_iter().map(|field| format!("viewer.{field}"));
    let in_schema = fields_of("Query").into_iter().chain(fields_of("Mutation")).chain(of_viewer).collect();
    assert_eq!(asked, in_schema);
}

/// What no client may read, in lower case: the words of engines and libraries, places in the source, and the names of
/// tables and columns that can't be names of the API.
async fn secrets(desk: &Desk) -> Vec<String> {
    let mut words: Vec<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
    for table in desk.tables().await {
        words.extend(desk.columns(&table).await.into_iter().chain([table]).filter(|name| name.contains('_')));
    }
    words
}

#[rustfmt::skip]
const WORDS: [&str; 20] = [
    "sql", "postgres", "sea_orm", "seaorm", "sea-orm", "no such", "does not exist", "select ", "insert into", "syntax", "column",
    "constraint", "relation", "credentials", "pool", "connection", "panic", "src/", ".rs", "/tmp",
];

/// Whether an answer refuses, wholly or in part. Fails where it tells more than that, or is no answer at all.
fn is_refused(answer: &Answer, secrets: &[String], what: &str) -> bool {
    let what = format!("{what}: {} {}", answer.status, answer.text);
    assert!([200, 294, 503].contains(&answer.status), "{what}");
    // Where in the document it is, an error says in lines and columns.
    let text = answer.text.to_lowercase().replace("\"column\":", "");
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "{secret:?} in {what}");
    }
    let Some(errors) = answer.body.get("errors") else {
        assert!(answer.status == 200 && answer.body["data"].is_object(), "{what}");
        return false;
    };
    for error in errors.as_array().unwrap() {
        let request_id = answer.headers["x-request-id"].to_str().unwrap();
        let mut rest = error.as_object().unwrap().clone();
        let expected = json!({ "code": "INTERNAL", "requestId": request_id });
        assert_eq!(rest.remove("extensions"), Some(expected), "{what}");
        let message = rest.remove("message").unwrap();
        assert!(message.as_str().unwrap().starts_with("Something went wrong on our side."), "{what}");
        assert!(rest.keys().all(|key| ["path", "locations"].contains(&key.as_str())), "{what}");
    }
    true
}

/// A field, by whom it was asked for, and what came of it.
struct Asked {
    field: &'static str,
    by: &'static str,
    answer: Answer,
    is_refused: bool,
}

/// Asks for rows, each as all who may.
async fn ask(desk: &Desk, scene: &Scene, rows: Vec<Row>, secrets: &[String], state: &str) -> Vec<Asked> {
    let mut asked = Vec::new();
    for row in rows {
        let actors = match row.by {
            By::Anybody => vec![("a stranger", desk.stranger()), ("an admin", scene.admin.clone())],
            By::Admin => vec![("an admin", scene.admin.clone())],
            By::Leaver => vec![("somebody who leaves", scene.leaver.clone())],
        };
        for (by, actor) in actors {
            let answer = match row.field {
                "uploadImage" => actor.upload(picture(40, 30), "A quay").await,
                "replaceImageFile" => {
                    actor.replace_file(picture(50, 30), "photo.jpg", &row.variables["input"]).await
                }
                _ => actor.query_with(&row.document, row.variables.clone()).await,
            };
            let what = format!("{} asked by {by} {state}", row.field);
            let is_refused = is_refused(&answer, secrets, &what);
            // What is asked for is good: nothing but the store is to blame.
            let user_errors = &answer.body["data"][row.field]["userErrors"];
            assert!(user_errors.is_null() || *user_errors == json!([]), "{what}: {}", answer.text);
            asked.push(Asked { field: row.field, by, answer, is_refused });
        }
    }
    asked
}

/// Somebody with their hands in the database, whom no reference between tables stops.
async fn saboteur(desk: &Desk) -> DatabaseConnection {
    let outside = desk.database_from_outside().await;
    if desk.engine == Engine::Sqlite {
        outside
            .execute_unprepared("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON")
            .await
            .unwrap();
    }
    outside
}

/// The tables without which mutations are tried too. Trying them without every table would take twice the time and tell
/// nothing new: they fail where queries do, or on one of these.
#[rustfmt::skip]
const NEEDED_BY_MUTATIONS: [&str; 10] = [
    "articles", "changes", "comment_records", "credentials", "drafts", "log_head", "revisions", "sessions", "slug_history", "users",
];

on_both! {
    async fn with_one_table_gone_nothing_is_told(desk) {
        let (mut scene, secrets, saboteur) = (furnish(&desk).await, secrets(&desk).await, saboteur(&desk).await);
        set_up(&desk, &mut scene, 0).await;
        for Asked { field, by, answer, is_refused } in ask(&desk, &scene, rows(&scene.things), &secrets, "of a whole store").await {
            let data = field.split('.').fold(&answer.body["data"], |data, field| &data[field]);
            let is_nobodys = field == "viewer" && by == "a stranger";
            assert!(!is_refused && data.is_null() == is_nobodys, "{field} asked by {by}: {}", answer.text);
        }
        let mut missed_by_none = BTreeSet::new();
        for (number, table) in desk.tables().await.into_iter().enumerate() {
            let are_mutations_asked = NEEDED_BY_MUTATIONS.contains(&table.as_str());
            if are_mutations_asked {
                set_up(&desk, &mut scene, number + 1).await;
            }
            let mut rows = rows(&scene.things);
            rows.retain(|row| are_mutations_asked || !row.document.starts_with("mutation"));
            saboteur.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO gone")).await.unwrap();
            let asked = ask(&desk, &scene, rows, &secrets, &format!("without {table}")).await;
            saboteur.execute_unprepared(&format!("ALTER TABLE gone RENAME TO {table}")).await.unwrap();
            if asked.iter().all(|asked| !asked.is_refused) {
                missed_by_none.insert(table);
            }
        }
        // These are read at the start alone.
        assert_eq!(missed_by_none, ["instance_keys", "seaql_migrations"].map(str::to_owned).into());
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn with_no_table_left_everything_is_refused(desk) {
        let (mut scene, secrets, saboteur) = (furnish(&desk).await, secrets(&desk).await, saboteur(&desk).await);
        set_up(&desk, &mut scene, 0).await;
        let sql = match desk.engine {
            Engine::Sqlite => desk.tables().await.iter().map(|table| format!("DROP TABLE {table};")).collect(),
            Engine::Postgres => "DROP SCHEMA public CASCADE; CREATE SCHEMA public".to_owned(),
        };
        saboteur.execute_unprepared(&sql).await.unwrap();
        for Asked { field, by, answer, is_refused } in ask(&desk, &scene, rows(&scene.things), &secrets, "of no store").await {
            // What the program knows by itself, while it remembers who is signed in; and that a stranger is nobody.
            let asks_no_table = ["site", "viewer.capabilities"].contains(&field) || (field == "viewer" && by == "a stranger");
            assert!(is_refused || asks_no_table, "{field} asked by {by}: {}", answer.text);
        }
    }
    async fn who_asks_is_not_refused_because_it_cant_be_told(desk) {
        let (admin, secrets, saboteur) = (desk.admin().await, secrets(&desk).await, saboteur(&desk).await);
        for table in ["log_head", "sessions", "users"] {
            // A node that has never seen the token asks the rows for whom it speaks.
            let node = desk.second_node().await;
            let there = admin.at(&node);
            saboteur.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO gone")).await.unwrap();
            let asked = [
                there.query("{ viewer { user { name } } }").await,
                there.query("{ articles { nodes { title } } }").await,
                there.query("mutation { createTag(input: { name: \"Trams\" }) { tag { id } } }").await,
                there.upload(picture(40, 30), "A quay").await,
            ];
            saboteur.execute_unprepared(&format!("ALTER TABLE gone RENAME TO {table}")).await.unwrap();
            for answer in asked {
                assert!(is_refused(&answer, &secrets, table) && answer.status == 503, "{}", answer.text);
                assert!(!answer.headers.contains_key("www-authenticate"), "{:?}", answer.headers);
            }
            assert_eq!(there.query("{ viewer { user { name } } }").await.data()["viewer"]["user"]["name"], "Ada");
        }
    }
}

/// A process that ends with the test, however that ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_log_has_the_cause_under_the_requests_id_at_every_level() {
    for (level, format) in [("info", "text"), ("error", "text"), ("error", "json")] {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut server = Server(
            Command::new(env!("CARGO_BIN_EXE_copydesk"))
                .args(["serve", "--listen", &address, "--log-level", level, "--log-format", format])
                .current_dir(folder.path())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let http = crate::harness::http();
        while http.get(format!("http://{address}/health/ready")).send().await.is_err() {
            assert!(server.0.try_wait().unwrap().is_none(), "the server ended before it answered");
            tokio::task::yield_now().await;
        }
        let file = folder.path().join("copydesk-data/copydesk.sqlite");
        let saboteur = sea_orm::Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
        saboteur.execute_unprepared("ALTER TABLE articles RENAME TO gone").await.unwrap();
        let body = json!({ "query": "{ articles { nodes { title } } }" });
        let refused = answer(http.post(format!("http://{address}/graphql")).json(&body)).await;
        assert_eq!(refused.error_code(), "INTERNAL");
        let id = refused.body["errors"][0]["extensions"]["requestId"].as_str().unwrap();
        server.0.kill().unwrap();
        let mut said = String::new();
        server.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let told = said.lines().any(|line| line.contains(id) && line.contains("no such table: articles"));
        assert!(told, "{level}: {id} is not told of in {said}");
        assert!(!said.contains('\u{1b}'), "colours, where nobody watches: {said:?}");
    }
}
