//! Rows of several tables by one statement: a union of its parts. On PostgreSQL its rows have places for ids, for numbers and for
//! texts, of which each part fills as many as it has columns of that kind: arrays of JSON would cost it more than finding the rows.
//! On SQLite they come as one text of JSON: sqlx copies each value by itself there, and hands each row over by itself from the
//! thread that reads it, which costs more than all the rest.

use sea_orm::sea_query::{ColumnType, Iden as _};
use sea_orm::sqlx::{Decode, Postgres, Row as _};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait,
    IntoActiveModel, Iterable as _, QueryResult, Statement, TryIntoModel, Value,
};
use serde_json::Value as Json;
use uuid::Uuid;

use super::Snapshot;
use crate::error::Failure;

/// What a place can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Id,
    Number,
    Text,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Id, Self::Number, Self::Text];

    fn of(column: &ColumnType) -> Self {
        match column {
            ColumnType::Uuid => Self::Id,
            ColumnType::Integer | ColumnType::BigInteger => Self::Number,
            _ => Self::Text,
        }
    }

    /// The same type in each part: PostgreSQL unites no others.
    fn cast(self, column: &str) -> String {
        match self {
            Self::Id => format!("CAST({column} AS UUID)"),
            Self::Number => format!("CAST({column} AS BIGINT)"),
            Self::Text => format!("CAST({column} AS TEXT)"),
        }
    }

    /// As JSON can tell it: SQLite's ids are bytes. Of none, an empty text is made.
    fn listed(self, column: &str) -> String {
        match self {
            Self::Id => format!("hex({column})"),
            Self::Number | Self::Text => column.to_owned(),
        }
    }
}

/// What one part selects, in the order in which it is taken from a row.
#[derive(Clone, Debug)]
pub struct Selected {
    columns: Vec<(Kind, String)>,
    from: &'static str,
}

impl Selected {
    /// Nothing yet, of these tables: what stands behind `FROM`, all but the condition that all parts share.
    pub fn from(tables: &'static str) -> Self {
        Self { columns: Vec::new(), from: tables }
    }

    /// A column that holds an id, with the name of its table.
    pub fn id(mut self, column: &str) -> Self {
        self.columns.push((Kind::Id, column.to_owned()));
        self
    }

    /// A column that holds a number, with the name of its table.
    pub fn number(mut self, column: &str) -> Self {
        self.columns.push((Kind::Number, column.to_owned()));
        self
    }

    /// All columns of `E`, which goes by this name among the tables.
    pub fn all<E: EntityTrait>(mut self, name: &str) -> Self {
        let column = |column: E::Column| {
            (Kind::of(column.def().get_column_type()), format!("{name}.{}", column.unquoted()))
        };
        self.columns.extend(E::Column::iter().map(column));
        self
    }

    fn of(&self, kind: Kind) -> Vec<&str> {
        self.columns.iter().filter(|(of, _)| *of == kind).map(|(_, name)| name.as_str()).collect()
    }

    /// Its columns in order.
    fn listed(&self) -> Vec<String> {
        self.columns.iter().map(|(kind, column)| kind.listed(column)).collect()
    }

    /// Its columns by kind, each kind with nothing behind them up to the room that it has.
    fn placed(&self, room: [usize; 3]) -> Vec<String> {
        let places = Kind::ALL.into_iter().zip(room).flat_map(|(kind, room)| {
            let mut columns = self.of(kind);
            columns.resize(room, "NULL");
            columns.into_iter().map(move |column| kind.cast(column))
        });
        places.collect()
    }
}

/// The parts that can be united, as text.
#[derive(Debug)]
pub struct Union {
    /// Of each part, all but the condition.
    selects: Vec<String>,
    /// How many places of each of [`Kind::ALL`] the rows have that come as columns.
    room: [usize; 3],
}

impl Union {
    /// These parts, told apart by their numbers, from 0.
    pub fn new(backend: DbBackend, parts: &[Selected]) -> Self {
        let room =
            Kind::ALL.map(|kind| parts.iter().map(|part| part.of(kind).len()).max().unwrap_or_default());
        let select = |(number, part): (usize, &Selected)| {
            let from = part.from;
            if backend == DbBackend::Sqlite {
                format!("SELECT json_array({number}, {}) AS listed FROM {from}", part.listed().join(", "))
            } else {
                format!("SELECT {number}, {} FROM {from}", part.placed(room).join(", "))
            }
        };
        Self { selects: parts.iter().enumerate().map(select).collect(), room }
    }

