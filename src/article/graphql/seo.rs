//! What search engines and link previews need of an article.

use async_graphql::{Object, SimpleObject};
use serde_json::{Value, json};

use super::article::{ArticleFields, lead_among};
use crate::config::Site;
use crate::error::Failure;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::scalars::{DateTime, Url};
use crate::graphql::seo::DESCRIPTION_CHARACTERS;
use crate::image::address;
use crate::image::entity::images;
use crate::image::graphql::ImageObject;
use crate::text::markdown;
use crate::text::shorten::shorten;

/// Longest headline of a `NewsArticle`, in characters, as Google recommends.
const HEADLINE_CHARACTERS: usize = 110;

/// What a page's head says of an article.
pub struct Seo(ArticleFields);

impl Seo {
    /// Of this article.
    pub fn new(article: ArticleFields) -> Self {
        Self(article)
    }

    fn site(&self) -> &Site {
        &self.0.op().store.config.site
    }

    fn address(&self) -> String {
        self.site().address(&self.0.site_path())
    }

    /// The excerpt; where there is none, the first words.
    async fn words(&self) -> Result<Option<String>, Failure> {
        if let Some(excerpt) = &self.0.row().excerpt {
            return Ok(Some(excerpt.clone()));
        }
        let sections = self.0.load_sections().await?;
        let first_words = || {
            let words = sections
                .iter()
                .map(|section| shorten(&markdown::outline(&section.body).text, DESCRIPTION_CHARACTERS));
            words.into_iter().find(|words| !words.is_empty())
        };
        Ok(Option::clone(&*self.0.made("first words", first_words).await?))
    }

    /// The picture above the text; where there is none, the first one in it.
    async fn picture(&self) -> Result<Option<images::Model>, Failure> {
        let figures = self.0.load_figures().await?;
        Ok(lead_among(&figures).or(figures.first()).map(|(_, image)| image.clone()))
    }
}

/// What a page's head says of an article: for search engines and link previews.
#[Object]
impl Seo {
    /// For `<title>` and `og:title`.
    async fn title(&self) -> &str {
        &self.0.row().title
    }

    /// For `<meta name="description">`: the excerpt; where there is none, the first words of the text. Null where there are
    /// neither.
    async fn description(&self) -> Nullable<String> {
        nullable(self.words()).await
    }

    /// The article's one address on the site: for `<link rel="canonical">`.
    async fn canonical_url(&self) -> Url {
        Url(self.address())
    }

    /// The picture above the text; where there is none, the first one in it.
    async fn image(&self) -> Nullable<ImageObject> {
        nullable(async {
            Ok(self.picture().await?.map(|image| ImageObject::new(&image, &self.0.op().store)))
        })
        .await
    }

    /// For `<meta property="og:…">`: what a link to the article shows elsewhere.
    async fn open_graph(&self) -> Result<OpenGraph, Failure> {
        let (article, site, store) = (self.0.row(), self.site(), &self.0.op().store);
        let authors = self.0.load_authors().await?;
        Ok(OpenGraph {
            title: article.title.clone(),
            description: self.words().await?,
            r#type: "article",
            url: Url(self.address()),
            image: self.picture().await?.map(|image| OpenGraphImage {
                url: Url(address::public(store, &image)),
                width: image.width,
                height: image.height,
                alt: image.alt.clone(),
            }),
            locale: article.locale.replace('-', "_"),
            site_name: site.name.clone(),
            published_time: DateTime(article.published_at),
            modified_time: DateTime(article.updated_at),
            section: self.0.load_categories().await?.first().map(|category| category.row().name.clone()),
            tags: self.0.load_tags().await?.iter().map(|tag| tag.row().name.clone()).collect(),
            authors: authors
                .iter()
                .map(|author| Url(site.address(&site.author_path(&author.row().slug))))
                .collect(),
        })
    }

    /// A schema.org `NewsArticle` with what Google asks of one, for `<script type="application/ld+json">`; safe to put in as
    /// it is.
    async fn json_ld(&self) -> Result<String, Failure> {
        let (article, site, store) = (self.0.row(), self.site(), &self.0.op().store);
        let publisher = publisher(site);
        let authors = self.0.load_authors().await?;
        let authors: Vec<Value> = authors
            .iter()
            .map(|author| {
                let author = author.row();
                let url = site.address(&site.author_path(&author.slug));
                json!({ "@type": "Person", "name": author.name, "url": url })
            })
            .collect();
        let names = |names: Vec<String>| Some(json!(names)).filter(|_| !names.is_empty());
        let sections = self.0.load_categories().await?.iter().map(|it| it.row().name.clone()).collect();
        let keywords = self.0.load_tags().await?.iter().map(|it| it.row().name.clone()).collect();
        let picture = self.picture().await?.map(|image| {
            let url = address::public(store, &image);
            json!([{ "@type": "ImageObject", "url": url, "width": image.width, "height": image.height }])
        });
        let mut document = json!({
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": shorten(&article.title, HEADLINE_CHARACTERS),
            "datePublished": article.published_at.to_rfc3339(),
            "dateModified": article.updated_at.to_rfc3339(),
            "inLanguage": article.locale,
            "wordCount": article.word_count,
            "url": self.address(),
            "mainEntityOfPage": { "@type": "WebPage", "@id": self.address() },
            // Whose byline is empty speaks for the publication.
            "author": if authors.is_empty() { vec![publisher.clone()] } else { authors },
            "publisher": publisher,
        });
        let more = [
            ("description", self.words().await?.map(Value::from)),
            ("image", picture),
            ("articleSection", names(sections)),
            ("keywords", names(keywords)),
        ];
        if let Some(fields) = document.as_object_mut() {
            let more = more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
            fields.extend(more);
        }
        Ok(safe_in_script(&document.to_string()))
    }
}

fn publisher(site: &Site) -> Value {
    let mut publisher = json!({ "@type": "Organization", "name": site.name, "url": site.url });
    if let Some(logo) = &site.logo {
        publisher["logo"] = json!({ "@type": "ImageObject", "url": logo });
    }
    publisher
}

/// What a link to an article shows elsewhere: The Open Graph protocol, with the fields of its type `article`.
#[derive(SimpleObject)]
pub struct OpenGraph {
    /// `og:title`.
    title: String,
    /// `og:description`; null where there is nothing to say.
    description: Option<String>,
    /// `og:type`: always `article`.
    r#type: &'static str,
    /// `og:url`: the article's one address on the site.
    url: Url,
    /// `og:image` and what belongs to it; null where the article has no picture.
    image: Option<OpenGraphImage>,
    /// `og:locale`, as it is written there: `de_AT`.
    locale: String,
    /// `og:site_name`.
    site_name: String,
    /// `article:published_time`.
    published_time: DateTime,
    /// `article:modified_time`.
    modified_time: DateTime,
    /// `article:section`: the first category's name; null where it is in none.
    section: Option<String>,
    /// `article:tag`, once for each.
    tags: Vec<String>,
    /// `article:author`, once for each: the addresses of their pages on the site.
    authors: Vec<Url>,
}

/// `og:image` and what belongs to it.
#[derive(SimpleObject)]
pub struct OpenGraphImage {
    /// `og:image`.
    url: Url,
    /// `og:image:width`.
    width: i32,
    /// `og:image:height`.
    height: i32,
    /// `og:image:alt`.
    alt: String,
}

/// Escapes what could end a script element or open a comment in it.
fn safe_in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
