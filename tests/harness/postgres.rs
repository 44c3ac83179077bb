//! A throw-away PostgreSQL cluster: one for the whole run, gone when the run ends, however it ends; and another that is spoken to by
//! TLS alone.

use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

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
    let cluster = CLUSTER.get_or_init(|| Some(start(&programs()?, None)));
    cluster.as_ref().map(address_of)
}

/// The same of a cluster that takes no connection without TLS, and the certificate of who vouches for it.
pub fn address_over_tls() -> Option<(String, String)> {
    static CLUSTER: OnceLock<Option<(Cluster, String)>> = OnceLock::new();
    let cluster = CLUSTER.get_or_init(|| {
        let programs = programs()?;
        let tls = Tls::vouched_for();
        Some((start(&programs, Some(&tls)), tls.authority))
    });
    cluster.as_ref().map(|(cluster, authority)| (address_of(cluster), authority.clone()))
}

fn address_of(cluster: &Cluster) -> String {
    format!("postgres://desk@127.0.0.1:{}/postgres", cluster.port)
}

/// What a server speaks TLS by, as PEM.
pub struct Tls {
    certificate: String,
    key: String,
    /// The certificate of who vouches for it.
    pub authority: String,
}

impl Tls {
    /// A server at 127.0.0.1, and an authority that nobody else knows.
    pub fn vouched_for() -> Self {
        let mut authority = CertificateParams::new([]).unwrap();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let (authority_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let issuer = Issuer::from_params(&authority, &authority_key);
        let server = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        Self {
            certificate: server.signed_by(&key, &issuer).unwrap().pem(),
            key: key.serialize_pem(),
            authority: authority.self_signed(&authority_key).unwrap().pem(),
        }
    }
}

/// The folder of PostgreSQL's programs.
fn programs() -> Option<PathBuf> {
    let found = find_programs();
    let is_required = std::env::var_os("COPYDESK_TEST_REQUIRE_POSTGRES").is_some();
    assert!(
        found.is_some() || !is_required,
        "COPYDESK_TEST_REQUIRE_POSTGRES is set, and initdb and pg_ctl are not found"
    );
    found
}

fn find_programs() -> Option<PathBuf> {
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

fn start(programs: &Path, tls: Option<&Tls>) -> Cluster {
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
    let mut options = format!(
        "-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={} -c fsync=off -c max_connections=500",
        folder.display()
    );
    if let Some(Tls { certificate, key, .. }) = tls {
        let write = |name: &str, text: &str| {
            let file = folder.join("data").join(name);
            std::fs::write(&file, text).unwrap();
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
            if is_root {
                std::os::unix::fs::chown(&file, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        };
        write("server.crt", certificate);
        write("server.key", key);
        write("pg_hba.conf", "local all all trust\nhostssl all all 127.0.0.1/32 trust\n");
        options.push_str(" -c ssl=on");
    }
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
