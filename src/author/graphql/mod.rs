//! Authors in the schema.

mod mutations;

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, ID, Object, OneofObject, SimpleObject};
use rustc_hash::FxHashMap;
use uuid::Uuid;

pub use mutations::AuthorMutation;

use super::entity::{author_records, authors};
use super::{links, memory, read};
use crate::account::policy;
use crate::article::graphql::{ArticleObject, ArticleOrder, OneOf, SubjectLists, UseCounts, articles_of};
use crate::article::read::Subject;
use crate::cache::recall::KnownOf;
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::at_hand::{AtHand, Reading, leaves};
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::rich_text::{Origin, RichText, Text};
use crate::graphql::scalars::{DateTime, Url};
use crate::graphql::seo::{DESCRIPTION_CHARACTERS, PageSeo};
use crate::graphql::{ids, operation};
use crate::id::ImageId;
use crate::image;
use crate::image::entity::images;
use crate::image::graphql::{ImageObject, LibraryImage};
use crate::operation::Operation;
use crate::reads;
use crate::text::markdown::{self, Flavor};
use crate::text::shorten::shorten;

/// Where else an author is found.
#[derive(SimpleObject)]
pub struct AuthorLink {
    /// What it is called: the service, say.
    title: String,
    /// Its address.
    url: Url,
}

impl AuthorLink {
    fn all(column: &str) -> Result<Vec<Self>, Failure> {
        let links = links::from_column(column)?;
        Ok(links.into_iter().map(|link| Self { title: link.title, url: Url(link.url) }).collect())
    }
}

/// What a page of authors loads together.
#[derive(Default)]
pub struct AuthorLoads {
    portraits: Batch<(), KnownOf<ImageId, Arc<Option<images::Model>>>>,
    /// Of these, those that were read with the authors.
    known: Vec<images::Model>,
    articles: SubjectLists,
}

impl AuthorLoads {
    /// What authors load of whom these portraits are known.
    pub fn with(known: Vec<images::Model>) -> Self {
        Self { known, ..Self::default() }
    }
}

/// A public author.
pub type AuthorObject = AtHand<AuthorFields>;

/// What there is to tell of an author.
#[derive(Clone)]
pub struct AuthorFields(Member<authors::Model, AuthorLoads>);

impl AuthorObject {
    /// An author on its page.
    pub fn of(member: Member<authors::Model, AuthorLoads>) -> Self {
        Self(AuthorFields(member))
    }
}

impl AuthorFields {
    /// Its row.
    pub fn row(&self) -> &authors::Model {
        self.0.row()
    }
}

impl Reading for AuthorFields {
    const FIELDS: &'static [&'static str] = &["portrait", "articles"];

    leaves!("id" => id, "slug" => slug, "name" => name, "path" => path, "url" => url, "articleCount" => article_count; objects "bio" => bio);
}

impl Text for AuthorFields {
    fn markdown(&self) -> &str {
        self.row().bio.as_deref().unwrap_or_default()
    }

    fn origin(&self) -> Option<Origin> {
        let id = self.row().id.to_string();
        Some(Origin { thing: id.clone(), on: vec![id] })
    }
}

/// Who bylines credit.
#[Object(name = "Author")]
impl AuthorFields {
    /// Its global id.
    pub async fn id(&self) -> ID {
        ids::global(self.row().id)
    }

    /// Their name in addresses.
    async fn slug(&self) -> &str {
        &self.row().slug
    }

    /// As in the byline.
    async fn name(&self) -> &str {
        &self.row().name
    }

    /// Who they are, in a few sentences.
    async fn bio(&self) -> Option<RichText> {
        self.row().bio.is_some().then(|| RichText::short(self.clone()))
    }

