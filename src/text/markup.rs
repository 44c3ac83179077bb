//! Reads HTML as the sanitizer writes it: balanced, with every attribute quoted. It reads no other HTML.

/// A piece of it, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// An element begins. One that can hold nothing (`br`, `hr`, `img`, `input`) does not end.
    Start(Tag<'a>),
    /// The element that began last, and has not ended, ends.
    End,
    /// Words.
    Text(String),
}

/// The begin of an element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'a> {
    /// In lower case.
    pub name: &'a str,
    attributes: &'a str,
}

impl Tag<'_> {
    /// Whether the element can hold nothing, and so has no end.
    pub fn is_void(&self) -> bool {
        matches!(self.name, "br" | "hr" | "img" | "input")
    }

    /// The value of an attribute; none where it isn't there.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let mut rest = self.attributes;
        while let Some((written, after)) = rest.split_once("=\"") {
            let (value, next) = after.split_once('"')?;
            if written.trim() == name {
                return Some(unescape(value));
            }
            rest = next;
        }
        None
    }
}

/// The pieces of sanitized HTML.
pub fn pieces(sanitized: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = sanitized;
    std::iter::from_fn(move || {
        let Some(first) = rest.find('<') else {
            let text = std::mem::take(&mut rest);
            return (!text.is_empty()).then(|| Piece::Text(unescape(text)));
        };
        if first > 0 {
            let (text, tag) = rest.split_at(first);
            rest = tag;
            return Some(Piece::Text(unescape(text)));
        }
        let (tag, after) = rest[1..].split_at(tag_end(&rest[1..]));
        rest = after.strip_prefix('>').unwrap_or(after);
        if tag.starts_with('/') {
            return Some(Piece::End);
        }
        let (name, attributes) = tag.split_once(' ').unwrap_or((tag, ""));
        Some(Piece::Start(Tag { name, attributes }))
    })
}

/// Where the tag ends: at the first `>` outside of quotes.
fn tag_end(from: &str) -> usize {
    let mut is_quoted = false;
    for (at, byte) in from.bytes().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'>' if !is_quoted => return at,
            _ => {}
        }
    }
    from.len()
}

/// The characters that the sanitizer escapes.
fn unescape(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    // The ampersand last, so that what it wrote itself is not taken for an escape.
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&nbsp;", "\u{A0}")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_what_was_written() {
        let html = "<p title=\"a > b &quot;c&quot;\">x &amp;lt; <br><b>y</b></p>";
        let read: Vec<Piece> = pieces(html).collect();
        let Piece::Start(tag) = &read[0] else { panic!("{read:?}") };
        assert_eq!((tag.name, tag.attribute("title").as_deref()), ("p", Some("a > b \"c\"")));
        assert_eq!(tag.attribute("href"), None);
        assert_eq!(read[1], Piece::Text("x &lt; ".to_owned()));
        assert!(matches!(&read[2], Piece::Start(tag) if tag.is_void()));
        assert_eq!(read[4..], [Piece::Text("y".to_owned()), Piece::End, Piece::End]);
    }
}
