//! How the databases carry out the lists: each by an index in the list's own order, without sorting all there is.

use sea_orm::{ConnectionTrait as _, Statement};
use serde_json::{Value, json};

use crate::harness::{Desk, Engine, on_both};

/// Each list as a template: `ARGS` are its page's arguments.
const LISTS: &[&str] = &[
    "{ list: articles(ARGS) { PAGE } }",
    "{ list: articles(ARGS, orderBy: PUBLISHED_AT_ASC) { PAGE } }",
    "{ list: articles(ARGS, filter: { locale: \"en\" }) { PAGE } }",
    "{ list: articles(ARGS, filter: { publishedIn: { year: 2026 } }) { PAGE } }",
    "{ list: articles(ARGS, filter: { authorSlug: \"ann\" }) { PAGE } }",
    "{ list: articles(ARGS, filter: { tagSlug: \"trams\" }) { PAGE } }",
    "{ list: articles(ARGS, filter: { categorySlug: \"city\" }) { PAGE } }",
    "{ list: articles(ARGS, filter: { authorSlug: \"ann\", tagSlug: \"trams\", categorySlug: \"city\", locale: \"en\" }) { PAGE } }",
    "{ list: authors(ARGS) { PAGE } }",
    "{ list: tags(ARGS) { PAGE } }",
    "{ tag(by: { slug: \"trams\" }) { list: articles(ARGS) { PAGE } } }",
    "{ category(by: { slug: \"city\" }) { list: articles(ARGS) { PAGE } } }",
    "{ author(by: { slug: \"ann\" }) { list: articles(ARGS) { PAGE } } }",
    "{ article(by: { slug: \"story-0\" }) { list: comments(ARGS) { PAGE } } }",
    "{ article(by: { slug: \"story-0\" }) { list: comments(ARGS, orderBy: CREATED_AT_DESC) { PAGE } } }",
    "{ article(by: { slug: \"story-0\" }) { list: referencedBy(ARGS) { PAGE } } }",
    "{ viewer { list: drafts(ARGS) { PAGE } } }",
    "{ viewer { list: drafts(ARGS, filter: { isTrashed: true }) { PAGE } } }",
    "{ viewer { list: images(ARGS) { PAGE } } }",
    "{ viewer { list: images(ARGS, filter: { isUsed: true }) { PAGE } } }",
    "{ viewer { list: images(ARGS, filter: { isUsed: false }) { PAGE } } }",
    "{ viewer { list: authors(ARGS) { PAGE } } }",
    "{ viewer { list: tags(ARGS) { PAGE } } }",
    "{ viewer { list: users(ARGS) { PAGE } } }",
    "{ viewer { list: moderationQueue(ARGS) { PAGE } } }",
    "{ viewer { list: changes(ARGS) { PAGE } } }",
];

async fn fill(desk: &Desk) {
    let editor = desk.user(copydesk::operation::Role::Admin, "Edda").await;
    let authors = [editor.create_author("Ann").await, editor.create_author("Bob").await];
    let tags = [editor.create_tag("Trams").await, editor.create_tag("Ferries").await];
    let categories =
        [editor.create_category("City", None).await, editor.create_category("Sport", None).await];
    let mut first = Value::Null;
    for number in 0..3 {
        desk.clock.advance_seconds(1);
        let links = if first.is_null() { json!([]) } else { json!([{ "article": { "articleId": first } }]) };
        let draft = editor.create(json!({
            "title": format!("Story {number}"), "sections": [{ "body": "Words." }], "authorIds": authors, "tagIds": tags,
            "categoryIds": categories, "relatedLinks": links,
        }));
        let draft = editor.publish(&draft.await).await;
        if first.is_null() {
            first = draft["articleId"].clone();
        }
        let comment = desk.stranger().comment(&first, None, "Words").await;
        editor.approve(&comment).await;
        editor.image("A quay").await;
    }
}

/// What the engine says of a statement, a step a line.
async fn plan(desk: &Desk, statement: &Statement) -> Vec<String> {
    let transaction = desk.store.database.begin().await.unwrap();
    let connection = transaction.connection();
    if desk.engine == Engine::Postgres {
        // So small a table is best read whole: what is asked is whether there is another way.
        for off in ["seqscan", "sort", "bitmapscan"] {
            connection.execute_unprepared(&format!("SET LOCAL enable_{off} = off")).await.unwrap();
        }
    }
    let (asked, column) = match desk.engine {
        Engine::Sqlite => {
            (Statement { sql: format!("EXPLAIN QUERY PLAN {}", statement.sql), ..statement.clone() }, 3)
        }
        // By the plan that serves whatever is bound.
        Engine::Postgres => {
            let values = statement.values.iter().flat_map(|values| &values.0);
            let (types, nothing): (Vec<&str>, Vec<&str>) =
                values.map(|value| (type_of(value), "NULL")).unzip();
            let list =
                |of: &[&str]| if of.is_empty() { String::new() } else { format!("({})", of.join(", ")) };
            let prepare = format!("PREPARE seen{} AS {}", list(&types), statement.sql);
            connection.execute_unprepared(&prepare).await.unwrap();
            let explain = format!("EXPLAIN EXECUTE seen{}", list(&nothing));
            (Statement::from_string(connection.get_database_backend(), explain), 0)
        }
    };
    let rows = connection.query_all_raw(asked).await.unwrap();
    if desk.engine == Engine::Postgres {
        connection.execute_unprepared("DEALLOCATE seen").await.unwrap();
    }
    rows.iter().map(|row| row.try_get_by_index::<String>(column).unwrap()).collect()
}

