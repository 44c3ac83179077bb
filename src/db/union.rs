//! Rows of several tables by one statement: a union of its parts. On PostgreSQL its rows have places for ids, for numbers (flags among
//! them) and for texts, of which each part fills as many as it has columns of that kind: arrays of JSON would cost it more than finding
//! the rows.

use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait, QueryResult, Statement, Value};

use super::cells::Width;
use super::rows::{self, Columns, Kind, Row, Unreadable};
use super::{Engine, Snapshot};
use crate::error::Failure;

/// What a query finds by which others go, is called so in their statement.
pub const FOUND: &str = "found";

/// A query that stands beside the parts, under a name.
#[derive(Clone, Copy)]
pub struct Beside<'a> {
    /// By which parts and other queries know it.
    pub name: &'a str,
    /// Its text.
    pub query: &'a str,
    /// Whether SQLite had better ask it again wherever it is named than keep what it gives in a table.
    pub is_slight: bool,
}

impl<'a> Beside<'a> {
    /// One that reads.
    pub fn new(name: &'a str, query: &'a str) -> Self {
        Self { name, query, is_slight: false }
    }
}

/// What one part selects, in the order in which it is taken from a row.
#[derive(Clone, Debug)]
pub struct Selected {
    columns: Vec<(Kind, String)>,
    from: String,
    until: &'static str,
}

impl Selected {
    /// Nothing yet, of these tables: what stands behind `FROM`, all but the condition that all parts share.
    pub fn from(tables: impl Into<String>) -> Self {
        Self { columns: Vec::new(), from: tables.into(), until: "" }
    }

    /// What stands behind the condition.
    pub fn until(self, end: &'static str) -> Self {
        Self { until: end, ..self }
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
        self.columns.extend(Columns::<E>::all().named(name));
        self
    }

    /// Those that have places of this kind.
    fn of(&self, kind: Kind) -> impl Iterator<Item = &(Kind, String)> {
        self.columns.iter().filter(move |(of, _)| of.place() == kind)
    }

    /// Its columns in their order, with nothing behind them up to so many: SQLite asks for as many in each part, of whatever kind.
    fn filled(&self, most: usize) -> Vec<&str> {
        let columns = self.columns.iter().map(|(_, column)| column.as_str());
        columns.chain(std::iter::repeat("NULL")).take(most).collect()
    }

    /// Its columns by kind, each kind with nothing behind them up to the room that it has.
    fn placed(&self, room: [usize; 4]) -> Vec<String> {
        let places = Kind::ALL.into_iter().zip(room).flat_map(|(kind, room)| {
            let columns = self.of(kind).map(|(kind, column)| cast(*kind, column));
            columns.chain(std::iter::repeat_with(move || cast(kind, "NULL"))).take(room)
        });
        places.collect()
    }
}

/// The parts that can be united, as text.
#[derive(Debug)]
pub struct Union {
    /// Of each part, all but the condition: what stands before and behind it.
    selects: Vec<(String, &'static str)>,
    /// The log's place, as one part more, where rows come as columns.
    place: String,
    /// How many places of each of [`Kind::ALL`] the rows have that come as columns.
    room: [usize; 4],
    /// How many columns each part has.
    widths: Vec<usize>,
}

/// The same parts, united for each engine.
#[derive(Debug)]
pub struct Unions([Union; 2]);

impl Unions {
    /// Those that it has on an engine.
    pub fn new(parts: impl Fn(DbBackend) -> Vec<Selected>) -> Self {
        Self([DbBackend::Sqlite, DbBackend::Postgres].map(|backend| Union::new(backend, &parts(backend))))
    }

