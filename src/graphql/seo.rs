//! What a page's head says of a list: an author, a tag, a category.

use async_graphql::SimpleObject;

use super::scalars::Url;

/// What the head of an author's, a tag's or a category's page says: for search engines and link previews.
#[derive(SimpleObject)]
pub struct PageSeo {
    /// For `<title>` and `og:title`: the name.
    pub title: String,
    /// For `<meta name="description">` and `og:description`: the first words on it; null where there are none.
    pub description: Option<String>,
    /// The one address of the page on the site: for `<link rel="canonical">` and `og:url`.
    pub canonical_url: Url,
}

/// Longest description, in characters: what search engines show.
pub const DESCRIPTION_CHARACTERS: usize = 160;
