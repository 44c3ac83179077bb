//! A text as typed blocks, for who shows it without HTML. They are read from the sanitized HTML, so that a block says what
//! the HTML says, by construction: what the sanitizer drops is in neither, and raw HTML means the same in both.

use std::collections::HashMap;

use url::Url;

use super::anchors::Anchors;
use super::markdown::{self, Flavor, Picture};
use super::markup::{Piece, Tag, pieces};
use crate::id::ImageId;

/// Deepest nesting of quotes and lists; what is deeper stands in the deepest.
const DEEPEST: usize = 60;

/// A piece of a text that stands on lines of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// Running text.
    Paragraph(Vec<Span>),
    /// A heading inside the text.
    Heading {
        /// 1 to 6.
        level: u8,
        /// Its name on the page; none for a heading that was written as raw HTML.
        anchor: Option<String>,
        /// Its words.
        spans: Vec<Span>,
    },
    /// A list.
    List {
        /// Whether its items are numbered.
        is_ordered: bool,
        /// The first item's number.
        start: i32,
        /// In order.
        items: Vec<Item>,
    },
    /// A quotation.
    Quote(Vec<Block>),
    /// Code, or other text whose lines and spaces stand as they are.
    Code {
        /// As the author named it.
        language: Option<String>,
        /// Without the last line's end.
        code: String,
    },
    /// A table.
    Table {
        /// Of each column.
        alignments: Vec<Alignment>,
        /// The cells of the head; empty where it has none.
        header: Vec<Cell>,
        /// The rows below it.
        rows: Vec<Vec<Cell>>,
    },
    /// A picture on its own.
    Figure {
        /// The picture.
        image: Placed,
        /// For this place, or the picture's own.
        caption: Option<String>,
        /// Who made it.
        credit: Option<String>,
    },
    /// A line between two parts.
    Rule,
    /// A web address on its own.
    Embed(String),
}

/// An item of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// Whether it is ticked off; none: it is no task.
    pub is_checked: Option<bool>,
    /// What stands in it.
    pub blocks: Vec<Block>,
}

/// What stands in a cell of a table.
pub type Cell = Vec<Span>;

/// How a column stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// As the page likes.
    None,
    /// At the left.
    Left,
    /// In the middle.
    Center,
    /// At the right.
    Right,
}

/// A picture of the library in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// Which.
    pub id: ImageId,
    /// What is known of it.
    pub picture: Picture,
}

/// Words that look the same, or a picture among words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The words; what a picture shows. A line's end is `\n`.
    pub text: String,
    /// How they look, each once.
    pub marks: Vec<Mark>,
    /// Where they lead.
    pub href: Option<String>,
    /// The picture.
    pub image: Option<Placed>,
}

/// How words look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    /// Stressed.
    Emphasis,
    /// Important.
    Strong,
    /// Not valid any more.
    Strikethrough,
    /// Of a program.
    Code,
    /// Underlined.
    Underline,
    /// Highlighted.
    Highlight,
    /// Below the line.
    Subscript,
    /// Above the line.
    Superscript,
    /// They lead somewhere.
    Link,
}

/// The blocks of a text. Anchors go on from those given.
pub fn blocks(
    markdown: &str,
    flavor: Flavor,
    pictures: &HashMap<ImageId, Picture>,
    anchors: &mut Anchors,
) -> Vec<Block> {
    let html = markdown::html_of(markdown, flavor, pictures, anchors);
    let mut reading = Reading::new(pictures);
    for piece in pieces(&html) {
        match piece {
            Piece::Start(tag) => reading.start(&tag),
            Piece::End => reading.end(),
            Piece::Text(text) => reading.text(&text),
        }
    }
    reading.finish()
}

/// An element that has begun and not ended, as far as its end matters.
enum Open {
    /// A quote, a list or an item: the last of the holders.
    Holder,
    /// A heading inside the text.
    Heading { level: u8, anchor: Option<String> },
    /// The code that is being read.
    Code,
    /// The table that is being read.
    Table,
    /// A cell of it.
    Cell,
    /// The figure that is being read.
    Figure,
    /// The credit in it.
    Credit,
    /// Ends the words before it and after it, and is nothing itself.
    Break,
    /// Words that look so.
    Look(Mark),
    /// Is nothing itself.
    Nothing,
}

