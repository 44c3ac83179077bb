//! The checks before publishing: a list of rules over a content and what it refers to, reported together.

use super::content::{Content, RelatedLink};
use super::referred::Library;
use crate::id::ImageId;
use crate::text::markdown;

/// What a check says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// For programs.
    pub code: CheckCode,
    /// For people: says what to do.
    pub message: String,
    /// What it is about, from the draft's content down.
    pub path: Vec<String>,
}

/// The checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckCode {
    /// There is no title.
    TitleMissing,
    /// There are no words.
    ContentMissing,
    /// A figure's image is not in the library.
    ImageMissing,
    /// A figure's image has no alt text.
    AltTextMissing,
    /// A category, tag or author is not in the library any more.
    ReferenceMissing,
    /// There is no excerpt.
    ExcerptMissing,
    /// The byline credits nobody.
    AuthorMissing,
    /// A heading is two or more levels below the one before it.
    HeadingLevelSkipped,
    /// A related article is not public: its link shows once it is.
    RelatedArticleNotPublished,
}

impl CheckCode {
    /// Whether it keeps an article from being published.
    pub fn is_blocking(self) -> bool {
        match self {
            Self::TitleMissing
            | Self::ContentMissing
            | Self::ImageMissing
            | Self::AltTextMissing
            | Self::ReferenceMissing => true,
            Self::ExcerptMissing
            | Self::AuthorMissing
            | Self::HeadingLevelSkipped
            | Self::RelatedArticleNotPublished => false,
        }
    }
}

type Rule = fn(&Content, &Library) -> Vec<Finding>;

const RULES: &[Rule] = &[title, words, images, references, excerpt, byline, heading_levels, related_articles];

/// Runs all checks.
pub fn run(content: &Content, library: &Library) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(content, library)).collect()
}

fn finding(code: CheckCode, path: &[&str], message: &str) -> Finding {
    Finding { code, message: message.to_owned(), path: path.iter().map(|&part| part.to_owned()).collect() }
}

fn title(content: &Content, _: &Library) -> Vec<Finding> {
    if content.title.is_empty() {
        vec![finding(CheckCode::TitleMissing, &["title"], "Give the article a title.")]
    } else {
        Vec::new()
    }
}

fn words(content: &Content, _: &Library) -> Vec<Finding> {
    let has_words = content.sections.iter().any(|section| markdown::outline(&section.body).word_count() > 0);
    if has_words {
        Vec::new()
    } else {
        vec![finding(CheckCode::ContentMissing, &["sections"], "Write at least one section.")]
    }
}

fn images(content: &Content, library: &Library) -> Vec<Finding> {
    let lead = content.lead_figure.iter().map(|lead| (lead.image, vec!["leadFigure".to_owned()]));
    let placed = content.sections.iter().enumerate().flat_map(|(index, section)| {
        let path = vec!["sections".to_owned(), index.to_string(), "body".to_owned()];
        markdown::figures(&section.body).into_iter().map(move |figure| (figure.image, path.clone()))
    });
    lead.chain(placed).filter_map(|(image, path)| image_finding(image, path, library)).collect()
}

fn image_finding(image: ImageId, path: Vec<String>, library: &Library) -> Option<Finding> {
    match library.images.get(&image) {
        None => Some(Finding {
            code: CheckCode::ImageMissing,
            message: format!("The image {image} is not in the library: take it out or upload it again."),
            path,
        }),
        Some(record) if record.alt.trim().is_empty() => Some(Finding {
            code: CheckCode::AltTextMissing,
            message: format!("Say what the image {image} shows: give it an alt text."),
            path,
        }),
        Some(_) => None,
    }
}

