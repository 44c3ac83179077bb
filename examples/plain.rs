//! What `bench/run.py` measures Copydesk against: a plain axum handler that answers every request with the bytes of one
//! file, on the same runtime and allocator. `plain PORT FILE`; prints the address that it listens on, and nothing else.
#![allow(clippy::print_stdout, clippy::disallowed_macros, reason = "an example prints")]

use std::io::{Error, ErrorKind};

use axum::Router;
use axum::body::Bytes;
use axum::http::header;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(file), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err(Error::new(ErrorKind::InvalidInput, "usage: plain PORT FILE"));
    };
    let port: u16 = port.parse().map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
    let body = Bytes::from(std::fs::read(file)?);
    // The request's body is read, as Copydesk must, and dropped.
    let answer = move |_: Bytes| {
        let body = body.clone();
        async move { ([(header::CONTENT_TYPE, "application/octet-stream")], body) }
    };
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    axum::serve(listener, Router::new().fallback(answer)).await
}
