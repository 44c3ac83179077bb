//! Compares the desk's tables with the log: drafts, every revision's bytes, and the slugs that are reserved.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _};
use serde::Deserialize;
use uuid::Uuid;

use super::expected::Expected;
use super::{Articles, Labels};
use crate::article::content::Content;
use crate::article::entity::private::{drafts, revisions, slug_history};
use crate::article::erase::slug_of_erased;
use crate::article::{Draft, revision, uses};
use crate::clock::Timestamp;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::log::check::{Check, Problem};

/// Revisions read at once: each may hold a long document.
const REVISIONS: u64 = 100;

/// What a draft repeats of its head.
#[derive(Deserialize)]
struct Named {
    title: String,
    slug: String,
}

/// What the revisions of an article tell of it.
#[derive(Default)]
struct Read {
    numbers: BTreeSet<i32>,
    head: Option<Named>,
    /// Each slug: whether it was published, and when it first stood in a revision.
    slugs: BTreeMap<String, (bool, Timestamp)>,
    /// What of the library the newest and the public revision use.
    uses: BTreeSet<Uuid>,
    /// Whether each was what was saved.
    is_whole: bool,
}

/// Compares these articles.
pub(super) async fn compare(
    check: &mut Check<'_>,
    articles: &Articles,
    labels: &Labels,
) -> Result<(), Failure> {
    let ids: Vec<Uuid> = articles.keys().copied().collect();
    let read = read_revisions(check, articles, &ids).await?;
    let connection = check.snapshot.connection();
    let rows =
        drafts::Entity::find().filter(drafts::Column::ArticleId.is_in(ids.clone())).all(connection).await?;
    let drafts: HashMap<Uuid, Draft> = rows.into_iter().map(|draft| (draft.article_id.0, draft)).collect();
    let rows = slug_history::Entity::find()
        .filter(slug_history::Column::ArticleId.is_in(ids))
        .all(connection)
        .await?;
    let mut used = uses::of_articles(connection, articles.keys().copied().collect()).await?;
    let mut reserved: HashMap<Uuid, BTreeMap<String, (bool, Timestamp)>> = HashMap::new();
    for row in rows {
        reserved.entry(row.article_id.0).or_default().insert(row.slug, (row.was_published, row.created_at));
    }
    check.checked("drafts", drafts.len());
    for (id, expected) in articles {
        let found = read.get(id);
        compare_draft(
            check,
            ArticleId(*id),
            expected,
            drafts.get(id),
            found.and_then(|read| read.head.as_ref()),
        );
        let whole = found.filter(|read| read.is_whole).map(|read| &read.slugs);
        let used = used.remove(id).unwrap_or_default();
        let present = |thing: &Uuid| *labels.replaced.get(thing).unwrap_or(thing);
        let differs = found
            .filter(|read| read.is_whole)
            .is_some_and(|read| read.uses.iter().map(present).collect::<BTreeSet<_>>() != used);
        if differs || (expected.made.is_none() && !used.is_empty()) {
            let message = "what is said to be used is not what the newest and the public revision use";
            check.found(Problem::new(ArticleId(*id), "uses", message).since(expected.last));
        }
        let reserved = reserved.remove(id).unwrap_or_default();
        if whole.is_some_and(|slugs| *slugs != reserved) || (expected.made.is_none() && !reserved.is_empty())
        {
            let message = "the addresses that are reserved for the article are not those of its revisions";
            check.found(Problem::new(ArticleId(*id), "reserved slugs", message).since(expected.last));
        }
    }
    Ok(())
}

