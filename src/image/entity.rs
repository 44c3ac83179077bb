//! The tables of images.

/// What editors see and edit.
pub mod image_records {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::clock::Timestamp;
    use crate::id::{ImageId, UserId};

    /// A row of `image_records`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "image_records")]
    pub struct Model {
        /// Its id; the public row's too.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ImageId,
        /// What it shows.
        pub alt: String,
        /// Caption where a place gives none.
        pub caption: Option<String>,
        /// Who made it.
        pub credit: Option<String>,
        /// The uploaded file's name.
        pub file_name: String,
        /// SHA-256 of the uploaded file.
        pub original_hash: String,
        /// The uploaded file's type.
        pub original_mime_type: String,
        /// The uploaded file's size.
        pub original_bytes: i64,
        /// SHA-256 of the rendition that may be public.
        pub rendition_hash: String,
        /// The rendition's type.
        pub mime_type: String,
        /// The rendition's width in pixels.
        pub width: i32,
        /// The rendition's height in pixels.
        pub height: i32,
        /// What must stay in sight when it is cropped: ten-thousandths of the width, from the left.
        pub focal_x: i32,
        /// The same of the height, from the top.
        pub focal_y: i32,
        /// What stands in its place until it is there: ThumbHash in base64. Images of before have none.
        pub thumb_hash: Option<String>,
        /// The same, as one color: `#rrggbb`.
        pub dominant_color: Option<String>,
        /// By which the library finds it: folded, from its texts and its file's name.
        pub words: String,
        /// Who uploaded it.
        pub uploader_id: UserId,
        /// Rises with every change.
        pub version: i32,
        /// Makes its hashes in the log unguessable.
        pub salt: String,
        /// When it was uploaded.
        pub created_at: Timestamp,
        /// When it last changed.
        pub updated_at: Timestamp,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What the public sees, while something public shows it.
pub mod images {
    use sea_orm::entity::prelude::*;
    use serde::Deserialize;

    use crate::id::ImageId;

    /// A row of `images`.
    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
    #[sea_orm(table_name = "images")]
    pub struct Model {
        /// Its id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: ImageId,
        /// What it shows.
        pub alt: String,
        /// Caption where a place gives none.
        pub caption: Option<String>,
        /// Who made it.
        pub credit: Option<String>,
        /// SHA-256 of the file.
        pub rendition_hash: String,
        /// The file's type.
        pub mime_type: String,
        /// Pixels.
        pub width: i32,
        /// Pixels.
        pub height: i32,
        /// What must stay in sight when it is cropped: ten-thousandths of the width, from the left.
        pub focal_x: i32,
        /// The same of the height, from the top.
        pub focal_y: i32,
        /// What stands in its place until it is there: ThumbHash in base64. Images of before have none.
        pub thumb_hash: Option<String>,
        /// The same, as one color: `#rrggbb`.
        pub dominant_color: Option<String>,
        /// How many public things show it: articles, and portraits of authors.
        pub reference_count: i32,
    }

    impl ActiveModelBehavior for ActiveModel {}
}
