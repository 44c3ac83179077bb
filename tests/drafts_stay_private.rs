//! A draft's words, pictures, labels and ids are looked for in everything that the public can ask.

use serde_json::{Value, json};

use crate::harness::{Actor, on_both};

/// Every public list and lookup, with everything below it.
const CRAWL: &str = r#"query ($slug: String!, $word: String!, $id: ID!, $tag: String!, $author: String!) {
    articles(first: 30) { totalCount nodes { ...Whole } }
    authors(first: 30) { totalCount nodes { id slug name bio { markdown } portrait { url } articleCount articles { totalCount nodes { slug } } } }
    tags(first: 30) { totalCount nodes { id slug name articleCount articles { totalCount nodes { slug } } } }
    categories { id slug name articleCount articles { totalCount nodes { slug } } children { slug articleCount articles { nodes { slug } } } }
    article(by: { slug: $slug }) { ...Whole }
    search(query: $word) { totalCount edges { node { slug } snippet { text } } }
    node(id: $id) { __typename id }
    tag(by: { slug: $tag }) { id }
    author(by: { slug: $author }) { id }
    filtered: articles(filter: { tagSlug: $tag }) { totalCount nodes { slug } }
    viewer { user { email } drafts { nodes { title } } }
}
fragment Whole on Article {
    id slug title excerpt leadFigure { caption image { id url alt } } sections { heading body { markdown html text } figures { image { id } } }
    authors { name } tags { name } categories { name } relatedLinks { __typename ... on RelatedArticle { title article { slug title } } ... on ExternalLink { title url } }
    comments { totalCount nodes { authorName body { text } } } commentCount seo { title description jsonLd image { id } }
}"#;

async fn crawl(reader: &Actor, draft: &Value) -> String {
    let variables = json!({ "slug": draft["slug"], "word": "zanzibar", "id": draft["articleId"], "tag": "secret-tag", "author": "secret-author" });
    let answer = reader.query_with(CRAWL, variables).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.data();
    answer.text.to_lowercase()
}

