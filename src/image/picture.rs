//! A picture file: told by its content, bounded before it is decoded, decoded whole (so a truncated file is found), and
//! turned into a rendition without GPS, device data or any other metadata but what its colors need.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::PngEncoder;
use image::codecs::webp::WebPEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder as _, ImageEncoder as _, ImageFormat, ImageReader};
use img_parts::Bytes;
use img_parts::jpeg::Jpeg;
use img_parts::png::Png;
use img_parts::riff::RiffContent;
use img_parts::webp::{CHUNK_EXIF, CHUNK_VP8X, CHUNK_XMP, WebP};

/// Quality of a JPEG that had to be turned.
const TURNED_JPEG_QUALITY: u8 = 92;

/// Largest color profile, unpacked.
const LARGEST_PROFILE: usize = 4_000_000;

/// A picture that may be kept.
#[derive(Debug)]
pub struct Processed {
    /// Its type, told by content.
    pub mime_type: &'static str,
    /// The file without metadata, upright.
    pub rendition: Vec<u8>,
    /// Pixels, upright.
    pub width: u32,
    /// Pixels, upright.
    pub height: u32,
}

/// Why a file is refused: for the client.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused(pub String);

/// Checks a file and makes its rendition. Takes long; not for an async thread.
pub fn process(bytes: &[u8], max_pixels: u64) -> Result<Processed, Refused> {
    let format = format_of(bytes)?;
    let broken = |error: &dyn std::fmt::Display| {
        Refused(format!("The picture can't be decoded ({error}): is the file whole?"))
    };
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), format)
        .into_dimensions()
        .map_err(|error| broken(&error))?;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > max_pixels {
        return Err(Refused(format!(
            "A picture has at most {max_pixels} pixels; this has {width} × {height} = {pixels}."
        )));
    }
    // Decoders show as much of a JPEG as there is; a picture desk wants the whole.
    if format == ImageFormat::Jpeg && !up_to_end_of_jpeg(bytes).1 {
        return Err(broken(&"it has no end"));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    // Four bytes a pixel, twice over for 16-bit channels, and room for the decoder.
    limits.max_alloc = Some(max_pixels.saturating_mul(10));
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = decoder.icc_profile().unwrap_or_default();
    if profile.as_ref().is_some_and(|profile| profile.len() > LARGEST_PROFILE) {
        return Err(Refused(format!(
            "A color profile has at most {LARGEST_PROFILE} bytes: export the picture with a common one, such as sRGB."
        )));
    }
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?;
    let rendition = if orientation == Orientation::NoTransforms {
        without_metadata(bytes, format).map_err(|error| broken(&error))?
    } else {
        picture.apply_orientation(orientation);
        encode(&picture, format, profile).map_err(|error| broken(&error))?
    };
    Ok(Processed {
        mime_type: format.to_mime_type(),
        rendition,
        width: picture.width(),
        height: picture.height(),
    })
}

fn format_of(bytes: &[u8]) -> Result<ImageFormat, Refused> {
    match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) => Ok(format),
        Ok(other) => {
            let name = other.extensions_str().first().unwrap_or(&"?").to_uppercase();
            Err(Refused(format!("{name} files are not accepted: export the picture as JPEG, PNG or WebP.")))
        }
        Err(_)
            if bytes.get(4..12).is_some_and(|kind| {
                matches!(kind, b"ftypheic" | b"ftypheix" | b"ftypmif1" | b"ftypmsf1")
            }) =>
        {
            Err(Refused("HEIC files are not accepted: export the picture as JPEG.".to_owned()))
        }
        Err(_) if bytes.trim_ascii_start().starts_with(b"<") => {
            Err(Refused("SVG and other markup is not accepted: export the picture as PNG.".to_owned()))
        }
        Err(_) => Err(Refused("The file is not a picture: JPEG, PNG and WebP are accepted.".to_owned())),
    }
}

