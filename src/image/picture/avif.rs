//! AVIF, which becomes another kind of file: decoded, set upright, and brought to sRGB. Stills are read, in one piece or in tiles;
//! no films.
//!
//! AV1 is decoded by rav1d, in Rust and without assembly. The parser and what stands around the decoder hold assertions, and
//! give up where one doesn't hold: that is caught here. A panic in the decoder itself can't be: its functions are C's by
//! their form, and end the process. The pixels are bounded by us and by the decoder.

use std::panic::{AssertUnwindSafe, catch_unwind};

use avif_parse::AV1Metadata;
use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, ImageBuffer, Pixel, RgbImage, RgbaImage};
use moxcms::{CicpColorPrimaries, CicpProfile, ColorProfile, MatrixCoefficients, TransferCharacteristics};
use re_rav1d::dav1d::pixel::{MatrixCoefficients as Matrix, YUVRange};
use re_rav1d::dav1d::{Decoder, Picture, PixelLayout, PlanarImageComponent, Settings};

use super::boxes::Numbers;
use super::color;
use super::items::Items;
use super::{Refused, broken};

/// Runs what reads an AVIF, and takes a fault in it for one of the file.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, Refused>) -> Result<T, Refused> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err(broken(&"the decoder gave up")))
}

/// A file, and how large its picture says that it is.
pub(super) struct Avif<'a> {
    /// What is in it and said of it.
    pub(super) items: Items<'a>,
    colors: Tiles,
    opacities: Option<Tiles>,
}

/// A picture in one piece, or in pieces of one size that lie side by side. (ISO/IEC 23008-12, 6.6.2.3.)
struct Tiles {
    /// Row by row, each as AV1 has it.
    tiles: Vec<Vec<u8>>,
    columns: u32,
    tile_width: u32,
    tile_height: u32,
    /// How much of the tiles is shown; `None`: the one piece as it is.
    shown: Option<(u32, u32)>,
}

impl<'a> Avif<'a> {
    /// Reads the file's structure.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        let items = Items::read(bytes).ok_or_else(|| broken(&"its parts are not where it says"))?;
        let colors = Tiles::read(&items, items.main)?;
        let opacities = items.opacity().map(|item| Tiles::read(&items, item)).transpose()?;
        Ok(Self { items, colors, opacities })
    }

    /// Pixels, before it is turned, of all tiles. The picture itself may have less, never more.
    pub(super) fn dimensions(&self) -> (u32, u32) {
        let rows = u32::try_from(self.colors.tiles.len()).unwrap_or(u32::MAX) / self.colors.columns;
        let width = self.colors.tile_width.saturating_mul(self.colors.columns);
        (width, self.colors.tile_height.saturating_mul(rows))
    }

    /// The pixels, upright and in sRGB.
    pub(super) fn decode(self, max_pixels: u64) -> Result<DynamicImage, Refused> {
        let properties = Properties::of(&self.items);
        if matches!(properties.cicp, Some((_, 16 | 18))) {
            return Err(Refused(
                "Pictures of high dynamic range (PQ, HLG) are not accepted: export the picture with a common color profile, such as sRGB."
                    .to_owned(),
            ));
        }
        let colors = self.colors.decode(max_pixels, rgb_of)?;
        let mut picture: DynamicImage = match self.opacities {
            None => colors.into(),
            Some(opacities) => {
                let opacities = opacities.decode(max_pixels, |picture| Ok(opacities_of(picture)))?;
                with_opacities(&colors, &opacities, self.items.is_premultiplied())?.into()
            }
        };
        if let Some(profile) = properties.profile() {
            picture = color::to_srgb(picture, &profile);
        }
        for turn in properties.turns {
            picture.apply_orientation(turn);
        }
        Ok(picture)
    }
}

