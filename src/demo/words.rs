//! Text that means nothing and reads like something: words of syllables, some common and most rare, in sentences.

use crate::clock::{Chance as _, SeededChance};

const ONSETS: &[&str] = &[
    "b", "br", "c", "ch", "d", "dr", "f", "g", "gr", "h", "k", "l", "m", "n", "p", "pl", "r", "s", "sh",
    "st", "t", "tr", "v", "w",
];
const RHYMES: &[&str] = &[
    "a", "al", "an", "ar", "e", "el", "en", "er", "i", "il", "in", "ir", "o", "ol", "on", "or", "u", "um",
    "un", "ur",
];
/// How many different words there are.
const WORDS: usize = 6_000;

/// Where all of an archive's text comes from: the same seed gives the same.
pub struct Words {
    chance: SeededChance,
    words: Vec<String>,
}

impl Words {
    /// From this seed.
    pub fn new(seed: u64) -> Self {
        let mut words = Self { chance: SeededChance::new(seed), words: Vec::new() };
        words.words = (0..WORDS)
            .map(|_| {
                let syllables = 1 + words.below(3);
                (0..syllables)
                    .map(|_| {
                        let (onset, rhyme) = (words.below(ONSETS.len()), words.below(RHYMES.len()));
                        format!("{}{}", ONSETS[onset], RHYMES[rhyme])
                    })
                    .collect()
            })
            .collect();
        words
    }

    /// A number below this one.
    pub fn below(&self, end: usize) -> usize {
        let mut bytes = [0; 4];
        self.chance.fill(&mut bytes);
        usize::try_from(u32::from_le_bytes(bytes)).unwrap_or_default() % end.max(1)
    }

    /// A number below this one, small ones much more often: as few subjects have most of the articles.
    pub fn mostly_small(&self, end: usize) -> usize {
        let smaller = self.below(end) + 1;
        let smallest = self.below(smaller) + 1;
        self.below(smallest)
    }

    /// Different numbers below this one.
    pub fn some_below(&self, count: usize, end: usize) -> Vec<usize> {
        let mut some: Vec<usize> = (0..count).map(|_| self.mostly_small(end)).collect();
        some.sort_unstable();
        some.dedup();
        some
    }

    fn word(&self) -> String {
        let at = self.mostly_small(self.words.len());
        self.words[at].clone()
    }

    /// A line of so many words, the first with a capital.
    pub fn line(&self, words: usize) -> String {
        let line = (0..words).map(|_| self.word()).collect::<Vec<_>>().join(" ");
        let mut letters = line.chars();
        letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
    }

    /// A paragraph of so many sentences.
    pub fn paragraph(&self, sentences: usize) -> String {
        let sentence = |words: &Self| {
            let length = 6 + words.below(9);
            format!("{}.", words.line(length))
        };
        (0..sentences).map(|_| sentence(self)).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_text() {
        let text = |seed| Words::new(seed).paragraph(5);
        assert_eq!(text(1), text(1));
        assert_ne!(text(1), text(2));
        let words = Words::new(3);
        assert!((0..1_000).all(|_| words.mostly_small(7) < 7));
    }
}
