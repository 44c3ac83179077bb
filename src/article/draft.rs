//! The desk: finding a draft for an action, listing drafts, and the steps that every save shares.

use std::collections::{HashMap, HashSet};

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _, LockType, OnConflict};
use sea_orm::{
    ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _, QuerySelect as _, Select,
};
use uuid::Uuid;

use super::content::{Content, RelatedLink};
use super::entity::private::{comment_settings, drafts, slug_history};
use super::entity::public::articles;
use super::{resolve, revision, uses};
use crate::account::policy::{self, Act, Action, Allowed, DraftState, Owned, Reach};
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::db::{Snapshot, WriteTransaction};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::{ArticleId, UserId};
use crate::operation::{Operation, Viewer};
use crate::text::slug;
use crate::{author, image, taxonomy};

pub use drafts::Model as Draft;

/// Where a draft stands on the desk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Being written.
    Writing,
    /// Handed in.
    InReview,
}

impl Stage {
    /// As it stands in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Writing => "WRITING",
            Self::InReview => "IN_REVIEW",
        }
    }
}

impl Draft {
    /// Where it stands on the desk.
    pub fn stage(&self) -> Stage {
        if self.stage == Stage::InReview.name() { Stage::InReview } else { Stage::Writing }
    }

    /// Whether a revision of it is public.
    pub fn is_published(&self) -> bool {
        self.published_revision.is_some()
    }

    /// Whether the newest revision is not the public one.
    pub fn has_unpublished_changes(&self) -> bool {
        self.published_revision != Some(self.head_revision)
    }

    /// What of its state the policy asks.
    pub fn state(&self) -> DraftState {
        DraftState {
            is_in_review: self.stage() == Stage::InReview,
            is_published: self.is_published(),
            has_unpublished_changes: self.has_unpublished_changes(),
            is_trashed: self.trashed_at.is_some(),
        }
    }
}

impl Owned for Draft {
    fn owner(&self) -> UserId {
        self.owner_id
    }
}

/// Which drafts a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct DraftFilter {
    /// Only those at this stage.
    pub stage: Option<Stage>,
    /// Only those of this owner.
    pub owner: Option<UserId>,
    /// Only those that are public, or only those that aren't.
    pub is_published: Option<bool>,
    /// Those in the trash, instead of those that aren't.
    pub is_trashed: bool,
    /// Only those that use this of the library.
    pub uses: Option<Uuid>,
}

/// Finds a draft for an action, inside the transaction, locked to its end. What the viewer may not see is not found; what is
/// in the trash is there for nothing but being taken out.
pub async fn find_for<A: Act>(
    transaction: &WriteTransaction,
    op: &Operation,
    id: ArticleId,
) -> Result<Allowed<A, Draft>, Failure> {
    policy::signed_in(op)?;
    let found = drafts::Entity::find_by_id(id).lock_exclusive().one(transaction.connection()).await?;
    let Some(draft) = found.filter(|draft| is_seen(draft, op.viewer)) else { return Err(not_found()) };
    let state = draft.state();
    let allowed = policy::allow::<A, Draft>(op, draft)?;
    match policy::bar(A::ACTION, state) {
        Some(reason) if state.is_trashed && A::ACTION != Action::TrashArticle => {
            Err(Failure::refused(UserErrorCode::WrongState, &[], reason))
        }
        _ => Ok(allowed),
    }
}

/// Whether a viewer sees a draft at all. Nobody sees one whose content was erased.
fn is_seen(draft: &Draft, viewer: Viewer) -> bool {
    draft.erased_at.is_none() && policy::may(viewer, Action::ReadDraft, draft.owner_id)
}

/// That there is no such article, or none that the viewer may see.
pub fn not_found() -> Failure {
    Failure::refused(
        UserErrorCode::NotFound,
        &["input", "articleId"],
        "There is no such article on your desk.",
    )
}

/// Refuses an edit that was made from another version.
pub fn check_version(draft: &Draft, given: i32) -> Result<(), Failure> {
    if draft.version == given { Ok(()) } else { Err(conflict(given)) }
}

