//! A crawl made from the schema looks for a draft's words in everything that a stranger can ask: through every field,
//! argument, filter, order, count, search, node and error, in each stage that an article can be hidden in. Wherever it is
//! hidden, every answer must be, byte for byte, what it would be if there were no such article.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use async_graphql::parser::types::FieldDefinition;
use base64::Engine as _;
use copydesk::text::fold::fold;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, Desk, answer, on_both, picture};

mod schema;

use schema::{Call, Seen, Types};

/// The first words of what is hidden, of the edit of it, and of what never was: as long as each other, in letters and bytes.
const SECRET: &str = "Ŝekret";
const EDITED: &str = "Ĝeheim";
const NOTHING: &str = "Ñothin";

/// What a stranger may try, made from what is hidden; or from what never was, in the same places.
#[derive(Clone, Debug, Default)]
struct Tries {
    ids: Vec<String>,
    /// Those of things that are public, and of one whose comments reply to each other.
    public: Vec<String>,
    slugs: Vec<String>,
    words: Vec<String>,
    files: Vec<String>,
    /// What each kind of id is in a mutation.
    named: BTreeMap<&'static str, String>,
}

/// Pairs of what is hidden and what never was.
type Twins = Vec<(String, String)>;

fn replaced(text: &str, twins: &Twins) -> String {
    twins.iter().fold(text.to_owned(), |text, (hidden, nothing)| text.replace(hidden, nothing))
}

/// The spellings of a word.
fn twins_of_word(hidden: &str, nothing: &str) -> Twins {
    let lower = |word: &str| word.to_lowercase();
    let pair = |change: &dyn Fn(&str) -> String| (change(hidden), change(nothing));
    vec![pair(&str::to_owned), pair(&lower), pair(&fold)]
}

impl Tries {
    fn twin(&self, twins: &Twins) -> Self {
        let all = |texts: &[String]| texts.iter().map(|text| replaced(text, twins)).collect();
        let named = self.named.iter().map(|(name, id)| (*name, replaced(id, twins)));
        Self {
            ids: all(&self.ids),
            public: self.public.clone(),
            slugs: all(&self.slugs),
            words: all(&self.words),
            files: all(&self.files),
            named: named.collect(),
        }
    }

    fn strings(&self, strings: &[String]) -> Vec<String> {
        strings.iter().map(|text| json!(text).to_string()).collect()
    }

    /// The interesting values of an argument or a member; cursors come from answers.
    fn values(&self, name: &str, of: &str, cursors: &[String]) -> Vec<String> {
        let also = |strings: &[String], more: &[&str]| {
            let more: Vec<String> = more.iter().map(|&text| text.to_owned()).collect();
            self.strings(&[strings, &more].concat())
        };
        match (name, of) {
            ("after" | "before", _) => {
                also(cursors, &["", "x", "bm90IGEgY3Vyc29yIG9mIG91cnMsIGJ1dCBsb25nIGVub3VnaA"])
            }
            (_, "ID") => also(&[&self.ids[..], &self.public].concat(), &["", "art_", "art_0", "x", "\u{0}"]),
            (_, "Int") => ["0", "1", "3", "100", "101", "-1"].map(str::to_owned).to_vec(),
            (_, "DateTime") => also(
                &[],
                &[
                    "2026-01-01T00:00:00Z",
                    "2026-11-24T09:00:00Z",
                    "2026-11-24T09:00:00.001Z",
                    "2030-01-01T00:00:00Z",
                    "x",
                ],
            ),
            ("query", _) => {
                let prefixes = self
                    .words
                    .iter()
                    .flat_map(|word| [4, 6, 9].map(|length| word.chars().take(length).collect()));
                let mut prefixes: Vec<String> = prefixes.collect();
                let mut known = BTreeSet::new();
                prefixes.retain(|prefix| known.insert(prefix.clone()));
                let both = format!("{} {}", self.words[0], self.words[1]);
                also(&[&self.words[..], &prefixes, &[both]].concat(), &["quay", "", "*", "\u{0}", "s"])
            }
            ("locale", _) => also(&[], &["cy", "en", "x"]),
            (name, _) if name.to_lowercase().contains("slug") => {
                also(&self.slugs, &["a-quay", "harbor", "-", "\u{0}"])
            }
            _ => self.strings(&self.words),
        }
    }
}

