//! `compareRevisions`: what differs from one revision of an article to another.

use serde_json::{Value, json};

use crate::harness::{Actor, on_both};

const COMPARE: &str = r#"query ($id: ID!, $from: Int!, $to: Int!) { viewer { compareRevisions(articleId: $id, from: $from, to: $to) {
    from { number actor { name } note } to { number actor { name } note }
    differing wordsAdded wordsRemoved
    title { change text } slug { change text } locale { change text } excerpt { change text }
    leadFigure { before { imageId image { alt } } after { imageId image { alt } } caption { change text } credit { change text } }
    authors { added { id name } removed { id name } isReordered }
    categories { added { id name } removed { id name } isReordered }
    tags { added { id name } removed { id name } isReordered }
    relatedLinks { added { title url article { articleId title } } removed { title url article { articleId title } } isReordered }
    sections { change isMoved isChanged before { id position level } after { id position level } heading { change text } body { change text } wordsAdded wordsRemoved }
} } }"#;

async fn compare(actor: &Actor, draft: &Value, from: i64, to: i64) -> Value {
    let variables = json!({ "id": draft["articleId"], "from": from, "to": to });
    actor.query_with(COMPARE, variables).await.data()["viewer"]["compareRevisions"].clone()
}

/// `The [-old-]{+new+} bridge`.
fn shown(runs: &Value) -> String {
    let shown = |run: &Value| {
        let text = run["text"].as_str().unwrap();
        match run["change"].as_str().unwrap() {
            "SAME" => text.to_owned(),
            "REMOVED" => format!("[-{text}-]"),
            "ADDED" => format!("{{+{text}+}}"),
            other => panic!("{other}"),
        }
    };
    runs.as_array().unwrap().iter().map(shown).collect()
}

/// Each section that differs in one line: `STAYED 2>1 moved changed: Its [-old-]{+new+} heading`.
fn sections(comparison: &Value) -> Vec<String> {
    let line = |section: &Value| {
        let position =
            |place: &str| section[place]["position"].as_i64().map_or(String::new(), |it| it.to_string());
        let flag = |name: &str, word: &'static str| if section[name] == true { word } else { "" };
        format!(
            "{} {}>{}{}{}: {}",
            section["change"].as_str().unwrap(),
            position("before"),
            position("after"),
            flag("isMoved", " moved"),
            flag("isChanged", " changed"),
            shown(&section["body"])
        )
    };
    comparison["sections"].as_array().unwrap().iter().map(line).collect()
}

fn part(number: usize) -> Value {
    json!({ "heading": format!("Part {number}"), "body": format!("This is what part {number} says.") })
}

/// The sections as they were saved, to be sent back.
async fn saved_sections(actor: &Actor, draft: &Value) -> Vec<Value> {
    let document = "query ($id: ID!) { viewer { draft(articleId: $id) { content { sections { id heading level body: source } } } } }";
    let answer = actor.query_with(document, json!({ "id": draft["articleId"] })).await;
    answer.data()["viewer"]["draft"]["content"]["sections"].as_array().unwrap().clone()
}

/// What it would be the other way round.
fn mirrored(comparison: &Value) -> Value {
    match comparison {
        Value::Object(fields) => {
            let turned = fields.iter().map(|(name, value)| {
                let name = match name.as_str() {
                    "from" => "to",
                    "to" => "from",
                    "before" => "after",
                    "after" => "before",
                    "added" => "removed",
                    "removed" => "added",
                    "wordsAdded" => "wordsRemoved",
                    "wordsRemoved" => "wordsAdded",
                    other => other,
                };
                (name.to_owned(), mirrored(value))
            });
            Value::Object(turned.collect())
        }
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().map(mirrored).collect();
            // What was removed stands before what was added in its place.
            for index in 1..items.len() {
                if items[index - 1]["change"] == "ADDED"
                    && items[index]["change"] == "REMOVED"
                    && items[index]["text"].is_string()
                {
                    items.swap(index - 1, index);
                }
            }
            Value::Array(items)
        }
        Value::String(text) if text == "ADDED" => json!("REMOVED"),
        Value::String(text) if text == "REMOVED" => json!("ADDED"),
        other => other.clone(),
    }
}

/// The sections that differ, in an order that does not depend on the direction.
fn by_place(mut comparison: Value) -> Value {
    comparison["sections"].as_array_mut().unwrap().sort_by_key(|section| {
        let mut ids = [section["before"]["id"].to_string(), section["after"]["id"].to_string()];
        ids.sort();
        ids
    });
    comparison
}

