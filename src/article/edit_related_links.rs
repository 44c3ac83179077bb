//! `addRelatedLink`, `moveRelatedLink`, `removeRelatedLink`: one link at a time. Links have no ids: they are named by their
//! place from 1, in the version that the edit was made from.

use super::content::{Content, RelatedLink};
use super::edit::{Edit, Edited, MadeFrom, edit, place};
use super::fields::{Fields, RelatedLinkFields};
use crate::error::Failure;
use crate::given::Given;
use crate::id::ArticleId;
use crate::operation::Operation;

/// Puts a link at a place; at the end where there is none.
pub async fn add(
    op: &Operation,
    id: ArticleId,
    from: MadeFrom,
    link: RelatedLinkFields,
    position: Option<i32>,
    note: Option<String>,
) -> Result<Edited, Failure> {
    let change = |content: &Content| {
        let mut links = as_given(content);
        let last = links.len();
        let index = position.map_or(Ok(last), |position| place(position, last + 1, "position"))?;
        links.insert(index, link);
        Ok(whole(links, note).about("relatedLinks", index, &["input", "link"]))
    };
    edit(op, id, from, change).await
}

/// Moves the link at a place to another.
pub async fn reorder(
    op: &Operation,
    id: ArticleId,
    from: MadeFrom,
    position: i32,
    to: i32,
    note: Option<String>,
) -> Result<Edited, Failure> {
    let change = |content: &Content| {
        let mut links = as_given(content);
        let index = place(position, links.len(), "position")?;
        let to = place(to, links.len(), "toPosition")?;
        let moved = links.remove(index);
        links.insert(to, moved);
        Ok(whole(links, note).about("relatedLinks", to, &["input"]))
    };
    edit(op, id, from, change).await
}

/// Takes the link at a place out.
pub async fn remove(
    op: &Operation,
    id: ArticleId,
    from: MadeFrom,
    position: i32,
    note: Option<String>,
) -> Result<Edited, Failure> {
    let change = |content: &Content| {
        let mut links = as_given(content);
        let index = place(position, links.len(), "position")?;
        links.remove(index);
        Ok(whole(links, note).about("relatedLinks", index, &["input"]))
    };
    edit(op, id, from, change).await
}

fn whole(links: Vec<RelatedLinkFields>, note: Option<String>) -> Edit {
    Edit::from(Fields { related_links: Given::Value(links), note, ..Fields::default() })
}

fn as_given(content: &Content) -> Vec<RelatedLinkFields> {
    let given = |link: &RelatedLink| match link.clone() {
        RelatedLink::Article { article, title } => RelatedLinkFields::Article { article, title },
        RelatedLink::External { url, title } => RelatedLinkFields::External { url, title },
    };
    content.related_links.iter().map(given).collect()
}
