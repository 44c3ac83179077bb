//! Which parts of articles a query will ask for, seen before the articles are found, so that they are read with them. A part that is
//! overlooked here is read when it is asked for.

use std::collections::BTreeSet;

use async_graphql::{Context, Lookahead};

use crate::article::read_parts::Part;

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

/// What of its `authors` is. Those of many articles are read once each, after them.
const AUTHORS: &[(&str, &[Part])] = &[("portrait", &[Part::Portraits])];

/// What of its `seo` is.
const SEO: &[(&str, &[Part])] = &[
    ("image", &[Part::Figures]),
    ("openGraph", &[Part::Figures, Part::Authors, Part::Categories, Part::Tags]),
    ("jsonLd", &[Part::Figures, Part::Authors, Part::Categories, Part::Tags]),
];

/// Of the article that this field gives.
pub(super) fn of_article(ctx: &Context<'_>) -> BTreeSet<Part> {
    let article = ctx.look_ahead();
    parts(&article).chain(asked(&article.field("authors"), AUTHORS)).collect()
}

/// Of the articles on the page that this field gives.
pub(super) fn of_articles(ctx: &Context<'_>) -> BTreeSet<Part> {
    let page = ctx.look_ahead();
    parts(&page.field("nodes")).chain(parts(&page.field("edges").field("node"))).collect()
}

fn parts(article: &Lookahead<'_>) -> impl Iterator<Item = Part> {
    asked(article, FIELDS).chain(asked(&article.field("seo"), SEO))
}

fn asked(of: &Lookahead<'_>, fields: &[(&str, &'static [Part])]) -> std::vec::IntoIter<Part> {
    let asked = fields.iter().filter(|(name, _)| of.field(name).exists());
    asked.flat_map(|(_, parts)| parts.iter().copied()).collect::<Vec<_>>().into_iter()
}
