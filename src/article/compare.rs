//! What differs between two contents of an article, by field and by section. Rules alone: called for two revisions, and for
//! an edit made from an old version.

use std::cmp::Reverse;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use super::content::{Content, LeadFigure, RelatedLink, Section};
use crate::id::{AuthorId, CategoryId, SectionId, TagId};
use crate::text::difference::{self, Change, Run};

/// What two contents differ in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// The fields that differ, each once, in the order of [`Field`].
    pub fields: Vec<FieldDifference>,
    /// The sections that differ, each once: as they stand after, each that was removed behind the one that it followed.
    pub sections: Vec<SectionDifference>,
}

/// A field of an article beside its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The title.
    Title,
    /// The name in addresses.
    Slug,
    /// The language.
    Locale,
    /// What a card shows.
    Excerpt,
    /// The picture above the text.
    LeadFigure,
    /// Whom the byline credits.
    Authors,
    /// Where it stands in the site's tree.
    Categories,
    /// Free labels.
    Tags,
    /// Where it points to.
    RelatedLinks,
}

/// A field that differs, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FieldDifference {
    /// By its words.
    Title(Vec<Run>),
    /// By its words.
    Slug(Vec<Run>),
    /// By its words.
    Locale(Vec<Run>),
    /// By its words; none is as no words.
    Excerpt(Vec<Run>),
    /// By its image and the words below it.
    LeadFigure(LeadFigureDifference),
    /// By who came and went.
    Authors(ListDifference<AuthorId>),
    /// By which came and went.
    Categories(ListDifference<CategoryId>),
    /// By which came and went.
    Tags(ListDifference<TagId>),
    /// By which came and went: one whose title was changed did both.
    RelatedLinks(ListDifference<RelatedLink>),
}

/// How the picture above the text differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeadFigureDifference {
    /// None: there was none.
    pub before: Option<LeadFigure>,
    /// None: there is none.
    pub after: Option<LeadFigure>,
    /// Empty where neither has one.
    pub caption: Vec<Run>,
    /// Empty where neither has one.
    pub credit: Vec<Run>,
}

/// How a list differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListDifference<T> {
    /// In the list after only, in its order.
    pub added: Vec<T>,
    /// In the list before only, in its order.
    pub removed: Vec<T>,
    /// Whether those in both stand in another order.
    pub is_reordered: bool,
}

/// A section that differs, and how. One of both sides is always there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionDifference {
    /// None: it was added.
    pub before: Option<Place>,
    /// None: it was removed. Its id is another than before where the section was taken out and put in again: it was
    /// recognised by its words.
    pub after: Option<Place>,
    /// Whether it stands elsewhere among those that stayed: as few are as can be, so one section put over five others is one
    /// that moved.
    pub is_moved: bool,
    /// By its words.
    pub heading: Vec<Run>,
    /// By its words.
    pub body: Vec<Run>,
}

/// Where a section stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which section.
    pub id: SectionId,
    /// From 1.
    pub position: usize,
    /// 2 to 4.
    pub level: i32,
}

impl Comparison {
    /// Whether the contents are the same.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.sections.is_empty()
    }

    /// How many words of the text were added, or removed: those of sections' headings and bodies.
    pub fn count_words(&self, change: Change) -> usize {
        self.sections.iter().map(|section| section.count_words(change)).sum()
    }
}

impl FieldDifference {
    /// Which field it is.
    pub fn field(&self) -> Field {
        match self {
            Self::Title(_) => Field::Title,
            Self::Slug(_) => Field::Slug,
            Self::Locale(_) => Field::Locale,
            Self::Excerpt(_) => Field::Excerpt,
            Self::LeadFigure(_) => Field::LeadFigure,
            Self::Authors(_) => Field::Authors,
            Self::Categories(_) => Field::Categories,
            Self::Tags(_) => Field::Tags,
            Self::RelatedLinks(_) => Field::RelatedLinks,
        }
    }
}

