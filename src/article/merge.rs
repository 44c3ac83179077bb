//! Merging an edit with what was saved since the version that it was made from: fields and sections that only one side
//! touched are taken from that side; where both touched the same one, differently, it is a conflict, and nothing is guessed.

use std::collections::{HashMap, HashSet};

use super::content::{Content, Section};
use crate::error::{Problems, UserErrorCode};
use crate::id::SectionId;

/// Puts `mine` and `theirs`, both made from `base`, together. What can't be is noted, with the input's path.
pub(super) fn merge(base: &Content, theirs: &Content, mine: &Content, problems: &mut Problems) -> Content {
    let mut merger = Merger { problems };
    let Content {
        format: _,
        salt: _,
        title,
        slug,
        locale,
        excerpt,
        lead_figure,
        sections,
        authors,
        categories,
        tags,
        related_links,
    } = mine;
    Content {
        format: theirs.format,
        salt: theirs.salt.clone(),
        title: merger.field("title", &base.title, &theirs.title, title),
        slug: merger.field("slug", &base.slug, &theirs.slug, slug),
        locale: merger.field("locale", &base.locale, &theirs.locale, locale),
        excerpt: merger.field("excerpt", &base.excerpt, &theirs.excerpt, excerpt),
        lead_figure: merger.field("leadFigure", &base.lead_figure, &theirs.lead_figure, lead_figure),
        sections: merger.sections(&base.sections, &theirs.sections, sections),
        authors: merger.field("authorIds", &base.authors, &theirs.authors, authors),
        categories: merger.field("categoryIds", &base.categories, &theirs.categories, categories),
        tags: merger.field("tagIds", &base.tags, &theirs.tags, tags),
        related_links: merger.field(
            "relatedLinks",
            &base.related_links,
            &theirs.related_links,
            related_links,
        ),
    }
}

struct Merger<'a> {
    problems: &'a mut Problems,
}

/// Which of two sides to take.
fn choose<'a, T: PartialEq + ?Sized>(base: &T, theirs: &'a T, mine: &'a T) -> Option<&'a T> {
    if mine == base || mine == theirs {
        Some(theirs)
    } else if theirs == base {
        Some(mine)
    } else {
        None
    }
}

impl Merger<'_> {
    fn conflict(&mut self, path: &[&str], what: &str) {
        let message =
            format!("{what} was changed since, too, and differently. Look at the current draft and decide.");
        self.problems.add(UserErrorCode::Conflict, path, message);
    }

    fn field<T: PartialEq + Clone>(&mut self, name: &str, base: &T, theirs: &T, mine: &T) -> T {
        choose(base, theirs, mine).cloned().unwrap_or_else(|| {
            self.conflict(&["input", name], "This");
            theirs.clone()
        })
    }

    fn sections(&mut self, base: &[Section], theirs: &[Section], mine: &[Section]) -> Vec<Section> {
        let by_id = |sections: &[Section]| -> HashMap<SectionId, Section> {
            sections.iter().map(|section| (section.id, section.clone())).collect()
        };
        let (in_base, in_theirs, in_mine) = (by_id(base), by_id(theirs), by_id(mine));
        let mut kept: HashMap<SectionId, Section> = HashMap::new();
        let both = theirs.iter().chain(mine.iter().filter(|section| !in_theirs.contains_key(&section.id)));
        for id in both.map(|section| section.id) {
            match choose(&in_base.get(&id), &in_theirs.get(&id), &in_mine.get(&id)) {
                Some(side) => kept.extend(side.map(|section| (id, section.clone()))),
                None => {
                    let index =
                        mine.iter().position(|section| section.id == id).map(|index| index.to_string());
                    let path: Vec<&str> = ["input", "sections"].into_iter().chain(index.as_deref()).collect();
                    let heading =
                        [&in_theirs, &in_mine].iter().find_map(|side| side.get(&id)?.heading.clone());
                    let what = heading.map_or_else(
                        || "A section without a heading".to_owned(),
                        |heading| format!("The section {heading:?}"),
                    );
                    self.conflict(&path, &what);
                }
            }
        }
        self.in_order(&order(base), &order(theirs), &order(mine), kept)
    }

    /// The sections in the order of the side that moved some; what only the other side has stands after what it stood after.
    fn in_order(
        &mut self,
        base: &[SectionId],
        theirs: &[SectionId],
        mine: &[SectionId],
        mut kept: HashMap<SectionId, Section>,
    ) -> Vec<Section> {
        let everywhere: HashSet<SectionId> =
            base.iter().copied().filter(|id| theirs.contains(id) && mine.contains(id)).collect();
        let among = |order: &[SectionId]| -> Vec<SectionId> {
            order.iter().copied().filter(|id| everywhere.contains(id)).collect()
        };
        let (before, their_order, my_order) = (among(base), among(theirs), among(mine));
        let (leading, following) = match choose(&before, &their_order, &my_order) {
            Some(order) if *order == their_order => (theirs, mine),
            Some(_) => (mine, theirs),
            None => {
                self.conflict(&["input", "sections"], "The order of the sections");
                (theirs, mine)
            }
        };
        let mut ids: Vec<SectionId> = leading.iter().copied().filter(|id| kept.contains_key(id)).collect();
        let mut after: Option<SectionId> = None;
        for &id in following.iter().filter(|id| kept.contains_key(*id)) {
            if !ids.contains(&id) {
                let index = after.and_then(|after| ids.iter().position(|known| *known == after));
                ids.insert(index.map_or(0, |index| index + 1), id);
            }
            after = Some(id);
        }
        ids.into_iter().filter_map(|id| kept.remove(&id)).collect()
    }
}

