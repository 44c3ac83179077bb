//! Rows of which the columns are taken one after the other, each by its place: by name, each would be looked for in each row.
//! PostgreSQL's rows come as they are, SQLite's as values.

use std::fmt::Display;

use sea_orm::sea_query::{ColumnType, Iden as _};
use sea_orm::sqlx::{Decode, Postgres, Row as _, ValueRef as _};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait, Iterable as _, QueryResult,
    QueryTrait as _, Select, Statement, Value, Values,
};
use serde::Deserialize as _;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, SeqAccess, Visitor};
use uuid::Uuid;

use super::cells::{Cell, Width};
use super::snapshot::{PLACE, Snapshot};
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

    /// Of which kind its place is where places go by kinds: a flag's would stand empty in most rows.
    pub(super) fn place(self) -> Self {
        if self == Self::Flag { Self::Number } else { self }
    }

    /// What a column of this type holds: no others are read here.
    fn of(column: &ColumnType) -> Self {
        match column {
            ColumnType::Uuid => Self::Id,
            ColumnType::Integer | ColumnType::BigInteger => Self::Number,
            ColumnType::Boolean => Self::Flag,
            _ => Self::Text,
        }
    }
}

/// An entity whose rows can be taken.
pub trait Taken: EntityTrait<Model: DeserializeOwned> {}

impl<E: EntityTrait<Model: DeserializeOwned>> Taken for E {}

/// The rows of a query, in its order.
pub async fn all<E: Taken>(snapshot: &Snapshot, query: &Select<E>) -> Result<Vec<E::Model>, Failure> {
    of_statement::<E>(snapshot, statement(snapshot, query)).await
}

/// The one row of a query, if there is one.
pub async fn one<E: Taken>(snapshot: &Snapshot, query: &Select<E>) -> Result<Option<E::Model>, Failure> {
    Ok(all(snapshot, query).await?.pop())
}

/// A query as a statement for this database.
pub fn statement<E: EntityTrait>(snapshot: &Snapshot, query: &Select<E>) -> Statement {
    with_limit_in_text(query.build(snapshot.connection().get_database_backend()))
}

/// It with the number of rows in its text: PostgreSQL, which plans once for whatever is bound, counts a page of unknown size as a
/// tenth of the table.
fn with_limit_in_text(mut statement: Statement) -> Statement {
    let Some(Values(values)) = &mut statement.values else { return statement };
    let place = format!("LIMIT ${}", values.len());
    if let (Some(before), Some(Value::BigUnsigned(Some(limit)))) =
        (statement.sql.strip_suffix(&place), values.last())
    {
        statement.sql = format!("{before}LIMIT {limit}");
        values.pop();
    }
    statement
}

/// The rows of a statement that selects all columns of `E` in their order, in its own order.
pub async fn of_statement<E: Taken>(snapshot: &Snapshot, query: Statement) -> Result<Vec<E::Model>, Failure> {
    let columns = Columns::<E>::all();
    let mut rows = if query.db_backend == DbBackend::Sqlite {
        snapshot.cells(query, Width::All).await?.into_iter().map(Row::of_cells).collect()
    } else {
        ordered(snapshot, query).await?
    };
    Ok(rows.iter_mut().map(|row| row.all(&columns)).collect::<Result<_, _>>()?)
}

/// PostgreSQL's rows in the query's order.
async fn ordered(snapshot: &Snapshot, query: Statement) -> Result<Vec<Row>, Failure> {
    let (mut rows, first) = with_place(snapshot, query).await?;
    if first > 0 {
        rows.retain(|row| !is_null(row, first));
    }
    Ok(rows.into_iter().map(|row| Row(Stored::Ordered(row, first))).collect())
}

/// A number that a query counts.
pub async fn number(snapshot: &Snapshot, query: Statement) -> Result<i64, Failure> {
    if query.db_backend == DbBackend::Sqlite {
        let rows = snapshot.cells(query, Width::All).await?;
        return Ok(rows.first().and_then(|row| row.first()?.number()).unwrap_or_default());
    }
    let (rows, first) = with_place(snapshot, query).await?;
    Ok(rows.first().and_then(|row| stands(row, first).transpose()).transpose()?.unwrap_or_default())
}

/// The rows of a query of PostgreSQL's, and at which place its first column stands: behind the log's place, where that is asked for.
/// Then there is one row at least, which has nothing else where nothing was found.
async fn with_place(snapshot: &Snapshot, mut query: Statement) -> Result<(Vec<QueryResult>, usize), Failure> {
    if !snapshot.asks_for_places() {
        return Ok((snapshot.query_all(query).await?, 0));
    }
    query.sql =
        format!("SELECT place.*, found.* FROM ({PLACE}) AS place LEFT JOIN ({}) AS found ON TRUE", query.sql);
    let rows = snapshot.query_all(query).await?;
    snapshot.note_place(rows.first(), 0)?;
    Ok((rows, 1))
}

