//! Erasing: what is gone is gone, the log still holds, and nothing can be guessed from what stays.

use std::sync::Arc;

use copydesk::operation::{Operation, Viewer};
use copydesk::{article, comment};
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, Desk, Engine, on_both};

async fn erase_comment(by: &Actor, comment: &str) -> Answer {
    let document = "mutation ($id: ID!) { eraseComment(input: { commentId: $id }) { comment { id status authorName authorEmail body { text } } userErrors { code path } } }";
    by.query_with(document, json!({ "id": comment })).await
}

fn operator(desk: &Desk) -> Operation {
    Operation::new(Arc::clone(&desk.store), Viewer::Operator, "test")
}

async fn erase_article(desk: &Desk, draft: &Value) {
    let id = draft["articleId"].as_str().unwrap().parse().ok().unwrap();
    article::erase::erase(&operator(desk), id).await.unwrap_or_else(|failure| panic!("{failure:?}"));
    comment::erase::erase_under(&operator(desk), id).await.unwrap_or_else(|failure| panic!("{failure:?}"));
}

async fn conversation(desk: &Desk, slug: &str) -> Value {
    let document = "query ($slug: String!) { article(by: { slug: $slug }) { commentCount comments { totalCount nodes { authorName body { text } replies { nodes { authorName body { text } } } } } } }";
    desk.stranger().query_with(document, json!({ "slug": slug })).await.data()["article"].clone()
}

/// Where a word still stands: the tables, the log, and on SQLite the files themselves.
async fn traces(desk: &Desk, word: &str) -> Vec<String> {
    let holds = |text: &str| text.to_lowercase().contains(word);
    let mut found: Vec<String> =
        desk.rows().await.into_iter().filter(|(_, rows)| holds(rows)).map(|(table, _)| table).collect();
    found.extend(desk.log_entries().await.into_iter().filter(|entry| holds(entry)));
    if desk.engine == Engine::Sqlite {
        for entry in std::fs::read_dir(&desk.folder).unwrap().flatten().filter(|entry| entry.path().is_file())
        {
            let bytes = std::fs::read(entry.path()).unwrap();
            if holds(&String::from_utf8_lossy(&bytes)) {
                found.push(entry.path().display().to_string());
            }
        }
    }
    found
}