impl Tiles {
    fn read(items: &Items<'_>, item: usize) -> Result<Self, Refused> {
        let torn = || broken(&"its parts are not where it says");
        let bytes = items.bytes(item).ok_or_else(torn)?;
        match items.kind(item) {
            Some(b"av01") => {
                let (tile_width, tile_height) = size_of(&bytes)?;
                Ok(Self { tiles: vec![bytes], columns: 1, tile_width, tile_height, shown: None })
            }
            Some(b"grid") => Self::grid(items, item, &bytes),
            other => {
                let kind = other.map(|kind| String::from_utf8_lossy(kind).into_owned()).unwrap_or_default();
                Err(Refused(format!(
                    "This kind of AVIF is not accepted ({kind}): export the picture as JPEG."
                )))
            }
        }
    }

    fn grid(items: &Items<'_>, item: usize, grid: &[u8]) -> Result<Self, Refused> {
        let torn = || broken(&"its tiles don't fit together");
        let read = || {
            let mut numbers = Numbers(grid);
            let length = if numbers.next(2)? & 1 == 0 { 2 } else { 4 };
            let (rows, columns) = (numbers.next(1)? + 1, numbers.next(1)? + 1);
            let mut size = || u32::try_from(numbers.next(length)?).ok().filter(|pixels| *pixels > 0);
            Some((rows, columns, size()?, size()?))
        };
        let (rows, columns, width, height) = read().ok_or_else(torn)?;
        let places = items.referred(b"dimg", item);
        if places.len() != rows * columns {
            return Err(torn());
        }
        let (mut tiles, mut size, mut left) = (Vec::new(), None, items.file_length());
        for place in places {
            let tile = items.bytes(place).filter(|_| items.kind(place) == Some(b"av01")).ok_or_else(torn)?;
            // The same may stand in many places, but not so often that it is more than the file.
            left = left.checked_sub(tile.len()).ok_or_else(torn)?;
            let tile_size = size_of(&tile)?;
            if *size.get_or_insert(tile_size) != tile_size {
                return Err(torn());
            }
            tiles.push(tile);
        }
        let (tile_width, tile_height) = size.ok_or_else(torn)?;
        // They cover the picture, and none lies beside it.
        let covers = |tile: u32, count: usize, shown: u32| {
            let (tile, count, shown) = (u64::from(tile), count as u64, u64::from(shown));
            tile * (count - 1) < shown && shown <= tile * count
        };
        if !covers(tile_width, columns, width) || !covers(tile_height, rows, height) {
            return Err(torn());
        }
        let columns = u32::try_from(columns).map_err(|_| torn())?;
        Ok(Self { tiles, columns, tile_width, tile_height, shown: Some((width, height)) })
    }

    /// Decodes them, one after another, into one picture.
    fn decode<P: Pixel<Subpixel = u8>>(
        self,
        max_pixels: u64,
        read: impl Fn(&Picture) -> Result<ImageBuffer<P, Vec<u8>>, Refused>,
    ) -> Result<ImageBuffer<P, Vec<u8>>, Refused> {
        let mut whole = match self.shown {
            Some((width, height)) if u64::from(width) * u64::from(height) <= max_pixels => {
                Some(ImageBuffer::new(width, height))
            }
            Some(_) => return Err(broken(&"its transparency is of another size")),
            None => None,
        };
        for (number, tile) in (0_u32..).zip(self.tiles) {
            let tile = read(&frame(tile, max_pixels)?)?;
            let Some(whole) = &mut whole else { return Ok(tile) };
            if tile.dimensions() != (self.tile_width, self.tile_height) {
                return Err(broken(&"its tiles don't fit together"));
            }
            let (row, column) = (number / self.columns, number % self.columns);
            let (left, top) = (u64::from(column * self.tile_width), u64::from(row * self.tile_height));
            image::imageops::replace(whole, &tile, left.cast_signed(), top.cast_signed());
        }
        whole.ok_or_else(|| broken(&"it has no tiles"))
    }
}

/// How large a picture may be at most, as AV1 says.
fn size_of(item: &[u8]) -> Result<(u32, u32), Refused> {
    let size = AV1Metadata::parse_av1_bitstream(item).map_err(|error| broken(&error))?;
    Ok((size.max_frame_width.get(), size.max_frame_height.get()))
}