/// All columns of a table, with what they hold.
pub struct Columns<E: EntityTrait>(Vec<(E::Column, Kind)>);

impl<E: EntityTrait> Columns<E> {
    /// In their order, which is that of the model's fields.
    pub fn all() -> Self {
        Self(E::Column::iter().map(|column| (column, Kind::of(column.def().get_column_type()))).collect())
    }

    /// Of a table that goes by this name.
    pub(super) fn named(&self, table: &str) -> impl Iterator<Item = (Kind, String)> {
        self.0.iter().map(move |(column, kind)| (*kind, format!("{table}.{}", column.unquoted())))
    }
}

/// A row, of which what a query selects is taken in that order.
#[derive(Debug)]
pub struct Row(Stored);

#[derive(Debug)]
enum Stored {
    /// The next place.
    Ordered(QueryResult, usize),
    /// The next place of each of [`Kind::ALL`].
    Placed(QueryResult, [usize; 4]),
    /// What is left of it.
    Cells(std::vec::IntoIter<Cell>),
}

impl Row {
    /// One of SQLite's.
    pub(super) fn of_cells(cells: Vec<Cell>) -> Self {
        Self(Stored::Cells(cells.into_iter()))
    }

    /// One of SQLite's whose first column tells its part: that, and the row without.
    pub(super) fn of_part(cells: Vec<Cell>) -> Result<(usize, Self), Unreadable> {
        let mut row = Self::of_cells(cells);
        let part = row.number()?.and_then(|part| usize::try_from(part).ok());
        Ok((part.ok_or_else(|| Unreadable::new("a row of no part"))?, row))
    }

    /// One that has its columns by kind, from these places on.
    pub(super) fn placed(row: QueryResult, first: [usize; 4]) -> Self {
        Self(Stored::Placed(row, first))
    }

    /// Takes what comes next, which is of this kind; `of_cell` takes it from a value.
    fn next<T>(
        &mut self,
        kind: Kind,
        of_cell: impl FnOnce(Cell) -> Option<T>,
    ) -> Result<Option<T>, Unreadable>
    where
        T: for<'r> Decode<'r, Postgres>,
    {
        let (row, next) = match &mut self.0 {
            Stored::Ordered(row, next) => (row, next),
            Stored::Placed(row, next) => (row, &mut next[kind as usize]),
            Stored::Cells(left) => {
                return match left.next() {
                    Some(Cell::Nothing) => Ok(None),
                    Some(cell) => match of_cell(cell) {
                        None => Err(Unreadable::new(format!("it is no {kind:?}"))),
                        value => Ok(value),
                    },
                    None => Err(Unreadable::new("a column is missing")),
                };
            }
        };
        *next += 1;
        stands(row, *next - 1)
    }

    /// Takes an id.
    pub fn id(&mut self) -> Result<Option<Uuid>, Unreadable> {
        self.next(Kind::Id, |cell| if let Cell::Id(id) = cell { Some(id) } else { None })
    }

    /// Takes a number.
    pub fn number(&mut self) -> Result<Option<i64>, Unreadable> {
        self.next(Kind::Number, |cell| cell.number())
    }

    fn flag(&mut self) -> Result<Option<bool>, Unreadable> {
        if let Stored::Placed(..) = &self.0 {
            return Ok(self.number()?.map(|number| number != 0));
        }
        self.next(Kind::Flag, |cell| cell.number().map(|number| number != 0))
    }

    fn text(&mut self) -> Result<Option<String>, Unreadable> {
        self.next(Kind::Text, |cell| if let Cell::Text(text) = cell { Some(text) } else { None })
    }

    /// Whether the id that is taken next is there.
    fn has_id(&self) -> Result<bool, Unreadable> {
        let (row, next) = match &self.0 {
            Stored::Ordered(row, next) => (row, *next),
            Stored::Placed(row, next) => (row, next[Kind::Id as usize]),
            Stored::Cells(left) => {
                return Ok(left.as_slice().first().is_some_and(|cell| *cell != Cell::Nothing));
            }
        };
        Ok(stands::<Uuid>(row, next)?.is_some())
    }

    /// Takes all columns of a table.
    pub fn all<E: Taken>(&mut self, columns: &Columns<E>) -> Result<E::Model, Unreadable> {
        let kinds = columns.0.iter().map(|(_, kind)| *kind);
        E::Model::deserialize(SeqAccessDeserializer::new(Fields { row: self, kinds }))
    }

    /// Takes all columns of a table that was joined where it has a row. The first of them is its key.
    pub fn all_if_any<E: Taken>(&mut self, columns: &Columns<E>) -> Result<Option<E::Model>, Unreadable> {
        if self.has_id()? { self.all(columns).map(Some) } else { Ok(None) }
    }
}

