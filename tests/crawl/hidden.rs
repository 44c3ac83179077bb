//! What is hidden: texts with a word of its own in every place. And the site around them.

use copydesk::text::fold::fold;
use serde_json::{Value, json};

use super::tries::word;
use crate::harness::{Actor, picture};

/// The places of the words that readers see once a text is public, without those of comments.
pub const SEEN: &[&str] = &[
    "title",
    "slug",
    "excerpt",
    "caption",
    "credit",
    "heading",
    "inner",
    "body",
    "target",
    "placed",
    "url",
    "linktitle",
    "tag",
    "byline",
    "bio",
    "alt",
    "owncaption",
    "owncredit",
    "portraitalt",
];
/// Those of the words of a comment that is public with the text.
pub const SAID: &[&str] = &["comment", "name"];
/// And of those that no reader ever sees.
pub const NEVER_SEEN: &[&str] = &["note", "stagenote", "pending", "reader", "file", "portraitfile"];

/// What the library has for a text: two pictures, a tag and an author, which nothing else uses.
pub struct Library {
    pub image: String,
    pub portrait: String,
    pub tag: String,
    pub author: String,
    /// The addresses of the pictures, unsigned.
    pub files: Vec<String>,
}

async fn upload(editor: &Actor, secret: &str, size: u32) -> (String, String) {
    let word = |place| word(secret, place);
    let operations = json!({
        "query": "mutation ($input: UploadImageInput!) { uploadImage(input: $input) { image { id url } userErrors { code message path } } }",
        "variables": { "input": { "file": null, "alt": word("alt"), "caption": word("owncaption"), "credit": word("owncredit") } },
    });
    let form = reqwest::multipart::Form::new()
        .text("operations", operations.to_string())
        .text("map", r#"{ "0": ["variables.input.file"] }"#)
        .part(
            "0",
            reqwest::multipart::Part::bytes(picture(size, 30)).file_name(format!("{}.jpg", word("file"))),
        );
    let answer = editor.raw(|request| request.multipart(form)).await;
    let image = answer.done("uploadImage", "image");
    let text = |name: &str| image[name].as_str().unwrap().to_owned();
    let path = url::Url::parse(&text("url")).unwrap().path().to_owned();
    (text("id"), path)
}

pub async fn stock(editor: &Actor, secret: &str, size: u32) -> Library {
    let word = |place| word(secret, place);
    let (image, file) = upload(editor, secret, size).await;
    let (portrait, portrait_file) = upload(editor, &format!("{secret}portrait"), size + 1).await;
    let links = json!([{ "title": "Site", "url": "https://byline.example/" }]);
    let input = json!({ "name": word("byline"), "bio": format!("Wrote {}.", word("bio")), "portraitImageId": portrait, "links": links });
    let author = editor.run("CreateAuthor", json!({ "input": input })).await;
    let author = author.done("createAuthor", "author")["id"].as_str().unwrap().to_owned();
    let tag = editor.create_tag(&word("tag")).await;
    Library { image, portrait, tag, author, files: vec![file, portrait_file] }
}

/// A text with a word of its own in every place.
pub fn content(secret: &str, library: &Library, category: &str) -> Value {
    let word = |place| word(secret, place);
    json!({
        "title": word("title"), "slug": fold(&word("slug")), "excerpt": format!("About {}.", word("excerpt")), "locale": "cy",
        "leadFigure": { "imageId": library.image, "caption": word("caption"), "credit": word("credit") },
        "sections": [
            { "heading": word("heading"), "body": format!("## {}\n\n[{}](https://{}.example/) ![]({} \"{}\")",
                word("inner"), word("body"), fold(&word("target")), library.image, word("placed")) },
        ],
        "authorIds": [library.author], "tagIds": [library.tag], "categoryIds": [category],
        "relatedLinks": [{ "external": { "url": format!("https://{}.example/", fold(&word("url"))), "title": word("linktitle") } }],
        "note": word("note"),
    })
}

/// What is public all the time.
pub struct Site {
    pub story: Value,
    pub other: Value,
    pub category: String,
    pub public: Vec<String>,
}

/// A site with one story that has everything, so that every field has an answer.
pub async fn open_site(editor: &Actor, stranger: &Actor) -> Site {
    let city = editor
        .run("CreateCategory", json!({ "input": { "name": "City", "description": "What happens." } }))
        .await;
    let city = city.done("createCategory", "category")["id"].as_str().unwrap().to_owned();
    let harbor = editor.create_category("Harbor", Some(&city)).await;
    let library = stock(editor, "Open", 40).await;
    let mut story = content("Open", &library, &harbor);
    story["slug"] = json!("a-quay");
    story["title"] = json!("A quay");
    story["locale"] = json!("en");
    let other = editor.publish(&editor.write("Another quay").await).await;
    story["relatedLinks"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "article": { "articleId": other["articleId"] } }));
    let image = &library.image;
    let of_all_kinds = format!(
        "> Quoted *words* by [whom](https://a.example/) with ![]({image})\n\n1. [x] done\n\n```rust\nlet quay = 1;\n```\n\n\
         | a | b |\n|:--|--:|\n| 1 | 2 |\n\n![]({image} \"Placed\")\n\n---\n\nhttps://a.example/video\n\n### A heading"
    );
    story["sections"].as_array_mut().unwrap().push(json!({ "heading": "All kinds", "body": of_all_kinds }));
    let story = editor.publish(&editor.create(story).await).await;
    let comments = "mutation ($id: ID!) { setArticleComments(input: { articleId: $id, version: 0, comments: OPEN, closeAfterDays: 7 }) { draft { articleId } userErrors { code } } }";
    editor
        .query_with(comments, json!({ "id": story["articleId"] }))
        .await
        .done("setArticleComments", "draft");
    editor.redirect("/old-quay", "/a-quay").await;
    let comment = stranger.comment(&story["articleId"], None, "A fine quay.").await;
    editor.approve(&comment).await;
    let reply = stranger.comment(&story["articleId"], Some(&comment), "It is.").await;
    editor.approve(&reply).await;
    let public = vec![story["articleId"].as_str().unwrap().to_owned(), harbor.clone(), reply];
    Site { story, other, category: harbor, public }
}

/// A transition.
pub async fn verb(by: &Actor, verb: &str, draft: &Value, note: Option<String>) -> Value {
    let document = format!(
        "mutation ($input: {}{}Input!) {{ {verb}(input: $input) {{ draft {{ articleId version }} userErrors {{ code message path }} }} }}",
        verb[..1].to_uppercase(),
        &verb[1..]
    );
    let mut input = json!({ "articleId": draft["articleId"], "version": draft["version"] });
    input.as_object_mut().unwrap().extend(note.map(|note| ("note".to_owned(), json!(note))));
    by.query_with(&document, json!({ "input": input })).await.done(verb, "draft").clone()
}

/// Sends a comment whose words are these places'; gives its id.
pub async fn reader_comments(
    stranger: &Actor,
    article: &Value,
    secret: &str,
    name: &str,
    body: &str,
) -> String {
    let email = format!("{}@reader.example", fold(&word(secret, "reader")));
    let input = json!({ "articleId": article, "authorName": word(secret, name), "authorEmail": email, "body": word(secret, body) });
    let answer = stranger.run("SubmitComment", json!({ "input": input })).await;
    answer.done("submitComment", "comment")["id"].as_str().unwrap().to_owned()
}
