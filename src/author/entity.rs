//! The tables of authors.

/// What editors see and edit.
pub mod author_records {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{AuthorId, ImageId};

    /// A row of `author_records`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "author_records")]
    pub struct Model {
        /// Its id; the public row's too.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AuthorId,
        /// Unique.
        pub slug: String,
        /// As in the byline.
        pub name: String,
        /// The name, folded for sorting.
        pub sort_name: String,
        /// Markdown.
        pub bio: Option<String>,
        /// Their portrait.
        pub portrait_image_id: Option<ImageId>,
        /// Where else they are found: a list as canonical JSON.
        pub links: String,
        /// Whether they are public without an article: on the masthead.
        pub is_listed: bool,
        /// Rises with every change.
        pub version: i32,
        /// Makes its hashes in the log unguessable.
        pub salt: String,
        /// When it was added.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the public sees, while a public article credits them or an editor lists them.
pub mod authors {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::id::{AuthorId, ImageId};

    /// A row of `authors`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "authors")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: AuthorId,
        /// Unique.
        pub slug: String,
        /// As in the byline.
        pub name: String,
        /// The name, folded for sorting.
        pub sort_name: String,
        /// Markdown.
        pub bio: Option<String>,
        /// Their portrait.
        pub portrait_image_id: Option<ImageId>,
        /// Where else they are found: a list as canonical JSON.
        pub links: String,
        /// How many public articles credit them.
        pub article_count: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
