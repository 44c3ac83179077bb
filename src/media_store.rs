//! Where pictures are kept: a folder on this machine, or a bucket of S3 or of what speaks like it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, Result, RetryConfig};

use crate::clock::Timestamp;
use crate::config::{Bucket, Config};
use crate::error::Failure;

/// How long a bucket that doesn't answer is asked again: less than a request may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// Says how HTTPS is encrypted, for this process: no client can be made before.
pub fn choose_tls() {
    // Fails where it was said already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// The one that the settings name.
pub fn open(config: &Config) -> Result<Arc<dyn ObjectStore>> {
    match &config.media_bucket {
        Some(bucket) => self::bucket(bucket),
        None => folder(config),
    }
}

/// The folder in the data directory, whatever the settings name.
pub fn folder(config: &Config) -> Result<Arc<dyn ObjectStore>> {
    let folder = LocalFileSystem::new_with_prefix(config.data_dir.join("media"))?;
    Ok(Arc::new(folder.with_automatic_cleanup(true)))
}

/// A bucket. Who may use it, the environment says, as for other programs: `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or
/// what the machine is allowed.
pub fn bucket(bucket: &Bucket) -> Result<Arc<dyn ObjectStore>> {
    choose_tls();
    let Bucket { name, prefix, endpoint, region, is_virtual_host } = bucket;
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(name)
        .with_region(region)
        .with_retry(RetryConfig { max_retries: 3, retry_timeout: PATIENCE, ..RetryConfig::default() })
        .with_virtual_hosted_style_request(*is_virtual_host);
    if let Some(endpoint) = endpoint {
        let is_plain = endpoint.starts_with("http://");
        builder = builder
            .with_endpoint(endpoint)
            .with_client_options(ClientOptions::new().with_allow_http(is_plain));
    }
    let store = builder.build()?;
    Ok(if prefix.is_empty() { Arc::new(store) } else { Arc::new(PrefixStore::new(store, prefix.as_str())) })
}

/// A file in the folder that was being written and has not got its name yet. Where the process ended at that, it never will. A
/// bucket has none: what is sent to it is there when all of it has come.
pub struct Unfinished {
    /// Its name in the store, with what tells it apart.
    pub name: String,
    /// When it was last written.
    pub written_at: Timestamp,
    path: PathBuf,
}

impl Unfinished {
    /// Removes it; tells whether it was there.
    pub async fn remove(&self) -> Result<bool, Failure> {
        match tokio::fs::remove_file(&self.path).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error.into()),
        }
    }
}

/// Those in the folder, if the settings name it. The store itself lists none of them.
pub async fn unfinished(config: &Config) -> Result<Vec<Unfinished>, Failure> {
    if config.media_bucket.is_some() {
        return Ok(Vec::new());
    }
    let media = config.data_dir.join("media");
    let found = tokio::task::spawn_blocking(move || {
        let mut found = Vec::new();
        look_into(&media, &media, &mut found).map(|()| found)
    });
    Ok(found.await??)
}

fn look_into(media: &Path, folder: &Path, found: &mut Vec<Unfinished>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        // It may be finished by now.
        let Ok(metadata) = std::fs::symlink_metadata(&path) else { continue };
        if metadata.is_dir() {
            look_into(media, &path, found)?;
        }
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        // So object_store names what it writes, until it is whole.
        let is_unfinished = name.rsplit_once('#').is_some_and(|(_, number)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if !metadata.is_file() || !is_unfinished {
            continue;
        }
        let since = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
        found.push(Unfinished {
            name: path.strip_prefix(media).unwrap_or(&path).display().to_string(),
            written_at: Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            path,
        });
    }
    Ok(())
}
