//! Images in the schema.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, OneofObject, SimpleObject};
use uuid::Uuid;

use super::entity::{image_records, images};
use super::read::LibraryFilter;
use super::update::{self, ImageEdit};
use super::upload::{self, NewImage};
use super::variant::{self, Source, Variant, Wish};
use super::{address, delete, read, replace_file};
use crate::article::graphql::{DraftObject, UseCounts, some_that_use};
use crate::article::image_uses;
use crate::article::refile::Articles;
use crate::author;
use crate::author::graphql::AuthorRecord;
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::{Failure, UserErrorCode};
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{COUNTED, Connection, Count, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::scalars::{DateTime, Upload, Url};
use crate::graphql::{given, ids, operation};
use crate::id::ImageId;
use crate::operation::{Operation, Store};
use crate::text::markdown::Picture;

/// How a picture is fitted into a width and a height.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ImageFit {
    /// It fills both, and what doesn't fit is cut off, around its focal point.
    Cover,
    /// All of it is seen; it may stay below one of them.
    Contain,
}

/// A point in a picture.
#[derive(SimpleObject)]
pub struct FocalPoint {
    /// How far from the left, in ten-thousandths of the width.
    x: i32,
    /// How far from the top, in ten-thousandths of the height.
    y: i32,
}

/// What to show in a picture's place until it is there.
#[derive(SimpleObject)]
pub struct ImagePlaceholder {
    /// ThumbHash in base64, about thirty characters: the picture, blurred. <https://evanw.github.io/thumbhash/>
    thumb_hash: String,
    /// Its commonest color as CSS writes it, such as `#143c78`.
    dominant_color: String,
}

impl ImagePlaceholder {
    fn of(thumb_hash: Option<&str>, dominant_color: Option<&str>) -> Option<Self> {
        Some(Self { thumb_hash: thumb_hash?.to_owned(), dominant_color: dominant_color?.to_owned() })
    }
}

/// The format of a picture.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ImageFormat {
    /// The smallest that the browser says it shows in `Accept`.
    Auto,
    /// For all; transparent pictures lie on white.
    Jpeg,
    /// Without loss, with transparency.
    Png,
    /// Smaller than both, with transparency.
    Webp,
}

impl ImageFormat {
    fn chosen(self) -> Option<variant::Format> {
        match self {
            Self::Auto => None,
            Self::Jpeg => Some(variant::Format::Jpeg),
            Self::Png => Some(variant::Format::Png),
            Self::Webp => Some(variant::Format::WebP),
        }
    }
}

fn pixels(wished: i32) -> u32 {
    u32::try_from(wished).unwrap_or(1).max(1)
}

fn wished(
    store: &Store,
    source: &Source,
    (width, height): (Option<i32>, Option<i32>),
    fit: ImageFit,
    format: Option<ImageFormat>,
) -> Variant {
    let wish =
        Wish { width: width.map(pixels), height: height.map(pixels), is_cropped: fit == ImageFit::Cover };
    Variant::next(wish, format.and_then(ImageFormat::chosen), source, &store.config.image_widths)
}

