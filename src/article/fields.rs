//! What an editor gives when saving: parsed once, every problem reported with its path.

use std::collections::HashSet;
use std::hash::Hash;

use super::content::{Content, FORMAT, LeadFigure, RelatedLink, Section};
use crate::error::{Problems, UserErrorCode};
use crate::given::Given;
use crate::id::{ArticleId, AuthorId, CategoryId, ImageId, SectionId, TagId};
use crate::text::{input, markdown, slug};

/// The language of an article that names none.
const DEFAULT_LOCALE: &str = "en";

const TITLE_LIMIT: usize = 300;
const EXCERPT_LIMIT: usize = 1_000;
const SECTION_BYTES: usize = 200_000;
const ARTICLE_BYTES: usize = 2_000_000;
const SECTIONS: usize = 200;
const LINKS: usize = 100;
const LABELS: usize = 50;
const NOTE_LIMIT: usize = 1_000;

/// All that can be given.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    /// May be blank in a draft.
    pub title: Given<String>,
    /// Derived from the title where never given.
    pub slug: Given<String>,
    /// BCP 47; the site's default where never given.
    pub locale: Given<String>,
    /// What a card shows.
    pub excerpt: Given<String>,
    /// The picture above the text.
    pub lead_figure: Given<LeadFigureFields>,
    /// The whole list.
    pub sections: Given<Vec<SectionFields>>,
    /// The whole list.
    pub authors: Given<Vec<AuthorId>>,
    /// The whole list.
    pub categories: Given<Vec<CategoryId>>,
    /// The whole list.
    pub tags: Given<Vec<TagId>>,
    /// The whole list.
    pub related_links: Given<Vec<RelatedLinkFields>>,
    /// What the editor says about this save.
    pub note: Option<String>,
}

/// A lead figure as given.
#[derive(Clone, Debug)]
pub struct LeadFigureFields {
    /// Which image.
    pub image: ImageId,
    /// For this place.
    pub caption: Option<String>,
    /// For this place.
    pub credit: Option<String>,
}

/// A section as given.
#[derive(Clone, Debug)]
pub struct SectionFields {
    /// One of this article's; none: a new section.
    pub id: Option<SectionId>,
    /// The introduction has none.
    pub heading: Option<String>,
    /// 2 to 4; 2 where absent.
    pub level: Option<i32>,
    /// Markdown.
    pub body: String,
}

/// A related link as given.
#[derive(Clone, Debug)]
pub enum RelatedLinkFields {
    /// To another article.
    Article {
        /// Which.
        article: ArticleId,
        /// Instead of its own.
        title: Option<String>,
    },
    /// To an address elsewhere.
    External {
        /// http or https.
        url: String,
        /// What it is called.
        title: String,
    },
}

impl Fields {
    /// The same, where a language that is taken away becomes this one.
    pub fn with_default_locale(mut self, language: &str) -> Self {
        if matches!(self.locale, Given::Null) {
            self.locale = Given::Value(language.to_owned());
        }
        self
    }
}

/// An article that nothing has been written of.
pub fn blank(salt: String) -> Content {
    Content {
        format: FORMAT,
        salt,
        title: String::new(),
        slug: String::new(),
        locale: DEFAULT_LOCALE.to_owned(),
        excerpt: None,
        lead_figure: None,
        sections: Vec::new(),
        authors: Vec::new(),
        categories: Vec::new(),
        tags: Vec::new(),
        related_links: Vec::new(),
    }
}

