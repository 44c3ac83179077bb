//! Compares categories and tags with the log: what is recorded with the last entry about each, the public tags with the
//! records. Called by `verify`.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::entity::{categories, tag_records, tags};
use super::{category, read, tag};
use crate::db::ids::IdColumn;
use crate::error::Failure;
use crate::id::{CategoryId, TagId};
use crate::library::{self, former_slugs};
use crate::log::check::{Check, Extent, Problem, Recorded};
use crate::log::walk::{Things, told};
use crate::log::{Action, SubjectType};
use crate::text::fold;

/// All tags. `articles` is where articles have them.
pub fn all_tags(extent: Extent, articles: IdColumn) -> Things {
    let (records, public) = (
        IdColumn::of::<tag_records::Entity>(tag_records::Column::Id),
        IdColumn::of::<tags::Entity>(tags::Column::Id),
    );
    match extent {
        Extent::Whole => {
            Things::new(SubjectType::Tag, Some(Action::TagCreated), vec![records, public, articles])
        }
        Extent::Public => Things::new(SubjectType::Tag, None, vec![public, articles]),
    }
}

/// All categories. `articles` is where articles are in them.
pub fn all_categories(extent: Extent, articles: IdColumn) -> Things {
    let columns = vec![IdColumn::of::<categories::Entity>(categories::Column::Id), articles];
    let made_by = (extent == Extent::Whole).then_some(Action::CategoryCreated);
    Things::new(SubjectType::Category, made_by, columns)
}

/// Compares these tags. `articles` says how many public articles have each.
pub async fn compare_tags(
    check: &mut Check<'_>,
    ids: &[Uuid],
    articles: &HashMap<Uuid, i64>,
) -> Result<(), Failure> {
    let mut told = told(check, SubjectType::Tag, ids).await?;
    let typed: Vec<TagId> = ids.iter().copied().map(TagId).collect();
    let records = read::tag_records(check.snapshot.connection(), typed.clone()).await?;
    let former = former_slugs::of(check.snapshot.connection(), ids).await?;
    library::verify::compare(check, SubjectType::Tag, &told).await?;
    let rows = tags::Entity::find()
        .filter(tags::Column::Id.is_in(typed.clone()))
        .all(check.snapshot.connection())
        .await?;
    let public: HashMap<TagId, tags::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    check.checked("tags", ids.len());
    for id in typed {
        let told = told.remove(&id.0).unwrap_or_default();
        let record = records.get(&id);
        let former = former.get(&id.0).map(Vec::as_slice).unwrap_or_default();
        let recorded = record.map(|record| recorded_tag(record, former)).transpose()?;
        check.record(id, &told, recorded)?;
        let problem = Problem::new(id, "public row", "").since(told.last);
        if let Some(record) = record {
            check.compare(
                &Problem { message: "is not the name as it is sorted".to_owned(), ..problem.clone() },
                &[("sortName", record.sort_name == fold::fold(&record.name))],
            );
        }
        let article_count = articles.get(&id.0).copied().unwrap_or_default();
        let rows = check.public_row(
            &problem,
            (record, public.get(&id)),
            article_count > 0,
            "is public, and no public article has it",
            "is not in the public table, and must be",
        );
        let Some((record, public)) = rows else { continue };
        let message = "the public table differs from the record".to_owned();
        check.compare(
            &Problem { message, ..problem.clone() },
            &[
                ("slug", public.slug == record.slug),
                ("name", public.name == record.name),
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

/// Compares these categories. `articles` says how many public articles are in each or below it.
pub async fn compare_categories(
    check: &mut Check<'_>,
    ids: &[Uuid],
    articles: &HashMap<Uuid, i64>,
) -> Result<(), Failure> {
    let mut told = told(check, SubjectType::Category, ids).await?;
    let rows = categories::Entity::find()
        .filter(categories::Column::Id.is_in(ids.to_vec()))
        .all(check.snapshot.connection())
        .await?;
    let former = former_slugs::of(check.snapshot.connection(), ids).await?;
    library::verify::compare(check, SubjectType::Category, &told).await?;
    let rows: HashMap<Uuid, categories::Model> = rows.into_iter().map(|row| (row.id.0, row)).collect();
    check.checked("categories", ids.len());
    for id in ids {
        let told = told.remove(id).unwrap_or_default();
        let category = rows.get(id);
        let former = former.get(id).map(Vec::as_slice).unwrap_or_default();
        let recorded = category.map(|category| recorded_category(category, former)).transpose()?;
        check.record(CategoryId(*id), &told, recorded)?;
        if let Some(category) = category {
            let article_count = articles.get(id).copied().unwrap_or_default();
            let message = format!("the public table differs from the {article_count} articles counted");
            check.compare(
                &Problem::new(category.id, "", message).since(told.last),
                &[("articleCount", i64::from(category.article_count) == article_count)],
            );
        }
    }
    Ok(())
}

fn recorded_tag(record: &tag_records::Model, former: &[String]) -> Result<Recorded, Failure> {
    Ok(Recorded {
        hash: tag::hash(record, former)?,
        version: record.version,
        created_at: record.created_at,
        updated_at: record.updated_at,
    })
}

fn recorded_category(category: &categories::Model, former: &[String]) -> Result<Recorded, Failure> {
    Ok(Recorded {
        hash: category::hash(category, former)?,
        version: category.version,
        created_at: category.created_at,
        updated_at: category.updated_at,
    })
}