/// Reads every revision of these articles, and compares its bytes with what was saved.
async fn read_revisions(
    check: &mut Check<'_>,
    articles: &Articles,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Read>, Failure> {
    let mut read: HashMap<Uuid, Read> = HashMap::new();
    let mut place: Option<(Uuid, i32)> = None;
    loop {
        let mut query = revisions::Entity::find().filter(revisions::Column::ArticleId.is_in(ids.to_vec()));
        if let Some((article, number)) = place {
            let key = [Expr::col(revisions::Column::ArticleId), Expr::col(revisions::Column::Number)];
            query = query.filter(Expr::tuple(key).gt(Expr::tuple([Expr::val(article), Expr::val(number)])));
        }
        let rows = query
            .order_by_asc(revisions::Column::ArticleId)
            .order_by_asc(revisions::Column::Number)
            .limit(REVISIONS)
            .all(check.snapshot.connection())
            .await?;
        let Some(last) = rows.last() else { break };
        place = Some((last.article_id.0, last.number));
        check.checked("revisions", rows.len());
        for row in rows {
            let Some(expected) = articles.get(&row.article_id.0) else { continue };
            let read =
                read.entry(row.article_id.0).or_insert_with(|| Read { is_whole: true, ..Read::default() });
            read.numbers.insert(row.number);
            if !compare_revision(check, expected, &row) {
                read.is_whole = false;
                continue;
            }
            if expected.erased.is_some() {
                continue;
            }
            let Ok(named) = serde_json::from_str::<Named>(&row.content) else {
                let message = "can't be read";
                check.found(Problem::new(row.article_id, "content", message).revision(row.number));
                read.is_whole = false;
                continue;
            };
            if !named.slug.is_empty() {
                let is_published = expected.published_revisions.contains(&row.number);
                let known = read.slugs.entry(named.slug.clone()).or_insert((false, row.created_at));
                known.0 |= is_published;
            }
            let is_head = expected.head == Some(row.number);
            let published = expected.publication.as_ref().map(|publication| publication.revision);
            if (is_head || published == Some(row.number))
                && let Ok(content) = serde_json::from_str::<Content>(&row.content)
            {
                read.uses.extend(uses::of(&content));
            }
            if is_head {
                read.head = Some(named);
            }
        }
    }
    for (id, expected) in articles {
        for (number, saved) in &expected.revisions {
            if !read.get(id).is_some_and(|read| read.numbers.contains(number)) {
                let problem = Problem::new(ArticleId(*id), "revision", "was saved, and is missing");
                check.found(problem.revision(*number).since(saved.since));
            }
        }
        // Of what is missing nobody knows the slug.
        if let Some(read) = read.get_mut(id) {
            read.is_whole &= read.numbers.len() == expected.revisions.len();
        }
    }
    Ok(read)
}

/// Says whether its bytes are those that were saved.
fn compare_revision(check: &mut Check<'_>, expected: &Expected, row: &revisions::Model) -> bool {
    let problem = |field: &str, message: &str| {
        Problem::new(row.article_id, field, message).revision(row.number).since(expected.last)
    };
    let Some(saved) = expected.revisions.get(&row.number) else {
        check.found(problem("revision", "is there, and the log has no entry that saved it"));
        return false;
    };
    // An erased content's tombstone is signed instead; the row keeps the hash of what was there.
    let (hash, since) = match &expected.erased {
        Some((tombstone, since)) => (tombstone, *since),
        None => (&saved.hash, saved.since),
    };
    if revision::hash(&row.content) != *hash {
        check.found(problem("content", "is not what was saved").since(since));
        return false;
    }
    check.compare(
        &problem("", "the revision's row differs from the entry that saved it").since(saved.since),
        &[
            ("hash", row.hash == saved.hash),
            ("actor", Some(row.actor_id) == saved.actor),
            ("version", row.version == saved.version),
            ("note", row.note.is_none() || expected.erased.is_none()),
            ("createdAt", row.created_at == saved.since.at),
        ],
    );
    true
}

fn compare_draft(
    check: &mut Check<'_>,
    id: ArticleId,
    expected: &Expected,
    draft: Option<&Draft>,
    head: Option<&Named>,
) {
    let problem = |field: &str, message: &str| Problem::new(id, field, message).since(expected.last);
    let (draft, made) = match (draft, expected.made) {
        (Some(draft), Some(made)) => (draft, made),
        (Some(_), None) => {
            check.found(problem("draft", "is there, and the log has no entry that made it"));
            return;
        }
        (None, Some(_)) => {
            check.found(problem("draft", "is in the log, and its row is missing"));
            return;
        }
        (None, None) => return,
    };
    if let Some((owner, since)) = expected.owner.filter(|(owner, _)| *owner != draft.owner_id) {
        check.found(
            problem("owner", &format!("is {}, and was last made {owner}", draft.owner_id)).since(since),
        );
    }
    if let Some((stage, since)) = expected.stage.filter(|(stage, _)| stage.name() != draft.stage) {
        let message = format!("is {}, and was last made {}", draft.stage, stage.name());
        check.found(problem("stage", &message).since(since));
    }
    let published = expected.publication.as_ref().map(|publication| publication.revision);
    if draft.published_revision != published {
        let message = "is not the revision that was last published or taken down";
        check.found(problem("publishedRevision", message).since(expected.public_since));
    }
    if expected.erased.is_some() {
        check.compare(
            &problem("", "says something, and was erased"),
            &[
                ("title", draft.title.is_empty()),
                ("slug", draft.slug == slug_of_erased(id)),
                ("stageNote", draft.stage_note.is_none()),
            ],
        );
    }
    check.compare(
        &problem("", "the draft is not what the log's entries about it tell"),
        &[
            ("headRevision", Some(draft.head_revision) == expected.head),
            ("firstPublishedAt", draft.first_published_at == expected.first_published_at),
            ("version", draft.version == expected.version),
            ("createdAt", draft.created_at == made.at),
            ("updatedAt", Some(draft.updated_at) == expected.last.map(|last| last.at)),
            ("trashedAt", draft.trashed_at == expected.trashed.map(|since| since.at)),
            ("erasedAt", draft.erased_at == expected.erased.as_ref().map(|(_, since)| since.at)),
            ("title", head.is_none_or(|head| head.title == draft.title)),
            ("slug", head.is_none_or(|head| head.slug == draft.slug)),
        ],
    );
}
