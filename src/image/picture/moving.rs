//! How many frames a file has, told from its structure before anything is decoded.

use img_parts::png::Png;
use img_parts::webp::{CHUNK_ANMF, WebP};

use super::format::Format;
use super::{Refused, broken};

/// The frames of a file; 1 for a still.
pub(super) fn frames(bytes: &[u8], format: Format) -> Result<u64, Refused> {
    match format {
        Format::Jpeg | Format::Avif => Ok(1),
        Format::Gif => gif(bytes).map(|gif| gif.frames),
        Format::Png => {
            let png = Png::from_bytes(bytes.to_vec().into()).map_err(|error| broken(&error))?;
            let control =
                png.chunk_by_type(*b"acTL").and_then(|chunk| chunk.contents().first_chunk::<4>().copied());
            Ok(control.map_or(1, |count| u64::from(u32::from_be_bytes(count)).max(1)))
        }
        Format::WebP => {
            let webp = WebP::from_bytes(bytes.to_vec().into()).map_err(|error| broken(&error))?;
            Ok((webp.chunks_by_id(CHUNK_ANMF).count() as u64).max(1))
        }
    }
}

/// What a GIF holds: its frames counted, and its bytes without comments, texts and what programs put there.
pub(super) struct Gif {
    pub(super) frames: u64,
    pub(super) bytes: Vec<u8>,
}

/// Walks through a GIF up to its end, which it must have. (GIF89a Specification, appendix B.)
pub(super) fn gif(bytes: &[u8]) -> Result<Gif, Refused> {
    walk(bytes).ok_or_else(|| broken(&"it breaks off"))
}

fn walk(bytes: &[u8]) -> Option<Gif> {
    let colors = |flags: u8| if flags & 0x80 == 0 { 0 } else { 3 << (usize::from(flags & 7) + 1) };
    let mut at = 13 + colors(*bytes.get(10)?);
    let mut gif = Gif { frames: 0, bytes: bytes.get(..at)?.to_vec() };
    loop {
        let start = at;
        let is_kept = match *bytes.get(at)? {
            0x3B => {
                gif.bytes.push(0x3B);
                return (gif.frames > 0).then_some(gif);
            }
            0x2C => {
                // Descriptor, colors, the size of codes.
                at += 10 + colors(*bytes.get(at + 9)?) + 1;
                gif.frames += 1;
                true
            }
            0x21 => {
                let label = *bytes.get(at + 1)?;
                at += 2;
                // How a frame is shown, and how often all are.
                label == 0xF9
                    || (label == 0xFF
                        && [b"NETSCAPE2.0", b"ANIMEXTS1.0"]
                            .iter()
                            .any(|name| bytes.get(at + 1..at + 12) == Some(&name[..])))
            }
            _ => return None,
        };
        loop {
            let length = usize::from(*bytes.get(at)?);
            at += 1 + length;
            if length == 0 {
                break;
            }
        }
        if is_kept {
            gif.bytes.extend_from_slice(bytes.get(start..at)?);
        }
    }
}
