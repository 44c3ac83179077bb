//! What attackers write, put into every text that Copydesk takes, and shown by a browser: nothing runs, nothing is asked for, and
//! nothing is left that could. And what else is bad in names and slugs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use copydesk::text::markdown;
use serde_json::{Value, json};

use crate::harness::{Actor, Desk, Engine, answer, on_both, picture};

/// The payloads, their escapes resolved.
fn payloads() -> Vec<String> {
    let lines = include_str!("corpora/scripts.txt").lines().filter(|line| !line.starts_with("////"));
    lines.map(unescaped).collect()
}

fn unescaped(line: &str) -> String {
    let mut text = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once('\\') {
        text.push_str(before);
        let (character, length) = match after.as_bytes().first() {
            Some(b'n') => ('\n', 1),
            Some(b't') => ('\t', 1),
            Some(b'0') => ('\0', 1),
            Some(b'u') if after.starts_with("u{") => {
                let end = after.find('}').unwrap();
                (char::from_u32(u32::from_str_radix(&after[2..end], 16).unwrap()).unwrap(), end + 1)
            }
            _ => ('\\', 0),
        };
        text.push(character);
        rest = &after[length..];
    }
    text + rest
}

/// The payload as a field takes it: what each refuses is taken out, and it is cut to its length.
fn fit(payload: &str, limit: usize, refuses: impl Fn(char) -> bool) -> String {
    let fit: String = payload.chars().filter(|&character| !refuses(character)).take(limit).collect();
    let fit = fit.split_whitespace().collect::<Vec<_>>().join(" ");
    if fit.chars().any(char::is_alphanumeric) { fit } else { format!("x {fit}") }
}

fn line(payload: &str, limit: usize) -> String {
    fit(payload, limit, |character| character.is_control() && !character.is_whitespace())
}

fn name(payload: &str) -> String {
    fit(payload, 100, |character| {
        (character.is_control() && !character.is_whitespace())
            || "\u{200B}\u{202E}\u{FEFF}\u{2060}".contains(character)
    })
}

fn text(payload: &str) -> String {
    payload.chars().filter(|character| !character.is_control() || "\n\t".contains(*character)).collect()
}

/// Asks all of it; fails where anything else than the content of texts is refused.
async fn done(actor: &Actor, document: &str, input: Value, thing: &str) -> Option<Value> {
    let answer = actor.query_with(document, json!({ "input": input })).await;
    let (_, payload) = answer.data().as_object().unwrap().iter().next().unwrap();
    if payload[thing].is_null() {
        for error in payload["userErrors"].as_array().unwrap() {
            assert_eq!(error["code"], "INVALID", "{input}: {payload}");
            assert!(
                ["sections", "bio", "body"].contains(&error["path"][1].as_str().unwrap()),
                "{input}: {payload}"
            );
        }
        return None;
    }
    Some(payload[thing].clone())
}

