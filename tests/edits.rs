//! The finer edits: one section, one link. And edits that meet: refused, told, or merged by asking for it.

use serde_json::{Value, json};

use crate::harness::{Actor, Answer, on_both};

/// Runs one of the finer edits on a draft as it was seen.
async fn edit(by: &Actor, verb: &str, draft: &Value, more: Value) -> Answer {
    let input_type = format!("{}{}Input", verb[..1].to_uppercase(), &verb[1..]);
    let document = format!(
        "mutation ($input: {input_type}!) {{ {verb}(input: $input) {{ isMerged conflict {{ version comparison {{ from {{ number actor {{ name }} }} to {{ number }} differing title {{ change text }} sections {{ change isMoved before {{ position }} after {{ position }} body {{ change text }} }} }} }} draft {{ articleId version revisionNumber stage content {{ title sections {{ id heading level source }} relatedLinks {{ title url }} }} revisions(first: 1) {{ nodes {{ note }} }} }} userErrors {{ code message path }} }} }}"
    );
    let mut input = json!({ "articleId": draft["articleId"], "version": draft["version"] });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    by.query_with(&document, json!({ "input": input })).await
}

async fn edited(by: &Actor, verb: &str, draft: &Value, more: Value) -> Value {
    edit(by, verb, draft, more).await.done(verb, "draft").clone()
}

fn bodies(draft: &Value) -> Vec<&str> {
    draft["content"]["sections"]
        .as_array()
        .unwrap()
        .iter()
        .map(|section| section["source"].as_str().unwrap())
        .collect()
}