/// What a stranger got: each request, and all that came back, headers included.
#[derive(Default)]
struct Crawl {
    answers: Vec<(String, String)>,
    bodies: Vec<(String, Value)>,
    /// The cursors of each list, with a document that asks for it.
    cursors: Vec<(String, Vec<String>)>,
}

fn all_of(answer: &Answer) -> String {
    let mut all = format!("{}\n", answer.status);
    for (name, value) in &answer.headers {
        if name != "date" && name != "x-request-id" {
            let _ = writeln!(all, "{name}: {}", String::from_utf8_lossy(value.as_bytes()));
        }
    }
    all + &answer.text
}

fn cursors_in(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(cursor) if name == "cursor" => found.push(cursor.clone()),
                    _ => cursors_in(member, found),
                }
            }
        }
        Value::Array(members) => members.iter().for_each(|member| cursors_in(member, found)),
        _ => {}
    }
}

impl Crawl {
    async fn ask(&mut self, stranger: &Actor, document: String) -> Answer {
        let answer = stranger.query(&document).await;
        self.answers.push((document.clone(), all_of(&answer)));
        self.bodies.push((document, answer.body.clone()));
        answer
    }

    /// What was asked, and what was answered with something.
    fn seen(&self, types: &Types) -> Seen {
        let mut seen = Seen::default();
        self.bodies.iter().for_each(|(document, body)| types.note(document, body, &mut seen));
        seen
    }

    async fn get(&mut self, desk: &Desk, path: &str) {
        let answer = answer(desk.http.get(format!("{}{path}", desk.address))).await;
        self.answers.push((format!("GET {path}"), all_of(&answer)));
    }

    /// Asks for everything.
    async fn run(desk: &Desk, types: &Types, tries: &Tries, may_write: bool) -> Self {
        let (mut crawl, stranger) = (Self::default(), desk.stranger());
        let ways = types.ways();
        for (name, way) in &ways {
            for field in types.fields(name) {
                let named: Vec<&str> =
                    schema::required(field).map(|argument| argument.name.node.as_str()).collect();
                crawl.ask_for(desk, types, tries, (way, field), &named).await;
            }
        }
        for path in tries.files.iter().map(String::as_str).chain([
            "/",
            "/health/ready",
            "/.well-known/jwks.json",
            "/graphql",
        ]) {
            crawl.get(desk, path).await;
        }
        if may_write {
            crawl.mutate(types, &stranger, tries).await;
        }
        crawl
    }

