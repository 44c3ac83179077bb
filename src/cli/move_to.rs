//! `copydesk move --to URL`: the instance's rows into another database; exit code 1 where anything differs afterwards.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command};

use crate::backup::move_to::{check_source, move_to};
use crate::config::{Config, DatabaseAddress};

pub(super) fn command() -> Command {
    Command::new("move")
        .about("Copy the instance into another, empty database, with the same keys and media: stop the servers first")
        .arg(
            Arg::new("to")
                .long("to")
                .required(true)
                .value_name("URL")
                .help("postgres://user:password@host/database, or sqlite: and a file"),
        )
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    let to = arguments.get_one::<String>("to").and_then(|to| DatabaseAddress::parse(to));
    let target =
        to.context("--to: give `postgres://user:password@host:port/database`, or `sqlite:` and a file")?;
    let store = super::open_existing(config).await?;
    let moved = move_to(&store, target.clone()).await?;
    println!("Copied {} rows from {} to {target}.", moved.rows, store.config.database);
    let code = super::verify::tell(&moved.store).await?;
    check_source(&store, &moved.head).await?;
    if code == ExitCode::SUCCESS {
        println!("Start the servers with COPYDESK_DATABASE_URL={target}");
        println!(
            "A password is hidden here as ********. The old database is as it was; nothing uses it any more."
        );
    }
    Ok(code)
}
