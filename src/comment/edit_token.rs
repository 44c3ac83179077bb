//! The token by which a reader changes a comment that they sent just now: whose, until when, sealed with the instance's
//! secret. Nothing of it is kept.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use crate::clock::Timestamp;
use crate::id::CommentId;
use crate::keys::{Keys, Purpose};

const ID_BYTES: usize = 16;
const TIME_BYTES: usize = 8;

/// The token of this comment, good until then.
pub fn seal(keys: &Keys, id: CommentId, expires: Timestamp) -> String {
    let mut bytes = id.0.as_bytes().to_vec();
    bytes.extend_from_slice(&expires.0.to_be_bytes());
    let seal = keys.mac(Purpose::CommentEdit, &[&bytes]);
    bytes.extend_from_slice(&seal);
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Whose token this is, if it is one of ours and good still.
pub fn open(keys: &Keys, token: &str, now: Timestamp) -> Option<CommentId> {
    let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
    let (body, seal) = bytes.split_at_checked(ID_BYTES + TIME_BYTES)?;
    let expected = keys.mac(Purpose::CommentEdit, &[body]);
    if !bool::from(subtle::ConstantTimeEq::ct_eq(&expected[..], seal)) {
        return None;
    }
    let (id, expires) = body.split_at_checked(ID_BYTES)?;
    let expires = Timestamp(i64::from_be_bytes(expires.try_into().ok()?));
    (now < expires).then_some(CommentId(Uuid::from_slice(id).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemChance;

    #[test]
    fn a_token_is_ours_whole_and_for_a_time() {
        let keys = Keys::load_or_create(tempfile::tempdir().unwrap().path(), &SystemChance).unwrap();
        let others = Keys::load_or_create(tempfile::tempdir().unwrap().path(), &SystemChance).unwrap();
        let (id, then) = (CommentId(Uuid::from_u128(7)), Timestamp(1_000));
        let token = seal(&keys, id, then);
        assert_eq!(open(&keys, &token, Timestamp(999)), Some(id));
        assert_eq!(open(&keys, &token, then), None);
        assert_eq!(open(&others, &token, Timestamp(0)), None);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            let mut forged = bytes.clone();
            forged[at] ^= 1;
            assert_eq!(open(&keys, &URL_SAFE_NO_PAD.encode(forged), Timestamp(0)), None, "byte {at}");
            assert_eq!(open(&keys, &URL_SAFE_NO_PAD.encode(&bytes[..at]), Timestamp(0)), None);
        }
    }
}