impl SectionDifference {
    /// Whether a section that stayed has another heading, level or body.
    pub fn is_changed(&self) -> bool {
        let is_edited = |runs: &[Run]| runs.iter().any(|run| run.change != Change::Same);
        match (self.before, self.after) {
            (Some(before), Some(after)) => {
                before.level != after.level || is_edited(&self.heading) || is_edited(&self.body)
            }
            _ => false,
        }
    }

    /// How many words were added, or removed.
    pub fn count_words(&self, change: Change) -> usize {
        difference::count_words(&self.heading, change) + difference::count_words(&self.body, change)
    }
}

/// What differs from the one content to the other. The way back is the mirror image.
pub fn compare(from: &Content, to: &Content) -> Comparison {
    Comparison { fields: compare_fields(from, to), sections: compare_sections(&from.sections, &to.sections) }
}

fn compare_fields(from: &Content, to: &Content) -> Vec<FieldDifference> {
    // Taken apart, so that a new field can't be forgotten.
    let Content {
        format: _,
        salt: _,
        title,
        slug,
        locale,
        excerpt,
        lead_figure,
        sections: _,
        authors,
        categories,
        tags,
        related_links,
    } = from;
    let fields = [
        words(title, &to.title).map(FieldDifference::Title),
        words(slug, &to.slug).map(FieldDifference::Slug),
        words(locale, &to.locale).map(FieldDifference::Locale),
        words(text(excerpt), text(&to.excerpt)).map(FieldDifference::Excerpt),
        compare_lead_figures(lead_figure.as_ref(), to.lead_figure.as_ref()).map(FieldDifference::LeadFigure),
        compare_lists(authors, &to.authors).map(FieldDifference::Authors),
        compare_lists(categories, &to.categories).map(FieldDifference::Categories),
        compare_lists(tags, &to.tags).map(FieldDifference::Tags),
        compare_lists(related_links, &to.related_links).map(FieldDifference::RelatedLinks),
    ];
    fields.into_iter().flatten().collect()
}

fn text(optional: &Option<String>) -> &str {
    optional.as_deref().unwrap_or_default()
}

fn words(before: &str, after: &str) -> Option<Vec<Run>> {
    (before != after).then(|| difference::runs(before, after))
}

fn compare_lead_figures(
    before: Option<&LeadFigure>,
    after: Option<&LeadFigure>,
) -> Option<LeadFigureDifference> {
    if before == after {
        return None;
    }
    let line = |of: fn(&LeadFigure) -> &Option<String>| {
        let [before, after] = [before, after].map(|figure| figure.map_or("", |figure| text(of(figure))));
        difference::runs(before, after)
    };
    let (caption, credit) = (line(|figure| &figure.caption), line(|figure| &figure.credit));
    Some(LeadFigureDifference { before: before.cloned(), after: after.cloned(), caption, credit })
}

fn compare_lists<T: Clone + Eq + Hash>(before: &[T], after: &[T]) -> Option<ListDifference<T>> {
    if before == after {
        return None;
    }
    let (removed, stayed) = parted(before, after);
    let (added, stayed_after) = parted(after, before);
    Some(ListDifference { added, removed, is_reordered: stayed != stayed_after })
}

/// Those that the other list hasn't, and those that it has.
fn parted<T: Clone + Eq + Hash>(list: &[T], other: &[T]) -> (Vec<T>, Vec<T>) {
    let mut left: HashMap<&T, usize> = HashMap::new();
    for item in other {
        *left.entry(item).or_default() += 1;
    }
    list.iter().cloned().partition(|item| match left.get_mut(item) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    })
}

/// A section that stayed: where it stands in the list before, and in the one after, from 0.
type Stayed = (usize, usize);

