//! The beginning of a text, where not all of it has room.

use unicode_segmentation::UnicodeSegmentation as _;

/// The text on one line, with at most `limit` characters as readers count them: where it has more, cut at a word's end, with an
/// ellipsis. Blank where it holds no word.
pub fn shorten(text: &str, limit: usize) -> String {
    let mut short = String::new();
    let mut length = 0;
    for word in text.split_whitespace() {
        let added = usize::from(length > 0) + word.graphemes(true).take(limit + 1).count();
        if length + added > limit {
            if length == 0 {
                short.extend(word.graphemes(true).take(limit.saturating_sub(1)));
            }
            while length >= limit {
                let last = short.grapheme_indices(true).next_back().map_or(0, |(at, _)| at);
                short.truncate(last);
                length -= 1;
            }
            return format!("{}…", short.trim_end());
        }
        if length > 0 {
            short.push(' ');
        }
        short.push_str(word);
        length += added;
    }
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_cut_at_a_words_end() {
        assert_eq!(shorten(" The harbor\n plan ", 20), "The harbor plan");
        assert_eq!(shorten("The harbor plan", 12), "The harbor…");
        assert_eq!(shorten("The harbor plan", 10), "The harbo…");
        assert_eq!(shorten("Donaudampfschifffahrt", 6), "Donau…");
        assert_eq!(shorten("👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 2), "👩‍👩‍👧‍👦…");
        assert_eq!(shorten("  ", 5), "");
    }

    proptest! {
        #[test]
        fn it_is_never_longer(text in "\\PC{0,80}", limit in 1_usize..40) {
            prop_assert!(shorten(&text, limit).graphemes(true).count() <= limit);
        }
    }
}
