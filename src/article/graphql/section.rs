//! The parts of a published article: sections, figures, the table of contents.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use async_graphql::{ID, Object, SimpleObject};

use crate::article::entity::public::{figures, sections};
use crate::graphql::at_hand::{AtHand, Reading, leaves};
use crate::graphql::ids;
use crate::graphql::rich_text::{Heading, Origin, RichText, Text};
use crate::id::{ArticleId, ImageId};
use crate::image::entity::images;
use crate::image::graphql::ImageObject;
use crate::operation::Store;
use crate::text::anchors::Anchors;
use crate::text::markdown::{self, Picture};

/// Words that an adult reads in a minute.
const WORDS_A_MINUTE: i32 = 230;

/// An image placed in an article.
pub type FigureObject = AtHand<FigureFields>;

/// An image placed in an article.
#[derive(Clone, SimpleObject)]
#[graphql(name = "Figure")]
pub struct FigureFields {
    /// The image.
    image: ImageObject,
    /// The caption for this place; the image's own where the place gives none.
    caption: Option<String>,
    /// The credit for this place; the image's own where the place gives none.
    credit: Option<String>,
}

impl Reading for FigureFields {
    leaves!("caption" => caption, "credit" => credit; objects "image" => image);
}

impl FigureObject {
    /// A figure with its image.
    pub fn new((figure, image): &(figures::Model, images::Model), store: &Arc<Store>) -> Self {
        let image = ImageObject::new(image, store);
        Self(FigureFields {
            caption: figure.caption.clone().or_else(|| image.own_caption().map(str::to_owned)),
            credit: figure.credit.clone().or_else(|| image.own_credit().map(str::to_owned)),
            image,
        })
    }
}

/// An ordered part of an article.
pub type SectionObject = AtHand<SectionFields>;

/// A section with the pictures that are placed in it.
pub struct SectionFields {
    section: OfArticle,
    figures: Vec<FigureObject>,
}

impl Reading for SectionFields {
    leaves!(
        "id" => id,
        "position" => position,
        "anchor" => anchor,
        "level" => level,
        "heading" => heading;
        objects "body" => body, "figures" => figures
    );
}

/// An article's text, and what its sections need of it.
struct ArticleText {
    article: ArticleId,
    sections: Arc<Vec<sections::Model>>,
    placed: Arc<Vec<(figures::Model, images::Model)>>,
    store: Arc<Store>,
    pictures: OnceLock<HashMap<ImageId, Picture>>,
    anchored: OnceLock<Vec<Anchored>>,
}

/// A section, by its place in an article's text.
#[derive(Clone)]
struct OfArticle {
    text: Arc<ArticleText>,
    index: usize,
}

impl OfArticle {
    fn row(&self) -> &sections::Model {
        &self.text.sections[self.index]
    }
}

impl Text for OfArticle {
    fn markdown(&self) -> &str {
        &self.row().body
    }

    fn pictures(&self) -> &HashMap<ImageId, Picture> {
        self.text.pictures.get_or_init(|| {
            let images = self.text.placed.iter().map(|(_, image)| image);
            images.map(|image| (image.id, ImageObject::picture(image, &self.text.store))).collect()
        })
    }

    fn anchors(&self) -> Anchors {
        let anchored = self.text.anchored.get_or_init(|| anchored(self.text.sections.iter().map(Part::from)));
        anchored.get(self.index).map(|anchored| anchored.before_body.clone()).unwrap_or_default()
    }

    fn origin(&self) -> Option<Origin> {
        let pictures = self.text.placed.iter().map(|(_, image)| image.id.to_string());
        let on = pictures.chain([self.text.article.to_string()]).collect();
        Some(Origin { thing: self.row().id.to_string(), on })
    }
}

/// An ordered part of an article.
#[Object(name = "Section")]
impl SectionFields {
    /// Its id: stable across edits, publications and reverts.
    async fn id(&self) -> ID {
        ids::global(self.section.row().id)
    }

