//! What differs between two texts, word by word, in time that grows with their length alone.
//!
//! The search for the shortest difference is quadratic, so `similar` gets pieces of [`PIECE`] words at most. What is longer
//! is cut at what stands once in both texts and in the same order: lines first, then words. A piece that stays too long,
//! because its two sides share next to nothing, is replaced as a whole.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::Range;

use similar::{Algorithm, DiffOp};
use unicode_segmentation::UnicodeSegmentation as _;

/// How many words and signs of both texts together are searched for their shortest difference. The search takes
/// about half of the square at worst: so a whole text takes about half of this for each of its words.
const PIECE: usize = 512;

/// How often what lies between two cuts is cut again.
const ROUNDS: usize = 8;

/// How many differences are told of any text, and for how many bytes of both texts together one more: beyond, neighbours
/// become one, those first that have the fewest words between them.
const DIFFERENCES: usize = 64;
const BYTES_A_DIFFERENCE: usize = 256;

/// What became of a stretch of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Change {
    /// In both texts.
    Same,
    /// In the one before only.
    Removed,
    /// In the one after only.
    Added,
}

/// A stretch of text with one fate. All that are the same or removed make the text before; all that are the same or added
/// make the text after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What became of it.
    pub change: Change,
    /// Words with their spaces and signs; never empty.
    pub text: String,
}

/// What differs between two texts: neighbours differ in their change, and what was removed stands before what was added in
/// its place. The way back is the mirror image.
pub fn runs(before: &str, after: &str) -> Vec<Run> {
    let mut runs = Vec::new();
    if before == after {
        push(&mut runs, Change::Same, before);
        return runs;
    }
    // Of differences equally short, the texts decide which is found, not which of them came first.
    let is_forward = before < after;
    let (first, second) = if is_forward { (before, after) } else { (after, before) };
    let (first, second) = (Text::new(first), Text::new(second));
    let most = DIFFERENCES + (before.len() + after.len()) / BYTES_A_DIFFERENCE;
    for Hunk { only_first, only_second, same } in at_most(most, hunks(&first, &second), &first) {
        let (only_first, only_second) = (first.slice(only_first), second.slice(only_second));
        // The space before a word that was replaced stayed.
        let spaces =
            only_first.bytes().zip(only_second.bytes()).take_while(|pair| *pair == (b' ', b' ')).count();
        let (space, only_first) = only_first.split_at(spaces);
        let only_second = &only_second[spaces..];
        let (removed, added) = if is_forward { (only_first, only_second) } else { (only_second, only_first) };
        push(&mut runs, Change::Same, space);
        push(&mut runs, Change::Removed, removed);
        push(&mut runs, Change::Added, added);
        push(&mut runs, Change::Same, first.slice(same));
    }
    runs
}

fn push(runs: &mut Vec<Run>, change: Change, text: &str) {
    match runs.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.change == change => last.text.push_str(text),
        _ => runs.push(Run { change, text: text.to_owned() }),
    }
}

/// How many words the runs of one change have.
pub fn count_words(runs: &[Run], change: Change) -> usize {
    runs.iter().filter(|run| run.change == change).map(|run| run.text.unicode_words().count()).sum()
}

/// How many of a thousand words of both texts stand in both, in the same order.
pub fn similarity(one: &str, other: &str) -> usize {
    let (first, second) = (Text::new(one.min(other)), Text::new(one.max(other)));
    let all = first.count_words(0..first.parts.len()) + second.count_words(0..second.parts.len());
    let shared: usize = hunks(&first, &second).into_iter().map(|hunk| first.count_words(hunk.same)).sum();
    (2000 * shared).checked_div(all).unwrap_or(0)
}

/// How often each word stands in a text.
pub fn bag_of_words(text: &str) -> HashMap<String, usize> {
    let mut words = HashMap::new();
    for word in text.split_word_bounds().filter(|part| is_word(part)) {
        *words.entry(word.to_owned()).or_default() += 1;
    }
    words
}

