//! A store that breaks under any operation of the schema tells a client `INTERNAL` and the request's id, and nothing else.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use copydesk::operation::Role;
use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, Desk, Engine, PASSWORD, answer, fields_of, on_both, picture};

/// Who may do it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// Asked by a stranger, and by an admin.
    Anybody,
    /// Asked by an admin.
    Admin,
    /// Asked by somebody whose sessions may end by it.
    Leaver,
}

/// One field of the schema, and a document that asks for it and for what is below it.
struct Row {
    field: &'static str,
    by: By,
    document: String,
    variables: Value,
}

fn query(field: &'static str, document: &str, variables: Value) -> Row {
    Row { field, by: By::Anybody, document: document.to_owned(), variables }
}

fn viewer(field: &'static str, selected: &str, variables: Value) -> Row {
    let declared = if variables.get("id").is_some() { "($id: ID!)" } else { "" };
    let document = format!("query {declared} {{ viewer {{ {selected} }} }}");
    Row { field, by: By::Admin, document, variables }
}

fn mutation(field: &'static str, by: By, selected: &str, input: Value) -> Row {
    let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let document = format!(
        "mutation ($input: {input_type}!) {{ {field}(input: $input) {{ {selected} userErrors {{ code message path }} }} }}"
    );
    Row { field, by, document, variables: json!({ "input": input }) }
}

const CARD: &str = "id slug title excerpt publishedAt authors { name portrait { url } } leadFigure { image { url } caption } tags { name } categories { name } commentCount";
const RECORD: &str = "id slug name bio { text } isListed portrait { id alt } version";
const DRAFT: &str = "articleId version title slug stage isPublished owner { name } may { action isAllowed } checks { code } content { sections { body { html } } leadFigure { image { url } } authors { name portrait { alt } } categories { name } tags { name } relatedLinks { title url article { title isPublished } } }";
const USER: &str = "id email name role isActive version";
const SESSION: &str = "accessTokenExpiresAt user { name role }";

