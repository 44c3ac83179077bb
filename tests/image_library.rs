//! The library: what is said of pictures, found by, and changed.

use serde_json::{Value, json};

use crate::harness::{Actor, on_both, picture};
use crate::image_formats::drawn;

const UPDATE: &str = "mutation ($input: UpdateImageInput!) { updateImage(input: $input) { image { id alt caption credit version url(width: 160, height: 160) focalPoint { x y } } userErrors { code message path } } }";

async fn update(actor: &Actor, input: Value) -> crate::harness::Answer {
    actor.query_with(UPDATE, json!({ "input": input })).await
}

/// A published article with this picture above it.
async fn show(editor: &Actor, image: &str) -> Value {
    let draft = editor.create(json!({ "title": "With a picture", "leadFigure": { "imageId": image }, "sections": [{ "body": "Words" }] })).await;
    editor.publish(&draft).await
}

const PUBLIC: &str = "query ($id: ID!) { image(by: { id: $id }) { alt caption credit url width crop: url(width: 160, height: 160, format: PNG) } }";

on_both! {
    async fn what_is_said_of_a_picture_changes_for_readers_too(desk) {
        let (editor, stranger) = (desk.editor().await, desk.stranger());
        let uploaded = editor.upload_named(drawn("lying-1.png"), "quarters.png", "Four quarters").await;
        let image = uploaded.done("uploadImage", "image")["id"].as_str().unwrap().to_owned();
        show(&editor, &image).await;
        let before = stranger.query_with(PUBLIC, json!({ "id": image })).await.data()["image"].clone();
        let input = json!({ "imageId": image, "version": 1, "alt": "Red, green, blue, white", "caption": "Quarters", "credit": null, "focalPoint": { "x": 10_000, "y": 0 } });
        let changed = update(&editor, input.clone()).await;
        let changed = changed.done("updateImage", "image");
        assert_eq!((&changed["version"], &changed["credit"], &changed["focalPoint"]), (&json!(2), &Value::Null, &json!({ "x": 10_000, "y": 0 })));
        let after = stranger.query_with(PUBLIC, json!({ "id": image })).await.data()["image"].clone();
        assert_eq!((&after["alt"], &after["caption"], &after["credit"]), (&json!("Red, green, blue, white"), &json!("Quarters"), &Value::Null));
        assert_eq!(after["url"], before["url"]);

        // Crops follow the focal point; the address of an older one leads to the one of now.
        assert_ne!(after["crop"], before["crop"]);
        let file = desk.http.get(after["crop"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
        let cropped = ::image::load_from_memory(&file).unwrap().to_rgb8();
        assert_eq!((cropped.dimensions(), cropped.get_pixel(24, 4).0), ((32, 32), [30, 160, 60]));
        let led = desk.http.get(before["crop"].as_str().unwrap()).send().await.unwrap();
        assert_eq!((led.status().as_u16(), led.url().as_str()), (200, after["crop"].as_str().unwrap()));

        // A stale edit changes nothing, and is told what there is; what changes nothing is no change.
        let stale = update(&editor, input).await;
        assert_eq!(stale.user_errors("updateImage"), ["CONFLICT"]);
        assert_eq!(stale.data()["updateImage"]["image"]["version"], 2);
        let log = desk.log_length().await;
        assert_eq!(update(&editor, json!({ "imageId": image, "version": 2, "caption": " Quarters " })).await.done("updateImage", "image")["version"], 2);
        for (field, value, code) in [
            ("alt", json!(" "), "REQUIRED"), ("alt", json!("quarters.png"), "INVALID"), ("caption", json!("x".repeat(1_001)), "TOO_LONG"),
            ("focalPoint", json!({ "x": 10_001, "y": 0 }), "INVALID"), ("focalPoint", json!({ "x": 0, "y": -1 }), "INVALID"),
        ] {
            let refused = update(&editor, json!({ "imageId": image, "version": 2, field: value })).await;
            assert_eq!(refused.user_errors("updateImage"), [code], "{field}");
            assert_eq!(refused.data()["updateImage"]["userErrors"][0]["path"], json!(["input", field]));
        }
        assert_eq!(desk.log_length().await, log);
        assert_eq!(update(&editor, json!({ "imageId": image, "version": 2, "focalPoint": null })).await.done("updateImage", "image")["focalPoint"], json!({ "x": 5_000, "y": 5_000 }));
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_file_is_replaced_wherever_it_is_shown(desk) {
        let (editor, author, stranger) = (desk.editor().await, desk.author().await, desk.stranger());
        let image = author.image("A quay").await;
        // Their own, and not public.
        let replaced = author.replace_file(picture(60, 20), "../quay.jpg", &json!({ "imageId": image, "version": 1 })).await;
        let replaced = replaced.done("replaceImageFile", "image");
        assert_eq!((&replaced["id"], &replaced["width"], &replaced["fileName"], &replaced["alt"]), (&json!(image), &json!(60), &json!("quay.jpg"), &json!("A quay")));
        show(&editor, &image).await;
        let before = stranger.query_with(PUBLIC, json!({ "id": image })).await.data()["image"].clone();
        // Public now, so it is not theirs alone any more.
        assert_eq!(author.replace_file(picture(61, 20), "quay.jpg", &json!({ "imageId": image, "version": 2 })).await.error_code(), "FORBIDDEN");
        assert_eq!(update(&author, json!({ "imageId": image, "version": 2, "alt": "Mine" })).await.error_code(), "FORBIDDEN");
        let log = desk.log_length().await;
        for (file, version, code) in [(b"MZ".to_vec(), 2, "INVALID"), (picture(61, 20), 1, "CONFLICT")] {
            assert_eq!(editor.replace_file(file, "quay.jpg", &json!({ "imageId": image, "version": version })).await.user_errors("replaceImageFile"), [code]);
        }
        assert_eq!(desk.log_length().await, log);
        editor.replace_file(picture(62, 20), "quay.jpg", &json!({ "imageId": image, "version": 2 })).await.done("replaceImageFile", "image");
        let after = stranger.query_with(PUBLIC, json!({ "id": image })).await.data()["image"].clone();
        assert_eq!(after["width"], 62);
        for (url, status) in [(&before["url"], 404), (&before["crop"], 404), (&after["url"], 200), (&after["crop"], 200)] {
            assert_eq!(desk.http.get(url.as_str().unwrap()).send().await.unwrap().status().as_u16(), status, "{url}");
        }
        assert_eq!(desk.log_after(log).await, ["IMAGE_FILE_REPLACED"]);
        let moderator = desk.moderator().await;
        assert_eq!(moderator.replace_file(picture(4, 4), "quay.jpg", &json!({ "imageId": image, "version": 3 })).await.status, 403);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_picture_is_its_uploaders_own_until_somebody_else_uses_it(desk) {
        let (editor, author) = (desk.editor().await, desk.author().await);
        let image = author.image("A quay").await;
        let showing = json!({ "title": "A line", "leadFigure": { "imageId": image }, "sections": [{ "body": "Words" }] });
        let edit = async |version: i32| update(&author, json!({ "imageId": image, "version": version, "alt": format!("A quay in {version}") })).await;
        // In a draft of one's own it is one's own.
        author.create(showing.clone()).await;
        assert_eq!(edit(1).await.done("updateImage", "image")["version"], 2);
        let draft = editor.create(showing).await;
        assert_eq!(edit(2).await.error_code(), "FORBIDDEN");
        assert_eq!(author.replace_file(picture(61, 20), "quay.jpg", &json!({ "imageId": image, "version": 2 })).await.error_code(), "FORBIDDEN");
        editor.save(&draft, json!({ "leadFigure": null })).await;
        assert_eq!(edit(2).await.done("updateImage", "image")["version"], 3);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn what_nothing_uses_is_deleted(desk) {
        let editor = desk.editor().await;
        let delete = async |image: &str| {
            let document = "mutation ($image: ID!) { deleteImage(input: { imageId: $image, version: 1 }) { image { alt url } usedBy { title } userErrors { code message path } } }";
            editor.query_with(document, json!({ "image": image })).await
        };
        let [shown, portrait] = [editor.image("A quay").await, editor.image("A face").await];
        let draft = editor.create(json!({ "title": "A line", "sections": [{ "body": format!("![]({shown})") }] })).await;
        let author = json!({ "input": { "name": "Ann", "portraitImageId": portrait } });
        let author = editor.run("CreateAuthor", author).await.done("createAuthor", "author")["id"].clone();
        for (image, used_by) in [(&shown, json!([{ "title": "A line" }])), (&portrait, json!([]))] {
            let before = desk.rows().await;
            let refused = delete(image).await;
            assert_eq!(refused.user_errors("deleteImage"), ["IN_USE"]);
            assert_eq!(refused.data()["deleteImage"]["usedBy"], used_by);
            assert_eq!(desk.rows().await, before);
        }
        editor.save(&draft, json!({ "sections": [] })).await;
        let without = "mutation ($id: ID!) { updateAuthor(input: { authorId: $id, version: 1, portraitImageId: null }) { author { id } userErrors { code } } }";
        editor.query_with(without, json!({ "id": author })).await.done("updateAuthor", "author");
        for image in [&shown, &portrait] {
            let deleted = delete(image).await;
            let url = deleted.done("deleteImage", "image")["url"].as_str().unwrap().to_owned();
            assert_eq!(desk.http.get(url).send().await.unwrap().status(), 404);
            assert_eq!(delete(image).await.user_errors("deleteImage"), ["NOT_FOUND"]);
        }
        // The older revision names it still, and can be read, and gone back to.
        let old = editor.query_with("query ($id: ID!) { viewer { preview(articleId: $id, revisionNumber: 1) { sections { figures { caption } } } } }", json!({ "id": draft["articleId"] })).await;
        assert_eq!(old.data()["viewer"]["preview"]["sections"], json!([{ "figures": [] }]));
        let back = json!({ "input": { "articleId": draft["articleId"], "version": 2, "toRevision": 1 } });
        assert_eq!(editor.run("RevertArticle", back).await.user_errors("revertArticle"), Vec::<String>::new());
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn the_library_is_searched(desk) {
        let editor = desk.editor().await;
        for (name, alt) in [("crane-01.jpg", "Kräne am Kai"), ("crane-02.jpg", "Cranes at dusk"), ("photo.jpg", "\u{6e2f}\u{53e3}\u{7684}\u{65e5}\u{843d}")] {
            editor.upload_named(picture(40, 30), name, alt).await.done("uploadImage", "image");
            desk.clock.advance_seconds(1);
        }
        let found = async |search: &str| -> Vec<String> {
            let answer = editor.query_with("query ($search: String) { viewer { images(search: $search) { totalCount nodes { alt } } } }", json!({ "search": search })).await;
            let images = &answer.data()["viewer"]["images"];
            let alts: Vec<String> = images["nodes"].as_array().unwrap().iter().map(|image| image["alt"].as_str().unwrap().to_owned()).collect();
            assert_eq!(images["totalCount"].as_u64().unwrap() as usize, alts.len());
            alts
        };
        assert_eq!(found("KRANE").await, ["Kräne am Kai"]);
        assert_eq!(found("crane").await, ["Cranes at dusk", "Kräne am Kai"]);
        assert_eq!(found("rane 02").await, ["Cranes at dusk"]);
        assert_eq!(found("\u{6e2f}\u{53e3}").await.len(), 1);
        assert_eq!(found("the desk").await.len(), 3);
        assert_eq!(found(" ").await.len(), 3);
        for nothing in ["%", "_", "crane harbor", "\\"] {
            assert!(found(nothing).await.is_empty(), "{nothing}");
        }
        // A cursor is of its search.
        let cursor = editor.query("{ viewer { images(search: \"crane\", first: 1) { pageInfo { endCursor } } } }").await.data()["viewer"]["images"]["pageInfo"]["endCursor"].clone();
        let next = "query ($after: String, $search: String) { viewer { images(after: $after, search: $search) { nodes { alt } } } }";
        assert_eq!(editor.query_with(next, json!({ "after": cursor, "search": "Crane" })).await.data()["viewer"]["images"]["nodes"], json!([{ "alt": "Kräne am Kai" }]));
        assert_eq!(editor.query_with(next, json!({ "after": cursor })).await.error_code(), "BAD_REQUEST");
    }

    async fn it_is_listed_what_is_used_and_where(desk) {
        let editor = desk.editor().await;
        let mut images = Vec::new();
        for alt in ["In a draft", "Public", "A face", "Nowhere", "Of old"] {
            images.push(editor.image(alt).await);
            desk.clock.advance_seconds(1);
        }
        let draft = editor.create(json!({ "title": "A line", "leadFigure": { "imageId": images[4] }, "sections": [{ "body": format!("![]({})", images[0]) }] })).await;
        editor.save(&draft, json!({ "leadFigure": null })).await;
        let public = show(&editor, &images[1]).await;
        // Out of the draft, and still before the readers.
        editor.save(&public, json!({ "leadFigure": null })).await;
        for name in ["Cyd", "Ann", "Bob"] {
            let input = json!({ "input": { "name": name, "portraitImageId": images[2] } });
            editor.run("CreateAuthor", input).await.done("createAuthor", "author");
        }
        let list = async |filter: &str| -> Vec<String> {
            let (mut alts, mut after) = (Vec::new(), Value::Null);
            let document = format!("query ($after: String) {{ viewer {{ images(first: 1, after: $after, {filter}) {{ totalCount nodes {{ alt }} pageInfo {{ endCursor hasNextPage }} }} }} }}");
            loop {
                let answer = editor.query_with(&document, json!({ "after": after })).await;
                let page = &answer.data()["viewer"]["images"];
                alts.extend(page["nodes"].as_array().unwrap().iter().map(|image| image["alt"].as_str().unwrap().to_owned()));
                if page["pageInfo"]["hasNextPage"] == false {
                    assert_eq!(page["totalCount"].as_u64().unwrap() as usize, alts.len());
                    return alts;
                }
                after = page["pageInfo"]["endCursor"].clone();
            }
        };
        assert_eq!(list("filter: { isUsed: true }").await, ["A face", "Public", "In a draft"]);
        assert_eq!(list("filter: { isUsed: false }").await, ["Of old", "Nowhere"]);
        assert_eq!(list("filter: { isUsed: null }").await.len(), 5);
        assert_eq!(list("filter: { isUsed: true }, search: \"dRaft\"").await, ["In a draft"]);
        // A cursor is of its filter.
        let cursor = editor.query("{ viewer { images(first: 1) { pageInfo { endCursor } } } }").await.data()["viewer"]["images"]["pageInfo"]["endCursor"].clone();
        let next = "query ($after: String) { viewer { images(after: $after, filter: { isUsed: true }) { nodes { alt } } } }";
        assert_eq!(editor.query_with(next, json!({ "after": cursor })).await.error_code(), "BAD_REQUEST");

        // Where they are used: the articles by the list of drafts, the authors by the image; read together, however many there are.
        let where_used = "{ viewer { images { nodes { alt usageCount portraitOf(first: 2) { totalCount nodes { name portrait { alt usageCount } } pageInfo { endCursor } } } } } }";
        let before = desk.store.database.statements();
        let answer = editor.query(where_used).await;
        let taken = desk.store.database.statements() - before;
        let images_of = |answer: &crate::harness::Answer| answer.data()["viewer"]["images"]["nodes"].as_array().unwrap().clone();
        let counts: Vec<(Value, Value)> = images_of(&answer).iter().map(|image| (image["usageCount"].clone(), image["portraitOf"]["totalCount"].clone())).collect();
        assert_eq!(counts, [(0, 0), (0, 0), (0, 3), (1, 0), (1, 0)].map(|(articles, authors)| (json!(articles), json!(authors))));
        let face = &images_of(&answer)[2]["portraitOf"];
        let portrait = json!({ "alt": "A face", "usageCount": 0 });
        assert_eq!(face["nodes"], json!([{ "name": "Ann", "portrait": portrait }, { "name": "Bob", "portrait": portrait }]));
        let more = format!("{{ viewer {{ images(search: \"face\") {{ nodes {{ portraitOf(after: {}) {{ nodes {{ name }} }} }} }} }} }}", face["pageInfo"]["endCursor"]);
        assert_eq!(images_of(&editor.query(&more).await)[0]["portraitOf"]["nodes"], json!([{ "name": "Cyd" }]));
        for (number, image) in images.iter().enumerate().take(4) {
            let input = json!({ "input": { "name": format!("Author {number}"), "portraitImageId": image } });
            editor.run("CreateAuthor", input).await.done("createAuthor", "author");
        }
        let before = desk.store.database.statements();
        editor.query(where_used).await.data();
        assert_eq!(desk.store.database.statements() - before, taken);
        // Whoever sees no library sees none of it.
        assert_eq!(desk.moderator().await.query("{ viewer { images(filter: { isUsed: true }) { totalCount nodes { id } } } }").await.data()["viewer"]["images"], json!({ "totalCount": 0, "nodes": [] }));
    }

    async fn a_file_says_who_made_it_where_nobody_else_does(desk) {
        let editor = desk.editor().await;
        let xmp = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><r:Description xmlns:d='http://purl.org/dc/elements/1.1/'>\
            <d:description><r:Alt><r:li>Cranes at dusk</r:li></r:Alt></d:description><d:creator><r:Seq><r:li>Ann Author</r:li></r:Seq></d:creator></r:Description></r:RDF></x:xmpmeta>";
        let segment = [b"http://ns.adobe.com/xap/1.0/\0".as_slice(), xmp.as_bytes()].concat();
        let mut file = picture(40, 30);
        let head = [&[0xFF, 0xE1], ((segment.len() + 2) as u16).to_be_bytes().as_slice(), &segment].concat();
        file.splice(2..2, head);
        let upload = async |given: Value| {
            let mut input = json!({ "file": null, "alt": "A quay" });
            input.as_object_mut().unwrap().extend(given.as_object().unwrap().clone());
            let operations = json!({ "query": crate::harness::CONTRACT, "operationName": "UploadImage", "variables": { "input": input } });
            let form = reqwest::multipart::Form::new().text("operations", operations.to_string()).text("map", r#"{ "0": ["variables.input.file"] }"#)
                .part("0", reqwest::multipart::Part::bytes(file.clone()).file_name("photo.jpg"));
            let image = editor.raw(|request| request.multipart(form)).await.done("uploadImage", "image").clone();
            (image["caption"].clone(), image["credit"].clone())
        };
        assert_eq!(upload(json!({})).await, (json!("Cranes at dusk"), json!("Ann Author")));
        assert_eq!(upload(json!({ "caption": "Ours", "credit": null })).await, (json!("Ours"), Value::Null));
        assert_eq!(upload(json!({ "caption": " " })).await, (Value::Null, json!("Ann Author")));
    }
}
