//! Cursors: a position in a list, sealed with the instance's secret. A cursor names its list, filter and order; one that
//! was forged or taken from another list is a clear error.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::db::keyset::{Position, SortKey};
use crate::error::Failure;
use crate::keys::{Keys, Purpose};

const SEAL_BYTES: usize = 16;
const LIST_BYTES: usize = 4;

/// The list that a cursor belongs to: its field, its filter and its order.
#[derive(Debug)]
pub struct ListName {
    parts: Vec<u8>,
    digest: OnceLock<[u8; 32]>,
}

impl ListName {
    /// The list of this field, over these things, in this order.
    pub fn new(parts: &[&str]) -> Self {
        let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + size_of::<u64>()).sum());
        for part in parts {
            bytes.extend((part.len() as u64).to_be_bytes());
            bytes.extend(part.as_bytes());
        }
        Self { parts: bytes, digest: OnceLock::new() }
    }

    /// What stands for it in cursors.
    fn digest(&self) -> &[u8; 32] {
        self.digest.get_or_init(|| Sha256::digest(&self.parts).into())
    }
}

/// Seals a position. The same position in the same list has the same cursor on every node.
pub fn seal(keys: &Keys, list: &ListName, position: &Position) -> String {
    let mut bytes = list.digest()[..LIST_BYTES].to_vec();
    bytes.extend_from_slice(position.id.as_bytes());
    match &position.key {
        SortKey::Number(number) => {
            bytes.push(0);
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        SortKey::Text(text) => {
            bytes.push(1);
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    let seal = keys.mac(Purpose::Cursor, &[list.digest(), &bytes]);
    bytes.extend_from_slice(&seal);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Opens a cursor given as this argument.
pub fn open(keys: &Keys, list: &ListName, argument: &str, cursor: &str) -> Result<Position, Failure> {
    let refuse = |message: &str| Failure::bad_request(&[argument], message);
    let forged =
        || refuse("This cursor is not one of ours. Take `endCursor` or `startCursor` of a page, unchanged.");
    let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| forged())?;
    let (body, seal) = bytes.len().checked_sub(SEAL_BYTES).map(|at| bytes.split_at(at)).ok_or_else(forged)?;
    if body.len() > LIST_BYTES && body[..LIST_BYTES] != list.digest()[..LIST_BYTES] {
        return Err(refuse(
            "This cursor belongs to another list, filter or order. Begin this list without a cursor.",
        ));
    }
    let expected = keys.mac(Purpose::Cursor, &[list.digest(), body]);
    if !bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], seal)) {
        return Err(forged());
    }
    decode(&body[LIST_BYTES..]).ok_or_else(forged)
}

fn decode(bytes: &[u8]) -> Option<Position> {
    let (id, key) = bytes.split_at_checked(16)?;
    let id = Uuid::from_slice(id).ok()?;
    let (kind, key) = key.split_first()?;
    let key = match kind {
        0 => SortKey::Number(i64::from_be_bytes(key.try_into().ok()?)),
        1 => SortKey::Text(String::from_utf8(key.to_vec()).ok()?),
        _ => return None,
    };
    Some(Position { key, id })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::SystemChance;

    fn keys() -> Keys {
        Keys::load_or_create(tempfile::tempdir().unwrap().path(), &SystemChance).unwrap()
    }

    fn any_position() -> impl Strategy<Value = Position> {
        let key = prop_oneof![any::<i64>().prop_map(SortKey::Number), "\\PC{0,30}".prop_map(SortKey::Text)];
        (key, any::<[u8; 16]>()).prop_map(|(key, id)| Position { key, id: Uuid::from_bytes(id) })
    }

    #[test]
    fn cursors_hold() {
        let keys = keys();
        let list = ListName::new(&["articles", "", "PUBLISHED_AT_DESC"]);
        proptest!(|(position in any_position(), flip in any::<prop::sample::Index>(), bit in 0..8u8)| {
            let cursor = seal(&keys, &list, &position);
            prop_assert_eq!(open(&keys, &list, "after", &cursor).unwrap(), position.clone());
            prop_assert!(open(&keys, &ListName::new(&["articles"]), "after", &cursor).is_err());
            let mut forged = URL_SAFE_NO_PAD.decode(&cursor).unwrap();
            let at = flip.index(forged.len());
            forged[at] ^= 1 << bit;
            prop_assert!(open(&keys, &list, "after", &URL_SAFE_NO_PAD.encode(forged)).is_err());
        });
        proptest!(|(text in "\\PC{0,80}")| {
            prop_assert!(open(&keys, &list, "after", &text).is_err());
        });
    }
}
