//! Rich text as clients get it.

use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, LazyLock};

use async_graphql::{Context, Object, SimpleObject};

use super::at_hand::{AtHand, Reading, write_told};
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
    text: Box<dyn Text>,
    flavor: Flavor,
}

/// A text, and what its forms take from around it: found when a form needs it.
pub trait Text: Send + Sync {
    /// As it was written.
    fn markdown(&self) -> &str;

    /// The pictures that may be placed in it.
    fn pictures(&self) -> &HashMap<ImageId, Picture> {
        static NONE: LazyLock<HashMap<ImageId, Picture>> = LazyLock::new(HashMap::new);
        &NONE
    }

    /// The anchors that were taken before it.
    fn anchors(&self) -> Anchors {
        Anchors::default()
    }

    /// Whose it is.
    fn origin(&self) -> Option<Origin> {
        None
    }
}

impl Text for String {
    fn markdown(&self) -> &str {
        self
    }
}

/// Whose text it is, so that what is made of it need not be made again.
pub struct Origin {
    /// Names a public thing that has one text.
    pub thing: String,
    /// The tags of what the text's forms are made of: it, and its pictures.
    pub on: Vec<String>,
}

impl RichText {
    /// An article's.
    pub fn article(text: impl Text + 'static) -> Self {
        Self(RichTextFields { text: Box::new(text), flavor: Flavor::Article })
    }

    /// A comment.
    pub fn comment(text: impl Text + 'static) -> Self {
        Self(RichTextFields { text: Box::new(text), flavor: Flavor::Comment })
    }

    /// A short text: a biography.
    pub fn short(text: impl Text + 'static) -> Self {
        Self(RichTextFields { text: Box::new(text), flavor: Flavor::Short })
    }
}

impl RichTextFields {
    /// One of its forms.
    async fn form<T: Debug + Send + Sync + 'static>(
        &self,
        ctx: &Context<'_>,
        form: &str,
        make: impl FnOnce(&str) -> T + Send,
    ) -> Result<Arc<T>, Failure> {
        let called = || self.text.origin().map(|Origin { thing, on }| (format!("{form} of {thing}"), on));
        recall::made(operation(ctx)?, called, || make(self.text.markdown())).await
    }
}

impl Reading for RichTextFields {
    fn write(&self, field: &Context<'_>, to: &mut Vec<u8>) -> bool {
        // What was made before is looked for at the operation's place in the log, which may still have to be read.
        if operation(field).is_ok_and(|op| recall::is_recalling(op)) {
            return false;
        }
        match field.item.node.name.node.as_str() {
            "markdown" => write_told(self.markdown(field), to),
            "html" => write_told(self.html(field), to),
            "text" => write_told(self.text(field), to),
            "wordCount" => write_told(self.word_count(field), to),
            _ => false,
        }
    }
}

/// A text with structure, in the forms that a frontend may need. It is written in CommonMark with GitHub's extensions.
#[Object(name = "RichText")]
impl RichTextFields {
    /// The Markdown itself. The addresses of pictures are those of their files.
    async fn markdown(&self, ctx: &Context<'_>) -> Result<Arc<String>, Failure> {
        self.form(ctx, "Markdown", |text| markdown::with_addresses(text, self.text.pictures())).await
    }

    /// Sanitized HTML: it never runs anything, its links are http or https, its headings carry anchors, its pictures are
    /// figures with captions.
    async fn html(&self, ctx: &Context<'_>) -> Result<Arc<String>, Failure> {
        let make = |text: &str| match self.flavor {
            Flavor::Article => markdown::html(text, self.text.pictures(), &mut self.text.anchors()),
            Flavor::Short => markdown::simple_html(text),
            Flavor::Comment => markdown::comment_html(text),
        };
        self.form(ctx, "HTML", make).await
    }

    /// The same as typed blocks, for who shows it without HTML: the same words, links, pictures and anchors.
    async fn blocks(&self, ctx: &Context<'_>) -> Result<Vec<Block>, Failure> {
        let make = |text: &str| blocks(text, self.flavor, self.text.pictures(), &mut self.text.anchors());
        Ok(Block::all(Vec::clone(&*self.form(ctx, "blocks", make).await?)))
    }

    /// The words alone, blocks on lines of their own.
    async fn text(&self, ctx: &Context<'_>) -> Result<Arc<String>, Failure> {
        self.form(ctx, "text", |text| markdown::outline_of(text, self.flavor).text).await
    }

    /// How many words it has.
    async fn word_count(&self, ctx: &Context<'_>) -> Result<usize, Failure> {
        let make = |text: &str| markdown::outline_of(text, self.flavor).word_count();
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
