//! AVIF, which becomes another kind of file: decoded, set upright, and brought to sRGB. Stills of one piece are read, neither
//! films nor tiles.
//!
//! AV1 is decoded by rav1d, in Rust and without assembly. The parser and what stands around the decoder hold assertions, and
//! give up where one doesn't hold: that is caught here. A panic in the decoder itself can't be: its functions are C's by
//! their form, and end the process. The pixels are bounded by us and by the decoder.

use std::panic::{AssertUnwindSafe, catch_unwind};

use avif_parse::{AV1Metadata, AvifData};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage, RgbaImage};
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

/// The parts of a file, and how large its pictures say that they are.
pub(super) struct Avif {
    parts: AvifData,
    size: AV1Metadata,
}

impl Avif {
    /// Reads the file's structure.
    pub(super) fn read(mut bytes: &[u8]) -> Result<Self, Refused> {
        let parts = AvifData::from_reader(&mut bytes).map_err(refused)?;
        let size = parts.primary_item_metadata().map_err(refused)?;
        Ok(Self { parts, size })
    }

    /// Pixels, before it is turned. The picture itself may say less, never more.
    pub(super) fn dimensions(&self) -> (u32, u32) {
        (self.size.max_frame_width.get(), self.size.max_frame_height.get())
    }

    /// The pixels, upright and in sRGB. `file` is what it was read from.
    pub(super) fn decode(self, file: &[u8], max_pixels: u64) -> Result<DynamicImage, Refused> {
        let properties = Properties::of(file).unwrap_or_default();
        if matches!(properties.cicp, Some((_, 16 | 18))) {
            return Err(Refused(
                "Pictures of high dynamic range (PQ, HLG) are not accepted: export the picture with a common color profile, such as sRGB."
                    .to_owned(),
            ));
        }
        let colors = frame(self.parts.primary_item.to_vec(), max_pixels)?;
        let rgb = rgb_of(&colors)?;
        let mut picture = DynamicImage::from(rgb);
        if let Some(alpha) = self.parts.alpha_item {
            let alpha = frame(alpha.to_vec(), max_pixels)?;
            picture = with_alpha(picture.to_rgb8(), &alpha, self.parts.premultiplied_alpha)?.into();
        }
        if let Some(profile) = properties.profile() {
            picture = color::to_srgb(picture, &profile);
        }
        for turn in properties.turns {
            picture.apply_orientation(turn);
        }
        Ok(picture)
    }
}

#[allow(clippy::needless_pass_by_value, reason = "map_err gives it so")]
fn refused(error: avif_parse::Error) -> Refused {
    match error {
        avif_parse::Error::Unsupported(what) => {
            Refused(format!("This kind of AVIF is not accepted ({what}): export the picture as JPEG."))
        }
        error => broken(&error),
    }
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

fn with_alpha(colors: RgbImage, alpha: &Picture, is_premultiplied: bool) -> Result<RgbaImage, Refused> {
    if (alpha.width(), alpha.height()) != colors.dimensions() {
        return Err(broken(&"its transparency is of another size"));
    }
    let plane = alpha.plane(PlanarImageComponent::Y);
    let samples = samples_of(&plane, alpha, PlanarImageComponent::Y, (false, false));
    let scale = Scale::of(alpha);
    Ok(RgbaImage::from_fn(colors.width(), colors.height(), |x, y| {
        let opacity = ((samples.at(x as usize, y as usize) - scale.black) / scale.luma).clamp(0.0, 1.0);
        let image::Rgb(color) = *colors.get_pixel(x, y);
        let [r, g, b] = color.map(|light| match is_premultiplied && opacity > 0.0 {
            true => byte(f32::from(light) / 255.0 / opacity),
            false => light,
        });
        image::Rgba([r, g, b, byte(opacity)])
    }))
}

/// What the file says about its main picture, beside the pixels. The parser leaves that out, and the one that doesn't gives
/// pointers.
#[derive(Default)]
struct Properties {
    icc: Option<Vec<u8>>,
    /// Primaries and transfer, as ITU-T H.273 numbers them.
    cicp: Option<(u16, u16)>,
    /// To be done in this order.
    turns: Vec<Orientation>,
}

impl Properties {
    fn of(file: &[u8]) -> Option<Self> {
        let items = Items::read(file)?;
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
                (b"irot", content) => match content.first()? & 3 {
                    1 => found.turns.push(Orientation::Rotate270),
                    2 => found.turns.push(Orientation::Rotate180),
                    3 => found.turns.push(Orientation::Rotate90),
                    _ => {}
                },
                // 0: above and below are exchanged; 1: left and right.
                (b"imir", content) => found.turns.push(match content.first()? & 1 {
                    0 => Orientation::FlipVertical,
                    _ => Orientation::FlipHorizontal,
                }),
                _ => {}
            }
        }
        Some(found)
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