    /// Asks for a field: for all that is in it, by POST and by GET; and with everything that may be interesting in each of its
    /// arguments.
    async fn ask_for(
        &mut self,
        desk: &Desk,
        types: &Types,
        tries: &Tries,
        (way, field): (&str, &FieldDefinition),
        needs: &[&str],
    ) {
        let (stranger, of, name) = (desk.stranger(), schema::base(&field.ty.node), &field.name.node);
        let at = |inside: String| way.replace("HOLE", &inside);
        let whole = types.selection(of, &mut Vec::new());
        let is_lookup = !needs.is_empty() && needs != ["query"];
        if way == "{ HOLE }" && !is_lookup {
            let words = if needs.is_empty() {
                vec![String::new()]
            } else {
                ["quay", &tries.words[0]].map(|word| format!("(query: {})", json!(word))).to_vec()
            };
            for arguments in words {
                let document = at(format!("{name}{arguments} {{ {whole} }}"));
                self.ask(&stranger, document.clone()).await;
                self.get(desk, &format!("/graphql?query={}", url_encoded(&document))).await;
            }
        }
        let mut cursors = Vec::new();
        if field.arguments.iter().any(|argument| argument.node.name.node == "after") {
            let query = if needs.is_empty() { "" } else { "query: \"quay\", " };
            let list = at(format!("{name}({query}ARGUMENTS) {{ {} }}", types.glimpse(of)));
            let page = self.ask(&stranger, list.replace("ARGUMENTS", "first: 20")).await;
            let mut all = Vec::new();
            cursors_in(&page.body, &mut all);
            cursors.extend(all.iter().take(2).chain(all.last()).cloned());
            self.cursors.push((list, all));
        }
        let calls = types.calls(field, &|name, of| tries.values(name, of, &cursors));
        let glimpse = types.glimpse(of);
        // Where something may be found, everything in it; elsewhere a glimpse tells whether it is.
        let fits = |call: &Call| {
            let kind = of.to_lowercase();
            let is_of_kind =
                |id: &String| (name == "node" || id[..3] == kind[..3]) && call.text.contains(id.as_str());
            let ids = tries.ids.iter().chain(&tries.public);
            is_lookup
                && (ids.into_iter().any(is_of_kind)
                    || tries.slugs.iter().any(|slug| call.text.contains(slug.as_str())))
        };
        let asked =
            |call: &Call| format!("{} {{ {} }}", call.text, if fits(call) { &whole } else { &glimpse });
        let is_alone = |call: &Call| call.is_alone || fits(call) || way != "{ HOLE }";
        let (alone, together): (Vec<_>, Vec<_>) = calls.into_iter().partition(is_alone);
        for call in alone {
            self.ask(&stranger, at(asked(&call))).await;
        }
        for calls in together.chunks(15) {
            let calls = calls.iter().zip(0..).map(|(call, number)| format!("a{number}: {}", asked(call)));
            self.ask(&stranger, at(calls.collect::<Vec<_>>().join("\n"))).await;
        }
    }

    /// What a stranger may try to do to what is hidden; nothing of it is done.
    async fn mutate(&mut self, types: &Types, stranger: &Actor, tries: &Tries) {
        let value = |name: &str, of: &str| match of {
            "ID" => json!(tries.named.get(name).unwrap_or(&tries.ids[0])).to_string(),
            "Int" => "1".to_owned(),
            "Boolean" => "true".to_owned(),
            _ if name.to_lowercase().contains("email") => {
                json!(format!("{}@reader.example", tries.words[0])).to_string()
            }
            _ if name.to_lowercase().contains("password") => "\"correct horse battery!\"".to_owned(),
            _ if name == "url" => "\"https://www.example.org/\"".to_owned(),
            _ => json!(tries.words[0]).to_string(),
        };
        for (_, document) in types.mutations(&value) {
            self.ask(stranger, document).await;
        }
    }

    /// Fails where an answer tells a hidden word that its request did not say.
    fn assert_nothing_of(&self, hidden: &BTreeSet<String>, stage: &str) {
        for (asked, got) in &self.answers {
            let (asked_for, got) = (everything_in(asked), everything_in(got));
            for word in hidden.iter().filter(|word| got.contains(*word)) {
                assert!(asked_for.contains(word), "{stage}: {word} in the answer to\n{asked}\n{got}");
            }
        }
    }

    /// Fails where something is answered otherwise than if there were nothing.
    fn assert_same_as(&self, nothing: &Self, twins: &Twins, stage: &str) {
        assert_eq!(self.answers.len(), nothing.answers.len(), "{stage}: not the same requests");
        for ((asked, got), (_, expected)) in self.answers.iter().zip(&nothing.answers) {
            let got = replaced(got, twins);
            assert!(
                got == *expected,
                "{stage}: something is there. To\n{asked}\nit answers\n{got}\nwhere nothing would be\n{expected}"
            );
        }
    }
}

/// A text with all that stands in it in another spelling: folded, unescaped, decoded.
fn everything_in(text: &str) -> String {
    let mut all = fold(text);
    if text.contains('%') {
        all += &fold(
            &url::form_urlencoded::parse(text.as_bytes())
                .map(|(name, value)| format!("{name} {value} "))
                .collect::<String>(),
        );
    }
    for piece in
        text.split(|character: char| !(character.is_ascii_alphanumeric() || "-_".contains(character)))
    {
        if piece.len() > 24
            && let Ok(bytes) = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(piece)
        {
            all += &fold(&String::from_utf8_lossy(&bytes));
        }
    }
    all
}