/// Every field of `Query`, `Viewer` and `Mutation`. No opaque text is asked for (tokens, cursors): a word may stand in it
/// by chance.
fn rows(things: &Value) -> Vec<Row> {
    let id = |name: &str| json!({ "id": things[name] });
    let of_draft =
        |name: &str| json!({ "articleId": things[name]["articleId"], "version": things[name]["version"] });
    let with = |mut input: Value, more: Value| {
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let content = if things.is_null() { json!({}) } else { things["content"].clone() };
    let article = "{ article(by: { slug: \"a-line\" }) { id slug title excerpt locale publishedAt updatedAt wordCount readingMinutes leadFigure { image { id url alt } caption } tableOfContents { text } sections { heading body { markdown html } figures { image { url } } } authors { name slug bio { html } portrait { url } articleCount articles(first: 2) { nodes { title } } } categories { name ancestors { name } children { name } parent { name } articles(first: 2) { nodes { title } } } tags { name articleCount articles(first: 2) { nodes { title } } } relatedLinks { ... on RelatedArticle { title article { slug title } } ... on ExternalLink { title url } } commentCount comments(first: 2) { totalCount nodes { authorName body { html } replies(first: 2) { nodes { body { text } parent { id } } } } } seo { title image { url } jsonLd } } }";
    let articles = "query ($filter: ArticleFilter) { articles(first: 2, filter: $filter) { totalCount nodes { {CARD} } pageInfo { hasNextPage } } }";
    let node = "query ($id: ID!) { node(id: $id) { __typename id ... on Article { {CARD} } } }";
    let search = "{ search(query: \"trams\", first: 2) { totalCount edges { score snippet { html } node { {CARD} } } } }";
    let authors = "{ authors(first: 2) { totalCount nodes { name bio { html } portrait { url } articles(first: 2) { nodes { title } } } } }";
    let author = "query ($id: ID!) { author(by: { id: $id }) { name bio { html } portrait { url } articleCount articles(first: 2) { totalCount nodes { title } } } }";
    let category = "query ($id: ID!) { category(by: { id: $id }) { name ancestors { name } children { name } parent { name } articleCount articles(first: 2) { totalCount nodes { title } } } }";
    let carded = |document: &str| document.replace("{CARD}", CARD);
    let moderated =
        "id parentId authorName authorEmail status body { text } article { slug title isPublished }";
    let draft = format!("draft {{ {DRAFT} }}");
    let user = format!("user {{ {USER} }}");
    let session = format!("session {{ {SESSION} }}");
    vec![
        query("article", article, json!({})),
        query(
            "articles",
            &carded(articles),
            json!({ "filter": { "tagSlug": "trams", "authorSlug": "ann-author", "categorySlug": "lines", "locale": "en" } }),
        ),
        query("author", author, id("author")),
        query("authors", authors, json!({})),
        query(
            "categories",
            "{ categories { name parent { name } children { name } articleCount articles(first: 2) { nodes { title } } } }",
            json!({}),
        ),
        query("category", category, id("category")),
        query(
            "image",
            "query ($id: ID!) { image(by: { id: $id }) { url alt caption credit width } }",
            id("image"),
        ),
        query("node", &carded(node), id("article")),
        query("search", &carded(search), json!({})),
        query(
            "tag",
            "query ($id: ID!) { tag(by: { id: $id }) { name articleCount articles(first: 2) { totalCount nodes { title } } } }",
            id("tag"),
        ),
        query(
            "tags",
            "{ tags(first: 2) { totalCount nodes { name articles(first: 2) { nodes { title } } } } }",
            json!({}),
        ),
        query("viewer", "{ viewer { user { name } drafts(first: 2) { nodes { title } } } }", json!({})),
        viewer(
            "viewer.authors",
            &format!("authors(first: 2) {{ totalCount nodes {{ {RECORD} }} }}"),
            json!({}),
        ),
        viewer("viewer.assignees", "assignees(first: 2) { totalCount nodes { id name } }", json!({})),
        viewer("viewer.capabilities", "capabilities { action reach }", json!({})),
        viewer("viewer.categories", "categories { id slug name parentId version }", json!({})),
        viewer(
            "viewer.changes",
            "changes(first: 20) { totalCount nodes { sequence at actor { id name } action detail revisionNumber subject { id type } tags } }",
            json!({}),
        ),
        viewer(
            "viewer.compareRevisions",
            "compareRevisions(articleId: $id, from: 1, to: 2) { from { number actor { name } } to { number } differing title { change text } authors { added { name } } leadFigure { before { image { url } } } relatedLinks { removed { title article { title } } } sections { change body { change text } } }",
            id("article"),
        ),
        viewer(
            "viewer.draft",
            &format!(
                "draft(articleId: $id) {{ {DRAFT} publishedRevision {{ number actor {{ name }} }} revisions(first: 2) {{ nodes {{ number note actor {{ name }} }} }} }}"
            ),
            id("article"),
        ),
        viewer("viewer.drafts", &format!("drafts(first: 3) {{ totalCount nodes {{ {DRAFT} }} }}"), json!({})),
        viewer(
            "viewer.images",
            "images(first: 2) { totalCount nodes { id url alt fileName version } }",
            json!({}),
        ),
        viewer(
            "viewer.moderationQueue",
            &format!("moderationQueue(first: 2) {{ totalCount nodes {{ {moderated} }} }}"),
            json!({}),
        ),
        viewer("viewer.sessions", "sessions { id createdAt isCurrent address }", json!({})),
        viewer("viewer.tags", "tags(first: 2) { totalCount nodes { id slug name version } }", json!({})),
        viewer("viewer.user", &user, json!({})),
        viewer("viewer.users", &format!("users(first: 5) {{ totalCount nodes {{ {USER} }} }}"), json!({})),
        mutation(
            "approveComment",
            By::Admin,
            &format!("comment {{ {moderated} }}"),
            json!({ "commentId": things["comment"] }),
        ),
        mutation("createArticle", By::Admin, &draft, with(content, json!({ "title": "Another" }))),
        mutation(
            "createAuthor",
            By::Admin,
            &format!("author {{ {RECORD} }}"),
            json!({ "name": "Bob Byline", "bio": "Writes.", "isListed": true, "portraitImageId": things["image"] }),
        ),
        mutation(
            "assignArticle",
            By::Admin,
            &draft,
            with(of_draft("assignArticle"), json!({ "ownerId": things["renamed"]["id"] })),
        ),
        mutation(
            "createCategory",
            By::Admin,
            "category { id slug name parentId }",
            json!({ "name": "Stops", "parentId": things["category"] }),
        ),
        mutation("createTag", By::Admin, "tag { id slug name }", json!({ "name": "Night lines" })),
        mutation(
            "createUser",
            By::Admin,
            &user,
            json!({ "email": things["newEmail"], "name": "New", "role": "AUTHOR", "password": PASSWORD }),
        ),
        mutation("deactivateUser", By::Admin, &user, json!({ "userId": things["active"]["id"] })),
        mutation(
            "publishArticle",
            By::Admin,
            &format!("article {{ {CARD} }} {draft}"),
            of_draft("publishArticle"),
        ),
        mutation("reactivateUser", By::Admin, &user, json!({ "userId": things["inactive"]["id"] })),
        mutation(
            "requestChanges",
            By::Admin,
            &draft,
            with(of_draft("requestChanges"), json!({ "note": "Check the figures" })),
        ),
        mutation(
            "revertArticle",
            By::Admin,
            &draft,
            with(of_draft("revertArticle"), json!({ "toRevision": things["toRevision"] })),
        ),
        mutation(
            "setUserPassword",
            By::Admin,
            &user,
            json!({ "userId": things["inactive"]["id"], "newPassword": PASSWORD }),
        ),
        mutation(
            "submitComment",
            By::Anybody,
            "comment { id status body { html } }",
            json!({ "articleId": things["article"], "parentId": things["approved"], "authorName": "Rita", "authorEmail": "rita@reader.example", "body": "When?" }),
        ),
        mutation("submitForReview", By::Admin, &draft, of_draft("submitForReview")),
        mutation("unpublishArticle", By::Admin, &draft, of_draft("unpublishArticle")),
        mutation(
            "updateArticle",
            By::Admin,
            &draft,
            with(of_draft("updateArticle"), json!({ "title": things["newName"], "tagIds": [things["tag"]] })),
        ),
        mutation(
            "updateUser",
            By::Admin,
            &user,
            json!({ "userId": things["renamed"]["id"], "version": things["renamed"]["version"], "name": things["newName"] }),
        ),
        mutation("uploadImage", By::Admin, "image { id }", json!({})),
        mutation(
            "signIn",
            By::Anybody,
            &session,
            json!({ "email": "ivy@desk.example", "password": PASSWORD }),
        ),
        // In this order: each leaves alone what the next needs.
        mutation("refreshSession", By::Anybody, &session, json!({ "refreshToken": things["refreshToken"] })),
        mutation(
            "endSession",
            By::Leaver,
            "sessions { id isCurrent }",
            json!({ "sessionId": things["session"] }),
        ),
        mutation(
            "changePassword",
            By::Leaver,
            &user,
            json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD }),
        ),
        mutation("signOut", By::Leaver, "", json!({ "everywhere": true })),
    ]
}

