//! By which it is found whether a file in the store of pictures belongs to an image.

use sea_orm_migration::prelude::*;

use crate::dialect;

/// See the file's head.
pub struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m20261128_000017_media"
    }
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        dialect::run(manager, SQL).await
    }
}

const SQL: &str = r#"
CREATE INDEX image_records_by_original ON image_records (original_hash)

CREATE INDEX image_records_by_rendition ON image_records (rendition_hash)
"#;
