//! The contract with clients: every operation of `operations/contract.graphql` runs, word for word.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{CONTRACT, on_both, picture};

/// The names of the contract's operations.
fn names() -> BTreeSet<String> {
    let heads = CONTRACT
        .lines()
        .filter_map(|line| line.strip_prefix("query ").or_else(|| line.strip_prefix("mutation ")));
    heads.map(|head| head.split(['(', ' ', '{']).next().unwrap().to_owned()).collect()
}

on_both! {
    async fn every_operation_of_the_contract_answers(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        let mut run = BTreeSet::new();
        macro_rules! run {
            ($actor:expr, $name:literal, $variables:expr) => {{
                run.insert($name.to_owned());
                let answer = $actor.run($name, $variables).await;
                assert_eq!(answer.status, 200, "{}: {}", $name, answer.text);
                answer.data().clone()
            }};
        }

        let signed_in = run!(reader, "SignIn", json!({ "input": { "email": "edda@desk.example", "password": crate::harness::PASSWORD } }));
        assert_eq!(signed_in["signIn"]["session"]["user"]["role"], "EDITOR");
        let refresh = &signed_in["signIn"]["session"]["refreshToken"];
        let refreshed = run!(reader, "RefreshSession", json!({ "input": { "refreshToken": refresh } }));
        assert!(refreshed["refreshSession"]["session"]["accessToken"].is_string());
        let nothing = run!(reader, "RefreshSession", json!({ "input": { "refreshToken": "x" } }));
        assert_eq!(nothing["refreshSession"]["userErrors"][0]["code"], "INVALID");

        run.insert("UploadImage".to_owned());
        let uploaded = editor.upload(picture(40, 30), "A quay").await;
        let image = uploaded.done("uploadImage", "image").clone();
        assert_eq!((image["width"].as_i64(), image["mimeType"].as_str()), (Some(40), Some("image/jpeg")));

        let author = run!(editor, "CreateAuthor", json!({ "input": { "name": "Ann Author", "portraitImageId": image["id"], "bio": "Writes." } }));
        let category = run!(editor, "CreateCategory", json!({ "input": { "name": "City", "description": "All about it" } }));
        let tag = run!(editor, "CreateTag", json!({ "input": { "name": "Trams" } }));
        let created = run!(editor, "CreateArticle", json!({ "input": {
            "title": "A line", "excerpt": "Short.", "leadFigure": { "imageId": image["id"] },
            "sections": [{ "heading": "One", "body": "Words about trams." }],
            "authorIds": [author["createAuthor"]["author"]["id"]], "categoryIds": [category["createCategory"]["category"]["id"]],
            "tagIds": [tag["createTag"]["tag"]["id"]], "relatedLinks": [{ "external": { "url": "https://example.org/", "title": "Plan" } }],
        } }));
        let draft = &created["createArticle"]["draft"];
        assert_eq!(draft["owner"]["name"], "Edda");
        let id = &draft["articleId"];
        let input = |draft: &Value| json!({ "articleId": id, "version": draft["version"] });
        let updated = run!(editor, "UpdateArticle", json!({ "input": { "articleId": id, "version": 1, "title": "A tram line" } }));
        let submitted = run!(editor, "SubmitForReview", json!({ "input": input(&updated["updateArticle"]["draft"]) }));
        let returned = run!(editor, "RequestChanges", json!({ "input": {
            "articleId": id, "version": submitted["submitForReview"]["draft"]["version"], "note": "Check the figures"
        } }));
        let published = run!(editor, "PublishArticle", json!({ "input": input(&returned["requestChanges"]["draft"]) }));
        assert_eq!(published["publishArticle"]["userErrors"], json!([]));
        assert_eq!(published["publishArticle"]["article"]["slug"], "a-line");

        let commented = run!(reader, "SubmitComment", json!({ "input": {
            "articleId": id, "authorName": "Rita", "authorEmail": "rita@reader.example", "body": "When?"
        } }));
        assert_eq!(commented["submitComment"]["comment"]["status"], "PENDING");
        let approved = run!(editor, "ApproveComment", json!({ "input": { "commentId": commented["submitComment"]["comment"]["id"] } }));
        assert_eq!(approved["approveComment"]["comment"]["status"], "APPROVED");

        let slug = json!({ "slug": "a-line" });
        assert_eq!(run!(reader, "FrontPage", json!({}))["articles"]["nodes"][0]["title"], "A tram line");
        assert_eq!(run!(reader, "TagPage", json!({ "slug": "trams" }))["tag"]["articleCount"], 1);
        assert_eq!(run!(reader, "CategoryPage", json!({ "slug": "city" }))["category"]["articles"]["nodes"][0]["slug"], "a-line");
        let page = run!(reader, "AuthorPage", json!({ "slug": "ann-author" }));
        assert_eq!((page["author"]["bio"]["text"].as_str(), page["author"]["portrait"]["alt"].as_str()), (Some("Writes."), Some("A quay")));
        assert_eq!(run!(reader, "ArticlePage", slug)["article"]["comments"]["nodes"][0]["authorName"], "Rita");
        let filter = json!({ "authorSlug": "ann-author", "tagSlug": "trams", "categorySlug": "city", "publishedAfter": "2026-01-01T00:00:00Z" });
        assert_eq!(run!(reader, "Latest", json!({ "filter": filter }))["articles"]["totalCount"], 1);
        assert_eq!(run!(reader, "Latest", json!({ "filter": { "tagSlug": "none" } }))["articles"]["totalCount"], 0);
        let found = run!(reader, "Search", json!({ "query": "TRÁMS" }));
        assert_eq!(found["search"]["edges"][0]["snippet"]["html"], "Words about <mark>trams</mark>.");
        assert_eq!(run!(reader, "ById", json!({ "id": id }))["node"]["__typename"], "Article");
        assert_eq!(run!(reader, "ById", json!({ "id": image["id"] }))["node"]["alt"], "A quay");

        let desk_page = run!(editor, "Desk", json!({ "filter": { "isPublished": true } }));
        assert_eq!(desk_page["viewer"]["drafts"]["nodes"][0]["hasUnpublishedChanges"], false);
        let one = run!(editor, "OneDraft", json!({ "articleId": id }));
        assert_eq!(one["viewer"]["draft"]["publishedRevision"]["number"], 2);
        assert_eq!(one["viewer"]["draft"]["revisions"]["nodes"][0]["actor"]["name"], "Edda");
        let changes = run!(editor, "Changes", json!({}));
        let actions: Vec<&str> = changes["viewer"]["changes"]["edges"].as_array().unwrap().iter().map(|edge| edge["node"]["action"].as_str().unwrap()).collect();
        assert!(actions.contains(&"ARTICLE_PUBLISHED") && !actions.contains(&"SESSION_STARTED"), "{actions:?}");

        let reverted = run!(editor, "RevertArticle", json!({ "input": {
            "articleId": id, "version": published["publishArticle"]["draft"]["version"], "toRevision": 1
        } }));
        let down = run!(editor, "UnpublishArticle", json!({ "input": input(&reverted["revertArticle"]["draft"]) }));
        assert_eq!(down["unpublishArticle"]["draft"]["isPublished"], false);

        assert_eq!(names().difference(&run).collect::<Vec<_>>(), Vec::<&String>::new(), "operations of the contract that this test leaves out");
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }
}
