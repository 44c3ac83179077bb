//! Pictures as AVIF, from the request to what a reader sees.

use image::DynamicImage;
use serde_json::{Value, json};

use crate::harness::{Actor, Desk, on_both, picture};
use crate::image_variants::{get, kept, shown, told};

/// Every kind of browser there is.
const BROWSERS: [&str; 3] = ["image/avif,image/webp,*/*;q=0.8", "image/webp,*/*", "*/*"];

/// A PNG that shines through more and more from the top to the bottom.
fn transparent(width: u32, height: u32) -> Vec<u8> {
    let pixels = image::RgbaImage::from_fn(width, height, |x, y| {
        image::Rgba([(x * 255 / width) as u8, 60, 160, 255 - (y * 200 / height) as u8])
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// What an AVIF shows: the server reads it itself, as an upload.
async fn read(desk: &Desk, editor: &Actor, bytes: Vec<u8>) -> DynamicImage {
    let uploaded = editor.upload_named(bytes, "again.avif", "A quay, again").await;
    let url = uploaded.done("uploadImage", "image")["url"].as_str().unwrap().to_owned();
    image::load_from_memory(&get(desk, &url, &[]).await.bytes).unwrap()
}

/// How far two pictures are apart, on average, of 255.
fn difference(one: &DynamicImage, other: &DynamicImage) -> f64 {
    assert_eq!((one.width(), one.height()), (other.width(), other.height()));
    let (one, other) = (one.to_rgba8(), other.to_rgba8());
    let apart = one.as_raw().iter().zip(other.as_raw()).map(|(one, other)| f64::from(one.abs_diff(*other)));
    apart.sum::<f64>() / one.as_raw().len() as f64
}

async fn types(desk: &Desk, url: &str) -> Vec<String> {
    let mut types = Vec::new();
    for accept in BROWSERS {
        let file = get(desk, url, &[("accept", accept)]).await;
        assert!(file.varies(), "{accept}");
        types.push(file.header("content-type").to_owned());
    }
    types
}

on_both! {
    async fn a_page_that_asks_for_avif_gets_it(desk) {
        let editor = desk.editor().await;
        for (file, name, size, plain) in [
            (picture(500, 250), "photo.jpg", (320, 160), "image/jpeg"), (transparent(400, 200), "drawing.png", (320, 160), "image/png"),
        ] {
            let (image, published) = shown(&editor, file, name).await;
            let urls = told(&desk, &image, "avif: url(width: 300, format: AVIF) png: url(width: 300, format: PNG) srcset(widths: [160], format: AVIF) cropped: url(width: 160, height: 160, format: AVIF)").await;
            let url = |name: &str| urls[name].as_str().unwrap().split(' ').next().unwrap().to_owned();
            assert!(url("avif").ends_with("/w320.avif") && url("srcset").ends_with("/w160.avif") && url("cropped").ends_with("/c160x160.avif"), "{urls}");
            for url in [url("avif"), url("srcset"), url("cropped")] {
                // Whoever names a format gets it, whatever the browser says.
                let file = get(&desk, &url, &[("accept", "image/webp")]).await;
                assert_eq!((file.status, file.header("content-type"), file.varies()), (200, "image/avif", false), "{url}");
                assert_eq!(&file.bytes[4..12], b"ftypavif");
            }
            let (made, drawn) = (get(&desk, &url("avif"), &[]).await, get(&desk, &url("png"), &[]).await);
            assert!(made.bytes.len() < drawn.bytes.len());
            let (made, drawn) = (read(&desk, &editor, made.bytes).await, image::load_from_memory(&drawn.bytes).unwrap());
            assert_eq!((made.width(), made.height()), size);
            assert_eq!(made.color().has_alpha(), plain == "image/png");
            let apart = difference(&made, &drawn);
            assert!(apart < 4.0, "{name}: {apart}");
            // A part of it, and whether it is still the same, as of every picture.
            let part = get(&desk, &url("avif"), &[("range", "bytes=4-11")]).await;
            assert_eq!((part.status, part.bytes.as_slice()), (206, b"ftypavif".as_slice()));
            assert_eq!(get(&desk, &url("avif"), &[("if-none-match", part.header("etag"))]).await.status, 304);
            editor.unpublish(&published).await;
            assert_eq!(get(&desk, &url("avif"), &[]).await.status, 410);
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn browsers_that_ask_for_nothing_get_it_where_the_settings_say_so(desk) {
        let editor = desk.editor().await;
        let (image, _) = shown(&editor, picture(300, 200), "photo.jpg").await;
        let address = async |desk: &Desk| told(desk, &image, "url(width: 100)").await["url"].as_str().unwrap().to_owned();
        assert_eq!(types(&desk, &address(&desk).await).await, ["image/webp", "image/webp", "image/jpeg"]);
        let desk = desk.restart_with(&[("image_auto_avif", "true"), ("image_avif_quality", "50")]).await;
        assert_eq!(types(&desk, &address(&desk).await).await, ["image/avif", "image/webp", "image/jpeg"]);
        let mut made = kept(&desk.folder.join("media/variants"));
        made.sort();
        assert_eq!(made, ["q50-w160.avif", "q80-w160.webp", "q82-w160.jpg"]);
    }

    async fn it_is_made_ahead_where_browsers_get_it(desk) {
        let desk = desk.restart_with(&[("image_auto_avif", "true"), ("image_variants", "publication"), ("image_widths", "80, 160")]).await;
        let editor = desk.editor().await;
        let done = desk.store.work.done();
        let (image, _) = shown(&editor, picture(300, 200), "photo.jpg").await;
        // Counted once they are kept: the upload is one, too.
        while desk.store.work.done() - done < 7 || kept(&desk.folder.join("media/variants")).len() < 6 {
            tokio::task::yield_now().await;
        }
        let urls: Value = told(&desk, &image, "small: url(width: 80) large: url(width: 160)").await;
        for url in [&urls["small"], &urls["large"]] {
            assert_eq!(types(&desk, url.as_str().unwrap()).await, ["image/avif", "image/webp", "image/jpeg"]);
        }
        assert_eq!(desk.store.work.done() - done, 7, "none is made again");
    }

    async fn what_moves_stands_still_in_it(desk) {
        let editor = desk.editor().await;
        let uploaded = editor.upload_named(crate::image_formats::drawn("moving.gif"), "moving.gif", "Four quarters").await;
        let image = uploaded.done("uploadImage", "image")["id"].clone();
        let draft = editor.create(json!({ "title": "With a picture", "leadFigure": { "imageId": image }, "sections": [{ "body": "Words" }] })).await;
        editor.publish(&draft).await;
        let urls = told(&desk, image.as_str().unwrap(), "avif: url(format: AVIF) png: url(format: PNG)").await;
        let (avif, png) = (get(&desk, urls["avif"].as_str().unwrap(), &[]).await, get(&desk, urls["png"].as_str().unwrap(), &[]).await);
        // The main brand of what moves is another.
        assert_eq!(&avif.bytes[8..12], b"avif");
        let apart = difference(&read(&desk, &editor, avif.bytes).await, &image::load_from_memory(&png.bytes).unwrap());
        assert!(apart < 6.0, "{apart}");
    }
}