/// How many of a thousand words of both texts stand in both, in any order: never less than their [`similarity`].
pub fn shared_words(one: &HashMap<String, usize>, other: &HashMap<String, usize>) -> usize {
    let shared: usize =
        one.iter().filter_map(|(word, count)| other.get(word).map(|others| count.min(others))).sum();
    let all: usize = one.values().chain(other.values()).sum();
    (2000 * shared).checked_div(all).unwrap_or(0)
}

/// A text, taken apart into words and signs, each with the space before it: spaces alone are the same everywhere, and
/// would tie together what has nothing to do with each other.
struct Text<'a> {
    whole: &'a str,
    parts: Vec<&'a str>,
    /// Where each part begins, and where the last one ends.
    starts: Vec<usize>,
}

impl<'a> Text<'a> {
    fn new(whole: &'a str) -> Self {
        let mut starts = Vec::new();
        let mut is_behind_space = false;
        for (start, part) in whole.split_word_bound_indices() {
            let is_space = part.bytes().all(|byte| byte == b' ');
            if !is_behind_space || part.contains('\n') {
                starts.push(start);
            }
            is_behind_space = is_space;
        }
        starts.push(whole.len());
        let parts = starts.windows(2).map(|ends| &whole[ends[0]..ends[1]]).collect();
        Self { whole, parts, starts }
    }

    fn slice(&self, parts: Range<usize>) -> &'a str {
        &self.whole[self.starts[parts.start]..self.starts[parts.end]]
    }

    fn count_words(&self, parts: Range<usize>) -> usize {
        self.parts[parts].iter().filter(|part| is_word(part)).count()
    }
}

fn is_word(part: &str) -> bool {
    part.chars().any(char::is_alphanumeric)
}

/// A difference, and what is the same behind it.
struct Hunk {
    only_first: Range<usize>,
    only_second: Range<usize>,
    /// In the first text.
    same: Range<usize>,
}

/// The two texts from their beginning to their end.
fn hunks(first: &Text, second: &Text) -> Vec<Hunk> {
    let mut numbers = HashMap::new();
    let mut search = Search {
        first: number_each(&mut numbers, first.parts.iter().copied()),
        second: number_each(&mut numbers, second.parts.iter().copied()),
        newlines: Vec::new(),
        same: Vec::new(),
    };
    search.newlines =
        numbers.iter().filter(|(part, _)| part.contains('\n')).map(|(_, number)| *number).collect();
    search.by_lines(0..first.parts.len(), 0..second.parts.len());

    let mut hunks: Vec<Hunk> = Vec::new();
    let (mut at_first, mut at_second) = (0, 0);
    let end = Block { first: first.parts.len(), second: second.parts.len(), length: 0 };
    for block in search.same.into_iter().chain([end]) {
        let (only_first, only_second) = (at_first..block.first, at_second..block.second);
        let same = block.first..block.first + block.length;
        (at_first, at_second) = (same.end, block.second + block.length);
        match hunks.last_mut() {
            Some(last) if only_first.is_empty() && only_second.is_empty() => last.same.end = same.end,
            _ => hunks.push(Hunk { only_first, only_second, same }),
        }
    }
    hunks
}

/// Makes one of neighbours, those with the fewest words between them first, until there are few enough.
fn at_most(most: usize, mut hunks: Vec<Hunk>, first: &Text) -> Vec<Hunk> {
    let mut words = 1;
    while hunks.len() > most {
        let mut joined: Vec<Hunk> = Vec::with_capacity(hunks.len());
        for hunk in hunks {
            match joined.last_mut() {
                Some(last) if first.count_words(last.same.clone()) <= words => {
                    last.only_first.end = hunk.only_first.end;
                    last.only_second.end = hunk.only_second.end;
                    last.same = hunk.same;
                }
                _ => joined.push(hunk),
            }
        }
        hunks = joined;
        words *= 2;
    }
    hunks
}

