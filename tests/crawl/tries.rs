//! What a stranger may try to find something hidden; and the same for what never was, so that the two can be compared.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use copydesk::text::fold::fold;
use serde_json::json;

/// The first words of what is hidden, and of an edit that is.
pub const SECRET: &str = "Ŝekret";
pub const EDITED: &str = "Ĝeheim";

/// What never was, in their places: as long as they are, in letters and bytes.
const NOTHING: [(&str, &str); 2] = [(SECRET, "Ñothin"), (EDITED, "Ñirgen")];

/// A made-up word for each place.
pub fn word(secret: &str, place: &str) -> String {
    format!("{secret}{place}")
}

/// The words of these places, as they are looked for.
pub fn folded(secret: &str, places: &[&str]) -> BTreeSet<String> {
    places.iter().map(|place| fold(&word(secret, place))).collect()
}

/// What a stranger may try.
#[derive(Clone, Debug, Default)]
pub struct Tries {
    /// The ids of what is hidden, by what it is.
    pub ids: BTreeMap<&'static str, String>,
    /// The ids of things that are public all the time.
    pub public: Vec<String>,
    pub slugs: Vec<String>,
    pub words: Vec<String>,
    /// Where its pictures would be served.
    pub files: Vec<String>,
}

/// Ids of kinds that nothing has.
pub fn no_ids(kinds: &[(&'static str, &str)]) -> BTreeMap<&'static str, String> {
    let number = |(number, (name, kind)): (usize, &(&'static str, &str))| {
        (*name, format!("{kind}_{:032x}", number + 0xabc))
    };
    kinds.iter().enumerate().map(number).collect()
}

/// Pairs of what is hidden and what never was.
pub type Twins = Vec<(String, String)>;

pub fn replaced(text: &str, twins: &Twins) -> String {
    twins.iter().fold(text.to_owned(), |text, (hidden, nothing)| text.replace(hidden, nothing))
}

/// The twins of a word, in each of its spellings.
pub fn twins_of_words(secret: &str) -> Twins {
    let (hidden, nothing) = NOTHING.into_iter().find(|(hidden, _)| *hidden == secret).unwrap();
    let lower = |word: &str| word.to_lowercase();
    let pair = |change: &dyn Fn(&str) -> String| (change(hidden), change(nothing));
    vec![pair(&str::to_owned), pair(&lower), pair(&fold)]
}

/// The twins of these ids.
pub fn twins_of_ids(ids: &BTreeMap<&'static str, String>, which: impl Fn(&str) -> bool) -> Twins {
    let twin = |(number, (_, id)): (usize, (&&'static str, &String))| {
        (id.clone(), format!("{}_{number:032x}", &id[..3]))
    };
    ids.iter().enumerate().filter(|(_, (name, _))| which(name)).map(twin).collect()
}

impl Tries {
    /// The same with twins of what is hidden.
    pub fn twin(&self, twins: &Twins) -> Self {
        let all = |texts: &[String]| texts.iter().map(|text| replaced(text, twins)).collect();
        let ids = self.ids.iter().map(|(name, id)| (*name, replaced(id, twins)));
        Self {
            ids: ids.collect(),
            public: self.public.clone(),
            slugs: all(&self.slugs),
            words: all(&self.words),
            files: all(&self.files),
        }
    }

    /// What an argument of a mutation that takes an id gets.
    pub fn id_for(&self, name: &str) -> &str {
        let what = match name {
            "sectionId" => "section",
            "imageId" | "portraitImageId" => "image",
            "parentId" => "comment",
            "commentId" => "pending",
            "ownerId" | "userId" => "owner",
            "tagIds" => "tag",
            "authorIds" => "author",
            _ => "article",
        };
        &self.ids[what]
    }

    /// The interesting values of an argument or a member; cursors come from answers.
    pub fn values(&self, name: &str, of: &str, cursors: &[String]) -> Vec<String> {
        let also = |texts: &[String], more: &[&str]| {
            let more: Vec<String> = more.iter().map(|&text| text.to_owned()).collect();
            strings(&[texts, &more].concat())
        };
        match (name, of) {
            ("after" | "before", _) => {
                also(cursors, &["", "x", "bm90IGEgY3Vyc29yIG9mIG91cnMsIGJ1dCBsb25nIGVub3VnaA"])
            }
            (_, "ID") => also(
                &[self.ids.values().cloned().collect(), self.public.clone()].concat(),
                &["", "art_", "art_0", "x", "\u{0}"],
            ),
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
            ("path", _) => {
                let paths = self
                    .slugs
                    .iter()
                    .flat_map(|slug| ["/", "/authors/", "/tags/"].map(|at| format!("{at}{slug}")));
                also(
                    &paths.collect::<Vec<_>>(),
                    &["/a-quay", "/categories/harbor", "/old-quay", "/", "", "x", "/\u{0}"],
                )
            }
            ("locale", _) => also(&[], &["cy", "en", "x"]),
            (name, _) if name.to_lowercase().contains("slug") => {
                also(&self.slugs, &["a-quay", "harbor", "-", "\u{0}"])
            }
            _ => strings(&self.words),
        }
    }
}

fn strings(strings: &[String]) -> Vec<String> {
    strings.iter().map(|text| json!(text).to_string()).collect()
}

/// A text with all that stands in it in another spelling: folded, unescaped, decoded.
pub fn everything_in(text: &str) -> String {
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
