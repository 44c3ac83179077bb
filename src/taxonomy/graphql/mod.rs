//! Categories and tags in the schema.

mod category;
mod category_mutations;
mod library;
mod tag;
mod tag_mutations;

use async_graphql::{Context, ID, Object, OneofObject};

pub use category::CategoryObject;
pub use category_mutations::CategoryMutation;
pub use library::{CategoryRecord, TagRecord, TaxonomyViewer};
pub use tag::TagObject;
pub use tag_mutations::TagMutation;

use super::{memory, read};
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::Member;
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::{ids, operation};

/// Which tag.
#[derive(OneofObject)]
pub enum TagBy {
    /// By the global id.
    Id(ID),
    /// By the name in addresses, or by one that it had before.
    Slug(String),
}

/// Which category.
#[derive(OneofObject)]
pub enum CategoryBy {
    /// By the global id.
    Id(ID),
    /// By the name in addresses, or by one that it had before.
    Slug(String),
}

/// Public queries for categories and tags.
#[derive(Default)]
pub struct TaxonomyQuery;

#[Object]
impl TaxonomyQuery {
    /// One public tag; null where there is none.
    async fn tag(&self, ctx: &Context<'_>, #[graphql(desc = "Which tag.")] by: TagBy) -> Nullable<TagObject> {
        nullable(async {
            let op = operation(ctx)?;
            let found = match by {
                TagBy::Id(id) => memory::tag_by_id(op, ids::parse(&id, &["by", "id"])?).await?,
                TagBy::Slug(slug) => memory::tag_by_slug(op, &slug).await?,
            };
            Ok(found.map(|row| TagObject::of(Member::alone(op, row))))
        })
        .await
    }

    /// The tags that published articles have, by name.
    async fn tags(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<TagObject>, Failure> {
        let op = operation(ctx)?;
        let list = ListName::new(&["tags"]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let Page { rows, has_next, has_previous } = Box::pin(memory::tag_list(op, &window)).await?;
        let page = Page {
            rows: Member::page(op, rows).into_iter().map(TagObject::of).collect(),
            has_next,
            has_previous,
        };
        let place = |tag: &TagObject| Position {
            key: SortKey::Text(tag.row().sort_name.clone()),
            id: tag.row().id.0,
        };
        Ok(Connection::listed(op, list, page, place, |op| async move {
            read::tag_count(&*op.snapshot().await?, COUNTED).await
        }))
    }

    /// One category; null where there is none.
    async fn category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which category.")] by: CategoryBy,
    ) -> Nullable<CategoryObject> {
        nullable(async {
            let op = operation(ctx)?;
            let found = match by {
                CategoryBy::Id(id) => {
                    memory::site_tree(op).await?.get(&ids::parse(&id, &["by", "id"])?).cloned()
                }
                CategoryBy::Slug(slug) => memory::category_by_slug(op, &slug).await?,
            };
            Ok(found.map(|row| CategoryObject::of(Member::alone(op, row))))
        })
        .await
    }

    /// The roots of the site's tree, in their order.
    async fn categories(&self, ctx: &Context<'_>) -> Result<Vec<CategoryObject>, Failure> {
        let op = operation(ctx)?;
        let tree = memory::site_tree(op).await?;
        Ok(CategoryObject::page(op, read::children(&tree, None).into_iter().cloned().collect()))
    }
}