    /// Their portrait.
    async fn portrait(&self) -> Nullable<ImageObject> {
        nullable(async {
            let Some(id) = self.row().portrait_image_id else { return Ok(None) };
            let cohort = self.0.cohort();
            let portraits = cohort
                .loads
                .portraits
                .get((), || async {
                    let ids = cohort.rows.iter().filter_map(|author| author.portrait_image_id).collect();
                    image::memory::public(&cohort.op, ids, &cohort.loads.known).await
                })
                .await?;
            let found = portraits.get(&id).and_then(|image| image.tell(&cohort.op).as_ref().as_ref());
            Ok(found.map(|image| ImageObject::new(image, &cohort.op.store)))
        })
        .await
    }

    /// Where else they are found, in the order that editors gave.
    async fn links(&self) -> Result<Vec<AuthorLink>, Failure> {
        AuthorLink::all(&self.row().links)
    }

    /// Their page's path on the site, such as `/authors/ann`.
    async fn path(&self) -> String {
        self.0.op().store.config.site.author_path(&self.row().slug)
    }

    /// Their page's address on the site.
    async fn url(&self) -> Url {
        let site = &self.0.op().store.config.site;
        Url(site.address(&site.author_path(&self.row().slug)))
    }

    /// What their page's head says.
    async fn seo(&self) -> PageSeo {
        let (site, row) = (&self.0.op().store.config.site, self.row());
        let words = row.bio.as_deref().map(|bio| markdown::outline_of(bio, Flavor::Short).text);
        PageSeo {
            title: row.name.clone(),
            description: words
                .map(|words| shorten(&words, DESCRIPTION_CHARACTERS))
                .filter(|words| !words.is_empty()),
            canonical_url: Url(site.address(&site.author_path(&row.slug))),
        }
    }

    /// How many published articles credit them.
    async fn article_count(&self) -> i32 {
        self.0.op().reads().note(reads::articles_of(self.row().id));
        self.row().article_count
    }

    /// The published articles that credit them.
    async fn articles(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "In which order.", default)] order_by: ArticleOrder,
    ) -> Result<Connection<ArticleObject>, Failure> {
        let (cohort, row) = (self.0.cohort(), self.row());
        let all = cohort.rows.iter().map(|author| author.id.0).collect();
        let one = OneOf { subject: Subject::Author, id: row.id.0, all };
        let arguments = PageArguments { first, after, last, before };
        articles_of(ctx, &cohort.loads.articles, one, row.article_count, arguments, order_by).await
    }
}

/// What a page of the library's authors loads together.
#[derive(Default)]
pub struct AuthorRecordLoads {
    portraits: Batch<(), HashMap<ImageId, LibraryImage>>,
    uses: UseCounts,
}

/// An author in the library.
#[derive(Clone)]
pub struct AuthorRecord(pub Member<author_records::Model, AuthorRecordLoads>);

impl AuthorRecord {
    /// Authors of several lists, which load together.
    pub fn pages(
        op: &Arc<Operation>,
        pages: FxHashMap<Uuid, Page<author_records::Model>>,
    ) -> KnownOf<Uuid, Page<Self>> {
        let pages = pages.into_iter().map(|(parent, page)| (parent, Arc::new(page).into()));
        Member::pages(op, AuthorRecordLoads::default(), pages.collect(), Self)
    }

    /// Where one stands in a list by name.
    pub fn place(&self) -> Position {
        let row = self.0.row();
        Position { key: SortKey::Text(row.sort_name.clone()), id: row.id.0 }
    }
}

/// An author as editors see them, whether public or not.
#[Object]
impl AuthorRecord {
    /// Its id; the public author's too.
    async fn id(&self) -> ID {
        ids::global(self.0.row().id)
    }

    /// Their name in addresses.
    async fn slug(&self) -> &str {
        &self.0.row().slug
    }

    /// As in the byline.
    async fn name(&self) -> &str {
        &self.0.row().name
    }

    /// Who they are, in a few sentences.
    async fn bio(&self) -> Option<RichText> {
        self.0.row().bio.clone().map(RichText::short)
    }