#[test]
fn every_field_of_the_schema_is_asked_for() {
    let asked: BTreeSet<String> = rows(&Value::Null).iter().map(|row| row.field.to_owned()).collect();
    let of_viewer = fields_of("Viewer").into_iter().map(|field| format!("viewer.{field}"));
    let in_schema = fields_of("Query").into_iter().chain(fields_of("Mutation")).chain(of_viewer).collect();
    assert_eq!(asked, in_schema);
}

/// What the rows ask for and act on.
struct Scene {
    admin: Actor,
    leaver: Actor,
    things: Value,
}

/// A site with something of everything, which the rounds leave as it is.
async fn furnish(desk: &Desk) -> Scene {
    let admin = desk.admin().await;
    let users =
        [(Role::Editor, "Ivy"), (Role::Author, "Dora"), (Role::Author, "Rex"), (Role::Author, "Nora")];
    for (role, name) in users {
        desk.user(role, name).await;
    }
    let image = admin.image("A quay").await;
    let byline = json!({ "input": { "name": "Ann Author", "portraitImageId": image, "bio": "Writes." } });
    let byline = admin.run("CreateAuthor", byline).await;
    let author = &byline.done("createAuthor", "author")["id"];
    let root = admin.create_category("City", None).await;
    let category = admin.create_category("Lines", Some(&root)).await;
    let tag = admin.create_tag("Trams").await;
    let other = admin.publish(&admin.write("Another line").await).await;
    let content = json!({
        "title": "A line", "excerpt": "Short.", "leadFigure": { "imageId": image },
        "sections": [{ "heading": "One", "body": format!("Words about trams.\n\n![]({image})") }],
        "authorIds": [author], "categoryIds": [category], "tagIds": [tag],
        "relatedLinks": [{ "external": { "url": "https://example.org/", "title": "Plan" } }, { "article": { "articleId": other["articleId"] } }],
    });
    let draft = admin.publish(&admin.create(content.clone()).await).await;
    // Its first slug, by which it is asked for, is an old one.
    let draft = admin.publish(&admin.save(&draft, json!({ "slug": "a-line-at-night" })).await).await;
    let approved = desk.stranger().comment(&draft["articleId"], None, "First").await;
    admin.approve(&approved).await;
    let reply = desk.stranger().comment(&draft["articleId"], Some(&approved), "Second").await;
    admin.approve(&reply).await;
    let mut drafts = json!({});
    for (field, ..) in DRAFTS {
        let mut content = content.clone();
        content["title"] = json!(format!("For {field}"));
        drafts[field] = admin.create(content).await["articleId"].clone();
    }
    let saved = json!({ "articleId": drafts["revertArticle"], "version": 1 });
    admin.save(&saved, json!({ "title": "Newer" })).await;
    let things = json!({
        "drafts": drafts, "image": image, "author": author, "category": category, "tag": tag, "content": content,
        "article": draft["articleId"], "approved": approved,
    });
    Scene { leaver: admin.clone(), admin, things }
}