fn links(draft: &Value) -> Vec<&str> {
    draft["content"]["relatedLinks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["title"].as_str().unwrap())
        .collect()
}

fn problems(answer: &Answer, verb: &str) -> Vec<String> {
    let errors = answer.data()[verb]["userErrors"].as_array().unwrap_or_else(|| panic!("{}", answer.text));
    let told = errors.iter().map(|error| {
        let path: Vec<&str> = error["path"]
            .as_array()
            .map(|path| path.iter().map(|part| part.as_str().unwrap()).collect())
            .unwrap_or_default();
        format!("{} {}", path.join("."), error["code"].as_str().unwrap())
    });
    told.collect()
}

/// Three sections and two links.
async fn begun(by: &Actor) -> Value {
    let external =
        |title: &str| json!({ "external": { "url": format!("https://{title}.example"), "title": title } });
    let draft = by
        .create(json!({
            "title": "A story",
            "sections": [{ "body": "one" }, { "heading": "Two", "body": "two" }, { "heading": "Three", "body": "three" }],
            "relatedLinks": [external("first"), external("second")],
        }))
        .await;
    let document = "query ($id: ID!) { viewer { draft(articleId: $id) { articleId version content { sections { id source } } } } }";
    by.query_with(document, json!({ "id": draft["articleId"] })).await.data()["viewer"]["draft"].clone()
}

fn id(draft: &Value, index: usize) -> &Value {
    &draft["content"]["sections"][index]["id"]
}

on_both! {
    async fn sections_one_at_a_time(desk) {
        let author = desk.author().await;
        let draft = begun(&author).await;
        let (one, two) = (id(&draft, 0).clone(), id(&draft, 1).clone());
        let draft = edited(&author, "addSection", &draft, json!({ "heading": "Zero", "level": 3, "body": "zero", "position": 1, "note": "A beginning" })).await;
        assert_eq!(bodies(&draft), ["zero", "one", "two", "three"]);
        assert_eq!((draft["revisionNumber"].as_i64(), &draft["revisions"]["nodes"][0]["note"]), (Some(2), &json!("A beginning")));
        let draft = edited(&author, "addSection", &draft, json!({ "body": "four" })).await;
        assert_eq!(bodies(&draft), ["zero", "one", "two", "three", "four"]);
        let draft = edited(&author, "moveSection", &draft, json!({ "sectionId": one, "position": 5 })).await;
        assert_eq!(bodies(&draft), ["zero", "two", "three", "four", "one"]);
        let draft = edited(&author, "updateSection", &draft, json!({ "sectionId": two, "heading": null, "body": "two!" })).await;
        assert_eq!(draft["content"]["sections"][1], json!({ "id": two, "heading": null, "level": 2, "source": "two!" }));
        let draft = edited(&author, "updateSection", &draft, json!({ "sectionId": two, "level": 4 })).await;
        assert_eq!(draft["content"]["sections"][1], json!({ "id": two, "heading": null, "level": 4, "source": "two!" }));
        let removed = edited(&author, "removeSection", &draft, json!({ "sectionId": two })).await;
        assert_eq!(bodies(&removed), ["zero", "three", "four", "one"]);
        // Nothing is lost: the section comes back with its id.
        let input = json!({ "articleId": removed["articleId"], "version": removed["version"], "toRevision": draft["revisionNumber"] });
        author.run("RevertArticle", json!({ "input": input })).await.done("revertArticle", "draft");
        let seen = author.run("OneDraft", json!({ "articleId": draft["articleId"] })).await;
        assert_eq!(seen.data()["viewer"]["draft"]["content"]["sections"][1]["id"], two);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_section_edit_that_changes_nothing_makes_no_revision(desk) {
        let author = desk.author().await;
        let draft = begun(&author).await;
        let length = desk.log_length().await;
        for (verb, more) in [
            ("moveSection", json!({ "sectionId": id(&draft, 1), "position": 2 })),
            ("updateSection", json!({ "sectionId": id(&draft, 1), "body": "two" })),
            ("moveRelatedLink", json!({ "position": 1, "toPosition": 1 })),
        ] {
            assert_eq!(edited(&author, verb, &draft, more).await["version"], draft["version"]);
        }
        assert_eq!(desk.log_length().await, length);
    }

    async fn related_links_one_at_a_time(desk) {
        let author = desk.author().await;
        let draft = begun(&author).await;
        let link = json!({ "external": { "url": "https://third.example", "title": "third" } });
        let draft = edited(&author, "addRelatedLink", &draft, json!({ "link": link })).await;
        assert_eq!(links(&draft), ["first", "second", "third"]);
        let link = json!({ "external": { "url": "https://zeroth.example", "title": "zeroth" } });
        let draft = edited(&author, "addRelatedLink", &draft, json!({ "link": link, "position": 1 })).await;
        let draft = edited(&author, "moveRelatedLink", &draft, json!({ "position": 1, "toPosition": 3 })).await;
        assert_eq!(links(&draft), ["first", "second", "zeroth", "third"]);
        let draft = edited(&author, "removeRelatedLink", &draft, json!({ "position": 2 })).await;
        assert_eq!(links(&draft), ["first", "zeroth", "third"]);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn what_is_wrong_is_told_where_the_input_has_it(desk) {
        let author = desk.author().await;
        let draft = begun(&author).await;
        let before = (desk.rows().await, desk.log_length().await);
        let nobody = json!(format!("sec_{}", "0".repeat(32)));
        let image = format!("![](img_{})", "0".repeat(32));
        let itself = json!({ "article": { "articleId": draft["articleId"] } });
        for (verb, more, expected) in [
            ("addSection", json!({ "body": "x", "position": 5 }), vec!["input.position INVALID"]),
            ("addSection", json!({ "body": "x", "position": 0 }), vec!["input.position INVALID"]),
            ("addSection", json!({ "body": "x", "level": 7, "heading": "h".repeat(301), "position": 2 }), vec!["input.heading TOO_LONG", "input.level INVALID"]),
            ("addSection", json!({ "body": image }), vec!["input.body NOT_FOUND"]),
            ("updateSection", json!({ "sectionId": id(&draft, 2), "body": "[x](javascript:alert(1))" }), vec!["input.body INVALID"]),
            ("updateSection", json!({ "sectionId": nobody, "body": "x" }), vec!["input.sectionId NOT_FOUND"]),
            ("moveSection", json!({ "sectionId": id(&draft, 2), "position": 4 }), vec!["input.position INVALID"]),
            ("moveSection", json!({ "sectionId": id(&draft, 2), "position": -1 }), vec!["input.position INVALID"]),
            ("removeSection", json!({ "sectionId": nobody }), vec!["input.sectionId NOT_FOUND"]),
            ("addRelatedLink", json!({ "link": { "external": { "url": "ftp://x.example", "title": "" } } }), vec!["input.link.external.url INVALID", "input.link.external.title REQUIRED"]),
            ("addRelatedLink", json!({ "link": itself }), vec!["input.link INVALID"]),
            ("moveRelatedLink", json!({ "position": 1, "toPosition": 3 }), vec!["input.toPosition INVALID"]),
            ("moveRelatedLink", json!({ "position": 3, "toPosition": 1 }), vec!["input.position INVALID"]),
            ("removeRelatedLink", json!({ "position": 0 }), vec!["input.position INVALID"]),
        ] {
            let answer = edit(&author, verb, &draft, more.clone()).await;
            assert_eq!(problems(&answer, verb), expected, "{verb} {more}");
        }
        let malformed = edit(&author, "removeSection", &draft, json!({ "sectionId": "sec_1" })).await;
        assert_eq!(malformed.error_code(), "BAD_REQUEST");
        let malformed = edit(&author, "addRelatedLink", &draft, json!({ "link": { "article": { "articleId": "x" } } })).await;
        assert_eq!(malformed.body["errors"][0]["extensions"]["argument"], json!(["input", "link", "article", "articleId"]));
        assert_eq!((desk.rows().await, desk.log_length().await), before);
    }

    async fn an_edit_of_another_section_is_merged_by_asking_for_it(desk) {
        let (author, editor) = (desk.author().await, desk.editor().await);
        let seen = begun(&author).await;
        edited(&editor, "updateSection", &seen, json!({ "sectionId": id(&seen, 0), "body": "one, by the editor" })).await;
        // Not silently.
        let refused = edit(&author, "updateSection", &seen, json!({ "sectionId": id(&seen, 1), "body": "two, by the author" })).await;
        assert_eq!(refused.user_errors("updateSection"), ["CONFLICT"]);
        // What the editor saved since is told, by section and word.
        let conflict = &refused.data()["updateSection"]["conflict"];
        assert_eq!(conflict["version"], seen["version"]);
        let comparison = &conflict["comparison"];
        assert_eq!((&comparison["from"]["number"], &comparison["to"]["number"], &comparison["differing"]), (&json!(1), &json!(2), &json!([])));
        let sections = comparison["sections"].as_array().unwrap();
        assert_eq!((sections.len(), &sections[0]["before"]["position"], &sections[0]["isMoved"]), (1, &json!(1), &json!(false)));
        let added: String = sections[0]["body"].as_array().unwrap().iter().filter(|run| run["change"] == "ADDED").map(|run| run["text"].as_str().unwrap()).collect();
        assert_eq!(added, ", by the editor");
        let answer = edit(&author, "updateSection", &seen, json!({ "sectionId": id(&seen, 1), "body": "two, by the author", "onConflict": "MERGE" })).await;
        let merged = answer.done("updateSection", "draft");
        assert_eq!(answer.data()["updateSection"]["isMerged"], true);
        assert_eq!(bodies(merged), ["one, by the editor", "two, by the author", "three"]);
        assert_eq!(merged["revisionNumber"], 3);
        // The same by the whole list, with an order and a section of its own.
        let sections = json!([{ "id": id(&seen, 2), "heading": "Three", "body": "three" }, { "id": id(&seen, 0), "body": "one" }, { "id": id(&seen, 1), "heading": "Two", "body": "two" }, { "body": "four" }]);
        let answer = edit(&author, "updateArticle", &seen, json!({ "title": "A better story", "sections": sections, "onConflict": "MERGE" })).await;
        let merged = answer.done("updateArticle", "draft");
        assert_eq!(bodies(merged), ["three", "one, by the editor", "two, by the author", "four"]);
        assert_eq!(merged["content"]["title"], "A better story");
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn edits_of_the_same_section_are_never_merged(desk) {
        let (author, editor) = (desk.author().await, desk.editor().await);
        let seen = begun(&author).await;
        let now = edited(&editor, "updateSection", &seen, json!({ "sectionId": id(&seen, 1), "body": "theirs" })).await;
        let now = edited(&editor, "updateArticle", &now, json!({ "title": "Their title" })).await;
        let length = desk.log_length().await;
        let sections = json!([{ "id": id(&seen, 1), "heading": "Two", "body": "mine" }, { "id": id(&seen, 0), "body": "one" }, { "id": id(&seen, 2), "heading": "Three", "body": "three" }]);
        let answer = edit(&author, "updateArticle", &seen, json!({ "title": "My title", "sections": sections, "onConflict": "MERGE" })).await;
        assert_eq!(problems(&answer, "updateArticle"), ["input.title CONFLICT", "input.sections.0 CONFLICT"]);
        assert_eq!(answer.data()["updateArticle"]["conflict"]["comparison"]["differing"], json!(["TITLE"]));
        assert_eq!(answer.data()["updateArticle"]["draft"]["version"], now["version"]);
        let answer = edit(&author, "updateSection", &seen, json!({ "sectionId": id(&seen, 1), "body": "mine", "onConflict": "MERGE" })).await;
        assert_eq!(problems(&answer, "updateSection"), ["input CONFLICT"]);
        let answer = edit(&author, "removeSection", &seen, json!({ "sectionId": id(&seen, 1), "onConflict": "MERGE" })).await;
        assert_eq!(problems(&answer, "removeSection"), ["input CONFLICT"]);
        // A version that never was can't be merged from.
        for version in [0, -3, 9] {
            let never = json!({ "articleId": seen["articleId"], "version": version });
            let answer = edit(&author, "addSection", &never, json!({ "body": "x", "onConflict": "MERGE" })).await;
            assert_eq!(problems(&answer, "addSection"), ["input.version CONFLICT"], "{version}");
            assert_eq!(answer.data()["addSection"]["conflict"], json!({ "version": version, "comparison": null }));
        }
        assert_eq!(desk.log_length().await, length);
    }

    async fn what_was_done_to_the_stage_is_nothing_to_merge_with(desk) {
        let author = desk.author().await;
        let seen = begun(&author).await;
        author.publish(&seen).await;
        let refused = edit(&author, "addSection", &seen, json!({ "body": "four" })).await;
        let comparison = &refused.data()["addSection"]["conflict"]["comparison"];
        assert_eq!((&comparison["differing"], &comparison["sections"]), (&json!([]), &json!([])));
        let answer = edit(&author, "addSection", &seen, json!({ "body": "four", "onConflict": "MERGE" })).await;
        assert_eq!((&answer.data()["addSection"]["isMerged"], &answer.data()["addSection"]["conflict"]), (&json!(false), &Value::Null));
        assert_eq!(bodies(answer.done("addSection", "draft")), ["one", "two", "three", "four"]);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }
}
