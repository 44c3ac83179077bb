//! What `bench/images.py` measures the delivery of pictures against: tower-http's handler of static files over one folder, on the
//! same runtime and allocator. `files PORT FOLDER`; prints the address that it listens on, and nothing else.
#![allow(clippy::print_stdout, clippy::disallowed_macros, reason = "an example prints")]

use std::io::{Error, ErrorKind};

use axum::Router;
use axum::serve::ListenerExt as _;
use tower_http::services::ServeDir;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(port), Some(folder), None) = (arguments.next(), arguments.next(), arguments.next()) else {
        return Err(Error::new(ErrorKind::InvalidInput, "usage: files PORT FOLDER"));
    };
    let port: u16 = port.parse().map_err(|error| Error::new(ErrorKind::InvalidInput, error))?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("http://{}", listener.local_addr()?);
    // Head and body are sent apart: without this, the one waits for the other's receipt.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    axum::serve(listener, Router::new().fallback_service(ServeDir::new(folder))).await
}
