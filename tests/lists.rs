//! Lists by what articles have, the archive, who refers to an article, and what to read next.

use copydesk::demo::generate::{Plan, generate};
use serde_json::{Value, json};

use crate::harness::{Actor, Desk, Engine, on_both};

async fn archive(reader: &Actor) -> Value {
    let answer = reader.query("{ archive { year articleCount months { month articleCount } } }").await;
    answer.data()["archive"].clone()
}

/// The titles of a list, with its count.
async fn titles(reader: &Actor, list: &str) -> (Vec<String>, u64) {
    let answer = reader.query(&format!("{{ list: {list} {{ totalCount nodes {{ title }} }} }}")).await;
    let list = &answer.data()["list"];
    let titles = list["nodes"].as_array().unwrap().iter().map(|node| text(&node["title"])).collect();
    (titles, list["totalCount"].as_u64().unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// What an article has, by number: every mixture of two authors, two tags, two categories and two languages.
struct Mixture {
    number: usize,
    has: [bool; 4],
    hour: usize,
}

async fn mixtures(desk: &Desk, mut editor: Actor) -> Vec<Mixture> {
    let author = editor.create_author("Ann").await;
    let tag = editor.create_tag("Trams").await;
    let above = editor.create_category("City", None).await;
    let category = editor.create_category("Traffic", Some(&above)).await;
    let mut made = Vec::new();
    for number in 0..20_usize {
        // Seven and sixteen have no common divisor: neighbors differ in several things.
        let has = [1, 2, 4, 8].map(|bit| (number * 7) & bit != 0);
        let given = |is: bool, id: &str| if is { json!([id]) } else { json!([]) };
        let draft = editor.create(json!({
            "title": format!("Story {number:02}"), "sections": [{ "body": "Words." }], "locale": if has[3] { "de" } else { "en" },
            "authorIds": given(has[0], &author), "tagIds": given(has[1], &tag), "categoryIds": given(has[2], &category),
        }));
        editor.publish(&draft.await).await;
        made.push(Mixture { number, has, hour: number / 3 });
        // Three stand in the same millisecond.
        if number % 3 == 2 {
            desk.clock.advance_seconds(3_600);
            editor = desk.sign_in("edda@desk.example").await;
        }
    }
    made
}

on_both! {
    async fn every_mixture_of_filters_finds_what_has_it_all(desk) {
        let editor = desk.editor().await;
        let made = mixtures(&desk, editor).await;
        let reader = desk.stranger();
        let conditions = ["authorSlug: \"ann\"", "tagSlug: \"trams\"", "categorySlug: \"city\"", "locale: \"de\""];
        let day = text(&json!(copydesk::clock::Timestamp(crate::harness::MORNING.0 + 2 * 3_600_000).to_rfc3339()));
        let periods = [
            (String::new(), 0..99),
            (format!("publishedAfter: \"{day}\""), 3..99),
            (format!("publishedBefore: \"{day}\""), 0..2),
            ("publishedIn: { year: 2026, month: 11 }".to_owned(), 0..99),
            ("publishedIn: { year: 2025 }".to_owned(), 99..99),
        ];
        for wanted in 0..16_usize {
            let is_wanted = |bit: usize| wanted & (1 << bit) != 0;
            for (period, hours) in &periods {
                let filter: Vec<&str> = conditions.iter().enumerate().filter(|(bit, _)| is_wanted(*bit))
                    .map(|(_, condition)| *condition).chain([period.as_str()]).collect();
                let mut expected: Vec<String> = made.iter()
                    .filter(|mixture| (0..4).all(|bit| !is_wanted(bit) || mixture.has[bit]) && hours.contains(&mixture.hour))
                    .map(|mixture| format!("Story {:02}", mixture.number)).collect();
                let filter = filter.join(" ");
                let list = |order: &str| format!("articles(first: 100, filter: {{ {filter} }}, orderBy: {order})");
                let (mut found, count) = titles(&reader, &list("PUBLISHED_AT_ASC")).await;
                assert_eq!(count as usize, expected.len(), "{filter}");
                let (backward, _) = titles(&reader, &list("PUBLISHED_AT_DESC")).await;
                assert_eq!(found.iter().rev().cloned().collect::<Vec<_>>(), backward, "{filter}");
                found.sort();
                expected.sort();
                assert_eq!(found, expected, "{filter}");
            }
        }
    }

    async fn the_archive_counts_by_when_something_was_first_published(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        assert_eq!(archive(&reader).await, json!([]));
        let november = editor.publish(&editor.write("In November").await).await;
        desk.clock.advance_seconds(40 * 86_400);
        let editor = desk.sign_in("edda@desk.example").await;
        let january = editor.publish(&editor.write("In January").await).await;
        let second = editor.publish(&editor.write("In January too").await).await;
        let whole = json!([
            { "year": 2027, "articleCount": 2, "months": [{ "month": 1, "articleCount": 2 }] },
            { "year": 2026, "articleCount": 1, "months": [{ "month": 11, "articleCount": 1 }] },
        ]);
        assert_eq!(archive(&reader).await, whole);
        // What is published again, or taken down and published again, stays where it was.
        let saved = editor.save(&november, json!({ "excerpt": "Anew." })).await;
        let down = editor.unpublish(&editor.publish(&saved).await).await;
        assert_eq!(archive(&reader).await, json!([whole[0]]));
        editor.publish(&down).await;
        assert_eq!(archive(&reader).await, whole);
        let trash = json!({ "input": { "articleId": second["articleId"], "version": second["version"] } });
        editor.query_with("mutation ($input: DeleteArticleInput!) { deleteArticle(input: $input) { userErrors { message } } }", trash).await.data();
        editor.unpublish(&january).await;
        assert_eq!(archive(&reader).await, json!([whole[1]]));
        assert_eq!(titles(&reader, "articles(filter: { publishedIn: { year: 2026, month: 11 } })").await.0, ["In November"]);
        assert_eq!(titles(&reader, "articles(filter: { publishedIn: { year: 2027 } })").await.1, 0);
        for wrong in ["year: 2026, month: 13", "year: 2026, month: 0", "year: 2147483647"] {
            let answer = reader.query(&format!("{{ articles(filter: {{ publishedIn: {{ {wrong} }} }}) {{ nodes {{ id }} }} }}")).await;
            assert_eq!(answer.error_code(), "BAD_REQUEST");
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
        desk.tamper("UPDATE archive_months SET article_count = 7").await;
        assert!(desk.verify().await[0].starts_with("archive 2026-11"), "{:?}", desk.verify().await);
        desk.tamper("DELETE FROM archive_months").await;
        assert!(desk.verify().await[0].starts_with("archive"), "{:?}", desk.verify().await);
    }

    async fn an_article_knows_who_links_to_it(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        let target = editor.publish(&editor.write("Target").await).await;
        let link = json!({ "article": { "articleId": target["articleId"] } });
        let mut drafts = Vec::new();
        for (title, links) in [("One", json!([link])), ("Two", json!([link, { "article": { "articleId": target["articleId"], "title": "Again" } }])), ("None", json!([]))] {
            desk.clock.advance_seconds(1);
            let draft = editor.create(json!({ "title": title, "sections": [{ "body": "Words." }], "relatedLinks": links })).await;
            drafts.push(editor.publish(&draft).await);
        }
        let referring = |arguments: &str| format!("article(by: {{ slug: \"target\" }}) {{ list: referencedBy({arguments})");
        let read = async |arguments: &str| {
            let answer = reader.query(&format!("{{ {} {{ totalCount nodes {{ title }} pageInfo {{ hasNextPage endCursor }} }} }} }}", referring(arguments))).await;
            answer.data()["article"]["list"].clone()
        };
        let page = read("first: 1").await;
        assert_eq!((page["totalCount"].clone(), page["nodes"][0]["title"].clone()), (json!(2), json!("Two")));
        let cursor = text(&page["pageInfo"]["endCursor"]);
        assert_eq!(read(&format!("first: 5, after: \"{cursor}\"")).await["nodes"], json!([{ "title": "One" }]));
        assert_eq!(read("orderBy: PUBLISHED_AT_ASC").await["nodes"], json!([{ "title": "One" }, { "title": "Two" }]));
        editor.unpublish(&drafts[1]).await;
        assert_eq!(read("first: 5").await["nodes"], json!([{ "title": "One" }]));
        let saved = editor.save(&drafts[0], json!({ "relatedLinks": [] })).await;
        assert_eq!(read("first: 5").await["totalCount"], 1);
        editor.publish(&saved).await;
        assert_eq!(read("first: 5").await["totalCount"], 0);
        assert_eq!(desk.verify().await, Vec::<String>::new());
        desk.tamper("INSERT INTO article_references (target_article_id, article_id, published_at) SELECT a.id, b.id, b.published_at FROM articles a, articles b WHERE a.title = 'Target' AND b.title = 'None'").await;
        let found = desk.verify().await;
        assert!(found.len() == 1 && found[0].contains("references"), "{found:?}");
    }

    async fn what_to_read_next_has_much_in_common(desk) {
        let editor = desk.editor().await;
        let reader = desk.stranger();
        let (trams, ships) = (editor.create_tag("Trams").await, editor.create_tag("Ships").await);
        let city = editor.create_category("City", None).await;
        let write = async |title: &str, fields: Value| {
            let mut input = json!({ "title": title, "sections": [{ "body": "Words." }] });
            input.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
            desk.clock.advance_seconds(1);
            editor.publish(&editor.create(input).await).await
        };
        write("Of both", json!({ "tagIds": [trams, ships] })).await;
        write("Of trams alone", json!({ "tagIds": [trams] })).await;
        write("Of the city", json!({ "categoryIds": [city] })).await;
        write("A harbor crossing", json!({})).await;
        write("Über Trams", json!({ "tagIds": [trams, ships], "locale": "de" })).await;
        let linked = write("Linked already", json!({ "tagIds": [trams] })).await;
        write("Nothing of that", json!({})).await;
        let links = json!([{ "article": { "articleId": linked["articleId"] } }]);
        write("The harbor line", json!({ "tagIds": [trams, ships], "categoryIds": [city], "relatedLinks": links })).await;
        let read = async |slug: &str, first: i32| {
            let answer = reader.query(&format!("{{ article(by: {{ slug: \"{slug}\" }}) {{ suggestedArticles(first: {first}) {{ title }} }} }}")).await;
            let list = answer.data()["article"]["suggestedArticles"].as_array().unwrap().clone();
            list.iter().map(|article| text(&article["title"])).collect::<Vec<_>>()
        };
        assert_eq!(read("the-harbor-line", 10).await, ["Of both", "Of trams alone", "Of the city", "A harbor crossing"]);
        assert_eq!(read("the-harbor-line", 2).await, ["Of both", "Of trams alone"]);
        assert_eq!(read("nothing-of-that", 5).await, Vec::<String>::new());
        let too_many = reader.query("{ article(by: { slug: \"of-both\" }) { suggestedArticles(first: 11) { id } } }").await;
        assert_eq!(too_many.error_code(), "BAD_REQUEST");
        // Three articles or eight: as many statements.
        let mut counts = Vec::new();
        let plain = desk.second_node_with(&[("article_cache", "0"), ("fragment_cache", "0")]).await;
        for first in [3, 8] {
            let before = plain.store.database.statements();
            reader.at(&plain).query(&format!("{{ articles(first: {first}) {{ nodes {{ suggestedArticles {{ title }} referencedBy {{ totalCount nodes {{ title }} }} }} }} }}")).await.data();
            counts.push(plain.store.database.statements() - before);
        }
        assert_eq!(counts[0], counts[1]);
    }

    async fn a_synthetic_archive_is_as_if_it_had_been_written(desk) {
        let plan = Plan { articles: 45, seed: 7 };
        generate(&desk.store.config, plan, &|_| {}).await.unwrap();
        assert_eq!(desk.verify().await, Vec::<String>::new());
        let reader = desk.stranger();
        assert_eq!(titles(&reader, "articles").await.1, 45);
        let found = reader.query("{ search(query: \"dossier1\") { totalCount nodes { commentCount comments { totalCount } referencedBy { totalCount } } } }").await;
        let found = &found.data()["search"];
        assert_eq!(found["totalCount"], 20);
        assert_eq!(found["nodes"][0]["commentCount"], 5);
        // Each is linked to by the one after it.
        assert!(found["nodes"].as_array().unwrap().iter().all(|node| node["referencedBy"]["totalCount"] == 1));
        let again = generate(&desk.store.config, plan, &|_| {}).await.unwrap_err();
        assert!(again.to_string().contains("empty instance"), "{again}");
    }

    async fn the_same_seed_gives_the_same_archive(desk) {
        let told = async |desk: &Desk| {
            generate(&desk.store.config, Plan { articles: 30, seed: 7 }, &|_| {}).await.unwrap();
            let page = "{ articles(first: 30) { nodes { title authors { name } categories { name } tags { name } leadFigure { image { alt } } } } }";
            desk.stranger().query(page).await.data().clone()
        };
        let another = Desk::open(Engine::Sqlite).await.unwrap();
        assert_eq!(told(&desk).await, told(&another).await);
    }
}
