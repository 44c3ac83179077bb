//! `copydesk schema`: what `schema.graphql` holds.

use std::process::ExitCode;

pub(super) fn run() -> anyhow::Result<ExitCode> {
    print!("{}", crate::schema::sdl());
    Ok(ExitCode::SUCCESS)
}
