//! Compares redirects with the log: each with the last entry about it. Called by `verify`.

use uuid::Uuid;

use super::entity::redirects;
use super::{read, redirect};
use crate::db::ids::IdColumn;
use crate::error::Failure;
use crate::id::RedirectId;
use crate::log::check::{Check, Extent, Recorded};
use crate::log::walk::{Things, told};
use crate::log::{Action, SubjectType};

/// All redirects.
pub fn all(extent: Extent) -> Things {
    let made_by = (extent == Extent::Whole).then_some(Action::RedirectCreated);
    let columns = vec![IdColumn::of::<redirects::Entity>(redirects::Column::Id)];
    Things::new(SubjectType::Redirect, made_by, columns)
}

/// Compares these redirects.
pub async fn compare(check: &mut Check<'_>, ids: &[Uuid]) -> Result<(), Failure> {
    let mut told = told(check, SubjectType::Redirect, ids).await?;
    let rows = read::by_ids(check.snapshot.connection(), ids).await?;
    check.checked("redirects", ids.len());
    for id in ids {
        let told = told.remove(id).unwrap_or_default();
        let recorded = rows.get(id).map(recorded).transpose()?;
        check.record(RedirectId(*id), &told, recorded)?;
    }
    Ok(())
}

fn recorded(row: &redirects::Model) -> Result<Recorded, Failure> {
    Ok(Recorded {
        hash: redirect::hash(row)?,
        version: row.version,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}
