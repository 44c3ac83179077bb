//! The parts of published articles, all in one statement: what the articles of one page are asked for is read together, whichever
//! parts that are. The only place that joins the tables of author, taxonomy and image: figures with their images, bylines with
//! their authors, labels with their tags and categories.
//!
//! Each part comes as one row of a union, with its columns as a JSON array, so that rows of different tables fit into one statement.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use sea_orm::sea_query::{ColumnType, Iden as _};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait as _, ConnectionTrait as _, DbBackend, EntityTrait,
    FromQueryResult, IntoActiveModel, Iterable as _, Statement, TryIntoModel, Value,
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
    fn source(self, backend: DbBackend) -> (&'static str, String, String) {
        let none = || "CAST(NULL AS TEXT)".to_owned();
        match self {
            Self::Sections => ("sections AS p WHERE", json::<sections::Entity>("p", backend), none()),
            Self::Figures => (
                "figures AS p JOIN images AS t ON t.id = p.image_id WHERE",
                json::<figures::Entity>("p", backend),
                json::<images::Entity>("t", backend),
            ),
            Self::Authors => (
                "article_authors AS p JOIN authors AS t ON t.id = p.author_id WHERE",
                none(),
                json::<authors::Entity>("t", backend),
            ),
            Self::Categories => (
                "article_categories AS p JOIN categories AS t ON t.id = p.category_id WHERE p.is_direct AND",
                none(),
                json::<categories::Entity>("t", backend),
            ),
            Self::Tags => (
                "article_tags AS p JOIN tags AS t ON t.id = p.tag_id WHERE",
                none(),
                json::<tags::Entity>("t", backend),
            ),
            Self::Links => (
                "related_links AS p LEFT JOIN articles AS t ON t.id = p.target_article_id WHERE",
                json::<related_links::Entity>("p", backend),
                format!(
                    "CASE WHEN t.id IS NULL THEN NULL ELSE {} END",
                    json::<articles::Entity>("t", backend)
                ),
            ),
        }
    }
}

/// A row of some table, as an array of its columns.
fn json<E: EntityTrait>(table: &str, backend: DbBackend) -> String {
    let columns = E::Column::iter().map(|column| {
        let name = format!("{table}.{}", column.unquoted());
        match (column.def().get_column_type(), backend) {
            // Bytes are no JSON.
            (ColumnType::Uuid, DbBackend::Sqlite) => format!("hex({name})"),
            _ => name,
        }
    });
    let columns: Vec<String> = columns.collect();
    match backend {
        DbBackend::Sqlite => format!("json_array({})", columns.join(", ")),
        _ => format!("CAST(json_build_array({}) AS TEXT)", columns.join(", ")),
    }
}

/// The row of that array.
fn row<E>(array: &str) -> Result<E::Model, Failure>
where
    E: EntityTrait,
    E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + TryIntoModel<E::Model>,
    E::Model: IntoActiveModel<E::ActiveModel>,
{
    let values: Vec<serde_json::Value> = serde_json::from_str(array)?;
    let mut made = E::ActiveModel::default();
    for (column, value) in E::Column::iter().zip(values) {
        made.try_set(column, of_type(column.def().get_column_type(), value)?)?;
    }
    Ok(made.try_into_model()?)
}

fn of_type(column: &ColumnType, value: serde_json::Value) -> Result<Value, Failure> {
    use serde_json::Value as Json;
    let strange = || Failure::corrupt(format!("a column of the type {column:?} holds something else"));
    Ok(match (column, value) {
        // SQLite's `hex` of nothing is empty.
        (ColumnType::Uuid, Json::String(id)) if id.is_empty() => Value::from(None::<Uuid>),
        (ColumnType::Uuid, Json::String(id)) => Value::from(Uuid::try_parse(&id).map_err(|_| strange())?),
        (ColumnType::Uuid, Json::Null) => Value::from(None::<Uuid>),
        (ColumnType::Integer, Json::Null) => Value::from(None::<i32>),
        (ColumnType::Integer, Json::Number(number)) => {
            Value::from(number.as_i64().and_then(|number| i32::try_from(number).ok()).ok_or_else(strange)?)
        }
        (ColumnType::BigInteger, Json::Number(number)) => Value::from(number.as_i64().ok_or_else(strange)?),
        (ColumnType::String(_) | ColumnType::Text, Json::Null) => Value::from(None::<String>),
        (ColumnType::String(_) | ColumnType::Text, Json::String(text)) => Value::from(text),
        _ => return Err(strange()),
    })
}

/// A part's row.
#[derive(Debug, FromQueryResult)]
struct Read {
    part: i32,
    article_id: ArticleId,
    position: i32,
    own: Option<String>,
    other: Option<String>,
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
    let (among, values) = among(backend, ids);
    let parts = wanted.keys().map(|part| {
        let (source, own, other) = part.source(backend);
        let number = *part as usize;
        format!(
            "SELECT {number} AS part, p.article_id, p.position, {own} AS own, {other} AS other FROM {source} p.article_id {among}"
        )
    });
    let sql = parts.collect::<Vec<_>>().join(" UNION ALL ");
    let statement = Statement::from_sql_and_values(backend, sql, values);
    let mut read = Read::find_by_statement(statement).all(snapshot.connection()).await?;
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

fn grouped<T>(
    read: Vec<Read>,
    row: impl Fn(Option<&str>, Option<&str>) -> Result<Option<T>, Failure>,
) -> Result<OfEach<T>, Failure> {
    let mut groups: OfEach<T> = HashMap::new();
    for found in read {
        if let Some(row) = row(found.own.as_deref(), found.other.as_deref())? {
            groups.entry(found.article_id).or_default().push(row);
        }
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
    grouped(read, |own, _| own.map(row::<sections::Entity>).transpose())
}

/// The figures of several articles with their images, in order; the lead comes first.
pub async fn figures(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<(figures::Model, images::Model)>, Failure> {
    let read = together.read(snapshot, Part::Figures, ids).await?;
    let figures = grouped(read, |own, image| match (own, image) {
        (Some(own), Some(image)) => Ok(Some((row::<figures::Entity>(own)?, row::<images::Entity>(image)?))),
        _ => Ok(None),
    })?;
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
    let authors = grouped(read, |_, author| author.map(row::<authors::Entity>).transpose())?;
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
    grouped(read, |_, category| category.map(row::<categories::Entity>).transpose())
}

/// Which tags several articles have, in order.
pub async fn tags(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<tags::Model>, Failure> {
    let read = together.read(snapshot, Part::Tags, ids).await?;
    let tags = grouped(read, |_, tag| tag.map(row::<tags::Entity>).transpose())?;
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
    let links = grouped(read, |own, target| {
        let Some(own) = own else { return Ok(None) };
        Ok(Some((row::<related_links::Entity>(own)?, target.map(row::<articles::Entity>).transpose()?)))
    })?;
    snapshot.reads().note_all(links.values().flatten().filter_map(|(link, _)| link.target_article_id));
    Ok(links)
}
