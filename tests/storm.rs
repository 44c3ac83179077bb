//! Many pictures at once that are small as files and as large as is allowed, or larger: queries go on beside them, and nothing is left.

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use image::codecs::gif::GifEncoder;
use image::{Delay, ExtendedColorType, Frame, ImageEncoder as _, RgbaImage};
use img_parts::png::{Png, PngChunk};
use serde_json::{Value, json};

use crate::harness::{Desk, on_both, picture};
use crate::image_variants::kept;
use crate::media::checked;

/// The most pixels that the server takes.
const MOST: u32 = 500 * 500;

/// How often each bomb is thrown.
const TIMES: usize = 4;

/// A picture file, and what becomes of it: `None` where it is taken, or else a word of why it isn't.
struct Bomb {
    name: &'static str,
    file: Vec<u8>,
    refusal: Option<&'static str>,
}

/// A gray PNG that says that it is so large, with the lines of so large a one.
fn png((width, height): (u32, u32), lines: u32) -> Vec<u8> {
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..lines {
        packed.write_all(&vec![0; width as usize + 1]).unwrap();
    }
    let mut png = Vec::new();
    let small = image::codecs::png::PngEncoder::new(&mut png);
    small.write_image(&[0], 1, 1, ExtendedColorType::L8).unwrap();
    let mut png = Png::from_bytes(png.into()).unwrap();
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 0, 0, 0, 0]].concat();
    *png.chunks_mut() = vec![
        PngChunk::new(*b"IHDR", head.into()),
        PngChunk::new(*b"IDAT", packed.finish().unwrap().into()),
        PngChunk::new(*b"IEND", Vec::new().into()),
    ];
    png.encoder().bytes().to_vec()
}

fn webp(width: u32, height: u32) -> Vec<u8> {
    let pixels = vec![90; (width * height * 3) as usize];
    webp::Encoder::new(&pixels, webp::PixelLayout::Rgb, width, height).encode_lossless().to_vec()
}

fn gif(frames: usize, side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = GifEncoder::new_with_speed(&mut bytes, 30);
    for _ in 0..frames {
        let frame = RgbaImage::from_pixel(side, side, image::Rgba([200, 40, 40, 255]));
        encoder.encode_frame(Frame::from_parts(frame, 0, 0, Delay::from_numer_denom_ms(100, 1))).unwrap();
    }
    drop(encoder);
    bytes
}

fn avif(width: usize, height: usize) -> Vec<u8> {
    let pixels = vec![ravif::RGB8::new(20, 120, 60); width * height];
    let encoder = ravif::Encoder::new().with_speed(10).with_num_threads(Some(1));
    encoder.encode_rgb(ravif::Img::new(&pixels, width, height)).unwrap().avif_file
}

fn bombs() -> Vec<Bomb> {
    let mut bombs = Vec::new();
    let mut add = |name, file, refusal| bombs.push(Bomb { name, file, refusal });
    add("within.png", png((500, 500), 500), None);
    add("beyond.png", png((501, 500), 500), Some("501 × 500"));
    add("far-beyond.png", png((60_000, 60_000), 1), Some("60000 × 60000"));
    // What is missing is found once all the rest is decoded.
    add("torn.png", png((500, 500), 495), Some("decoded"));
    add("within.webp", webp(500, 500), None);
    add("beyond.webp", webp(500, 501), Some("500 × 501"));
    add("within.gif", gif(16, 125), None);
    add("beyond.gif", gif(17, 125), Some("125 × 125 × 17 frames"));
    add("within.avif", avif(500, 500), None);
    add("beyond.avif", avif(500, 501), Some("500 × 501"));
    for bomb in &bombs {
        assert!(bomb.file.len() < 50_000, "{} is no bomb: {} bytes", bomb.name, bomb.file.len());
    }
    bombs
}

