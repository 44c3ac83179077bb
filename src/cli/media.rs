//! `copydesk media check | move`: looks through the store of pictures, and copies it from the folder into the bucket or back.

use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::Config;
use crate::image::check_media::{Look, check_media};
use crate::image::copy_media::{Copied, copy_media};
use crate::media_store;
use crate::start;

/// How often it is said how far it has come.
const TELL_EVERY: Duration = Duration::from_secs(5);

pub(super) fn command() -> Command {
    Command::new("media")
        .about("Check and move the store of pictures")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("check")
                .about("Look for files that are missing, belong to no image, or have other bytes than were uploaded")
                .arg(
                    Arg::new("fast")
                        .long("fast")
                        .action(ArgAction::SetTrue)
                        .help("only look whether files are there, and don't read them"),
                )
                .arg(
                    Arg::new("delete-orphans")
                        .long("delete-orphans")
                        .action(ArgAction::SetTrue)
                        .help("delete files that belong to no image and are more than an hour old; may run beside the server"),
                ),
        )
        .subcommand(
            Command::new("move")
                .about("Copy all pictures between the data directory and the bucket of the settings; interrupted, it goes on")
                .arg(
                    Arg::new("to")
                        .long("to")
                        .value_name("WHERE")
                        .required(true)
                        .value_parser(["bucket", "folder"])
                        .help("into the bucket that media_bucket names, or back into the data directory"),
                ),
        )
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    match arguments.subcommand() {
        Some(("move", arguments)) => {
            let to_bucket = arguments.get_one::<String>("to").is_some_and(|to| to == "bucket");
            copy(config, to_bucket).await
        }
        Some((_, arguments)) => {
            let look = Look {
                reads_bytes: !arguments.get_flag("fast"),
                deletes_orphans: arguments.get_flag("delete-orphans"),
            };
            check(config, look).await
        }
        None => Ok(ExitCode::FAILURE),
    }
}

async fn check(config: Config, look: Look) -> anyhow::Result<ExitCode> {
    let store = super::open_existing(config).await?;
    let said = Mutex::new(Instant::now());
    let tell = |files: u64| now_and_then(&said, || eprintln!("media: {files} files so far"));
    let checked = check_media(&store, look, &tell).await.map_err(super::words)?;
    let stay = checked.orphaned.difference(&checked.deleted).cloned().collect();
    for (what, files) in [
        ("missing", &checked.missing),
        ("corrupt", &checked.corrupt),
        ("orphaned", &stay),
        ("deleted", &checked.deleted),
    ] {
        for file in files {
            println!("{what}: {file}");
        }
    }
    println!(
        "{} files looked at; {} missing, {} corrupt, {} orphaned",
        checked.files,
        checked.missing.len(),
        checked.corrupt.len(),
        checked.orphaned.len()
    );
    if look.deletes_orphans {
        println!("{} orphaned files deleted; {} are younger than an hour", checked.deleted.len(), stay.len());
    }
    // An orphan harms nobody.
    let is_good = checked.missing.is_empty() && checked.corrupt.is_empty();
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn copy(config: Config, to_bucket: bool) -> anyhow::Result<ExitCode> {
    start::make_folders(&config)?;
    let folder = media_store::folder(&config)?;
    let bucket = config
        .media_bucket
        .as_ref()
        .context("set media_bucket to the bucket that pictures go to, or come from")?;
    let bucket = media_store::bucket(bucket)?;
    let (from, to) = if to_bucket { (folder, bucket) } else { (bucket, folder) };
    let said = Mutex::new(Instant::now());
    let tell = |copied: Copied| {
        now_and_then(&said, || {
            eprintln!("media: {} files copied so far, {} were there", copied.files, copied.there)
        });
    };
    let copied = copy_media(&*from, &*to, &tell).await?;
    println!("{} files copied ({} bytes), {} were there already", copied.files, copied.bytes, copied.there);
    Ok(ExitCode::SUCCESS)
}

fn now_and_then(said: &Mutex<Instant>, say: impl FnOnce()) {
    let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
    if said.elapsed() >= TELL_EVERY {
        *said = Instant::now();
        say();
    }
}