/// The content with the fields put in, and the note. `new_section` names sections that are new; the slug, where it isn't
/// given, is the base's. Whether ids exist is not checked here.
pub fn apply(
    base: &Content,
    fields: Fields,
    mut new_section: impl FnMut() -> SectionId,
    problems: &mut Problems,
) -> (Content, Option<String>) {
    let Fields {
        title,
        slug,
        locale,
        excerpt,
        lead_figure,
        sections,
        authors,
        categories,
        tags,
        related_links,
        note,
    } = fields;
    let mut content = base.clone();
    match title {
        Given::Absent => {}
        Given::Null => content.title.clear(),
        Given::Value(title) => {
            content.title = problems
                .take(input::optional_line(&["input", "title"], Some(&title), TITLE_LIMIT))
                .flatten()
                .unwrap_or_default();
        }
    }
    if let Given::Value(given) = slug {
        content.slug = problems.take(slug::parse(&["input", "slug"], &given)).unwrap_or_default();
    }
    match locale {
        Given::Absent => {}
        Given::Null => content.locale = DEFAULT_LOCALE.to_owned(),
        Given::Value(locale) => {
            content.locale = problems.take(input::locale(&["input", "locale"], &locale)).unwrap_or_default()
        }
    }
    match excerpt {
        Given::Absent => {}
        Given::Null => content.excerpt = None,
        Given::Value(excerpt) => {
            content.excerpt = problems
                .take(input::optional_line(&["input", "excerpt"], Some(&excerpt), EXCERPT_LIMIT))
                .flatten();
        }
    }
    match lead_figure {
        Given::Absent => {}
        Given::Null => content.lead_figure = None,
        Given::Value(given) => content.lead_figure = Some(lead(given, problems)),
    }
    match sections {
        Given::Absent => {}
        Given::Null => content.sections.clear(),
        Given::Value(given) => content.sections = parse_sections(given, &mut new_section, problems),
    }
    replace(&mut content.authors, authors, "authorIds", problems);
    replace(&mut content.categories, categories, "categoryIds", problems);
    replace(&mut content.tags, tags, "tagIds", problems);
    match related_links {
        Given::Absent => {}
        Given::Null => content.related_links.clear(),
        Given::Value(given) => content.related_links = parse_links(given, problems),
    }
    let note = problems.take(input::optional_line(&["input", "note"], note.as_deref(), NOTE_LIMIT)).flatten();
    (content, note)
}

/// Notes where a content is larger than an article may be.
pub(super) fn check_size(content: &Content, problems: &mut Problems) {
    let bytes: usize = content
        .sections
        .iter()
        .map(|section| section.body.len() + section.heading.as_deref().map_or(0, str::len))
        .sum();
    if bytes > ARTICLE_BYTES {
        let message = format!("An article has at most {ARTICLE_BYTES} bytes of text; this has {bytes}.");
        problems.add(UserErrorCode::TooLong, &["input", "sections"], message);
    }
    if content.sections.len() > SECTIONS {
        let message =
            format!("An article has at most {SECTIONS} sections; these are {}.", content.sections.len());
        problems.add(UserErrorCode::TooLong, &["input", "sections"], message);
    }
}

/// Reads a note that goes with a transition.
pub fn note(given: Option<&str>) -> Result<Option<String>, crate::error::UserError> {
    input::optional_line(&["input", "note"], given, NOTE_LIMIT)
}

fn lead(given: LeadFigureFields, problems: &mut Problems) -> LeadFigure {
    let LeadFigureFields { image, caption, credit } = given;
    let mut line = |name: &str, text: Option<String>| {
        problems
            .take(input::optional_line(
                &["input", "leadFigure", name],
                text.as_deref(),
                crate::image::upload::CAPTION_LIMIT,
            ))
            .flatten()
    };
    LeadFigure { image, caption: line("caption", caption), credit: line("credit", credit) }
}

fn replace<T: Copy + Eq + Hash>(
    list: &mut Vec<T>,
    given: Given<Vec<T>>,
    name: &str,
    problems: &mut Problems,
) {
    match given {
        Given::Absent => {}
        Given::Null => list.clear(),
        Given::Value(given) => {
            let path = ["input", name];
            if given.len() > LABELS {
                problems.add(
                    UserErrorCode::TooLong,
                    &path,
                    format!("At most {LABELS} are allowed; these are {}.", given.len()),
                );
            }
            if given.iter().collect::<HashSet<_>>().len() < given.len() {
                problems.add(UserErrorCode::Invalid, &path, "One of these stands twice; name each once.");
            }
            *list = given;
        }
    }
}

