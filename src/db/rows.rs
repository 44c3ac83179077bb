//! Rows of which the columns are taken one after the other, each by its place: by name, each would be looked for in each row.
//! PostgreSQL's rows come as they are. SQLite's come as one text of JSON: sqlx copies each value by itself there, and hands each
//! row over by itself from the thread that reads it.

use sea_orm::sea_query::{ColumnType, Iden as _};
use sea_orm::sqlx::{Decode, Postgres, Row as _};
use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait, Iterable as _,
    QueryResult, Statement, TryIntoModel, Value,
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::Snapshot;
use crate::error::Failure;

/// What a column can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Id,
    Number,
    Flag,
    Text,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Id, Self::Number, Self::Flag, Self::Text];

    /// What a column of this type holds: no others are read here.
    pub(super) fn of(column: &ColumnType) -> Self {
        match column {
            ColumnType::Uuid => Self::Id,
            ColumnType::Integer | ColumnType::BigInteger => Self::Number,
            ColumnType::Boolean => Self::Flag,
            _ => Self::Text,
        }
    }

    /// As JSON can tell it: SQLite's ids are bytes. Of none, an empty text is made.
    pub(super) fn listed(self, column: &str) -> String {
        match self {
            Self::Id => format!("hex({column})"),
            Self::Number | Self::Flag | Self::Text => column.to_owned(),
        }
    }
}

/// An entity whose rows can be taken.
pub trait Taken: EntityTrait<ActiveModel: TryIntoModel<<Self as EntityTrait>::Model>> {}

impl<E: EntityTrait<ActiveModel: TryIntoModel<<E as EntityTrait>::Model>>> Taken for E {}

/// The rows of a query that selects all columns of `E` in their order, in the query's own order.
pub async fn all<E: Taken>(snapshot: &Snapshot, query: Statement) -> Result<Vec<E::Model>, Failure> {
    let columns = Columns::<E>::all();
    let mut rows = if query.db_backend == DbBackend::Sqlite {
        let listed_columns = columns.listed("found").join(", ");
        let from = format!("SELECT json_array({listed_columns}) AS listed FROM ({}) AS found", query.sql);
        listed(snapshot, &from, query.values.map(|values| values.0).unwrap_or_default()).await?
    } else {
        let rows = snapshot.connection().query_all_raw(query).await?;
        rows.into_iter().map(|row| Row(Values::Ordered(row, 0))).collect()
    };
    rows.iter_mut().map(|row| row.all(&columns)).collect()
}

/// All columns of a table, with what they hold.
pub struct Columns<E: EntityTrait>(Vec<Column<E::Column>>);

#[derive(Clone, Copy)]
struct Column<C> {
    column: C,
    kind: Kind,
    /// Whether it is a number of 32 bits.
    is_small: bool,
}

impl<E: EntityTrait> Columns<E> {
    /// In their order.
    pub fn all() -> Self {
        let typed = |column: E::Column| {
            let definition = column.def();
            let of_type = definition.get_column_type();
            Column { column, kind: Kind::of(of_type), is_small: *of_type == ColumnType::Integer }
        };
        Self(E::Column::iter().map(typed).collect())
    }

    /// As JSON can tell them, of a table that goes by this name.
    fn listed(&self, name: &str) -> Vec<String> {
        let listed = |it: &Column<E::Column>| it.kind.listed(&format!("{name}.{}", it.column.unquoted()));
        self.0.iter().map(listed).collect()
    }
}

/// SQLite's rows of one column, `listed`, which is an array of JSON, in their order: SQLite leaves the order of what it puts together
/// as it is (`select.c`, tag-select-0230, case 4).
pub(super) async fn listed(snapshot: &Snapshot, from: &str, values: Vec<Value>) -> Result<Vec<Row>, Failure> {
    let all = format!("SELECT '[' || group_concat(listed) || ']' FROM ({from}) AS united");
    let all = Statement::from_sql_and_values(DbBackend::Sqlite, all, values);
    let found = snapshot.connection().query_one_raw(all).await?;
    let found: Option<String> = found.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
    let rows: Vec<Vec<Json>> = serde_json::from_str(found.as_deref().unwrap_or("[]")).map_err(unreadable)?;
    Ok(rows.into_iter().map(|row| Row(Values::Listed(row.into_iter()))).collect())
}

/// A row, of which what a query selects is taken in that order.
#[derive(Debug)]
pub struct Row(Values);

#[derive(Debug)]
enum Values {
    /// The next place.
    Ordered(QueryResult, usize),
    /// The next place of each of [`Kind::ALL`].
    Placed(QueryResult, [usize; 4]),
    /// One after the other.
    Listed(std::vec::IntoIter<Json>),
}

