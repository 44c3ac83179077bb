//! Where an instance may be made: a folder and a database with nothing in them.

use std::path::Path;
use std::sync::Arc;

use copydesk::clock::SetClock;
use copydesk::config::{Config, Given};

use super::desk::{Desk, Engine, MORNING, create_database, settings_in};

/// An empty folder, and on PostgreSQL an empty database.
pub struct Place {
    pub engine: Engine,
    settings: Given,
    folder: Arc<tempfile::TempDir>,
}

impl Place {
    /// A new one; `None` where its engine isn't there.
    pub async fn new(engine: Engine) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = settings_in(folder.path(), &[]);
        if engine == Engine::Postgres {
            settings.insert("database_url".to_owned(), create_database("place", None).await?);
        }
        Some(Self { engine, settings, folder: Arc::new(folder) })
    }

    /// The settings of an instance here.
    pub fn config(&self) -> Config {
        Config::from_sources("", &self.settings, &Given::new(), &Given::new()).unwrap()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Whether nothing was written here.
    pub fn is_untouched(&self) -> bool {
        std::fs::read_dir(self.folder()).unwrap().next().is_none()
    }

    /// Runs the instance that is here.
    pub async fn open(&self) -> Desk {
        let clock = Arc::new(SetClock::at(MORNING));
        Desk::run(self.engine, self.settings.clone(), clock, Arc::clone(&self.folder)).await
    }
}
