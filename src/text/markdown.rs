//! Markdown (CommonMark with GitHub's extensions): parsed once, read for its figures, headings and words, rendered to
//! HTML, and always sanitized. Raw HTML in a text passes the sanitizer like the rest.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

use comrak::html::ChildRendering;
use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, Options, create_formatter, parse_document};
use unicode_segmentation::UnicodeSegmentation as _;

use super::anchors::Anchors;
use crate::id::ImageId;

/// Deepest nesting of blocks and spans that is accepted.
pub const DEEPEST: usize = 60;

/// What a Markdown text holds, apart from its rendering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The pictures, in document order.
    pub figures: Vec<PlacedFigure>,
    /// The headings, in document order.
    pub headings: Vec<OutlineHeading>,
    /// The words as a reader would hear them, blocks on lines of their own.
    pub text: String,
    /// Picture addresses that are not the id of an image.
    pub foreign_pictures: Vec<String>,
    /// Link addresses that are neither http, https nor an anchor.
    pub foreign_links: Vec<String>,
    /// Whether it nests deeper than [`DEEPEST`].
    pub is_too_deep: bool,
    /// Whether its tables have too many cells.
    pub is_too_wide: bool,
}

impl Outline {
    /// How many words (Unicode's word boundaries).
    pub fn word_count(&self) -> usize {
        self.text.unicode_words().count()
    }
}

/// A picture placed in a text: `![](img_… "caption for this place")`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlacedFigure {
    /// Which image.
    pub image: ImageId,
    /// The caption for this place.
    pub caption: Option<String>,
}

/// A heading inside a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutlineHeading {
    /// 1 to 6.
    pub level: u8,
    /// Its words.
    pub text: String,
}

/// What rendering needs to know of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Where it is served.
    pub url: String,
    /// What it shows, for who can't see it.
    pub alt: String,
    /// Caption where the place gives none.
    pub caption: Option<String>,
    /// Who made it.
    pub credit: Option<String>,
    /// Pixels.
    pub width: i32,
    /// Pixels.
    pub height: i32,
}

/// Most cells of a text's tables: a row that is short of cells is filled up by the parser, so a few bytes can make many.
const MOST_CELLS: usize = 20_000;

/// Stands before the ids that rendering gives, so that sanitizing tells them from those in a text's raw HTML. A
/// private-use character, taken out of every text first.
const OURS: char = '\u{E000}';

/// What a text may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// Written by editors: with tables.
    Article,
    /// Short: a biography. Without tables, which would let ten kilobytes become megabytes.
    Short,
    /// A comment: short, and written by anybody. Its links say so to search engines; pictures are links to them.
    Comment,
}

fn options(flavor: Flavor) -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = flavor == Flavor::Article;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.render.r#unsafe = true;
    options
}

/// Reads a text's figures, headings, words and addresses.
pub fn outline(markdown: &str) -> Outline {
    outline_of(markdown, Flavor::Article)
}

/// The same of a text of this flavor.
pub fn outline_of(markdown: &str, flavor: Flavor) -> Outline {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options(flavor));
    let mut outline = Outline::default();
    let mut words = String::new();
    let mut cells = 0;
    for node in root.descendants() {
        if outline.is_too_deep || outline.is_too_wide {
            break;
        }
        outline.is_too_deep = node.ancestors().take(DEEPEST + 2).count() > DEEPEST;
        match &node.data().value {
            NodeValue::Image(link) => match link.url.parse() {
                Ok(image) => outline.figures.push(PlacedFigure { image, caption: not_blank(&link.title) }),
                Err(_) => outline.foreign_pictures.push(link.url.clone()),
            },
            NodeValue::Link(link) if !is_reader_safe(&link.url) => {
                outline.foreign_links.push(link.url.clone())
            }
            NodeValue::Heading(heading) => {
                outline.headings.push(OutlineHeading { level: heading.level, text: plain_text(node) });
                end_line(&mut words);
            }
            NodeValue::Text(text) => words.push_str(text),
            NodeValue::Code(code) => words.push_str(&code.literal),
            NodeValue::CodeBlock(block) => {
                end_line(&mut words);
                words.push_str(&block.literal);
            }
            NodeValue::SoftBreak | NodeValue::LineBreak => words.push('\n'),
            NodeValue::TableCell => {
                cells += 1;
                outline.is_too_wide = cells > MOST_CELLS;
                words.push(' ');
            }
            value if value.block() => end_line(&mut words),
            _ => {}
        }
    }
    outline.text = words.trim().to_owned();
    outline
}