    /// Their portrait.
    async fn portrait(&self) -> Nullable<LibraryImage> {
        nullable(async {
            let Some(id) = self.0.row().portrait_image_id else { return Ok(None) };
            let cohort = self.0.cohort();
            let portraits = cohort
                .loads
                .portraits
                .get((), || async {
                    let ids = cohort.rows.iter().filter_map(|author| author.portrait_image_id).collect();
                    let rows = image::read::records(cohort.op.snapshot().await?.connection(), ids).await?;
                    Ok(LibraryImage::by_id(&cohort.op, rows.into_values()))
                })
                .await?;
            Ok(portraits.get(&id).cloned())
        })
        .await
    }

    /// Where else they are found, in the order that editors gave.
    async fn links(&self) -> Result<Vec<AuthorLink>, Failure> {
        AuthorLink::all(&self.0.row().links)
    }

    /// How many articles use them, in their newest revision or in their public one, those in the trash among them;
    /// `drafts(filter: { uses: … })` lists them.
    async fn usage_count(&self) -> Result<i64, Failure> {
        let (cohort, id) = (self.0.cohort(), self.0.row().id.0);
        cohort.loads.uses.of(&cohort.op, cohort.rows.iter().map(|row| row.id.0), id).await
    }

    /// Whether they are public without an article: on the masthead.
    async fn is_listed(&self) -> bool {
        self.0.row().is_listed
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.0.row().version
    }

    /// When they were added.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.row().created_at)
    }
}

/// Which author.
#[derive(OneofObject)]
pub enum AuthorBy {
    /// By the global id.
    Id(ID),
    /// By the name in addresses, or by one that they had before.
    Slug(String),
}

/// Public queries for authors.
#[derive(Default)]
pub struct AuthorQuery;

#[Object]
impl AuthorQuery {
    /// One public author; null where there is none.
    async fn author(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which author.")] by: AuthorBy,
    ) -> Nullable<AuthorObject> {
        nullable(async {
            let op = operation(ctx)?;
            let found = match by {
                AuthorBy::Id(id) => memory::by_id(op, ids::parse(&id, &["by", "id"])?).await?,
                AuthorBy::Slug(slug) => memory::by_slug(op, &slug).await?,
            };
            Ok(found.map(|row| AuthorObject::of(Member::alone(op, row))))
        })
        .await
    }

    /// The public authors, by name: those whom published articles credit, and those on the masthead.
    async fn authors(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AuthorObject>, Failure> {
        let op = operation(ctx)?;
        let list = ListName::new(&["authors"]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let Page { rows, has_next, has_previous } = Box::pin(memory::list(op, &window)).await?;
        let page = Page {
            rows: Member::page(op, rows).into_iter().map(AuthorObject::of).collect(),
            has_next,
            has_previous,
        };
        let place = |author: &AuthorObject| Position {
            key: SortKey::Text(author.row().sort_name.clone()),
            id: author.row().id.0,
        };
        Ok(Connection::listed(op, list, page, place, |op| async move {
            read::count(&*op.snapshot().await?, COUNTED).await
        }))
    }
}

/// The library's authors, under `viewer`.
#[derive(Default)]
pub struct AuthorViewer;

#[Object]
impl AuthorViewer {
    /// The library's authors, by name; none for roles that don't see the library.
    async fn authors(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AuthorRecord>, Failure> {
        let op = operation(ctx)?;
        let list = ListName::new(&["viewer.authors"]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let sees = policy::sees_library(op.viewer);
        let Page { rows, has_next, has_previous } =
            if sees { read::library(&*op.snapshot().await?, &window).await? } else { Page::default() };
        let page = Page {
            rows: Member::page(op, rows).into_iter().map(AuthorRecord).collect(),
            has_next,
            has_previous,
        };
        Ok(Connection::listed(op, list, page, AuthorRecord::place, move |op| async move {
            if sees { read::library_count(&*op.snapshot().await?, COUNTED).await } else { Ok(0) }
        }))
    }
}
