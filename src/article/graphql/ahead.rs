//! What of articles a query will ask for, seen before the articles are found, so that it is read with them. What is overlooked here is
//! read when it is asked for.

use std::sync::Arc;

use async_graphql::{Context, Lookahead};

use crate::article::read_parts::{Expected, Guest, Part, Together};
use crate::comment::ahead::UnderArticles;
use crate::comment::graphql::expect_under;
use crate::graphql::operation;

/// What of an article is made of which parts.
const FIELDS: &[(&str, &[Part])] = &[
    ("leadFigure", &[Part::Lead]),
    ("sections", &[Part::Sections, Part::Figures]),
    ("tableOfContents", &[Part::Sections]),
    ("authors", &[Part::Authors]),
    ("categories", &[Part::Categories]),
    ("tags", &[Part::Tags]),
    ("relatedLinks", &[Part::Links]),
];

/// What of its `authors` is.
const AUTHORS: &[(&str, &[Part])] = &[("portrait", &[Part::Portraits])];

/// What of its `seo` is.
const SEO: &[(&str, &[Part])] = &[
    ("image", &[Part::Figures]),
    ("openGraph", &[Part::Figures, Part::Authors, Part::Categories, Part::Tags]),
    ("jsonLd", &[Part::Figures, Part::Authors, Part::Categories, Part::Tags]),
];

/// What is read with the articles of one page.
#[derive(Default)]
pub struct Ahead {
    /// Their parts.
    pub parts: Together,
    /// The comments under them.
    pub comments: Arc<UnderArticles>,
}

/// Nothing but these parts.
impl From<Together> for Ahead {
    fn from(parts: Together) -> Self {
        Self { parts, comments: Arc::default() }
    }
}

impl Ahead {
    /// Of the article that this field gives.
    pub(super) fn of_article(&self, ctx: &Context<'_>) -> Expected {
        self.of(&[ctx.look_ahead()], ctx)
    }

    /// Of the articles on the page that this field gives.
    pub(super) fn of_articles(&self, ctx: &Context<'_>) -> Expected {
        let page = ctx.look_ahead();
        self.of(&[page.field("nodes"), page.field("edges").field("node")], ctx)
    }

    fn of(&self, articles: &[Lookahead<'_>], ctx: &Context<'_>) -> Expected {
        let op = operation(ctx).ok();
        let comments = op.filter(|op| expect_under(articles, &self.comments, op));
        let guest = comments.map(|_| Arc::clone(&self.comments) as Arc<dyn Guest>);
        Expected { parts: articles.iter().flat_map(parts).collect(), guest }
    }
}

fn parts(article: &Lookahead<'_>) -> impl Iterator<Item = Part> {
    let (authors, seo) = (article.field("authors"), article.field("seo"));
    asked(article, FIELDS).chain(asked(&authors, AUTHORS)).chain(asked(&seo, SEO))
}

fn asked(of: &Lookahead<'_>, fields: &[(&str, &'static [Part])]) -> std::vec::IntoIter<Part> {
    let asked = fields.iter().filter(|(name, _)| of.field(name).exists());
    asked.flat_map(|(_, parts)| parts.iter().copied()).collect::<Vec<_>>().into_iter()
}