/// Equal things get equal numbers.
fn number_each<T: Eq + Hash>(numbers: &mut HashMap<T, u32>, things: impl Iterator<Item = T>) -> Vec<u32> {
    things
        .map(|thing| {
            let next = numbers.len() as u32;
            *numbers.entry(thing).or_insert(next)
        })
        .collect()
}

/// A stretch that is the same in both texts.
struct Block {
    first: usize,
    second: usize,
    length: usize,
}

struct Search {
    first: Vec<u32>,
    second: Vec<u32>,
    /// Which parts end a line.
    newlines: Vec<u32>,
    /// What was found to be the same, in order.
    same: Vec<Block>,
}

impl Search {
    fn by_lines(&mut self, first: Range<usize>, second: Range<usize>) {
        self.within(first, second, |search, first, second| {
            let mut numbers = HashMap::new();
            let [first_lines, second_lines] =
                [(&search.first, first.clone()), (&search.second, second.clone())].map(|(text, range)| {
                    text[range].split_inclusive(|part| search.newlines.contains(part)).collect::<Vec<_>>()
                });
            let cuts = once_in_both(
                &number_each(&mut numbers, first_lines.iter().copied()),
                &number_each(&mut numbers, second_lines.iter().copied()),
            );
            let (first_starts, second_starts) =
                (starts(first.start, &first_lines), starts(second.start, &second_lines));
            let cuts = cuts.into_iter().map(|(one, other)| Block {
                first: first_starts[one],
                second: second_starts[other],
                length: first_lines[one].len(),
            });
            let cuts = cuts.collect();
            search
                .between(first, second, cuts, |search, first, second| search.by_words(first, second, ROUNDS));
        });
    }

    fn by_words(&mut self, first: Range<usize>, second: Range<usize>, rounds: usize) {
        if rounds == 0 {
            return;
        }
        self.within(first, second, |search, first, second| {
            let cuts = once_in_both(&search.first[first.clone()], &search.second[second.clone()]);
            if cuts.is_empty() {
                return;
            }
            let cuts = cuts.into_iter().map(|(one, other)| Block {
                first: first.start + one,
                second: second.start + other,
                length: 1,
            });
            let cuts = cuts.collect();
            search.between(first, second, cuts, |search, first, second| {
                search.by_words(first, second, rounds - 1)
            });
        });
    }

    /// Takes off what is the same at both ends, searches a short rest for the shortest difference, and a long one by `cut`.
    fn within(
        &mut self,
        mut first: Range<usize>,
        mut second: Range<usize>,
        cut: impl FnOnce(&mut Self, Range<usize>, Range<usize>),
    ) {
        let [mut one, mut other] = [&self.first[first.clone()], &self.second[second.clone()]];
        let before = one.iter().zip(other).take_while(|(one, other)| one == other).count();
        (one, other) = (&one[before..], &other[before..]);
        let behind = one.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
        self.keep(Block { first: first.start, second: second.start, length: before });
        (first.start, first.end) = (first.start + before, first.end - behind);
        (second.start, second.end) = (second.start + before, second.end - behind);
        let (end_of_first, end_of_second) = (first.end, second.end);
        if first.is_empty() || second.is_empty() {
            // Nothing can be the same.
        } else if first.len() + second.len() <= PIECE {
            let (one, other) = (&self.first[first.clone()], &self.second[second.clone()]);
            for operation in similar::capture_diff_slices(Algorithm::RawMyers, one, other) {
                if let DiffOp::Equal { old_index, new_index, len } = operation {
                    let (first, second) = (first.start + old_index, second.start + new_index);
                    self.keep(Block { first, second, length: len });
                }
            }
        } else {
            cut(self, first, second);
        }
        self.keep(Block { first: end_of_first, second: end_of_second, length: behind });
    }