/// Each mutation of a draft has one of its own: in which stage it must be, and whether public.
const DRAFTS: [(&str, &str, bool); 7] = [
    ("assignArticle", "WRITING", false),
    ("publishArticle", "WRITING", false),
    ("requestChanges", "IN_REVIEW", false),
    ("revertArticle", "WRITING", false),
    ("submitForReview", "WRITING", false),
    ("unpublishArticle", "WRITING", true),
    ("updateArticle", "WRITING", false),
];

/// Brings everything back to where one run of all rows can begin.
async fn set_up(desk: &Desk, scene: &mut Scene, round: usize) {
    let Scene { admin, leaver, things } = scene;
    things["newName"] = json!(format!("Changed {round}"));
    things["newEmail"] = json!(format!("new{round}@desk.example"));
    things["comment"] = json!(desk.stranger().comment(&things["article"], None, "Hello").await);
    let drafts =
        "{ viewer { drafts(first: 100) { nodes { articleId version stage isPublished revisionNumber } } } }";
    let drafts = admin.query(drafts).await;
    let drafts = drafts.data()["viewer"]["drafts"]["nodes"].as_array().unwrap();
    for (field, stage, is_published) in DRAFTS {
        let mut draft =
            drafts.iter().find(|draft| draft["articleId"] == things["drafts"][field]).unwrap().clone();
        let mut input = json!({ "articleId": draft["articleId"], "version": draft["version"] });
        if field == "revertArticle" {
            things["toRevision"] = json!(draft["revisionNumber"].as_i64().unwrap() - 1);
        }
        match (draft["stage"] == stage, draft["isPublished"] == is_published) {
            (true, true) => {}
            (true, false) if is_published => draft = admin.publish(&draft).await,
            (true, false) => draft = admin.unpublish(&draft).await,
            (false, _) if stage == "IN_REVIEW" => {
                let answer = admin.run("SubmitForReview", json!({ "input": input })).await;
                draft = answer.done("submitForReview", "draft").clone();
            }
            (false, _) => {
                input["note"] = json!("Check the figures");
                let answer = admin.run("RequestChanges", json!({ "input": input })).await;
                draft = answer.done("requestChanges", "draft").clone();
            }
        }
        things[field] = draft;
    }
    let users = admin.query("{ viewer { users(first: 100) { nodes { id email isActive version } } } }").await;
    let users = users.data()["viewer"]["users"]["nodes"].as_array().unwrap();
    for (name, email, is_active, verb) in [
        ("active", "dora@desk.example", true, "reactivateUser"),
        ("inactive", "rex@desk.example", false, "deactivateUser"),
        ("renamed", "nora@desk.example", true, "reactivateUser"),
    ] {
        let user = users.iter().find(|user| user["email"] == email).unwrap();
        things[name] = user.clone();
        if user["isActive"] != is_active {
            let document = format!(
                "mutation ($id: ID!) {{ {verb}(input: {{ userId: $id }}) {{ user {{ isActive }} userErrors {{ code }} }} }}"
            );
            let answer = admin.query_with(&document, json!({ "id": user["id"] })).await;
            assert_eq!(answer.done(verb, "user")["isActive"], is_active);
        }
    }
    let input = json!({ "email": "ivy@desk.example", "password": PASSWORD });
    let signed_in = desk.stranger().run("SignIn", json!({ "input": input })).await;
    things["refreshToken"] = signed_in.done("signIn", "session")["refreshToken"].clone();
    *leaver = desk.sign_in("ivy@desk.example").await;
    let sessions = leaver.query("{ viewer { sessions { id isCurrent } } }").await;
    let sessions = sessions.data()["viewer"]["sessions"].as_array().unwrap();
    things["session"] = sessions.iter().find(|session| session["isCurrent"] == false).unwrap()["id"].clone();
}

