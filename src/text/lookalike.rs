//! Whether two names look alike to somebody who reads them: `Edda` and `Еddа` with two Cyrillic letters (UTS 39).

use unicode_security::skeleton;

/// What a text looks like, whatever its letters are: in the case in which it stands, and in lower case.
fn looks(text: &str) -> [String; 2] {
    let as_it_stands = skeleton(text).collect::<String>().to_lowercase();
    [skeleton(&as_it_stands).collect(), skeleton(&text.to_lowercase()).collect()]
}

/// Whether two texts look alike, and are not the same.
pub fn imitates(one: &str, other: &str) -> bool {
    let (ones, others) = (looks(one), looks(other));
    one != other && ones.iter().any(|looks| others.contains(looks))
}

/// Whether two names look alike, and are not the same: what stands between the letters does not tell people apart.
pub fn imitates_name(one: &str, other: &str) -> bool {
    let letters =
        |name: &str| name.chars().filter(|character| character.is_alphanumeric()).collect::<String>();
    one != other
        && (imitates(one, other)
            || letters(one) == letters(other)
            || imitates(&letters(one), &letters(other)))
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
        for (one, other) in [
            ("Admin", "AdmIn"),
            ("editor no1", "EDITOR no1"),
            ("Ada Kern", "Ada\u{B7}Kern"),
            ("Ada Kern", "AdaKern"),
        ] {
            assert!(imitates_name(one, other), "{one} {other}");
        }
        for (one, other) in [("Ada", "Ada"), ("Ada Kern", "Ada Korn"), ("Jürgen", "Jurgen"), ("李", "季")]
        {
            assert!(!imitates(one, other), "{one} {other}");
        }
    }
}
