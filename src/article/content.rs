//! The document: an article's whole content, as each revision keeps it. Its canonical bytes (RFC 8785; integers and
//! strings only) are what is hashed.

use serde::{Deserialize, Serialize};

use crate::id::{ArticleId, AuthorId, CategoryId, ImageId, SectionId, TagId};

/// The form that this code writes. A form once written is read for ever.
pub const FORMAT: u32 = 1;

/// An article's whole content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// [`FORMAT`].
    pub format: u32,
    /// Random, so that nothing can be guessed from the hash once the content is erased.
    pub salt: String,
    /// May be blank while it is being written.
    pub title: String,
    /// The slug that it has or will be published under.
    pub slug: String,
    /// BCP 47.
    pub locale: String,
    /// What a card shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// The picture above the text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_figure: Option<LeadFigure>,
    /// The text.
    pub sections: Vec<Section>,
    /// Whom the byline credits, in order.
    pub authors: Vec<AuthorId>,
    /// Where it stands in the site's tree.
    pub categories: Vec<CategoryId>,
    /// Free labels.
    pub tags: Vec<TagId>,
    /// Where it points to, in order.
    pub related_links: Vec<RelatedLink>,
}

/// The picture above the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadFigure {
    /// Which image.
    pub image: ImageId,
    /// For this place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caption: Option<String>,
    /// For this place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credit: Option<String>,
}

/// A part of the text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    /// Stable across edits, publications and reverts.
    pub id: SectionId,
    /// The introduction has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heading: Option<String>,
    /// 2 to 4.
    pub level: i32,
    /// Markdown.
    pub body: String,
}

/// Where an article points to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case", deny_unknown_fields)]
pub enum RelatedLink {
    /// Another article.
    Article {
        /// Which.
        article: ArticleId,
        /// Instead of the article's own.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        title: Option<String>,
    },
    /// An address elsewhere.
    External {
        /// http or https.
        url: String,
        /// What it is called.
        title: String,
    },
}

impl Content {
    /// The images that it shows: the lead, and those placed in bodies, in document order.
    pub fn images(&self) -> Vec<ImageId> {
        let placed = self.sections.iter().flat_map(|section| crate::text::markdown::figures(&section.body));
        self.lead_figure.iter().map(|lead| lead.image).chain(placed.map(|figure| figure.image)).collect()
    }

    /// The articles that it points to.
    pub fn related_articles(&self) -> Vec<ArticleId> {
        self.related_links
            .iter()
            .filter_map(|link| match link {
                RelatedLink::Article { article, title: _ } => Some(*article),
                RelatedLink::External { url: _, title: _ } => None,
            })
            .collect()
    }
}
