//! A text as typed blocks, as clients get them.

use async_graphql::{Enum, ID, Object, SimpleObject, Union};

use super::ids;
use super::scalars::Url;
use crate::text::blocks::{self, Placed};

/// A piece of a text that stands on lines of its own. The same words, links and pictures as in the text's HTML, for who shows
/// a text without HTML.
#[derive(Union)]
pub enum Block {
    /// Running text.
    Paragraph(ParagraphBlock),
    /// A heading.
    Heading(HeadingBlock),
    /// A list.
    List(ListBlock),
    /// A quotation.
    Quote(QuoteBlock),
    /// Code.
    Code(CodeBlock),
    /// A table.
    Table(TableBlock),
    /// A picture.
    Figure(FigureBlock),
    /// A line between two parts.
    Rule(RuleBlock),
    /// A web address on its own.
    Embed(EmbedBlock),
}

impl Block {
    /// Blocks as clients get them.
    pub fn all(blocks: Vec<blocks::Block>) -> Vec<Self> {
        blocks.into_iter().map(Self::from).collect()
    }
}

impl From<blocks::Block> for Block {
    fn from(block: blocks::Block) -> Self {
        match block {
            blocks::Block::Paragraph(words) => Self::Paragraph(ParagraphBlock { spans: spans(words) }),
            blocks::Block::Heading { level, anchor, spans: words } => {
                Self::Heading(HeadingBlock { level: i32::from(level), anchor, spans: spans(words) })
            }
            blocks::Block::List { is_ordered, start, items } => {
                Self::List(ListBlock { is_ordered, start, items: items.into_iter().map(ListItem).collect() })
            }
            blocks::Block::Quote(blocks) => Self::Quote(QuoteBlock(blocks)),
            blocks::Block::Code { language, code } => Self::Code(CodeBlock { language, code }),
            blocks::Block::Table { alignments, header, rows } => Self::Table(TableBlock {
                alignments: alignments.into_iter().map(ColumnAlignment::from).collect(),
                header: cells(header),
                rows: rows.into_iter().map(|row| TableRow { cells: cells(row) }).collect(),
            }),
            blocks::Block::Figure { image, caption, credit } => {
                Self::Figure(FigureBlock { image: BlockImage(image), caption, credit })
            }
            blocks::Block::Rule => Self::Rule(RuleBlock { is_rule: true }),
            blocks::Block::Embed(url) => Self::Embed(EmbedBlock { url: Url(url) }),
        }
    }
}

/// Running text.
#[derive(SimpleObject)]
pub struct ParagraphBlock {
    /// Its words.
    spans: Vec<Span>,
}

/// A heading inside a text.
#[derive(SimpleObject)]
pub struct HeadingBlock {
    /// Its level: 1 is the largest, 6 the smallest.
    level: i32,
    /// The anchor of the same heading in the HTML and in the table of contents; null for one written as raw HTML.
    anchor: Option<String>,
    /// Its words.
    spans: Vec<Span>,
}

/// A list.
#[derive(SimpleObject)]
pub struct ListBlock {
    /// Whether its items are numbered.
    is_ordered: bool,
    /// The first item's number, where they are numbered; 1 otherwise.
    start: i32,
    /// Its items, in order.
    items: Vec<ListItem>,
}

/// An item of a list.
pub struct ListItem(blocks::Item);

/// An item of a list.
#[Object]
impl ListItem {
    /// Whether it is ticked off; null for an item that is no task.
    async fn is_checked(&self) -> Option<bool> {
        self.0.is_checked
    }

    /// What stands in it: a paragraph as a rule, further lists among others.
    async fn blocks(&self) -> Vec<Block> {
        Block::all(self.0.blocks.clone())
    }
}

/// A quotation.
pub struct QuoteBlock(Vec<blocks::Block>);

/// A quotation.
#[Object]
impl QuoteBlock {
    /// What is quoted.
    async fn blocks(&self) -> Vec<Block> {
        Block::all(self.0.clone())
    }
}

