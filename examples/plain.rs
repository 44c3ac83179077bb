//! What the benches measure Copydesk against: a plain axum handler that answers requests with the bytes of files, one after the
//! other, on the same runtime and allocator. `plain PORT FILE…`; prints the address that it listens on, and nothing else.
#![allow(clippy::print_stdout, clippy::disallowed_macros, reason = "an example prints")]

use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::body::Bytes;
use axum::http::header;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let usage = || Error::new(ErrorKind::InvalidInput, "usage: plain PORT FILE…");
    let port: u16 = arguments.next().and_then(|port| port.parse().ok()).ok_or_else(usage)?;
    let bodies = arguments.map(|file| Ok(Bytes::from(std::fs::read(file)?)));
    let bodies: Arc<[Bytes]> = bodies.collect::<std::io::Result<_>>()?;
    if bodies.is_empty() {
        return Err(usage());
    }
    let asked = Arc::new(AtomicUsize::new(0));
    // The request's body is read, as Copydesk must, and dropped.
    let answer = move |_: Bytes| {
        let body = bodies[asked.fetch_add(1, Ordering::Relaxed) % bodies.len()].clone();
        async move { ([(header::CONTENT_TYPE, "application/octet-stream")], body) }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().fallback(answer)).await
}
