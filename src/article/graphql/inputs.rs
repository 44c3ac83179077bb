//! What editors send: taken apart once, without `..`, so that a new field fails to compile where a decision is due.

use async_graphql::{Enum, ID, InputObject, MaybeUndefined, OneofObject};

use crate::article::edit::{MadeFrom, OnConflict as Resolution};
use crate::article::edit_sections::SectionChange;
use crate::article::fields::{Fields, LeadFigureFields, RelatedLinkFields, SectionFields};
use crate::error::Failure;
use crate::given::Given;
use crate::graphql::{given, ids};
use crate::id::{ArticleId, SectionId};

/// What is to become of an edit that was made from an older version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
#[graphql(remote = "Resolution")]
pub enum OnConflict {
    /// It is refused with `CONFLICT`; `conflict` tells what was saved since.
    #[default]
    Refuse,
    /// It is merged with what was saved since, where the two touch different fields and sections; else it is refused with a
    /// `CONFLICT` for each that both touch.
    Merge,
}

/// An image placed above the text.
#[derive(InputObject)]
pub struct LeadFigureInput {
    /// Which image of the library.
    image_id: ID,
    /// The caption for this place; the image's own where absent.
    caption: Option<String>,
    /// The credit for this place; the image's own where absent.
    credit: Option<String>,
}

/// A part of the text.
#[derive(InputObject)]
pub struct SectionInput {
    /// The id of one of this article's sections, which stays the same one; absent: a new section.
    id: Option<ID>,
    /// Its heading, 300 characters at most; absent: an introduction.
    heading: Option<String>,
    /// The level of its heading: 2, 3 or 4; 2 where absent.
    level: Option<i32>,
    /// Markdown, 200 kB at most. A picture: `![](img_… "caption for this place")`.
    body: String,
}

/// A pointer: to another article, or to an address elsewhere.
#[derive(OneofObject)]
pub enum RelatedLinkInput {
    /// To another article.
    Article(RelatedArticleInput),
    /// To an address elsewhere.
    External(ExternalLinkInput),
}

/// A pointer to another article.
#[derive(InputObject)]
pub struct RelatedArticleInput {
    /// Its id; the link shows while it is published.
    article_id: ID,
    /// What it is called here; its own title where absent.
    title: Option<String>,
}

/// A pointer to an address elsewhere.
#[derive(InputObject)]
pub struct ExternalLinkInput {
    /// http or https.
    url: String,
    /// What it is called.
    title: String,
}

/// A new article.
#[derive(InputObject)]
pub struct CreateArticleInput {
    /// Its title, 300 characters at most; may be blank while it is written.
    title: String,
    /// Its name in addresses; derived from the title where absent.
    slug: MaybeUndefined<String>,
    /// Its language: a tag of BCP 47; the site's default where absent.
    locale: MaybeUndefined<String>,
    /// What a card shows, 1,000 characters at most.
    excerpt: MaybeUndefined<String>,
    /// The picture above the text.
    lead_figure: MaybeUndefined<LeadFigureInput>,
    /// The text, in order; 200 at most.
    sections: MaybeUndefined<Vec<SectionInput>>,
    /// Whom the byline credits, in order; 50 at most.
    author_ids: MaybeUndefined<Vec<ID>>,
    /// Where it stands in the site's tree.
    category_ids: MaybeUndefined<Vec<ID>>,
    /// Its free labels; 50 at most.
    tag_ids: MaybeUndefined<Vec<ID>>,
    /// Where it points to, in order; 100 at most.
    related_links: MaybeUndefined<Vec<RelatedLinkInput>>,
    /// What you say about this save.
    note: Option<String>,
}

/// An edit. A field that is absent is left alone, null clears it, a list replaces the list.
#[derive(InputObject)]
pub struct UpdateArticleInput {
    /// Which article.
    article_id: ID,
    /// The version that the edit was made from.
    version: i32,
    /// What is to become of it where the draft has gone on since.
    #[graphql(default)]
    on_conflict: OnConflict,
    /// Its title, 300 characters at most.
    title: MaybeUndefined<String>,
    /// Its name in addresses. Those that it was published under before keep finding it.
    slug: MaybeUndefined<String>,
    /// Its language: a tag of BCP 47.
    locale: MaybeUndefined<String>,
    /// What a card shows, 1,000 characters at most.
    excerpt: MaybeUndefined<String>,
    /// The picture above the text.
    lead_figure: MaybeUndefined<LeadFigureInput>,
    /// The whole text, in order; 200 sections at most.
    sections: MaybeUndefined<Vec<SectionInput>>,
    /// Whom the byline credits, in order; 50 at most.
    author_ids: MaybeUndefined<Vec<ID>>,
    /// Where it stands in the site's tree.
    category_ids: MaybeUndefined<Vec<ID>>,
    /// Its free labels; 50 at most.
    tag_ids: MaybeUndefined<Vec<ID>>,
    /// Where it points to, in order; 100 at most.
    related_links: MaybeUndefined<Vec<RelatedLinkInput>>,
    /// What you say about this save.
    note: Option<String>,
}

