//! Compares comments with the log: the records with the last entry about each, the public rows with the records. Called by
//! `verify`.

use std::collections::{HashMap, HashSet};

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use uuid::Uuid;

use super::entity::{comment_records, comments};
use super::read::{self, Status};
use super::record::hash;
use crate::article;
use crate::db::ids::IdColumn;
use crate::error::Failure;
use crate::id::CommentId;
use crate::log::check::{Check, Extent, Problem, Recorded, Since, Told};
use crate::log::walk::{Things, entries};
use crate::log::{Action, Entry, SubjectType};

/// Under which articles public comments stand; what is counted are those that say something.
pub fn under_articles() -> IdColumn {
    IdColumn::of::<comments::Entity>(comments::Column::ArticleId)
        .counting_filled::<comments::Entity>(comments::Column::Body)
}

/// To which comments public ones reply.
fn replied_to() -> IdColumn {
    IdColumn::of::<comments::Entity>(comments::Column::ParentId)
}

/// All comments.
pub fn all(extent: Extent) -> Things {
    let records = IdColumn::of::<comment_records::Entity>(comment_records::Column::Id);
    let public = IdColumn::of::<comments::Entity>(comments::Column::Id);
    match extent {
        Extent::Whole => {
            let made_by = [Action::CommentSubmitted, Action::CommentAccepted, Action::CommentReplied];
            Things::new(SubjectType::Comment, made_by, vec![records, public])
        }
        Extent::Public => {
            let made_public_by = [Action::CommentApproved, Action::CommentAccepted, Action::CommentReplied];
            Things::new(SubjectType::Comment, made_public_by, vec![public])
        }
    }
}

/// What the log tells of a comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Expected {
    told: Told,
    status: Option<(Status, Since)>,
    erased: Option<Since>,
}

impl Expected {
    fn take(&mut self, entry: &Entry) {
        self.told.take(entry);
        let status = match Action::from_name(&entry.action) {
            Some(Action::CommentSubmitted | Action::CommentEdited) => Status::Pending,
            Some(Action::CommentAccepted | Action::CommentReplied | Action::CommentApproved) => {
                Status::Approved
            }
            Some(Action::CommentRejected) => Status::Rejected,
            Some(Action::CommentMarkedAsSpam) => Status::Spam,
            Some(Action::CommentDeleted) => Status::Deleted,
            Some(Action::CommentErased) => {
                self.erased = Some(Since::of(entry));
                Status::Deleted
            }
            // What else is done to a comment tells its hash.
            _ => return,
        };
        self.status = Some((status, Since::of(entry)));
    }
}

/// Compares these comments.
pub async fn compare(check: &mut Check<'_>, ids: &[Uuid]) -> Result<(), Failure> {
    let mut told: HashMap<Uuid, Expected> = HashMap::new();
    entries(check, SubjectType::Comment, ids, &[], |id, entry| told.entry(id).or_default().take(&entry))
        .await?;
    let connection = check.snapshot.connection();
    let records = comment_records::Entity::find()
        .filter(comment_records::Column::Id.is_in(ids.to_vec()))
        .all(connection)
        .await?;
    let records: HashMap<Uuid, comment_records::Model> =
        records.into_iter().map(|record| (record.id.0, record)).collect();
    let typed: Vec<CommentId> = ids.iter().copied().map(CommentId).collect();
    let public = read::by_ids(check.snapshot, typed.clone()).await?;
    let articles: HashSet<Uuid> = records.values().map(|record| record.article_id.0).collect();
    let articles =
        article::verify::public().among(check.snapshot, &articles.into_iter().collect::<Vec<_>>()).await?;
    let replied_to = replied_to().among(check.snapshot, ids).await?;
    check.checked("comments", ids.len());
    for id in typed {
        let Expected { told, status, erased } = told.remove(&id.0).unwrap_or_default();
        let record = records.get(&id.0);
        if let (Some(record), Some((status, since))) = (record, status) {
            let message = format!("is {}, and was last told to be {}", record.status, status.name());
            check.compare(
                &Problem::new(id, "", message).since(since),
                &[("status", record.status == status.name())],
            );
        }
        if record.is_some_and(|record| record.erased_at != erased.map(|erased| erased.at)) {
            let message = "is not what the log tells of its erasure";
            check.found(Problem::new(id, "erasedAt", message).since(erased.or(told.last)));
        }
        let recorded = record.map(recorded).transpose()?;
        check.record(id, &told, recorded)?;
        let is_approved = record.is_some_and(|record| record.status() == Status::Approved);
        // A removed one keeps its place while public comments reply to it.
        let must_be_public = record.is_some_and(|record| articles.contains(&record.article_id.0))
            && (is_approved || replied_to.contains(&id.0));
        let problem = Problem::new(id, "public row", "").since(told.last);
        let rows = check.public_row(
            &problem,
            (record, public.get(&id)),
            must_be_public,
            "is public, and is no approved comment of a public article, nor one that such a comment replies to",
            "must be public, and is not in the public table",
        );
        let Some((record, public)) = rows else { continue };
        let message = "the public table differs from the record".to_owned();
        let author_name = if is_approved { record.author_name.as_str() } else { "" };
        check.compare(
            &Problem { message, ..problem },
            &[
                ("article", public.article_id == record.article_id),
                ("parent", public.parent_id == record.parent_id),
                ("authorName", public.author_name == author_name),
                ("body", public.body.as_ref() == Some(&record.body).filter(|_| is_approved)),
                ("createdAt", public.created_at == record.created_at),
                ("isStaff", public.is_staff == (is_approved && record.staff_id.is_some())),
                (
                    "isByArticleAuthor",
                    public.is_by_article_author == (is_approved && record.is_by_article_author),
                ),
            ],
        );
    }
    Ok(())
}

fn recorded(record: &comment_records::Model) -> Result<Recorded, Failure> {
    Ok(Recorded {
        hash: hash(record)?,
        version: record.version,
        created_at: record.created_at,
        updated_at: record.updated_at,
    })
}