/// Decodes the one frame of an item.
fn frame(item: Vec<u8>, max_pixels: u64) -> Result<Picture, Refused> {
    let mut settings = Settings::new();
    // The thread that calls is the one that works: how many decode at once is decided outside.
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_frame_size_limit(u32::try_from(max_pixels).unwrap_or(u32::MAX));
    let mut decoder = Decoder::with_settings(&settings).map_err(|error| broken(&error))?;
    match decoder.send_data(item, None, None, None) {
        Err(error) if !error.is_again() => return Err(broken(&error)),
        _ => {}
    }
    decoder
        .get_picture()
        .map_err(|error| if error.is_again() { broken(&"it breaks off") } else { broken(&error) })
}

/// A plane's samples, however many bits they have.
struct Samples<'a> {
    bytes: &'a [u8],
    stride: usize,
    is_wide: bool,
    width: usize,
    height: usize,
}

impl Samples<'_> {
    fn at(&self, x: usize, y: usize) -> f32 {
        let (x, y) = (x.min(self.width - 1), y.min(self.height - 1));
        if self.is_wide {
            let at = y * self.stride + 2 * x;
            f32::from(u16::from_ne_bytes([self.bytes[at], self.bytes[at + 1]]))
        } else {
            f32::from(self.bytes[y * self.stride + x])
        }
    }

    /// The sample of a plane that has half as many in one direction or both: weighed with its neighbors, so that edges of
    /// color stay where they are.
    fn halved(&self, x: usize, y: usize, is_halved: (bool, bool)) -> f32 {
        let around = |at: usize, is_halved: bool| {
            let near = at / 2;
            match (is_halved, at % 2) {
                (false, _) => (at, at),
                (true, 0) => (near, near.saturating_sub(1)),
                (true, _) => (near, near + 1),
            }
        };
        let ((x0, x1), (y0, y1)) = (around(x, is_halved.0), around(y, is_halved.1));
        let row = |y: usize| 0.75 * self.at(x0, y) + 0.25 * self.at(x1, y);
        0.75 * row(y0) + 0.25 * row(y1)
    }
}

fn samples_of<'a>(
    plane: &'a [u8],
    picture: &Picture,
    component: PlanarImageComponent,
    is_halved: (bool, bool),
) -> Samples<'a> {
    let half =
        |length: u32, is_halved: bool| if is_halved { length.div_ceil(2) as usize } else { length as usize };
    Samples {
        bytes: plane,
        stride: picture.stride(component) as usize,
        is_wide: picture.bit_depth() > 8,
        width: half(picture.width(), is_halved.0),
        height: half(picture.height(), is_halved.1),
    }
}

/// How stored values become light: of luma (or alpha) 0 to 1, of chroma -0.5 to 0.5.
struct Scale {
    black: f32,
    luma: f32,
    middle: f32,
    chroma: f32,
}

