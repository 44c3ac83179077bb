//! `copydesk generate`: a synthetic archive of any size, for trying out and for measuring. Put in in bulk, with its history: the
//! log tells of each article and comment as if it had come through the API.

use std::sync::Arc;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::words::Words;
use super::{EDITOR, Loaded, Loader, add_editor, content, failed};
use crate::account::sign_out::sign_out;
use crate::account::user;
use crate::article::bulk::{self, Finished};
use crate::article::content::{Content, LeadFigure, RelatedLink, Section};
use crate::article::fields;
use crate::author::create::NewAuthor;
use crate::clock::{Clock as _, SetClock, SystemChance, SystemClock, Timestamp};
use crate::comment;
use crate::config::Config;
use crate::error::Failure;
use crate::id::{ArticleId, AuthorId, CategoryId, ImageId, TagId};
use crate::log::save_all;
use crate::operation::{Operation, Viewer};
use crate::start;
use crate::taxonomy;
use crate::taxonomy::create_tag::NewTag;
use crate::text::slug;

/// Articles put in by one transaction.
const BATCH: u64 = 500;
/// The archive goes back so far.
const YEARS: i64 = 20;
const SECTIONS: usize = 6;
const COMMENTS: usize = 5;
const TAGS: usize = 300;
/// An author for so many articles, and at most
const ARTICLES_AN_AUTHOR: u64 = 500;
/// so many.
const MOST_AUTHORS: u64 = 400;
/// So many articles share a number that no other has: a search for it finds as many in an archive of any size.
const ARTICLES_A_DOSSIER: u64 = 20;

/// What to make.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// How many articles.
    pub articles: u64,
    /// The same number gives the same texts.
    pub seed: u64,
}

/// Fills an empty instance; `tell` is told how many articles it holds by then. Gives what to say at the end.
pub async fn generate(config: &Config, plan: Plan, tell: &dyn Fn(u64)) -> anyhow::Result<String> {
    let now = SystemClock.now();
    let clock = Arc::new(SetClock::at(now));
    let store = start::open(config.clone(), Arc::clone(&clock) as _, Arc::new(SystemChance)).await?;
    let operator = Operation::new(Arc::clone(&store), Viewer::Operator, "generate");
    anyhow::ensure!(
        !user::any(&operator).await.map_err(failed)?,
        "an archive is made in an empty instance; this one has users: choose another data directory with --data-dir"
    );
    // Whoever reads an old moment for hours keeps SQLite from taking its write-ahead log into the file.
    operator.end_reading().await;
    store.database.checkpoint_in_background();
    let password = SecretString::from(operator.random_hex::<8>());
    let viewer = add_editor(&store, "Archive Editor", &password).await?;
    let loader = Loader { store: Arc::clone(&store), viewer, clock: Arc::clone(&clock), now };
    let words = Words::new(plan.seed);
    let library = Library::make(&loader, plan, &words).await?;
    let op = loader.op();
    let mut earlier: Option<ArticleId> = None;
    let mut done = 0;
    while done < plan.articles {
        let end = plan.articles.min(done + BATCH);
        let batch: Vec<Made> = (done..end)
            .map(|number| {
                let at = moment(now, plan, number);
                clock.set(at);
                let made = library.article(&op, &words, number, at, earlier);
                earlier = Some(made.article.id);
                made
            })
            .collect();
        clock.set(now);
        put_in(&op, batch).await.map_err(failed)?;
        done = end;
        tell(done);
    }
    sign_out(&op, false).await.map_err(failed)?;
    Ok(format!("{done} articles made\n  Editor     {EDITOR}\n  Password   {}", password.expose_secret()))
}

/// When an article was published: evenly over the years, the last one now.
fn moment(now: Timestamp, plan: Plan, number: u64) -> Timestamp {
    let (number, all) = (i64::try_from(number).unwrap_or(0), i64::try_from(plan.articles).unwrap_or(1));
    let span = YEARS * 365 * 24 * 60 * 60 * 1_000;
    Timestamp(now.0 - span + span / all * number)
}

async fn put_in(op: &Operation, batch: Vec<Made>) -> Result<(), Failure> {
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let tree = taxonomy::read::tree(transaction.connection()).await?;
    let (articles, comments): (Vec<_>, Vec<_>) =
        batch.into_iter().map(|made| (made.article, made.comments)).unzip();
    let told = bulk::add(&transaction, op, articles, &tree).await?;
    let counts: Vec<usize> = comments.iter().map(Vec::len).collect();
    let mut of_comments = comment::bulk::add(&transaction, op, &comments.concat()).await?.into_iter();
    let mut changes = Vec::new();
    for (of_article, comments) in told.into_iter().zip(counts) {
        changes.extend(of_article);
        // Sent, and approved.
        changes.extend(of_comments.by_ref().take(2 * comments));
    }
    save_all(transaction, op, changes).await?;
    Ok(())
}

