//! The parts of published articles, all in one statement: what the articles of one page are asked for is read together, whichever
//! parts that are. The only place that joins the tables of author, taxonomy and image: figures with their images, bylines with
//! their authors, labels with their tags and categories.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex, PoisonError};

use sea_orm::{ConnectionTrait as _, DbBackend, Value};
use uuid::Uuid;

use super::entity::public::{articles, figures, related_links, sections};
use crate::author::entity::authors;
use crate::db::Snapshot;
use crate::db::union::{Row, Selected, Union};
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
    /// The lead alone: what a list of cards asks for.
    Lead,
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
    const ALL: [Self; 7] =
        [Self::Sections, Self::Figures, Self::Lead, Self::Authors, Self::Categories, Self::Tags, Self::Links];

    /// What is read of it, as it is taken below: of which article, where it stands there, and its own.
    fn selected(self) -> Selected {
        let from = |tables| Selected::from(tables).id("p.article_id").number("p.position");
        match self {
            Self::Sections => from("sections AS p WHERE p.article_id").all::<sections::Entity>("p"),
            Self::Figures => from("figures AS p JOIN images AS t ON t.id = p.image_id WHERE p.article_id")
                .all::<figures::Entity>("p")
                .all::<images::Entity>("t"),
            Self::Lead => from(
                "figures AS p JOIN images AS t ON t.id = p.image_id WHERE p.section_id IS NULL AND p.article_id",
            )
            .all::<figures::Entity>("p")
            .all::<images::Entity>("t"),
            Self::Authors => {
                from("article_authors AS p JOIN authors AS t ON t.id = p.author_id WHERE p.article_id")
                    .all::<authors::Entity>("t")
            }
            Self::Categories => from(
                "article_categories AS p JOIN categories AS t ON t.id = p.category_id WHERE p.is_direct AND p.article_id",
            )
            .all::<categories::Entity>("t"),
            Self::Tags => from("article_tags AS p JOIN tags AS t ON t.id = p.tag_id WHERE p.article_id")
                .all::<tags::Entity>("t"),
            Self::Links => from(
                "related_links AS p LEFT JOIN articles AS t ON t.id = p.target_article_id WHERE p.article_id",
            )
            .all::<related_links::Entity>("p")
            .all::<articles::Entity>("t"),
        }
    }
}

/// All of them in one statement; each goes by its number in [`Part::ALL`].
fn union(backend: DbBackend) -> &'static Union {
    static SQLITE: LazyLock<Union> =
        LazyLock::new(|| Union::new(DbBackend::Sqlite, &Part::ALL.map(Part::selected)));
    static POSTGRES: LazyLock<Union> =
        LazyLock::new(|| Union::new(DbBackend::Postgres, &Part::ALL.map(Part::selected)));
    if backend == DbBackend::Sqlite { &SQLITE } else { &POSTGRES }
}

/// A part's row.
#[derive(Debug)]
struct Read {
    part: usize,
    article_id: ArticleId,
    position: i64,
    own: Row,
}

impl Read {
    fn new(mut row: Row) -> Result<Self, Failure> {
        let place = row.id()?.zip(row.number()?);
        let (id, position) = place.ok_or_else(|| Failure::corrupt("a part of no article, or at no place"))?;
        Ok(Self { part: row.part(), article_id: ArticleId(id), position, own: row })
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
            let part = Part::ALL.get(found.part);
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
    let parts = wanted.keys().map(|part| *part as usize);
    let rows = union(backend).read(snapshot, parts, &among, values).await?;
    let mut read = rows.into_iter().map(Read::new).collect::<Result<Vec<_>, _>>()?;
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

fn grouped<T>(read: Vec<Read>, row: impl Fn(&mut Row) -> Result<T, Failure>) -> Result<OfEach<T>, Failure> {
    let mut groups: OfEach<T> = HashMap::new();
    for mut found in read {
        groups.entry(found.article_id).or_default().push(row(&mut found.own)?);
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
    grouped(read, Row::all::<sections::Entity>)
}

/// The figures of several articles with their images, in order; the lead comes first.
pub async fn figures(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<(figures::Model, images::Model)>, Failure> {
    illustrated(together.read(snapshot, Part::Figures, ids).await?, snapshot)
}

/// The lead figures of several articles with their images.
pub async fn leads(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<(figures::Model, images::Model)>, Failure> {
    illustrated(together.read(snapshot, Part::Lead, ids).await?, snapshot)
}

fn illustrated(
    read: Vec<Read>,
    snapshot: &Snapshot,
) -> Result<OfEach<(figures::Model, images::Model)>, Failure> {
    let figures = grouped(read, |row| Ok((row.all::<figures::Entity>()?, row.all::<images::Entity>()?)))?;
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
    let authors = grouped(read, Row::all::<authors::Entity>)?;
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
    grouped(read, Row::all::<categories::Entity>)
}

/// Which tags several articles have, in order.
pub async fn tags(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<tags::Model>, Failure> {
    let read = together.read(snapshot, Part::Tags, ids).await?;
    let tags = grouped(read, Row::all::<tags::Entity>)?;
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
        Ok((row.all::<related_links::Entity>()?, row.all_if_any::<articles::Entity>()?))
    })?;
    snapshot.reads().note_all(links.values().flatten().filter_map(|(link, _)| link.target_article_id));
    Ok(links)
}
