//! `publishArticle`: the head revision becomes the public one, in one transaction with the log.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::checks;
use super::draft::{self, Draft, Stage};
use super::entity::private::slug_history;
use super::{projection, public, referred, resolve, revision, uses};
use crate::account::policy::act;
use crate::db::WriteTransaction;
use crate::error::{Failure, UserError, UserErrorCode};
use crate::id::ArticleId;
use crate::keys::{Keys, Purpose};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::taxonomy;

/// The conversation under an article: it stands on the article, so publishing is given it and does not know it.
pub trait Conversation {
    /// Shows the approved comments of an article that has become public; says how many.
    fn show(
        &self,
        transaction: &WriteTransaction,
        article: ArticleId,
    ) -> impl Future<Output = Result<i32, Failure>> + Send;
}

/// Publishes an article. One whose head is public already stays as it is.
pub async fn publish(
    op: &Operation,
    id: ArticleId,
    version: i32,
    conversation: &impl Conversation,
) -> Result<Draft, Failure> {
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = draft::find_for::<act::PublishArticle>(&transaction, op, id).await?;
    let is_done = !found.has_unpublished_changes();
    draft::check_version_or_repeated(&found, version, is_done)?;
    if is_done {
        return Ok((*found).clone());
    }
    let head = revision::read(transaction.connection(), id, found.head_revision)
        .await?
        .ok_or_else(|| Failure::corrupt(format!("{id} has no revision {}", found.head_revision)))?;
    let mut content = revision::content(&head)?;
    resolve::resolve(transaction.connection(), [&mut content]).await?;
    let library = referred::library(transaction.connection(), &[&content]).await?;
    let blocking: Vec<UserError> = checks::run(&content, &library)
        .into_iter()
        .filter(|finding| finding.code.is_blocking())
        .map(|finding| UserError {
            code: UserErrorCode::CheckFailed,
            message: finding.message,
            path: finding.path,
        })
        .collect();
    if !blocking.is_empty() {
        return Err(Failure::Refused(blocking));
    }

    let now = op.now();
    let published_at = found.first_published_at.unwrap_or(now);
    slug_history::Entity::update_many()
        .col_expr(slug_history::Column::WasPublished, Expr::value(true))
        .filter(slug_history::Column::Slug.eq(&content.slug))
        .filter(slug_history::Column::ArticleId.eq(id))
        .exec(transaction.connection())
        .await?;
    let tree = taxonomy::read::tree(transaction.connection()).await?;
    let public::Written { touched: mut tags, is_new, slugs } =
        public::write(&transaction, id, projection::project(&content, &tree), published_at, now).await?;
    if found.is_published() {
        uses::keep(&transaction, id, &uses::of(&content)).await?;
    }
    if is_new {
        let comments = conversation.show(&transaction, id).await?;
        public::count_comments(&transaction, id, comments).await?;
    }
    let changed = Draft {
        stage: Stage::Writing.name().to_owned(),
        stage_note: None,
        published_revision: Some(found.head_revision),
        first_published_at: Some(published_at),
        updated_at: now,
        ..(*found).clone()
    };
    let written = draft::write(&transaction, &found, changed).await?;
    // Where it was not public, its former slugs lead nowhere either until now.
    let appearing = slugs.iter().filter(|slug| is_new || **slug == content.slug);
    tags.extend(appearing.map(|slug| slug_tag(&op.store.keys, slug)));
    let change = NewChange::new(Action::ArticlePublished, SubjectType::Article, id)
        .revision(head.number, head.hash)
        .tags(tags);
    save(transaction, op, change).await?;
    Ok(written)
}

/// The cache tag of a slug. It tells the slug to nobody without the instance's keys: a title's words stand in it, and the log
/// keeps its tags also when the article is erased.
pub(super) fn slug_tag(keys: &Keys, slug: &str) -> String {
    format!("slug:{}", hex::encode(keys.mac(Purpose::SlugTag, &[slug.as_bytes()])))
}
