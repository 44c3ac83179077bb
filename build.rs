#![allow(clippy::disallowed_macros, clippy::print_stdout, reason = "cargo reads what a build script prints")]
//! Makes the explorer (the page at `/graphiql`) from `explorer/`, for the binary to embed.
//!
//! It leaves a folder with `index.html` and what that loads, below `OUT_DIR`, and tells the crate where, in
//! `COPYDESK_EXPLORER_DIR`, and which of two it is, in `COPYDESK_EXPLORER_KIND`:
//!
//! - `bundled`: built by npm, asks no other host;
//! - `cdn`: where npm is missing, failed, or `COPYDESK_SKIP_EXPLORER` is set: `cdn.html`, which loads pinned versions
//!   from a CDN and says so.
//!
//! It never fails the build, writes nothing outside `OUT_DIR` (the checkout may be read-only), and runs npm only when
//! the explorer's sources have changed.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs, io};

/// What npm needs to build the bundle; folders with all that they hold.
const SOURCES: &[&str] = &["package.json", "package-lock.json", "vite.config.js", "index.html", "src"];

/// The page without npm, and the modules from `src` that it loads as they stand.
const FALLBACK_PAGE: &str = "cdn.html";
const FALLBACK_ASSETS: &[&str] =
    &["cdn.js", "examples.js", "explorer.css", "explorer.js", "session.js", "storage.js"];

/// The least that can be served, where even the fallback cannot be written from the sources.
const LAST_RESORT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Copydesk explorer</title>\
    <p>This server was built without the explorer. The API itself is at <code>/graphql</code>.</p>\n";

const FINGERPRINT: &str = ".fingerprint";
const CURE: &str = "for the bundle, have npm (Node.js 20.19 or later) and its registry at hand, `touch build.rs`, build again";

