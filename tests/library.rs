//! The library over the years: names that change and go on being found, things that are deleted, replaced, merged and moved, and
//! what becomes of the articles that used them.

use copydesk::operation::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Desk, on_both};

/// What a verb of the library answers: the thing and what was wrong.
async fn change(editor: &Actor, verb: &str, input: Value) -> Value {
    let thing = if verb.ends_with("Author") {
        "author"
    } else if verb.ends_with("Category") {
        "category"
    } else {
        "tag"
    };
    let more = match (verb.starts_with("delete"), thing) {
        (true, _) => " replacement { id slug version } usedBy { title }",
        (false, _) => "",
    };
    let name = format!("{}{}", verb[..1].to_uppercase(), &verb[1..]);
    let of_category = if thing == "category" { " parentId position" } else { "" };
    let document = format!(
        "mutation ($input: {name}Input!) {{ {verb}(input: $input) {{ {thing} {{ id slug name version usageCount{of_category} }}{more} userErrors {{ code message path }} }} }}"
    );
    editor.query_with(&document, json!({ "input": input })).await.data()[verb].clone()
}

/// The same of one that must be done.
async fn done(editor: &Actor, verb: &str, input: Value) -> Value {
    let payload = change(editor, verb, input).await;
    assert_eq!(payload["userErrors"], json!([]), "{verb}: {payload}");
    payload
}

