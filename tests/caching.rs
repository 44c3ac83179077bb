//! Answers from memory: never old, dropped by what touches them and by nothing else; how they go out; and what others may keep.

use std::collections::BTreeSet;
use std::io::Read as _;

use reqwest::header;
use serde_json::json;

use crate::harness::{Actor, Answer, Desk, on_both};

mod nodes;
pub mod world;

use world::{Chance, KINDS, LATER, World, act, questions};

/// Changes in one run: `COPYDESK_TEST_CACHING_STEPS` says otherwise.
const STEPS: usize = 40;

/// Whether an answer came from memory.
async fn is_kept(desk: &Desk, reader: &Actor, question: &str) -> bool {
    let before = desk.metric("copydesk_answers_found_total").await;
    reader.query(question).await;
    desk.metric("copydesk_answers_found_total").await > before
}

async fn get(desk: &Desk, query: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = desk.http.get(format!("{}/graphql", desk.address)).query(&[("query", query)]);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    crate::harness::answer(request).await
}

fn text(answer: &Answer, name: impl header::AsHeaderName) -> String {
    answer.headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// Changes things by a node, and compares what it answers with what a node answers that keeps nothing.
async fn is_never_old(desk: &Desk, node: &Desk) {
    let steps = std::env::var("COPYDESK_TEST_CACHING_STEPS").map_or(STEPS, |steps| steps.parse().unwrap());
    let plain = desk.second_node_without(&["answer_cache", "fragment_cache", "article_cache"]).await;
    let (mut editor, reader) = (desk.editor().await.at(node), node.stranger());
    let exact = reader.at(&plain);
    let mut chance = Chance(7);
    let mut asked = BTreeSet::new();
    for number in 0..steps {
        // Something of each kind at first.
        let kind = match number {
            0 | 1 => 21,
            2 => 5,
            3 => 6,
            4 => 7,
            5..12 => 0,
            _ => chance.below(KINDS),
        };
        let done = act(desk, &editor, number, kind, &mut chance).await;
        if kind == LATER {
            editor = desk.sign_in("edda@desk.example").await.at(node);
        }
        asked.extend(questions(&World::look(&editor).await));
        for question in &asked {
            let (kept, fresh) = (reader.query(question).await, exact.query(question).await);
            assert!(kept.body.get("errors").is_none(), "{question}: {}", kept.text);
            assert_eq!(kept.text, fresh.text, "after change {number} ({done}), this is old: {question}");
        }
    }
}

on_both! {
    async fn whatever_changes_no_answer_is_old(desk) {
        is_never_old(&desk, &desk).await;
        let (found, missed) = (desk.metric("copydesk_answers_found_total").await, desk.metric("copydesk_answers_missed_total").await);
        assert!(found > missed, "most answers came from memory: {found}, {missed} did not");
    }

    async fn whatever_changes_nothing_that_an_answer_is_made_of_is_old(desk) {
        let node = desk.second_node_without(&["answer_cache", "fragment_cache"]).await;
        is_never_old(&desk, &node).await;
        let (found, missed) = (node.metric("copydesk_reads_found_total").await, node.metric("copydesk_reads_missed_total").await);
        assert!(found > missed, "most of it came from memory: {found}, {missed} did not");
    }

    async fn whatever_changes_no_article_is_told_as_it_was(desk) {
        let node = desk.second_node_without(&["answer_cache"]).await;
        is_never_old(&desk, &node).await;
        let (found, missed) = (node.metric("copydesk_fragments_found_total").await, node.metric("copydesk_fragments_missed_total").await);
        assert!(found > missed, "most articles were told from memory: {found}, {missed} were not");
    }

    async fn what_stands_on_a_page_twice_is_there_twice(desk) {
        let node = desk.second_node_without(&["answer_cache"]).await;
        let (editor, reader) = (desk.editor().await.at(&node), node.stranger());
        let face = editor.image("A face").await;
        let (mut tags, mut authors) = (Vec::new(), Vec::new());
        for name in ["One", "Two"] {
            tags.push(editor.create_tag(name).await);
            let input = json!({ "input": { "name": name, "portraitImageId": face } });
            authors.push(editor.run("CreateAuthor", input).await.done("createAuthor", "author")["id"].clone());
        }
        let story = json!({ "title": "Story", "sections": [{ "body": "Words." }], "tagIds": tags, "authorIds": authors });
        editor.publish(&editor.create(story).await).await;
        for _ in 0..2 {
            let answer = reader.query("{ tags(first: 5) { nodes { articles { nodes { sections { body { text } } authors { portrait { alt } } tags { name } } } } } }").await;
            let expected = json!({ "articles": { "nodes": [{
                "sections": [{ "body": { "text": "Words." } }],
                "authors": [{ "portrait": { "alt": "A face" } }, { "portrait": { "alt": "A face" } }],
                "tags": [{ "name": "One" }, { "name": "Two" }],
            }] } });
            assert_eq!(answer.data()["tags"]["nodes"], json!([expected, expected]));
        }
    }

    async fn what_is_in_memory_is_not_read_again_whatever_the_shape(desk) {
        let node = desk.second_node_without(&["answer_cache", "fragment_cache"]).await;
        let (editor, reader) = (desk.editor().await.at(&node), node.stranger());
        let tag = editor.create_tag("Trams").await;
        let write = async |title: &str| {
            let draft = editor.create(json!({ "title": title, "sections": [{ "body": "Words." }], "tagIds": [tag] })).await;
            editor.publish(&draft).await
        };
        write("First").await;
        let whole = "title sections { body { html } } tags { name } authors { name } categories { name } leadFigure { caption } relatedLinks { __typename } comments { nodes { id } }";
        let statements = async |question: String| {
            let before = node.store.database.statements();
            assert!(reader.query(&question).await.data().is_object());
            node.store.database.statements() - before
        };
        assert!(statements(format!("{{ article(by: {{ slug: \"first\" }}) {{ {whole} }} }}")).await > 0);
        for shape in [
            "article(by: { slug: \"first\" }) { sections { heading } title }",
            "article(by: { slug: \"first\" }) { seo { jsonLd } tableOfContents { text } wordCount }",
            "a: article(by: { slug: \"first\" }) { tags { slug } } b: article(by: { slug: \"first\" }) { comments { nodes { body { html } } } }",
        ] {
            assert_eq!(statements(format!("{{ {shape} }}")).await, 0, "{shape}");
        }
        // Another one is read, and the first is still there.
        write("Second").await;
        assert!(statements(format!("{{ article(by: {{ slug: \"second\" }}) {{ {whole} }} }}")).await > 0);
        assert_eq!(statements("{ article(by: { slug: \"first\" }) { title sections { anchor } } }".to_owned()).await, 0);
        // A list is read anew, and of its articles nothing that is there.
        let of_tag = "{ tag(by: { slug: \"trams\" }) { articles { nodes { title sections { heading } tags { name } } } } }".to_owned();
        statements(of_tag.clone()).await;
        assert_eq!(statements(of_tag).await, 0);
    }

    async fn a_change_drops_what_it_touches_and_nothing_else(desk) {
        let (editor, reader) = (desk.editor().await, desk.stranger());
        let (trams, quays) = (editor.create_tag("Trams").await, editor.create_tag("Quays").await);
        let author = editor.create_author("Ann").await;
        let story = |title: &str, tag: &str| json!({ "title": title, "sections": [{ "body": "Words." }], "tagIds": [tag], "authorIds": [author] });
        let first = editor.publish(&editor.create(story("First", &trams)).await).await;
        editor.publish(&editor.create(story("Second", &quays)).await).await;
        let page = |slug: &str| format!("{{ article(by: {{ slug: \"{slug}\" }}) {{ title tags {{ name }} authors {{ name }} }} }}");
        let of_tag = |slug: &str| format!("{{ tag(by: {{ slug: \"{slug}\" }}) {{ name articleCount articles {{ nodes {{ title }} }} }} }}");
        let front = "{ articles(first: 5) { nodes { title } } }".to_owned();
        let nowhere = page("nowhere");
        let all = [page("first"), page("second"), of_tag("trams"), of_tag("quays"), front, nowhere];
        let kept = async || {
            let mut kept = Vec::new();
            for question in &all {
                kept.push(is_kept(&desk, &reader, question).await);
            }
            kept
        };
        kept().await;
        assert_eq!(kept().await, [true; 6]);
        // A new article with a tag: its tag's page and the front page, and no other article's page.
        editor.publish(&editor.create(story("Third", &trams)).await).await;
        assert_eq!(kept().await, [true, true, false, true, false, true]);
        // Saving a draft is nobody's business.
        let first = editor.save(&first, json!({ "title": "First again" })).await;
        assert_eq!(kept().await, [true; 6]);
        // Published again with the same labels: it, and the lists that show it.
        editor.publish(&first).await;
        assert_eq!(kept().await, [false, true, false, true, false, true]);
        // What was looked for in vain appears.
        editor.publish(&editor.write("Nowhere").await).await;
        assert_eq!(kept().await, [true, true, true, true, false, false]);
        // Another name of a tag: its page, and the articles that show it.
        let rename = "mutation ($input: UpdateTagInput!) { updateTag(input: $input) { userErrors { code } } }";
        editor.query_with(rename, json!({ "input": { "tagId": quays, "version": 1, "name": "Docks" } })).await.data();
        assert_eq!(kept().await, [true, false, true, false, true, true]);
    }

    async fn an_old_slug_leads_to_what_is_public_again(desk) {
        let (editor, reader) = (desk.editor().await, desk.stranger());
        let first = editor.publish(&editor.write("First").await).await;
        let second = editor.publish(&editor.save(&first, json!({ "slug": "second" })).await).await;
        let titles = async || {
            let mut titles = Vec::new();
            for slug in ["first", "second"] {
                let answer = reader.query(&format!("{{ article(by: {{ slug: \"{slug}\" }}) {{ title }} }}")).await;
                titles.push(answer.data()["article"]["title"].as_str().map(str::to_owned));
            }
            titles
        };
        assert_eq!(titles().await, [Some("First".to_owned()), Some("First".to_owned())]);
        let down = editor.unpublish(&second).await;
        assert_eq!(titles().await, [None, None]);
        editor.publish(&down).await;
        assert_eq!(titles().await, [Some("First".to_owned()), Some("First".to_owned())]);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn only_whole_answers_to_the_public_are_kept(desk) {
        let (editor, reader) = (desk.editor().await, desk.stranger());
        editor.publish(&editor.write("Story").await).await;
        let twice = async |actor: &Actor, question: &str| {
            actor.query(question).await;
            is_kept(&desk, actor, question).await
        };
        assert!(twice(&reader, "{ articles { nodes { title } } }").await);
        assert!(!twice(&editor, "{ articles { nodes { title } } }").await, "with a token");
        assert!(!twice(&reader, "{ viewer { user { id } } }").await, "the desk");
        assert!(!twice(&reader, "{ articles(first: 1000) { nodes { title } } }").await, "an error");
        assert!(!twice(&reader, "{ node(id: \"what\") { id } }").await, "an error beside data");
        // Another operation, other variables, another form, and the cost: each is another answer.
        let document = "query A { articles(first: 1) { nodes { title } } } query B { articles(first: 1) { nodes { slug } } } query C($n: Int) { articles(first: $n) { nodes { title } } }";
        let ask = async |name: &str, variables: serde_json::Value| reader.send(json!({ "query": document, "operationName": name, "variables": variables })).await.text;
        assert!(ask("A", json!({})).await.contains("title") && ask("B", json!({})).await.contains("slug"));
        assert_ne!(ask("C", json!({ "n": 0 })).await, ask("C", json!({ "n": 1 })).await);
        let body = json!({ "query": "{ articles { nodes { title } } }" });
        let form = reader.raw(|request| request.json(&body).header("accept", "application/json")).await;
        assert_eq!(text(&form, header::CONTENT_TYPE), "application/json; charset=utf-8");
        let costed = reader.raw(|request| request.json(&body).header("x-copydesk-cost", "1")).await;
        assert!(costed.body["extensions"]["cost"]["cost"].is_number());
        assert!(reader.send(body).await.body.get("extensions").is_none());
        // What passed the guard once passes it with each variables anew.
        assert_eq!(reader.send(json!({ "query": document, "operationName": "C", "variables": { "n": 1000 } })).await.error_code(), "BAD_REQUEST");
    }

    async fn a_client_that_has_the_answer_is_told_so(desk) {
        let editor = desk.editor().await;
        editor.publish(&editor.write("Story").await).await;
        let query = "{ articles { nodes { title } } }";
        let first = get(&desk, query, &[]).await;
        let etag = text(&first, header::ETAG);
        assert_eq!(first.status, 200);
        assert_eq!(text(&first, header::CACHE_CONTROL), "no-cache");
        assert!(text(&first, header::VARY).contains("authorization"));
        for known in [etag.clone(), format!("\"other\", {etag}"), etag.trim_start_matches("W/").to_owned(), "*".to_owned()] {
            let again = get(&desk, query, &[("if-none-match", &known)]).await;
            assert_eq!((again.status, again.text.as_str(), text(&again, header::ETAG)), (304, "", etag.clone()), "{known}");
        }
        let posted = desk.stranger().raw(|request| request.json(&json!({ "query": query })).header("if-none-match", &etag)).await;
        assert_eq!(posted.status, 200, "a body that was sent is answered");
        editor.publish(&editor.write("News").await).await;
        let changed = get(&desk, query, &[("if-none-match", &etag)]).await;
        assert!(changed.status == 200 && changed.text.contains("News"));
        let signed_in = editor.query(query).await;
        assert_eq!(text(&signed_in, header::CACHE_CONTROL), "private, no-store");
        assert_eq!(text(&signed_in, header::ETAG), "");
    }

    async fn answers_go_out_compressed_as_the_client_takes_them(desk) {
        let editor = desk.editor().await;
        editor.publish(&editor.create(json!({ "title": "Story", "sections": [{ "body": "All quays have lamps. ".repeat(200) }] })).await).await;
        let ask = |encodings: &'static str| {
            let query = [("query", "{ article(by: { slug: \"story\" }) { sections { body { html } } } }")];
            let request = desk.http.get(format!("{}/graphql", desk.address)).query(&query).header("accept-encoding", encodings);
            async move {
                let answer = request.send().await.unwrap();
                let vary = answer.headers().get_all("vary").iter().any(|value| value.to_str().unwrap().contains("accept-encoding"));
                let encoding = answer.headers().get("content-encoding").map(|value| value.to_str().unwrap().to_owned());
                (encoding.unwrap_or_default(), vary, answer.bytes().await.unwrap())
            }
        };
        let (encoding, varies, plain) = ask("identity").await;
        assert_eq!((encoding.as_str(), varies), ("", true));
        // The second time, from memory.
        for _ in 0..2 {
            for (accepted, expected) in [("gzip, deflate, br", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip")] {
                let (encoding, varies, packed) = ask(accepted).await;
                assert_eq!((encoding.as_str(), varies), (expected, true), "{accepted}");
                assert!(packed.len() < plain.len() / 5);
                let mut read = Vec::new();
                match expected {
                    "br" => brotli::Decompressor::new(&*packed, 4_096).read_to_end(&mut read).unwrap(),
                    _ => flate2::read::GzDecoder::new(&*packed).read_to_end(&mut read).unwrap(),
                };
                assert_eq!(read, plain.to_vec());
            }
        }
        // What is never kept too.
        let query = json!({ "query": "{ viewer { user { id } } article(by: { slug: \"story\" }) { sections { body { html } } } }" });
        let signed_in = editor.raw(|request| request.header("accept-encoding", "gzip").json(&query)).await;
        assert_eq!((signed_in.status, text(&signed_in, header::CONTENT_ENCODING)), (200, "gzip".to_owned()));
    }

    async fn head_tells_what_get_would_without_the_body(desk) {
        let editor = desk.editor().await;
        editor.publish(&editor.write("Story").await).await;
        let query = "{ articles { nodes { title } } }";
        let head = async || {
            let request = desk.http.head(format!("{}/graphql", desk.address)).query(&[("query", query)]);
            crate::harness::answer(request).await
        };
        // Made anew, and from memory.
        for _ in 0..2 {
            let (headed, got) = (head().await, get(&desk, query, &[]).await);
            assert_eq!((headed.status, headed.text.as_str()), (200, ""));
            assert_eq!(text(&headed, header::CONTENT_LENGTH), got.text.len().to_string());
            for name in [header::ETAG, header::CONTENT_TYPE, header::CACHE_CONTROL, header::VARY] {
                assert_eq!(text(&headed, &name), text(&got, &name));
            }
        }
        assert_eq!(crate::harness::answer(desk.http.head(format!("{}/health/live", desk.address))).await.text, "");
    }

    async fn the_operator_says_how_long_others_may_keep_an_answer(desk) {
        let settings = [("answer_max_age", "5"), ("answer_shared_max_age", "3600"), ("answer_stale_while_revalidate", "60"), ("comments_close_after_days", "1")];
        let desk = desk.restart_with(&settings).await;
        let editor = desk.editor().await;
        editor.publish(&editor.write("Story").await).await;
        let age = async |query: &str| text(&get(&desk, query, &[]).await, header::CACHE_CONTROL);
        assert_eq!(age("{ articles { nodes { title } } }").await, "public, max-age=5, s-maxage=3600, stale-while-revalidate=60");
        assert_eq!(age("{ articles(first: 1000) { nodes { title } } }").await, "no-cache", "an error");
        // What ends by itself is kept no longer than it holds, here and elsewhere.
        let open = "{ article(by: { slug: \"story\" }) { commentsOpen } }";
        desk.clock.advance_seconds(24 * 60 * 60 - 100);
        assert_eq!(age(open).await, "public, max-age=5, s-maxage=99");
        assert_eq!(desk.stranger().query(open).await.data()["article"]["commentsOpen"], true);
        desk.clock.advance_seconds(100);
        assert_eq!(desk.stranger().query(open).await.data()["article"]["commentsOpen"], false);
    }

    async fn a_clock_that_jumps_makes_no_answer_old(desk) {
        let desk = desk.restart_with(&[("comments_close_after_days", "1")]).await;
        let (editor, reader) = (desk.editor().await, desk.stranger());
        editor.publish(&editor.write("Story").await).await;
        let open = "{ article(by: { slug: \"story\" }) { commentsOpen } }";
        // Beyond the end, back again, to just before and just after it, and to before there was a story.
        for (seconds, is_open) in [(0, true), (100_000, false), (-100_000, true), (86_399, true), (1, false), (-90_000, true)] {
            desk.clock.advance_seconds(seconds);
            assert_eq!(reader.query(open).await.data()["article"]["commentsOpen"], is_open, "{seconds}");
            assert!(is_kept(&desk, &reader, open).await, "{seconds}");
            assert_eq!(reader.query(open).await.data()["article"]["commentsOpen"], is_open, "{seconds}, from memory");
        }
        // What is published by a clock that was set back is seen at once.
        let front = "{ articles { nodes { title } } }";
        assert_eq!(reader.query(front).await.data()["articles"]["nodes"].as_array().unwrap().len(), 1);
        let editor = desk.sign_in("edda@desk.example").await;
        editor.publish(&editor.write("News of yesterday").await).await;
        assert_eq!(reader.query(front).await.data()["articles"]["nodes"].as_array().unwrap().len(), 2);
    }

    async fn many_who_ask_at_once_have_it_made_once(desk) {
        let (editor, reader) = (desk.editor().await, desk.stranger());
        editor.publish(&editor.write("Story").await).await;
        let alone = {
            let before = desk.store.database.statements();
            reader.query("{ articles(first: 2) { nodes { title } } }").await;
            desk.store.database.statements() - before
        };
        let before = desk.store.database.statements();
        let asking = (0..100).map(|_| reader.query("{ articles(first: 3) { nodes { title } } }"));
        let answers = futures_util::future::join_all(asking).await;
        assert!(answers.iter().all(|answer| answer.text == answers[0].text));
        let together = desk.store.database.statements() - before;
        assert!(together <= 3 * alone, "one alone takes {alone} statements; a hundred took {together}");
    }

    async fn what_is_read_while_it_is_republished_is_never_old(desk) {
        let (editor, reader) = (desk.editor().await, desk.stranger());
        let mut draft = editor.publish(&editor.write("Round 0").await).await;
        let (stop, stopped) = tokio::sync::watch::channel(0usize);
        let readers: Vec<_> = (0..6)
            .map(|_| {
                let (reader, stopped) = (reader.clone(), stopped.clone());
                tokio::spawn(async move {
                    let mut asked = 0;
                    loop {
                        let acknowledged = *stopped.borrow();
                        if acknowledged == usize::MAX {
                            return asked;
                        }
                        let answer = reader.query("{ article(by: { slug: \"round-0\" }) { title } }").await;
                        let title = answer.data()["article"]["title"].as_str().unwrap().to_owned();
                        let round: usize = title.trim_start_matches("Round ").parse().unwrap();
                        assert!(round >= acknowledged, "round {acknowledged} was acknowledged before this was asked, and it shows {round}");
                        asked += 1;
                    }
                })
            })
            .collect();
        for round in 1..=30 {
            draft = editor.save(&draft, json!({ "title": format!("Round {round}") })).await;
            draft = editor.publish(&draft).await;
            stop.send_replace(round);
        }
        stop.send_replace(usize::MAX);
        for reader in readers {
            assert!(reader.await.unwrap() > 0);
        }
    }
}
