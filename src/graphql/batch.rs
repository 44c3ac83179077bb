//! Batches: the things of one page ask together. The first of them to ask for a field loads it for all, the rest take
//! their part: no timer, no second statement, whatever the depth.

use std::collections::HashMap;
use std::future::Future;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::cache::recall::KnownOf;
use crate::db::keyset::Page;
use crate::error::Failure;
use crate::operation::Operation;
use crate::reads::{self, Sources};

/// What a page has loaded of one field, by the field's arguments.
pub struct Batch<A, V> {
    loaded: Mutex<HashMap<A, Arc<OnceCell<Loaded<V>>>>>,
}

/// What was loaded, and what was read for it that is not [told](crate::cache::recall::Known::tell) of each thing by itself.
type Loaded<V> = (Arc<V>, Sources);

impl<A, V> Default for Batch<A, V> {
    fn default() -> Self {
        Self { loaded: Mutex::new(HashMap::new()) }
    }
}

impl<A: Eq + Hash, V> Batch<A, V> {
    fn cell(&self, arguments: A) -> Arc<OnceCell<Loaded<V>>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(loaded.entry(arguments).or_default())
    }

    /// What was loaded for these arguments; loads it for the first who asks. A failure is not kept.
    pub async fn get<F>(&self, arguments: A, load: impl FnOnce() -> F) -> Result<Arc<V>, Failure>
    where
        F: Future<Output = Result<V, Failure>>,
    {
        let cell = self.cell(arguments);
        let load = || async {
            // Boxed where it is begun: it is large, and would be moved from hand to hand.
            let (loaded, for_all) = reads::apart(Box::pin(load())).await;
            Ok::<_, Failure>((Arc::new(loaded?), for_all))
        };
        let (value, for_all) = match cell.get() {
            Some(loaded) => loaded,
            None => Box::pin(cell.get_or_try_init(load)).await?,
        };
        reads::note_in_part(for_all);
        Ok(Arc::clone(value))
    }
}

/// The things of one page: rows of one kind, and what has been loaded for all of them.
pub struct Cohort<M, L> {
    /// On whose behalf they were read.
    pub op: Arc<Operation>,
    /// The rows.
    pub rows: Vec<M>,
    /// One [`Batch`] a field.
    pub loads: L,
}

/// One thing of a page. Cheap to copy.
pub struct Member<M, L> {
    cohort: Arc<Cohort<M, L>>,
    index: usize,
}

impl<M, L> Clone for Member<M, L> {
    fn clone(&self) -> Self {
        Self { cohort: Arc::clone(&self.cohort), index: self.index }
    }
}

impl<M, L: Default> Member<M, L> {
    /// The things of a page, in the rows' order.
    pub fn page(op: &Arc<Operation>, rows: Vec<M>) -> Vec<Self> {
        Self::page_with(op, L::default(), rows)
    }

    /// The same; something has been loaded for them.
    pub fn page_with(op: &Arc<Operation>, loads: L, rows: Vec<M>) -> Vec<Self> {
        let cohort = Arc::new(Cohort { op: Arc::clone(op), rows, loads });
        (0..cohort.rows.len()).map(|index| Self { cohort: Arc::clone(&cohort), index }).collect()
    }

    /// The things of several lists, which load together.
    pub fn pages<T>(
        op: &Arc<Operation>,
        loads: L,
        pages: KnownOf<Uuid, Arc<Page<M>>>,
        wrap: impl Fn(Self) -> T,
    ) -> KnownOf<Uuid, Page<T>>
    where
        M: Clone,
    {
        let mut rows = Vec::new();
        // A page that nobody else keeps is taken as it is.
        let mut taken = |page: Arc<Page<M>>| {
            let Page { rows: of_page, has_next, has_previous } = Arc::unwrap_or_clone(page);
            let begin = rows.len();
            rows.extend(of_page);
            Page { rows: (begin..rows.len()).collect(), has_next, has_previous }
        };
        let pages: Vec<_> = pages.into_iter().map(|(parent, page)| (parent, page.map(&mut taken))).collect();
        let cohort = Arc::new(Cohort { op: Arc::clone(op), rows, loads });
        let member = |index| wrap(Self { cohort: Arc::clone(&cohort), index });
        pages.into_iter().map(|(parent, page)| (parent, page.map(|page| page.map(member)))).collect()
    }

    /// A thing alone on its page.
    pub fn alone(op: &Arc<Operation>, row: M) -> Self {
        Self::alone_with(op, L::default(), row)
    }

    /// The same; something has been loaded for it.
    pub fn alone_with(op: &Arc<Operation>, loads: L, row: M) -> Self {
        Self { cohort: Arc::new(Cohort { op: Arc::clone(op), rows: vec![row], loads }), index: 0 }
    }
}

impl<M, L> Member<M, L> {
    /// Its row.
    pub fn row(&self) -> &M {
        &self.cohort.rows[self.index]
    }

    /// The page that it is on.
    pub fn cohort(&self) -> &Cohort<M, L> {
        &self.cohort
    }

    /// On whose behalf it was read.
    pub fn op(&self) -> &Arc<Operation> {
        &self.cohort.op
    }
}
