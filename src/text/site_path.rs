//! Paths on the site: how each kind of thing's is made, how one that was asked for is read, and which thing it could be of. No
//! regular expressions: a pattern is compared segment by segment, so that no path takes long.

use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

/// Longest path that is read, in bytes.
const LONGEST: usize = 2_000;

/// What a pattern has filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// The thing's name in addresses.
    Slug,
    /// The same, with the names of those above it before it.
    Path,
    /// The year of its first publication, in UTC.
    Year,
    /// The month of it, two digits.
    Month,
}

impl Placeholder {
    const ALL: [Self; 4] = [Self::Slug, Self::Path, Self::Year, Self::Month];

    fn written(self) -> &'static str {
        match self {
            Self::Slug => "{slug}",
            Self::Path => "{path}",
            Self::Year => "{year}",
            Self::Month => "{month}",
        }
    }
}

/// What is filled into a pattern.
#[derive(Clone, Debug, Default)]
pub struct Filling<'a> {
    /// The thing's slug.
    pub slug: &'a str,
    /// The slugs of those above it, the root's first.
    pub above: Vec<&'a str>,
    /// Of its first publication, such as `2026`.
    pub year: &'a str,
    /// Such as `07`.
    pub month: &'a str,
}

/// How the paths of one kind of thing are made, such as `/news/{year}/{slug}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    segments: Vec<Segment>,
    ends_with_slash: bool,
}

/// What stands between two slashes: a placeholder, if there is one, and what is around it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Segment {
    before: String,
    placeholder: Option<Placeholder>,
    after: String,
}

impl PathPattern {
    /// Reads a pattern that may have these placeholders. `None` where it is none: it must begin with a slash and hold the slug
    /// (or the path) once, the others at most once, one placeholder a segment, and the path as a whole segment.
    pub fn parse(text: &str, allowed: &[Placeholder]) -> Option<Self> {
        let inside = text.strip_prefix('/')?;
        let (inside, ends_with_slash) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let segments: Vec<Segment> = inside.split('/').map(Segment::parse).collect::<Option<_>>()?;
        let count = |wanted: Placeholder| {
            segments.iter().filter(|segment| segment.placeholder == Some(wanted)).count()
        };
        let names = count(Placeholder::Slug) + count(Placeholder::Path);
        let is_fit = names == 1
            && Placeholder::ALL.iter().all(|&each| count(each) <= usize::from(allowed.contains(&each)))
            && text.len() <= 200;
        is_fit.then_some(Self { segments, ends_with_slash })
    }

    /// Whether it holds this.
    pub fn holds(&self, placeholder: Placeholder) -> bool {
        self.segments.iter().any(|segment| segment.placeholder == Some(placeholder))
    }

    /// The path of a thing, percent-encoded.
    pub fn fill(&self, filling: &Filling<'_>) -> String {
        let mut path = String::new();
        for Segment { before, placeholder, after } in &self.segments {
            path.push('/');
            path.push_str(&encoded(before));
            match placeholder {
                Some(Placeholder::Slug) => path.push_str(&encoded(filling.slug)),
                Some(Placeholder::Path) => {
                    for above in &filling.above {
                        path.push_str(&encoded(above));
                        path.push('/');
                    }
                    path.push_str(&encoded(filling.slug));
                }
                Some(Placeholder::Year) => path.push_str(filling.year),
                Some(Placeholder::Month) => path.push_str(filling.month),
                None => {}
            }
            path.push_str(&encoded(after));
        }
        if self.ends_with_slash {
            path.push('/');
        }
        path
    }

    /// The slug that a path of this pattern names; none where it has another form. The rest of it need not be right: who has
    /// found the thing compares with the thing's own path.
    pub fn slug_in(&self, path: &SitePath) -> Option<String> {
        let asked = path.segments();
        let whole = self.segments.iter().position(|segment| segment.placeholder == Some(Placeholder::Path));
        let (before, after) = match whole {
            Some(at) => (&self.segments[..at], &self.segments[at + 1..]),
            None => (self.segments.as_slice(), &[][..]),
        };
        let middle = asked.len().checked_sub(before.len() + after.len())?;
        if (whole.is_none() && middle > 0) || (whole.is_some() && middle == 0) {
            return None;
        }
        let mut slug = whole.and_then(|at| asked.get(at + middle - 1)).cloned();
        let last = asked.iter().skip(before.len() + middle);
        for (segment, asked) in before.iter().chain(after).zip(asked.iter().take(before.len()).chain(last)) {
            let filled = asked.strip_prefix(segment.before.as_str())?.strip_suffix(segment.after.as_str())?;
            let is_number =
                |digits: usize| filled.len() == digits && filled.bytes().all(|byte| byte.is_ascii_digit());
            match segment.placeholder {
                Some(Placeholder::Slug | Placeholder::Path) => slug = Some(filled.to_owned()),
                Some(Placeholder::Year) if is_number(4) => {}
                Some(Placeholder::Month) if is_number(2) => {}
                None if filled.is_empty() => {}
                _ => return None,
            }
        }
        slug.map(|slug| slug.to_lowercase().nfc().collect::<String>()).filter(|slug| !slug.is_empty())
    }

