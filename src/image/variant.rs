//! Which sizes, crops and formats a picture may be had in: few, so that nobody makes the server produce files without end. A
//! wish is brought to the next of them; an address that names any other is of nothing.

use super::entity::{image_records, images};

/// The middle of a picture, in ten-thousandths of its width and height.
pub const CENTER: (i32, i32) = (5_000, 5_000);

/// What of an image its variants depend on, whichever of its rows it is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// SHA-256 of the rendition.
    pub hash: String,
    /// The rendition's type.
    pub mime_type: String,
    /// The rendition's pixels.
    pub width: u32,
    /// The rendition's pixels.
    pub height: u32,
    /// What must stay in sight when it is cropped, in ten-thousandths from the left and from the top.
    pub focal_point: (i32, i32),
}

macro_rules! source {
    ($($row:ident),*) => {$(
        impl From<&$row::Model> for Source {
            fn from(row: &$row::Model) -> Self {
                Self {
                    hash: row.rendition_hash.clone(),
                    mime_type: row.mime_type.clone(),
                    width: u32::try_from(row.width).unwrap_or(1).max(1),
                    height: u32::try_from(row.height).unwrap_or(1).max(1),
                    focal_point: (row.focal_x, row.focal_y),
                }
            }
        }
    )*};
}
source!(image_records, images);

impl Source {
    /// The part of an address that names the file: the start of its hash.
    pub fn short_hash(&self) -> &str {
        short(&self.hash)
    }
}

pub(super) fn short(hash: &str) -> &str {
    &hash[..hash.len().min(32)]
}

/// How large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Size {
    /// The whole picture, so wide.
    Width(u32),
    /// Cut to this width and height.
    Crop(u32, u32),
}

/// In which format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// For all.
    Jpeg,
    /// With transparency, without loss.
    Png,
    /// Smaller.
    WebP,
    /// Smaller still, and several times as long in the making.
    Avif,
}

impl Format {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Jpeg, Self::Png, Self::WebP, Self::Avif];

    fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Png => "png",
            Self::WebP => "webp",
            Self::Avif => "avif",
        }
    }

    /// Its media type.
    pub fn mime_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::WebP => "image/webp",
            Self::Avif => "image/avif",
        }
    }

    /// What a browser gets that did not ask for a format: the smallest that it says it shows, AVIF only where that is meant to be
    /// made for all. `*/*` says nothing: programs send it that show no WebP.
    pub fn best(accept: &str, source: &Source, makes_avif: bool) -> Self {
        let shows = |format: Self| {
            accept.split(',').any(|range| {
                let mut parts = range.split(';').map(str::trim);
                let is_named = parts.next().is_some_and(|kind| kind.eq_ignore_ascii_case(format.mime_type()));
                let is_refused = parts.any(|part| {
                    part.strip_prefix("q=")
                        .and_then(|quality| quality.parse::<f32>().ok())
                        .is_some_and(|quality| quality <= 0.0)
                });
                is_named && !is_refused
            })
        };
        match source.mime_type.as_str() {
            _ if makes_avif && shows(Self::Avif) => Self::Avif,
            _ if shows(Self::WebP) => Self::WebP,
            "image/jpeg" => Self::Jpeg,
            _ => Self::Png,
        }
    }
}

/// A size and a format that a picture may be had in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Variant {
    /// How large.
    pub size: Size,
    /// In which format; `None`: as the browser says.
    pub format: Option<Format>,
}

/// A wish for a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// At least so wide.
    pub width: Option<u32>,
    /// At least so high.
    pub height: Option<u32>,
    /// Whether to cut what doesn't fit; otherwise all is seen.
    pub is_cropped: bool,
}

impl Variant {
    /// The next that there is.
    pub fn next(wish: Wish, format: Option<Format>, source: &Source, ladder: &[u32]) -> Self {
        let size = match (wish.width, wish.height) {
            (Some(width), Some(height)) if wish.is_cropped => {
                Size::Crop(rung(ladder, width), rung(ladder, height))
            }
            (width, height) => {
                let of_height = height.map(|height| {
                    let width =
                        (u64::from(height) * u64::from(source.width)).div_ceil(u64::from(source.height));
                    u32::try_from(width).unwrap_or(u32::MAX)
                });
                let wanted = [width, of_height].into_iter().flatten().min().unwrap_or(u32::MAX);
                Size::Width(rung(ladder, wanted).min(highest(ladder, source)))
            }
        };
        Self { size, format }
    }

    /// All widths that an uncropped picture may be had in.
    pub fn widths(source: &Source, ladder: &[u32]) -> Vec<u32> {
        let highest = highest(ladder, source);
        ladder.iter().copied().filter(|width| *width <= highest).collect()
    }

    /// The last part of its address.
    pub fn name(self, source: &Source) -> String {
        let size = match self.size {
            Size::Width(width) => format!("w{width}"),
            Size::Crop(width, height) if source.focal_point == CENTER => format!("c{width}x{height}"),
            Size::Crop(width, height) => {
                let (x, y) = source.focal_point;
                format!("c{width}x{height}-{x}x{y}")
            }
        };
        match self.format {
            Some(format) => format!("{size}.{}", format.ending()),
            None => size,
        }
    }

