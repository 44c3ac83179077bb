//! Slugs: the readable name of a thing in an address.

use unicode_normalization::UnicodeNormalization as _;

use crate::error::{UserError, UserErrorCode};

/// Longest slug, in characters.
pub const LIMIT: usize = 120;

/// Makes a slug from a title in any script: transliterated to ASCII, words joined by hyphens, cut at a word's end.
/// Empty when the title has nothing that could be read aloud.
pub fn from_title(title: &str) -> String {
    let ascii = deunicode::deunicode_with_tofu(title, " ").replace(['\'', '’'], "").to_lowercase();
    let mut slug = String::new();
    for word in
        ascii.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
    {
        let separator = usize::from(!slug.is_empty());
        if slug.len() + separator + word.len() > LIMIT - 20 {
            if slug.is_empty() {
                slug.push_str(&word[..LIMIT - 20]);
            }
            break;
        }
        if separator == 1 {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug
}

/// Reads a slug that a client gives: letters of any script in lower case and digits, single hyphens between them.
pub fn parse(path: &[&str], text: &str) -> Result<String, UserError> {
    let slug: String = text.trim().nfc().collect();
    if slug.chars().count() > LIMIT {
        return Err(UserError::new(
            UserErrorCode::TooLong,
            path,
            format!("A slug has at most {LIMIT} characters."),
        ));
    }
    let letter = |character: char| character.is_alphanumeric() && character.to_lowercase().eq([character]);
    let holds = slug.split('-').all(|word| {
        !word.is_empty() && word.chars().all(|character| letter(character) || is_mark(character))
    }) && slug.chars().next().is_some_and(letter);
    if holds {
        Ok(slug)
    } else {
        let message = "A slug has lower-case letters and digits, with single hyphens between them, such as harbor-plan-2.";
        Err(UserError::new(UserErrorCode::Invalid, path, message))
    }
}

/// Vowel signs and the like, without which some scripts can't write their words.
fn is_mark(character: char) -> bool {
    unicode_normalization::char::is_combining_mark(character)
}

/// `slug`, then `slug-2`, `slug-3` …: the names to try when one is taken.
pub fn numbered(slug: &str, number: u32) -> String {
    if number < 2 { slug.to_owned() } else { format!("{slug}-{number}") }
}

/// The names to try for a derived slug: `slug`, `slug-2` … `slug-20`, and one that chance makes free.
pub fn candidates(slug: &str, chance: &str) -> Vec<String> {
    (1..=20).map(|number| numbered(slug, number)).chain([format!("{slug}-{chance}")]).collect()
}

/// The first candidate that is not taken.
pub fn first_free(candidates: Vec<String>, taken: &std::collections::HashSet<String>) -> String {
    let last = candidates.last().cloned().unwrap_or_default();
    candidates.into_iter().find(|candidate| !taken.contains(candidate)).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn titles_in_any_script_have_a_slug() {
        assert_eq!(from_title("The Harbor's Plan: 2026!"), "the-harbors-plan-2026");
        assert_eq!(from_title("Größe zählt"), "grosse-zahlt");
        assert!(!from_title("港の計画").is_empty());
        assert!(!from_title("Пристань").is_empty());
        assert!(!from_title("مرفأ").is_empty());
        assert_eq!(from_title("¿¡ … —"), "");
    }

    #[test]
    fn a_given_slug_is_held_to_the_form() {
        for good in ["a", "harbor-plan-2", "größe", "港の計画", "किताब"] {
            assert_eq!(parse(&[], good).unwrap(), good.nfc().collect::<String>());
        }
        for bad in ["", "-", "--", "a--b", "a-", "-a", "A", "a b", "a/b", "…", "a.b", "a\0"] {
            assert!(parse(&[], bad).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_made_can_be_given(title in "\\PC{0,300}") {
            let slug = from_title(&title);
            prop_assert!(slug.len() <= LIMIT);
            if !slug.is_empty() {
                prop_assert_eq!(parse(&[], &slug).unwrap(), slug);
            }
        }
    }
}
