//! Images in the schema.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, OneofObject, SimpleObject};

use super::entity::{image_records, images};
use super::upload::{self, NewImage};
use super::{address, read};
use crate::db::keyset::{Position, SortKey};
use crate::error::{Failure, UserErrorCode};
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::scalars::{DateTime, Upload, Url};
use crate::graphql::{ids, operation};
use crate::operation::Store;
use crate::text::markdown::Picture;

/// A public image.
#[derive(Clone)]
pub struct ImageObject {
    row: images::Model,
    store: Arc<Store>,
}

impl ImageObject {
    /// Wraps a row.
    pub fn new(row: images::Model, store: &Arc<Store>) -> Self {
        Self { row, store: Arc::clone(store) }
    }

    /// Its own caption.
    pub fn own_caption(&self) -> Option<&str> {
        self.row.caption.as_deref()
    }

    /// Its own credit.
    pub fn own_credit(&self) -> Option<&str> {
        self.row.credit.as_deref()
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

/// A picture that something public shows.
#[Object(name = "Image")]
impl ImageObject {
    /// Its global id.
    pub async fn id(&self) -> ID {
        ids::global(self.row.id)
    }

    /// Where the file is. The address changes when the file does, so it may be cached for ever.
    async fn url(&self) -> Url {
        Url(address::public(&self.store, &self.row))
    }

    /// What it shows, for those who can't see it.
    async fn alt(&self) -> &str {
        &self.row.alt
    }

    /// Its own caption; a figure may give another for its place.
    async fn caption(&self) -> Option<&str> {
        self.own_caption()
    }

    /// Who made it.
    async fn credit(&self) -> Option<&str> {
        self.own_credit()
    }

    /// Width in pixels.
    async fn width(&self) -> i32 {
        self.row.width
    }

    /// Height in pixels.
    async fn height(&self) -> i32 {
        self.row.height
    }

    /// The file's type, such as `image/jpeg`.
    async fn mime_type(&self) -> &str {
        &self.row.mime_type
    }
}

/// An image in the library.
#[derive(Clone)]
pub struct LibraryImage {
    row: image_records::Model,
    store: Arc<Store>,
}

impl LibraryImage {
    /// Wraps a row.
    pub fn new(row: image_records::Model, store: &Arc<Store>) -> Self {
        Self { row, store: Arc::clone(store) }
    }

    /// What rendering a preview needs of it.
    pub fn picture(row: &image_records::Model, store: &Store) -> Picture {
        Picture {
            url: address::signed(store, row),
            alt: row.alt.clone(),
            caption: row.caption.clone(),
            credit: row.credit.clone(),
            width: row.width,
            height: row.height,
        }
    }

    /// Its record.
    pub fn record(&self) -> &image_records::Model {
        &self.row
    }
}

/// An image as editors see it, whether public or not.
#[Object]
impl LibraryImage {
    /// Its id; the public image's too. In Markdown: `![](img_… "caption for this place")`.
    async fn id(&self) -> ID {
        ids::global(self.row.id)
    }

    /// Where the file is: a signed address that is good for 15 minutes.
    async fn url(&self) -> Url {
        Url(address::signed(&self.store, &self.row))
    }

    /// What it shows, for those who can't see it.
    async fn alt(&self) -> &str {
        &self.row.alt
    }

    /// Caption where a place gives none.
    async fn caption(&self) -> Option<&str> {
        self.row.caption.as_deref()
    }

    /// Who made it.
    async fn credit(&self) -> Option<&str> {
        self.row.credit.as_deref()
    }

    /// Width in pixels.
    async fn width(&self) -> i32 {
        self.row.width
    }

    /// Height in pixels.
    async fn height(&self) -> i32 {
        self.row.height
    }

    /// The file's type, such as `image/jpeg`.
    async fn mime_type(&self) -> &str {
        &self.row.mime_type
    }

    /// The uploaded file's name.
    async fn file_name(&self) -> &str {
        &self.row.file_name
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.row.version
    }

    /// When it was uploaded.
    async fn created_at(&self) -> DateTime {
        DateTime(self.row.created_at)
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
            let found = read::public(&*op.snapshot().await?, vec![id]).await?.remove(&id);
            Ok(found.map(|row| ImageObject::new(row, &op.store)))
        })
        .await
    }
}

/// The library's images, under `viewer`.
#[derive(Default)]
pub struct ImageViewer;

#[Object]
impl ImageViewer {
    /// The library's images, newest first; none for roles that don't see the library.
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<LibraryImage>, Failure> {
        let op = operation(ctx)?;
        let list = ListName::new(&["viewer.images"]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let sees = crate::account::policy::sees_library(op.viewer);
        let page = if sees {
            read::library(&*op.snapshot().await?, &window).await?
        } else {
            crate::db::keyset::Page::empty()
        };
        let place = |image: &LibraryImage| Position {
            key: SortKey::Number(image.row.created_at.0),
            id: image.row.id.0,
        };
        let page = page.map(|row| LibraryImage::new(row, &op.store));
        Ok(Connection::listed(op, &list, page, place, move |op| async move {
            if sees { read::library_count(&*op.snapshot().await?, COUNTED).await } else { Ok(0) }
        }))
    }
}

/// A picture to upload, by the GraphQL multipart request specification.
#[derive(InputObject)]
pub struct UploadImageInput {
    /// The file: JPEG, PNG, GIF, WebP or AVIF; 30 MB, and 100 megapixels in all its frames, at most where it isn't set otherwise.
    file: Upload,
    /// What it shows, for those who can't see it: a sentence, not the file's name.
    alt: String,
    /// Caption where a place gives none.
    caption: Option<String>,
    /// Who made it.
    credit: Option<String>,
}

/// What became of an upload.
#[derive(SimpleObject)]
pub struct UploadImagePayload {
    /// The image in the library; null where it was refused.
    image: Option<LibraryImage>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// The files of a request, as the server spooled them.
#[derive(Default)]
pub struct Uploads(pub Vec<SpooledFile>);

/// One of them.
pub struct SpooledFile {
    /// Its bytes.
    pub file: std::fs::File,
    /// Its name on the editor's disk.
    pub name: String,
}

/// Mutations of images.
#[derive(Default)]
pub struct ImageMutation;

#[Object]
impl ImageMutation {
    /// Uploads a picture into the library. Private metadata (place, device) never becomes public.
    async fn upload_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The picture and its texts.")] input: UploadImageInput,
    ) -> Nullable<UploadImagePayload> {
        nullable(async {
            let op = operation(ctx)?;
            let UploadImageInput { file, alt, caption, credit } = input;
            let spooled = ctx.data::<Uploads>().ok().and_then(|uploads| uploads.0.get(file.0));
            let uploaded = match spooled {
                Some(spooled) => {
                    let file = spooled.file.try_clone()?;
                    upload::upload(
                        op,
                        NewImage { file, file_name: spooled.name.clone(), alt, caption, credit },
                    )
                    .await
                }
                None => Err(Failure::refused(
                    UserErrorCode::Required,
                    &["input", "file"],
                    "The request holds no such file.",
                )),
            };
            let (image, user_errors) = outcome(uploaded)?;
            Ok(Some(UploadImagePayload {
                image: image.map(|row| LibraryImage::new(row, &op.store)),
                user_errors,
            }))
        })
        .await
    }
}