fn without_metadata(bytes: &[u8], format: ImageFormat) -> Result<Vec<u8>, img_parts::Error> {
    let bytes = Bytes::copy_from_slice(bytes);
    let encoded = match format {
        ImageFormat::Png => {
            let mut png = Png::from_bytes(bytes)?;
            png.chunks_mut().retain(|chunk| is_needed_png_chunk(chunk.kind()));
            png.encoder().bytes()
        }
        ImageFormat::WebP => {
            let mut webp = WebP::from_bytes(bytes)?;
            webp.remove_chunks_by_id(CHUNK_EXIF);
            webp.remove_chunks_by_id(CHUNK_XMP);
            for chunk in webp.chunks_mut().iter_mut().filter(|chunk| chunk.id() == CHUNK_VP8X) {
                if let RiffContent::Data(flags) = chunk.content_mut() {
                    let mut cleared = flags.to_vec();
                    // The flags that promise EXIF (bit 3) and XMP (bit 2).
                    if let Some(first) = cleared.first_mut() {
                        *first &= !0b0000_1100;
                    }
                    *flags = cleared.into();
                }
            }
            webp.encoder().bytes()
        }
        _ => {
            let mut jpeg = Jpeg::from_bytes(bytes)?;
            jpeg.segments_mut()
                .retain(|segment| is_needed_jpeg_segment(segment.marker(), segment.contents()));
            return Ok(up_to_end_of_jpeg(&jpeg.encoder().bytes()).0);
        }
    };
    Ok(encoded.to_vec())
}

/// Pixels, palette, transparency, colors, resolution, animation; no text, time or EXIF.
fn is_needed_png_chunk(kind: [u8; 4]) -> bool {
    const NEEDED: &[&[u8; 4]] = &[
        b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"cICP", b"sBIT",
        b"bKGD", b"pHYs", b"acTL", b"fcTL", b"fdAT",
    ];
    NEEDED.contains(&&kind)
}

/// All but application segments and comments; of those, what decoding and colors need: JFIF, the ICC profile, Adobe's
/// color transform.
fn is_needed_jpeg_segment(marker: u8, contents: &[u8]) -> bool {
    match marker {
        0xE0 => contents.starts_with(b"JFIF\0"),
        0xE2 => contents.starts_with(b"ICC_PROFILE\0"),
        0xEE => contents.starts_with(b"Adobe"),
        0xE1..=0xEF | 0xFE => false,
        _ => true,
    }
}

/// Cuts what stands behind the picture's end (phones put films and depth maps there), and the application segments
/// between scans. Says, too, whether there is an end.
fn up_to_end_of_jpeg(bytes: &[u8]) -> (Vec<u8>, bool) {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let (Some(&first), Some(&marker)) = (bytes.get(at), bytes.get(at + 1)) {
        let is_data = first != 0xFF || matches!(marker, 0x00 | 0xFF | 0xD0..=0xD8);
        if is_data {
            // A marker's own bytes are copied in two steps of one; all are data here.
            kept.push(first);
            if first == 0xFF && marker != 0xFF {
                kept.push(marker);
                at += 1;
            }
            at += 1;
            continue;
        }
        if marker == 0xD9 {
            kept.extend_from_slice(&[0xFF, 0xD9]);
            return (kept, true);
        }
        let length = match (bytes.get(at + 2), bytes.get(at + 3)) {
            (Some(&high), Some(&low)) => usize::from(u16::from_be_bytes([high, low])),
            _ => break,
        };
        let end = (at + 2 + length).min(bytes.len());
        if is_needed_jpeg_segment(marker, bytes.get(at + 4..end).unwrap_or_default()) {
            kept.extend_from_slice(&bytes[at..end]);
        }
        at = end;
    }
    (kept, false)
}

