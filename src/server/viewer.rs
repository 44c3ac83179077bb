//! Who asks: from the `Authorization` header to a viewer. A bad token is refused, never treated as the public.

use axum::http::{HeaderMap, header};

use crate::account::memory::Memory;
use crate::error::Failure;
use crate::operation::{Store, Viewer};

/// The viewer of a request; `Unauthenticated` where a token was sent and is not good.
pub async fn of(store: &Store, accounts: &Memory, headers: &HeaderMap) -> Result<Viewer, Failure> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = given.next() else { return Ok(Viewer::Public) };
    if given.next().is_some() {
        return Err(Failure::Unauthenticated);
    }
    let token = value.to_str().ok().and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    // Boxed: each request would have room for it, and most come without a token.
    Box::pin(accounts.viewer(store, token.ok_or(Failure::Unauthenticated)?)).await
}
