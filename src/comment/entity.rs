//! The tables of comments.

/// What moderators see.
pub mod comment_records {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{ArticleId, CommentId, UserId};

    /// A row of `comment_records`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "comment_records")]
    pub struct Model {
        /// Its id; the public row's too.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CommentId,
        /// Under which article.
        pub article_id: ArticleId,
        /// In reply to which comment.
        pub parent_id: Option<CommentId>,
        /// What the reader calls themselves.
        pub author_name: String,
        /// Never public.
        pub author_email: String,
        /// Markdown without pictures.
        pub body: String,
        /// A name of [`crate::comment::read::Status`].
        pub status: String,
        /// Rises with every change.
        pub version: i32,
        /// Makes its hashes in the log unguessable.
        pub salt: String,
        /// When it was sent.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
        /// When what it said was erased.
        pub erased_at: Option<Timestamp>,
        /// Which user wrote it; none: a reader.
        pub staff_id: Option<UserId>,
        /// Whether that user owned the article when they wrote it.
        pub is_by_article_author: bool,
        /// Why it was held: names of [`crate::comment::hold::HoldReason`], separated by spaces.
        pub held_for: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the public sees: approved comments of published articles.
pub mod comments {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{ArticleId, CommentId};

    /// A row of `comments`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "comments")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CommentId,
        /// Under which article.
        pub article_id: ArticleId,
        /// In reply to which comment.
        pub parent_id: Option<CommentId>,
        /// What the reader calls themselves; blank once it was removed and has replies.
        pub author_name: String,
        /// Markdown; none once it was removed and has replies.
        pub body: Option<String>,
        /// When it was sent.
        pub created_at: Timestamp,
        /// Whether somebody of the desk wrote it.
        pub is_staff: bool,
        /// Whether the article's owner wrote it.
        pub is_by_article_author: bool,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
