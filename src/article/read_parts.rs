//! The parts of published articles, all in one statement: what the articles of one page are asked for is read together, whichever
//! parts that are. The only place that joins the tables of author, taxonomy and image: figures with their images, bylines with
//! their authors, labels with their tags and categories.
//!
//! Each part's rows are rows of a union, with places for ids, for numbers and for texts, so that rows of different tables fit into one
//! statement.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use sea_orm::sea_query::{ColumnType, Iden as _};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait,
    IntoActiveModel, Iterable as _, QueryResult, Statement, TryIntoModel, Value,
};
use uuid::Uuid;

use super::entity::public::{articles, figures, related_links, sections};
use crate::author::entity::authors;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::image::entity::images;
use crate::reads::CATEGORIES;
use crate::taxonomy::entity::{categories, tags};

/// What an article has many of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Its text, in order.
    Sections,
    /// Its figures with their images, in order; the lead comes first.
    Figures,
    /// Whom it credits, in order.
    Authors,
    /// In which categories an editor put it, in order.
    Categories,
    /// Its tags, in order.
    Tags,
    /// Where it points to, in order. A link to an article that isn't public comes without it.
    Links,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::Sections, Self::Figures, Self::Authors, Self::Categories, Self::Tags, Self::Links];

    /// From where it is read: `p` says which article's and in which order. Then its columns, of `p` and of `t`.
    fn source(self) -> (&'static str, Vec<Selected>) {
        match self {
            Self::Sections => ("sections AS p WHERE", columns::<sections::Entity>("p")),
            Self::Figures => (
                "figures AS p JOIN images AS t ON t.id = p.image_id WHERE",
                [columns::<figures::Entity>("p"), columns::<images::Entity>("t")].concat(),
            ),
            Self::Authors => (
                "article_authors AS p JOIN authors AS t ON t.id = p.author_id WHERE",
                columns::<authors::Entity>("t"),
            ),
            Self::Categories => (
                "article_categories AS p JOIN categories AS t ON t.id = p.category_id WHERE p.is_direct AND",
                columns::<categories::Entity>("t"),
            ),
            Self::Tags => {
                ("article_tags AS p JOIN tags AS t ON t.id = p.tag_id WHERE", columns::<tags::Entity>("t"))
            }
            Self::Links => (
                "related_links AS p LEFT JOIN articles AS t ON t.id = p.target_article_id WHERE",
                [columns::<related_links::Entity>("p"), columns::<articles::Entity>("t")].concat(),
            ),
        }
    }
}

/// What a place in a row of the union can hold.
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
    fn cast(self, expression: &str, backend: DbBackend) -> String {
        match (self, backend) {
            (_, DbBackend::Sqlite) => expression.to_owned(),
            (Self::Id, _) => format!("CAST({expression} AS UUID)"),
            (Self::Number, _) => format!("CAST({expression} AS BIGINT)"),
            (Self::Text, _) => format!("CAST({expression} AS TEXT)"),
        }
    }
}

/// A column, and what it holds.
type Selected = (Kind, String);

fn columns<E: EntityTrait>(table: &str) -> Vec<Selected> {
    let column = |column: E::Column| {
        (Kind::of(column.def().get_column_type()), format!("{table}.{}", column.unquoted()))
    };
    E::Column::iter().map(column).collect()
}

/// The union's text: a row has as many places of each kind as the part with the most of them, after the three that say which part
/// it is, of which article, and where it stands.
struct Union {
    /// What is selected of each of [`Part::ALL`], all but of which articles.
    selects: Vec<String>,
    /// The first place of each of [`Kind::ALL`].
    first: [usize; 3],
}

impl Union {
    fn of(backend: DbBackend) -> &'static Self {
        static SQLITE: LazyLock<Union> = LazyLock::new(|| Union::new(DbBackend::Sqlite));
        static POSTGRES: LazyLock<Union> = LazyLock::new(|| Union::new(DbBackend::Postgres));
        if backend == DbBackend::Sqlite { &SQLITE } else { &POSTGRES }
    }

    fn new(backend: DbBackend) -> Self {
        let sources = Part::ALL.map(Part::source);
        let of_kind = |columns: &[Selected], kind| -> Vec<String> {
            columns.iter().filter(|(of, _)| *of == kind).map(|(_, name)| name.clone()).collect()
        };
        let room = Kind::ALL.map(|kind| {
            sources.iter().map(|(_, columns)| of_kind(columns, kind).len()).max().unwrap_or_default()
        });
        let select = |(number, (source, columns)): (usize, &(&str, Vec<Selected>))| {
            let places = Kind::ALL.iter().zip(room).flat_map(|(kind, room)| {
                let mut names = of_kind(columns, *kind);
                names.resize(room, "NULL".to_owned());
                names.into_iter().map(|name| kind.cast(&name, backend))
            });
            let places: Vec<String> = places.collect();
            format!(
                "SELECT {number} AS part, p.article_id, p.position, {} FROM {source} p.article_id",
                places.join(", ")
            )
        };
        Self {
            selects: sources.iter().enumerate().map(select).collect(),
            first: [3, 3 + room[0], 3 + room[0] + room[1]],
        }
    }
}

