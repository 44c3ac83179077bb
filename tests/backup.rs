//! Backing up a running instance, restoring it on either engine, and moving it: nothing is lost, nothing is mixed, and what
//! can't be taken back is refused before anything is written.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use copydesk::backup::BackupError;
use copydesk::backup::back_up::{Made, back_up};
use copydesk::backup::move_to::{check_source, move_to};
use copydesk::backup::restore::{Restored, restore};
use copydesk::backup::tables;
use copydesk::clock::{SetClock, SystemChance};
use copydesk::config::DatabaseAddress;
use copydesk::db::Database;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::{Actor, Desk, Engine, MORNING, PASSWORD, Place, on_both, picture};

/// The engines that there are here.
async fn places() -> Vec<Place> {
    let mut found = Vec::new();
    for engine in [Engine::Sqlite, Engine::Postgres] {
        found.extend(Place::new(engine).await);
    }
    found
}

/// Somebody's day: a bit of everything that an instance can hold.
async fn fill(desk: &Desk) -> Actor {
    let editor = desk.editor().await;
    desk.admin().await;
    let author = desk.author().await;
    let quay = editor.image("A quay, \"at dusk\"").await;
    let portrait = editor.upload(picture(64, 48), "A face").await;
    let portrait = portrait.done("uploadImage", "image")["id"].as_str().unwrap();
    let byline = editor.create_author("Ines Calloway").await;
    let tag = editor.create_tag("Häfen & Schiffe").await;
    let region = editor.create_category("Region", None).await;
    let coast = editor.create_category("Coast", Some(&region)).await;
    let town = editor.create_category("Town", Some(&coast)).await;
    let second = editor.write("Taken down again").await;
    let draft = editor
        .create(json!({
            "title": "The port plugs in 🔌", "excerpt": "A cable.\\n\u{2028}And \"quotes\".",
            "leadFigure": { "imageId": quay, "caption": "The quay" },
            "sections": [
                { "body": "First words." },
                { "heading": "Costs", "body": format!("Twelve dollars.\n\n![]({portrait} \"A face\")") },
            ],
            "authorIds": [byline], "tagIds": [tag], "categoryIds": [town],
            "relatedLinks": [
                { "external": { "url": "https://www.example.net/a", "title": "Elsewhere" } },
                { "article": { "articleId": second["articleId"] } },
            ],
        }))
        .await;
    let draft = editor.save(&draft, json!({ "title": "The port is plugging in", "slug": "port" })).await;
    let public = editor.publish(&draft).await;
    let public = editor.save(&public, json!({ "slug": "port-plugs-in", "note": "shorter" })).await;
    let public = editor.publish(&public).await;
    editor.save(&public, json!({ "title": "A title that is not public yet" })).await;
    let second = editor.publish(&second).await;
    editor.unpublish(&second).await;
    author.write("A draft of Arthur's").await;
    editor.redirect("/häfen", "https://www.example.net/ports?a=1#b").await;
    // What was merged, and a name that was another.
    let merged = editor.create_tag("Harbours").await;
    let merge = "mutation ($into: ID!, $merged: ID!) { mergeTags(input: { tagId: $into, version: 1, mergedTagIds: [$merged] }) { tag { id } userErrors { code } } }";
    editor.query_with(merge, json!({ "into": tag, "merged": merged })).await.done("mergeTags", "tag");
    let reader = desk.stranger();
    let first = reader.comment(&public["articleId"], None, "A *good* piece").await;
    editor.approve(&first).await;
    let reply = reader.comment(&public["articleId"], Some(&first), "I agree").await;
    editor.approve(&reply).await;
    reader.comment(&public["articleId"], Some(&reply), "And I wait").await;
    let answer = "mutation ($id: ID!) { replyToComment(input: { commentId: $id, body: \"Thank you\" }) { comment { id } userErrors { code } } }";
    editor.query_with(answer, json!({ "id": first })).await.done("replyToComment", "comment");
    let closing = "mutation ($id: ID!) { setArticleComments(input: { articleId: $id, version: 0, comments: OPEN, closeAfterDays: 30 }) { draft { articleId } userErrors { code } } }";
    editor
        .query_with(closing, json!({ "id": public["articleId"] }))
        .await
        .done("setArticleComments", "draft");
    desk.sign_in("edda@desk.example").await;
    editor
}