impl Row {
    /// One that has its columns by kind, from these places on.
    pub(super) fn placed(row: QueryResult, first: [usize; 4]) -> Self {
        Self(Values::Placed(row, first))
    }

    /// Takes what comes next, which is of this kind; `listed` reads it from JSON.
    fn next<T>(
        &mut self,
        kind: Kind,
        listed: impl FnOnce(Json) -> Result<Option<T>, Failure>,
    ) -> Result<Option<T>, Failure>
    where
        T: for<'r> Decode<'r, Postgres>,
    {
        let (row, next) = match &mut self.0 {
            Values::Ordered(row, next) => (row, next),
            Values::Placed(row, next) => (row, &mut next[kind as usize]),
            Values::Listed(values) => {
                return listed(values.next().ok_or_else(|| unreadable("a column is missing"))?);
            }
        };
        *next += 1;
        stands(row, *next - 1)
    }

    /// Takes an id.
    pub fn id(&mut self) -> Result<Option<Uuid>, Failure> {
        self.next(Kind::Id, |value| match value {
            Json::String(id) if id.is_empty() => Ok(None),
            Json::String(id) => Uuid::try_parse(&id).map(Some).map_err(unreadable),
            _ => Err(unreadable("no id in its place")),
        })
    }

    /// Takes a number.
    pub fn number(&mut self) -> Result<Option<i64>, Failure> {
        self.next(Kind::Number, |value| match value {
            Json::Null => Ok(None),
            Json::Number(number) if number.is_i64() => Ok(number.as_i64()),
            _ => Err(unreadable("no number in its place")),
        })
    }

    fn flag(&mut self) -> Result<Option<bool>, Failure> {
        self.next(Kind::Flag, |value| match value {
            Json::Null => Ok(None),
            Json::Number(number) => Ok(Some(number.as_i64() != Some(0))),
            _ => Err(unreadable("neither true nor false in its place")),
        })
    }

    fn text(&mut self) -> Result<Option<String>, Failure> {
        self.next(Kind::Text, |value| match value {
            Json::Null => Ok(None),
            Json::String(text) => Ok(Some(text)),
            _ => Err(unreadable("no text in its place")),
        })
    }

    /// Whether the id that is taken next is there.
    fn has_id(&self) -> Result<bool, Failure> {
        let (row, next) = match &self.0 {
            Values::Ordered(row, next) => (row, *next),
            Values::Placed(row, next) => (row, next[Kind::Id as usize]),
            Values::Listed(values) => {
                return Ok(values.as_slice().first().and_then(Json::as_str).is_some_and(|id| !id.is_empty()));
            }
        };
        Ok(stands::<Uuid>(row, next)?.is_some())
    }

    /// Takes all columns of a table.
    pub fn all<E: Taken>(&mut self, columns: &Columns<E>) -> Result<E::Model, Failure> {
        let mut made = <E::ActiveModel as ActiveModelTrait>::default();
        for &Column { column, kind, is_small } in &columns.0 {
            let value = match kind {
                Kind::Id => Value::from(self.id()?),
                Kind::Number if is_small => Value::from(self.number()?.map(small).transpose()?),
                Kind::Number => Value::from(self.number()?),
                Kind::Flag => Value::from(self.flag()?),
                Kind::Text => Value::from(self.text()?),
            };
            made.try_set(column, value)?;
        }
        Ok(made.try_into_model()?)
    }

    /// Takes all columns of a table that was joined where it has a row. The first of them is its key.
    pub fn all_if_any<E: Taken>(&mut self, columns: &Columns<E>) -> Result<Option<E::Model>, Failure> {
        if self.has_id()? { self.all(columns).map(Some) } else { Ok(None) }
    }
}

/// What stands there, which is of this type: it is not asked again for each value.
pub(super) fn stands<T>(row: &QueryResult, place: usize) -> Result<Option<T>, Failure>
where
    T: for<'r> Decode<'r, Postgres>,
{
    let row = row.try_as_pg_row().ok_or_else(|| unreadable("it is not PostgreSQL's"))?;
    row.try_get_unchecked(place).map_err(unreadable)
}

pub(super) fn unreadable(why: impl std::fmt::Display) -> Failure {
    Failure::corrupt(format!("rows can't be read: {why}"))
}

fn small(number: i64) -> Result<i32, Failure> {
    i32::try_from(number).map_err(|_| Failure::corrupt(format!("{number} is beyond its column")))
}