on_both! {
    async fn a_comment_is_erased_with_who_sent_it(desk) {
        let (editor, moderator) = (desk.editor().await, desk.moderator().await);
        let draft = editor.publish(&editor.write("A story").await).await;
        let input = json!({ "articleId": draft["articleId"], "authorName": "Xanthippe", "authorEmail": "xanthippe@reader.example", "body": "Quixotic words" });
        let sent = desk.stranger().run("SubmitComment", json!({ "input": input })).await;
        let id = sent.done("submitComment", "comment")["id"].as_str().unwrap().to_owned();
        moderator.approve(&id).await;
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 1);
        assert!(!traces(&desk, "quixotic").await.is_empty());
        let erased = erase_comment(&moderator, &id).await;
        assert_eq!(erased.done("eraseComment", "comment"), &json!({ "id": id, "status": "DELETED", "authorName": "", "authorEmail": "", "body": { "text": "" } }));
        assert_eq!(conversation(&desk, "a-story").await, json!({ "commentCount": 0, "comments": { "totalCount": 0, "nodes": [] } }));
        for word in ["quixotic", "xanthippe"] {
            assert_eq!(traces(&desk, word).await, Vec::<String>::new());
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // Again: done. Approved again: never.
        let length = desk.log_length().await;
        erase_comment(&moderator, &id).await.done("eraseComment", "comment");
        let again = moderator.run("ApproveComment", json!({ "input": { "commentId": id } })).await;
        assert_eq!(again.user_errors("approveComment"), ["WRONG_STATE"]);
        assert_eq!(desk.log_length().await, length);
    }

    async fn replies_keep_their_place_under_an_erased_one(desk) {
        let editor = desk.editor().await;
        let draft = editor.publish(&editor.write("A story").await).await;
        let article = &draft["articleId"];
        let top = desk.stranger().comment(article, None, "Top").await;
        editor.approve(&top).await;
        let reply = desk.stranger().comment(article, Some(&top), "Reply").await;
        let late = desk.stranger().comment(article, Some(&top), "Late reply").await;
        editor.approve(&reply).await;
        erase_comment(&editor, &top).await.done("eraseComment", "comment");
        let removed = |replies: Value| json!({ "authorName": "", "body": null, "replies": { "nodes": replies } });
        let one = json!({ "authorName": "Rita Reader", "body": { "text": "Reply" } });
        let seen = conversation(&desk, "a-story").await;
        assert_eq!((&seen["commentCount"], &seen["comments"]["nodes"][0]), (&json!(1), &removed(json!([one]))));
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // Nobody answers what is gone.
        let input = json!({ "articleId": article, "parentId": top, "authorName": "N", "authorEmail": "n@reader.example", "body": "To whom?" });
        let answer = desk.stranger().run("SubmitComment", json!({ "input": input })).await;
        assert_eq!(answer.user_errors("submitComment"), ["NOT_FOUND"]);
        // Unpublished and published again, it is the same.
        editor.publish(&editor.unpublish(&draft).await).await;
        assert_eq!(conversation(&desk, "a-story").await, seen);
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // The last reply gone, nothing stands there any more; and a late one brings the removed one back.
        erase_comment(&editor, &reply).await.done("eraseComment", "comment");
        assert_eq!(conversation(&desk, "a-story").await["comments"]["totalCount"], 0);
        editor.approve(&late).await;
        let two = json!({ "authorName": "Rita Reader", "body": { "text": "Late reply" } });
        assert_eq!(conversation(&desk, "a-story").await["comments"]["nodes"][0], removed(json!([two])));
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn all_that_a_reader_sent_goes_by_address(desk) {
        let editor = desk.editor().await;
        let draft = editor.publish(&editor.write("A story").await).await;
        let from = async |email: &str, body: &str| {
            let input = json!({ "articleId": draft["articleId"], "authorName": "N", "authorEmail": email, "body": body });
            desk.stranger().run("SubmitComment", json!({ "input": input })).await.done("submitComment", "comment")["id"].clone()
        };
        let first = from("Zoe@reader.example", "One zephyr").await;
        from("zoe@reader.example", "Two zephyrs").await;
        from("other@reader.example", "Kept").await;
        editor.approve(first.as_str().unwrap()).await;
        let count = comment::erase::erase_reader(&operator(&desk), " \"ZOE\"@reader.example ").await;
        assert_eq!(count.unwrap_or_else(|failure| panic!("{failure:?}")), 2);
        for word in ["zephyr", "zoe@"] {
            assert_eq!(traces(&desk, word).await, Vec::<String>::new());
        }
        assert!(!traces(&desk, "kept").await.is_empty());
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 0);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn an_article_is_erased_with_all_its_revisions(desk) {
        let (author, editor) = (desk.author().await, desk.editor().await);
        let draft = author.create(json!({ "title": "Quixotic accusations", "excerpt": "Zephyr.", "sections": [{ "heading": "Xylophone", "body": "Quixotic zephyr words." }], "note": "Quixotic note" })).await;
        let draft = author.publish(&draft).await;
        let comment = desk.stranger().comment(&draft["articleId"], None, "So quixotic").await;
        editor.approve(&comment).await;
        let draft = author.save(&draft, json!({ "title": "Softer xylophone", "slug": "softer-zephyr" })).await;
        let draft = author.publish(&draft).await;
        let other = editor.create(json!({ "title": "Another", "sections": [{ "body": "Words." }], "relatedLinks": [{ "article": { "articleId": draft["articleId"] } }] })).await;
        let other = editor.publish(&other).await;
        erase_article(&desk, &draft).await;
        for word in ["quixotic", "zephyr", "xylophone"] {
            assert_eq!(traces(&desk, word).await, Vec::<String>::new());
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // A tombstone that says something else is found, and so is one taken away.
        let number = draft["articleId"].as_str().unwrap();
        desk.tamper("UPDATE revisions SET content = '{\"title\":\"Back\"}' WHERE content LIKE '%erased_at%' AND number = 1").await;
        let problems = desk.verify().await.join("\n");
        assert!(problems.contains(&format!("{number}, revision 1, content: is not what was saved")), "{problems}");
        desk.tamper("UPDATE revisions SET content = (SELECT content FROM revisions WHERE content LIKE '%erased_at%') WHERE content LIKE '%Back%'").await;
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // So are words put back beside it.
        desk.tamper("UPDATE drafts SET title = 'Back', stage_note = 'Back' WHERE erased_at IS NOT NULL").await;
        desk.tamper("UPDATE revisions SET note = 'Back' WHERE content LIKE '%erased_at%' AND number = 2").await;
        let problems = desk.verify().await.join("\n");
        for field in [", title: says something, and was erased", ", stageNote: says", ", revision 2, note:"] {
            assert!(problems.contains(&format!("{number}{field}")), "{field}: {problems}");
        }
        desk.tamper("UPDATE drafts SET title = '', stage_note = NULL WHERE erased_at IS NOT NULL").await;
        desk.tamper("UPDATE revisions SET note = NULL WHERE content LIKE '%erased_at%'").await;
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // It is nowhere, for nobody.
        for slug in ["quixotic-accusations", "softer-zephyr"] {
            assert_eq!(conversation(&desk, slug).await, Value::Null);
        }
        for actor in [&author, &editor] {
            let seen = actor.run("OneDraft", json!({ "articleId": draft["articleId"] })).await;
            assert_eq!(seen.data()["viewer"]["draft"], Value::Null);
            let listed = actor.query("{ viewer { drafts { nodes { articleId } } trash: drafts(filter: { isTrashed: true }) { nodes { articleId } } } }").await;
            assert!(!listed.text.contains(draft["articleId"].as_str().unwrap()), "{}", listed.text);
            let input = json!({ "articleId": draft["articleId"], "version": draft["version"], "title": "Back" });
            assert_eq!(actor.run("UpdateArticle", json!({ "input": input })).await.user_errors("updateArticle"), ["NOT_FOUND"]);
        }
        let linking = editor.run("OneDraft", json!({ "articleId": other["articleId"] })).await;
        assert_eq!(linking.data()["viewer"]["draft"]["content"]["relatedLinks"][0]["article"], Value::Null);
        // Its slugs are free again; erasing again changes nothing.
        editor.create(json!({ "title": "New", "slug": "quixotic-accusations" })).await;
        let length = desk.log_length().await;
        erase_article(&desk, &draft).await;
        assert_eq!(desk.log_length().await, length);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn no_word_stays_in_the_search_index(desk) {
        // Words that part the index's segments from each other stand in its inner nodes, too.
        let editor = desk.editor().await;
        let numbers = |of: std::ops::Range<u64>| of.map(|number| format!("77000{number:05} ")).collect::<String>();
        let body = |words: String| json!({ "title": "Accounts", "sections": [{ "body": words }] });
        let secret = editor.publish(&editor.create(body(numbers(10_000..13_000))).await).await;
        for part in 0..20 {
            editor.publish(&editor.create(body(numbers(20_000 + part * 50..20_050 + part * 50))).await).await;
        }
        erase_article(&desk, &secret).await;
        assert_eq!(traces(&desk, "770001").await, Vec::<String>::new());
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_comment_that_comes_while_its_article_is_erased_is_refused_or_erased(desk) {
        let editor = desk.editor().await;
        for round in 0..5 {
            let draft = editor.publish(&editor.write(&format!("Story {round}")).await).await;
            let senders: Vec<_> = (0..6).map(|_| {
                let (reader, article) = (desk.stranger(), draft["articleId"].clone());
                let input = json!({ "articleId": article, "authorName": "N", "authorEmail": "n@reader.example", "body": "Zephyrs" });
                tokio::spawn(async move { reader.run("SubmitComment", json!({ "input": input })).await })
            }).collect();
            erase_article(&desk, &draft).await;
            for sender in senders {
                sender.await.unwrap();
            }
        }
        let found = desk.rows().await["comment_records"].to_lowercase().matches("zephyrs").count();
        assert_eq!(found, 0);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }
}
