//! Where pictures are kept: a folder on this machine, or a bucket of S3 or of what speaks like it.

use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{ClientOptions, ObjectStore, Result, RetryConfig};

use crate::config::{Bucket, Config};

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