fn parse_sections(
    given: Vec<SectionFields>,
    new_section: &mut impl FnMut() -> SectionId,
    problems: &mut Problems,
) -> Vec<Section> {
    if given.len() > SECTIONS {
        let message = format!("An article has at most {SECTIONS} sections; these are {}.", given.len());
        problems.add(UserErrorCode::TooLong, &["input", "sections"], message);
        return Vec::new();
    }
    let mut seen = HashSet::new();
    let mut sections = Vec::with_capacity(given.len());
    for (index, SectionFields { id, heading, level, body }) in given.into_iter().enumerate() {
        let index = index.to_string();
        let path = |name| ["input", "sections", index.as_str(), name];
        if id.is_some_and(|id| !seen.insert(id)) {
            problems.add(UserErrorCode::Invalid, &path("id"), "This section stands twice in the list.");
        }
        let heading =
            problems.take(input::optional_line(&path("heading"), heading.as_deref(), TITLE_LIMIT)).flatten();
        let level = level.unwrap_or(2);
        if !(2..=4).contains(&level) {
            problems.add(
                UserErrorCode::Invalid,
                &path("level"),
                format!("A level is 2, 3 or 4; this is {level}."),
            );
        }
        let body = problems.take(input::lines(&path("body"), &body, SECTION_BYTES)).unwrap_or_default();
        check_body(&body, &path("body"), problems);
        sections.push(Section { id: id.unwrap_or_else(&mut *new_section), heading, level, body });
    }
    sections
}

fn check_body(body: &str, path: &[&str], problems: &mut Problems) {
    let outline = markdown::outline(body);
    if outline.is_too_deep {
        problems.add(
            UserErrorCode::Invalid,
            path,
            format!("The Markdown nests deeper than {} levels.", markdown::DEEPEST),
        );
    }
    if outline.is_too_wide {
        problems.add(UserErrorCode::TooLong, path, "The tables have too many cells: split them up.");
    }
    if let Some(address) = outline.foreign_pictures.first() {
        let shown: String = address.chars().take(100).collect();
        let message = format!(
            "The picture {shown:?} is not in the library: upload it and write its id, as in ![](img_… \"caption\")."
        );
        problems.add(UserErrorCode::Invalid, path, message);
    }
    if let Some(address) = outline.foreign_links.first() {
        let shown: String = address.chars().take(100).collect();
        let message = format!("The link {shown:?} is neither http, https nor an anchor (#…).");
        problems.add(UserErrorCode::Invalid, path, message);
    }
}

fn parse_links(given: Vec<RelatedLinkFields>, problems: &mut Problems) -> Vec<RelatedLink> {
    if given.len() > LINKS {
        let message = format!("An article has at most {LINKS} related links; these are {}.", given.len());
        problems.add(UserErrorCode::TooLong, &["input", "relatedLinks"], message);
        return Vec::new();
    }
    let mut links = Vec::with_capacity(given.len());
    for (index, link) in given.into_iter().enumerate() {
        let index = index.to_string();
        let path = |kind, name| ["input", "relatedLinks", index.as_str(), kind, name];
        links.push(match link {
            RelatedLinkFields::Article { article, title } => RelatedLink::Article {
                article,
                title: problems
                    .take(input::optional_line(&path("article", "title"), title.as_deref(), TITLE_LIMIT))
                    .flatten(),
            },
            RelatedLinkFields::External { url, title } => RelatedLink::External {
                url: problems.take(input::web_address(&path("external", "url"), &url)).unwrap_or_default(),
                title: problems
                    .take(input::line(&path("external", "title"), &title, TITLE_LIMIT))
                    .unwrap_or_default(),
            },
        });
    }
    links
}