/// Publishes a payload in every text; gives how many bodies were refused.
async fn publish(desk: &Desk, editor: &Actor, number: usize, payload: &str) -> (Value, usize) {
    let mut refused = 0;
    let bio = "mutation ($input: CreateAuthorInput!) { createAuthor(input: $input) { author { id } userErrors { code path message } } }";
    let mut author = json!({ "name": name(payload), "slug": format!("author-{number}"), "bio": text(payload), "isListed": true });
    let made = match done(editor, bio, author.clone(), "author").await {
        Some(made) => made,
        None => {
            refused += 1;
            author["bio"] = Value::Null;
            done(editor, bio, author, "author").await.unwrap()
        }
    };
    let tag = "mutation ($input: CreateTagInput!) { createTag(input: $input) { tag { id } userErrors { code path message } } }";
    let tag = done(editor, tag, json!({ "name": name(payload), "slug": format!("tag-{number}") }), "tag")
        .await
        .unwrap();
    let category = json!({ "input": { "name": name(payload), "slug": format!("category-{number}"), "description": line(payload, 1_000) } });
    let document = "mutation ($input: CreateCategoryInput!) { createCategory(input: $input) { category { id } userErrors { code path message } } }";
    let category = editor.query_with(document, category).await.done("createCategory", "category").clone();
    let operations = json!({
        "query": "mutation ($input: UploadImageInput!) { uploadImage(input: $input) { image { id } userErrors { code message path } } }",
        "variables": { "input": { "file": null, "alt": line(payload, 500), "caption": line(payload, 500), "credit": line(payload, 500) } },
    });
    let form = reqwest::multipart::Form::new()
        .text("operations", operations.to_string())
        .text("map", r#"{ "0": ["variables.input.file"] }"#)
        .part(
            "0",
            reqwest::multipart::Part::bytes(picture(20, 10))
                .file_name(format!("photo {}.jpg", line(payload, 80).replace(['/', '\\', '"'], "_"))),
        );
    let image =
        editor.raw(|request| request.multipart(form)).await.done("uploadImage", "image")["id"].clone();
    let image_id = image.as_str().unwrap();
    let placed = format!(
        "![{0}]({image_id} \"{0}\")\n\nWords ![]({image_id})",
        line(payload, 500).replace(['"', '[', ']', '\\'], "")
    );
    let document = "mutation ($input: CreateArticleInput!) { createArticle(input: $input) { draft { articleId version } userErrors { code path message } } }";
    let mut content = json!({
        "title": line(payload, 300), "slug": format!("story-{number}"), "excerpt": format!("{} harborword", line(payload, 900)), "note": line(payload, 900),
        "leadFigure": { "imageId": image, "caption": line(payload, 500), "credit": line(payload, 500) },
        "sections": [{ "heading": line(payload, 300), "body": text(payload) }, { "heading": "Placed", "body": placed }],
        "authorIds": [made["id"]], "tagIds": [tag["id"]], "categoryIds": [category["id"]],
        "relatedLinks": [{ "external": { "url": "https://ok.example/", "title": line(payload, 300) } }],
    });
    let draft = match done(editor, document, content.clone(), "draft").await {
        Some(draft) => draft,
        None => {
            refused += 1;
            content["sections"] = json!([{ "heading": line(payload, 300), "body": format!("~~~ {0}\n{0}\n~~~", line(payload, 300).replace('~', "")) }]);
            done(editor, document, content, "draft").await.unwrap()
        }
    };
    let published = editor.publish(&draft).await;
    let sent = json!({ "articleId": published["articleId"], "authorName": name(payload), "authorEmail": "rita@reader.example", "body": text(payload) });
    let document = "mutation ($input: SubmitCommentInput!) { submitComment(input: $input) { comment { id } userErrors { code path message } } }";
    match done(&desk.stranger(), document, sent, "comment").await {
        Some(comment) => editor.approve(comment["id"].as_str().unwrap()).await,
        None => refused += 1,
    }
    (published["articleId"].clone(), refused)
}

/// All that is HTML, or goes into a page as it is, of an article.
async fn shown(desk: &Desk, id: &Value, html: &mut Vec<String>, scripts: &mut Vec<String>) {
    let asked = "query ($id: ID!) { node(id: $id) { ... on Article { sections { body { html blocks { ... on ParagraphBlock { spans { href } } ... on EmbedBlock { url } } } } authors { bio { html } } comments(first: 5) { nodes { body { html } } } seo { jsonLd } } } }";
    let answer = desk.stranger().query_with(asked, json!({ "id": id })).await;
    let article = &answer.data()["node"];
    let each = |list: &Value, field: &str| -> Vec<String> {
        list.as_array()
            .unwrap()
            .iter()
            .filter_map(|thing| thing[field]["html"].as_str().map(str::to_owned))
            .collect()
    };
    html.extend(each(&article["sections"], "body"));
    html.extend(each(&article["authors"], "bio"));
    html.extend(each(&article["comments"]["nodes"], "body"));
    scripts.push(article["seo"]["jsonLd"].as_str().unwrap().to_owned());
    for block in article["sections"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|section| section["body"]["blocks"].as_array().unwrap())
    {
        let spans = block["spans"].as_array().into_iter().flatten().filter_map(|span| span["href"].as_str());
        for address in spans.chain(block["url"].as_str()) {
            assert!(
                address.starts_with('#') || address.starts_with("https://") || address.starts_with("http://"),
                "{address}"
            );
        }
    }
}

fn chromium() -> Option<PathBuf> {
    let named =
        std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    let is_needed = std::env::var_os("COPYDESK_TEST_REQUIRE_CHROMIUM").is_some();
    (named.exists() || is_needed).then_some(named)
}

/// A page with this in it, which tells what it saw: what ran, which hosts were asked, what stands there that never should.
fn page(html: &[String], scripts: &[String]) -> String {
    let html: String = html.iter().map(|html| format!("<div class=\"shown\">{html}</div>\n")).collect();
    let scripts: String = scripts
        .iter()
        .map(|json| format!("<script data-own type=\"application/ld+json\">{json}</script>\n"))
        .collect();
    format!(
        r#"<!doctype html><meta charset="utf-8"><title>page</title>
<script data-own>
window.ran = [];
window.alert = window.prompt = window.confirm = window.print = (said) => {{ window.ran.push(String(said)); return true }};
window.onbeforeunload = () => {{ window.ran.push('left') }};
addEventListener('click', (event) => {{
  const link = event.target.closest?.('a,area,form,button');
  if (link && !/^javascript:/i.test(link.protocol ?? '')) event.preventDefault();
}}, true);
</script>
<div id="all">{html}</div>
{scripts}
<script data-own>
addEventListener('load', () => {{
  const all = document.querySelector('#all');
  for (const element of all.querySelectorAll('*')) {{
    for (const name of ['mouseover', 'mouseenter', 'pointerenter', 'mousedown', 'click', 'focus', 'blur', 'toggle', 'error', 'load']) {{
      element.dispatchEvent(new MouseEvent(name, {{ bubbles: true, cancelable: true }}));
    }}
  }}
  setTimeout(() => {{
    const never = 'script,iframe,frame,object,embed,applet,form,svg,math,base,meta,link,style,template,video,audio,button,textarea,select';
    const unwanted = [...all.querySelectorAll(never)].map((element) => element.outerHTML.slice(0, 100));
    for (const element of document.querySelectorAll('body *, head *')) {{
      if (element.matches('script:not([data-own])')) unwanted.push(element.outerHTML.slice(0, 100));
      if (!all.contains(element)) continue;
      for (const attribute of element.attributes) {{
        if (/^on|^style$|^srcset$|^ping$|^background$|^form/i.test(attribute.name)) unwanted.push(element.outerHTML.slice(0, 100));
        if (/^(href|src)$/i.test(attribute.name) && !/^(https?:\/\/|#)/.test(attribute.value)) unwanted.push(element.outerHTML.slice(0, 100));
      }}
    }}
    const asked = performance.getEntriesByType('resource').map((entry) => entry.name);
    const read = [...document.querySelectorAll('script[type="application/ld+json"]')].map((script) => JSON.parse(script.textContent)['@type']);
    const shown = document.querySelectorAll('#all > .shown').length;
    const report = JSON.stringify({{ ran: window.ran, unwanted, asked, read, shown, title: document.title }});
    document.documentElement.setAttribute('data-report', btoa(unescape(encodeURIComponent(report))));
  }}, 1000);
}});
</script>"#
    )
}

async fn look(chromium: &Path, folder: &Path, name: &str, page: String) -> Value {
    let file = folder.join(format!("{name}.html"));
    std::fs::write(&file, page).unwrap();
    let mut command = Command::new(chromium);
    command
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-quic",
            "--no-proxy-server",
        ])
        .args([
            "--virtual-time-budget=20000",
            "--dump-dom",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        ])
        .arg(format!("--user-data-dir={}", folder.join(format!("{name}-profile")).display()))
        .arg(format!("file://{}", file.display()));
    let seen = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let dom = String::from_utf8_lossy(&seen.stdout);
    let report = dom.split_once("data-report=\"").and_then(|(_, rest)| rest.split_once('"'));
    let (report, _) =
        report.unwrap_or_else(|| panic!("no report: {}", String::from_utf8_lossy(&seen.stderr)));
    let report = base64::engine::general_purpose::STANDARD.decode(report).unwrap();
    serde_json::from_slice(&report).unwrap()
}

/// On one database alone: what is shown of a text does not depend on it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_anybody_writes_runs() {
    let Some(chromium) = chromium() else {
        eprintln!("left out: there is no Chromium (CHROMIUM names it; /usr/bin/chromium where it is unset)");
        return;
    };
    let more = [("max_image_bytes", "100000"), ("site_name", "</script><script>alert(0)</script>")];
    let desk = Desk::open_with(Engine::Sqlite, &more).await.unwrap();
    let editor = desk.editor().await;
    let payloads = payloads();
    let (mut html, mut scripts, mut refused) = (Vec::new(), Vec::new(), 0);
    for (number, payload) in payloads.iter().enumerate() {
        let (article, bodies) = publish(&desk, &editor, number, payload).await;
        refused += bodies;
        shown(&desk, &article, &mut html, &mut scripts).await;
    }
    let found = desk
        .stranger()
        .query("{ search(query: \"harborword\", first: 100) { totalCount edges { snippet { html } } } }")
        .await;
    let search = &found.data()["search"];
    assert_eq!(search["totalCount"], payloads.len());
    html.extend(
        search["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| edge["snippet"]["html"].as_str().unwrap().to_owned()),
    );
    // What a body of an article may not hold is rendered too, as if it had been there.
    html.extend(
        payloads.iter().map(|payload| markdown::html(payload, &Default::default(), &mut Default::default())),
    );
    html.extend(payloads.iter().map(|payload| markdown::simple_html(payload)));
    let report = look(&chromium, &desk.folder, "shown", page(&html, &scripts)).await;
    assert_eq!(report["ran"], json!([]));
    assert_eq!(report["unwanted"], json!([]));
    assert_eq!((&report["shown"], &report["title"]), (&json!(html.len()), &json!("page")));
    assert_eq!(report["read"], json!(vec!["NewsArticle"; payloads.len()]));
    let others: Vec<&Value> = report["asked"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|asked| !asked.as_str().unwrap().starts_with(&desk.address))
        .collect();
    assert_eq!(others, Vec::<&Value>::new());
    assert!(refused > 10 && refused < payloads.len(), "{refused} bodies were refused");
    assert_eq!(desk.verify().await, Vec::<String>::new());

    // The same page tells of what does run.
    let raw = ["<img src=x onerror=alert(1)><b onclick=alert(2)>x</b><a href=\"javascript:alert(3)\">x</a><img src=https://evil.example/x.png>".to_owned()];
    let report = look(&chromium, &desk.folder, "raw", page(&raw, &[])).await;
    assert!(report["ran"].as_array().unwrap().len() >= 3, "{report}");
    assert!(
        report["unwanted"].as_array().unwrap().len() >= 3
            && report["asked"].to_string().contains("evil.example"),
        "{report}"
    );
}

on_both! {
    async fn no_name_turns_the_direction_of_what_follows(desk) {
        let (editor, admin) = (desk.editor().await, desk.admin().await);
        let public = editor.publish(&editor.write("A story").await).await;
        let names = "mutation ($author: CreateAuthorInput!, $comment: SubmitCommentInput!, $user: CreateUserInput!) {
            createAuthor(input: $author) { userErrors { code path } } submitComment(input: $comment) { userErrors { code path } } createUser(input: $user) { userErrors { code path } } }";
        let before = desk.log_length().await;
        for (number, turned) in ["Ann \u{202E}rotidE", "\u{202D}Ann", "Ann\u{2066}", "Ann\u{200F}", "A\u{200B}nn", "Ann\0", "\u{FEFF}"].iter().enumerate() {
            let variables = json!({
                "author": { "name": turned },
                "comment": { "articleId": public["articleId"], "authorName": turned, "authorEmail": "rita@reader.example", "body": "Words" },
                "user": { "name": turned, "email": format!("ann{number}@desk.example"), "role": "AUTHOR", "password": crate::harness::PASSWORD },
            });
            let answer = admin.query_with(names, variables).await;
            for (mutation, field) in [("createAuthor", "name"), ("submitComment", "authorName"), ("createUser", "name")] {
                let error = &answer.data()[mutation]["userErrors"][0];
                assert!(["INVALID", "REQUIRED"].contains(&error["code"].as_str().unwrap()), "{turned:?}: {}", answer.text);
                assert_eq!(error["path"], json!(["input", field]), "{turned:?}");
            }
        }
        assert_eq!(desk.log_length().await, before);
        for right in ["עדה", "علی\u{200C}رضا", "Ann O'Neill"] {
            editor.create_author(right).await;
        }
    }

    async fn no_slug_or_path_takes_long(desk) {
        let editor = desk.editor().await;
        editor.publish(&editor.write("A story").await).await;
        let long = |part: &str, length: usize| part.repeat(length);
        let bombs = [
            long("a", 100_000) + "!", long("a-", 50_000), long("-", 100_000), long("(a+)+", 20_000) + "$", long("%25", 30_000), long("/", 100_000),
            long("../", 30_000), long("%2e%2e/", 10_000), long("\u{301}", 50_000), long("{slug}", 10_000), long("ß", 50_000), "^(([a-z])+.)+[A-Z]([a-z])+$".to_owned(),
        ];
        for bomb in &bombs {
            let begun = Instant::now();
            let asked = "query ($text: String!, $path: String!) { article(by: { slug: $text }) { id } author(by: { slug: $text }) { id } tag(by: { slug: $text }) { id } category(by: { slug: $text }) { id } route(path: $path) { status } }";
            let answer = desk.stranger().query_with(asked, json!({ "text": bomb, "path": format!("/{bomb}") })).await;
            assert_eq!(answer.data(), &json!({ "article": null, "author": null, "tag": null, "category": null, "route": null }), "{:.60}", bomb);
            let shown: String = bomb.chars().take(60).collect();
            for (document, input) in [
                ("mutation ($input: CreateTagInput!) { createTag(input: $input) { tag { id } userErrors { code } } }", json!({ "name": "x", "slug": bomb })),
                ("mutation ($input: CreateArticleInput!) { createArticle(input: $input) { draft { articleId } userErrors { code } } }", json!({ "title": "x", "slug": bomb })),
                ("mutation ($input: CreateRedirectInput!) { createRedirect(input: $input) { redirect { id } userErrors { code } } }", json!({ "from": bomb, "to": bomb })),
            ] {
                let answer = editor.query_with(document, json!({ "input": input })).await;
                let (_, payload) = answer.data().as_object().unwrap().iter().next().unwrap();
                assert!(!payload["userErrors"].as_array().unwrap().is_empty(), "{shown}: {payload}");
            }
            // Far more than it takes, also where a machine is busy; what doubles with each letter would take years.
            assert!(begun.elapsed() < Duration::from_secs(20), "{shown}: {:?}", begun.elapsed());
        }
        let page = answer(desk.http.get(format!("{}/health/ready", desk.address))).await;
        assert_eq!(page.status, 200);
    }
}
