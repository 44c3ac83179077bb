//! Demonstration content: the articles of a newspaper that doesn't exist, loaded through the same functions that editors
//! use. Our own writing and drawing, in `content/`.

mod content;
pub mod generate;
mod words;

use std::collections::BTreeMap;
use std::io::{Seek as _, Write as _};
use std::sync::Arc;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use crate::account::create_user::{NewUser, create_user};
use crate::account::set_user_password::set_user_password;
use crate::account::sign_in::sign_in;
use crate::account::sign_out::sign_out;
use crate::account::user;
use crate::article::edit::{MadeFrom, OnConflict};
use crate::article::fields::{Fields, LeadFigureFields, RelatedLinkFields, SectionFields};
use crate::article::{create, publish, update};
use crate::author::create::NewAuthor;
use crate::clock::{Clock as _, SetClock, SystemChance, SystemClock, Timestamp};
use crate::comment::moderate::{Decision, moderate};
use crate::comment::{Comments, submit};
use crate::config::Config;
use crate::error::Failure;
use crate::given::Given;
use crate::id::{ArticleId, AuthorId, CategoryId, CommentId, ImageId, TagId};
use crate::image::upload::NewImage;
use crate::operation::{Operation, Role, Store, Viewer};
use crate::start;
use crate::taxonomy::create_category::NewCategory;
use crate::taxonomy::create_tag::NewTag;

use content::{DemoArticle, DemoComment, DemoContent};

/// Where the demo editor signs in with.
pub const EDITOR: &str = "editor@demo.example";

const DAY: i64 = 24 * 60 * 60;

/// What to tell whoever started it.
pub struct Filled {
    password: SecretString,
}

impl Filled {
    /// The demo editor's sign-in, and a query to paste.
    pub fn greeting(&self, address: &str) -> String {
        format!(
            "  Demo editor   {EDITOR}\n  Password      {}   (new at each start)\n\nA query to paste:\n\n  curl {address}/graphql -H 'Content-Type: application/json' \\\n    --data '{{\"query\":\"{{ articles(first: 3) {{ nodes {{ title authors {{ name }} readingMinutes }} }} }}\"}}'\n",
            self.password.expose_secret()
        )
    }
}

/// Fills an empty instance; gives the demo editor of one that was filled before a new password. Refuses any other, so
/// that nobody's newsroom gets an editor with a password on the screen.
pub async fn fill(config: &Config) -> anyhow::Result<Filled> {
    let now = SystemClock.now();
    let clock = Arc::new(SetClock::at(now));
    let store = start::open(config.clone(), Arc::clone(&clock) as _, Arc::new(SystemChance)).await?;
    let operator = Operation::new(Arc::clone(&store), Viewer::Operator, "demo");
    let password = SecretString::from(operator.random_hex::<8>());
    match user::by_email(&operator, EDITOR).await.map_err(failed)? {
        Some(editor) => {
            set_user_password(&operator, editor.id, &password).await.map_err(failed)?;
        }
        None => {
            anyhow::ensure!(
                !user::any(&operator).await.map_err(failed)?,
                "--demo fills an empty instance; this one has users: choose another data directory with --data-dir"
            );
            let viewer = add_editor(&store, "Demo Editor", &password).await?;
            let content = content::read().context("the demonstration content")?;
            Loader { store: Arc::clone(&store), viewer, clock, now }.load(content).await?;
            sign_out(&Operation::new(Arc::clone(&store), viewer, "demo"), false).await.map_err(failed)?;
        }
    }
    Ok(Filled { password })
}

/// Adds the editor in whose name content is put in, signed in.
async fn add_editor(store: &Arc<Store>, name: &str, password: &SecretString) -> anyhow::Result<Viewer> {
    let operator = Operation::new(Arc::clone(store), Viewer::Operator, "demo");
    let new = NewUser {
        email: EDITOR.to_owned(),
        name: name.to_owned(),
        role: Role::Editor,
        password: password.clone(),
    };
    let editor = create_user(&operator, new).await.map_err(failed)?;
    let public = Operation::new(Arc::clone(store), Viewer::Public, "demo");
    let session = sign_in(&public, EDITOR, password).await.map_err(failed)?.id;
    Ok(Viewer::User { id: editor.id, role: Role::Editor, session })
}

