//! The desk in the schema: drafts, their content, checks and revisions.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, ID, InputObject, Object};
use uuid::Uuid;

use super::check::Check;
use super::commenting::CommentSettings;
use super::content::ArticleContent;
use super::draft_content::{Contents, DraftContent};
use crate::account::entity::users;
use crate::account::graphql::{Actor, Colleague, DraftRight};
use crate::article::checks;
use crate::article::draft::{self, Draft, Stage as DeskStage};
use crate::article::drafts::{self, DraftFilter as Filter};
use crate::article::entity::private::comment_settings;
use crate::article::referred;
use crate::article::resolve::resolve;
use crate::article::revision::{self, Revision};
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::scalars::DateTime;
use crate::graphql::{ids, operation};
use crate::id::{ArticleId, AuthorId, CategoryId, ImageId, TagId, UserId};
use crate::operation::Operation;

/// Where a draft stands on the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "DeskStage")]
pub enum Stage {
    /// Being written.
    Writing,
    /// Handed in for review.
    InReview,
}

/// Which drafts: all conditions that are given hold.
#[derive(Default, InputObject)]
#[graphql(name = "DraftFilter")]
pub struct DraftFilterInput {
    /// Only those at this stage.
    stage: Option<Stage>,
    /// Only those of this user.
    owner_id: Option<ID>,
    /// Only those that are public, or only those that aren't.
    is_published: Option<bool>,
    /// Those in the trash, instead of those that aren't.
    #[graphql(default)]
    is_trashed: bool,
    /// Only those that use this author, category, tag or image, in their newest revision or in their public one.
    uses: Option<ID>,
}

/// What a page of drafts loads together.
#[derive(Default)]
pub struct DraftLoads {
    owners: Batch<(), HashMap<UserId, users::Model>>,
    revisions: Batch<(), HashMap<(ArticleId, i32), Revision>>,
    contents: Batch<(), Contents>,
    comment_settings: Batch<(), HashMap<ArticleId, comment_settings::Model>>,
}

/// A draft.
#[derive(Clone)]
pub struct DraftObject(Member<Draft, DraftLoads>);

impl DraftObject {
    /// A draft alone on its page.
    pub fn alone(op: &Arc<Operation>, row: Draft) -> Self {
        Self(Member::alone(op, row))
    }

    /// Drafts that load together, in their order.
    pub fn page(op: &Arc<Operation>, rows: Vec<Draft>) -> Vec<Self> {
        Member::page(op, rows).into_iter().map(Self).collect()
    }

    async fn revisions_at_hand(&self) -> Result<Arc<HashMap<(ArticleId, i32), Revision>>, Failure> {
        let cohort = self.0.cohort();
        cohort
            .loads
            .revisions
            .get((), || async {
                let heads = cohort.rows.iter().map(|draft| (draft.article_id, draft.head_revision));
                let public = cohort
                    .rows
                    .iter()
                    .filter_map(|draft| Some((draft.article_id, draft.published_revision?)));
                let which: Vec<_> = heads.chain(public).collect();
                revision::read_many(cohort.op.snapshot().await?.connection(), &which).await
            })
            .await
    }

    async fn contents(&self) -> Result<Arc<Contents>, Failure> {
        let cohort = self.0.cohort();
        let revisions = self.revisions_at_hand().await?;
        cohort
            .loads
            .contents
            .get((), || async {
                let mut by_article = HashMap::new();
                for draft in &cohort.rows {
                    let head = revisions.get(&(draft.article_id, draft.head_revision)).ok_or_else(|| {
                        Failure::corrupt(format!(
                            "{} has no revision {}",
                            draft.article_id, draft.head_revision
                        ))
                    })?;
                    by_article.insert(draft.article_id, revision::content(head)?);
                }
                let snapshot = cohort.op.snapshot().await?;
                resolve(snapshot.connection(), by_article.values_mut()).await?;
                let library =
                    referred::library(snapshot.connection(), &Vec::from_iter(by_article.values())).await?;
                Ok(Contents::new(&cohort.op, by_article, library))
            })
            .await
    }
}

/// The working copy of an article, and where it stands.
#[Object(name = "Draft")]
impl DraftObject {
    /// The article's id; the public article has the same.
    async fn article_id(&self) -> ID {
        ids::global(self.0.row().article_id)
    }

