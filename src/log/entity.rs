//! The log's tables.

/// One entry: columns repeat what queries need; the exact signed bytes are `entry`.
pub mod changes {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::UserId;

    /// A row of `changes`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "changes")]
    pub struct Model {
        /// From 1, without a gap.
        #[sea_orm(primary_key, auto_increment = false)]
        pub sequence: i64,
        /// When.
        pub at: Timestamp,
        /// The user who did it; none for the public and the operator.
        pub actor_id: Option<UserId>,
        /// What was done: a name of [`crate::log::Action`].
        pub action: String,
        /// A name of [`crate::log::SubjectType`].
        pub subject_type: String,
        /// To what.
        pub subject_id: Uuid,
        /// The canonical JSON (RFC 8785) that was hashed.
        pub entry: String,
        /// SHA-256 of `entry`, hexadecimal.
        pub hash: String,
        /// The key that signed.
        pub key_id: String,
        /// Ed25519 over `hash`, hexadecimal.
        pub signature: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The last entry's number and hash, in one row; locking it puts appending in order.
pub mod log_head {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    /// The row of `log_head`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "log_head")]
    pub struct Model {
        /// Always 1.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: i32,
        /// The last entry's number; 0 before the first.
        pub sequence: i64,
        /// The last entry's hash; empty before the first.
        pub hash: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
