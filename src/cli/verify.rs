//! `copydesk verify`: exit code 1 where anything differs from the log.

use std::process::ExitCode;

use crate::article;
use crate::config::{Config, DatabaseAddress};

pub(super) async fn run(config: Config) -> anyhow::Result<ExitCode> {
    if let DatabaseAddress::Sqlite(path) = &config.database {
        // Opening would make a new instance, in which nothing differs.
        anyhow::ensure!(
            path.exists(),
            "there is no database at {}: set COPYDESK_DATA_DIR to the instance's folder",
            path.display()
        );
    }
    let store = super::open(config).await?;
    let report = article::verify::verify(&store).await.map_err(super::words)?;
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
