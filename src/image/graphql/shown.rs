//! What readers and editors see of an image alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_graphql::{Enum, ID, Object, SimpleObject};

use crate::graphql::at_hand::{Reading, leaves};
use crate::graphql::ids;
use crate::graphql::scalars::Url;
use crate::id::ImageId;
use crate::image::address;
use crate::image::entity::{image_records, images};
use crate::image::variant::{self, Source, Variant, Wish};
use crate::operation::Store;

/// How a picture is fitted into a width and a height.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum ImageFit {
    /// It fills both, and what doesn't fit is cut off, around its focal point.
    Cover,
    /// All of it is seen; it may stay below one of them.
    Contain,
}

/// What to show in a picture's place until it is there.
#[derive(Clone, SimpleObject)]
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
    /// The smallest that the browser says it shows in `Accept`: WebP, or else JPEG or PNG; AVIF only with the setting
    /// `image_auto_avif`.
    Auto,
    /// For all; transparent pictures lie on white.
    Jpeg,
    /// Without loss, with transparency.
    Png,
    /// Smaller than both, with transparency.
    Webp,
    /// Smaller still, with transparency. Its first request takes several times as long as any other's.
    Avif,
}

impl ImageFormat {
    fn chosen(self) -> Option<variant::Format> {
        match self {
            Self::Auto => None,
            Self::Jpeg => Some(variant::Format::Jpeg),
            Self::Png => Some(variant::Format::Png),
            Self::Webp => Some(variant::Format::WebP),
            Self::Avif => Some(variant::Format::Avif),
        }
    }
}

fn pixels(wished: i32) -> u32 {
    u32::try_from(wished).unwrap_or(1).max(1)
}

/// What both see. The fields of [`super::ImageObject`] and [`super::LibraryImage`] begin with these.
#[derive(Clone)]
pub struct Shown {
    id: ImageId,
    alt: String,
    caption: Option<String>,
    credit: Option<String>,
    placeholder: Option<ImagePlaceholder>,
    source: Source,
    /// Whether its address is for those alone who got it from us.
    is_signed: bool,
    store: Arc<Store>,
}

macro_rules! shown {
    ($($name:ident: $row:ident, $is_signed:literal);*) => {$(
        impl Shown {
            /// From its row.
            pub(super) fn $name(row: &$row::Model, store: &Arc<Store>) -> Self {
                Self {
                    id: row.id,
                    alt: row.alt.clone(),
                    caption: row.caption.clone(),
                    credit: row.credit.clone(),
                    placeholder: ImagePlaceholder::of(row.thumb_hash.as_deref(), row.dominant_color.as_deref()),
                    source: row.into(),
                    is_signed: $is_signed,
                    store: Arc::clone(store),
                }
            }
        }
    )*};
}
shown!(public: images, false; private: image_records, true);

impl Shown {
    pub(super) fn id(&self) -> ImageId {
        self.id
    }

    /// Its caption where a place gives none.
    pub(super) fn own_caption(&self) -> Option<&str> {
        self.caption.as_deref()
    }

    /// Who made it.
    pub(super) fn own_credit(&self) -> Option<&str> {
        self.credit.as_deref()
    }

    fn address(&self, variant: Option<Variant>) -> String {
        address::of(&self.store, self.id, &self.source, variant, self.is_signed)
    }

    fn wished(
        &self,
        (width, height): (Option<i32>, Option<i32>),
        fit: ImageFit,
        format: Option<ImageFormat>,
    ) -> Variant {
        let wish =
            Wish { width: width.map(pixels), height: height.map(pixels), is_cropped: fit == ImageFit::Cover };
        let ladder = &self.store.config.image_widths;
        Variant::next(wish, format.and_then(ImageFormat::chosen), &self.source, ladder)
    }
}

impl Reading for Shown {
    leaves!(
        "id" => global_id,
        "alt" => alt,
        "caption" => caption,
        "credit" => credit,
        "width" => width,
        "height" => height,
        "mimeType" => mime_type,
    );
}

/// Merged into both.
#[Object]
impl Shown {
    /// Its global id, the same in the library and for readers. In Markdown of a draft it stands as `![](img_… "caption for this place")`.
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        ids::global(self.id)
    }

    /// Where the file is. Of a public image, the address changes when the file or its focal point does, so it may be cached for
    /// ever; in the library it is signed, and good for 15 minutes. Without arguments it is the picture as it was uploaded:
    /// upright, without private metadata, moving if it moves. With any, it is a still in the next larger size that the server makes, never enlarged.
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
            return Url(self.address(None));
        }
        Url(self.address(Some(self.wished((width, height), fit, format))))
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
        let ladder = &self.store.config.image_widths;
        let all = match widths {
            None => Variant::widths(&self.source, ladder),
            Some(widths) => widths.into_iter().map(pixels).collect(),
        };
        let Source { width, height, focal_point, .. } = self.source;
        let variants: BTreeMap<u32, Variant> = all
            .into_iter()
            .map(|wanted| {
                let wish = Wish { width: Some(wanted), height: None, is_cropped: false };
                let variant = Variant::next(wish, format.chosen(), &self.source, ladder);
                (variant.size.cut(width, height, focal_point).shown_width, variant)
            })
            .collect();
        let each =
            variants.into_iter().map(|(width, variant)| format!("{} {width}w", self.address(Some(variant))));
        each.collect::<Vec<_>>().join(", ")
    }

    /// What to show in its place until it is there; null for images that were uploaded to an older version.
    async fn placeholder(&self) -> Option<ImagePlaceholder> {
        self.placeholder.clone()
    }

    /// What it shows, for those who can't see it.
    async fn alt(&self) -> &str {
        &self.alt
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
    async fn width(&self) -> u32 {
        self.source.width
    }

    /// Height in pixels.
    async fn height(&self) -> u32 {
        self.source.height
    }

    /// The file's type, such as `image/jpeg`.
    async fn mime_type(&self) -> &str {
        &self.source.mime_type
    }
}
