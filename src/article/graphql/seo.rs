//! What search engines and link previews need of an article.

use std::sync::Arc;

use async_graphql::Object;
use serde_json::json;

use crate::article::entity::public::articles;
use crate::graphql::scalars::Url;
use crate::image::graphql::ImageObject;
use crate::operation::Store;

/// What a page's head says of an article.
pub struct Seo {
    article: articles::Model,
    image: Option<(ImageObject, String)>,
    author_names: Vec<String>,
    store: Arc<Store>,
}

impl Seo {
    /// Of an article with its lead image (and that image's address) and its byline.
    pub fn new(
        article: articles::Model,
        image: Option<(ImageObject, String)>,
        author_names: Vec<String>,
        store: &Arc<Store>,
    ) -> Self {
        Self { article, image, author_names, store: Arc::clone(store) }
    }
}

/// What a page's head says of an article: for search engines and link previews.
#[Object]
impl Seo {
    /// For `<title>` and `og:title`.
    async fn title(&self) -> &str {
        &self.article.title
    }

    /// For `<meta name="description">` and `og:description`.
    async fn description(&self) -> Option<&str> {
        self.article.excerpt.as_deref()
    }

    /// The article's one address on the site: for `<link rel="canonical">` and `og:url`.
    async fn canonical_url(&self) -> Url {
        Url(self.store.config.article_url(&self.article.slug))
    }

    /// For `og:image`.
    async fn image(&self) -> Option<&ImageObject> {
        self.image.as_ref().map(|(image, _)| image)
    }

    /// A schema.org `NewsArticle` for `<script type="application/ld+json">`; safe to put in as it is.
    async fn json_ld(&self) -> String {
        let article = &self.article;
        let url = self.store.config.article_url(&article.slug);
        let authors: Vec<_> =
            self.author_names.iter().map(|name| json!({ "@type": "Person", "name": name })).collect();
        let mut document = json!({
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "headline": article.title,
            "datePublished": article.published_at.to_rfc3339(),
            "dateModified": article.updated_at.to_rfc3339(),
            "inLanguage": article.locale,
            "mainEntityOfPage": { "@type": "WebPage", "@id": url },
            "author": authors,
            "publisher": { "@type": "Organization", "name": self.store.config.site_name, "url": self.store.config.site_url },
        });
        if let Some(fields) = document.as_object_mut() {
            fields.extend(article.excerpt.as_ref().map(|excerpt| ("description".to_owned(), json!(excerpt))));
            fields.extend(self.image.as_ref().map(|(_, address)| ("image".to_owned(), json!([address]))));
        }
        safe_in_script(&document.to_string())
    }
}

/// Escapes what could end a script element or open a comment in it.
fn safe_in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
