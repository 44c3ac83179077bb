//! A running instance of its own for a test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use copydesk::account::create_user::{NewUser, create_user};
use copydesk::clock::{SetClock, SystemChance, Timestamp};
use copydesk::config::{Config, DatabaseAddress, Given};
use copydesk::log::Entry;
use copydesk::log::entity::changes;
use copydesk::log::follow::Follower;
use copydesk::operation::{Operation, Role, Store, Viewer};
use copydesk::start::StartError;
use copydesk::verify::Options;
use copydesk::{server, start};
use sea_orm::{ConnectOptions, ConnectionTrait as _, DatabaseConnection, Statement};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{OnceCell, oneshot};
use tokio::task::JoinHandle;

use super::actor::Actor;
use super::postgres;

/// Which database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// When every story begins.
pub const MORNING: Timestamp = Timestamp(1_795_510_800_000);

pub const PASSWORD: &str = "correct horse battery";

/// A running instance.
pub struct Desk {
    pub engine: Engine,
    pub store: Arc<Store>,
    pub address: String,
    pub clock: Arc<SetClock>,
    pub http: reqwest::Client,
    pub folder: PathBuf,
    settings: Given,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
    _held: Arc<tempfile::TempDir>,
}

struct Template {
    folder: tempfile::TempDir,
    database: Option<String>,
}

async fn template(engine: Engine) -> Option<&'static Template> {
    static SQLITE: OnceCell<Option<Template>> = OnceCell::const_new();
    static POSTGRES: OnceCell<Option<Template>> = OnceCell::const_new();
    let cell = if engine == Engine::Sqlite { &SQLITE } else { &POSTGRES };
    cell.get_or_init(|| make_template(engine)).await.as_ref()
}

async fn make_template(engine: Engine) -> Option<Template> {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Given::new();
    let database = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(create_database("template", None).await?),
    };
    settings.extend(database.clone().map(|url| ("database_url".to_owned(), url)));
    settings.insert("data_dir".to_owned(), folder.path().display().to_string());
    let config = Config::from_sources("", &settings, &Given::new(), &Given::new()).unwrap();
    let store = start::open(config, Arc::new(SetClock::at(MORNING)), Arc::new(SystemChance)).await.unwrap();
    Arc::into_inner(store).unwrap().database.close().await.unwrap();
    Some(Template { folder, database })
}

/// Makes a database in the cluster; gives its address.
pub(super) async fn create_database(kind: &str, template: Option<&str>) -> Option<String> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let maintenance = tokio::task::spawn_blocking(postgres::address).await.unwrap()?;
    let name = format!("{kind}_{}", NUMBER.fetch_add(1, Ordering::SeqCst));
    let connection = sea_orm::Database::connect(&maintenance).await.unwrap();
    let from = template
        .map(|template| format!(" TEMPLATE {}", template.rsplit('/').next().unwrap()))
        .unwrap_or_default();
    connection.execute_unprepared(&format!("CREATE DATABASE {name}{from}")).await.unwrap();
    connection.close().await.unwrap();
    Some(maintenance.replace("/postgres", &format!("/{name}")))
}

/// What is a fault of ours is printed where its test fails: an answer tells only that there was one.
fn log_faults() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_test_writer().init();
    });
}

impl Desk {
    /// A new instance; `None` where its engine isn't there.
    pub async fn open(engine: Engine) -> Option<Self> {
        Self::open_with(engine, &[]).await
    }

    /// The same with settings of its own.
    pub async fn open_with(engine: Engine, more: &[(&str, &str)]) -> Option<Self> {
        let template = template(engine).await?;
        let folder = tempfile::tempdir().unwrap();
        copy_folder(template.folder.path(), folder.path());
        let mut settings = settings_in(folder.path(), more);
        if let Some(database) = &template.database {
            settings
                .insert("database_url".to_owned(), create_database("desk", Some(database)).await.unwrap());
        }
        let clock = Arc::new(SetClock::at(MORNING));
        Some(Self::run(engine, settings, clock, Arc::new(folder)).await)
    }

