//! Every setting, in one struct: file `copydesk.toml` < environment `COPYDESK_…` < flags; checked whole at the start.

mod caching;
mod site;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

pub use caching::{Caching, Cdn, CdnKind};
pub use site::Site;

/// What may be set, and what it does: the one list that the reader, `copydesk config` and the README's table share.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "listen",
        default: "127.0.0.1:8000",
        help: "address and port that the server listens on",
    },
    Setting {
        name: "data_dir",
        default: "./copydesk-data",
        help: "folder of the embedded database and the media",
    },
    Setting {
        name: "media_bucket",
        default: "",
        help: "bucket of S3, or of what speaks like it, that pictures are kept in, and after a slash a folder in it; empty: the data directory",
    },
    Setting {
        name: "media_endpoint",
        default: "",
        help: "address of the bucket's server; empty: Amazon's for the region",
    },
    Setting { name: "media_region", default: "us-east-1", help: "region of the bucket" },
    Setting {
        name: "media_virtual_host",
        default: "false",
        help: "whether the bucket's name stands in the host of its address rather than in the path: `true` or `false`",
    },
    Setting {
        name: "database_url",
        default: "",
        help: "`postgres://user:password@host/database`, with `?sslmode=verify-full` where it is another machine's, or `sqlite:` and a file; empty: SQLite in the data directory",
    },
    Setting {
        name: "keys_dir",
        default: "",
        help: "folder of the instance's secret keys; empty: `keys` in the data directory",
    },
    Setting {
        name: "public_url",
        default: "",
        help: "address under which clients reach this server; empty: `http://` and the listen address",
    },
    Setting {
        name: "site_url",
        default: "http://localhost:3000",
        help: "address of the site that shows the articles",
    },
    Setting {
        name: "article_path",
        default: "/{slug}",
        help: "path of an article on the site; holds `{slug}`, and may hold `{year}` and `{month}` of its first publication",
    },
    Setting {
        name: "author_path",
        default: "/authors/{slug}",
        help: "path of an author on the site; holds `{slug}`",
    },
    Setting { name: "tag_path", default: "/tags/{slug}", help: "path of a tag on the site; holds `{slug}`" },
    Setting {
        name: "category_path",
        default: "/categories/{slug}",
        help: "path of a category on the site; holds `{slug}`, or `{path}`: the slugs of those above it and its own",
    },
    Setting { name: "site_name", default: "Copydesk", help: "the publication's name, for structured data" },
    Setting {
        name: "site_description",
        default: "",
        help: "what the publication is about, in a sentence or two; empty: nothing is said",
    },
    Setting {
        name: "site_logo",
        default: "",
        help: "address of the publication's logo, for structured data; empty: none",
    },
    Setting {
        name: "site_languages",
        default: "en",
        help: "languages of the site (tags of BCP 47), separated by commas; the first is the default",
    },
    Setting {
        name: "introspection",
        default: "true",
        help: "whether the schema may be asked for: `true` or `false`",
    },
    Setting {
        name: "cors_origins",
        default: "*",
        help: "origins that may call the API from a browser, separated by commas; `*`: any; empty: none",
    },
    Setting { name: "max_body_bytes", default: "5000000", help: "largest request body, uploads apart" },
    Setting { name: "max_image_bytes", default: "30000000", help: "largest picture file" },
    Setting {
        name: "max_image_pixels",
        default: "100000000",
        help: "most pixels in a picture, in all frames of a moving one together",
    },
    Setting { name: "max_image_frames", default: "500", help: "most frames in a moving picture" },
    Setting {
        name: "image_widths",
        default: "160, 240, 320, 480, 640, 800, 960, 1280, 1600, 2000, 2560, 3840",
        help: "widths and heights that pictures may be had in, separated by commas, ascending",
    },
    Setting { name: "image_jpeg_quality", default: "82", help: "quality of pictures made as JPEG, 1 to 100" },
    Setting { name: "image_webp_quality", default: "80", help: "quality of pictures made as WebP, 1 to 100" },
    Setting {
        name: "image_avif_quality",
        default: "65",
        help: "quality of pictures made as AVIF, 1 to 100; a scale of its own",
    },
    Setting {
        name: "image_auto_avif",
        default: "false",
        help: "whether browsers that show AVIF get it where no format is asked for: `true` or `false`; it takes several times as long to make as WebP",
    },
    Setting {
        name: "image_workers",
        default: "2",
        help: "pictures that are decoded at once, each in up to ten bytes of memory for each of `max_image_pixels`; making an AVIF takes up to 625 MB more",
    },
    Setting {
        name: "image_variants",
        default: "request",
        help: "when the sizes of a picture are made: at the first `request` for each, or, in all of `image_widths`, in the background after each `publication` of an article that shows it, and where a public picture gets another file",
    },
    Setting { name: "max_depth", default: "15", help: "deepest selection in a query" },
    Setting {
        name: "max_cost",
        default: "10000",
        help: "highest cost of a query: objects that it may ask for",
    },
    Setting {
        name: "sign_in_limit",
        default: "10",
        help: "sign-ins of one account from one network in 15 minutes, on each node",
    },
    Setting {
        name: "sign_in_network_limit",
        default: "100",
        help: "sign-ins from one network (an IPv4 address, an IPv6 /64) in 15 minutes, on each node",
    },
    Setting {
        name: "password_hashes",
        default: "2",
        help: "passwords that are hashed at once, each in 19 MiB of memory",
    },
    Setting {
        name: "comment_limit",
        default: "5",
        help: "comments from one network under one article in 10 minutes, on each node",
    },
    Setting {
        name: "comment_network_limit",
        default: "20",
        help: "comments from one network in 10 minutes, on each node",
    },
    Setting {
        name: "comments_open",
        default: "open",
        help: "whether readers may comment where an article does not say otherwise: `open` or `closed`",
    },
    Setting {
        name: "comments_close_after_days",
        default: "0",
        help: "days after an article's publication when its comments close, where it does not say otherwise; `0`: never",
    },
    Setting {
        name: "comment_depth",
        default: "3",
        help: "levels of a thread of comments: `1` has no replies, `2` replies to a thread's top alone",
    },
    Setting {
        name: "comment_edit_minutes",
        default: "15",
        help: "minutes in which readers may change a comment that they sent; `0`: they may not",
    },
    Setting {
        name: "comment_moderation",
        default: "all",
        help: "which comments wait for a moderator: `all`, or `first_time`: those from an address that has none approved yet, and those that something else holds",
    },
    Setting {
        name: "comment_links",
        default: "hold",
        help: "what links in a comment do: `allow` (up to two), `hold` it for a moderator, or `refuse` it",
    },
    Setting {
        name: "comment_images",
        default: "refuse",
        help: "what pictures in a comment do: `refuse` it, or show as a `link`; a picture itself is never shown",
    },
    Setting {
        name: "trusted_proxies",
        default: "",
        help: "addresses or networks of the proxies in front, separated by commas: what they say of a client's address counts; empty: none",
    },
    Setting {
        name: "forwarded_header",
        default: "x-forwarded-for",
        help: "where trusted proxies say it: `x-forwarded-for` or `forwarded`",
    },
    Setting {
        name: "verify_every",
        default: "off",
        help: "how often the server checks itself as `copydesk verify` does: `off`, or a time such as `24h`, `90m`, `1d`",
    },
    Setting {
        name: "trusted_documents",
        default: "",
        help: "files of documents, separated by commas, as graphql-codegen, Relay or Apollo write them: only those are executed; empty: any",
    },
    Setting {
        name: "answer_cache",
        default: "64MB",
        help: "memory for whole answers to public queries, such as `64MB`; `0`: none",
    },
    Setting {
        name: "fragment_cache",
        default: "64MB",
        help: "memory for parts of answers, by field of the root and by article, such as `64MB`; `0`: none",
    },
    Setting {
        name: "article_cache",
        default: "64MB",
        help: "memory for published articles, lists of them and conversations, as queries of any shape read them, such as `64MB`; `0`: none",
    },
    Setting {
        name: "answer_max_age",
        default: "0",
        help: "seconds that a browser may show an answer without asking whether it still holds",
    },
    Setting {
        name: "answer_shared_max_age",
        default: "0",
        help: "the same for a CDN, which is told what to drop (see `cdn`)",
    },
    Setting {
        name: "answer_stale_while_revalidate",
        default: "0",
        help: "seconds more in which caches may show an old answer while they fetch a new one",
    },
    Setting {
        name: "cdn",
        default: "none",
        help: "what stands in front and is told of changes: `none`, `varnish` (with its module xkey), `fastly` or `cloudflare`",
    },
    Setting {
        name: "cdn_purge_urls",
        default: "",
        help: "addresses at which it is told, separated by commas: of each Varnish, or the purge address of the CDN's API",
    },
    Setting {
        name: "cdn_token",
        default: "",
        help: "the token of the CDN's API; better given by the environment",
    },
    Setting { name: "request_timeout", default: "30", help: "seconds that a request may take" },
    Setting { name: "database_connections", default: "16", help: "most database connections of this node" },
    Setting {
        name: "log_level",
        default: "info",
        help: "`error`, `warn`, `info`, `debug`, `trace`, or a filter of tracing-subscriber",
    },
    Setting { name: "log_format", default: "text", help: "`text` or `json`" },
];

