//! A draft: finding it for an action, and the steps that every save shares. Lists: [`super::drafts`].

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, LockType, OnConflict};
use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _};

use super::content::Content;
use super::entity::private::{comment_settings, drafts, slug_history};
use super::{resolve, revision};
use crate::account::policy::{self, Act, Action, Allowed, DraftState, Owned};
use crate::db::{Snapshot, WriteTransaction};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::{ArticleId, UserId};
use crate::operation::{Operation, Viewer};
use crate::text::slug;

pub use drafts::Model as Draft;

/// Where a draft stands on the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Being written.
    Writing,
    /// Handed in.
    InReview,
}

impl Stage {
    /// As it stands in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Writing => "WRITING",
            Self::InReview => "IN_REVIEW",
        }
    }
}

impl Draft {
    /// Where it stands on the desk.
    pub fn stage(&self) -> Stage {
        if self.stage == Stage::InReview.name() { Stage::InReview } else { Stage::Writing }
    }

    /// Whether a revision of it is public.
    pub fn is_published(&self) -> bool {
        self.published_revision.is_some()
    }

    /// Whether the newest revision is not the public one.
    pub fn has_unpublished_changes(&self) -> bool {
        self.published_revision != Some(self.head_revision)
    }

    /// What of its state the policy asks.
    pub fn state(&self) -> DraftState {
        DraftState {
            is_in_review: self.stage() == Stage::InReview,
            is_published: self.is_published(),
            has_unpublished_changes: self.has_unpublished_changes(),
            is_trashed: self.trashed_at.is_some(),
        }
    }
}

impl Owned for Draft {
    fn owner(&self) -> UserId {
        self.owner_id
    }
}

/// Finds a draft for an action, inside the transaction, locked to its end. What the viewer may not see is not found; what is
/// in the trash is there for nothing but being taken out.
pub async fn find_for<A: Act>(
    transaction: &WriteTransaction,
    op: &Operation,
    id: ArticleId,
) -> Result<Allowed<A, Draft>, Failure> {
    policy::signed_in(op)?;
    let found = drafts::Entity::find_by_id(id).lock_exclusive().one(transaction.connection()).await?;
    let Some(draft) = found.filter(|draft| is_seen(draft, op.viewer)) else { return Err(not_found()) };
    let state = draft.state();
    let allowed = policy::allow::<A, Draft>(op, draft)?;
    match policy::bar(A::ACTION, state) {
        Some(reason) if state.is_trashed && A::ACTION != Action::TrashArticle => {
            Err(Failure::refused(UserErrorCode::WrongState, &[], reason))
        }
        _ => Ok(allowed),
    }
}

/// Whether a viewer sees a draft at all. Nobody sees one whose content was erased.
pub(super) fn is_seen(draft: &Draft, viewer: Viewer) -> bool {
    draft.erased_at.is_none() && policy::may(viewer, Action::ReadDraft, draft.owner_id)
}

/// That there is no such article, or none that the viewer may see.
pub fn not_found() -> Failure {
    Failure::refused(
        UserErrorCode::NotFound,
        &["input", "articleId"],
        "There is no such article on your desk.",
    )
}

/// Refuses an edit that was made from another version.
pub fn check_version(draft: &Draft, given: i32) -> Result<(), Failure> {
    if draft.version == given { Ok(()) } else { Err(conflict(given)) }
}

/// The same for a transition that may be repeated: one that brought about the draft as it stands was made from the version
/// before, and its answer may have been lost.
pub(super) fn check_version_or_repeated(draft: &Draft, given: i32, is_done: bool) -> Result<(), Failure> {
    if is_done && draft.version == given.saturating_add(1) { Ok(()) } else { check_version(draft, given) }
}

/// That the draft has gone on since.
pub(super) fn conflict(given: i32) -> Failure {
    let message = format!(
        "The article has changed since version {given}. Merge with the current draft and save with its version."
    );
    Failure::refused(UserErrorCode::Conflict, &["input", "version"], message)
}

/// Writes a draft's columns and raises its version, if it still has the version that was found.
pub(super) async fn write<A>(
    transaction: &WriteTransaction,
    found: &Allowed<A, Draft>,
    changed: Draft,
) -> Result<Draft, Failure> {
    let Draft {
        article_id,
        owner_id,
        stage,
        stage_note,
        version: _,
        head_revision,
        published_revision,
        title,
        slug,
        first_published_at,
        created_at: _,
        updated_at,
        trashed_at,
        erased_at,
    } = changed.clone();
    let written = drafts::Entity::update_many()
        .col_expr(drafts::Column::OwnerId, Expr::value(owner_id))
        .col_expr(drafts::Column::Stage, Expr::value(stage))
        .col_expr(drafts::Column::StageNote, Expr::value(stage_note))
        .col_expr(drafts::Column::Version, Expr::value(found.version + 1))
        .col_expr(drafts::Column::HeadRevision, Expr::value(head_revision))
        .col_expr(drafts::Column::PublishedRevision, Expr::value(published_revision))
        .col_expr(drafts::Column::Title, Expr::value(title))
        .col_expr(drafts::Column::Slug, Expr::value(slug))
        .col_expr(drafts::Column::FirstPublishedAt, Expr::value(first_published_at))
        .col_expr(drafts::Column::UpdatedAt, Expr::value(updated_at))
        .col_expr(drafts::Column::TrashedAt, Expr::value(trashed_at))
        .col_expr(drafts::Column::ErasedAt, Expr::value(erased_at))
        .filter(drafts::Column::ArticleId.eq(article_id))
        .filter(drafts::Column::Version.eq(found.version))
        .exec(transaction.connection())
        .await?;
    if written.rows_affected == 0 {
        return Err(conflict(found.version));
    }
    Ok(Draft { version: found.version + 1, ..changed })
}

