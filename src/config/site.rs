//! The settings of the site that shows what is published: what it is called, and where on it each thing stands.

use url::Url;

use super::{Reader, WrongSetting};
use crate::clock::Timestamp;
use crate::text::input;
use crate::text::site_path::{Filling, PathPattern, Placeholder};

/// The site that shows what is published.
#[derive(Clone, Debug)]
pub struct Site {
    /// The publication's name.
    pub name: String,
    /// What it is about, in a sentence or two.
    pub description: Option<String>,
    /// Its address, without a slash at its end.
    pub url: String,
    /// The address of its logo.
    pub logo: Option<String>,
    /// Its languages (tags of BCP 47): at least one, the first is the default.
    pub languages: Vec<String>,
    /// How the paths of articles are made.
    pub articles: PathPattern,
    /// How the paths of authors are made.
    pub authors: PathPattern,
    /// How the paths of tags are made.
    pub tags: PathPattern,
    /// How the paths of categories are made.
    pub categories: PathPattern,
}

impl Site {
    pub(super) fn read(read: &Reader<'_>) -> Result<Self, WrongSetting> {
        let patterns = [
            (
                "article_path",
                [Placeholder::Slug, Placeholder::Year, Placeholder::Month].as_slice(),
                "a path that begins with / and holds {slug} once, {year} and {month} at most once, such as /news/{year}/{slug}",
            ),
            (
                "author_path",
                &[Placeholder::Slug],
                "a path that begins with / and holds {slug} once, such as /authors/{slug}",
            ),
            (
                "tag_path",
                &[Placeholder::Slug],
                "a path that begins with / and holds {slug} once, such as /tags/{slug}",
            ),
            (
                "category_path",
                &[Placeholder::Slug, Placeholder::Path],
                "a path that begins with / and holds {slug} or, as a whole segment, {path} once, such as /topics/{path}",
            ),
        ];
        let mut parsed: Vec<PathPattern> = Vec::new();
        for (name, allowed, cure) in patterns {
            let pattern =
                PathPattern::parse(read.text(name), allowed).ok_or_else(|| read.wrong(name, cure))?;
            if let Some(same) = parsed.iter().position(|other| pattern.is_mistakable_for(other)) {
                let cure = format!("a path that can't be taken for one of {}", patterns[same].0);
                return Err(read.wrong(name, &cure));
            }
            parsed.push(pattern);
        }
        let [articles, authors, tags, categories] =
            <[PathPattern; 4]>::try_from(parsed).map_err(|_| read.wrong("article_path", "a path"))?;
        let text = |name: &str| Some(read.text(name).to_owned()).filter(|text| !text.is_empty());
        Ok(Self {
            name: read.text("site_name").to_owned(),
            description: text("site_description"),
            url: read.web_address("site_url")?,
            logo: text("site_logo").map(|logo| is_picture(&logo).then_some(logo)).map_or(
                Ok(None),
                |logo| {
                    logo.map(Some).ok_or_else(|| {
                        read.wrong(
                            "site_logo",
                            "the address of a picture, such as https://www.example.org/logo.png, or nothing",
                        )
                    })
                },
            )?,
            languages: languages(read)?,
            articles,
            authors,
            tags,
            categories,
        })
    }

    /// The language where nothing else is said.
    pub fn default_language(&self) -> &str {
        self.languages.first().map_or("en", String::as_str)
    }

    /// The path of an article that was first published then.
    pub fn article_path(&self, slug: &str, published_at: Timestamp) -> String {
        let date = published_at.to_rfc3339();
        let (year, month) = (date.get(..4).unwrap_or_default(), date.get(5..7).unwrap_or_default());
        self.articles.fill(&Filling { slug, year, month, ..Filling::default() })
    }

    /// The path of an author.
    pub fn author_path(&self, slug: &str) -> String {
        self.authors.fill(&Filling { slug, ..Filling::default() })
    }

    /// The path of a tag.
    pub fn tag_path(&self, slug: &str) -> String {
        self.tags.fill(&Filling { slug, ..Filling::default() })
    }

    /// The path of a category below those, the root's slug first.
    pub fn category_path(&self, above: Vec<&str>, slug: &str) -> String {
        self.categories.fill(&Filling { slug, above, ..Filling::default() })
    }

    /// Whether a category's path tells those above it.
    pub fn tells_ancestors(&self) -> bool {
        self.categories.holds(Placeholder::Path)
    }

    /// The address of a path on the site.
    pub fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }
}

fn is_picture(address: &str) -> bool {
    Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.host().is_some())
}

fn languages(read: &Reader<'_>) -> Result<Vec<String>, WrongSetting> {
    let wrong =
        || read.wrong("site_languages", "language tags, each once, separated by commas, such as en, de-AT");
    let mut languages: Vec<String> = Vec::new();
    for tag in read.text("site_languages").split(',').map(str::trim).filter(|tag| !tag.is_empty()) {
        let tag = input::locale(&[], tag).map_err(|_| wrong())?;
        if languages.contains(&tag) {
            return Err(wrong());
        }
        languages.push(tag);
    }
    if languages.is_empty() { Err(wrong()) } else { Ok(languages) }
}
