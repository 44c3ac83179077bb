//! The tables of categories and tags.

/// The tree of subjects: the site's structure, always public.
pub mod categories {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::CategoryId;

    /// A row of `categories`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "categories")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: CategoryId,
        /// Unique.
        pub slug: String,
        /// As readers see it.
        pub name: String,
        /// What it is about.
        pub description: Option<String>,
        /// The one above it.
        pub parent_id: Option<CategoryId>,
        /// Its place among its siblings, from 1.
        pub position: i32,
        /// Public articles in it and below it.
        pub article_count: i32,
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

/// Tags as editors see them.
pub mod tag_records {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::TagId;

    /// A row of `tag_records`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "tag_records")]
    pub struct Model {
        /// Its id; the public row's too.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TagId,
        /// Unique.
        pub slug: String,
        /// As readers see it.
        pub name: String,
        /// The name, folded for sorting.
        pub sort_name: String,
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

/// Tags as the public sees them: those that a public article has.
pub mod tags {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::id::TagId;

    /// A row of `tags`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "tags")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: TagId,
        /// Unique.
        pub slug: String,
        /// As readers see it.
        pub name: String,
        /// The name, folded for sorting.
        pub sort_name: String,
        /// Public articles that have it.
        pub article_count: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
