//! What the public reads of articles, from memory where it is there: each part of each article by itself, so that a query of any
//! shape finds what others have read.

use std::fmt::{Debug, Display};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::entity::public::{articles, figures, related_links, sections};
use super::read::{self, ArticleFilter, ArticleOrder, Subject};
use super::read_parts::{self, Expected, Together};
use crate::author::entity::authors;
use crate::cache::recall::{Depends, KnownOf, is_recalling, recall, recall_each};
use crate::db::Snapshot;
use crate::db::keyset::{Page, Window};
use crate::error::Failure;
use crate::id::ArticleId;
use crate::image::entity::images;
use crate::operation::Operation;
use crate::reads::{CATEGORIES, articles_of};
use crate::taxonomy::entity::{categories, tags};

/// What articles that are yet to be found will be asked for.
pub trait Wanted: FnOnce() -> Expected + Send {}

impl<W: FnOnce() -> Expected + Send> Wanted for W {}

/// Of each article, its rows of one kind.
pub type OfEach<T> = KnownOf<ArticleId, Arc<Vec<T>>>;

/// [`read::by_id`], with what is wanted of it where it is read.
pub async fn by_id(
    op: &Operation,
    parts: &Together,
    wanted: impl Wanted,
    id: ArticleId,
) -> Result<Option<articles::Model>, Failure> {
    let read = async move |snapshot: Snapshot| {
        parts.expect(wanted());
        read::by_id(&snapshot, parts, id).await
    };
    Ok(Arc::unwrap_or_clone(recall(op, || format!("article {id}"), read).await?))
}

/// [`read::by_slug`], with what is wanted of it where it is read.
pub async fn by_slug(
    op: &Operation,
    parts: &Together,
    wanted: impl Wanted,
    slug: &str,
) -> Result<Option<articles::Model>, Failure> {
    let read = async move |snapshot: Snapshot| {
        parts.expect(wanted());
        read::by_slug(&snapshot, parts, &op.store.keys, slug).await
    };
    Ok(Arc::unwrap_or_clone(recall(op, || format!("article by slug {slug:?}"), read).await?))
}

/// [`read::list`], with what is wanted where nothing is kept: else they are known of most articles of a list that is not.
pub async fn list(
    op: &Operation,
    parts: &Together,
    wanted: impl Wanted,
    filter: &ArticleFilter,
    order: ArticleOrder,
    window: &Window,
) -> Result<Page<articles::Model>, Failure> {
    let read = async move |snapshot: Snapshot| {
        if !is_recalling(op) {
            parts.expect(wanted());
        }
        read::list(&snapshot, parts, filter, order, window).await
    };
    Ok(Arc::unwrap_or_clone(recall(op, || format!("articles {filter:?} {order:?} {window:?}"), read).await?))
}

/// [`read::count`].
pub async fn count(op: &Operation, filter: &ArticleFilter, most: u64) -> Result<u64, Failure> {
    let read = async move |snapshot: Snapshot| read::count(&snapshot, filter, most).await;
    Ok(*recall(op, || format!("count of articles {filter:?} to {most}"), read).await?)
}

/// [`read::of_subjects`], with what is wanted where nothing is kept.
pub async fn of_subjects(
    op: &Operation,
    parts: &Together,
    wanted: impl Wanted,
    subject: Subject,
    subjects: &[Uuid],
    descending: bool,
    window: &Window,
) -> Result<KnownOf<Uuid, Arc<Page<articles::Model>>>, Failure> {
    let question = || format!("articles of {subject:?} {descending} {window:?}");
    let depends = |id, page: &Page<articles::Model>| {
        let of_page = page.rows.iter().map(|article| article.id.to_string());
        Depends { on: of_page.chain([subject.articles(id)]).collect(), ..Depends::default() }
    };
    let read = async move |snapshot: Snapshot, missing: Vec<Uuid>| {
        if !is_recalling(op) {
            parts.expect(wanted());
        }
        read::of_subjects(&snapshot, parts, subject, &missing, descending, window).await
    };
    recall_each(op, question, subjects.iter().copied(), depends, read).await
}

/// [`read_parts::sections`].
pub async fn sections(
    op: &Operation,
    together: &Together,
    ids: &[ArticleId],
) -> Result<OfEach<sections::Model>, Failure> {
    let read = async move |snapshot: Snapshot, missing: Vec<_>| {
        read_parts::sections(together, &snapshot, &missing).await
    };
    parts(op, "sections", ids, |_| Depends::default(), read).await
}

