//! Compares what articles say of their comments with the log, and what the public sees of it with that.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::Articles;
use crate::article::commenting::{Commenting, hash};
use crate::article::entity::private::comment_settings;
use crate::article::entity::public::articles;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::log::check::{Check, Problem};

/// Compares these articles.
pub(super) async fn compare(check: &mut Check<'_>, expected: &Articles) -> Result<(), Failure> {
    let ids: Vec<Uuid> = expected.keys().copied().collect();
    let connection = check.snapshot.connection();
    let rows = comment_settings::Entity::find()
        .filter(comment_settings::Column::ArticleId.is_in(ids.clone()))
        .all(connection)
        .await?;
    let settings: HashMap<Uuid, comment_settings::Model> =
        rows.into_iter().map(|row| (row.article_id.0, row)).collect();
    let rows = articles::Entity::find().filter(articles::Column::Id.is_in(ids)).all(connection).await?;
    let public: HashMap<Uuid, articles::Model> =
        rows.into_iter().map(|article| (article.id.0, article)).collect();
    for (id, expected) in expected {
        let told = &expected.comments;
        let problem = |field: &str, message: &str| {
            Problem::new(ArticleId(*id), field, message).since(told.last.or(expected.last))
        };
        let row = settings.get(id);
        match (row, told.last) {
            (Some(row), Some(last)) => {
                let is_told = told.hash.as_ref() == Some(&hash(row)?);
                check.compare(
                    &problem("", "is not what was last set"),
                    &[
                        ("commentSettings", is_told && row.version == told.times),
                        ("commentSettings.updatedAt", row.updated_at == last.at),
                    ],
                );
            }
            (Some(_), None) => {
                check.found(problem("commentSettings", "are there, and the log has no entry that set them"));
            }
            (None, Some(_)) => {
                check.found(problem("commentSettings", "are in the log, and their row is missing"));
            }
            (None, None) => {}
        }
        let Some(article) = public.get(id) else { continue };
        let comments = row.map_or(Commenting::SiteDefault.name(), |row| row.comments.as_str());
        let close_after_days = row.and_then(|row| row.close_after_days);
        check.compare(
            &problem("", "the public table differs from what was set"),
            &[
                ("comments", article.comments == comments),
                ("commentsCloseAfterDays", article.comments_close_after_days == close_after_days),
            ],
        );
    }
    Ok(())
}
