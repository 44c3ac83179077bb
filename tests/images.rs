//! Uploads, and what is served of them.

use serde_json::json;

use crate::harness::{Answer, on_both, picture};

async fn post(
    actor: &crate::harness::Actor,
    parts: &[(&'static str, &str)],
    file: Option<Vec<u8>>,
) -> Answer {
    let mut form = reqwest::multipart::Form::new();
    for (name, text) in parts {
        form = form.text(*name, (*text).to_owned());
    }
    if let Some(file) = file {
        form = form.part("0", reqwest::multipart::Part::bytes(file).file_name("../../etc/passwd.jpg"));
    }
    actor.raw(|request| request.multipart(form)).await
}

const OPERATIONS: &str = r#"{ "query": "mutation ($f: Upload!) { uploadImage(input: { file: $f, alt: \"A quay\" }) { image { id fileName } userErrors { code message path } } }", "variables": { "f": null } }"#;
const MAP: &str = r#"{ "0": ["variables.f"] }"#;

on_both! {
    async fn a_published_picture_is_served_to_every_cache(desk) {
        let editor = desk.editor().await;
        let image = editor.image("A quay").await;
        let draft = editor.create(json!({ "title": "With a picture", "sections": [{ "body": format!("Words ![]({image})") }] })).await;
        let published = editor.publish(&draft).await;
        let answer = desk.stranger().query(&format!("{{ image(by: {{ id: \"{image}\" }}) {{ url alt }} }}")).await;
        let url = answer.data()["image"]["url"].as_str().unwrap().to_owned();
        let file = desk.http.get(&url).send().await.unwrap();
        assert_eq!(file.status(), 200);
        let header = |name: &str| file.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), "image/jpeg");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert!(header("cache-control").contains("immutable"));
        let known = desk.http.get(&url).header("if-none-match", header("etag")).send().await.unwrap();
        assert_eq!(known.status(), 304);
        assert!(::image::load_from_memory(&file.bytes().await.unwrap()).is_ok());
        assert_eq!(desk.http.get(url.replace(".jpg", ".png")).send().await.unwrap().status(), 404);
        editor.unpublish(&published).await;
        let gone = desk.http.get(&url).send().await.unwrap();
        assert_eq!((gone.status().as_u16(), gone.headers()["cache-control"].to_str().unwrap()), (410, "no-cache"));
    }

    async fn the_door_is_checked_before_the_body(desk) {
        assert_eq!(post(&desk.stranger(), &[("operations", OPERATIONS), ("map", MAP)], Some(picture(4, 4))).await.status, 401);
        assert_eq!(post(&desk.moderator().await, &[("operations", OPERATIONS), ("map", MAP)], Some(picture(4, 4))).await.status, 403);
        let contributor = desk.contributor().await;
        let done = post(&contributor, &[("operations", OPERATIONS), ("map", MAP)], Some(picture(4, 4))).await;
        assert_eq!(done.done("uploadImage", "image")["fileName"], "passwd.jpg");
    }

    async fn what_is_no_picture_is_refused_and_leaves_nothing(desk) {
        let editor = desk.editor().await;
        let before = desk.log_length().await;
        let whole = picture(400, 300);
        for (file, word) in [
            (b"<svg/>".to_vec(), "PNG"), (b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), "a GIF"), (b"\0\0\0\x18ftypheic\0\0\0\0".to_vec(), "HEIC"), (b"MZ...".to_vec(), "not a picture"),
            (whole[..whole.len() / 3].to_vec(), "whole"), (Vec::new(), "not a picture"),
        ] {
            let answer = editor.upload(file, "A quay").await;
            assert_eq!(answer.user_errors("uploadImage"), ["INVALID"]);
            assert_eq!(answer.data()["uploadImage"]["userErrors"][0]["path"], json!(["input", "file"]));
            assert!(answer.text.contains(word), "{word}: {}", answer.text);
        }
        let both = editor.upload(b"MZ".to_vec(), " ").await;
        assert_eq!(both.user_errors("uploadImage"), ["REQUIRED", "INVALID"]);
        let named = editor.upload(picture(4, 4), "photo.jpg").await;
        assert_eq!(named.user_errors("uploadImage"), ["INVALID"]);
        assert_eq!(desk.log_length().await, before);
        assert!(!desk.folder.join("media/originals").exists());
    }

    async fn broken_multipart_requests_are_told_what_is_wrong(desk) {
        let editor = desk.editor().await;
        for (parts, file) in [
            (vec![("map", MAP), ("operations", OPERATIONS)], Some(picture(4, 4))),
            (vec![("operations", OPERATIONS)], Some(picture(4, 4))),
            (vec![("operations", OPERATIONS), ("map", "[]")], Some(picture(4, 4))),
            (vec![("operations", OPERATIONS), ("map", r#"{ "0": ["variables.g"] }"#)], Some(picture(4, 4))),
            (vec![("operations", OPERATIONS), ("map", r#"{ "0": ["query"] }"#)], Some(picture(4, 4))),
            (vec![("operations", "[]"), ("map", MAP)], None),
            (vec![("operations", "{"), ("map", MAP)], None),
        ] {
            let answer = post(&editor, &parts, file).await;
            assert_eq!((answer.status, answer.error_code()), (400, "BAD_REQUEST"), "{parts:?}: {}", answer.text);
        }
        let no_file = post(&editor, &[("operations", OPERATIONS), ("map", MAP)], None).await;
        assert!(no_file.status == 422 || no_file.status == 294, "{}", no_file.text);
        // The placeholder of a file, sent by hand, names no file.
        let forged = editor.query("mutation { uploadImage(input: { file: \"copydesk-upload:0\", alt: \"A quay\" }) { userErrors { code } } }").await;
        assert_eq!(forged.user_errors("uploadImage"), ["REQUIRED"]);
    }
}