fn compare_sections(from: &[Section], to: &[Section]) -> Vec<SectionDifference> {
    let stayed = recognise(from, to);
    let unmoved = unmoved(from, to, &stayed);
    let before_of: HashMap<usize, usize> = stayed.iter().map(|(before, after)| (*after, *before)).collect();
    let after_of: HashMap<usize, usize> = stayed.iter().copied().collect();

    // What was removed stands behind the last before it that stayed in its place.
    let mut removed_behind: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    let mut last = None;
    for before in 0..from.len() {
        match after_of.get(&before) {
            Some(after) if unmoved.contains_key(&before) => last = Some(*after),
            Some(_) => {}
            None => removed_behind.entry(last).or_default().push(before),
        }
    }
    let mut differences = Vec::new();
    let mut tell_removed = |differences: &mut Vec<_>, behind| {
        for before in removed_behind.remove(&behind).unwrap_or_default() {
            differences.extend(section(from, to, Some(before), None, false));
        }
    };
    tell_removed(&mut differences, None);
    for after in 0..to.len() {
        let before = before_of.get(&after).copied();
        let is_moved = before.is_some_and(|before| !unmoved.contains_key(&before));
        differences.extend(section(from, to, before, Some(after), is_moved));
        tell_removed(&mut differences, Some(after));
    }
    differences
}

/// How a section differs, if it does.
fn section(
    from: &[Section],
    to: &[Section],
    before: Option<usize>,
    after: Option<usize>,
    is_moved: bool,
) -> Option<SectionDifference> {
    let [one, other] = [before.map(|index| &from[index]), after.map(|index| &to[index])];
    if one == other && !is_moved {
        return None;
    }
    let place = |index: Option<usize>, section: Option<&Section>| {
        let Section { id, heading: _, level, body: _ } = section?;
        Some(Place { id: *id, position: index? + 1, level: *level })
    };
    let headings = [one, other].map(|section| section.map_or("", |section| text(&section.heading)));
    let bodies = [one, other].map(|section| section.map_or("", |section| section.body.as_str()));
    Some(SectionDifference {
        before: place(before, one),
        after: place(after, other),
        is_moved,
        heading: difference::runs(headings[0], headings[1]),
        body: difference::runs(bodies[0], bodies[1]),
    })
}

/// Which sections stayed, in the order before: those with the same id, then those with the same words, then those with
/// similar ones.
fn recognise(from: &[Section], to: &[Section]) -> Vec<Stayed> {
    let all_before: Vec<usize> = (0..from.len()).collect();
    let all_after: Vec<usize> = (0..to.len()).collect();
    let (mut stayed, before, after) =
        pair(&all_before, &all_after, |index| from[index].id, |index| to[index].id);
    let words = |section: &Section| (section.heading.clone(), section.body.clone());
    let (same, before, after) = pair(&before, &after, |index| words(&from[index]), |index| words(&to[index]));
    stayed.extend(same);
    stayed.extend(similar(from, to, &before, &after));
    stayed.sort_unstable();
    stayed
}

/// Pairs what has the same key, first with first; and what is left of both sides.
fn pair<K: Eq + Hash>(
    before: &[usize],
    after: &[usize],
    key_before: impl Fn(usize) -> K,
    key_after: impl Fn(usize) -> K,
) -> (Vec<Stayed>, Vec<usize>, Vec<usize>) {
    let mut waiting: HashMap<K, VecDeque<usize>> = HashMap::new();
    for index in after {
        waiting.entry(key_after(*index)).or_default().push_back(*index);
    }
    let (mut pairs, mut left_before) = (Vec::new(), Vec::new());
    for index in before {
        match waiting.get_mut(&key_before(*index)).and_then(VecDeque::pop_front) {
            Some(found) => pairs.push((*index, found)),
            None => left_before.push(*index),
        }
    }
    let mut left_after: Vec<usize> = waiting.into_values().flatten().collect();
    left_after.sort_unstable();
    (pairs, left_before, left_after)
}

