//! Joins the rooms' GraphQL parts into one schema; nothing else.
#![allow(clippy::disallowed_types, reason = "MergedObject's derive names async-graphql's error")]

use async_graphql::{
    Context, EmptySubscription, ID, Interface, MergedObject, Object, SDLExportOptions, SchemaBuilder,
    ValidationMode,
};

use crate::account::graphql::{AccountMutation, AccountViewer};
use crate::article::graphql::{
    ArchiveQuery, ArticleMutation, ArticleObject, ArticleQuery, ComparisonViewer, DraftViewer, EditMutation,
};
use crate::article::read_parts::Together;
use crate::author::graphql::{AuthorMutation, AuthorObject, AuthorQuery, AuthorViewer};
use crate::comment::graphql::{CommentObject, CommentViewer, ModeratorMutation, ReaderMutation};
use crate::error::Failure;
use crate::graphql::batch::Member;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::fragments::KeptFields;
use crate::graphql::operation;
use crate::graphql::root_fields::InWhole;
use crate::history::graphql::HistoryViewer;
use crate::image::graphql::{ImageMutation, ImageObject, ImageQuery, ImageViewer};
use crate::site::graphql::{SiteMutation, SiteQuery, SiteViewer};
use crate::taxonomy::graphql::{
    CategoryMutation, CategoryObject, TagMutation, TagObject, TaxonomyQuery, TaxonomyViewer,
};
use crate::{article, author, comment, image, taxonomy};

/// Copydesk's schema.
pub type Schema = async_graphql::Schema<Query, Mutation, EmptySubscription>;

/// What is executed of a query.
pub type Query = InWhole<QueryFields>;

/// What can be asked.
#[derive(MergedObject, Default)]
#[graphql(name = "Query")]
pub struct QueryFields(ViewerQuery, KeptFields<PublicQuery>);

/// What is public, and answers everybody alike.
#[derive(MergedObject, Default)]
pub struct PublicQuery(
    NodeQuery,
    ArticleQuery,
    ArchiveQuery,
    AuthorQuery,
    TaxonomyQuery,
    ImageQuery,
    SiteQuery,
);

/// What can be done.
#[derive(MergedObject, Default)]
pub struct Mutation(
    AccountMutation,
    ArticleMutation,
    EditMutation,
    AuthorMutation,
    CategoryMutation,
    TagMutation,
    ImageMutation,
    SiteMutation,
    ReaderMutation,
    ModeratorMutation,
);

/// What only signed-in people see.
#[derive(MergedObject, Default)]
pub struct Viewer(
    AccountViewer,
    DraftViewer,
    ComparisonViewer,
    AuthorViewer,
    TaxonomyViewer,
    ImageViewer,
    SiteViewer,
    CommentViewer,
    HistoryViewer,
);

/// A public thing with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Its global id."))]
pub enum Node {
    /// An article.
    Article(ArticleObject),
    /// An author.
    Author(AuthorObject),
    /// A tag.
    Tag(TagObject),
    /// A category.
    Category(CategoryObject),
    /// An image.
    Image(ImageObject),
    /// A comment.
    Comment(CommentObject),
}

/// The public lookup by global id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The public thing of this id; null where there is none.
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Its global id.")] id: ID) -> Nullable<Node> {
        nullable(async {
        let op = operation(ctx)?;
        let snapshot = op.snapshot().await?;
        if let Ok(id) = id.parse() {
            let parts = Together::default();
            let found = article::read::by_id(&snapshot, &parts, id).await?;
            return Ok(found.map(|row| Node::Article(ArticleObject::alone(op, parts, row))));
        }
        if let Ok(id) = id.parse() {
            return Ok(author::read::by_id(&snapshot, id)
                .await?
                .map(|row| Node::Author(AuthorObject::of(Member::alone(op, row)))));
        }
        if let Ok(id) = id.parse() {
            return Ok(taxonomy::read::tag_by_id(&snapshot, id)
                .await?
                .map(|row| Node::Tag(TagObject::of(Member::alone(op, row)))));
        }
        if let Ok(id) = id.parse() {
            let found = taxonomy::read::site_tree(&snapshot).await?.remove(&id);
            return Ok(found.map(|row| Node::Category(CategoryObject::of(Member::alone(op, row)))));
        }
        if let Ok(id) = id.parse() {
            let found = image::read::public(&snapshot, vec![id], &[]).await?.remove(&id);
            return Ok(found.map(|row| Node::Image(ImageObject::new(&row, &op.store))));
        }
        if let Ok(id) = id.parse() {
            return Ok(comment::read::by_id(&snapshot, id)
                .await?
                .map(|row| Node::Comment(CommentObject::of(Member::alone(op, row)))));
        }
        Err(Failure::bad_request(
            &["id"],
            "This is not the id of a public thing: such an id is a kind, such as art_, and 32 hexadecimal digits.",
        ))
            })
        .await
    }
}

/// The door to the desk.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// The signed-in user's desk; null for the public.
    async fn viewer(&self, ctx: &Context<'_>) -> Nullable<Viewer> {
        nullable(async {
            let op = operation(ctx)?;
            op.reads().are_private();
            Ok(op.viewer.user_id().map(|_| Viewer::default()))
        })
        .await
    }
}

/// Makes the schema.
pub fn build() -> Schema {
    builder().finish()
}

/// The same, for documents that it has executed before: what is wrong with a document in itself need not be looked for again.
/// Whether the variables fit is the guard's to say, each time.
pub fn for_known_documents() -> Schema {
    builder().validation_mode(ValidationMode::Fast).finish()
}

fn builder() -> SchemaBuilder<Query, Mutation, EmptySubscription> {
    Schema::build(Query::default(), Mutation::default(), EmptySubscription)
        // The guard has bounded all of this before a document comes here.
        .limit_recursive_depth(200)
}

/// The schema as text: what `schema.graphql` holds.
pub fn sdl() -> String {
    let options = SDLExportOptions::new()
        .sorted_fields()
        .sorted_arguments()
        .sorted_enum_items()
        .prefer_single_line_descriptions();
    format!("{}\n", build().sdl_with_options(options).trim_end())
}
