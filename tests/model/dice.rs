//! Chance makes commands: more often such as may be done than such as are refused.

use super::rules::Who;
use super::steps::{Act, From, NONE, Slug, Step, Version};

/// Chance that can be had again: SplitMix64.
pub struct Dice(pub u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.roll() % limit as u64).unwrap()
    }

    fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    fn word(&mut self) -> u16 {
        1 + u16::try_from(self.below(500)).unwrap()
    }

    fn number(&mut self, limit: usize) -> i32 {
        i32::try_from(self.below(limit)).unwrap()
    }

    /// Something among the first few; rarely what never was.
    fn thing(&mut self, few: usize) -> usize {
        if self.one_in(25) { NONE } else { self.below(few) }
    }

    fn version(&mut self) -> Version {
        match self.below(12) {
            0 => Version::Behind(1),
            1 => Version::Behind(1 + self.number(4)),
            2 => Version::Ahead,
            _ => Version::Current,
        }
    }

    fn from(&mut self) -> From {
        match self.below(10) {
            0 => From::Seen(self.version()),
            1 | 2 => From::Merging(Version::Behind(1 + self.number(2))),
            3 => From::Merging(self.version()),
            _ => From::Seen(Version::Current),
        }
    }

    fn slug(&mut self) -> Slug {
        match self.below(10) {
            0 => Slug::Malformed,
            1 | 2 => Slug::Of(self.below(4)),
            _ => Slug::Named(u16::try_from(self.below(6)).unwrap()),
        }
    }

    fn labels(&mut self) -> u8 {
        let labels = u8::try_from(self.below(32)).unwrap();
        if self.one_in(15) { labels | 32 } else { labels }
    }

    fn who(&mut self) -> Who {
        match self.below(20) {
            0 => Who::Public,
            1 | 2 => Who::Ann,
            3 => Who::Ben,
            4 => Who::Connie,
            5 => Who::Mo,
            6..=8 => Who::Edda,
            9 => Who::Ada,
            _ => Who::Owner,
        }
    }

    /// So many commands: single ones, and scenes in which what belongs together comes one after another, with others between.
    pub fn script(&mut self, length: usize) -> Vec<Step> {
        let mut script = Vec::new();
        while script.len() < length {
            let scene = if script.len() > 2 && self.one_in(14) { self.scene() } else { Vec::new() };
            for step in scene {
                script.push(step);
                if self.one_in(3) {
                    script.push(self.step(script.len()));
                }
            }
            script.push(self.step(script.len()));
        }
        script.truncate(length);
        script
    }

    fn scene(&mut self) -> Vec<Step> {
        let (article, version, word) = (self.below(3), Version::Current, self.word());
        let publish = Step(Who::Edda, Act::Publish { article, version });
        match self.below(3) {
            0 => {
                let hidden = match self.below(2) {
                    0 => vec![Act::Unpublish { article, version }],
                    _ => vec![Act::Delete { article, version }, Act::Restore { article, version }],
                };
                let commented = [
                    publish,
                    Step(Who::Public, Act::Comment { article, word }),
                    Step(Who::Mo, Act::Approve { comment: self.below(3) }),
                    Step(Who::Public, Act::Reply { article, parent: self.below(3), word }),
                    Step(Who::Edda, Act::Approve { comment: self.below(3) }),
                ];
                let hidden = hidden.into_iter().map(|act| Step(Who::Edda, act));
                commented.into_iter().chain(hidden).chain([publish]).collect()
            }
            1 => {
                let reslug = Act::Reslug { article, from: From::Seen(version), slug: self.slug() };
                vec![publish, Step(Who::Owner, reslug), publish]
            }
            _ => {
                let save = Act::AddSection { article, from: From::Seen(version), word, place: 0, level: 2 };
                vec![
                    Step(Who::Owner, Act::Submit { article, version, word }),
                    Step(Who::Owner, save),
                    Step(Who::Edda, Act::RequestChanges { article, version, word }),
                ]
            }
        }
    }

    /// A command; the earlier ones are more often such as begin something.
    fn step(&mut self, number: usize) -> Step {
        // Much happens to one or two, so that it comes together.
        let few = if self.one_in(3) { 4 } else { 2 };
        let article = self.thing(few);
        let (from, version, word) = (self.from(), self.version(), self.word());
        let by = self.who();
        if number < 2 || self.one_in(16) {
            let by =
                if self.one_in(6) { by } else { [Who::Ann, Who::Ben, Who::Connie, Who::Edda][self.below(4)] };
            let slug = if self.one_in(3) { self.slug() } else { Slug::Derived };
            let (is_titled, sections, links) = (!self.one_in(5), self.below(4) as u16, self.below(4) as u16);
            return Step(by, Act::Create { word, is_titled, slug, sections, links, labels: self.labels() });
        }
        let act = match self.below(65) {
            0 | 1 => Act::Retitle { article, from, word: if self.one_in(6) { 0 } else { word } },
            2 | 3 => Act::Reslug { article, from, slug: self.slug() },
            4 | 5 => Act::Relabel { article, from, labels: self.labels() },
            6..=8 => {
                let (drops, adds) = (self.one_in(3), self.one_in(3));
                Act::Rewrite { article, from, turn: self.below(3), word, drops, adds }
            }
            9 | 10 => Act::Relink { article, from, target: self.thing(4), word },
            11 | 12 => {
                let level = if self.one_in(8) { 7 } else { 2 + self.number(3) };
                Act::AddSection { article, from, word, place: self.number(4), level }
            }
            13..=15 => Act::UpdateSection { article, from, section: self.thing(3), word },
            16 | 17 => Act::MoveSection { article, from, section: self.thing(3), place: self.number(4) },
            18 => Act::RemoveSection { article, from, section: self.thing(3) },
            19 => Act::AddLink { article, from, word, place: self.number(3) },
            20 | 21 => Act::AddArticleLink { article, from, target: self.thing(4), place: self.number(3) },
            22 | 23 => Act::MoveLink { article, from, place: 1 + self.number(3), to: self.number(4) },
            24 => Act::RemoveLink { article, from, place: self.number(3) },
            25 | 26 => Act::Submit { article, version, word: if self.one_in(3) { 0 } else { word } },
            27 | 28 => Act::RequestChanges { article, version, word: if self.one_in(4) { 0 } else { word } },
            29..=37 => Act::Publish { article, version },
            38..=40 => Act::Unpublish { article, version },
            41 => Act::Revert { article, version, to: self.below(5) },
            42 => Act::Assign { article, version, to: self.who() },
            43 => Act::Delete { article, version },
            44 | 45 => Act::Restore { article, version },
            46..=49 => Act::Comment { article, word: if self.one_in(8) { 0 } else { word } },
            50 | 51 => Act::Reply { article, parent: self.thing(3), word },
            52..=57 => Act::Approve { comment: self.thing(4) },
            61..=63 => Act::MergeTag { tag: self.below(2) },
            58..=60 => Act::Wait(1 + i64::from(self.number(400))),
            _ => Act::Restart,
        };
        Step(by, act)
    }
}
