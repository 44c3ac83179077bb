//! Takes out of a file what is nobody's business, and puts its rights back.

use img_parts::jpeg::{Jpeg, JpegSegment};
use img_parts::png::{Png, PngChunk};
use img_parts::riff::{RiffChunk, RiffContent};
use img_parts::webp::{CHUNK_VP8X, CHUNK_XMP, WebP};
use img_parts::{Bytes, ImageICC as _};

use super::about::About;
use super::format::Format;
use super::{Refused, broken, make_avif, moving};

/// How XMP is told from EXIF in a JPEG.
const XMP_IN_JPEG: &[u8] = b"http://ns.adobe.com/xap/1.0/\0";
/// Keyword, not compressed, no language.
const XMP_IN_PNG: &[u8] = b"XML:com.adobe.xmp\0\0\0\0\0";
/// The flags of a WebP that promise XMP, and EXIF.
const XMP_FLAG: u8 = 0b0100;
const EXIF_FLAG: u8 = 0b1000;

/// The file with its pixels, colors and movement, and of all metadata the rights alone. In a GIF there is no place for them.
pub(super) fn without_private_metadata(
    file: Vec<u8>,
    format: Format,
    about: &About,
) -> Result<Vec<u8>, Refused> {
    let bare = match format {
        Format::Jpeg => jpeg(file),
        Format::Png => png(file),
        Format::WebP => webp(file),
        Format::Gif => return Ok(moving::gif(&file)?.bytes),
        Format::Avif => return Err(broken(&"it is not made anew")),
    };
    let bare = bare.map_err(|error| broken(&error))?;
    match about.rights_as_xmp() {
        Some(rights) => with_xmp(bare, format, &rights).map_err(|error| broken(&error)),
        None => Ok(bare),
    }
}

/// Puts an XMP packet in, where there is none.
pub(super) fn with_xmp(file: Vec<u8>, format: Format, packet: &[u8]) -> Result<Vec<u8>, img_parts::Error> {
    let file = Bytes::from(file);
    let with_packet = match format {
        Format::Png => {
            let mut png = Png::from_bytes(file)?;
            let contents = [XMP_IN_PNG, packet].concat();
            // Behind the header.
            png.chunks_mut().insert(1, PngChunk::new(*b"iTXt", contents.into()));
            png.encoder().bytes()
        }
        Format::WebP => {
            let mut webp = WebP::from_bytes(file)?;
            let packet = Bytes::copy_from_slice(packet);
            webp.chunks_mut().push(RiffChunk::new(CHUNK_XMP, RiffContent::Data(packet)));
            // Setting it makes the header that a file with more than pixels needs.
            let profile = webp.icc_profile();
            webp.set_icc_profile(profile);
            set_flags(&mut webp, XMP_FLAG);
            webp.encoder().bytes()
        }
        // A segment holds 64 kB.
        Format::Jpeg if packet.len() < 60_000 => {
            let mut jpeg = Jpeg::from_bytes(file)?;
            // What says that it is a JFIF comes first.
            let at = jpeg.segments().iter().take_while(|segment| segment.marker() == 0xE0).count();
            let contents = [XMP_IN_JPEG, packet].concat();
            jpeg.segments_mut().insert(at, JpegSegment::new_with_contents(0xE1, contents.into()));
            jpeg.encoder().bytes()
        }
        Format::Avif => {
            make_avif::with_xmp(&file, packet).ok_or(img_parts::Error::WrongSignature).map(Bytes::from)?
        }
        Format::Jpeg | Format::Gif => file,
    };
    Ok(with_packet.to_vec())
}

fn jpeg(file: Vec<u8>) -> Result<Vec<u8>, img_parts::Error> {
    let mut jpeg = Jpeg::from_bytes(file.into())?;
    jpeg.segments_mut().retain(|segment| is_needed_jpeg_segment(segment.marker(), segment.contents()));
    Ok(up_to_end_of_jpeg(&jpeg.encoder().bytes()).0)
}

fn png(file: Vec<u8>) -> Result<Vec<u8>, img_parts::Error> {
    let mut png = Png::from_bytes(file.into())?;
    png.chunks_mut().retain(|chunk| is_needed_png_chunk(chunk.kind()));
    if png.chunks().last().is_none_or(|last| last.kind() != *b"IEND") {
        return Err(img_parts::Error::Truncated);
    }
    Ok(png.encoder().bytes().to_vec())
}

fn webp(file: Vec<u8>) -> Result<Vec<u8>, img_parts::Error> {
    let mut webp = WebP::from_bytes(file.into())?;
    webp.chunks_mut().retain(|chunk| NEEDED_WEBP_CHUNKS.contains(&&chunk.id()));
    set_flags(&mut webp, 0);
    Ok(webp.encoder().bytes().to_vec())
}

/// Says in the header of a WebP which metadata it has.
fn set_flags(webp: &mut WebP, flags: u8) {
    for chunk in webp.chunks_mut().iter_mut().filter(|chunk| chunk.id() == CHUNK_VP8X) {
        if let RiffContent::Data(header) = chunk.content_mut() {
            let mut changed = header.to_vec();
            if let Some(first) = changed.first_mut() {
                *first = *first & !(XMP_FLAG | EXIF_FLAG) | flags;
            }
            *header = changed.into();
        }
    }
}

const NEEDED_WEBP_CHUNKS: &[&[u8; 4]] = &[b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP"];

/// Whether a JPEG has an end: what is behind it doesn't count.
pub(super) fn jpeg_has_end(bytes: &[u8]) -> bool {
    up_to_end_of_jpeg(bytes).1
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