fn encode(
    picture: &DynamicImage,
    format: ImageFormat,
    profile: Option<Vec<u8>>,
) -> Result<Vec<u8>, image::ImageError> {
    let mut bytes = Vec::new();
    match format {
        ImageFormat::Png => {
            let mut encoder = PngEncoder::new(&mut bytes);
            if let Some(profile) = profile {
                encoder.set_icc_profile(profile).map_err(image::ImageError::Unsupported)?;
            }
            picture.write_with_encoder(encoder)?;
        }
        ImageFormat::WebP => {
            let mut encoder = WebPEncoder::new_lossless(&mut bytes);
            if let Some(profile) = profile {
                encoder.set_icc_profile(profile).map_err(image::ImageError::Unsupported)?;
            }
            let picture = if picture.color().has_alpha() {
                picture.to_rgba8().into()
            } else {
                DynamicImage::from(picture.to_rgb8())
            };
            picture.write_with_encoder(encoder)?;
        }
        _ => {
            let mut encoder = JpegEncoder::new_with_quality(&mut bytes, TURNED_JPEG_QUALITY);
            if let Some(profile) = profile {
                encoder.set_icc_profile(profile).map_err(image::ImageError::Unsupported)?;
            }
            picture.write_with_encoder(encoder)?;
        }
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use img_parts::ImageEXIF as _;

    use super::*;

    /// Eight by four pixels: left half red, right half blue.
    fn picture() -> DynamicImage {
        image::RgbImage::from_fn(16, 8, |x, _| image::Rgb(if x < 8 { [255, 0, 0] } else { [0, 0, 255] }))
            .into()
    }

    fn file(format: ImageFormat) -> Vec<u8> {
        encode(&picture(), format, None).unwrap()
    }

    /// A little-endian EXIF block with an orientation and a device's name.
    fn exif(orientation: u8) -> Bytes {
        let mut block = b"II*\0\x08\0\0\0\x02\0".to_vec();
        block.extend_from_slice(b"\x0f\x01\x02\0\x0b\0\0\0\x26\0\0\0");
        block.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
        block.extend_from_slice(b"\0\0\0\0SecretCam\0\0");
        block.into()
    }

    fn contains(bytes: &[u8], words: &[u8]) -> bool {
        bytes.windows(words.len()).any(|window| window == words)
    }

    #[test]
    fn the_rendition_has_the_pixels_and_not_the_metadata() {
        let mut jpeg = Jpeg::from_bytes(file(ImageFormat::Jpeg).into()).unwrap();
        jpeg.set_exif(Some(exif(1)));
        let mut with_film = jpeg.encoder().bytes().to_vec();
        with_film.extend_from_slice(b"SecretFilm");
        let processed = process(&with_film, 1_000).unwrap();
        assert_eq!((processed.mime_type, processed.width, processed.height), ("image/jpeg", 16, 8));
        assert!(!contains(&processed.rendition, b"Secret") && !contains(&processed.rendition, b"Exif"));
        assert_eq!(
            image::load_from_memory(&processed.rendition).unwrap(),
            image::load_from_memory(&with_film).unwrap()
        );

        let mut png = Png::from_bytes(file(ImageFormat::Png).into()).unwrap();
        png.set_exif(Some(exif(1)));
        let at = png.chunks().len() - 1;
        png.chunks_mut()
            .insert(at, img_parts::png::PngChunk::new(*b"tEXt", Bytes::from_static(b"Author\0Secret")));
        let processed = process(&png.encoder().bytes(), 1_000).unwrap();
        assert!(!contains(&processed.rendition, b"Secret"));

        let mut webp = WebP::from_bytes(file(ImageFormat::WebP).into()).unwrap();
        webp.set_exif(Some(exif(1)));
        let processed = process(&webp.encoder().bytes(), 1_000).unwrap();
        assert!(!contains(&processed.rendition, b"Secret"));
        assert!(process(&processed.rendition, 1_000).is_ok());
    }

    #[test]
    fn a_picture_lying_on_its_side_is_set_upright() {
        let mut jpeg = Jpeg::from_bytes(file(ImageFormat::Jpeg).into()).unwrap();
        jpeg.set_exif(Some(exif(6)));
        let processed = process(&jpeg.encoder().bytes(), 1_000).unwrap();
        assert_eq!((processed.width, processed.height), (8, 16));
        let upright = image::load_from_memory(&processed.rendition).unwrap().to_rgb8();
        assert!(upright.get_pixel(4, 2)[0] > 200 && upright.get_pixel(4, 13)[2] > 200);
        assert!(!contains(&processed.rendition, b"Secret"));
    }

    #[test]
    fn what_is_no_whole_picture_is_refused_with_a_cure() {
        let whole = file(ImageFormat::Png);
        for (bytes, words) in [
            (whole[..whole.len() / 2].to_vec(), "whole"),
            (file(ImageFormat::Jpeg)[..300].to_vec(), "whole"),
            (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "PNG"),
            (b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), "GIF"),
            (b"\0\0\0\x18ftypheic\0\0\0\0".to_vec(), "HEIC"),
            (b"plain words".to_vec(), "not a picture"),
            (Vec::new(), "not a picture"),
        ] {
            let Refused(message) = process(&bytes, 1_000).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
        assert!(process(&whole, 127).unwrap_err().0.contains("128"));
    }
}
