//! Access tokens: JSON Web Tokens (RFC 7519) signed with EdDSA, good for 15 minutes. They name the user and the session;
//! what the user may do is looked up at each request, so that a change takes effect at once.

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::error::Failure;
use crate::id::{SessionId, UserId};
use crate::operation::Store;

/// How long an access token is good.
const LIFETIME_SECONDS: i64 = 15 * 60;
/// How far the clocks of two nodes may be apart.
const CLOCK_SKEW_SECONDS: i64 = 5;
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

/// The token is not one of ours, or not good any more. Which of the two is nobody's business.
#[derive(Debug, PartialEq, Eq)]
pub struct BadToken;

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
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(store.keys.token_id());
    let der =
        store.keys.token_signing_der().ok_or_else(|| Failure::corrupt("the token key has no PKCS#8 form"))?;
    let token = jsonwebtoken::encode(&header, &claims, &EncodingKey::from_ed_der(&der))?;
    Ok((SecretString::from(token), Timestamp(expires_at.seconds() * 1_000)))
}

/// Checks a token: algorithm and key are ours and pinned, issuer and audience match, its time is now.
pub fn check(store: &Store, token: &str) -> Result<(UserId, SessionId), BadToken> {
    let header = jsonwebtoken::decode_header(token).map_err(|_| BadToken)?;
    if header.alg != Algorithm::EdDSA || header.kid.as_deref() != Some(store.keys.token_id().as_str()) {
        return Err(BadToken);
    }
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_issuer(&[&store.config.public_url]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
    // Times are compared below, by the clock that everything else goes by.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    let key = DecodingKey::from_ed_der(&store.keys.token_public());
    let claims = jsonwebtoken::decode::<Claims>(token, &key, &validation).map_err(|_| BadToken)?.claims;
    let now = store.clock.now().seconds();
    if claims.exp <= now || claims.nbf > now + CLOCK_SKEW_SECONDS {
        return Err(BadToken);
    }
    Ok((claims.sub, claims.sid))
}
