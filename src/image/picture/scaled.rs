//! A picture in another size, shape or format: always a still, in sRGB, with its rights.

use std::io::Cursor;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder as _, ImageReader};
use moxcms::ColorProfile;

use super::{color, strip};
use crate::image::variant::{Format, Size};

/// Why a picture can't be made: a fault of ours, since its file was whole when it was taken.
#[derive(Debug)]
pub struct NotMade(pub String);

fn not_made(error: impl std::fmt::Display) -> NotMade {
    NotMade(error.to_string())
}

/// What to make of a rendition.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// How large.
    pub size: Size,
    /// Around what, where it is cropped.
    pub focal_point: (i32, i32),
    /// In which format.
    pub format: Format,
    /// How well, 1 to 100; of PNG nothing is lost.
    pub quality: u8,
}

/// Makes it. Takes long; not for an async thread.
pub fn scaled(rendition: &[u8], recipe: Recipe) -> Result<Vec<u8>, NotMade> {
    let reader = ImageReader::new(Cursor::new(rendition)).with_guessed_format().map_err(not_made)?;
    let mut decoder = reader.into_decoder().map_err(not_made)?;
    let profile =
        decoder.icc_profile().ok().flatten().and_then(|profile| ColorProfile::new_from_slice(&profile).ok());
    let rights = decoder.xmp_metadata().ok().flatten();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(not_made)?;
    if let Some(profile) = profile {
        picture = color::to_srgb(picture, &profile);
    }
    let encoded = if picture.color().has_alpha() {
        let whole = picture.into_rgba8();
        let (pixels, width, height) = resize(whole.as_raw(), whole.dimensions(), PixelType::U8x4, recipe)?;
        match recipe.format {
            Format::Jpeg => encode(&on_white(&pixels), width, height, false, recipe)?,
            _ => encode(&pixels, width, height, true, recipe)?,
        }
    } else {
        let whole = picture.into_rgb8();
        let (pixels, width, height) = resize(whole.as_raw(), whole.dimensions(), PixelType::U8x3, recipe)?;
        encode(&pixels, width, height, false, recipe)?
    };
    let kind = match recipe.format {
        Format::Jpeg => super::Format::Jpeg,
        Format::Png => super::Format::Png,
        Format::WebP => super::Format::WebP,
    };
    match rights {
        // The rendition's packet holds the rights alone.
        Some(rights) => strip::with_xmp(encoded, kind, &rights).map_err(not_made),
        None => Ok(encoded),
    }
}

fn resize(
    pixels: &[u8],
    (width, height): (u32, u32),
    kind: PixelType,
    recipe: Recipe,
) -> Result<(Vec<u8>, u32, u32), NotMade> {
    let cut = recipe.size.cut(width, height, recipe.focal_point);
    let source = ImageRef::new(width, height, pixels, kind).map_err(not_made)?;
    let mut target = Image::new(cut.shown_width, cut.shown_height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).crop(
        f64::from(cut.left),
        f64::from(cut.top),
        f64::from(cut.width),
        f64::from(cut.height),
    );
    Resizer::new().resize(&source, &mut target, &options).map_err(not_made)?;
    Ok((target.into_vec(), cut.shown_width, cut.shown_height))
}

fn on_white(pixels: &[u8]) -> Vec<u8> {
    let pixels = pixels.as_chunks::<4>().0.iter();
    pixels
        .flat_map(|[red, green, blue, opacity]| {
            [red, green, blue].map(|light| {
                let opacity = u32::from(*opacity);
                let mixed = (u32::from(*light) * opacity + 255 * (255 - opacity) + 127) / 255;
                u8::try_from(mixed).unwrap_or(u8::MAX)
            })
        })
        .collect()
}