/// One setting's name, default and meaning.
pub struct Setting {
    /// As in the file; `COPYDESK_` and upper case in the environment; dashes for a flag.
    pub name: &'static str,
    /// What holds when it isn't set.
    pub default: &'static str,
    /// What it does.
    pub help: &'static str,
}

impl Setting {
    /// The environment's name for it.
    pub fn variable(&self) -> String {
        format!("COPYDESK_{}", self.name.to_uppercase())
    }
}

/// A bucket of S3, or of what speaks like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// What it is called.
    pub name: String,
    /// The folder in it; may be empty.
    pub prefix: String,
    /// Its server's address, where it isn't Amazon's.
    pub endpoint: Option<String>,
    /// Its region.
    pub region: String,
    /// Whether its name stands in the host.
    pub is_virtual_host: bool,
}

/// The settings in force.
#[derive(Clone, Debug)]
pub struct Config {
    /// Address and port that the server listens on.
    pub listen: SocketAddr,
    /// Folder of the embedded database and the media.
    pub data_dir: PathBuf,
    /// Which database.
    pub database: DatabaseAddress,
    /// Folder of the secret keys.
    pub keys_dir: PathBuf,
    /// The bucket that pictures are kept in; none: a folder in the data directory.
    pub media_bucket: Option<Bucket>,
    /// Address under which clients reach this server, without a slash at its end.
    pub public_url: String,
    /// The site that shows what is published.
    pub site: Site,
    /// Whether the schema may be asked for.
    pub introspection: bool,
    /// Which browser origins may call the API.
    pub cors_origins: CorsOrigins,
    /// Largest request body in bytes, uploads apart.
    pub max_body_bytes: usize,
    /// Largest picture file in bytes.
    pub max_image_bytes: u64,
    /// Most pixels in a picture.
    pub max_image_pixels: u64,
    /// Most frames in a moving picture.
    pub max_image_frames: u64,
    /// Widths and heights that pictures may be had in, ascending.
    pub image_widths: Vec<u32>,
    /// Quality of pictures made as JPEG.
    pub image_jpeg_quality: u8,
    /// Quality of pictures made as WebP.
    pub image_webp_quality: u8,
    /// Quality of pictures made as AVIF.
    pub image_avif_quality: u8,
    /// Whether browsers get AVIF that show it and ask for no format.
    pub image_auto_avif: bool,
    /// Pictures that are decoded at once.
    pub image_workers: usize,
    /// When variants of pictures are made.
    pub image_variants: ImageVariants,
    /// Deepest selection in a query.
    pub max_depth: u32,
    /// Highest cost of a query.
    pub max_cost: u64,
    /// Sign-ins of one account from one network in 15 minutes.
    pub sign_in_limit: NonZeroU32,
    /// Sign-ins from one network in 15 minutes.
    pub sign_in_network_limit: NonZeroU32,
    /// Passwords that are hashed at once.
    pub password_hashes: NonZeroU32,
    /// Comments from one network under one article in 10 minutes.
    pub comment_limit: NonZeroU32,
    /// Comments from one network in 10 minutes.
    pub comment_network_limit: NonZeroU32,
    /// Whether readers may comment where an article does not say otherwise.
    pub comments_open: bool,
    /// Days after an article's publication when its comments close, where it does not say otherwise; 0: never.
    pub comments_close_after_days: u32,
    /// Levels of a thread of comments.
    pub comment_depth: NonZeroU32,
    /// Minutes in which readers may change a comment; 0: they may not.
    pub comment_edit_minutes: u32,
    /// Which comments wait for a moderator.
    pub comment_moderation: CommentModeration,
    /// What links in a comment do.
    pub comment_links: CommentLinks,
    /// What pictures in a comment do.
    pub comment_images: CommentImages,
    /// The proxies whose word on a client's address counts.
    pub trusted_proxies: Vec<IpNet>,
    /// Where they say it.
    pub forwarded_header: ForwardedHeader,
    /// Seconds between two checks of the whole inside the server; none: it does none.
    pub verify_every: Option<i64>,
    /// Files of the documents that alone are executed; none: any is.
    pub trusted_documents: Vec<PathBuf>,
    /// What is kept, where, and for how long.
    pub caching: Caching,
    /// Seconds that a request may take.
    pub request_timeout: u64,
    /// Most database connections of this node.
    pub database_connections: u32,
    /// A filter of tracing-subscriber.
    pub log_level: String,
    /// Whether logs are JSON lines.
    pub log_json: bool,
    sources: BTreeMap<&'static str, (String, String)>,
}

