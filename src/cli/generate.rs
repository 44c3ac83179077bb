//! `copydesk generate`: an empty instance becomes a synthetic archive.

use std::cell::Cell;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Arg, ArgMatches, Command};

use crate::config::Config;
use crate::demo::generate::{self, Plan};

/// How often it is said how far it has come.
const TELL_EVERY: Duration = Duration::from_secs(5);

pub(super) fn command() -> Command {
    let number = |name: &'static str, default: &'static str, help: &'static str| {
        Arg::new(name)
            .long(name)
            .value_name("N")
            .default_value(default)
            .value_parser(clap::value_parser!(u64))
            .help(help)
    };
    Command::new("generate")
        .about("Fill an empty instance with a synthetic archive, to try out and to measure with")
        .arg(number("articles", "2000", "how many articles, each with pictures, links and comments"))
        .arg(number("seed", "1", "the same number gives the same texts"))
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    let number = |name: &str| arguments.get_one::<u64>(name).copied().unwrap_or_default();
    let plan = Plan { articles: number("articles"), seed: number("seed") };
    let (began, said) = (Instant::now(), Cell::new(Instant::now()));
    let tell = |articles: u64| {
        if said.get().elapsed() >= TELL_EVERY {
            said.set(Instant::now());
            eprintln!("generate: {articles} articles so far");
        }
    };
    println!("{}", generate::generate(&config, plan, &tell).await?);
    eprintln!("generate: {:.1} s", began.elapsed().as_secs_f64());
    Ok(ExitCode::SUCCESS)
}