fn encode(
    pixels: &[u8],
    width: u32,
    height: u32,
    has_alpha: bool,
    recipe: Recipe,
) -> Result<Vec<u8>, NotMade> {
    let color = if has_alpha { ExtendedColorType::Rgba8 } else { ExtendedColorType::Rgb8 };
    let mut bytes = Vec::new();
    match recipe.format {
        Format::Jpeg => JpegEncoder::new_with_quality(&mut bytes, recipe.quality)
            .write_image(pixels, width, height, color)
            .map_err(not_made)?,
        Format::Png => {
            PngEncoder::new(&mut bytes).write_image(pixels, width, height, color).map_err(not_made)?
        }
        Format::WebP => {
            let layout = if has_alpha { webp::PixelLayout::Rgba } else { webp::PixelLayout::Rgb };
            let encoder = webp::Encoder::new(pixels, layout, width, height);
            let encoded = encoder
                .encode_simple(false, f32::from(recipe.quality))
                .map_err(|error| NotMade(format!("{error:?}")))?;
            bytes.extend_from_slice(&encoded);
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::variant::CENTER;

    fn drawn(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/pictures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn make(file: &[u8], size: Size, focal_point: (i32, i32), format: Format) -> DynamicImage {
        let bytes = scaled(file, Recipe { size, focal_point, format, quality: 90 }).unwrap();
        assert_eq!(image::guess_format(&bytes).unwrap().to_mime_type(), format.mime_type());
        image::load_from_memory(&bytes).unwrap()
    }

    fn is_near(picture: &DynamicImage, x: u32, y: u32, color: [u8; 3]) -> bool {
        let found = picture.to_rgb8().get_pixel(x, y).0;
        found.iter().zip(color).all(|(found, wanted)| found.abs_diff(wanted) < 16)
    }

    #[test]
    fn every_kind_is_scaled_into_every_format() {
        for name in [
            "lying-1.jpg",
            "interlaced-16-bit.png",
            "moving.gif",
            "moving.webp",
            "moving.png",
            "lying-1.webp",
        ] {
            for format in [Format::Jpeg, Format::Png, Format::WebP] {
                let small = make(&drawn(name), Size::Width(24), CENTER, format);
                assert_eq!((small.width(), small.height()), (24, 16), "{name}");
                assert!(
                    is_near(&small, 5, 3, [220, 30, 30]) && is_near(&small, 20, 12, [240, 240, 240]),
                    "{name} as {format:?}"
                );
            }
        }
        assert_eq!(make(&drawn("lying-1.jpg"), Size::Width(500), CENTER, Format::WebP).width(), 48);
    }

    #[test]
    fn a_crop_is_around_the_focal_point() {
        let corner = |focal_point| make(&drawn("lying-1.png"), Size::Crop(12, 24), focal_point, Format::Png);
        let left = corner((0, 0));
        assert_eq!((left.width(), left.height()), (12, 24));
        assert!(is_near(&left, 6, 4, [220, 30, 30]) && is_near(&left, 6, 20, [30, 60, 200]));
        assert!(is_near(&corner((10_000, 0)), 6, 4, [30, 160, 60]));
    }

    #[test]
    fn what_is_transparent_stays_so_or_lies_on_white() {
        let mut file = Vec::new();
        let clear =
            image::RgbaImage::from_fn(16, 16, |x, _| image::Rgba([10, 20, 200, if x < 8 { 0 } else { 255 }]));
        clear.write_to(&mut Cursor::new(&mut file), image::ImageFormat::Png).unwrap();
        for format in [Format::Png, Format::WebP] {
            let small = make(&file, Size::Width(8), CENTER, format).to_rgba8();
            assert!(small.get_pixel(1, 1)[3] < 8 && small.get_pixel(6, 6)[3] > 247);
        }
        let flat = make(&file, Size::Width(8), CENTER, Format::Jpeg);
        assert!(is_near(&flat, 1, 1, [255, 255, 255]) && is_near(&flat, 6, 6, [10, 20, 200]));
    }

    #[test]
    fn wide_colors_become_srgb_and_rights_stay() {
        let wide = image::RgbImage::from_pixel(16, 16, image::Rgb([200, 40, 40]));
        let mut file = Vec::new();
        let mut encoder = PngEncoder::new(&mut file);
        encoder.set_icc_profile(ColorProfile::new_display_p3().encode().unwrap()).unwrap();
        wide.write_with_encoder(encoder).unwrap();
        let packet = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Ann</x:xmpmeta>";
        let file = strip::with_xmp(file, super::super::Format::Png, packet).unwrap();
        for format in [Format::Jpeg, Format::Png, Format::WebP] {
            let bytes =
                scaled(&file, Recipe { size: Size::Width(8), focal_point: CENTER, format, quality: 95 })
                    .unwrap();
            let mut decoder =
                ImageReader::new(Cursor::new(&bytes)).with_guessed_format().unwrap().into_decoder().unwrap();
            assert_eq!(decoder.icc_profile().unwrap(), None);
            assert_eq!(decoder.xmp_metadata().unwrap().as_deref(), Some(packet.as_slice()), "{format:?}");
            let [red, green, _] = image::load_from_memory(&bytes).unwrap().to_rgb8().get_pixel(4, 4).0;
            assert!(red > 208 && green < 32, "{format:?}: {red} {green}");
        }
    }
}
