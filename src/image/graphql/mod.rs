//! Images in the schema.
#![allow(clippy::disallowed_types, reason = "MergedObject's derive names async-graphql's error")]

mod library;
mod mutations;
mod shown;

use std::sync::Arc;

use async_graphql::{Context, ID, MergedObject, Object, OneofObject};

pub use library::{ImageViewer, LibraryImage};
pub use mutations::{ImageMutation, SpooledFile, Uploads};
use shown::Shown;

use super::entity::images;
use super::{address, memory};
use crate::error::Failure;
use crate::graphql::at_hand::{AtHand, Reading};
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::{ids, operation};
use crate::operation::Store;
use crate::text::markdown::Picture;

/// A picture that something public shows.
pub type ImageObject = AtHand<ImageFields>;

/// A picture that something public shows.
#[derive(Clone, MergedObject)]
#[graphql(name = "Image")]
pub struct ImageFields(Shown);

impl Reading for ImageFields {
    fn write(&self, field: &Context<'_>, to: &mut Vec<u8>) -> bool {
        self.0.write(field, to)
    }
}

impl ImageObject {
    /// Wraps a row.
    pub fn new(row: &images::Model, store: &Arc<Store>) -> Self {
        Self(ImageFields(Shown::public(row, store)))
    }

    /// Its own caption.
    pub fn own_caption(&self) -> Option<&str> {
        self.0.0.own_caption()
    }

    /// Its own credit.
    pub fn own_credit(&self) -> Option<&str> {
        self.0.0.own_credit()
    }

    /// Its global id: as a thing that has one.
    pub async fn id(&self, _: &Context<'_>) -> Result<ID, Failure> {
        Ok(ids::global(self.0.0.id()))
    }

    /// What rendering a text needs of it.
    pub fn picture(row: &images::Model, store: &Store) -> Picture {
        Picture {
            url: address::public(store, row),
            alt: row.alt.clone(),
            caption: row.caption.clone(),
            credit: row.credit.clone(),
            width: row.width,
            height: row.height,
        }
    }
}

/// Which image.
#[derive(OneofObject)]
pub enum ImageBy {
    /// By its global id.
    Id(ID),
}

/// Public queries for images.
#[derive(Default)]
pub struct ImageQuery;

#[Object]
impl ImageQuery {
    /// One public image; null where there is none.
    async fn image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which image.")] by: ImageBy,
    ) -> Nullable<ImageObject> {
        nullable(async {
            let op = operation(ctx)?;
            let ImageBy::Id(id) = by;
            let id = ids::parse(&id, &["by", "id"])?;
            let found = memory::public(op, vec![id], &[]).await?.remove(&id);
            let found = found.and_then(|image| image.tell(op).as_ref().clone());
            Ok(found.map(|row| ImageObject::new(&row, &op.store)))
        })
        .await
    }
}
