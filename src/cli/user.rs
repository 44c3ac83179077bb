//! `copydesk user add`, with or without a server running.

use std::io::Read as _;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command};
use secrecy::SecretString;

use crate::account::user::{self, NewUser};
use crate::config::Config;
use crate::operation::Role;

pub(super) fn command() -> Command {
    let required = |name: &'static str, help: &'static str| {
        Arg::new(name).long(name).value_name("VALUE").required(true).help(help)
    };
    Command::new("user")
        .about("Manage users")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
        Command::new("add")
            .about("Add a user")
            .arg(required("email", "where they sign in with"))
            .arg(required("name", "as colleagues know them"))
            .arg(required("role", "what they may do").value_parser(Role::ALL.map(Role::name)))
            .arg(
                Arg::new("password-stdin")
                    .long("password-stdin")
                    .action(ArgAction::SetTrue)
                    .required(true)
                    .help("read the password from standard input, so that it stands in no list of processes"),
            ),
    )
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    let arguments = arguments.subcommand_matches("add").context("there is no such command")?;
    let text = |name: &str| arguments.get_one::<String>(name).cloned().unwrap_or_default();
    let role = Role::from_name(&text("role")).context("there is no such role")?;
    let mut password = String::new();
    std::io::stdin()
        .read_to_string(&mut password)
        .context("the password can't be read from standard input")?;
    let password = SecretString::from(password.trim_end_matches(['\r', '\n']));
    let store = super::open(config).await?;
    let new = NewUser { email: text("email"), name: text("name"), role, password };
    let added = user::add(&super::operator(&store), new).await.map_err(super::words)?;
    println!("Added {} ({}, {}): {}", added.email, added.name, added.role, added.id);
    Ok(ExitCode::SUCCESS)
}
