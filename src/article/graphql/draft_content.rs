//! The content of a draft in the schema: what an editor edits and previews.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};

use crate::article::content::{Content, RelatedLink, Section};
use crate::article::draft::{self, Library};
use crate::author::graphql::AuthorRecord;
use crate::error::Failure;
use crate::graphql::batch::Member;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::ids;
use crate::graphql::rich_text::RichText;
use crate::graphql::scalars::Url;
use crate::id::{ArticleId, ImageId};
use crate::image::graphql::LibraryImage;
use crate::operation::{Operation, Viewer};
use crate::taxonomy::graphql::{CategoryRecord, TagRecord};
use crate::text::anchors::Anchors;
use crate::text::markdown::{self, Picture};

/// The heads of a page of drafts, and what they refer to.
pub struct Contents {
    /// The heads' contents.
    pub by_article: HashMap<ArticleId, Content>,
    /// What they refer to.
    pub library: Library,
}

/// A draft's content.
pub struct DraftContent {
    contents: Arc<Contents>,
    article: ArticleId,
    op: Arc<Operation>,
}

impl DraftContent {
    /// Of this article, among those that were read together.
    pub fn new(contents: Arc<Contents>, article: ArticleId, op: &Arc<Operation>) -> Self {
        Self { contents, article, op: Arc::clone(op) }
    }

    fn content(&self) -> Result<&Content, Failure> {
        self.contents
            .by_article
            .get(&self.article)
            .ok_or_else(|| Failure::corrupt(format!("{} has no content", self.article)))
    }

    fn pictures(&self) -> HashMap<ImageId, Picture> {
        self.contents
            .library
            .images
            .values()
            .map(|row| (row.id, LibraryImage::picture(row, &self.op.store)))
            .collect()
    }
}

/// The content of an article's newest revision.
#[Object]
impl DraftContent {
    /// Its title; blank until it has one.
    async fn title(&self) -> Result<&str, Failure> {
        Ok(&self.content()?.title)
    }

    /// Its name in addresses.
    async fn slug(&self) -> Result<&str, Failure> {
        Ok(&self.content()?.slug)
    }

    /// What a card shows, and search engines.
    async fn excerpt(&self) -> Nullable<&str> {
        nullable(async { Ok(self.content()?.excerpt.as_deref()) }).await
    }

    /// Its language: a tag of BCP 47.
    async fn locale(&self) -> Result<&str, Failure> {
        Ok(&self.content()?.locale)
    }

    /// The picture above the text; null also where its image is not in the library any more.
    async fn lead_figure(&self) -> Nullable<DraftFigure> {
        nullable(async {
            let Some(lead) = &self.content()?.lead_figure else { return Ok(None) };
            let image = self.contents.library.images.get(&lead.image);
            Ok(image.map(|row| DraftFigure {
                image: LibraryImage::new(row.clone(), &self.op.store),
                caption: lead.caption.clone(),
                credit: lead.credit.clone(),
            }))
        })
        .await
    }

    /// The text, in order.
    async fn sections(&self) -> Result<Vec<DraftSection>, Failure> {
        let pictures = Arc::new(self.pictures());
        let mut anchors = Anchors::default();
        let sections = self.content()?.sections.iter().zip(1..).map(|(section, position)| {
            anchors.section(section.heading.as_deref(), position);
            let before_body = anchors.clone();
            for heading in markdown::headings(&section.body) {
                anchors.in_body(&heading.text);
            }
            DraftSection { section: section.clone(), pictures: Arc::clone(&pictures), anchors: before_body }
        });
        Ok(sections.collect())
    }

    /// Whom the byline credits, in order.
    async fn authors(&self) -> Result<Vec<AuthorRecord>, Failure> {
        let library = &self.contents.library.authors;
        let rows = self.content()?.authors.iter().filter_map(|id| library.get(id).cloned()).collect();
        Ok(Member::page(&self.op, rows).into_iter().map(AuthorRecord).collect())
    }

    /// Where it stands in the site's tree, in order.
    async fn categories(&self) -> Result<Vec<CategoryRecord>, Failure> {
        let library = &self.contents.library.categories;
        Ok(self
            .content()?
            .categories
            .iter()
            .filter_map(|id| library.get(id).cloned())
            .map(CategoryRecord)
            .collect())
    }

    /// Its free labels, in order.
    async fn tags(&self) -> Result<Vec<TagRecord>, Failure> {
        let library = &self.contents.library.tags;
        Ok(self.content()?.tags.iter().filter_map(|id| library.get(id).cloned()).map(TagRecord).collect())
    }

    /// Where it points to, in order.
    async fn related_links(&self) -> Result<Vec<DraftRelatedLink>, Failure> {
        let links = self.content()?.related_links.iter();
        let links = links.map(|link| DraftRelatedLink::new(self.op.viewer, &self.contents.library, link));
        Ok(links.collect())
    }
}

/// An image placed in a draft.
#[derive(SimpleObject)]
pub struct DraftFigure {
    /// The image.
    image: LibraryImage,
    /// The caption for this place; the image's own shows where it is null.
    caption: Option<String>,
    /// The credit for this place; the image's own shows where it is null.
    credit: Option<String>,
}

/// A section of a draft.
pub struct DraftSection {
    section: Section,
    pictures: Arc<HashMap<ImageId, Picture>>,
    anchors: Anchors,
}

/// An ordered part of a draft.
#[Object]
impl DraftSection {
    /// Its id: send it back when saving, so that the section stays the same one.
    async fn id(&self) -> ID {
        ids::global(self.section.id)
    }

    /// Its heading; null for an introduction.
    async fn heading(&self) -> Option<&str> {
        self.section.heading.as_deref()
    }

    /// The level of its heading: 2, 3 or 4.
    async fn level(&self) -> i32 {
        self.section.level
    }

    /// Its text. `source` is the Markdown to edit.
    async fn body(&self) -> RichText {
        RichText::new(self.section.body.clone(), Arc::clone(&self.pictures), self.anchors.clone())
    }

    /// The Markdown as it was saved, with the ids of images: what an editor edits.
    async fn source(&self) -> &str {
        &self.section.body
    }
}

/// A pointer from a draft: to an article or to an address.
#[derive(SimpleObject)]
pub struct DraftRelatedLink {
    /// What it is called here; null: as the article is called.
    title: Option<String>,
    /// The address, where it is one.
    url: Option<Url>,
    /// The article, where it is one.
    article: Option<LinkedArticle>,
}

impl DraftRelatedLink {
    /// A link, with what the viewer may be told of the article that it points to.
    pub fn new(viewer: Viewer, library: &Library, link: &RelatedLink) -> Self {
        match link {
            RelatedLink::External { url, title } => {
                Self { title: Some(title.clone()), url: Some(Url(url.clone())), article: None }
            }
            RelatedLink::Article { article, title } => Self {
                title: title.clone(),
                url: None,
                article: LinkedArticle::find(viewer, library, *article),
            },
        }
    }
}

/// The head of an article that a draft points to.
#[derive(SimpleObject)]
pub struct LinkedArticle {
    /// Its id.
    article_id: ID,
    /// Its title.
    title: String,
    /// Whether it is public: the link shows only then.
    is_published: bool,
}

impl LinkedArticle {
    fn find(viewer: Viewer, library: &Library, id: ArticleId) -> Option<Self> {
        let draft = library.articles.get(&id)?;
        let draft::Called { title, slug: _, is_published } =
            draft::called(viewer, draft, library.public_articles.get(&id))?;
        Some(Self { article_id: ids::global(id), title, is_published })
    }
}
