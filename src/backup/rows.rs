//! A row: as values, as a line of JSON, and as the database gives it.

use futures_util::TryStreamExt as _;
use sea_orm::sea_query::{Alias, Query};
use sea_orm::{ConnectionTrait, DbErr, QueryResult, StreamTrait as _, Value};
use serde_json::{Map, Value as Json};
use uuid::Uuid;

use super::BackupError;
use super::tables::{Kind, Table};
use crate::db::Snapshot;

/// A row's values, in the order of its table's columns.
pub(super) type Row = Vec<Value>;

/// Gives every row of a table to `take`, one after another: never are many of them in memory.
pub(super) async fn each<T>(snapshot: &Snapshot, table: &Table, mut take: T) -> Result<(), BackupError>
where
    T: AsyncFnMut(Row) -> Result<(), BackupError>,
{
    let select = Query::select()
        .columns(table.columns.iter().map(|column| Alias::new(column.name)))
        .from(Alias::new(table.name))
        .to_owned();
    let connection = snapshot.transaction().await?;
    let statement = ConnectionTrait::get_database_backend(connection).build(&select);
    let mut found = connection.stream_raw(statement).await?;
    while let Some(row) = found.try_next().await? {
        take(values(table, &row)?).await?;
    }
    Ok(())
}

fn values(table: &Table, row: &QueryResult) -> Result<Row, DbErr> {
    let value = |(place, column): (usize, &super::tables::Column)| {
        Ok(match column.kind {
            Kind::Id => Value::Uuid(row.try_get_by_index(place)?),
            Kind::Integer => Value::Int(row.try_get_by_index(place)?),
            Kind::BigInteger => Value::BigInt(row.try_get_by_index(place)?),
            Kind::Boolean => Value::Bool(row.try_get_by_index(place)?),
            Kind::Text => Value::String(row.try_get_by_index(place)?),
        })
    };
    table.columns.iter().enumerate().map(value).collect()
}

/// Appends the row as a line: an object by column.
pub(super) fn write_line(table: &Table, row: &Row, lines: &mut Vec<u8>) -> Result<(), BackupError> {
    let named = table.columns.iter().zip(row).map(|(column, value)| (column.name.to_owned(), json(value)));
    serde_json::to_writer(&mut *lines, &named.collect::<Map<_, _>>())?;
    lines.push(b'\n');
    Ok(())
}

fn json(value: &Value) -> Json {
    match value {
        Value::Uuid(Some(id)) => Json::String(id.to_string()),
        Value::Int(Some(number)) => (*number).into(),
        Value::BigInt(Some(number)) => (*number).into(),
        Value::Bool(Some(truth)) => (*truth).into(),
        Value::String(Some(text)) => Json::String(text.clone()),
        _ => Json::Null,
    }
}

/// Reads a line. Every column must be there, of its kind, and no other.
pub(super) fn read_line(table: &Table, line: &[u8]) -> Result<Row, BackupError> {
    let refused = |what: String| BackupError::Row { table: table.name.to_owned(), what };
    let mut named: Map<String, Json> =
        serde_json::from_slice(line).map_err(|error| refused(format!("it is no object ({error})")))?;
    let row = table
        .columns
        .iter()
        .map(|column| {
            let given = named
                .remove(column.name)
                .ok_or_else(|| refused(format!("its column {} is missing", column.name)))?;
            value(column.kind, given)
                .ok_or_else(|| refused(format!("its column {} is not of its kind", column.name)))
        })
        .collect::<Result<Row, _>>()?;
    match named.keys().next() {
        Some(unknown) => Err(refused(format!("there is no column {unknown}"))),
        None => Ok(row),
    }
}

