//! SQLite's statements, carried out where they are asked for, each as long as it is short: to hand one to a thread of its own and to
//! wait for it takes as long as most of them. By another library than SeaORM's, which knows no other way, on the same engine.

use std::ffi::c_int;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, OpenFlags};
use sea_orm::{Statement, Value};

use super::cells::{Cell, Width};
use super::snapshot::PLACE;

/// So many steps of SQLite's a statement may take, some three milliseconds: a page of twenty whole articles takes a tenth of them.
const STEPS: u32 = 200_000;
/// For so long it may wait for the disk, and for who else is at the processors; longer where nothing is optimised.
const PATIENCE: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_000 } else { 20 });
/// Each time after so many steps it is asked.
const CHECK: u16 = 1_000;
/// However many connections there are, each keeps so much of the file in memory, in KiB.
const LEAST_PAGES: usize = 2_000;
/// How many statements each connection keeps prepared: as many as sqlx.
const PREPARED: usize = 100;

/// Connections that only read.
pub(super) struct Here {
    path: PathBuf,
    pages_kib: usize,
    connections: Mutex<Connections>,
}

struct Connections {
    at_rest: Vec<Connection>,
    /// How many more may be opened.
    left: usize,
}

/// Rows, and the log's place at that moment.
type Read = (Vec<Vec<Cell>>, i64);

impl Here {
    /// As many connections to a file as there are threads that may ask, none of which is open yet; together they keep so much of it in
    /// memory.
    pub(super) fn new(path: &Path, pages_kib: usize) -> Self {
        let left = std::thread::available_parallelism().map_or(1, usize::from);
        let connections = Mutex::new(Connections { at_rest: Vec::new(), left });
        Self { path: path.to_owned(), pages_kib: (pages_kib / left).max(LEAST_PAGES), connections }
    }

    /// All rows of a statement that changes nothing. `None` where it takes longer, where as many are at it as there are connections, and
    /// where it fails: it is to be carried out another way, which tells why.
    pub(super) fn read(&self, statement: &Statement, width: Width<'_>) -> Option<Read> {
        let connection = self.take()?;
        let read = read(&connection, statement, width);
        self.put_back(connection);
        read.ok()?
    }

    /// Closes those at rest; no other is opened.
    pub(super) fn close(&self) {
        *self.connections() = Connections { at_rest: Vec::new(), left: 0 };
    }

    fn take(&self) -> Option<Connection> {
        let mut connections = self.connections();
        if let Some(connection) = connections.at_rest.pop() {
            return Some(connection);
        }
        connections.left = connections.left.checked_sub(1)?;
        drop(connections);
        let opened = open(&self.path, self.pages_kib).ok();
        if opened.is_none() {
            self.connections().left += 1;
        }
        opened
    }

