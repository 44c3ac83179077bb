//! The tables of accounts.

/// Who may sign in.
pub mod users {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::UserId;

    /// A row of `users`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: UserId,
        /// Lower case, unique.
        pub email: String,
        /// As colleagues know them.
        pub name: String,
        /// A name of [`crate::operation::Role`].
        pub role: String,
        /// Whether they may sign in.
        pub is_active: bool,
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

/// Password hashes: an entity of their own, so that no read of a user carries one.
pub mod credentials {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::UserId;

    /// A row of `credentials`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "credentials")]
    pub struct Model {
        /// Whose.
        #[sea_orm(primary_key, auto_increment = false)]
        pub user_id: UserId,
        /// Argon2id, in PHC form.
        pub password_hash: String,
        /// When the password was set.
        pub updated_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Sign-ins that last: one row each, prolonged by refresh tokens of which only a hash is kept.
pub mod sessions {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{SessionId, UserId};

    /// A row of `sessions`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "sessions")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: SessionId,
        /// Whose.
        pub user_id: UserId,
        /// What its refresh tokens are derived with, besides the instance's secret.
        pub salt: String,
        /// Which refresh token is good, from 1.
        pub generation: i32,
        /// SHA-256 of that token.
        pub refresh_hash: String,
        /// From where it was started.
        pub address: Option<String>,
        /// That address's network, in hexadecimal: what is counted as one place.
        pub network: Option<String>,
        /// With which program.
        pub user_agent: Option<String>,
        /// When it began.
        pub created_at: Timestamp,
        /// When it was last prolonged.
        pub refreshed_at: Timestamp,
        /// When it ends unless prolonged.
        pub expires_at: Timestamp,
        /// When it was ended.
        pub ended_at: Option<Timestamp>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The public ids of the keys that this instance works with.
pub mod instance_keys {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;

    /// A row of `instance_keys`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "instance_keys")]
    pub struct Model {
        /// `seal`, `token` or `secret`.
        #[sea_orm(primary_key, auto_increment = false)]
        pub purpose: String,
        /// The public id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub key_id: String,
        /// When it was first seen.
        pub created_at: Timestamp,
        /// A token key signs from then on.
        pub signs_from: Timestamp,
        /// What a token key signed is refused from then on.
        pub refused_from: Option<Timestamp>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
