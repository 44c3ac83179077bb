//! An author's links: where else they are found.

use serde::{Deserialize, Serialize};

use crate::error::{Failure, Problems, UserErrorCode};
use crate::text::input;

/// Most links.
const MOST: usize = 10;

/// A link of an author.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    /// What it is called: the service, say.
    pub title: String,
    /// http or https.
    pub url: String,
}

/// Reads links.
pub(super) fn parse(given: Vec<Link>, problems: &mut Problems) -> Vec<Link> {
    if given.len() > MOST {
        let message = format!("An author has at most {MOST} links; these are {}.", given.len());
        problems.add(UserErrorCode::TooLong, &["input", "links"], message);
        return Vec::new();
    }
    let mut links = Vec::with_capacity(given.len());
    for (index, Link { title, url }) in given.into_iter().enumerate() {
        let index = index.to_string();
        let title = problems.take(input::line(&["input", "links", &index, "title"], &title, 100));
        let url = problems.take(input::web_address(&["input", "links", &index, "url"], &url));
        links.extend(title.zip(url).map(|(title, url)| Link { title, url }));
    }
    links
}

/// As a column holds them.
pub(super) fn to_column(links: &[Link]) -> Result<String, Failure> {
    Ok(serde_json_canonicalizer::to_string(&links)?)
}

/// From a column.
pub(super) fn from_column(column: &str) -> Result<Vec<Link>, Failure> {
    Ok(serde_json::from_str(column)?)
}

/// The column of an author without links.
pub(super) const NONE: &str = "[]";