/// The pictures of a text, in document order. One that holds no mark of a picture is not parsed.
pub fn figures(markdown: &str) -> Vec<PlacedFigure> {
    if markdown.contains("![") { outline(markdown).figures } else { Vec::new() }
}

/// The headings of a text. One that holds no mark of a heading is not parsed.
pub fn headings(markdown: &str) -> Vec<OutlineHeading> {
    let may_have = markdown.contains('#')
        || markdown.contains("\n=")
        || markdown.contains("\n-")
        || markdown.contains("\n ");
    if may_have { outline(markdown).headings } else { Vec::new() }
}

fn end_line(words: &mut String) {
    if !words.is_empty() && !words.ends_with('\n') {
        words.push('\n');
    }
}

fn not_blank(text: &str) -> Option<String> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

fn plain_text<'a>(node: &'a AstNode<'a>) -> String {
    let mut text = String::new();
    for child in node.descendants() {
        match &child.data().value {
            NodeValue::Text(words) => text.push_str(words),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak => text.push(' '),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether a link may be shown to readers: http, https, or an anchor of the same page.
fn is_reader_safe(address: &str) -> bool {
    let lower = address.trim_start().to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with('#')
}

/// What the formatter carries along.
#[derive(Default)]
struct Rendering {
    links_pictures: bool,
    pictures: HashMap<ImageId, Picture>,
    anchors: Anchors,
}

create_formatter!(Formatter<Rendering>, {
    NodeValue::Heading(ref heading) => |context, node, entering| {
        if entering {
            let anchor = context.user.anchors.in_body(&plain_text(node));
            write!(context, "<h{} id=\"{OURS}{anchor}\">", heading.level)?;
        } else {
            writeln!(context, "</h{}>", heading.level)?;
        }
    },
    NodeValue::Paragraph => |context, node, entering| {
        if let Some(figure) = lone_picture(node) {
            if entering {
                write_figure(context, &figure)?;
            }
            return Ok(ChildRendering::Skip);
        }
        return comrak::html::format_node_default(context, node, entering);
    },
    NodeValue::Image(ref link) => |context, node, entering| {
        if context.user.links_pictures {
            if entering {
                write!(context, "<a href=\"{}\">", escape(&link.url))?;
                if node.first_child().is_none() {
                    context.write_str(&escape(&link.url))?;
                }
            } else {
                context.write_str("</a>")?;
            }
            return Ok(ChildRendering::HTML);
        }
        if entering {
            let picture = link.url.parse().ok().and_then(|id: ImageId| context.user.pictures.get(&id).cloned());
            if let Some(picture) = picture {
                write_picture(context, &picture)?;
            }
        }
        return Ok(ChildRendering::Skip);
    },
});

/// The picture that a paragraph consists of, if it consists of one.
fn lone_picture<'a>(paragraph: &'a AstNode<'a>) -> Option<PlacedFigure> {
    let first = paragraph.first_child()?;
    if first.next_sibling().is_some() {
        return None;
    }
    match &first.data().value {
        NodeValue::Image(link) => {
            Some(PlacedFigure { image: link.url.parse().ok()?, caption: not_blank(&link.title) })
        }
        _ => None,
    }
}

fn write_figure(context: &mut comrak::html::Context<Rendering>, figure: &PlacedFigure) -> std::fmt::Result {
    let Some(picture) = context.user.pictures.get(&figure.image).cloned() else { return Ok(()) };
    context.write_str("<figure>")?;
    write_picture(context, &picture)?;
    let caption = figure.caption.as_ref().or(picture.caption.as_ref());
    if caption.is_some() || picture.credit.is_some() {
        context.write_str("<figcaption>")?;
        if let Some(caption) = caption {
            write!(context, "<span class=\"caption\">{}</span>", escape(caption))?;
        }
        if let Some(credit) = &picture.credit {
            let space = if caption.is_some() { " " } else { "" };
            write!(context, "{space}<small class=\"credit\">{}</small>", escape(credit))?;
        }
        context.write_str("</figcaption>")?;
    }
    context.write_str("</figure>\n")
}

fn write_picture(context: &mut comrak::html::Context<Rendering>, picture: &Picture) -> std::fmt::Result {
    let Picture { url, alt, width, height, caption: _, credit: _ } = picture;
    write!(
        context,
        "<img src=\"{}\" alt=\"{}\" width=\"{width}\" height=\"{height}\" loading=\"lazy\">",
        escape(url),
        escape(alt)
    )
}

/// Escapes text for HTML, inside elements and inside quoted attributes.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Renders a text to sanitized HTML. Anchors go on from those given, and those after it are left there.
pub fn html(markdown: &str, pictures: &HashMap<ImageId, Picture>, anchors: &mut Anchors) -> String {
    html_of(markdown, Flavor::Article, pictures, anchors)
}

fn html_of(
    markdown: &str,
    flavor: Flavor,
    pictures: &HashMap<ImageId, Picture>,
    anchors: &mut Anchors,
) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, &markdown.replace(OURS, ""), &options(flavor));
    let mut unsafe_html = String::new();
    let links_pictures = flavor == Flavor::Comment;
    let rendering =
        Rendering { links_pictures, pictures: pictures.clone(), anchors: std::mem::take(anchors) };
    match Formatter::format_document(root, &options(flavor), &mut unsafe_html, rendering) {
        Ok(rendered) => *anchors = rendered.anchors,
        // Writing to a string can't fail; were it to, nothing is shown rather than half.
        Err(std::fmt::Error) => return String::new(),
    }
    let addresses = pictures.values().map(|picture| picture.url.clone()).collect();
    sanitize(&unsafe_html, addresses, flavor)
}

