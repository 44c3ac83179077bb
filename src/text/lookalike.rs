//! Whether two names look alike to somebody who reads them: `Edda` and `Еddа` with two Cyrillic letters (UTS 39).

use unicode_security::skeleton;

/// What a name looks like, whatever its letters are and their case.
pub fn looks(name: &str) -> String {
    let lower = skeleton(name).collect::<String>().to_lowercase();
    skeleton(&lower).collect()
}

/// Whether the two look alike, and are not the same.
pub fn imitates(one: &str, other: &str) -> bool {
    one != other && looks(one) == looks(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_looks_alike_is_told() {
        for (one, other) in [
            ("Edda Kern", "\u{415}dda Kern"),
            ("Paul", "Pau\u{406}"),
            ("Ada", "ADA"),
            ("ada@desk.example", "\u{430}d\u{430}@desk.example"),
            ("Ada Kern", "\u{FF21}da Kern"),
        ] {
            assert!(imitates(one, other), "{one} {other}");
        }
        for (one, other) in [("Ada", "Ada"), ("Ada Kern", "Ada Korn"), ("Jürgen", "Jurgen"), ("李", "季")]
        {
            assert!(!imitates(one, other), "{one} {other}");
        }
    }
}
