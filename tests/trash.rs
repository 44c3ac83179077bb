//! The trash: an article leaves the site and the desk, and comes back whole.

use serde_json::{Value, json};

use crate::harness::{Actor, Answer, on_both};

async fn transition(by: &Actor, verb: &str, draft: &Value) -> Answer {
    let input = format!("{}{}Input", verb[..1].to_uppercase(), &verb[1..]);
    let document = format!(
        "mutation ($input: {input}!) {{ {verb}(input: $input) {{ draft {{ articleId version stage isPublished hasUnpublishedChanges trashedAt revisionNumber firstPublishedAt slug may {{ action isAllowed reason }} }} userErrors {{ code message path }} }} }}"
    );
    let input = json!({ "articleId": draft["articleId"], "version": draft["version"] });
    by.query_with(&document, json!({ "input": input })).await
}

async fn titles(by: &Actor, filter: &str) -> Vec<String> {
    let document =
        format!("{{ viewer {{ drafts(filter: {{ {filter} }}) {{ totalCount nodes {{ title }} }} }} }}");
    let answer = by.query(&document).await;
    let drafts = &answer.data()["viewer"]["drafts"];
    let titles: Vec<String> = drafts["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|draft| draft["title"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(drafts["totalCount"], titles.len());
    titles
}

on_both! {
    async fn an_article_goes_off_the_site_and_comes_back(desk) {
        let (editor, author) = (desk.editor().await, desk.author().await);
        author.write("Kept").await;
        desk.clock.advance_seconds(60);
        let draft = author.write("Thrown away").await;
        let public = author.publish(&draft).await;
        let comment = desk.stranger().comment(&public["articleId"], None, "Pity").await;
        editor.approve(&comment).await;
        let gone = transition(&author, "deleteArticle", &public).await.done("deleteArticle", "draft").clone();
        assert_eq!((&gone["isPublished"], gone["trashedAt"].is_string()), (&json!(false), true));
        let page = desk.stranger().run("ArticlePage", json!({ "slug": "thrown-away" })).await;
        assert_eq!(page.data()["article"], Value::Null);
        assert_eq!(titles(&author, "").await, ["Kept"]);
        assert_eq!(titles(&author, "isTrashed: true").await, ["Thrown away"]);
        // Its slug stays its own.
        let taken = editor.run("CreateArticle", json!({ "input": { "title": "Another", "slug": "thrown-away" } })).await;
        assert_eq!(taken.user_errors("createArticle"), ["TAKEN"]);
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // Only an editor takes it out; the author reads it still.
        assert_eq!(transition(&author, "restoreArticle", &gone).await.error_code(), "FORBIDDEN");
        let back = transition(&editor, "restoreArticle", &gone).await.done("restoreArticle", "draft").clone();
        assert_eq!((&back["isPublished"], &back["trashedAt"], &back["firstPublishedAt"]), (&json!(false), &Value::Null, &public["firstPublishedAt"]));
        assert_eq!(titles(&author, "").await, ["Thrown away", "Kept"]);
        author.publish(&back).await;
        let page = desk.stranger().run("ArticlePage", json!({ "slug": "thrown-away" })).await;
        assert_eq!((&page.data()["article"]["title"], &page.data()["article"]["commentCount"]), (&json!("Thrown away"), &json!(1)));
        assert_eq!(page.data()["article"]["publishedAt"], public["firstPublishedAt"]);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn what_is_in_the_trash_is_there_for_nothing_else(desk) {
        let editor = desk.editor().await;
        let draft = editor.write("A story").await;
        let gone = transition(&editor, "deleteArticle", &draft).await.done("deleteArticle", "draft").clone();
        let before = (desk.rows().await, desk.log_length().await);
        let of_draft = json!({ "articleId": gone["articleId"], "version": gone["version"] });
        let with = |more: Value| {
            let mut input = of_draft.clone();
            input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "input": input })
        };
        for (operation, mutation, more) in [
            ("UpdateArticle", "updateArticle", json!({ "title": "New" })),
            ("PublishArticle", "publishArticle", json!({})),
            ("UnpublishArticle", "unpublishArticle", json!({})),
            ("SubmitForReview", "submitForReview", json!({})),
            ("RequestChanges", "requestChanges", json!({ "note": "Why" })),
            ("RevertArticle", "revertArticle", json!({ "toRevision": 1 })),
        ] {
            let answer = editor.run(operation, with(more)).await;
            assert_eq!(answer.user_errors(mutation), ["WRONG_STATE"], "{mutation}: {}", answer.text);
            assert_eq!(answer.data()[mutation]["draft"]["articleId"], gone["articleId"]);
        }
        assert_eq!((desk.rows().await, desk.log_length().await), before);
        // What may be done to it says the same.
        let allowed: Vec<&str> = gone["may"].as_array().unwrap().iter().filter(|right| right["isAllowed"] == true).map(|right| right["action"].as_str().unwrap()).collect();
        assert_eq!(allowed, ["RESTORE_ARTICLE"]);
        assert!(gone["may"].as_array().unwrap().iter().any(|right| right["reason"] == "The article is in the trash: restore it first."));
    }

    async fn doing_it_again_is_done_and_a_stale_version_is_not(desk) {
        let editor = desk.editor().await;
        let draft = editor.write("A story").await;
        let stale = transition(&editor, "deleteArticle", &json!({ "articleId": draft["articleId"], "version": 9 })).await;
        assert_eq!(stale.user_errors("deleteArticle"), ["CONFLICT"]);
        let gone = transition(&editor, "deleteArticle", &draft).await.done("deleteArticle", "draft").clone();
        let length = desk.log_length().await;
        for again in [&draft, &gone] {
            assert_eq!(transition(&editor, "deleteArticle", again).await.done("deleteArticle", "draft")["version"], gone["version"]);
        }
        let back = transition(&editor, "restoreArticle", &gone).await.done("restoreArticle", "draft").clone();
        for again in [&gone, &back] {
            assert_eq!(transition(&editor, "restoreArticle", again).await.done("restoreArticle", "draft")["version"], back["version"]);
        }
        assert_eq!(transition(&editor, "restoreArticle", &draft).await.user_errors("restoreArticle"), ["CONFLICT"]);
        assert_eq!(desk.log_length().await, length + 1);
        let log = editor.query("{ viewer { changes { nodes { action } } } }").await;
        let actions: Vec<&str> = log.data()["viewer"]["changes"]["nodes"].as_array().unwrap().iter().map(|change| change["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["ARTICLE_CREATED", "ARTICLE_TRASHED", "ARTICLE_RESTORED"]);
        let nowhere = transition(&editor, "deleteArticle", &json!({ "articleId": format!("art_{}", "0".repeat(32)), "version": 1 })).await;
        assert_eq!(nowhere.user_errors("deleteArticle"), ["NOT_FOUND"]);
    }
}
