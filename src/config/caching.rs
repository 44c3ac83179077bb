//! The settings of what is kept: in this node's memory, by readers' browsers, and by what stands between.

use super::{Reader, WrongSetting};

/// What is kept, where, and for how long.
#[derive(Clone, Debug)]
pub struct Caching {
    /// Bytes of answers kept in memory; 0: none are.
    pub answers: u64,
    /// Bytes of parts of answers that are kept in memory; 0: none are.
    pub fragments: u64,
    /// Bytes of what queries read that are kept in memory; 0: none are.
    pub articles: u64,
    /// Seconds that a reader's browser may show an answer without asking.
    pub max_age: u32,
    /// The same for what is shared by readers and told of changes, such as a CDN.
    pub shared_max_age: u32,
    /// Seconds more in which an old answer may be shown while a new one is fetched.
    pub stale_while_revalidate: u32,
    /// What stands in front and is told of changes.
    pub cdn: Option<Cdn>,
}

/// What stands in front.
#[derive(Clone, Debug)]
pub struct Cdn {
    /// Which, and so in which words it is told.
    pub kind: CdnKind,
    /// Where it is told what to drop.
    pub purge_urls: Vec<String>,
    /// What shows that we may; empty: nothing does.
    pub token: String,
}

/// A kind of shared cache, each with its headers and its way to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CdnKind {
    /// Varnish with its module xkey.
    Varnish,
    /// Fastly, or what is told alike.
    Fastly,
    /// Cloudflare.
    Cloudflare,
}

impl Caching {
    pub(super) fn read(read: &Reader<'_>) -> Result<Self, WrongSetting> {
        let seconds =
            |name: &str| read.up_to(name, 31_536_000, "a number of seconds up to 31536000; 0: none");
        Ok(Self {
            answers: read.size("answer_cache")?,
            fragments: read.size("fragment_cache")?,
            articles: read.size("article_cache")?,
            max_age: seconds("answer_max_age")?,
            shared_max_age: seconds("answer_shared_max_age")?,
            stale_while_revalidate: seconds("answer_stale_while_revalidate")?,
            cdn: Cdn::read(read)?,
        })
    }
}

impl Cdn {
    fn read(read: &Reader<'_>) -> Result<Option<Self>, WrongSetting> {
        let kind = match read.text("cdn") {
            "none" => return Ok(None),
            "varnish" => CdnKind::Varnish,
            "fastly" => CdnKind::Fastly,
            "cloudflare" => CdnKind::Cloudflare,
            _ => return Err(read.wrong("cdn", "none, varnish, fastly or cloudflare")),
        };
        let purge_urls = read.web_addresses("cdn_purge_urls")?;
        if purge_urls.is_empty() {
            return Err(read.wrong("cdn_purge_urls", "the address at which the CDN is told what to drop"));
        }
        Ok(Some(Self { kind, purge_urls, token: read.text("cdn_token").to_owned() }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Given};
    use super::*;

    fn caching(pairs: &[(&str, &str)]) -> Result<Caching, String> {
        let file: Given =
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Config::from_sources("copydesk.toml", &file, &Given::new(), &Given::new())
            .map(|config| config.caching)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in
            [("0", 0), ("64MB", 64_000_000), ("1 GB", 1_000_000_000), ("500kB", 500_000), ("7", 7)]
        {
            assert_eq!(caching(&[("answer_cache", text)]).unwrap().answers, bytes, "{text}");
        }
        for text in ["", "MB", "-1", "1.5MB", "99999999999GB", "1 TB of it"] {
            assert!(caching(&[("answer_cache", text)]).unwrap_err().contains("answer_cache"), "{text}");
        }
    }

    #[test]
    fn a_cdn_needs_an_address_at_which_it_is_told() {
        let told = caching(&[("cdn", "varnish")]).unwrap_err();
        assert!(told.contains("cdn_purge_urls"), "{told}");
        let cdn =
            caching(&[("cdn", "varnish"), ("cdn_purge_urls", "http://a:80/, http://b:81")]).unwrap().cdn;
        let cdn = cdn.unwrap();
        assert_eq!(
            (cdn.kind, cdn.purge_urls),
            (CdnKind::Varnish, vec!["http://a:80".into(), "http://b:81".into()])
        );
        assert!(caching(&[("cdn", "akamai")]).is_err());
        assert!(caching(&[("cdn", "fastly"), ("cdn_purge_urls", "nowhere")]).is_err());
    }
}