/// The same for a transition that may be repeated: one that brought about the draft as it stands was made from the version
/// before, and its answer may have been lost.
pub(super) fn check_version_or_repeated(draft: &Draft, given: i32, is_done: bool) -> Result<(), Failure> {
    if is_done && draft.version == given.saturating_add(1) { Ok(()) } else { check_version(draft, given) }
}

/// That the draft has gone on since.
pub(super) fn conflict(given: i32) -> Failure {
    let message = format!(
        "The article has changed since version {given}. Merge with the current draft and save with its version."
    );
    Failure::refused(UserErrorCode::Conflict, &["input", "version"], message)
}

/// Writes a draft's columns and raises its version, if it still has the version that was found.
pub(super) async fn write<A>(
    transaction: &WriteTransaction,
    found: &Allowed<A, Draft>,
    changed: Draft,
) -> Result<Draft, Failure> {
    let Draft {
        article_id,
        owner_id,
        stage,
        stage_note,
        version: _,
        head_revision,
        published_revision,
        title,
        slug,
        first_published_at,
        created_at: _,
        updated_at,
        trashed_at,
        erased_at,
    } = changed.clone();
    let written = drafts::Entity::update_many()
        .col_expr(drafts::Column::OwnerId, Expr::value(owner_id))
        .col_expr(drafts::Column::Stage, Expr::value(stage))
        .col_expr(drafts::Column::StageNote, Expr::value(stage_note))
        .col_expr(drafts::Column::Version, Expr::value(found.version + 1))
        .col_expr(drafts::Column::HeadRevision, Expr::value(head_revision))
        .col_expr(drafts::Column::PublishedRevision, Expr::value(published_revision))
        .col_expr(drafts::Column::Title, Expr::value(title))
        .col_expr(drafts::Column::Slug, Expr::value(slug))
        .col_expr(drafts::Column::FirstPublishedAt, Expr::value(first_published_at))
        .col_expr(drafts::Column::UpdatedAt, Expr::value(updated_at))
        .col_expr(drafts::Column::TrashedAt, Expr::value(trashed_at))
        .col_expr(drafts::Column::ErasedAt, Expr::value(erased_at))
        .filter(drafts::Column::ArticleId.eq(article_id))
        .filter(drafts::Column::Version.eq(found.version))
        .exec(transaction.connection())
        .await?;
    if written.rows_affected == 0 {
        return Err(conflict(found.version));
    }
    Ok(Draft { version: found.version + 1, ..changed })
}

/// Reserves the slug for the article: one that was given must be free, one that is derived takes the next free number.
pub(super) async fn reserve_slug(
    transaction: &WriteTransaction,
    op: &Operation,
    article: ArticleId,
    wanted: &str,
    is_given: bool,
    problems: &mut Problems,
) -> Result<String, Failure> {
    let connection = transaction.connection();
    loop {
        let slug = if is_given {
            wanted.to_owned()
        } else {
            let candidates =
                slug::candidates(if wanted.is_empty() { "article" } else { wanted }, &op.random_hex::<4>());
            let taken = slugs_of_others(connection, article, candidates.clone()).await?;
            slug::first_free(candidates, &taken)
        };
        slug_history::Entity::insert(slug_history::ActiveModel {
            slug: Set(slug.clone()),
            article_id: Set(article),
            was_published: Set(false),
            created_at: Set(op.now()),
        })
        .on_conflict(OnConflict::column(slug_history::Column::Slug).do_nothing().to_owned())
        .exec_without_returning(connection)
        .await?;
        // Two nodes may have found it free at once; the row says who was first. The other derives the next.
        let is_ours = slugs_of_others(connection, article, vec![slug.clone()]).await?.is_empty();
        if !is_ours && is_given {
            problems.add(
                UserErrorCode::Taken,
                &["input", "slug"],
                "Another article has or had this slug. Choose another.",
            );
        }
        if is_ours || is_given {
            return Ok(slug);
        }
    }
}

