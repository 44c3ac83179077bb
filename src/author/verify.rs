//! Compares authors with the log: the records with the last entry about each, the public rows with the records. Called by
//! `verify`.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::entity::{author_records, authors};
use super::read;
use super::record::hash;
use crate::db::ids::IdColumn;
use crate::error::Failure;
use crate::id::AuthorId;
use crate::library::{self, former_slugs};
use crate::log::check::{Check, Extent, Problem, Recorded};
use crate::log::walk::{Things, told};
use crate::log::{Action, SubjectType};
use crate::text::fold;

/// Where public authors show images: their portraits.
pub fn portraits() -> IdColumn {
    IdColumn::of::<authors::Entity>(authors::Column::PortraitImageId)
}

/// All authors. `credits` is where articles credit them.
pub fn all(extent: Extent, credits: IdColumn) -> Things {
    let (records, public) = (
        IdColumn::of::<author_records::Entity>(author_records::Column::Id),
        IdColumn::of::<authors::Entity>(authors::Column::Id),
    );
    match extent {
        Extent::Whole => {
            Things::new(SubjectType::Author, Some(Action::AuthorCreated), vec![records, public, credits])
        }
        Extent::Public => Things::new(SubjectType::Author, None, vec![public, credits]),
    }
}

/// Compares these authors. `credits` says how many public articles credit each.
pub async fn compare(
    check: &mut Check<'_>,
    ids: &[Uuid],
    credits: &HashMap<Uuid, i64>,
) -> Result<(), Failure> {
    let mut told = told(check, SubjectType::Author, ids).await?;
    let typed: Vec<AuthorId> = ids.iter().copied().map(AuthorId).collect();
    let records = read::records(check.snapshot.connection(), typed.clone()).await?;
    let former = former_slugs::of(check.snapshot.connection(), ids).await?;
    library::verify::compare(check, SubjectType::Author, &told).await?;
    let rows = authors::Entity::find()
        .filter(authors::Column::Id.is_in(typed.clone()))
        .all(check.snapshot.connection())
        .await?;
    let public: HashMap<AuthorId, authors::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    check.checked("authors", ids.len());
    for id in typed {
        let told = told.remove(&id.0).unwrap_or_default();
        let record = records.get(&id);
        let former = former.get(&id.0).map(Vec::as_slice).unwrap_or_default();
        let recorded = record.map(|record| recorded(record, former)).transpose()?;
        check.record(id, &told, recorded)?;
        let problem = Problem::new(id, "public row", "").since(told.last);
        if let Some(record) = record {
            check.compare(
                &Problem { message: "is not the name as it is sorted".to_owned(), ..problem.clone() },
                &[("sortName", record.sort_name == fold::fold(&record.name))],
            );
        }
        let article_count = credits.get(&id.0).copied().unwrap_or_default();
        let must_be_public = article_count > 0 || record.is_some_and(|record| record.is_listed);
        let rows = check.public_row(
            &problem,
            (record, public.get(&id)),
            must_be_public,
            "is public, and nothing that is says so",
            "is not in the public table, and must be",
        );
        let Some((record, public)) = rows else { continue };
        let message = "the public table differs from the record".to_owned();
        check.compare(
            &Problem { message, ..problem.clone() },
            &[
                ("slug", public.slug == record.slug),
                ("name", public.name == record.name),
                ("bio", public.bio == record.bio),
                ("links", public.links == record.links),
                ("portrait", public.portrait_image_id == record.portrait_image_id),
                ("sortName", public.sort_name == record.sort_name),
            ],
        );
        let message = format!("the public table differs from the {article_count} articles counted");
        check.compare(
            &Problem { message, ..problem },
            &[("articleCount", i64::from(public.article_count) == article_count)],
        );
    }
    Ok(())
}

fn recorded(record: &author_records::Model, former: &[String]) -> Result<Recorded, Failure> {
    Ok(Recorded {
        hash: hash(record, former)?,
        version: record.version,
        created_at: record.created_at,
        updated_at: record.updated_at,
    })
}