fn references(content: &Content, library: &Library) -> Vec<Finding> {
    let authors = content
        .authors
        .iter()
        .enumerate()
        .filter(|(_, id)| !library.authors.contains_key(id))
        .map(|(index, _)| ("authors", index));
    let tags = content
        .tags
        .iter()
        .enumerate()
        .filter(|(_, id)| !library.tags.contains_key(id))
        .map(|(index, _)| ("tags", index));
    let categories = content
        .categories
        .iter()
        .enumerate()
        .filter(|(_, id)| !library.categories.contains_key(id))
        .map(|(index, _)| ("categories", index));
    authors
        .chain(categories)
        .chain(tags)
        .map(|(list, index)| {
            finding(
                CheckCode::ReferenceMissing,
                &[list, &index.to_string()],
                "This is not in the library any more: take it out.",
            )
        })
        .collect()
}

fn excerpt(content: &Content, _: &Library) -> Vec<Finding> {
    if content.excerpt.is_some() {
        Vec::new()
    } else {
        vec![finding(
            CheckCode::ExcerptMissing,
            &["excerpt"],
            "Cards and search engines show the excerpt: write one.",
        )]
    }
}

fn byline(content: &Content, _: &Library) -> Vec<Finding> {
    if content.authors.is_empty() {
        vec![finding(CheckCode::AuthorMissing, &["authors"], "The byline credits nobody: choose an author.")]
    } else {
        Vec::new()
    }
}

fn heading_levels(content: &Content, _: &Library) -> Vec<Finding> {
    let mut before = 1;
    let mut findings = Vec::new();
    for (index, section) in
        content.sections.iter().enumerate().filter(|(_, section)| section.heading.is_some())
    {
        if section.level > before + 1 {
            let message = format!(
                "The heading's level is {}, after one of level {before}: a level is skipped.",
                section.level
            );
            findings.push(finding(
                CheckCode::HeadingLevelSkipped,
                &["sections", &index.to_string(), "level"],
                &message,
            ));
        }
        before = section.level;
    }
    findings
}

fn related_articles(content: &Content, library: &Library) -> Vec<Finding> {
    let is_public = |link: &RelatedLink| match link {
        RelatedLink::Article { article, title: _ } => {
            library.articles.get(article).is_some_and(super::Draft::is_published)
        }
        RelatedLink::External { url: _, title: _ } => true,
    };
    content
        .related_links
        .iter()
        .enumerate()
        .filter(|(_, link)| !is_public(link))
        .map(|(index, _)| {
            let message = "The related article is not published: the link shows once it is.";
            finding(CheckCode::RelatedArticleNotPublished, &["relatedLinks", &index.to_string()], message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::super::content::{LeadFigure, Section};
    use super::super::fields::blank;
    use super::*;
    use crate::id::{ArticleId, SectionId, TagId};

    fn codes(content: &Content) -> Vec<CheckCode> {
        run(content, &Library::default()).into_iter().map(|finding| finding.code).collect()
    }

    #[test]
    fn everything_is_reported_together() {
        let mut content = blank(String::new());
        content.lead_figure = Some(LeadFigure { image: ImageId(Uuid::nil()), caption: None, credit: None });
        content.tags = vec![TagId(Uuid::nil())];
        content.related_links = vec![RelatedLink::Article { article: ArticleId(Uuid::nil()), title: None }];
        assert_eq!(
            codes(&content),
            [
                CheckCode::TitleMissing,
                CheckCode::ContentMissing,
                CheckCode::ImageMissing,
                CheckCode::ReferenceMissing,
                CheckCode::ExcerptMissing,
                CheckCode::AuthorMissing,
                CheckCode::RelatedArticleNotPublished,
            ]
        );
    }

    #[test]
    fn a_skipped_level_is_found_and_a_step_back_is_not() {
        let mut content = blank(String::new());
        let section = |heading: Option<&str>, level| Section {
            id: SectionId(Uuid::nil()),
            heading: heading.map(str::to_owned),
            level,
            body: "Words".to_owned(),
        };
        content.sections = vec![
            section(None, 4),
            section(Some("a"), 2),
            section(Some("b"), 4),
            section(Some("c"), 2),
            section(Some("d"), 3),
        ];
        let found: Vec<_> = run(&content, &Library::default())
            .into_iter()
            .filter(|finding| finding.code == CheckCode::HeadingLevelSkipped)
            .collect();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, ["sections", "2", "level"]);
    }
}