/// Renders a short text without pictures or anchors: a biography.
pub fn simple_html(markdown: &str) -> String {
    html_of(markdown, Flavor::Short, &HashMap::new(), &mut Anchors::default())
}

/// Renders a comment.
pub fn comment_html(markdown: &str) -> String {
    html_of(markdown, Flavor::Comment, &HashMap::new(), &mut Anchors::default())
}

/// How many links readers see in a comment, however they are written: Markdown, bare addresses, raw HTML, pictures. Counted
/// in what is shown, where nothing but a link begins so.
pub fn links_in_comment(markdown: &str) -> usize {
    comment_html(markdown).matches("<a ").count()
}

fn sanitize(unsafe_html: &str, picture_addresses: HashSet<String>, flavor: Flavor) -> String {
    static TAGS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
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
        .into_iter()
        .collect()
    });
    let mut builder = ammonia::Builder::empty();
    builder
        .tags(TAGS.clone())
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
        .link_rel(Some(if flavor == Flavor::Comment { "nofollow ugc noopener" } else { "noopener" }))
        .attribute_filter(move |element, attribute, value| match (element, attribute) {
            ("img", "src") => picture_addresses.contains(value).then(|| value.into()),
            (_, "id") => value.strip_prefix(OURS).map(|ours| ours.to_owned().into()),
            ("a", "href") => is_reader_safe(value).then(|| value.into()),
            ("input", "type") => (value == "checkbox").then(|| value.into()),
            _ => Some(value.into()),
        });
    builder.clean(unsafe_html).to_string()
}

