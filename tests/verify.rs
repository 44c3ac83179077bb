//! `copydesk verify` finds what was changed behind Copydesk's back, and names it: what, which field, since when.

use std::path::{Path, PathBuf};
use std::process::Command;

use copydesk::clock::SystemChance;
use copydesk::keys::Keys;
use copydesk::log::Entry;
use copydesk::log::check::Extent;
use copydesk::log::heads::{self, KeptHead};
use copydesk::operation::Role;
use copydesk::verify::Options;
use sea_orm::ConnectionTrait as _;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::{Desk, Engine, on_both, picture};

/// What stands in a small house: its ids by the names that the stories use.
async fn house(desk: &Desk) -> Vec<(&'static str, String)> {
    let editor = desk.editor().await;
    let reader = desk.stranger();
    let image = editor.image("The harbor at dawn").await;
    let other_image = editor.upload(picture(41, 30), "A crane").await;
    let other_image = other_image.done("uploadImage", "image")["id"].as_str().unwrap().to_owned();
    let author = editor
        .run(
            "CreateAuthor",
            json!({ "input": { "name": "Ines Calloway", "bio": "Writes.", "portraitImageId": image } }),
        )
        .await;
    let author = author.done("createAuthor", "author")["id"].as_str().unwrap().to_owned();
    let tag = editor.create_tag("Ports").await;
    let merged = editor.create_tag("Harbors").await;
    let merge = "mutation ($into: ID!, $merged: ID!) { mergeTags(input: { tagId: $into, version: 1, mergedTagIds: [$merged] }) { tag { id } userErrors { code } } }";
    editor.query_with(merge, json!({ "into": tag, "merged": merged })).await.done("mergeTags", "tag");
    let economy = editor.create_category("Economy", None).await;
    let category = editor.create_category("Port", Some(&economy)).await;
    let other = editor.publish(&editor.write("The other story").await).await;
    let draft = editor
        .create(json!({
            "title": "A story",
            "leadFigure": { "imageId": image },
            "sections": [
                { "heading": "One", "body": "First." },
                { "heading": "Two", "body": format!("Second.\n\n![]({other_image})") },
            ],
            "authorIds": [author], "tagIds": [tag], "categoryIds": [category],
            "relatedLinks": [{ "external": { "url": "https://example.org/study", "title": "The study" } }],
        }))
        .await;
    let published = editor.publish(&draft).await;
    let unpublished = editor.write("A draft").await;
    let redirect = editor.redirect("/old", "/a-story").await;
    let approved = reader.comment(&published["articleId"], None, "Well said.").await;
    editor.approve(&approved).await;
    let pending = reader.comment(&published["articleId"], None, "Buy this.").await;
    desk.user(Role::Author, "Arthur").await;
    let text = |id: &Value| id.as_str().unwrap().to_owned();
    vec![
        ("{article}", text(&published["articleId"])),
        ("{other}", text(&other["articleId"])),
        ("{redirect}", text(&redirect["id"])),
        ("{draft}", text(&unpublished["articleId"])),
        ("{image}", image),
        ("{author}", author),
        ("{tag}", tag),
        ("{merged}", merged),
        ("{category}", category),
        ("{approved}", approved),
        ("{pending}", pending),
    ]
}

async fn found(desk: &Desk, extent: Extent) -> Vec<String> {
    desk.verify_with(Options { extent, since: Vec::new() }).await
}

/// Whether each of these is in a line, which also tells since when.
fn assert_named(problems: &[String], ids: &[(&str, String)], words: &[&str], what: &str) {
    for word in words {
        let word = ids.iter().fold((*word).to_owned(), |word, (name, id)| word.replace(name, id));
        let line = problems.iter().find(|line| line.contains(&word));
        let line = line.unwrap_or_else(|| panic!("{what}: {word:?} is not in\n{}", problems.join("\n")));
        assert!(line.contains("(since entry ") || line.contains("log entry 1,"), "{line}");
    }
}