/// What blocks are put into.
enum Holder {
    Text(Vec<Block>),
    Quote(Vec<Block>),
    List { is_ordered: bool, start: i32, items: Vec<Item> },
    Item(Item),
}

#[derive(Default)]
struct Code {
    language: Option<String>,
    code: String,
}

#[derive(Default)]
struct Table {
    alignments: Vec<Alignment>,
    header: Vec<Cell>,
    rows: Vec<Vec<Cell>>,
    is_in_head: bool,
    is_in_first_row: bool,
}

#[derive(Default)]
struct Figure {
    images: Vec<Placed>,
    caption: String,
    credit: String,
    is_credit: bool,
}

impl Figure {
    fn words(&mut self) -> &mut String {
        if self.is_credit { &mut self.credit } else { &mut self.caption }
    }
}

/// A text that is being read. Each step takes the same time, however deep it stands.
struct Reading<'a> {
    pictures: HashMap<&'a str, Placed>,
    open: Vec<Open>,
    holders: Vec<Holder>,
    code: Option<Code>,
    table: Option<Table>,
    figure: Option<Figure>,
    /// Inside a cell or a heading, which hold words and no blocks.
    is_in_line: bool,
    spans: Vec<Span>,
    looks: [u32; Mark::ALL.len()],
    hrefs: Vec<String>,
}

impl<'a> Reading<'a> {
    fn new(pictures: &'a HashMap<ImageId, Picture>) -> Self {
        let placed = pictures
            .iter()
            .map(|(&id, picture)| (picture.url.as_str(), Placed { id, picture: picture.clone() }));
        Self {
            pictures: placed.collect(),
            open: Vec::new(),
            holders: vec![Holder::Text(Vec::new())],
            code: None,
            table: None,
            figure: None,
            is_in_line: false,
            spans: Vec::new(),
            looks: [0; Mark::ALL.len()],
            hrefs: Vec::new(),
        }
    }