/// What no client may read, in lower case: the words of engines and libraries, places in the source, and the names of
/// tables and columns that can't be names of the API.
async fn secrets(desk: &Desk) -> Vec<String> {
    let mut words: Vec<String> = WORDS.iter().map(|word| (*word).to_owned()).collect();
    for table in desk.tables().await {
        words.extend(desk.columns(&table).await.into_iter().chain([table]).filter(|name| name.contains('_')));
    }
    words
}

#[rustfmt::skip]
const WORDS: [&str; 20] = [
    "sql", "postgres", "sea_orm", "seaorm", "sea-orm", "no such", "does not exist", "select ", "insert into", "syntax", "column",
    "constraint", "relation", "credentials", "pool", "connection", "panic", "src/", ".rs", "/tmp",
];

/// Whether an answer refuses, wholly or in part. Fails where it tells more than that, or is no answer at all.
fn is_refused(answer: &Answer, secrets: &[String], what: &str) -> bool {
    let what = format!("{what}: {} {}", answer.status, answer.text);
    assert!([200, 294, 503].contains(&answer.status), "{what}");
    // Where in the document it is, an error says in lines and columns.
    let text = answer.text.to_lowercase().replace("\"column\":", "");
    for secret in secrets {
        assert!(!text.contains(secret.as_str()), "{secret:?} in {what}");
    }
    let Some(errors) = answer.body.get("errors") else {
        assert!(answer.status == 200 && answer.body["data"].is_object(), "{what}");
        return false;
    };
    for error in errors.as_array().unwrap() {
        let request_id = answer.headers["x-request-id"].to_str().unwrap();
        let mut rest = error.as_object().unwrap().clone();
        let expected = json!({ "code": "INTERNAL", "requestId": request_id });
        assert_eq!(rest.remove("extensions"), Some(expected), "{what}");
        let message = rest.remove("message").unwrap();
        assert!(message.as_str().unwrap().starts_with("Something went wrong on our side."), "{what}");
        assert!(rest.keys().all(|key| ["path", "locations"].contains(&key.as_str())), "{what}");
    }
    true
}