    /// Keeps the cuts, and searches between them.
    fn between(
        &mut self,
        first: Range<usize>,
        second: Range<usize>,
        cuts: Vec<Block>,
        mut search: impl FnMut(&mut Self, Range<usize>, Range<usize>),
    ) {
        let (mut at_first, mut at_second) = (first.start, second.start);
        for cut in cuts {
            search(self, at_first..cut.first, at_second..cut.second);
            (at_first, at_second) = (cut.first + cut.length, cut.second + cut.length);
            self.keep(cut);
        }
        search(self, at_first..first.end, at_second..second.end);
    }

    fn keep(&mut self, block: Block) {
        if block.length > 0 {
            self.same.push(block);
        }
    }
}

fn starts(from: usize, lines: &[&[u32]]) -> Vec<usize> {
    lines
        .iter()
        .scan(from, |start, line| {
            let here = *start;
            *start += line.len();
            Some(here)
        })
        .collect()
}

/// Where the things stand that are once in both: as many as are in the same order there.
fn once_in_both(first: &[u32], second: &[u32]) -> Vec<(usize, usize)> {
    #[derive(Default)]
    struct Places {
        first: Option<usize>,
        second: Option<usize>,
        is_repeated: bool,
    }
    let mut places: HashMap<u32, Places> = HashMap::with_capacity(first.len());
    for (index, thing) in first.iter().enumerate() {
        let found = places.entry(*thing).or_default();
        found.is_repeated |= found.first.replace(index).is_some();
    }
    for (index, thing) in second.iter().enumerate() {
        if let Some(found) = places.get_mut(thing) {
            found.is_repeated |= found.second.replace(index).is_some();
        }
    }
    let mut pairs: Vec<(usize, usize)> = places
        .into_values()
        .filter(|places| !places.is_repeated)
        .filter_map(|places| Some((places.first?, places.second?)))
        .collect();
    pairs.sort_unstable();
    longest_increasing(&pairs)
}

