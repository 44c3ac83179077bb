//! Every kind of picture file that is taken, from the upload to what readers are served.

use serde_json::json;

use crate::harness::{on_both, picture};

/// A picture that `tests/pictures/draw.py` drew.
pub fn drawn(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/pictures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

on_both! {
    async fn what_cameras_agencies_and_phones_deliver_is_taken(desk) {
        let editor = desk.editor().await;
        for (name, mime_type, ending) in [
            ("lying-6.jpg", "image/jpeg", "jpg"), ("inks-with-profile.jpg", "image/jpeg", "jpg"), ("progressive.jpg", "image/jpeg", "jpg"),
            ("interlaced-16-bit.png", "image/png", "png"), ("lying-5.webp", "image/webp", "webp"), ("moving.gif", "image/gif", "gif"),
            ("moving.webp", "image/webp", "webp"), ("moving.png", "image/png", "png"), ("lying-8.avif", "image/jpeg", "jpg"), ("through.avif", "image/png", "png"),
        ] {
            let uploaded = editor.upload_named(drawn(name), name, "Four quarters").await;
            let image = uploaded.done("uploadImage", "image");
            assert_eq!((&image["width"], &image["height"]), (&json!(48), &json!(32)), "{name}");
            assert_eq!(image["mimeType"], mime_type, "{name}");
            let url = image["url"].as_str().unwrap();
            assert!(url.contains(&format!(".{ending}?")), "{name}: {url}");
            let file = desk.http.get(url).send().await.unwrap();
            assert_eq!(file.headers()["content-type"], mime_type);
            let bytes = file.bytes().await.unwrap();
            assert!(!bytes.windows(6).any(|window| window == b"Secret"), "{name}");
            assert_eq!(::image::guess_format(&bytes).unwrap().to_mime_type(), mime_type, "{name}");
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_picture_in_tiles_is_put_together(desk) {
        let editor = desk.editor().await;
        for (name, mime_type) in [("tiles.avif", "image/jpeg"), ("tiles-through.avif", "image/png")] {
            let uploaded = editor.upload_named(drawn(name), name, "Four quarters").await;
            let image = uploaded.done("uploadImage", "image");
            assert_eq!((&image["width"], &image["height"], &image["mimeType"]), (&json!(192), &json!(128), &json!(mime_type)), "{name}");
            let file = desk.http.get(image["url"].as_str().unwrap()).send().await.unwrap().bytes().await.unwrap();
            let shown = ::image::load_from_memory(&file).unwrap().to_rgb8();
            // One tile each, and where four meet.
            for (x, y, color) in [(30, 30, [220, 30, 30]), (160, 30, [30, 160, 60]), (30, 100, [30, 60, 200]), (160, 100, [240, 240, 240]), (94, 62, [220, 30, 30])] {
                let found = shown.get_pixel(x, y).0;
                assert!(found.iter().zip(color).all(|(found, drawn)| found.abs_diff(drawn) <= 10), "{name} at {x}, {y}: {found:?}");
            }
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn an_upload_tells_what_stands_in_its_place(desk) {
        let editor = desk.editor().await;
        let image = editor.upload(picture(400, 200), "A quay").await.done("uploadImage", "image")["id"].clone();
        let draft = editor.create(json!({ "title": "With a picture", "leadFigure": { "imageId": image }, "sections": [{ "body": "Words" }] })).await;
        editor.publish(&draft).await;
        let library = editor.query("{ viewer { images { nodes { placeholder { thumbHash dominantColor } } } } }").await;
        let placeholder = &library.data()["viewer"]["images"]["nodes"][0]["placeholder"];
        let color = placeholder["dominantColor"].as_str().unwrap();
        assert!(color.len() == 7 && color.starts_with('#') && placeholder["thumbHash"].as_str().unwrap().len() < 50, "{placeholder}");
        let public = desk.stranger().query_with("query ($id: ID!) { image(by: { id: $id }) { placeholder { thumbHash dominantColor } } }", json!({ "id": image })).await;
        assert_eq!(public.data()["image"]["placeholder"], *placeholder);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_file_under_a_wrong_name_is_refused(desk) {
        let editor = desk.editor().await;
        for (file, name, words) in [
            ("moving.gif", "photo.jpg", "a GIF"), ("lying-1.jpg", "photo.heic", "a JPEG"), ("moving.avif", "photo.avif", "moving AVIF"),
            ("pq.avif", "photo.avif", "high dynamic range"), ("hlg.avif", "photo.avif", "high dynamic range"),
        ] {
            let answer = editor.upload_named(drawn(file), name, "Four quarters").await;
            assert_eq!(answer.user_errors("uploadImage"), ["INVALID"]);
            assert!(answer.text.contains(words), "{}", answer.text);
        }
        editor.upload_named(drawn("lying-1.jpg"), "photo", "Four quarters").await.done("uploadImage", "image");
    }
}
