//! A throw-away PostgreSQL cluster: one for the whole run, gone when the run ends, however it ends.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// `postgres` refuses to run as root; then it runs as nobody.
const NOBODY: u32 = 65_534;

struct Cluster {
    port: u16,
    /// Holds the pipe open whose end tells the cleaner to clean.
    _cleaner: Child,
}

/// The address of the cluster's maintenance database; `None` where PostgreSQL's programs aren't found, unless
/// `COPYDESK_TEST_REQUIRE_POSTGRES` makes that an error.
pub fn address() -> Option<String> {
    static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| match programs() {
        Some(programs) => Some(start(&programs)),
        None if std::env::var_os("COPYDESK_TEST_REQUIRE_POSTGRES").is_some() => {
            panic!("COPYDESK_TEST_REQUIRE_POSTGRES is set, and initdb and pg_ctl are not found")
        }
        None => None,
    });
    cluster.as_ref().map(|cluster| format!("postgres://desk@127.0.0.1:{}/postgres", cluster.port))
}

fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH")
        .map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .unwrap_or_default();
    let versions = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin"));
    on_path
        .into_iter()
        .chain(versions)
        .find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
}

fn start(programs: &Path) -> Cluster {
    let folder = tempfile::Builder::new().prefix("copydesk-postgres-").tempdir().unwrap().keep();
    let is_root = Command::new("id").arg("-u").output().unwrap().stdout.trim_ascii() == b"0";
    if is_root {
        std::os::unix::fs::chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let run = |program: &str, arguments: &[&str]| {
        let mut command = Command::new(programs.join(program));
        command
            .args(arguments)
            .current_dir(&folder)
            .env("LC_ALL", "C")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if is_root {
            command.uid(NOBODY).gid(NOBODY);
        }
        assert!(command.status().unwrap().success(), "{program} failed");
    };
    let data = folder.join("data");
    let data = data.to_str().unwrap();
    run("initdb", &["-D", data, "-U", "desk", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]);
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let options = format!(
        "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={} -c fsync=off -c max_connections=500",
        folder.display()
    );
    run("pg_ctl", &["-D", data, "-w", "-o", &options, "start"]);
    let script = format!(
        "cat >/dev/null; {}/pg_ctl -D {data} -m immediate stop >/dev/null 2>&1; rm -rf {}",
        programs.display(),
        folder.display()
    );
    let mut cleaner = Command::new("sh");
    cleaner
        .args(["-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0);
    if is_root {
        cleaner.uid(NOBODY).gid(NOBODY);
    }
    Cluster { port, _cleaner: cleaner.spawn().unwrap() }
}