async fn slugs_of_others(
    connection: &impl ConnectionTrait,
    article: ArticleId,
    slugs: Vec<String>,
) -> Result<HashSet<String>, Failure> {
    let rows = slug_history::Entity::find()
        .filter(slug_history::Column::Slug.is_in(slugs))
        .filter(slug_history::Column::ArticleId.ne(article))
        .all(connection)
        .await?;
    Ok(rows.into_iter().map(|row| row.slug).collect())
}

/// What a content refers to, as the library has it.
#[derive(Default)]
pub struct Library {
    /// Images.
    pub images: HashMap<crate::id::ImageId, image::entity::image_records::Model>,
    /// Authors.
    pub authors: HashMap<crate::id::AuthorId, author::entity::author_records::Model>,
    /// Categories: the whole tree.
    pub categories: HashMap<crate::id::CategoryId, taxonomy::entity::categories::Model>,
    /// Tags.
    pub tags: HashMap<crate::id::TagId, taxonomy::entity::tag_records::Model>,
    /// Articles that links point to.
    pub articles: HashMap<ArticleId, Draft>,
    /// The public rows of those that are published: what they are called to who may not read the draft.
    pub public_articles: HashMap<ArticleId, articles::Model>,
}

/// Reads what the contents refer to, in five statements at most.
pub async fn library(connection: &impl ConnectionTrait, contents: &[&Content]) -> Result<Library, Failure> {
    let related: Vec<ArticleId> = contents.iter().flat_map(|content| content.related_articles()).collect();
    let public_articles = public_rows(connection, related.clone()).await?;
    let articles: HashMap<ArticleId, Draft> = if related.is_empty() {
        HashMap::new()
    } else {
        let rows =
            drafts::Entity::find().filter(drafts::Column::ArticleId.is_in(related)).all(connection).await?;
        rows.into_iter().map(|draft| (draft.article_id, draft)).collect()
    };
    let needs_tree = contents.iter().any(|content| !content.categories.is_empty());
    Ok(Library {
        images: image::read::records(
            connection,
            contents.iter().flat_map(|content| content.images()).collect(),
        )
        .await?,
        authors: author::read::records(
            connection,
            contents.iter().flat_map(|content| content.authors.clone()).collect(),
        )
        .await?,
        categories: if needs_tree { taxonomy::read::tree(connection).await? } else { HashMap::new() },
        tags: taxonomy::read::tag_records(
            connection,
            contents.iter().flat_map(|content| content.tags.clone()).collect(),
        )
        .await?,
        articles,
        public_articles,
    })
}

async fn public_rows(
    connection: &impl ConnectionTrait,
    ids: Vec<ArticleId>,
) -> Result<HashMap<ArticleId, articles::Model>, Failure> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows = articles::Entity::find().filter(articles::Column::Id.is_in(ids)).all(connection).await?;
    Ok(rows.into_iter().map(|article| (article.id, article)).collect())
}

/// What an article is called to somebody who works with something that hangs on it.
pub struct Called {
    /// Its title.
    pub title: String,
    /// Its name in addresses.
    pub slug: String,
    /// Whether it is public.
    pub is_published: bool,
}

/// What a viewer may be told of an article: the draft's words where they may read it, else the public ones, else nothing.
pub fn called(viewer: Viewer, draft: &Draft, public: Option<&articles::Model>) -> Option<Called> {
    let is_published = draft.is_published();
    if is_seen(draft, viewer) {
        return Some(Called { title: draft.title.clone(), slug: draft.slug.clone(), is_published });
    }
    public.map(|article| Called { title: article.title.clone(), slug: article.slug.clone(), is_published })
}

