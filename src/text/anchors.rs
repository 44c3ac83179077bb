//! Anchors: the names under which an article's headings are reached, unique in the article.

use std::collections::HashSet;

use super::slug;

/// Hands out anchors in document order: `costs`, `costs-2`, `costs-3`.
#[derive(Clone, Debug, Default)]
pub struct Anchors {
    used: HashSet<String>,
}

impl Anchors {
    /// The anchor of the next section, by its heading, or by its position (from 1) where that makes none. What is stored
    /// and what is rendered come by this one rule.
    pub fn section(&mut self, heading: Option<&str>, position: i32) -> String {
        self.next(heading.unwrap_or_default(), &format!("section-{position}"))
    }

    /// The anchor of the next heading inside a body.
    pub fn in_body(&mut self, heading: &str) -> String {
        self.next(heading, "section")
    }

    /// The anchor of the next heading. `fallback` names it when its words make none.
    fn next(&mut self, heading: &str, fallback: &str) -> String {
        let made = slug::from_title(heading);
        let base = if made.is_empty() { fallback } else { &made };
        let mut number = 1;
        loop {
            let anchor = slug::numbered(base, number);
            if self.used.insert(anchor.clone()) {
                return anchor;
            }
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_headings_are_numbered_and_never_collide() {
        let mut anchors = Anchors::default();
        let made: Vec<String> = ["Costs", "Costs", "Costs 2", "costs", "…", "…"]
            .iter()
            .map(|heading| anchors.next(heading, "section"))
            .collect();
        assert_eq!(made, ["costs", "costs-2", "costs-2-2", "costs-3", "section", "section-2"]);
    }
}
