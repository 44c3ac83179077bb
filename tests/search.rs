//! Search as readers know it: the same words find the same articles on both databases.

use copydesk::article::reindex::{self, Progress};
use copydesk::operation::{Operation, Viewer};
use serde_json::json;

use crate::harness::{Actor, on_both};

/// A text, what somebody types, and whether that finds it.
const CASES: &[(&str, &str, bool)] = &[
    // Accents, case, ligatures, compatibility forms.
    ("The Café Müller", "cafe muller", true),
    ("The Café Müller", "CAFÉ", true),
    ("Cafe", "café", true),
    ("Cafe\u{301}", "café", true),
    ("Zürich Straße", "strasse", false),
    ("ﬁnance for the œuvre", "finance", true),
    ("Ⅷ and ½ and ①", "viii", true),
    ("Ⅷ and ½ and ①", "1", true),
    ("Ångström İstanbul", "angstrom istanbul", true),
    ("Łódź Øresund", "lodz", false),
    // Words, their beginnings, and all of them.
    ("The harbor cranes move", "crane", true),
    ("The harbor cranes move", "cran move", false),
    ("The harbor cranes move", "move cran", true),
    ("The harbor cranes move", "harbor bridge", false),
    ("The harbor cranes move", "arbor", false),
    // Apostrophes, hyphens, numbers, signs.
    ("O’Neill's well-known AT&T deal", "o'neill", true),
    ("O’Neill's well-known AT&T deal", "well known", true),
    ("O’Neill's well-known AT&T deal", "well-known", true),
    ("O’Neill's well-known AT&T deal", "wellknown", false),
    ("O’Neill's well-known AT&T deal", "at&t", true),
    ("It costs 3.14 or 1e5 or 0x1f", "3.14", true),
    ("It costs 3.14 or 1e5 or 0x1f", "1e5", true),
    ("It costs 3.14 or 1e5 or 0x1f", "0x1f", true),
    ("COVID-19 in 2020", "covid 19", true),
    ("snake_case and C++", "snake", true),
    ("snake_case and C++", "c++", true),
    ("write to desk@example.org or https://example.org/a?b=c", "desk@example.org", true),
    ("write to desk@example.org or https://example.org/a?b=c", "example.org/a", true),
    // Scripts: Chinese, Japanese, Korean, Arabic, Hebrew, Hindi, Thai, Greek, Cyrillic, and newer ones.
    ("東京都の港で", "東京", true),
    ("東京都の港で", "京都", true),
    ("東京都の港で", "港", true),
    ("東京都の港で", "大阪", false),
    ("カタカナとひらがな", "カナ", true),
    ("ｶﾀｶﾅ", "カタカナ", true),
    ("서울의 항구는", "서울", true),
    ("서울의 항구는", "항구", true),
    ("서울의 항구는", "부산", false),
    ("مَرْحَبًا بالعالم", "مرحبا", true),
    ("שָׁלוֹם עולם", "שלום", true),
    ("हिन्दी समाचार", "हिन्दी", true),
    ("ข่าวภาษาไทย", "ข่าว", true),
    ("Ἀθῆναι καὶ Σπάρτη", "αθηναι", true),
    ("Москва и Ёлка", "елка", true),
    ("𞤀𞤣𞤤𞤢𞤥 pular", "𞤀𞤣𞤤𞤢𞤥", true),
    ("꓿ 𑄌𑄋𑄴𑄟 chakma", "chakma", true),
    ("௧௦ tamil digits", "௧௦", true),
    // What is an operator to an engine is a word, or nothing, to us.
    ("Either OR neither AND NOT both", "or", true),
    ("Either OR neither AND NOT both", "either or neither", true),
    ("Either OR neither AND NOT both", "both NOT either", true),
    ("Either OR neither AND NOT both", "NEAR(either both)", false),
    ("Plain words", "\"plain words\"", true),
    ("Plain words", "words:*", true),
    ("Plain words", "title:plain", false),
    ("Plain words", "plain* & words | x", false),
    ("Plain words", "^plain", true),
    ("Plain words", "-plain", true),
    ("Plain words", "plain words -- ; DROP TABLE search", false),
    ("Plain words", "{plain} (words)", true),
    ("Plain words", "pl\u{200B}ain", false),
];

