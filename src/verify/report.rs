//! What a check of the whole came to.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::log::check::{Extent, Findings, Problem};

/// What was found.
#[derive(Debug, Serialize)]
pub struct Report {
    /// Whether all was checked, or what the public sees alone.
    #[serde(rename = "isWhole")]
    pub is_whole: bool,
    /// The log's last entry.
    pub head: ReportedHead,
    /// How many of what were checked.
    pub checked: BTreeMap<&'static str, u64>,
    /// How many problems there are.
    #[serde(rename = "problemCount")]
    pub problem_count: u64,
    /// The first ten thousand of them.
    pub problems: Vec<Problem>,
}

/// The log's last entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReportedHead {
    /// Its number; 0 where there is none.
    pub sequence: i64,
    /// Its hash.
    pub hash: String,
}

impl std::fmt::Display for ReportedHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.sequence, self.hash)
    }
}

impl Report {
    pub(super) fn new(extent: Extent, (sequence, hash): (i64, String), findings: Findings) -> Self {
        let Findings { checked, problems, problem_count } = findings;
        let head = ReportedHead { sequence, hash };
        Self { is_whole: extent == Extent::Whole, head, checked, problem_count, problems }
    }

    /// How many of this kind were checked.
    pub fn count(&self, kind: &str) -> u64 {
        self.checked.get(kind).copied().unwrap_or_default()
    }
}
