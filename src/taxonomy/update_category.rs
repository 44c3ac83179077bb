//! `updateCategory`. The slug that it had leads to it for ever. Its place in the tree is changed by `moveCategory`.

use super::category::Categories;
use super::entity::categories;
use super::{category, read};
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems};
use crate::given::Given;
use crate::id::CategoryId;
use crate::library::{self, former_slugs};
use crate::log::{Action, SubjectType, save};
use crate::operation::Operation;
use crate::text::slug;

/// What changes; what is absent stays.
#[derive(Default)]
pub struct CategoryEdit {
    /// As readers see it.
    pub name: Option<String>,
    /// Its name in addresses.
    pub slug: Option<String>,
    /// What it is about.
    pub description: Given<String>,
}

/// Changes a category.
pub async fn update(
    op: &Operation,
    id: CategoryId,
    version: i32,
    edit: CategoryEdit,
) -> Result<categories::Model, Failure> {
    policy::allow_new::<act::EditCategory>(op)?;
    let CategoryEdit { name, slug, description } = edit;
    let mut problems = Problems::default();
    let name = name.and_then(|name| problems.take(category::name(&name)));
    let slug = slug.and_then(|slug| problems.take(slug::parse(&["input", "slug"], &slug)));
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let tree = read::tree(connection).await?;
    let found = category::find(&tree, id, version)?;
    if let Some(slug) = &slug {
        library::slug::check::<Categories>(connection, slug, Some(id.0), &mut problems).await?;
    }
    let description =
        problems.take(category::description(description.or_present(&found.description).as_deref())).flatten();
    problems.check()?;
    let changed = categories::Model {
        name: name.unwrap_or_else(|| found.name.clone()),
        slug: slug.unwrap_or_else(|| found.slug.clone()),
        description,
        ..found.clone()
    };
    if changed == found {
        return Ok(found);
    }
    if changed.slug != found.slug {
        former_slugs::rename(&transaction, SubjectType::Category, id.0, &found.slug, &changed.slug).await?;
    }
    let (written, change) = category::write(&transaction, op, changed, Action::CategoryUpdated).await?;
    save(transaction, op, change).await?;
    Ok(written)
}