async fn refresh_token(desk: &Desk) -> String {
    let input = json!({ "input": { "email": "edda@desk.example", "password": PASSWORD } });
    let answer = desk.stranger().run("SignIn", input).await;
    answer.data()["signIn"]["session"]["refreshToken"].as_str().unwrap().to_owned()
}

async fn backup(desk: &Desk, folder: &Path, name: &str) -> (PathBuf, PathBuf, Made) {
    let (file, keys) = (folder.join(name), folder.join(format!("{name}.keys")));
    let made = back_up(&desk.store, &file, Some(&keys)).await.unwrap();
    (file, keys, made)
}

async fn restored(place: &Place, file: &Path, keys: Option<&Path>) -> Result<Restored, BackupError> {
    let clock = Arc::new(SetClock::at(MORNING));
    restore(place.config(), clock, Arc::new(SystemChance), file, keys).await
}

/// Restores, closes what that opened, and runs the instance.
async fn run_restored(place: &Place, file: &Path, keys: Option<&Path>) -> Desk {
    let restored = restored(place, file, keys).await.unwrap_or_else(|error| panic!("{error}"));
    Arc::into_inner(restored.store).unwrap().database.close().await.unwrap();
    place.open().await
}

async fn refused(place: &Place, file: &Path, keys: Option<&Path>, words: &str) {
    let said = match restored(place, file, keys).await {
        Ok(_) => panic!("{words}: it was restored"),
        Err(error) => error.to_string(),
    };
    assert!(said.contains(words), "{words:?} is not in {said:?}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

/// The files below a folder, without the heads of the log that each instance keeps for itself.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.extend((!path.ends_with("heads")).then_some(path));
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

type Members = Vec<(String, Vec<u8>)>;

/// The members of a backup, as any tar reads them.
fn members(file: &Path) -> Members {
    let mut archive = tar::Archive::new(MultiGzDecoder::new(std::fs::File::open(file).unwrap()));
    let read = |entry: std::io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        (String::from_utf8(entry.path_bytes().into_owned()).unwrap(), content)
    };
    archive.entries().unwrap().map(read).collect()
}

/// Writes members as a backup whose sums are right.
fn pack(file: &Path, mut members: Members) {
    let mut digest = Sha256::new();
    for (name, content) in members.iter().filter(|(name, _)| name != "end.json") {
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name);
        digest.update((content.len() as u64).to_be_bytes());
        digest.update(content);
    }
    if let Some((_, end)) = members.iter_mut().find(|(name, _)| name == "end.json") {
        let mut said: Value = serde_json::from_slice(end).unwrap();
        said["sha256"] = hex::encode(digest.finalize()).into();
        *end = serde_json::to_vec(&said).unwrap();
    }
    let out = GzEncoder::new(std::fs::File::create(file).unwrap(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(out);
    for (name, content) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, content.as_slice()).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap();
}

/// The backup with one member changed.
fn altered(file: &Path, name: &str, change: impl Fn(Value) -> Value) -> Members {
    let mut members = members(file);
    let (_, content) = members.iter_mut().find(|(member, _)| member.starts_with(name)).unwrap();
    let text = String::from_utf8(content.clone()).unwrap();
    let (first, rest) =
        if name.ends_with(".json") { (text.as_str(), "") } else { text.split_once('\n').unwrap() };
    let changed = change(serde_json::from_str(first).unwrap());
    *content = format!("{changed}\n{rest}").into_bytes();
    members
}

on_both! {
    async fn every_table_and_every_column_is_copied(desk) {
        let copied = tables::all().unwrap();
        let names: BTreeSet<String> = copied.iter().map(|table| table.name.to_owned()).collect();
        let kept = ["seaql_migrations", "search_index"];
        let there: BTreeSet<String> =
            desk.tables().await.into_iter().filter(|table| !kept.contains(&table.as_str())).collect();
        assert_eq!(names, there, "src/backup/tables.rs does not list the tables that there are");
        for table in copied {
            let columns: BTreeSet<String> = table.columns.iter().map(|column| column.name.to_owned()).collect();
            let mut there: BTreeSet<String> = desk.columns(table.name).await.into_iter().collect();
            if table.name == "search" {
                // The one numbers itself, the other is made from the rest.
                there.remove("row");
                there.remove("words");
            }
            assert_eq!(columns, there, "{}", table.name);
        }
    }

    async fn what_was_backed_up_comes_back_on_either_engine(desk) {
        let editor = fill(&desk).await;
        let refresh = refresh_token(&desk).await;
        let held = tempfile::tempdir().unwrap();
        let (file, keys, made) = backup(&desk, held.path(), "today.backup").await;
        let (contents, media) = (desk.contents().await, files(&desk.folder.join("media")));
        assert!(contents.values().filter(|rows| rows.is_empty()).count() == 0, "a table is empty: {contents:?}");
        assert_eq!(made.rows, contents.values().map(|rows| rows.len() as u64).sum::<u64>());
        assert_eq!((made.files, made.damaged.len()), (4, 0));
        assert_eq!(made.head.sequence, desk.log_length().await);
        // What is written after it is not in it.
        editor.write("Too late").await;
        for place in places().await {
            let there = run_restored(&place, &file, Some(&keys)).await;
            assert_eq!(there.contents().await, contents);
            assert_eq!(files(&there.folder.join("media")), media);
            assert_eq!(there.verify().await, Vec::<String>::new());
            // It goes on: who was signed in is, and all that can be done is done on top of it.
            let refreshed = there.stranger().run("RefreshSession", json!({ "input": { "refreshToken": refresh } })).await;
            assert_eq!(refreshed.user_errors("refreshSession"), Vec::<String>::new());
            let again = there.sign_in("edda@desk.example").await;
            let page = there.stranger().run("ArticlePage", json!({ "slug": "port" })).await;
            let page = &page.data()["article"];
            assert_eq!(page["title"], "The port is plugging in");
            let url = page["leadFigure"]["image"]["url"].as_str().unwrap();
            let picture = there.http.get(url).send().await.unwrap();
            assert_eq!(picture.status(), 200);
            let first = there.stranger().run("Search", json!({ "query": "twelve dol" })).await;
            assert_eq!(first.data()["search"]["totalCount"], 1, "{}", first.text);
            let reply = page["comments"]["nodes"][0]["id"].as_str().unwrap();
            let comment = there.stranger().comment(&page["id"], Some(reply), "After the move").await;
            again.approve(&comment).await;
            let new = again.write("Written afterwards").await;
            again.publish(&new).await;
            let found = there.stranger().run("Search", json!({ "query": "afterwards begins" })).await;
            assert_eq!(found.data()["search"]["totalCount"], 1, "{}", found.text);
            assert_eq!(there.verify().await, Vec::<String>::new());
            // And back again from there.
            let (second, second_keys, _) = backup(&there, held.path(), &format!("{:?}.backup", place.engine)).await;
            let home = Place::new(desk.engine).await.unwrap();
            let home = run_restored(&home, &second, Some(&second_keys)).await;
            assert_eq!(home.contents().await, there.contents().await);
            assert_eq!(home.verify().await, Vec::<String>::new());
        }
    }

    async fn a_backup_is_of_one_moment_while_editors_write(desk) {
        let editor = desk.editor().await;
        let held = tempfile::tempdir().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let writing: Vec<_> = (0..3).map(|number| {
            let (editor, is_over) = (editor.clone(), Arc::clone(&is_over));
            tokio::spawn(async move {
                let mut count = 0;
                while !is_over.load(Ordering::SeqCst) {
                    count += 1;
                    let image = editor.image(&format!("Picture {number} {count}")).await;
                    let draft = editor.create(json!({ "title": format!("Story {number} {count}"), "leadFigure": { "imageId": image }, "sections": [{ "body": "Words" }] })).await;
                    let draft = editor.publish(&draft).await;
                    editor.save(&draft, json!({ "title": format!("Story {number} {count}, again") })).await;
                }
            })
        }).collect();
        let mut made = Vec::new();
        let mut before = 0;
        for number in 0..3 {
            // Each has something that the one before had not.
            while desk.log_length().await < before + 8 {
                tokio::task::yield_now().await;
            }
            let one = backup(&desk, held.path(), &format!("{number}.backup")).await;
            before = one.2.head.sequence;
            made.push(one);
        }
        is_over.store(true, Ordering::SeqCst);
        for one in writing {
            one.await.unwrap();
        }
        for (file, keys, made) in made {
            assert!(made.head.sequence < desk.log_length().await);
            let place = Place::new(Engine::Sqlite).await.unwrap();
            let there = run_restored(&place, &file, Some(&keys)).await;
            assert_eq!(there.verify().await, Vec::<String>::new());
            let contents = there.contents().await;
            assert_eq!(contents["changes"].len() as i64, made.head.sequence);
            let media = files(&there.folder.join("media"));
            for row in &contents["image_records"] {
                for column in ["original_hash=", "rendition_hash="] {
                    let hash = row.split(column).nth(1).unwrap().split(' ').next().unwrap();
                    assert!(media.keys().any(|file| file.ends_with(hash)), "{hash} is missing");
                }
            }
        }
    }

    async fn a_target_that_is_not_empty_is_left_alone(desk) {
        let held = tempfile::tempdir().unwrap();
        let place = Place::new(desk.engine).await.unwrap();
        // Opened, and used by nobody: still empty.
        let there = place.open().await;
        let (file, keys, _) = backup(&there, held.path(), "empty.backup").await;
        let (file, keys) = (file.as_path(), Some(keys.as_path()));
        let copy = Place::new(desk.engine).await.unwrap();
        drop(run_restored(&copy, file, keys).await);
        assert_eq!(run_restored(&copy, file, keys).await.verify().await, Vec::<String>::new());
        let there = place.open().await;
        there.editor().await;
        let (contents, media) = (there.contents().await, files(&there.folder.join("media")));
        refused(&place, file, keys, "not empty (its table log_head has rows)").await;
        there.tamper("UPDATE log_head SET sequence = 0").await;
        refused(&place, file, keys, "not empty (its table users has rows)").await;
        there.tamper("UPDATE log_head SET sequence = (SELECT MAX(sequence) FROM changes)").await;
        assert_eq!((there.contents().await, files(&there.folder.join("media"))), (contents, media));
    }

    async fn rows_that_the_target_refuses_leave_it_empty(desk) {
        fill(&desk).await;
        let held = tempfile::tempdir().unwrap();
        let (file, keys, _) = backup(&desk, held.path(), "good.backup").await;
        // The last table refers to an article that there is none of: everything else is in by then.
        let bad = held.path().join("bad.backup");
        pack(&bad, altered(&file, "tables/search/", |mut row| { row["article_id"] = json!(uuid::Uuid::nil()); row }));
        for place in places().await {
            refused(&place, &bad, Some(&keys), "the database can't be used").await;
            let there = place.open().await;
            let rows: usize = there.contents().await.iter().filter(|(table, _)| *table != "instance_keys").map(|(_, rows)| rows.len()).sum();
            assert_eq!(rows, 1, "the log's empty head alone");
            drop(there);
            let there = run_restored(&place, &file, Some(&keys)).await;
            assert_eq!(there.contents().await, desk.contents().await);
        }
    }

    async fn keys_are_kept_apart_and_asked_for(desk) {
        fill(&desk).await;
        let held = tempfile::tempdir().unwrap();
        let (file, keys, _) = backup(&desk, held.path(), "a.backup").await;
        for path in [&file, &keys] {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        // The backup holds no key, in no member.
        let secret: Vec<Vec<u8>> = files(&desk.folder.join("keys")).into_values().collect();
        assert_eq!(secret.len(), 3);
        for (name, content) in members(&file) {
            let holds = |key: &Vec<u8>| content.windows(key.len()).any(|part| part == key.as_slice());
            assert!(!secret.iter().any(holds), "{name} holds a key");
        }
        // None: refused, and no new ones are made.
        let place = Place::new(desk.engine).await.unwrap();
        refused(&place, &file, None, "--keys").await;
        assert!(place.is_untouched());
        // Those of another instance.
        let other = Place::new(desk.engine).await.unwrap();
        drop(other.open().await);
        let before = files(&other.folder().join("keys"));
        refused(&other, &file, None, "--keys").await;
        refused(&other, &file, Some(&keys), "holds another key").await;
        refused(&other, &file, Some(&file), "is not a keys file").await;
        assert_eq!(files(&other.folder().join("keys")), before);
        // A keys file that lacks one.
        let mut few: Value = serde_json::from_slice(&std::fs::read(&keys).unwrap()).unwrap();
        few["files"].as_object_mut().unwrap().remove("secret.key");
        let lacking = held.path().join("lacking.keys");
        std::fs::write(&lacking, few.to_string()).unwrap();
        refused(&place, &file, Some(&lacking), "the secret key").await;
        few["files"]["../evil.key"] = few["files"]["seal.key"].clone();
        std::fs::write(&lacking, few.to_string()).unwrap();
        refused(&place, &file, Some(&lacking), "something that is no key").await;
        assert!(place.is_untouched());
        // Copied by hand, they need not be given.
        std::fs::create_dir(place.folder().join("keys")).unwrap();
        for (name, key) in files(&desk.folder.join("keys")) {
            std::fs::write(place.folder().join("keys").join(name), key).unwrap();
        }
        assert_eq!(run_restored(&place, &file, None).await.contents().await, desk.contents().await);
    }

    async fn no_file_is_overwritten_and_none_is_left_half(desk) {
        desk.editor().await;
        let held = tempfile::tempdir().unwrap();
        let (file, keys, _) = backup(&desk, held.path(), "a.backup").await;
        let there = files(held.path());
        let again = |file: PathBuf, keys: Option<PathBuf>| {
            let store = Arc::clone(&desk.store);
            async move { back_up(&store, &file, keys.as_deref()).await.unwrap_err().to_string() }
        };
        assert!(again(file.clone(), None).await.contains("is there already"));
        assert!(again(held.path().join("b.backup"), Some(keys)).await.contains("is there already"));
        assert!(again(held.path().join("no/folder"), None).await.contains("can't be used"));
        assert_eq!(files(held.path()), there, "what was begun is gone");
        std::fs::write(held.path().join("c.backup.part"), "").unwrap();
        assert!(again(held.path().join("c.backup"), None).await.contains("broken off"));
        // The database fails on the way.
        desk.tamper("ALTER TABLE search RENAME TO searched").await;
        assert!(again(held.path().join("d.backup"), None).await.contains("the database can't be used"));
        assert!(!held.path().join("d.backup").exists() && !held.path().join("d.backup.part").exists());
    }

    async fn a_picture_that_is_damaged_here_is_named_and_taken_along(desk) {
        fill(&desk).await;
        let (place, content) = files(&desk.folder.join("media")).into_iter().find(|(path, _)| path.starts_with("renditions")).unwrap();
        let mut rotten = content.clone();
        rotten[20] ^= 1;
        std::fs::write(desk.folder.join("media").join(&place), &rotten).unwrap();
        let held = tempfile::tempdir().unwrap();
        let (file, keys, made) = backup(&desk, held.path(), "a.backup").await;
        let name = format!("media/{}", place.display());
        assert_eq!(made.damaged, std::slice::from_ref(&name));
        let target = Place::new(desk.engine).await.unwrap();
        let restored = restored(&target, &file, Some(&keys)).await.unwrap();
        assert_eq!((restored.damaged, restored.files), (vec![name.clone()], 4));
        assert_eq!(files(&target.folder().join("media"))[&place], rotten);
        // Damaged on the way, it is another matter.
        let mut members = members(&file);
        members.iter_mut().find(|(member, _)| member.starts_with("media/") && *member != name).unwrap().1[20] ^= 1;
        let bad = held.path().join("bad.backup");
        pack(&bad, members);
        let target = Place::new(desk.engine).await.unwrap();
        refused(&target, &bad, Some(&keys), "damaged or incomplete").await;
        assert!(target.is_untouched());
    }

    async fn an_instance_moves_and_moves_back(desk) {
        fill(&desk).await;
        let contents = desk.contents().await;
        for place in places().await {
            let target = place.config().database;
            let moved = move_to(&desk.store, target.clone()).await.unwrap_or_else(|error| panic!("{error}"));
            check_source(&desk.store, &moved.head).await.unwrap();
            assert_eq!(moved.rows, contents.values().map(|rows| rows.len() as u64).sum::<u64>());
            // It is not empty any more.
            let again = move_to(&desk.store, target.clone()).await.err().unwrap().to_string();
            assert!(again.contains("not empty"), "{again}");
            // Back, into a third.
            let home = Place::new(desk.engine).await.unwrap();
            let back = move_to(&moved.store, home.config().database).await.unwrap();
            assert_eq!(back.head, moved.head);
            let options = copydesk::verify::Options::default();
            let report = copydesk::verify::verify(&back.store, options, &|_, _| {}).await.unwrap_or_else(|failure| panic!("{failure:?}"));
            assert_eq!((report.problems, report.head.hash), (Vec::new(), moved.head.hash.clone()));
            // On its keys and media, it runs as it did.
            let there = desk.second_node_on(place.engine, &target).await;
            assert_eq!(there.contents().await, contents);
            assert_eq!(there.verify().await, Vec::<String>::new());
            let editor = there.sign_in("edda@desk.example").await;
            let draft = editor.write("At the new place").await;
            editor.publish(&draft).await;
            assert_eq!(there.verify().await, Vec::<String>::new());
            assert_eq!(desk.contents().await, contents, "the old one is as it was");
        }
    }

    async fn an_instance_that_goes_on_is_not_moved(desk) {
        let editor = desk.editor().await;
        let Some(place) = Place::new(Engine::Postgres).await else { return };
        let target = place.config().database;
        // Somebody holds the target, so the move waits for it when it has begun to read.
        let database = Database::connect(&target, 3).await.unwrap();
        database.migrate().await.unwrap();
        let holding = database.begin().await.unwrap();
        holding.lock_accounts().await.unwrap();
        let (store, to) = (Arc::clone(&desk.store), target.clone());
        let moving = tokio::spawn(async move { move_to(&store, to).await.map(|_| ()) });
        loop {
            let sql = "SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted";
            let waits = Statement::from_string(holding.connection().get_database_backend(), sql);
            if holding.connection().query_one_raw(waits).await.unwrap().is_some() {
                break;
            }
            assert!(!moving.is_finished(), "it waits for nothing");
            tokio::task::yield_now().await;
        }
        editor.write("Meanwhile").await;
        drop(holding);
        let said = moving.await.unwrap().unwrap_err().to_string();
        assert!(said.contains("written to while it was moved") && said.contains("empty still"), "{said}");
        // Stopped, it moves. What is written afterwards is told too.
        let moved = move_to(&desk.store, target).await.unwrap();
        check_source(&desk.store, &moved.head).await.unwrap();
        editor.write("Later").await;
        let said = check_source(&desk.store, &moved.head).await.unwrap_err().to_string();
        assert!(said.contains("delete what is in it"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_whole_backup_is_refused_before_anything_is_written() {
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    fill(&desk).await;
    let held = tempfile::tempdir().unwrap();
    let (file, keys, _) = backup(&desk, held.path(), "good.backup").await;
    let whole = std::fs::read(&file).unwrap();
    let place = Place::new(Engine::Sqlite).await.unwrap();
    let bad = held.path().join("bad.backup");
    // Cut anywhere.
    let length = whole.len();
    for end in [0, 1, 9, 300, length / 7, length / 3, length / 2, length - 600, length - 9, length - 1] {
        std::fs::write(&bad, &whole[..end]).unwrap();
        refused(&place, &bad, Some(&keys), "nothing was written").await;
        assert!(place.is_untouched(), "cut at {end}");
    }
    // A bit turned anywhere that says something: the time in gzip's heading says nothing, nor do the bits that fill up a byte
    // before what is stored as it is.
    let unpacked = |packed: &[u8]| {
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut MultiGzDecoder::new(packed), &mut content).map(|_| content).ok()
    };
    let content = unpacked(&whole).unwrap();
    for step in 0..60 {
        let at = 10 + step * (length - 11) / 59;
        let mut turned = whole.clone();
        turned[at] ^= 0x10;
        if unpacked(&turned).is_some_and(|turned| turned == content) {
            continue;
        }
        std::fs::write(&bad, &turned).unwrap();
        match restored(&place, &bad, Some(&keys)).await {
            Ok(_) => panic!("byte {at} of {length} turned: it was restored"),
            // In the manifest, which is read before the whole is known to be good, it may look like another version's.
            Err(BackupError::OtherForm { .. } | BackupError::OtherTables { .. }) if at < 1_000 => {}
            Err(BackupError::Damaged { .. } | BackupError::Foreign(_) | BackupError::Row { .. }) => {}
            Err(error) => panic!("byte {at}: {error}"),
        }
        assert!(place.is_untouched(), "byte {at} turned");
    }
    // Something behind it.
    std::fs::write(&bad, [whole.as_slice(), b"more"].concat()).unwrap();
    refused(&place, &bad, Some(&keys), "damaged or incomplete").await;
    // Something else.
    for foreign in [b"SQLite format 3\0".to_vec(), vec![0; 4096], b"%PDF-1.7".to_vec()] {
        std::fs::write(&bad, &foreign).unwrap();
        refused(&place, &bad, Some(&keys), "is not a backup of Copydesk").await;
    }
    pack(&bad, vec![("notes.txt".to_owned(), b"Buy milk".to_vec())]);
    refused(&place, &bad, Some(&keys), "is not a backup of Copydesk").await;
    refused(&place, &held.path().join("none"), Some(&keys), "can't be used").await;
    refused(&place, &keys, Some(&keys), "is not a backup of Copydesk").await;
    // Put together by somebody.
    let change = |name: &'static str, field: &'static str, value: Value| {
        altered(&file, name, move |mut said| {
            said[field] = value.clone();
            said
        })
    };
    let without = |name: &str| {
        let mut members = members(&file);
        members.retain(|(member, _)| !member.starts_with(name));
        members
    };
    let mut with_stranger = members(&file);
    with_stranger.insert(1, ("etc/passwd".to_owned(), b"root".to_vec()));
    let mut climbing = members(&file);
    let last = climbing.len() - 1;
    climbing.insert(last, ("media/a//b".to_owned(), b"x".to_vec()));
    for (members, words) in [
        (change("tables/users/", "mood", json!("good")), "there is no column mood"),
        (change("tables/users/", "version", json!("one")), "version is not of its kind"),
        (change("manifest.json", "formatVersion", json!(2)), "form 2"),
        (change("manifest.json", "migrations", json!(["m20261124_000001_accounts"])), "made by Copydesk"),
        (
            change("manifest.json", "keys", json!([{ "purpose": "seal", "id": "0", "refusedFrom": null }])),
            "the seal key 0",
        ),
        (change("end.json", "files", json!(3)), "not what was written"),
        (without("end.json"), "its last part is missing"),
        (without("tables/users/"), "not what was written"),
        (without("media/renditions"), "not what was written"),
        (without("manifest.json"), "is not a backup of Copydesk"),
        (with_stranger, "etc/passwd is nothing that a backup holds"),
        (climbing, "not what was written"),
    ] {
        pack(&bad, members);
        refused(&place, &bad, Some(&keys), words).await;
        assert!(place.is_untouched(), "{words}");
    }
    // The file that was changed is still good when it is not.
    pack(&bad, members(&file));
    assert_eq!(run_restored(&place, &bad, Some(&keys)).await.contents().await, desk.contents().await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_postgres_can_not_hold_is_named() {
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    let Some(place) = Place::new(Engine::Postgres).await else { return };
    desk.editor().await;
    desk.tamper("UPDATE users SET name = 'Ed' || char(0) || 'da'").await;
    let held = tempfile::tempdir().unwrap();
    let (file, keys, _) = backup(&desk, held.path(), "a.backup").await;
    refused(&place, &file, Some(&keys), "the character NUL").await;
    let said = move_to(&desk.store, place.config().database).await.err().unwrap().to_string();
    assert!(said.contains("a row of users") && said.contains("name (id "), "{said}");
    let there = place.open().await;
    assert_eq!(there.contents().await["users"], Vec::<String>::new());
    let same = Place::new(Engine::Sqlite).await.unwrap();
    assert_eq!(run_restored(&same, &file, Some(&keys)).await.contents().await, desk.contents().await);
}

fn copydesk(folder: &Path, arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_copydesk"))
        .args(arguments)
        .current_dir(folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_done_by_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], input: &str| {
        let output = copydesk(folder.path(), arguments, input);
        let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
        (output.status.code() == Some(0), String::from_utf8(said).unwrap())
    };
    let (done, said) = run(&["backup", "a.backup"], "");
    assert!(!done && said.contains("there is no database"), "{said}");
    for (name, role) in [("Ada", "admin"), ("Ben", "author")] {
        let email = format!("{name}@desk.example");
        let add = ["user", "add", "--email", &email, "--name", name, "--role", role, "--password-stdin"];
        assert!(run(&add, PASSWORD).0);
    }
    assert!(run(&["keys", "rotate"], "").0);
    let (_, users) = run(&["user", "list"], "");
    let (done, said) = run(&["backup", "a.backup"], "");
    assert!(done && said.contains("The keys are NOT in it") && said.contains("head: 3:"), "{said}");
    let (done, said) = run(&["backup", "b.backup", "--keys", "b.keys"], "");
    assert!(done && said.contains("The keys are in b.keys"), "{said}");
    let (done, said) = run(&["restore", "a.backup", "--data-dir", "second"], "");
    assert!(!done && said.contains("--keys FILE") && !folder.path().join("second").exists(), "{said}");
    let (done, said) = run(&["restore", "b.backup", "--data-dir", "second", "--keys", "b.keys"], "");
    assert!(done && said.contains("; 0 problems") && said.contains("head: 3:"), "{said}");
    assert_eq!(run(&["user", "list", "--data-dir", "second"], "").1, users);
    let (done, said) = run(&["restore", "b.backup", "--data-dir", "second", "--keys", "b.keys"], "");
    assert!(!done && said.contains("not empty"), "{said}");
    let (done, said) = run(&["move", "--to", "sqlite:third.sqlite"], "");
    assert!(
        done && said.contains("; 0 problems") && said.contains("COPYDESK_DATABASE_URL=sqlite:third.sqlite"),
        "{said}"
    );
    assert_eq!(run(&["user", "list", "--database-url", "sqlite:third.sqlite"], "").1, users);
    let (done, said) = run(&["move", "--to", "third.sqlite"], "");
    assert!(!done && said.contains("sqlite:"), "{said}");
    let (done, said) = run(&["move", "--to", "postgres://desk:s3cret@127.0.0.1:9/none"], "");
    assert!(!done && !said.contains("s3cret"), "{said}");
    // A backup that tells of something else than its log: restored, and said.
    let mut changed = members(&folder.path().join("b.backup"));
    let changes = changed.iter_mut().find(|(name, _)| name.starts_with("tables/changes/")).unwrap();
    changes.1 =
        String::from_utf8(changes.1.clone()).unwrap().replace("USER_CREATED", "USER_UPDATED").into_bytes();
    pack(&folder.path().join("c.backup"), changed);
    let (done, said) = run(&["restore", "c.backup", "--data-dir", "fourth", "--keys", "b.keys"], "");
    assert!(!done && said.contains("log entry 1"), "{said}");
    let Some(place) = Place::new(Engine::Postgres).await else { return };
    let DatabaseAddress::Postgres(url) = place.config().database else { return };
    let with_password = url.replace("desk@", "desk:s3cret@");
    let (done, said) = run(&["move", "--to", &with_password], "");
    assert!(done && !said.contains("s3cret") && said.contains("; 0 problems"), "{said}");
    assert_eq!(run(&["user", "list", "--database-url", &url], "").1, users);
}