/// A field, by whom it was asked for, and what came of it.
struct Asked {
    field: &'static str,
    by: &'static str,
    answer: Answer,
    is_refused: bool,
}

/// Asks for rows, each as all who may.
async fn ask(desk: &Desk, scene: &Scene, rows: Vec<Row>, secrets: &[String], state: &str) -> Vec<Asked> {
    let mut asked = Vec::new();
    for row in rows {
        let actors = match row.by {
            By::Anybody => vec![("a stranger", desk.stranger()), ("an admin", scene.admin.clone())],
            By::Admin => vec![("an admin", scene.admin.clone())],
            By::Leaver => vec![("somebody who leaves", scene.leaver.clone())],
        };
        for (by, actor) in actors {
            let answer = match row.field {
                "uploadImage" => actor.upload(picture(40, 30), "A quay").await,
                _ => actor.query_with(&row.document, row.variables.clone()).await,
            };
            let what = format!("{} asked by {by} {state}", row.field);
            let is_refused = is_refused(&answer, secrets, &what);
            // What is asked for is good: nothing but the store is to blame.
            let user_errors = &answer.body["data"][row.field]["userErrors"];
            assert!(user_errors.is_null() || *user_errors == json!([]), "{what}: {}", answer.text);
            asked.push(Asked { field: row.field, by, answer, is_refused });
        }
    }
    asked
}

/// Somebody with their hands in the database, whom no reference between tables stops.
async fn saboteur(desk: &Desk) -> DatabaseConnection {
    let outside = desk.database_from_outside().await;
    if desk.engine == Engine::Sqlite {
        outside
            .execute_unprepared("PRAGMA foreign_keys = OFF; PRAGMA legacy_alter_table = ON")
            .await
            .unwrap();
    }
    outside
}

/// The tables without which mutations are tried too. Trying them without every table would take twice the time and tell
/// nothing new: they fail where queries do, or on one of these.
#[rustfmt::skip]
const NEEDED_BY_MUTATIONS: [&str; 10] = [
    "articles", "changes", "comment_records", "credentials", "drafts", "log_head", "revisions", "sessions", "slug_history", "users",
];

