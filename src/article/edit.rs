//! What all saves share: an edit is made from the version that the editor saw, checked whole, and becomes a new revision.

use std::collections::HashSet;

use super::content::Content;
use super::draft::{self, Draft, Stage};
use super::fields::{self, Fields};
use super::{merge, referred, resolve, revision, uses};
use crate::account::policy::{Allowed, act};
use crate::db::WriteTransaction;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::given::Given;
use crate::id::{ArticleId, SectionId};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::text::slug;

/// Which version an edit was made from.
#[derive(Clone, Copy, Debug)]
pub struct MadeFrom {
    /// That version.
    pub version: i32,
    /// What is to become of it where the draft has gone on.
    pub on_conflict: OnConflict,
}

/// What is to become of an edit that was made from an older version.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnConflict {
    /// It is refused.
    #[default]
    Refuse,
    /// It is merged with what was saved since, where the two touch different fields and sections.
    Merge,
}

/// A draft after a save.
#[derive(Clone, Debug)]
pub struct Edited {
    /// As it stands now.
    pub draft: Draft,
    /// Whether the edit was merged with what had been saved since.
    pub is_merged: bool,
}

/// An edit, and where its parts stand in the input.
pub(super) struct Edit {
    fields: Fields,
    /// The member of a list that the input is about, as a path below the input of `updateArticle`; and where the input has it.
    about: Option<(Vec<String>, &'static [&'static str])>,
}

impl From<Fields> for Edit {
    fn from(fields: Fields) -> Self {
        Self { fields, about: None }
    }
}

impl Edit {
    /// The same, where the input is about one member of a list.
    pub(super) fn about(self, list: &str, index: usize, input: &'static [&'static str]) -> Self {
        let member = vec!["input".to_owned(), list.to_owned(), index.to_string()];
        Self { about: Some((member, input)), ..self }
    }
}

/// An index from a place that counts from 1, in a list with this many places.
pub(super) fn place(given: i32, places: usize, field: &str) -> Result<usize, Failure> {
    let index = usize::try_from(given).ok().and_then(|given| given.checked_sub(1));
    index.filter(|index| *index < places).ok_or_else(|| {
        let message = if places == 0 {
            "There is nothing at any place: the list is empty.".to_owned()
        } else {
            format!("A place here is 1 to {places}; this is {given}.")
        };
        Failure::refused(UserErrorCode::Invalid, &["input", field], message)
    })
}

/// Saves what `change` makes of the content that the editor saw. A save that changes nothing makes no revision.
pub(super) async fn edit(
    op: &Operation,
    id: ArticleId,
    from: MadeFrom,
    change: impl FnOnce(&Content) -> Result<Edit, Failure>,
) -> Result<Edited, Failure> {
    let transaction = op.begin().await?;
    let found = draft::find_for::<act::EditDraft>(&transaction, op, id).await?;
    transaction.share_library().await?;
    let head = draft::head(&transaction, &found).await?;
    let older = older(&transaction, &found, from).await?;
    let base = older.as_ref().unwrap_or(&head);
    let Edit { fields: given, about } = change(base)?;
    let slug_is_given = matches!(given.slug, Given::Value(_));
    let mut problems = Problems::default();
    check_sections(&transaction, base, id, &given, &mut problems).await?;
    let given = given.with_default_locale(op.store.config.site.default_language());
    let (mine, note) = fields::apply(base, given, || op.new_id(), &mut problems);
    let is_merged = older.as_ref().is_some_and(|older| mine != *older);
    let mut content = match &older {
        Some(older) => merge::merge(older, &head, &mine, &mut problems),
        None => mine,
    };
    fields::check_size(&content, &mut problems);
    let library = referred::library(transaction.connection(), &[&content]).await?;
    referred::check_references(op, Some(&head), &content, &library, &mut problems);
    if slug_is_given && content.slug != head.slug && !content.slug.is_empty() {
        content.slug = draft::reserve_slug(&transaction, op, id, &content.slug, true, &mut problems).await?;
    } else if head.title.is_empty()
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
    if let Some((member, input)) = about {
        problems.relocate(&member, input);
        // What is wrong with the list as a whole.
        problems.relocate(&member[..2], input);
    }
    problems.check()?;
    let draft = if content == head {
        (*found).clone()
    } else {
        write(transaction, op, found, &head, content, note, Action::ArticleSaved).await?
    };
    Ok(Edited { draft, is_merged })
}

/// The content that the editor saw, where it is older than the head: what there is to merge.
async fn older(
    transaction: &WriteTransaction,
    found: &Draft,
    from: MadeFrom,
) -> Result<Option<Content>, Failure> {
    if found.version == from.version {
        return Ok(None);
    }
    let seen = match from.on_conflict {
        OnConflict::Refuse => None,
        OnConflict::Merge => revision::at_version(transaction.connection(), found, from.version).await?,
    };
    let seen = seen.ok_or_else(|| draft::conflict(from.version))?;
    if seen.number == found.head_revision {
        return Ok(None);
    }
    let mut content = revision::content(&seen)?;
    resolve::resolve(transaction.connection(), [&mut content]).await?;
    Ok(Some(content))
}

/// Writes a new head revision after the one that says `before`; the draft is at the desk again.
pub(super) async fn write(
    transaction: WriteTransaction,
    op: &Operation,
    found: Allowed<act::EditDraft, Draft>,
    before: &Content,
    mut content: Content,
    note: Option<String>,
    action: Action,
) -> Result<Draft, Failure> {
    content.salt = op.random_hex::<16>();
    let changed = Draft {
        stage: Stage::Writing.name().to_owned(),
        stage_note: None,
        head_revision: found.head_revision + 1,
        title: content.title.clone(),
        slug: content.slug.clone(),
        updated_at: op.now(),
        ..(*found).clone()
    };
    let written = draft::write(&transaction, &found, changed).await?;
    let revision = revision::write(&transaction, op, &written, &content, note).await?;
    uses::change(&transaction, written.article_id, written.published_revision, before, &content).await?;
    let change = NewChange::new(action, SubjectType::Article, found.article_id)
        .revision(revision.number, revision.hash);
    save(transaction, op, change).await?;
    Ok(written)
}

/// A section's id must stand in one of this article's revisions.
async fn check_sections(
    transaction: &WriteTransaction,
    base: &Content,
    article: ArticleId,
    given: &Fields,
    problems: &mut Problems,
) -> Result<(), Failure> {
    let Given::Value(sections) = &given.sections else { return Ok(()) };
    let known: HashSet<SectionId> = base.sections.iter().map(|section| section.id).collect();
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
