//! `copydesk verify`: exit code 1 where anything differs from the log.

use std::process::ExitCode;

use crate::article;
use crate::config::Config;
use crate::operation::Store;

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    tell(&*super::open_existing(config).await?).await
}

/// Checks an open instance, and says what was found.
pub(super) async fn tell(store: &Store) -> anyhow::Result<ExitCode> {
    let report = article::verify::verify(store).await.map_err(super::words)?;
    for problem in &report.problems {
        println!("{problem}");
    }
    println!(
        "{} log entries and {} public articles checked; {} problems",
        report.entries,
        report.articles,
        report.problems.len()
    );
    println!("head: {} {}", report.head_sequence, report.head_hash);
    Ok(if report.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
