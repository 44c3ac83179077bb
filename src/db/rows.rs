//! Rows of which the columns are taken one after the other, each by its place: by name, each would be looked for in each row.
//! PostgreSQL's rows come as they are. SQLite's come all of them in one value: sqlx copies each value by itself there, and hands each
//! row over by itself from the thread that reads it.

use std::fmt::Display;
use std::str::FromStr;
use std::sync::Arc;

use sea_orm::sea_query::{ColumnType, Iden as _};
use sea_orm::sqlx::{Decode, Postgres, Row as _, ValueRef as _};
use sea_orm::{
    ActiveModelTrait, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait, Iterable as _,
    QueryResult, QueryTrait as _, Select, Statement, TryIntoModel, Value, Values,
};
use uuid::Uuid;

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
pub trait Taken: EntityTrait<ActiveModel: TryIntoModel<<Self as EntityTrait>::Model>> {}

impl<E: EntityTrait<ActiveModel: TryIntoModel<<E as EntityTrait>::Model>>> Taken for E {}

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
        let from = format!("SELECT {} FROM ({}) AS found", as_listed(0, columns.named("found")), query.sql);
        let values = query.values.map(|values| values.0).unwrap_or_default();
        let rows = listed(snapshot, &from, values, &[columns.ids()]).await?;
        rows.into_iter().map(|(_, row)| row).collect()
    } else {
        ordered(snapshot, query).await?
    };
    rows.iter_mut().map(|row| row.all(&columns)).collect()
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
    let (rows, first) = with_place(snapshot, query).await?;
    Ok(rows.first().map(|row| row.try_get_by_index(first)).transpose()?.unwrap_or_default())
}

/// The rows of a query, and at which place its first column stands: behind the log's place, where that is asked for. Then there is
/// one row at least, which has nothing else where nothing was found.
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

    /// How many of them are ids.
    fn ids(&self) -> usize {
        self.0.iter().filter(|column| column.kind == Kind::Id).count()
    }

    /// Of a table that goes by this name.
    pub(super) fn named(&self, table: &str) -> impl Iterator<Item = (Kind, String)> {
        self.0.iter().map(move |it| (it.kind, format!("{table}.{}", it.column.unquoted())))
    }
}

/// A part of a statement of SQLite's, as [`listed`] takes it: its number, the ids, the numbers and texts.
pub(super) fn as_listed(part: usize, columns: impl IntoIterator<Item = (Kind, String)>) -> String {
    let written = |(kind, column): (Kind, String)| match kind {
        Kind::Id => format!(", ifnull({column}, x'{}')", Uuid::max().simple()),
        Kind::Number | Kind::Flag | Kind::Text => format!(", ifnull({column}, x'{NOTHING:x}')"),
    };
    let (ids, others): (Vec<_>, Vec<_>) = columns.into_iter().partition(|(kind, _)| *kind == Kind::Id);
    let columns: String = ids.into_iter().chain(others).map(written).collect();
    format!("concat_ws(x'{END_OF_FIELD:x}', {part}{columns}) AS listed")
}

/// Bytes that no text has. An id may have them, but is as long as any other.
const END_OF_FIELD: u8 = 0xff;
const END_OF_ROW: u8 = 0xfe;
/// Stands for a number or a text where there is none.
const NOTHING: u8 = 0xfd;
/// Bytes of an id, and the end of its field.
const ID: usize = 17;

/// SQLite's rows of one column, `listed`, in their order, each with the number of its part; `ids` tells how many each part has. All of
/// them come in one: SQLite leaves the order of what it puts together as it is (`select.c`, tag-select-0230, case 4).
pub(super) async fn listed(
    snapshot: &Snapshot,
    from: &str,
    values: Vec<Value>,
    ids: &[usize],
) -> Result<Vec<(usize, Row)>, Failure> {
    let tells_place = snapshot.asks_for_places();
    let place = if tells_place { format!(", ({PLACE})") } else { String::new() };
    // As bytes: SQLite would copy a text once more, to end it by a zero.
    let all = format!(
        "SELECT CAST(group_concat(listed, x'{END_OF_ROW:x}') AS BLOB){place} FROM ({from}) AS united"
    );
    let all = Statement::from_sql_and_values(DbBackend::Sqlite, all, values);
    let found = snapshot.query_all(all).await?;
    if tells_place {
        snapshot.note_place(found.first(), 1)?;
    }
    let found = found.first().and_then(QueryResult::try_as_sqlite_row).map(|row| row.try_get(0));
    let found: Option<&[u8]> = found.transpose().map_err(unreadable)?.flatten();
    split(found.unwrap_or_default().into(), ids)
}

fn split(all: Arc<[u8]>, ids: &[usize]) -> Result<Vec<(usize, Row)>, Failure> {
    let (mut rows, mut first) = (Vec::new(), 0);
    while first < all.len() {
        let next_id = end_of(END_OF_FIELD, &all, first) + 1;
        let part = number_of(&all[first..next_id - 1])?;
        let ids = ids.get(part).ok_or_else(|| unreadable("a row of no part"))?;
        let next = next_id + ids * ID;
        let end = end_of(END_OF_ROW, &all, next - 1);
        rows.push((part, Row(Stored::Listed { all: Arc::clone(&all), next_id, next, end })));
        first = end + 1;
    }
    Ok(rows)
}

