//! `copydesk search reindex`: the words by which published articles are found, made anew where they are not what this version
//! makes of the texts. Beside a running server: a batch of articles at a time.

use std::collections::HashMap;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};

use super::entity::public::{articles, search};
use super::projection::{self, SearchWords};
use super::{draft, revision};
use crate::account::policy::{self, act};
use crate::error::Failure;
use crate::id::ArticleId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::reads::ARTICLES;

/// Articles in a batch: other writers wait for so long.
const BATCH: u64 = 100;

/// How far it has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Articles that were looked at.
    pub read: u64,
    /// Those among them whose words were not right.
    pub written: u64,
}

/// Goes through all published articles; `tell` is told after each batch.
pub async fn reindex(op: &Operation, tell: &(dyn Fn(Progress) + Sync)) -> Result<Progress, Failure> {
    policy::may_ever::<act::ReindexSearch>(op)?;
    let mut progress = Progress::default();
    let mut place: Option<ArticleId> = None;
    loop {
        let ids = after(op, place).await?;
        let Some(last) = ids.last() else { return Ok(progress) };
        place = Some(*last);
        progress.read += ids.len() as u64;
        progress.written += renew(op, &ids).await?;
        tell(progress);
    }
}

/// The next published articles.
async fn after(op: &Operation, place: Option<ArticleId>) -> Result<Vec<ArticleId>, Failure> {
    let mut query = articles::Entity::find().select_only().column(articles::Column::Id);
    if let Some(place) = place {
        query = query.filter(articles::Column::Id.gt(place));
    }
    let snapshot = op.snapshot().await?;
    let rows = query.order_by_asc(articles::Column::Id).limit(BATCH).into_tuple().all(snapshot.connection());
    let ids = rows.await?;
    op.end_reading().await;
    Ok(ids)
}

/// Makes the words of these articles anew; says how many were not right.
async fn renew(op: &Operation, ids: &[ArticleId]) -> Result<u64, Failure> {
    let transaction = op.begin().await?;
    transaction.lock_public_tables().await?;
    let connection = transaction.connection();
    let published = draft::published_revisions(connection, ids).await?;
    let contents = revision::read_many(connection, &published).await?;
    let rows =
        search::Entity::find().filter(search::Column::ArticleId.is_in(ids.to_vec())).all(connection).await?;
    let mut written = Vec::new();
    for ((article, _), revision) in &contents {
        // Where it stands in the tree has no part in its words.
        let words = projection::project(&revision::content(revision)?, &HashMap::new()).search;
        let found = rows.iter().find(|row| row.article_id == *article);
        if found.is_some_and(|row| of_row(row) == words) {
            continue;
        }
        let SearchWords { title, excerpt, headings, body } = words;
        let (title, excerpt, headings, body) = (Set(title), Set(excerpt), Set(headings), Set(body));
        match found {
            Some(row) => {
                let row = row.clone().into_active_model();
                search::ActiveModel { title, excerpt, headings, body, ..row }.update(connection).await?;
            }
            None => {
                let row = search::ActiveModel {
                    row: sea_orm::ActiveValue::NotSet,
                    article_id: Set(*article),
                    title,
                    excerpt,
                    headings,
                    body,
                };
                search::Entity::insert(row).exec_without_returning(connection).await?;
            }
        }
        written.push(*article);
    }
    let Some(first) = written.first() else { return Ok(0) };
    let change = NewChange::new(Action::SearchReindexed, SubjectType::Article, *first)
        .detail(format!("{} articles", written.len()))
        .tags(written.iter().map(ToString::to_string).chain([ARTICLES.to_owned()]));
    save(transaction, op, change).await?;
    Ok(written.len() as u64)
}

fn of_row(row: &search::Model) -> SearchWords {
    SearchWords {
        title: row.title.clone(),
        excerpt: row.excerpt.clone(),
        headings: row.headings.clone(),
        body: row.body.clone(),
    }
}