    fn finish(mut self) -> Vec<Block> {
        while !self.open.is_empty() {
            self.end();
        }
        self.end_paragraph();
        match self.holders.pop() {
            Some(Holder::Text(blocks)) => blocks,
            _ => Vec::new(),
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag.name {
            "br" => self.line_end(),
            "hr" => self.rule(),
            "img" => self.picture(tag),
            "input" => self.tick(tag),
            _ => {
                let opened = self.opened(tag);
                self.open.push(opened);
            }
        }
    }

    /// What begins with this tag. In what holds words alone (code, a caption, a cell, a heading), blocks are their words.
    fn opened(&mut self, tag: &Tag<'_>) -> Open {
        if let Some(code) = &mut self.code {
            let class = tag.attribute("class");
            let language = class.as_deref().and_then(|class| class.strip_prefix("language-"));
            code.language = code.language.take().or(language.map(str::to_owned));
            return Open::Nothing;
        }
        if let Some(figure) = &mut self.figure {
            if tag.name == "small" {
                figure.is_credit = true;
                return Open::Credit;
            }
            return if is_inline(tag.name) { Open::Nothing } else { self.line_break() };
        }
        if let Some(mark) = look(tag) {
            if mark == Mark::Link {
                self.hrefs.push(tag.attribute("href").unwrap_or_default());
            }
            self.looks[mark as usize] += 1;
            return Open::Look(mark);
        }
        if is_inline(tag.name) {
            return Open::Nothing;
        }
        if self.is_in_line {
            return self.line_break();
        }
        if self.table.is_some() {
            return self.opened_in_table(tag);
        }
        self.end_paragraph();
        self.opened_block(tag)
    }

    fn opened_in_table(&mut self, tag: &Tag<'_>) -> Open {
        let Some(table) = &mut self.table else { return Open::Nothing };
        match tag.name {
            "thead" => table.is_in_head = table.header.is_empty() && table.rows.is_empty(),
            "tbody" | "tfoot" => table.is_in_head = false,
            "tr" => {
                table.is_in_first_row = table.alignments.is_empty();
                if !table.header.is_empty() {
                    table.is_in_head = false;
                }
                if !table.is_in_head {
                    table.rows.push(Vec::new());
                }
            }
            "td" | "th" => {
                if table.is_in_first_row {
                    table.alignments.push(alignment(tag));
                }
                self.is_in_line = true;
                return Open::Cell;
            }
            _ => {}
        }
        Open::Nothing
    }

    fn opened_block(&mut self, tag: &Tag<'_>) -> Open {
        let is_in_list = matches!(self.holders.last(), Some(Holder::List { .. }));
        let holder = match tag.name {
            "pre" => {
                self.code = Some(Code::default());
                return Open::Code;
            }
            "table" => {
                self.table = Some(Table::default());
                return Open::Table;
            }
            "figure" => {
                self.figure = Some(Figure::default());
                return Open::Figure;
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.is_in_line = true;
                return Open::Heading {
                    level: tag.name[1..].parse().unwrap_or(1),
                    anchor: tag.attribute("id"),
                };
            }
            "blockquote" => Holder::Quote(Vec::new()),
            "ul" => Holder::List { is_ordered: false, start: 1, items: Vec::new() },
            "ol" => {
                let start = tag.attribute("start").and_then(|start| start.parse().ok()).unwrap_or(1);
                Holder::List { is_ordered: true, start, items: Vec::new() }
            }
            "li" if is_in_list => Holder::Item(Item { is_checked: None, blocks: Vec::new() }),
            _ => return Open::Break,
        };
        if self.holders.len() > DEEPEST {
            return Open::Break;
        }
        self.holders.push(holder);
        Open::Holder
    }

    fn end(&mut self) {
        match self.open.pop() {
            None | Some(Open::Nothing) => {}
            Some(Open::Look(mark)) => {
                self.looks[mark as usize] -= 1;
                if mark == Mark::Link {
                    self.hrefs.pop();
                }
            }
            Some(Open::Break) => {
                self.line_break();
            }
            Some(Open::Credit) => {
                if let Some(figure) = &mut self.figure {
                    figure.is_credit = false;
                }
            }
            Some(Open::Holder) => self.end_holder(),
            Some(Open::Heading { level, anchor }) => {
                self.is_in_line = false;
                let spans = self.take_spans();
                self.push(Block::Heading { level, anchor, spans });
            }
            Some(Open::Code) => {
                let Code { language, mut code } = self.code.take().unwrap_or_default();
                if code.ends_with('\n') {
                    code.pop();
                }
                self.push(Block::Code { language, code });
            }
            Some(Open::Cell) => {
                self.is_in_line = false;
                let spans = self.take_spans();
                if let Some(table) = &mut self.table {
                    match table.rows.last_mut() {
                        Some(row) if !table.is_in_head => row.push(spans),
                        _ => table.header.push(spans),
                    }
                }
            }
            Some(Open::Table) => {
                let Table { alignments, header, rows, .. } = self.table.take().unwrap_or_default();
                if !header.is_empty() || !rows.is_empty() {
                    self.push(Block::Table { alignments, header, rows });
                }
            }
            Some(Open::Figure) => {
                let figure = self.figure.take().unwrap_or_default();
                self.end_figure(figure);
            }
        }
    }

    fn end_holder(&mut self) {
        self.end_paragraph();
        match self.holders.pop() {
            Some(Holder::Quote(blocks)) => self.push(Block::Quote(blocks)),
            Some(Holder::List { is_ordered, start, items }) => {
                self.push(Block::List { is_ordered, start, items });
            }
            Some(Holder::Item(item)) => {
                if let Some(Holder::List { items, .. }) = self.holders.last_mut() {
                    items.push(item);
                }
            }
            Some(Holder::Text(blocks)) => self.holders.push(Holder::Text(blocks)),
            None => {}
        }
    }

    fn end_figure(&mut self, Figure { images, caption, credit, is_credit: _ }: Figure) {
        let (mut caption, mut credit) = (one_line(&caption), one_line(&credit));
        if images.is_empty() {
            for text in caption.into_iter().chain(credit) {
                self.push(Block::Paragraph(vec![Span { text, ..Span::default() }]));
            }
            return;
        }
        for image in images {
            self.push(Block::Figure { image, caption: caption.take(), credit: credit.take() });
        }
    }

    /// Ends the words so far: as a paragraph, or, in what holds words alone, by a line's end.
    fn line_break(&mut self) -> Open {
        if self.code.is_none() {
            if self.is_in_line || self.figure.is_some() { self.line_end() } else { self.end_paragraph() }
        }
        Open::Break
    }

    fn text(&mut self, text: &str) {
        if let Some(code) = &mut self.code {
            code.code.push_str(text);
        } else if let Some(figure) = &mut self.figure {
            figure.words().push_str(text);
        } else if self.table.is_none() || self.is_in_line {
            let mut words = String::with_capacity(text.len());
            let mut is_after_space = self.spans.last().is_none_or(|span| span.text.ends_with([' ', '\n']));
            for character in text.chars() {
                let is_space = matches!(character, ' ' | '\t' | '\n' | '\r' | '\u{C}');
                match (is_space, is_after_space) {
                    (true, true) => {}
                    (true, false) => words.push(' '),
                    (false, _) => words.push(character),
                }
                is_after_space = is_space;
            }
            self.add(words, None);
        }
    }

    fn line_end(&mut self) {
        if let Some(code) = &mut self.code {
            code.code.push('\n');
        } else if let Some(figure) = &mut self.figure {
            figure.words().push(' ');
        } else if let Some(last) = self.spans.last_mut() {
            if last.image.is_none() {
                last.text.truncate(last.text.trim_end_matches(' ').len());
            }
            self.add("\n".to_owned(), None);
        }
    }

    fn rule(&mut self) {
        if self.code.is_some() || self.figure.is_some() || self.is_in_line {
            self.line_end();
        } else {
            self.end_paragraph();
            self.push(Block::Rule);
        }
    }

    fn picture(&mut self, tag: &Tag<'_>) {
        let placed = tag.attribute("src").and_then(|address| self.pictures.get(address.as_str()).cloned());
        let Some(placed) = placed else { return };
        if let Some(figure) = &mut self.figure {
            figure.images.push(placed);
        } else if self.code.is_none() {
            self.add(placed.picture.alt.clone(), Some(placed));
        }
    }

    fn tick(&mut self, tag: &Tag<'_>) {
        if let Some(Holder::Item(item)) = self.holders.last_mut()
            && item.blocks.is_empty()
            && self.spans.is_empty()
        {
            item.is_checked = Some(tag.attribute("checked").is_some());
        }
    }

    fn add(&mut self, text: String, image: Option<Placed>) {
        if text.is_empty() && image.is_none() {
            return;
        }
        let marks = Mark::ALL.into_iter().filter(|mark| self.looks[*mark as usize] > 0).collect();
        let span = Span { text, marks, href: self.hrefs.last().cloned(), image };
        match self.spans.last_mut() {
            Some(last) if last.looks_like(&span) => last.text.push_str(&span.text),
            _ => self.spans.push(span),
        }
    }

    /// The words so far, without spaces at their end.
    fn take_spans(&mut self) -> Vec<Span> {
        let mut spans = std::mem::take(&mut self.spans);
        while let Some(last) = spans.last_mut().filter(|last| last.image.is_none()) {
            last.text.truncate(last.text.trim_end_matches([' ', '\n']).len());
            if !last.text.is_empty() {
                break;
            }
            spans.pop();
        }
        spans
    }

    fn end_paragraph(&mut self) {
        let spans = self.take_spans();
        let address = if let [span] = spans.as_slice() { bare_address(span) } else { None };
        match address {
            Some(address) => self.push(Block::Embed(address)),
            None if spans.is_empty() => {}
            None => self.push(Block::Paragraph(spans)),
        }
    }

    fn push(&mut self, block: Block) {
        match self.holders.last_mut() {
            Some(Holder::Text(blocks) | Holder::Quote(blocks) | Holder::Item(Item { blocks, .. })) => {
                blocks.push(block);
            }
            // Between two items: only raw HTML does that.
            Some(Holder::List { items, .. }) => items.push(Item { is_checked: None, blocks: vec![block] }),
            None => {}
        }
    }
}

impl Span {
    fn looks_like(&self, other: &Self) -> bool {
        (self.image.is_none() && other.image.is_none())
            && self.marks == other.marks
            && self.href == other.href
    }
}

impl Mark {
    /// All of them, in their order.
    pub const ALL: [Self; 9] = [
        Self::Emphasis,
        Self::Strong,
        Self::Strikethrough,
        Self::Code,
        Self::Underline,
        Self::Highlight,
        Self::Subscript,
        Self::Superscript,
        Self::Link,
    ];
}

/// How words in this element look, if it makes them look so.
fn look(tag: &Tag<'_>) -> Option<Mark> {
    Some(match tag.name {
        "em" | "i" | "cite" | "dfn" | "var" => Mark::Emphasis,
        "strong" | "b" => Mark::Strong,
        "del" | "s" => Mark::Strikethrough,
        "code" | "kbd" | "samp" => Mark::Code,
        "u" | "ins" => Mark::Underline,
        "mark" => Mark::Highlight,
        "sub" => Mark::Subscript,
        "sup" => Mark::Superscript,
        "a" if tag.attribute("href").is_some() => Mark::Link,
        _ => return None,
    })
}

/// Whether the element stands among words; all that the sanitizer lets pass is one or the other.
fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr"
            | "b"
            | "cite"
            | "code"
            | "del"
            | "dfn"
            | "em"
            | "i"
            | "ins"
            | "kbd"
            | "mark"
            | "q"
            | "s"
            | "samp"
            | "small"
            | "span"
            | "strong"
            | "sub"
            | "sup"
            | "time"
            | "u"
            | "var"
    )
}

