//! The house as a test: which files may name what, and that what is generated is what is committed.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every source file below `src`, by its path from there, without its tests.
fn sources() -> Vec<(String, String)> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    let src = root().join("src");
    let mut files = Vec::new();
    walk(&src, &mut files);
    files
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let code = text.split("#[cfg(test)]").next().unwrap().to_owned();
            (path.strip_prefix(&src).unwrap().display().to_string(), code)
        })
        .collect()
}

/// Fails where a file names a word that only others may.
fn only(word: &str, allowed: &[&str], why: &str) {
    for (path, code) in sources() {
        let is_allowed =
            allowed.iter().any(|place| path == *place || path.starts_with(place) || path.ends_with(place));
        let named = code.lines().find(|line| line.contains(word) && !line.trim_start().starts_with("//"));
        assert!(
            is_allowed || named.is_none(),
            "src/{path} names {word:?} ({}): {why}",
            named.unwrap_or_default().trim()
        );
    }
}

#[test]
fn only_graphql_parts_know_graphql() {
    for (path, code) in sources() {
        let is_allowed = path.contains("graphql") || path.starts_with("schema/") || path == "server/mod.rs";
        assert!(
            is_allowed || !code.contains("async_graphql"),
            "src/{path} names async_graphql: a room's rules know no GraphQL"
        );
    }
}

#[test]
fn the_server_alone_knows_http() {
    only("axum", &["server/"], "HTTP is the server's");
}

#[test]
fn graphql_parts_know_no_sql() {
    for (path, code) in sources() {
        if path.ends_with("graphql.rs") || path.contains("/graphql/") {
            assert!(!code.contains("sea_orm"), "src/{path} names SeaORM: reads belong into read.rs");
        }
    }
}

#[test]
fn only_the_log_commits() {
    // Besides the log: migrating and recording the keys' ids come before it; a backup that is taken back brings it along.
    let allowed = ["log/append.rs", "db/mod.rs", "account/instance.rs", "backup/load.rs"];
    only(".commit()", &allowed, "a write ends in log::save");
}

#[test]
fn time_and_chance_are_injected() {
    for word in ["Utc::now", "SystemTime::now", "rand::rng", "now_v7", "new_v4"] {
        only(word, &["clock.rs"], "take it from the Operation");
    }
}

#[test]
fn html_comes_from_one_place() {
    let parse =
        ["options", "outline", "html", "addresses"].map(|subject| format!("text/markdown/{subject}.rs"));
    only("comrak", &parse.each_ref().map(String::as_str), "what is rendered there is sanitized");
    only("ammonia", &["text/markdown/sanitize.rs"], "all HTML passes it");
}

#[test]
fn public_reads_see_public_tables_alone() {
    for read in ["article/read.rs", "article/read_parts.rs"] {
        let code = sources().into_iter().find(|(path, _)| path == read).unwrap().1;
        for word in ["private::", "_records", "drafts", "revisions"] {
            assert!(!code.contains(word), "{read} names {word:?}, which is not public");
        }
    }
}

#[test]
fn rooms_do_not_reach_into_the_tables_of_others() {
    let rooms =
        ["account", "article", "author", "backup", "comment", "image", "library", "site", "taxonomy", "log"];
    for (path, code) in sources() {
        let Some(own) = rooms.iter().find(|room| path.starts_with(&format!("{room}/"))) else { continue };
        // Types of rows may be named; their tables may be asked only at home. Two places are known: what the public reads of an
        // article's parts, images and labels among them; and backups, which copy every table as it is, without a rule, so that none
        // of them has to be told of each new column.
        if path == "article/read_parts.rs" || path.starts_with("backup/") {
            continue;
        }
        for room in rooms.iter().filter(|room| *room != own) {
            let asked = code
                .lines()
                .any(|line| line.contains(&format!("{room}::entity::")) && line.contains("::Entity"));
            assert!(!asked, "src/{path} asks a table of {room}");
        }
    }
}

