//! What is at a path of the site: a thing, a redirect, or nothing.

use super::{read, redirect};
use crate::article::entity::public::articles;
use crate::article::read_parts::Together;
use crate::author::entity::authors;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::operation::Operation;
use crate::taxonomy::entity::{categories, tags};
use crate::text::site_path::SitePath;
use crate::{article, author, taxonomy};

/// A published thing that has a path.
#[derive(Clone, Debug)]
pub enum Thing {
    /// An article.
    Article(articles::Model),
    /// An author.
    Author(authors::Model),
    /// A tag.
    Tag(tags::Model),
    /// A category.
    Category(categories::Model),
}

/// What is at a path.
#[derive(Clone, Debug)]
pub struct Route {
    /// The path in its canonical form; of a thing, its own path.
    pub path: String,
    /// The HTTP status: 200, or a redirect's.
    pub status: i32,
    /// Where a redirect leads.
    pub redirect_to: Option<String>,
    /// What is there, or where a redirect leads that was not set by hand.
    pub thing: Option<Thing>,
}

/// Looks for what is at a path. A thing whose own path it is goes first; then a redirect that was set by hand; then what the
/// path meant once, or means if it is written as it should be.
pub async fn find(op: &Operation, path: &str) -> Result<Option<Route>, Failure> {
    let Some(asked) = SitePath::read(path) else { return Ok(None) };
    let snapshot = op.snapshot().await?;
    let mut led = None;
    for kind in [Kind::Article, Kind::Author, Kind::Tag, Kind::Category] {
        let Some((own, thing)) = kind.thing_at(op, &snapshot, &asked).await? else {
            continue;
        };
        let Some(own_path) = SitePath::read(&own) else { continue };
        if asked.is_written_as(&own_path) {
            return Ok(Some(Route { path: own, status: 200, redirect_to: None, thing: Some(thing) }));
        }
        let is_there = asked.leads_to(&own_path);
        let route = Route { path: own.clone(), status: 301, redirect_to: Some(own), thing: Some(thing) };
        if is_there {
            return Ok(Some(route));
        }
        led = led.or(Some(route));
    }
    let canonical = asked.canonical();
    snapshot.reads().note(redirect::tag(&canonical));
    if let Some(row) = read::by_path(snapshot.connection(), &canonical).await? {
        let redirect_to = Some(row.target);
        return Ok(Some(Route { path: canonical, status: row.status, redirect_to, thing: None }));
    }
    Ok(led.map(|route| Route { path: canonical, ..route }))
}

#[derive(Clone, Copy)]
enum Kind {
    Article,
    Author,
    Tag,
    Category,
}

impl Kind {
    /// The thing that the path's slug names, or named once, with its own path.
    async fn thing_at(
        self,
        op: &Operation,
        snapshot: &Snapshot,
        asked: &SitePath,
    ) -> Result<Option<(String, Thing)>, Failure> {
        let site = &op.store.config.site;
        let pattern = match self {
            Self::Article => &site.articles,
            Self::Author => &site.authors,
            Self::Tag => &site.tags,
            Self::Category => &site.categories,
        };
        let Some(slug) = pattern.slug_in(asked) else { return Ok(None) };
        Ok(match self {
            Self::Article => article::read::by_slug(snapshot, &Together::default(), &op.store.keys, &slug)
                .await?
                .map(|row| (site.article_path(&row.slug, row.published_at), Thing::Article(row))),
            Self::Author => author::read::by_slug(snapshot, &slug)
                .await?
                .map(|row| (site.author_path(&row.slug), Thing::Author(row))),
            Self::Tag => taxonomy::read::tag_by_slug(snapshot, &slug)
                .await?
                .map(|row| (site.tag_path(&row.slug), Thing::Tag(row))),
            Self::Category => {
                let tree = taxonomy::read::site_tree(snapshot).await?;
                taxonomy::read::category_by_slug(snapshot, &tree, &slug).await?.map(|row| {
                    let above = taxonomy::read::ancestors(&tree, row.id);
                    let above = above.into_iter().map(|category| category.slug.as_str()).collect();
                    (site.category_path(above, &row.slug), Thing::Category(row.clone()))
                })
            }
        })
    }
}
