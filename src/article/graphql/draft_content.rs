//! The content of a draft in the schema: what an editor edits and previews.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};

use super::section::{Anchored, Part, anchored, reading_minutes, table_of_contents};
use crate::article::called::{Called, called};
use crate::article::content::{Content, RelatedLink, Section};
use crate::article::referred::Library;
use crate::author::graphql::AuthorRecord;
use crate::error::Failure;
use crate::graphql::batch::Member;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::ids;
use crate::graphql::rich_text::{Heading, RichText, Text};
use crate::graphql::scalars::Url;
use crate::id::{ArticleId, ImageId};
use crate::image::graphql::LibraryImage;
use crate::operation::{Operation, Viewer};
use crate::taxonomy::graphql::{CategoryRecord, TagRecord};
use crate::text::anchors::Anchors;
use crate::text::markdown::{self, Picture};

/// Contents of several articles, and what they refer to.
pub struct Contents {
    /// The contents.
    pub by_article: HashMap<ArticleId, Content>,
    /// What they refer to.
    pub library: Library,
    /// The images among that: one page, which loads together.
    pub images: HashMap<ImageId, LibraryImage>,
}

impl Contents {
    /// These, with what they refer to.
    pub fn new(op: &Arc<Operation>, by_article: HashMap<ArticleId, Content>, library: Library) -> Self {
        let images = LibraryImage::by_id(op, library.images.values().cloned());
        Self { by_article, library, images }
    }
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

    /// An image that is placed somewhere; none where it is not in the library any more.
    fn figure(&self, image: ImageId, caption: Option<&str>, credit: Option<&str>) -> Option<DraftFigure> {
        let image = self.contents.images.get(&image)?;
        let record = image.record();
        Some(DraftFigure {
            caption: caption.map(str::to_owned).or_else(|| record.caption.clone()),
            credit: credit.map(str::to_owned).or_else(|| record.credit.clone()),
            placed_caption: caption.map(str::to_owned),
            placed_credit: credit.map(str::to_owned),
            image: image.clone(),
        })
    }

    fn parts(&self) -> Result<Vec<Part<'_>>, Failure> {
        let parts = (1..).zip(&self.content()?.sections).map(|(position, section)| Part {
            position,
            level: section.level,
            heading: section.heading.as_deref(),
            body: &section.body,
        });
        Ok(parts.collect())
    }

    fn words(&self) -> Result<i32, Failure> {
        let words: usize = self
            .content()?
            .sections
            .iter()
            .map(|section| markdown::outline(&section.body).word_count())
            .sum();
        Ok(i32::try_from(words).unwrap_or(i32::MAX))
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

/// The content of a revision of an article: the newest, where nothing else is said.
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
            let lead = self.content()?.lead_figure.as_ref();
            Ok(lead.and_then(|lead| self.figure(lead.image, lead.caption.as_deref(), lead.credit.as_deref())))
        })
        .await
    }

    /// The text, in order.
    async fn sections(&self) -> Result<Vec<DraftSection>, Failure> {
        let pictures = Arc::new(self.pictures());
        let anchored = anchored(self.parts()?);
        let sections = (1..).zip(&self.content()?.sections).zip(anchored);
        let sections = sections.map(|((position, section), anchored)| DraftSection {
            position,
            figures: markdown::figures(&section.body)
                .into_iter()
                .filter_map(|placed| self.figure(placed.image, placed.caption.as_deref(), None))
                .collect(),
            text: DraftText { section: section.clone(), pictures: Arc::clone(&pictures), anchored },
        });
        Ok(sections.collect())
    }

    /// The headings of the text in order, those inside sections among them.
    async fn table_of_contents(&self) -> Result<Vec<Heading>, Failure> {
        Ok(table_of_contents(self.parts()?))
    }

    /// How many words its sections have.
    async fn word_count(&self) -> Result<i32, Failure> {
        self.words()
    }

    /// How long it takes to read, at least 1.
    async fn reading_minutes(&self) -> Result<i32, Failure> {
        Ok(reading_minutes(self.words()?))
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
        let rows = self.content()?.categories.iter().filter_map(|id| library.get(id).cloned()).collect();
        Ok(CategoryRecord::page(&self.op, rows))
    }

    /// Its free labels, in order.
    async fn tags(&self) -> Result<Vec<TagRecord>, Failure> {
        let library = &self.contents.library.tags;
        let rows = self.content()?.tags.iter().filter_map(|id| library.get(id).cloned()).collect();
        Ok(TagRecord::page(&self.op, rows))
    }

    /// Where it points to, in order.
    async fn related_links(&self) -> Result<Vec<DraftRelatedLink>, Failure> {
        let links = self.content()?.related_links.iter();
        let links = links.map(|link| DraftRelatedLink::new(self.op.viewer, &self.contents.library, link));
        Ok(links.collect())
    }
}

/// An image placed in a draft, as readers will see it.
#[derive(SimpleObject)]
pub struct DraftFigure {
    /// The image.
    image: LibraryImage,
    /// The caption for this place; the image's own where the place gives none.
    caption: Option<String>,
    /// The credit for this place; the image's own where the place gives none.
    credit: Option<String>,
    /// The caption that was given for this place: what an editor edits.
    placed_caption: Option<String>,
    /// The credit that was given for this place: what an editor edits.
    placed_credit: Option<String>,
}

/// A section of a draft.
pub struct DraftSection {
    position: i32,
    figures: Vec<DraftFigure>,
    text: DraftText,
}

/// A section's text with what its forms need.
#[derive(Clone)]
struct DraftText {
    section: Section,
    pictures: Arc<HashMap<ImageId, Picture>>,
    anchored: Anchored,
}

impl Text for DraftText {
    fn markdown(&self) -> &str {
        &self.section.body
    }

    fn pictures(&self) -> &HashMap<ImageId, Picture> {
        &self.pictures
    }

    fn anchors(&self) -> Anchors {
        self.anchored.before_body.clone()
    }
}

/// An ordered part of a draft.
#[Object]
impl DraftSection {
    /// Its id: send it back when saving, so that the section stays the same one.
    async fn id(&self) -> ID {
        ids::global(self.text.section.id)
    }

    /// Its place in the article, from 1.
    async fn position(&self) -> i32 {
        self.position
    }

    /// The anchor of its heading, unique in the article.
    async fn anchor(&self) -> &str {
        &self.text.anchored.anchor
    }

    /// Its heading; null for an introduction.
    async fn heading(&self) -> Option<&str> {
        self.text.section.heading.as_deref()
    }

    /// The level of its heading: 2, 3 or 4.
    async fn level(&self) -> i32 {
        self.text.section.level
    }

    /// Its text. `source` is the Markdown to edit.
    async fn body(&self) -> RichText {
        RichText::article(self.text.clone())
    }

    /// The pictures placed in its text, in order; without those that are not in the library any more.
    async fn figures(&self) -> &[DraftFigure] {
        &self.figures
    }

    /// The Markdown as it was saved, with the ids of images: what an editor edits.
    async fn source(&self) -> &str {
        &self.text.section.body
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
        let Called { title, slug: _, is_published } =
            called(viewer, draft, library.public_articles.get(&id))?;
        Some(Self { article_id: ids::global(id), title, is_published })
    }
}
