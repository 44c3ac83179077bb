//! The finer edits, one a section or a link; and what every save answers with.

use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};

use super::comparison::RevisionComparison;
use super::draft::DraftObject;
use super::inputs::{
    AddRelatedLinkInput, AddSectionInput, MoveRelatedLinkInput, MoveSectionInput, RemoveRelatedLinkInput,
    RemoveSectionInput, UpdateSectionInput, section_id,
};
use crate::article::edit::Edited;
use crate::article::{Draft, draft, edit_related_links, edit_sections, revision};
use crate::error::{Failure, UserErrorCode};
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::operation;
use crate::id::ArticleId;
use crate::operation::Operation;

/// What was saved since the version that a refused edit was made from.
#[derive(Clone)]
pub struct Conflict {
    op: Arc<Operation>,
    draft: Draft,
    version: i32,
}

/// What was saved since the version that a refused edit was made from: what an editor needs to decide what becomes of it.
#[Object]
impl Conflict {
    /// The version that the edit was made from.
    async fn version(&self) -> i32 {
        self.version
    }

    /// What differs, by field and section, between the article as it was then and as it is now; null where the draft never
    /// had that version. Empty where only its stage, owner or publication is another.
    async fn comparison(&self) -> Nullable<RevisionComparison> {
        nullable(async {
            let snapshot = self.op.snapshot().await?;
            let seen = revision::at_version(snapshot.connection(), &self.draft, self.version).await?;
            let Some(seen) = seen else { return Ok(None) };
            let head =
                revision::existing(&snapshot, &self.draft, self.draft.head_revision, "version").await?;
            Ok(Some(RevisionComparison::new(&self.op, seen, head).await?))
        })
        .await
    }
}

/// What became of a save.
pub struct Saved {
    draft: Option<DraftObject>,
    is_merged: bool,
    conflict: Option<Conflict>,
    user_errors: Vec<UserError>,
}

macro_rules! save_payloads {
    ($($name:ident)*) => {$(
        /// What became of it.
        #[derive(SimpleObject)]
        pub struct $name {
            /// The draft as it stands now, also where it was refused; null where the viewer may see none.
            draft: Option<DraftObject>,
            /// Whether the edit was merged with what had been saved since its version.
            is_merged: bool,
            /// What was saved since, where the edit is refused for that; null otherwise.
            conflict: Option<Conflict>,
            /// What was wrong; empty where it was done.
            user_errors: Vec<UserError>,
        }

        impl From<Saved> for $name {
            fn from(Saved { draft, is_merged, conflict, user_errors }: Saved) -> Self {
                Self { draft, is_merged, conflict, user_errors }
            }
        }
    )*};
}

save_payloads! {
    UpdateArticlePayload RevertArticlePayload AddSectionPayload UpdateSectionPayload MoveSectionPayload RemoveSectionPayload
    AddRelatedLinkPayload MoveRelatedLinkPayload RemoveRelatedLinkPayload
}

/// The answer to a save that was made from this version.
pub(super) async fn saved<P: From<Saved>>(
    op: &Arc<Operation>,
    id: ArticleId,
    version: i32,
    result: Result<Edited, Failure>,
) -> Result<Option<P>, Failure> {
    let is_conflict = matches!(&result, Err(Failure::Refused(errors)) if errors.iter().any(|error| error.code == UserErrorCode::Conflict));
    let (done, user_errors) = outcome(result)?;
    let is_merged = done.as_ref().is_some_and(|edited| edited.is_merged);
    let current = match done {
        Some(edited) => Some(edited.draft),
        None => draft::read(&*op.snapshot().await?, op.viewer, id).await?,
    };
    let conflict =
        current.clone().filter(|_| is_conflict).map(|draft| Conflict { op: Arc::clone(op), draft, version });
    let draft = current.map(|row| DraftObject::alone(op, row));
    Ok(Some(P::from(Saved { draft, is_merged, conflict, user_errors })))
}

/// The finer edits. Each makes a revision, as `updateArticle` does.
#[derive(Default)]
pub struct EditMutation;

#[Object]
impl EditMutation {
    /// Puts a new section into the text.
    async fn add_section(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The section, and its place.")] input: AddSectionInput,
    ) -> Nullable<AddSectionPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let (id, from) = input.made_from()?;
            let done = edit_sections::add(op, id, from, input.section(), input.position, input.note).await;
            saved(op, id, from.version, done).await
        })
        .await
    }

    /// Changes a section's heading, level or body.
    async fn update_section(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which section, and what changes.")] input: UpdateSectionInput,
    ) -> Nullable<UpdateSectionPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let (id, from) = input.made_from()?;
            let note = input.note.clone();
            let (section, change) = input.change()?;
            let done = edit_sections::change(op, id, from, section, change, note).await;
            saved(op, id, from.version, done).await
        })
        .await
    }

    /// Moves a section to another place.
    async fn move_section(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which section, and its new place.")] input: MoveSectionInput,
    ) -> Nullable<MoveSectionPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let (id, from) = input.made_from()?;
            let section = section_id(&input.section_id)?;
            let done = edit_sections::reorder(op, id, from, section, input.position, input.note).await;
            saved(op, id, from.version, done).await
        })
        .await
    }

    /// Takes a section out of the text. Older revisions keep it.
    async fn remove_section(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which section.")] input: RemoveSectionInput,
    ) -> Nullable<RemoveSectionPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let (id, from) = input.made_from()?;
            let section = section_id(&input.section_id)?;
            let done = edit_sections::remove(op, id, from, section, input.note).await;
            saved(op, id, from.version, done).await
        })
        .await
    }

    /// Puts a new related link into the list.
    async fn add_related_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The link, and its place.")] input: AddRelatedLinkInput,
    ) -> Nullable<AddRelatedLinkPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let (id, from) = input.made_from()?;
            let note = input.note.clone();
            let (link, position) = input.link()?;
            let done = edit_related_links::add(op, id, from, link, position, note).await;
            saved(op, id, from.version, done).await
        })
        .await
    }

    /// Moves a related link to another place.
    async fn move_related_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which link, and its new place.")] input: MoveRelatedLinkInput,
    ) -> Nullable<MoveRelatedLinkPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let (id, from) = input.made_from()?;
            let MoveRelatedLinkInput { position, to_position, note, .. } = input;
            let done = edit_related_links::reorder(op, id, from, position, to_position, note).await;
            saved(op, id, from.version, done).await
        })
        .await
    }

    /// Takes a related link out of the list.
    async fn remove_related_link(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which link.")] input: RemoveRelatedLinkInput,
    ) -> Nullable<RemoveRelatedLinkPayload> {
        nullable(async {
            let op = operation(ctx)?;
            let (id, from) = input.made_from()?;
            let done = edit_related_links::remove(op, id, from, input.position, input.note).await;
            saved(op, id, from.version, done).await
        })
        .await
    }
}
