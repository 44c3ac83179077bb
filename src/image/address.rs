//! Addresses of picture files. A public one holds the image's id and the file's hash and is good as long as the picture
//! is public; a private one is signed and good for 15 minutes.

use crate::clock::Timestamp;
use crate::id::ImageId;
use crate::keys::Purpose;
use crate::operation::Store;

use super::entity::{image_records, images};

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
    format!("{}.{ending}", &rendition_hash[..rendition_hash.len().min(32)])
}

/// The address of a public picture.
pub fn public(store: &Store, image: &images::Model) -> String {
    format!(
        "{}/media/{}/{}",
        store.config.public_url,
        image.id,
        file_name(&image.rendition_hash, &image.mime_type)
    )
}

/// A signed address of any picture.
pub fn signed(store: &Store, record: &image_records::Model) -> String {
    let file = file_name(&record.rendition_hash, &record.mime_type);
    let expires = store.clock.now().plus_seconds(SIGNED_SECONDS).0;
    let signature = signature(store, record.id, &file, expires);
    format!("{}/media/{}/{file}?expires={expires}&signature={signature}", store.config.public_url, record.id)
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
