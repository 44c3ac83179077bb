//! The store of pictures: what is missing in it, moving it, and a bucket in the place of the folder.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use copydesk::clock::{Clock as _, SetClock, SystemChance, SystemClock, Timestamp};
use copydesk::config::{Config, Given};
use copydesk::image::check_media::{Checked, Look, check_media};
use copydesk::operation::Store;
use copydesk::start;
use futures_util::TryStreamExt as _;
use object_store::aws::AmazonS3Builder;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore};
use serde_json::{Value, json};

use crate::harness::program::{Running, UploadForm, add_editor, free_port, program, said, serve, token};
use crate::harness::{Actor, Desk, answer, http, on_both, picture};

on_both! {
    async fn what_is_missing_orphaned_and_corrupt_is_named(desk) {
        let editor = desk.editor().await;
        for width in [40, 50, 60] {
            editor.upload(picture(width, 30), "A quay").await.done("uploadImage", "image");
        }
        let check = async |reads_bytes: bool| {
            let checked = checked(&desk.store, Look { reads_bytes, deletes_orphans: false }).await;
            (checked.files, checked.missing, checked.corrupt, checked.orphaned)
        };
        let (files, missing, corrupt, orphaned) = check(true).await;
        assert_eq!((files, missing.len(), corrupt.len(), orphaned.len()), (6, 0, 0, 0));
        let names = desk.texts("SELECT rendition_hash FROM image_records ORDER BY width".to_owned()).await;
        let at = |folder: &str, hash: &str| format!("{folder}/{}/{hash}", &hash[..2]);
        let media = desk.folder.join("media");
        std::fs::remove_file(media.join(at("renditions", &names[0]))).unwrap();
        std::fs::write(media.join(at("renditions", &names[1])), b"rotten").unwrap();
        let lost = "f".repeat(64);
        for place in [at("originals", &lost), format!("variants/ff/{lost}/q65-w160.avif"), format!("variants/ff/{lost}/q80-w160.webp"), format!("variants/{}/{}/q80-w160.webp", &names[2][..2], names[2])] {
            std::fs::create_dir_all(media.join(&place).parent().unwrap()).unwrap();
            std::fs::write(media.join(place), b"lost").unwrap();
        }
        let (files, missing, corrupt, orphaned) = check(true).await;
        assert_eq!(files, 9);
        assert_eq!(missing.into_iter().collect::<Vec<_>>(), [at("renditions", &names[0])]);
        assert_eq!(corrupt.into_iter().collect::<std::collections::BTreeSet<_>>(), [at("renditions", &names[1]), at("originals", &lost)].into());
        assert_eq!(orphaned.into_iter().collect::<Vec<_>>(), [at("originals", &lost), format!("variants/ff/{lost}/q65-w160.avif"), format!("variants/ff/{lost}/q80-w160.webp")]);
        assert!(check(false).await.2.is_empty());
    }

    async fn orphans_are_deleted_once_they_are_old(desk) {
        desk.clock.set(SystemClock.now());
        let editor = desk.editor().await;
        let upload = async |width: u32| editor.upload(picture(width, 300), "A quay").await.done("uploadImage", "image")["id"].as_str().unwrap().to_owned();
        let [stays, gone] = [upload(400).await, upload(410).await];
        // An address of each, and the file behind it.
        for image in editor.query("{ viewer { images { nodes { url(width: 160) } } } }").await.data()["viewer"]["images"]["nodes"].as_array().unwrap() {
            assert_eq!(desk.http.get(image["url"].as_str().unwrap()).send().await.unwrap().status(), 200);
        }
        delete(&editor, &gone).await;
        let media = desk.folder.join("media");
        let lost = "f".repeat(64);
        // Cut off while it was written, long ago; and one that is being written.
        for unfinished in [format!("originals/ff/{lost}#1"), format!("renditions/ff/{lost}#12")] {
            std::fs::create_dir_all(media.join(&unfinished).parent().unwrap()).unwrap();
            std::fs::write(media.join(&unfinished), b"ha").unwrap();
        }
        let files = || { let mut all = Vec::new(); walk(&media, &mut all); all.sort(); all };
        let (before, look) = (files(), Look { reads_bytes: false, deletes_orphans: true });
        let young = checked(&desk.store, look).await;
        assert_eq!((young.orphaned.len(), young.deleted.len(), files()), (5, 0, before.clone()), "{young:?}");

        // Two hours later the same bytes are uploaded again; then what is younger than they are is of today.
        for file in before.iter().filter(|file| !file.ends_with("#12")) {
            let old = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(desk.clock.now().plus_seconds(-7_200).0 as u64);
            std::fs::File::options().write(true).open(media.join(file)).unwrap().set_modified(old).unwrap();
        }
        let again = upload(410).await;
        delete(&editor, &again).await;
        let looked = checked(&desk.store, look).await;
        // The originals and renditions are young by the upload; of the variants and of what was cut off, the old are gone.
        let deleted: Vec<&String> = looked.deleted.iter().collect();
        assert!(deleted.len() == 2 && deleted[0] == &format!("originals/ff/{lost}#1") && deleted[1].starts_with("variants/"), "{deleted:?}");
        assert_eq!(looked.orphaned.len() - looked.deleted.len(), 3);
        let left: Vec<String> = before.iter().filter(|file| !looked.deleted.contains(*file)).cloned().collect();
        assert_eq!(files(), left);

        // Much later all of it goes, and nothing else.
        let late = at(&desk, desk.clock.now().plus_seconds(86_400)).await;
        let looked = checked(&late, look).await;
        assert_eq!((looked.orphaned.len(), looked.deleted.len(), looked.missing.len()), (3, 3, 0));
        assert_eq!(files().len(), 3, "{:?}", files());
        assert_eq!(desk.verify().await, Vec::<String>::new());
        delete(&editor, &stays).await;
    }

    async fn a_check_takes_nothing_from_an_upload(desk) {
        let editor = desk.editor().await;
        // To it, every file is old.
        let late = at(&desk, SystemClock.now().plus_seconds(86_400)).await;
        let look = Look { reads_bytes: false, deletes_orphans: true };
        let mut deleted = 0;
        for round in 0..20 {
            let uploads = [(); 2].map(|()| {
                let editor = editor.clone();
                tokio::spawn(async move { editor.upload(picture(40, 30), "A quay").await.done("uploadImage", "image")["id"].as_str().unwrap().to_owned() })
            });
            for _ in 0..3 {
                deleted += checked(&late, look).await.deleted.len();
            }
            let mut images = Vec::new();
            for upload in uploads {
                images.push(upload.await.unwrap());
            }
            let left = checked(&late, look).await;
            assert!(left.missing.is_empty(), "round {round}: {left:?}");
            for image in images {
                delete(&editor, &image).await;
            }
        }
        assert!(deleted > 0);
    }
}