/// Reserves the slug for the article: one that was given must be free, one that is derived takes the next free number.
pub(super) async fn reserve_slug(
    transaction: &WriteTransaction,
    op: &Operation,
    article: ArticleId,
    wanted: &str,
    is_given: bool,
    problems: &mut Problems,
) -> Result<String, Failure> {
    let connection = transaction.connection();
    loop {
        let slug = if is_given {
            wanted.to_owned()
        } else {
            let candidates =
                slug::candidates(if wanted.is_empty() { "article" } else { wanted }, &op.random_hex::<4>());
            let taken = slugs_of_others(connection, article, candidates.clone()).await?;
            slug::first_free(candidates, &taken)
        };
        slug_history::Entity::insert(slug_history::ActiveModel {
            slug: Set(slug.clone()),
            article_id: Set(article),
            was_published: Set(false),
            created_at: Set(op.now()),
        })
        .on_conflict(OnConflict::column(slug_history::Column::Slug).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
        // Two nodes may have found it free at once; the row says who was first. The other derives the next.
        let is_ours = slugs_of_others(connection, article, vec![slug.clone()]).await?.is_empty();
        if !is_ours && is_given {
            problems.add(
                UserErrorCode::Taken,
                &["input", "slug"],
                "Another article has or had this slug. Choose another.",
            );
        }
        if is_ours || is_given {
            return Ok(slug);
        }
    }
}

async fn slugs_of_others(
    connection: &impl ConnectionTrait,
    article: ArticleId,
    slugs: Vec<String>,
) -> Result<HashSet<String>, Failure> {
    let rows = slug_history::Entity::find()
        .filter(slug_history::Column::Slug.is_in(slugs))
        .filter(slug_history::Column::ArticleId.ne(article))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.slug).collect())
}

/// The head's content of a draft that was found.
pub(super) async fn head<A>(
    transaction: &WriteTransaction,
    draft: &Allowed<A, Draft>,
) -> Result<Content, Failure> {
    let revision =
        revision::read(transaction.connection(), draft.article_id, draft.head_revision).await?.ok_or_else(
            || Failure::corrupt(format!("{} has no revision {}", draft.article_id, draft.head_revision)),
        )?;
    let mut content = revision::content(&revision)?;
    resolve::resolve(transaction.connection(), [&mut content]).await?;
    Ok(content)
}

/// A draft that the viewer may read.
pub async fn read(snapshot: &Snapshot, viewer: Viewer, id: ArticleId) -> Result<Option<Draft>, Failure> {
    let found = drafts::Entity::find_by_id(id).one(snapshot.connection()).await?;
    Ok(found.filter(|draft| is_seen(draft, viewer)))
}

/// What these articles say of their comments, as far as something was set.
pub async fn comment_settings(
    snapshot: &Snapshot,
    ids: Vec<ArticleId>,
) -> Result<HashMap<ArticleId, comment_settings::Model>, Failure> {
    let these = comment_settings::Column::ArticleId.is_in(ids);
    let rows = comment_settings::Entity::find().filter(these).all(snapshot.connection()).await?;
    Ok(rows.into_iter().map(|row| (row.article_id, row)).collect())
}

/// Whose an article is, and whether it is public: what the comment room asks.
pub async fn owner(
    connection: &impl ConnectionTrait,
    id: ArticleId,
) -> Result<Option<(UserId, bool)>, Failure> {
    let found = drafts::Entity::find_by_id(id).one(connection).await?;
    Ok(found.map(|draft| (draft.owner_id, draft.is_published())))
}

/// Whether an article is public, and will be until the transaction ends: nobody takes it down or erases it meanwhile.
pub async fn stays_public(transaction: &WriteTransaction, id: ArticleId) -> Result<bool, Failure> {
    let found = drafts::Entity::find_by_id(id).lock(LockType::Share).one(transaction.connection()).await?;
    Ok(found.is_some_and(|draft| draft.is_published()))
}

/// Which revision is public of each of these articles that is.
pub(super) async fn published_revisions(
    connection: &impl ConnectionTrait,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, i32)>, Failure> {
    let rows = drafts::Entity::find()
        .filter(drafts::Column::ArticleId.is_in(ids.iter().copied()))
        .all(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|draft| Some((draft.article_id, draft.published_revision?))).collect())
}

/// The ids of the articles that a user owns: a subquery for lists of what belongs to them.
pub fn owned_by(user: UserId) -> sea_orm::sea_query::SelectStatement {
    sea_orm::sea_query::Query::select()
        .column(drafts::Column::ArticleId)
        .from(drafts::Entity)
        .and_where(Expr::col(drafts::Column::OwnerId).eq(user.0))
        .to_owned()
}