/// Which database, and where.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseAddress {
    /// A file: by default in the data directory.
    Sqlite(PathBuf),
    /// A server; the address holds a password.
    Postgres(String),
}

impl DatabaseAddress {
    /// Reads `postgres://…` or `sqlite:FILE`; `None` when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(file) = text.strip_prefix("sqlite:") {
            let file = file.strip_prefix("//").unwrap_or(file);
            return (!file.is_empty()).then(|| Self::Sqlite(PathBuf::from(file)));
        }
        let is_postgres = text.starts_with("postgres://") || text.starts_with("postgresql://");
        (is_postgres && Url::parse(text).is_ok()).then(|| Self::Postgres(text.to_owned()))
    }
}

/// As in the settings; the password is hidden.
impl std::fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Postgres(url) => write!(f, "{}", without_password(url)),
        }
    }
}

impl std::fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DatabaseAddress({self})")
    }
}

/// Which browser origins may call the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Every origin. Safe: sign-in is by bearer token, never by cookie.
    Any,
    /// These, exactly.
    These(Vec<String>),
}

/// When variants of pictures are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageVariants {
    /// When one is first asked for.
    AtRequest,
    /// After the publication of an article that shows the picture: those that browsers will ask for.
    AtPublication,
}

/// The header in which proxies name the client. Only one is read: a proxy that writes the one passes on the other as the
/// client sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, the custom.
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
}