    /// Rises with every write; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.0.row().version
    }

    /// The newest revision's title; blank until it has one.
    async fn title(&self) -> &str {
        &self.0.row().title
    }

    /// The newest revision's name in addresses.
    async fn slug(&self) -> &str {
        &self.0.row().slug
    }

    /// Where it stands on the desk. A save returns it to `WRITING`.
    async fn stage(&self) -> Stage {
        self.0.row().stage().into()
    }

    /// What was said when it was submitted or sent back.
    async fn stage_note(&self) -> Option<&str> {
        self.0.row().stage_note.as_deref()
    }

    /// The newest revision's number.
    async fn revision_number(&self) -> i32 {
        self.0.row().head_revision
    }

    /// Whether a revision of it is public.
    async fn is_published(&self) -> bool {
        self.0.row().is_published()
    }

    /// Whether the newest revision is not the public one.
    async fn has_unpublished_changes(&self) -> bool {
        self.0.row().has_unpublished_changes()
    }

    /// When the article was first published.
    async fn first_published_at(&self) -> Option<DateTime> {
        self.0.row().first_published_at.map(DateTime)
    }

    /// When it was moved to the trash; null where it isn't there.
    async fn trashed_at(&self) -> Option<DateTime> {
        self.0.row().trashed_at.map(DateTime)
    }

    /// When it was created.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.row().created_at)
    }

    /// When it was last written.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.row().updated_at)
    }

    /// What it says of its comments.
    async fn comment_settings(&self) -> Result<CommentSettings, Failure> {
        let cohort = self.0.cohort();
        let settings = cohort
            .loads
            .comment_settings
            .get((), || async {
                let ids = cohort.rows.iter().map(|draft| draft.article_id).collect();
                draft::comment_settings(&*cohort.op.snapshot().await?, ids).await
            })
            .await?;
        Ok(CommentSettings::of(settings.get(&self.0.row().article_id)))
    }

    /// Whose draft it is.
    async fn owner(&self) -> Result<Colleague, Failure> {
        let cohort = self.0.cohort();
        let owners = cohort
            .loads
            .owners
            .get((), || async {
                let ids = cohort.rows.iter().map(|draft| draft.owner_id).collect();
                crate::account::read::users(&*cohort.op.snapshot().await?, ids).await
            })
            .await?;
        let owner = owners.get(&self.0.row().owner_id).cloned();
        owner
            .map(Colleague)
            .ok_or_else(|| Failure::corrupt(format!("{} has no owner", self.0.row().article_id)))
    }

    /// What the viewer may do to it now, and where they may not, why. Whether its content may be published is said by
    /// `checks`.
    async fn may(&self) -> Vec<DraftRight> {
        let draft = self.0.row();
        DraftRight::all(self.0.op().viewer, draft.owner_id, draft.state())
    }

    /// The newest revision's content.
    async fn content(&self) -> Result<DraftContent, Failure> {
        Ok(DraftContent::new(self.contents().await?, self.0.row().article_id, self.0.op()))
    }

    /// What publishing would say now.
    async fn checks(&self) -> Result<Vec<Check>, Failure> {
        let contents = self.contents().await?;
        let found = contents
            .by_article
            .get(&self.0.row().article_id)
            .map(|content| checks::run(content, &contents.library));
        Ok(found.unwrap_or_default().into_iter().map(Check::from).collect())
    }

    /// All saved versions, newest first.
    async fn revisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<RevisionObject>, Failure> {
        let op = operation(ctx)?;
        let draft = self.0.row();
        let list = ListName::new(&["Draft.revisions", &draft.article_id.to_string()]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let Page { rows, has_next, has_previous } =
            revision::list(&*op.snapshot().await?, draft.article_id, &window).await?;
        let page = Page { rows: RevisionObject::page(op, rows), has_next, has_previous };
        let place = |revision: &RevisionObject| {
            let row = revision.0.row();
            Position { key: SortKey::Number(i64::from(row.number)), id: row.article_id.0 }
        };
        let count = u64::try_from(draft.head_revision).unwrap_or_default();
        Ok(Connection::counted(op, list, page, place, count))
    }

    /// The revision that is public; null where none is.
    async fn published_revision(&self) -> Nullable<RevisionObject> {
        nullable(async {
            let draft = self.0.row();
            let Some(number) = draft.published_revision else { return Ok(None) };
            let revisions = self.revisions_at_hand().await?;
            let found = revisions.get(&(draft.article_id, number)).cloned();
            Ok(found.map(|row| RevisionObject(Member::alone(self.0.op(), row))))
        })
        .await
    }
}

/// What a page of revisions loads together.
#[derive(Default)]
pub struct RevisionLoads {
    actors: Batch<(), HashMap<UserId, users::Model>>,
}

/// A revision.
#[derive(Clone)]
pub struct RevisionObject(Member<Revision, RevisionLoads>);

impl RevisionObject {
    /// Revisions that load together, in their order.
    pub fn page(op: &Arc<Operation>, rows: Vec<Revision>) -> Vec<Self> {
        Member::page(op, rows).into_iter().map(Self).collect()
    }
}

/// One immutable saved version of an article's whole content.
#[Object(name = "Revision")]
impl RevisionObject {
    /// From 1, without a gap.
    async fn number(&self) -> i32 {
        self.0.row().number
    }

