//! The tables that authors, tags and categories share.

/// Slugs that things had before: they lead to the thing, and nobody else may take them. They tell nothing of a thing that isn't
/// public: who asks by a slug gets the thing from its public table.
pub mod former_slugs {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    /// A row of `former_slugs`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "former_slugs")]
    pub struct Model {
        /// A kind of subject in the log.
        #[sea_orm(primary_key, auto_increment = false)]
        pub kind: String,
        /// Unique among the kind.
        #[sea_orm(primary_key, auto_increment = false)]
        pub slug: String,
        /// Whose it was.
        pub thing_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What took the place of things that were deleted or merged. Revisions go on naming what is gone.
pub mod replacements {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    /// A row of `replacements`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "replacements")]
    pub struct Model {
        /// What is gone.
        #[sea_orm(primary_key, auto_increment = false)]
        pub thing_id: Uuid,
        /// A kind of subject in the log.
        pub kind: String,
        /// What took its place; that may be gone by now too, and have a row here.
        pub replacement_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