/// Which comments wait for a moderator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentModeration {
    /// All.
    All,
    /// Those of readers of whom none is approved yet, and those that something else holds.
    FirstTime,
}

/// What links in a comment do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentLinks {
    /// Nothing, up to a few.
    Allow,
    /// They hold it for a moderator.
    Hold,
    /// It is refused.
    Refuse,
}

/// What pictures in a comment do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentImages {
    /// It is refused.
    Refuse,
    /// They are shown as links.
    Link,
}

/// What one source of settings gives: names of [`SETTINGS`] and texts.
pub type Given = BTreeMap<String, String>;

/// A setting that can't be: one line that names it, its value's place and the cure.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongSetting(String);

impl Config {
    /// Reads the file (where there is one), the environment and the flags, in rising order of precedence.
    pub fn load(file: Option<&PathBuf>, flags: Given) -> Result<Self, WrongSetting> {
        let path = file.cloned().unwrap_or_else(|| PathBuf::from("copydesk.toml"));
        let from_file = match std::fs::read_to_string(&path) {
            Ok(text) => read_file(&text, &path.display().to_string())?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && file.is_none() => Given::new(),
            Err(error) => {
                return Err(WrongSetting(format!(
                    "the settings file {} can't be read: {error}",
                    path.display()
                )));
            }
        };
        let environment: Given = std::env::vars().collect();
        Self::from_sources(&path.display().to_string(), &from_file, &environment, &flags)
    }

    /// Joins the three sources and checks the whole.
    pub fn from_sources(
        file_name: &str,
        file: &Given,
        environment: &Given,
        flags: &Given,
    ) -> Result<Self, WrongSetting> {
        let mut sources = BTreeMap::new();
        for setting in SETTINGS {
            let variable = setting.variable();
            let found = flags
                .get(setting.name)
                .map(|value| (value.clone(), format!("flag --{}", setting.name.replace('_', "-"))))
                .or_else(|| {
                    environment.get(&variable).map(|value| (value.clone(), format!("environment {variable}")))
                })
                .or_else(|| file.get(setting.name).map(|value| (value.clone(), format!("file {file_name}"))))
                .unwrap_or_else(|| (setting.default.to_owned(), "default".to_owned()));
            sources.insert(setting.name, found);
        }
        if let Some(unknown) = environment.keys().find(|key| {
            key.starts_with("COPYDESK_")
                && !["COPYDESK_TEST_", "COPYDESK_EXPLORER_"].iter().any(|kind| key.starts_with(kind))
                && !["COPYDESK_CONFIG", "COPYDESK_SKIP_EXPLORER"].contains(&key.as_str())
                && !SETTINGS.iter().any(|setting| setting.variable() == **key)
        }) {
            return Err(WrongSetting(format!(
                "environment {unknown}: there is no such setting; `copydesk config` lists those that there are"
            )));
        }
        Self::check(sources)
    }

