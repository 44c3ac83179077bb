//! `addSection`, `updateSection`, `moveSection`, `removeSection`: one section at a time, for editors that save as one writes.
//! Each is an edit of the whole list, and keeps all that [`super::edit`] asks of one.

use super::content::{Content, Section};
use super::edit::{Edit, Edited, MadeFrom, edit, place};
use super::fields::{Fields, SectionFields};
use crate::error::{Failure, UserErrorCode};
use crate::given::Given;
use crate::id::{ArticleId, SectionId};
use crate::operation::Operation;

/// What changes of a section.
#[derive(Clone, Debug, Default)]
pub struct SectionChange {
    /// Its heading.
    pub heading: Given<String>,
    /// Its level.
    pub level: Option<i32>,
    /// Its Markdown.
    pub body: Option<String>,
}

/// Puts a new section at a place from 1; at the end where there is none.
pub async fn add(
    op: &Operation,
    id: ArticleId,
    from: MadeFrom,
    section: SectionFields,
    position: Option<i32>,
    note: Option<String>,
) -> Result<Edited, Failure> {
    let change = |content: &Content| {
        let mut sections = as_given(content);
        let last = sections.len();
        let index = position.map_or(Ok(last), |position| place(position, last + 1, "position"))?;
        sections.insert(index, section);
        Ok(whole(sections, note).about("sections", index, &["input"]))
    };
    edit(op, id, from, change).await
}

/// Changes a section's words.
pub async fn change(
    op: &Operation,
    id: ArticleId,
    from: MadeFrom,
    section: SectionId,
    changed: SectionChange,
    note: Option<String>,
) -> Result<Edited, Failure> {
    let change = |content: &Content| {
        let index = find(content, section)?;
        let mut sections = as_given(content);
        let SectionChange { heading, level, body } = changed;
        if let Some(section) = sections.get_mut(index) {
            match heading {
                Given::Absent => {}
                Given::Null => section.heading = None,
                Given::Value(heading) => section.heading = Some(heading),
            }
            section.level = level.or(section.level);
            section.body = body.unwrap_or_else(|| std::mem::take(&mut section.body));
        }
        Ok(whole(sections, note).about("sections", index, &["input"]))
    };
    edit(op, id, from, change).await
}

/// Moves a section to a place from 1.
pub async fn reorder(
    op: &Operation,
    id: ArticleId,
    from: MadeFrom,
    section: SectionId,
    position: i32,
    note: Option<String>,
) -> Result<Edited, Failure> {
    let change = |content: &Content| {
        let index = find(content, section)?;
        let mut sections = as_given(content);
        let to = place(position, sections.len(), "position")?;
        let moved = sections.remove(index);
        sections.insert(to, moved);
        Ok(whole(sections, note).about("sections", to, &["input"]))
    };
    edit(op, id, from, change).await
}

/// Takes a section out.
pub async fn remove(
    op: &Operation,
    id: ArticleId,
    from: MadeFrom,
    section: SectionId,
    note: Option<String>,
) -> Result<Edited, Failure> {
    let change = |content: &Content| {
        let index = find(content, section)?;
        let mut sections = as_given(content);
        sections.remove(index);
        Ok(whole(sections, note).about("sections", index, &["input"]))
    };
    edit(op, id, from, change).await
}

fn whole(sections: Vec<SectionFields>, note: Option<String>) -> Edit {
    Edit::from(Fields { sections: Given::Value(sections), note, ..Fields::default() })
}

fn as_given(content: &Content) -> Vec<SectionFields> {
    let given = |Section { id, heading, level, body }: &Section| SectionFields {
        id: Some(*id),
        heading: heading.clone(),
        level: Some(*level),
        body: body.clone(),
    };
    content.sections.iter().map(given).collect()
}

fn find(content: &Content, id: SectionId) -> Result<usize, Failure> {
    content.sections.iter().position(|section| section.id == id).ok_or_else(|| {
        let message = "The article has no such section at that version.";
        Failure::refused(UserErrorCode::NotFound, &["input", "sectionId"], message)
    })
}