    /// When it was saved.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.row().created_at)
    }

    /// Who saved it.
    async fn actor(&self) -> Result<Actor, Failure> {
        let cohort = self.0.cohort();
        let actors = cohort
            .loads
            .actors
            .get((), || async {
                let ids = cohort.rows.iter().map(|revision| revision.actor_id).collect();
                crate::account::read::users(&*cohort.op.snapshot().await?, ids).await
            })
            .await?;
        Ok(Actor::of(Some(self.0.row().actor_id), &actors, ""))
    }

    /// What they said about it.
    async fn note(&self) -> Option<&str> {
        self.0.row().note.as_deref()
    }

    /// SHA-256 of its canonical bytes, hexadecimal: what the log names.
    async fn hash(&self) -> &str {
        &self.0.row().hash
    }
}

/// The id of what articles can use.
fn thing(id: &ID) -> Result<Uuid, Failure> {
    let id = id.as_str();
    let label = id.parse().map(|AuthorId(id)| id).or_else(|_| id.parse().map(|TagId(id)| id));
    let label = label.or_else(|_| id.parse().map(|CategoryId(id)| id));
    label.or_else(|_| id.parse().map(|ImageId(id)| id)).map_err(|_| {
        let message = "This is not the id of an author, a category, a tag or an image.";
        Failure::bad_request(&["filter", "uses"], message)
    })
}

/// The desk, under `viewer`.
#[derive(Default)]
pub struct DraftViewer;

#[Object]
impl DraftViewer {
    /// One draft; null where there is none that the viewer may read.
    async fn draft(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The article's id.")] article_id: ID,
    ) -> Nullable<DraftObject> {
        nullable(async {
            let op = operation(ctx)?;
            let id = ids::parse(&article_id, &["articleId"])?;
            let found = draft::read(&*op.snapshot().await?, op.viewer, id).await?;
            Ok(found.map(|row| DraftObject::alone(op, row)))
        })
        .await
    }

    /// An article's content as its readers would get it, with the fragments that a frontend has for published articles; null
    /// where there is no such draft that the viewer may read.
    async fn preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The article's id.")] article_id: ID,
        #[graphql(desc = "Of which revision; the newest where absent.")] revision_number: Option<i32>,
    ) -> Nullable<ArticleContent> {
        nullable(async {
            let op = operation(ctx)?;
            let id = ids::parse(&article_id, &["articleId"])?;
            let snapshot = op.snapshot().await?;
            let Some(draft) = draft::read(&snapshot, op.viewer, id).await? else { return Ok(None) };
            let number = revision_number.unwrap_or(draft.head_revision);
            let revision = revision::existing(&snapshot, &draft, number, "revisionNumber").await?;
            let mut content = revision::content(&revision)?;
            resolve(snapshot.connection(), [&mut content]).await?;
            let library = referred::library(snapshot.connection(), &[&content]).await?;
            let contents = Contents::new(op, HashMap::from([(id, content)]), library);
            Ok(Some(ArticleContent(DraftContent::new(Arc::new(contents), id, op))))
        })
        .await
    }

    /// The drafts that the viewer may read, last written first. Those in the trash are in no list but their own.
    async fn drafts(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<DraftFilterInput>,
    ) -> Result<Connection<DraftObject>, Failure> {
        let op = operation(ctx)?;
        let DraftFilterInput { stage, owner_id, is_published, is_trashed, uses } = filter.unwrap_or_default();
        let stage: Option<DeskStage> = stage.map(DeskStage::from);
        let owner: Option<UserId> = owner_id.map(|id| ids::parse(&id, &["filter", "ownerId"])).transpose()?;
        let uses = uses.map(|id| thing(&id)).transpose()?;
        let filter = Filter { stage, owner, is_published, is_trashed, uses };
        let list = ListName::new(&[
            "viewer.drafts",
            stage.map_or("", DeskStage::name),
            &owner.map(|id| id.to_string()).unwrap_or_default(),
            &format!("{is_published:?}"),
            if is_trashed { "trash" } else { "" },
            &uses.map(|id| id.to_string()).unwrap_or_default(),
        ]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let Page { rows, has_next, has_previous } =
            drafts::list(&*op.snapshot().await?, op.viewer, &filter, &window).await?;
        let page = Page { rows: DraftObject::page(op, rows), has_next, has_previous };
        let place = |draft: &DraftObject| {
            let row = draft.0.row();
            let id: Uuid = row.article_id.0;
            Position { key: SortKey::Number(row.updated_at.0), id }
        };
        Ok(Connection::listed(op, list, page, place, move |op| {
            let filter = filter.clone();
            async move { drafts::count(&*op.snapshot().await?, op.viewer, &filter, COUNTED).await }
        }))
    }
}
