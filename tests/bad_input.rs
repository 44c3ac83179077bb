//! Bad input gets a clear error of the right code, changes nothing, and the server goes on serving.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Desk, Engine, on_both};

/// A four-letter word for a number.
fn radix(mut number: u32) -> String {
    let mut word = String::new();
    for _ in 0..4 {
        word.push(char::from(b'a' + u8::try_from(number % 26).unwrap()));
        number /= 26;
    }
    word
}

on_both! {
    async fn texts_are_bounded_and_every_problem_is_named(desk) {
        let editor = desk.editor().await;
        let before = desk.log_length().await;
        let input = json!({
            "title": "x".repeat(301), "slug": "…", "locale": "english", "excerpt": "nul \u{0} here",
            "sections": [{ "level": 9, "heading": "h".repeat(301), "body": "![](https://x.example/y.png) [z](javascript:alert(1))" }],
            "relatedLinks": [{ "external": { "url": "ftp://x", "title": "" } }],
        });
        let answer = editor.run("CreateArticle", json!({ "input": input })).await;
        let errors = answer.data()["createArticle"]["userErrors"].as_array().unwrap();
        let paths: Vec<String> = errors.iter().map(|error| error["path"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect::<Vec<_>>().join(".")).collect();
        assert_eq!(paths, [
            "input.title", "input.slug", "input.locale", "input.excerpt", "input.sections.0.heading", "input.sections.0.level",
            "input.sections.0.body", "input.sections.0.body", "input.relatedLinks.0.external.url", "input.relatedLinks.0.external.title",
        ]);
        let codes: Vec<&str> = errors.iter().map(|error| error["code"].as_str().unwrap()).collect();
        assert_eq!(&codes[..4], ["TOO_LONG", "INVALID", "INVALID", "INVALID"]);
        let long = editor.run("CreateArticle", json!({ "input": { "title": "x", "sections": [{ "body": "y".repeat(200_001) }] } })).await;
        assert_eq!(long.user_errors("createArticle"), ["TOO_LONG"]);
        let huge = editor.run("CreateArticle", json!({ "input": { "title": "x".repeat(10_000_000) } })).await;
        assert_eq!(huge.status, 413);
        assert_eq!(desk.log_length().await, before);
        for title in ["港の計画", "Пристань", "مرفأ", "नौका", "🌊🌊", "Ǆ"] {
            let draft = editor.write(title).await;
            assert_eq!(draft["title"], title);
            assert!(!draft["slug"].as_str().unwrap().is_empty());
        }
    }

    async fn ids_must_be_of_their_kind_and_be_there(desk) {
        let editor = desk.editor().await;
        let draft = editor.write("A story").await;
        let other = editor.write("Another").await;
        let image = editor.image("A quay").await;
        let of_image = json!({ "title": "x", "authorIds": [image] });
        let wrong = editor.run("CreateArticle", json!({ "input": of_image })).await;
        assert_eq!(wrong.error_code(), "BAD_REQUEST");
        assert_eq!(wrong.body["errors"][0]["extensions"]["argument"], json!(["input", "authorIds", "0"]));
        let unknown = "0".repeat(32);
        let missing = json!({
            "title": "x", "authorIds": [format!("aut_{unknown}")], "tagIds": [format!("tag_{unknown}")], "categoryIds": [format!("cat_{unknown}")],
            "leadFigure": { "imageId": format!("img_{unknown}") }, "relatedLinks": [{ "article": { "articleId": format!("art_{unknown}") } }],
            "sections": [{ "body": format!("![](img_{unknown})") }],
        });
        let answer = editor.run("CreateArticle", json!({ "input": missing })).await;
        assert_eq!(answer.user_errors("createArticle"), ["NOT_FOUND"; 6]);
        let one = editor.run("OneDraft", json!({ "articleId": other["articleId"] })).await;
        let section = &one.data()["viewer"]["draft"]["content"]["sections"][0]["id"];
        let stolen = json!({ "articleId": draft["articleId"], "version": 1, "sections": [{ "id": section, "body": "x" }] });
        assert_eq!(editor.run("UpdateArticle", json!({ "input": stolen })).await.user_errors("updateArticle"), ["NOT_FOUND"]);
        let reader = desk.stranger();
        assert_eq!(reader.run("ById", json!({ "id": "art_x" })).await.error_code(), "BAD_REQUEST");
        assert_eq!(reader.run("ById", json!({ "id": format!("art_{unknown}") })).await.data()["node"], Value::Null);
        assert_eq!(reader.run("ById", json!({ "id": draft["articleId"] })).await.data()["node"], Value::Null);
    }

    async fn comments_stay_under_their_article(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        let draft = editor.write("A draft").await;
        let submit = async |input: Value| {
            let mut whole = json!({ "authorName": "Rita", "authorEmail": "rita@reader.example", "body": "Hello" });
            whole.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
            reader.run("SubmitComment", json!({ "input": whole })).await.user_errors("submitComment")
        };
        assert_eq!(submit(json!({ "articleId": draft["articleId"] })).await, ["NOT_FOUND"]);
        let one = editor.publish(&draft).await;
        let two = editor.publish(&editor.write("Two").await).await;
        let comment = reader.comment(&one["articleId"], None, "First").await;
        assert_eq!(submit(json!({ "articleId": one["articleId"], "parentId": comment })).await, ["NOT_FOUND"]);
        editor.approve(&comment).await;
        assert_eq!(submit(json!({ "articleId": two["articleId"], "parentId": comment })).await, ["NOT_FOUND"]);
        assert_eq!(submit(json!({ "articleId": one["articleId"], "parentId": comment })).await, Vec::<String>::new());
        let all_wrong = submit(json!({ "articleId": one["articleId"], "authorName": " ", "authorEmail": "x", "body": "![](https://x/y)" })).await;
        assert_eq!(all_wrong, ["REQUIRED", "INVALID", "INVALID"]);
        assert_eq!(submit(json!({ "articleId": one["articleId"], "body": "x".repeat(10_001) })).await, ["TOO_LONG"]);
        let nasty = reader.comment(&one["articleId"], None, "<script>alert(1)</script><img src=x onerror=y>[z](javascript:w) fine").await;
        editor.approve(&nasty).await;
        let page = reader.run("ArticlePage", json!({ "slug": one["slug"] })).await;
        let comments = page.data()["article"]["comments"]["nodes"].as_array().unwrap();
        let html = comments.iter().find(|comment| comment["id"] == nasty).unwrap()["body"]["html"].as_str().unwrap();
        assert!(html.contains("fine") && !html.contains("<script") && !html.contains("onerror") && !html.contains("href"), "{html}");
    }

    async fn documents_that_would_hold_a_thread_are_refused_at_once(desk) {
        let reader = desk.stranger();
        reader.query("{ __typename }").await;
        let mut bomb = String::from("query { articles { nodes { ...F0 } } }");
        for number in 0..31 {
            bomb.push_str(&format!(" fragment F{number} on Article {{ ...F{n} ...F{n} }}", n = number + 1));
        }
        bomb.push_str(" fragment F31 on Article { id }");
        let cycle = "query { articles { nodes { ...A } } } fragment A on Article { ...B } fragment B on Article { ...A }".to_owned();
        let brackets = "{ a".repeat(50_000);
        let aliases = format!("{{ {} }}", (0..5_000).map(|number| format!("a{number}: __typename ")).collect::<String>());
        let introspection = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }".to_owned();
        let sign_ins = "mutation { a: signIn(input: { email: \"a\", password: \"b\" }) { userErrors { code } } b: signIn(input: { email: \"a\", password: \"b\" }) { userErrors { code } } }".to_owned();
        for document in [bomb, cycle, brackets, aliases, introspection, sign_ins] {
            let started = Instant::now();
            let answer = reader.query(&document).await;
            assert_eq!((answer.status, answer.error_code()), (422, "BAD_REQUEST"), "{}", answer.text);
            assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
        }
    }

    async fn a_section_of_another_article_cannot_be_taken(desk) {
        let editor = desk.editor().await;
        let other = editor.write("Theirs").await;
        let one = editor.run("OneDraft", json!({ "articleId": other["articleId"] })).await;
        let section = one.data()["viewer"]["draft"]["content"]["sections"][0]["id"].as_str().unwrap().to_owned();
        let mine = editor.create(json!({ "title": "Mine", "sections": [{ "body": format!("About {section}") }] })).await;
        let stolen = json!({ "articleId": mine["articleId"], "version": 1, "sections": [{ "id": section, "body": "x" }] });
        assert_eq!(editor.run("UpdateArticle", json!({ "input": stolen })).await.user_errors("updateArticle"), ["NOT_FOUND"]);
    }

    async fn a_nul_finds_nothing(desk) {
        let reader = desk.stranger();
        let document = "query ($s: String!) { article(by: { slug: $s }) { id } tag(by: { slug: $s }) { id } author(by: { slug: $s }) { id } category(by: { slug: $s }) { id }
            articles(filter: { tagSlug: $s, locale: $s }) { totalCount } search(query: $s) { totalCount } }";
        let answer = reader.query_with(document, json!({ "s": "a\u{0}" })).await;
        assert_eq!((&answer.data()["article"], &answer.data()["articles"]["totalCount"]), (&Value::Null, &json!(0)));
    }

    async fn a_long_article_is_published_and_found(desk) {
        let editor = desk.editor().await;
        let words: String = (0..27_000).map(|number| format!("{} ", radix(number))).collect();
        let sections: Vec<Value> = (0..5).map(|number| json!({ "heading": format!("Part {number}"), "body": format!("{words}\n\n# {}", &words[..60_000]) })).collect();
        let draft = editor.create(json!({ "title": "Long", "sections": sections })).await;
        editor.publish(&draft).await;
        assert_eq!(desk.stranger().run("Search", json!({ "query": "long" })).await.data()["search"]["totalCount"], 1);
    }

    async fn a_small_comment_makes_no_large_answer(desk) {
        let editor = desk.editor().await;
        let published = editor.publish(&editor.write("A story").await).await;
        let bomb = format!("{}\n{}\n{}", "|x".repeat(1_000), "|-".repeat(1_000), "a\n".repeat(2_900));
        let input = json!({ "articleId": published["articleId"], "authorName": "R", "authorEmail": "r@reader.example", "body": bomb });
        let answer = desk.stranger().run("SubmitComment", json!({ "input": input })).await;
        assert!(answer.text.len() < 50_000, "{}", answer.text.len());
    }

    async fn unknown_input_fields_are_refused_in_variables_too(desk) {
        let editor = desk.editor().await;
        let answer = editor.run("CreateTag", json!({ "input": { "name": "x", "color": "red" } })).await;
        assert_eq!(answer.error_code(), "BAD_REQUEST", "{}", answer.text);
        let wrong = editor.run("CreateTag", json!({ "input": { "name": 1 } })).await;
        assert_eq!(wrong.error_code(), "BAD_REQUEST", "{}", wrong.text);
        let two = editor.query("{ article(by: { slug: \"a\", id: \"b\" }) { id } }").await;
        assert_eq!(two.error_code(), "BAD_REQUEST", "{}", two.text);
    }

    async fn sign_in_tells_nothing(desk) {
        desk.editor().await;
        let try_with = async |email: &str, password: &str| {
            let answer = desk.stranger().run("SignIn", json!({ "input": { "email": email, "password": password } })).await;
            answer.data()["signIn"].clone()
        };
        let wrong = try_with("edda@desk.example", "wrong horse battery").await;
        assert_eq!(wrong["userErrors"][0]["code"], "INVALID");
        assert_eq!(wrong, try_with("nobody@desk.example", "wrong horse battery").await);
        assert_eq!(wrong, try_with("edda@desk.example", &"x".repeat(100_000)).await);
        assert_eq!(wrong, try_with("edda@desk.example", "\u{0}").await);
    }

    async fn a_broken_store_leaks_nothing(desk) {
        let editor = desk.editor().await;
        let draft = editor.write("A story").await;
        desk.tamper("DROP TABLE changes").await;
        let answer = editor.run("UpdateArticle", json!({ "input": { "articleId": draft["articleId"], "version": 1, "title": "Lost" } })).await;
        assert_eq!(answer.error_code(), "INTERNAL");
        let error = &answer.body["errors"][0];
        assert_eq!(error["extensions"]["requestId"], answer.headers["x-request-id"].to_str().unwrap());
        for word in ["changes", "table", "relation", "SQL", "sql", "sea_orm"] {
            assert!(!answer.text.contains(word), "{}", answer.text);
        }
        // Nothing half-written, and the rest goes on.
        let one = editor.run("OneDraft", json!({ "articleId": draft["articleId"] })).await;
        assert_eq!(one.data()["viewer"]["draft"]["title"], "A story");
        desk.tamper("DROP TABLE related_links").await;
        assert_eq!(desk.stranger().query("{ articles { nodes { title } } }").await.status, 200);
    }
}

