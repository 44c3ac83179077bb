//! Walking over all things of a kind: those that the log knows, in its order, and those that stand in tables without it. A
//! batch at a time, and each thing once, so that an instance of any size takes the same memory.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use uuid::Uuid;

use super::change::{Action, Entry, SubjectType};
use super::check::{Check, Problem, Told};
use super::entity::changes;
use super::verify::own_problems;
use crate::db::ids::IdColumn;
use crate::error::Failure;

/// Things in a batch.
const BATCH: u64 = 100;
/// Ids of a table that are looked for in the log at once.
const IDS: u64 = 1_000;
/// Entries read at once.
const ENTRIES: u64 = 1_000;

/// A thing, and by which entry the walk came to it; none: by a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thing {
    /// Its id.
    pub id: Uuid,
    /// The entry's number.
    pub sequence: Option<i64>,
}

/// A walk.
pub struct Things {
    kind: SubjectType,
    actions: Vec<Action>,
    columns: Vec<IdColumn>,
    action: usize,
    sequence: i64,
    column: usize,
    place: Option<Uuid>,
}

impl Things {
    /// Over what the entries of these actions are about, one action after the other, then over what stands in these columns
    /// besides. An action that makes a thing stands once about each; what stands more often about one gives it as often.
    pub fn new(kind: SubjectType, actions: impl IntoIterator<Item = Action>, columns: Vec<IdColumn>) -> Self {
        let actions = actions.into_iter().collect();
        Self { kind, actions, columns, action: 0, sequence: 0, column: 0, place: None }
    }

    /// The next ones; none at the end.
    pub async fn next(&mut self, check: &Check<'_>) -> Result<Vec<Thing>, Failure> {
        while let Some(action) = self.actions.get(self.action) {
            let rows: Vec<(i64, Uuid)> = changes::Entity::find()
                .select_only()
                .column(changes::Column::Sequence)
                .column(changes::Column::SubjectId)
                .filter(changes::Column::SubjectType.eq(self.kind.name()))
                .filter(changes::Column::Action.eq(action.name()))
                .filter(changes::Column::Sequence.gt(self.sequence))
                .order_by_asc(changes::Column::Sequence)
                .limit(BATCH)
                .into_tuple()
                .all(check.snapshot.connection())
                .await?;
            if let Some((last, _)) = rows.last() {
                self.sequence = *last;
                return Ok(rows
                    .into_iter()
                    .map(|(sequence, id)| Thing { id, sequence: Some(sequence) })
                    .collect());
            }
            self.action += 1;
            self.sequence = 0;
        }
        while let Some(column) = self.columns.get(self.column) {
            let ids = column.after(check.snapshot, self.place, IDS).await?;
            let Some(last) = ids.last() else {
                self.column += 1;
                self.place = None;
                continue;
            };
            self.place = Some(*last);
            let walked = self.walked(check, &ids).await?;
            let rest: Vec<Thing> = ids
                .into_iter()
                .filter(|id| !walked.contains(id))
                .map(|id| Thing { id, sequence: None })
                .collect();
            if !rest.is_empty() {
                return Ok(rest);
            }
        }
        Ok(Vec::new())
    }

    /// Which of these were given before.
    async fn walked(&self, check: &Check<'_>, ids: &[Uuid]) -> Result<HashSet<Uuid>, Failure> {
        let mut walked = HashSet::new();
        if !self.actions.is_empty() {
            let actions = self.actions.iter().map(|action| action.name());
            let known: Vec<Uuid> = changes::Entity::find()
                .select_only()
                .column(changes::Column::SubjectId)
                // By the actions alone: they tell the kind, and naming that too sends SQLite through all of the kind.
                .filter(changes::Column::SubjectId.is_in(ids.to_vec()))
                .filter(changes::Column::Action.is_in(actions))
                .into_tuple()
                .all(check.snapshot.connection())
                .await?;
            walked.extend(known);
        }
        for column in &self.columns[..self.column] {
            walked.extend(column.among(check.snapshot, ids).await?);
        }
        Ok(walked)
    }
}

/// What the log tells of these records.
pub async fn told(
    check: &mut Check<'_>,
    kind: SubjectType,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Told>, Failure> {
    let mut told: HashMap<Uuid, Told> = HashMap::new();
    entries(check, kind, ids, &[], |id, entry| told.entry(id).or_default().take(&entry)).await?;
    Ok(told)
}

/// Hands over the entries about these things, each thing's in order. With `actions`, only those.
///
/// What is read here was read before, when the chain was checked. Where only what is public is checked, it was not: each
/// entry is then checked by itself.
pub async fn entries(
    check: &mut Check<'_>,
    kind: SubjectType,
    ids: &[Uuid],
    actions: &[Action],
    mut take: impl FnMut(Uuid, Entry),
) -> Result<(), Failure> {
    let mut rest: Vec<Uuid> = ids.to_vec();
    rest.sort_unstable();
    rest.dedup();
    // One thing that has more entries than are read at once is read to its end before the others.
    let mut within: Option<(Uuid, i64)> = None;
    while !rest.is_empty() || within.is_some() {
        let mut query = changes::Entity::find();
        query = match within {
            Some((id, place)) => {
                query.filter(changes::Column::SubjectId.eq(id)).filter(changes::Column::Sequence.gt(place))
            }
            None => query.filter(changes::Column::SubjectId.is_in(rest.clone())),
        };
        if !actions.is_empty() {
            query = query.filter(changes::Column::Action.is_in(actions.iter().map(|action| action.name())));
        }
        let rows = query
            .order_by_asc(changes::Column::SubjectId)
            .order_by_asc(changes::Column::Sequence)
            .limit(ENTRIES)
            .all(check.snapshot.connection())
            .await?;
        let is_end = (rows.len() as u64) < ENTRIES;
        let last = rows.last().map(|row| (row.subject_id, row.sequence));
        for row in rows {
            if check.extent == super::check::Extent::Public {
                for problem in own_problems(&check.store.keys, &row) {
                    check.found(Problem::new(
                        format!("log entry {}", row.sequence),
                        problem.field(),
                        problem.to_string(),
                    ));
                }
            }
            // One that can't be read, or is about something of another kind, was told when the chain was checked.
            if let Ok(entry) = serde_json::from_str::<Entry>(&row.entry)
                && SubjectType::of_id(&entry.subject) == Some(kind)
            {
                take(row.subject_id, entry);
            }
        }
        match (within, last, is_end) {
            (None, _, true) => rest.clear(),
            (Some(_), _, true) => within = None,
            (_, Some((id, sequence)), false) => {
                within = Some((id, sequence));
                rest.retain(|other| *other > id);
            }
            (_, None, false) => rest.clear(),
        }
    }
    Ok(())
}
