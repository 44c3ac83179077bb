//! The desk's tables. Public code never reads them.

/// The working copy of an article.
pub mod drafts {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{ArticleId, UserId};

    /// A row of `drafts`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "drafts")]
    pub struct Model {
        /// The article; the public row has the same id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// Whose draft it is.
        pub owner_id: UserId,
        /// A name of [`crate::article::Stage`].
        pub stage: String,
        /// What was said when it was submitted or sent back.
        pub stage_note: Option<String>,
        /// Rises with every write.
        pub version: i32,
        /// The newest revision's number.
        pub head_revision: i32,
        /// The public revision's number, while there is one.
        pub published_revision: Option<i32>,
        /// The head's title, for lists.
        pub title: String,
        /// The head's slug, for lists.
        pub slug: String,
        /// When it was first published.
        pub first_published_at: Option<Timestamp>,
        /// When it was created.
        pub created_at: Timestamp,
        /// When it was last written.
        pub updated_at: Timestamp,
        /// When it was moved to the trash, while it is there.
        pub trashed_at: Option<Timestamp>,
        /// When its content was erased: nobody finds it any more.
        pub erased_at: Option<Timestamp>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What an article says of its comments; no row where nothing was set.
pub mod comment_settings {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::ArticleId;

    /// A row of `comment_settings`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "comment_settings")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// A name of [`crate::article::commenting::Commenting`].
        pub comments: String,
        /// Days after the publication when they close: 0 never; none: as the site says.
        pub close_after_days: Option<i32>,
        /// Rises with every change.
        pub version: i32,
        /// When it last changed.
        pub updated_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// One immutable saved version of an article's whole content.
pub mod revisions {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{ArticleId, UserId};

    /// A row of `revisions`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "revisions")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
        /// From 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub number: i32,
        /// The draft's version that it was saved as.
        pub version: i32,
        /// The exact canonical JSON that was hashed.
        pub content: String,
        /// SHA-256 of `content`, hexadecimal.
        pub hash: String,
        /// Who saved it.
        pub actor_id: UserId,
        /// What they said about it.
        pub note: Option<String>,
        /// When.
        pub created_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What of the library articles use, in their newest revision or in their public one.
pub mod uses {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::id::ArticleId;

    /// A row of `uses`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "uses")]
    pub struct Model {
        /// An author, a tag, a category or an image.
        #[sea_orm(primary_key, auto_increment = false)]
        pub thing_id: Uuid,
        /// Which article uses it.
        #[sea_orm(primary_key, auto_increment = false)]
        pub article_id: ArticleId,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Slugs that articles have reserved, from the first save on.
pub mod slug_history {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::ArticleId;

    /// A row of `slug_history`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "slug_history")]
    pub struct Model {
        /// Unique over all articles.
        #[sea_orm(primary_key, auto_increment = false)]
        pub slug: String,
        /// Whose.
        pub article_id: ArticleId,
        /// Whether the article was public under it.
        pub was_published: bool,
        /// When it was reserved.
        pub created_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