fn alignment(tag: &Tag<'_>) -> Alignment {
    match tag.attribute("align").as_deref() {
        Some("left") => Alignment::Left,
        Some("center") => Alignment::Center,
        Some("right") => Alignment::Right,
        _ => Alignment::None,
    }
}

/// The address that the words are, if they are nothing else.
fn bare_address(span: &Span) -> Option<String> {
    let href = span.href.as_ref().filter(|_| span.image.is_none() && span.marks == [Mark::Link])?;
    let written = Url::parse(span.text.trim()).ok()?;
    let leads = Url::parse(href).ok().filter(|leads| matches!(leads.scheme(), "http" | "https"))?;
    (written == leads).then(|| href.clone())
}

fn one_line(text: &str) -> Option<String> {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!line.is_empty()).then_some(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "img_00000000000070008000000000000001";

    fn pictures() -> HashMap<ImageId, Picture> {
        let picture = Picture {
            url: "https://desk.example/media/x.jpg?a=1&b=2".to_owned(),
            alt: "A \"crane\"".to_owned(),
            caption: Some("The harbor".to_owned()),
            credit: Some("J. Doe".to_owned()),
            width: 4,
            height: 3,
        };
        HashMap::from([(ID.parse().unwrap(), picture)])
    }

    fn read(markdown: &str) -> Vec<Block> {
        blocks(markdown, Flavor::Article, &pictures(), &mut Anchors::default())
    }

    /// The words of blocks, each block on lines of its own.
    fn words(blocks: &[Block]) -> String {
        let line = |spans: &[Span]| spans.iter().map(|span| span.text.as_str()).collect::<String>();
        let lines = blocks.iter().map(|block| match block {
            Block::Paragraph(spans) | Block::Heading { spans, .. } => line(spans),
            Block::List { items, .. } => {
                items.iter().map(|item| words(&item.blocks)).collect::<Vec<_>>().join("\n")
            }
            Block::Quote(blocks) => words(blocks),
            Block::Code { code, .. } => code.clone(),
            Block::Table { header, rows, .. } => {
                let cells = header.iter().chain(rows.iter().flatten());
                cells.map(|cell| line(cell)).collect::<Vec<_>>().join("\n")
            }
            Block::Figure { caption, credit, .. } => {
                caption.iter().chain(credit).cloned().collect::<Vec<_>>().join("\n")
            }
            Block::Rule => String::new(),
            Block::Embed(url) => url.clone(),
        });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// A short print of blocks, for comparing.
    fn print(blocks: &[Block], indent: usize, into: &mut String) {
        let line = |spans: &[Span]| {
            let print = spans.iter().map(|Span { text, marks, href, image }| {
                let href = href.as_ref().map(|href| format!(" -> {href}")).unwrap_or_default();
                let image =
                    image.as_ref().map(|image| format!(" = {}", image.picture.url)).unwrap_or_default();
                format!("{text:?}{marks:?}{href}{image}")
            });
            print.collect::<Vec<_>>().join(" ")
        };
        let cells = |row: &[Cell]| row.iter().map(|cell| line(cell)).collect::<Vec<_>>().join(" | ");
        for block in blocks {
            into.push_str(&" ".repeat(indent));
            match block {
                Block::Paragraph(spans) => into.push_str(&format!("paragraph {}\n", line(spans))),
                Block::Heading { level, anchor, spans } => {
                    into.push_str(&format!("heading {level} {anchor:?} {}\n", line(spans)));
                }
                Block::List { is_ordered, start, items } => {
                    into.push_str(&format!("list ordered={is_ordered} start={start}\n"));
                    for item in items {
                        into.push_str(&format!("{}item {:?}\n", " ".repeat(indent + 1), item.is_checked));
                        print(&item.blocks, indent + 2, into);
                    }
                }
                Block::Quote(blocks) => {
                    into.push_str("quote\n");
                    print(blocks, indent + 1, into);
                }
                Block::Code { language, code } => into.push_str(&format!("code {language:?} {code:?}\n")),
                Block::Table { alignments, header, rows } => {
                    into.push_str(&format!("table {alignments:?}: {}\n", cells(header)));
                    for row in rows {
                        into.push_str(&format!("{}row {}\n", " ".repeat(indent + 1), cells(row)));
                    }
                }
                Block::Figure { image, caption, credit } => {
                    into.push_str(&format!("figure {} {caption:?} {credit:?}\n", image.picture.url));
                }
                Block::Rule => into.push_str("rule\n"),
                Block::Embed(url) => into.push_str(&format!("embed {url}\n")),
            }
        }
    }

    fn printed(markdown: &str) -> String {
        let mut text = String::new();
        print(&read(markdown), 0, &mut text);
        text
    }

    #[test]
    fn every_kind_of_block_is_told() {
        let markdown = format!(
            "Words *stressed **both*** and ~~gone~~\nnext `code` [link](https://x.example/?a=1&b=2)  \nbroken ![]({ID}) end\n\n\
             ## Costs *now*\n\n3. three\n4. four\n\n   again\n   - [x] done\n   - [ ] open\n\n> quoted\n>\n> > deeper\n\n\
             ```rust title\nlet x = \"<b>\";\n\n  y\n```\n\n| a | b | c |\n|:--|:-:|--:|\n| 1 | **2** | |\n\n![alt]({ID} \"For <here>\")\n\n\
             ---\n\nhttps://video.example/w?v=1&t=2\n\n## Costs"
        );
        insta::assert_snapshot!(printed(&markdown));
    }

    #[test]
    fn raw_html_says_what_the_html_says() {
        let markdown = "A <b>bold</b> <script>alert(1)</script><kbd>key</kbd> H<sub>2</sub>O <a href=\"javascript:x\">no</a> \
             <img src=x onerror=y>\n\n<div>in <p>one</p> two<ul><li>item<div>deep</div></li>loose</ul></div>\n\n\
             <table><tr><td align=center>c<p>d</p></td><td>e</td></tr></table>\n\n<figure>words<small>credit</small></figure>\n\n\
             <h3 id=x>raw<br>line</h3>\n\n<pre>a\n <i>b</i></pre>\n\n<div title=\"\n\nswallowed\n\n\"> shown</div>";
        insta::assert_snapshot!(printed(markdown));
    }

    #[test]
    fn an_address_is_embedded_where_it_stands_alone() {
        for (markdown, embeds) in [
            ("https://video.example/1", true),
            ("<https://video.example/1>", true),
            ("https://video.example/ünï?q=1&r=2", true),
            ("> https://video.example/1", false),
            ("see https://video.example/1", false),
            ("https://a.example https://b.example", false),
            ("[a video](https://video.example/1)", false),
            ("[https://one.example](https://other.example)", false),
            ("www.video.example", false),
            ("**https://video.example**", false),
            ("me@mail.example", false),
        ] {
            let read = read(markdown);
            assert_eq!(matches!(read.as_slice(), [Block::Embed(_)]), embeds, "{markdown}: {read:?}");
        }
    }

    #[test]
    fn headings_have_the_anchors_of_the_html() {
        let (mut of_html, mut of_blocks) = (Anchors::default(), Anchors::default());
        of_html.section(Some("Costs"), 1);
        of_blocks.section(Some("Costs"), 1);
        let markdown = "## Costs\n\n> # Costs\n\n###";
        let html = markdown::html(markdown, &HashMap::new(), &mut of_html);
        let blocks = blocks(markdown, Flavor::Article, &HashMap::new(), &mut of_blocks);
        for anchor in ["costs-2", "costs-3", "section"] {
            assert!(html.contains(&format!("id=\"{anchor}\"")), "{html}");
            assert!(format!("{blocks:?}").contains(&format!("Some(\"{anchor}\")")), "{blocks:?}");
        }
        assert_eq!(format!("{:?}", of_html.in_body("Costs")), format!("{:?}", of_blocks.in_body("Costs")));
    }

    #[test]
    fn what_nests_for_ever_is_read_and_ends_somewhere() {
        for text in [
            "<div>".repeat(2_000),
            "<b>x".repeat(500),
            "<blockquote>x".repeat(1_000),
            "<ul><li>".repeat(1_000),
        ] {
            let read = read(&text);
            assert!(format!("{read:?}").matches("Quote").count() <= DEEPEST);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 300 } else { 3_000 }))]

        /// Without raw HTML and pictures, which the words know nothing of.
        #[test]
        fn blocks_have_the_words_of_the_text(
            pieces in proptest::collection::vec(
                "[a-z]{1,5}|[ \\n]{1,3}|\\n[>#] |\\n[-*+] (\\[[x ]\\] )?|\\n[0-9]{1,2}\\. |[*_~`]{1,3}|\\[[a-z]{1,3}\\]\\((https://x/|javascript:)[a-z]{0,2}\\)|\\n\\| a \\| b \\|\\n\\|-\\|:-:\\|\\n\\| c \\||\\n```|\\n---\\n|\\n    |&amp;|&nbsp;|https://y\\.example/z|[\\PC&&[^<!]]{1,2}|\\\\",
                0..40,
            )
        ) {
            let text = pieces.concat();
            let outline = markdown::outline(&text);
            prop_assume!(!outline.is_too_deep && !outline.is_too_wide);
            // An address is percent-encoded where it leads, and not where it is written.
            let all = |text: &str| -> Vec<String> {
                let encoded = |word: &str| Url::parse(word).map_or_else(|_| word.to_owned(), Into::into);
                text.split_whitespace().map(encoded).collect()
            };
            prop_assert_eq!(
                all(&words(&read(&text))),
                all(&outline.text.replace('\u{E000}', "")),
                "{:?}", text
            );
        }

        #[test]
        fn blocks_have_the_words_of_the_html(text in "([a-z ]|\\n|<|>|</|\"|'|=|<b>|</b>|<p>|<div>|</div>|<ul>|<li>|</ul>|<table>|<tr>|<td>|<!--|-->|<script>|</script>|<pre>|</pre>|<svg>|<h2>|</h2>|<blockquote>|<figure>|<small>|\\*|`|#){0,60}") {
            let html = markdown::html(&text, &HashMap::new(), &mut Anchors::default());
            let mut expected = String::new();
            for piece in pieces(&html) {
                if let Piece::Text(text) = piece {
                    expected.push_str(&text);
                }
            }
            let without_spaces = |text: &str| {
                // In which order a credit stands in its figure is not told.
                let mut characters: Vec<char> = text.chars().filter(|character| !character.is_whitespace()).collect();
                characters.sort_unstable();
                characters.into_iter().collect::<String>()
            };
            prop_assert_eq!(without_spaces(&words(&read(&text))), without_spaces(&expected), "{:?}", html);
        }
    }
}
