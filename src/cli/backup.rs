//! `copydesk backup FILE`: beside a running server, or without one.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command, value_parser};

use crate::backup::back_up::back_up;
use crate::config::Config;

pub(super) fn command() -> Command {
    Command::new("backup")
        .about("Write the database and the media into a file, beside a running server or without; the keys are not in it")
        .arg(
            Arg::new("FILE")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .help("the file to make; it must not be there yet"),
        )
        .arg(
            Arg::new("keys")
                .long("keys")
                .value_name("KEYS_FILE")
                .value_parser(value_parser!(PathBuf))
                .help("write the instance's keys as well, into this file: keep it somewhere else"),
        )
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    let file = arguments.get_one::<PathBuf>("FILE").context("name the file to make")?;
    let keys = arguments.get_one::<PathBuf>("keys");
    let keys_dir = config.keys_dir.display().to_string();
    let store = super::open_existing(config).await?;
    let made = back_up(&store, file, keys.map(PathBuf::as_path)).await?;
    println!(
        "Backed up {} rows and {} media files into {} ({} bytes).",
        made.rows,
        made.files,
        file.display(),
        made.bytes
    );
    println!("head: {}:{}", made.head.sequence, made.head.hash);
    match keys {
        Some(keys) => println!(
            "The keys are in {}, and not in the backup: keep the two apart. Who has both can act as this instance.",
            keys.display()
        ),
        None => println!(
            "The keys are NOT in it, and it can't be restored without them: keep a copy of {keys_dir} somewhere else, or \
             give --keys KEYS_FILE."
        ),
    }
    tell_damaged(&made.damaged);
    Ok(ExitCode::SUCCESS)
}

/// Names the media files that are not what they were.
pub(super) fn tell_damaged(damaged: &[String]) {
    for name in damaged {
        eprintln!(
            "copydesk: {name} is damaged: its content is not what its name says; it was copied as it is"
        );
    }
}