/// Asks as a reader and as an editor, each time otherwise, so that no answer is kept; and whether the answers are right.
async fn ask(desk: &Desk, editor: &crate::harness::Actor, number: usize) {
    let query = format!(
        "{{ a{number}: articles(first: 5) {{ totalCount nodes {{ title sections {{ body {{ text }} }} }} }} search(query: \"ferry\", first: {}) {{ totalCount }} }}",
        number % 50 + 1
    );
    let answer = desk.stranger().query(&query).await;
    let articles = &answer.data()[format!("a{number}")];
    assert_eq!((&articles["totalCount"], articles["nodes"].as_array().unwrap().len()), (&json!(6), 5));
    for article in articles["nodes"].as_array().unwrap() {
        assert_eq!(article["sections"], json!([{ "body": { "text": "The first ferry left at midnight." } }]));
    }
    assert_eq!(answer.data()["search"]["totalCount"], 6);
    let answer = editor.query("{ viewer { drafts(first: 10) { totalCount } } }").await;
    assert_eq!(answer.data()["viewer"]["drafts"]["totalCount"], 6);
}

/// All files of the instance but the database's.
fn files(desk: &Desk) -> Vec<String> {
    let mut names = kept(&desk.folder);
    names.retain(|name| !name.contains("copydesk.sqlite"));
    names
}

on_both! {
    async fn queries_go_on_beside_a_storm_of_bombs_and_nothing_is_left_of_it(desk) {
        let desk = desk.restart_with(&[("max_image_pixels", &MOST.to_string()), ("image_workers", "2")]).await;
        let editor = desk.editor().await;
        for number in 0..6 {
            let draft = editor.create(json!({ "title": format!("The night ferry, {number}"), "sections": [{ "body": "The first ferry left at midnight." }] })).await;
            editor.publish(&draft).await;
        }
        let (bombs, before) = (bombs(), files(&desk));
        let (asked, answered) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let thrown = bombs.len() * TIMES;
        let is_over = || answered.load(Ordering::Relaxed) == thrown;

        // At first, none of them can be decoded.
        let held = [desk.store.work.place().await.unwrap(), desk.store.work.place().await.unwrap()];
        let storm = async {
            let uploads = (0..thrown).map(|number| {
                let (bomb, editor, answered) = (&bombs[number % bombs.len()], &editor, &answered);
                async move {
                    let answer = editor.upload_named(bomb.file.clone(), bomb.name, "A quay").await;
                    answered.fetch_add(1, Ordering::Relaxed);
                    (bomb, answer)
                }
            });
            futures_util::future::join_all(uploads).await
        };
        let readers = async {
            for _ in 0..20 {
                ask(&desk, &editor, asked.fetch_add(1, Ordering::Relaxed)).await;
            }
            assert_eq!(answered.load(Ordering::Relaxed), 0, "all wait for their turn");
            drop(held);
            let mut beside = 0;
            while !is_over() {
                ask(&desk, &editor, asked.fetch_add(1, Ordering::Relaxed)).await;
                beside += usize::from(!is_over());
            }
            beside
        };
        let (uploads, beside) = futures_util::future::join(storm, readers).await;
        // How many is the machine's to say; none would be, if pictures were decoded where questions are answered.
        assert!(beside >= 3, "{beside} questions were answered while pictures were decoded");

        for (bomb, answer) in &uploads {
            match bomb.refusal {
                None => assert!(answer.done("uploadImage", "image")["width"].is_number(), "{}", bomb.name),
                Some(words) => {
                    assert_eq!(answer.user_errors("uploadImage"), ["INVALID"], "{}", bomb.name);
                    assert!(answer.text.contains(words), "{}: {}", bomb.name, answer.text);
                    assert_eq!(answer.data()["uploadImage"]["image"], Value::Null);
                }
            }
        }
        let most = desk.metric("copydesk_pictures_most_at_once").await;
        assert!((1..=2).contains(&most), "{most} at once");
        assert_eq!(desk.metric("copydesk_pictures_under_hand").await, 0);

        // The same bytes are kept once: four of what was taken, as they came and as they may be served, and nothing of all else.
        let taken = bombs.iter().filter(|bomb| bomb.refusal.is_none()).count();
        let listed = editor.query("{ viewer { images(first: 100) { totalCount } } }").await;
        assert_eq!(listed.data()["viewer"]["images"]["totalCount"], taken * TIMES);
        let checked = checked(&desk.store, Default::default()).await;
        assert_eq!(checked.files, 2 * taken as u64);
        assert!(checked.missing.is_empty() && checked.orphaned.is_empty(), "{checked:?}");
        assert_eq!(files(&desk).len() - before.len(), 2 * taken, "{:?}", files(&desk));
        // And the next is taken as ever.
        editor.upload(picture(40, 30), "A quay").await.done("uploadImage", "image");
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }
}