fn main() {
    for source in SOURCES.iter().chain([&FALLBACK_PAGE]) {
        println!("cargo:rerun-if-changed=explorer/{source}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=COPYDESK_SKIP_EXPLORER");

    let (Some(root), Some(out)) = (env::var_os("CARGO_MANIFEST_DIR"), env::var_os("OUT_DIR")) else {
        println!("cargo:warning=the explorer was not built: cargo names no folder to build it in");
        return;
    };
    let explorer = Explorer {
        sources: Path::new(&root).join("explorer"),
        workshop: Path::new(&out).join("explorer-build"),
        result: Path::new(&out).join("explorer"),
    };

    let kind = match explorer.bundle() {
        Ok(()) => "bundled",
        Err(reason) => {
            // Whoever set the variable knows; everyone else is told what they get, and what to do about it.
            if let NotBundled::Failed(reason) = reason {
                for line in reason.lines() {
                    println!("cargo:warning={line}");
                }
                println!("cargo:warning=the page at /graphiql will load GraphiQL from a CDN instead; {CURE}");
            }
            explorer.fall_back();
            "cdn"
        }
    };
    println!("cargo:rustc-env=COPYDESK_EXPLORER_DIR={}", explorer.result.display());
    println!("cargo:rustc-env=COPYDESK_EXPLORER_KIND={kind}");
}

struct Explorer {
    /// `explorer/` in the checkout; only read.
    sources: PathBuf,
    /// Where npm works; gone afterwards.
    workshop: PathBuf,
    /// What the binary embeds.
    result: PathBuf,
}

enum NotBundled {
    Skipped,
    Failed(String),
}

impl From<io::Error> for NotBundled {
    fn from(error: io::Error) -> Self {
        Self::Failed(format!("the explorer could not be built: {error}"))
    }
}

impl Explorer {
    fn bundle(&self) -> Result<(), NotBundled> {
        if env::var_os("COPYDESK_SKIP_EXPLORER").is_some_and(|set| !set.is_empty()) {
            return Err(NotBundled::Skipped);
        }
        let files = self.files()?;
        let fingerprint = fingerprint(&files);
        if fs::read_to_string(self.result.join(FINGERPRINT)).is_ok_and(|built| built == fingerprint) {
            return Ok(());
        }
        if !npm(&self.sources, &["--version"]).is_ok_and(|npm| npm.status.success()) {
            return Err(NotBundled::Failed("npm was not found, so the explorer is not bundled".to_owned()));
        }

        clear(&self.workshop)?;
        for (name, bytes) in &files {
            write(&self.workshop.join(name), bytes)?;
        }
        let built = self.run_npm().and_then(|()| self.take_in(&fingerprint).map_err(NotBundled::from));
        // The installed packages are large and not needed again; a failure to clear them harms nobody.
        let _ = clear(&self.workshop);
        built
    }

    fn run_npm(&self) -> Result<(), NotBundled> {
        let install = [
            "ci",
            "--omit=dev",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
            // Without a network, give up within seconds rather than minutes.
            "--fetch-retries=1",
            "--fetch-timeout=60000",
        ];
        for arguments in [install.as_slice(), &["run", "build"]] {
            let output = npm(&self.workshop, arguments)?;
            if !output.status.success() {
                let mut said =
                    vec![format!("the explorer is not bundled, as `npm {}` failed:", arguments.join(" "))];
                said.extend(last_lines(&[output.stdout, output.stderr].concat(), 12));
                return Err(NotBundled::Failed(said.join("\n")));
            }
        }
        Ok(())
    }

    /// Puts the bundle in the place of the last one; the fingerprint comes last, when all the rest is there.
    fn take_in(&self, fingerprint: &str) -> io::Result<()> {
        let made = self.workshop.join("dist");
        // The crate's constants name this page, so a bundle without it would only fail later and less clearly.
        fs::metadata(made.join("index.html"))?;
        clear(&self.result)?;
        fs::rename(made, &self.result)?;
        fs::write(self.result.join(FINGERPRINT), fingerprint)
    }

    fn fall_back(&self) {
        let page = || -> io::Result<()> {
            clear(&self.result)?;
            for asset in FALLBACK_ASSETS {
                write(
                    &self.result.join("assets").join(asset),
                    &fs::read(self.sources.join("src").join(asset))?,
                )?;
            }
            write(&self.result.join("index.html"), &fs::read(self.sources.join(FALLBACK_PAGE))?)
        };
        if let Err(error) = page() {
            println!(
                "cargo:warning=the explorer's page could not be written, so /graphiql will be empty: {error}"
            );
            let _ = write(&self.result.join("index.html"), LAST_RESORT.as_bytes());
        }
    }

    /// The sources that npm needs, by their name in `explorer/`, in an order that never changes.
    fn files(&self) -> io::Result<Vec<(PathBuf, Vec<u8>)>> {
        let mut names = Vec::new();
        for source in SOURCES {
            list(&self.sources, Path::new(source), &mut names)?;
        }
        names.sort();
        names.into_iter().map(|name| fs::read(self.sources.join(&name)).map(|bytes| (name, bytes))).collect()
    }
}

fn list(base: &Path, name: &Path, names: &mut Vec<PathBuf>) -> io::Result<()> {
    if fs::metadata(base.join(name))?.is_dir() {
        for entry in fs::read_dir(base.join(name))? {
            list(base, &name.join(entry?.file_name()), names)?;
        }
    } else {
        names.push(name.to_owned());
    }
    Ok(())
}

/// A change to guard against is an edit, not an attack, so the standard library's hash is enough.
fn fingerprint(files: &[(PathBuf, Vec<u8>)]) -> String {
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

fn npm(folder: &Path, arguments: &[&str]) -> io::Result<std::process::Output> {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
        .args(arguments)
        .current_dir(folder)
        // React has a slower build for developers, and cargo's DEBUG would make Vite talk.
        .env("NODE_ENV", "production")
        .env("NO_COLOR", "1")
        .env_remove("FORCE_COLOR")
        .env_remove("DEBUG")
        .stdin(Stdio::null())
        .output()
}

fn last_lines(said: &[u8], count: usize) -> Vec<String> {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<_> = said.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].iter().map(|line| format!("  {line}")).collect()
}

/// Writes a file of our own, whatever the permissions of the one that it was read from.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(file, bytes)
}

fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
