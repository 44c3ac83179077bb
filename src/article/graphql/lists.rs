//! Lists of articles under authors, tags and categories: one load for all the subjects of a page.

use async_graphql::Context;
use uuid::Uuid;

use super::ahead::Ahead;
use super::{ArticleObject, ArticleOrder};
use crate::article::entity::public::articles;
use crate::article::memory;
use crate::article::read::Subject;
use crate::cache::recall::{KnownOf, told_of};
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::Batch;
use crate::graphql::connection::{Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::operation;

/// What a page of subjects has loaded of its articles.
pub type SubjectLists = Batch<(PageArguments, ArticleOrder), KnownOf<Uuid, Page<ArticleObject>>>;

/// One subject among those that were loaded with it.
pub struct OneOf {
    /// What it is.
    pub subject: Subject,
    /// Which.
    pub id: Uuid,
    /// All of them.
    pub all: Vec<Uuid>,
}

/// The articles of one subject; loads those of all with it. `article_count` is the subject's own count.
pub async fn articles_of(
    ctx: &Context<'_>,
    lists: &SubjectLists,
    one: OneOf,
    article_count: i32,
    arguments: PageArguments,
    order: ArticleOrder,
) -> Result<Connection<ArticleObject>, Failure> {
    // Boxed: each field beside it would have room for it.
    let (list, page) = Box::pin(page_of(ctx, lists, one, arguments, order)).await?;
    let count = u64::try_from(article_count).unwrap_or_default();
    Ok(Connection::counted(operation(ctx)?, list, page, |article| position(article.row()), count))
}

/// A page of the articles of one subject, and the list's name.
pub(super) async fn page_of(
    ctx: &Context<'_>,
    lists: &SubjectLists,
    one: OneOf,
    arguments: PageArguments,
    order: ArticleOrder,
) -> Result<(ListName, Page<ArticleObject>), Failure> {
    let (op, OneOf { subject, id, all }) = (operation(ctx)?, one);
    let list = ListName::new(&[&format!("{subject:?}.articles"), &id.to_string(), &format!("{order:?}")]);
    let window = arguments.window(&op.store.keys, &list)?;
    let loaded = lists
        .get((arguments, order), || async {
            let descending = order == ArticleOrder::PublishedAtDesc;
            let ahead = Ahead::default();
            let (parts, wanted) = (&ahead.parts, || ahead.of_articles(ctx));
            let pages = memory::of_subjects(op, parts, wanted, subject, &all, descending, &window).await?;
            Ok(ArticleObject::pages(op, ahead, pages))
        })
        .await?;
    Ok((list, told_of(&loaded, id, op)))
}

/// Where an article stands in a list by time.
pub(super) fn position(article: &articles::Model) -> Position {
    Position { key: SortKey::Number(article.published_at.0), id: article.id.0 }
}
