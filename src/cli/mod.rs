//! The command line: one file a command. Only here is anything printed.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::disallowed_macros, reason = "commands print")]

mod backup;
mod config;
mod erase;
mod generate;
mod keys;
mod media;
mod migrate;
mod move_to;
mod restore;
mod schema;
mod search;
mod serve;
mod user;
mod verify;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::clock::{SystemChance, SystemClock};
use crate::config::{Config, DatabaseAddress, Given, SETTINGS};
use crate::error::{Failure, Fault};
use crate::operation::{Operation, Store, Viewer};
use crate::start;

/// Runs the command that the arguments name.
pub fn main() -> ExitCode {
    let matches = command().get_matches();
    match run(&matches) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("copydesk: {error:#}");
            // Of `verify`, 1 says that something differs.
            if matches.subcommand_name() == Some("verify") { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}

fn command() -> Command {
    let settings = SETTINGS.iter().map(|setting| {
        Arg::new(setting.name)
            .long(setting.name.replace('_', "-"))
            .value_name("VALUE")
            .help(format!(
                "{} [default: {}]",
                setting.help,
                if setting.default.is_empty() { "see there" } else { setting.default }
            ))
            .help_heading(
                "Settings (each also an environment variable COPYDESK_… and a line in copydesk.toml)",
            )
            .global(true)
            .hide_short_help(true)
    });
    Command::new("copydesk")
        .about("A GraphQL headless CMS backend for publishers")
        .version(env!("CARGO_PKG_VERSION"))
        .subcommand_required(true)
        .arg_required_else_help(true)
        .arg(
            Arg::new("config")
                .long("config")
                .env("COPYDESK_CONFIG")
                .value_name("FILE")
                .value_parser(clap::value_parser!(PathBuf))
                .help("the settings file [default: copydesk.toml, where there is one]")
                .global(true),
        )
        .args(settings)
        .subcommand(
            Command::new("serve").about("Run the server").arg(
                Arg::new("demo")
                    .long("demo")
                    .action(ArgAction::SetTrue)
                    .help("fill an empty database with demonstration content, on this machine alone"),
            ),
        )
        .subcommand(Command::new("migrate").about("Bring the database's tables up to date"))
        .subcommand(user::command())
        .subcommand(keys::command())
        .subcommand(erase::command())
        .subcommand(search::command())
        .subcommand(generate::command())
        .subcommand(media::command())
        .subcommand(Command::new("config").about("Print the settings in force, with each value's place"))
        .subcommand(Command::new("schema").about("Print the GraphQL schema"))
        .subcommand(verify::command())
        .subcommand(backup::command())
        .subcommand(restore::command())
        .subcommand(move_to::command())
}

fn run(matches: &ArgMatches) -> anyhow::Result<ExitCode> {
    let Some((name, arguments)) = matches.subcommand() else { return Ok(ExitCode::FAILURE) };
    if name == "schema" {
        return schema::run();
    }
    let flags: Given = SETTINGS
        .iter()
        .filter_map(|setting| {
            Some((setting.name.to_owned(), arguments.get_one::<String>(setting.name)?.clone()))
        })
        .collect();
    let config = Config::load(arguments.get_one::<PathBuf>("config"), flags)?;
    if name == "config" {
        return config::run(&config);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime can't be started")?;
    runtime.block_on(async {
        match name {
            "serve" => serve::run(config, arguments.get_flag("demo")).await,
            "migrate" => migrate::run(config).await,
            "user" => user::run(config, arguments).await,
            "keys" => keys::run(config, arguments).await,
            "erase" => erase::run(config, arguments).await,
            "media" => media::run(config, arguments).await,
            "generate" => generate::run(config, arguments).await,
            "search" => search::run(config, arguments).await,
            "backup" => backup::run(config, arguments).await,
            "restore" => restore::run(config, arguments).await,
            "move" => move_to::run(config, arguments).await,
            _ => verify::run(config, arguments).await,
        }
    })
}

async fn open(config: Config) -> anyhow::Result<Arc<Store>> {
    Ok(start::open(config, Arc::new(SystemClock), Arc::new(SystemChance)).await?)
}

/// The same for commands about what is there: opening would make a new instance where there is none.
async fn open_existing(config: Config) -> anyhow::Result<Arc<Store>> {
    if let DatabaseAddress::Sqlite(path) = &config.database {
        anyhow::ensure!(
            path.exists(),
            "there is no database at {}: set COPYDESK_DATA_DIR to the instance's folder",
            path.display()
        );
    }
    open(config).await
}

fn operator(store: &Arc<Store>) -> Operation {
    Operation::new(Arc::clone(store), Viewer::Operator, "command-line")
}

/// A failure in words for whoever sits at the machine: they may read its cause.
fn words(failure: Failure) -> anyhow::Error {
    match failure {
        Failure::Refused(violations) => {
            let lines: Vec<String> = violations
                .into_iter()
                .map(|violation| match violation.path.last() {
                    Some(field) => format!("{field}: {}", violation.message),
                    None => violation.message,
                })
                .collect();
            anyhow::anyhow!(lines.join(" "))
        }
        Failure::Internal(Fault::Database(error)) => {
            anyhow::Error::new(error).context("the database refused")
        }
        Failure::Internal(fault) => anyhow::Error::new(fault),
        Failure::Forbidden { message } | Failure::BadRequest { message, argument: _ } => {
            anyhow::anyhow!(message)
        }
        Failure::Unauthenticated => anyhow::anyhow!("somebody must be signed in for this"),
        Failure::RateLimited { retry_after } => {
            anyhow::anyhow!("too often: try again in {retry_after} seconds")
        }
    }
}