on_both! {
    async fn with_one_table_gone_nothing_is_told(desk) {
        let (mut scene, secrets, saboteur) = (furnish(&desk).await, secrets(&desk).await, saboteur(&desk).await);
        set_up(&desk, &mut scene, 0).await;
        for Asked { field, by, answer, is_refused } in ask(&desk, &scene, rows(&scene.things), &secrets, "of a whole store").await {
            let data = field.split('.').fold(&answer.body["data"], |data, field| &data[field]);
            let is_nobodys = field == "viewer" && by == "a stranger";
            assert!(!is_refused && data.is_null() == is_nobodys, "{field} asked by {by}: {}", answer.text);
        }
        let mut missed_by_none = BTreeSet::new();
        for (number, table) in desk.tables().await.into_iter().enumerate() {
            let are_mutations_asked = NEEDED_BY_MUTATIONS.contains(&table.as_str());
            if are_mutations_asked {
                set_up(&desk, &mut scene, number + 1).await;
            }
            let mut rows = rows(&scene.things);
            rows.retain(|row| are_mutations_asked || !row.document.starts_with("mutation"));
            saboteur.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO gone")).await.unwrap();
            let asked = ask(&desk, &scene, rows, &secrets, &format!("without {table}")).await;
            saboteur.execute_unprepared(&format!("ALTER TABLE gone RENAME TO {table}")).await.unwrap();
            if asked.iter().all(|asked| !asked.is_refused) {
                missed_by_none.insert(table);
            }
        }
        // These are read at the start alone.
        assert_eq!(missed_by_none, ["instance_keys", "seaql_migrations"].map(str::to_owned).into());
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn with_no_table_left_everything_is_refused(desk) {
        let (mut scene, secrets, saboteur) = (furnish(&desk).await, secrets(&desk).await, saboteur(&desk).await);
        set_up(&desk, &mut scene, 0).await;
        let sql = match desk.engine {
            Engine::Sqlite => desk.tables().await.iter().map(|table| format!("DROP TABLE {table};")).collect(),
            Engine::Postgres => "DROP SCHEMA public CASCADE; CREATE SCHEMA public".to_owned(),
        };
        saboteur.execute_unprepared(&sql).await.unwrap();
        for Asked { field, by, answer, is_refused } in ask(&desk, &scene, rows(&scene.things), &secrets, "of no store").await {
            // What the program knows by itself, while it remembers who is signed in; and that a stranger is nobody.
            let asks_no_table = field == "viewer.capabilities" || (field == "viewer" && by == "a stranger");
            assert!(is_refused || asks_no_table, "{field} asked by {by}: {}", answer.text);
        }
    }
    async fn who_asks_is_not_refused_because_it_cant_be_told(desk) {
        let (admin, secrets, saboteur) = (desk.admin().await, secrets(&desk).await, saboteur(&desk).await);
        for table in ["log_head", "sessions", "users"] {
            // A node that has never seen the token asks the rows for whom it speaks.
            let node = desk.second_node().await;
            let there = admin.at(&node);
            saboteur.execute_unprepared(&format!("ALTER TABLE {table} RENAME TO gone")).await.unwrap();
            let asked = [
                there.query("{ viewer { user { name } } }").await,
                there.query("{ articles { nodes { title } } }").await,
                there.query("mutation { createTag(input: { name: \"Trams\" }) { tag { id } } }").await,
                there.upload(picture(40, 30), "A quay").await,
            ];
            saboteur.execute_unprepared(&format!("ALTER TABLE gone RENAME TO {table}")).await.unwrap();
            for answer in asked {
                assert!(is_refused(&answer, &secrets, table) && answer.status == 503, "{}", answer.text);
                assert!(!answer.headers.contains_key("www-authenticate"), "{:?}", answer.headers);
            }
            assert_eq!(there.query("{ viewer { user { name } } }").await.data()["viewer"]["user"]["name"], "Ada");
        }
    }
}

/// A process that ends with the test, however that ends.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn the_log_has_the_cause_under_the_requests_id_at_every_level() {
    for (level, format) in [("info", "text"), ("error", "text"), ("error", "json")] {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut server = Server(
            Command::new(env!("CARGO_BIN_EXE_copydesk"))
                .args(["serve", "--listen", &address, "--log-level", level, "--log-format", format])
                .current_dir(folder.path())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        );
        let http = reqwest::Client::new();
        while http.get(format!("http://{address}/health/ready")).send().await.is_err() {
            assert!(server.0.try_wait().unwrap().is_none(), "the server ended before it answered");
            tokio::task::yield_now().await;
        }
        let file = folder.path().join("copydesk-data/copydesk.sqlite");
        let saboteur = sea_orm::Database::connect(format!("sqlite://{}", file.display())).await.unwrap();
        saboteur.execute_unprepared("ALTER TABLE articles RENAME TO gone").await.unwrap();
        let body = json!({ "query": "{ articles { nodes { title } } }" });
        let refused = answer(http.post(format!("http://{address}/graphql")).json(&body)).await;
        assert_eq!(refused.error_code(), "INTERNAL");
        let id = refused.body["errors"][0]["extensions"]["requestId"].as_str().unwrap();
        server.0.kill().unwrap();
        let mut said = String::new();
        server.0.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        let told = said.lines().any(|line| line.contains(id) && line.contains("no such table: articles"));
        assert!(told, "{level}: {id} is not told of in {said}");
    }
}
