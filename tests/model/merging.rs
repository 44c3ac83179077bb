//! What the model says of merging: an edit, and what was saved since the version that it was made from.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::{Content, Section};

/// Of two sides made from one base, the one that changed it; nothing where both did, differently.
fn choose<'a, T: PartialEq>(base: &T, theirs: &'a T, mine: &'a T) -> Option<&'a T> {
    match (mine == base || mine == theirs, theirs == base) {
        (true, _) => Some(theirs),
        (false, true) => Some(mine),
        (false, false) => None,
    }
}

/// Field by field; a conflict is noted for each that both changed, differently.
pub fn merge(base: &Content, theirs: &Content, mine: &Content, problems: &mut Vec<&'static str>) -> Content {
    fn field<T: PartialEq + Clone>(base: &T, theirs: &T, mine: &T, problems: &mut Vec<&'static str>) -> T {
        choose(base, theirs, mine).cloned().unwrap_or_else(|| {
            problems.push("CONFLICT");
            theirs.clone()
        })
    }
    Content {
        title: field(&base.title, &theirs.title, &mine.title, problems),
        slug: field(&base.slug, &theirs.slug, &mine.slug, problems),
        excerpt: field(&base.excerpt, &theirs.excerpt, &mine.excerpt, problems),
        sections: merge_sections(&base.sections, &theirs.sections, &mine.sections, problems),
        authors: field(&base.authors, &theirs.authors, &mine.authors, problems),
        categories: field(&base.categories, &theirs.categories, &mine.categories, problems),
        tags: field(&base.tags, &theirs.tags, &mine.tags, problems),
        links: field(&base.links, &theirs.links, &mine.links, problems),
    }
}

/// Section by section; then in the order of the side that moved some, what only the other has after what it stood after.
fn merge_sections(
    base: &[Section],
    theirs: &[Section],
    mine: &[Section],
    problems: &mut Vec<&'static str>,
) -> Vec<Section> {
    let of = |side: &[Section], key: usize| side.iter().find(|section| section.key == key).cloned();
    let keys = |side: &[Section]| -> Vec<usize> { side.iter().map(|section| section.key).collect() };
    let mut kept: BTreeMap<usize, Section> = BTreeMap::new();
    for key in keys(theirs).into_iter().chain(keys(mine)).collect::<BTreeSet<_>>() {
        match choose(&of(base, key), &of(theirs, key), &of(mine, key)) {
            Some(side) => kept.extend(side.clone().map(|section| (key, section))),
            None => problems.push("CONFLICT"),
        }
    }
    let common = |side: &[Section]| -> Vec<usize> {
        let in_all = |key: &usize| [base, theirs, mine].iter().all(|side| keys(side).contains(key));
        keys(side).into_iter().filter(in_all).collect()
    };
    let (leading, following) = match choose(&common(base), &common(theirs), &common(mine)) {
        Some(order) if *order == common(theirs) => (theirs, mine),
        Some(_) => (mine, theirs),
        None => {
            problems.push("CONFLICT");
            (theirs, mine)
        }
    };
    let mut order: Vec<usize> = keys(leading).into_iter().filter(|key| kept.contains_key(key)).collect();
    let mut place = 0;
    for key in keys(following).into_iter().filter(|key| kept.contains_key(key)) {
        if !order.contains(&key) {
            order.insert(place, key);
        }
        place = order.iter().position(|known| *known == key).map_or(0, |index| index + 1);
    }
    order.iter().filter_map(|key| kept.remove(key)).collect()
}
