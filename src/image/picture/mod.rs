//! A picture file: told by its content, bounded before it is decoded, decoded whole (so a truncated file is found), and
//! turned into a rendition without GPS, device data or any other metadata but what its colors need and whose it is.
//!
//! The rendition holds the bytes that were uploaded wherever readers' browsers show those rightly: a profile stays beside the
//! pixels that it is for, what moves keeps moving. Made anew are pictures that lie on their side, those in printers' inks,
//! and AVIF.

mod about;
mod avif;
mod boxes;
mod color;
mod format;
mod items;
mod make_avif;
mod moving;
mod placeholder;
mod scaled;
mod strip;

use std::io::Cursor;

use image::codecs::gif::GifDecoder;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{PngDecoder, PngEncoder};
use image::codecs::webp::{WebPDecoder, WebPEncoder};
use image::metadata::Orientation;
use image::{AnimationDecoder as _, DynamicImage, ImageDecoder, ImageEncoder as _, ImageFormat, ImageReader};

pub use about::About;
use about::Blocks;
use avif::Avif;
use format::Format;
pub use placeholder::Placeholder;
use placeholder::placeholder;
pub use scaled::{NotMade, Recipe, scaled};

/// Quality of a JPEG that had to be made anew.
const JPEG_QUALITY: u8 = 92;

/// Largest color profile, unpacked.
const LARGEST_PROFILE: usize = 4_000_000;

/// How much a picture may be.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Most pixels, in all frames together.
    pub pixels: u64,
    /// Most frames of a moving picture.
    pub frames: u64,
}

/// The type of AVIF files.
pub const AVIF: &str = Format::Avif.mime_type();

/// A file's type, by its first bytes; `None` where it isn't one of those that are taken.
pub fn mime_type(beginning: &[u8]) -> Option<&'static str> {
    Format::of(beginning).ok().map(Format::mime_type)
}

/// A picture that may be kept.
#[derive(Debug)]
pub struct Processed {
    /// The uploaded file's type, told by content.
    pub original_mime_type: &'static str,
    /// The rendition's type.
    pub mime_type: &'static str,
    /// The file without private metadata, upright.
    pub rendition: Vec<u8>,
    /// Pixels, upright.
    pub width: u32,
    /// Pixels, upright.
    pub height: u32,
    /// What stands in its place until it is there.
    pub placeholder: Placeholder,
    /// What the file says of itself.
    pub about: About,
}

/// Why a file is refused: for the client.
#[derive(Debug, PartialEq, Eq)]
pub struct Refused(pub String);

fn broken(error: &dyn std::fmt::Display) -> Refused {
    Refused(format!("The picture can't be decoded ({error}): is the file whole?"))
}

/// Checks a file and makes its rendition. Takes long; not for an async thread.
pub fn process(bytes: &[u8], file_name: &str, bounds: Bounds) -> Result<Processed, Refused> {
    let format = Format::of(bytes)?;
    format.agrees_with(file_name)?;
    let container = match format {
        Format::Jpeg => ImageFormat::Jpeg,
        Format::Png => ImageFormat::Png,
        Format::Gif => ImageFormat::Gif,
        Format::WebP => ImageFormat::WebP,
        Format::Avif => return avif::guarded(|| process_avif(bytes, bounds)),
    };
    let (width, height) = ImageReader::with_format(Cursor::new(bytes), container)
        .into_dimensions()
        .map_err(|error| broken(&error))?;
    check_size(width, height, 1, bounds)?;
    let frames = moving::frames(bytes, format)?;
    check_size(width, height, frames, bounds)?;
    // Decoders show as much of a JPEG as there is; a picture desk wants the whole.
    if format == Format::Jpeg && !strip::jpeg_has_end(bytes) {
        return Err(broken(&"it has no end"));
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), container);
    reader.limits(limits(bounds));
    let mut decoder = reader.into_decoder().map_err(|error| broken(&error))?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let profile = profile_of(&mut decoder)?;
    let about = About::read(Blocks {
        exif: decoder.exif_metadata().unwrap_or_default(),
        iptc: decoder.iptc_metadata().unwrap_or_default(),
        xmp: decoder.xmp_metadata().unwrap_or_default(),
    });
    let is_cmyk = format == Format::Jpeg && color::has_four_channels(bytes);
    let mut picture = if is_cmyk {
        drop(decoder);
        color::decode_cmyk(bytes, profile.as_deref())?
    } else {
        DynamicImage::from_decoder(decoder).map_err(|error| broken(&error))?
    };
    if frames > 1 {
        decode_all_frames(bytes, format, bounds)?;
        if orientation != Orientation::NoTransforms {
            return Err(Refused(
                "The picture moves, and its EXIF data says to turn it: export it upright.".to_owned(),
            ));
        }
    }
    let rendition = if is_cmyk || orientation != Orientation::NoTransforms {
        picture.apply_orientation(orientation);
        // A profile of inks is none of the colors that they became.
        encode(&picture, format, profile.clone().filter(|_| !is_cmyk)).map_err(|error| broken(&error))?
    } else {
        bytes.to_vec()
    };
    Ok(Processed {
        original_mime_type: format.mime_type(),
        mime_type: format.mime_type(),
        rendition: strip::without_private_metadata(rendition, format, &about)?,
        width: picture.width(),
        height: picture.height(),
        placeholder: placeholder(&picture, profile.as_deref().filter(|_| !is_cmyk)),
        about,
    })
}

