//! Pictures in the sizes, crops and formats that pages ask for.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Actor, Desk, noise, on_both, picture};
use crate::image_formats::drawn;

/// Uploads a picture and publishes it; gives its id and the draft that shows it.
pub async fn shown(editor: &Actor, file: Vec<u8>, name: &str) -> (String, Value) {
    let uploaded = editor.upload_named(file, name, "A quay").await;
    let image = uploaded.done("uploadImage", "image")["id"].as_str().unwrap().to_owned();
    let draft = editor.create(json!({ "title": "With a picture", "leadFigure": { "imageId": image }, "sections": [{ "body": "Words" }] })).await;
    (image, editor.publish(&draft).await)
}

/// What the public is told of an image.
pub async fn told(desk: &Desk, image: &str, fields: &str) -> Value {
    desk.stranger().query(&format!("{{ image(by: {{ id: \"{image}\" }}) {{ {fields} }} }}")).await.data()["image"].clone()
}

/// What was answered.
pub struct Got {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub bytes: Vec<u8>,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Whether what is said in `Accept` decides.
    pub fn varies(&self) -> bool {
        let fields = self.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase());
        fields
            .flat_map(|field| field.split(',').map(|name| name.trim().to_owned()).collect::<Vec<_>>())
            .any(|name| name == "accept")
    }

    fn size(&self) -> (u32, u32) {
        assert_eq!(self.status, 200);
        let picture = ::image::load_from_memory(&self.bytes).unwrap();
        (picture.width(), picture.height())
    }
}

pub async fn get(desk: &Desk, url: &str, headers: &[(&str, &str)]) -> Got {
    let request =
        headers.iter().fold(desk.http.get(url), |request, (name, value)| request.header(*name, *value));
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Got { status, headers, bytes: response.bytes().await.unwrap().to_vec() }
}

/// The files of variants, however deep.
pub fn kept(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.path().is_dir() {
            true => kept(&entry.path()),
            false => vec![entry.file_name().into_string().unwrap()],
        })
        .collect()
}

