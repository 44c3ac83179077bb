//! `copydesk generate`: a synthetic archive of any size, for trying out and for measuring. Put in in bulk, with its history: the
//! log tells of each article and comment as if it had come through the API. The next articles are made while the last are put in.

use std::ops::Range;
use std::sync::Arc;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::mpsc;

use super::words::Words;
use super::{EDITOR, Loaded, Loader, add_editor, content, failed};
use crate::account::sign_out::sign_out;
use crate::account::user;
use crate::article::bulk::{self, Finished};
use crate::article::content::{Content, LeadFigure, RelatedLink, Section};
use crate::article::fields;
use crate::article::verify::Tree;
use crate::author::create::NewAuthor;
use crate::clock::{Clock as _, SetClock, SystemChance, SystemClock, Timestamp};
use crate::comment;
use crate::comment::bulk::Approved;
use crate::config::Config;
use crate::error::Failure;
use crate::id::{ArticleId, AuthorId, CategoryId, GlobalId, ImageId, TagId};
use crate::log::MadeAhead;
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
    let loader = Loader { store: Arc::clone(&store), viewer, clock, now };
    let words = Words::new(plan.seed);
    let library = Library::make(&loader, plan, &words).await?;
    let op = Arc::new(loader.op());
    let tree = taxonomy::read::tree(store.database.reader()).await.map_err(failed)?;
    let maker = Maker { plan, now, words, library, tree, op: loader.op() };
    let (send, mut made) = mpsc::channel(1);
    let making = tokio::task::spawn_blocking(move || maker.make(&send));
    let mut done = 0;
    while let Some(batch) = made.recv().await {
        let batch = batch.map_err(failed)?;
        done += batch.size;
        batch.put_in(&op).await.map_err(failed)?;
        tell(done);
    }
    making.await?;
    store.database.settle().await?;
    sign_out(&op, false).await.map_err(failed)?;
    Ok(format!("{done} articles made\n  Editor     {EDITOR}\n  Password   {}", password.expose_secret()))
}

/// When an article was published: evenly over the years, the last one now.
fn moment(now: Timestamp, plan: Plan, number: u64) -> Timestamp {
    let (number, all) = (i64::try_from(number).unwrap_or(0), i64::try_from(plan.articles).unwrap_or(1));
    let span = YEARS * 365 * 24 * 60 * 60 * 1_000;
    Timestamp(now.0 - span + span / all * number)
}

/// Articles with their conversations, ready to be put in.
struct Batch {
    size: u64,
    articles: bulk::Prepared,
    comments: comment::bulk::Prepared,
}

impl Batch {
    async fn put_in(self, op: &Arc<Operation>) -> Result<(), Failure> {
        let Self { size: _, articles, comments } = self;
        let transaction = op.begin().await?;
        transaction.expect_many_rows().await?;
        transaction.lock_public_tables().await?;
        let of_articles = articles.references.refer(&transaction).await?;
        let mut of_comments = comments.changes.into_iter();
        let mut changes = Vec::new();
        for of_article in of_articles {
            changes.extend(of_article);
            // Sent, and approved.
            changes.extend(of_comments.by_ref().take(2 * COMMENTS));
        }
        // Signing takes about as long as putting the rows in.
        let entries = MadeAhead::begin(&transaction, op, changes).await?;
        articles.rows.put_in(&transaction).await?;
        comments.rows.run(transaction.connection()).await?;
        let entries = entries.await??;
        entries.save(transaction, op).await?;
        Ok(())
    }
}

/// Makes the articles, one after the other.
struct Maker {
    plan: Plan,
    now: Timestamp,
    words: Words,
    library: Library,
    tree: Tree,
    op: Operation,
}

impl Maker {
    /// All of them, for whoever puts them in; ends early where nobody does any more.
    fn make(self, send: &mpsc::Sender<Result<Batch, Failure>>) {
        let mut earlier = None;
        let mut begin = 0;
        while begin < self.plan.articles {
            let end = self.plan.articles.min(begin + BATCH);
            if send.blocking_send(self.batch(begin..end, &mut earlier)).is_err() {
                break;
            }
            begin = end;
        }
    }

    fn batch(&self, numbers: Range<u64>, earlier: &mut Option<ArticleId>) -> Result<Batch, Failure> {
        let size = numbers.end - numbers.start;
        let (mut articles, mut comments) = (Vec::new(), Vec::new());
        for number in numbers {
            let at = moment(self.now, self.plan, number);
            let article = self.article(number, at, *earlier);
            *earlier = Some(article.id);
            comments.extend(self.conversation(article.id, at));
            articles.push(article);
        }
        Ok(Batch {
            size,
            articles: bulk::prepare(&self.op, articles, &self.tree)?,
            comments: comment::bulk::prepare(&self.op, comments)?,
        })
    }

    /// An id as it was given at that moment.
    fn id<T: GlobalId>(&self, at: Timestamp) -> T {
        T::generate(&SetClock::at(at), &*self.op.store.chance)
    }

    fn article(&self, number: u64, at: Timestamp, earlier: Option<ArticleId>) -> Finished {
        let Self { words, library, .. } = self;
        let dossier = format!("dossier{}", number / ARTICLES_A_DOSSIER);
        let title = words.line(6);
        let (lead, placed) = (
            library.images[words.below(library.images.len())],
            library.images[words.below(library.images.len())],
        );
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
                Section { id: self.id(at), heading, level: 2, body }
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
            authors: some_of(words, 2, &library.authors),
            categories: some_of(words, 2, &library.categories),
            tags: some_of(words, 4, &library.tags),
            related_links: link.into_iter().chain([external]).collect(),
            ..fields::blank(self.op.random_hex::<16>())
        };
        let comment_count = i32::try_from(COMMENTS).unwrap_or_default();
        Finished { id: self.id(at), content, published_at: at, comment_count }
    }

    fn conversation(&self, article: ArticleId, at: Timestamp) -> Vec<Approved> {
        let mut comments: Vec<Approved> = Vec::with_capacity(COMMENTS);
        for place in 0..COMMENTS {
            comments.push(Approved {
                id: self.id(at),
                article,
                // Every other one answers the first.
                parent: comments.first().filter(|_| place % 2 == 1).map(|first| first.id),
                author_name: self.words.line(1),
                author_email: format!("reader{}@example.org", self.words.below(1_000)),
                body: self.words.paragraph(2),
                at,
            });
        }
        comments
    }
}

fn some_of<T: Copy>(words: &Words, count: usize, all: &[T]) -> Vec<T> {
    words.some_below(count, all.len()).iter().map(|at| all[*at]).collect()
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
        // In an order that goes by names: the same seed gives the same archive.
        let images = loaded.pictures.values().copied().collect();
        let categories = loaded.categories.values().copied().collect();
        Ok(Self { images, authors, categories, tags })
    }
}
