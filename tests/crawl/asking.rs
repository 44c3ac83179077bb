//! A stranger asks for everything, and keeps all that comes back.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use async_graphql::parser::types::FieldDefinition;
use serde_json::{Value, json};

use super::schema::{self, Call, Seen, Types};
use super::tries::{Tries, Twins, everything_in, replaced};
use crate::harness::{Actor, Answer, Desk, answer};

/// What a stranger got: each request, and all that came back, headers included.
#[derive(Default)]
pub struct Crawl {
    answers: Vec<(String, String)>,
    bodies: Vec<(String, Value)>,
    /// The cursors of each list, with a document that asks for it.
    pub cursors: Vec<(String, Vec<String>)>,
}

fn all_of(answer: &Answer) -> String {
    let mut all = format!("{}\n", answer.status);
    for (name, value) in &answer.headers {
        if name != "date" && name != "x-request-id" {
            let _ = writeln!(all, "{name}: {}", String::from_utf8_lossy(value.as_bytes()));
        }
    }
    match answer.headers.get("content-type") {
        // Its words are for who looks at it.
        Some(kind) if kind.as_bytes().starts_with(b"image/") => all + "a picture",
        _ => all + &answer.text,
    }
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
    pub async fn ask(&mut self, stranger: &Actor, document: String) -> Answer {
        let answer = stranger.query(&document).await;
        self.answers.push((document.clone(), all_of(&answer)));
        self.bodies.push((document, answer.body.clone()));
        answer
    }

    /// What was asked, and what was answered with something.
    pub fn seen(&self, types: &Types) -> Seen {
        let mut seen = Seen::default();
        self.bodies.iter().for_each(|(document, body)| types.note(document, body, &mut seen));
        seen
    }

    async fn get(&mut self, desk: &Desk, path: &str) {
        let answer = answer(desk.http.get(format!("{}{path}", desk.address))).await;
        self.answers.push((format!("GET {path}"), all_of(&answer)));
    }

    /// Asks for everything.
    pub async fn run(desk: &Desk, types: &Types, tries: &Tries, may_write: bool) -> Self {
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
            let mut ids = tries.ids.values().chain(&tries.public);
            is_lookup
                && (ids.any(is_of_kind) || tries.slugs.iter().any(|slug| call.text.contains(slug.as_str())))
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
            "ID" => json!(tries.id_for(name)).to_string(),
            "Int" => "1".to_owned(),
            "Boolean" => "true".to_owned(),
            _ if name.to_lowercase().contains("email") => {
                json!(format!("{}@reader.example", tries.words[0])).to_string()
            }
            _ if name.to_lowercase().contains("password") => "\"correct horse battery!\"".to_owned(),
            _ if name == "url" => "\"https://www.example.org/\"".to_owned(),
            _ => json!(tries.words[0]).to_string(),
        };
        for document in types.mutations(&value) {
            self.ask(stranger, document).await;
        }
    }

    /// Whether an answer tells a word that its request did not say.
    pub fn finds(&self, word: &str) -> bool {
        self.answers
            .iter()
            .any(|(asked, got)| everything_in(got).contains(word) && !everything_in(asked).contains(word))
    }

    /// Fails where an answer tells a hidden word that its request did not say.
    pub fn assert_nothing_of(&self, hidden: &BTreeSet<String>, stage: &str) {
        for (asked, got) in &self.answers {
            let (asked_for, got) = (everything_in(asked), everything_in(got));
            for word in hidden.iter().filter(|word| got.contains(*word)) {
                assert!(asked_for.contains(word), "{stage}: {word} in the answer to\n{asked}\n{got}");
            }
        }
    }

    /// Fails where something is answered otherwise than if there were nothing.
    pub fn assert_same_as(&self, nothing: &Self, twins: &Twins, stage: &str) {
        for ((asked, got), (_, expected)) in self.answers.iter().zip(&nothing.answers) {
            let got = replaced(got, twins);
            assert!(
                got == *expected,
                "{stage}: something is there. To\n{asked}\nit answers\n{got}\nwhere nothing would be\n{expected}"
            );
        }
        assert_eq!(self.answers.len(), nothing.answers.len(), "{stage}: not as many requests");
    }
}

fn url_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