/// What a look at the media finds.
pub async fn checked(store: &Store, look: Look) -> Checked {
    check_media(store, look, &|_| {}).await.unwrap_or_else(|failure| panic!("{failure:?}"))
}

/// The same instance, seen at another time.
async fn at(desk: &Desk, moment: Timestamp) -> Arc<Store> {
    let clock = Arc::new(SetClock::at(moment));
    start::open(desk.store.config.clone(), clock, Arc::new(SystemChance)).await.unwrap()
}

async fn delete(editor: &Actor, image: &str) {
    let document = "mutation ($image: ID!) { deleteImage(input: { imageId: $image, version: 1 }) { image { id } userErrors { code } } }";
    editor.query_with(document, json!({ "image": image })).await.done("deleteImage", "image");
}

/// The names of all files below a folder.
fn walk(folder: &Path, all: &mut Vec<String>) {
    fn below(root: &Path, folder: &Path, all: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                below(root, &path, all);
            } else {
                all.push(path.strip_prefix(root).unwrap().display().to_string());
            }
        }
    }
    below(folder, folder, all);
}

/// A server that speaks S3, with an empty bucket, at this address; `None` where the program isn't there.
async fn s3_server(http: &reqwest::Client) -> Option<(Running, String)> {
    let port = free_port();
    let program = std::env::var_os("COPYDESK_TEST_S3_SERVER")
        .map_or_else(|| PathBuf::from("moto_server"), PathBuf::from);
    let started = Command::new(program)
        .args(["-H", "127.0.0.1", "-p", &port.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut running = match started {
        Ok(child) => Running(child),
        Err(_) if std::env::var_os("COPYDESK_TEST_REQUIRE_S3").is_some() => {
            panic!("COPYDESK_TEST_REQUIRE_S3 is set, and moto_server is not found")
        }
        Err(_) => return None,
    };
    let address = format!("http://127.0.0.1:{port}");
    while !http.put(format!("{address}/pictures")).send().await.is_ok_and(|made| made.status() == 200) {
        assert!(running.0.try_wait().unwrap().is_none(), "the S3 server ended before it answered");
        tokio::task::yield_now().await;
    }
    Some((running, address))
}

/// The bucket of pictures on that server, seen past Copydesk.
fn bucket(endpoint: &str) -> Arc<dyn ObjectStore> {
    copydesk::media_store::choose_tls();
    let bucket = AmazonS3Builder::new()
        .with_bucket_name("pictures")
        .with_region("us-east-1")
        .with_endpoint(endpoint)
        .with_access_key_id("test")
        .with_secret_access_key("test")
        .with_client_options(ClientOptions::new().with_allow_http(true));
    Arc::new(PrefixStore::new(bucket.build().unwrap(), "desk"))
}

/// The instance in this folder, with its bucket, at another time.
async fn opened(folder: &Path, bucket: &Arc<dyn ObjectStore>, moment: Timestamp) -> Store {
    let settings = Given::from([("data_dir".to_owned(), folder.join("copydesk-data").display().to_string())]);
    let config = Config::from_sources("", &settings, &Given::new(), &Given::new()).unwrap();
    let store = start::open(config, Arc::new(SetClock::at(moment)), Arc::new(SystemChance)).await.unwrap();
    Store { media: Arc::clone(bucket), ..Arc::into_inner(store).unwrap() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_stands_in_the_place_of_the_folder() {
    let http = http();
    let Some((_s3, endpoint)) = s3_server(&http).await else {
        eprintln!("left out: moto_server, which speaks S3, is not found");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    add_editor(folder.path(), Some(&endpoint));

    // Uploaded into the bucket, and served out of it: whole, a part, another size.
    let (server, address) = serve(folder.path(), Some(&endpoint), &http).await;
    let token = token(&http, &address).await;
    let upload = async |width: u32| -> Value {
        let form = UploadForm::new(picture(width, 300), "{ id url small: url(width: 160) }");
        answer(http.post(format!("{address}/graphql")).bearer_auth(&token).multipart(form.multipart()))
            .await
            .done("uploadImage", "image")
            .clone()
    };
    let image = upload(400).await;
    upload(400).await;
    let whole = http.get(image["url"].as_str().unwrap()).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    let whole = whole.bytes().await.unwrap();
    let part = http.get(image["url"].as_str().unwrap()).header("range", "bytes=10-19").send().await.unwrap();
    assert_eq!((part.status().as_u16(), part.bytes().await.unwrap().as_ref()), (206, &whole[10..20]));
    for _ in 0..2 {
        let small = http.get(image["small"].as_str().unwrap()).send().await.unwrap();
        assert_eq!(small.status(), 200);
        assert_eq!(::image::load_from_memory(&small.bytes().await.unwrap()).unwrap().width(), 160);
    }
    assert!(
        std::fs::read_dir(folder.path().join("copydesk-data/media")).unwrap().next().is_none(),
        "nothing stands in the folder"
    );
    // What belonged to images that are gone is deleted once it is old; what was uploaded again meanwhile, only later.
    let [old, young] = [upload(410).await, upload(420).await];
    assert_eq!(http.get(old["small"].as_str().unwrap()).send().await.unwrap().status(), 200);
    let delete = async |image: &Value| {
        let document = "mutation ($image: ID!) { deleteImage(input: { imageId: $image, version: 1 }) { image { id } userErrors { code } } }";
        let body = json!({ "query": document, "variables": { "image": image["id"] } });
        answer(http.post(format!("{address}/graphql")).bearer_auth(&token).json(&body))
            .await
            .done("deleteImage", "image");
    };
    let bucket = bucket(&endpoint);
    let written = async || -> Vec<Timestamp> {
        let objects: Vec<_> = bucket.list(None).try_collect().await.unwrap();
        objects.iter().map(|object| Timestamp(object.last_modified.timestamp_millis())).collect()
    };
    delete(&old).await;
    delete(&young).await;
    let before = written().await.into_iter().max().unwrap();
    // A bucket tells whole seconds, and a second may end between an image's two files.
    while written().await.into_iter().filter(|written| *written > before).count() < 2 {
        delete(&upload(420).await).await;
    }
    let program_checked = said(
        &program(folder.path(), Some(&endpoint), &["media", "check", "--delete-orphans"]).output().unwrap(),
    );
    assert!(
        program_checked.contains("0 orphaned files deleted; 5 are younger than an hour"),
        "{program_checked}"
    );
    let look = Look { reads_bytes: true, deletes_orphans: true };
    let an_hour_later = opened(folder.path(), &bucket, Timestamp(before.0 + 3_600_500)).await;
    let looked = checked(&an_hour_later, look).await;
    assert_eq!((looked.orphaned.len(), looked.deleted.len(), looked.missing.len()), (5, 3, 0), "{looked:?}");
    assert_eq!(http.get(image["url"].as_str().unwrap()).send().await.unwrap().status(), 200);
    let a_day_later = opened(folder.path(), &bucket, Timestamp(before.0 + 86_400_000)).await;
    assert_eq!(checked(&a_day_later, look).await.deleted.len(), 2);
    drop(server);
    // Original and rendition of the two same uploads, and a variant.
    let checked = said(&program(folder.path(), Some(&endpoint), &["media", "check"]).output().unwrap());
    assert!(checked.contains("3 files looked at; 0 missing, 0 corrupt, 0 orphaned"), "{checked}");
    said(&program(folder.path(), Some(&endpoint), &["verify"]).output().unwrap());

    // Back into the folder; a second time there is nothing to do.
    let moved = said(
        &program(folder.path(), Some(&endpoint), &["media", "move", "--to", "folder"]).output().unwrap(),
    );
    assert!(!moved.contains("0 files copied") && moved.contains("0 were there already"), "{moved}");
    let again = said(
        &program(folder.path(), Some(&endpoint), &["media", "move", "--to", "folder"]).output().unwrap(),
    );
    assert!(again.contains("0 files copied (0 bytes)"), "{again}");
    let checked = said(&program(folder.path(), None, &["media", "check"]).output().unwrap());
    assert!(checked.contains("2 files looked at; 0 missing, 0 corrupt, 0 orphaned"), "{checked}");
    said(&program(folder.path(), None, &["verify"]).output().unwrap());
    let there = said(
        &program(folder.path(), Some(&endpoint), &["media", "move", "--to", "bucket"]).output().unwrap(),
    );
    assert!(there.contains("0 files copied (0 bytes)"), "{there}");

    // What is no name of a bucket is told of.
    let wrong = program(folder.path(), Some("http://127.0.0.1:9"), &["media", "check"])
        .env("COPYDESK_MEDIA_BUCKET", "x")
        .output()
        .unwrap();
    assert!(!wrong.status.success() && String::from_utf8_lossy(&wrong.stderr).contains("media_bucket"));
}
