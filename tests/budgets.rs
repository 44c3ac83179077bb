//! Statements per query and per write: bounded, and the same for one article as for a hundred, for short and for long.

use serde_json::json;

use crate::harness::{Desk, Engine, on_both};

const DEEP: &str = r#"query ($first: Int!) { articles(first: $first) { nodes {
    id slug title excerpt locale publishedAt updatedAt wordCount readingMinutes
    leadFigure { image { id url alt width height mimeType } caption credit }
    tableOfContents { level text anchor }
    sections { id position anchor level heading body { markdown html text wordCount } figures { image { url } caption credit } }
    authors { id name slug bio { html } portrait { url alt } }
    categories { name slug }
    tags { name slug }
    relatedLinks { __typename ... on RelatedArticle { title article { id slug title excerpt } } ... on ExternalLink { title url } }
    commentCount
    comments(first: 5) { nodes { id authorName createdAt body { html text } replies(first: 3) { nodes { id authorName body { html } } } } pageInfo { hasNextPage } }
    seo { title description canonicalUrl image { url } jsonLd }
} } }"#;

async fn archive(desk: &Desk, articles: usize) {
    let editor = desk.editor().await;
    let image = editor.image("A quay").await;
    let author =
        editor.run("CreateAuthor", json!({ "input": { "name": "Ann", "portraitImageId": image } })).await;
    let author = author.done("createAuthor", "author")["id"].clone();
    let tag = editor.create_tag("Trams").await;
    let category = editor.create_category("City", None).await;
    let first = editor.publish(&editor.write("The first").await).await;
    for number in 0..articles {
        let draft = editor.create(json!({
            "title": format!("Story {number}"), "leadFigure": { "imageId": image },
            "sections": [{ "body": "Intro." }, { "heading": "Two", "body": format!("![]({image})") }],
            "authorIds": [author], "tagIds": [tag], "categoryIds": [category],
            "relatedLinks": [{ "article": { "articleId": first["articleId"] } }, { "external": { "url": "https://example.org/", "title": "x" } }],
        })).await;
        desk.clock.advance_seconds(1);
        editor.publish(&draft).await;
        if number % 10 == 9 {
            let comment = desk.stranger().comment(&draft["articleId"], None, "One").await;
            editor.approve(&comment).await;
            let reply = desk.stranger().comment(&draft["articleId"], Some(&comment), "Two").await;
            editor.approve(&reply).await;
        }
    }
}

async fn statements(desk: &Desk, first: usize) -> u64 {
    let before = desk.store.database.statements();
    let answer = desk.stranger().query_with(DEEP, json!({ "first": first })).await;
    assert_eq!(answer.data()["articles"]["nodes"].as_array().unwrap().len(), first);
    desk.store.database.statements() - before
}

on_both! {
    async fn a_deep_list_takes_the_same_few_statements_at_any_length(desk) {
        archive(&desk, 100).await;
        let plain = desk.second_node_with(&[("article_cache", "0"), ("fragment_cache", "0")]).await;
        let counts = [statements(&plain, 1).await, statements(&plain, 20).await, statements(&plain, 100).await];
        eprintln!("statements for 1, 20 and 100 articles: {counts:?}");
        // The list with all parts of its articles and the conversations under them; it tells the log's place.
        assert_eq!(counts, [1, 1, 1]);
    }

    async fn what_is_found_comes_with_what_is_asked_of_it(desk) {
        // Of one article SQLite reads what is asked by a statement of its own, which costs it less.
        let one = if desk.engine == Engine::Sqlite { 2 } else { 1 };
        archive(&desk, 10).await;
        let plain = desk.second_node_without(&["answer_cache", "fragment_cache", "article_cache"]).await;
        let whole = "leadFigure { caption } sections { anchor figures { caption } } categories { name } tags { name } relatedLinks { __typename }";
        for (question, expected) in [
            (format!("article(by: {{ slug: \"story-9\" }}) {{ title {whole} authors {{ name portrait {{ alt }} }} seo {{ jsonLd }} }}"), one),
            (format!("articles(first: 5) {{ edges {{ node {{ ... on Article {{ also: title {whole} }} }} }} }}"), 1),
            ("articles(first: 5) { nodes { authors { portrait { alt } } } }".to_owned(), 1),
            (format!("tag(by: {{ slug: \"trams\" }}) {{ name articles(first: 5) {{ nodes {{ {whole} }} }} }}"), 2),
            (format!("tags(first: 5) {{ nodes {{ articles(first: 5) {{ nodes {{ {whole} }} }} }} }}"), 2),
            ("article(by: { slug: \"story-9\" }) { comments(last: 5, after: null) { edges { node { authorName replies { nodes { id } } } } } }".to_owned(), one),
            ("articles(first: 5) { nodes { comments(first: 1, orderBy: CREATED_AT_DESC) { nodes { replies(last: 1) { nodes { id } } } } } }".to_owned(), 1),
            // One conversation alone, with one page of replies.
            ("article(by: { slug: \"story-9\" }) { old: comments(first: 1) { nodes { id } } new: comments(last: 1) { nodes { id } } }".to_owned(), one + 1),
            ("article(by: { slug: \"story-9\" }) { comments { nodes { old: replies(first: 1) { nodes { id } } new: replies(last: 1) { nodes { id } } } } }".to_owned(), one + 1),
            // Without comments there is no conversation to read.
            ("route(path: \"/story-0\") { thing { ... on Article { comments { nodes { id } } } } }".to_owned(), 1),
            // What comes by another way is asked for afterwards.
            ("route(path: \"/story-9\") { thing { ... on Article { comments { nodes { replies { nodes { id } } } } } } }".to_owned(), 2),
            (format!("route(path: \"/story-9\") {{ thing {{ ... on Article {{ {whole} }} }} }}"), 2),
        ] {
            let before = plain.store.database.statements();
            let answer = plain.stranger().query(&format!("{{ {question} }}")).await;
            answer.data();
            assert_eq!(plain.store.database.statements() - before, expected, "{question}");
        }
    }

    async fn a_save_and_a_publication_take_the_same_few_statements_however_long_the_article(desk) {
        let editor = desk.editor().await;
        for sections in [1, 50] {
            let part = json!({ "heading": "Part", "body": "Words." });
            let content = json!({ "title": format!("Of {sections}"), "sections": vec![part; sections] });
            let draft = editor.create(json!({ "title": "Begun" })).await;
            let before = desk.store.database.statements();
            let saved = editor.save(&draft, content).await;
            let for_the_save = desk.store.database.statements() - before;
            editor.publish(&saved).await;
            let for_the_publication = desk.store.database.statements() - before - for_the_save;
            eprintln!("{sections} sections: {for_the_save} to save, {for_the_publication} to publish");
            assert!(for_the_save <= 14 && for_the_publication <= 32, "{for_the_save}, {for_the_publication}");
        }
    }
}
