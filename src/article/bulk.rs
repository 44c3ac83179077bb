//! Published articles by the hundred, with their history: what loads an archive. The rows are those that creating and publishing
//! one by one would write, by the same projection; the changes are for the log, which the caller appends them to. They are made
//! beforehand, which takes as long as putting them in: the next hundreds while the last are put in.

use std::collections::BTreeMap;

use sea_orm::ActiveValue::Set;

use super::archive::{self, Month};
use super::commenting::Commenting;
use super::content::Content;
use super::draft::Stage;
use super::entity::private::{drafts, revisions, slug_history, uses as uses_table};
use super::entity::public::{article_slugs, articles};
use super::projection;
use super::public::{Parts, References};
use super::publish::slug_tag;
use super::verify::Tree;
use super::{revision, uses};
use crate::account::policy::{self, act};
use crate::clock::Timestamp;
use crate::db::WriteTransaction;
use crate::db::insert::Inserts;
use crate::error::Failure;
use crate::id::ArticleId;
use crate::log::{Action, NewChange, SubjectType};
use crate::operation::Operation;

/// An article as it was published once.
#[derive(Clone, Debug)]
pub struct Finished {
    /// Its id.
    pub id: ArticleId,
    /// What it says. Its slug is its own, and what it refers to is there.
    pub content: Content,
    /// When it was created and published.
    pub published_at: Timestamp,
    /// How many public comments will stand under it.
    pub comment_count: i32,
}

/// Articles that only have to be put in.
pub struct Prepared {
    /// What they refer to.
    pub references: Referred,
    /// What they are.
    pub rows: Rows,
}

/// What articles refer to, which is public with them.
pub struct Referred {
    references: Vec<References>,
    changes: Vec<Vec<NewChange>>,
}

/// The rows of articles.
pub struct Rows {
    inserts: Inserts,
    months: BTreeMap<Month, i32>,
}

/// Works out what is to be written, the viewer being the owner. The categories must stand so until it is put in.
pub fn prepare(op: &Operation, articles: Vec<Finished>, tree: &Tree) -> Result<Prepared, Failure> {
    policy::allow_new::<act::CreateArticle>(op)?;
    policy::may_ever::<act::PublishArticle>(op)?;
    let owner = op.viewer.user_id().ok_or(Failure::Unauthenticated)?;
    let mut rows = Tables::default();
    let mut references = Vec::with_capacity(articles.len());
    let mut changes = Vec::with_capacity(articles.len());
    for Finished { id, content, published_at: at, comment_count } in articles {
        let bytes = serde_json_canonicalizer::to_string(&content)?;
        let hash = revision::hash(&bytes);
        let projection = projection::project(&content, tree);
        let refers = References::of(&projection);
        rows.uses.extend(uses::rows(id, uses::of(&content)));
        let lists = refers.lists_between(&References::default());
        let tags = lists.into_iter().chain([slug_tag(&op.store.keys, &content.slug)]);
        changes.push(vec![
            NewChange::new(Action::ArticleCreated, SubjectType::Article, id)
                .revision(1, hash.clone())
                .in_the_past(at, op.viewer),
            NewChange::new(Action::ArticlePublished, SubjectType::Article, id)
                .revision(1, hash.clone())
                .tags(tags)
                .in_the_past(at, op.viewer),
        ]);
        references.push(refers);
        *rows.months.entry(Month::of(at)).or_default() += 1;
        rows.drafts.push(drafts::ActiveModel {
            article_id: Set(id),
            owner_id: Set(owner),
            stage: Set(Stage::Writing.name().to_owned()),
            stage_note: Set(None),
            // Created, and published.
            version: Set(2),
            head_revision: Set(1),
            published_revision: Set(Some(1)),
            title: Set(content.title.clone()),
            slug: Set(content.slug.clone()),
            first_published_at: Set(Some(at)),
            created_at: Set(at),
            updated_at: Set(at),
            trashed_at: Set(None),
            erased_at: Set(None),
        });
        rows.revisions.push(revisions::ActiveModel {
            article_id: Set(id),
            number: Set(1),
            version: Set(1),
            content: Set(bytes),
            hash: Set(hash),
            actor_id: Set(owner),
            note: Set(None),
            created_at: Set(at),
        });
        rows.slug_history.push(slug_history::ActiveModel {
            slug: Set(content.slug.clone()),
            article_id: Set(id),
            was_published: Set(true),
            created_at: Set(at),
        });
        rows.slugs.push(article_slugs::ActiveModel { slug: Set(content.slug), article_id: Set(id) });
        let head = projection.head.clone();
        rows.articles.push(articles::ActiveModel {
            id: Set(id),
            slug: Set(head.slug),
            title: Set(head.title),
            excerpt: Set(head.excerpt),
            locale: Set(head.locale),
            word_count: Set(head.word_count),
            comment_count: Set(comment_count),
            published_at: Set(at),
            updated_at: Set(at),
            comments: Set(Commenting::default().name().to_owned()),
            comments_close_after_days: Set(None),
        });
        rows.parts.add(id, projection, at);
    }
    let rows = rows.inserts(op.store.database.inserts());
    Ok(Prepared { references: Referred { references, changes }, rows })
}

impl Referred {
    /// Makes it public, before the articles are put in. The caller holds the lock on the public tables. Gives what the log must
    /// say, in order, for each article.
    pub async fn refer(self, transaction: &WriteTransaction) -> Result<Vec<Vec<NewChange>>, Failure> {
        let Self { references, mut changes } = self;
        let touched = References::refer_all(&references, transaction).await?;
        if let Some(of_last) = changes.last_mut() {
            let published = of_last.pop().map(|change: NewChange| change.tags(touched));
            of_last.extend(published);
        }
        Ok(changes)
    }
}

impl Rows {
    /// Puts them in. The caller holds the lock on the public tables.
    pub async fn put_in(self, transaction: &WriteTransaction) -> Result<(), Failure> {
        self.inserts.run(transaction.connection()).await?;
        for (month, by) in self.months {
            archive::count_more(transaction.connection(), month, by).await?;
        }
        Ok(())
    }
}

#[derive(Default)]
struct Tables {
    drafts: Vec<drafts::ActiveModel>,
    revisions: Vec<revisions::ActiveModel>,
    slug_history: Vec<slug_history::ActiveModel>,
    uses: Vec<uses_table::ActiveModel>,
    articles: Vec<articles::ActiveModel>,
    slugs: Vec<article_slugs::ActiveModel>,
    parts: Parts,
    months: BTreeMap<Month, i32>,
}

impl Tables {
    fn inserts(self, mut inserts: Inserts) -> Rows {
        let Self { drafts, revisions, slug_history, uses, articles, slugs, parts, months } = self;
        inserts.add(drafts);
        inserts.add(revisions);
        inserts.add(slug_history);
        inserts.add(uses);
        inserts.add(articles);
        inserts.add(slugs);
        parts.inserts(&mut inserts);
        Rows { inserts, months }
    }
}