fn order(sections: &[Section]) -> Vec<SectionId> {
    sections.iter().map(|section| section.id).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::article::fields;
    use crate::error::Failure;

    fn section(number: u128, body: &str) -> Section {
        Section { id: SectionId(Uuid::from_u128(number)), heading: None, level: 2, body: body.to_owned() }
    }

    fn content(title: &str, sections: &[Section]) -> Content {
        Content { title: title.to_owned(), sections: sections.to_vec(), ..fields::blank(String::new()) }
    }

    fn merged(base: &Content, theirs: &Content, mine: &Content) -> Result<Content, Vec<String>> {
        let mut problems = Problems::default();
        let content = merge(base, theirs, mine, &mut problems);
        match problems.check() {
            Ok(()) => Ok(content),
            Err(Failure::Refused(errors)) => {
                Err(errors.into_iter().map(|error| error.path.join(".")).collect())
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn edits_of_different_sections_go_together() {
        let base = content("T", &[section(1, "one"), section(2, "two"), section(3, "three")]);
        let theirs = content("T", &[section(1, "one!"), section(2, "two"), section(3, "three")]);
        let mine = content("New", &[section(1, "one"), section(3, "three?"), section(4, "four")]);
        let expected = content("New", &[section(1, "one!"), section(3, "three?"), section(4, "four")]);
        assert_eq!(merged(&base, &theirs, &mine), Ok(expected));
    }

    #[test]
    fn the_same_section_changed_twice_is_a_conflict_and_named() {
        let base = content("T", &[section(1, "one"), section(2, "two")]);
        let theirs = content("T!", &[section(1, "one!"), section(2, "two")]);
        let mine = content("T?", &[section(2, "two"), section(1, "one?")]);
        assert_eq!(
            merged(&base, &theirs, &mine),
            Err(vec!["input.title".to_owned(), "input.sections.1".to_owned()])
        );
    }

    #[test]
    fn what_one_changed_and_the_other_took_out_is_a_conflict() {
        let base = content("T", &[section(1, "one"), section(2, "two")]);
        let theirs = content("T", &[section(2, "two")]);
        let mine = content("T", &[section(1, "one?"), section(2, "two")]);
        assert_eq!(merged(&base, &theirs, &mine), Err(vec!["input.sections.0".to_owned()]));
        assert_eq!(merged(&base, &mine, &theirs), Err(vec!["input.sections".to_owned()]));
    }

    #[test]
    fn two_orders_are_a_conflict_and_one_is_kept_with_what_the_other_added() {
        let base = content("T", &[section(1, "1"), section(2, "2"), section(3, "3")]);
        let theirs = content("T", &[section(3, "3"), section(1, "1"), section(2, "2")]);
        let other = content("T", &[section(2, "2"), section(1, "1"), section(3, "3")]);
        assert_eq!(merged(&base, &theirs, &other), Err(vec!["input.sections".to_owned()]));
        let adds = content("T", &[section(1, "1"), section(9, "9"), section(2, "2"), section(3, "3")]);
        let expected = content("T", &[section(3, "3"), section(1, "1"), section(9, "9"), section(2, "2")]);
        assert_eq!(merged(&base, &theirs, &adds), Ok(expected.clone()));
        assert_eq!(merged(&base, &adds, &theirs), Ok(expected));
    }

    fn any_sections() -> impl Strategy<Value = Vec<Section>> {
        proptest::collection::vec((1u128..7, "[ab]{1,2}"), 0..6).prop_map(|given| {
            let mut seen = HashSet::new();
            let unique = given.into_iter().filter(|(number, _)| seen.insert(*number));
            unique.map(|(number, body)| section(number, &body)).collect()
        })
    }

    proptest! {
        #[test]
        fn one_side_alone_is_taken_as_it_is(base in any_sections(), changed in any_sections()) {
            let (base, changed) = (content("T", &base), content("T", &changed));
            prop_assert_eq!(merged(&base, &changed, &base), Ok(changed.clone()));
            prop_assert_eq!(merged(&base, &base, &changed), Ok(changed.clone()));
            prop_assert_eq!(merged(&base, &changed, &changed), Ok(changed));
        }

        #[test]
        fn a_merge_loses_nothing(base in any_sections(), theirs in any_sections(), mine in any_sections()) {
            let (base, theirs, mine) = (content("T", &base), content("T", &theirs), content("T", &mine));
            let Ok(both) = merged(&base, &theirs, &mine) else { return Ok(()) };
            let ids: HashSet<_> = order(&both.sections).into_iter().collect();
            prop_assert_eq!(ids.len(), both.sections.len());
            for side in [&theirs, &mine] {
                for changed in side.sections.iter().filter(|section| !base.sections.contains(section)) {
                    prop_assert!(both.sections.contains(changed), "{:?} is lost", changed);
                }
            }
        }
    }
}