    /// The rows of some parts, of each where the condition holds, in no order.
    pub async fn read(
        &self,
        snapshot: &Snapshot,
        parts: impl Iterator<Item = usize>,
        condition: &str,
        values: Vec<Value>,
    ) -> Result<Vec<Row>, Failure> {
        let selects = parts.filter_map(|part| self.selects.get(part));
        let selects: Vec<String> = selects.map(|select| format!("{select} {condition}")).collect();
        let (all, backend) = (selects.join(" UNION ALL "), snapshot.connection().get_database_backend());
        if backend == DbBackend::Sqlite {
            let listed = format!("SELECT '[' || group_concat(listed) || ']' FROM ({all}) AS united");
            let statement = Statement::from_sql_and_values(backend, listed, values);
            let found = snapshot.connection().query_one_raw(statement).await?;
            let found: Option<String> = found.map(|row| row.try_get_by_index(0)).transpose()?.flatten();
            return Row::listed(found.as_deref().unwrap_or("[]"));
        }
        let rows =
            snapshot.connection().query_all_raw(Statement::from_sql_and_values(backend, all, values)).await?;
        rows.into_iter().map(|row| Row::placed(row, self.room)).collect()
    }
}

/// A row of the union, of which what a part selects is taken in that order.
#[derive(Debug)]
pub struct Row {
    part: usize,
    values: Values,
}

#[derive(Debug)]
enum Values {
    /// In their places; the next one of each of [`Kind::ALL`].
    Placed(QueryResult, [usize; 3]),
    /// One after the other.
    Listed(std::vec::IntoIter<Json>),
}

impl Row {
    fn placed(row: QueryResult, room: [usize; 3]) -> Result<Self, Failure> {
        let part = placed::<i32>(&row, 0)?.and_then(|part| usize::try_from(part).ok());
        let part = part.ok_or_else(|| unreadable("a row of no part"))?;
        let first = [1, 1 + room[0], 1 + room[0] + room[1]];
        Ok(Self { part, values: Values::Placed(row, first) })
    }

    fn listed(rows: &str) -> Result<Vec<Self>, Failure> {
        let rows: Vec<Vec<Json>> = serde_json::from_str(rows).map_err(unreadable)?;
        let row = |row: Vec<Json>| {
            let mut values = row.into_iter();
            let part =
                values.next().and_then(|part| part.as_u64()).and_then(|part| usize::try_from(part).ok());
            let part = part.ok_or_else(|| unreadable("a row of no part"))?;
            Ok(Self { part, values: Values::Listed(values) })
        };
        rows.into_iter().map(row).collect()
    }

    /// Which part it is of.
    pub fn part(&self) -> usize {
        self.part
    }

    /// Takes an id.
    pub fn id(&mut self) -> Result<Option<Uuid>, Failure> {
        match &mut self.values {
            Values::Placed(row, next) => placed(row, take(next, Kind::Id)),
            Values::Listed(values) => match values.next() {
                Some(Json::String(id)) if id.is_empty() => Ok(None),
                Some(Json::String(id)) => Uuid::try_parse(&id).map(Some).map_err(unreadable),
                _ => Err(unreadable("no id in its place")),
            },
        }
    }

    /// Takes a number.
    pub fn number(&mut self) -> Result<Option<i64>, Failure> {
        match &mut self.values {
            Values::Placed(row, next) => placed(row, take(next, Kind::Number)),
            Values::Listed(values) => match values.next() {
                Some(Json::Null) => Ok(None),
                Some(Json::Number(number)) if number.is_i64() => Ok(number.as_i64()),
                _ => Err(unreadable("no number in its place")),
            },
        }
    }

    fn text(&mut self) -> Result<Option<String>, Failure> {
        match &mut self.values {
            Values::Placed(row, next) => placed(row, take(next, Kind::Text)),
            Values::Listed(values) => match values.next() {
                Some(Json::Null) => Ok(None),
                Some(Json::String(text)) => Ok(Some(text)),
                _ => Err(unreadable("no text in its place")),
            },
        }
    }

    /// Whether the id that is taken next is there.
    fn has_id(&self) -> Result<bool, Failure> {
        match &self.values {
            Values::Placed(row, next) => Ok(placed::<Uuid>(row, next[Kind::Id as usize])?.is_some()),
            Values::Listed(values) => {
                Ok(values.as_slice().first().and_then(Json::as_str).is_some_and(|id| !id.is_empty()))
            }
        }
    }