/// An article with its conversation.
struct Made {
    article: Finished,
    comments: Vec<comment::bulk::Approved>,
}

/// What articles refer to.
struct Library {
    images: Vec<ImageId>,
    authors: Vec<AuthorId>,
    categories: Vec<CategoryId>,
    tags: Vec<TagId>,
}

impl Library {
    /// The demo's pictures, authors and categories, and many authors and tags more.
    async fn make(loader: &Loader, plan: Plan, words: &Words) -> anyhow::Result<Self> {
        let mut loaded = Loaded::default();
        loader.library(&content::read().context("the demonstration content")?, &mut loaded).await?;
        let op = loader.op();
        let mut tags: Vec<TagId> = loaded.tags.values().copied().collect();
        for _ in 0..TAGS {
            let new = NewTag { name: words.line(1), slug: None };
            tags.push(taxonomy::create_tag::create(&op, new).await.map_err(failed)?.id);
        }
        let mut authors: Vec<AuthorId> = loaded.authors.values().copied().collect();
        for _ in 0..(plan.articles / ARTICLES_AN_AUTHOR).min(MOST_AUTHORS) {
            let name = format!("{} {}", words.line(1), words.line(1));
            let bio = Some(words.paragraph(2));
            let new =
                NewAuthor { name, slug: None, bio, portrait: None, links: Vec::new(), is_listed: false };
            authors.push(crate::author::create::create(&op, new).await.map_err(failed)?.id);
        }
        let (mut images, mut categories): (Vec<ImageId>, Vec<CategoryId>) =
            (loaded.pictures.values().copied().collect(), loaded.categories.values().copied().collect());
        // A map gives them in no order; the same seed is to give the same archive, as far as ids allow.
        images.sort_unstable();
        categories.sort_unstable();
        tags.sort_unstable();
        authors.sort_unstable();
        Ok(Self { images, authors, categories, tags })
    }

    fn article(
        &self,
        op: &Operation,
        words: &Words,
        number: u64,
        at: Timestamp,
        earlier: Option<ArticleId>,
    ) -> Made {
        let dossier = format!("dossier{}", number / ARTICLES_A_DOSSIER);
        let title = words.line(6);
        let (lead, placed) =
            (self.images[words.below(self.images.len())], self.images[words.below(self.images.len())]);
        let sections = (0..SECTIONS)
            .map(|part| {
                let mut body = words.paragraph(5);
                match part {
                    1 => body.push_str(&format!("\n\n![]({placed} \"{}\")", words.line(5))),
                    2 => body.push_str(&format!("\n\n- {}\n- {}", words.line(4), words.line(4))),
                    3 => body.push_str(&format!("\n\nSee {dossier}. *{}*", words.line(3))),
                    _ => {}
                }
                let heading = (part > 0).then(|| words.line(4));
                Section { id: op.new_id(), heading, level: 2, body }
            })
            .collect();
        let external =
            RelatedLink::External { url: format!("https://example.org/{number}"), title: words.line(4) };
        let link = earlier.map(|article| RelatedLink::Article { article, title: None });
        let content = Content {
            slug: format!("{}-{number}", slug::from_title(&title)),
            title,
            excerpt: Some(words.paragraph(2)),
            lead_figure: Some(LeadFigure { image: lead, caption: Some(words.line(5)), credit: None }),
            sections,
            authors: words.some_below(2, self.authors.len()).iter().map(|at| self.authors[*at]).collect(),
            categories: words
                .some_below(2, self.categories.len())
                .iter()
                .map(|at| self.categories[*at])
                .collect(),
            tags: words.some_below(4, self.tags.len()).iter().map(|at| self.tags[*at]).collect(),
            related_links: link.into_iter().chain([external]).collect(),
            ..fields::blank(op.random_hex::<16>())
        };
        let id = op.new_id();
        let mut comments: Vec<comment::bulk::Approved> = Vec::with_capacity(COMMENTS);
        for place in 0..COMMENTS {
            comments.push(comment::bulk::Approved {
                id: op.new_id(),
                article: id,
                // Every other one answers the first.
                parent: comments.first().filter(|_| place % 2 == 1).map(|first| first.id),
                author_name: words.line(1),
                author_email: format!("reader{}@example.org", words.below(1_000)),
                body: words.paragraph(2),
                at,
            });
        }
        let comment_count = i32::try_from(COMMENTS).unwrap_or_default();
        Made { article: Finished { id, content, published_at: at, comment_count }, comments }
    }
}