#[tokio::test]
async fn a_locked_database_is_waited_for_and_a_full_or_read_only_one_refuses() {
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    let editor = desk.editor().await;
    // Another process holds the write lock for a while: the write waits and is done.
    let other = desk.second_node().await;
    let held = other.store.database.begin().await.unwrap();
    let waiting = tokio::spawn({
        let editor = editor.clone();
        async move { editor.create_tag("Patient").await }
    });
    assert_eq!(desk.stranger().query("{ articles { nodes { id } } }").await.status, 200);
    assert!(!waiting.is_finished());
    drop(held);
    waiting.await.unwrap();
    // The disk is full: what fits is written, what doesn't is refused whole; once there is room, writing goes on.
    desk.tamper("PRAGMA max_page_count = 1").await;
    let mut written = 0;
    let refused = loop {
        let answer = editor.run("CreateTag", json!({ "input": { "name": format!("Tag {written}") } })).await;
        if answer.body.get("errors").is_some() {
            break answer;
        }
        written += 1;
        assert!(written < 1_000, "the database never got full");
    };
    assert_eq!(refused.error_code(), "INTERNAL");
    assert!(!refused.text.contains("full") && !refused.text.contains("disk"), "{}", refused.text);
    desk.tamper("PRAGMA max_page_count = 1000000").await;
    editor.create_tag("After the disk was full").await;
    assert_eq!(desk.verify().await, Vec::<String>::new());
    // The disk turns read-only under the server.
    desk.tamper("PRAGMA query_only = 1").await;
    let refused = editor.run("CreateTag", json!({ "input": { "name": "Refused" } })).await;
    assert_eq!(refused.error_code(), "INTERNAL");
    assert_eq!(desk.stranger().query("{ articles { nodes { id } } }").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_goes_away_comes_back_without_a_restart() {
    use copydesk::config::DatabaseAddress;
    use sea_orm::ConnectionTrait as _;

    let Some(desk) = Desk::open(Engine::Postgres).await else { return };
    let editor = desk.editor().await;
    let DatabaseAddress::Postgres(address) = desk.store.config.database.clone() else { unreachable!() };
    let (server, name) = address.rsplit_once('/').unwrap();
    let maintenance = sea_orm::Database::connect(format!("{server}/postgres")).await.unwrap();
    let run = async |sql: String| maintenance.execute_unprepared(&sql).await.unwrap();
    run(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
    run(format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")).await;

    let ready = || desk.http.get(format!("{}/health/ready", desk.address)).send();
    assert_eq!(ready().await.unwrap().status(), 503);
    let read = desk.stranger().query("{ articles { nodes { id } } }").await;
    assert_eq!((read.status, read.error_code()), (294, "INTERNAL"));
    // Who asks can't be told: neither the public nor refused.
    let signed_in = editor.query("{ viewer { user { id } } }").await;
    assert_eq!((signed_in.status, signed_in.error_code()), (503, "INTERNAL"));
    for answer in [&read, &signed_in] {
        assert!(!answer.text.contains(name) && !answer.text.contains("connect"), "{}", answer.text);
    }
    run(format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    assert_eq!(ready().await.unwrap().status(), 200);
    editor.create_tag("Back again").await;
}