    /// The variant of this name, whichever picture it is of, with the focal point that the name has.
    pub fn parse(name: &str, ladder: &[u32]) -> Option<(Self, (i32, i32))> {
        let (size, format) = match name.split_once('.') {
            None => (name, None),
            Some((size, ending)) => {
                (size, Some(Format::ALL.into_iter().find(|format| format.ending() == ending)?))
            }
        };
        let on_ladder = |number: &str| number.parse().ok().filter(|number| ladder.contains(number));
        let (size, focal_point) = if let Some(width) = size.strip_prefix('w') {
            (Size::Width(on_ladder(width)?), CENTER)
        } else {
            let (size, focal_point) = match size.strip_prefix('c')?.split_once('-') {
                None => (size.strip_prefix('c')?, CENTER),
                Some((size, focal_point)) => {
                    let (x, y) = focal_point.split_once('x')?;
                    (size, (x.parse().ok()?, y.parse().ok()?))
                }
            };
            let (width, height) = size.split_once('x')?;
            (Size::Crop(on_ladder(width)?, on_ladder(height)?), focal_point)
        };
        let variant = Self { size, format };
        // Numbers may be written in many ways, and are in one.
        let written = variant.name(&Source {
            hash: String::new(),
            mime_type: String::new(),
            width: 1,
            height: 1,
            focal_point,
        });
        (written == name).then_some((variant, focal_point))
    }

    /// Whether this picture may be had so: not far larger than it is.
    pub fn is_of(self, source: &Source, ladder: &[u32]) -> bool {
        match self.size {
            Size::Width(width) => width <= highest(ladder, source),
            Size::Crop(..) => true,
        }
    }
}

/// The next rung up; above the ladder, its top.
fn rung(ladder: &[u32], wanted: u32) -> u32 {
    ladder.iter().copied().find(|rung| *rung >= wanted).or(ladder.last().copied()).unwrap_or(wanted)
}

/// The lowest rung that shows all there is.
fn highest(ladder: &[u32], source: &Source) -> u32 {
    rung(ladder, source.width)
}

/// Which part of a picture is shown, and how large, in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// From the left.
    pub left: u32,
    /// From the top.
    pub top: u32,
    /// What is seen of the picture.
    pub width: u32,
    /// What is seen of the picture.
    pub height: u32,
    /// How wide it is shown.
    pub shown_width: u32,
    /// How high it is shown.
    pub shown_height: u32,
}