/// The longest subsequence that increases in the second place, of pairs that increase in the first.
fn longest_increasing(pairs: &[(usize, usize)]) -> Vec<(usize, usize)> {
    // Of each length, the sequence found so far that ends lowest: the index of its last pair.
    let mut lowest: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(pairs.len());
    for (index, (_, second)) in pairs.iter().enumerate() {
        let length = lowest.partition_point(|last| pairs[*last].1 < *second);
        previous.push(length.checked_sub(1).map(|shorter| lowest[shorter]));
        if length == lowest.len() {
            lowest.push(index);
        } else {
            lowest[length] = index;
        }
    }
    let mut sequence = Vec::with_capacity(lowest.len());
    let mut next = lowest.last().copied();
    while let Some(index) = next {
        sequence.push(pairs[index]);
        next = previous[index];
    }
    sequence.reverse();
    sequence
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(runs: &[Run], change: Change) -> String {
        runs.iter()
            .filter(|run| run.change == change || run.change == Change::Same)
            .map(|run| run.text.as_str())
            .collect()
    }

    /// `[-removed-]{+added+}`.
    fn shown(before: &str, after: &str) -> String {
        runs(before, after)
            .into_iter()
            .map(|Run { change, text }| match change {
                Change::Same => text,
                Change::Removed => format!("[-{text}-]"),
                Change::Added => format!("{{+{text}+}}"),
            })
            .collect()
    }

    fn check(before: &str, after: &str) -> Vec<Run> {
        let runs = runs(before, after);
        assert_eq!(joined(&runs, Change::Removed), before);
        assert_eq!(joined(&runs, Change::Added), after);
        assert!(runs.iter().all(|run| !run.text.is_empty()));
        assert!(runs.windows(2).all(|pair| pair[0].change != pair[1].change), "{runs:?}");
        let is_added_first =
            |pair: &[Run]| pair[0].change == Change::Added && pair[1].change == Change::Removed;
        assert!(!runs.windows(2).any(is_added_first), "{runs:?}");
        runs
    }

    fn mirrored(before: &str, after: &str) -> Vec<Run> {
        let turned = runs(after, before).into_iter().map(|Run { change, text }| Run {
            change: match change {
                Change::Same => Change::Same,
                Change::Removed => Change::Added,
                Change::Added => Change::Removed,
            },
            text,
        });
        let mut turned: Vec<Run> = turned.collect();
        for index in 1..turned.len() {
            if turned[index - 1].change == Change::Added && turned[index].change == Change::Removed {
                turned.swap(index - 1, index);
            }
        }
        turned
    }

    #[test]
    fn words_are_told() {
        assert_eq!(shown("", ""), "");
        assert_eq!(shown("the same", "the same"), "the same");
        assert_eq!(shown("", "new words"), "{+new words+}");
        assert_eq!(shown("old words", ""), "[-old words-]");
        assert_eq!(shown("The cat sat.", "The dog sat."), "The [-cat-]{+dog+} sat.");
        assert_eq!(shown("The cat sat.", "The black cat sat."), "The{+ black+} cat sat.");
        assert_eq!(shown("One word", "One word, and more"), "One word{+, and more+}");
        assert_eq!(shown("can't stop", "can stop"), "[-can't-]{+can+} stop");
    }

    #[test]
    fn words_replaced_side_by_side_are_one_replacement() {
        assert_eq!(
            shown("It was a dark night.", "It was one bright night."),
            "It was [-a dark-]{+one bright+} night."
        );
        assert_eq!(shown("dark\nnight", "bright\nday"), "[-dark-]{+bright+}\n[-night-]{+day+}");
    }

    #[test]
    fn so_many_differences_that_nobody_reads_them_become_fewer() {
        let before = numbered(20_000, "word", " ");
        let after: String = (0..20_000)
            .map(|number| if number % 3 == 0 { format!("other{number} ") } else { format!("word{number} ") })
            .collect();
        let runs = check(&before, &after);
        assert!(
            runs.len() <= 3 * (DIFFERENCES + (before.len() + after.len()) / BYTES_A_DIFFERENCE),
            "{}",
            runs.len()
        );
        assert_eq!(runs, mirrored(&before, &after));
    }

    #[test]
    fn any_script_has_words() {
        assert_eq!(shown("Der Straßenbau", "Der Brückenbau"), "Der [-Straßenbau-]{+Brückenbau+}");
        assert_eq!(shown("东京是首都", "北京是首都"), "[-东-]{+北+}京是首都");
        check("ภาษาไทยไม่มีช่องว่าง", "ภาษาลาวไม่มีช่องว่าง");
        // One sign to the reader, never taken apart.
        assert_eq!(shown("👩‍👩‍👧", "👩‍👩‍👦"), "[-👩‍👩‍👧-]{+👩‍👩‍👦+}");
    }

    #[test]
    fn words_are_counted() {
        assert_eq!(shown("The cat, it sat.", "The very old cat sat."), "The{+ very old+} cat[-, it-] sat.");
        let runs = runs("The cat, it sat.", "The very old cat sat.");
        assert_eq!(count_words(&runs, Change::Added), 2);
        assert_eq!(count_words(&runs, Change::Removed), 1);
    }

    #[test]
    fn texts_are_similar_by_their_words() {
        assert_eq!(similarity("one two three four", "one two three four"), 1000);
        assert_eq!(similarity("one two three four", "one two three five"), 750);
        assert_eq!(similarity("one two", "three four"), 0);
        assert_eq!(similarity("", ""), 0);
        assert_eq!(similarity("…", "…"), 0);
    }

    fn numbered(count: usize, name: &str, between: &str) -> String {
        (0..count).map(|number| format!("{name}{number}{between}")).collect()
    }

    #[test]
    fn a_long_text_edited_here_and_there_is_told_by_its_words() {
        for between in [" ", "\n", "\n\n"] {
            let before = numbered(30_000, "word", between);
            let mut after = before.clone();
            for number in [100, 5_000, 29_000] {
                let word = format!("word{number}{between}");
                after = after.replacen(&word, &format!("other{number}{between}"), 1);
            }
            let runs = check(&before, &after);
            assert_eq!(count_words(&runs, Change::Removed), 3);
            assert_eq!(count_words(&runs, Change::Added), 3);
        }
    }

    #[test]
    fn a_long_paragraph_of_common_words_is_cut_where_it_can_be() {
        let sentence = "and so the road that he took was the one and the same ";
        let before: String = (0..3_000).map(|number| format!("{sentence}{number} ")).collect();
        let after = before.replace(" 700 ", " 700 again ").replace(" 2200 and so", " 2200 so");
        let runs = check(&before, &after);
        assert_eq!(count_words(&runs, Change::Added), 1);
        assert_eq!(count_words(&runs, Change::Removed), 1);
    }

    /// Each of these would be billions of steps for a search that is not bounded.
    #[test]
    fn long_texts_that_share_nothing_are_replaced() {
        let (before, after) = (numbered(25_000, "left", " "), numbered(25_000, "right", " "));
        let runs = check(&before, &after);
        assert_eq!(count_words(&runs, Change::Removed), 25_000);
        // Letters again and again, in another order.
        let before: String = (0..50_000).map(|number: usize| ["a ", "b "][number % 2]).collect();
        let after: String = (0..50_000).map(|number: usize| ["b ", "a ", "b ", "c "][number % 3]).collect();
        check(&before, &after);
        let turned: String =
            numbered(20_000, "word", " ").split(' ').rev().flat_map(|word| [word, " "]).collect();
        check(&numbered(20_000, "word", " "), &turned);
        check(&"\n".repeat(200_000), &"x\n".repeat(100_000));
    }

    fn text() -> impl Strategy<Value = String> {
        let word = prop::sample::select(vec![
            "a", "b", "the", "cat", "сад", "東", "京", " ", " ", ", ", "\n", "\n\n", "e\u{301}", "🦀",
            "\u{200d}",
        ]);
        prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn runs_rebuild_both_texts(before in text(), after in text()) {
            check(&before, &after);
            prop_assert_eq!(runs(&before, &after), mirrored(&before, &after));
        }

        #[test]
        fn runs_rebuild_whatever_it_is(before in "\\PC{0,80}", after in "\\PC{0,80}") {
            check(&before, &after);
        }

        #[test]
        fn long_texts_are_rebuilt(seed in prop::collection::vec(0..400_u32, 600..900), from in 0..400_usize, length in 0..200_usize) {
            let written = |numbers: &[u32]| -> String { numbers.iter().map(|number| format!("{number} ")).collect() };
            let before = written(&seed);
            let mut edited = seed;
            edited.drain(from..(from + length));
            edited[from / 2..].reverse();
            check(&before, &written(&edited));
        }

        #[test]
        fn an_increasing_sequence_is_the_longest(order in Just((0..9_usize).collect::<Vec<_>>()).prop_shuffle()) {
            let pairs: Vec<(usize, usize)> = order.into_iter().enumerate().collect();
            let found = longest_increasing(&pairs);
            prop_assert!(found.windows(2).all(|two| two[0].0 < two[1].0 && two[0].1 < two[1].1));
            let longest = (0..1_u32 << pairs.len())
                .map(|chosen| (0..pairs.len()).filter(|index| chosen >> index & 1 == 1).map(|index| pairs[index].1).collect::<Vec<_>>())
                .filter(|chosen| chosen.is_sorted())
                .map(|chosen| chosen.len())
                .max();
            prop_assert_eq!(Some(found.len()), longest);
        }
    }
}
