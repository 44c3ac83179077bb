//! Checks the whole now and then inside the server, and tells what was found: the server's log each problem, the metrics
//! and the health page how many. A node whose instance was tampered with still answers: whether it should is for people to
//! decide.

use std::sync::{Arc, Mutex, PoisonError};

use super::{Options, verify};
use crate::clock::Timestamp;
use crate::operation::Store;

/// Problems of one run that are told to the server's log; the rest are a number.
const TOLD: usize = 100;

/// How the last run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// When.
    pub at: Timestamp,
    /// How many problems there are; none: it could not be run to its end.
    pub problems: Option<u64>,
    /// The log's last entry then: its number and hash.
    pub head: Option<String>,
}

/// The runs of a node.
pub struct Schedule {
    /// Seconds between two runs; none: it is not run.
    pub every_seconds: Option<i64>,
    last: Mutex<Option<Outcome>>,
}

impl Schedule {
    /// Runs as often as the settings say, in a task that ends with the store. The first run is at once: what was done while
    /// nobody looked is told when the server starts.
    pub fn begin(store: &Arc<Store>) -> Arc<Self> {
        let every_seconds = store.config.verify_every;
        let schedule = Arc::new(Self { every_seconds, last: Mutex::default() });
        let Some(every_seconds) = every_seconds else { return schedule };
        let (runs, clock, store) = (Arc::clone(&schedule), Arc::clone(&store.clock), Arc::downgrade(store));
        tokio::spawn(async move {
            loop {
                let Some(store) = store.upgrade() else { return };
                let outcome = run(&store).await;
                *runs.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
                drop(store);
                clock.wait_until(clock.now().plus_seconds(every_seconds)).await;
            }
        });
        schedule
    }

    /// How the last run ended; none before the first did.
    pub fn last(&self) -> Option<Outcome> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn run(store: &Store) -> Outcome {
    let report = verify(store, Options::default(), &|_, _| {}).await;
    let at = store.clock.now();
    match report {
        Ok(report) => {
            for problem in report.problems.iter().take(TOLD) {
                tracing::error!(%problem, "verify: something is not what the log says");
            }
            let (problems, head) = (report.problem_count, report.head.to_string());
            if problems == 0 {
                tracing::info!(entries = report.count("entries"), %head, "verify: everything is as the log says");
            } else {
                tracing::error!(problems, %head, "verify: run `copydesk verify` for the whole list");
            }
            Outcome { at, problems: Some(problems), head: Some(head) }
        }
        Err(failure) => {
            tracing::error!(?failure, "verify could not be run to its end");
            Outcome { at, problems: None, head: None }
        }
    }
}
