//! What a content refers to: as the library has it, and whether it is there.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _};

use super::called;
use super::content::{Content, RelatedLink};
use super::draft::{Draft, is_seen};
use super::entity::private::drafts;
use super::entity::public::articles;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::{ArticleId, AuthorId, CategoryId, ImageId, TagId};
use crate::operation::Operation;
use crate::text::markdown;
use crate::{author, image, taxonomy};

/// What a content refers to, as the library has it.
#[derive(Default)]
pub struct Library {
    /// Images.
    pub images: HashMap<ImageId, image::entity::image_records::Model>,
    /// Authors.
    pub authors: HashMap<AuthorId, author::entity::author_records::Model>,
    /// Categories: the whole tree.
    pub categories: HashMap<CategoryId, taxonomy::entity::categories::Model>,
    /// Tags.
    pub tags: HashMap<TagId, taxonomy::entity::tag_records::Model>,
    /// Articles that links point to.
    pub articles: HashMap<ArticleId, Draft>,
    /// The public rows of those that are published: what they are called to who may not read the draft.
    pub public_articles: HashMap<ArticleId, articles::Model>,
}

/// Reads what the contents refer to, in five statements at most.
pub async fn library(connection: &impl ConnectionTrait, contents: &[&Content]) -> Result<Library, Failure> {
    let related: Vec<ArticleId> = contents.iter().flat_map(|content| content.related_articles()).collect();
    let public_articles = called::public_rows(connection, related.clone()).await?;
    let articles: HashMap<ArticleId, Draft> = if related.is_empty() {
        HashMap::new()
    } else {
        let rows =
            drafts::Entity::find().filter(drafts::Column::ArticleId.is_in(related)).all(connection).await?;
        rows.into_iter().map(|draft| (draft.article_id, draft)).collect()
    };
    let needs_tree = contents.iter().any(|content| !content.categories.is_empty());
    Ok(Library {
        images: image::read::records(
            connection,
            contents.iter().flat_map(|content| content.images()).collect(),
        )
        .await?,
        authors: author::read::records(
            connection,
            contents.iter().flat_map(|content| content.authors.clone()).collect(),
        )
        .await?,
        categories: if needs_tree { taxonomy::read::tree(connection).await? } else { HashMap::new() },
        tags: taxonomy::read::tag_records(
            connection,
            contents.iter().flat_map(|content| content.tags.clone()).collect(),
        )
        .await?,
        articles,
        public_articles,
    })
}

/// Notes everything that a content refers to and that isn't there (or is not the viewer's to see). What the draft
/// referred to before is not checked again: it may have gone since.
pub(super) fn check_references(
    op: &Operation,
    before: Option<&Content>,
    content: &Content,
    library: &Library,
    problems: &mut Problems,
) {
    let mut missing = |path: &[&str], what: &str| {
        problems.add(UserErrorCode::NotFound, path, format!("There is no such {what}."));
    };
    if let Some(lead) = &content.lead_figure
        && !library.images.contains_key(&lead.image)
        && before
            .and_then(|before| before.lead_figure.as_ref())
            .is_none_or(|before| before.image != lead.image)
    {
        missing(&["input", "leadFigure", "imageId"], "image");
    }
    for (index, section) in content.sections.iter().enumerate() {
        let was_there = before.is_some_and(|before| before.sections.contains(section));
        let figures = || markdown::figures(&section.body);
        if !was_there && figures().iter().any(|figure| !library.images.contains_key(&figure.image)) {
            missing(&["input", "sections", &index.to_string(), "body"], "image as one placed here");
        }
    }
    for (index, id) in content.authors.iter().enumerate() {
        if !library.authors.contains_key(id) {
            missing(&["input", "authorIds", &index.to_string()], "author");
        }
    }
    for (index, id) in content.categories.iter().enumerate() {
        if !library.categories.contains_key(id) {
            missing(&["input", "categoryIds", &index.to_string()], "category");
        }
    }
    for (index, id) in content.tags.iter().enumerate() {
        if !library.tags.contains_key(id) {
            missing(&["input", "tagIds", &index.to_string()], "tag");
        }
    }
    for (index, link) in content.related_links.iter().enumerate() {
        if let RelatedLink::Article { article, title: _ } = link {
            let is_seen = library
                .articles
                .get(article)
                .is_some_and(|draft| draft.is_published() || is_seen(draft, op.viewer));
            let was_there = before.is_some_and(|before| before.related_links.contains(link));
            if !is_seen && !was_there {
                missing(&["input", "relatedLinks", &index.to_string(), "article", "articleId"], "article");
            }
        }
    }
}