/// From how many of a thousand shared words on, in their order, a section is the same under another id.
const SIMILAR: usize = 600;
/// How much of a section is looked at for that.
const LOOKED_AT: usize = 4_000;
/// How many pairs are looked at: beyond, as after a whole article was put in anew, sections have gone and come.
const MOST_PAIRS: usize = 2_500;
/// How many of them, those with the most words in common, are compared word by word.
const MOST_COMPARED: usize = 100;

/// Pairs sections whose words are similar, the most similar first.
fn similar(from: &[Section], to: &[Section], before: &[usize], after: &[usize]) -> Vec<Stayed> {
    if before.is_empty() || after.is_empty() || before.len() * after.len() > MOST_PAIRS {
        return Vec::new();
    }
    let looked_at =
        |sections: &[Section], indexes: &[usize]| -> Vec<(usize, String, HashMap<String, usize>)> {
            indexes
                .iter()
                .map(|index| {
                    let section = &sections[*index];
                    let whole = format!("{}\n{}", text(&section.heading), section.body);
                    let beginning = &whole[..whole.floor_char_boundary(LOOKED_AT)];
                    (*index, beginning.to_owned(), difference::bag_of_words(beginning))
                })
                .collect()
        };
    let (before, after) = (looked_at(from, before), looked_at(to, after));
    // The same in both directions, so that the way back finds the same pairs.
    let order = |pair: &(usize, &(usize, String, _), &(usize, String, _))| {
        let (similarity, one, other) = (pair.0, pair.1.0, pair.2.0);
        (Reverse(similarity), one.abs_diff(other), one + other, one.min(other))
    };
    let mut candidates: Vec<_> = before
        .iter()
        .flat_map(|one| {
            after.iter().map(move |other| (difference::shared_words(&one.2, &other.2), one, other))
        })
        .filter(|(shared, _, _)| *shared >= SIMILAR)
        .collect();
    candidates.sort_by_key(order);
    candidates.truncate(MOST_COMPARED);
    for (similarity, one, other) in &mut candidates {
        *similarity = difference::similarity(&one.1, &other.1);
    }
    candidates.retain(|(similarity, _, _)| *similarity >= SIMILAR);
    candidates.sort_by_key(order);
    let (mut taken_before, mut taken_after) = (Vec::new(), Vec::new());
    for (_, one, other) in candidates {
        if !taken_before.contains(&one.0) && !taken_after.contains(&other.0) {
            taken_before.push(one.0);
            taken_after.push(other.0);
        }
    }
    taken_before.into_iter().zip(taken_after).collect()
}