    /// Takes all columns of a table.
    pub fn all<E>(&mut self) -> Result<E::Model, Failure>
    where
        E: EntityTrait,
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + TryIntoModel<E::Model>,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let mut made = E::ActiveModel::default();
        for column in E::Column::iter() {
            let value = match column.def().get_column_type() {
                ColumnType::Uuid => Value::from(self.id()?),
                ColumnType::BigInteger => Value::from(self.number()?),
                ColumnType::Integer => Value::from(self.number()?.map(small).transpose()?),
                _ => Value::from(self.text()?),
            };
            made.try_set(column, value)?;
        }
        Ok(made.try_into_model()?)
    }

    /// Takes all columns of a table that was joined where it has a row. The first of them is its key.
    pub fn all_if_any<E>(&mut self) -> Result<Option<E::Model>, Failure>
    where
        E: EntityTrait,
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + TryIntoModel<E::Model>,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        if self.has_id()? { self.all::<E>().map(Some) } else { Ok(None) }
    }
}

/// What stands there, which the statement cast to this type: it is not asked again for each value.
fn placed<T>(row: &QueryResult, place: usize) -> Result<Option<T>, Failure>
where
    T: for<'r> Decode<'r, Postgres>,
{
    let row = row.try_as_pg_row().ok_or_else(|| unreadable("it is not PostgreSQL's"))?;
    row.try_get_unchecked(place).map_err(unreadable)
}

/// The next place of a kind, and on from there.
fn take(next: &mut [usize; 3], kind: Kind) -> usize {
    let next = &mut next[kind as usize];
    *next += 1;
    *next - 1
}

fn unreadable(why: impl std::fmt::Display) -> Failure {
    Failure::corrupt(format!("a union's rows can't be read: {why}"))
}

fn small(number: i64) -> Result<i32, Failure> {
    i32::try_from(number).map_err(|_| Failure::corrupt(format!("{number} is beyond its column")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::entity::prelude::*;

    use super::*;
    use crate::db::{Database, DatabaseAddress};

    mod things {
        use sea_orm::entity::prelude::*;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
        #[sea_orm(table_name = "things")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub place: i32,
            pub small: Option<i32>,
            pub large: Option<i64>,
            #[sea_orm(column_type = "Text", nullable)]
            pub text: Option<String>,
        }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }

    /// Things, each with the one before it.
    type Told = Vec<(things::Model, Option<things::Model>)>;

    async fn told_again(things: &[things::Model]) -> (Told, Vec<Uuid>) {
        let folder = tempfile::tempdir().unwrap();
        let address = DatabaseAddress::Sqlite(folder.path().join("x.sqlite"));
        let database = Database::connect(&address, 1).await.unwrap();
        let table = "CREATE TABLE things (id BLOB PRIMARY KEY, place INTEGER, small INTEGER, large INTEGER, text TEXT)";
        database.writer.execute_unprepared(table).await.unwrap();
        for thing in things {
            thing.clone().into_active_model().insert(&database.writer).await.unwrap();
        }
        let before = "things AS p LEFT JOIN things AS t ON t.place = p.place - 1 WHERE p.place";
        let parts = [
            Selected::from("things AS p WHERE p.place").id("p.id"),
            Selected::from(before).all::<things::Entity>("p").all::<things::Entity>("t"),
        ];
        let union = Union::new(DbBackend::Sqlite, &parts);
        let snapshot = database.snapshot().await.unwrap();
        let rows = union.read(&snapshot, 0..2, "> $1", vec![Value::from(-1)]).await.unwrap();
        let (mut told, mut ids) = (Vec::new(), Vec::new());
        for mut row in rows {
            match row.part() {
                0 => ids.push(row.id().unwrap().unwrap()),
                _ => {
                    let thing = row.all::<things::Entity>().unwrap();
                    told.push((thing, row.all_if_any::<things::Entity>().unwrap()));
                }
            }
        }
        told.sort_by_key(|(thing, _)| thing.place);
        drop(snapshot);
        database.close().await.unwrap();
        (told, ids)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn whatever_stands_in_sqlite_comes_back_as_it_is(
            // Everything but the character that no text may have.
            values in prop::collection::vec((any::<Option<i32>>(), any::<Option<i64>>(), prop::option::of("[^\\x00]*")), 0..6),
        ) {
            let thing = |(place, (small, large, text))| {
                let id = Uuid::from_u64_pair(0xfeed_0000_dead_beef, u64::from(i32::unsigned_abs(place)));
                things::Model { id, place, small, large, text }
            };
            let things: Vec<things::Model> = (0..).zip(values).map(thing).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let (told, ids) = runtime.block_on(told_again(&things));
            let before = std::iter::once(None).chain(things.iter().cloned().map(Some));
            prop_assert_eq!(told, things.iter().cloned().zip(before).collect::<Vec<_>>());
            prop_assert_eq!(ids.len(), things.len());
        }
    }
}
