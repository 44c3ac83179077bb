//! Whether readers may comment on an article: what the article says, else what the site does. What is public is told from the
//! public row alone.

use sea_orm::EntityTrait as _;
use serde::Serialize;

use super::entity::private::comment_settings;
use super::entity::public::articles;
use crate::clock::Timestamp;
use crate::config::Config;
use crate::db::WriteTransaction;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::log::content_hash;
use crate::operation::Operation;

const DAY_SECONDS: i64 = 24 * 60 * 60;

/// What an article says of its comments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Commenting {
    /// They are open, until they close by themselves.
    Open,
    /// They are closed.
    Closed,
    /// What the site says.
    #[default]
    SiteDefault,
}

impl Commenting {
    /// As it stands in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Closed => "CLOSED",
            Self::SiteDefault => "SITE_DEFAULT",
        }
    }

    /// The one of this name.
    pub fn from_name(name: &str) -> Self {
        [Self::Open, Self::Closed].into_iter().find(|one| one.name() == name).unwrap_or_default()
    }
}

/// Whether readers may comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// Whether they may now.
    pub is_open: bool,
    /// When the comments close by themselves, or did; none: they don't, or are closed anyway.
    pub closes_at: Option<Timestamp>,
}

/// Whether readers may comment on an article that was published then.
pub fn opening(
    config: &Config,
    commenting: Commenting,
    close_after_days: Option<i32>,
    published_at: Timestamp,
    now: Timestamp,
) -> Opening {
    let is_open = match commenting {
        Commenting::Open => true,
        Commenting::Closed => false,
        Commenting::SiteDefault => config.comments_open,
    };
    if !is_open {
        return Opening { is_open, closes_at: None };
    }
    let days = close_after_days.map_or(i64::from(config.comments_close_after_days), i64::from);
    let closes_at = (days > 0).then(|| published_at.plus_seconds(days.saturating_mul(DAY_SECONDS)));
    Opening { is_open: closes_at.is_none_or(|moment| now < moment), closes_at }
}

impl articles::Model {
    /// Whether readers may comment on it.
    pub fn opening(&self, config: &Config, now: Timestamp) -> Opening {
        let commenting = Commenting::from_name(&self.comments);
        opening(config, commenting, self.comments_close_after_days, self.published_at, now)
    }
}

/// Why readers may not comment on a public article now; none: they may.
pub async fn closed(
    transaction: &WriteTransaction,
    op: &Operation,
    id: ArticleId,
) -> Result<Option<String>, Failure> {
    let connection = transaction.connection();
    let article = articles::Entity::find_by_id(id)
        .one(connection)
        .await?
        .ok_or_else(|| Failure::corrupt(format!("{id} is published, and is not in the public tables")))?;
    let Opening { is_open, closes_at } = article.opening(&op.store.config, op.now());
    if is_open {
        return Ok(None);
    }
    let since = match closes_at {
        Some(moment) => Some(moment),
        None if Commenting::from_name(&article.comments) == Commenting::Closed => {
            comment_settings::Entity::find_by_id(id).one(connection).await?.map(|row| row.updated_at)
        }
        None => None,
    };
    Ok(Some(match since {
        Some(moment) => format!("The comments under this article are closed since {moment}."),
        None => "Comments are closed on this site.".to_owned(),
    }))
}

/// What the log's hash of an article's comment settings covers.
#[derive(Serialize)]
struct HashedSettings<'a> {
    article: ArticleId,
    comments: &'a str,
    close_after_days: Option<i32>,
    version: i32,
}

/// The hash of an article's comment settings as the log has it.
pub(super) fn hash(row: &comment_settings::Model) -> Result<String, Failure> {
    content_hash(&HashedSettings {
        article: row.article_id,
        comments: &row.comments,
        close_after_days: row.close_after_days,
        version: row.version,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Given;

    #[test]
    fn an_article_says_it_or_else_the_site() {
        use Commenting::{Closed, Open, SiteDefault};
        let site = |open: &str, days: &str| {
            let given = [("comments_open", open), ("comments_close_after_days", days)];
            let given: Given =
                given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            Config::from_sources("", &given, &Given::new(), &Given::new()).unwrap()
        };
        let (published, day) = (Timestamp(1_000_000), DAY_SECONDS * 1_000);
        let after = |days: i64| Timestamp(published.0 + days * day);
        for (open, days, commenting, close_after, is_open_before, closes_after) in [
            ("open", "0", SiteDefault, None, true, None),
            ("closed", "0", SiteDefault, None, false, None),
            ("closed", "3", SiteDefault, Some(2), false, None),
            ("closed", "0", Open, None, true, None),
            ("open", "0", Closed, None, false, None),
            ("open", "3", SiteDefault, None, true, Some(3)),
            ("open", "3", SiteDefault, Some(5), true, Some(5)),
            ("open", "3", SiteDefault, Some(0), true, None),
            ("closed", "3", Open, None, true, Some(3)),
            ("closed", "3", Open, Some(1), true, Some(1)),
            ("open", "3", Closed, Some(5), false, None),
        ] {
            let config = site(open, days);
            let found = |now| opening(&config, commenting, close_after, published, now);
            let what = format!("{open} {days} {commenting:?} {close_after:?}");
            assert_eq!(found(published).is_open, is_open_before, "{what}");
            assert_eq!(found(published).closes_at, closes_after.map(after), "{what}");
            if let Some(closes_after) = closes_after {
                assert!(found(Timestamp(after(closes_after).0 - 1)).is_open, "{what}");
                assert!(!found(after(closes_after)).is_open, "{what}");
            }
        }
    }
}