fn url_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// A made-up word for each place.
fn word(secret: &str, place: &str) -> String {
    format!("{secret}{place}")
}

/// What the library has for a text: two pictures, a tag and an author, which nothing else uses.
struct Library {
    image: String,
    portrait: String,
    tag: String,
    author: String,
    /// The addresses of the pictures, unsigned.
    files: Vec<String>,
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

async fn stock(editor: &Actor, secret: &str, size: u32) -> Library {
    let word = |place| word(secret, place);
    let (image, file) = upload(editor, secret, size).await;
    let (portrait, portrait_file) = upload(editor, &format!("{secret}portrait"), size + 1).await;
    let input = json!({ "name": word("byline"), "bio": format!("Wrote {}.", word("bio")), "portraitImageId": portrait });
    let author = editor.run("CreateAuthor", json!({ "input": input })).await;
    let author = author.done("createAuthor", "author")["id"].as_str().unwrap().to_owned();
    let tag = editor.create_tag(&word("tag")).await;
    Library { image, portrait, tag, author, files: vec![file, portrait_file] }
}

/// A text with a word of its own in every place.
fn content(secret: &str, library: &Library, category: &str) -> Value {
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

/// The places of the words that readers see once a text is public.
const SEEN: &[&str] = &[
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
/// And of those that they never see.
const NEVER_SEEN: &[&str] = &["note", "stagenote", "pending", "reader", "file", "portraitfile"];

/// What is public all the time.
struct Site {
    story: Value,
    other: Value,
    category: String,
    public: Vec<String>,
}

/// A site with one story that has everything, so that every field has an answer.
async fn open_site(editor: &Actor, stranger: &Actor) -> Site {
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
    let story = editor.publish(&editor.create(story).await).await;
    let comment = stranger.comment(&story["articleId"], None, "A fine quay.").await;
    editor.approve(&comment).await;
    let reply = stranger.comment(&story["articleId"], Some(&comment), "It is.").await;
    editor.approve(&reply).await;
    let public = vec![story["articleId"].as_str().unwrap().to_owned(), harbor.clone(), reply];
    Site { story, other, category: harbor, public }
}

/// Ids that never were, for as many that are.
fn twins_of_ids(ids: &[String]) -> Twins {
    let twin = |(number, id): (usize, &String)| (id.clone(), format!("{}_{number:032x}", &id[..3]));
    ids.iter().enumerate().map(twin).collect()
}

async fn verb(by: &Actor, verb: &str, draft: &Value, note: Option<String>) -> Value {
    let document = format!(
        "mutation ($input: {}{}Input!) {{ {verb}(input: $input) {{ draft {{ articleId version }} userErrors {{ code message path }} }} }}",
        verb[..1].to_uppercase(),
        &verb[1..]
    );
    let mut input = json!({ "articleId": draft["articleId"], "version": draft["version"] });
    input.as_object_mut().unwrap().extend(note.map(|note| ("note".to_owned(), json!(note))));
    by.query_with(&document, json!({ "input": input })).await.done(verb, "draft").clone()
}

async fn reader_comments(stranger: &Actor, article: &Value, secret: &str, name: &str, body: &str) -> String {
    let email = format!("{}@reader.example", fold(&word(secret, "reader")));
    let input = json!({ "articleId": article, "authorName": word(secret, name), "authorEmail": email, "body": word(secret, body) });
    let answer = stranger.run("SubmitComment", json!({ "input": input })).await;
    answer.done("submitComment", "comment")["id"].as_str().unwrap().to_owned()
}

fn folded(secret: &str, places: &[&str]) -> BTreeSet<String> {
    places.iter().map(|place| fold(&word(secret, place))).collect()
}

on_both! {
    async fn a_hidden_article_is_as_if_it_were_not(desk) {
        let desk = desk.restart_with(&[("max_cost", "1000000000"), ("public_url", "https://cms.example.org")]).await;
        let (types, editor, stranger) = (Types::read(), desk.editor().await, desk.stranger());
        let Site { story, other, category, public } = open_site(&editor, &stranger).await;

        // What can be tried is known in the end only. So the site without the article is asked with twins that never were.
        let ids = ["art", "sec", "img", "img", "aut", "tag", "com", "com", "img", "img", "aut", "tag", "usr"];
        let placeholder: Vec<String> = ids.iter().enumerate().map(|(number, kind)| format!("{kind}_{:032x}", number + 0xabc)).collect();
        let slugs = |secret: &str| ["slug", "tag", "byline", "title"].map(|place| fold(&word(secret, place)));
        let words: Vec<String> = [SECRET, EDITED].iter().flat_map(|secret| SEEN.iter().map(|place| word(secret, place))).collect();
        let mut tries = Tries {
            slugs: [slugs(SECRET), slugs(EDITED)].concat(),
            words: [words, vec![word(SECRET, "note"), word(SECRET, "comment"), word(SECRET, "pending")]].concat(),
            public,
            ..Tries::default()
        };
        let with_ids = |tries: &mut Tries, ids: &[String], files: &[String]| {
            tries.ids = ids.to_vec();
            tries.files = files.to_vec();
            let kinds = [("articleId", 0), ("sectionId", 1), ("imageId", 2), ("parentId", 6), ("commentId", 7), ("ownerId", 12), ("userId", 12)];
            tries.named = kinds.into_iter().map(|(name, index)| (name, ids[index].clone())).collect();
        };
        let words_twins: Twins = [twins_of_word(SECRET, NOTHING), twins_of_word(EDITED, "Ñirgen")].concat();
        let file = |id: &str| format!("/media/{id}/{:032x}.jpg", 7);
        with_ids(&mut tries, &placeholder, &[2, 3, 8, 9].map(|index| file(&placeholder[index])));
        let nothing_tries = tries.twin(&[words_twins.clone(), twins_of_ids(&placeholder)].concat());
        let nothing = Crawl::run(&desk, &types, &nothing_tries, true).await;

        // Never published; a public story points to it.
        let (first, second) = (stock(&editor, SECRET, 50).await, stock(&editor, EDITED, 60).await);
        let draft = editor.create(content(SECRET, &first, &category)).await;
        let draft = verb(&editor, "submitForReview", &draft, Some(word(SECRET, "stagenote"))).await;
        let one = editor.run("OneDraft", json!({ "articleId": draft["articleId"] })).await;
        let owner = one.data()["viewer"]["draft"]["owner"]["id"].as_str().unwrap().to_owned();
        let section = one.data()["viewer"]["draft"]["content"]["sections"][0]["id"].as_str().unwrap().to_owned();
        let mut real = placeholder.clone();
        real[0] = draft["articleId"].as_str().unwrap().to_owned();
        real[1] = section;
        for (index, id) in [(2, &first.image), (3, &first.portrait), (4, &first.author), (5, &first.tag), (8, &second.image), (9, &second.portrait), (10, &second.author), (11, &second.tag), (12, &owner)] {
            real[index].clone_from(id);
        }
        let files = [first.files.clone(), second.files.clone()].concat();
        with_ids(&mut tries, &real, &files);
        let twins = |ids: &[String]| [words_twins.clone(), twins_of_ids(ids)].concat();
        let hidden = |ids: &[String], secrets: &[&str]| -> BTreeSet<String> {
            let places = [SEEN, NEVER_SEEN, &["comment", "name"]].concat();
            let words = secrets.iter().flat_map(|secret| folded(secret, &places));
            words.chain(ids.iter().cloned()).chain(files.iter().filter_map(|file| file.rsplit('/').next().map(str::to_owned))).collect()
        };
        let pointing = json!([
            { "external": { "url": "https://openurl.example/", "title": "Openlinktitle" } },
            { "article": { "articleId": other["articleId"] } },
            { "article": { "articleId": draft["articleId"], "title": word(SECRET, "linktitle") } },
        ]);
        let story = editor.publish(&editor.save(&story, json!({ "relatedLinks": pointing })).await).await;
        let crawl = Crawl::run(&desk, &types, &tries, true).await;
        crawl.assert_nothing_of(&hidden(&real, &[SECRET, EDITED]), "never published");
        crawl.assert_same_as(&nothing, &twins(&real), "never published");

        // The crawl asks for everything that there is, and would find it: once the article is public, it does.
        let public = editor.publish(&draft).await;
        real[6] = reader_comments(&stranger, &public["articleId"], SECRET, "name", "comment").await;
        editor.approve(&real[6]).await;
        real[7] = reader_comments(&stranger, &public["articleId"], SECRET, "pending", "pending").await;
        with_ids(&mut tries, &real, &files);
        let edited_twins = [twins_of_word(EDITED, "Ñirgen"), twins_of_ids(&real).drain(8..12).collect()].concat();
        let published = Crawl::run(&desk, &types, &tries.twin(&edited_twins), false).await;
        let (everything, seen) = (types.everything(), published.seen(&types));
        let missed: Vec<&String> = everything.iter().filter(|part| !seen.asked.contains(*part)).collect();
        assert!(missed.is_empty(), "the crawl does not ask for {missed:?}");
        let fields = types.all_fields();
        let empty: Vec<&String> = fields.difference(&seen.answered).collect();
        assert!(empty.is_empty(), "nothing public has {empty:?}: the crawl sees no value of it");
        let all: Vec<String> = published.answers.iter().map(|(_, got)| everything_in(got)).collect();
        for seen in folded(SECRET, &[SEEN, &["comment", "name"]].concat()).iter().chain(&real[..7]) {
            assert!(all.iter().any(|got| got.contains(seen)), "{seen} is public, and the crawl does not find it");
        }
        let never_seen: BTreeSet<String> = folded(SECRET, NEVER_SEEN).into_iter().chain([real[7].clone(), real[12].clone()]).collect();
        let edited = [8, 9, 10, 11].map(|index| real[index].clone());
        published.assert_nothing_of(&never_seen, "published");

        // Edited after publishing.
        let public = editor.save(&public, content(EDITED, &second, &category)).await;
        let crawl = Crawl::run(&desk, &types, &tries, false).await;
        crawl.assert_nothing_of(&hidden(&edited, &[EDITED]).into_iter().filter(|word| !first.files.iter().any(|file| file.ends_with(word.as_str()))).chain(never_seen).collect(), "edited after publishing");
        crawl.assert_same_as(&published, &edited_twins, "edited after publishing");

        // Taken down. Cursors that were had before are good still, and tell nothing.
        let down = verb(&editor, "unpublishArticle", &public, None).await;
        let everything_hidden = hidden(&real, &[SECRET, EDITED]);
        let mut crawl = Crawl::run(&desk, &types, &tries, true).await;
        crawl.assert_same_as(&nothing, &twins(&real), "unpublished");
        for (list, cursors) in &published.cursors {
            for cursor in cursors {
                for arguments in [format!("first: 2, after: {cursor:?}"), format!("last: 2, before: {cursor:?}")] {
                    crawl.ask(&stranger, list.replace("ARGUMENTS", &arguments)).await;
                }
            }
        }
        crawl.assert_nothing_of(&everything_hidden, "unpublished");

        // Public again with its edit, and thrown away.
        let again = editor.publish(&down).await;
        assert_eq!(stranger.run("ArticlePage", json!({ "slug": fold(&word(SECRET, "slug")) })).await.data()["article"]["title"], word(EDITED, "title"));
        verb(&editor, "deleteArticle", &again, None).await;
        let crawl = Crawl::run(&desk, &types, &tries, true).await;
        crawl.assert_nothing_of(&everything_hidden, "trashed");
        crawl.assert_same_as(&nothing, &twins(&real), "trashed");
        assert!(story["isPublished"] == true && desk.verify().await.is_empty());
    }
}
