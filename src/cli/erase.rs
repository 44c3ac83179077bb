//! `copydesk erase article | comment | reader`: for good, with or without a server running.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Arg, ArgMatches, Command};

use crate::config::Config;
use crate::id::{ArticleId, CommentId};
use crate::{article, comment};

pub(super) fn command() -> Command {
    let one =
        |name: &'static str, help: &'static str| Arg::new("what").value_name(name).required(true).help(help);
    Command::new("erase")
        .about("Erase an article, a comment, or all that a reader sent, for good")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            Command::new("article")
                .about("Erase an article with all its revisions and the comments under it")
                .arg(one("ID", "the article's id: art_…")),
        )
        .subcommand(
            Command::new("comment")
                .about("Erase a comment, with its sender's name and address")
                .arg(one("ID", "the comment's id: com_…")),
        )
        .subcommand(
            Command::new("reader")
                .about("Erase all comments that were sent from an e-mail address")
                .arg(one("EMAIL", "the reader's address")),
        )
}

pub(super) async fn run(config: Config, arguments: &ArgMatches) -> anyhow::Result<ExitCode> {
    let (command, arguments) = arguments.subcommand().context("there is no such command")?;
    let what = arguments.get_one::<String>("what").cloned().unwrap_or_default();
    let store = super::open(config).await?;
    let op = super::operator(&store);
    let told = match command {
        "article" => {
            let id: ArticleId =
                what.parse().ok().context("this is not an article's id: such an id is art_…")?;
            article::erase::erase(&op, id).await.map_err(super::words)?;
            let comments = comment::erase::erase_under(&op, id).await.map_err(super::words)?;
            format!("erased {id} with all its revisions, and {comments} comments under it")
        }
        "comment" => {
            let id: CommentId =
                what.parse().ok().context("this is not a comment's id: such an id is com_…")?;
            comment::erase::erase(&op, id).await.map_err(super::words)?;
            format!("erased {id}")
        }
        _ => {
            let comments = comment::erase::erase_reader(&op, &what).await.map_err(super::words)?;
            format!("erased {comments} comments")
        }
    };
    op.end_reading().await;
    if !store.database.forget().await? {
        println!(
            "Somebody reads an older moment: the write-ahead log still holds it. Run this again in a while."
        );
    }
    println!("{told}\nBackups made before still hold it: erase them too, or let them expire.");
    Ok(ExitCode::SUCCESS)
}
