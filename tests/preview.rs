//! A frontend's fragments preview a draft: what they answer for it is what they answer for the article once it is public.

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{TypeKind, TypeSystemDefinition};
use serde_json::{Value, json};

use crate::harness::{Actor, on_both};

const FRAGMENTS: &str = "
    fragment Story on ArticleContent {
        title slug excerpt locale wordCount readingMinutes
        leadFigure { ...Placed }
        tableOfContents { level text anchor }
        sections { ...Part }
        authors { ...Byline }
        categories { id slug name description }
        tags { ... on TagContent { id slug name } }
    }
    fragment Part on SectionContent { id position anchor level heading body { text wordCount html } figures { ...Placed } }
    fragment Placed on FigureContent { image { ...Picture } caption credit }
    fragment Picture on ImageContent { id alt caption credit width height mimeType }
    fragment Byline on AuthorContent { id slug name bio { html } portrait { ...Picture } }";

#[test]
fn what_implements_an_interface_has_its_fields() {
    let document = parse_schema(copydesk::schema::sdl()).unwrap();
    let types: Vec<_> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => Some(&definition.node),
            _ => None,
        })
        .collect();
    let fields = |name: &str| {
        let kind = &types.iter().find(|definition| definition.name.node == name).unwrap().kind;
        match kind {
            TypeKind::Object(object) => object.fields.clone(),
            TypeKind::Interface(interface) => interface.fields.clone(),
            _ => panic!("{name} has no fields"),
        }
    };
    let implements = |object: &str, interface: &str| {
        types.iter().any(|definition| {
            let TypeKind::Object(kind) = &definition.kind else { return false };
            definition.name.node == object && kind.implements.iter().any(|name| name.node == interface)
        })
    };
    let mut checked = 0;
    for definition in &types {
        let TypeKind::Object(object) = &definition.kind else { continue };
        for interface in &object.implements {
            for wanted in fields(&interface.node) {
                let has = object.fields.iter().find(|field| field.node.name == wanted.node.name);
                let has =
                    has.unwrap_or_else(|| panic!("{} lacks {}", definition.name.node, wanted.node.name.node));
                let (has, wanted) = (has.node.ty.node.to_string(), wanted.node.ty.node.to_string());
                let base = |name: &str| name.trim_matches(['[', ']', '!']).to_owned();
                let is_narrower = implements(&base(&has), &base(&wanted))
                    && has.replace(&base(&has), &base(&wanted)) == wanted;
                assert!(has == wanted || is_narrower, "{}: {has} is no {wanted}", definition.name.node);
                checked += 1;
            }
        }
    }
    assert!(checked > 60, "{checked}");
}

/// A draft as it stands now.
async fn desk_draft(by: &Actor, draft: &Value) -> Value {
    by.run("OneDraft", json!({ "articleId": draft["articleId"] })).await.data()["viewer"]["draft"].clone()
}

on_both! {
    async fn a_draft_reads_as_it_will_be_published(desk) {
        let editor = desk.editor().await;
        let image = editor.image("A quay at night").await;
        let byline = json!({ "input": { "name": "Ann Author", "bio": "Writes **well**.", "portraitImageId": image } });
        let byline = editor.run("CreateAuthor", byline).await.done("createAuthor", "author")["id"].clone();
        let (tag, category) = (editor.create_tag("Ports").await, editor.create_category("City", None).await);
        let draft = editor.create(json!({
            "title": "The quay", "excerpt": "About it.", "locale": "en-GB",
            "leadFigure": { "imageId": image, "caption": "By night" },
            "sections": [
                { "body": "Begins here." },
                { "heading": "Inside", "level": 3, "body": format!("## Inside\n\nSome *words*.\n\n![]({image} \"placed\")\n\n![]({image})") },
            ],
            "authorIds": [byline], "tagIds": [tag], "categoryIds": [category],
        })).await;
        let document = format!(
            "query ($id: ID!) {{ article(by: {{ id: $id }}) {{ ...Story }} viewer {{ draft(articleId: $id) {{ content {{ ...Story }} }} }} }} {FRAGMENTS}"
        );
        let seen = editor.query_with(&document, json!({ "id": draft["articleId"] })).await;
        assert_eq!(seen.data()["article"], Value::Null);
        // Only the addresses of its pictures differ: a draft's are signed.
        let plain = |mut content: Value| {
            for section in content["sections"].as_array_mut().unwrap() {
                let html = section["body"]["html"].as_str().unwrap().to_owned();
                section["body"]["html"] = html.split("src=\"").map(|part| part.split_once('"').map_or(part, |(_, rest)| rest)).collect();
            }
            content
        };
        let preview = plain(seen.data()["viewer"]["draft"]["content"].clone());
        assert_eq!(preview["sections"][1]["figures"][0]["caption"], "placed");
        assert_eq!(preview["sections"][1]["figures"][1]["credit"], "The desk");
        assert_eq!(preview["tableOfContents"], json!([{ "level": 3, "text": "Inside", "anchor": "inside" }, { "level": 2, "text": "Inside", "anchor": "inside-2" }]));
        assert_eq!(preview["leadFigure"]["caption"], "By night");
        editor.publish(&draft).await;
        let public = editor.query_with(&document, json!({ "id": draft["articleId"] })).await;
        assert_eq!(plain(public.data()["article"].clone()), preview);
        // An editor still reads what was given for the place.
        let raw = "query ($id: ID!) { viewer { draft(articleId: $id) { content { sections { figures { placedCaption placedCredit } } } } } }";
        let raw = editor.query_with(raw, json!({ "id": draft["articleId"] })).await;
        assert_eq!(raw.data()["viewer"]["draft"]["content"]["sections"][1]["figures"], json!([{ "placedCaption": "placed", "placedCredit": null }, { "placedCaption": null, "placedCredit": null }]));
        // Any revision reads so, also an older one; what is no revision is told.
        editor.save(&desk_draft(&editor, &draft).await, json!({ "title": "Another quay", "sections": [] })).await;
        let older = format!("query ($id: ID!, $number: Int) {{ viewer {{ preview(articleId: $id, revisionNumber: $number) {{ __typename ...Story }} }} }} {FRAGMENTS}");
        let at = async |number: Value| editor.query_with(&older, json!({ "id": draft["articleId"], "number": number })).await;
        let mut first = at(json!(1)).await.data()["viewer"]["preview"].clone();
        assert_eq!(first.as_object_mut().unwrap().remove("__typename"), Some(json!("DraftContent")));
        assert_eq!(plain(first), preview);
        assert_eq!(at(Value::Null).await.data()["viewer"]["preview"]["title"], "Another quay");
        let missing = at(json!(3)).await;
        assert_eq!(missing.body["errors"][0]["extensions"], json!({ "code": "BAD_REQUEST", "argument": ["revisionNumber"] }));
        let others = desk.author().await.query_with(&older, json!({ "id": draft["articleId"], "number": 1 })).await;
        assert_eq!(others.data()["viewer"]["preview"], Value::Null);
    }
}
