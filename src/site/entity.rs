//! The table of redirects.

/// Redirects that editors set by hand: public.
pub mod redirects {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::RedirectId;

    /// A row of `redirects`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "redirects")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: RedirectId,
        /// From where: a path on the site in its canonical form. Unique.
        pub from_path: String,
        /// Where to: a path on the site, or an address elsewhere.
        pub target: String,
        /// The HTTP status: 301, 302, 307 or 308.
        pub status: i32,
        /// Rises with every change.
        pub version: i32,
        /// Makes its hashes in the log unguessable.
        pub salt: String,
        /// When it was set.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
