//! Makes an AVIF, and puts rights into it.
//!
//! AV1 is encoded by rav1e, on the thread that calls: how many pictures are made at once is decided outside.

use ravif::{BitDepth, Encoder, Img, RGB8, RGBA8};

use super::boxes::{Boxes, Numbers};
use super::scaled::NotMade;

/// 1 to 10: the higher, the faster and the larger. What each takes, `bench/README.md` says.
const SPEED: u8 = 9;

/// Most pixels: making one takes 25 bytes of memory for each.
const MOST_PIXELS: u64 = 25_000_000;

/// Pixels of the same shape, as many as may be. Only pictures that are far higher than wide become smaller.
pub(super) fn fitted(width: u32, height: u32) -> (u32, u32) {
    let pixels = u64::from(width) * u64::from(height);
    if pixels <= MOST_PIXELS {
        return (width, height);
    }
    let scale = (MOST_PIXELS as f64 / pixels as f64).sqrt();
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "smaller than what it was")]
    let scaled = |length: u32| ((f64::from(length) * scale) as u32).max(1);
    (scaled(width), scaled(height))
}

/// Makes a file of 8-bit pixels in sRGB, of three bytes each or, where they may be transparent, of four.
pub(super) fn encode(
    pixels: &[u8],
    (width, height): (u32, u32),
    has_alpha: bool,
    quality: u8,
) -> Result<Vec<u8>, NotMade> {
    let quality = f32::from(quality.clamp(1, 100));
    let encoder = Encoder::new()
        .with_quality(quality)
        .with_alpha_quality(quality)
        .with_speed(SPEED)
        .with_bit_depth(BitDepth::Eight)
        .with_num_threads(Some(1));
    let (width, height) = (width as usize, height as usize);
    let encoded = if has_alpha {
        let pixels = pixels.as_chunks::<4>().0.iter();
        let pixels: Vec<RGBA8> = pixels.map(|[r, g, b, a]| RGBA8::new(*r, *g, *b, *a)).collect();
        encoder.encode_rgba(Img::new(&pixels, width, height))
    } else {
        let pixels = pixels.as_chunks::<3>().0.iter();
        let pixels: Vec<RGB8> = pixels.map(|[r, g, b]| RGB8::new(*r, *g, *b)).collect();
        encoder.encode_rgb(Img::new(&pixels, width, height))
    };
    encoded.map(|encoded| encoded.avif_file).map_err(|error| NotMade(error.to_string()))
}

/// Puts an XMP packet into a file that [`encode`] made; `None` where it isn't one. The packet is an item that describes the
/// picture (ISO/IEC 23008-12, A.3), behind all others.
pub(super) fn with_xmp(file: &[u8], packet: &[u8]) -> Option<Vec<u8>> {
    let all: Vec<_> = Boxes(file).collect();
    let meta = all.iter().find(|(name, _)| *name == b"meta")?.1;
    let parts: Vec<_> = Boxes(meta.get(4..)?).collect();
    let part = |wanted: &[u8; 4]| parts.iter().find(|(name, _)| *name == wanted).map(|(_, content)| *content);
    let (picture, places) = (part(b"pitm")?.get(4..6)?, part(b"iloc")?);
    let places = Places::read(places)?;
    let item = places.0.iter().map(|place| place.item).max()?.checked_add(1)?.to_be_bytes();

    let information = full_box(b"infe", 2, &[&item, &[0; 2], b"mime", b"\0", b"application/rdf+xml\0"]);
    let describes = a_box(b"cdsc", &[&item, &1_u16.to_be_bytes(), picture]);
    // Made twice: how far all that follows is moved is known once it was made.
    let make = |moved: usize| -> Option<Vec<u8>> {
        let mut made = meta.get(..4)?.to_vec();
        for &(name, content) in &parts {
            made.extend(match name {
                b"iinf" => {
                    let count = u16::try_from(Numbers(content.get(4..)?).next(2)?).ok()?.checked_add(1)?;
                    a_box(name, &[&[0; 4], &count.to_be_bytes(), content.get(6..)?, &information])
                }
                b"iloc" => {
                    let at = file.len() + moved + HEADER;
                    a_box(name, &[&places.moved(moved)?.with(item, at, packet.len())?.written()])
                }
                b"iref" => a_box(name, &[content, &describes]),
                _ => a_box(name, &[content]),
            });
        }
        if part(b"iref").is_none() {
            made.extend(full_box(b"iref", 0, &[&describes]));
        }
        Some(made)
    };
    let moved = make(0)?.len() - meta.len();
    let meta = make(moved)?;
    let mut made = Vec::with_capacity(file.len() + moved + HEADER + packet.len());
    for &(name, content) in &all {
        made.extend(a_box(name, &[if name == b"meta" { meta.as_slice() } else { content }]));
    }
    made.extend(a_box(b"mdat", &[packet]));
    Some(made)
}

