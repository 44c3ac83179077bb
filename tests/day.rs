//! A newsroom's day, from sign-in to a reader's reply.

use serde_json::{Value, json};

use crate::harness::on_both;

on_both! {
    async fn a_newsrooms_day(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();

        // The library: pictures, an author, a tag, two levels of categories.
        let lead = editor.image("The harbor at dawn").await;
        let placed = editor.image("A crane lifts a container").await;
        let author = editor.create_author("Ines Calloway").await;
        let tag = editor.create_tag("Shipping").await;
        let economy = editor.create_category("Economy", None).await;
        let port = editor.create_category("Port", Some(&economy)).await;

        // An older story to point to.
        let older = editor.publish(&editor.write("The old quay").await).await;

        // The story.
        let draft = editor.create(json!({
            "title": "The port is plugging in",
            "excerpt": "Ships want power.",
            "leadFigure": { "imageId": lead, "caption": "Dawn" },
            "sections": [
                { "body": "An introduction without a heading." },
                { "heading": "Costs", "body": format!("Words.\n\n![]({placed} \"A crane, today\")\n\n### Detail\n\nMore.") },
                { "heading": "Costs", "level": 3, "body": "Again **costs**." },
            ],
            "authorIds": [author],
            "categoryIds": [port],
            "tagIds": [tag],
            "relatedLinks": [
                { "article": { "articleId": older["articleId"] } },
                { "external": { "url": "https://example.org/study", "title": "The study" } },
            ],
            "note": "First version",
        })).await;
        assert_eq!(draft["slug"], "the-port-is-plugging-in");
        assert_eq!(draft["isPublished"], false);
        assert_eq!(reader.run("ArticlePage", json!({ "slug": draft["slug"] })).await.data()["article"], Value::Null);

        desk.clock.advance_seconds(60);
        let published = editor.publish(&draft).await;
        assert_eq!(published["hasUnpublishedChanges"], false);

        // A frontend developer reads it.
        let page = reader.run("ArticlePage", json!({ "slug": "the-port-is-plugging-in" })).await;
        let article = &page.data()["article"];
        assert_eq!(article["leadFigure"]["caption"], "Dawn");
        assert_eq!(article["leadFigure"]["credit"], "The desk");
        assert_eq!(article["sections"][0]["heading"], Value::Null);
        let anchors: Vec<&str> = article["tableOfContents"].as_array().unwrap().iter().map(|heading| heading["anchor"].as_str().unwrap()).collect();
        assert_eq!(anchors, ["costs", "detail", "costs-2"]);
        let html = article["sections"][1]["body"]["html"].as_str().unwrap();
        assert!(html.contains("<figcaption><span class=\"caption\">A crane, today</span>") && html.contains("<h3 id=\"detail\">"), "{html}");
        assert!(article["sections"][1]["body"]["markdown"].as_str().unwrap().contains(&format!("![]({}/media/{placed}/", desk.address)));
        assert_eq!(article["sections"][1]["figures"][0]["caption"], "A crane, today");
        assert_eq!(article["authors"][0]["name"], "Ines Calloway");
        assert_eq!(article["relatedLinks"][0]["article"]["title"], "The old quay");
        assert_eq!(article["relatedLinks"][1]["url"], "https://example.org/study");
        assert_eq!(article["seo"]["canonicalUrl"], "https://www.example.org/the-port-is-plugging-in");
        let json_ld: Value = serde_json::from_str(article["seo"]["jsonLd"].as_str().unwrap()).unwrap();
        assert_eq!(json_ld["@type"], "NewsArticle");
        let category = reader.run("CategoryPage", json!({ "slug": "economy" })).await;
        assert_eq!(category.data()["category"]["articles"]["nodes"][0]["slug"], "the-port-is-plugging-in");
        assert_eq!(category.data()["category"]["children"][0]["slug"], "port");
        let found = reader.run("Search", json!({ "query": "plugg" })).await;
        assert_eq!(found.data()["search"]["totalCount"], 1);

        // A correction, under another address; the old one keeps finding it.
        desk.clock.advance_seconds(60);
        let corrected = editor.save(&published, json!({ "title": "The port plugs in", "slug": "port-plugs-in" })).await;
        assert_eq!(corrected["hasUnpublishedChanges"], true);
        let still = reader.run("ArticlePage", json!({ "slug": "the-port-is-plugging-in" })).await;
        assert_eq!(still.data()["article"]["title"], "The port is plugging in");
        let republished = editor.publish(&corrected).await;
        let after = reader.run("ArticlePage", json!({ "slug": "the-port-is-plugging-in" })).await;
        assert_eq!(after.data()["article"]["slug"], "port-plugs-in");
        assert_eq!(after.data()["article"]["publishedAt"], article["publishedAt"]);
        assert_ne!(after.data()["article"]["updatedAt"], article["updatedAt"]);
        assert_eq!(after.data()["article"]["sections"][0]["id"], article["sections"][0]["id"]);

        // Readers speak; a moderator listens.
        let moderator = desk.moderator().await;
        let id = &draft["articleId"];
        let comment = reader.comment(id, None, "What does it *cost*?").await;
        assert_eq!(reader.run("ArticlePage", json!({ "slug": "port-plugs-in" })).await.data()["article"]["commentCount"], 0);
        let queue = moderator.run("Desk", json!({})).await;
        assert_eq!(queue.data()["viewer"]["moderationQueue"]["nodes"][0]["authorEmail"], "rita@reader.example");
        moderator.approve(&comment).await;
        let reply = reader.comment(id, Some(&comment), "Too much.").await;
        moderator.approve(&reply).await;
        moderator.approve(&reply).await;
        let page = reader.run("ArticlePage", json!({ "slug": "port-plugs-in" })).await;
        let article = &page.data()["article"];
        assert_eq!(article["commentCount"], 2);
        assert_eq!(article["comments"]["nodes"].as_array().unwrap().len(), 1);
        assert_eq!(article["comments"]["nodes"][0]["body"]["html"], "<p>What does it <em>cost</em>?</p>\n");
        assert_eq!(article["comments"]["nodes"][0]["replies"]["nodes"][0]["id"], reply);

        // Taken down and brought back: the conversation goes and comes with it.
        let down = editor.unpublish(&republished).await;
        assert_eq!(down["isPublished"], false);
        assert_eq!(reader.run("ArticlePage", json!({ "slug": "port-plugs-in" })).await.data()["article"], Value::Null);
        assert_eq!(reader.run("TagPage", json!({ "slug": "shipping" })).await.data()["tag"], Value::Null);
        let again = editor.publish(&down).await;
        let page = reader.run("ArticlePage", json!({ "slug": "port-plugs-in" })).await;
        assert_eq!(page.data()["article"]["commentCount"], 2);
        assert_eq!(page.data()["article"]["publishedAt"], article["publishedAt"]);

        // Back to the first version, as a new one.
        let reverted = editor.run("RevertArticle", json!({ "input": { "articleId": id, "version": again["version"], "toRevision": 1 } })).await;
        let draft = reverted.done("revertArticle", "draft");
        assert_eq!((draft["revisionNumber"].as_i64(), draft["slug"].as_str()), (Some(3), Some("the-port-is-plugging-in")));
        let one = editor.run("OneDraft", json!({ "articleId": id })).await;
        let content = &one.data()["viewer"]["draft"]["content"];
        assert_eq!(content["title"], "The port is plugging in");
        assert_eq!(content["sections"][0]["id"], article["sections"][0]["id"]);
        assert_eq!(one.data()["viewer"]["draft"]["revisions"]["nodes"].as_array().unwrap().len(), 3);
        assert_eq!(one.data()["viewer"]["draft"]["revisions"]["nodes"][2]["note"], "First version");

        assert_eq!(desk.verify().await, Vec::<String>::new());
        let desk = desk.restart().await;
        let page = desk.stranger().run("ArticlePage", json!({ "slug": "port-plugs-in" })).await;
        assert_eq!(page.data()["article"]["commentCount"], 2);
    }

    async fn a_draft_goes_through_review(desk) {
        let (contributor, editor) = (desk.contributor().await, desk.editor().await);
        let draft = contributor.write("A first story").await;
        let input = |draft: &Value| json!({ "articleId": draft["articleId"], "version": draft["version"] });
        let with_note = |draft: &Value, note: &str| json!({ "articleId": draft["articleId"], "version": draft["version"], "note": note });

        let submitted = contributor.run("SubmitForReview", json!({ "input": with_note(&draft, "Please read") })).await;
        let submitted = submitted.done("submitForReview", "draft").clone();
        assert_eq!(submitted["stage"], "IN_REVIEW");
        let again = contributor.run("SubmitForReview", json!({ "input": input(&submitted) })).await;
        assert_eq!(again.done("submitForReview", "draft")["version"], submitted["version"]);

        let blank = editor.run("RequestChanges", json!({ "input": with_note(&submitted, "  ") })).await;
        assert_eq!(blank.user_errors("requestChanges"), ["REQUIRED"]);
        let returned = editor.run("RequestChanges", json!({ "input": with_note(&submitted, "Shorter") })).await;
        let returned = returned.done("requestChanges", "draft").clone();
        assert_eq!(returned["stage"], "WRITING");
        let wrong = editor.run("RequestChanges", json!({ "input": with_note(&returned, "Again") })).await;
        assert_eq!(wrong.user_errors("requestChanges"), ["WRONG_STATE"]);
        assert_eq!(wrong.data()["requestChanges"]["draft"]["stage"], "WRITING");

        let saved = contributor.save(&returned, json!({ "title": "A shorter story" })).await;
        editor.publish(&saved).await;
        let latest = desk.stranger().run("FrontPage", json!({})).await;
        assert_eq!(latest.data()["articles"]["nodes"][0]["title"], "A shorter story");
    }

    async fn publishing_is_checked_first(desk) {
        let editor = desk.editor().await;
        let draft = editor.create(json!({ "title": " " })).await;
        let refused = editor.run("PublishArticle", json!({ "input": { "articleId": draft["articleId"], "version": 1 } })).await;
        assert_eq!(refused.user_errors("publishArticle"), ["CHECK_FAILED", "CHECK_FAILED"]);
        assert_eq!(refused.data()["publishArticle"]["article"], Value::Null);
        assert_eq!(refused.data()["publishArticle"]["draft"]["isPublished"], false);
        let one = editor.run("OneDraft", json!({ "articleId": draft["articleId"] })).await;
        let codes: Vec<&str> = one.data()["viewer"]["draft"]["checks"].as_array().unwrap().iter().map(|check| check["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["TITLE_MISSING", "CONTENT_MISSING", "EXCERPT_MISSING", "AUTHOR_MISSING"]);

        // Named and written, it takes its slug from its first title, and is published.
        let saved = editor.save(&draft, json!({ "title": "Named at last", "sections": [{ "body": "Words." }] })).await;
        assert_eq!(saved["slug"], "named-at-last");
        editor.publish(&saved).await;
    }

    async fn nobody_overwrites_anybody(desk) {
        let editor = desk.editor().await;
        let draft = editor.write("Two editors").await;
        let mine = editor.save(&draft, json!({ "title": "Mine" })).await;
        let before = desk.log_length().await;
        let theirs = editor.run("UpdateArticle", json!({ "input": { "articleId": draft["articleId"], "version": draft["version"], "title": "Theirs" } })).await;
        assert_eq!(theirs.user_errors("updateArticle"), ["CONFLICT"]);
        assert_eq!(theirs.data()["updateArticle"]["draft"]["title"], "Mine");
        assert_eq!(desk.log_length().await, before);

        // Raced against itself, each version is taken by one.
        let saves = (0..8).map(|number| {
            let (editor, mine) = (editor.clone(), mine.clone());
            tokio::spawn(async move {
                let input = json!({ "articleId": mine["articleId"], "version": mine["version"], "title": format!("Racer {number}") });
                editor.run("UpdateArticle", json!({ "input": input })).await.user_errors("updateArticle")
            })
        });
        let mut won = 0;
        for save in saves.collect::<Vec<_>>() {
            match save.await.unwrap().as_slice() {
                [] => won += 1,
                errors => assert_eq!(errors, ["CONFLICT"]),
            }
        }
        assert_eq!(won, 1);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn slugs_are_reserved_and_numbered(desk) {
        let editor = desk.editor().await;
        let first = editor.write("Same title").await;
        let second = editor.write("Same title").await;
        assert_eq!((first["slug"].as_str(), second["slug"].as_str()), (Some("same-title"), Some("same-title-2")));
        let moved = editor.save(&first, json!({ "slug": "elsewhere" })).await;
        let taken = editor.run("CreateArticle", json!({ "input": { "title": "x", "slug": "same-title" } })).await;
        assert_eq!(taken.user_errors("createArticle"), ["TAKEN"]);
        let back = editor.save(&moved, json!({ "slug": "same-title" })).await;
        assert_eq!(back["slug"], "same-title");
        let blank = editor.create(json!({ "title": "…" })).await;
        assert_eq!(blank["slug"], "article");

        // Raced on two nodes, derived slugs take one number each; nobody is told that a name is taken that they never gave.
        let other = desk.second_node().await;
        let races: Vec<_> = (0..10)
            .map(|number| {
                let editor = if number % 2 == 0 { editor.clone() } else { editor.at(&other) };
                tokio::spawn(async move { editor.write("Raced title").await["slug"].as_str().unwrap().to_owned() })
            })
            .collect();
        let mut slugs = std::collections::BTreeSet::new();
        for race in races {
            assert!(slugs.insert(race.await.unwrap()));
        }
        assert_eq!(slugs.len(), 10);
    }
}