impl Size {
    /// The part that is shown: as much as the shape allows, around the focal point, and never enlarged.
    pub fn cut(self, width: u32, height: u32, focal_point: (i32, i32)) -> Cut {
        let scaled = |length: u32, by: u32, of: u32| {
            let rounded = (u64::from(length) * u64::from(by) + u64::from(of) / 2) / u64::from(of.max(1));
            u32::try_from(rounded).unwrap_or(u32::MAX).max(1)
        };
        match self {
            Self::Width(wanted) => {
                let shown_width = wanted.min(width);
                let shown_height = scaled(height, shown_width, width);
                Cut { left: 0, top: 0, width, height, shown_width, shown_height }
            }
            Self::Crop(wanted_width, wanted_height) => {
                let is_too_wide =
                    u64::from(width) * u64::from(wanted_height) > u64::from(height) * u64::from(wanted_width);
                let (cut_width, cut_height) = if is_too_wide {
                    (scaled(height, wanted_width, wanted_height).min(width), height)
                } else {
                    (width, scaled(width, wanted_height, wanted_width).min(height))
                };
                let from = |length: u32, cut: u32, focal_point: i32| {
                    let at = u64::from(length)
                        * u64::try_from(focal_point.clamp(0, 10_000)).unwrap_or_default()
                        / 10_000;
                    u32::try_from(at).unwrap_or(u32::MAX).saturating_sub(cut / 2).min(length - cut)
                };
                let is_smaller = cut_width < wanted_width || cut_height < wanted_height;
                let (shown_width, shown_height) =
                    if is_smaller { (cut_width, cut_height) } else { (wanted_width, wanted_height) };
                Cut {
                    left: from(width, cut_width, focal_point.0),
                    top: from(height, cut_height, focal_point.1),
                    width: cut_width,
                    height: cut_height,
                    shown_width,
                    shown_height,
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LADDER: &[u32] = &[160, 320, 640, 1280];

    fn source(width: u32, height: u32) -> Source {
        Source {
            hash: "a".repeat(64),
            mime_type: "image/jpeg".to_owned(),
            width,
            height,
            focal_point: CENTER,
        }
    }

    fn name(width: Option<u32>, height: Option<u32>, is_cropped: bool, of: &Source) -> String {
        Variant::next(Wish { width, height, is_cropped }, Some(Format::WebP), of, LADDER).name(of)
    }

    #[test]
    fn a_wish_gets_the_next_rung() {
        let wide = source(2_000, 1_000);
        assert_eq!(name(Some(1), None, true, &wide), "w160.webp");
        assert_eq!(name(Some(161), None, true, &wide), "w320.webp");
        assert_eq!(name(Some(9_999), None, true, &wide), "w1280.webp");
        assert_eq!(name(None, None, true, &wide), "w1280.webp");
        assert_eq!(name(None, Some(100), true, &wide), "w320.webp", "200 wide");
        assert_eq!(name(Some(1_000), Some(100), false, &wide), "w320.webp", "the height bounds it");
        assert_eq!(name(Some(300), Some(600), true, &wide), "c320x640.webp");
        assert_eq!(name(Some(1_000), None, true, &source(330, 10)), "w640.webp", "all there is, and no more");
        assert_eq!(Variant::widths(&source(330, 10), LADDER), [160, 320, 640]);
    }

    #[test]
    fn a_name_is_written_in_one_way() {
        let of = Source { focal_point: (0, 10_000), ..source(2_000, 1_000) };
        for name in ["w160", "w640.webp", "w320.avif", "c160x1280.png", "c320x640-0x10000.jpg"] {
            let (variant, focal_point) = Variant::parse(name, LADDER).unwrap();
            assert_eq!(variant.name(&Source { focal_point, ..of.clone() }), name);
        }
        for name in [
            "",
            "w",
            "w0",
            "w161",
            "w+160",
            "w0160",
            "w160.",
            "w160.gif",
            "w160.JPG",
            "w160.jpg.jpg",
            "w160x160",
            "c160",
            "c160x161",
            "c160x160-",
            "c160x160-5000x5000",
            "c160x160-1",
            "c160x160-01x1",
            "x160",
            "w160/..",
            "w-160",
            "cc160x160",
        ] {
            assert_eq!(Variant::parse(name, LADDER), None, "{name}");
        }
        assert!(!Variant { size: Size::Width(1280), format: None }.is_of(&source(330, 10), LADDER));
    }

    #[test]
    fn a_browser_gets_what_it_says_it_shows() {
        let (photo, drawing) = (source(1, 1), Source { mime_type: "image/gif".to_owned(), ..source(1, 1) });
        let browsers = "image/avif,image/webp,*/*;q=0.8";
        for (accept, without_avif, with_avif) in [
            (browsers, Format::WebP, Format::Avif),
            ("image/avif;q=0, image/webp", Format::WebP, Format::WebP),
            ("IMAGE/AVIF", Format::Jpeg, Format::Avif),
            ("image/webp;q=0, */*", Format::Jpeg, Format::Jpeg),
            ("image/avifs, */*", Format::Jpeg, Format::Jpeg),
        ] {
            assert_eq!(Format::best(accept, &photo, false), without_avif, "{accept}");
            assert_eq!(Format::best(accept, &photo, true), with_avif, "{accept}");
        }
        assert_eq!(Format::best("", &drawing, true), Format::Png);
        assert_eq!(Format::best(browsers, &drawing, true), Format::Avif);
    }

    #[test]
    fn a_cut_keeps_the_focal_point_and_enlarges_nothing() {
        let cut = |size: Size, width, height, focal_point| {
            let cut: Cut = size.cut(width, height, focal_point);
            assert!(cut.left + cut.width <= width && cut.top + cut.height <= height);
            (cut.left, cut.top, cut.width, cut.height, cut.shown_width, cut.shown_height)
        };
        assert_eq!(cut(Size::Width(640), 2_000, 1_000, CENTER), (0, 0, 2_000, 1_000, 640, 320));
        assert_eq!(cut(Size::Width(640), 300, 1, CENTER), (0, 0, 300, 1, 300, 1));
        assert_eq!(cut(Size::Width(160), 9_999, 1, CENTER), (0, 0, 9_999, 1, 160, 1));
        assert_eq!(cut(Size::Crop(320, 320), 2_000, 1_000, CENTER), (500, 0, 1_000, 1_000, 320, 320));
        assert_eq!(cut(Size::Crop(320, 320), 2_000, 1_000, (0, 0)), (0, 0, 1_000, 1_000, 320, 320));
        assert_eq!(cut(Size::Crop(320, 320), 2_000, 1_000, (10_000, 9)), (1_000, 0, 1_000, 1_000, 320, 320));
        assert_eq!(cut(Size::Crop(320, 320), 2_000, 1_000, (4_000, 9)), (300, 0, 1_000, 1_000, 320, 320));
        assert_eq!(cut(Size::Crop(640, 320), 200, 300, (5_000, 10_000)), (0, 200, 200, 100, 200, 100));
        for (width, height) in [(1, 1), (1, 9_999), (9_999, 1), (7, 3)] {
            for size in
                [Size::Crop(160, 1_280), Size::Crop(1_280, 160), Size::Crop(160, 160), Size::Width(160)]
            {
                let (_, _, _, _, shown_width, shown_height) = cut(size, width, height, (3_333, 6_667));
                assert!(
                    shown_width >= 1
                        && shown_height >= 1
                        && shown_width <= width.max(1)
                        && shown_height <= height.max(1)
                );
            }
        }
    }
}