async fn found(reader: &Actor, query: &str) -> Vec<String> {
    let answer = reader.run("Search", json!({ "query": query, "first": 100 })).await;
    let edges = answer.data()["search"]["edges"].as_array().unwrap().clone();
    assert_eq!(answer.data()["search"]["totalCount"], json!(edges.len()), "{query}");
    edges.iter().map(|edge| edge["node"]["title"].as_str().unwrap().to_owned()).collect()
}

on_both! {
    async fn the_same_words_find_the_same_articles(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        let mut texts: Vec<&str> = CASES.iter().map(|(text, _, _)| *text).collect();
        texts.dedup();
        for (number, text) in texts.iter().enumerate() {
            let input = json!({ "title": format!("Numbered {number}"), "sections": [{ "body": text }] });
            editor.publish(&editor.create(input).await).await;
        }
        let mut wrong = Vec::new();
        for (text, query, is_found) in CASES {
            let number = texts.iter().position(|other| other == text).unwrap();
            if found(&reader, query).await.contains(&format!("Numbered {number}")) != *is_found {
                wrong.push((text, query, is_found));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_search_is_narrowed_as_a_list_is(desk) {
        let mut editor = desk.editor().await;
        let reader = desk.stranger();
        let (author, tag) = (editor.create_author("Ann").await, editor.create_tag("Trams").await);
        let above = editor.create_category("City", None).await;
        let category = editor.create_category("Traffic", Some(&above)).await;
        for (title, fields) in [
            ("Harbor of Ann", json!({ "authorIds": [author] })),
            ("Harbor of trams", json!({ "tagIds": [tag] })),
            ("Harbor of the city", json!({ "categoryIds": [category], "locale": "de" })),
            ("Something else of Ann", json!({ "authorIds": [author] })),
        ] {
            let mut input = json!({ "title": title, "sections": [{ "body": "Words." }] });
            input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            editor.publish(&editor.create(input).await).await;
            desk.clock.advance_seconds(40 * 86_400);
            editor = desk.sign_in("edda@desk.example").await;
        }
        let read = async |filter: &str| {
            let answer = reader.query(&format!("{{ search(query: \"harbor\", filter: {{ {filter} }}) {{ totalCount nodes {{ title }} }} }}")).await;
            let found = &answer.data()["search"];
            let titles: Vec<String> = found["nodes"].as_array().unwrap().iter().map(|node| node["title"].as_str().unwrap().to_owned()).collect();
            assert_eq!(found["totalCount"], json!(titles.len()));
            titles
        };
        assert_eq!(read("").await.len(), 3);
        assert_eq!(read("authorSlug: \"ann\"").await, ["Harbor of Ann"]);
        assert_eq!(read("tagSlug: \"trams\"").await, ["Harbor of trams"]);
        assert_eq!(read("categorySlug: \"city\"").await, ["Harbor of the city"]);
        assert_eq!(read("locale: \"de\"").await, ["Harbor of the city"]);
        assert_eq!(read("publishedIn: { year: 2027, month: 1 }").await, ["Harbor of trams"]);
        assert_eq!(read("tagSlug: \"trams\", publishedIn: { year: 2026 }").await, Vec::<String>::new());
        assert_eq!(read("tagSlug: \"nothing\"").await, Vec::<String>::new());
        // A cursor belongs to its filter.
        let page = reader.query("{ search(query: \"harbor\", first: 1) { pageInfo { endCursor } } }").await;
        let cursor = page.data()["search"]["pageInfo"]["endCursor"].as_str().unwrap().to_owned();
        let other = reader.query_with(
            "query ($after: String) { search(query: \"harbor\", filter: { locale: \"en\" }, after: $after) { nodes { id } } }", json!({ "after": cursor })).await;
        assert_eq!(other.error_code(), "BAD_REQUEST");
    }

    async fn what_is_typed_does_no_harm(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        let script = "<script>alert(1)</script> & \"quoted\" <b>harbor</b>";
        editor.publish(&editor.create(json!({ "title": "Plain", "excerpt": script, "sections": [{ "body": "Words." }] })).await).await;
        let answer = reader.run("Search", json!({ "query": "harbor script" })).await;
        let html = answer.data()["search"]["edges"][0]["snippet"]["html"].as_str().unwrap().to_owned();
        assert!(html.contains("<mark>script</mark>") && html.contains("<mark>harbor</mark>"), "{html}");
        assert!(!html.replace("<mark>", "").replace("</mark>", "").contains('<'), "{html}");
        for nothing in ["", "   ", "\" * ' & | ! ( ) : < > - + ~ ^ %", "\u{0}", "🚢🚢"] {
            assert_eq!(found(&reader, nothing).await, Vec::<String>::new(), "{nothing:?}");
        }
        // A million characters: those that count are read, and nothing breaks.
        for long in ["x".repeat(1_000_000), "harbor ".repeat(140_000), "\"".repeat(1_000_000)] {
            let answer = reader.run("Search", json!({ "query": long })).await;
            assert!(answer.body["errors"].is_null() || answer.error_code() == "BAD_REQUEST", "{}", answer.text);
        }
    }

    async fn an_index_that_is_wrong_is_made_anew(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        for number in 0..3 {
            editor.publish(&editor.write(&format!("Harbor {number}")).await).await;
        }
        desk.tamper("UPDATE search SET title = 'nothing' WHERE title = 'harbor 1'").await;
        desk.tamper("DELETE FROM search WHERE title = 'harbor 2'").await;
        assert_eq!(desk.verify().await.len(), 2);
        let operator = Operation::new(std::sync::Arc::clone(&desk.store), Viewer::Operator, "test");
        let done = reindex::reindex(&operator, &|_| {}).await.unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(done, Progress { read: 3, written: 2 });
        desk.store.database.rebuild_search_index().await.unwrap();
        assert_eq!(desk.verify().await, Vec::<String>::new());
        let mut titles = found(&reader, "harbor").await;
        titles.sort();
        assert_eq!(titles, ["Harbor 0", "Harbor 1", "Harbor 2"]);
        assert_eq!(desk.log_after(desk.log_length().await - 1).await, ["SEARCH_REINDEXED 2 articles"]);
        let again = reindex::reindex(&operator, &|_| {}).await.unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(again, Progress { read: 3, written: 0 });
        let editors = editor.query("{ viewer { changes { nodes { action } } } }").await;
        assert!(editors.data()["viewer"]["changes"]["nodes"].as_array().unwrap().contains(&json!({ "action": "SEARCH_REINDEXED" })));
    }

    async fn where_the_words_stand_says_what_is_best(desk) {
        let editor = desk.editor().await;
        for (title, excerpt, heading, body) in [
            ("In the title: harbor crane", "", "", "Words."),
            ("Over title and excerpt: harbor", "A crane.", "", "Words."),
            ("Under a heading", "A harbor.", "The crane", "Words."),
            ("In the text", "", "", "A crane at the harbor."),
            ("In the text, too", "", "", "A harbor with a crane."),
            ("Newer: cranes at the harbor, in the title", "", "", "Words."),
        ] {
            desk.clock.advance_seconds(1);
            let sections = json!([{ "body": "First." }, { "heading": (!heading.is_empty()).then_some(heading), "body": body }]);
            let content = json!({ "title": title, "excerpt": excerpt, "sections": sections });
            editor.publish(&editor.create(content).await).await;
        }
        let answer = desk.stranger().query("{ search(query: \"harbor crane\", first: 10) { edges { score node { title } } } }").await;
        let edges = answer.data()["search"]["edges"].as_array().unwrap();
        let found: Vec<(f64, &str)> = edges.iter().map(|edge| (edge["score"].as_f64().unwrap(), edge["node"]["title"].as_str().unwrap())).collect();
        assert_eq!(found, [
            (4.0, "Newer: cranes at the harbor, in the title"),
            (4.0, "In the title: harbor crane"),
            (3.0, "Over title and excerpt: harbor"),
            (2.0, "Under a heading"),
            (1.0, "In the text, too"),
            (1.0, "In the text"),
        ]);
    }

}