/// A part's row.
#[derive(Debug)]
struct Read {
    part: i32,
    article_id: ArticleId,
    position: i32,
    row: QueryResult,
    /// The next place of each of [`Kind::ALL`] that is not taken yet.
    next: [usize; 3],
}

impl Read {
    fn new(row: QueryResult, union: &Union) -> Result<Self, Failure> {
        Ok(Self {
            part: row.try_get_by_index(0)?,
            article_id: row.try_get_by_index(1)?,
            position: row.try_get_by_index(2)?,
            row,
            next: union.first,
        })
    }

    /// Takes the row of a table: those of a part in the order of [`Part::source`].
    fn take<E>(&mut self) -> Result<E::Model, Failure>
    where
        E: EntityTrait,
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + TryIntoModel<E::Model>,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let mut made = E::ActiveModel::default();
        for column in E::Column::iter() {
            made.try_set(column, self.value(column.def().get_column_type())?)?;
        }
        Ok(made.try_into_model()?)
    }

    /// Takes the row of a table whose first column is its key, where it was joined to one.
    fn take_if_any<E>(&mut self) -> Result<Option<E::Model>, Failure>
    where
        E: EntityTrait,
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + TryIntoModel<E::Model>,
        E::Model: IntoActiveModel<E::ActiveModel>,
    {
        let key: Option<Uuid> = self.row.try_get_by_index(self.next[Kind::Id as usize])?;
        key.map(|_| self.take::<E>()).transpose()
    }

    fn value(&mut self, column: &ColumnType) -> Result<Value, Failure> {
        let next = &mut self.next[Kind::of(column) as usize];
        let place = *next;
        *next += 1;
        Ok(match column {
            ColumnType::Uuid => Value::from(self.row.try_get_by_index::<Option<Uuid>>(place)?),
            ColumnType::BigInteger => Value::from(self.row.try_get_by_index::<Option<i64>>(place)?),
            ColumnType::Integer => {
                let number: Option<i64> = self.row.try_get_by_index(place)?;
                let small = number.map(i32::try_from).transpose();
                Value::from(
                    small.map_err(|_| {
                        Failure::corrupt(format!("the number {number:?} is beyond its column"))
                    })?,
                )
            }
            _ => Value::from(self.row.try_get_by_index::<Option<String>>(place)?),
        })
    }
}

/// What the articles of one page are asked for while they are told, so that it is read at once.
#[derive(Default)]
pub struct Together {
    wanted: Mutex<BTreeMap<Part, BTreeSet<ArticleId>>>,
    read: Mutex<BTreeMap<Part, Vec<Read>>>,
    turn: tokio::sync::Mutex<()>,
}

impl Together {
    /// Reads a part of these articles, with what else is asked for meanwhile.
    async fn read(&self, snapshot: &Snapshot, part: Part, ids: &[ArticleId]) -> Result<Vec<Read>, Failure> {
        fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
            mutex.lock().unwrap_or_else(PoisonError::into_inner)
        }
        let ask = || locked(&self.wanted).entry(part).or_default().extend(ids);
        ask();
        // The fields of a page ask in one go, a long page in several: once nobody asks for more, all have.
        let parts = || locked(&self.wanted).len();
        let mut before = 0;
        while parts() > before {
            before = parts();
            tokio::task::yield_now().await;
        }
        let _turn = self.turn.lock().await;
        if let Some(read) = locked(&self.read).remove(&part) {
            return Ok(read);
        }
        // Whoever read this before it failed took it with them.
        ask();
        let wanted = std::mem::take(&mut *locked(&self.wanted));
        let mut read: BTreeMap<Part, Vec<Read>> = wanted.keys().map(|part| (*part, Vec::new())).collect();
        for found in read_all(snapshot, &wanted).await? {
            let part = usize::try_from(found.part).ok().and_then(|number| Part::ALL.get(number));
            // Of articles of which other parts are wanted, these may be known.
            if let Some(part) = part.filter(|part| wanted[part].contains(&found.article_id)) {
                read.entry(*part).or_default().push(found);
            }
        }
        let own = read.remove(&part).unwrap_or_default();
        locked(&self.read).extend(read);
        Ok(own)
    }
}

