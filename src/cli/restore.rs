//! `copydesk restore FILE`: into an empty instance; exit code 1 where anything differs from the log afterwards.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::backup::restore::restore;
use crate::clock::{SystemChance, SystemClock};
use crate::config::Config;

pub(super) fn command() -> Command {
    Command::new("restore")
        .about("Read a backup into an empty instance, on SQLite or PostgreSQL, whichever it was made on; then verify")
        .arg(
            Arg::new("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("what `copydesk backup` made"),
        )
        .arg(
            Arg::new("keys")
                .long("keys")
                .value_name("KEYS_FILE")
                .value_parser(value_parser!(PathBuf))
                .help("what `copydesk backup --keys` made; not needed where the keys directory has the keys"),
        )
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    let file = arguments.get_one::<PathBuf>("FILE").context("name the backup")?;
    let keys = arguments.get_one::<PathBuf>("keys").map(PathBuf::as_path);
    let restored = restore(config, Arc::new(SystemClock), Arc::new(SystemChance), file, keys).await?;
    println!(
        "Restored {} rows and {} media files from {}, made at {} by Copydesk {}.",
        restored.rows,
        restored.files,
        file.display(),
        restored.made_at,
        restored.made_by
    );
    super::backup::tell_damaged(&restored.damaged);
    super::verify::tell(&restored.store).await
}