    /// Its place in the article, from 1.
    async fn position(&self) -> i32 {
        self.section.row().position
    }

    /// The anchor of its heading, unique in the article.
    async fn anchor(&self) -> &str {
        &self.section.row().anchor
    }

    /// The level of its heading: 2, 3 or 4.
    async fn level(&self) -> i32 {
        self.section.row().level
    }

    /// Its heading; null for an introduction.
    async fn heading(&self) -> Option<&str> {
        self.section.row().heading.as_deref()
    }

    /// Its text.
    async fn body(&self) -> RichText {
        RichText::article(self.section.clone())
    }

    /// The pictures placed in its text, in order.
    async fn figures(&self) -> &[FigureObject] {
        &self.figures
    }
}

/// A section's words, of a public row or of a draft.
#[derive(Clone, Copy)]
pub struct Part<'a> {
    /// Its place, from 1.
    pub position: i32,
    /// Of its heading.
    pub level: i32,
    /// None for an introduction.
    pub heading: Option<&'a str>,
    /// Markdown.
    pub body: &'a str,
}

impl<'a> From<&'a sections::Model> for Part<'a> {
    fn from(row: &'a sections::Model) -> Self {
        Self { position: row.position, level: row.level, heading: row.heading.as_deref(), body: &row.body }
    }
}

/// A section's anchor, and the anchors that were taken before its body: they go on from section to section.
#[derive(Clone, Debug)]
pub struct Anchored {
    /// Unique in the article.
    pub anchor: String,
    /// What the headings in its body go on from.
    pub before_body: Anchors,
}

/// The anchors of an article's sections.
pub fn anchored<'a>(parts: impl IntoIterator<Item = Part<'a>>) -> Vec<Anchored> {
    let mut anchors = Anchors::default();
    let walk = parts.into_iter().map(|part| {
        let anchor = anchors.section(part.heading, part.position);
        let before_body = anchors.clone();
        for heading in markdown::headings(part.body) {
            anchors.in_body(&heading.text);
        }
        Anchored { anchor, before_body }
    });
    walk.collect()
}

/// A public article's sections, with the figures that are placed in it.
pub fn sections_of(
    article: ArticleId,
    sections: Arc<Vec<sections::Model>>,
    placed: Arc<Vec<(figures::Model, images::Model)>>,
    store: &Arc<Store>,
) -> Vec<SectionObject> {
    let text = Arc::new(ArticleText {
        article,
        sections,
        placed,
        store: Arc::clone(store),
        pictures: OnceLock::new(),
        anchored: OnceLock::new(),
    });
    let section = |index| {
        let section = OfArticle { text: Arc::clone(&text), index };
        let figures = text.placed.iter().filter(|(figure, _)| figure.section_id == Some(section.row().id));
        let figures = figures.map(|figure| FigureObject::new(figure, store)).collect();
        AtHand(SectionFields { section, figures })
    };
    (0..text.sections.len()).map(section).collect()
}

/// An article's headings in document order, those inside bodies among them.
pub fn table_of_contents<'a>(parts: impl IntoIterator<Item = Part<'a>>) -> Vec<Heading> {
    let mut anchors = Anchors::default();
    let mut headings = Vec::new();
    for part in parts {
        let anchor = anchors.section(part.heading, part.position);
        headings.extend(part.heading.map(|text| Heading {
            level: part.level,
            text: text.to_owned(),
            anchor,
        }));
        for heading in markdown::headings(part.body) {
            let anchor = anchors.in_body(&heading.text);
            headings.push(Heading { level: i32::from(heading.level), text: heading.text, anchor });
        }
    }
    headings
}

/// How long this many words take to read, at least 1 minute.
pub fn reading_minutes(word_count: i32) -> i32 {
    (word_count / WORDS_A_MINUTE + i32::from(word_count % WORDS_A_MINUTE > 0)).max(1)
}