/// The text with the ids of images replaced by addresses, for those who render Markdown themselves. Replaced is what the
/// parser takes for a picture, and what defines a reference; an id in code stays.
pub fn with_addresses(markdown: &str, pictures: &HashMap<ImageId, Picture>) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options(Flavor::Article));
    let starts: Vec<usize> =
        std::iter::once(0).chain(markdown.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut replacements: Vec<(usize, usize, &str)> = Vec::new();
    for node in root.descendants() {
        let ast = node.data();
        let NodeValue::Image(link) = &ast.value else { continue };
        let Some(picture) = link.url.parse().ok().and_then(|id: ImageId| pictures.get(&id)) else { continue };
        let place = |line: usize, column: usize| {
            starts.get(line.saturating_sub(1)).map(|start| start + column.saturating_sub(1))
        };
        let (from, to) = (
            place(ast.sourcepos.start.line, ast.sourcepos.start.column),
            place(ast.sourcepos.end.line, ast.sourcepos.end.column),
        );
        let written = from.zip(to).and_then(|(from, to)| {
            markdown.get(from..(to + 1).min(markdown.len())).map(|written| (from, written))
        });
        if let Some((from, at)) =
            written.and_then(|(from, written)| written.rfind(&link.url).map(|at| (from, at)))
        {
            replacements.push((from + at, link.url.len(), &picture.url));
        }
    }
    for (line, start) in markdown.split('\n').zip(&starts) {
        let Some((label, address)) = line.split_once("]:") else { continue };
        let address_start =
            start + label.len() + 2 + (address.len() - address.trim_start_matches([' ', '\t', '<']).len());
        let id = markdown[address_start..]
            .split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
            .next()
            .unwrap_or_default();
        let is_definition = label.trim_start().starts_with('[') && !label.starts_with("    ");
        if let Some(picture) =
            id.parse().ok().and_then(|id: ImageId| pictures.get(&id)).filter(|_| is_definition)
        {
            replacements.push((address_start, id.len(), &picture.url));
        }
    }
    replacements.sort_unstable();
    replacements.dedup();
    let mut replaced = String::with_capacity(markdown.len());
    let mut at = 0;
    for (start, length, url) in replacements {
        replaced.push_str(&markdown[at..start]);
        replaced.push_str(url);
        at = start + length;
    }
    replaced.push_str(&markdown[at..]);
    replaced
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "img_00000000000070008000000000000001";

    fn pictures() -> HashMap<ImageId, Picture> {
        let picture = Picture {
            url: "https://desk.example/media/x.jpg".to_owned(),
            alt: "A \"crane\"".to_owned(),
            caption: Some("The harbor".to_owned()),
            credit: Some("J. Doe".to_owned()),
            width: 4,
            height: 3,
        };
        HashMap::from([(ID.parse().unwrap(), picture)])
    }

    #[test]
    fn an_outline_names_what_a_text_holds() {
        let text = format!(
            "# One *two*\n\nWords and `code`.\n\n![]({ID} \"Here\")\n\n![](http://x/y.png) [bad](javascript:x) [ok](https://x)"
        );
        let outline = outline(&text);
        assert_eq!(outline.headings, [OutlineHeading { level: 1, text: "One two".to_owned() }]);
        assert_eq!(outline.figures.len(), 1);
        assert_eq!(outline.figures[0].caption.as_deref(), Some("Here"));
        assert_eq!(outline.foreign_pictures, ["http://x/y.png"]);
        assert_eq!(outline.foreign_links, ["javascript:x"]);
        assert!(outline.text.starts_with("One two\nWords and code."), "{:?}", outline.text);
        assert!(super::outline(&">".repeat(5_000)).is_too_deep);
    }

    #[test]
    fn a_lone_picture_is_a_figure_with_caption_and_credit() {
        let html = html(&format!("![]({ID} \"For <here>\")"), &pictures(), &mut Anchors::default());
        insta::assert_snapshot!(html, @r#"<figure><img src="https://desk.example/media/x.jpg" alt="A &quot;crane&quot;" width="4" height="3" loading="lazy"><figcaption><span class="caption">For &lt;here&gt;</span> <small class="credit">J. Doe</small></figcaption></figure>"#);
    }

    #[test]
    fn headings_are_anchored_on_from_those_before() {
        let mut anchors = Anchors::default();
        anchors.section(Some("Costs"), 1);
        assert_eq!(
            html("## Costs\n\n## Costs", &HashMap::new(), &mut anchors).trim(),
            "<h2 id=\"costs-2\">Costs</h2>\n<h2 id=\"costs-3\">Costs</h2>"
        );
    }

    #[test]
    fn nothing_that_runs_comes_out() {
        for text in [
            "<script>alert(1)</script>",
            "[x](javascript:alert(1))",
            "<img src=x onerror=alert(1)>",
            "<a href=\" javascript:alert(1)\">x</a>",
            "<svg onload=alert(1)>",
            "![](\"onerror=alert(1))",
            "<iframe src=https://x></iframe>",
            "[x](data:text/html,<b>)",
            "<style>*{}</style>",
            "<p style=\"x\" onclick=\"y\">z</p>",
            "[a](vbscript:x)",
            "<form><button formaction=javascript:x>",
            "<a href=\"/relative\">x</a>",
        ] {
            let html = simple_html(text);
            for word in [
                "<script",
                "javascript:",
                "onerror",
                "onload",
                "onclick",
                "<iframe",
                "data:",
                "<style",
                "vbscript",
                "style=",
                "<form",
                "src=",
                "href=\"/",
            ] {
                assert!(!html.contains(word), "{text} gave {html}");
            }
        }
    }

    #[test]
    fn links_of_readers_are_told_and_counted() {
        let rel = "rel=\"nofollow ugc noopener\"";
        for (text, links) in [
            ("no link, but a < b and <a href", 0),
            ("`https://x.example`", 0),
            ("[x](https://x.example)", 1),
            ("https://x.example and www.y.example", 2),
            ("<a href=\"https://x.example\">x</a> <A HREF='https://y.example'>y</A>", 2),
            ("[x][r]\n\n[r]: https://x.example", 1),
            ("![a tram](https://x.example/t.jpg)", 1),
            ("![](https://x.example/t.jpg)", 1),
            ("me@x.example", 1),
        ] {
            let html = comment_html(text);
            assert_eq!(links_in_comment(text), links, "{text}: {html}");
            assert_eq!(html.matches(rel).count(), links, "{text}: {html}");
            assert!(!html.contains("<img"), "{html}");
        }
        let picture = comment_html("![](https://x.example/t.jpg)");
        assert!(picture.contains(">https://x.example/t.jpg</a>"), "{picture}");
        assert!(simple_html("[x](https://x.example)").contains("rel=\"noopener\""));
        assert!(!comment_html("![x](javascript:alert(1))").contains("javascript"));
    }

    #[test]
    fn ids_are_ours_alone() {
        let html = html(
            "## Costs\n\n<h2 id=\"costs\">x</h2><a id=\"y\">z</a>\u{E000}",
            &HashMap::new(),
            &mut Anchors::default(),
        );
        assert_eq!(html.matches("id=").count(), 1, "{html}");
        assert!(html.starts_with("<h2 id=\"costs\">"));
    }

    #[test]
    fn a_small_text_makes_no_large_page() {
        let bomb = format!("{}\n{}\n{}", "|x".repeat(1_000), "|-".repeat(1_000), "a\n".repeat(2_900));
        assert!(simple_html(&bomb).len() < 20_000);
        assert!(outline(&bomb).is_too_wide);
    }

    #[test]
    fn ids_become_addresses_where_they_are_pictures() {
        let text =
            format!("![a]( {ID} \"x\") `({ID})` ![b][r]\n\n[r]:   {ID}\n\n| t |\n|---|\n| ![]({ID}) |");
        let replaced = with_addresses(&text, &pictures());
        assert_eq!(replaced.matches("https://desk.example/media/x.jpg").count(), 3, "{replaced}");
        assert!(replaced.contains(&format!("`({ID})`")));
    }

    proptest! {
        #[test]
        fn any_text_renders_and_never_runs(text in "[\\PC\\n<>\"'`*_\\[\\]()#!&-]{0,200}") {
            let html = simple_html(&text);
            prop_assert!(!html.to_lowercase().contains("<script"));
            outline(&text);
            with_addresses(&text, &pictures());
        }
    }
}
