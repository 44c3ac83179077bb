//! `copydesk search reindex`: the words by which articles are found, made anew; beside a running server too.

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::article::reindex::{self, Progress};
use crate::config::Config;

/// How often it is said how far it has come.
const TELL_EVERY: Duration = Duration::from_secs(5);

pub(super) fn command() -> Command {
    Command::new("search")
        .about("Work on the search index")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("reindex")
                .about("Make the words anew by which published articles are found, where they aren't right")
                .arg(Arg::new("engine").long("engine").action(ArgAction::SetTrue).help(
                    "also make the database's own index of words anew; on SQLite writers wait meanwhile",
                )),
        )
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    let store = super::open_existing(config).await?;
    let op = super::operator(&store);
    let said = Mutex::new(Instant::now());
    let tell = |progress: Progress| {
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.elapsed() >= TELL_EVERY {
            *said = Instant::now();
            eprintln!("search: {} articles so far, {} of them made anew", progress.read, progress.written);
        }
    };
    let Progress { read, written } = reindex::reindex(&op, &tell).await.map_err(super::words)?;
    println!("{read} published articles read, the words of {written} made anew");
    let is_engine = arguments.subcommand().is_some_and(|(_, arguments)| arguments.get_flag("engine"));
    if is_engine {
        store.database.rebuild_search_index().await?;
        println!("the database's index of words made anew");
    }
    Ok(ExitCode::SUCCESS)
}