/// The one user error: its code and its path below the input.
fn refused(payload: &Value) -> (String, String) {
    let errors = payload["userErrors"].as_array().unwrap();
    assert_eq!(errors.len(), 1, "{payload}");
    let path: Vec<&str> =
        errors[0]["path"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
    (errors[0]["code"].as_str().unwrap().to_owned(), path[1..].join("."))
}

fn refusal(code: &str, path: &str) -> (String, String) {
    (code.to_owned(), path.to_owned())
}

/// What the public sees at a slug: the thing's name and present slug, and its articles.
async fn page(desk: &Desk, kind: &str, slug: &str) -> Value {
    let document = format!(
        "query ($slug: String!) {{ {kind}(by: {{ slug: $slug }}) {{ slug name articleCount articles {{ totalCount nodes {{ title }} }} }} }}"
    );
    let answer = desk.stranger().query_with(&document, json!({ "slug": slug })).await;
    let page = &answer.data()[kind];
    if page.is_null() {
        return Value::Null;
    }
    let titles: Vec<&Value> =
        page["articles"]["nodes"].as_array().unwrap().iter().map(|node| &node["title"]).collect();
    assert_eq!(page["articleCount"], titles.len(), "{page}");
    assert_eq!(page["articles"]["totalCount"], titles.len(), "{page}");
    json!({ "slug": page["slug"], "name": page["name"], "titles": titles })
}

/// The labels of a published article.
async fn labels(desk: &Desk, slug: &str) -> Value {
    let document = "query ($slug: String!) { article(by: { slug: $slug }) { authors { slug } tags { slug } categories { slug } } }";
    let answer = desk.stranger().query_with(document, json!({ "slug": slug })).await;
    let slugs = |field: &str| -> Vec<Value> {
        answer.data()["article"][field]
            .as_array()
            .unwrap()
            .iter()
            .map(|thing| thing["slug"].clone())
            .collect()
    };
    json!([slugs("authors"), slugs("tags"), slugs("categories")])
}

/// The titles of the drafts that use something, and how many the library counts.
async fn uses(editor: &Actor, thing: &str) -> Vec<String> {
    let document =
        "query ($id: ID!) { viewer { drafts(filter: { uses: $id }) { totalCount nodes { title } } } }";
    let answer = editor.query_with(document, json!({ "id": thing })).await;
    let drafts = &answer.data()["viewer"]["drafts"];
    let mut titles: Vec<String> = drafts["nodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|draft| draft["title"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(drafts["totalCount"], titles.len());
    titles.sort();
    titles
}

async fn tree(desk: &Desk) -> String {
    let answer = desk
        .stranger()
        .query("{ categories { slug children { slug children { slug children { slug } } } } }")
        .await;
    fn line(category: &Value) -> String {
        let below: Vec<String> = category["children"].as_array().into_iter().flatten().map(line).collect();
        let slug = category["slug"].as_str().unwrap();
        if below.is_empty() { slug.to_owned() } else { format!("{slug}({})", below.join(" ")) }
    }
    let roots: Vec<String> = answer.data()["categories"].as_array().unwrap().iter().map(line).collect();
    roots.join(" ")
}

async fn nothing_is_wrong(desk: &Desk) {
    assert_eq!(desk.verify().await, Vec::<String>::new());
}

on_both! {
    async fn names_change_and_old_addresses_lead_on(desk) {
        let editor = desk.editor().await;
        let author = editor.create_author("Ann Author").await;
        let tag = editor.create_tag("Trams").await;
        let category = editor.create_category("City", None).await;
        let content = json!({ "title": "A line", "sections": [{ "body": "Words." }], "authorIds": [author], "tagIds": [tag], "categoryIds": [category] });
        editor.publish(&editor.create(content).await).await;
        for (verb, kind, field, id, old, new) in [
            ("updateAuthor", "author", "authorId", &author, "ann-author", "ann-byline"),
            ("updateTag", "tag", "tagId", &tag, "trams", "trains"),
            ("updateCategory", "category", "categoryId", &category, "city", "town"),
        ] {
            let changed = done(&editor, verb, json!({ field: id, "version": 1, "name": "Another", "slug": new })).await;
            assert_eq!((&changed[kind]["slug"], &changed[kind]["version"], &changed[kind]["usageCount"]), (&json!(new), &json!(2), &json!(1)));
            let expected = json!({ "slug": new, "name": "Another", "titles": ["A line"] });
            assert_eq!(page(&desk, kind, new).await, expected);
            assert_eq!(page(&desk, kind, old).await, expected, "the old slug finds it under the new one");
            // Nobody else gets the old one, whether given or derived; it itself may take it back.
            let input = json!({ "input": { "name": old, "slug": old } });
            let create = verb.replace("update", "create");
            let name = format!("{}{}", create[..1].to_uppercase(), &create[1..]);
            assert_eq!(editor.run(&name, input).await.user_errors(&create), ["TAKEN"]);
            let derived = editor.run(&name, json!({ "input": { "name": old } })).await;
            assert_eq!(derived.done(&create, kind)["slug"], format!("{old}-2"));
            // A second edit from the version before is told what is there now.
            let late = change(&editor, verb, json!({ field: id, "version": 1, "name": "Late" })).await;
            assert_eq!((refused(&late), &late[kind]["name"]), (refusal("CONFLICT", "version"), &json!("Another")));
            let same = done(&editor, verb, json!({ field: id, "version": 2, "slug": new })).await;
            assert_eq!(same[kind]["version"], 2, "what changes nothing is no change");
            let back = done(&editor, verb, json!({ field: id, "version": 2, "slug": old })).await;
            assert_eq!(back[kind]["slug"], old);
            assert_eq!(page(&desk, kind, new).await["slug"], old);
        }
        let filtered = desk.stranger().query("{ articles(filter: { authorSlug: \"ann-byline\", tagSlug: \"trains\", categorySlug: \"town\" }) { nodes { slug } } }").await;
        assert_eq!(filtered.data()["articles"]["nodes"], json!([{ "slug": "a-line" }]));
        for (path, to) in [("/authors/ann-byline", "/authors/ann-author"), ("/tags/trains", "/tags/trams"), ("/categories/town", "/categories/city")] {
            let route = desk.stranger().query_with("query ($path: String!) { route(path: $path) { status redirectTo } }", json!({ "path": path })).await;
            assert_eq!(route.data()["route"], json!({ "status": 301, "redirectTo": to }));
        }
        nothing_is_wrong(&desk).await;
    }

    async fn an_author_is_described(desk) {
        let editor = desk.editor().await;
        let [first, second] = [editor.image("A face").await, editor.image("Another face").await];
        let input = json!({ "name": "Ann", "bio": "Writes.", "portraitImageId": first, "links": [{ "title": "Site", "url": "https://ann.example/" }] });
        let author = editor.run("CreateAuthor", json!({ "input": input })).await.done("createAuthor", "author")["id"].clone();
        let content = json!({ "title": "A line", "sections": [{ "body": "Words." }], "authorIds": [author] });
        editor.publish(&editor.create(content).await).await;
        let asked = "{ author(by: { slug: \"ann\" }) { name bio { text } portrait { alt } links { title url } } authors { nodes { name } } }";
        let answer = desk.stranger().query(asked).await;
        assert_eq!(answer.data()["author"], json!({ "name": "Ann", "bio": { "text": "Writes." }, "portrait": { "alt": "A face" }, "links": [{ "title": "Site", "url": "https://ann.example/" }] }));
        done(&editor, "updateAuthor", json!({ "authorId": author, "version": 1, "bio": "Reads.", "portraitImageId": second, "links": [] })).await;
        let answer = desk.stranger().query(asked).await;
        assert_eq!(answer.data()["author"], json!({ "name": "Ann", "bio": { "text": "Reads." }, "portrait": { "alt": "Another face" }, "links": [] }));
        assert!(desk.stranger().query_with("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": first })).await.data()["node"].is_null(), "the old portrait is public no longer");
        done(&editor, "updateAuthor", json!({ "authorId": author, "version": 2, "bio": null, "portraitImageId": null })).await;
        let answer = desk.stranger().query(asked).await;
        assert_eq!(answer.data()["author"], json!({ "name": "Ann", "bio": null, "portrait": null, "links": [] }));
        // On the masthead, and off it again.
        let quiet = editor.create_author("Quiet").await;
        for (version, is_listed, names) in [(1, true, json!([{ "name": "Ann" }, { "name": "Quiet" }])), (2, false, json!([{ "name": "Ann" }]))] {
            done(&editor, "updateAuthor", json!({ "authorId": quiet, "version": version, "isListed": is_listed })).await;
            assert_eq!(desk.stranger().query(asked).await.data()["authors"]["nodes"], names);
        }
        for (links, path) in [
            (json!([{ "title": "Site", "url": "javascript:alert(1)" }]), "links.0.url"),
            (json!([{ "title": " ", "url": "https://ann.example" }]), "links.0.title"),
            (json!(vec![json!({ "title": "Site", "url": "https://ann.example" }); 11]), "links"),
        ] {
            let payload = change(&editor, "updateAuthor", json!({ "authorId": quiet, "version": 3, "links": links })).await;
            assert_eq!(refused(&payload).1, path);
        }
        nothing_is_wrong(&desk).await;
    }

    async fn tags_are_merged(desk) {
        let editor = desk.editor().await;
        let [trams, trains, buses, night] = [editor.create_tag("Trams").await, editor.create_tag("Trains").await, editor.create_tag("Buses").await, editor.create_tag("Night").await];
        let story = |title: &str, tags: &[&String]| json!({ "title": title, "sections": [{ "body": "Words." }], "tagIds": tags });
        editor.publish(&editor.create(story("Both", &[&trams, &night, &trains])).await).await;
        desk.clock.advance_seconds(1);
        editor.publish(&editor.create(story("One", &[&trains])).await).await;
        let hidden = editor.create(story("Hidden", &[&buses, &trains])).await;
        // One is called otherwise before: both its slugs lead on.
        done(&editor, "updateTag", json!({ "tagId": trains, "version": 1, "slug": "railways" })).await;
        let before = desk.log_length().await;
        let merged = done(&editor, "mergeTags", json!({ "tagId": trams, "version": 1, "mergedTagIds": [trains, buses] })).await;
        assert_eq!((&merged["tag"]["slug"], &merged["tag"]["version"], &merged["tag"]["usageCount"]), (&json!("trams"), &json!(2), &json!(3)));
        let entries: Vec<String> = desk.log_after(before).await.iter().map(|entry| entry.split(' ').next().unwrap().to_owned()).collect();
        assert_eq!(entries, ["TAG_MERGED", "TAG_MERGED", "TAG_UPDATED"]);
        for slug in ["trams", "trains", "railways", "buses"] {
            assert_eq!(page(&desk, "tag", slug).await, json!({ "slug": "trams", "name": "Trams", "titles": ["One", "Both"] }), "{slug}");
        }
        assert_eq!(labels(&desk, "both").await[1], json!(["trams", "night"]), "the first place counts");
        assert_eq!(labels(&desk, "one").await[1], json!(["trams"]));
        assert_eq!(uses(&editor, &trams).await, ["Both", "Hidden", "One"]);
        assert_eq!(uses(&editor, &trains).await, Vec::<String>::new());
        nothing_is_wrong(&desk).await;
        // The draft names what was merged; who reads it sees what is there, and a save that changes nothing makes no revision.
        let seen = editor.run("OneDraft", json!({ "articleId": hidden["articleId"] })).await;
        let names: Vec<&Value> = seen.data()["viewer"]["draft"]["content"]["tags"].as_array().unwrap().iter().map(|tag| &tag["name"]).collect();
        assert_eq!(names, ["Trams"]);
        let same = editor.save(&hidden, json!({ "tagIds": [trams] })).await;
        assert_eq!(same["revisionNumber"], hidden["revisionNumber"]);
        let public = editor.publish(&same).await;
        assert_eq!(labels(&desk, "hidden").await[1], json!(["trams"]));
        // Older revisions, too, are read with what is there.
        let saved = editor.save(&public, json!({ "tagIds": [night] })).await;
        assert_eq!(uses(&editor, &trams).await, ["Both", "Hidden", "One"], "the public revision uses it still");
        let input = json!({ "input": { "articleId": saved["articleId"], "version": saved["version"], "toRevision": 1 } });
        let reverted = editor.run("RevertArticle", input).await.done("revertArticle", "draft").clone();
        editor.publish(&reverted).await;
        assert_eq!(labels(&desk, "hidden").await[1], json!(["trams"]));
        // And what took the place may be replaced in its turn.
        done(&editor, "deleteTag", json!({ "tagId": trams, "version": 2, "replacementId": night })).await;
        assert_eq!(labels(&desk, "both").await[1], json!(["night"]));
        assert_eq!(page(&desk, "tag", "railways").await["slug"], "night");
        let input = json!({ "input": { "articleId": reverted["articleId"], "version": reverted["version"].as_i64().unwrap() + 1, "toRevision": 1 } });
        assert_eq!(editor.run("RevertArticle", input).await.user_errors("revertArticle"), Vec::<String>::new());
        assert_eq!(uses(&editor, &night).await, ["Both", "Hidden", "One"]);
        nothing_is_wrong(&desk).await;
    }

    async fn merges_that_can_not_be(desk) {
        let editor = desk.editor().await;
        let [trams, trains] = [editor.create_tag("Trams").await, editor.create_tag("Trains").await];
        let nobodys = "tag_00000000000070008000000000000000";
        for (merged, expected) in [
            (json!([trams]), refusal("INVALID", "mergedTagIds")),
            (json!([trains, trains]), refusal("INVALID", "mergedTagIds")),
            (json!([]), refusal("REQUIRED", "mergedTagIds")),
            (json!(vec![&trains; 101]), refusal("TOO_LONG", "mergedTagIds")),
            (json!([trains, nobodys]), refusal("NOT_FOUND", "mergedTagIds.1")),
        ] {
            let before = desk.rows().await;
            let payload = change(&editor, "mergeTags", json!({ "tagId": trams, "version": 1, "mergedTagIds": merged })).await;
            assert_eq!(refused(&payload), expected);
            assert_eq!(payload["tag"]["version"], 1);
            assert_eq!(desk.rows().await, before);
        }
        let late = change(&editor, "mergeTags", json!({ "tagId": trams, "version": 7, "mergedTagIds": [trains] })).await;
        assert_eq!(refused(&late), refusal("CONFLICT", "version"));
        let unknown = change(&editor, "mergeTags", json!({ "tagId": nobodys, "version": 1, "mergedTagIds": [trains] })).await;
        assert_eq!((refused(&unknown), &unknown["tag"]), (refusal("NOT_FOUND", "tagId"), &Value::Null));
    }

    async fn what_is_used_is_not_deleted(desk) {
        let editor = desk.editor().await;
        let author = editor.create_author("Ann Author").await;
        let tag = editor.create_tag("Trams").await;
        let category = editor.create_category("City", None).await;
        let content = json!({ "title": "A line", "sections": [{ "body": "Words." }], "authorIds": [author], "tagIds": [tag], "categoryIds": [category] });
        let draft = editor.create(content.clone()).await;
        for (verb, kind, field, id) in [
            ("deleteAuthor", "author", "authorId", &author), ("deleteTag", "tag", "tagId", &tag), ("deleteCategory", "category", "categoryId", &category),
        ] {
            let before = desk.rows().await;
            let payload = change(&editor, verb, json!({ field: id, "version": 1 })).await;
            assert_eq!(refused(&payload), refusal("IN_USE", field), "{payload}");
            assert_eq!((&payload["usedBy"], &payload[kind]["usageCount"]), (&json!([{ "title": "A line" }]), &json!(1)));
            let itself = change(&editor, verb, json!({ field: id, "version": 1, "replacementId": id })).await;
            assert_eq!(refused(&itself), refusal("INVALID", "replacementId"));
            let nobodys = format!("{}_00000000000070008000000000000000", &id[..3]);
            let unknown = change(&editor, verb, json!({ field: id, "version": 1, "replacementId": nobodys })).await;
            assert_eq!(refused(&unknown), refusal("NOT_FOUND", "replacementId"));
            assert_eq!(refused(&change(&editor, verb, json!({ field: id, "version": 2 })).await), refusal("CONFLICT", "version"));
            assert_eq!(desk.rows().await, before);
        }
        // In the trash it is used still: it may come back.
        let trashed = "mutation ($input: DeleteArticleInput!) { deleteArticle(input: $input) { draft { articleId version } userErrors { code } } }";
        let trashed = editor.query_with(trashed, json!({ "input": { "articleId": draft["articleId"], "version": draft["version"] } })).await.done("deleteArticle", "draft").clone();
        assert_eq!(refused(&change(&editor, "deleteTag", json!({ "tagId": tag, "version": 1 })).await), refusal("IN_USE", "tagId"));
        let restored = "mutation ($input: RestoreArticleInput!) { restoreArticle(input: $input) { draft { articleId version } userErrors { code } } }";
        let draft = editor.query_with(restored, json!({ "input": trashed })).await.done("restoreArticle", "draft").clone();
        // Public, and taken off the draft: the public revision uses it still, until the draft is published.
        let public = editor.publish(&draft).await;
        let changed = editor.save(&public, json!({ "authorIds": [], "tagIds": [], "categoryIds": [] })).await;
        for id in [&author, &tag, &category] {
            assert_eq!(uses(&editor, id).await, ["A line"]);
        }
        let public = editor.publish(&changed).await;
        for id in [&author, &tag, &category] {
            assert_eq!(uses(&editor, id).await, Vec::<String>::new());
        }
        // Put back and taken down: what the draft does not use any more is free.
        let back = editor.publish(&editor.save(&public, json!({ "tagIds": [tag] })).await).await;
        let taken_off = editor.save(&back, json!({ "tagIds": [] })).await;
        editor.unpublish(&taken_off).await;
        for (verb, kind, field, id) in [
            ("deleteAuthor", "author", "authorId", &author), ("deleteTag", "tag", "tagId", &tag), ("deleteCategory", "category", "categoryId", &category),
        ] {
            let payload = done(&editor, verb, json!({ field: id, "version": 1 })).await;
            assert_eq!(payload[kind]["id"], **id);
            assert_eq!(refused(&change(&editor, verb, json!({ field: id, "version": 1 })).await), refusal("NOT_FOUND", field));
            let slug = payload[kind]["slug"].as_str().unwrap();
            assert_eq!(page(&desk, kind, slug).await, Value::Null);
        }
        assert_eq!(editor.create_tag("Trams").await.len(), tag.len());
        assert_eq!(tree(&desk).await, "");
        nothing_is_wrong(&desk).await;
    }

    async fn another_takes_the_place(desk) {
        let editor = desk.editor().await;
        let face = editor.image("A face").await;
        let input = json!({ "input": { "name": "Ann Author", "portraitImageId": face } });
        let ann = editor.run("CreateAuthor", input).await.done("createAuthor", "author")["id"].as_str().unwrap().to_owned();
        let bob = editor.create_author("Bob Byline").await;
        let [city, lines, stops] = [editor.create_category("City", None).await, editor.create_category("Lines", None).await, editor.create_category("Stops", None).await];
        let night = editor.create_category("Night", Some(&lines)).await;
        let story = |title: &str, authors: &[&String], categories: &[&String]| json!({ "title": title, "sections": [{ "body": "Words." }], "authorIds": authors, "categoryIds": categories });
        editor.publish(&editor.create(story("Both", &[&ann, &bob], &[&stops, &night])).await).await;
        desk.clock.advance_seconds(1);
        editor.publish(&editor.create(story("One", &[&ann], &[&stops])).await).await;
        editor.create(story("Hidden", &[&bob, &ann], &[&stops])).await;
        let gone = done(&editor, "deleteAuthor", json!({ "authorId": ann, "version": 1, "replacementId": bob })).await;
        assert_eq!((&gone["author"]["slug"], &gone["replacement"]), (&json!("ann-author"), &json!({ "id": bob, "slug": "bob-byline", "version": 2 })));
        assert_eq!(page(&desk, "author", "ann-author").await, json!({ "slug": "bob-byline", "name": "Bob Byline", "titles": ["One", "Both"] }));
        assert_eq!(labels(&desk, "both").await[0], json!(["bob-byline"]));
        assert!(desk.stranger().query_with("query ($id: ID!) { node(id: $id) { id } }", json!({ "id": face })).await.data()["node"].is_null(), "the portrait went too");
        nothing_is_wrong(&desk).await;
        // A category's place is taken with what is above the other.
        assert_eq!(refused(&change(&editor, "deleteCategory", json!({ "categoryId": lines, "version": 1, "replacementId": city })).await), refusal("IN_USE", "categoryId"));
        let gone = done(&editor, "deleteCategory", json!({ "categoryId": stops, "version": 1, "replacementId": night })).await;
        assert_eq!(gone["replacement"]["slug"], "night");
        for (slug, titles) in [("city", json!([])), ("lines", json!(["One", "Both"])), ("night", json!(["One", "Both"])), ("stops", json!(["One", "Both"]))] {
            assert_eq!(page(&desk, "category", slug).await["titles"], titles, "{slug}");
        }
        assert_eq!(labels(&desk, "both").await[2], json!(["night"]));
        assert_eq!(uses(&editor, &night).await, ["Both", "Hidden", "One"]);
        nothing_is_wrong(&desk).await;
    }

    async fn categories_are_moved(desk) {
        let editor = desk.editor().await;
        let mut ids: Vec<String> = Vec::new();
        for name in ["A", "B", "C", "D"] {
            ids.push(editor.create_category(name, None).await);
        }
        let [a, b, _, d] = [&ids[0], &ids[1], &ids[2], &ids[3]];
        let below = editor.create_category("E", Some(b)).await;
        let story = |title: &str, category: &String| json!({ "title": title, "sections": [{ "body": "Words." }], "categoryIds": [category] });
        editor.publish(&editor.create(story("In B", b)).await).await;
        desk.clock.advance_seconds(1);
        editor.publish(&editor.create(story("In E", &below)).await).await;
        assert_eq!(tree(&desk).await, "a b(e) c d");
        let moved = done(&editor, "moveCategory", json!({ "categoryId": d, "version": 1, "position": 1 })).await;
        assert_eq!((&moved["category"]["position"], &moved["category"]["version"]), (&json!(1), &json!(2)));
        assert_eq!(tree(&desk).await, "d a b(e) c");
        let same = done(&editor, "moveCategory", json!({ "categoryId": d, "version": 2, "position": 1 })).await;
        assert_eq!(same["category"]["version"], 2, "where it is already");
        // B was numbered anew when D went before it.
        assert_eq!(refused(&change(&editor, "moveCategory", json!({ "categoryId": b, "version": 1, "parentId": a })).await), refusal("CONFLICT", "version"));
        done(&editor, "moveCategory", json!({ "categoryId": b, "version": 2, "parentId": a })).await;
        assert_eq!(tree(&desk).await, "d a(b(e)) c");
        for (slug, titles) in [("a", json!(["In E", "In B"])), ("b", json!(["In E", "In B"])), ("e", json!(["In E"])), ("c", json!([]))] {
            assert_eq!(page(&desk, "category", slug).await["titles"], titles, "{slug}");
        }
        nothing_is_wrong(&desk).await;
        for (id, input, expected) in [
            (a, json!({ "parentId": a }), refusal("INVALID", "parentId")),
            (a, json!({ "parentId": below }), refusal("INVALID", "parentId")),
            (a, json!({ "parentId": "cat_00000000000070008000000000000000" }), refusal("NOT_FOUND", "parentId")),
            (a, json!({ "position": 0 }), refusal("INVALID", "position")),
            (a, json!({ "position": 4 }), refusal("INVALID", "position")),
            (a, json!({ "position": -2_147_483_648i64 }), refusal("INVALID", "position")),
        ] {
            let before = desk.rows().await;
            let version = change(&editor, "updateCategory", json!({ "categoryId": id, "version": 99 })).await["category"]["version"].clone();
            let mut whole = json!({ "categoryId": id, "version": version });
            whole.as_object_mut().unwrap().extend(input.as_object().unwrap().clone());
            assert_eq!(refused(&change(&editor, "moveCategory", whole).await), expected, "{input}");
            assert_eq!(desk.rows().await, before);
        }
        // Back to the roots, with what is below it.
        let version = change(&editor, "updateCategory", json!({ "categoryId": b, "version": 99 })).await["category"]["version"].clone();
        done(&editor, "moveCategory", json!({ "categoryId": b, "version": version, "parentId": null, "position": 2 })).await;
        assert_eq!(tree(&desk).await, "d b(e) a c");
        assert_eq!(page(&desk, "category", "a").await["titles"], json!([]));
        assert_eq!(page(&desk, "category", "b").await["titles"], json!(["In E", "In B"]));
        nothing_is_wrong(&desk).await;
    }

    async fn the_tree_stays_shallow(desk) {
        let editor = desk.editor().await;
        let mut above: Option<String> = None;
        for level in 1..=10 {
            above = Some(editor.create_category(&format!("Level {level}"), above.as_deref()).await);
        }
        let answer = editor.run("CreateCategory", json!({ "input": { "name": "Level 11", "parentId": above } })).await;
        assert_eq!(answer.user_errors("createCategory"), ["INVALID"]);
        let root = editor.create_category("Root", None).await;
        let leaf = editor.create_category("Leaf", Some(&root)).await;
        let deep = change(&editor, "moveCategory", json!({ "categoryId": leaf, "version": 1, "parentId": above })).await;
        assert_eq!(refused(&deep), refusal("INVALID", "parentId"));
    }

    async fn a_list_by_use_shows_what_the_viewer_may_see(desk) {
        let (editor, author) = (desk.editor().await, desk.user(Role::Author, "Arthur").await);
        let tag = editor.create_tag("Trams").await;
        let image = editor.image("A quay").await;
        editor.create(json!({ "title": "Edda's", "tagIds": [tag], "leadFigure": { "imageId": image } })).await;
        author.create(json!({ "title": "Arthur's", "sections": [{ "body": format!("![]({image})") }] })).await;
        assert_eq!(uses(&editor, &image).await, ["Arthur's", "Edda's"]);
        assert_eq!(uses(&author, &image).await, ["Arthur's"]);
        assert_eq!(uses(&author, &tag).await, Vec::<String>::new());
        let wrong = editor.query("{ viewer { drafts(filter: { uses: \"art_00000000000070008000000000000000\" }) { nodes { title } } } }").await;
        assert_eq!(wrong.error_code(), "BAD_REQUEST");
        nothing_is_wrong(&desk).await;
    }

    async fn nobody_comes_to_use_what_is_deleted_meanwhile(desk) {
        let editor = desk.editor().await;
        for round in 0..8 {
            let tag = editor.create_tag(&format!("Tag {round}")).await;
            let draft = editor.write(&format!("Story {round}")).await;
            let (deleter, writer) = (editor.clone(), editor.clone());
            let (id, used) = (tag.clone(), tag.clone());
            let deleting = tokio::spawn(async move { change(&deleter, "deleteTag", json!({ "tagId": id, "version": 1 })).await });
            let writing = tokio::spawn(async move {
                let input = json!({ "input": { "articleId": draft["articleId"], "version": draft["version"], "tagIds": [used] } });
                writer.run("UpdateArticle", input).await.user_errors("updateArticle")
            });
            let (deleted, written) = (deleting.await.unwrap(), writing.await.unwrap());
            let is_deleted = deleted["userErrors"] == json!([]);
            let expected: &[&str] = if is_deleted { &["NOT_FOUND"] } else { &[] };
            assert_eq!(written, expected, "{deleted}");
        }
        nothing_is_wrong(&desk).await;
    }

    async fn an_older_database_learns_what_is_used(desk) {
        let editor = desk.editor().await;
        let [author, tag] = [editor.create_author("Ann").await, editor.create_tag("Trams").await];
        let category = editor.create_category("City", None).await;
        let images = [editor.image("A quay").await, editor.image("A crane").await, editor.image("A buoy").await];
        let content = json!({
            "title": "A line", "leadFigure": { "imageId": images[0] }, "sections": [{ "body": format!("![]({})\n\nimg_ and img_00 are no images.\n\n![]({})", images[1], images[2]) }],
            "authorIds": [author], "tagIds": [tag], "categoryIds": [category],
        });
        let public = editor.publish(&editor.create(content).await).await;
        editor.save(&public, json!({ "tagIds": [], "leadFigure": null })).await;
        nothing_is_wrong(&desk).await;
        // As it was before there were such tables.
        for table in ["uses", "former_slugs", "replacements"] {
            desk.tamper(&format!("DROP TABLE {table}")).await;
        }
        desk.tamper("ALTER TABLE author_records DROP COLUMN links").await;
        desk.tamper("ALTER TABLE authors DROP COLUMN links").await;
        desk.tamper("DELETE FROM seaql_migrations WHERE version = 'm20261128_000014_library'").await;
        let desk = desk.restart().await;
        nothing_is_wrong(&desk).await;
        let editor = desk.sign_in("edda@desk.example").await;
        for thing in [&author, &tag, &category, &images[0], &images[1], &images[2]] {
            assert_eq!(uses(&editor, thing).await, ["A line"]);
        }
    }

    async fn names_can_not_turn_the_line_around(desk) {
        let editor = desk.editor().await;
        for name in ["Tr\u{202E}ams", "\u{2066}Trams", "Tra\u{200B}ms"] {
            for (operation, mutation) in [("CreateTag", "createTag"), ("CreateCategory", "createCategory"), ("CreateAuthor", "createAuthor")] {
                let answer = editor.run(operation, json!({ "input": { "name": name } })).await;
                assert_eq!(answer.user_errors(mutation), ["INVALID"], "{name:?}");
            }
        }
        // What joins letters belongs to names.
        editor.create_tag("نامه\u{200C}ای").await;
    }
}
