//! SQLite's rows as values, whichever library reads them.

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use sea_orm::sqlx::error::BoxDynError;
use sea_orm::sqlx::sqlite::{SqliteRow, SqliteValueRef};
use sea_orm::sqlx::{self, Decode, Row as _, Sqlite, TypeInfo as _, ValueRef as _};
use uuid::Uuid;

/// What a column can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    Nothing,
    Number(i64),
    Text(String),
    Id(Uuid),
}

/// How many columns of a row count.
#[derive(Clone, Copy)]
pub(super) enum Width<'a> {
    /// All of them.
    All,
    /// The first, which tells its part, and as many as that part has.
    OfPart(&'a [usize]),
}

impl Width<'_> {
    /// The values of a row of so many columns.
    pub(super) fn take<E>(
        self,
        columns: usize,
        mut cell: impl FnMut(usize) -> Result<Cell, E>,
    ) -> Result<Vec<Cell>, E> {
        let first = cell(0)?;
        let width = match self {
            Self::All => columns,
            Self::OfPart(widths) => {
                let part = first.number().and_then(|part| usize::try_from(part).ok());
                1 + part.and_then(|part| widths.get(part)).copied().unwrap_or_default()
            }
        };
        let mut cells = Vec::with_capacity(width);
        cells.push(first);
        for place in 1..width.min(columns) {
            cells.push(cell(place)?);
        }
        Ok(cells)
    }

    /// Those of a row that sqlx has read.
    pub(super) fn take_from(self, row: &SqliteRow) -> Result<Vec<Cell>, sqlx::Error> {
        self.take(row.len(), |place| row.try_get_unchecked(place))
    }
}

impl Cell {
    pub(super) fn number(&self) -> Option<i64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

impl FromSql for Cell {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(match value {
            ValueRef::Null => Self::Nothing,
            ValueRef::Integer(number) => Self::Number(number),
            ValueRef::Real(_) => return Err(FromSqlError::InvalidType),
            ValueRef::Text(_) => Self::Text(value.as_str()?.to_owned()),
            ValueRef::Blob(bytes) => Self::Id(Uuid::from_slice(bytes).map_err(FromSqlError::other)?),
        })
    }
}

impl<'r> Decode<'r, Sqlite> for Cell {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        Ok(match value.type_info().name() {
            _ if value.is_null() => Self::Nothing,
            "INTEGER" => Self::Number(Decode::<Sqlite>::decode(value)?),
            "TEXT" => Self::Text(Decode::<Sqlite>::decode(value)?),
            "BLOB" => Self::Id(Uuid::from_slice(Decode::<Sqlite>::decode(value)?)?),
            other => return Err(format!("{other} in place of a number, a text or an id").into()),
        })
    }
}
