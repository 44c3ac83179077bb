//! What a text may hold, and how it is parsed.

use comrak::Options;

/// Deepest nesting of blocks and spans that is accepted.
pub const DEEPEST: usize = 60;

/// Most cells of a text's tables: a row that is short of cells is filled up by the parser, so a few bytes can make many.
pub(super) const MOST_CELLS: usize = 20_000;

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

/// How a text of this flavor is parsed, and rendered before it is sanitized.
pub(super) fn options(flavor: Flavor) -> Options<'static> {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = flavor == Flavor::Article;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.render.r#unsafe = true;
    options
}
