//! Compares what the library's things share with the log: what took the place of what, and whose the former slugs are. A thing's
//! hash in the log covers its former slugs; here is looked for rows that no thing accounts for. Called by `verify`.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use super::entity::{former_slugs, replacements};
use crate::error::Failure;
use crate::log::SubjectType;
use crate::log::check::{Check, Problem, Told};
use crate::log::walk::told;

/// Rows read at once.
const ROWS: u64 = 500;

/// Compares what took the place of these things with what the log told of each.
pub async fn compare(
    check: &mut Check<'_>,
    kind: SubjectType,
    told: &HashMap<Uuid, Told>,
) -> Result<(), Failure> {
    let ids: Vec<Uuid> = told.keys().copied().collect();
    let rows = replacements::Entity::find()
        .filter(replacements::Column::ThingId.is_in(ids))
        .all(check.snapshot.connection())
        .await?;
    let rows: HashMap<Uuid, Uuid> = rows.into_iter().map(|row| (row.thing_id, row.replacement_id)).collect();
    for (id, told) in told {
        let expected = told.gone.as_ref().and_then(|gone| gone.replacement.as_deref());
        let found = rows.get(id).map(|replacement| kind.id(*replacement));
        if expected != found.as_deref() {
            let message = "is not what the log says that took its place";
            check.found(Problem::new(kind.id(*id), "replacement", message).since(told.latest()));
        }
    }
    Ok(())
}

/// Looks for former slugs and replacements of things of which the log knows none.
pub async fn compare_rest(check: &mut Check<'_>) -> Result<(), Failure> {
    let mut place: Option<(String, String)> = None;
    loop {
        let mut query = former_slugs::Entity::find();
        if let Some((kind, slug)) = place {
            let key = [Expr::col(former_slugs::Column::Kind), Expr::col(former_slugs::Column::Slug)];
            query = query.filter(Expr::tuple(key).gt(Expr::tuple([Expr::val(kind), Expr::val(slug)])));
        }
        let rows = query
            .order_by_asc(former_slugs::Column::Kind)
            .order_by_asc(former_slugs::Column::Slug)
            .limit(ROWS)
            .all(check.snapshot.connection())
            .await?;
        let Some(last) = rows.last() else { break };
        place = Some((last.kind.clone(), last.slug.clone()));
        let things = rows.into_iter().map(|row| (row.kind, row.thing_id)).collect();
        let message = "is kept for a thing that the log does not know, or that is gone";
        unknown(check, things, "former slug", message, |told| told.made.is_some() && told.gone.is_none())
            .await?;
    }
    let mut place: Option<Uuid> = None;
    loop {
        let mut query = replacements::Entity::find();
        if let Some(place) = place {
            query = query.filter(replacements::Column::ThingId.gt(place));
        }
        let rows = query
            .order_by_asc(replacements::Column::ThingId)
            .limit(ROWS)
            .all(check.snapshot.connection())
            .await?;
        let Some(last) = rows.last() else { return Ok(()) };
        place = Some(last.thing_id);
        let things = rows.into_iter().map(|row| (row.kind, row.thing_id)).collect();
        let message = "took the place of a thing that the log does not know, or that is there";
        unknown(check, things, "replacement", message, |told| told.gone.is_some()).await?;
    }
}

/// Notes those things for which what the log tells does not hold.
async fn unknown(
    check: &mut Check<'_>,
    things: Vec<(String, Uuid)>,
    field: &str,
    message: &str,
    holds: impl Fn(&Told) -> bool,
) -> Result<(), Failure> {
    let mut by_kind: HashMap<String, Vec<Uuid>> = HashMap::new();
    for (kind, thing) in things {
        by_kind.entry(kind).or_default().push(thing);
    }
    for (kind, ids) in by_kind {
        let Some(kind) = SubjectType::from_name(&kind) else {
            check.found(Problem::new("library", field, format!("is of an unknown kind, {kind:?}")));
            continue;
        };
        let told = told(check, kind, &ids).await?;
        for id in ids {
            if !told.get(&id).is_some_and(&holds) {
                check.found(Problem::new(kind.id(id), field, message));
            }
        }
    }
    Ok(())
}
