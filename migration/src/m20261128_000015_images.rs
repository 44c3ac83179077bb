//! Where a picture is looked at when it is cropped, what stands in its place until it is there, and
//! the words by which the library finds it.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261128_000015_images"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

// In ten-thousandths of the width, from the left, and of the height, from the top.
const SQL: &str = r#"
ALTER TABLE image_records ADD COLUMN focal_x INTEGER NOT NULL DEFAULT 5000 CHECK (focal_x BETWEEN 0 AND 10000)

ALTER TABLE image_records ADD COLUMN focal_y INTEGER NOT NULL DEFAULT 5000 CHECK (focal_y BETWEEN 0 AND 10000)

ALTER TABLE images ADD COLUMN focal_x INTEGER NOT NULL DEFAULT 5000

ALTER TABLE images ADD COLUMN focal_y INTEGER NOT NULL DEFAULT 5000

ALTER TABLE image_records ADD COLUMN thumb_hash TEXT NULL

ALTER TABLE image_records ADD COLUMN dominant_color TEXT NULL

ALTER TABLE images ADD COLUMN thumb_hash TEXT NULL

ALTER TABLE images ADD COLUMN dominant_color TEXT NULL

ALTER TABLE image_records ADD COLUMN words TEXT NOT NULL DEFAULT ''
"#;