/// A house in which nothing is wrong, then this is done to it, and named.
async fn expect(desk: Desk, sql: &str, words: &[&str]) {
    let ids = house(&desk).await;
    assert_eq!(desk.verify().await, Vec::<String>::new());
    for statement in sql.split(';') {
        desk.tamper(statement).await;
    }
    assert_named(&desk.verify().await, &ids, words, sql);
}

/// The same where the public sees it: found as well when only that is checked.
async fn expect_public(desk: Desk, sql: &str, words: &[&str]) {
    let ids = house(&desk).await;
    assert_eq!(desk.verify().await, Vec::<String>::new());
    assert_eq!(found(&desk, Extent::Public).await, Vec::<String>::new());
    for statement in sql.split(';') {
        desk.tamper(statement).await;
    }
    assert_named(&desk.verify().await, &ids, words, sql);
    assert_named(&found(&desk, Extent::Public).await, &ids, words, sql);
}

/// The files of a kind, by their hashes.
fn files(desk: &Desk, kind: &str) -> Vec<PathBuf> {
    let folder =
        |path: &Path| std::fs::read_dir(path).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut files: Vec<PathBuf> =
        folder(&desk.folder.join("media").join(kind)).iter().flat_map(|part| folder(part)).collect();
    files.sort();
    files
}

async fn keep(desk: &Desk) {
    heads::keep_now(&desk.store, &mut None).await.unwrap_or_else(|failure| panic!("{failure:?}"));
}

/// Writes the whole log anew, signed by another key.
async fn sign_anew(desk: &Desk, keys: &Keys) {
    let database = desk.database_from_outside().await;
    let entries = desk.texts("SELECT entry FROM changes ORDER BY sequence".to_owned()).await;
    assert_eq!(entries.len() as i64, desk.log_length().await);
    let mut previous = String::new();
    for text in entries {
        let mut entry: Entry = serde_json::from_str(&text).unwrap();
        entry.key = keys.seal_id();
        entry.previous = previous;
        let bytes = serde_json_canonicalizer::to_string(&entry).unwrap();
        previous = hex::encode(Sha256::digest(&bytes));
        let (signature, key, sequence) = (keys.seal(&previous), keys.seal_id(), entry.sequence);
        let set = format!(
            "UPDATE changes SET entry = '{bytes}', hash = '{previous}', signature = '{signature}', key_id = '{key}' WHERE sequence = {sequence}"
        );
        database.execute_unprepared(&set).await.unwrap();
    }
    database.execute_unprepared(&format!("UPDATE log_head SET hash = '{previous}'")).await.unwrap();
    database.close().await.unwrap();
}

