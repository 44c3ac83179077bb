//! Rows of several tables by one statement: a union, whose rows have places for ids, for numbers and for texts. Each of its parts
//! fills as many of them as it has columns of that kind.

use sea_orm::sea_query::{ColumnType, Iden as _};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait,
    IntoActiveModel, Iterable as _, QueryResult, Statement, TryIntoModel, Value,
};
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
    fn cast(self, column: &str, backend: DbBackend) -> String {
        match (backend, self) {
            (DbBackend::Sqlite, _) => column.to_owned(),
            (_, Self::Id) => format!("CAST({column} AS UUID)"),
            (_, Self::Number) => format!("CAST({column} AS BIGINT)"),
            (_, Self::Text) => format!("CAST({column} AS TEXT)"),
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
}

/// The parts that can be united, as text.
#[derive(Debug)]
pub struct Union {
    /// Of each part, all but the condition.
    selects: Vec<String>,
    /// The first place of each of [`Kind::ALL`]; before them stands which part it is.
    first: [usize; 3],
}

impl Union {
    /// These parts, told apart by their numbers, from 0.
    pub fn new(backend: DbBackend, parts: &[Selected]) -> Self {
        let room =
            Kind::ALL.map(|kind| parts.iter().map(|part| part.of(kind).len()).max().unwrap_or_default());
        let select = |(number, part): (usize, &Selected)| {
            let places = Kind::ALL.into_iter().zip(room).flat_map(|(kind, room)| {
                let mut columns = part.of(kind);
                columns.resize(room, "NULL");
                columns.into_iter().map(move |column| kind.cast(column, backend))
            });
            let places: Vec<String> = places.collect();
            format!("SELECT {number}, {} FROM {}", places.join(", "), part.from)
        };
        Self {
            selects: parts.iter().enumerate().map(select).collect(),
            first: [1, 1 + room[0], 1 + room[0] + room[1]],
        }
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
        let backend = snapshot.connection().get_database_backend();
        let statement = Statement::from_sql_and_values(backend, selects.join(" UNION ALL "), values);
        let rows = snapshot.connection().query_all_raw(statement).await?;
        Ok(rows.into_iter().map(|row| Row { row, next: self.first }).collect())
    }
}

/// A row of the union, of which what a part selects is taken in that order.
#[derive(Debug)]
pub struct Row {
    row: QueryResult,
    /// The next place of each of [`Kind::ALL`].
    next: [usize; 3],
}

impl Row {
    /// Which part it is of.
    pub fn part(&self) -> Result<usize, Failure> {
        let part: i32 = self.row.try_get_by_index(0)?;
        usize::try_from(part).map_err(|_| Failure::corrupt(format!("there is no part {part}")))
    }

    /// Takes an id.
    pub fn id(&mut self) -> Result<Option<Uuid>, Failure> {
        let place = self.place(Kind::Id);
        Ok(self.row.try_get_by_index(place)?)
    }

    /// Takes a number.
    pub fn number(&mut self) -> Result<Option<i64>, Failure> {
        let place = self.place(Kind::Number);
        Ok(self.row.try_get_by_index(place)?)
    }

    fn text(&mut self) -> Result<Option<String>, Failure> {
        let place = self.place(Kind::Text);
        Ok(self.row.try_get_by_index(place)?)
    }

    fn place(&mut self, kind: Kind) -> usize {
        let next = &mut self.next[kind as usize];
        *next += 1;
        *next - 1
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
        let key: Option<Uuid> = self.row.try_get_by_index(self.next[Kind::Id as usize])?;
        key.map(|_| self.all::<E>()).transpose()
    }
}

fn small(number: i64) -> Result<i32, Failure> {
    i32::try_from(number).map_err(|_| Failure::corrupt(format!("{number} is beyond its column")))
}