    fn put_back(&self, connection: Connection) {
        self.connections().at_rest.push(connection);
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn open(path: &Path, pages_kib: usize) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // Who writes holds up nobody who reads, but for a moment at the file's recovery: nobody waits for it here.
    connection.busy_timeout(Duration::ZERO)?;
    connection.execute_batch(&format!("PRAGMA cache_size = -{pages_kib}"))?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    Ok(connection)
}

fn read(connection: &Connection, statement: &Statement, width: Width<'_>) -> rusqlite::Result<Option<Read>> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    let values = statement.values.as_ref().map(|values| values.0.as_slice()).unwrap_or_default();
    if !bind(&mut prepared, values)? {
        return Ok(None);
    }
    // While this stands open, what is read is of its moment.
    let mut place = connection.prepare_cached(PLACE)?;
    let mut moment = place.raw_query();
    let Some(place) = moment.next()? else { return Ok(None) };
    let place = place.get(0)?;
    let (begun, mut checks) = (Instant::now(), 0);
    let is_long = move || {
        checks += 1;
        checks >= STEPS / u32::from(CHECK) || begun.elapsed() > PATIENCE
    };
    connection.progress_handler(c_int::from(CHECK), Some(is_long))?;
    let rows = all(&mut prepared, width);
    // What is prepared next may take its time.
    connection.progress_handler(0, None::<fn() -> bool>)?;
    Ok(Some((rows?, place)))
}

fn all(prepared: &mut CachedStatement<'_>, width: Width<'_>) -> rusqlite::Result<Vec<Vec<Cell>>> {
    let columns = prepared.column_count();
    let (mut rows, mut all) = (prepared.raw_query(), Vec::new());
    while let Some(row) = rows.next()? {
        all.push(width.take(columns, |place| row.get(place))?);
    }
    Ok(all)
}

/// Whether all values could be bound.
fn bind(prepared: &mut CachedStatement<'_>, values: &[Value]) -> rusqlite::Result<bool> {
    let mut next = 0;
    for place in 1..=prepared.parameter_count() {
        // `$2` is the second value; `?` is the one after the last `?`.
        let numbered: Option<usize> =
            prepared.parameter_name(place).and_then(|name| name.get(1..)?.parse().ok());
        let number = numbered.unwrap_or_else(|| {
            next += 1;
            next
        });
        let value = number.checked_sub(1).and_then(|number| values.get(number));
        let Some(bound) = value.and_then(bound) else { return Ok(false) };
        prepared.raw_bind_parameter(place, bound)?;
    }
    Ok(true)
}

/// A value as SQLite takes it, of the kinds that columns have.
fn bound(value: &Value) -> Option<ToSqlOutput<'_>> {
    let bound = match value {
        Value::Uuid(Some(id)) => ValueRef::Blob(id.as_bytes()),
        Value::String(Some(text)) => ValueRef::Text(text.as_bytes()),
        Value::Bool(Some(flag)) => ValueRef::Integer(i64::from(*flag)),
        Value::Int(Some(number)) => ValueRef::Integer(i64::from(*number)),
        Value::BigInt(Some(number)) => ValueRef::Integer(*number),
        Value::BigUnsigned(Some(number)) => ValueRef::Integer(i64::try_from(*number).ok()?),
        _ => return None,
    };
    Some(ToSqlOutput::Borrowed(bound))
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait as _, DbBackend};
    use uuid::Uuid;

    use super::*;
    use crate::db::{Database, DatabaseAddress};

    fn asked(sql: impl Into<String>, values: Vec<Value>) -> Statement {
        Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)
    }

    #[tokio::test]
    async fn a_short_statement_is_carried_out_here_and_any_other_is_left_to_the_pool() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.sqlite");
        let database = Database::connect(&DatabaseAddress::Sqlite(path.clone()), 2).await.unwrap();
        database.migrate().await.unwrap();
        let here = Here::new(&path, 0);
        let all = |sql: &str, values| here.read(&asked(sql, values), Width::All).map(|(rows, _)| rows);
        let number = |sql: &str, values| all(sql, values)?.pop()?.pop()?.number();

        // What was written last is seen.
        for at in [0, 1] {
            let next = asked("SELECT sequence + 1 FROM log_head", Vec::new());
            assert_eq!(here.read(&next, Width::All), Some((vec![vec![Cell::Number(at + 1)]], at)));
            database.writer.execute_unprepared("UPDATE log_head SET sequence = sequence + 1").await.unwrap();
        }
        // Values go by their numbers, or in their order.
        let values = || vec![Value::from(1), Value::from(2_i64), Value::from(30_u64), Value::from(true)];
        assert_eq!(number("SELECT $3 - $1 * $2 - $1", values()), Some(27));
        assert_eq!(number("SELECT ? + ? - ? + ?", values()), Some(-26));
        let (text, id) = ("añb", Uuid::max());
        let one = vec![Cell::Text(text.to_owned()), Cell::Id(id), Cell::Nothing, Cell::Number(7)];
        let other = [1, 2, 3, 4].map(Cell::Number).to_vec();
        let two = "SELECT ?, ?, NULL, 7 UNION ALL SELECT 1, 2, 3, 4";
        assert_eq!(all(two, vec![Value::from(text), Value::from(id)]), Some(vec![one, other]));
        assert_eq!(all("SELECT 1 WHERE FALSE", Vec::new()), Some(Vec::new()));
        // Of a part, only what it has.
        let parts = "VALUES (0, 'a', 1.5), (1, 'a', 'b'), (2, 'a', 'b'), (NULL, 'a', 'b')";
        let (rows, _) = here.read(&asked(parts, Vec::new()), Width::OfPart(&[1, 2])).unwrap();
        assert_eq!(rows.iter().map(Vec::len).collect::<Vec<_>>(), [2, 3, 1, 1]);

        // What fails, what no column holds, what would change something, what takes long, and what is prepared after that.
        for sql in ["SELECT nothing", "SELECT ?", "SELECT 1.5", "SELECT x'00'", "SELECT CAST(x'ff' AS TEXT)"]
        {
            assert_eq!(all(sql, Vec::new()), None, "{sql}");
        }
        assert_eq!(all("SELECT ?", vec![Value::from(1.5)]), None);
        assert_eq!(all("SELECT ?", vec![Value::from(u64::MAX)]), None);
        assert_eq!(all("UPDATE log_head SET sequence = 9 RETURNING 1", Vec::new()), None);
        let long = |rows| {
            format!(
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows}) SELECT sum(i) FROM n"
            )
        };
        assert_eq!(number(&long(10_000_000), Vec::new()), None);
        assert_eq!(number(&long(4), Vec::new()), Some(10));
        // All that one at a time has taken.
        assert_eq!(here.connections().at_rest.len(), 1);

        // Somebody's query is told all the same, and goes on in a transaction.
        let snapshot = database.snapshot_by_places();
        let told = snapshot.cells(asked(long(2_000_000), Vec::new()), Width::All).await.unwrap();
        assert_eq!(told, [[Cell::Number(2_000_001_000_000)]]);
        assert!(!snapshot.asks_for_places());
        assert_eq!(snapshot.place().await.unwrap(), 2);

        // No more than there are; none after the end.
        let taken: Vec<Connection> = std::iter::from_fn(|| here.take()).collect();
        assert_eq!(taken.len(), std::thread::available_parallelism().unwrap().get());
        assert_eq!(number("SELECT 1", Vec::new()), None);
        drop(taken);
        here.close();
        assert_eq!(number("SELECT 1", Vec::new()), None);
        drop(snapshot);
        database.close().await.unwrap();
    }
}
