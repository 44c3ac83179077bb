//! `copydesk user add | list | passwd | role | deactivate | reactivate`, with or without a server running.

use std::io::Read as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Arg, ArgAction, ArgMatches, Command};
use secrecy::SecretString;

use crate::account::User;
use crate::account::create_user::{NewUser, create_user};
use crate::account::deactivate_user::deactivate_user;
use crate::account::reactivate_user::reactivate_user;
use crate::account::set_user_password::set_user_password;
use crate::account::update_user::{UserEdit, update_user};
use crate::account::user;
use crate::config::Config;
use crate::operation::{Operation, Role, Store};
use crate::text::input;

pub(super) fn command() -> Command {
    let named = |name: &'static str, about: &'static str| {
        Command::new(name).about(about).arg(required("email", "which user: where they sign in with"))
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
                .arg(role())
                .arg(password_stdin()),
        )
        .subcommand(Command::new("list").about("List the users"))
        .subcommand(
            named("passwd", "Give a user another password; ends all their sessions").arg(password_stdin()),
        )
        .subcommand(named("role", "Give a user another role, from now on").arg(role()))
        .subcommand(named("deactivate", "Keep a user out; ends all their sessions"))
        .subcommand(named("reactivate", "Let a user in again who was kept out"))
}

fn required(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name("VALUE").required(true).help(help)
}

fn role() -> Arg {
    required("role", "what they may do").value_parser(Role::ALL.map(Role::name))
}

fn password_stdin() -> Arg {
    Arg::new("password-stdin")
        .long("password-stdin")
        .action(ArgAction::SetTrue)
        .required(true)
        .help("read the password from standard input, so that it stands in no list of processes")
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    let (command, arguments) = arguments.subcommand().context("there is no such command")?;
    let store = super::open(config).await?;
    let op = super::operator(&store);
    match command {
        "add" => {
            let (email, name, role) =
                (text(arguments, "email"), text(arguments, "name"), given_role(arguments)?);
            let new = NewUser { email, name, role, password: given_password()? };
            said("Added", &create_user(&op, new).await.map_err(super::words)?);
        }
        "list" => list(&op).await?,
        "passwd" => {
            let found = find(&store, arguments).await?;
            let user = set_user_password(&op, found.id, &given_password()?).await.map_err(super::words)?;
            said("Set the password of", &user);
        }
        "role" => {
            let found = find(&store, arguments).await?;
            let edit = UserEdit { role: Some(given_role(arguments)?), ..UserEdit::default() };
            let user = update_user(&op, found.id, found.version, edit).await.map_err(super::words)?;
            said("Changed", &user);
        }
        "deactivate" => {
            let found = find(&store, arguments).await?;
            said("Deactivated", &deactivate_user(&op, found.id).await.map_err(super::words)?);
        }
        _ => {
            let found = find(&store, arguments).await?;
            said("Reactivated", &reactivate_user(&op, found.id).await.map_err(super::words)?);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn said(what: &str, user: &User) {
    println!("{what} {} ({}, {}): {}", user.email, user.name, user.role, user.id);
}

async fn list(op: &Operation) -> anyhow::Result<()> {
    for user in user::all(op).await.map_err(super::words)? {
        let state = if user.is_active { "active" } else { "inactive" };
        println!("{}  {:<11}  {state:<8}  {}  {}", user.id, user.role, user.email, user.name);
    }
    Ok(())
}

async fn find(store: &Arc<Store>, arguments: &ArgMatches) -> anyhow::Result<User> {
    let email = input::folded_email(&text(arguments, "email"));
    let found = user::by_email(&super::operator(store), &email).await.map_err(super::words)?;
    found
        .with_context(|| format!("there is no user {email}: `copydesk user list` shows those that there are"))
}

fn text(arguments: &ArgMatches, name: &str) -> String {
    arguments.get_one::<String>(name).cloned().unwrap_or_default()
}

fn given_role(arguments: &ArgMatches) -> anyhow::Result<Role> {
    Role::from_name(&text(arguments, "role")).context("there is no such role")
}

fn given_password() -> anyhow::Result<SecretString> {
    let mut password = String::new();
    std::io::stdin()
        .read_to_string(&mut password)
        .context("the password can't be read from standard input")?;
    Ok(SecretString::from(password.trim_end_matches(['\r', '\n'])))
}