on_both! {
    async fn nothing_of_a_draft_is_public(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        let image = editor.image("Zanzibar by night").await;
        let author = editor.create_author("Secret Author").await;
        let tag = editor.create_tag("Secret Tag").await;
        let public = editor.publish(&editor.write("A public story").await).await;
        let secret = json!({
            "title": "Zanzibar one", "excerpt": "zanzibar two", "leadFigure": { "imageId": image, "caption": "zanzibar three" },
            "sections": [{ "heading": "zanzibar four", "body": format!("zanzibar five ![]({image})") }],
            "authorIds": [author], "tagIds": [tag], "relatedLinks": [{ "external": { "url": "https://zanzibar.example/", "title": "zanzibar six" } }],
            "note": "zanzibar seven",
        });
        let words = ["zanzibar", "secret", image.as_str(), author.as_str(), tag.as_str()];
        let assert_nothing = async |draft: &Value, stage: &str| {
            let text = crawl(&reader, draft).await;
            for word in words {
                assert!(!text.contains(word), "{stage}: {word} in {text}");
            }
        };

        // Never published; and pointed to from a public story.
        let draft = editor.create(secret.clone()).await;
        let linked = editor.save(&public, json!({ "relatedLinks": [{ "article": { "articleId": draft["articleId"], "title": "Elsewhere" } }] })).await;
        let public = editor.publish(&linked).await;
        assert_nothing(&draft, "never published").await;

        // Edited after publishing.
        editor.save(&public, secret).await;
        assert_nothing(&draft, "edited after publishing").await;

        // Published, and taken down.
        let published = editor.publish(&draft).await;
        assert!(crawl(&reader, &draft).await.contains("zanzibar"));
        editor.unpublish(&published).await;
        assert_nothing(&draft, "unpublished").await;

        // Its slug can't be taken, and the refusal does not tell whose it is.
        let contributor = desk.contributor().await;
        let taken = contributor.run("CreateArticle", json!({ "input": { "title": "x", "slug": draft["slug"] } })).await;
        assert_eq!(taken.user_errors("createArticle"), ["TAKEN"]);
        let message = taken.data()["createArticle"]["userErrors"][0]["message"].as_str().unwrap().to_lowercase();
        assert!(!message.contains("zanzibar") && !message.contains("edda"));

        // Its picture is not served without a signature.
        let library = editor.query("{ viewer { images { nodes { url } } } }").await;
        let signed = library.data()["viewer"]["images"]["nodes"][0]["url"].as_str().unwrap().to_owned();
        assert_eq!(desk.http.get(&signed).send().await.unwrap().status(), 200);
        let bare = signed.split('?').next().unwrap();
        assert_eq!(desk.http.get(bare).send().await.unwrap().status(), 410);
        desk.clock.advance_seconds(901);
        assert_eq!(desk.http.get(&signed).send().await.unwrap().status(), 404);
    }

    async fn unpublished_words_are_for_who_may_read_the_draft(desk) {
        let (editor, author, moderator) = (desk.editor().await, desk.author().await, desk.moderator().await);
        let published = editor.publish(&editor.write("Open title").await).await;
        desk.stranger().comment(&published["articleId"], None, "Hello").await;
        editor.save(&published, json!({ "title": "Hidden title", "slug": "hidden-slug" })).await;
        let linking = author.create(json!({ "title": "Mine", "relatedLinks": [{ "article": { "articleId": published["articleId"] } }] })).await;
        let one = author.run("OneDraft", json!({ "articleId": linking["articleId"] })).await;
        assert_eq!(one.data()["viewer"]["draft"]["content"]["relatedLinks"][0]["article"]["title"], "Open title");
        let queue = moderator.run("Desk", json!({})).await;
        assert_eq!(queue.data()["viewer"]["moderationQueue"]["nodes"][0]["article"], json!({ "slug": "open-title", "title": "Open title" }));
        let seen = editor.run("Desk", json!({})).await;
        assert_eq!(seen.data()["viewer"]["moderationQueue"]["nodes"][0]["article"]["title"], "Hidden title");
    }

    async fn colleagues_addresses_are_for_who_manages_users(desk) {
        let (editor, author) = (desk.editor().await, desk.author().await);
        author.write("Mine").await;
        for field in ["email", "role", "version"] {
            let document = format!("{{ viewer {{ drafts {{ nodes {{ owner {{ id name {field} }} }} }} }} }}");
            assert_eq!(editor.query(&document).await.error_code(), "BAD_REQUEST");
        }
        let everything = editor.query("{ viewer { drafts { nodes { owner { id name } } } assignees { nodes { id name } } users { nodes { email } } changes { nodes { actor { id name } } } } }").await;
        everything.data();
        assert!(!everything.text.contains("arthur@"));
    }

    async fn readers_addresses_are_for_moderators(desk) {
        let author = desk.author().await;
        let published = author.publish(&author.write("Mine").await).await;
        let comment = desk.stranger().comment(&published["articleId"], None, "Hello").await;
        let queue = "{ viewer { moderationQueue { nodes { id authorEmail } } } }";
        let seen = author.query(queue).await;
        assert_eq!(seen.data()["viewer"]["moderationQueue"]["nodes"], json!([{ "id": comment, "authorEmail": null }]));
        let moderator = desk.moderator().await;
        assert_eq!(moderator.query(queue).await.data()["viewer"]["moderationQueue"]["nodes"][0]["authorEmail"], "rita@reader.example");
        let contributor = desk.contributor().await;
        assert_eq!(contributor.query(queue).await.data()["viewer"]["moderationQueue"]["nodes"], json!([]));
        author.approve(&comment).await;
        let text = crawl(&desk.stranger(), &published).await;
        assert!(text.contains("hello") && !text.contains("rita@reader.example"));
    }
}
