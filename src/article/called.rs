//! What an article is called to somebody who works with something that hangs on it.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::draft::{Draft, is_seen};
use super::entity::private::drafts;
use super::entity::public::articles;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::operation::Viewer;

/// What an article is called to somebody who works with something that hangs on it.
pub struct Called {
    /// Its title.
    pub title: String,
    /// Its name in addresses.
    pub slug: String,
    /// Whether it is public.
    pub is_published: bool,
}

/// What a viewer may be told of an article: the draft's words where they may read it, else the public ones, else nothing.
pub fn called(viewer: Viewer, draft: &Draft, public: Option<&articles::Model>) -> Option<Called> {
    let is_published = draft.is_published();
    if is_seen(draft, viewer) {
        return Some(Called { title: draft.title.clone(), slug: draft.slug.clone(), is_published });
    }
    public.map(|article| Called { title: article.title.clone(), slug: article.slug.clone(), is_published })
}

/// Articles by id, each with what the viewer may be told of it.
pub async fn heads(
    snapshot: &Snapshot,
    viewer: Viewer,
    ids: Vec<ArticleId>,
) -> Result<HashMap<ArticleId, Called>, Failure> {
    let public = public_rows(snapshot.connection(), ids.clone()).await?;
    let rows = drafts::Entity::find()
        .filter(drafts::Column::ArticleId.is_in(ids))
        .all(snapshot.connection())
        .await?;
    let heads = rows
        .iter()
        .filter_map(|draft| Some((draft.article_id, called(viewer, draft, public.get(&draft.article_id))?)));
    Ok(heads.collect())
}

/// The public rows of those of them that are published.
pub(super) async fn public_rows(
    connection: &impl ConnectionTrait,
    ids: Vec<ArticleId>,
) -> Result<HashMap<ArticleId, articles::Model>, Failure> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = articles::Entity::find().filter(articles::Column::Id.is_in(ids)).all(connection).await?;
    Ok(rows.into_iter().map(|article| (article.id, article)).collect())
}