fn value(kind: Kind, given: Json) -> Option<Value> {
    Some(match (kind, given) {
        (Kind::Id, Json::Null) => Value::Uuid(None),
        (Kind::Id, Json::String(text)) => Value::Uuid(Some(Uuid::try_parse(&text).ok()?)),
        (Kind::Integer, Json::Null) => Value::Int(None),
        (Kind::Integer, Json::Number(number)) => Value::Int(Some(i32::try_from(number.as_i64()?).ok()?)),
        (Kind::BigInteger, Json::Null) => Value::BigInt(None),
        (Kind::BigInteger, Json::Number(number)) => Value::BigInt(Some(number.as_i64()?)),
        (Kind::Boolean, Json::Null) => Value::Bool(None),
        (Kind::Boolean, Json::Bool(truth)) => Value::Bool(Some(truth)),
        (Kind::Text, Json::Null) => Value::String(None),
        (Kind::Text, Json::String(text)) => Value::String(Some(text)),
        _ => return None,
    })
}

/// About how much memory it takes.
pub(super) fn size(row: &Row) -> usize {
    let text = |value: &Value| match value {
        Value::String(Some(text)) => text.len(),
        _ => 0,
    };
    row.iter().map(|value| 16 + text(value)).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::backup::tables;

    fn revisions() -> Table {
        tables::all().unwrap().into_iter().find(|table| table.name == "revisions").unwrap()
    }

    fn any_value(kind: Kind) -> BoxedStrategy<Value> {
        match kind {
            Kind::Id => {
                any::<Option<[u8; 16]>>().prop_map(|id| Value::Uuid(id.map(Uuid::from_bytes))).boxed()
            }
            Kind::Integer => any::<Option<i32>>().prop_map(Value::Int).boxed(),
            Kind::BigInteger => any::<Option<i64>>().prop_map(Value::BigInt).boxed(),
            Kind::Boolean => any::<Option<bool>>().prop_map(Value::Bool).boxed(),
            Kind::Text => any::<Option<String>>().prop_map(Value::String).boxed(),
        }
    }

    fn any_row() -> impl Strategy<Value = (Table, Row)> {
        prop::sample::select(tables::all().unwrap()).prop_flat_map(|table| {
            let values: Vec<_> = table.columns.iter().map(|column| any_value(column.kind)).collect();
            (Just(table), values)
        })
    }

    proptest! {
        #[test]
        fn a_line_reads_back_exactly((table, row) in any_row()) {
            let mut line = Vec::new();
            write_line(&table, &row, &mut line).unwrap();
            prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            prop_assert_eq!(read_line(&table, &line).unwrap(), row);
        }
    }

    #[test]
    fn a_row_of_other_columns_is_refused() {
        let table = revisions();
        let row = [
            Value::Uuid(Some(Uuid::nil())),
            Value::Int(Some(1)),
            Value::Int(Some(1)),
            Value::String(Some("{}".to_owned())),
            Value::String(Some("hash".to_owned())),
            Value::Uuid(Some(Uuid::nil())),
        ];
        let mut line = Vec::new();
        let nulls = table.columns[row.len()..].iter().map(|column| value(column.kind, Json::Null).unwrap());
        write_line(&table, &row.into_iter().chain(nulls).collect(), &mut line).unwrap();
        let whole: Map<String, Json> = serde_json::from_slice(&line).unwrap();
        assert!(read_line(&table, &line).is_ok());
        for (name, given, words) in [
            ("number", None, "number is missing"),
            ("number", Some(Json::from("one")), "number is not of its kind"),
            ("number", Some(Json::from(1_i64 << 40)), "number is not of its kind"),
            ("article_id", Some(Json::from("art_1")), "article_id is not of its kind"),
            ("mood", Some(Json::from("good")), "no column mood"),
        ] {
            let mut changed = whole.clone();
            changed.remove(name);
            changed.extend(given.map(|given| (name.to_owned(), given)));
            let refused = read_line(&table, &serde_json::to_vec(&changed).unwrap()).unwrap_err().to_string();
            assert!(refused.contains(words) && refused.contains("revisions"), "{refused}");
        }
    }
}