#[test]
fn rooms_look_down_never_up() {
    // From the top; a room may name those after it. GraphQL parts may name each other.
    let order = [
        "cli", "demo", "server", "schema", "backup", "verify", "history", "site", "comment", "article",
        "author", "taxonomy", "image", "library", "account", "graphql", "cdn", "cache", "log", "db", "text",
    ];
    for (path, code) in sources() {
        let Some(own) = order.iter().position(|room| path.starts_with(&format!("{room}/"))) else { continue };
        let is_graphql = path.contains("graphql");
        for room in &order[..own] {
            let names = code.lines().any(|line| {
                line.contains(&format!("crate::{room}::")) && !line.trim_start().starts_with("//")
            });
            assert!(!names || is_graphql, "src/{path} names {room}, which stands above it");
        }
    }
}

#[test]
fn what_is_generated_is_committed() {
    for (file, generated, command) in [
        ("schema.graphql", copydesk::schema::sdl(), "cargo run -- schema > schema.graphql"),
        ("docs/policy.md", policy_page(), "UPDATE_GENERATED=1 cargo test --test tests house"),
        ("docs/settings.md", settings_page(), "UPDATE_GENERATED=1 cargo test --test tests house"),
    ] {
        let path = root().join(file);
        if std::env::var_os("UPDATE_GENERATED").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &generated).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(committed == generated, "{file} is not what the code makes: run `{command}` and commit it");
    }
}

fn policy_page() -> String {
    format!(
        "# Who may do what\n\nPrinted from `src/account/policy.rs`; a test holds it. The public has no row: it reads what is published, sends comments and\nsigns in.\n\n{}",
        copydesk::account::policy::printed()
    )
}

fn settings_page() -> String {
    let mut page = String::from(
        "# Settings\n\nPrinted from `src/config.rs`; a test holds it. File `copydesk.toml` < environment < flags.\n\n| file | environment | flag | default | what it does |\n|---|---|---|---|---|\n",
    );
    for setting in copydesk::config::SETTINGS {
        let default =
            if setting.default.is_empty() { String::new() } else { format!("`{}`", setting.default) };
        page.push_str(&format!(
            "| `{}` | `{}` | `--{}` | {default} | {} |\n",
            setting.name,
            setting.variable(),
            setting.name.replace('_', "-"),
            setting.help
        ));
    }
    page
}

#[test]
fn the_readme_names_every_setting() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    for setting in copydesk::config::SETTINGS {
        assert!(
            readme.contains(setting.name) || readme.contains(&setting.variable()),
            "README.md does not name {}",
            setting.name
        );
    }
}

#[test]
fn everything_in_the_schema_is_described() {
    let sdl = copydesk::schema::sdl();
    let mut described = false;
    let mut in_block = false;
    for line in sdl.lines() {
        let text = line.trim();
        if text.starts_with('"') && !text.starts_with("\"\"\"") {
            described = true;
        } else if in_block {
            in_block = !text.ends_with("\"\"\"");
            described = true;
        } else if text.starts_with("\"\"\"") {
            in_block = !(text.len() > 3 && text.ends_with("\"\"\""));
            described = true;
        } else if text.is_empty()
            || text.starts_with('}')
            || text.starts_with(')')
            || text.starts_with("schema")
            || text.starts_with("directive")
            || text == "query: Query"
            || text == "mutation: Mutation"
        {
            described = false;
        } else {
            let needs = text.starts_with("type ")
                || text.starts_with("input ")
                || text.starts_with("enum ")
                || text.starts_with("interface ")
                || text.starts_with("union ")
                || text.contains(':')
                || text.chars().all(|letter| letter.is_uppercase() || letter == '_');
            assert!(described || !needs || text.starts_with("scalar"), "without a description: {text}");
            described = false;
        }
    }
}

#[test]
fn every_path_that_the_papers_name_exists() {
    for paper in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let text =
            std::fs::read_to_string(root().join(paper)).unwrap_or_else(|_| panic!("{paper} is missing"));
        for quoted in text.split('`').skip(1).step_by(2) {
            let is_path = ["src/", "tests/", "docs/", "migration/", "explorer/", "bench/", "deploy/", ".ci/"]
                .iter()
                .any(|start| quoted.starts_with(start));
            if is_path && !quoted.contains(['*', '<', '{', ' ', '…']) {
                assert!(
                    root().join(quoted.split('#').next().unwrap()).exists(),
                    "{paper} names {quoted}, which is not there"
                );
            }
        }
    }
}