    /// The one for this engine.
    pub fn of(&self, backend: DbBackend) -> &Union {
        let [sqlite, postgres] = &self.0;
        if backend == DbBackend::Sqlite { sqlite } else { postgres }
    }
}

impl Union {
    /// These parts, told apart by their numbers, from 0.
    pub fn new(backend: DbBackend, parts: &[Selected]) -> Self {
        let room =
            Kind::ALL.map(|kind| parts.iter().map(|part| part.of(kind).count()).max().unwrap_or_default());
        let widths: Vec<usize> = parts.iter().map(|part| part.columns.len()).collect();
        let most = widths.iter().copied().max().unwrap_or_default();
        let select = |(number, part): (usize, &Selected)| {
            let from = &part.from;
            if backend == DbBackend::Sqlite {
                format!("SELECT {number}, {} FROM {from}", part.filled(most).join(", "))
            } else {
                format!("SELECT {number}, {} FROM {from}", part.placed(room).join(", "))
            }
        };
        let place = Selected::from("log_head WHERE id = 1").number("sequence");
        let place = select((parts.len(), &place));
        let selects = parts.iter().enumerate().map(select).zip(parts.iter().map(|part| part.until));
        Self { selects: selects.collect(), place, room, widths }
    }

    /// The rows of some parts, of each where its condition holds, each with the number of its part, in no order. Parts and
    /// conditions can go by what these queries give, under their names.
    pub async fn read(
        &self,
        snapshot: &Snapshot,
        beside: &[Beside<'_>],
        parts: impl Iterator<Item = (usize, &str)>,
        values: Vec<Value>,
    ) -> Result<Vec<(usize, Row)>, Failure> {
        let selects = parts.filter_map(|(part, condition)| {
            self.selects.get(part).map(|(select, until)| format!("{select} {condition}{until}"))
        });
        let tells_place = snapshot.asks_for_places() && snapshot.engine() == Engine::Postgres;
        let place = tells_place.then(|| self.place.clone());
        let mut all = selects.chain(place).collect::<Vec<_>>().join(" UNION ALL ");
        if !beside.is_empty() {
            let how = |is_slight| match snapshot.engine() {
                Engine::Sqlite if is_slight => "NOT MATERIALIZED",
                // What is used more than once it makes a table of by itself.
                Engine::Sqlite => "",
                Engine::Postgres => "MATERIALIZED",
            };
            let with = beside.iter().map(|it| format!("{} AS {} ({})", it.name, how(it.is_slight), it.query));
            all = format!("WITH {} {all}", with.collect::<Vec<_>>().join(", "));
        }
        let backend = snapshot.connection().get_database_backend();
        if backend == DbBackend::Sqlite {
            let statement = Statement::from_sql_and_values(backend, all, values);
            let rows = snapshot.cells(statement, Width::OfPart(&self.widths)).await?;
            return Ok(rows.into_iter().map(Row::of_part).collect::<Result<_, _>>()?);
        }
        let statement = Statement::from_sql_and_values(backend, all, values);
        let mut rows = snapshot.query_all(statement).await?;
        let mut first = [1; 4];
        for kind in 1..first.len() {
            first[kind] = first[kind - 1] + self.room[kind - 1];
        }
        if tells_place {
            // Last, most of the time; in any case it is of a part of its own.
            let its_part = i64::try_from(self.selects.len()).ok();
            let is_place = |row: &mut QueryResult| rows::stands(row, 0).is_ok_and(|part| part == its_part);
            let place = rows.extract_if(.., is_place).next();
            snapshot.note_place(place.as_ref(), first[Kind::Number as usize])?;
        }
        let part = |row: &QueryResult| {
            let part = rows::stands::<i64>(row, 0)?.and_then(|number| usize::try_from(number).ok());
            part.ok_or_else(|| Unreadable::new("a row of no part"))
        };
        rows.into_iter().map(|row| Ok((part(&row)?, Row::placed(row, first)))).collect()
    }
}

/// The same type in each part: PostgreSQL unites no others.
fn cast(kind: Kind, column: &str) -> String {
    match kind {
        Kind::Id => format!("CAST({column} AS UUID)"),
        Kind::Number => format!("CAST({column} AS BIGINT)"),
        Kind::Flag => format!("CAST(CAST({column} AS INTEGER) AS BIGINT)"),
        Kind::Text => format!("CAST({column} AS TEXT)"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sea_orm::entity::prelude::*;
    use sea_orm::{IntoActiveModel as _, QueryOrder as _};

    use super::*;
    use crate::db::{Database, DatabaseAddress};

    mod things {
        use sea_orm::entity::prelude::*;
        use serde::Deserialize;

        #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel, Deserialize)]
        #[sea_orm(table_name = "things")]
        pub struct Model {
            #[sea_orm(primary_key, auto_increment = false)]
            pub id: Uuid,
            pub place: i32,
            pub small: Option<i32>,
            pub large: Option<i64>,
            pub flag: Option<bool>,
            #[sea_orm(column_type = "Text", nullable)]
            pub text: Option<String>,
        }

        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    }

    /// What is read of things that were put in.
    #[derive(Debug, PartialEq)]
    struct Told {
        /// By themselves, the last first.
        last_first: Vec<things::Model>,
        /// Each with the one before it.
        with_another: Vec<(things::Model, Option<things::Model>)>,
        /// Of those at an even place.
        ids: Vec<Uuid>,
    }

    async fn told_again(things: &[things::Model]) -> Told {
        let folder = tempfile::tempdir().unwrap();
        let address = DatabaseAddress::Sqlite(folder.path().join("x.sqlite"));
        let database = Database::connect(&address, 1).await.unwrap();
        let head = "CREATE TABLE log_head AS SELECT 1 AS id, 0 AS sequence";
        database.writer.execute_unprepared(head).await.unwrap();
        let table = "CREATE TABLE things (id BLOB PRIMARY KEY, place INTEGER, small INTEGER, large INTEGER, flag BOOLEAN, text TEXT)";
        database.writer.execute_unprepared(table).await.unwrap();
        for thing in things {
            thing.clone().into_active_model().insert(&database.writer).await.unwrap();
        }
        let before = "things AS p LEFT JOIN things AS t ON t.place = p.place - 1 WHERE p.place";
        let parts = [
            Selected::from("found AS p").id("p.id"),
            Selected::from(before).all::<things::Entity>("p").all::<things::Entity>("t"),
        ];
        let union = Union::new(DbBackend::Sqlite, &parts);
        let here = read(&union, database.snapshot_by_places()).await;
        assert_eq!(here, read(&union, database.snapshot().await.unwrap()).await);
        database.close().await.unwrap();
        here
    }

    async fn read(union: &Union, snapshot: Snapshot) -> Told {
        let even = "SELECT id FROM things WHERE place % 2 = 0";
        let parts = [(0, ""), (1, "> $1")];
        let values = vec![Value::from(-1)];
        let rows =
            union.read(&snapshot, &[Beside::new(FOUND, even)], parts.into_iter(), values).await.unwrap();
        let query = things::Entity::find().order_by_desc(things::Column::Place);
        let last_first = rows::all(&snapshot, &query).await.unwrap();
        let columns = Columns::<things::Entity>::all();
        let mut told = Told { last_first, with_another: Vec::new(), ids: Vec::new() };
        for (part, mut row) in rows {
            match part {
                0 => told.ids.push(row.id().unwrap().unwrap()),
                _ => {
                    let thing = row.all(&columns).unwrap();
                    told.with_another.push((thing, row.all_if_any(&columns).unwrap()));
                }
            }
        }
        told.with_another.sort_by_key(|(thing, _)| thing.place);
        told
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn whatever_stands_in_sqlite_comes_back_as_it_is(
            // Everything but the character that no text may have.
            values in prop::collection::vec((any::<Option<i32>>(), any::<Option<i64>>(), any::<Option<bool>>(), prop::option::of("[^\\x00]*")), 0..6),
        ) {
            let thing = |(place, (small, large, flag, text))| {
                // From the least on, which nobody has in the log.
                let id = Uuid::from_u128(u128::from(i32::unsigned_abs(place)) << 64);
                things::Model { id, place, small, large, flag, text }
            };
            let things: Vec<things::Model> = (0..).zip(values).map(thing).collect();
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let told = runtime.block_on(told_again(&things));
            let before = std::iter::once(None).chain(things.iter().cloned().map(Some));
            prop_assert_eq!(told.with_another, things.iter().cloned().zip(before).collect::<Vec<_>>());
            prop_assert_eq!(told.last_first, things.iter().rev().cloned().collect::<Vec<_>>());
            prop_assert_eq!(told.ids.len(), things.len().div_ceil(2));
        }
    }
}