/// Code, or other text whose lines and spaces stand as they are.
#[derive(SimpleObject)]
pub struct CodeBlock {
    /// Its language as the author named it, such as `rust`; null where they named none.
    language: Option<String>,
    /// The code, lines ended by `\n` but for the last.
    code: String,
}

/// A table.
#[derive(SimpleObject)]
pub struct TableBlock {
    /// How its columns stand, from the first.
    alignments: Vec<ColumnAlignment>,
    /// The cells of its head; empty where it has none.
    header: Vec<TableCell>,
    /// The rows below the head.
    rows: Vec<TableRow>,
}

/// A row of a table.
#[derive(SimpleObject)]
pub struct TableRow {
    /// Its cells, from the first column.
    cells: Vec<TableCell>,
}

/// A cell of a table.
#[derive(SimpleObject)]
pub struct TableCell {
    /// Its words; none in an empty cell.
    spans: Vec<Span>,
}

/// How a column of a table stands.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "blocks::Alignment")]
pub enum ColumnAlignment {
    /// As the page likes.
    None,
    /// At the left.
    Left,
    /// In the middle.
    Center,
    /// At the right.
    Right,
}

/// A picture that stands on its own.
#[derive(SimpleObject)]
pub struct FigureBlock {
    /// The picture.
    image: BlockImage,
    /// The caption for this place; the image's own where the place gives none.
    caption: Option<String>,
    /// Who made it.
    credit: Option<String>,
}

/// A line between two parts of a text.
#[derive(SimpleObject)]
pub struct RuleBlock {
    /// Always true: a type needs a field.
    is_rule: bool,
}

/// A web address that is all of its paragraph: a video, a post, a map. A frontend that embeds nothing of that kind shows a
/// link.
#[derive(SimpleObject)]
pub struct EmbedBlock {
    /// The address: http or https. It is the author's word, and nothing was asked of it.
    url: Url,
}

/// A picture of the library in a text.
pub struct BlockImage(Placed);

/// A picture of the library in a text; `node` finds the whole `Image` by the id.
#[Object]
impl BlockImage {
    /// The image's global id.
    async fn id(&self) -> ID {
        ids::global(self.0.id)
    }

    /// Where its file is served.
    async fn url(&self) -> Url {
        Url(self.0.picture.url.clone())
    }

    /// What it shows, for who can't see it.
    async fn alt(&self) -> &str {
        &self.0.picture.alt
    }

    /// Width in pixels.
    async fn width(&self) -> i32 {
        self.0.picture.width
    }

    /// Height in pixels.
    async fn height(&self) -> i32 {
        self.0.picture.height
    }
}

/// Words that look the same, or a picture among words. Spans follow each other without a space between them.
#[derive(SimpleObject)]
pub struct Span {
    /// The words; of a picture, what it shows. A line's end inside a paragraph is `\n`.
    text: String,
    /// How they look, each mark once; none: plain.
    marks: Vec<Mark>,
    /// Where they lead, where `LINK` is among the marks: an http or https address, or an anchor of the same page.
    href: Option<String>,
    /// The picture that stands here; null where words do.
    image: Option<BlockImage>,
}

/// How words look.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "blocks::Mark")]
pub enum Mark {
    /// Stressed: italics as a rule.
    Emphasis,
    /// Important: bold as a rule.
    Strong,
    /// Not valid any more: struck through.
    Strikethrough,
    /// Of a program: in a typewriter's letters.
    Code,
    /// Underlined.
    Underline,
    /// Highlighted, as by a marker.
    Highlight,
    /// Below the line.
    Subscript,
    /// Above the line.
    Superscript,
    /// They lead to `href`.
    Link,
}

fn spans(words: Vec<blocks::Span>) -> Vec<Span> {
    let spans = words.into_iter().map(|blocks::Span { text, marks, href, image }| Span {
        text,
        marks: marks.into_iter().map(Mark::from).collect(),
        href,
        image: image.map(BlockImage),
    });
    spans.collect()
}

fn cells(cells: Vec<blocks::Cell>) -> Vec<TableCell> {
    cells.into_iter().map(|words| TableCell { spans: spans(words) }).collect()
}