    pub(super) async fn run(
        engine: Engine,
        mut settings: Given,
        clock: Arc<SetClock>,
        folder: Arc<tempfile::TempDir>,
    ) -> Self {
        log_faults();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        settings.entry("public_url".to_owned()).or_insert_with(|| address.clone());
        let config = Config::from_sources("", &settings, &Given::new(), &Given::new()).unwrap();
        let store = start::open(config, Arc::clone(&clock) as _, Arc::new(SystemChance)).await.unwrap();
        let service = server::service(Arc::clone(&store)).unwrap();
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(async move {
            let shutdown = async { drop(stopped.await) };
            server::serve(listener, service, shutdown).await.unwrap();
        });
        Self {
            engine,
            store,
            address,
            clock,
            http: super::http(),
            folder: folder.path().to_owned(),
            settings,
            stop: Some(stop),
            server: Some(server),
            _held: folder,
        }
    }

    /// Stops the server, as a deployment does, and starts it again on the same data.
    pub async fn restart(self) -> Self {
        self.restart_with(&[]).await
    }

    /// The same with other settings.
    pub async fn restart_with(mut self, more: &[(&str, &str)]) -> Self {
        self.stop();
        self.server.take().unwrap().await.unwrap();
        self.settings.remove("public_url");
        let (engine, settings, clock, held) =
            (self.engine, self.settings_with(more), Arc::clone(&self.clock), Arc::clone(&self._held));
        drop(self);
        Self::run(engine, settings, clock, held).await
    }

    /// A second node on the same database, keys and media.
    pub async fn second_node(&self) -> Self {
        self.second_node_with(&[]).await
    }

    /// The same with other settings.
    pub async fn second_node_with(&self, more: &[(&str, &str)]) -> Self {
        let settings = self.settings_with(more);
        Self::run(self.engine, settings, Arc::clone(&self.clock), Arc::clone(&self._held)).await
    }

    /// One that keeps nothing in these caches.
    pub async fn second_node_without(&self, caches: &[&str]) -> Self {
        let none: Vec<_> = caches.iter().map(|cache| (*cache, "0")).collect();
        self.second_node_with(&none).await
    }

    /// A node with the same keys and media on another database.
    pub async fn second_node_on(&self, engine: Engine, database: &DatabaseAddress) -> Self {
        let address = match database {
            DatabaseAddress::Sqlite(path) => format!("sqlite:{}", path.display()),
            DatabaseAddress::Postgres(url) => url.clone(),
        };
        let settings = self.settings_with(&[("database_url", &address)]);
        Self::run(engine, settings, Arc::clone(&self.clock), Arc::clone(&self._held)).await
    }

    /// Opens the instance as another node would; gives why it may not.
    pub async fn try_second_node(&self, more: &[(&str, &str)]) -> Result<(), StartError> {
        let settings = self.settings_with(more);
        let config = Config::from_sources("", &settings, &Given::new(), &Given::new()).unwrap();
        start::open(config, Arc::clone(&self.clock) as _, Arc::new(SystemChance)).await.map(|_| ())
    }

    fn settings_with(&self, more: &[(&str, &str)]) -> Given {
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.settings.clone().into_iter().chain(more).collect()
    }