/// Where such a byte stands, from this place on; or the end.
fn end_of(byte: u8, all: &[u8], from: usize) -> usize {
    all.get(from..).and_then(|left| memchr::memchr(byte, left)).map_or(all.len(), |length| from + length)
}

/// What stands there of an id; `None` where it is the largest there is, which nothing has: the least is nobody's in the log.
fn take_id<'a>(all: &'a [u8], at: &mut usize) -> Result<Option<&'a [u8]>, Failure> {
    let id = all.get(*at..*at + ID - 1).ok_or_else(|| unreadable("an id is missing"))?;
    *at += ID;
    Ok(Some(id).filter(|id| *id != Uuid::max().as_bytes()))
}

/// What stands there of a number or a text; `None` where there is none.
fn take<'a>(row: &'a [u8], at: &mut usize) -> Result<Option<&'a [u8]>, Failure> {
    let end = end_of(END_OF_FIELD, row, *at);
    let field = row.get(*at..end).ok_or_else(|| unreadable("a column is missing"))?;
    *at = end + 1;
    Ok(Some(field).filter(|field| *field != [NOTHING]))
}

fn number_of<N: FromStr<Err: Display>>(digits: &[u8]) -> Result<N, Failure> {
    str::from_utf8(digits).map_err(unreadable)?.parse().map_err(unreadable)
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
    /// All rows; where the next id stands, where the next of the others, and where this row ends.
    Listed { all: Arc<[u8]>, next_id: usize, next: usize, end: usize },
}

impl Row {
    /// One that has its columns by kind, from these places on.
    pub(super) fn placed(row: QueryResult, first: [usize; 4]) -> Self {
        Self(Stored::Placed(row, first))
    }

    /// Takes what comes next, which is of this kind; `listed` reads it from bytes.
    fn next<T>(
        &mut self,
        kind: Kind,
        listed: impl FnOnce(&[u8]) -> Result<T, Failure>,
    ) -> Result<Option<T>, Failure>
    where
        T: for<'r> Decode<'r, Postgres>,
    {
        let (row, next) = match &mut self.0 {
            Stored::Ordered(row, next) => (row, next),
            Stored::Placed(row, next) => (row, &mut next[kind as usize]),
            Stored::Listed { all, next_id, next, end } => {
                let found = if kind == Kind::Id { take_id(all, next_id) } else { take(&all[..*end], next) };
                return found?.map(listed).transpose();
            }
        };
        *next += 1;
        stands(row, *next - 1)
    }

    /// Takes an id.
    pub fn id(&mut self) -> Result<Option<Uuid>, Failure> {
        self.next(Kind::Id, |bytes| Uuid::from_slice(bytes).map_err(unreadable))
    }

    /// Takes a number.
    pub fn number(&mut self) -> Result<Option<i64>, Failure> {
        self.next(Kind::Number, number_of)
    }

    fn flag(&mut self) -> Result<Option<bool>, Failure> {
        if let Stored::Placed(..) = &self.0 {
            return Ok(self.number()?.map(|number| number != 0));
        }
        self.next(Kind::Flag, |digits| Ok(number_of::<i64>(digits)? != 0))
    }

    fn text(&mut self) -> Result<Option<String>, Failure> {
        self.next(Kind::Text, |bytes| String::from_utf8(bytes.to_vec()).map_err(unreadable))
    }

    /// Whether the id that is taken next is there.
    fn has_id(&self) -> Result<bool, Failure> {
        let (row, next) = match &self.0 {
            Stored::Ordered(row, next) => (row, *next),
            Stored::Placed(row, next) => (row, next[Kind::Id as usize]),
            Stored::Listed { all, next_id, .. } => return Ok(take_id(all, &mut next_id.clone())?.is_some()),
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

fn is_null(row: &QueryResult, place: usize) -> bool {
    row.try_as_pg_row().and_then(|row| row.try_get_raw(place).ok()).is_none_or(|value| value.is_null())
}

pub(super) fn unreadable(why: impl Display) -> Failure {
    Failure::corrupt(format!("rows can't be read: {why}"))
}

fn small(number: i64) -> Result<i32, Failure> {
    i32::try_from(number).map_err(|_| Failure::corrupt(format!("{number} is beyond its column")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::DbBackend;

    use super::*;

    proptest! {
        #[test]
        fn bytes_that_are_no_rows_are_refused_or_read(
            bytes in prop::collection::vec(prop_oneof![Just(END_OF_FIELD), Just(END_OF_ROW), Just(NOTHING), b'0'..=b'2', any::<u8>()], 0..60),
        ) {
            for (ids, mut row) in split(bytes.as_slice().into(), &[0, 1, 2]).unwrap_or_default() {
                let read = (0..ids).filter(|_| row.id().is_ok()).count();
                prop_assert!(read == ids || row.id().is_err());
                let fields = std::iter::from_fn(|| row.text().ok()).count();
                prop_assert!(fields <= bytes.len());
            }
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