/// Why rows can't be taken.
#[derive(Debug, thiserror::Error)]
#[error("rows can't be read: {0}")]
pub struct Unreadable(String);

impl Unreadable {
    pub(super) fn new(why: impl Display) -> Self {
        Self(why.to_string())
    }
}

impl serde::de::Error for Unreadable {
    fn custom<T: Display>(why: T) -> Self {
        Self::new(why)
    }
}

impl From<Unreadable> for Failure {
    fn from(why: Unreadable) -> Self {
        Self::corrupt(why.to_string())
    }
}

/// A row's columns as the fields of a model, in the order of both.
struct Fields<'a, K> {
    row: &'a mut Row,
    kinds: K,
}

impl<'de, K: Iterator<Item = Kind>> SeqAccess<'de> for Fields<'_, K> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Self::Error> {
        let Some(kind) = self.kinds.next() else { return Ok(None) };
        let field = match kind {
            Kind::Id => self.row.id()?.map(Field::Id),
            Kind::Number => self.row.number()?.map(Field::Number),
            Kind::Flag => self.row.flag()?.map(Field::Flag),
            Kind::Text => self.row.text()?.map(Field::Text),
        };
        seed.deserialize(field.unwrap_or(Field::Nothing)).map(Some)
    }
}

/// What stands in a column.
enum Field {
    Nothing,
    Id(Uuid),
    Number(i64),
    Flag(bool),
    Text(String),
}

impl<'de> Deserializer<'de> for Field {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Self::Nothing => visitor.visit_none(),
            Self::Id(id) => visitor.visit_bytes(id.as_bytes()),
            Self::Number(number) => visitor.visit_i64(number),
            Self::Flag(flag) => visitor.visit_bool(flag),
            Self::Text(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self {
            Self::Nothing => visitor.visit_none(),
            there => visitor.visit_some(there),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    /// Ids stand as their bytes.
    fn is_human_readable(&self) -> bool {
        false
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What stands there, which is of this type: it is not asked again for each value.
pub(super) fn stands<T>(row: &QueryResult, place: usize) -> Result<Option<T>, Unreadable>
where
    T: for<'r> Decode<'r, Postgres>,
{
    let row = row.try_as_pg_row().ok_or_else(|| Unreadable::new("it is not PostgreSQL's"))?;
    row.try_get_unchecked(place).map_err(Unreadable::new)
}

fn is_null(row: &QueryResult, place: usize) -> bool {
    row.try_as_pg_row().and_then(|row| row.try_get_raw(place).ok()).is_none_or(|value| value.is_null())
}

#[cfg(test)]
mod tests {
    use sea_orm::DbBackend;

    use super::*;

    #[test]
    fn what_is_in_a_row_is_what_its_model_has_or_is_refused() {
        use crate::article::entity::public::archive_months;
        let told = |cells: Vec<Cell>| {
            let columns = Columns::<archive_months::Entity>::all();
            let told = Row::of_cells(cells).all(&columns);
            told.map(|row| (row.month, row.article_count)).map_err(|why| why.to_string())
        };
        assert_eq!(told(vec![Cell::Number(202_611), Cell::Number(7)]), Ok((202_611, 7)));
        for (second, why) in [
            (Some(Cell::Nothing), "invalid type: Option value, expected i32"),
            (Some(Cell::Number(i64::MAX)), "invalid value: integer `9223372036854775807`, expected i32"),
            (Some(Cell::Text("seven".to_owned())), "it is no Number"),
            (None, "a column is missing"),
        ] {
            let cells = std::iter::once(Cell::Number(202_611)).chain(second);
            assert_eq!(told(cells.collect()), Err(format!("rows can't be read: {why}")));
        }
    }

    #[test]
    fn postgresql_has_a_page_s_size_in_the_statement_s_text() {
        let told = |backend, sql: &str| {
            let values = vec![Value::from(7), Value::from(21_u64)];
            let statement = with_limit_in_text(Statement::from_sql_and_values(backend, sql, values));
            (statement.sql, statement.values.unwrap().0.len())
        };
        let asked = "SELECT a FROM b WHERE c = $1 ORDER BY d LIMIT $2";
        let (sql, values) = told(DbBackend::Postgres, asked);
        assert_eq!((sql.as_str(), values), ("SELECT a FROM b WHERE c = $1 ORDER BY d LIMIT 21", 1));
        for other in
            ["SELECT a FROM b WHERE c = ? LIMIT ?", "SELECT a FROM b WHERE c = $1 LIMIT $2 OFFSET $1"]
        {
            assert_eq!(told(DbBackend::Sqlite, other), (other.to_owned(), 2));
        }
    }
}