async fn read_all(
    snapshot: &Snapshot,
    wanted: &BTreeMap<Part, BTreeSet<ArticleId>>,
) -> Result<Vec<Read>, Failure> {
    let backend = snapshot.connection().get_database_backend();
    let ids: BTreeSet<ArticleId> = wanted.values().flatten().copied().collect();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let union = Union::of(backend);
    let (among, values) = among(backend, ids);
    let selects = wanted.keys().map(|part| format!("{} {among}", union.selects[*part as usize]));
    let sql = selects.collect::<Vec<_>>().join(" UNION ALL ");
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let rows = snapshot.connection().query_all_raw(statement).await?;
    let mut read = rows.into_iter().map(|row| Read::new(row, union)).collect::<Result<Vec<_>, _>>()?;
    read.sort_by_key(|row| (row.article_id, row.position));
    Ok(read)
}

/// Being one of these, with the values that stand in it: in few forms, so that each is planned once. PostgreSQL plans anew what a
/// plan for any values seems too dear for: of one article, a list of unknown length; of many, each by itself.
fn among(backend: DbBackend, ids: BTreeSet<ArticleId>) -> (String, Vec<Value>) {
    if backend == DbBackend::Postgres && ids.len() > 1 {
        let ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
        return ("= ANY ($1)".to_owned(), vec![Value::from(ids)]);
    }
    let (room, last) = (ids.len().next_power_of_two(), ids.last().copied());
    let places: Vec<String> = (1..=room).map(|place| format!("${place}")).collect();
    let ids = ids.into_iter().chain(last.into_iter().cycle());
    (format!("IN ({})", places.join(", ")), ids.take(room).map(Value::from).collect())
}

type OfEach<T> = HashMap<ArticleId, Vec<T>>;

fn grouped<T>(read: Vec<Read>, row: impl Fn(&mut Read) -> Result<T, Failure>) -> Result<OfEach<T>, Failure> {
    let mut groups: OfEach<T> = HashMap::new();
    for mut found in read {
        groups.entry(found.article_id).or_default().push(row(&mut found)?);
    }
    Ok(groups)
}

/// The sections of several articles, in order.
pub async fn sections(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<sections::Model>, Failure> {
    let read = together.read(snapshot, Part::Sections, ids).await?;
    grouped(read, Read::take::<sections::Entity>)
}

/// The figures of several articles with their images, in order; the lead comes first.
pub async fn figures(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<(figures::Model, images::Model)>, Failure> {
    let read = together.read(snapshot, Part::Figures, ids).await?;
    let figures = grouped(read, |row| Ok((row.take::<figures::Entity>()?, row.take::<images::Entity>()?)))?;
    snapshot.reads().note_all(figures.values().flatten().map(|(figure, _)| figure.image_id));
    Ok(figures)
}

/// Whom several articles credit, in order.
pub async fn authors(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<authors::Model>, Failure> {
    let read = together.read(snapshot, Part::Authors, ids).await?;
    let authors = grouped(read, Read::take::<authors::Entity>)?;
    snapshot.reads().note_all(authors.values().flatten().map(|author| author.id));
    Ok(authors)
}

/// Which categories an editor put several articles in, in order.
pub async fn categories(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<categories::Model>, Failure> {
    let read = together.read(snapshot, Part::Categories, ids).await?;
    snapshot.reads().note(CATEGORIES);
    grouped(read, Read::take::<categories::Entity>)
}

/// Which tags several articles have, in order.
pub async fn tags(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<tags::Model>, Failure> {
    let read = together.read(snapshot, Part::Tags, ids).await?;
    let tags = grouped(read, Read::take::<tags::Entity>)?;
    snapshot.reads().note_all(tags.values().flatten().map(|tag| tag.id));
    Ok(tags)
}

/// Where several articles point to, in order. A link to an article that isn't public comes without it.
pub async fn links(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<(related_links::Model, Option<articles::Model>)>, Failure> {
    let read = together.read(snapshot, Part::Links, ids).await?;
    let links = grouped(read, |row| {
        Ok((row.take::<related_links::Entity>()?, row.take_if_any::<articles::Entity>()?))
    })?;
    snapshot.reads().note_all(links.values().flatten().filter_map(|(link, _)| link.target_article_id));
    Ok(links)
}