    fn check(sources: BTreeMap<&'static str, (String, String)>) -> Result<Self, WrongSetting> {
        let read = Reader(&sources);
        let listen: SocketAddr = read.parsed("listen", "an address and a port, such as 127.0.0.1:8000")?;
        let data_dir = PathBuf::from(read.text("data_dir"));
        let database = match read.text("database_url") {
            "" => DatabaseAddress::Sqlite(data_dir.join("copydesk.sqlite")),
            address => DatabaseAddress::parse(address).ok_or_else(|| {
                read.wrong(
                    "database_url",
                    "`postgres://user:password@host:port/database`, or `sqlite:` and a file, or empty for SQLite in the data directory",
                )
            })?,
        };
        let keys_dir = match read.text("keys_dir") {
            "" => data_dir.join("keys"),
            path => PathBuf::from(path),
        };
        let public_url = match read.text("public_url") {
            "" => format!("http://{listen}"),
            _ => read.web_address("public_url")?,
        };
        let cors_origins = match read.text("cors_origins") {
            "*" => CorsOrigins::Any,
            list => {
                let origins: Vec<String> = list
                    .split(',')
                    .map(str::trim)
                    .filter(|origin| !origin.is_empty())
                    .map(str::to_owned)
                    .collect();
                if origins.iter().any(|origin| {
                    Url::parse(origin)
                        .map(|url| url.origin().ascii_serialization() != *origin)
                        .unwrap_or(true)
                }) {
                    return Err(read.wrong(
                        "cors_origins",
                        "origins such as https://www.example.org (no path), separated by commas, or *",
                    ));
                }
                CorsOrigins::These(origins)
            }
        };
        let log_level = read.text("log_level").to_owned();
        if tracing_subscriber::EnvFilter::try_new(&log_level).is_err() {
            return Err(read.wrong("log_level", "error, warn, info, debug or trace"));
        }
        let log_json = match read.text("log_format") {
            "json" => true,
            "text" => false,
            _ => return Err(read.wrong("log_format", "text or json")),
        };
        let comments_open = match read.text("comments_open") {
            "open" => true,
            "closed" => false,
            _ => return Err(read.wrong("comments_open", "open or closed")),
        };
        let comment_moderation = match read.text("comment_moderation") {
            "all" => CommentModeration::All,
            "first_time" => CommentModeration::FirstTime,
            _ => return Err(read.wrong("comment_moderation", "all or first_time")),
        };
        let comment_links = match read.text("comment_links") {
            "allow" => CommentLinks::Allow,
            "hold" => CommentLinks::Hold,
            "refuse" => CommentLinks::Refuse,
            _ => return Err(read.wrong("comment_links", "allow, hold or refuse")),
        };
        let comment_images = match read.text("comment_images") {
            "refuse" => CommentImages::Refuse,
            "link" => CommentImages::Link,
            _ => return Err(read.wrong("comment_images", "refuse or link")),
        };
        let image_variants = match read.text("image_variants") {
            "request" => ImageVariants::AtRequest,
            "publication" => ImageVariants::AtPublication,
            _ => return Err(read.wrong("image_variants", "request or publication")),
        };
        let forwarded_header = match read.text("forwarded_header") {
            "x-forwarded-for" => ForwardedHeader::XForwardedFor,
            "forwarded" => ForwardedHeader::Forwarded,
            _ => return Err(read.wrong("forwarded_header", "x-forwarded-for or forwarded")),
        };
        Ok(Self {
            listen,
            data_dir,
            database,
            keys_dir,
            media_bucket: read.bucket()?,
            public_url,
            site: Site::read(&read)?,
            introspection: read.parsed("introspection", "true or false")?,
            cors_origins,
            max_body_bytes: read.positive("max_body_bytes", "a number of bytes above 0")?,
            max_image_bytes: read.positive("max_image_bytes", "a number of bytes above 0")?,
            max_image_pixels: read.positive("max_image_pixels", "a number of pixels above 0")?,
            max_image_frames: read.positive("max_image_frames", "a number of frames above 0")?,
            image_widths: read.ladder("image_widths")?,
            image_jpeg_quality: read.quality("image_jpeg_quality")?,
            image_webp_quality: read.quality("image_webp_quality")?,
            image_avif_quality: read.quality("image_avif_quality")?,
            image_auto_avif: read.parsed("image_auto_avif", "true or false")?,
            image_workers: read.positive("image_workers", "a number above 0")?,
            image_variants,
            max_depth: read.positive("max_depth", "a number above 0")?,
            max_cost: read.positive("max_cost", "a number above 0")?,
            sign_in_limit: read.parsed("sign_in_limit", "a number above 0")?,
            sign_in_network_limit: read.parsed("sign_in_network_limit", "a number above 0")?,
            password_hashes: read.parsed("password_hashes", "a number above 0")?,
            comment_limit: read.parsed("comment_limit", "a number above 0")?,
            comment_network_limit: read.parsed("comment_network_limit", "a number above 0")?,
            comments_open,
            comments_close_after_days: read.up_to(
                "comments_close_after_days",
                36_500,
                "a number of days up to 36500; 0: never",
            )?,
            comment_depth: read.parsed("comment_depth", "a number above 0")?,
            comment_edit_minutes: read.up_to(
                "comment_edit_minutes",
                1_440,
                "a number of minutes up to 1440; 0: not at all",
            )?,
            comment_moderation,
            comment_links,
            comment_images,
            trusted_proxies: read.networks("trusted_proxies")?,
            forwarded_header,
            trusted_documents: read.list("trusted_documents").map(PathBuf::from).collect(),
            caching: Caching::read(&read)?,
            verify_every: read.period("verify_every")?,
            request_timeout: read.positive("request_timeout", "a number of seconds above 0")?,
            database_connections: read.positive("database_connections", "a number above 0")?,
            log_level,
            log_json,
            sources,
        })
    }