impl CreateArticleInput {
    /// The fields; fails at an id that is none.
    pub fn parse(self) -> Result<Fields, Failure> {
        let Self {
            title,
            slug,
            locale,
            excerpt,
            lead_figure,
            sections,
            author_ids,
            category_ids,
            tag_ids,
            related_links,
            note,
        } = self;
        Ok(Fields {
            title: Given::Value(title),
            slug: given(slug),
            locale: given(locale),
            excerpt: given(excerpt),
            lead_figure: given(lead_figure).try_map(parse_lead)?,
            sections: given(sections).try_map(parse_sections)?,
            authors: given(author_ids).try_map(|given| ids::parse_list(&given, &["input", "authorIds"]))?,
            categories: given(category_ids)
                .try_map(|given| ids::parse_list(&given, &["input", "categoryIds"]))?,
            tags: given(tag_ids).try_map(|given| ids::parse_list(&given, &["input", "tagIds"]))?,
            related_links: given(related_links).try_map(parse_links)?,
            note,
        })
    }
}

impl UpdateArticleInput {
    /// Which article, from which version, and the fields; fails at an id that is none.
    pub fn parse(self) -> Result<(ArticleId, MadeFrom, Fields), Failure> {
        let Self {
            article_id,
            version,
            on_conflict,
            title,
            slug,
            locale,
            excerpt,
            lead_figure,
            sections,
            author_ids,
            category_ids,
            tag_ids,
            related_links,
            note,
        } = self;
        let fields = Fields {
            title: given(title),
            slug: given(slug),
            locale: given(locale),
            excerpt: given(excerpt),
            lead_figure: given(lead_figure).try_map(parse_lead)?,
            sections: given(sections).try_map(parse_sections)?,
            authors: given(author_ids).try_map(|given| ids::parse_list(&given, &["input", "authorIds"]))?,
            categories: given(category_ids)
                .try_map(|given| ids::parse_list(&given, &["input", "categoryIds"]))?,
            tags: given(tag_ids).try_map(|given| ids::parse_list(&given, &["input", "tagIds"]))?,
            related_links: given(related_links).try_map(parse_links)?,
            note,
        };
        let from = MadeFrom { version, on_conflict: on_conflict.into() };
        Ok((ids::parse(&article_id, &["input", "articleId"])?, from, fields))
    }
}

fn parse_lead(
    LeadFigureInput { image_id, caption, credit }: LeadFigureInput,
) -> Result<LeadFigureFields, Failure> {
    Ok(LeadFigureFields {
        image: ids::parse(&image_id, &["input", "leadFigure", "imageId"])?,
        caption,
        credit,
    })
}

fn parse_sections(given: Vec<SectionInput>) -> Result<Vec<SectionFields>, Failure> {
    let parsed = given.into_iter().enumerate().map(|(index, SectionInput { id, heading, level, body })| {
        let id =
            id.map(|id| ids::parse(&id, &["input", "sections", &index.to_string(), "id"])).transpose()?;
        Ok(SectionFields { id, heading, level, body })
    });
    parsed.collect()
}

fn parse_links(given: Vec<RelatedLinkInput>) -> Result<Vec<RelatedLinkFields>, Failure> {
    let parsed = given
        .into_iter()
        .enumerate()
        .map(|(index, link)| parse_link(link, &["input", "relatedLinks", &index.to_string()]));
    parsed.collect()
}

fn parse_link(link: RelatedLinkInput, path: &[&str]) -> Result<RelatedLinkFields, Failure> {
    Ok(match link {
        RelatedLinkInput::Article(RelatedArticleInput { article_id, title }) => {
            let article = ids::parse(&article_id, &[path, &["article", "articleId"]].concat())?;
            RelatedLinkFields::Article { article, title }
        }
        RelatedLinkInput::External(ExternalLinkInput { url, title }) => {
            RelatedLinkFields::External { url, title }
        }
    })
}

