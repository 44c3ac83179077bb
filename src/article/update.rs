//! `updateArticle`: the given fields into a new revision, made from the version that the editor saw.

use std::collections::HashSet;

use super::content::Content;
use super::draft::{self, Draft, Stage};
use super::fields::{self, Fields, Given};
use super::revision;
use crate::account::policy::{Allowed, act};
use crate::db::WriteTransaction;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::id::{ArticleId, SectionId};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::text::slug;

/// Saves an edit. A save that changes nothing makes no revision.
pub async fn update(op: &Operation, id: ArticleId, version: i32, given: Fields) -> Result<Draft, Failure> {
    let transaction = op.begin().await?;
    let found = draft::find_for::<act::EditDraft>(&transaction, op, id).await?;
    draft::check_version(&found, version)?;
    let before = draft::head(&transaction, &found).await?;
    let slug_is_given = matches!(given.slug, Given::Value(_));
    let mut problems = Problems::default();
    check_sections(&transaction, &before, id, &given, &mut problems).await?;
    let (mut content, note) = fields::apply(&before, given, || op.new_id(), &mut problems);
    let library = draft::library(transaction.connection(), &[&content]).await?;
    draft::check_references(op, Some(&before), &content, &library, &mut problems);
    if slug_is_given && content.slug != before.slug && !content.slug.is_empty() {
        content.slug = draft::reserve_slug(&transaction, op, id, &content.slug, true, &mut problems).await?;
    } else if before.title.is_empty()
        && !content.title.is_empty()
        && !slug_is_given
        && found.first_published_at.is_none()
    {
        // It was started without a title: the first one names it.
        let derived = slug::from_title(&content.title);
        content.slug = draft::reserve_slug(&transaction, op, id, &derived, false, &mut problems).await?;
    }
    if content.related_articles().contains(&id) {
        problems.add(UserErrorCode::Invalid, &["input", "relatedLinks"], "An article can't point to itself.");
    }
    problems.check()?;
    if content == before {
        return Ok((*found).clone());
    }
    write(transaction, op, found, content, note, Action::ArticleSaved).await
}

/// Writes a new head revision; the draft is at the desk again.
pub(super) async fn write(
    transaction: WriteTransaction,
    op: &Operation,
    found: Allowed<act::EditDraft, Draft>,
    mut content: Content,
    note: Option<String>,
    action: Action,
) -> Result<Draft, Failure> {
    content.salt = op.random_hex::<16>();
    let number = found.head_revision + 1;
    let revision = revision::write(&transaction, op, found.article_id, number, &content, note).await?;
    let changed = Draft {
        stage: Stage::Writing.name().to_owned(),
        stage_note: None,
        head_revision: number,
        title: content.title,
        slug: content.slug,
        updated_at: op.now(),
        ..(*found).clone()
    };
    let written = draft::write(&transaction, &found, changed).await?;
    save(
        transaction,
        op,
        NewChange::new(action, SubjectType::Article, found.article_id).revision(number, revision.hash),
    )
    .await?;
    Ok(written)
}

/// A section's id must stand in one of this article's revisions.
async fn check_sections(
    transaction: &WriteTransaction,
    before: &Content,
    article: ArticleId,
    given: &Fields,
    problems: &mut Problems,
) -> Result<(), Failure> {
    let Given::Value(sections) = &given.sections else { return Ok(()) };
    let known: HashSet<SectionId> = before.sections.iter().map(|section| section.id).collect();
    for (index, section) in sections.iter().enumerate() {
        if let Some(id) = section.id
            && !known.contains(&id)
            && !revision::has_section(transaction.connection(), article, id).await?
        {
            let path = ["input", "sections", &index.to_string(), "id"];
            problems.add(
                UserErrorCode::NotFound,
                &path,
                "This article never had such a section. Leave the id out for a new one.",
            );
        }
    }
    Ok(())
}
