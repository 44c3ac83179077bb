//! Erasing an article by order of the law, at the command line: it leaves the site and the desk, and every revision's content is
//! replaced by a tombstone that the log signs. The revisions' hashes stay, as the log names them; each was salted by the
//! content that is gone, so nothing can be guessed from them.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QuerySelect as _};
use serde::Serialize;

use super::draft::{self, Draft, Stage};
use super::entity::private::{drafts, revisions, slug_history};
use super::{public, revision, uses};
use crate::account::policy::{self, act};
use crate::clock::Timestamp;
use crate::error::Failure;
use crate::id::{ArticleId, GlobalId as _};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// What stands in the place of an erased content.
#[derive(Serialize)]
struct Tombstone {
    article: ArticleId,
    erased_at: Timestamp,
}

/// The tombstone's canonical bytes.
pub(super) fn tombstone(article: ArticleId, erased_at: Timestamp) -> Result<String, Failure> {
    Ok(serde_json_canonicalizer::to_string(&Tombstone { article, erased_at })?)
}

/// What stands in the place of an erased article's slug.
pub(super) fn slug_of_erased(article: ArticleId) -> String {
    format!("erased-{}", article.uuid().simple())
}

/// Erases an article. One that was erased already stays so.
pub async fn erase(op: &Operation, id: ArticleId) -> Result<Draft, Failure> {
    let erased = erase_rows(op, id).await?;
    op.forget().await;
    Ok(erased)
}

async fn erase_rows(op: &Operation, id: ArticleId) -> Result<Draft, Failure> {
    policy::may_ever::<act::EraseArticle>(op)?;
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let found = drafts::Entity::find_by_id(id).lock_exclusive().one(connection).await?;
    let found = policy::allow::<act::EraseArticle, Draft>(op, found.ok_or_else(draft::not_found)?)?;
    if found.erased_at.is_some() {
        return Ok((*found).clone());
    }
    let tags =
        if found.is_published() { public::remove(&transaction, id).await? } else { Default::default() };
    transaction.renew_search_index().await?;
    uses::keep(&transaction, id, &Default::default()).await?;
    let now = op.now();
    let tombstone = tombstone(id, now)?;
    revisions::Entity::update_many()
        .col_expr(revisions::Column::Content, Expr::value(&tombstone))
        .col_expr(revisions::Column::Note, Expr::value(None::<String>))
        .filter(revisions::Column::ArticleId.eq(id))
        .exec(connection)
        .await?;
    slug_history::Entity::delete_many()
        .filter(slug_history::Column::ArticleId.eq(id))
        .exec(connection)
        .await?;
    let changed = Draft {
        stage: Stage::Writing.name().to_owned(),
        stage_note: None,
        published_revision: None,
        title: String::new(),
        slug: slug_of_erased(id),
        updated_at: now,
        erased_at: Some(now),
        ..(*found).clone()
    };
    let written = draft::write(&transaction, &found, changed).await?;
    let change = NewChange::new(Action::ArticleErased, SubjectType::Article, id)
        .hash(revision::hash(&tombstone))
        .tags(tags);
    save(transaction, op, change).await?;
    Ok(written)
}
