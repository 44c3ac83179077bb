//! A picture in another size, shape or format: always a still, in sRGB, with its rights.

use std::io::Cursor;

use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::{DynamicImage, ExtendedColorType, ImageDecoder as _, ImageEncoder as _, ImageReader};
use moxcms::ColorProfile;

use super::{color, make_avif, strip};
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
        Format::Avif => super::Format::Avif,
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
    let (shown_width, shown_height) = match recipe.format {
        Format::Avif => make_avif::fitted(cut.shown_width, cut.shown_height),
        _ => (cut.shown_width, cut.shown_height),
    };
    let source = ImageRef::new(width, height, pixels, kind).map_err(not_made)?;
    let mut target = Image::new(shown_width, shown_height, kind);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Lanczos3)).crop(
        f64::from(cut.left),
        f64::from(cut.top),
        f64::from(cut.width),
        f64::from(cut.height),
    );
    Resizer::new().resize(&source, &mut target, &options).map_err(not_made)?;
    Ok((target.into_vec(), shown_width, shown_height))
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
        Format::Avif => bytes = make_avif::encode(pixels, (width, height), has_alpha, recipe.quality)?,
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::avif::Avif;
    use super::super::items::Items;
    use super::*;
    use crate::image::variant::CENTER;

    fn drawn(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/pictures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    fn make(file: &[u8], size: Size, focal_point: (i32, i32), format: Format) -> DynamicImage {
        read(&scaled(file, Recipe { size, focal_point, format, quality: 90 }).unwrap(), format)
    }

    fn read(bytes: &[u8], format: Format) -> DynamicImage {
        assert_eq!(image::guess_format(bytes).unwrap().to_mime_type(), format.mime_type());
        match format {
            Format::Avif => Avif::read(bytes).unwrap().decode(1_000_000).unwrap(),
            _ => image::load_from_memory(bytes).unwrap(),
        }
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
            for format in Format::ALL {
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
        for format in [Format::Png, Format::WebP, Format::Avif] {
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
        for format in Format::ALL {
            let bytes =
                scaled(&file, Recipe { size: Size::Width(8), focal_point: CENTER, format, quality: 95 })
                    .unwrap();
            let (profile, rights) = match format {
                Format::Avif => (None, Items::read(&bytes).unwrap().xmp()),
                _ => {
                    let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().unwrap();
                    let mut decoder = reader.into_decoder().unwrap();
                    (decoder.icc_profile().unwrap(), decoder.xmp_metadata().unwrap())
                }
            };
            assert_eq!((profile, rights.as_deref()), (None, Some(packet.as_slice())), "{format:?}");
            let [red, green, _] = read(&bytes, format).to_rgb8().get_pixel(4, 4).0;
            assert!(red > 208 && green < 32, "{format:?}: {red} {green}");
        }
    }

    /// How far colors are from those that they were, on average.
    fn difference(one: &DynamicImage, other: &DynamicImage) -> f64 {
        assert_eq!((one.width(), one.height()), (other.width(), other.height()));
        let (one, other) = (one.to_rgba8(), other.to_rgba8());
        let apart =
            one.as_raw().iter().zip(other.as_raw()).map(|(one, other)| f64::from(one.abs_diff(*other)));
        apart.sum::<f64>() / one.as_raw().len() as f64
    }

    #[test]
    fn an_avif_shows_what_it_was_made_of() {
        let colors = image::RgbImage::from_fn(200, 130, |x, y| {
            image::Rgb([(x * 255 / 200) as u8, (y * 255 / 130) as u8, ((x + y) % 40 * 6) as u8])
        });
        let through = image::RgbaImage::from_fn(61, 47, |x, y| {
            image::Rgba([(x * 4) as u8, (y * 5) as u8, 90, if x < 30 { 255 } else { (y * 5) as u8 }])
        });
        for (drawn, most) in [(DynamicImage::from(colors), 4.0), (through.into(), 4.0)] {
            let mut file = Vec::new();
            drawn.write_to(&mut Cursor::new(&mut file), image::ImageFormat::Png).unwrap();
            let made = make(&file, Size::Width(drawn.width()), CENTER, Format::Avif);
            assert_eq!(made.color().has_alpha(), drawn.color().has_alpha());
            let apart = difference(&made, &drawn);
            assert!(apart < most, "{apart}");
        }
    }

    #[test]
    fn a_picture_of_any_shape_becomes_an_avif() {
        for (width, height) in [(1, 1), (1, 300), (300, 1), (2, 3), (7, 7), (17, 15), (65, 63)] {
            for has_alpha in [false, true] {
                let drawn = image::RgbaImage::from_pixel(width, height, image::Rgba([200, 100, 50, 128]));
                let drawn = DynamicImage::from(drawn);
                let drawn = if has_alpha { drawn } else { drawn.to_rgb8().into() };
                let mut file = Vec::new();
                drawn.write_to(&mut Cursor::new(&mut file), image::ImageFormat::Png).unwrap();
                let made = make(&file, Size::Width(width), CENTER, Format::Avif);
                assert!(difference(&made, &drawn) < 4.0, "{width} × {height}, {has_alpha}");
            }
        }
    }
}
