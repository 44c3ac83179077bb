//! Revisions: each save makes one, immutable, numbered from 1, hashed over its canonical bytes.

use std::collections::HashMap;

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait as _, Condition, ConnectionTrait, EntityTrait as _, QueryFilter as _, QueryOrder as _,
};
use sha2::{Digest as _, Sha256};

use super::Draft;
use super::content::Content;
use super::entity::private::revisions;
use crate::db::keyset::{self, Page, Sorting, Window};
use crate::db::{Snapshot, WriteTransaction};
use crate::error::Failure;
use crate::id::{ArticleId, SectionId, UserId};
use crate::operation::Operation;

pub use revisions::Model as Revision;

/// Revisions asked for in one statement: SQLite nests what is joined by `OR`, and not deeper than a thousand.
const PAIRS: usize = 200;

/// The SHA-256 of a document's bytes, hexadecimal.
pub fn hash(content: &str) -> String {
    hex::encode(Sha256::digest(content))
}

/// The document of a revision. Fails where the bytes are not those that were hashed.
pub fn content(revision: &Revision) -> Result<Content, Failure> {
    if hash(&revision.content) != revision.hash {
        return Err(Failure::corrupt(format!(
            "revision {} of {} does not match its hash",
            revision.number, revision.article_id
        )));
    }
    Ok(serde_json::from_str(&revision.content)?)
}

/// Writes the head revision of a draft as it stands from now on.
pub(super) async fn write(
    transaction: &WriteTransaction,
    op: &Operation,
    draft: &Draft,
    content: &Content,
    note: Option<String>,
) -> Result<Revision, Failure> {
    let actor: UserId = op.viewer.user_id().ok_or(Failure::Unauthenticated)?;
    let bytes = serde_json_canonicalizer::to_string(content)?;
    let revision = revisions::ActiveModel {
        article_id: Set(draft.article_id),
        number: Set(draft.head_revision),
        version: Set(draft.version),
        hash: Set(hash(&bytes)),
        content: Set(bytes),
        actor_id: Set(actor),
        note: Set(note),
        created_at: Set(op.now()),
    };
    Ok(revision.insert(transaction.connection()).await?)
}

/// One revision.
pub async fn read(
    connection: &impl ConnectionTrait,
    article: ArticleId,
    number: i32,
) -> Result<Option<Revision>, Failure> {
    Ok(revisions::Entity::find_by_id((article, number)).one(connection).await?)
}

/// A revision of a draft that is there; fails, naming the argument, where there is none of this number.
pub async fn existing(
    snapshot: &Snapshot,
    draft: &Draft,
    number: i32,
    argument: &str,
) -> Result<Revision, Failure> {
    read(snapshot.connection(), draft.article_id, number).await?.ok_or_else(|| {
        let message = format!("The article has the revisions 1 to {}.", draft.head_revision);
        Failure::bad_request(&[argument], message)
    })
}

/// The newest revision that a draft had at one of its versions; none where it never had that version.
pub async fn at_version(
    connection: &impl ConnectionTrait,
    draft: &Draft,
    version: i32,
) -> Result<Option<Revision>, Failure> {
    if version > draft.version {
        return Ok(None);
    }
    Ok(revisions::Entity::find()
        .filter(revisions::Column::ArticleId.eq(draft.article_id))
        .filter(revisions::Column::Version.lte(version))
        .order_by_desc(revisions::Column::Number)
        .one(connection)
        .await?)
}

/// Several revisions, one an article, by article.
pub async fn read_many(
    connection: &impl ConnectionTrait,
    which: &[(ArticleId, i32)],
) -> Result<HashMap<(ArticleId, i32), Revision>, Failure> {
    let mut found = HashMap::new();
    for which in which.chunks(PAIRS) {
        // Not `(article_id, number) IN (…)`: SQLite reads the whole table for it.
        let pair = |(article, number): &(ArticleId, i32)| {
            revisions::Column::ArticleId.eq(*article).and(revisions::Column::Number.eq(*number))
        };
        let pairs = which.iter().map(pair).fold(Condition::any(), Condition::add);
        let rows = revisions::Entity::find().filter(pairs).all(connection).await?;
        found.extend(rows.into_iter().map(|revision| ((revision.article_id, revision.number), revision)));
    }
    Ok(found)
}

/// A page of an article's revisions, newest first.
pub async fn list(
    snapshot: &Snapshot,
    article: ArticleId,
    window: &Window,
) -> Result<Page<Revision>, Failure> {
    let sorting =
        Sorting::new(Expr::col(revisions::Column::Number), Expr::col(revisions::Column::ArticleId), true);
    let query = revisions::Entity::find().filter(revisions::Column::ArticleId.eq(article));
    keyset::fetch(snapshot, query, &sorting, window).await
}

/// Whether a section of this id stands in one of the article's revisions.
pub async fn has_section(
    connection: &impl ConnectionTrait,
    article: ArticleId,
    section: SectionId,
) -> Result<bool, Failure> {
    let found = revisions::Entity::find()
        .filter(revisions::Column::ArticleId.eq(article))
        .filter(revisions::Column::Content.contains(section.to_string()))
        .all(connection)
        .await?;
    // The text may hold the id in its words, too: only a section's own id counts.
    for revision in found {
        if content(&revision)?.sections.iter().any(|known| known.id == section) {
            return Ok(true);
        }
    }
    Ok(false)
}
