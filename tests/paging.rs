//! Lists page by page, in both directions, steady while content is added.

use serde_json::{Value, json};

use crate::harness::{Actor, on_both};

async fn walk(reader: &Actor, list: &str, size: usize, forward: bool) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let (count, bound) = if forward { ("first", "after") } else { ("last", "before") };
        let document = format!(
            "query ($cursor: String) {{ list: {} {{ nodes {{ id }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}",
            list.replace("ARGS", &format!("{count}: {size}, {bound}: $cursor"))
        );
        let answer = reader.query_with(&document, json!({ "cursor": cursor })).await;
        let page = &answer.data()["list"];
        let ids: Vec<String> = page["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| node["id"].as_str().unwrap().to_owned())
            .collect();
        assert!(ids.len() <= size);
        let info = &page["pageInfo"];
        if forward {
            assert_eq!(info["hasPreviousPage"], !cursor.is_null());
            found.extend(ids);
            cursor = info["endCursor"].clone();
        } else {
            assert_eq!(info["hasNextPage"], !cursor.is_null());
            found.splice(0..0, ids);
            cursor = info["startCursor"].clone();
        }
        let goes_on = if forward { &info["hasNextPage"] } else { &info["hasPreviousPage"] };
        if goes_on == &json!(false) {
            return found;
        }
    }
}

on_both! {
    async fn both_directions_meet(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        let (tag, category) = (editor.create_tag("Trams").await, editor.create_category("City", None).await);
        for name in ["Zoë", "Ánna", "bob", "Åsa", "Carl", "anna", "Ähm"] {
            let author = editor.create_author(name).await;
            let draft = editor.create(json!({ "title": format!("By {name}"), "sections": [{ "body": "Words" }], "authorIds": [author], "tagIds": [tag], "categoryIds": [category] })).await;
            editor.publish(&draft).await;
            // Two of three stand in the same millisecond.
            if name.len() % 3 == 0 {
                desk.clock.advance_seconds(1);
            }
        }
        for list in [
            "articles(ARGS)", "articles(ARGS, orderBy: PUBLISHED_AT_ASC)", "articles(ARGS, filter: { tagSlug: \"trams\" })",
            "articles(ARGS, filter: { tagSlug: \"trams\", categorySlug: \"city\", publishedAfter: \"2020-01-01T00:00:00Z\" })", "authors(ARGS)", "tags(ARGS)",
        ] {
            let whole = walk(&reader, list, 100, true).await;
            for size in [1, 2, 3] {
                assert_eq!(walk(&reader, list, size, true).await, whole, "{list} by {size}");
                assert_eq!(walk(&reader, list, size, false).await, whole, "{list} backward by {size}");
            }
        }
        let nested = "query ($after: String) { tag(by: { slug: \"trams\" }) { articles(first: 3, after: $after) { totalCount nodes { id } pageInfo { endCursor hasNextPage } } } }";
        let mut found = Vec::new();
        let mut after = Value::Null;
        loop {
            let answer = reader.query_with(nested, json!({ "after": after })).await;
            let page = &answer.data()["tag"]["articles"];
            assert_eq!(page["totalCount"], 7);
            found.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap().to_owned()));
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] == json!(false) {
                break;
            }
        }
        assert_eq!(found, walk(&reader, "articles(ARGS)", 100, true).await);
        let names = reader.query("{ authors { nodes { name } } }").await;
        let names: Vec<&str> = names.data()["authors"]["nodes"].as_array().unwrap().iter().map(|author| author["name"].as_str().unwrap()).collect();
        assert_eq!(&names[..1], ["Ähm"]);
        assert_eq!(&names[3..], ["Åsa", "bob", "Carl", "Zoë"]);
    }

    async fn a_page_stays_where_it_is_while_stories_are_added(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        for number in 0..4 {
            desk.clock.advance_seconds(1);
            editor.publish(&editor.write(&format!("Old {number}")).await).await;
        }
        let titles = |answer: &crate::harness::Answer| answer.data()["articles"]["nodes"].as_array().unwrap().iter().map(|node| node["title"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
        let first = reader.run("FrontPage", json!({ "first": 2 })).await;
        assert_eq!(titles(&first), ["Old 3", "Old 2"]);
        desk.clock.advance_seconds(1);
        editor.publish(&editor.write("New").await).await;
        let cursor = &first.data()["articles"]["pageInfo"]["endCursor"];
        let second = reader.run("FrontPage", json!({ "first": 2, "after": cursor })).await;
        assert_eq!(titles(&second), ["Old 1", "Old 0"]);
    }

    async fn cursors_are_sealed(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        for title in ["One", "Two"] {
            editor.publish(&editor.write(title).await).await;
        }
        let page = reader.run("FrontPage", json!({ "first": 1 })).await;
        let cursor = page.data()["articles"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
        let other = reader.query_with("query ($c: String) { articles(after: $c, orderBy: PUBLISHED_AT_ASC) { nodes { id } } }", json!({ "c": cursor })).await;
        assert_eq!(other.error_code(), "BAD_REQUEST");
        assert!(other.text.contains("another list"));
        assert_eq!(other.body["errors"][0]["extensions"]["argument"], json!(["after"]));
        let other_end = if cursor.ends_with('A') { "B" } else { "A" };
        for forged in ["", "x", "AAAA", &format!("{}{other_end}", &cursor[..cursor.len() - 1]), &cursor[1..]] {
            let answer = reader.run("FrontPage", json!({ "after": forged })).await;
            assert_eq!(answer.error_code(), "BAD_REQUEST", "{forged}");
        }
        for arguments in ["first: 101", "first: -1", "last: 101", "first: 1, last: 1"] {
            let answer = reader.query(&format!("{{ articles({arguments}) {{ nodes {{ id }} }} }}")).await;
            assert_eq!(answer.error_code(), "BAD_REQUEST", "{arguments}");
        }
        assert_eq!(reader.query("{ articles(first: 0) { nodes { id } pageInfo { hasNextPage } } }").await.data()["articles"], json!({ "nodes": [], "pageInfo": { "hasNextPage": true } }));
    }
}
