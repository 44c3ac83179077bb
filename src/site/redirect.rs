//! What every verb about redirects shares: reading what is given, looking where it leads, and what the log keeps.

use sea_orm::ConnectionTrait;
use serde::Serialize;

use super::entity::redirects;
use super::read;
use crate::config::Site;
use crate::error::{Failure, UserError, UserErrorCode};
use crate::id::RedirectId;
use crate::log::content_hash;
use crate::text::input;
use crate::text::site_path::SitePath;

/// Longest path that is redirected from, in its canonical form: what fits into an index on both databases.
const LONGEST: usize = 1_000;

/// Most redirects that may follow each other, this one among them. Browsers follow twenty, search engines ten.
const LONGEST_CHAIN: usize = 10;

/// What the log's hash of a redirect covers.
#[derive(Serialize)]
struct HashedRedirect<'a> {
    id: RedirectId,
    from: &'a str,
    to: &'a str,
    status: i32,
    salt: &'a str,
}

/// The hash of a redirect as the log has it.
pub(super) fn hash(row: &redirects::Model) -> Result<String, Failure> {
    let redirects::Model { id, from_path, target, status, version: _, salt, created_at: _, updated_at: _ } =
        row;
    content_hash(&HashedRedirect { id: *id, from: from_path, to: target, status: *status, salt })
}

/// The cache tag of what is at a path.
pub(super) fn tag(from_path: &str) -> String {
    format!("path:{from_path}")
}

/// Reads a path that is to be redirected from; gives its canonical form.
pub(super) fn from_path(text: &str) -> Result<String, UserError> {
    let path = ["input", "from"];
    let invalid = |message: &str| UserError::new(UserErrorCode::Invalid, &path, message);
    let text = input::line(&path, text, LONGEST)?;
    if text.contains(['?', '#']) {
        return Err(invalid("Give a path alone, without a query or a fragment: they are not looked at."));
    }
    let canonical = SitePath::read(&text)
        .map(|path| path.canonical())
        .ok_or_else(|| invalid("Give a path on the site that begins with /, such as /old-story."))?;
    if canonical.len() > LONGEST {
        let message = format!("At most {LONGEST} bytes are allowed, percent-encoding included.");
        return Err(UserError::new(UserErrorCode::TooLong, &path, message));
    }
    Ok(canonical)
}

/// Reads where a redirect leads: a path on the site, which may have a query and a fragment, or a web address. An address on
/// the site becomes a path.
pub(super) fn target(site: &Site, text: &str) -> Result<String, UserError> {
    let path = ["input", "to"];
    let text = input::line(&path, text, 2_000)?;
    let on_site = text.strip_prefix(site.url.as_str()).filter(|rest| rest.starts_with('/')).unwrap_or(&text);
    if !on_site.starts_with('/') {
        return input::web_address(&path, &text);
    }
    // Browsers take `//` and `/\` for the begin of another site's address.
    let is_safe = !on_site[1..].starts_with(['/', '\\'])
        && !on_site.contains(|character: char| character == '\\' || character.is_whitespace());
    match SitePath::read(on_site).filter(|_| is_safe) {
        Some(_) => Ok(on_site.to_owned()),
        None => {
            let message =
                "Give a path on the site that begins with one /, such as /new-story, or a web address.";
            Err(UserError::new(UserErrorCode::Invalid, &path, message))
        }
    }
}

/// Reads a status.
pub(super) fn status(given: i32) -> Result<i32, UserError> {
    if [301, 302, 307, 308].contains(&given) {
        return Ok(given);
    }
    let message = "Give 301 (moved for good), 302 (found elsewhere for now), or 307 or 308 (the same, keeping the method).";
    Err(UserError::new(UserErrorCode::Invalid, &["input", "status"], message))
}

/// Refuses a redirect that would lead back to itself, or through too many others.
pub(super) async fn check_leads_on(
    connection: &impl ConnectionTrait,
    own: Option<RedirectId>,
    from: &str,
    to: &str,
) -> Result<Result<(), UserError>, Failure> {
    let refused = |message: &str| Ok(Err(UserError::new(UserErrorCode::Invalid, &["input", "to"], message)));
    let mut next = to.to_owned();
    for _ in 0..LONGEST_CHAIN {
        let Some(path) = SitePath::read(&next).map(|path| path.canonical()) else { return Ok(Ok(())) };
        if path == from {
            return refused(
                "This leads back to where it begins. Choose another path, or change the redirects between.",
            );
        }
        match read::by_path(connection, &path).await?.filter(|row| Some(row.id) != own) {
            Some(row) => next = row.target,
            None => return Ok(Ok(())),
        }
    }
    refused("This leads through ten redirects or more. Give the path where they end.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    fn site() -> Site {
        let given = [("site_url".to_owned(), "https://www.example.org/blog".to_owned())].into();
        Config::from_sources("", &given, &Default::default(), &Default::default()).unwrap().site
    }

    #[test]
    fn a_path_is_kept_in_its_canonical_form() {
        for (text, path) in [(" /Old//Story/ ", "/Old/Story"), ("/größe", "/gr%C3%B6%C3%9Fe"), ("/", "/")] {
            assert_eq!(from_path(text).unwrap(), path);
        }
        for bad in [
            "",
            "old",
            "https://x.example/old",
            "/old?page=2",
            "/old#x",
            "/%zz",
            &format!("/{}", "ö".repeat(400)),
        ] {
            assert!(from_path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_target_is_a_path_or_an_address() {
        for (text, target_text) in [
            ("/new?x=1#y", "/new?x=1#y"),
            ("https://www.example.org/blog/new", "/new"),
            ("https://www.example.org/elsewhere", "https://www.example.org/elsewhere"),
            ("https://www.example.org/blogs", "https://www.example.org/blogs"),
            ("https://other.example", "https://other.example/"),
        ] {
            assert_eq!(target(&site(), text).unwrap(), target_text);
        }
        for bad in [
            "",
            "//evil.example",
            "/\\evil.example",
            "/a\\b",
            "javascript:alert(1)",
            "new",
            "/a b",
            "/%00",
            "data:,x",
        ] {
            assert!(target(&site(), bad).is_err(), "{bad}");
        }
        assert!([300, 303, 200, 404].iter().all(|&other| status(other).is_err()) && status(308).is_ok());
    }
}
