//! `copydesk keys rotate | list | seal`: the keys that sign access tokens, and the one that seals the log; with or without a
//! server running.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::account::rotate_keys::{rotate_keys, token_keys};
use crate::config::Config;

pub(super) fn command() -> Command {
    Command::new("keys")
        .about("Manage the keys that sign access tokens, and show the one that seals the log")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("rotate").about("Make another key: it signs in 10 minutes, and the old one counts until its tokens are over").arg(
                Arg::new("now")
                    .long("now")
                    .action(ArgAction::SetTrue)
                    .help("it signs at once, and no token of the old key counts any more: for a key that is in wrong hands"),
            ),
        )
        .subcommand(Command::new("list").about("List the keys, and when each counts"))
        .subcommand(Command::new("seal").about("Print the public key that the log is checked with"))
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    let (command, arguments) = arguments.subcommand().context("there is no such command")?;
    let store = super::open(config).await?;
    let op = super::operator(&store);
    if command == "seal" {
        println!("{}  {}", store.keys.seal_id(), store.keys.seal_public_key());
        return Ok(ExitCode::SUCCESS);
    }
    if command == "rotate" {
        let made = rotate_keys(&op, arguments.get_flag("now")).await.map_err(super::words)?;
        println!("Made the key {}: {}", made.key_id, made.file);
        println!(
            "It signs from {}; what was signed before is refused from {}.",
            made.signs_from, made.old_refused_from
        );
        println!(
            "Copy the file to every other node's keys directory before it signs. Running servers read it by themselves."
        );
        return Ok(ExitCode::SUCCESS);
    }
    for (term, is_here) in token_keys(&op).await.map_err(super::words)? {
        let until = term.refused_from.map_or_else(String::new, |until| format!(", refused from {until}"));
        let place = if is_here { "" } else { "  (its file is not on this node)" };
        println!("{}  signs from {}{until}{place}", term.key_id, term.signs_from);
    }
    Ok(ExitCode::SUCCESS)
}
