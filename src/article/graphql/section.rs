//! The parts of a published article: sections, figures, the table of contents.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{ID, Object, SimpleObject};

use crate::article::entity::public::{figures, sections};
use crate::graphql::ids;
use crate::graphql::rich_text::{Heading, RichText};
use crate::id::ImageId;
use crate::image::entity::images;
use crate::image::graphql::ImageObject;
use crate::operation::Store;
use crate::text::anchors::Anchors;
use crate::text::markdown::{self, Picture};

/// An image placed in an article.
#[derive(Clone, SimpleObject)]
#[graphql(name = "Figure")]
pub struct FigureObject {
    /// The image.
    image: ImageObject,
    /// The caption for this place; the image's own where the place gives none.
    caption: Option<String>,
    /// The credit for this place; the image's own where the place gives none.
    credit: Option<String>,
}

impl FigureObject {
    /// A figure with its image.
    pub fn new((figure, image): &(figures::Model, images::Model), store: &Arc<Store>) -> Self {
        let image = ImageObject::new(image.clone(), store);
        Self {
            caption: figure.caption.clone().or_else(|| image.own_caption().map(str::to_owned)),
            credit: figure.credit.clone().or_else(|| image.own_credit().map(str::to_owned)),
            image,
        }
    }
}

/// A section with what its text needs.
pub struct SectionObject {
    row: sections::Model,
    figures: Vec<FigureObject>,
    pictures: Arc<HashMap<ImageId, Picture>>,
    anchors: Anchors,
}

/// An ordered part of an article.
#[Object(name = "Section")]
impl SectionObject {
    /// Its id: stable across edits, publications and reverts.
    async fn id(&self) -> ID {
        ids::global(self.row.id)
    }

    /// Its place in the article, from 1.
    async fn position(&self) -> i32 {
        self.row.position
    }

    /// The anchor of its heading, unique in the article.
    async fn anchor(&self) -> &str {
        &self.row.anchor
    }

    /// The level of its heading: 2, 3 or 4.
    async fn level(&self) -> i32 {
        self.row.level
    }

    /// Its heading; null for an introduction.
    async fn heading(&self) -> Option<&str> {
        self.row.heading.as_deref()
    }

    /// Its text.
    async fn body(&self) -> RichText {
        RichText::new(self.row.body.clone(), Arc::clone(&self.pictures), self.anchors.clone())
    }

    /// The pictures placed in its text, in order.
    async fn figures(&self) -> &[FigureObject] {
        &self.figures
    }
}

/// An article's sections: anchors go on from section to section.
pub fn sections_of(
    rows: &[sections::Model],
    placed: &[(figures::Model, images::Model)],
    store: &Arc<Store>,
) -> Vec<SectionObject> {
    let pictures: HashMap<_, _> =
        placed.iter().map(|(_, image)| (image.id, ImageObject::picture(image, store))).collect();
    let pictures = Arc::new(pictures);
    let mut anchors = Anchors::default();
    rows.iter()
        .map(|row| {
            anchors.section(row.heading.as_deref(), row.position);
            let before_body = anchors.clone();
            for heading in markdown::headings(&row.body) {
                anchors.in_body(&heading.text);
            }
            let figures = placed.iter().filter(|(figure, _)| figure.section_id == Some(row.id));
            SectionObject {
                row: row.clone(),
                figures: figures.map(|figure| FigureObject::new(figure, store)).collect(),
                pictures: Arc::clone(&pictures),
                anchors: before_body,
            }
        })
        .collect()
}

/// An article's headings in document order, those inside bodies among them.
pub fn table_of_contents(rows: &[sections::Model]) -> Vec<Heading> {
    let mut anchors = Anchors::default();
    let mut headings = Vec::new();
    for row in rows {
        let anchor = anchors.section(row.heading.as_deref(), row.position);
        headings.extend(row.heading.clone().map(|text| Heading { level: row.level, text, anchor }));
        for heading in markdown::headings(&row.body) {
            let anchor = anchors.in_body(&heading.text);
            headings.push(Heading { level: i32::from(heading.level), text: heading.text, anchor });
        }
    }
    headings
}