    /// Whether every path of the one could be one of the other, so that nobody could tell of which kind a thing is.
    pub fn is_mistakable_for(&self, other: &Self) -> bool {
        let shape = |pattern: &Self| -> Vec<(String, bool, String)> {
            let shapes = pattern.segments.iter().map(|segment| {
                (segment.before.clone(), segment.placeholder.is_some(), segment.after.clone())
            });
            shapes.collect()
        };
        shape(self) == shape(other)
    }
}

/// As it was given.
impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Segment { before, placeholder, after } in &self.segments {
            write!(f, "/{before}{}{after}", placeholder.map_or("", Placeholder::written))?;
        }
        f.write_str(if self.ends_with_slash { "/" } else { "" })
    }
}

impl Segment {
    fn parse(text: &str) -> Option<Self> {
        let found = Placeholder::ALL.iter().find_map(|&placeholder| {
            text.split_once(placeholder.written()).map(|parts| (placeholder, parts))
        });
        let (before, placeholder, after) = match found {
            Some((placeholder, (before, after))) => (before, Some(placeholder), after),
            None => (text, None, ""),
        };
        let is_literal = |text: &str| {
            !text.contains(['{', '}', '?', '#', '%', '\\'])
                && !text.chars().any(|character| character.is_whitespace() || character.is_control())
        };
        let is_bare = before.is_empty() && after.is_empty();
        let is_fit = is_literal(before)
            && is_literal(after)
            && !matches!(text, "" | "." | "..")
            && (placeholder != Some(Placeholder::Path) || is_bare);
        is_fit.then(|| Self { before: before.to_owned(), placeholder, after: after.to_owned() })
    }
}

/// A path that was asked for, taken apart: percent-encoding decoded, query and fragment left away, empty segments and those
/// of dots resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SitePath {
    segments: Vec<String>,
    ends_with_slash: bool,
    is_plain: bool,
}

impl SitePath {
    /// Reads a path; none where the text is none: it must begin with a slash, be of at most 2,000 bytes, and hold neither
    /// control characters nor bytes that are no text.
    pub fn read(text: &str) -> Option<Self> {
        let path = text.split(['?', '#']).next().unwrap_or_default();
        let inside = path.strip_prefix('/').filter(|_| text.len() <= LONGEST)?;
        let mut segments: Vec<String> = Vec::new();
        let (mut empty, mut has_dots, mut ends_with_slash) = (0, false, false);
        for written in inside.split('/') {
            let segment = decoded(written)?;
            ends_with_slash = matches!(segment.as_str(), "" | "." | "..");
            match segment.as_str() {
                "" => empty += 1,
                "." => has_dots = true,
                ".." => {
                    has_dots = true;
                    segments.pop();
                }
                _ => segments.push(segment),
            }
        }
        // The one empty segment of a plain path is what follows the slash at its end.
        let is_plain = !has_dots && empty <= usize::from(ends_with_slash);
        let ends_with_slash = ends_with_slash && !segments.is_empty();
        Some(Self { segments, ends_with_slash, is_plain })
    }

    /// What stands between its slashes.
    pub fn segments(&self) -> &[String] {
        &self.segments
    }

    /// The one way to write it: percent-encoded, without a slash at its end.
    pub fn canonical(&self) -> String {
        match self.segments.as_slice() {
            [] => "/".to_owned(),
            segments => segments.iter().map(|segment| format!("/{}", encoded(segment))).collect(),
        }
    }

    /// Whether it leads to the same place as that one, however it is written.
    pub fn leads_to(&self, other: &Self) -> bool {
        self.segments == other.segments
    }

    /// Whether it is written as that one is, but for what is percent-encoded.
    pub fn is_written_as(&self, other: &Self) -> bool {
        self.leads_to(other) && self.is_plain && self.ends_with_slash == other.ends_with_slash
    }
}

