//! GraphQL over HTTP: media types, statuses, and the specification's null propagation and key order.

use serde_json::{Value, json};

use crate::harness::{Desk, Engine, on_both};

const NEW: &str = "application/graphql-response+json";
const OLD: &str = "application/json";

on_both! {
    async fn statuses_and_media_types(desk) {
        let reader = desk.stranger();
        let deep = format!("{{ articles {{ nodes {} id {} }} }}", "{ authors { articles { nodes ".repeat(6), "} } }".repeat(6));
        for (body, status) in [
            (json!({ "query": "{ __typename }" }).to_string(), 200),
            (json!({ "query": "{ articles(first: 101) { nodes { id } } }" }).to_string(), 294),
            (json!({ "query": "{ __typename" }).to_string(), 400),
            ("{".to_owned(), 400),
            ("[]".to_owned(), 400),
            (r#"{ "variables": {} }"#.to_owned(), 400),
            (r#"{ "query": 1 }"#.to_owned(), 400),
            (r#"{ "query": "{ __typename }", "variables": [] }"#.to_owned(), 400),
            (json!({ "query": "{ nothing }" }).to_string(), 422),
            (json!({ "query": "{ article(by: { slug: 1 }) { id } }" }).to_string(), 422),
            (json!({ "query": "query ($s: String!) { article(by: { slug: $s }) { id } }" }).to_string(), 422),
            (json!({ "query": "{ __typename }", "operationName": "Missing" }).to_string(), 422),
            (json!({ "query": deep }).to_string(), 422),
        ] {
            for (accept, expected) in [(NEW, status), (OLD, if status == 400 && !body.contains("__typename\"") { 400 } else { 200 })] {
                let answer = reader.raw(|request| request.header("accept", accept).header("content-type", OLD).body(body.clone())).await;
                assert_eq!(answer.status, expected, "{accept}: {body}: {}", answer.text);
                assert!(answer.headers["content-type"].to_str().unwrap().starts_with(accept));
                assert_eq!(answer.headers["x-request-id"].len(), 24);
                let is_request_error = status >= 400;
                assert_eq!(answer.body.get("data").is_none(), is_request_error, "{}", answer.text);
                if status != 200 {
                    assert_eq!(answer.body["errors"][0]["extensions"]["code"], "BAD_REQUEST", "{}", answer.text);
                }
            }
        }
    }

    async fn what_is_not_accepted(desk) {
        let reader = desk.stranger();
        let body = json!({ "query": "{ __typename }" }).to_string();
        let none = reader.raw(|request| request.header("accept", "text/html").header("content-type", OLD).body(body.clone())).await;
        assert_eq!(none.status, 406);
        let form = reader.raw(|request| request.header("content-type", "application/x-www-form-urlencoded").body("query=%7B__typename%7D")).await;
        assert_eq!(form.status, 415);
        let plain = reader.raw(|request| request.header("content-type", "text/plain").body(body.clone())).await;
        assert_eq!(plain.status, 415);
        let url = format!("{}/graphql", desk.address);
        let put = desk.http.put(&url).send().await.unwrap();
        assert_eq!((put.status().as_u16(), put.headers()["allow"].to_str().unwrap()), (405, "GET, POST"));
        let get = desk.http.get(&url).query(&[("query", "{ __typename }")]).send().await.unwrap();
        assert_eq!(get.json::<Value>().await.unwrap(), json!({ "data": { "__typename": "Query" } }));
        let mutation = "mutation { createTag(input: { name: \"x\" }) { tag { id } } }";
        assert_eq!(desk.http.get(&url).query(&[("query", mutation)]).send().await.unwrap().status(), 405);
        let variables = [("query", "query ($i: ID!) { node(id: $i) { id } }"), ("variables", "{")];
        assert_eq!(desk.http.get(&url).query(&variables).send().await.unwrap().status(), 400);
        let large = reader.raw(|request| request.header("content-type", OLD).body(vec![b' '; 5_000_001])).await;
        assert_eq!(large.status, 413);
        let utf8 = reader.raw(|request| request.header("content-type", OLD).body(b"{\"query\":\"\xff\"}".to_vec())).await;
        assert_eq!(utf8.status, 400);
    }

    async fn a_bad_token_is_refused_whole(desk) {
        let mut actor = desk.editor().await;
        let good = actor.token.clone().unwrap();
        let parts: Vec<&str> = good.split('.').collect();
        let claims = parts[1];
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{claims}.");
        let hmac = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.{claims}.AAAA");
        let cut = good[..good.len() - 2].to_owned();
        for bad in [String::new(), "x".to_owned(), none, hmac, cut, format!("{}.{}.{}", parts[0], parts[2], parts[2])] {
            actor.token = Some(bad.clone());
            let answer = actor.query("{ articles { nodes { id } } }").await;
            assert_eq!((answer.status, answer.error_code()), (401, "UNAUTHENTICATED"), "{bad}");
            assert!(answer.body.get("data").is_none() && answer.headers.contains_key("www-authenticate"));
        }
        actor.token = Some(good);
        assert_eq!(actor.query("{ viewer { user { name } } }").await.data()["viewer"]["user"]["name"], "Edda");
        desk.clock.advance_seconds(15 * 60);
        assert_eq!(actor.query("{ viewer { user { name } } }").await.status, 401);
        // Deactivated at once, whatever the token says.
        let again = desk.sign_in("edda@desk.example").await;
        desk.tamper("UPDATE users SET is_active = FALSE").await;
        assert_eq!(again.query("{ viewer { user { name } } }").await.status, 401);
    }

    async fn nulls_and_keys_are_the_specifications(desk) {
        let reader = desk.stranger();
        // A field that fails and may be null leaves the rest; keys stand in the order of the query.
        let answer = reader.query("{ z: __typename bad: node(id: \"x\") { id } a: __typename article(by: { slug: \"none\" }) { id } }").await;
        assert_eq!(answer.status, 294);
        assert!(answer.text.contains(r#""data":{"z":"Query","bad":null,"a":"Query","article":null}"#), "{}", answer.text);
        assert_eq!(answer.body["errors"][0]["path"], json!(["bad"]));
        // One that may not be null takes its parent with it: here the whole of the data.
        let answer = reader.query("{ z: __typename articles(first: 101) { nodes { id } } }").await;
        assert!(answer.text.ends_with(r#""data":null}"#) || answer.text.contains(r#""data":null"#), "{}", answer.text);
        assert_eq!((answer.status, &answer.body["errors"][0]["path"]), (294, &json!(["articles"])));
        // Deeper: the nearest field that may be null.
        let editor = desk.editor().await;
        let published = editor.publish(&editor.write("A story").await).await;
        let document = format!("{{ article(by: {{ id: {} }}) {{ title comments(first: 101) {{ nodes {{ id }} }} }} other: __typename }}", published["articleId"]);
        let answer = reader.query(&document).await;
        assert_eq!(answer.body["data"], json!({ "article": null, "other": "Query" }));
        assert_eq!(answer.body["errors"][0]["path"], json!(["article", "comments"]));
        // Merged fields, fragments, @skip and @include.
        let document = "query ($yes: Boolean!) { ...A b: categories @skip(if: $yes) { id } c: categories @include(if: $yes) { id } } fragment A on Query { a: __typename articles { nodes { title } } articles { nodes { slug } } }";
        let answer = reader.query_with(document, json!({ "yes": true })).await;
        assert!(answer.text.contains(r#"{"data":{"a":"Query","articles":{"nodes":[{"title":"A story","slug":"a-story"}]},"c":[]}}"#), "{}", answer.text);
    }

    async fn the_cost_is_told_to_who_asks(desk) {
        let reader = desk.stranger();
        let body = json!({ "query": "{ articles(first: 5) { nodes { id } } }" });
        let answer = reader.raw(|request| request.header("x-copydesk-cost", "1").json(&body)).await;
        assert_eq!(answer.body["extensions"]["cost"], json!({ "cost": 6, "limit": 10_000 }));
        let document = "query ($n: Int!) { articles(first: $n) { nodes { comments(first: 100) { nodes { replies(first: 100) { nodes { id } } } } } } }";
        let refused = reader.query_with(document, json!({ "n": 100 })).await;
        assert_eq!((refused.status, refused.error_code()), (422, "BAD_REQUEST"));
        assert!(refused.text.contains("10000"));
        assert_eq!(reader.query_with(document, json!({ "n": 0 })).await.status, 200);
    }
}

#[tokio::test]
async fn introspection_can_be_closed() {
    let open = Desk::open(Engine::Sqlite).await.unwrap();
    assert!(
        open.stranger().query("{ __schema { queryType { name } } }").await.data()["__schema"].is_object()
    );
    let closed = Desk::open_with(Engine::Sqlite, &[("introspection", "false")]).await.unwrap();
    assert_eq!(
        closed.stranger().query("{ __schema { queryType { name } } }").await.error_code(),
        "BAD_REQUEST"
    );
    assert_eq!(closed.stranger().query("{ __typename }").await.status, 200);
}

#[tokio::test]
async fn health_cors_and_headers() {
    let desk = Desk::open_with(Engine::Sqlite, &[("cors_origins", "https://site.example")]).await.unwrap();
    for path in ["health/live", "health/ready"] {
        assert_eq!(desk.http.get(format!("{}/{path}", desk.address)).send().await.unwrap().status(), 200);
    }
    let preflight = |origin: &'static str| {
        desk.http
            .request(reqwest::Method::OPTIONS, format!("{}/graphql", desk.address))
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type")
            .send()
    };
    let allowed = preflight("https://site.example").await.unwrap();
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://site.example");
    assert!(allowed.headers()["access-control-allow-headers"].to_str().unwrap().contains("authorization"));
    assert!(
        !preflight("https://evil.example")
            .await
            .unwrap()
            .headers()
            .contains_key("access-control-allow-origin")
    );
    let asked_from = |desk: &Desk, origin: &'static str| {
        desk.http.get(format!("{}/health/live", desk.address)).header("origin", origin).send()
    };
    let read = asked_from(&desk, "https://site.example").await.unwrap();
    assert_eq!(read.headers()["access-control-allow-origin"], "https://site.example");
    assert_eq!(read.headers()["vary"], "origin");
    let unread = asked_from(&desk, "https://evil.example").await.unwrap();
    assert!(!unread.headers().contains_key("access-control-allow-origin"));
    let page = desk.http.get(format!("{}/graphiql", desk.address)).send().await.unwrap();
    for name in ["content-security-policy", "x-content-type-options", "referrer-policy", "x-frame-options"] {
        assert!(page.headers().contains_key(name), "{name}");
    }
}

/// What every page may read is the same for all: a cache keeps one answer for them.
#[tokio::test]
async fn an_api_that_is_open_to_all_sites_says_so_whoever_asks() {
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    let post =
        || desk.http.post(format!("{}/graphql", desk.address)).json(&json!({ "query": "{ __typename }" }));
    for request in [post(), post().header("origin", "https://site.example")] {
        let answer = request.send().await.unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], "*");
        let exposed = answer.headers()["access-control-expose-headers"].to_str().unwrap();
        assert_eq!(exposed, "x-request-id,retry-after,etag");
        assert_eq!(answer.headers().get_all("vary").iter().count(), 1);
    }
    let preflight = desk
        .http
        .request(reqwest::Method::OPTIONS, format!("{}/graphql", desk.address))
        .header("origin", "https://site.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 200);
    assert_eq!(preflight.headers()["access-control-allow-origin"], "*");
    assert_eq!(preflight.headers()["access-control-allow-methods"], "GET,POST");
    assert_eq!(preflight.headers()["access-control-allow-headers"], "content-type");
    assert_eq!(preflight.headers()["access-control-max-age"], "86400");
}

/// What clients build upon: the shape of every kind of error, as text under review.
#[tokio::test]
async fn error_shapes() {
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    let (editor, contributor, reader) = (desk.editor().await, desk.contributor().await, desk.stranger());
    let draft = contributor.write("A story").await;
    let publish = json!({ "input": { "articleId": draft["articleId"], "version": 1 } });
    let stale = json!({ "input": { "articleId": draft["articleId"], "version": 7, "title": "x" } });
    let blank = json!({ "input": { "articleId": editor.create(json!({ "title": "" })).await["articleId"], "version": 1 } });
    let mut shapes = serde_json::Map::new();
    for (name, answer) in [
        ("a document that can't be parsed", reader.query("{ articles {").await),
        ("an unknown field", reader.query("{ nothing }").await),
        ("a missing variable", reader.query("query ($id: ID!) { node(id: $id) { id } }").await),
        ("too much", reader.query("{ articles(first: 100) { nodes { comments(first: 100) { nodes { id } } } } }").await),
        ("an id of another kind", reader.query("{ article(by: { id: \"img_1\" }) { id } }").await),
        ("a forged cursor", reader.query("{ viewer { user { id } } articles(after: \"x\") { nodes { id } } }").await),
        ("nobody signed in", reader.query("mutation { createTag(input: { name: \"x\" }) { tag { id } } }").await),
        ("not allowed", contributor.query("mutation { createTag(input: { name: \"x\" }) { tag { id } } }").await),
        ("a stale version", contributor.query_with("mutation ($input: UpdateArticleInput!) { updateArticle(input: $input) { draft { title } userErrors { code message path } } }", stale).await),
        ("a blocking check", editor.query_with("mutation ($input: PublishArticleInput!) { publishArticle(input: $input) { article { id } userErrors { code message path } } }", blank).await),
        ("a contributor publishes", contributor.query_with("mutation ($input: PublishArticleInput!) { publishArticle(input: $input) { article { id } } }", publish).await),
    ] {
        shapes.insert(format!("{name} ({})", answer.status), answer.body);
    }
    insta::assert_json_snapshot!(shapes);
}