macro_rules! draft_inputs {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// Which article.
            pub article_id: ID,
            /// The draft's version, as it was seen.
            pub version: i32,
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $name {
            /// Which article; fails at an id that is none.
            pub fn article(&self) -> Result<ArticleId, Failure> {
                ids::parse(&self.article_id, &["input", "articleId"])
            }
        }
    )*};
}

draft_inputs! {
    /// Which article to publish.
    PublishArticleInput {}
    /// Which article to take down.
    UnpublishArticleInput {}
    /// Which draft to hand in.
    SubmitForReviewInput {
        /// What you say to the editors.
        note: Option<String>,
    }
    /// Which draft to send back.
    RequestChangesInput {
        /// What should change.
        note: String,
    }
    /// Which draft to hand on.
    AssignArticleInput {
        /// Whose it is from then on: a user of `viewer.assignees`.
        owner_id: ID,
    }
    /// Which article to bring back to an older revision.
    RevertArticleInput {
        /// That revision's number.
        to_revision: i32,
    }
    /// Which article to move to the trash.
    DeleteArticleInput {}
    /// Which article to take out of the trash.
    RestoreArticleInput {}
}

macro_rules! edit_inputs {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* })*) => {$(
        $(#[$doc])*
        #[derive(InputObject)]
        pub struct $name {
            /// Which article.
            article_id: ID,
            /// The version that the edit was made from.
            version: i32,
            /// What is to become of it where the draft has gone on since.
            #[graphql(default)]
            on_conflict: OnConflict,
            $($(#[$field_doc])* pub $field: $type,)*
            /// What you say about this save.
            pub note: Option<String>,
        }

        impl $name {
            /// Which article, from which version; fails at an id that is none.
            pub fn made_from(&self) -> Result<(ArticleId, MadeFrom), Failure> {
                let from = MadeFrom { version: self.version, on_conflict: self.on_conflict.into() };
                Ok((ids::parse(&self.article_id, &["input", "articleId"])?, from))
            }
        }
    )*};
}

edit_inputs! {
    /// A new section.
    AddSectionInput {
        /// Its heading, 300 characters at most; absent: an introduction.
        heading: Option<String>,
        /// The level of its heading: 2, 3 or 4; 2 where absent.
        level: Option<i32>,
        /// Markdown, 200 kB at most. A picture: `![](img_… "caption for this place")`.
        body: String,
        /// Its place, from 1; at the end where absent.
        position: Option<i32>,
    }
    /// What changes of a section. A field that is absent is left alone.
    UpdateSectionInput {
        /// Which section.
        section_id: ID,
        /// Its heading, 300 characters at most; null takes it away.
        heading: MaybeUndefined<String>,
        /// The level of its heading: 2, 3 or 4.
        level: Option<i32>,
        /// Markdown, 200 kB at most.
        body: Option<String>,
    }
    /// Which section goes where.
    MoveSectionInput {
        /// Which section.
        section_id: ID,
        /// Its new place, from 1.
        position: i32,
    }
    /// Which section is taken out.
    RemoveSectionInput {
        /// Which section.
        section_id: ID,
    }
    /// A new related link.
    AddRelatedLinkInput {
        /// Where it points to.
        link: RelatedLinkInput,
        /// Its place, from 1; at the end where absent.
        position: Option<i32>,
    }
    /// Which related link goes where.
    MoveRelatedLinkInput {
        /// Its place, from 1, in the version that the edit was made from.
        position: i32,
        /// Its new place, from 1.
        to_position: i32,
    }
    /// Which related link is taken out.
    RemoveRelatedLinkInput {
        /// Its place, from 1, in the version that the edit was made from.
        position: i32,
    }
}

impl AddSectionInput {
    /// The section.
    pub fn section(&self) -> SectionFields {
        SectionFields { id: None, heading: self.heading.clone(), level: self.level, body: self.body.clone() }
    }
}

impl UpdateSectionInput {
    /// Which section, and what changes; fails at an id that is none.
    pub fn change(self) -> Result<(SectionId, SectionChange), Failure> {
        let section = section_id(&self.section_id)?;
        let change = SectionChange { heading: given(self.heading), level: self.level, body: self.body };
        Ok((section, change))
    }
}

impl AddRelatedLinkInput {
    /// The link, and its place; fails at an id that is none.
    pub fn link(self) -> Result<(RelatedLinkFields, Option<i32>), Failure> {
        Ok((parse_link(self.link, &["input", "link"])?, self.position))
    }
}

/// A section's id; fails at one that is none.
pub fn section_id(id: &ID) -> Result<SectionId, Failure> {
    ids::parse(id, &["input", "sectionId"])
}
