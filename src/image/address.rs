//! Addresses of picture files. A public one holds the image's id and the file's hash and is good as long as the picture
//! is public; a private one is signed and good for 15 minutes.

use crate::clock::Timestamp;
use crate::id::ImageId;
use crate::keys::Purpose;
use crate::operation::Store;

use super::entity::{image_records, images};
use super::variant::{Source, Variant, short};

/// How long a signed address is good.
const SIGNED_SECONDS: i64 = 15 * 60;

/// The file's name in an address: the start of its hash, and the ending that its type has.
pub fn file_name(rendition_hash: &str, mime_type: &str) -> String {
    let ending = match mime_type {
        "image/gif" => "gif",
        "image/png" => "png",
        "image/webp" => "webp",
        _ => "jpg",
    };
    format!("{}.{ending}", short(rendition_hash))
}

/// The address of a picture, or of a variant of it: for everybody, or signed.
pub fn of(store: &Store, id: ImageId, source: &Source, variant: Option<Variant>, is_signed: bool) -> String {
    let file = match variant {
        None => file_name(&source.hash, &source.mime_type),
        Some(variant) => variant_name(source, variant),
    };
    if is_signed { sign(store, id, &file) } else { of_file(store, id, &file) }
}

/// The address of a public picture.
pub fn public(store: &Store, image: &images::Model) -> String {
    of(store, image.id, &image.into(), None, false)
}

/// The address of a variant of a public picture.
pub fn public_variant(store: &Store, image: &images::Model, variant: Variant) -> String {
    of(store, image.id, &image.into(), Some(variant), false)
}

/// A signed address of any picture.
pub fn signed(store: &Store, record: &image_records::Model) -> String {
    of(store, record.id, &record.into(), None, true)
}

fn variant_name(source: &Source, variant: Variant) -> String {
    format!("{}/{}", source.short_hash(), variant.name(source))
}

fn of_file(store: &Store, id: ImageId, file: &str) -> String {
    format!("{}/media/{id}/{file}", store.config.public_url)
}

fn sign(store: &Store, id: ImageId, file: &str) -> String {
    let expires = store.clock.now().plus_seconds(SIGNED_SECONDS).0;
    let signature = signature(store, id, file, expires);
    format!("{}?expires={expires}&signature={signature}", of_file(store, id, file))
}

/// Whether a name is one that a picture's file could have.
pub fn is_file_name(file: &str) -> bool {
    let is_hash =
        |hash: &str| hash.len() == 32 && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    match file.split_once('.') {
        Some((hash, ending)) => is_hash(hash) && matches!(ending, "jpg" | "png" | "gif" | "webp"),
        None => is_hash(file),
    }
}

/// Whether a signature over an address is ours and still good.
pub fn signature_holds(store: &Store, id: ImageId, file: &str, expires: i64, given: &str) -> bool {
    let expected = signature(store, id, file, expires);
    store.clock.now() < Timestamp(expires)
        && bool::from(subtle::ConstantTimeEq::ct_eq(expected.as_bytes(), given.as_bytes()))
}

fn signature(store: &Store, id: ImageId, file: &str, expires: i64) -> String {
    hex::encode(
        store.keys.mac(
            Purpose::MediaAddress,
            &[id.to_string().as_bytes(), file.as_bytes(), &expires.to_be_bytes()],
        ),
    )
}
