//! What a published article and a draft's content share: a frontend's fragments on these read both, so that a preview shows
//! what readers will see.
#![allow(clippy::disallowed_types, reason = "an output type names async-graphql's result")]

use std::borrow::Cow;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};

use super::ArticleObject;
use super::draft_content::DraftContent;
use crate::graphql::interface::{Shared, register};

const INTERFACES: &[Shared] = &[
    Shared {
        name: "ArticleContent",
        description: "What a published article and a draft's content share: a fragment on it reads both.",
        of: ["Article", "DraftContent"],
        fields: &[
            "title",
            "slug",
            "excerpt",
            "locale",
            "leadFigure",
            "sections",
            "tableOfContents",
            "authors",
            "categories",
            "tags",
            "wordCount",
            "readingMinutes",
        ],
    },
    Shared {
        name: "SectionContent",
        description: "A section of a published article or of a draft.",
        of: ["Section", "DraftSection"],
        fields: &["id", "position", "anchor", "level", "heading", "body", "figures"],
    },
    Shared {
        name: "FigureContent",
        description: "An image placed in a published article or in a draft.",
        of: ["Figure", "DraftFigure"],
        fields: &["image", "caption", "credit"],
    },
    Shared {
        name: "ImageContent",
        description: "An image, as readers or as editors see it.",
        of: ["Image", "LibraryImage"],
        fields: &[
            "id",
            "url",
            "srcset",
            "placeholder",
            "alt",
            "caption",
            "credit",
            "width",
            "height",
            "mimeType",
        ],
    },
    Shared {
        name: "AuthorContent",
        description: "An author, as readers or as editors see them.",
        of: ["Author", "AuthorRecord"],
        fields: &["id", "slug", "name", "bio", "portrait", "links"],
    },
    Shared {
        name: "CategoryContent",
        description: "A category, as readers or as editors see it.",
        of: ["Category", "CategoryRecord"],
        fields: &["id", "slug", "name", "description"],
    },
    Shared {
        name: "TagContent",
        description: "A tag, as readers or as editors see it.",
        of: ["Tag", "TagRecord"],
        fields: &["id", "slug", "name"],
    },
];

/// What an article will say, as its readers would get it. Brings the interfaces into the schema.
pub struct ArticleContent(pub DraftContent);

impl OutputType for ArticleContent {
    fn type_name() -> Cow<'static, str> {
        Cow::Borrowed("ArticleContent")
    }

    fn qualified_type_name() -> String {
        Self::type_name().into_owned()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        ArticleObject::create_type_info(registry);
        DraftContent::create_type_info(registry);
        register(registry, INTERFACES);
        Self::qualified_type_name()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        self.0.resolve(ctx, field).await
    }
}
