//! `updateRedirect`; and finding the redirect that is to be changed or taken away.

use sea_orm::ActiveValue::{Set, Unchanged};
use sea_orm::{ActiveModelTrait as _, ConnectionTrait};

use super::entity::redirects;
use super::{read, redirect};
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::RedirectId;
use crate::library::check_version;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;

/// What changes; what is absent stays.
#[derive(Default)]
pub struct RedirectEdit {
    /// A path on the site.
    pub from: Option<String>,
    /// A path on the site, or a web address.
    pub to: Option<String>,
    /// The HTTP status.
    pub status: Option<i32>,
}

/// Changes a redirect.
pub async fn update(
    op: &Operation,
    id: RedirectId,
    version: i32,
    edit: RedirectEdit,
) -> Result<redirects::Model, Failure> {
    policy::allow_new::<act::EditRedirects>(op)?;
    let RedirectEdit { from, to, status } = edit;
    let mut problems = Problems::default();
    let from = from.and_then(|from| problems.take(redirect::from_path(&from)));
    let to = to.and_then(|to| problems.take(redirect::target(&op.store.config.site, &to)));
    let status = status.and_then(|status| problems.take(redirect::status(status)));
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let found = find(connection, id, version).await?;
    let changed = redirects::Model {
        from_path: from.unwrap_or_else(|| found.from_path.clone()),
        target: to.unwrap_or_else(|| found.target.clone()),
        status: status.unwrap_or(found.status),
        ..found.clone()
    };
    let other = read::by_path(connection, &changed.from_path).await?.filter(|other| other.id != id);
    if other.is_some() {
        let message = "There is a redirect from this path already: change that one.";
        problems.add(UserErrorCode::Taken, &["input", "from"], message);
    }
    let leads_on =
        redirect::check_leads_on(connection, Some(id), &changed.from_path, &changed.target).await?;
    problems.take(leads_on);
    problems.check()?;
    if changed == found {
        return Ok(found);
    }
    let row = redirects::ActiveModel {
        id: Unchanged(id),
        from_path: Set(changed.from_path),
        target: Set(changed.target),
        status: Set(changed.status),
        version: Set(found.version + 1),
        salt: Unchanged(found.salt),
        created_at: Unchanged(found.created_at),
        updated_at: Set(op.now()),
    }
    .update(connection)
    .await?;
    let mut tags = vec![redirect::tag(&row.from_path)];
    if row.from_path != found.from_path {
        tags.push(redirect::tag(&found.from_path));
    }
    let change = NewChange::new(Action::RedirectUpdated, SubjectType::Redirect, id)
        .hash(redirect::hash(&row)?)
        .tags(tags);
    save(transaction, op, change).await?;
    Ok(row)
}

/// The redirect, where it still has this version.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    id: RedirectId,
    version: i32,
) -> Result<redirects::Model, Failure> {
    let found = read::by_id(connection, id).await?.ok_or_else(|| {
        Failure::refused(UserErrorCode::NotFound, &["input", "redirectId"], "There is no such redirect.")
    })?;
    check_version("redirect", found.version, version)?;
    Ok(found)
}
