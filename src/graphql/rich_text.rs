//! Rich text as clients get it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use super::at_hand::AtHand;
use super::blocks::Block;
use super::operation;
use crate::cache::recall;
use crate::error::Failure;
use crate::id::ImageId;
use crate::text::anchors::Anchors;
use crate::text::blocks::blocks;
use crate::text::markdown::{self, Flavor, Picture};

/// A text with structure: CommonMark with GitHub's extensions.
pub type RichText = AtHand<RichTextFields>;

/// What is asked of it.
pub struct RichTextFields {
    markdown: String,
    flavor: Flavor,
    pictures: Arc<HashMap<ImageId, Picture>>,
    anchors: Anchors,
    origin: Option<Origin>,
}

/// Whose text it is, so that what is made of it need not be made again.
#[derive(Clone)]
pub struct Origin {
    /// Names a public thing that has one text.
    pub thing: String,
    /// The tags of what the text's forms are made of: it, and its pictures.
    pub on: Arc<[String]>,
}

impl RichText {
    /// A text whose pictures are these and whose anchors go on from those.
    pub fn new(markdown: String, pictures: Arc<HashMap<ImageId, Picture>>, anchors: Anchors) -> Self {
        Self(RichTextFields { markdown, flavor: Flavor::Article, pictures, anchors, origin: None })
    }

    /// The same, of a public thing.
    pub fn of(self, origin: Origin) -> Self {
        Self(RichTextFields { origin: Some(origin), ..self.0 })
    }

    /// A comment.
    pub fn comment(markdown: String) -> Self {
        Self(RichTextFields { flavor: Flavor::Comment, ..Self::simple(markdown).0 })
    }

    /// A short text: a biography.
    pub fn simple(markdown: String) -> Self {
        let text = Self::new(markdown, Arc::default(), Anchors::default());
        Self(RichTextFields { flavor: Flavor::Short, ..text.0 })
    }
}

impl RichTextFields {
    /// One of its forms.
    async fn form<T: Debug + Send + Sync + 'static>(
        &self,
        ctx: &Context<'_>,
        form: &str,
        make: impl FnOnce() -> T + Send,
    ) -> Result<Arc<T>, Failure> {
        match &self.origin {
            Some(Origin { thing, on }) => {
                recall::made(operation(ctx)?, format!("{form} of {thing}"), on, make).await
            }
            None => Ok(Arc::new(make())),
        }
    }
}

/// A text with structure, in the forms that a frontend may need. It is written in CommonMark with GitHub's extensions.
#[Object(name = "RichText")]
impl RichTextFields {
    /// The Markdown itself. The addresses of pictures are those of their files.
    async fn markdown(&self, ctx: &Context<'_>) -> Result<Arc<String>, Failure> {
        self.form(ctx, "Markdown", || markdown::with_addresses(&self.markdown, &self.pictures)).await
    }

    /// Sanitized HTML: it never runs anything, its links are http or https, its headings carry anchors, its pictures are
    /// figures with captions.
    async fn html(&self, ctx: &Context<'_>) -> Result<Arc<String>, Failure> {
        let make = || match self.flavor {
            Flavor::Article => markdown::html(&self.markdown, &self.pictures, &mut self.anchors.clone()),
            Flavor::Short => markdown::simple_html(&self.markdown),
            Flavor::Comment => markdown::comment_html(&self.markdown),
        };
        self.form(ctx, "HTML", make).await
    }

    /// The same as typed blocks, for who shows it without HTML: the same words, links, pictures and anchors.
    async fn blocks(&self, ctx: &Context<'_>) -> Result<Vec<Block>, Failure> {
        let make = || blocks(&self.markdown, self.flavor, &self.pictures, &mut self.anchors.clone());
        Ok(Block::all(Vec::clone(&*self.form(ctx, "blocks", make).await?)))
    }

    /// The words alone, blocks on lines of their own.
    async fn text(&self, ctx: &Context<'_>) -> Result<Arc<String>, Failure> {
        self.form(ctx, "text", || markdown::outline_of(&self.markdown, self.flavor).text).await
    }

    /// How many words it has.
    async fn word_count(&self, ctx: &Context<'_>) -> Result<usize, Failure> {
        let make = || markdown::outline_of(&self.markdown, self.flavor).word_count();
        Ok(*self.form(ctx, "words", make).await?)
    }
}

/// A heading of an article, for a table of contents.
#[derive(Clone, Debug, SimpleObject)]
pub struct Heading {
    /// Its level in the document: 1 is the largest.
    pub level: i32,
    /// Its words.
    pub text: String,
    /// Its anchor: link to `#anchor`.
    pub anchor: String,
}