/// Bytes before what a box holds.
const HEADER: usize = 8;

pub(super) fn a_box(name: &[u8; 4], contents: &[&[u8]]) -> Vec<u8> {
    let length: usize = contents.iter().map(|content| content.len()).sum();
    let length = u32::try_from(HEADER + length).unwrap_or(u32::MAX);
    [&[&length.to_be_bytes()[..], name], contents].concat().concat()
}

pub(super) fn full_box(name: &[u8; 4], version: u8, contents: &[&[u8]]) -> Vec<u8> {
    a_box(name, &[&[&[version, 0, 0, 0][..]], contents].concat())
}

/// Where items lie, as the encoder writes it: by places of four bytes in the file.
#[derive(Clone)]
struct Places(Vec<Place>);

/// Where an item lies.
#[derive(Clone)]
struct Place {
    item: u16,
    /// Where each part begins, and how long it is.
    parts: Vec<(u32, u32)>,
}

impl Places {
    fn read(list: &[u8]) -> Option<Self> {
        let mut numbers = Numbers(list.strip_prefix(&[0, 0, 0, 0, 0x44, 0])?);
        let mut places = Vec::new();
        for _ in 0..numbers.next(2)? {
            let item = u16::try_from(numbers.next(2)?).ok()?;
            // The file itself.
            if numbers.next(2)? != 0 {
                return None;
            }
            let mut parts = Vec::new();
            for _ in 0..numbers.next(2)? {
                let (at, length) = (numbers.next(4)?, numbers.next(4)?);
                parts.push((u32::try_from(at).ok()?, u32::try_from(length).ok()?));
            }
            places.push(Place { item, parts });
        }
        Some(Self(places))
    }

    fn moved(&self, by: usize) -> Option<Self> {
        let by = u32::try_from(by).ok()?;
        let mut moved = self.clone();
        for (at, _) in moved.0.iter_mut().flat_map(|place| &mut place.parts) {
            *at = at.checked_add(by)?;
        }
        Some(moved)
    }

    fn with(mut self, item: [u8; 2], at: usize, length: usize) -> Option<Self> {
        let parts = vec![(u32::try_from(at).ok()?, u32::try_from(length).ok()?)];
        self.0.push(Place { item: u16::from_be_bytes(item), parts });
        Some(self)
    }

    fn written(&self) -> Vec<u8> {
        let short = |number: usize| u16::try_from(number).unwrap_or(u16::MAX).to_be_bytes();
        let mut list = vec![0, 0, 0, 0, 0x44, 0];
        list.extend(short(self.0.len()));
        for Place { item, parts } in &self.0 {
            list.extend([item.to_be_bytes(), [0, 0], short(parts.len())].concat());
            for (at, length) in parts {
                list.extend([at.to_be_bytes(), length.to_be_bytes()].concat());
            }
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::super::items::Items;
    use super::*;

    #[test]
    fn memory_is_bounded_by_making_it_smaller() {
        assert_eq!(fitted(3_840, 2_560), (3_840, 2_560));
        assert_eq!(fitted(5_000, 5_000), (5_000, 5_000));
        assert_eq!(fitted(3_840, 26_000), (1_921, 13_010));
        for (width, height) in [(3_840, 26_000), (1_500, 65_535), (5_001, 5_000), (65_535, 1_500)] {
            let (width, height) = fitted(width, height);
            assert!(width > 0 && height > 0 && u64::from(width) * u64::from(height) <= MOST_PIXELS);
        }
    }

    /// Rights go into a file that was made here, beside its transparency or alone, and leave its pixels where they are.
    #[test]
    fn rights_are_put_in() {
        for has_alpha in [false, true] {
            let pixels: Vec<u8> = (0..20 * 10 * if has_alpha { 4 } else { 3 }).map(|at| at as u8).collect();
            let file = encode(&pixels, (20, 10), has_alpha, 80).unwrap();
            let with_rights = with_xmp(&file, b"<x/>").unwrap();
            let (before, after) = (Items::read(&file).unwrap(), Items::read(&with_rights).unwrap());
            assert_eq!((before.xmp(), after.xmp().as_deref()), (None, Some(b"<x/>".as_slice())));
            assert_eq!(before.main, after.main);
            for item in 1..=if has_alpha { 2 } else { 1 } {
                assert_eq!(before.bytes(item).unwrap(), after.bytes(item).unwrap());
                assert_eq!(before.properties(item), after.properties(item));
            }
            assert_eq!(before.referred(b"auxl", 2), after.referred(b"auxl", 2));
            assert!(with_xmp(&with_rights, b"<y/>").is_some(), "there may be two");
            for broken in [&b""[..], b"\0\0\0\x18ftypavif\0\0\0\0mif1miaf", &file[..60]] {
                assert_eq!(with_xmp(broken, b"<x/>"), None);
            }
        }
    }
}