    /// What is in force, as a settings file with each value's place; secrets are hidden.
    pub fn describe(&self) -> String {
        let mut text = String::new();
        for setting in SETTINGS {
            if let Some((value, place)) = self.sources.get(setting.name) {
                let shown = match setting.name {
                    "database_url" => without_password(value),
                    "cdn_token" if !value.is_empty() => "(hidden)".to_owned(),
                    _ => value.clone(),
                };
                let _ = writeln!(text, "# {}\n{} = {:?} # {place}\n", setting.help, setting.name, shown);
            }
        }
        text
    }
}

struct Reader<'a>(&'a BTreeMap<&'static str, (String, String)>);

impl Reader<'_> {
    fn text(&self, name: &str) -> &str {
        self.0.get(name).map(|(value, _)| value.trim()).unwrap_or_default()
    }

    fn wrong(&self, name: &str, cure: &str) -> WrongSetting {
        let place = self.0.get(name).map(|(_, place)| place.as_str()).unwrap_or_default();
        let value = if name == "database_url" {
            without_password(self.text(name))
        } else {
            self.text(name).to_owned()
        };
        WrongSetting(format!("setting {name} ({place}) is {value:?}: give {cure}"))
    }

    fn parsed<T: std::str::FromStr>(&self, name: &str, cure: &str) -> Result<T, WrongSetting> {
        self.text(name).parse().map_err(|_| self.wrong(name, cure))
    }

    fn positive<T: std::str::FromStr + Default + PartialOrd>(
        &self,
        name: &str,
        cure: &str,
    ) -> Result<T, WrongSetting> {
        self.parsed(name, cure).and_then(|number: T| {
            if number > T::default() { Ok(number) } else { Err(self.wrong(name, cure)) }
        })
    }

    fn up_to(&self, name: &str, most: u32, cure: &str) -> Result<u32, WrongSetting> {
        let number: u32 = self.parsed(name, cure)?;
        if number <= most { Ok(number) } else { Err(self.wrong(name, cure)) }
    }

    fn bucket(&self) -> Result<Option<Bucket>, WrongSetting> {
        let is_virtual_host = self.parsed("media_virtual_host", "true or false")?;
        let endpoint = match self.text("media_endpoint") {
            "" => None,
            _ => Some(self.web_address("media_endpoint")?),
        };
        let text = self.text("media_bucket");
        if text.is_empty() {
            return Ok(None);
        }
        let (name, prefix) = text.split_once('/').unwrap_or((text, ""));
        let is_name = |name: &str| {
            let is_sign =
                |sign: u8| sign.is_ascii_lowercase() || sign.is_ascii_digit() || b".-_".contains(&sign);
            (3..=63).contains(&name.len()) && name.bytes().all(is_sign)
        };
        if !is_name(name) {
            return Err(self.wrong(
                "media_bucket",
                "a bucket's name, such as pictures, or pictures/copydesk for a folder in it",
            ));
        }
        let region = self.text("media_region").to_owned();
        Ok(Some(Bucket {
            name: name.to_owned(),
            prefix: prefix.trim_matches('/').to_owned(),
            endpoint,
            region,
            is_virtual_host,
        }))
    }

    /// Lengths in pixels, ascending.
    fn ladder(&self, name: &str) -> Result<Vec<u32>, WrongSetting> {
        let rungs: Result<Vec<u32>, _> = self.text(name).split(',').map(|rung| rung.trim().parse()).collect();
        rungs
            .ok()
            .filter(|rungs| rungs.is_sorted_by(|lower, higher| lower < higher) && rungs.len() <= 24)
            .filter(|rungs| rungs.iter().all(|rung| (1..=10_000).contains(rung)))
            .ok_or_else(|| {
                self.wrong(
                    name,
                    "up to 24 numbers of pixels from 1 to 10000, ascending, such as 320, 640, 1280",
                )
            })
    }

    fn quality(&self, name: &str) -> Result<u8, WrongSetting> {
        let cure = "a number from 1 to 100";
        self.parsed(name, cure).and_then(|quality| {
            if (1..=100).contains(&quality) { Ok(quality) } else { Err(self.wrong(name, cure)) }
        })
    }

    /// Seconds, given as a number and a unit; none: off.
    fn period(&self, name: &str) -> Result<Option<i64>, WrongSetting> {
        let text = self.text(name);
        if matches!(text, "" | "off") {
            return Ok(None);
        }
        let wrong = || self.wrong(name, "`off`, or a number with s, m, h or d behind it, such as 24h");
        let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let seconds = match &text[number.len()..] {
            "s" => 1,
            "m" => 60,
            "h" => 60 * 60,
            "d" => 24 * 60 * 60,
            _ => return Err(wrong()),
        };
        let number: i64 = number.parse().map_err(|_| wrong())?;
        number.checked_mul(seconds).filter(|seconds| *seconds > 0).map(Some).ok_or_else(wrong)
    }

    fn networks(&self, name: &str) -> Result<Vec<IpNet>, WrongSetting> {
        self.list(name)
            .map(|listed| listed.parse().or_else(|_| listed.parse::<IpAddr>().map(IpNet::from)))
            .collect::<Result<_, _>>()
            .map_err(|_| self.wrong(name, "addresses or networks such as 10.0.0.1, 172.16.0.0/12, fd00::/8"))
    }

    /// Bytes, given as a number and a unit.
    fn size(&self, name: &str) -> Result<u64, WrongSetting> {
        let text = self.text(name);
        let wrong = || self.wrong(name, "`0`, or a number with kB, MB or GB behind it, such as 64MB");
        let number = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        let unit = match text[number.len()..].to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            _ => return Err(wrong()),
        };
        number.trim().parse().ok().and_then(|number: u64| number.checked_mul(unit)).ok_or_else(wrong)
    }

    /// What stands between commas.
    fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        self.text(name).split(',').map(str::trim).filter(|listed| !listed.is_empty())
    }

    fn web_addresses(&self, name: &str) -> Result<Vec<String>, WrongSetting> {
        self.list(name).map(|listed| self.checked_address(name, listed)).collect()
    }

    fn web_address(&self, name: &str) -> Result<String, WrongSetting> {
        self.checked_address(name, self.text(name))
    }

    fn checked_address(&self, name: &str, text: &str) -> Result<String, WrongSetting> {
        match Url::parse(text) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.query().is_none()
                    && url.fragment().is_none() =>
            {
                Ok(text.trim_end_matches('/').to_owned())
            }
            _ => Err(self.wrong(name, "an address such as https://www.example.org")),
        }
    }
}

