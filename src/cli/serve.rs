//! `copydesk serve`.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::config::Config;
use crate::demo;
use crate::server;

pub(super) async fn run(config: Config, with_demo: bool) -> anyhow::Result<ExitCode> {
    start_logging(&config);
    let listen = config.listen;
    let filled = if with_demo {
        anyhow::ensure!(
            listen.ip().is_loopback(),
            "--demo listens on this machine alone: setting listen is {listen}; give a loopback address such as 127.0.0.1:8000"
        );
        Some(demo::fill(&config).await?)
    } else {
        None
    };
    // The address is taken before anything is said of it.
    let listener = TcpListener::bind(listen).await.with_context(|| {
        format!("setting listen: the address {listen} can't be listened on; is another server running there?")
    })?;
    let store = super::open(config).await?;
    let service = server::service(Arc::clone(&store))?;
    let address = &store.config.public_url;
    println!(
        "Copydesk listens on http://{listen}\n\n  GraphiQL   {address}/graphiql\n  GraphQL    {address}/graphql\n"
    );
    if let Some(filled) = filled {
        println!("{}", filled.greeting(address));
    }
    server::serve(listener, service, shutdown_signal()).await.context("the server failed")?;
    tracing::info!("shut down: all requests were answered");
    Ok(ExitCode::SUCCESS)
}

fn start_logging(config: &Config) {
    // Which migrations there are is no news at each start.
    let filter =
        EnvFilter::try_new(format!("sea_orm_migration=warn,{}", config.log_level)).unwrap_or_default();
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Colours are for people who watch, not for files.
    let lines = if std::io::stderr().is_terminal() { lines } else { lines.with_ansi(false) };
    if config.log_json {
        lines.json().flatten_event(true).with_span_list(false).init();
    } else {
        lines.init();
    }
}

async fn shutdown_signal() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        let Ok(mut terminated) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
        else {
            let _ = interrupted.await;
            return;
        };
        tokio::select! {
            _ = interrupted => {}
            _ = terminated.recv() => {}
        }
    }
    #[cfg(not(unix))]
    let _ = interrupted.await;
}