    /// Begins to shut the server down, as a deployment does.
    pub fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
    }

    /// Anybody: a reader, a frontend.
    pub fn stranger(&self) -> Actor {
        Actor::new(self, None)
    }

    /// A signed-in user with this role.
    pub async fn user(&self, role: Role, name: &str) -> Actor {
        let email = format!("{}@desk.example", name.to_lowercase());
        let operator = Operation::new(Arc::clone(&self.store), Viewer::Operator, "test");
        let new = NewUser { email: email.clone(), name: name.to_owned(), role, password: PASSWORD.into() };
        create_user(&operator, new).await.unwrap_or_else(|failure| panic!("{failure:?}"));
        self.sign_in(&email).await
    }

    /// Signs a user in.
    pub async fn sign_in(&self, email: &str) -> Actor {
        let answer =
            self.stranger().run("SignIn", json!({ "input": { "email": email, "password": PASSWORD } })).await;
        let session = &answer.data()["signIn"]["session"];
        Actor::new(
            self,
            Some(session["accessToken"].as_str().unwrap_or_else(|| panic!("{:?}", answer.body)).to_owned()),
        )
    }

    pub async fn editor(&self) -> Actor {
        self.user(Role::Editor, "Edda").await
    }

    pub async fn author(&self) -> Actor {
        self.user(Role::Author, "Arthur").await
    }

    pub async fn contributor(&self) -> Actor {
        self.user(Role::Contributor, "Connie").await
    }

    pub async fn moderator(&self) -> Actor {
        self.user(Role::Moderator, "Mo").await
    }

    pub async fn admin(&self) -> Actor {
        self.user(Role::Admin, "Ada").await
    }

    /// A number of the server's metrics.
    pub async fn metric(&self, name: &str) -> u64 {
        let answer = self.http.get(format!("{}/metrics", self.address)).send().await.unwrap();
        let text = answer.text().await.unwrap();
        let line = text
            .lines()
            .find(|line| line.starts_with(&format!("{name} ")))
            .unwrap_or_else(|| panic!("{text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    /// Runs a statement behind Copydesk's back.
    pub async fn tamper(&self, sql: &str) {
        let transaction = self.store.database.begin().await.unwrap();
        transaction.connection().execute_unprepared(sql).await.unwrap();
        transaction.commit().await.unwrap();
    }

    /// The database from outside Copydesk: for what only somebody with their hands in it does to it.
    pub async fn database_from_outside(&self) -> DatabaseConnection {
        let mut options = ConnectOptions::new(match &self.store.config.database {
            DatabaseAddress::Sqlite(path) => format!("sqlite://{}", path.display()),
            DatabaseAddress::Postgres(url) => url.clone(),
        });
        options.max_connections(1);
        sea_orm::Database::connect(options).await.unwrap()
    }

    /// The first column of what a statement finds, as text.
    pub async fn texts(&self, sql: String) -> Vec<String> {
        let snapshot = self.store.database.snapshot().await.unwrap();
        let backend = snapshot.connection().get_database_backend();
        let rows = snapshot.connection().query_all_raw(Statement::from_string(backend, sql)).await.unwrap();
        rows.into_iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    }

    /// The names of all tables, without those that SQLite keeps below others.
    pub async fn tables(&self) -> Vec<String> {
        let sql = match self.engine {
            Engine::Sqlite => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_index_%' ORDER BY 1"
            }
            Engine::Postgres => {
                "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
            }
        };
        self.texts(sql.to_owned()).await
    }

    /// The names of a table's columns.
    pub async fn columns(&self, table: &str) -> Vec<String> {
        self.texts(match self.engine {
            Engine::Sqlite => format!("SELECT name FROM pragma_table_info('{table}')"),
            Engine::Postgres => {
                format!(
                    "SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'"
                )
            }
        })
        .await
    }

    /// Every row of every table, as text by table, without the log: equal before and after where nothing was written.
    pub async fn rows(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for table in self.tables().await {
            if ["changes", "log_head", "search_index"].contains(&table.as_str()) {
                continue;
            }
            let rows = match self.engine {
                Engine::Sqlite => {
                    let columns = self.columns(&table).await;
                    let quoted: Vec<String> =
                        columns.iter().map(|column| format!("quote({column})")).collect();
                    format!("SELECT {} FROM {table} ORDER BY 1", quoted.join(" || ',' || "))
                }
                Engine::Postgres => format!("SELECT t::text FROM {table} t ORDER BY 1"),
            };
            found.insert(table, self.texts(rows).await.join("\n"));
        }
        found
    }

    /// Every row of every table as both engines would say it, in one order: equal where two instances hold the same. What
    /// each engine makes of the rows by itself is left out.
    pub async fn contents(&self) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::new();
        for table in self.tables().await {
            if ["search_index", "seaql_migrations"].contains(&table.as_str()) {
                continue;
            }
            let mut columns = self.columns(&table).await;
            columns.retain(|column| table != "search" || !["row", "words"].contains(&column.as_str()));
            columns.sort();
            let text = |column: &String| match self.engine {
                Engine::Sqlite => format!(
                    "COALESCE(CASE typeof({column}) WHEN 'blob' THEN lower(hex({column})) ELSE CAST({column} AS TEXT) END, '-')"
                ),
                Engine::Postgres => format!(
                    "COALESCE(CASE pg_typeof({column})::text WHEN 'uuid' THEN replace({column}::text, '-', '') \
                     WHEN 'boolean' THEN CASE {column}::text WHEN 'true' THEN '1' ELSE '0' END ELSE {column}::text END, '-')"
                ),
            };
            let texts: Vec<String> =
                columns.iter().map(|column| format!("'{column}=' || {}", text(column))).collect();
            let mut rows = self.texts(format!("SELECT {} FROM {table}", texts.join(" || ' ' || "))).await;
            rows.sort();
            found.insert(table, rows);
        }
        found
    }

    /// The actions of the log's entries after this number, each with its detail.
    pub async fn log_after(&self, sequence: i64) -> Vec<String> {
        let snapshot = self.store.database.snapshot().await.unwrap();
        let entries = Follower::after(sequence)
            .next(&snapshot, 1_000)
            .await
            .unwrap_or_else(|failure| panic!("{failure:?}"));
        let told = |entry: changes::Model| {
            let whole: Entry = serde_json::from_str(&entry.entry).unwrap();
            whole.detail.map_or(entry.action.clone(), |detail| format!("{} {detail}", entry.action))
        };
        entries.into_iter().map(told).collect()
    }

    /// The log's entries, word for word.
    pub async fn log_entries(&self) -> Vec<String> {
        self.texts("SELECT entry FROM changes ORDER BY sequence".to_owned()).await
    }

    /// The number of the log's last entry.
    pub async fn log_length(&self) -> i64 {
        let snapshot = self.store.database.snapshot().await.unwrap();
        let head = <copydesk::log::entity::log_head::Entity as sea_orm::EntityTrait>::find_by_id(1)
            .one(snapshot.connection())
            .await
            .unwrap();
        head.unwrap().sequence
    }

    /// What `copydesk verify` finds.
    pub async fn verify(&self) -> Vec<String> {
        self.verify_with(Options::default()).await
    }

    /// What `copydesk verify` finds with these options.
    pub async fn verify_with(&self, options: Options) -> Vec<String> {
        let report = copydesk::verify::verify(&self.store, options, &|_, _| {})
            .await
            .unwrap_or_else(|failure| panic!("{failure:?}"));
        assert_eq!(report.problem_count, report.problems.len() as u64);
        report.problems.iter().map(ToString::to_string).collect()
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The settings of a story's instance in that folder, and more.
pub(super) fn settings_in(folder: &std::path::Path, more: &[(&str, &str)]) -> Given {
    let mut settings: Given =
        more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    settings.insert("data_dir".to_owned(), folder.display().to_string());
    settings.insert("site_url".to_owned(), "https://www.example.org".to_owned());
    settings.entry("database_connections".to_owned()).or_insert_with(|| "6".to_owned());
    // All readers of a story come from one machine; how many are too many is for the tests of limits to ask.
    for limit in ["comment_limit", "comment_network_limit", "sign_in_network_limit"] {
        settings.entry(limit.to_owned()).or_insert_with(|| "10000".to_owned());
    }
    settings
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
