//! What a text holds, apart from its rendering.

use comrak::nodes::{AstNode, NodeValue};
use comrak::{Arena, parse_document};
use unicode_segmentation::UnicodeSegmentation as _;

use super::options::{DEEPEST, Flavor, MOST_CELLS, options};
use super::sanitize::is_reader_safe;
use crate::id::ImageId;

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
            // A bare e-mail address becomes a link by itself: nobody wrote one, and what is shown has none.
            NodeValue::Link(link)
                if !is_reader_safe(&link.url) && link.url != format!("mailto:{}", plain_text(node)) =>
            {
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

/// The text without spaces around it, if any is left.
pub(super) fn not_blank(text: &str) -> Option<String> {
    let trimmed = text.trim();
    (!trimmed.is_empty()).then(|| trimmed.to_owned())
}

/// The words of a node, on one line.
pub(super) fn plain_text<'a>(node: &'a AstNode<'a>) -> String {
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
