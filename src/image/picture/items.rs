//! The items of an AVIF: its pictures and what is said of them, where each lies, and which belongs to which. (ISO/IEC 14496-12,
//! 8.11; ISO/IEC 23008-12.) By hand: `avif-parse` reads no tiles and nothing that is said, and others give pointers.

use std::collections::BTreeMap;

use super::boxes::{Boxes, Numbers, inside};

/// What a file holds, as far as it says so rightly.
pub(super) struct Items<'a> {
    file: &'a [u8],
    meta: &'a [u8],
    /// The number of the picture that is shown.
    pub(super) main: usize,
    kinds: BTreeMap<usize, Kind<'a>>,
    places: BTreeMap<usize, Place>,
}

/// What says where all is, in no honest file, is larger, or tells of more items: each is looked for among all.
const MOST_META: usize = 4 << 20;
const MOST_ITEMS: usize = 1_000;

/// How a picture of opacities is called. (ISO/IEC 23000-22, 7.3.5.2.)
const OPACITY: &[u8] = b"urn:mpeg:mpegB:cicp:systems:auxiliary:alpha";

/// What an item is.
struct Kind<'a> {
    kind: [u8; 4],
    /// Of one that is called `mime`.
    content_type: &'a [u8],
}

/// Where an item lies.
struct Place {
    is_in_meta: bool,
    /// Where each part begins, and how long it is; 0: up to the end.
    parts: Vec<(usize, usize)>,
}

impl<'a> Items<'a> {
    /// Reads which there are; `None` where the file is another, or broken, or tells of too many.
    pub(super) fn read(file: &'a [u8]) -> Option<Self> {
        let meta = inside(file, b"meta").filter(|meta| meta.len() <= MOST_META)?.get(4..)?;
        let mut main = Numbers(inside(meta, b"pitm")?);
        let version = main.next(4)? >> 24;
        let main = main.next(if version == 0 { 2 } else { 4 })?;
        let kinds = kinds(inside(meta, b"iinf")?)?;
        let places = places(inside(meta, b"iloc")?)?;
        Some(Self { file, meta, main, kinds, places })
    }

    /// How many bytes the file has.
    pub(super) fn file_length(&self) -> usize {
        self.file.len()
    }

    /// The bytes of an item.
    pub(super) fn bytes(&self, item: usize) -> Option<Vec<u8>> {
        let place = self.places.get(&item)?;
        let source = if place.is_in_meta { inside(self.meta, b"idat")? } else { self.file };
        let mut bytes = Vec::new();
        for (start, length) in &place.parts {
            let rest = source.get(*start..)?;
            bytes.extend_from_slice(if *length == 0 { rest } else { rest.get(..*length)? });
            // Parts may overlap, but are together more than the file in no honest one.
            if bytes.len() > source.len() {
                return None;
            }
        }
        Some(bytes)
    }

    /// What an item says of itself by this name: the properties that are set for it, in their order.
    pub(super) fn properties(&self, item: usize) -> Vec<(&'a [u8; 4], &'a [u8])> {
        let found = || {
            let shared = inside(self.meta, b"iprp")?;
            let all: Vec<(&[u8; 4], &[u8])> = Boxes(inside(shared, b"ipco")?).collect();
            let places = associated(inside(shared, b"ipma")?, item)?;
            Some(places.into_iter().filter_map(|place| all.get(place.checked_sub(1)?).copied()).collect())
        };
        found().unwrap_or_default()
    }

    /// What kind of item it is.
    pub(super) fn kind(&self, item: usize) -> Option<&[u8; 4]> {
        self.kinds.get(&item).map(|item| &item.kind)
    }

    /// The picture that says how transparent the main one is.
    pub(super) fn opacity(&self) -> Option<usize> {
        let is_opacity = |item: usize| {
            let says_so = |(name, content): (&[u8; 4], &[u8])| {
                name == b"auxC" && content.get(4..).is_some_and(|kind| kind.starts_with(OPACITY))
            };
            self.referred(b"auxl", item).contains(&self.main)
                && self.properties(item).into_iter().any(says_so)
        };
        self.kinds.keys().copied().find(|item| is_opacity(*item))
    }

    /// Whether colors are kept as bright as they shine through.
    pub(super) fn is_premultiplied(&self) -> bool {
        !self.referred(b"prem", self.main).is_empty()
    }

    /// What is said of the main picture as XMP.
    pub(super) fn xmp(&self) -> Option<Vec<u8>> {
        self.said(|kind| &kind.kind == b"mime" && kind.content_type == b"application/rdf+xml")
    }