/// Notes everything that a content refers to and that isn't there (or is not the viewer's to see). What the draft
/// referred to before is not checked again: it may have gone since.
pub(super) fn check_references(
    op: &Operation,
    before: Option<&Content>,
    content: &Content,
    library: &Library,
    problems: &mut Problems,
) {
    let mut missing = |path: &[&str], what: &str| {
        problems.add(UserErrorCode::NotFound, path, format!("There is no such {what}."));
    };
    if let Some(lead) = &content.lead_figure
        && !library.images.contains_key(&lead.image)
        && before
            .and_then(|before| before.lead_figure.as_ref())
            .is_none_or(|before| before.image != lead.image)
    {
        missing(&["input", "leadFigure", "imageId"], "image");
    }
    for (index, section) in content.sections.iter().enumerate() {
        let was_there = before.is_some_and(|before| before.sections.contains(section));
        let figures = || crate::text::markdown::figures(&section.body);
        if !was_there && figures().iter().any(|figure| !library.images.contains_key(&figure.image)) {
            missing(&["input", "sections", &index.to_string(), "body"], "image as one placed here");
        }
    }
    for (index, id) in content.authors.iter().enumerate() {
        if !library.authors.contains_key(id) {
            missing(&["input", "authorIds", &index.to_string()], "author");
        }
    }
    for (index, id) in content.categories.iter().enumerate() {
        if !library.categories.contains_key(id) {
            missing(&["input", "categoryIds", &index.to_string()], "category");
        }
    }
    for (index, id) in content.tags.iter().enumerate() {
        if !library.tags.contains_key(id) {
            missing(&["input", "tagIds", &index.to_string()], "tag");
        }
    }
    for (index, link) in content.related_links.iter().enumerate() {
        if let RelatedLink::Article { article, title: _ } = link {
            let is_seen = library
                .articles
                .get(article)
                .is_some_and(|draft| draft.is_published() || is_seen(draft, op.viewer));
            let was_there = before.is_some_and(|before| before.related_links.contains(link));
            if !is_seen && !was_there {
                missing(&["input", "relatedLinks", &index.to_string(), "article", "articleId"], "article");
            }
        }
    }
}

/// The head's content of a draft that was found.
pub(super) async fn head<A>(
    transaction: &WriteTransaction,
    draft: &Allowed<A, Draft>,
) -> Result<Content, Failure> {
    let revision =
        revision::read(transaction.connection(), draft.article_id, draft.head_revision).await?.ok_or_else(
            || Failure::corrupt(format!("{} has no revision {}", draft.article_id, draft.head_revision)),
        )?;
    let mut content = revision::content(&revision)?;
    resolve::resolve(transaction.connection(), [&mut content]).await?;
    Ok(content)
}

/// A draft that the viewer may read.
pub async fn read(snapshot: &Snapshot, viewer: Viewer, id: ArticleId) -> Result<Option<Draft>, Failure> {
    let found = drafts::Entity::find_by_id(id).one(snapshot.connection()).await?;
    Ok(found.filter(|draft| is_seen(draft, viewer)))
}

/// What these articles say of their comments, as far as something was set.
pub async fn comment_settings(
    snapshot: &Snapshot,
    ids: Vec<ArticleId>,
) -> Result<HashMap<ArticleId, comment_settings::Model>, Failure> {
    let these = comment_settings::Column::ArticleId.is_in(ids);
    let rows = comment_settings::Entity::find().filter(these).all(snapshot.connection()).await?;
    Ok(rows.into_iter().map(|row| (row.article_id, row)).collect())
}

/// A page of the drafts that the viewer may read, last written first.
pub async fn list(
    snapshot: &Snapshot,
    viewer: Viewer,
    filter: &DraftFilter,
    window: &Window,
) -> Result<Page<Draft>, Failure> {
    let Some(query) = filtered(viewer, filter) else { return Ok(Page::default()) };
    let few = match filter.uses {
        Some(thing) => uses::few(snapshot, thing).await?,
        None => None,
    };
    let query = match few {
        Some(articles) => query.filter(drafts::Column::ArticleId.is_in(articles)),
        None => query,
    };
    let sorting =
        Sorting::new(Expr::col(drafts::Column::UpdatedAt), Expr::col(drafts::Column::ArticleId), true);
    Ok(keyset::fetch(snapshot, query, &sorting, window).await?)
}

