//! Lists of drafts.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, Select};
use uuid::Uuid;

use super::draft::{Draft, Stage};
use super::entity::private::drafts;
use super::uses;
use crate::account::policy::{self, Action, Reach};
use crate::db::Snapshot;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::error::Failure;
use crate::id::UserId;
use crate::operation::Viewer;

/// Which drafts a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DraftFilter {
    /// Only those at this stage.
    pub stage: Option<Stage>,
    /// Only those of this owner.
    pub owner: Option<UserId>,
    /// Only those that are public, or only those that aren't.
    pub is_published: Option<bool>,
    /// Those in the trash, instead of those that aren't.
    pub is_trashed: bool,
    /// Only those that use this of the library.
    pub uses: Option<Uuid>,
}

/// A page of the drafts that the viewer may read, last written first.
pub async fn list(
    snapshot: &Snapshot,
    viewer: Viewer,
    filter: &DraftFilter,
    window: &Window,
) -> Result<Page<Draft>, Failure> {
    let Some(query) = filtered(viewer, filter) else { return Ok(Page::default()) };
    let few = match filter.uses {
        Some(thing) => uses::few(snapshot, thing).await?,
        None => None,
    };
    let query = match few {
        Some(articles) => query.filter(drafts::Column::ArticleId.is_in(articles)),
        None => query,
    };
    let sorting =
        Sorting::new(Expr::col(drafts::Column::UpdatedAt), Expr::col(drafts::Column::ArticleId), true);
    keyset::fetch(snapshot, query, &sorting, window).await
}

/// How many drafts the viewer may read, up to one more than `most`.
pub async fn count(
    snapshot: &Snapshot,
    viewer: Viewer,
    filter: &DraftFilter,
    most: u64,
) -> Result<u64, Failure> {
    match filtered(viewer, filter) {
        Some(query) => keyset::count(snapshot, query, most).await,
        None => Ok(0),
    }
}

fn filtered(viewer: Viewer, filter: &DraftFilter) -> Option<Select<drafts::Entity>> {
    let DraftFilter { stage, owner, is_published, is_trashed, uses } = filter;
    let trashed_at = drafts::Column::TrashedAt;
    let in_place = if *is_trashed { trashed_at.is_not_null() } else { trashed_at.is_null() };
    let mut query = drafts::Entity::find().filter(in_place).filter(drafts::Column::ErasedAt.is_null());
    match policy::reach_of(viewer, Action::ReadDraft) {
        Reach::Any => {}
        Reach::Own => query = query.filter(drafts::Column::OwnerId.eq(viewer.user_id()?)),
        Reach::None => return None,
    }
    if let Some(stage) = stage {
        query = query.filter(drafts::Column::Stage.eq(stage.name()));
    }
    if let Some(owner) = owner {
        query = query.filter(drafts::Column::OwnerId.eq(*owner));
    }
    match is_published {
        Some(true) => query = query.filter(drafts::Column::PublishedRevision.is_not_null()),
        Some(false) => query = query.filter(drafts::Column::PublishedRevision.is_null()),
        None => {}
    }
    if let Some(thing) = uses {
        query = query.filter(drafts::Column::ArticleId.in_subquery(uses::users(*thing)));
    }
    Some(query)
}
