//! Folding: what makes two spellings one word, for search and for sorting by name.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Most bytes of folded words that the index takes of an article's headings, and of its text. PostgreSQL's tsvector holds a
/// megabyte for all fields together, and takes up to two and a half bytes for one of ours.
pub const HEADING_BYTES: usize = 60_000;
/// See [`HEADING_BYTES`].
pub const BODY_BYTES: usize = 300_000;

/// Compatibility decomposition, marks removed, lower case.
pub fn fold(text: &str) -> String {
    text.nfkd().filter(|&character| !is_combining_mark(character)).flat_map(char::to_lowercase).collect()
}

/// The folded words of a text, in order: runs of letters and digits; of scripts written without spaces, each pair of
/// neighbors.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = Vec::new();
    for run in folded.split(|character: char| !character.is_alphanumeric()).filter(|run| !run.is_empty()) {
        split_run(run, &mut words);
    }
    words
}

/// The words of a text for the index, separated by spaces; at most `limit` bytes.
pub fn indexed(text: &str, limit: usize) -> String {
    let mut joined = String::new();
    for word in words(text) {
        if joined.len() + word.len() >= limit {
            break;
        }
        if !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(&shortened(&word));
    }
    joined
}

/// What of a word is indexed and searched for: both engines bound a lexeme, and nobody searches for the rest of a word of two
/// hundred letters.
pub fn shortened(word: &str) -> String {
    word.chars().take(200).collect()
}

fn split_run(run: &str, words: &mut Vec<String>) {
    let mut word = String::new();
    let mut unspaced: Vec<char> = Vec::new();
    for character in run.chars() {
        if is_unspaced(character) {
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
            unspaced.push(character);
        } else {
            flush_unspaced(&mut unspaced, words);
            word.push(character);
        }
    }
    flush_unspaced(&mut unspaced, words);
    if !word.is_empty() {
        words.push(word);
    }
}

fn flush_unspaced(run: &mut Vec<char>, words: &mut Vec<String>) {
    match run.as_slice() {
        [] => {}
        [single] => words.push(single.to_string()),
        several => words.extend(several.windows(2).map(|pair| pair.iter().collect())),
    }
    run.clear();
}

/// Han, Hiragana, Katakana: written without spaces. (Hangul, decomposed by NFKD, is written with them.)
fn is_unspaced(character: char) -> bool {
    matches!(u32::from(character), 0x3040..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xF900..=0xFAFF | 0x20000..=0x3FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_word_are_one() {
        assert_eq!(words("Café CAFÉ cafe\u{301}"), ["cafe", "cafe", "cafe"]);
        assert_eq!(words("o'neill — AT&T 3.14"), ["o", "neill", "at", "t", "3", "14"]);
        assert_eq!(words("ﬁnance"), ["finance"]);
        assert_eq!(words("東京都の港"), ["東京", "京都", "都の", "の港"]);
        assert_eq!(words("\" OR * NEAR("), ["or", "near"]);
    }

    #[test]
    fn the_index_takes_a_bounded_text() {
        assert!(indexed(&"word ".repeat(1_000_000), BODY_BYTES).len() <= BODY_BYTES);
        assert_eq!(indexed(&"x".repeat(5_000), BODY_BYTES).len(), 200);
    }
}
