//! `setArticleComments`: whether readers may comment on an article, and for how long. It is no part of the article's content:
//! it counts at once, whatever is published, and leaves the draft's version alone.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, QueryFilter as _};

use super::commenting::{self, Commenting};
use super::draft::{self, Draft};
use super::entity::private::comment_settings;
use super::entity::public::articles;
use crate::account::policy::act;
use crate::error::{Failure, UserErrorCode};
use crate::id::ArticleId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// Most days after which comments close.
const MOST_DAYS: i32 = 36_500;

/// What becomes of an article's comments, made from this version of its comment settings: 0 where they were never set.
pub struct Settings {
    /// Whether they are open.
    pub commenting: Commenting,
    /// Days after the publication when they close: 0 never; none: as the site says.
    pub close_after_days: Option<i32>,
}

/// Sets whether readers may comment. What is set already stays so.
pub async fn set_comments(
    op: &Operation,
    id: ArticleId,
    version: i32,
    settings: Settings,
) -> Result<Draft, Failure> {
    let Settings { commenting, close_after_days } = settings;
    if close_after_days.is_some_and(|days| !(0..=MOST_DAYS).contains(&days)) {
        let message = format!("Give a number of days from 0 (never) to {MOST_DAYS}.");
        return Err(Failure::refused(UserErrorCode::Invalid, &["input", "closeAfterDays"], message));
    }
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let found = draft::find_for::<act::SetArticleComments>(&transaction, op, id).await?;
    let connection = transaction.connection();
    let before = comment_settings::Entity::find_by_id(id).one(connection).await?;
    let (had, current) = match &before {
        Some(row) => ((Commenting::from_name(&row.comments), row.close_after_days), row.version),
        None => ((Commenting::SiteDefault, None), 0),
    };
    let is_done = had == (commenting, close_after_days);
    // One that is repeated was made from the version before: its answer may have been lost.
    if version != current && !(is_done && version.saturating_add(1) == current) {
        let message = format!(
            "The article's comment settings have changed since version {version}. Look at the current ones and set them again."
        );
        return Err(Failure::refused(UserErrorCode::Conflict, &["input", "version"], message));
    }
    if is_done {
        return Ok((*found).clone());
    }
    let changed = comment_settings::ActiveModel {
        article_id: Set(id),
        comments: Set(commenting.name().to_owned()),
        close_after_days: Set(close_after_days),
        version: Set(current + 1),
        updated_at: Set(op.now()),
    };
    let row = match before {
        Some(_) => changed.update(connection).await?,
        None => changed.insert(connection).await?,
    };
    articles::Entity::update_many()
        .col_expr(articles::Column::Comments, Expr::value(commenting.name()))
        .col_expr(articles::Column::CommentsCloseAfterDays, Expr::value(close_after_days))
        .filter(articles::Column::Id.eq(id))
        .exec(connection)
        .await?;
    let change = NewChange::new(Action::ArticleCommentsSet, SubjectType::Article, id)
        .hash(commenting::hash(&row)?)
        .detail(commenting.name());
    save(transaction, op, change).await?;
    Ok((*found).clone())
}