/// Which of the sections that stayed did not move: as many as stand in the same order, and of as many the ones with most
/// text.
fn unmoved(from: &[Section], to: &[Section], stayed: &[Stayed]) -> HashMap<usize, usize> {
    // Number, bytes, and lest two be equal, the ids: the way back chooses the same.
    type Weight = (usize, usize, u128);
    let plus = |one: Weight, other: Weight| (one.0 + other.0, one.1 + other.1, one.2.wrapping_add(other.2));
    let weight = |(before, after): Stayed| -> Weight {
        let (one, other) = (&from[before], &to[after]);
        let random = |section: &Section| section.id.0.as_u128() & u128::from(u64::MAX);
        (1, one.body.len() + other.body.len(), random(one) + random(other))
    };
    // Of each, the heaviest sequence that ends there, and what stands before it in that.
    let mut heaviest: Vec<(Weight, Option<usize>)> = Vec::with_capacity(stayed.len());
    for (index, pair) in stayed.iter().enumerate() {
        let previous = (0..index)
            .filter(|previous| stayed[*previous].1 < pair.1)
            .max_by_key(|previous| heaviest[*previous].0);
        let so_far = previous.map_or((0, 0, 0), |previous| heaviest[previous].0);
        heaviest.push((plus(so_far, weight(*pair)), previous));
    }
    let mut unmoved = HashMap::with_capacity(stayed.len());
    let mut next = (0..stayed.len()).max_by_key(|index| heaviest[*index].0);
    while let Some(index) = next {
        let (before, after) = stayed[index];
        unmoved.insert(before, after);
        next = heaviest[index].1;
    }
    unmoved
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::article::fields;
    use crate::id::{ArticleId, ImageId};

    fn section_of(number: u128, heading: &str, body: &str) -> Section {
        let heading = (!heading.is_empty()).then(|| heading.to_owned());
        Section { id: SectionId(Uuid::from_u128(number)), heading, level: 2, body: body.to_owned() }
    }

    fn content(sections: Vec<Section>) -> Content {
        Content { sections, ..fields::blank("salt".to_owned()) }
    }

    /// Sections of these numbers, each with words of its own.
    fn numbered(numbers: &[u128]) -> Content {
        content(
            numbers
                .iter()
                .map(|number| section_of(*number, &format!("Part {number}"), &body(*number)))
                .collect(),
        )
    }

    fn body(number: u128) -> String {
        (0..20).map(|word| format!("word{number}of{word} ")).collect()
    }

    /// The sections that differ: `2>5 moved`, `+3`, `-1`, `4 changed`.
    fn shown(from: &Content, to: &Content) -> Vec<String> {
        let sections = compare(from, to).sections;
        sections
            .iter()
            .map(|section| {
                let places = match (section.before, section.after) {
                    (Some(before), None) => format!("-{}", before.position),
                    (None, Some(after)) => format!("+{}", after.position),
                    (Some(before), Some(after)) => format!("{}>{}", before.position, after.position),
                    (None, None) => unreachable!(),
                };
                let moved = if section.is_moved { " moved" } else { "" };
                let changed = if section.is_changed() { " changed" } else { "" };
                format!("{places}{moved}{changed}")
            })
            .collect()
    }

    #[test]
    fn one_section_put_over_five_is_one_that_moved() {
        assert_eq!(shown(&numbered(&[1, 2, 3, 4, 5, 6]), &numbered(&[6, 1, 2, 3, 4, 5])), ["6>1 moved"]);
        assert_eq!(shown(&numbered(&[1, 2, 3, 4, 5, 6]), &numbered(&[2, 3, 4, 5, 6, 1])), ["1>6 moved"]);
    }

    #[test]
    fn what_shifts_because_others_came_or_went_has_not_moved() {
        assert_eq!(shown(&numbered(&[1, 2, 3]), &numbered(&[9, 1, 3])), ["+1", "-2"]);
        assert_eq!(shown(&numbered(&[1, 2, 3]), &numbered(&[])), ["-1", "-2", "-3"]);
    }

    #[test]
    fn of_two_that_changed_places_the_shorter_moved() {
        let (short, long) = (section_of(1, "", "A few words."), section_of(2, "", &body(2)));
        let (from, to) = (content(vec![short.clone(), long.clone()]), content(vec![long, short]));
        assert_eq!(shown(&from, &to), ["1>2 moved"]);
        assert_eq!(shown(&to, &from), ["2>1 moved"]);
    }

    #[test]
    fn a_section_can_have_moved_and_changed() {
        let (from, mut to) = (numbered(&[1, 2, 3]), numbered(&[3, 1, 2]));
        to.sections[0].body.push_str("and more");
        to.sections[2].level = 3;
        assert_eq!(shown(&from, &to), ["3>1 moved changed", "2>3 changed"]);
        let comparison = compare(&from, &to);
        assert_eq!(comparison.count_words(Change::Added), 2);
        assert_eq!(comparison.count_words(Change::Removed), 0);
    }

    #[test]
    fn a_section_put_in_anew_is_recognised_by_its_words() {
        let from = numbered(&[1, 2, 3]);
        let mut to = numbered(&[3, 1, 2]);
        to.sections[0].id = SectionId(Uuid::from_u128(30));
        assert_eq!(shown(&from, &to), ["3>1 moved"]);
        to.sections[0].body = to.sections[0].body.replace("word3of7", "another");
        assert_eq!(shown(&from, &to), ["3>1 moved changed"]);
        to.sections[0].body = body(4);
        assert_eq!(shown(&from, &to), ["+1", "-3"]);
    }

    #[test]
    fn the_most_similar_are_paired_first() {
        let from = content(vec![section_of(1, "", &body(1))]);
        let near = body(1).replace("word1of7", "another");
        let far = near.replace("word1of1 ", "this ").replace("word1of2 ", "that ");
        let to = content(vec![section_of(2, "", &far), section_of(3, "", &near)]);
        assert_eq!(shown(&from, &to), ["+1", "1>2 changed"]);
    }

    #[test]
    fn an_article_put_in_anew_keeps_what_has_the_same_words() {
        let numbers: Vec<u128> = (1..=200).collect();
        let from = numbered(&numbers);
        let mut to = from.clone();
        for section in &mut to.sections {
            section.id = SectionId(Uuid::from_u128(section.id.0.as_u128() + 1_000));
        }
        for section in compare(&from, &to).sections {
            assert!(
                section.before.is_some()
                    && section.after.is_some()
                    && !section.is_moved
                    && !section.is_changed()
            );
        }
        for section in &mut to.sections {
            section.body.push_str("more");
        }
        // Too many to look at.
        assert_eq!(compare(&from, &to).sections.len(), 400);
    }

    #[test]
    fn fields_are_told_where_they_differ() {
        let author = |number| AuthorId(Uuid::from_u128(number));
        let tag = |number| TagId(Uuid::from_u128(number));
        let link = |title: &str| RelatedLink::External {
            url: "https://example.org/".to_owned(),
            title: title.to_owned(),
        };
        let article = RelatedLink::Article { article: ArticleId(Uuid::from_u128(1)), title: None };
        let figure = |caption: &str| LeadFigure {
            image: ImageId(Uuid::from_u128(1)),
            caption: Some(caption.to_owned()),
            credit: None,
        };
        let from = Content {
            title: "A day in May".to_owned(),
            lead_figure: Some(figure("The old bridge")),
            authors: vec![author(1), author(2), author(3)],
            tags: vec![tag(1)],
            related_links: vec![link("Old"), article.clone()],
            ..numbered(&[])
        };
        let to = Content {
            title: "A day in June".to_owned(),
            excerpt: Some("New".to_owned()),
            lead_figure: Some(figure("The new bridge")),
            authors: vec![author(3), author(1), author(4)],
            tags: vec![],
            related_links: vec![article, link("New")],
            salt: "another".to_owned(),
            ..from.clone()
        };
        let run = |change, text: &str| Run { change, text: text.to_owned() };
        let comparison = compare(&from, &to);
        let expected = [
            FieldDifference::Title(vec![
                run(Change::Same, "A day in "),
                run(Change::Removed, "May"),
                run(Change::Added, "June"),
            ]),
            FieldDifference::Excerpt(vec![run(Change::Added, "New")]),
            FieldDifference::LeadFigure(LeadFigureDifference {
                before: from.lead_figure.clone(),
                after: to.lead_figure.clone(),
                caption: vec![
                    run(Change::Same, "The "),
                    run(Change::Removed, "old"),
                    run(Change::Added, "new"),
                    run(Change::Same, " bridge"),
                ],
                credit: vec![],
            }),
            FieldDifference::Authors(ListDifference {
                added: vec![author(4)],
                removed: vec![author(2)],
                is_reordered: true,
            }),
            FieldDifference::Tags(ListDifference {
                added: vec![],
                removed: vec![tag(1)],
                is_reordered: false,
            }),
            FieldDifference::RelatedLinks(ListDifference {
                added: vec![link("New")],
                removed: vec![link("Old")],
                is_reordered: false,
            }),
        ];
        assert_eq!(comparison.fields, expected);
        assert!(comparison.fields.is_sorted_by_key(FieldDifference::field));
        assert!(comparison.sections.is_empty());
    }

    fn any_sections() -> impl Strategy<Value = Vec<Section>> {
        let bodies =
            prop::sample::select(vec!["", "one two three four", "one two three five", "東京 …", "A.\n\nB."]);
        let of_it = (prop::sample::select(vec!["", "Heading"]), 2..=3_i32, bodies);
        (
            // As of random ids, no two sums of some of these are equal.
            prop::sample::subsequence((1..=8).map(|number| 3_u128.pow(number)).collect::<Vec<_>>(), 0..=8)
                .prop_shuffle(),
            prop::collection::vec(of_it, 8),
        )
            .prop_map(|(ids, parts)| {
                ids.into_iter()
                    .zip(parts)
                    .map(|(id, (heading, level, body))| Section { level, ..section_of(id, heading, body) })
                    .collect()
            })
    }

    fn rebuilt(runs: &[Run], change: Change) -> String {
        runs.iter()
            .filter(|run| run.change == change || run.change == Change::Same)
            .map(|run| run.text.as_str())
            .collect()
    }

    proptest! {
        #[test]
        fn nothing_differs_from_itself(sections in any_sections()) {
            let content = content(sections);
            prop_assert!(compare(&content, &content).is_empty());
        }

        #[test]
        fn every_section_that_differs_is_told_once(from in any_sections(), to in any_sections()) {
            let differences = compare(&content(from.clone()), &content(to.clone())).sections;
            for (sections, change, place) in [
                (&from, Change::Removed, (|one| one.before) as fn(&SectionDifference) -> Option<Place>),
                (&to, Change::Added, |one| one.after),
            ] {
                let mut told = Vec::new();
                for difference in &differences {
                    if let Some(Place { id, position, level }) = place(difference) {
                        let section = &sections[position - 1];
                        prop_assert_eq!((id, level), (section.id, section.level));
                        prop_assert_eq!(rebuilt(&difference.heading, change), text(&section.heading));
                        prop_assert_eq!(&rebuilt(&difference.body, change), &section.body);
                        told.push(id);
                    }
                }
                for section in sections {
                    let times = told.iter().filter(|id| **id == section.id).count();
                    prop_assert!(times <= 1);
                    if !from.contains(section) || !to.contains(section) {
                        prop_assert_eq!(times, 1);
                    }
                }
            }
            for difference in &differences {
                prop_assert!(
                    difference.is_moved
                        || difference.is_changed()
                        || difference.before.map(|place| place.id) != difference.after.map(|place| place.id)
                );
            }
            // What is left out stands in the same order on both sides.
            let is_told = |section: &&Section| {
                differences.iter().any(|one| one.is_moved && [one.before, one.after].iter().flatten().any(|place| place.id == section.id))
            };
            let kept = |sections: &[Section], other: &[Section]| -> Vec<SectionId> {
                let known = |section: &&Section| other.iter().any(|one| one.id == section.id);
                sections.iter().filter(known).filter(|section| !is_told(section)).map(|section| section.id).collect()
            };
            prop_assert_eq!(kept(&from, &to), kept(&to, &from));
        }

        #[test]
        fn the_way_back_is_the_mirror_image(from in any_sections(), to in any_sections()) {
            let (from, to) = (content(from), content(to));
            let there = compare(&from, &to).sections;
            let back = compare(&to, &from).sections;
            prop_assert_eq!(there.len(), back.len());
            for one in there {
                let mirrored = back.iter().find(|other| (other.before, other.after) == (one.after, one.before));
                let is_mirrored = mirrored.is_some_and(|other| {
                    other.is_moved == one.is_moved
                        && other.is_changed() == one.is_changed()
                        && other.count_words(Change::Added) == one.count_words(Change::Removed)
                        && other.count_words(Change::Removed) == one.count_words(Change::Added)
                });
                prop_assert!(is_mirrored);
            }
        }
    }
}
