//! `copydesk verify`: exit code 0 where everything is as the log says, 1 where anything differs, 2 where that can't be found
//! out.

use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::Config;
use crate::keys::Keys;
use crate::log::check::Extent;
use crate::log::heads::{self, KeptHead};
use crate::operation::Store;
use crate::verify::{Options, Report, verify};

/// How often it is said how far it has come.
const TELL_EVERY: Duration = Duration::from_secs(5);

pub(super) fn command() -> Command {
    let flag = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
    };
    Command::new("verify")
        .about("Check the whole instance against its signed log: the chain, the tables, the files")
        .arg(flag("json", "print one JSON object instead of lines"))
        .arg(flag(
            "fast",
            "check what the public sees alone: neither the whole chain, nor the desk, users and files",
        ))
        .arg(Arg::new("since").long("since").value_name("HEAD").action(ArgAction::Append).help(
            "a head that was printed earlier (NUMBER:HASH), or a file of them: the log must still hold it",
        ))
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    // Opening would make a new instance, in which nothing differs.
    let store = super::open_existing(config).await?;
    let mut since = Vec::new();
    for given in arguments.get_many::<String>("since").into_iter().flatten() {
        since.extend(given_heads(&store.keys, given)?);
    }
    let extent = if arguments.get_flag("fast") { Extent::Public } else { Extent::Whole };
    let report = check(&store, Options { extent, since }).await?;
    if arguments.get_flag("json") {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    Ok(code(&report))
}

/// Checks the whole of an open instance, and says what was found: how restoring and moving end.
pub(super) async fn tell(store: &Store) -> anyhow::Result<ExitCode> {
    let report = check(store, Options::default()).await?;
    print(&report);
    Ok(code(&report))
}

/// Checks, and says now and then how far it has come.
async fn check(store: &Store, options: Options) -> anyhow::Result<Report> {
    let said = Mutex::new(Instant::now());
    let tell = |kind: &str, count: u64| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.elapsed() >= TELL_EVERY {
            *said = Instant::now();
            eprintln!("verify: {count} {kind} so far");
        }
    };
    verify(store, options, &tell).await.map_err(super::words)
}

fn code(report: &Report) -> ExitCode {
    if report.problem_count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// A head as it was printed, or all those of a file.
fn given_heads(keys: &Keys, given: &str) -> anyhow::Result<Vec<KeptHead>> {
    if let Some(head) = KeptHead::read(keys, given, "--since") {
        return Ok(vec![head]);
    }
    let form =
        "--since takes a head as `copydesk verify` prints it (NUMBER:HASH), or a file of heads, one a line";
    let path = Path::new(given);
    anyhow::ensure!(path.exists(), "{given:?} is neither a head nor a file: {form}");
    let (heads, unreadable) = heads::of_file(keys, path).with_context(|| format!("{given} can't be read"))?;
    if let Some(problem) = unreadable.first() {
        anyhow::bail!("{}: {}: {form}", problem.subject, problem.message);
    }
    anyhow::ensure!(!heads.is_empty(), "{given} holds no head: {form}");
    Ok(heads)
}

fn print(report: &Report) {
    for problem in &report.problems {
        println!("{problem}");
    }
    let untold = report.problem_count - report.problems.len() as u64;
    if untold > 0 {
        println!("… and {untold} more problems");
    }
    println!(
        "{} log entries and {} public articles checked; {} problems",
        report.count("entries"),
        report.count("articles"),
        report.problem_count
    );
    let others: Vec<String> = report
        .checked
        .iter()
        .filter(|(kind, _)| !["entries", "articles"].contains(kind))
        .map(|(kind, count)| format!("{count} {kind}"))
        .collect();
    println!("besides: {}", others.join(", "));
    println!("head: {}", report.head);
}
