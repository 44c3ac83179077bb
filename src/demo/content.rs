//! Reads `content/`: TOML for the library, Markdown with TOML at its head for articles.

use anyhow::Context as _;
use rust_embed::RustEmbed;
use serde::Deserialize;

#[derive(RustEmbed)]
#[folder = "src/demo/content"]
#[exclude = "*.py"]
struct Files;

/// All of it.
pub struct DemoContent {
    pub pictures: Vec<DemoPicture>,
    pub authors: Vec<DemoAuthor>,
    pub categories: Vec<DemoCategory>,
    pub tags: Vec<DemoTag>,
    /// Oldest first; drafts last.
    pub articles: Vec<DemoArticle>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoPicture {
    pub file: String,
    pub alt: String,
    pub caption: Option<String>,
    pub credit: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoAuthor {
    pub slug: String,
    pub name: String,
    pub bio: Option<String>,
    pub portrait: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoCategory {
    pub slug: String,
    pub name: String,
    pub description: Option<String>,
    pub parent: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoTag {
    pub slug: String,
    pub name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoArticle {
    pub title: String,
    pub slug: String,
    pub excerpt: String,
    pub authors: Vec<String>,
    pub categories: Vec<String>,
    pub tags: Vec<String>,
    pub published_days_ago: Option<i64>,
    pub lead: DemoLead,
    #[serde(default)]
    pub links: Vec<DemoLink>,
    #[serde(default)]
    pub comments: Vec<DemoComment>,
    #[serde(skip)]
    pub sections: Vec<DemoSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoLead {
    pub picture: String,
    pub caption: Option<String>,
    pub credit: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoLink {
    pub article: Option<String>,
    pub url: Option<String>,
    pub title: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DemoComment {
    pub name: String,
    pub email: String,
    pub body: String,
    #[serde(default)]
    pub replies: Vec<DemoComment>,
}

pub struct DemoSection {
    pub heading: Option<String>,
    pub level: i32,
    pub body: String,
}

/// Reads it all.
pub fn read() -> anyhow::Result<DemoContent> {
    #[derive(Deserialize)]
    struct Pictures {
        picture: Vec<DemoPicture>,
    }
    #[derive(Deserialize)]
    struct Authors {
        author: Vec<DemoAuthor>,
    }
    #[derive(Deserialize)]
    struct Categories {
        category: Vec<DemoCategory>,
    }
    #[derive(Deserialize)]
    struct Tags {
        tag: Vec<DemoTag>,
    }
    let names = Files::iter().filter(|name| name.starts_with("articles/"));
    let mut articles = names
        .map(|name| article(&text(&name)?).with_context(|| name.into_owned()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    articles.sort_by_key(|article| std::cmp::Reverse(article.published_days_ago));
    Ok(DemoContent {
        pictures: parse::<Pictures>("pictures.toml")?.picture,
        authors: parse::<Authors>("authors.toml")?.author,
        categories: parse::<Categories>("categories.toml")?.category,
        tags: parse::<Tags>("tags.toml")?.tag,
        articles,
    })
}

/// The bytes of a picture.
pub fn picture_bytes(file: &str) -> anyhow::Result<Vec<u8>> {
    let found =
        Files::get(&format!("pictures/{file}")).with_context(|| format!("there is no picture {file}"))?;
    Ok(found.data.into_owned())
}

fn text(name: &str) -> anyhow::Result<String> {
    let file = Files::get(name).with_context(|| format!("there is no file {name}"))?;
    Ok(String::from_utf8(file.data.into_owned())?)
}

fn parse<T: for<'de> Deserialize<'de>>(name: &str) -> anyhow::Result<T> {
    toml::from_str(&text(name)?).with_context(|| name.to_owned())
}

fn article(text: &str) -> anyhow::Result<DemoArticle> {
    let (head, body) = text
        .strip_prefix("+++\n")
        .and_then(|rest| rest.split_once("\n+++\n"))
        .context("it has no head between lines of +++")?;
    let mut article: DemoArticle = toml::from_str(head)?;
    article.sections = sections(body);
    Ok(article)
}

/// Splits a text at its headings of level 2 to 4.
fn sections(body: &str) -> Vec<DemoSection> {
    let mut sections = vec![DemoSection { heading: None, level: 2, body: String::new() }];
    for line in body.lines() {
        let marks = line.bytes().take_while(|&byte| byte == b'#').count();
        match (marks, line.get(marks..).and_then(|rest| rest.strip_prefix(' '))) {
            (2..=4, Some(heading)) => {
                let level = if marks == 2 {
                    2
                } else if marks == 3 {
                    3
                } else {
                    4
                };
                sections.push(DemoSection {
                    heading: Some(heading.trim().to_owned()),
                    level,
                    body: String::new(),
                });
            }
            _ => {
                if let Some(section) = sections.last_mut() {
                    section.body.push_str(line);
                    section.body.push('\n');
                }
            }
        }
    }
    sections.retain(|section| section.heading.is_some() || !section.body.trim().is_empty());
    sections
}
