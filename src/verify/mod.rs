//! `copydesk verify`: the whole instance against its log. Every room compares what is its own; here stands in which order,
//! who counts what for whom, and what comes of it.
//!
//! All reads of the database are of one moment. On SQLite the write-ahead log can't be taken into the database's file
//! meanwhile and grows with what is written; on PostgreSQL, rows that are replaced meanwhile are kept for as long. A batch
//! of things is read at once, so an instance of any size takes the same memory.

mod report;
mod schedule;

use std::collections::HashMap;

use uuid::Uuid;

pub use report::{Report, ReportedHead};
pub use schedule::{Outcome, Schedule};

use crate::db::Snapshot;
use crate::db::ids::IdColumn;
use crate::error::Failure;
use crate::log::check::{Check, Extent, Problem, Tell};
use crate::log::heads::{self, KeptHead};
use crate::log::walk::{Thing, Things};
use crate::operation::Store;
use crate::{account, article, author, comment, image, library, log, site, taxonomy};

/// What is to be checked.
#[derive(Debug, Default)]
pub struct Options {
    /// How much.
    pub extent: Extent,
    /// Heads that somebody kept elsewhere, besides those that the instance keeps itself.
    pub since: Vec<KeptHead>,
}

/// Checks an instance. `tell` hears how many of what have been checked so far.
pub async fn verify(store: &Store, options: Options, tell: Tell<'_>) -> Result<Report, Failure> {
    let Options { extent, since } = options;
    // Before the snapshot: a head that is kept meanwhile is of an entry that it does not hold.
    let (mut kept, unreadable) = heads::kept(store).await?;
    kept.extend(since);
    let snapshot = store.database.snapshot().await?;
    let mut check = Check::new(store, &snapshot, extent, tell);
    let head = match extent {
        Extent::Whole => log::verify::chain(&mut check).await?,
        Extent::Public => log::read::last(&snapshot).await?,
    };
    for problem in unreadable {
        check.found(problem);
    }
    heads::compare(&mut check, kept).await?;
    if extent == Extent::Whole {
        let done = users(&mut check).await;
        told(&mut check, "users", done).await?;
        let done = account::verify::compare_keys(&mut check).await;
        told(&mut check, "keys", done).await?;
    }
    let done = articles(&mut check).await;
    told(&mut check, "articles", done).await?;
    let done = comments(&mut check).await;
    told(&mut check, "comments", done).await?;
    let done = labels(&mut check).await;
    told(&mut check, "labels", done).await?;
    let done = authors(&mut check).await;
    told(&mut check, "authors", done).await?;
    let done = library::verify::compare_rest(&mut check).await;
    told(&mut check, "library", done).await?;
    let done = images(&mut check).await;
    told(&mut check, "images", done).await?;
    let done = redirects(&mut check).await;
    told(&mut check, "redirects", done).await?;
    Ok(Report::new(extent, head, check.end()))
}

/// A row that can't be read, such as one with a value of another type, is a problem like others: what else there is to tell is
/// told. Fails where the database itself does not answer.
async fn told(check: &mut Check<'_>, what: &'static str, done: Result<(), Failure>) -> Result<(), Failure> {
    match done {
        Err(Failure::Internal(fault)) if check.store.database.ping().await.is_ok() => {
            let message = format!("can't be read, so not all of them were compared: {fault}");
            check.found(Problem::new(what, "rows", message));
            Ok(())
        }
        done => done,
    }
}

fn ids(things: &[Thing]) -> Vec<Uuid> {
    let mut ids: Vec<Uuid> = things.iter().map(|thing| thing.id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The next things of a walk: their ids, each once.
async fn next(walk: &mut Things, check: &Check<'_>) -> Result<Vec<Uuid>, Failure> {
    Ok(ids(&walk.next(check).await?))
}

async fn users(check: &mut Check<'_>) -> Result<(), Failure> {
    let mut walk = account::verify::all();
    loop {
        let ids = next(&mut walk, check).await?;
        if ids.is_empty() {
            return Ok(());
        }
        account::verify::compare(check, &ids).await?;
    }
}

async fn articles(check: &mut Check<'_>) -> Result<(), Failure> {
    let labels = article::verify::Labels {
        tree: taxonomy::read::tree(check.snapshot.connection()).await?,
        replaced: library::replacements::all(check.snapshot.connection()).await?,
    };
    let comments = comment::verify::under_articles();
    let mut walk = article::verify::all(check.extent, comments.clone());
    loop {
        let things = walk.next(check).await?;
        if things.is_empty() {
            return article::verify::compare_archive(check).await;
        }
        let counts = comments.counts(check.snapshot, &ids(&things)).await?;
        article::verify::compare(check, &things, &labels, &counts).await?;
    }
}

async fn comments(check: &mut Check<'_>) -> Result<(), Failure> {
    let mut walk = comment::verify::all(check.extent);
    loop {
        let ids = next(&mut walk, check).await?;
        if ids.is_empty() {
            return Ok(());
        }
        comment::verify::compare(check, &ids).await?;
    }
}

async fn labels(check: &mut Check<'_>) -> Result<(), Failure> {
    let (of_tags, of_categories) = (article::verify::tags(), article::verify::categories());
    let mut walk = taxonomy::verify::all_tags(check.extent, of_tags.clone());
    loop {
        let ids = next(&mut walk, check).await?;
        if ids.is_empty() {
            break;
        }
        let articles = of_tags.counts(check.snapshot, &ids).await?;
        taxonomy::verify::compare_tags(check, &ids, &articles).await?;
    }
    let mut walk = taxonomy::verify::all_categories(check.extent, of_categories.clone());
    loop {
        let ids = next(&mut walk, check).await?;
        if ids.is_empty() {
            return Ok(());
        }
        let articles = of_categories.counts(check.snapshot, &ids).await?;
        taxonomy::verify::compare_categories(check, &ids, &articles).await?;
    }
}

async fn authors(check: &mut Check<'_>) -> Result<(), Failure> {
    let credits = article::verify::credits();
    let mut walk = author::verify::all(check.extent, credits.clone());
    loop {
        let ids = next(&mut walk, check).await?;
        if ids.is_empty() {
            return Ok(());
        }
        let counts = credits.counts(check.snapshot, &ids).await?;
        author::verify::compare(check, &ids, &counts).await?;
    }
}

async fn images(check: &mut Check<'_>) -> Result<(), Failure> {
    let places = [article::verify::images(), author::verify::portraits()];
    let mut walk = image::verify::all(check.extent, places.clone());
    loop {
        let ids = next(&mut walk, check).await?;
        if ids.is_empty() {
            return Ok(());
        }
        let shown = counted(check.snapshot, &places, &ids).await?;
        image::verify::compare(check, &ids, &shown).await?;
    }
}

async fn redirects(check: &mut Check<'_>) -> Result<(), Failure> {
    let mut walk = site::verify::all(check.extent);
    loop {
        let ids = next(&mut walk, check).await?;
        if ids.is_empty() {
            return Ok(());
        }
        site::verify::compare(check, &ids).await?;
    }
}

/// How often each stands in several places together.
async fn counted(
    snapshot: &Snapshot,
    places: &[IdColumn],
    ids: &[Uuid],
) -> Result<HashMap<Uuid, i64>, Failure> {
    let mut all = HashMap::new();
    for place in places {
        for (id, count) in place.counts(snapshot, ids).await? {
            *all.entry(id).or_default() += count;
        }
    }
    Ok(all)
}