/// A segment's text, with all but letters, digits and `-._~` of ASCII percent-encoded.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The text that a segment stands for, composed; none where it stands for no text.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(str::from_utf8(&digits).ok()?, 16).ok().filter(|_| digits[0] != b'+')?
            }
            other => other,
        });
    }
    let text: String = String::from_utf8(bytes).ok()?.nfc().collect();
    (!text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> PathPattern {
        PathPattern::parse(text, &Placeholder::ALL).unwrap()
    }

    fn read(text: &str) -> SitePath {
        SitePath::read(text).unwrap()
    }

    #[test]
    fn a_pattern_names_the_thing_once() {
        for good in [
            "/{slug}",
            "/news/{slug}.html",
            "/{year}/{month}/{slug}/",
            "/{path}",
            "/t/{path}/all",
            "/größe/{slug}",
        ] {
            assert!(PathPattern::parse(good, &Placeholder::ALL).is_some(), "{good}");
        }
        for bad in [
            "",
            "/",
            "{slug}",
            "/news",
            "/{slug}/{slug}",
            "/{slug}{year}",
            "/{id}/{slug}",
            "/x{path}",
            "/{slug}/{path}",
            "//{slug}",
            "/../{slug}",
            "/{slug}?x",
            "/{slug}#x",
            "/a b/{slug}",
            "/%41/{slug}",
            "/{year}/{year}/{slug}",
            "/\\x/{slug}",
        ] {
            assert!(PathPattern::parse(bad, &Placeholder::ALL).is_none(), "{bad}");
        }
        assert!(PathPattern::parse("/{year}/{slug}", &[Placeholder::Slug]).is_none());
        assert!(pattern("/{slug}").is_mistakable_for(&pattern("/{path}")));
        assert!(!pattern("/{slug}").is_mistakable_for(&pattern("/tags/{slug}")));
    }

    #[test]
    fn a_path_is_filled_in_and_read_again() {
        let filling = Filling { slug: "größe", above: vec!["a", "b"], year: "2026", month: "07" };
        for (text, filled) in [
            ("/{slug}", "/gr%C3%B6%C3%9Fe"),
            ("/{year}/{month}/{slug}/", "/2026/07/gr%C3%B6%C3%9Fe/"),
            ("/news/{slug}.html", "/news/gr%C3%B6%C3%9Fe.html"),
            ("/c/{path}/all", "/c/a/b/gr%C3%B6%C3%9Fe/all"),
        ] {
            let pattern = pattern(text);
            assert_eq!((pattern.fill(&filling).as_str(), pattern.to_string().as_str()), (filled, text));
            assert_eq!(pattern.slug_in(&read(filled)).as_deref(), Some("größe"), "{text}");
        }
        for (text, path, slug) in [
            ("/{slug}", "/The-Story", Some("the-story")),
            ("/{slug}", "/a/b", None),
            ("/{slug}", "/", None),
            ("/{year}/{slug}", "/26/x", None),
            ("/{year}/{slug}", "/1999/x", Some("x")),
            ("/c/{path}/all", "/c/all", None),
            ("/c/{path}/all", "/c/x/all", Some("x")),
            ("/{path}", "/a/b/c", Some("c")),
            ("/news/{slug}.html", "/news/x", None),
            ("/news/{slug}.html", "/news/.html", None),
        ] {
            assert_eq!(pattern(text).slug_in(&read(path)).as_deref(), slug, "{text} {path}");
        }
    }

    #[test]
    fn a_path_has_one_way_to_be_written() {
        let one = read("/a/gr%C3%B6%C3%9Fe");
        for same in ["/a/größe", "/a/gro\u{308}ße", "/a/gr%c3%b6%C3%9Fe", "/%61/größe", "/a/größe?x=/../y#z"]
        {
            assert!(read(same).is_written_as(&one), "{same}");
        }
        for other in [
            "/a/größe/",
            "//a/größe",
            "/a//größe",
            "/./a/größe",
            "/a/b/../größe",
            "/a/%2E/größe",
            "/../a/größe",
        ] {
            let read = read(other);
            assert!(read.leads_to(&one) && !read.is_written_as(&one), "{other}");
            assert_eq!(read.canonical(), "/a/gr%C3%B6%C3%9Fe");
        }
        assert!(read("/").is_written_as(&read("/")) && !read("//").is_written_as(&read("/")));
        for none in [
            "",
            "a",
            "https://x/a",
            "/%",
            "/%4",
            "/%zz",
            "/%+1",
            "/%FF",
            "/%00",
            "/\u{7}",
            &format!("/{}", "a".repeat(3_000)),
        ] {
            assert!(SitePath::read(none).is_none(), "{none:?}");
        }
        assert_eq!(read("/a%2Fb").canonical(), "/a%2Fb");
    }

    proptest! {
        #[test]
        fn any_path_is_read_in_one_way(text in "/[\\PC/.%a-f0-9]{0,60}") {
            if let Some(path) = SitePath::read(&text) {
                let again = read(&path.canonical());
                prop_assert_eq!(again.segments(), path.segments());
                prop_assert_eq!(again.canonical(), path.canonical());
                for each in ["/{slug}", "/{path}", "/a/{slug}.b", "/{year}/{month}/{slug}/", "/a/{path}/b"] {
                    pattern(each).slug_in(&path);
                }
            }
        }
    }
}