/// For the log of the developer who broke the content: the whole failure.
#[allow(clippy::needless_pass_by_value, reason = "map_err gives it so")]
fn failed(failure: Failure) -> anyhow::Error {
    anyhow::anyhow!("the demonstration content was refused: {failure:?}")
}

struct Loader {
    store: Arc<Store>,
    viewer: Viewer,
    clock: Arc<SetClock>,
    now: Timestamp,
}

/// What has been loaded, by the content's own names.
#[derive(Default)]
struct Loaded {
    pictures: BTreeMap<String, ImageId>,
    authors: BTreeMap<String, AuthorId>,
    categories: BTreeMap<String, CategoryId>,
    tags: BTreeMap<String, TagId>,
    articles: BTreeMap<String, ArticleId>,
}

fn named<T: Copy>(map: &BTreeMap<String, T>, name: &str) -> anyhow::Result<T> {
    map.get(name).copied().with_context(|| format!("{name:?} is named and is not there"))
}

fn all_named<T: Copy>(map: &BTreeMap<String, T>, names: &[String]) -> anyhow::Result<Vec<T>> {
    names.iter().map(|name| named(map, name)).collect()
}

impl Loader {
    fn op(&self) -> Operation {
        Operation::new(Arc::clone(&self.store), self.viewer, "demo")
    }

    fn public(&self) -> Operation {
        Operation::new(Arc::clone(&self.store), Viewer::Public, "demo")
    }

    async fn load(&self, content: DemoContent) -> anyhow::Result<()> {
        let oldest =
            content.articles.iter().filter_map(|article| article.published_days_ago).max().unwrap_or(0);
        self.clock.set(self.now.plus_seconds(-(oldest + 1) * DAY));
        let mut loaded = Loaded::default();
        self.library(&content, &mut loaded).await?;
        for article in &content.articles {
            let fields = fields(article, &loaded, Vec::new())?;
            let draft = create::create(&self.op(), fields).await.map_err(failed)?;
            loaded.articles.insert(article.slug.clone(), draft.article_id);
            self.clock.advance_seconds(60);
        }
        for article in &content.articles {
            self.finish(article, &loaded).await?;
        }
        Ok(())
    }

    async fn library(&self, content: &DemoContent, loaded: &mut Loaded) -> anyhow::Result<()> {
        let op = self.op();
        for picture in &content.pictures {
            let mut file = tempfile::tempfile()?;
            file.write_all(&content::picture_bytes(&picture.file)?)?;
            file.rewind()?;
            let new = NewImage {
                file,
                file_name: picture.file.clone(),
                alt: picture.alt.clone(),
                caption: Some(picture.caption.clone()),
                credit: Some(picture.credit.clone()),
            };
            let record = crate::image::upload::upload(&op, new).await.map_err(failed)?;
            loaded.pictures.insert(picture.file.clone(), record.id);
        }
        for author in &content.authors {
            let portrait =
                author.portrait.as_deref().map(|file| named(&loaded.pictures, file)).transpose()?;
            let new = NewAuthor {
                name: author.name.clone(),
                slug: Some(author.slug.clone()),
                bio: author.bio.clone(),
                portrait,
                links: Vec::new(),
                is_listed: true,
            };
            let record = crate::author::create::create(&op, new).await.map_err(failed)?;
            loaded.authors.insert(author.slug.clone(), record.id);
        }
        for category in &content.categories {
            let new = NewCategory {
                name: category.name.clone(),
                slug: Some(category.slug.clone()),
                description: category.description.clone(),
                parent: category.parent.as_deref().map(|slug| named(&loaded.categories, slug)).transpose()?,
            };
            let row = crate::taxonomy::create_category::create(&op, new).await.map_err(failed)?;
            loaded.categories.insert(category.slug.clone(), row.id);
        }
        for tag in &content.tags {
            let new = NewTag { name: tag.name.clone(), slug: Some(tag.slug.clone()) };
            let record = crate::taxonomy::create_tag::create(&op, new).await.map_err(failed)?;
            loaded.tags.insert(tag.slug.clone(), record.id);
        }
        Ok(())
    }

