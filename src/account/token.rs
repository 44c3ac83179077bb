//! Access tokens: JSON Web Tokens (RFC 7519) signed with EdDSA, good for 15 minutes. They name the user and the session;
//! what the user may do is looked up at each request ([`super::memory`]), so that a change takes effect at once.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::Failure;
use crate::id::{SessionId, UserId};
use crate::operation::Store;

/// How long an access token is good.
pub const LIFETIME_SECONDS: i64 = 15 * 60;
/// How far the clocks of two nodes may be apart.
pub const CLOCK_SKEW_SECONDS: i64 = 5;
const AUDIENCE: &str = "copydesk";

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    aud: String,
    sub: UserId,
    sid: SessionId,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// A token whose signature was checked: whom it speaks for, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Whose it is.
    pub user: UserId,
    /// In which session.
    pub session: SessionId,
    /// The public id of the key that signed it.
    key_id: String,
    not_before: i64,
    expires: i64,
}

/// Signs a token for a session; and says until when it is good.
pub fn issue(store: &Store, user: UserId, session: SessionId) -> Result<(SecretString, Timestamp), Failure> {
    let now = store.clock.now();
    let expires_at = now.plus_seconds(LIFETIME_SECONDS);
    let claims = Claims {
        iss: store.config.public_url.clone(),
        aud: AUDIENCE.to_owned(),
        sub: user,
        sid: session,
        iat: now.seconds(),
        nbf: now.seconds(),
        exp: expires_at.seconds(),
    };
    let keys = store.keys.tokens();
    let key = keys.signer(now).ok_or_else(|| Failure::corrupt("this node has no key that signs tokens"))?;
    let der = key.signing_der().ok_or_else(|| Failure::corrupt("the token key has no PKCS#8 form"))?;
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(key.id.clone());
    let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&der))?;
    Ok((SecretString::from(token), Timestamp(expires_at.seconds() * 1_000)))
}

/// Checks what never changes of a token: the algorithm is pinned, the key is one of ours (whatever the header brings along),
/// issuer and audience match. `None`: it is not one of ours. Which of these it is, is nobody's business.
pub fn check(store: &Store, token: &str) -> Option<Checked> {
    let header = jsonwebtoken::decode_header(token).ok()?;
    if header.alg != Algorithm::EdDSA {
        return None;
    }
    let keys = store.keys.tokens();
    let key = keys.verifier(&header.kid?, store.clock.now())?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[&store.config.public_url]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // Times are compared by the clock that everything else goes by, at each use.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let claims = jsonwebtoken::decode::<Claims>(token, &DecodingKey::from_ed_der(&key.public()), &validation)
        .ok()?
        .claims;
    Some(Checked {
        user: claims.sub,
        session: claims.sid,
        key_id: key.id.clone(),
        not_before: claims.nbf,
        expires: claims.exp,
    })
}

impl Checked {
    /// Whether it is good now: its time has come and not passed, and its key still counts.
    pub fn is_good(&self, store: &Store) -> bool {
        let now = store.clock.now();
        self.expires > now.seconds()
            && self.not_before <= now.seconds() + CLOCK_SKEW_SECONDS
            && store.keys.tokens().verifier(&self.key_id, now).is_some()
    }
}
