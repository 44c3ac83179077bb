//! The checks before publishing in the schema.

use async_graphql::{Enum, SimpleObject};

use crate::article::checks::{CheckCode as Code, Finding};

/// What a check before publishing says.
#[derive(SimpleObject)]
pub struct Check {
    /// For programs.
    code: CheckCode,
    /// Whether it keeps the article from being published.
    severity: CheckSeverity,
    /// For people: says what to do.
    message: String,
    /// What it is about, from the draft's content down.
    path: Vec<String>,
}

impl From<Finding> for Check {
    fn from(Finding { code, message, path }: Finding) -> Self {
        let severity = if code.is_blocking() { CheckSeverity::Blocking } else { CheckSeverity::Advisory };
        Self { code: code.into(), severity, message, path }
    }
}

/// Whether a check keeps an article from being published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum CheckSeverity {
    /// It does.
    Blocking,
    /// It advises.
    Advisory,
}

/// The checks before publishing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Code")]
pub enum CheckCode {
    /// There is no title.
    TitleMissing,
    /// There are no words.
    ContentMissing,
    /// A figure's image is not in the library.
    ImageMissing,
    /// A figure's image has no alt text.
    AltTextMissing,
    /// A category, tag or author is not in the library any more.
    ReferenceMissing,
    /// There is no excerpt.
    ExcerptMissing,
    /// The byline credits nobody.
    AuthorMissing,
    /// A heading is two or more levels below the one before it.
    HeadingLevelSkipped,
    /// A related article is not public: its link shows once it is.
    RelatedArticleNotPublished,
}