    /// Gives an article its links, publishes it on its day and lets its readers speak.
    async fn finish(&self, article: &DemoArticle, loaded: &Loaded) -> anyhow::Result<()> {
        let id = named(&loaded.articles, &article.slug)?;
        let links = links(article, loaded)?;
        if let Some(days) = article.published_days_ago {
            self.clock.set(self.now.plus_seconds(-days * DAY));
        }
        let fields = Fields {
            related_links: Given::Value(links),
            note: Some("Related links added".to_owned()),
            ..Fields::default()
        };
        let from = MadeFrom { version: 1, on_conflict: OnConflict::Refuse };
        let draft = update::update(&self.op(), id, from, fields).await.map_err(failed)?.draft;
        if article.published_days_ago.is_some() {
            publish::publish(&self.op(), id, draft.version, &Comments).await.map_err(failed)?;
        }
        let mut waiting: Vec<(Option<CommentId>, &DemoComment)> =
            article.comments.iter().rev().map(|comment| (None, comment)).collect();
        while let Some((parent, comment)) = waiting.pop() {
            self.clock.advance_seconds(23 * 60);
            let new = submit::NewComment {
                article: id,
                parent,
                author_name: comment.name.clone(),
                author_email: comment.email.clone(),
                body: comment.body.clone(),
            };
            let record = submit::submit(&self.public(), new).await.map_err(failed)?;
            moderate(&self.op(), Decision::Approve, record.id, None).await.map_err(failed)?;
            waiting.extend(comment.replies.iter().rev().map(|reply| (Some(record.id), reply)));
        }
        Ok(())
    }
}

fn fields(
    article: &DemoArticle,
    loaded: &Loaded,
    related_links: Vec<RelatedLinkFields>,
) -> anyhow::Result<Fields> {
    let sections = article.sections.iter().map(|section| SectionFields {
        id: None,
        heading: section.heading.clone(),
        level: Some(section.level),
        body: loaded.pictures.iter().fold(section.body.clone(), |body, (file, id)| {
            body.replace(&format!("]({file}"), &format!("]({id}"))
        }),
    });
    let lead = &article.lead;
    Ok(Fields {
        title: Given::Value(article.title.clone()),
        slug: Given::Value(article.slug.clone()),
        locale: Given::Value("en".to_owned()),
        excerpt: Given::Value(article.excerpt.clone()),
        lead_figure: Given::Value(LeadFigureFields {
            image: named(&loaded.pictures, &lead.picture)?,
            caption: lead.caption.clone(),
            credit: lead.credit.clone(),
        }),
        sections: Given::Value(sections.collect()),
        authors: Given::Value(all_named(&loaded.authors, &article.authors)?),
        categories: Given::Value(all_named(&loaded.categories, &article.categories)?),
        tags: Given::Value(all_named(&loaded.tags, &article.tags)?),
        related_links: Given::Value(related_links),
        note: None,
    })
}

fn links(article: &DemoArticle, loaded: &Loaded) -> anyhow::Result<Vec<RelatedLinkFields>> {
    let links = article.links.iter().map(|link| match (&link.article, &link.url, &link.title) {
        (Some(slug), None, title) => {
            Ok(RelatedLinkFields::Article { article: named(&loaded.articles, slug)?, title: title.clone() })
        }
        (None, Some(url), Some(title)) => {
            Ok(RelatedLinkFields::External { url: url.clone(), title: title.clone() })
        }
        _ => {
            anyhow::bail!("a link of {:?} names neither an article nor an address with a title", article.slug)
        }
    });
    links.collect()
}