    /// What is said of the main picture as EXIF.
    pub(super) fn exif(&self) -> Option<Vec<u8>> {
        let item = self.said(|kind| &kind.kind == b"Exif")?;
        // It begins with how far in the block is.
        let mut numbers = Numbers(&item);
        let at = numbers.next(4)?;
        numbers.0.get(at..).map(<[u8]>::to_vec)
    }

    fn said(&self, is_so: impl Fn(&Kind<'_>) -> bool) -> Option<Vec<u8>> {
        let mut said = self.kinds.iter().filter(|(_, kind)| is_so(kind)).map(|(item, _)| *item);
        self.bytes(said.find(|item| self.referred(b"cdsc", *item).contains(&self.main))?)
    }

    /// The items that one refers to, in their order.
    pub(super) fn referred(&self, how: &[u8; 4], item: usize) -> Vec<usize> {
        let found = || {
            let list = inside(self.meta, b"iref")?;
            let (version, references) = list.split_at_checked(4)?;
            let length = if version.first() == Some(&0) { 2 } else { 4 };
            for (_, content) in Boxes(references).filter(|(name, _)| *name == how) {
                let mut numbers = Numbers(content);
                if numbers.next(length)? == item {
                    return (0..numbers.next(2)?).map(|_| numbers.next(length)).collect();
                }
            }
            None
        };
        found().unwrap_or_default()
    }
}

fn kinds(list: &[u8]) -> Option<BTreeMap<usize, Kind<'_>>> {
    let entries = list.get(if *list.first()? == 0 { 6 } else { 8 }..)?;
    let mut kinds = BTreeMap::new();
    for (_, content) in Boxes(entries).filter(|(name, _)| *name == b"infe") {
        let mut numbers = Numbers(content);
        let version = numbers.next(4)? >> 24;
        let item = numbers.next(if version == 3 { 4 } else { 2 })?;
        let rest = numbers.0.get(2..)?;
        if let Some((kind, texts)) = rest.split_first_chunk::<4>().filter(|_| version >= 2) {
            // Its name, then of what type it is.
            let content_type = texts.split(|byte| *byte == 0).nth(1).unwrap_or_default();
            kinds.insert(item, Kind { kind: *kind, content_type });
        }
        if kinds.len() > MOST_ITEMS {
            return None;
        }
    }
    Some(kinds)
}

fn places(list: &[u8]) -> Option<BTreeMap<usize, Place>> {
    let mut numbers = Numbers(list);
    let version = numbers.next(4)? >> 24;
    let sizes = numbers.next(2)?;
    let size = |place: u32| sizes >> (12 - 4 * place) & 15;
    let (offset_size, length_size, base_size) = (size(0), size(1), size(2));
    let index_size = if version == 0 { 0 } else { size(3) };
    let id_size = if version < 2 { 2 } else { 4 };
    let mut places = BTreeMap::new();
    // Sizes may be 0, and a part then takes no byte to tell of; but not all of an item that is there.
    let mut parts_left = list.len();
    for _ in 0..numbers.next(id_size)? {
        let item = numbers.next(id_size)?;
        let method = if version == 0 { 0 } else { numbers.next(2)? & 15 };
        // Another file, or a part of another item: neither is followed.
        let is_here = numbers.next(2)? == 0 && method < 2;
        let base = numbers.next(base_size)?;
        let mut parts = Vec::new();
        for _ in 0..numbers.next(2)? {
            parts_left = parts_left.checked_sub(1)?;
            numbers.next(index_size)?;
            let start = base.checked_add(numbers.next(offset_size)?)?;
            parts.push((start, numbers.next(length_size)?));
        }
        if is_here {
            places.insert(item, Place { is_in_meta: method == 1, parts });
        }
    }
    Some(places)
}

/// The places, from 1, of an item's properties.
fn associated(list: &[u8], item: usize) -> Option<Vec<usize>> {
    let mut numbers = Numbers(list);
    let head = numbers.next(4)?;
    let id_length = if head >> 24 == 0 { 2 } else { 4 };
    let place_length = 1 + (head & 1);
    for _ in 0..numbers.next(4)? {
        let id = numbers.next(id_length)?;
        let count = numbers.next(1)?;
        // The first bit says whether a reader must know the property.
        let mask = if place_length == 1 { 0x7F } else { 0x7FFF };
        let places: Option<Vec<usize>> =
            (0..count).map(|_| Some(numbers.next(place_length)? & mask)).collect();
        if id == item {
            return places;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_take_no_bytes_are_not_believed_without_end() {
        // All sizes are 0; one item, in that many parts.
        let list = |parts: u16| [&[0; 4][..], &[0, 0, 0, 1, 0, 1, 0, 0], &parts.to_be_bytes()].concat();
        assert_eq!(places(&list(1)).unwrap()[&1].parts, [(0, 0)]);
        assert!(places(&list(u16::MAX)).is_none());
    }
}
