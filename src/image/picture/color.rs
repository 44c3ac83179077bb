//! Colors as they were meant: what readers' browsers can't be trusted with becomes sRGB.

use std::io::Cursor;

use image::{DynamicImage, RgbImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

use super::{Refused, broken};

/// Whether a JPEG has four channels: CMYK, or YCCK, as printers' pictures have.
pub(super) fn has_four_channels(bytes: &[u8]) -> bool {
    let mut decoder = jpeg_decoder::Decoder::new(Cursor::new(bytes));
    decoder.read_info().is_ok()
        && decoder.info().is_some_and(|info| info.pixel_format == jpeg_decoder::PixelFormat::CMYK32)
}

/// Decodes a JPEG of four channels to sRGB, by its profile if it has one.
pub(super) fn decode_cmyk(bytes: &[u8], profile: Option<&[u8]>) -> Result<DynamicImage, Refused> {
    let mut decoder = jpeg_decoder::Decoder::new(Cursor::new(bytes));
    let inks = decoder.decode().map_err(|error| broken(&error))?;
    let info = decoder.info().ok_or_else(|| broken(&"it has no header"))?;
    let (width, height) = (u32::from(info.width), u32::from(info.height));
    let read = profile.and_then(|profile| ColorProfile::new_from_slice(profile).ok());
    let profile = read.filter(|profile| profile.color_space == DataColorSpace::Cmyk);
    let mut colors = vec![0; inks.len() / 4 * 3];
    let transform = profile.and_then(|profile| {
        profile
            .create_transform_8bit(
                Layout::Rgba,
                &ColorProfile::new_srgb(),
                Layout::Rgb,
                TransformOptions::default(),
            )
            .ok()
    });
    match transform {
        Some(transform) => transform.transform(&inks, &mut colors).map_err(|error| broken(&error))?,
        None => {
            // No profile: as much light as the inks let through.
            for (color, ink) in colors.as_chunks_mut::<3>().0.iter_mut().zip(inks.as_chunks::<4>().0) {
                for (color, ink_of_color) in color.iter_mut().zip(ink) {
                    let light = u32::from(255 - ink_of_color) * u32::from(255 - ink[3]);
                    *color = u8::try_from((light + 127) / 255).unwrap_or(u8::MAX);
                }
            }
        }
    }
    let picture =
        RgbImage::from_raw(width, height, colors).ok_or_else(|| broken(&"it is smaller than it says"))?;
    Ok(picture.into())
}

/// Brings a picture of 8 bits a channel from a profile's colors to sRGB. A profile that can't be read changes nothing.
pub(super) fn to_srgb(picture: DynamicImage, profile: &ColorProfile) -> DynamicImage {
    let options = TransformOptions::default();
    let srgb = ColorProfile::new_srgb();
    if profile.color_space != DataColorSpace::Rgb {
        return picture;
    }
    if picture.color().has_alpha() {
        let pixels = picture.to_rgba8();
        let mut turned = vec![0; pixels.as_raw().len()];
        let done = profile
            .create_transform_8bit(Layout::Rgba, &srgb, Layout::Rgba, options)
            .and_then(|transform| transform.transform(pixels.as_raw(), &mut turned));
        let (width, height) = pixels.dimensions();
        return match done.ok().and_then(|()| image::RgbaImage::from_raw(width, height, turned)) {
            Some(turned) => turned.into(),
            None => picture,
        };
    }
    let pixels = picture.to_rgb8();
    let mut turned = vec![0; pixels.as_raw().len()];
    let done = profile
        .create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options)
        .and_then(|transform| transform.transform(pixels.as_raw(), &mut turned));
    let (width, height) = pixels.dimensions();
    match done.ok().and_then(|()| RgbImage::from_raw(width, height, turned)) {
        Some(turned) => turned.into(),
        None => picture,
    }
}