/// How many drafts the viewer may read, up to one more than `most`.
pub async fn count(
    snapshot: &Snapshot,
    viewer: Viewer,
    filter: &DraftFilter,
    most: u64,
) -> Result<u64, Failure> {
    match filtered(viewer, filter) {
        Some(query) => Ok(keyset::count(snapshot, query, most).await?),
        None => Ok(0),
    }
}

fn filtered(viewer: Viewer, filter: &DraftFilter) -> Option<Select<drafts::Entity>> {
    let DraftFilter { stage, owner, is_published, is_trashed, uses } = filter;
    let trashed_at = drafts::Column::TrashedAt;
    let in_place = if *is_trashed { trashed_at.is_not_null() } else { trashed_at.is_null() };
    let mut query = drafts::Entity::find().filter(in_place).filter(drafts::Column::ErasedAt.is_null());
    match policy::reach_of(viewer, Action::ReadDraft) {
        Reach::Any => {}
        Reach::Own => query = query.filter(drafts::Column::OwnerId.eq(viewer.user_id()?)),
        Reach::None => return None,
    }
    if let Some(stage) = stage {
        query = query.filter(drafts::Column::Stage.eq(stage.name()));
    }
    if let Some(owner) = owner {
        query = query.filter(drafts::Column::OwnerId.eq(*owner));
    }
    match is_published {
        Some(true) => query = query.filter(drafts::Column::PublishedRevision.is_not_null()),
        Some(false) => query = query.filter(drafts::Column::PublishedRevision.is_null()),
        None => {}
    }
    if let Some(thing) = uses {
        query = query.filter(drafts::Column::ArticleId.in_subquery(uses::users(*thing)));
    }
    Some(query)
}

/// Whose an article is, and whether it is public: what the comment room asks.
pub async fn owner(
    connection: &impl ConnectionTrait,
    id: ArticleId,
) -> Result<Option<(UserId, bool)>, Failure> {
    let found = drafts::Entity::find_by_id(id).one(connection).await?;
    Ok(found.map(|draft| (draft.owner_id, draft.is_published())))
}

/// Whether an article is public, and will be until the transaction ends: nobody takes it down or erases it meanwhile.
pub async fn stays_public(transaction: &WriteTransaction, id: ArticleId) -> Result<bool, Failure> {
    let found = drafts::Entity::find_by_id(id).lock(LockType::Share).one(transaction.connection()).await?;
    Ok(found.is_some_and(|draft| draft.is_published()))
}

/// Which revision is public of each of these articles that is.
pub(super) async fn published_revisions(
    connection: &impl ConnectionTrait,
    ids: &[ArticleId],
) -> Result<Vec<(ArticleId, i32)>, Failure> {
    let rows = drafts::Entity::find()
        .filter(drafts::Column::ArticleId.is_in(ids.iter().copied()))
        .all(connection)
        .await?;
    Ok(rows.into_iter().filter_map(|draft| Some((draft.article_id, draft.published_revision?))).collect())
}

/// Articles by id, each with what the viewer may be told of it.
pub async fn heads(
    snapshot: &Snapshot,
    viewer: Viewer,
    ids: Vec<ArticleId>,
) -> Result<HashMap<ArticleId, Called>, Failure> {
    let public = public_rows(snapshot.connection(), ids.clone()).await?;
    let rows = drafts::Entity::find()
        .filter(drafts::Column::ArticleId.is_in(ids))
        .all(snapshot.connection())
        .await?;
    let heads = rows
        .iter()
        .filter_map(|draft| Some((draft.article_id, called(viewer, draft, public.get(&draft.article_id))?)));
    Ok(heads.collect())
}

/// The ids of the articles that a user owns: a subquery for lists of what belongs to them.
pub fn owned_by(user: UserId) -> sea_orm::sea_query::SelectStatement {
    sea_orm::sea_query::Query::select()
        .column(drafts::Column::ArticleId)
        .from(drafts::Entity)
        .and_where(Expr::col(drafts::Column::OwnerId).eq(user.0))
        .to_owned()
}
