//! Between Copydesk and PostgreSQL: encrypted where the server can, and only to the server that is meant where the address says so.

use std::path::Path;
use std::process::Output;

use crate::harness::postgres::{Tls, address_over_tls};
use crate::harness::program::{program, said, serve};

/// Brings the tables of the database at this address up to date.
fn migrate(folder: &Path, address: &str) -> Output {
    program(folder, None, &["migrate"]).env("COPYDESK_DATABASE_URL", address).output().unwrap()
}

#[tokio::test]
async fn a_server_that_takes_nothing_in_plain_is_spoken_to_by_tls() {
    let Some((address, authority)) = tokio::task::spawn_blocking(address_over_tls).await.unwrap() else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, certificate: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, certificate).unwrap();
        file.display().to_string()
    };
    let vouching = write("authority.pem", &authority);
    let unknown = write("unknown.pem", &Tls::vouched_for().authority);
    let verified = format!("{address}?sslmode=verify-full&sslrootcert={vouching}");

    said(&migrate(folder.path(), &address));
    said(&migrate(folder.path(), &verified));
    let elsewhere = verified.replace("127.0.0.1", "localhost");
    for refused in [
        format!("{address}?sslmode=disable"),
        format!("{address}?sslmode=verify-full&sslrootcert={unknown}"),
        // The certificate is not the system's, nor that of another name.
        format!("{address}?sslmode=verify-full"),
        elsewhere,
    ] {
        let output = migrate(folder.path(), &refused);
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{refused}");
        assert!(words.contains("database"), "{refused}: {words}");
    }

    std::fs::write(folder.path().join("copydesk.toml"), format!("database_url = {verified:?}\n")).unwrap();
    let (_running, server) = serve(folder.path(), None, &crate::harness::http()).await;
    let ready = crate::harness::http().get(format!("{server}/health/ready")).send().await.unwrap();
    assert_eq!(ready.status(), 200);
}
