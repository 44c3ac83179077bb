//! What stands in front: which keys answers carry, and that it is told what to drop, in order, until it took it. With a real
//! Varnish and the configuration in `deploy/`.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::harness::{Desk, Engine, on_both, program};

/// What stands in front in a test: takes what it is told, or refuses it.
#[derive(Clone, Default)]
struct Front {
    is_down: Arc<AtomicBool>,
    told: Arc<Mutex<Vec<String>>>,
    refused: Arc<Mutex<usize>>,
}

impl Front {
    /// One that listens; its address.
    async fn open(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(Self::take).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    async fn take(
        State(front): State<Self>,
        method: axum::http::Method,
        headers: HeaderMap,
        body: String,
    ) -> StatusCode {
        if front.is_down.load(Ordering::SeqCst) {
            *front.refused.lock().unwrap() += 1;
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        let said = |name: &str| {
            headers.get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
        };
        let keys = match method.as_str() {
            "PURGE" => said("xkey-purge"),
            _ if body.is_empty() => format!("{} by {}", said("surrogate-key"), said("fastly-key")),
            _ => format!("{body} by {}", said("authorization")),
        };
        front.told.lock().unwrap().push(keys);
        StatusCode::OK
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }

    /// Waits until it was told of this key after having been told so much.
    async fn hears(&self, key: &str, after: usize) {
        let begun = Instant::now();
        while !self.told()[after.min(self.told().len())..].iter().any(|keys| keys.contains(key)) {
            assert!(begun.elapsed() < Duration::from_secs(20), "it was not told of {key}: {:?}", self.told());
            tokio::task::yield_now().await;
        }
    }
}

/// The keys of the answer to a query by GET.
async fn keys(desk: &Desk, header: &str, query: &str) -> Vec<String> {
    let request = desk.http.get(format!("{}/graphql", desk.address)).query(&[("query", query)]);
    let answer = crate::harness::answer(request).await;
    let list = answer.headers.get(header).unwrap_or_else(|| panic!("{:?}", answer.headers)).to_str().unwrap();
    list.split([' ', ',']).map(str::to_owned).collect()
}

const PAGE: &str = "{ article(by: { slug: \"story\" }) { title } }";

on_both! {
    async fn it_is_told_of_each_change_in_order_until_it_took_it(desk) {
        let front = Front::default();
        let address = front.open().await;
        let desk = desk.restart_with(&[("cdn", "varnish"), ("cdn_purge_urls", &address), ("request_timeout", "1")]).await;
        // Nobody knows what it holds from before.
        front.hears("all", 0).await;
        let editor = desk.editor().await;
        let draft = editor.publish(&editor.write("Story").await).await;
        let names = keys(&desk, "xkey", PAGE).await;
        assert!(names.contains(&"all".to_owned()) && names.len() == 3, "the slug and the article: {names:?}");
        let told = front.told().len();
        // Saving is the desk's alone.
        let draft = editor.save(&draft, json!({ "title": "Story two" })).await;
        let draft = editor.publish(&draft).await;
        for name in names.iter().filter(|name| *name != "all") {
            front.hears(name, told).await;
        }
        // It is away for a while: nobody's work waits for it, and it is told everything once it is back.
        front.is_down.store(true, Ordering::SeqCst);
        let told = front.told().len();
        let begun = Instant::now();
        let mut draft = draft;
        let mut written = Vec::new();
        for number in 0..5 {
            draft = editor.publish(&editor.save(&draft, json!({ "title": format!("Story {number}") })).await).await;
            let other = editor.publish(&editor.write(&format!("Other {number}")).await).await;
            written.push(other["slug"].as_str().unwrap().to_owned());
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "writing waited for what is away");
        while *front.refused.lock().unwrap() < 3 {
            tokio::task::yield_now().await;
        }
        let mut pages = Vec::new();
        for slug in written {
            let of_slug = keys(&desk, "xkey", &format!("{{ article(by: {{ slug: \"{slug}\" }}) {{ title }} }}")).await;
            pages.push(of_slug.into_iter().find(|key| key != "all").unwrap());
        }
        assert_eq!(front.told().len(), told);
        front.is_down.store(false, Ordering::SeqCst);
        for page in &pages {
            front.hears(page, told).await;
        }
        // All is told a second time, for what was on its way meanwhile.
        let told = front.told().len();
        front.hears(&pages[4], told).await;
        // Who starts again goes on where it was.
        let desk = desk.restart().await;
        let told = front.told().len();
        let editor = desk.sign_in("edda@desk.example").await;
        editor.publish(&editor.write("After").await).await;
        front.hears("many", told).await;
        assert!(front.told()[told..].iter().all(|keys| keys != "all"), "nothing else had to be dropped");
    }

    async fn each_kind_is_told_in_its_words(desk) {
        let mut desk = desk;
        let mut draft = desk.editor().await.write("Story").await;
        for (kind, header) in [("fastly", "surrogate-key"), ("cloudflare", "cache-tag")] {
            let front = Front::default();
            let address = front.open().await;
            desk = desk.restart_with(&[("cdn", kind), ("cdn_purge_urls", &address), ("cdn_token", "secret"), ("public_url", "https://cms.example.org")]).await;
            front.hears("all", 0).await;
            let editor = desk.sign_in("edda@desk.example").await;
            draft = editor.publish(&editor.save(&draft, json!({ "title": format!("Story by {kind}") })).await).await;
            let names = keys(&desk, header, PAGE).await;
            let told = front.told().len();
            draft = editor.publish(&editor.save(&draft, json!({ "title": format!("Another by {kind}") })).await).await;
            let page = names.iter().find(|name| *name != "all").unwrap();
            front.hears(page, told).await;
            let told = front.told()[told..].iter().find(|keys| keys.contains(page)).unwrap().clone();
            let words = if kind == "fastly" { " by secret" } else { "]} by Bearer secret" };
            assert!(told.ends_with(words) && told.starts_with("{\"tags\":[") == (kind == "cloudflare"), "{told}");
        }
    }
}

/// Varnish with the configuration of `deploy/`, at an address, before a desk; none where it isn't installed.
fn varnish(folder: &std::path::Path, address: &str, backend: &str) -> Option<program::Running> {
    let is_there = Command::new("varnishd").arg("-V").output().is_ok_and(|output| output.status.success());
    if !is_there {
        assert!(
            std::env::var_os("COPYDESK_TEST_REQUIRE_VARNISH").is_none(),
            "Varnish is required, and not there"
        );
        eprintln!("skipped: there is no Varnish (Debian: varnish, varnish-modules)");
        return None;
    }
    let port = backend.rsplit(':').next().unwrap();
    let vcl = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/varnish.vcl")).unwrap();
    let file = folder.join("varnish.vcl");
    std::fs::write(&file, vcl.replace("8000", port)).unwrap();
    let child = Command::new("varnishd")
        .args(["-j", "none", "-F", "-a", address.trim_start_matches("http://"), "-s", "default,32m", "-n"])
        .arg(folder.join("varnish"))
        .arg("-f")
        .arg(&file)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Some(program::Running(child.unwrap()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_varnish_in_front_never_shows_what_was_changed() {
    let folder = tempfile::tempdir().unwrap();
    let Some(desk) = Desk::open(Engine::Sqlite).await else { return };
    let front = format!("http://127.0.0.1:{}", program::free_port());
    let settings =
        [("cdn", "varnish"), ("cdn_purge_urls", front.as_str()), ("answer_shared_max_age", "86400")];
    let desk = desk.restart_with(&settings).await;
    let Some(_running) = varnish(folder.path(), &front, &desk.address) else { return };
    let begun = Instant::now();
    while desk.http.get(&front).send().await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(30), "Varnish does not answer");
        tokio::task::yield_now().await;
    }
    let editor = desk.editor().await;
    let image = editor.image("A quay").await;
    let fields =
        json!({ "title": "Story", "sections": [{ "body": "Words." }], "leadFigure": { "imageId": image } });
    let mut draft = editor.publish(&editor.create(fields).await).await;
    let get = async |query: &str| {
        let answer =
            desk.http.get(format!("{front}/graphql")).query(&[("query", query)]).send().await.unwrap();
        let age: u64 = answer.headers()["age"].to_str().unwrap().parse().unwrap();
        let is_kept = answer.headers()["x-varnish"].to_str().unwrap().contains(' ');
        assert!(answer.headers().get("xkey").is_none(), "keys are nobody else's");
        (answer.text().await.unwrap(), is_kept, age)
    };
    let until = async |word: &str| {
        let begun = Instant::now();
        while !get(PAGE).await.0.contains(word) {
            assert!(begun.elapsed() < Duration::from_secs(5), "Varnish still shows what was before {word}");
            tokio::task::yield_now().await;
        }
        begun.elapsed()
    };
    until("Story").await;
    get(PAGE).await;
    assert!(get(PAGE).await.1, "Varnish keeps the answer");
    for round in 1..=20 {
        draft = editor.save(&draft, json!({ "title": format!("Round {round}") })).await;
        draft = editor.publish(&draft).await;
        until(&format!("Round {round}\"")).await;
        get(PAGE).await;
    }
    // What it keeps is not dropped by what does not touch it.
    assert!(get(PAGE).await.1);
    editor.publish(&editor.write("Another").await).await;
    let front_page = "{ articles { nodes { title } } }";
    while !get(front_page).await.0.contains("Another") {
        tokio::task::yield_now().await;
    }
    assert!(get(PAGE).await.1, "another article is nothing to this page");
    // A picture goes with its article.
    let seen = get("{ article(by: { slug: \"story\" }) { leadFigure { image { url } } } }").await.0;
    let seen: serde_json::Value = serde_json::from_str(&seen).unwrap();
    let url = seen["data"]["article"]["leadFigure"]["image"]["url"].as_str().unwrap();
    let path = &url[url.find("/media/").unwrap()..];
    let status = async || desk.http.get(format!("{front}{path}")).send().await.unwrap().status().as_u16();
    assert_eq!((status().await, status().await), (200, 200));
    editor.unpublish(&draft).await;
    let begun = Instant::now();
    while status().await != 410 {
        assert!(begun.elapsed() < Duration::from_secs(5), "the picture is still there");
        tokio::task::yield_now().await;
    }
}
