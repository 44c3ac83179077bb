//! From a document to what the public tables hold: one pure function, which publishing writes by and `verify` compares by.

use std::collections::HashMap;

use super::content::{Content, RelatedLink};
use crate::id::{ArticleId, AuthorId, CategoryId, ImageId, SectionId, TagId};
use crate::taxonomy;
use crate::text::anchors::Anchors;
use crate::text::{fold, markdown};

/// What the public tables hold of an article, apart from its times and counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Projection {
    /// The row of `articles`.
    pub head: Head,
    /// Rows of `sections`, in order.
    pub sections: Vec<ProjectedSection>,
    /// Rows of `figures`, in order.
    pub figures: Vec<ProjectedFigure>,
    /// Rows of `related_links`, in order.
    pub links: Vec<ProjectedLink>,
    /// Rows of `article_authors`, in order.
    pub authors: Vec<AuthorId>,
    /// Rows of `article_tags`, in order.
    pub tags: Vec<TagId>,
    /// Rows of `article_categories`: those given, in order, then those above them.
    pub categories: Vec<ProjectedCategory>,
    /// The row of `search`.
    pub search: SearchWords,
}

/// The columns of `articles` that come from the document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns' names; the entity describes them")]
pub struct Head {
    pub slug: String,
    pub title: String,
    pub excerpt: Option<String>,
    pub locale: String,
    pub word_count: i32,
}

/// A row of `sections`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns' names; the entity describes them")]
pub struct ProjectedSection {
    pub position: i32,
    pub id: SectionId,
    pub anchor: String,
    pub level: i32,
    pub heading: Option<String>,
    pub body: String,
}

/// A row of `figures`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns' names; the entity describes them")]
pub struct ProjectedFigure {
    pub position: i32,
    pub section_id: Option<SectionId>,
    pub image_id: ImageId,
    pub caption: Option<String>,
    pub credit: Option<String>,
}

/// A row of `related_links`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns' names; the entity describes them")]
pub struct ProjectedLink {
    pub position: i32,
    pub target_article_id: Option<ArticleId>,
    pub url: Option<String>,
    pub title: Option<String>,
}

/// A row of `article_categories`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns' names; the entity describes them")]
pub struct ProjectedCategory {
    pub id: CategoryId,
    pub position: i32,
    pub is_direct: bool,
}

/// The folded words of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the columns' names; the entity describes them")]
pub struct SearchWords {
    pub title: String,
    pub excerpt: String,
    pub headings: String,
    pub body: String,
}

/// Projects a document. `tree` is the site's tree of categories.
pub fn project(
    content: &Content,
    tree: &HashMap<CategoryId, taxonomy::entity::categories::Model>,
) -> Projection {
    let mut anchors = Anchors::default();
    let mut sections = Vec::new();
    let mut figures: Vec<ProjectedFigure> = content
        .lead_figure
        .iter()
        .map(|lead| ProjectedFigure {
            position: 0,
            section_id: None,
            image_id: lead.image,
            caption: lead.caption.clone(),
            credit: lead.credit.clone(),
        })
        .collect();
    let mut word_count = 0;
    let mut headings = String::new();
    let mut words = String::new();
    let mut next_figure = 1;
    for (position, section) in (1..).zip(&content.sections) {
        let outline = markdown::outline(&section.body);
        let anchor = anchors.section(section.heading.as_deref(), position);
        for heading in &outline.headings {
            anchors.in_body(&heading.text);
            headings.push_str(&heading.text);
            headings.push(' ');
        }
        for figure in &outline.figures {
            figures.push(ProjectedFigure {
                position: next_figure,
                section_id: Some(section.id),
                image_id: figure.image,
                caption: figure.caption.clone(),
                credit: None,
            });
            next_figure += 1;
        }
        word_count += outline.word_count();
        headings.push_str(section.heading.as_deref().unwrap_or_default());
        headings.push(' ');
        words.push_str(&outline.text);
        words.push('\n');
        sections.push(ProjectedSection {
            position,
            id: section.id,
            anchor,
            level: section.level,
            heading: section.heading.clone(),
            body: section.body.clone(),
        });
    }
    Projection {
        head: Head {
            slug: content.slug.clone(),
            title: content.title.clone(),
            excerpt: content.excerpt.clone(),
            locale: content.locale.clone(),
            word_count: i32::try_from(word_count).unwrap_or(i32::MAX),
        },
        sections,
        figures,
        links: (1..)
            .zip(&content.related_links)
            .map(|(position, link)| project_link(position, link))
            .collect(),
        authors: content.authors.clone(),
        tags: content.tags.clone(),
        categories: project_categories(&content.categories, tree),
        search: SearchWords {
            title: fold::indexed(&content.title, fold::HEADING_BYTES),
            excerpt: fold::indexed(content.excerpt.as_deref().unwrap_or_default(), fold::HEADING_BYTES),
            headings: fold::indexed(&headings, fold::HEADING_BYTES),
            body: fold::indexed(&words, fold::BODY_BYTES),
        },
    }
}

fn project_link(position: i32, link: &RelatedLink) -> ProjectedLink {
    match link {
        RelatedLink::Article { article, title } => {
            ProjectedLink { position, target_article_id: Some(*article), url: None, title: title.clone() }
        }
        RelatedLink::External { url, title } => ProjectedLink {
            position,
            target_article_id: None,
            url: Some(url.clone()),
            title: Some(title.clone()),
        },
    }
}

/// The categories of an article, and those above them.
pub(super) fn project_categories(
    given: &[CategoryId],
    tree: &HashMap<CategoryId, taxonomy::entity::categories::Model>,
) -> Vec<ProjectedCategory> {
    let mut rows: Vec<ProjectedCategory> =
        (1..).zip(given).map(|(position, &id)| ProjectedCategory { id, position, is_direct: true }).collect();
    for above in given.iter().flat_map(|&id| taxonomy::read::ancestors(tree, id)) {
        if !rows.iter().any(|row| row.id == above.id) {
            rows.push(ProjectedCategory { id: above.id, position: 0, is_direct: false });
        }
    }
    rows
}