/// [`read_parts::figures`].
pub async fn figures(
    op: &Operation,
    together: &Together,
    ids: &[ArticleId],
) -> Result<OfEach<(figures::Model, images::Model)>, Failure> {
    let read = async move |snapshot: Snapshot, missing: Vec<_>| {
        read_parts::figures(together, &snapshot, &missing).await
    };
    parts(op, "figures", ids, on_images, read).await
}

/// [`read_parts::leads`].
pub async fn leads(
    op: &Operation,
    together: &Together,
    ids: &[ArticleId],
) -> Result<OfEach<(figures::Model, images::Model)>, Failure> {
    let read = async move |snapshot: Snapshot, missing: Vec<_>| {
        read_parts::leads(together, &snapshot, &missing).await
    };
    parts(op, "leads", ids, on_images, read).await
}

fn on_images(figures: &[(figures::Model, images::Model)]) -> Depends {
    Depends { on: names(figures.iter().map(|(figure, _)| figure.image_id)), ..Depends::default() }
}

/// [`read_parts::authors`].
pub async fn authors(
    op: &Operation,
    together: &Together,
    ids: &[ArticleId],
) -> Result<OfEach<authors::Model>, Failure> {
    let read = async move |snapshot: Snapshot, missing: Vec<_>| {
        read_parts::authors(together, &snapshot, &missing).await
    };
    let depends = |authors: &[authors::Model]| Depends {
        on: names(authors.iter().map(|author| author.id)),
        beside: names(authors.iter().map(|author| articles_of(author.id))),
    };
    parts(op, "authors", ids, depends, read).await
}

/// [`read_parts::categories`].
pub async fn categories(
    op: &Operation,
    together: &Together,
    ids: &[ArticleId],
) -> Result<OfEach<categories::Model>, Failure> {
    let read = async move |snapshot: Snapshot, missing: Vec<_>| {
        read_parts::categories(together, &snapshot, &missing).await
    };
    let depends = |categories: &[categories::Model]| Depends {
        on: names([CATEGORIES]),
        beside: names(categories.iter().map(|category| articles_of(category.id))),
    };
    parts(op, "categories", ids, depends, read).await
}

/// [`read_parts::tags`].
pub async fn tags(
    op: &Operation,
    together: &Together,
    ids: &[ArticleId],
) -> Result<OfEach<tags::Model>, Failure> {
    let read = async move |snapshot: Snapshot, missing: Vec<_>| {
        read_parts::tags(together, &snapshot, &missing).await
    };
    let depends = |tags: &[tags::Model]| Depends {
        on: names(tags.iter().map(|tag| tag.id)),
        beside: names(tags.iter().map(|tag| articles_of(tag.id))),
    };
    parts(op, "tags", ids, depends, read).await
}

/// [`read_parts::links`].
pub async fn links(
    op: &Operation,
    together: &Together,
    ids: &[ArticleId],
) -> Result<OfEach<(related_links::Model, Option<articles::Model>)>, Failure> {
    let read = async move |snapshot: Snapshot, missing: Vec<_>| {
        read_parts::links(together, &snapshot, &missing).await
    };
    let depends = |links: &[(related_links::Model, Option<articles::Model>)]| Depends {
        on: names(links.iter().filter_map(|(link, _)| link.target_article_id)),
        ..Depends::default()
    };
    parts(op, "links", ids, depends, read).await
}

/// Parts of articles: they depend on the article, and on what `depends` names.
async fn parts<T: Debug + Send + Sync + 'static>(
    op: &Operation,
    kind: &str,
    ids: &[ArticleId],
    depends: impl Fn(&[T]) -> Depends,
    read: impl AsyncFnOnce(Snapshot, Vec<ArticleId>) -> Result<FxHashMap<ArticleId, Vec<T>>, Failure>,
) -> Result<OfEach<T>, Failure> {
    let depends = |id: ArticleId, rows: &Vec<T>| {
        let mut depends = depends(rows);
        depends.on.push(id.to_string());
        depends
    };
    recall_each(op, || format!("{kind} of"), ids.iter().copied(), depends, read).await
}

fn names(things: impl IntoIterator<Item = impl Display>) -> Vec<String> {
    things.into_iter().map(|thing| thing.to_string()).collect()
}
