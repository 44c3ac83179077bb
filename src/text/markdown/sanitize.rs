//! What of a rendered text reaches a page.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::Builder;

use super::options::Flavor;

/// Stands before the ids that rendering gives, so that sanitizing tells them from those in a text's raw HTML. A
/// private-use character, taken out of every text first.
pub(super) const OURS: char = '\u{E000}';

/// Whether a link may be shown to readers: http, https, or an anchor of the same page.
pub(super) fn is_reader_safe(address: &str) -> bool {
    let lower = address.trim_start().to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with('#')
}

thread_local! {
    /// The addresses of the pictures of the text that this thread sanitizes just now: the rules are made once, for all texts.
    static PICTURES: RefCell<HashSet<String>> = RefCell::default();
}

/// The HTML without all that could run, lead elsewhere than to a web page, or load anything but these pictures.
pub(super) fn sanitize(unsafe_html: &str, picture_addresses: HashSet<String>, flavor: Flavor) -> String {
    static OF_EDITORS: LazyLock<Builder<'static>> = LazyLock::new(|| rules("noopener"));
    static OF_READERS: LazyLock<Builder<'static>> = LazyLock::new(|| rules("nofollow ugc noopener"));
    let rules = if flavor == Flavor::Comment { &OF_READERS } else { &OF_EDITORS };
    PICTURES.set(picture_addresses);
    let html = rules.clean(unsafe_html).to_string();
    PICTURES.take();
    html
}

/// What may stay. Links are marked by these words.
fn rules(link_rel: &'static str) -> Builder<'static> {
    let mut builder = Builder::empty();
    builder
        .tags(
            [
                "a",
                "abbr",
                "b",
                "blockquote",
                "br",
                "cite",
                "code",
                "dd",
                "del",
                "dfn",
                "div",
                "dl",
                "dt",
                "em",
                "figcaption",
                "figure",
                "h1",
                "h2",
                "h3",
                "h4",
                "h5",
                "h6",
                "hr",
                "i",
                "img",
                "input",
                "ins",
                "kbd",
                "li",
                "mark",
                "ol",
                "p",
                "pre",
                "q",
                "s",
                "samp",
                "section",
                "small",
                "span",
                "strong",
                "sub",
                "sup",
                "table",
                "tbody",
                "td",
                "tfoot",
                "th",
                "thead",
                "time",
                "tr",
                "u",
                "ul",
                "var",
            ]
            .into(),
        )
        .clean_content_tags(
            [
                "script", "style", "template", "iframe", "object", "noscript", "svg", "math", "title",
                "textarea",
            ]
            .into(),
        )
        .generic_attributes(["lang", "dir", "title"].into())
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("code", HashSet::from(["class"])),
            ("img", HashSet::from(["src", "alt", "width", "height", "loading"])),
            ("input", HashSet::from(["type", "checked", "disabled"])),
            ("td", HashSet::from(["align", "colspan", "rowspan"])),
            ("th", HashSet::from(["align", "colspan", "rowspan", "scope"])),
            ("ol", HashSet::from(["start"])),
            ("time", HashSet::from(["datetime"])),
            ("h1", HashSet::from(["id"])),
            ("h2", HashSet::from(["id"])),
            ("h3", HashSet::from(["id"])),
            ("h4", HashSet::from(["id"])),
            ("h5", HashSet::from(["id"])),
            ("h6", HashSet::from(["id"])),
        ]))
        .allowed_classes(HashMap::from([
            ("span", HashSet::from(["caption"])),
            ("small", HashSet::from(["credit"])),
        ]))
        .url_schemes(["http", "https"].into())
        .link_rel(Some(link_rel))
        .attribute_filter(|element, attribute, value| match (element, attribute) {
            ("img", "src") => PICTURES.with_borrow(|pictures| pictures.contains(value).then(|| value.into())),
            (_, "id") => value.strip_prefix(OURS).map(|ours| ours.to_owned().into()),
            ("a", "href") => is_reader_safe(value).then(|| value.into()),
            ("code", "class") => is_language(value).then(|| value.into()),
            ("input", "type") => (value == "checkbox").then(|| value.into()),
            _ => Some(value.into()),
        });
    builder
}

/// Whether a class names a language of code, and nothing that a page's styles could know for something else.
fn is_language(class: &str) -> bool {
    class.strip_prefix("language-").is_some_and(|name| {
        !name.is_empty()
            && name.len() <= 40
            && name.chars().all(|character| character.is_ascii_alphanumeric() || "+-#._".contains(character))
    })
}