on_both! {
    async fn a_picture_comes_in_the_size_and_format_that_a_page_asks_for(desk) {
        let editor = desk.editor().await;
        let (image, published) = shown(&editor, picture(1_000, 500), "photo.jpg").await;
        let urls = told(&desk, &image, "url small: url(width: 300) webp: url(width: 300, format: WEBP) cropped: url(width: 300, height: 300, format: PNG) inside: url(width: 700, height: 100, fit: CONTAIN, format: JPEG) all: url(width: 5000, format: JPEG) srcset some: srcset(widths: [10, 20, 900], format: WEBP) size: width").await;
        let url = |name: &str| urls[name].as_str().unwrap().to_owned();
        assert!(url("small").ends_with("/w320") && url("webp").ends_with("/w320.webp") && url("cropped").ends_with("/c320x320.png"), "{urls}");
        for (name, mime_type, size) in [
            ("small", "image/jpeg", (320, 160)), ("webp", "image/webp", (320, 160)), ("cropped", "image/png", (320, 320)),
            ("inside", "image/jpeg", (240, 120)), ("all", "image/jpeg", (1_000, 500)), ("url", "image/jpeg", (1_000, 500)),
        ] {
            let file = get(&desk, &url(name), &[]).await;
            assert_eq!((file.header("content-type"), file.size()), (mime_type, size), "{name}");
            assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable");
        }
        // As the browser says, under one address.
        let browser = [("accept", "text/html, image/avif, image/webp;q=0.9, */*;q=0.8")];
        let small = get(&desk, &url("small"), &browser).await;
        assert_eq!((small.header("content-type"), small.varies()), ("image/webp", true));
        assert_eq!(small.bytes, get(&desk, &url("webp"), &[]).await.bytes);
        assert!(!get(&desk, &url("webp"), &browser).await.varies());
        assert_ne!(small.header("etag"), get(&desk, &url("small"), &[]).await.header("etag"));

        // Each width once, with its address, and none larger than the picture.
        let widths = |srcset: &str| -> Vec<String> { srcset.split(", ").map(|each| each.split(' ').nth(1).unwrap().to_owned()).collect() };
        assert_eq!(widths(&url("srcset")), ["160w", "240w", "320w", "480w", "640w", "800w", "960w", "1000w"]);
        assert_eq!(widths(&url("some")), ["160w", "960w"]);
        let last = url("srcset").rsplit(", ").next().unwrap().split(' ').next().unwrap().to_owned();
        assert_eq!(get(&desk, &last, &[]).await.size(), (1_000, 500));
        // Where it is not public any more, no variant is.
        editor.unpublish(&published).await;
        for name in ["url", "small", "webp", "cropped"] {
            assert_eq!(get(&desk, &url(name), &browser).await.status, 410, "{name}");
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn nobody_makes_the_server_produce_files_without_end(desk) {
        let editor = desk.editor().await;
        let (image, _) = shown(&editor, picture(300, 200), "photo.jpg").await;
        let url = told(&desk, &image, "url(width: 1)").await["url"].as_str().unwrap().to_owned();
        let start = url.strip_suffix("w160").unwrap();
        // An older focal point leads to the one of now.
        for (name, status) in [
            ("w160", 200), ("w320", 200), ("w480", 404), ("w161", 404), ("w160.gif", 404), ("w160.avif", 200), ("w480.avif", 404), ("w160.avifs", 404), ("c160x240", 200), ("c160x250", 404),
            ("c160x240-1x1", 200), ("c160x240-5000x5000", 404), ("w0160", 404), ("w160%2e%2e", 404), ("..%2f..%2fw160", 404), ("", 404),
        ] {
            assert_eq!(get(&desk, &format!("{start}{name}"), &[]).await.status, status, "{name}");
        }
        assert_eq!(kept(&desk.folder.join("media/variants")).len(), 4);
        let other_hash = url.replace(start.rsplit('/').nth(1).unwrap(), &"0".repeat(32));
        assert_eq!(get(&desk, &other_hash, &[]).await.status, 404);
        let never = url.replace(&image, "img_0198a4a0000070008000000000000001");
        assert_eq!(get(&desk, &never, &[]).await.status, 410);
        assert_eq!(get(&desk, &never.replace("w160", "w161"), &[]).await.status, 404);
        let named = told(&desk, &image, "least: url(width: -5) most: url(height: 2147483647, format: WEBP)").await;
        assert!(named["least"].as_str().unwrap().ends_with("/w160") && named["most"].as_str().unwrap().ends_with("/w320.webp"));
    }

    async fn many_who_ask_at_once_have_it_made_once(desk) {
        let editor = desk.editor().await;
        let (image, _) = shown(&editor, picture(1_200, 900), "photo.jpg").await;
        let second = desk.second_node().await;
        for (format, mime_type) in [("WEBP", "image/webp"), ("AVIF", "image/avif")] {
            let url = told(&desk, &image, &format!("url(width: 640, format: {format})")).await["url"].as_str().unwrap().to_owned();
            let before = (desk.store.work.done(), second.store.work.done());
            let there = url.replace(&desk.address, &second.address);
            let asked = (0..200).map(|number| {
                let (desk, url) = (&desk, if number % 10 == 0 { &there } else { &url });
                async move { get(desk, url, &[]).await }
            });
            let answers = futures_util::future::join_all(asked).await;
            assert!(answers.iter().all(|answer| (answer.status, answer.header("content-type"), &answer.bytes) == (200, mime_type, &answers[0].bytes)));
            assert!(format == "AVIF" || answers[0].size() == (640, 480));
            assert!(desk.store.work.done() - before.0 <= 1 && second.store.work.done() - before.1 <= 1);
        }
        let mut made = kept(&desk.folder.join("media/variants"));
        made.sort();
        assert_eq!(made, ["q65-w640.avif", "q80-w640.webp"]);
    }

    async fn what_is_published_is_made_ahead(desk) {
        let desk = desk.restart_with(&[("image_variants", "publication"), ("image_workers", "1")]).await;
        let editor = desk.editor().await;
        let image = editor.upload_named(picture(300, 200), "photo.jpg", "Four quarters").await.done("uploadImage", "image")["id"].clone();
        let draft = editor.create(json!({ "title": "A line", "leadFigure": { "imageId": image }, "sections": [{ "body": "Words." }] })).await;
        let done = desk.store.work.done();
        // The one place is taken: the publication does not wait for it, nor do readers.
        let held = desk.store.work.place().await.unwrap();
        editor.publish(&draft).await;
        let variants = desk.folder.join("media/variants");
        assert!(!variants.exists());
        let urls = told(&desk, image.as_str().unwrap(), "srcset").await["srcset"].as_str().unwrap().to_owned();
        drop(held);
        // As the best browsers show them, and as all do.
        let made = || {
            let mut names = kept(&variants);
            names.retain(|name| !name.contains('#'));
            names.sort();
            names
        };
        while made().len() < 6 {
            tokio::task::yield_now().await;
        }
        assert_eq!(made(), ["q80-w160.webp", "q80-w240.webp", "q80-w320.webp", "q82-w160.jpg", "q82-w240.jpg", "q82-w320.jpg"]);
        for url in urls.split(", ").map(|one| one.split(' ').next().unwrap()) {
            for accept in ["image/avif,image/webp,*/*", "*/*"] {
                assert_eq!(get(&desk, url, &[("accept", accept)]).await.status, 200);
            }
        }
        assert_eq!(desk.store.work.done() - done, 6);
        // What is there is not made again.
        let again = editor.create(json!({ "title": "Another", "leadFigure": { "imageId": image }, "sections": [{ "body": format!("Words.\n\n![]({})", editor.image("A quay").await.as_str()) }] })).await;
        let done = desk.store.work.done();
        editor.publish(&again).await;
        while made().len() < 8 {
            tokio::task::yield_now().await;
        }
        assert_eq!(desk.store.work.done() - done, 2);
    }

    async fn what_replaces_a_public_file_is_made_ahead(desk) {
        let desk = desk.restart_with(&[("image_variants", "publication"), ("image_widths", "80, 160")]).await;
        let editor = desk.editor().await;
        let variants = desk.folder.join("media/variants");
        // Nobody sees a picture of a draft: what replaces it is not made ahead, nor is it afterwards.
        let hidden = editor.upload_named(picture(300, 200), "photo.jpg", "Four quarters").await.done("uploadImage", "image")["id"].clone();
        let replaced = editor.replace_file(picture(310, 200), "photo.jpg", &json!({ "imageId": hidden, "version": 1 })).await;
        replaced.done("replaceImageFile", "image");
        let (image, _) = shown(&editor, picture(320, 200), "photo.jpg").await;
        while kept(&variants).iter().filter(|name| !name.contains('#')).count() < 4 {
            tokio::task::yield_now().await;
        }
        let done = desk.store.work.done();
        let file = editor.replace_file(picture(200, 300), "photo.jpg", &json!({ "imageId": image, "version": 1 })).await;
        file.done("replaceImageFile", "image");
        // The upload, and four of it.
        while desk.store.work.done() - done < 5 || kept(&variants).iter().filter(|name| !name.contains('#')).count() < 8 {
            tokio::task::yield_now().await;
        }
        let urls = told(&desk, &image, "small: url(width: 80) large: url(width: 160)").await;
        for (url, size) in [(&urls["small"], (80, 120)), (&urls["large"], (160, 240))] {
            for accept in ["image/webp", "*/*"] {
                assert_eq!(get(&desk, url.as_str().unwrap(), &[("accept", accept)]).await.size(), size);
            }
        }
        assert_eq!(desk.store.work.done() - done, 5, "none is made again");
        assert_eq!(kept(&variants).len(), 8, "none is of what nobody sees");
    }

    async fn a_part_is_sent_to_who_asks_for_a_part(desk) {
        let editor = desk.editor().await;
        // The whole is sent in parts, the variant at once. What is asked for in parts may have to be made first.
        let (image, _) = shown(&editor, noise(900, 600), "photo.jpg").await;
        let urls = told(&desk, &image, "whole: url variant: url(width: 320, format: JPEG) other: url(width: 160)").await;
        let other = get(&desk, urls["other"].as_str().unwrap(), &[("range", "bytes=2-3")]).await;
        assert_eq!((other.status, other.bytes.len()), (206, 2));
        for (url, is_large) in [(urls["whole"].as_str().unwrap(), true), (urls["variant"].as_str().unwrap(), false)] {
            let all = get(&desk, url, &[]).await;
            assert_eq!(all.bytes.len() > 256 * 1_024, is_large);
            assert!(::image::load_from_memory(&all.bytes).is_ok());
            let (length, tag) = (all.bytes.len(), all.header("etag").to_owned());
            assert_eq!((all.status, all.header("accept-ranges")), (200, "bytes"));
            for (range, from, to) in [("bytes=0-9", 0, 10), ("bytes=10-", 10, length), ("bytes=-7", length - 7, length), ("bytes=5-999999999", 5, length)] {
                let part = get(&desk, url, &[("range", range)]).await;
                assert_eq!((part.status, part.bytes.as_slice()), (206, &all.bytes[from..to]), "{range}");
                assert_eq!(part.header("content-range"), format!("bytes {from}-{}/{length}", to - 1));
            }
            let beyond = get(&desk, url, &[("range", "bytes=999999999-")]).await;
            assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{length}").as_str()));
            for more in [("if-range", "\"another\""), ("x", "y")] {
                let whole = get(&desk, url, &[("range", "bytes=0-1,5-6"), more]).await;
                assert_eq!((whole.status, whole.bytes.len()), (200, length));
            }
            assert_eq!(get(&desk, url, &[("range", "bytes=0-9"), ("if-range", "\"another\"")]).await.status, 200);
            assert_eq!(get(&desk, url, &[("range", "bytes=0-9"), ("if-range", &tag)]).await.status, 206);
            assert_eq!(get(&desk, url, &[("if-none-match", &format!("\"x\", W/{tag}"))]).await.status, 304);
        }
    }

    async fn what_is_not_public_is_seen_by_who_has_its_address(desk) {
        let editor = desk.editor().await;
        let image = editor.upload_named(drawn("moving.gif"), "moving.gif", "Four quarters").await.done("uploadImage", "image")["id"].clone();
        let library = editor.query("{ viewer { images { nodes { url(width: 160) srcset(format: PNG) } } } }").await;
        let listed = &library.data()["viewer"]["images"]["nodes"][0];
        for url in [listed["url"].as_str().unwrap(), listed["srcset"].as_str().unwrap().split(' ').next().unwrap()] {
            let file = get(&desk, url, &[]).await;
            assert_eq!((file.header("content-type"), file.header("cache-control"), file.size()), ("image/png", "private, max-age=900", (48, 32)));
            assert_eq!(get(&desk, url.split('?').next().unwrap(), &[]).await.status, 410);
            // A signature is of one address alone.
            assert_eq!(get(&desk, &url.replace("/w160", "/c160x160"), &[]).await.status, 404, "{image}");
        }
        desk.clock.advance_seconds(901);
        assert_eq!(get(&desk, listed["url"].as_str().unwrap(), &[]).await.status, 404);
    }
}
