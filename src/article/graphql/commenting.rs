//! In the schema: whether readers may comment on an article.

use async_graphql::{Enum, ID, InputObject, SimpleObject};

use crate::article::commenting::Commenting;
use crate::article::entity::private::comment_settings;
use crate::article::set_comments::Settings;
use crate::error::Failure;
use crate::graphql::ids;
use crate::id::ArticleId;

/// What an article says of its comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Commenting")]
pub enum CommentsPolicy {
    /// They are open, until they close by themselves.
    Open,
    /// They are closed.
    Closed,
    /// What the site says.
    SiteDefault,
}

/// What an article says of its comments. It is no part of the content: what is set counts at once.
#[derive(SimpleObject)]
pub struct CommentSettings {
    /// Whether they are open.
    comments: CommentsPolicy,
    /// Days after the first publication when they close; 0: never; null: as the site says.
    close_after_days: Option<i32>,
    /// Rises with every change of these settings, 0 where they were never set; `setArticleComments` names the one that it was
    /// made from.
    version: i32,
}

impl CommentSettings {
    /// As the row says; without one, what holds where nothing was set.
    pub fn of(row: Option<&comment_settings::Model>) -> Self {
        Self {
            comments: row.map(|row| Commenting::from_name(&row.comments)).unwrap_or_default().into(),
            close_after_days: row.and_then(|row| row.close_after_days),
            version: row.map_or(0, |row| row.version),
        }
    }
}

/// What becomes of an article's comments.
#[derive(InputObject)]
pub struct SetArticleCommentsInput {
    /// Which article.
    article_id: ID,
    /// The version of its comment settings, as it was seen; 0 where they were never set.
    version: i32,
    /// Whether they are open.
    comments: CommentsPolicy,
    /// Days after the first publication when they close; 0: never; null or absent: as the site says.
    close_after_days: Option<i32>,
}

impl SetArticleCommentsInput {
    /// Which article, from which version of its settings, and what to set.
    pub fn parse(self) -> Result<(ArticleId, i32, Settings), Failure> {
        let Self { article_id, version, comments, close_after_days } = self;
        let id = ids::parse(&article_id, &["input", "articleId"])?;
        Ok((id, version, Settings { commenting: comments.into(), close_after_days }))
    }
}