on_both! {
    // What the public sees.
    async fn a_link_put_into_a_section(desk) {
        expect_public(desk, "UPDATE sections SET body = body || ' [buy](https://spam.example)' WHERE position = 1", &["{article}, revision 1, section sec_"]).await;
    }
    async fn a_word_changed_in_a_section(desk) {
        expect_public(desk, "UPDATE sections SET body = replace(body, 'First', 'Worst')", &["{article}, revision 1, section sec_"]).await;
    }
    async fn a_title_changed_by_hand(desk) {
        expect_public(desk, "UPDATE articles SET title = 'Another'", &["{article}, revision 1, title", "{other}, revision 1, title"]).await;
    }
    async fn a_story_removed(desk) {
        expect_public(desk, "DELETE FROM articles", &["{article}, revision 1, article: is published, and is not in the public tables", "{tag}, public row"]).await;
    }
    async fn a_draft_slipped_out(desk) {
        expect_public(
            desk,
            "INSERT INTO articles (id, slug, title, locale, word_count, comment_count, published_at, updated_at)
             SELECT article_id, slug, title, 'en', 1, 0, 0, 0 FROM drafts WHERE published_revision IS NULL",
            &["{draft}, article: is public, and the log does not say so"],
        ).await;
    }
    async fn a_publication_undone_on_the_desk(desk) {
        expect(desk, "UPDATE drafts SET published_revision = NULL WHERE title = 'A story'", &["{article}, publishedRevision"]).await;
    }
    async fn a_label_taken_off(desk) {
        expect_public(desk, "DELETE FROM article_tags", &["{article}, revision 1, tags", "{tag}, public row"]).await;
    }
    async fn an_address_led_elsewhere(desk) {
        expect_public(desk, "INSERT INTO article_slugs (slug, article_id) SELECT 'hijacked', id FROM articles WHERE title = 'A story'", &["{article}, revision 1, slugs"]).await;
    }
    async fn a_redirect_led_elsewhere(desk) {
        expect_public(desk, "UPDATE redirects SET target = 'https://spam.example/' WHERE from_path = '/old'", &["{redirect}, record: is not what was last written"]).await;
    }
    async fn a_redirect_removed(desk) {
        expect(desk, "DELETE FROM redirects", &["{redirect}, record: is in the log, and its row is missing"]).await;
    }
    async fn a_slug_stolen(desk) {
        expect_public(
            desk,
            "UPDATE article_slugs SET article_id = (SELECT id FROM articles WHERE title = 'The other story') WHERE slug = 'a-story'",
            &["{article}, revision 1, slugs", "{other}, revision 1, slugs"],
        ).await;
    }
    async fn a_slug_stolen_from_the_desk(desk) {
        expect(
            desk,
            "UPDATE slug_history SET article_id = (SELECT article_id FROM drafts WHERE title = 'The other story') WHERE slug = 'a-story'",
            &["{article}, reserved slugs", "{other}, reserved slugs"],
        ).await;
    }
    async fn a_former_slug_led_elsewhere(desk) {
        expect(desk, "UPDATE former_slugs SET thing_id = (SELECT id FROM categories WHERE slug = 'port')", &["{tag}, record: is not what was last written"]).await;
    }
    async fn another_put_in_the_place_of_what_is_gone(desk) {
        expect(desk, "UPDATE replacements SET replacement_id = (SELECT id FROM categories WHERE slug = 'port')", &["{merged}, replacement"]).await;
    }
    async fn a_use_hidden(desk) {
        expect(desk, "DELETE FROM uses WHERE thing_id = (SELECT id FROM tag_records)", &["{article}, uses"]).await;
    }
    async fn a_picture_swapped(desk) {
        expect_public(
            desk,
            "UPDATE images SET rendition_hash = (SELECT rendition_hash FROM image_records WHERE alt = 'A crane') WHERE alt <> 'A crane'",
            &["{image}, renditionHash: the public table differs from the record"],
        ).await;
    }
    async fn a_picture_swapped_in_the_record_too(desk) {
        expect_public(
            desk,
            "UPDATE image_records SET rendition_hash = (SELECT rendition_hash FROM image_records WHERE alt = 'A crane');
             UPDATE images SET rendition_hash = (SELECT rendition_hash FROM image_records WHERE alt = 'A crane')",
            &["{image}, record: is not what was last written"],
        ).await;
    }
    async fn a_figure_led_to_another_picture(desk) {
        expect_public(
            desk,
            "UPDATE figures SET image_id = (SELECT id FROM images WHERE alt = 'A crane') WHERE position = 0",
            &["{article}, revision 1, figures", "{image}, referenceCount"],
        ).await;
    }
    async fn a_biography_changed(desk) {
        expect_public(desk, "UPDATE authors SET bio = 'Sells.'", &["{author}, bio"]).await;
    }
    async fn a_biography_changed_in_the_record(desk) {
        expect(desk, "UPDATE author_records SET bio = 'Sells.'", &["{author}, record", "{author}, bio"]).await;
    }
    async fn a_comment_approved_by_hand(desk) {
        expect(
            desk,
            "UPDATE comment_records SET status = 'APPROVED' WHERE status = 'PENDING'",
            &["{pending}, status: is APPROVED, and was last told to be PENDING", "{pending}, public row: must be public"],
        ).await;
    }
    async fn a_value_of_another_type(desk) {
        // PostgreSQL takes none.
        if desk.engine == Engine::Sqlite {
            house(&desk).await;
            desk.tamper("UPDATE sections SET body = 'Spam' WHERE position = 1; UPDATE tags SET name = CAST('Spam' AS BLOB)").await;
            let problems = desk.verify().await.join("\n");
            assert!(problems.contains("labels, rows: can't be read") && problems.contains(", section sec_"), "{problems}");
        }
    }
    async fn a_comment_copied_out(desk) {
        expect_public(
            desk,
            "INSERT INTO comments (id, article_id, author_name, body, created_at)
             SELECT id, article_id, author_name, body, created_at FROM comment_records WHERE status = 'PENDING'",
            &["{pending}, public row: is public", "{article}, revision 1, commentCount"],
        ).await;
    }
    async fn a_comment_reworded(desk) {
        expect_public(desk, "UPDATE comments SET body = 'Nonsense.'", &["{approved}, body"]).await;
    }
    async fn a_comment_silenced(desk) {
        expect_public(desk, "DELETE FROM comments; UPDATE articles SET comment_count = 0", &["{approved}, public row: must be public, and is not"]).await;
    }
    async fn counts_changed(desk) {
        expect_public(
            desk,
            "UPDATE tags SET article_count = 7; UPDATE authors SET article_count = 7; UPDATE categories SET article_count = 7;
             UPDATE images SET reference_count = 7; UPDATE articles SET comment_count = 7",
            &["{tag}, articleCount", "{author}, articleCount", "{category}, articleCount", "{image}, referenceCount", "{article}, revision 1, commentCount"],
        ).await;
    }
    async fn a_tag_renamed(desk) {
        expect_public(
            desk,
            "UPDATE tags SET name = 'Spam'; UPDATE tag_records SET name = 'Spam'",
            &["{tag}, record", "{tag}, sortName"],
        ).await;
    }
    async fn a_category_moved(desk) {
        expect_public(desk, "UPDATE categories SET parent_id = NULL", &["{category}, record", "{article}, revision 1, categories"]).await;
    }
    async fn a_place_in_lists_moved(desk) {
        expect_public(
            desk,
            "UPDATE article_tags SET published_at = 9; UPDATE article_authors SET published_at = 9; UPDATE article_categories SET published_at = 9",
            &["{article}, revision 1, publishedAt of tags", "{article}, revision 1, publishedAt of authors", "{article}, revision 1, publishedAt of categories"],
        ).await;
    }
    async fn a_related_link_added(desk) {
        expect_public(
            desk,
            "INSERT INTO related_links (article_id, position, url, title) SELECT id, 9, 'https://spam.example', 'Buy' FROM articles",
            &["{article}, revision 1, relatedLinks", "{other}, revision 1, relatedLinks"],
        ).await;
    }
    async fn words_put_into_search(desk) {
        expect_public(desk, "UPDATE search SET body = body || ' casino'", &["{article}, revision 1, search"]).await;
    }

    // The desk, the library, the accounts.
    async fn a_revision_replaced(desk) {
        expect_public(desk, "UPDATE revisions SET content = replace(content, 'First', 'Worst') WHERE number = 1", &["{article}, revision 1, content"]).await;
    }
    async fn a_revision_replaced_with_its_hash(desk) {
        let ids = house(&desk).await;
        let content = desk.texts("SELECT content FROM revisions WHERE content LIKE '%First.%'".to_owned()).await.remove(0);
        let content = content.replace("First.", "Worst.");
        let hash = hex::encode(Sha256::digest(&content));
        desk.tamper(&format!("UPDATE revisions SET content = '{content}', hash = '{hash}' WHERE content LIKE '%First.%'")).await;
        assert_named(&desk.verify().await, &ids, &["{article}, revision 1, content: is not what was saved"], "replaced");
    }
    async fn a_revision_removed(desk) {
        expect(desk, "DELETE FROM revisions WHERE content LIKE '%A draft%'", &["{draft}, revision 1, revision: was saved, and is missing"]).await;
    }
    async fn a_drafts_owner_changed(desk) {
        expect(desk, "UPDATE drafts SET owner_id = (SELECT id FROM users WHERE role = 'author') WHERE title = 'A draft'", &["{draft}, owner: is usr_"]).await;
    }
    async fn a_draft_moved_along(desk) {
        expect(desk, "UPDATE drafts SET stage = 'IN_REVIEW', title = 'Another' WHERE title = 'A draft'", &["{draft}, stage: is IN_REVIEW", "{draft}, title"]).await;
    }
    async fn a_user_promoted(desk) {
        expect(desk, "UPDATE users SET role = 'admin' WHERE role = 'author'", &["role: is admin, and was last made author"]).await;
    }
    async fn a_user_let_in_again(desk) {
        let ids = house(&desk).await;
        let admin = desk.admin().await;
        let arthur = admin.query("{ viewer { users(first: 10) { nodes { id name } } } }").await;
        let users = arthur.data()["viewer"]["users"]["nodes"].as_array().unwrap().clone();
        let arthur = users.iter().find(|user| user["name"] == "Arthur").unwrap()["id"].clone();
        let out = "mutation ($id: ID!) { deactivateUser(input: { userId: $id }) { userErrors { code } } }";
        assert!(admin.query_with(out, json!({ "id": arthur })).await.user_errors("deactivateUser").is_empty());
        assert_eq!(desk.verify().await, Vec::<String>::new());
        desk.tamper("UPDATE users SET is_active = TRUE").await;
        assert_named(&desk.verify().await, &ids, &["isActive: is true, and was last made false"], "let in");
    }
    async fn a_password_replaced(desk) {
        expect(
            desk,
            "UPDATE credentials SET password_hash = (SELECT password_hash FROM credentials c JOIN users u ON u.id = c.user_id WHERE u.role = 'author')",
            &["record: the e-mail address, the name or the password is not what was last written"],
        ).await;
    }
    async fn a_tag_put_in_by_hand(desk) {
        let id = if desk.engine == Engine::Sqlite { "randomblob(16)" } else { "gen_random_uuid()" };
        let ids = house(&desk).await;
        desk.tamper(&format!("INSERT INTO tag_records SELECT {id}, 'spam', 'Spam', 'spam', 1, salt, created_at, updated_at FROM tag_records")).await;
        let problems = desk.verify().await;
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("record: is there, and the log has no entry that made it"), "{problems:?}");
        assert!(!problems[0].contains(&ids[5].1));
    }
    async fn a_key_that_signs_tokens_put_in(desk) {
        let ids = house(&desk).await;
        desk.tamper("INSERT INTO instance_keys (purpose, key_id, created_at, signs_from) SELECT 'token', '00112233445566aa', 0, 5 FROM log_head").await;
        let problems = desk.verify().await.join("\n");
        assert!(problems.contains("00112233445566aa"), "{ids:?} {problems}");
        desk.tamper("DELETE FROM instance_keys WHERE signs_from = 5").await;
        assert_eq!(desk.verify().await, Vec::<String>::new());
        desk.tamper("UPDATE instance_keys SET refused_from = 99 WHERE purpose = 'token'").await;
        assert!(desk.verify().await.join("\n").contains("refusedFrom"));
    }
    async fn rows_of_what_was_never_public(desk) {
        // PostgreSQL refuses them; SQLite does too, unless it is told not to.
        if desk.engine == Engine::Sqlite {
            let ids = house(&desk).await;
            let database = desk.database_from_outside().await;
            database.execute_unprepared("PRAGMA foreign_keys = OFF").await.unwrap();
            database.execute_unprepared(
                "INSERT INTO sections (article_id, position, id, anchor, level, body) SELECT article_id, 1, article_id, 'a', 2, 'Secret' FROM drafts WHERE published_revision IS NULL",
            ).await.unwrap();
            database.close().await.unwrap();
            let words = ["{draft}, sections: stands in a public table"];
            assert_named(&desk.verify().await, &ids, &words, "left");
            let public = found(&desk, Extent::Public).await.join("\n");
            assert!(public.contains("sections: stands in a public table"), "{public}");
        }
    }

    // Files.
    async fn a_file_replaced_on_disk(desk) {
        let ids = house(&desk).await;
        assert_eq!(desk.verify().await, Vec::<String>::new());
        for file in files(&desk, "renditions") {
            std::fs::write(file, picture(7, 7)).unwrap();
        }
        assert_named(&desk.verify().await, &ids, &["{image}, rendition file: the bytes of renditions/"], "replaced");
    }
    async fn a_file_removed(desk) {
        let ids = house(&desk).await;
        for file in files(&desk, "originals") {
            std::fs::remove_file(file).unwrap();
        }
        assert_named(&desk.verify().await, &ids, &["{image}, original file: originals/"], "removed");
    }
    async fn a_picture_said_to_be_larger(desk) {
        expect(desk, "UPDATE image_records SET width = 4000, original_bytes = 1; UPDATE images SET width = 4000", &["{image}, width: the record differs from the file", "{image}, originalBytes"]).await;
    }

    // The log.
    async fn a_kind_changed_in_the_log(desk) {
        expect(desk, "UPDATE changes SET subject_type = 'TAG' WHERE action = 'ARTICLE_CREATED'", &["subject_type: the column subject_type"]).await;
    }
    async fn an_entry_rewritten(desk) {
        expect(desk, "UPDATE changes SET entry = replace(entry, 'ARTICLE_PUBLISHED', 'ARTICLE_SAVED') WHERE action = 'ARTICLE_PUBLISHED'", &["hash: the entry's bytes do not match its hash"]).await;
    }
    async fn an_entry_removed_from_the_middle(desk) {
        expect(desk, "DELETE FROM changes WHERE sequence = 3", &["log entry 4, sequence: entry 4 follows entry 2"]).await;
    }
    async fn two_entries_swapped(desk) {
        expect(
            desk,
            "UPDATE changes SET sequence = -5 WHERE sequence = 5; UPDATE changes SET sequence = 5 WHERE sequence = 6; UPDATE changes SET sequence = 6 WHERE sequence = -5",
            &["log entry 5, sequence: the column sequence", "log entry 5, previous", "log entry 6, previous"],
        ).await;
    }
    async fn a_column_of_the_log_changed(desk) {
        expect(desk, "UPDATE changes SET actor_id = NULL WHERE sequence = 3", &["log entry 3, actor_id: the column actor_id"]).await;
    }
    async fn the_newest_entries_cut(desk) {
        expect(desk, "DELETE FROM changes WHERE sequence = (SELECT MAX(sequence) FROM changes)", &["log, head: does not name entry"]).await;
    }
    async fn the_newest_entries_cut_with_the_head(desk) {
        let ids = house(&desk).await;
        desk.sign_in("edda@desk.example").await;
        let noted = desk.texts("SELECT CAST(sequence AS TEXT) || ':' || hash FROM log_head".to_owned()).await.remove(0);
        let since = KeptHead::read(&desk.store.keys, &noted, "--since").unwrap();
        let with_since = || Options { since: vec![since.clone()], ..Options::default() };
        assert_eq!(desk.verify_with(with_since()).await, Vec::<String>::new());
        let length = desk.log_length().await;
        desk.tamper(&format!("DELETE FROM changes WHERE sequence = {length}")).await;
        desk.tamper(&format!("UPDATE log_head SET sequence = {0}, hash = (SELECT hash FROM changes WHERE sequence = {0})", length - 1)).await;
        // Nothing in the database tells it; whoever noted the head knows.
        assert_eq!(desk.verify().await, Vec::<String>::new());
        let words = format!("log, head: does not hold entry {noted}");
        assert_eq!(desk.verify_with(with_since()).await.len(), 1);
        assert!(desk.verify_with(with_since()).await[0].starts_with(&words), "{ids:?}");
        assert!(desk.verify_with(Options { extent: Extent::Public, ..with_since() }).await[0].starts_with(&words));
    }
    async fn the_newest_entries_cut_after_a_head_was_kept(desk) {
        let ids = house(&desk).await;
        keep(&desk).await;
        let kept = desk.log_length().await;
        desk.sign_in("edda@desk.example").await;
        keep(&desk).await;
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // Both nodes of a house keep the same head: a line may stand twice.
        keep(&desk.second_node().await).await;
        assert_eq!(desk.verify().await, Vec::<String>::new());
        desk.tamper(&format!("DELETE FROM changes WHERE sequence > {kept}")).await;
        desk.tamper(&format!("UPDATE log_head SET sequence = {kept}, hash = (SELECT hash FROM changes WHERE sequence = {kept})")).await;
        let words = ["log, head: does not hold entry", &format!("(since entry {kept}, ")];
        assert_named(&desk.verify().await, &ids, &words, "cut");
        // One of the two places is enough.
        std::fs::remove_file(desk.folder.join("heads.jsonl")).unwrap();
        assert_named(&desk.verify().await, &ids, &words, "cut");
    }
    async fn the_log_signed_by_another_key(desk) {
        let ids = house(&desk).await;
        let elsewhere = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_create(elsewhere.path(), &SystemChance).unwrap();
        sign_anew(&desk, &keys).await;
        let problems = desk.verify().await;
        assert_named(&problems, &ids, &["log entry 1, signature", "log entry 9, signature"], "signed anew");
        assert_eq!(problems.len() as i64, desk.log_length().await, "{problems:?}");
    }
    async fn the_sealing_key_replaced(desk) {
        house(&desk).await;
        keep(&desk).await;
        assert_eq!(desk.verify().await, Vec::<String>::new());
        let elsewhere = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_create(elsewhere.path(), &SystemChance).unwrap();
        sign_anew(&desk, &keys).await;
        desk.tamper(&format!("UPDATE instance_keys SET key_id = '{}' WHERE purpose = 'seal'", keys.seal_id())).await;
        std::fs::copy(elsewhere.path().join("seal.key"), desk.folder.join("keys/seal.key")).unwrap();
        let desk = desk.restart().await;
        // Key, log and database agree; the heads that were kept do not.
        let problems = desk.verify().await;
        assert!(!problems.is_empty() && problems.iter().all(|line| line.contains("heads")), "{problems:?}");
        assert!(problems[0].starts_with("heads.jsonl, line 1, signature: is not signed by"), "{problems:?}");
    }

    // Inside the server.
    async fn the_server_checks_itself(desk) {
        house(&desk).await;
        let health = |desk: &Desk| desk.http.get(format!("{}/health/ready?verbose", desk.address));
        let quiet: Value = serde_json::from_str(&health(&desk).send().await.unwrap().text().await.unwrap()).unwrap();
        assert_eq!(quiet["verify"], json!({ "everySeconds": null, "lastRunAt": null, "problems": null, "head": null }));
        assert_eq!((quiet["isReady"].as_bool(), quiet["media"]["answers"].as_bool()), (Some(true), Some(true)));
        let desk = desk.restart_with(&[("verify_every", "1h")]).await;
        let until = async |problems: i64| loop {
            let answer = health(&desk).send().await.unwrap();
            assert_eq!(answer.status(), 200);
            let text = answer.text().await.unwrap();
            let body: Value = serde_json::from_str(&text).unwrap();
            if body["verify"]["problems"] == problems {
                return text;
            }
            desk.clock.advance_seconds(3_600);
            tokio::task::yield_now().await;
        };
        let before = until(0).await;
        assert!(before.contains("\"everySeconds\":3600"), "{before}");
        desk.tamper("UPDATE articles SET title = 'Another' WHERE title = 'A story'").await;
        let after = until(1).await;
        assert!(!after.contains("art_") && !after.contains("title"), "{after}");
        let metrics = desk.http.get(format!("{}/metrics", desk.address)).send().await.unwrap().text().await.unwrap();
        assert!(metrics.contains("\ncopydesk_verify_problems 1\n"), "{metrics}");
        assert!(metrics.contains(&format!("\ncopydesk_log_sequence {}\n", desk.log_length().await)), "{metrics}");
        assert!(metrics.contains("\ncopydesk_verify_last_run_seconds 1"), "{metrics}");
    }
    async fn the_head_is_kept_every_hour(desk) {
        desk.editor().await;
        // The object is written after the line. Hours go by until it is there: how far the task was when the first one did
        // is nobody's to know.
        let object = desk.folder.join(format!("media/heads/{:020}.json", desk.log_length().await));
        while !object.exists() {
            desk.clock.advance_seconds(3_600);
            tokio::task::yield_now().await;
        }
        let lines = std::fs::read_to_string(desk.folder.join("heads.jsonl")).unwrap();
        let kept = KeptHead::read(&desk.store.keys, lines.lines().next_back().unwrap(), "").unwrap();
        assert!(kept.is_genuine && kept.sequence == desk.log_length().await);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_tells_programs_too() {
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    let ids = house(&desk).await;
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_copydesk"));
        let output =
            command.arg("verify").args(arguments).env("COPYDESK_DATA_DIR", &desk.folder).output().unwrap();
        let said =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        (output.status.code().unwrap(), said)
    };
    let (code, said) = run(&[]);
    assert_eq!(code, 0, "{said}");
    let head = said.lines().find_map(|line| line.strip_prefix("head: ")).unwrap().to_owned();
    assert!(said.contains("2 public articles checked; 0 problems") && said.contains("4 files"), "{said}");
    assert_eq!(run(&["--since", &head]).0, 0);
    let note = desk.folder.join("note.txt");
    std::fs::write(&note, format!("{head}\n\n{}:{}\n", 1_000, "0".repeat(64))).unwrap();
    let (code, said) = run(&["--fast", "--since", note.to_str().unwrap()]);
    assert!(code == 1 && said.contains("log, head: does not hold entry 1000:0"), "{said}");
    for nonsense in [&["--since", "yesterday"][..], &["--since", "Cargo.toml"], &["--listen", "nowhere"]] {
        let (code, said) = run(nonsense);
        assert_eq!((code, said.lines().count()), (2, 1), "{said}");
    }
    desk.tamper("UPDATE sections SET body = 'Other words.' WHERE position = 1").await;
    let (code, said) = run(&["--json"]);
    let report: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (code, report["problemCount"].as_i64(), report["isWhole"].as_bool()),
        (1, Some(2), Some(true)),
        "{said}"
    );
    assert_eq!(format!("{}:{}", report["head"]["sequence"], report["head"]["hash"].as_str().unwrap()), head);
    let problem = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .find(|problem| problem["subject"] == ids[0].1.as_str())
        .unwrap();
    assert_eq!(problem["revision"], 1);
    assert!(problem["field"].as_str().unwrap().starts_with("section sec_"));
    assert!(problem["since"]["sequence"].is_i64() && problem["since"]["at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(report["checked"]["comments"], 2);
}
