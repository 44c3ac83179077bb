//! Where an article points to.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ContextSelectionSet, SimpleObject, Union};

use super::article::ArticleObject;
use crate::article::entity::public::{articles, related_links};
use crate::article::memory::OfEach;
use crate::article::read_parts::Together;
use crate::cache::recall::KnownOf;
use crate::graphql::at_hand::{AtHand, AtOnce, Reading, leaves};
use crate::graphql::scalars::Url;
use crate::id::ArticleId;
use crate::operation::Operation;

/// Related links, each with the article that it leads to.
pub type Links = Vec<(related_links::Model, Option<ArticleObject>)>;

/// Lets the articles that links lead to load together.
pub fn with_targets(
    op: &Arc<Operation>,
    rows: OfEach<(related_links::Model, Option<articles::Model>)>,
) -> KnownOf<ArticleId, Links> {
    let mut targets: HashMap<ArticleId, articles::Model> = HashMap::new();
    // Links that nobody else keeps are taken as they are.
    let mut apart = |links: Arc<Vec<(related_links::Model, Option<articles::Model>)>>| {
        let links = Arc::unwrap_or_clone(links).into_iter();
        let without = links.map(|(link, target)| {
            let id = target.as_ref().map(|target| target.id);
            targets.extend(target.map(|target| (target.id, target)));
            (link, id)
        });
        without.collect::<Vec<_>>()
    };
    let links: Vec<_> = rows.into_iter().map(|(article, links)| (article, links.map(&mut apart))).collect();
    let members: HashMap<ArticleId, ArticleObject> =
        ArticleObject::page(op, Together::default(), targets.into_values().collect())
            .into_iter()
            .map(|article| (article.row().id, article))
            .collect();
    let with_target = |(link, target): (related_links::Model, Option<ArticleId>)| {
        (link, target.and_then(|target| members.get(&target).cloned()))
    };
    let links = links.into_iter();
    links
        .map(|(article, links)| (article, links.map(|links| links.into_iter().map(with_target).collect())))
        .collect()
}

/// What a link shows: nothing where its article is no longer public.
pub fn shown((link, target): &(related_links::Model, Option<ArticleObject>)) -> Option<RelatedLink> {
    match (target, &link.url) {
        (Some(article), _) => {
            let title = link.title.clone().unwrap_or_else(|| article.row().title.clone());
            Some(RelatedLink::Article(AtHand(RelatedArticle { title, article: article.clone() })))
        }
        (None, Some(url)) => Some(RelatedLink::External(AtHand(ExternalLink {
            title: link.title.clone().unwrap_or_default(),
            url: Url(url.clone()),
        }))),
        (None, None) => None,
    }
}

/// A pointer from an article.
#[derive(Union)]
pub enum RelatedLink {
    /// To another article.
    Article(AtHand<RelatedArticle>),
    /// To an address elsewhere.
    External(AtHand<ExternalLink>),
}

impl AtOnce for RelatedLink {
    fn write(&self, asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool {
        match self {
            Self::Article(link) => link.write(asked, to),
            Self::External(link) => link.write(asked, to),
        }
    }
}

/// A pointer to another published article.
#[derive(SimpleObject)]
pub struct RelatedArticle {
    /// What it is called here; the article's title where the editor gave no other.
    title: String,
    /// The article.
    article: ArticleObject,
}

impl Reading for RelatedArticle {
    const FIELDS: &'static [&'static str] = &["article"];

    leaves!("title" => title; objects "article" => article);
}

/// A pointer to an address elsewhere.
#[derive(SimpleObject)]
pub struct ExternalLink {
    /// What it is called.
    title: String,
    /// http or https.
    url: Url,
}

impl Reading for ExternalLink {
    leaves!("title" => title, "url" => url);
}