impl Scale {
    fn of(picture: &Picture) -> Self {
        let more = picture.bit_depth().saturating_sub(8) as i32;
        let step = 2_f32.powi(more);
        let middle = 128.0 * step;
        if picture.color_range() == YUVRange::Full {
            let most = 256.0 * step - 1.0;
            Self { black: 0.0, luma: most, middle, chroma: most }
        } else {
            Self { black: 16.0 * step, luma: 219.0 * step, middle, chroma: 224.0 * step }
        }
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
fn byte(light: f32) -> u8 {
    (light * 255.0 + 0.5).clamp(0.0, 255.0) as u8
}

fn rgb_of(picture: &Picture) -> Result<RgbImage, Refused> {
    let luma_plane = picture.plane(PlanarImageComponent::Y);
    let luma = samples_of(&luma_plane, picture, PlanarImageComponent::Y, (false, false));
    let scale = Scale::of(picture);
    let light = |x: u32, y: u32| (luma.at(x as usize, y as usize) - scale.black) / scale.luma;
    let is_halved = match picture.pixel_layout() {
        PixelLayout::I400 => {
            return Ok(RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
                image::Rgb([byte(light(x, y)); 3])
            }));
        }
        PixelLayout::I420 => (true, true),
        PixelLayout::I422 => (true, false),
        PixelLayout::I444 => (false, false),
    };
    let (blue_plane, red_plane) =
        (picture.plane(PlanarImageComponent::U), picture.plane(PlanarImageComponent::V));
    let blue = samples_of(&blue_plane, picture, PlanarImageComponent::U, is_halved);
    let red = samples_of(&red_plane, picture, PlanarImageComponent::V, is_halved);
    // How much of light is red, and blue. (ITU-T H.273, table 4.)
    let (of_red, of_blue) = match picture.matrix_coefficients() {
        Matrix::Identity => {
            let plain = |samples: &Samples<'_>, x: u32, y: u32| {
                byte((samples.at(x as usize, y as usize) - scale.black) / scale.luma)
            };
            return Ok(RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
                image::Rgb([plain(&red, x, y), plain(&luma, x, y), plain(&blue, x, y)])
            }));
        }
        Matrix::BT709 => (0.2126, 0.0722),
        Matrix::BT470BG | Matrix::ST170M | Matrix::Unspecified => (0.299, 0.114),
        Matrix::BT470M => (0.30, 0.11),
        Matrix::ST240M => (0.212, 0.087),
        Matrix::BT2020NonConstantLuminance => (0.2627, 0.0593),
        other => return Err(broken(&format!("its colors are made in an uncommon way, {other:?}"))),
    };
    let of_green = 1.0 - of_red - of_blue;
    let color = |samples: &Samples<'_>, x: u32, y: u32| {
        (samples.halved(x as usize, y as usize, is_halved) - scale.middle) / scale.chroma
    };
    Ok(RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (light, blueness, redness) = (light(x, y), color(&blue, x, y), color(&red, x, y));
        let r = light + 2.0 * (1.0 - of_red) * redness;
        let b = light + 2.0 * (1.0 - of_blue) * blueness;
        let g = (light - of_red * r - of_blue * b) / of_green;
        image::Rgb([byte(r), byte(g), byte(b)])
    }))
}

fn opacities_of(picture: &Picture) -> GrayImage {
    let plane = picture.plane(PlanarImageComponent::Y);
    let samples = samples_of(&plane, picture, PlanarImageComponent::Y, (false, false));
    let scale = Scale::of(picture);
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        image::Luma([byte((samples.at(x as usize, y as usize) - scale.black) / scale.luma)])
    })
}

fn with_opacities(
    colors: &RgbImage,
    opacities: &GrayImage,
    is_premultiplied: bool,
) -> Result<RgbaImage, Refused> {
    if opacities.dimensions() != colors.dimensions() {
        return Err(broken(&"its transparency is of another size"));
    }
    Ok(RgbaImage::from_fn(colors.width(), colors.height(), |x, y| {
        let (image::Luma([opacity]), image::Rgb(color)) =
            (*opacities.get_pixel(x, y), *colors.get_pixel(x, y));
        let [r, g, b] = color.map(|light| match is_premultiplied && opacity > 0 {
            true => byte(f32::from(light) / f32::from(opacity)),
            false => light,
        });
        image::Rgba([r, g, b, opacity])
    }))
}

/// What the file says about its main picture, beside the pixels.
#[derive(Default)]
struct Properties {
    icc: Option<Vec<u8>>,
    /// Primaries and transfer, as ITU-T H.273 numbers them.
    cicp: Option<(u16, u16)>,
    /// To be done in this order.
    turns: Vec<Orientation>,
}

impl Properties {
    fn of(items: &Items<'_>) -> Self {
        let mut found = Self::default();
        for property in items.properties(items.main) {
            match property {
                (b"colr", content) => match content.split_first_chunk::<4>() {
                    Some((b"prof" | b"rICC", profile)) => found.icc = Some(profile.to_vec()),
                    Some((b"nclx", numbers)) => {
                        let mut numbers = Numbers(numbers);
                        let mut number = || u16::try_from(numbers.next(2)?).ok();
                        found.cicp = number().zip(number());
                    }
                    _ => {}
                },
                // Quarters of a turn against the clock.
                (b"irot", content) => match content.first().map_or(0, |turns| turns & 3) {
                    1 => found.turns.push(Orientation::Rotate270),
                    2 => found.turns.push(Orientation::Rotate180),
                    3 => found.turns.push(Orientation::Rotate90),
                    _ => {}
                },
                // 0: above and below are exchanged; 1: left and right.
                (b"imir", content) => found.turns.push(match content.first().map_or(0, |axis| axis & 1) {
                    0 => Orientation::FlipVertical,
                    _ => Orientation::FlipHorizontal,
                }),
                _ => {}
            }
        }
        // One of each, at most. (ISO/IEC 23000-22, 7.)
        found.turns.truncate(2);
        found
    }