fn read_file(text: &str, name: &str) -> Result<Given, WrongSetting> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        WrongSetting(format!("file {name} is not TOML: {}", error.message()))
    })?;
    table
        .into_iter()
        .map(|(key, value)| {
            if !SETTINGS.iter().any(|setting| setting.name == key) {
                return Err(WrongSetting(format!(
                    "setting {key} (file {name}): there is no such setting; `copydesk config` lists those that there are"
                )));
            }
            let text = match value {
                toml::Value::String(text) => text,
                toml::Value::Integer(number) => number.to_string(),
                toml::Value::Boolean(truth) => truth.to_string(),
                _ => return Err(WrongSetting(format!("setting {key} (file {name}): give a text, a number, true or false"))),
            };
            Ok((key, text))
        })
        .collect()
}

/// A database address with its password replaced.
fn without_password(address: &str) -> String {
    match Url::parse(address) {
        Ok(mut url) if url.password().is_some() => {
            let _ = url.set_password(Some("********"));
            url.into()
        }
        Ok(url) => url.into(),
        Err(_) if address.contains('@') => "(hidden)".to_owned(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(pairs: &[(&str, &str)]) -> Given {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn load(
        file: &[(&str, &str)],
        environment: &[(&str, &str)],
        flags: &[(&str, &str)],
    ) -> Result<Config, WrongSetting> {
        Config::from_sources("copydesk.toml", &given(file), &given(environment), &given(flags))
    }

    #[test]
    fn a_flag_beats_the_environment_beats_the_file() {
        let file = [("listen", "127.0.0.1:1"), ("site_name", "File")];
        let environment = [("COPYDESK_LISTEN", "127.0.0.1:2"), ("COPYDESK_SITE_NAME", "Environment")];
        let config = load(&file, &environment, &[("listen", "127.0.0.1:3")]).unwrap();
        assert_eq!(config.listen.port(), 3);
        assert_eq!(config.site.name, "Environment");
        assert_eq!(load(&file, &[], &[]).unwrap().site.name, "File");
    }

    #[test]
    fn a_wrong_setting_names_itself_its_place_and_the_cure() {
        for (name, value) in [
            ("LISTEN", "8000"),
            ("SITE_URL", "example.org"),
            ("ARTICLE_PATH", "/news"),
            ("ARTICLE_PATH", "/{path}"),
            ("AUTHOR_PATH", "/authors"),
            ("TAG_PATH", "/{slug}"),
            ("CATEGORY_PATH", "/x{path}"),
            ("SITE_LOGO", "/logo.png"),
            ("SITE_LANGUAGES", "english"),
            ("SITE_LANGUAGES", "en, en"),
            ("SITE_LANGUAGES", ""),
            ("LOG_FORMAT", "xml"),
            ("MAX_COST", "0"),
            ("DATABASE_URL", "mysql://x"),
            ("DATABASE_URL", "sqlite:"),
            ("CORS_ORIGINS", "https://a.example/path"),
            ("INTROSPECTION", "yes"),
            ("TRUSTED_PROXIES", "10.0.0.1, caddy"),
            ("SIGN_IN_LIMIT", "0"),
            ("FORWARDED_HEADER", "x-real-ip"),
            ("COMMENTS_OPEN", "true"),
            ("COMMENTS_CLOSE_AFTER_DAYS", "-1"),
            ("COMMENT_DEPTH", "0"),
            ("COMMENT_EDIT_MINUTES", "1441"),
            ("COMMENT_MODERATION", "none"),
            ("COMMENT_LINKS", "yes"),
            ("COMMENT_IMAGES", "allow"),
            ("MEDIA_BUCKET", "s3://pictures"),
            ("MEDIA_ENDPOINT", "localhost:9000"),
            ("MEDIA_VIRTUAL_HOST", "yes"),
            ("IMAGE_WIDTHS", "320, 160"),
            ("IMAGE_WIDTHS", ""),
            ("IMAGE_WIDTHS", "0, 160"),
            ("IMAGE_JPEG_QUALITY", "0"),
            ("IMAGE_WEBP_QUALITY", "101"),
            ("IMAGE_AVIF_QUALITY", "0"),
            ("IMAGE_AUTO_AVIF", "webp"),
            ("IMAGE_WORKERS", "0"),
            ("VERIFY_EVERY", "24"),
            ("VERIFY_EVERY", "0h"),
            ("VERIFY_EVERY", "daily"),
        ] {
            let variable = format!("COPYDESK_{name}");
            let message = load(&[], &[(&variable, value)], &[]).unwrap_err().to_string();
            assert!(
                message.contains(&name.to_lowercase())
                    && message.contains(&variable)
                    && message.contains("give"),
                "{message}"
            );
            assert_eq!(message.lines().count(), 1);
        }
        assert!(
            load(&[], &[("COPYDESK_LISEN", "x")], &[]).unwrap_err().to_string().contains("COPYDESK_LISEN")
        );
    }

    #[test]
    fn a_time_has_a_unit() {
        for (text, seconds) in
            [("off", None), ("", None), ("90m", Some(5_400)), ("24h", Some(86_400)), ("7d", Some(604_800))]
        {
            assert_eq!(load(&[("verify_every", text)], &[], &[]).unwrap().verify_every, seconds, "{text}");
        }
    }

    #[test]
    fn the_password_of_the_database_is_never_shown() {
        let url = "postgres://desk:s3cret@db/copydesk";
        let config = load(&[], &[("COPYDESK_DATABASE_URL", url)], &[]).unwrap();
        assert!(!config.describe().contains("s3cret"));
        assert!(
            !format!("{config:?}").contains("s3cret")
                || format!("{:?}", config.database).contains("********")
        );
        assert!(!format!("{:?}", config.database).contains("s3cret"));
    }

    #[test]
    fn a_database_is_a_server_or_a_file() {
        for (text, file) in [
            ("sqlite:copy.sqlite", "copy.sqlite"),
            ("sqlite:/srv/copydesk.sqlite", "/srv/copydesk.sqlite"),
            ("sqlite:///srv/copydesk.sqlite", "/srv/copydesk.sqlite"),
        ] {
            let address = DatabaseAddress::parse(text).unwrap();
            assert_eq!(address, DatabaseAddress::Sqlite(PathBuf::from(file)));
            assert_eq!(DatabaseAddress::parse(&address.to_string()), Some(address));
        }
        let server = DatabaseAddress::parse("postgresql://desk:s3cret@db/copydesk").unwrap();
        assert!(server.to_string().contains("desk:********@db"));
        for text in ["", "sqlite:", "mysql://x", "copy.sqlite"] {
            assert_eq!(DatabaseAddress::parse(text), None);
        }
    }
}
