//! What the public reads of comments, from memory where it is there.

use std::sync::Arc;

use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::ahead::{Replies, UnderArticles};
use super::entity::comments;
use super::read::{self, Above, Asked};
use crate::cache::recall::{Depends, KnownOf, recall_each};
use crate::db::Snapshot;
use crate::db::keyset::Page;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::operation::Operation;

/// What comments hang under, and the article of each: every entry about a public comment names it.
pub type Parents = FxHashMap<Uuid, ArticleId>;

/// [`read::under_articles`] and [`read::under_comments`]; `ahead`: what was read with articles; `replies`: those that are expected of
/// their comments, or those that were read with the comments above.
pub async fn under(
    op: &Operation,
    above: Above,
    parents: &Parents,
    asked: &Asked,
    ahead: &UnderArticles,
    replies: &Replies,
) -> Result<KnownOf<Uuid, Arc<Page<comments::Model>>>, Failure> {
    let read = async move |snapshot: Snapshot, missing: Vec<Uuid>| match above {
        Above::Article => read::under_articles(&snapshot, &missing, asked, ahead, replies).await,
        Above::Comment => read::under_comments(&snapshot, &missing, asked, replies).await,
    };
    let question = || format!("comments under {above:?} {asked:?}");
    let depends = |parent, _: &Page<comments::Model>| article_of(parents, parent);
    recall_each(op, question, parents.keys().copied(), depends, read).await
}

/// [`read::counts`].
pub async fn counts(
    op: &Operation,
    above: Above,
    parents: &Parents,
) -> Result<KnownOf<Uuid, Arc<u64>>, Failure> {
    let read =
        async move |snapshot: Snapshot, missing: Vec<Uuid>| read::counts(&snapshot, above, &missing).await;
    let depends = |parent, _: &u64| article_of(parents, parent);
    recall_each(op, || format!("count of comments under {above:?}"), parents.keys().copied(), depends, read)
        .await
}

fn article_of(parents: &Parents, parent: Uuid) -> Depends {
    let on = parents.get(&parent).iter().map(|article| article.to_string()).collect();
    Depends { on, ..Depends::default() }
}