    /// The colors that the pixels are in, where they aren't sRGB.
    fn profile(&self) -> Option<ColorProfile> {
        if let Some(icc) = &self.icc {
            return ColorProfile::new_from_slice(icc).ok();
        }
        let (primaries, transfer) = self.cicp?;
        let is_like_srgb = matches!(primaries, 1 | 2) && matches!(transfer, 1 | 2 | 6 | 13 | 14 | 15);
        if is_like_srgb {
            return None;
        }
        // Most that use wide primaries leave the curve open, and mean sRGB's.
        let transfer = if transfer == 2 { 13 } else { transfer };
        Some(ColorProfile::new_from_cicp(CicpProfile {
            color_primaries: CicpColorPrimaries::try_from(u8::try_from(primaries).ok()?).ok()?,
            transfer_characteristics: TransferCharacteristics::try_from(u8::try_from(transfer).ok()?).ok()?,
            matrix_coefficients: MatrixCoefficients::Identity,
            full_range: true,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::make_avif::{a_box, encode, full_box};
    use super::*;

    /// A picture in so many rows and columns, each the same tile of 64 × 64 pixels.
    fn in_tiles(rows: u8, columns: u8, tile: &[u8]) -> Vec<u8> {
        let size = |count: u8| (64 * u16::from(count)).to_be_bytes();
        let grid = [&[0, 0, rows - 1, columns - 1][..], &size(columns), &size(rows)].concat();
        let count = u16::from(rows) * u16::from(columns);
        let places = 2_u16.to_be_bytes().repeat(usize::from(count));
        let item = |item: u8, kind: &[u8; 4]| full_box(b"infe", 2, &[&[0, item, 0, 0], kind, b"\0"]);
        let file = |behind: usize| {
            let place = |item: u8, at: usize, length: usize| {
                let numbers = [at, length].map(|number| u32::try_from(number).unwrap().to_be_bytes());
                [&[0, item, 0, 0, 0, 1][..], &numbers.concat()].concat()
            };
            let places_in_file = [place(1, behind, grid.len()), place(2, behind + grid.len(), tile.len())];
            let meta = [
                full_box(b"pitm", 0, &[&[0, 1]]),
                full_box(b"iinf", 0, &[&[0, 2], &item(1, b"grid"), &item(2, b"av01")]),
                full_box(b"iloc", 0, &[&[0x44, 0, 0, 2], &places_in_file.concat()]),
                full_box(b"iref", 0, &[&a_box(b"dimg", &[&[0, 1], &count.to_be_bytes(), &places])]),
            ];
            [full_box(b"meta", 0, &[&meta.concat()]), a_box(b"mdat", &[&grid, tile])].concat()
        };
        let behind = file(0).len() - grid.len() - tile.len();
        file(behind)
    }

    #[test]
    fn a_tile_may_stand_in_some_places_but_not_in_so_many_that_memory_ends() {
        let tile = encode(&[90; 64 * 64 * 3], (64, 64), false, 80).unwrap();
        let tile = Items::read(&tile).unwrap().bytes(1).unwrap();
        let file = in_tiles(1, 2, &tile);
        let picture = Avif::read(&file).unwrap().decode(1_000_000).unwrap();
        assert_eq!((picture.width(), picture.height()), (128, 64));
        let Err(Refused(words)) = Avif::read(&in_tiles(255, 255, &tile)) else { panic!("it was read") };
        assert!(words.contains("tiles"), "{words}");
    }
}