fn srcset(
    store: &Store,
    source: &Source,
    widths: Option<Vec<i32>>,
    format: ImageFormat,
    address: impl Fn(Variant) -> String,
) -> String {
    let ladder = &store.config.image_widths;
    let all = match widths {
        None => Variant::widths(source, ladder),
        Some(widths) => widths.into_iter().map(pixels).collect(),
    };
    let variants: BTreeMap<u32, Variant> = all
        .into_iter()
        .map(|width| {
            let wish = Wish { width: Some(width), height: None, is_cropped: false };
            let variant = Variant::next(wish, format.chosen(), source, ladder);
            (variant.size.cut(source.width, source.height, source.focal_point).shown_width, variant)
        })
        .collect();
    let each = variants.into_iter().map(|(width, variant)| format!("{} {width}w", address(variant)));
    each.collect::<Vec<_>>().join(", ")
}

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

    /// Where the file is. The address changes when the file or its focal point does, so it may be cached for ever. Without arguments it is the picture as it was uploaded: upright, without private metadata,
    /// moving if it moves. With any, it is a still in the next larger size that the server makes, never enlarged.
    async fn url(
        &self,
        #[graphql(
            desc = "At least so wide, in pixels; brought to the next width of the setting `image_widths`."
        )]
        width: Option<i32>,
        #[graphql(
            desc = "At least so high, in pixels; brought to the next of the same numbers where the picture is cropped."
        )]
        height: Option<i32>,
        #[graphql(desc = "How it is fitted where both are given.", default_with = "ImageFit::Cover")]
        fit: ImageFit,
        #[graphql(desc = "In which format; `AUTO` where a size is given and no format.")] format: Option<
            ImageFormat,
        >,
    ) -> Url {
        if width.is_none() && height.is_none() && format.is_none() {
            return Url(address::public(&self.store, &self.row));
        }
        let variant = wished(&self.store, &(&self.row).into(), (width, height), fit, format);
        Url(address::public_variant(&self.store, &self.row, variant))
    }

    /// The value of an `<img>`'s `srcset`: the whole picture in several widths.
    async fn srcset(
        &self,
        #[graphql(
            desc = "In these widths, each brought to the next that there is; all where none are given."
        )]
        widths: Option<Vec<i32>>,
        #[graphql(desc = "In which format.", default_with = "ImageFormat::Auto")] format: ImageFormat,
    ) -> String {
        srcset(&self.store, &(&self.row).into(), widths, format, |variant| {
            address::public_variant(&self.store, &self.row, variant)
        })
    }

    /// What to show in its place until it is there; null for images that were uploaded to an older version.
    async fn placeholder(&self) -> Option<ImagePlaceholder> {
        ImagePlaceholder::of(self.row.thumb_hash.as_deref(), self.row.dominant_color.as_deref())
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

/// What a page of the library's images loads together.
#[derive(Default)]
pub struct LibraryImageLoads {
    uses: UseCounts,
    portraits: Batch<PageArguments, HashMap<Uuid, Page<AuthorRecord>>>,
    portrait_counts: Batch<(), HashMap<Uuid, i64>>,
}

/// An image in the library.
#[derive(Clone)]
pub struct LibraryImage(Member<image_records::Model, LibraryImageLoads>);

impl LibraryImage {
    /// An image alone on its page.
    pub fn alone(op: &Arc<Operation>, row: image_records::Model) -> Self {
        Self(Member::alone(op, row))
    }

    /// Images that load together, in their order.
    pub fn page(op: &Arc<Operation>, rows: Vec<image_records::Model>) -> Vec<Self> {
        Member::page(op, rows).into_iter().map(Self).collect()
    }

    /// The same, by their ids.
    pub fn by_id(
        op: &Arc<Operation>,
        rows: impl Iterator<Item = image_records::Model>,
    ) -> HashMap<ImageId, Self> {
        Self::page(op, rows.collect()).into_iter().map(|image| (image.record().id, image)).collect()
    }

    fn store(&self) -> &Store {
        &self.0.op().store
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
        self.0.row()
    }
}

/// An image as editors see it, whether public or not.
#[Object]
impl LibraryImage {
    /// Its id; the public image's too. In Markdown: `![](img_… "caption for this place")`.
    async fn id(&self) -> ID {
        ids::global(self.record().id)
    }

    /// Where the file is. A signed address, good for 15 minutes. Without arguments it is the picture as it was uploaded: upright, without private metadata,
    /// moving if it moves. With any, it is a still in the next larger size that the server makes, never enlarged.
    async fn url(
        &self,
        #[graphql(
            desc = "At least so wide, in pixels; brought to the next width of the setting `image_widths`."
        )]
        width: Option<i32>,
        #[graphql(
            desc = "At least so high, in pixels; brought to the next of the same numbers where the picture is cropped."
        )]
        height: Option<i32>,
        #[graphql(desc = "How it is fitted where both are given.", default_with = "ImageFit::Cover")]
        fit: ImageFit,
        #[graphql(desc = "In which format; `AUTO` where a size is given and no format.")] format: Option<
            ImageFormat,
        >,
    ) -> Url {
        if width.is_none() && height.is_none() && format.is_none() {
            return Url(address::signed(self.store(), self.record()));
        }
        let variant = wished(self.store(), &self.record().into(), (width, height), fit, format);
        Url(address::signed_variant(self.store(), self.record(), variant))
    }

    /// The value of an `<img>`'s `srcset`: the whole picture in several widths.
    async fn srcset(
        &self,
        #[graphql(
            desc = "In these widths, each brought to the next that there is; all where none are given."
        )]
        widths: Option<Vec<i32>>,
        #[graphql(desc = "In which format.", default_with = "ImageFormat::Auto")] format: ImageFormat,
    ) -> String {
        srcset(self.store(), &self.record().into(), widths, format, |variant| {
            address::signed_variant(self.store(), self.record(), variant)
        })
    }

    /// What to show in its place until it is there; null for images that were uploaded to an older version.
    async fn placeholder(&self) -> Option<ImagePlaceholder> {
        ImagePlaceholder::of(self.record().thumb_hash.as_deref(), self.record().dominant_color.as_deref())
    }

    /// What it shows, for those who can't see it.
    async fn alt(&self) -> &str {
        &self.record().alt
    }

    /// Caption where a place gives none.
    async fn caption(&self) -> Option<&str> {
        self.record().caption.as_deref()
    }

    /// Who made it.
    async fn credit(&self) -> Option<&str> {
        self.record().credit.as_deref()
    }

    /// Width in pixels.
    async fn width(&self) -> i32 {
        self.record().width
    }

    /// Height in pixels.
    async fn height(&self) -> i32 {
        self.record().height
    }

    /// The file's type, such as `image/jpeg`.
    async fn mime_type(&self) -> &str {
        &self.record().mime_type
    }

    /// What must stay in sight when it is cropped.
    async fn focal_point(&self) -> FocalPoint {
        FocalPoint { x: self.record().focal_x, y: self.record().focal_y }
    }

    /// The uploaded file's name.
    async fn file_name(&self) -> &str {
        &self.record().file_name
    }

    /// How many articles use it, in their newest revision or in their public one, those in the trash among them;
    /// `drafts(filter: { uses: … })` lists them.
    async fn usage_count(&self) -> Result<i64, Failure> {
        let cohort = self.0.cohort();
        let all = cohort.rows.iter().map(|row| row.id.0);
        cohort.loads.uses.of(&cohort.op, all, self.record().id.0).await
    }

    /// The authors whose portrait it is, by name.
    async fn portrait_of(
        &self,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AuthorRecord>, Failure> {
        let (cohort, id) = (self.0.cohort(), self.record().id);
        let arguments = PageArguments { first, after, last, before };
        let list = ListName::new(&["image.portraitOf", &id.to_string()]);
        let window = arguments.window(&cohort.op.store.keys, &list)?;
        let pages = cohort.loads.portraits.get(arguments, || async {
            let images: Vec<Uuid> = cohort.rows.iter().map(|row| row.id.0).collect();
            let pages = author::read::with_portraits(&*cohort.op.snapshot().await?, &images, &window).await?;
            Ok(AuthorRecord::pages(&cohort.op, pages))
        });
        let page = pages.await?.get(&id.0).cloned().unwrap_or_else(Page::empty);
        let counted = self.0.clone();
        Ok(Connection::new(&cohort.op.store.keys, &list, page, AuthorRecord::place, move || {
            let counted = counted.clone();
            async move {
                let cohort = counted.cohort();
                let counts = cohort.loads.portrait_counts.get((), || async {
                    let images: Vec<Uuid> = cohort.rows.iter().map(|row| row.id.0).collect();
                    author::read::portrait_counts(&*cohort.op.snapshot().await?, &images).await
                });
                let number = counts.await?.get(&id.0).copied().unwrap_or_default();
                Ok(Count::exactly(u64::try_from(number).unwrap_or_default()))
            }
        }))
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.record().version
    }

    /// When it was uploaded.
    async fn created_at(&self) -> DateTime {
        DateTime(self.record().created_at)
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

/// Which images: all conditions that are given hold.
#[derive(Default, InputObject)]
pub struct LibraryImageFilter {
    /// Only those that something uses, or only those that nothing does: articles in their newest revision or in their public
    /// one, those in the trash among them, and authors whose portrait it is. What nothing uses can be deleted.
    is_used: Option<bool>,
}

/// The library's images, under `viewer`.
#[derive(Default)]
pub struct ImageViewer;

#[Object]
impl ImageViewer {
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    /// The library's images, newest first; none for roles that don't see the library.
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only those with all of these words, or parts of words, in alt text, caption, credit or file name."
        )]
        search: Option<String>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<LibraryImageFilter>,
    ) -> Result<Connection<LibraryImage>, Failure> {
        let op = operation(ctx)?;
        let LibraryImageFilter { is_used } = filter.unwrap_or_default();
        let filter = LibraryFilter {
            words: read::searched(search.as_deref()),
            uses: is_used.map(image_uses::condition),
        };
        let named: Vec<&str> = filter.words.iter().flatten().map(String::as_str).collect();
        let is_searched = if filter.words.is_some() { "searched" } else { "all" };
        let used = format!("{is_used:?}");
        let list = ListName::new(&[&["viewer.images", &used, is_searched], &named[..]].concat());
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let sees = crate::account::policy::sees_library(op.viewer);
        let Page { rows, has_next, has_previous } =
            if sees { read::library(&*op.snapshot().await?, &filter, &window).await? } else { Page::empty() };
        let page = Page { rows: LibraryImage::page(op, rows), has_next, has_previous };
        let place = |image: &LibraryImage| Position {
            key: SortKey::Number(image.record().created_at.0),
            id: image.record().id.0,
        };
        Ok(Connection::listed(op, &list, page, place, move |op| {
            let filter = filter.clone();
            async move {
                if sees { read::library_count(&*op.snapshot().await?, &filter, COUNTED).await } else { Ok(0) }
            }
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
    /// Caption where a place gives none; where it is absent, the one that the file holds (XMP, IPTC).
    caption: MaybeUndefined<String>,
    /// Who made it; where it is absent, the credit, creator or copyright that the file holds (XMP, IPTC, EXIF).
    credit: MaybeUndefined<String>,
}

/// A point in a picture.
#[derive(InputObject)]
pub struct FocalPointInput {
    /// How far from the left, in ten-thousandths of the width: 0 to 10,000.
    x: i32,
    /// How far from the top, in ten-thousandths of the height: 0 to 10,000.
    y: i32,
}

/// What changes of an image. A field that is absent is left alone, null clears it.
#[derive(InputObject)]
pub struct UpdateImageInput {
    /// Which image.
    image_id: ID,
    /// The version that the edit was made from.
    version: i32,
    /// What it shows, for those who can't see it: a sentence, not the file's name.
    alt: Option<String>,
    /// Caption where a place gives none.
    caption: MaybeUndefined<String>,
    /// Who made it.
    credit: MaybeUndefined<String>,
    /// What must stay in sight when it is cropped; null: its center.
    focal_point: MaybeUndefined<FocalPointInput>,
}

/// Another file for an image, by the GraphQL multipart request specification.
#[derive(InputObject)]
pub struct ReplaceImageFileInput {
    /// Which image.
    image_id: ID,
    /// The version that was seen.
    version: i32,
    /// The file: as for `uploadImage`.
    file: Upload,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct UpdateImagePayload {
    /// The image; where the change was refused, as it is. Null where there is none.
    image: Option<LibraryImage>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct ReplaceImageFilePayload {
    /// The image; where the file was refused, as it is. Null where there is none.
    image: Option<LibraryImage>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
}

/// The file of a request that an input names.
fn spooled(ctx: &Context<'_>, file: &Upload) -> Result<(std::fs::File, String), Failure> {
    let spooled = ctx.data::<Uploads>().ok().and_then(|uploads| uploads.0.get(file.0));
    let spooled = spooled.ok_or_else(|| {
        Failure::refused(UserErrorCode::Required, &["input", "file"], "The request holds no such file.")
    })?;
    Ok((spooled.file.try_clone()?, spooled.name.clone()))
}

/// A verb's outcome as a payload: the image as it became; where the verb was refused, as it is.
async fn with_present(
    op: &Arc<Operation>,
    id: ImageId,
    result: Result<image_records::Model, Failure>,
) -> Result<(Option<LibraryImage>, Vec<UserError>), Failure> {
    let (mut image, user_errors) = outcome(result)?;
    if image.is_none() {
        image = read::records(op.snapshot().await?.connection(), vec![id]).await?.remove(&id);
    }
    Ok((image.map(|row| LibraryImage::alone(op, row)), user_errors))
}

/// An image to delete.
#[derive(InputObject)]
pub struct DeleteImageInput {
    /// Which image. One that an article or an author uses can't be deleted.
    image_id: ID,
    /// The version that was seen.
    version: i32,
}

/// What became of it.
#[derive(SimpleObject)]
pub struct DeleteImagePayload {
    /// The image as it was; where that was refused, as it is. Null where there is none.
    image: Option<LibraryImage>,
    /// Where it was refused with `IN_USE`: the articles last written that show it, ten at most.
    used_by: Vec<DraftObject>,
    /// What was wrong with the data; empty where it was done.
    user_errors: Vec<UserError>,
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
            let uploaded = match spooled(ctx, &file) {
                Ok((file, file_name)) => {
                    let (caption, credit) = (given(caption).value(), given(credit).value());
                    upload::upload(op, NewImage { file, file_name, alt, caption, credit }).await
                }
                Err(failure) => Err(failure),
            };
            let (image, user_errors) = outcome(uploaded)?;
            Ok(Some(UploadImagePayload { image: image.map(|row| LibraryImage::alone(op, row)), user_errors }))
        })
        .await
    }

    /// Changes an image's texts and focal point; readers see it at once where it is public.
    async fn update_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateImageInput,
    ) -> Nullable<UpdateImagePayload> {
        nullable(async {
            let UpdateImageInput { image_id, version, alt, caption, credit, focal_point } = input;
            let id = ids::parse(&image_id, &["input", "imageId"])?;
            let focal_point =
                given(focal_point).value().map(|point| point.map(|FocalPointInput { x, y }| (x, y)));
            let edit = ImageEdit {
                alt,
                caption: given(caption).value(),
                credit: given(credit).value(),
                focal_point,
            };
            let op = operation(ctx)?;
            let updated = update::update(op, id, version, edit).await;
            let (image, user_errors) = with_present(op, id, updated).await?;
            Ok(Some(UpdateImagePayload { image, user_errors }))
        })
        .await
    }

    /// Replaces an image's file, wherever it is shown. Its id and texts stay; its focal point is the center again, and the
    /// addresses of the old file are good no more.
    async fn replace_image_file(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which image, and the file.")] input: ReplaceImageFileInput,
    ) -> Nullable<ReplaceImageFilePayload> {
        nullable(async {
            let ReplaceImageFileInput { image_id, version, file } = input;
            let id = ids::parse(&image_id, &["input", "imageId"])?;
            let op = operation(ctx)?;
            let replaced = match spooled(ctx, &file) {
                Ok((file, file_name)) => replace_file::replace_file(op, id, version, file, file_name).await,
                Err(failure) => Err(failure),
            };
            let (image, user_errors) = with_present(op, id, replaced).await?;
            Ok(Some(ReplaceImageFilePayload { image, user_errors }))
        })
        .await
    }

    /// Deletes an image that nothing uses.
    async fn delete_image(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which image.")] input: DeleteImageInput,
    ) -> Nullable<DeleteImagePayload> {
        nullable(async {
            let DeleteImageInput { image_id, version } = input;
            let id: ImageId = ids::parse(&image_id, &["input", "imageId"])?;
            let op = operation(ctx)?;
            let deleted = delete::delete(op, id, version, &Articles).await;
            let used_by = some_that_use(op, id.0, &deleted).await?;
            let (image, user_errors) = with_present(op, id, deleted).await?;
            Ok(Some(DeleteImagePayload { image, used_by, user_errors }))
        })
        .await
    }
}