fn type_of(value: &sea_orm::Value) -> &'static str {
    use sea_orm::Value;
    match value {
        Value::Uuid(_) => "UUID",
        Value::Array(..) => "UUID[]",
        Value::String(_) => "TEXT",
        Value::Bool(_) => "BOOLEAN",
        Value::Int(_) => "INTEGER",
        Value::BigInt(_) | Value::BigUnsigned(_) => "BIGINT",
        other => panic!("which type has {other:?}?"),
    }
}

fn is_bad(step: &str) -> bool {
    let step = step.trim_start_matches([' ', '-', '>']);
    step.contains("TEMP B-TREE FOR ORDER BY")
        // An index or a filter that is made for this statement alone; what is looked for made ready anew for each row.
        || ["AUTOMATIC", "BLOOM FILTER ON", "::cstring"].iter().any(|made| step.contains(made))
        // Of those under many things, all rows.
        || step.starts_with("SCAN c ")
        || step.contains("TEMP B-TREE FOR LAST")
        || step.starts_with("Sort ")
        || step.starts_with("Incremental Sort")
        || step.starts_with("Seq Scan")
        || (step.starts_with("SCAN ")
            && !step.contains("INDEX")
            && !step.contains("CONSTANT ROW")
            && !step.contains("VALUES CLAUSE")
            && !["SCAN p", "SCAN f", "SCAN found", "SCAN guest"].contains(&step))
}

on_both! {
    async fn every_list_goes_by_an_index(desk) {
        fill(&desk).await;
        let reader = desk.sign_in("edda@desk.example").await;
        let mut bad = Vec::new();
        for list in LISTS {
            let mut bound = String::new();
            for way in ["first: 1", "last: 1"] {
                for arguments in [way.to_owned(), format!("{way}{bound}")] {
                    let document = list.replace("ARGS", &arguments)
                        .replace("PAGE", "pageInfo { startCursor endCursor } edges { cursor }");
                    desk.store.database.watch();
                    let answer = reader.query(&document).await;
                    let ran = desk.store.database.watched();
                    let data = answer.data();
                    let found = [&data["list"], &data["viewer"]["list"], &data["tag"]["list"], &data["category"]["list"], &data["author"]["list"], &data["article"]["list"]]
                        .into_iter().find(|list| !list.is_null()).unwrap().clone();
                    if let Some(cursor) = found["pageInfo"]["endCursor"].as_str() {
                        bound = if way == "first: 1" { format!(", after: \"{cursor}\"") } else { format!(", before: \"{cursor}\"") };
                    }
                    let pages: Vec<Statement> = ran.into_iter().filter(|statement| statement.sql.contains("LIMIT") && statement.sql.contains("ORDER BY")).collect();
                    assert!(!pages.is_empty(), "{document}");
                    for statement in pages {
                        let steps = plan(&desk, &statement).await;
                        if steps.iter().any(|step| is_bad(step)) {
                            bad.push(format!("{document}\n  {}\n  {}", statement.sql, steps.join("\n  ")));
                        }
                    }
                }
            }
        }
        assert!(bad.is_empty(), "{}", bad.join("\n\n"));
    }

    async fn what_a_page_asks_of_its_articles_goes_by_indexes(desk) {
        fill(&desk).await;
        let node = desk.second_node_without(&["answer_cache", "fragment_cache", "article_cache"]).await;
        node.store.database.watch();
        let page = "{ articles(first: 3) { nodes { leadFigure { image { id } } sections { id figures { image { id } } } authors { id portrait { id } } categories { id } tags { id } relatedLinks { __typename } } } }";
        node.stranger().query(page).await.data();
        let ran = node.store.database.watched();
        let parts: Vec<&Statement> = ran.iter().filter(|statement| statement.sql.contains("article_id")).collect();
        assert_eq!(parts.len(), 1, "all at once: {ran:?}");
        let steps = plan(&node, parts[0]).await;
        let bad = steps.iter().find(|step| is_bad(step) || step.starts_with("SCAN p"));
        assert_eq!(bad, None, "{}", steps.join("\n"));
    }

    async fn lists_under_many_things_at_once_go_by_indexes(desk) {
        fill(&desk).await;
        let node = desk.second_node_without(&["answer_cache", "fragment_cache", "article_cache"]).await;
        let mut bad = Vec::new();
        for page in [
            "{ article(by: { slug: \"story-0\" }) { comments(first: 20) { nodes { replies(first: 3) { nodes { id } } } } } }",
            "{ articles(first: 3) { nodes { comments(first: 2) { nodes { replies(last: 3) { nodes { id } } } } } } }",
            "{ articles(first: 3) { nodes { referencedBy(first: 2) { nodes { id } } } } }",
            "{ articles(first: 3) { nodes { suggestedArticles(first: 2) { id } } } }",
            "{ authors(first: 3) { nodes { articles(first: 2) { nodes { id } } } } }",
            "{ tags(first: 3) { nodes { articles(first: 2) { nodes { id } } } } }",
            "{ categories { articles(first: 2) { nodes { id } } } }",
        ] {
            node.store.database.watch();
            node.stranger().query(page).await.data();
            let under: Vec<Statement> = node.store.database.watched().into_iter().filter(|statement| ["column1", "above"].iter().any(|parents| statement.sql.contains(parents))).collect();
            assert!(!under.is_empty(), "{page}");
            for statement in under {
                let steps = plan(&node, &statement).await;
                if steps.iter().any(|step| is_bad(step)) {
                    bad.push(format!("{page}\n  {}\n  {}", statement.sql, steps.join("\n  ")));
                }
            }
        }
        assert!(bad.is_empty(), "{}", bad.join("\n\n"));
    }
}
