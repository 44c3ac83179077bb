//! Rich text as clients get it.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Object, SimpleObject};

use super::blocks::Block;
use crate::id::ImageId;
use crate::text::anchors::Anchors;
use crate::text::blocks::blocks;
use crate::text::markdown::{self, Flavor, Picture};

/// A text with structure: CommonMark with GitHub's extensions.
pub struct RichText {
    markdown: String,
    flavor: Flavor,
    pictures: Arc<HashMap<ImageId, Picture>>,
    anchors: Anchors,
}

impl RichText {
    /// A text whose pictures are these and whose anchors go on from those.
    pub fn new(markdown: String, pictures: Arc<HashMap<ImageId, Picture>>, anchors: Anchors) -> Self {
        Self { markdown, flavor: Flavor::Article, pictures, anchors }
    }

    /// A comment.
    pub fn comment(markdown: String) -> Self {
        Self { flavor: Flavor::Comment, ..Self::simple(markdown) }
    }

    /// A short text: a biography.
    pub fn simple(markdown: String) -> Self {
        Self { flavor: Flavor::Short, ..Self::new(markdown, Arc::default(), Anchors::default()) }
    }
}

/// A text with structure, in the forms that a frontend may need. It is written in CommonMark with GitHub's extensions.
#[Object]
impl RichText {
    /// The Markdown itself. The addresses of pictures are those of their files.
    async fn markdown(&self) -> String {
        markdown::with_addresses(&self.markdown, &self.pictures)
    }

    /// Sanitized HTML: it never runs anything, its links are http or https, its headings carry anchors, its pictures are
    /// figures with captions.
    async fn html(&self) -> String {
        match self.flavor {
            Flavor::Article => markdown::html(&self.markdown, &self.pictures, &mut self.anchors.clone()),
            Flavor::Short => markdown::simple_html(&self.markdown),
            Flavor::Comment => markdown::comment_html(&self.markdown),
        }
    }

    /// The same as typed blocks, for who shows it without HTML: the same words, links, pictures and anchors.
    async fn blocks(&self) -> Vec<Block> {
        Block::all(blocks(&self.markdown, self.flavor, &self.pictures, &mut self.anchors.clone()))
    }

    /// The words alone, blocks on lines of their own.
    async fn text(&self) -> String {
        markdown::outline_of(&self.markdown, self.flavor).text
    }

    /// How many words it has.
    async fn word_count(&self) -> usize {
        markdown::outline_of(&self.markdown, self.flavor).word_count()
    }
}

/// A heading of an article, for a table of contents.
#[derive(SimpleObject)]
pub struct Heading {
    /// Its level in the document: 1 is the largest.
    pub level: i32,
    /// Its words.
    pub text: String,
    /// Its anchor: link to `#anchor`.
    pub anchor: String,
}
