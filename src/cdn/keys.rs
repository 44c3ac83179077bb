//! By which keys a CDN is told to drop answers: each answer names what it was made from, each change what it touched.
//!
//! Such headers have limits, and an answer whose list were cut would stay when it is old. So long lists are folded: an answer
//! of very many sources names groups of them, and each change names the group of each tag that it touches too.

use std::collections::BTreeSet;

use crate::config::CdnKind;
use crate::reads::Tag;

/// Longest list of keys in bytes: what Varnish takes by default, with room for other headers.
pub(super) const LONGEST: usize = 7_000;
/// Groups in which tags fall.
const GROUPS: u64 = 4_096;
/// What every answer names.
pub const ALL: &str = "all";
/// What answers name that have too many groups; every change touches it.
const MANY: &str = "many";

fn group(tag: Tag) -> String {
    format!("g{:03x}", tag.group(GROUPS))
}

/// The header that names an answer's keys.
pub fn header(kind: CdnKind, tags: impl IntoIterator<Item = Tag>) -> (&'static str, String) {
    let (name, separator) = match kind {
        CdnKind::Varnish => ("xkey", " "),
        CdnKind::Fastly => ("surrogate-key", " "),
        CdnKind::Cloudflare => ("cache-tag", ","),
    };
    (name, keys(&tags.into_iter().collect()).join(separator))
}

/// An answer's keys.
fn keys(tags: &BTreeSet<Tag>) -> Vec<String> {
    let all = || std::iter::once(ALL.to_owned());
    let length = |keys: &[String]| keys.iter().map(|key| key.len() + 1).sum::<usize>();
    let named: Vec<String> = all().chain(tags.iter().map(Tag::to_string)).collect();
    if length(&named) <= LONGEST {
        return named;
    }
    let groups: BTreeSet<String> = tags.iter().map(|tag| group(*tag)).collect();
    let folded: Vec<String> = all().chain(groups).collect();
    if length(&folded) <= LONGEST { folded } else { all().chain([MANY.to_owned()]).collect() }
}

/// The keys of all answers that these tags are in; of no tags, none.
pub fn touched(tags: impl IntoIterator<Item = Tag>) -> BTreeSet<String> {
    tags.into_iter().flat_map(|tag| [tag.to_string(), group(tag), MANY.to_owned()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_tags_an_answer_has_each_drops_it_and_its_header_stays_short() {
        for count in [0, 1, 100, 500, 600, 1_000, 5_000, 50_000] {
            let tags: BTreeSet<Tag> = (0..count).map(|number| Tag::of(&format!("art_{number}"))).collect();
            let named: BTreeSet<String> = keys(&tags).into_iter().collect();
            let (_, header) = header(CdnKind::Varnish, tags.clone());
            assert!(header.len() <= LONGEST, "{count}: {}", header.len());
            assert!(named.contains(ALL));
            for tag in tags {
                assert!(!named.is_disjoint(&touched([tag])), "{count}");
            }
            let other = touched([Tag::of("another article altogether")]);
            if count <= 500 {
                assert!(named.is_disjoint(&other), "{count}: what is not folded is exact");
            }
            if count >= 5_000 {
                assert!(
                    !named.is_disjoint(&other),
                    "{count}: what has too many groups goes with every change"
                );
            }
        }
    }

    #[test]
    fn each_kind_has_its_words() {
        let tags = [Tag::of("articles"), Tag::of("tags")];
        for (kind, name, separator) in [
            (CdnKind::Varnish, "xkey", " "),
            (CdnKind::Fastly, "surrogate-key", " "),
            (CdnKind::Cloudflare, "cache-tag", ","),
        ] {
            let (header, value) = header(kind, tags);
            assert_eq!(header, name);
            assert_eq!(value.split(separator).count(), 3);
        }
    }
}