/// An AVIF becomes a JPEG, or a PNG where it is transparent: every reader's program shows those.
fn process_avif(bytes: &[u8], bounds: Bounds) -> Result<Processed, Refused> {
    let avif = Avif::read(bytes)?;
    let (width, height) = avif.dimensions();
    check_size(width, height, 1, bounds)?;
    let about = About::read(Blocks { exif: avif.items.exif(), iptc: None, xmp: avif.items.xmp() });
    let picture = avif.decode(bounds.pixels)?;
    let format = if picture.color().has_alpha() { Format::Png } else { Format::Jpeg };
    let rendition = encode(&picture, format, None).map_err(|error| broken(&error))?;
    Ok(Processed {
        original_mime_type: Format::Avif.mime_type(),
        mime_type: format.mime_type(),
        rendition: strip::without_private_metadata(rendition, format, &about)?,
        width: picture.width(),
        height: picture.height(),
        placeholder: placeholder(&picture, None),
        about,
    })
}

fn check_size(width: u32, height: u32, frames: u64, bounds: Bounds) -> Result<(), Refused> {
    if frames > bounds.frames {
        let most = bounds.frames;
        return Err(Refused(format!("A moving picture has at most {most} frames; this has {frames}.")));
    }
    let pixels = (u64::from(width) * u64::from(height)).saturating_mul(frames);
    if pixels > bounds.pixels {
        let most = bounds.pixels;
        let product = if frames > 1 { format!(" × {frames} frames") } else { String::new() };
        return Err(Refused(format!(
            "A picture has at most {most} pixels; this has {width} × {height}{product} = {pixels}."
        )));
    }
    Ok(())
}

fn limits(bounds: Bounds) -> image::Limits {
    let mut limits = image::Limits::default();
    // Four bytes a pixel, twice over for 16-bit channels, and room for the decoder.
    limits.max_alloc = Some(bounds.pixels.saturating_mul(10));
    limits
}

fn profile_of(decoder: &mut impl ImageDecoder) -> Result<Option<Vec<u8>>, Refused> {
    let profile = decoder.icc_profile().unwrap_or_default();
    if profile.as_ref().is_some_and(|profile| profile.len() > LARGEST_PROFILE) {
        return Err(Refused(format!(
            "A color profile has at most {LARGEST_PROFILE} bytes: export the picture with a common one, such as sRGB."
        )));
    }
    Ok(profile)
}

