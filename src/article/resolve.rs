//! Revisions go on naming authors, tags and categories that are gone: where something took their place, it stands in the content
//! for whoever reads it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::content::Content;
use crate::error::Failure;
use crate::id::GlobalId;
use crate::library::replacements;

/// Puts what is there in the place of what is gone, each once: the first place counts.
pub(super) async fn resolve(
    connection: &impl ConnectionTrait,
    contents: impl IntoIterator<Item = &mut Content>,
) -> Result<(), Failure> {
    let contents: Vec<&mut Content> = contents.into_iter().collect();
    let named: BTreeSet<Uuid> = contents.iter().flat_map(|content| labels(content)).collect();
    let replaced = replacements::of(connection, named).await?;
    if !replaced.is_empty() {
        for content in contents {
            replace(content, &replaced);
        }
    }
    Ok(())
}

fn labels(content: &Content) -> impl Iterator<Item = Uuid> {
    let authors = content.authors.iter().map(|id| id.0);
    let categories = content.categories.iter().map(|id| id.0);
    authors.chain(categories).chain(content.tags.iter().map(|id| id.0))
}

/// The same, where it is known what was replaced.
pub(super) fn replace(content: &mut Content, replaced: &HashMap<Uuid, Uuid>) {
    replace_in(&mut content.authors, replaced);
    replace_in(&mut content.categories, replaced);
    replace_in(&mut content.tags, replaced);
}

/// The same in one list.
pub(super) fn replace_in<T: GlobalId + Eq + Hash>(ids: &mut Vec<T>, replaced: &HashMap<Uuid, Uuid>) {
    for id in ids.iter_mut() {
        if let Some(new) = replaced.get(&id.uuid()) {
            *id = T::from_uuid(*new);
        }
    }
    let mut seen = HashSet::new();
    ids.retain(|id| seen.insert(*id));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TagId;

    #[test]
    fn the_first_place_counts() {
        let [a, b, c, d] = [1, 2, 3, 4].map(|number| TagId(Uuid::from_u128(number)));
        let replaced = HashMap::from([(a.0, c.0), (d.0, b.0)]);
        let mut tags = vec![a, b, c, d];
        replace_in(&mut tags, &replaced);
        assert_eq!(tags, [c, b]);
    }
}