on_both! {
    async fn words_are_told_by_field_and_section(desk) {
        let author = desk.author().await;
        let draft = author.create(json!({ "title": "A day in May", "excerpt": "One day.", "sections": [{ "body": "Nothing happened." }, part(2)] })).await;
        let mut sections_now = saved_sections(&author, &draft).await;
        sections_now[1]["body"] = json!("This is all that part 2 says, today.");
        let draft = author.save(&draft, json!({ "title": "A day in June", "excerpt": null, "sections": sections_now, "note": "Later" })).await;
        let told = compare(&author, &draft, 1, 2).await;
        assert_eq!(told["from"], json!({ "number": 1, "actor": { "name": "Arthur" }, "note": null }));
        assert_eq!(told["to"], json!({ "number": 2, "actor": { "name": "Arthur" }, "note": "Later" }));
        assert_eq!(told["differing"], json!(["TITLE", "EXCERPT"]));
        assert_eq!(shown(&told["title"]), "A day in [-May-]{+June+}");
        assert_eq!(shown(&told["excerpt"]), "[-One day.-]");
        for same in ["slug", "locale", "leadFigure", "authors", "categories", "tags", "relatedLinks"] {
            assert!(told[same].is_null(), "{same}: {told}");
        }
        assert_eq!(sections(&told), ["STAYED 2>2 changed: This is [-what-]{+all that+} part 2 says{+, today+}."]);
        let section = &told["sections"][0];
        assert_eq!((&section["before"]["id"], shown(&section["heading"])), (&sections_now[1]["id"], "Part 2".to_owned()));
        assert_eq!((&section["wordsAdded"], &section["wordsRemoved"]), (&json!(3), &json!(1)));
        assert_eq!((&told["wordsAdded"], &told["wordsRemoved"]), (&json!(3), &json!(1)));
        // A revision differs in nothing from itself.
        let same = compare(&author, &draft, 2, 2).await;
        assert_eq!((&same["differing"], &same["sections"], &same["wordsAdded"]), (&json!([]), &json!([]), &json!(0)));
        assert_eq!(by_place(mirrored(&told)), by_place(compare(&author, &draft, 2, 1).await));
    }

    async fn sections_that_moved_came_and_went_are_told(desk) {
        let author = desk.author().await;
        let parts: Vec<Value> = (1..=6).map(part).collect();
        let draft = author.create(json!({ "title": "Six parts", "sections": parts })).await;
        let one_to_six = saved_sections(&author, &draft).await;

        // 2: the last is put over the five before it.
        let mut moved = one_to_six.clone();
        moved.rotate_right(1);
        let draft = author.save(&draft, json!({ "sections": moved })).await;
        assert_eq!(sections(&compare(&author, &draft, 1, 2).await), ["STAYED 6>1 moved: This is what part 6 says."]);

        // 3: and written anew a little, on another level.
        let mut edited = moved.clone();
        edited[0]["body"] = json!("This is what part six says.");
        edited[0]["level"] = json!(3);
        let draft = author.save(&draft, json!({ "sections": edited })).await;
        let told = compare(&author, &draft, 1, 3).await;
        assert_eq!(sections(&told), ["STAYED 6>1 moved changed: This is what part [-6-]{+six+} says."]);
        assert_eq!((&told["sections"][0]["before"]["level"], &told["sections"][0]["after"]["level"]), (&json!(2), &json!(3)));

        // 4: one goes, one comes.
        let mut other = edited.clone();
        other.remove(2);
        other.push(json!({ "heading": "Epilogue", "body": "Years later." }));
        let draft = author.save(&draft, json!({ "sections": other })).await;
        let told = compare(&author, &draft, 3, 4).await;
        assert_eq!(sections(&told), ["REMOVED 3>: [-This is what part 2 says.-]", "ADDED >6: {+Years later.+}"]);
        assert!(told["sections"][0]["after"].is_null() && told["sections"][1]["before"].is_null());

        // 5: one is put in anew elsewhere, as by cut and paste, and is recognised by its words.
        let mut pasted = saved_sections(&author, &draft).await;
        let cut = pasted.remove(0);
        pasted.push(json!({ "heading": cut["heading"], "level": 3, "body": "This is what part six says now." }));
        let draft = author.save(&draft, json!({ "sections": pasted })).await;
        let told = compare(&author, &draft, 4, 5).await;
        assert_eq!(sections(&told), ["STAYED 1>6 moved changed: This is what part six says{+ now+}."]);
        assert_eq!(told["sections"][0]["before"]["id"], cut["id"]);
        assert_ne!(told["sections"][0]["after"]["id"], cut["id"]);

        let told = compare(&author, &draft, 1, 5).await;
        assert_eq!(by_place(mirrored(&told)), by_place(compare(&author, &draft, 5, 1).await));

        // 6: all is as it was.
        let input = json!({ "articleId": draft["articleId"], "version": draft["version"], "toRevision": 1 });
        let draft = author.run("RevertArticle", json!({ "input": input })).await.done("revertArticle", "draft").clone();
        let told = compare(&author, &draft, 1, 6).await;
        assert_eq!((&told["sections"], &told["differing"]), (&json!([]), &json!([])));
        assert_eq!(sections(&compare(&author, &draft, 2, 6).await), ["STAYED 1>6 moved: This is what part 6 says."]);
    }

    async fn fields_are_told_by_what_came_and_went(desk) {
        let editor = desk.editor().await;
        let (quay, bridge) = (editor.image("The quay").await, editor.image("The bridge").await);
        let (trams, ferries) = (editor.create_tag("Trams").await, editor.create_tag("Ferries").await);
        let (ann, bob) = (editor.create_author("Ann").await, editor.create_author("Bob").await);
        let city = editor.create_category("City", None).await;
        let other = editor.write("The other one").await;
        let article = json!({ "article": { "articleId": other["articleId"] } });
        let link = |title: &str| json!({ "external": { "url": "https://example.org/", "title": title } });
        let draft = editor.create(json!({
            "title": "Crossing", "leadFigure": { "imageId": quay, "caption": "The old quay" }, "authorIds": [ann, bob],
            "tagIds": [trams], "relatedLinks": [link("Plan"), article],
        })).await;
        let draft = editor.save(&draft, json!({
            "slug": "crossing-over", "locale": "de", "leadFigure": { "imageId": bridge, "caption": "The new bridge" },
            "authorIds": [bob, ann], "categoryIds": [city], "tagIds": [ferries], "relatedLinks": [link("New plan")],
        })).await;
        let told = compare(&editor, &draft, 1, 2).await;
        assert_eq!(told["differing"], json!(["SLUG", "LOCALE", "LEAD_FIGURE", "AUTHORS", "CATEGORIES", "TAGS", "RELATED_LINKS"]));
        assert_eq!(shown(&told["slug"]), "crossing{+-over+}");
        assert_eq!(shown(&told["locale"]), "[-en-]{+de+}");
        let figure = &told["leadFigure"];
        assert_eq!(figure["before"], json!({ "imageId": quay, "image": { "alt": "The quay" } }));
        assert_eq!(figure["after"], json!({ "imageId": bridge, "image": { "alt": "The bridge" } }));
        assert_eq!(shown(&figure["caption"]), "The [-old quay-]{+new bridge+}");
        assert_eq!(figure["credit"], json!([]));
        assert_eq!(told["authors"], json!({ "added": [], "removed": [], "isReordered": true }));
        assert_eq!(told["categories"], json!({ "added": [{ "id": city, "name": "City" }], "removed": [], "isReordered": false }));
        assert_eq!(told["tags"], json!({ "added": [{ "id": ferries, "name": "Ferries" }], "removed": [{ "id": trams, "name": "Trams" }], "isReordered": false }));
        assert_eq!(told["relatedLinks"], json!({
            "added": [{ "title": "New plan", "url": "https://example.org/", "article": null }],
            "removed": [
                { "title": "Plan", "url": "https://example.org/", "article": null },
                { "title": null, "url": null, "article": { "articleId": other["articleId"], "title": "The other one" } },
            ],
            "isReordered": false,
        }));
        assert_eq!(mirrored(&told), compare(&editor, &draft, 2, 1).await);
    }

    async fn only_who_may_read_the_draft_compares_it(desk) {
        let (editor, author, contributor) = (desk.editor().await, desk.author().await, desk.contributor().await);
        let draft = author.write("A story").await;
        let draft = author.save(&draft, json!({ "title": "A secret story" })).await;
        let variables = json!({ "id": draft["articleId"], "from": 1, "to": 2 });
        let others = contributor.query_with(COMPARE, variables.clone()).await;
        assert_eq!(others.body, json!({ "data": { "viewer": { "compareRevisions": null } } }));
        // Not even how many revisions there are.
        assert!(compare(&contributor, &draft, 1, 7).await.is_null());
        let strangers = desk.stranger().query_with(COMPARE, variables).await;
        assert_eq!(strangers.body, json!({ "data": { "viewer": null } }));
        assert_eq!(shown(&compare(&editor, &draft, 1, 2).await["title"]), "A{+ secret+} story");
        let nothing = json!({ "articleId": format!("art_{}", "0".repeat(32)) });
        assert!(compare(&editor, &nothing, 1, 2).await.is_null());
    }

    async fn what_a_link_points_to_is_told_to_those_who_may_see_it(desk) {
        let (editor, contributor) = (desk.editor().await, desk.contributor().await);
        let hidden = editor.write("Hidden title").await;
        let open = editor.publish(&editor.write("Open title").await).await;
        let link = |draft: &Value| json!({ "article": { "articleId": draft["articleId"] } });
        let draft = contributor.write("Mine").await;
        let draft = editor.save(&draft, json!({ "relatedLinks": [link(&hidden), link(&open)] })).await;
        let titles = async |actor: &Actor| {
            let told = compare(actor, &draft, 1, 2).await;
            let added = told["relatedLinks"]["added"].as_array().unwrap().clone();
            added.iter().map(|link| link["article"]["title"].clone()).collect::<Vec<_>>()
        };
        assert_eq!(titles(&editor).await, ["Hidden title", "Open title"]);
        assert_eq!(titles(&contributor).await, [Value::Null, json!("Open title")]);
    }

    async fn what_cannot_be_compared_is_refused(desk) {
        let author = desk.author().await;
        let draft = author.save(&author.write("A story").await, json!({ "title": "A tale" })).await;
        for (from, to, argument) in [(0, 1, "from"), (3, 3, "from"), (1, 3, "to"), (1, -1, "to")] {
            let answer = author.query_with(COMPARE, json!({ "id": draft["articleId"], "from": from, "to": to })).await;
            assert_eq!(answer.error_code(), "BAD_REQUEST");
            let error = &answer.body["errors"][0];
            assert_eq!(error["message"], "The article has the revisions 1 to 2.");
            assert_eq!((&error["extensions"]["argument"], &answer.body["data"]["viewer"]["compareRevisions"]), (&json!([argument]), &Value::Null));
        }
        let answer = author.query_with(COMPARE, json!({ "id": "img_1", "from": 1, "to": 2 })).await;
        assert_eq!((answer.error_code(), &answer.body["errors"][0]["extensions"]["argument"]), ("BAD_REQUEST", &json!(["articleId"])));
        // It takes work: no document asks for it often.
        let asked = |times: usize| {
            let field = |number| format!("c{number}: compareRevisions(articleId: $id, from: 1, to: 2) {{ wordsAdded }} ");
            let document: String = (0..times).map(field).collect();
            format!("query ($id: ID!) {{ viewer {{ {document} }} }}")
        };
        let id = json!({ "id": draft["articleId"] });
        assert_eq!(author.query_with(&asked(9), id.clone()).await.data()["viewer"]["c8"]["wordsAdded"], 0);
        let refused = author.query_with(&asked(10), id).await;
        assert!(refused.error_code() == "BAD_REQUEST" && refused.text.contains("costs 10011"), "{}", refused.text);
    }

    async fn the_longest_sections_are_compared(desk) {
        let author = desk.author().await;
        let long = |word: &str| (0..20_000).map(|number| format!("{word}{number} ")).collect::<String>();
        let draft = author.create(json!({ "title": "Long", "sections": [{ "body": long("west") }] })).await;
        let mut sections_now = saved_sections(&author, &draft).await;
        sections_now[0]["body"] = json!(long("east"));
        let draft = author.save(&draft, json!({ "sections": sections_now })).await;
        let told = compare(&author, &draft, 1, 2).await;
        assert_eq!((&told["wordsAdded"], &told["wordsRemoved"]), (&json!(20_000), &json!(20_000)));
        // What went, what came, and the last space.
        assert_eq!(told["sections"][0]["body"].as_array().unwrap().len(), 3);
        // Every second word another.
        sections_now[0]["body"] = json!((0..20_000).map(|number| if number % 2 == 0 { format!("west{number} ") } else { format!("east{number} ") }).collect::<String>());
        let draft = author.save(&draft, json!({ "sections": sections_now })).await;
        let told = compare(&author, &draft, 1, 3).await;
        assert!(told["sections"][0]["body"].as_array().unwrap().len() < 6_000);
    }
}