/// A moving picture is whole where each of its frames is. They are looked at one after another.
fn decode_all_frames(bytes: &[u8], format: Format, bounds: Bounds) -> Result<(), Refused> {
    let frames = match format {
        Format::Gif => GifDecoder::new(Cursor::new(bytes)).map(|gif| gif.into_frames()),
        Format::WebP => WebPDecoder::new(Cursor::new(bytes)).map(|webp| webp.into_frames()),
        Format::Png => PngDecoder::with_limits(Cursor::new(bytes), limits(bounds))
            .and_then(|png| png.apng())
            .map(|png| png.into_frames()),
        Format::Jpeg | Format::Avif => return Ok(()),
    };
    for frame in frames.map_err(|error| broken(&error))? {
        frame.map_err(|error| broken(&error))?;
    }
    Ok(())
}

fn encode(
    picture: &DynamicImage,
    format: Format,
    profile: Option<Vec<u8>>,
) -> Result<Vec<u8>, image::ImageError> {
    let mut bytes = Vec::new();
    // A JPEG has no transparency and 8 bits a channel; of a GIF, which isn't made here, a PNG would come.
    match format {
        Format::Png | Format::Gif => {
            let mut encoder = PngEncoder::new(&mut bytes);
            if let Some(profile) = profile {
                encoder.set_icc_profile(profile).map_err(image::ImageError::Unsupported)?;
            }
            picture.write_with_encoder(encoder)?;
        }
        Format::WebP => {
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
            let mut encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
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
    use img_parts::jpeg::Jpeg;
    use img_parts::png::Png;
    use img_parts::webp::WebP;
    use img_parts::{Bytes, ImageEXIF as _};

    use super::*;

    const BOUNDS: Bounds = Bounds { pixels: 10_000, frames: 5 };

    fn keep(bytes: &[u8]) -> Processed {
        process(bytes, "", BOUNDS).unwrap()
    }

    /// Eight by four pixels: left half red, right half blue.
    fn picture() -> DynamicImage {
        image::RgbImage::from_fn(16, 8, |x, _| image::Rgb(if x < 8 { [255, 0, 0] } else { [0, 0, 255] }))
            .into()
    }

    fn file(format: Format) -> Vec<u8> {
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
        let mut jpeg = Jpeg::from_bytes(file(Format::Jpeg).into()).unwrap();
        jpeg.set_exif(Some(exif(1)));
        let mut with_film = jpeg.encoder().bytes().to_vec();
        with_film.extend_from_slice(b"SecretFilm");
        let processed = keep(&with_film);
        assert_eq!((processed.mime_type, processed.width, processed.height), ("image/jpeg", 16, 8));
        assert!(!contains(&processed.rendition, b"Secret") && !contains(&processed.rendition, b"Exif"));
        assert_eq!(
            image::load_from_memory(&processed.rendition).unwrap(),
            image::load_from_memory(&with_film).unwrap()
        );

        let mut png = Png::from_bytes(file(Format::Png).into()).unwrap();
        png.set_exif(Some(exif(1)));
        let at = png.chunks().len() - 1;
        png.chunks_mut()
            .insert(at, img_parts::png::PngChunk::new(*b"tEXt", Bytes::from_static(b"Author\0Secret")));
        let processed = keep(&png.encoder().bytes());
        assert!(!contains(&processed.rendition, b"Secret"));

        let mut webp = WebP::from_bytes(file(Format::WebP).into()).unwrap();
        webp.set_exif(Some(exif(1)));
        let processed = keep(&webp.encoder().bytes());
        assert!(!contains(&processed.rendition, b"Secret"));
        assert!(process(&processed.rendition, "", BOUNDS).is_ok());
    }

    /// A picture that `tests/pictures/draw.py` drew.
    fn drawn(name: &str) -> Vec<u8> {
        std::fs::read(format!("{}/tests/pictures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
    }

    /// Whether a file shows the four quarters upright, each color as it was drawn, give or take.
    fn assert_quarters(bytes: &[u8], give: u8, name: &str) {
        let shown = image::load_from_memory(bytes).unwrap().to_rgb8();
        assert_eq!(shown.dimensions(), (48, 32), "{name}");
        for (x, y, color) in [
            (12, 8, [220, 30, 30]),
            (36, 8, [30, 160, 60]),
            (12, 24, [30, 60, 200]),
            (36, 24, [240, 240, 240]),
        ] {
            let found = shown.get_pixel(x, y).0;
            let is_near = found.iter().zip(color).all(|(found, drawn)| found.abs_diff(drawn) <= give);
            assert!(is_near, "{name} at {x}, {y}: {found:?}, not {color:?}");
        }
    }

    #[test]
    fn every_orientation_is_set_upright() {
        for ending in ["jpg", "png", "webp", "avif"] {
            for orientation in 1..=8 {
                let name = format!("lying-{orientation}.{ending}");
                let processed = process(&drawn(&name), &name, BOUNDS).unwrap();
                assert_eq!((processed.width, processed.height), (48, 32), "{name}");
                assert_quarters(&processed.rendition, 12, &name);
                assert!(!contains(&processed.rendition, b"Secret"), "{name}");
            }
        }
    }

    #[test]
    fn every_kind_of_still_comes_out_with_its_colors() {
        for (name, mime_type, give) in [
            ("still.avif", "image/jpeg", 6),
            ("progressive.jpg", "image/jpeg", 6),
            ("interlaced-16-bit.png", "image/png", 0),
            ("inks.jpg", "image/jpeg", 6),
        ] {
            let processed = process(&drawn(name), name, BOUNDS).unwrap();
            assert_eq!(processed.mime_type, mime_type, "{name}");
            assert_quarters(&processed.rendition, give, name);
            assert!(!contains(&processed.rendition, b"Secret"), "{name}");
        }
        let gray = process(&drawn("gray.avif"), "", BOUNDS).unwrap();
        let [r, g, b] = image::load_from_memory(&gray.rendition).unwrap().to_rgb8().get_pixel(36, 8).0;
        assert!(r == g && g == b && r.abs_diff(110) < 6, "{r} {g} {b}");
        let through = process(&drawn("through.avif"), "", BOUNDS).unwrap();
        assert_eq!((through.original_mime_type, through.mime_type), ("image/avif", "image/png"));
        let pixels = image::load_from_memory(&through.rendition).unwrap().to_rgba8();
        assert!(pixels.get_pixel(12, 1)[3] < 30 && pixels.get_pixel(12, 30)[3] > 225);
        assert_quarters(&through.rendition, 10, "through.avif");
    }

    #[test]
    fn tiles_are_put_together() {
        let bounds = Bounds { pixels: 192 * 128, ..BOUNDS };
        let corners = |bytes: &[u8], (width, height): (u32, u32)| {
            let processed = process(bytes, "", bounds).unwrap();
            assert_eq!((processed.width, processed.height), (width, height));
            let shown = image::load_from_memory(&processed.rendition).unwrap().to_rgba8();
            for (x, y, color) in [
                (20, 20, [220, 30, 30]),
                (94, 62, [220, 30, 30]),
                (170, 20, [30, 160, 60]),
                (20, 110, [30, 60, 200]),
                (98, 66, [240, 240, 240]),
                (170, 110, [240, 240, 240]),
            ] {
                let [r, g, b, _] = shown.get_pixel(x, y).0;
                let is_near = [r, g, b].iter().zip(color).all(|(found, drawn)| found.abs_diff(drawn) <= 8);
                assert!(is_near, "at {x}, {y}: {r} {g} {b}, not {color:?}");
            }
            (processed.mime_type, shown)
        };
        let tiles = drawn("tiles.avif");
        assert_eq!(corners(&tiles, (192, 128)).0, "image/jpeg");
        let (mime_type, through) = corners(&drawn("tiles-through.avif"), (192, 128));
        assert_eq!(mime_type, "image/png");
        assert!(through.get_pixel(100, 2)[3] < 10 && through.get_pixel(100, 125)[3] > 245);
        assert!(through.get_pixel(30, 64)[3].abs_diff(128) < 8);

        // What the file says of its tiles: two rows of three, and what is shown of them.
        let said = [0, 0, 1, 2, 0, 192, 0, 128];
        let at = tiles.windows(said.len()).position(|window| window == said).unwrap();
        let saying = |grid: [u8; 8]| [&tiles[..at], &grid, &tiles[at + 8..]].concat();
        corners(&saying([0, 0, 1, 2, 0, 190, 0, 120]), (190, 120));
        for wrong in [
            [0, 0, 1, 1, 0, 128, 0, 128],
            [0, 0, 5, 0, 0, 192, 0, 128],
            [0, 0, 1, 2, 0, 193, 0, 128],
            [0, 0, 1, 2, 0, 128, 0, 128],
            [0, 0, 1, 2, 0, 0, 0, 128],
            [0, 1, 1, 2, 0, 192, 0, 128],
        ] {
            let Refused(message) = process(&saying(wrong), "", bounds).unwrap_err();
            assert!(message.contains("tiles"), "{wrong:?}: {message}");
        }
        let few = Bounds { pixels: 192 * 128 - 1, ..BOUNDS };
        assert!(process(&tiles, "", few).unwrap_err().0.contains("192 × 128"));
    }

    #[test]
    fn what_few_screens_show_is_refused_with_what_to_do() {
        for name in ["pq.avif", "hlg.avif"] {
            let Refused(message) = process(&drawn(name), name, BOUNDS).unwrap_err();
            assert!(message.contains("high dynamic range") && message.contains("export"), "{message}");
        }
    }

    #[test]
    fn an_avif_keeps_its_rights() {
        let said = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
            xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' photoshop:Credit='The desk' photoshop:City='SecretCity'/></rdf:RDF></x:xmpmeta>";
        let pixels = [90; 16 * 16 * 3];
        let file =
            make_avif::with_xmp(&make_avif::encode(&pixels, (16, 16), false, 80).unwrap(), said).unwrap();
        assert!(contains(&file, b"SecretCity"));
        let processed = keep(&file);
        assert_eq!(processed.about.credit.as_deref(), Some("The desk"));
        assert!(contains(&processed.rendition, b"The desk") && !contains(&processed.rendition, b"Secret"));
    }

    #[test]
    fn inks_become_light_by_their_profile() {
        let processed = process(&drawn("inks-with-profile.jpg"), "", BOUNDS).unwrap();
        let shown = image::load_from_memory(&processed.rendition).unwrap().to_rgb8();
        // The profile makes red of cyan, which white and red have none of, and paper of all other inks.
        let [r, g, b] = shown.get_pixel(12, 24).0;
        assert!(r > 200 && g < 80 && b < 80, "blue has cyan in it: {r} {g} {b}");
        let [r, g, b] = shown.get_pixel(36, 24).0;
        assert!(r > 220 && g > 220 && b > 220, "white has none: {r} {g} {b}");
        let mut decoder = image::codecs::jpeg::JpegDecoder::new(Cursor::new(&processed.rendition)).unwrap();
        assert_eq!(decoder.icc_profile().unwrap(), None, "the profile of inks is gone with them");
    }

    #[test]
    fn a_profile_stays_with_the_pixels_that_it_is_for() {
        let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
        for format in [Format::Jpeg, Format::Png, Format::WebP] {
            let wide = encode(&picture(), format, Some(profile.clone())).unwrap();
            let rendition = process(&wide, "", BOUNDS).unwrap().rendition;
            let mut decoder = ImageReader::new(Cursor::new(rendition))
                .with_guessed_format()
                .unwrap()
                .into_decoder()
                .unwrap();
            assert_eq!(decoder.icc_profile().unwrap().as_ref(), Some(&profile), "{format:?}");
        }
        // What must be brought to sRGB is: the most saturated red of P3 lies outside of it.
        let red = image::RgbImage::from_pixel(1, 1, image::Rgb([200, 40, 40])).into();
        let brought = color::to_srgb(red, &moxcms::ColorProfile::new_display_p3()).to_rgb8();
        let [r, g, _] = brought.get_pixel(0, 0).0;
        assert!(r > 210 && g < 30, "{r} {g}");
    }

    #[test]
    fn what_moves_keeps_moving() {
        for (name, format) in
            [("moving.gif", Format::Gif), ("moving.webp", Format::WebP), ("moving.png", Format::Png)]
        {
            let processed = process(&drawn(name), name, BOUNDS).unwrap();
            assert_eq!(moving::frames(&processed.rendition, format), Ok(3), "{name}");
            assert!(!contains(&processed.rendition, b"Secret"), "{name}");
            assert_quarters(&processed.rendition, 20, name);
            let few = Bounds { frames: 2, ..BOUNDS };
            assert!(process(&drawn(name), name, few).unwrap_err().0.contains("at most 2 frames; this has 3"));
            let small = Bounds { pixels: 48 * 32 * 2, ..BOUNDS };
            assert!(process(&drawn(name), name, small).unwrap_err().0.contains("48 × 32 × 3 frames"));
        }
    }

    #[test]
    fn of_the_metadata_the_rights_stay() {
        let said = "<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description \
            xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:photoshop='http://ns.adobe.com/photoshop/1.0/' photoshop:Credit='The desk' photoshop:City='SecretCity'>\
            <dc:rights><rdf:Alt><rdf:li>Ann, 2026</rdf:li></rdf:Alt></dc:rights></rdf:Description></rdf:RDF></x:xmpmeta>";
        for format in [Format::Jpeg, Format::Png, Format::WebP] {
            let with_xmp = strip::with_xmp(file(format), format, said.as_bytes()).unwrap();
            assert!(contains(&with_xmp, b"SecretCity"));
            let rendition = process(&with_xmp, "", BOUNDS).unwrap().rendition;
            assert!(!contains(&rendition, b"Secret"), "{format:?}");
            let mut decoder = ImageReader::new(Cursor::new(&rendition))
                .with_guessed_format()
                .unwrap()
                .into_decoder()
                .unwrap();
            let about = About::read(Blocks { xmp: decoder.xmp_metadata().unwrap(), ..Blocks::default() });
            assert_eq!(about.credit.as_deref(), Some("The desk"), "{format:?}");
            assert_eq!(about.copyright.as_deref(), Some("Ann, 2026"), "{format:?}");
            let pixels = image::load_from_memory(&rendition).unwrap();
            assert_eq!(pixels, image::load_from_memory(&with_xmp).unwrap());
            assert_eq!(
                process(&rendition, "", BOUNDS).unwrap().rendition,
                rendition,
                "it is what it should be"
            );
        }
    }

    #[test]
    fn what_is_no_whole_picture_is_refused() {
        let large = Bounds { pixels: 192 * 128, ..BOUNDS };
        for name in [
            "still.avif",
            "tiles.avif",
            "tiles-through.avif",
            "through.avif",
            "progressive.jpg",
            "inks.jpg",
            "interlaced-16-bit.png",
            "lying-3.webp",
            "moving.gif",
            "moving.webp",
            "moving.png",
        ] {
            let whole = drawn(name);
            assert!(process(&whole, name, large).is_ok(), "{name}");
            for cut in [whole.len() / 4, whole.len() / 2, whole.len() * 3 / 4, whole.len() - 1] {
                let refused = process(&whole[..cut], name, large);
                assert!(refused.is_err(), "{name}, {cut} of {} bytes", whole.len());
            }
        }
        let Refused(message) = process(&file(Format::Png), "photo.jpg", BOUNDS).unwrap_err();
        assert!(message.contains(".jpg") && message.contains("a PNG"), "{message}");
        assert!(process(&drawn("moving.avif"), "", BOUNDS).unwrap_err().0.contains("A moving AVIF"));
        let few = Bounds { pixels: 127, ..BOUNDS };
        assert!(process(&file(Format::Png), "", few).unwrap_err().0.contains("128"));
        assert!(process(&drawn("still.avif"), "", few).unwrap_err().0.contains("48 × 32"));
    }

    /// No file, however broken, does more than be refused.
    #[test]
    fn broken_bytes_break_nothing() {
        let bounds = Bounds { pixels: 192 * 128, ..BOUNDS };
        for name in [
            "still.avif",
            "tiles-through.avif",
            "inks-with-profile.jpg",
            "moving.gif",
            "moving.webp",
            "moving.png",
            "lying-6.jpg",
        ] {
            let whole = drawn(name);
            for at in (0..whole.len()).step_by(7) {
                let mut changed = whole.clone();
                changed[at] ^= 0x55;
                let _ = process(&changed, name, bounds);
            }
        }
    }
}
