//! The parts of published articles, all in one statement: what the articles of one page are asked for is read together, whichever
//! parts that are; and with the articles themselves, where it is known before they are found. The only place that joins the tables
//! of author, taxonomy and image: figures with their images, bylines with their authors, labels with their tags and categories.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use rustc_hash::{FxHashMap, FxHashSet};
use sea_orm::{ConnectionTrait as _, DbBackend, EntityTrait, Select, Statement, Value};
use uuid::Uuid;

use super::entity::public::{articles, figures, related_links, sections};
use crate::author::entity::authors;
use crate::db::per_parent::Found;
use crate::db::rows::{self, Columns, Row, Taken};
use crate::db::union::{Beside, FOUND, Selected, Unions};
use crate::db::{Engine, Snapshot};
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
    /// Their portraits; one may come several times.
    Portraits,
    /// In which categories an editor put it, in order.
    Categories,
    /// Its tags, in order.
    Tags,
    /// Where it points to, in order. A link to an article that isn't public comes without it.
    Links,
}

impl Part {
    const ALL: [Self; 8] = [
        Self::Sections,
        Self::Figures,
        Self::Lead,
        Self::Authors,
        Self::Portraits,
        Self::Categories,
        Self::Tags,
        Self::Links,
    ];

    /// What is read of it, as it is taken below: of which article, where it stands there, and its own; of portraits these alone.
    fn selected(self, backend: DbBackend) -> Selected {
        // Joined on SQLite: for `IN`, it would make a table for each part. `CROSS` says that articles come first.
        let of_found = |tables: &str| match backend {
            DbBackend::Sqlite => Selected::from(format!("{FOUND} AS f CROSS JOIN {tables}")),
            _ => Selected::from(tables),
        };
        let from = |tables| of_found(tables).id("p.article_id").number("p.position");
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
            Self::Portraits => {
                let portraits = match backend {
                    // As an array: joined, it might go through all images.
                    DbBackend::Postgres => of_found(
                        "images AS t WHERE t.id = ANY (ARRAY(SELECT a.portrait_image_id FROM article_authors AS p JOIN authors AS a ON a.id = p.author_id WHERE p.article_id",
                    )
                    .until("))"),
                    _ => of_found(
                        "article_authors AS p JOIN authors AS a ON a.id = p.author_id JOIN images AS t ON t.id = a.portrait_image_id WHERE p.article_id",
                    ),
                };
                portraits.all::<images::Entity>("t")
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

/// The number of the articles themselves, where they are found by the same statement.
const ARTICLES: usize = Part::ALL.len();
/// That of portraits, which are no article's.
const PORTRAITS: usize = Part::Portraits as usize;
/// The number of a guest's rows.
const OF_GUEST: usize = ARTICLES + 1;
/// Being one of those that were found, on SQLite.
const OF_FOUND: &str = "= f.id";
/// What a guest's query is called where its rows are selected.
const GUEST: &str = "guest";

/// Queries, by the names that others know them by.
pub type Queries = Arc<Vec<(&'static str, String)>>;

/// Rows of a table that this room doesn't know, which hang under articles: they are read with those.
pub trait Guest: Send + Sync {
    /// The queries that give them, by what is [`FOUND`], so many, and the names of those.
    fn queries(&self, engine: Engine, found: Found) -> Queries;

    /// All parts, united [with these rows](united_with).
    fn united(&self) -> &'static Unions;

    /// Takes the rows of the articles that were found.
    fn take(&self, rows: Vec<Row>) -> Result<(), Failure>;
}

/// All parts in one statement; each goes by its number in [`Part::ALL`].
static UNITED: LazyLock<Unions> = LazyLock::new(|| united(None));

/// The same with a guest's rows, which have all columns of its table.
pub fn united_with<E: EntityTrait>() -> Unions {
    united(Some(Selected::from("").all::<E>(GUEST)))
}

fn united(guest: Option<Selected>) -> Unions {
    Unions::new(|backend| {
        let articles = Selected::from(FOUND).all::<articles::Entity>(FOUND);
        let parts = Part::ALL.into_iter().map(|part| part.selected(backend));
        parts.chain([articles]).chain(guest.clone()).collect()
    })
}

/// A part's row.
#[derive(Debug)]
struct Read {
    article_id: ArticleId,
    position: i64,
    own: Row,
}

impl Read {
    fn new(mut row: Row) -> Result<Self, Failure> {
        let place = row.id()?.zip(row.number()?);
        let (id, position) = place.ok_or_else(|| Failure::corrupt("a part of no article, or at no place"))?;
        Ok(Self { article_id: ArticleId(id), position, own: row })
    }
}

/// What articles that are yet to be found will be asked for.
#[derive(Default)]
pub struct Expected {
    /// These parts.
    pub parts: BTreeSet<Part>,
    /// What else.
    pub guest: Option<Arc<dyn Guest>>,
}

impl Expected {
    fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.guest.is_none()
    }
}

/// What the articles of one page are asked for while they are told, so that it is read at once.
#[derive(Default)]
pub struct Together {
    expected: Mutex<Expected>,
    wanted: Mutex<BTreeMap<Part, BTreeSet<ArticleId>>>,
    read: Mutex<BTreeMap<Part, Vec<Read>>>,
    portraits: Mutex<Vec<images::Model>>,
    /// Whether the figures of all were read, the leads among them.
    has_figures: AtomicBool,
    turn: tokio::sync::Mutex<()>,
}

impl Together {
    /// Expects that articles which are yet to be found will be asked for this: it is read with them.
    pub fn expect(&self, mut expected: Expected) {
        if expected.parts.contains(&Part::Figures) {
            expected.parts.remove(&Part::Lead);
            self.has_figures.store(true, Ordering::Relaxed);
        }
        *locked(&self.expected) = expected;
    }

    /// Whether all figures of the articles are read with them: the leads need not be read by themselves.
    pub fn has_figures(&self) -> bool {
        self.has_figures.load(Ordering::Relaxed)
    }

    /// The article that a query finds, and its parts that are expected.
    pub async fn find_one(
        &self,
        snapshot: &Snapshot,
        query: &Select<articles::Entity>,
    ) -> Result<Option<articles::Model>, Failure> {
        if snapshot.engine() == Engine::Postgres {
            return Ok(self.find_at_once(snapshot, query, "= (SELECT id FROM found)").await?.pop());
        }
        // By two statements: what goes by an article that is known costs SQLite so much less.
        let expected = self.take_expected();
        let found = rows::one(snapshot, query).await?;
        if let Some(article) = found.as_ref().filter(|_| !expected.is_empty()) {
            let one = Asked::of_these(snapshot, [article.id].into());
            self.read_expected(snapshot, expected, one).await?;
        }
        Ok(found)
    }

    /// Articles that a query finds, in no order; and the parts that are expected of them, by the same statement.
    pub async fn find(
        &self,
        snapshot: &Snapshot,
        query: &Select<articles::Entity>,
    ) -> Result<Vec<articles::Model>, Failure> {
        // As an array: joined, it might go through all of a part's rows.
        self.find_at_once(snapshot, query, "= ANY (ARRAY(SELECT id FROM found))").await
    }

    /// `on_postgres` is being one of those that were found, there.
    async fn find_at_once(
        &self,
        snapshot: &Snapshot,
        query: &Select<articles::Entity>,
        on_postgres: &'static str,
    ) -> Result<Vec<articles::Model>, Failure> {
        let expected = self.take_expected();
        if expected.is_empty() {
            return rows::all(snapshot, query).await;
        }
        let Statement { sql, values, .. } = rows::statement(snapshot, query);
        let among = match snapshot.engine() {
            Engine::Sqlite => OF_FOUND,
            Engine::Postgres => on_postgres,
        };
        let values = values.map(|values| values.0).unwrap_or_default();
        let asked = Asked { found: Some(sql), is_slight: false, condition: among, values };
        self.read_expected(snapshot, expected, asked).await
    }

    fn take_expected(&self) -> Expected {
        std::mem::take(&mut *locked(&self.expected))
    }

    /// Reads what is expected of one article that is known, or of those that are found with it, and then those too.
    async fn read_expected(
        &self,
        snapshot: &Snapshot,
        Expected { parts, guest }: Expected,
        mut asked: Asked,
    ) -> Result<Vec<articles::Model>, Failure> {
        let found = if asked.is_slight { Found::One } else { Found::Many };
        let values = std::mem::take(&mut asked.values);
        let queries = guest.as_ref().map(|guest| guest.queries(snapshot.engine(), found)).unwrap_or_default();
        let beside = asked.beside().into_iter();
        let beside = beside.chain(queries.iter().map(|(name, query)| Beside::new(name, query)));
        let of_guest: Vec<String> = queries.iter().map(|(name, _)| format!("{name} AS {GUEST}")).collect();
        let selected = parts.iter().map(|part| (*part as usize, asked.condition));
        let selected = selected.chain((found == Found::Many).then_some((ARTICLES, "")));
        let selected = selected.chain(of_guest.iter().map(|from| (OF_GUEST, from.as_str())));
        let united = guest.as_ref().map_or(&*UNITED, |guest| guest.united());
        let united = united.of(snapshot.connection().get_database_backend());
        let beside = beside.collect::<Vec<_>>();
        let rows = united.read(snapshot, &beside, selected, values).await?;
        let (mut articles, mut of_guest, mut of_parts) = (Vec::new(), Vec::new(), Vec::new());
        let image = whole::<images::Entity>();
        for (part, mut row) in rows {
            match part {
                ARTICLES => articles.push(row),
                OF_GUEST => of_guest.push(row),
                PORTRAITS => locked(&self.portraits).push(image(&mut row)?),
                _ => of_parts.push((part, row)),
            }
        }
        locked(&self.read).extend(by_part(parts.iter(), of_parts)?);
        if let Some(guest) = guest {
            guest.take(of_guest)?;
        }
        articles.iter_mut().map(whole::<articles::Entity>()).collect()
    }

    /// The portraits of those whom the articles credit, where they were expected.
    pub fn portraits(&self) -> Vec<images::Model> {
        std::mem::take(&mut *locked(&self.portraits))
    }

    /// Reads a part of these articles, with what else is asked for meanwhile.
    async fn read(&self, snapshot: &Snapshot, part: Part, ids: &[ArticleId]) -> Result<Vec<Read>, Failure> {
        let mut read = self.read_of_all(snapshot, part, ids).await?;
        // Of articles of which other parts were wanted, this one may be known.
        let asked: FxHashSet<ArticleId> = ids.iter().copied().collect();
        read.retain(|row| asked.contains(&row.article_id));
        Ok(read)
    }

    async fn read_of_all(
        &self,
        snapshot: &Snapshot,
        part: Part,
        ids: &[ArticleId],
    ) -> Result<Vec<Read>, Failure> {
        let taken = || locked(&self.read).remove(&part);
        if let Some(read) = taken() {
            return Ok(read);
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
        if let Some(read) = taken() {
            return Ok(read);
        }
        // Whoever read this before it failed took it with them.
        ask();
        let wanted = std::mem::take(&mut *locked(&self.wanted));
        let read = read_all(snapshot, &wanted).await?;
        locked(&self.read).extend(read);
        Ok(taken().unwrap_or_default())
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn read_all(
    snapshot: &Snapshot,
    wanted: &BTreeMap<Part, BTreeSet<ArticleId>>,
) -> Result<BTreeMap<Part, Vec<Read>>, Failure> {
    let ids: BTreeSet<ArticleId> = wanted.values().flatten().copied().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut asked = Asked::of_these(snapshot, ids);
    let values = std::mem::take(&mut asked.values);
    let parts = wanted.keys().map(|part| (*part as usize, asked.condition));
    let united = UNITED.of(snapshot.connection().get_database_backend());
    let rows = united.read(snapshot, asked.beside().as_slice(), parts, values).await?;
    by_part(wanted.keys(), rows)
}

/// The rows of these parts, those of each article in order.
fn by_part<'a>(
    parts: impl Iterator<Item = &'a Part>,
    rows: Vec<(usize, Row)>,
) -> Result<BTreeMap<Part, Vec<Read>>, Failure> {
    let mut read: BTreeMap<Part, Vec<Read>> = parts.map(|part| (*part, Vec::new())).collect();
    for (part, row) in rows {
        if let Some(read) = Part::ALL.get(part).and_then(|part| read.get_mut(part)) {
            read.push(Read::new(row)?);
        }
    }
    for rows in read.values_mut() {
        rows.sort_by_key(|row| row.position);
    }
    Ok(read)
}

/// Of which articles parts are asked for.
struct Asked {
    /// The query that gives them, as [`FOUND`], where the condition goes by that.
    found: Option<String>,
    /// Whether that one only says them.
    is_slight: bool,
    /// Being one of them.
    condition: &'static str,
    values: Vec<Value>,
}

impl Asked {
    /// Of these: in few forms, so that each is planned once. PostgreSQL counts a list of unknown length as ten.
    fn of_these(snapshot: &Snapshot, ids: BTreeSet<ArticleId>) -> Self {
        if snapshot.engine() == Engine::Postgres {
            let ids: Vec<Uuid> = ids.into_iter().map(|id| id.0).collect();
            let (condition, value) = match *ids.as_slice() {
                [id] => ("= $1", Value::from(id)),
                _ => ("= ANY ($1)", Value::from(ids)),
            };
            return Self { found: None, is_slight: false, condition, values: vec![value] };
        }
        let (room, last) = (ids.len().next_power_of_two(), ids.last().copied());
        let found = if room == 1 {
            "SELECT $1 AS id".to_owned()
        } else {
            let places: Vec<String> = (1..=room).map(|place| format!("(${place})")).collect();
            format!("SELECT DISTINCT column1 AS id FROM (VALUES {})", places.join(", "))
        };
        let ids = ids.into_iter().chain(last.into_iter().cycle());
        let values = ids.take(room).map(Value::from).collect();
        Self { found: Some(found), is_slight: room == 1, condition: OF_FOUND, values }
    }

    fn beside(&self) -> Option<Beside<'_>> {
        let found = self.found.as_deref()?;
        Some(Beside { name: FOUND, query: found, is_slight: self.is_slight })
    }
}

type OfEach<T> = FxHashMap<ArticleId, Vec<T>>;

fn grouped<T>(read: Vec<Read>, row: impl Fn(&mut Row) -> Result<T, Failure>) -> Result<OfEach<T>, Failure> {
    let mut groups = OfEach::<T>::default();
    for mut found in read {
        groups.entry(found.article_id).or_default().push(row(&mut found.own)?);
    }
    Ok(groups)
}

/// Takes all columns of a table.
fn whole<E: Taken>() -> impl Fn(&mut Row) -> Result<E::Model, Failure> {
    let columns = Columns::<E>::all();
    move |row| Ok(row.all(&columns)?)
}

/// The sections of several articles, in order.
pub async fn sections(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<sections::Model>, Failure> {
    let read = together.read(snapshot, Part::Sections, ids).await?;
    grouped(read, whole::<sections::Entity>())
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
    let (figure, image) = (whole::<figures::Entity>(), whole::<images::Entity>());
    let figures = grouped(read, |row| Ok((figure(row)?, image(row)?)))?;
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
    let authors = grouped(read, whole::<authors::Entity>())?;
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
    grouped(read, whole::<categories::Entity>())
}

/// Which tags several articles have, in order.
pub async fn tags(
    together: &Together,
    snapshot: &Snapshot,
    ids: &[ArticleId],
) -> Result<OfEach<tags::Model>, Failure> {
    let read = together.read(snapshot, Part::Tags, ids).await?;
    let tags = grouped(read, whole::<tags::Entity>())?;
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
    let (link, target) = (whole::<related_links::Entity>(), Columns::<articles::Entity>::all());
    let links = grouped(read, |row| Ok((link(row)?, row.all_if_any(&target)?)))?;
    snapshot.reads().note_all(links.values().flatten().filter_map(|(link, _)| link.target_article_id));
    Ok(links)
}
