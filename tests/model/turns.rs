//! A command becomes what goes over the wire, and what the model says will come of it.

use serde_json::{Value, json};

use super::rules::{Content, Link, Model, Outcome, Section, TAGS, Who};
use super::steps::{Act, NONE, Slug, Step, Version};

/// Most articles of a run, and most comments: what one page shows.
pub const ARTICLES: usize = 8;
pub const COMMENTS: usize = 20;

/// A word for search that no other begins with: a field has words of its own.
pub fn word(field: u16, number: u16) -> String {
    let letters = "bcdfghjklmnprstv".as_bytes();
    let number = field * 512 + number;
    let letter = |place: u32| char::from(letters[usize::from(number / 16u16.pow(place) % 16)]);
    format!("q{}{}{}", letter(2), letter(1), letter(0))
}

/// The ids of what the library has, and of users.
#[derive(Clone, Debug, Default)]
pub struct Library {
    pub tags: Vec<String>,
    /// How often each was changed, and one.
    pub tag_versions: Vec<i32>,
    pub authors: Vec<String>,
    pub categories: Vec<String>,
    pub users: Vec<(Who, String)>,
}

/// A command as it goes over the wire, and what the model says will come of it.
#[derive(Debug)]
pub struct Turn {
    pub by: Who,
    pub mutation: &'static str,
    pub input: Value,
    pub outcome: Outcome,
    pub is_merged: Option<bool>,
    pub about: About,
}

/// What the answer is about: where an id is new, it is learned from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    NewArticle,
    Article(Option<usize>),
    NewComment,
    Comment,
}

/// The id of something that never was.
pub fn nobody(prefix: &str) -> String {
    format!("{prefix}_{}", "0".repeat(31) + "1")
}

fn pick(number: usize, of: usize) -> Option<usize> {
    if number == NONE || of == 0 { None } else { Some(number % of) }
}

/// The model's part of an edit: an index from a place that counts from 1.
fn place(given: i32, places: usize) -> Result<usize, &'static str> {
    let index = usize::try_from(given).ok().and_then(|given| given.checked_sub(1));
    index.filter(|index| *index < places).ok_or("INVALID")
}

fn labeled(content: &mut Content, labels: u8) {
    let with = |bits: &[(u8, usize)]| -> Vec<usize> {
        bits.iter().filter(|(bit, _)| labels & bit != 0).map(|(_, index)| *index).collect()
    };
    content.tags = with(&[(1, 0), (2, 1), (32, TAGS)]);
    content.authors = with(&[(4, 0)]);
    content.categories = with(&[(8, 0), (16, 1)]);
}

impl Model {
    fn given_slug(&self, slug: Slug) -> Option<String> {
        match slug {
            Slug::Derived => None,
            Slug::Named(number) => Some(format!("name-{number}")),
            Slug::Malformed => Some("Not a slug!".to_owned()),
            Slug::Of(article) => {
                pick(article, self.articles.len()).map(|index| self.articles[index].head().slug.clone())
            }
        }
    }

    fn link_input(&self, link: &Link) -> Value {
        match link {
            Link::Article(target) => {
                let id = target.map_or_else(|| nobody("art"), |target| self.articles[target].id.clone());
                json!({ "article": { "articleId": id } })
            }
            Link::External(word) => {
                json!({ "external": { "url": format!("https://{word}.example/"), "title": word } })
            }
        }
    }

    fn section_input(&self, section: &Section) -> Value {
        let mut input = json!({ "heading": section.heading, "level": section.level, "body": section.body });
        if let Some(id) = &self.section_ids[section.key] {
            input["id"] = json!(id);
        }
        input
    }

    fn labels_input(content: &Content, library: &Library) -> Value {
        let ids = |of: &[usize], ids: &[String]| -> Vec<String> {
            of.iter().map(|index| ids.get(*index).cloned().unwrap_or_else(|| nobody("tag"))).collect()
        };
        json!({
            "tagIds": ids(&content.tags, &library.tags),
            "authorIds": ids(&content.authors, &library.authors),
            "categoryIds": ids(&content.categories, &library.categories),
        })
    }

    /// Takes a command: changes as it says, and gives what to send. Nothing where there is no room for more.
    pub fn take(&mut self, step: Step, library: &Library) -> Option<Turn> {
        let Step(by, act) = step;
        match act {
            Act::Wait(_) | Act::Restart | Act::MergeTag { .. } => None,
            Act::Create { .. } if self.articles.len() == ARTICLES => None,
            Act::Comment { .. } | Act::Reply { .. } if self.comments.len() == COMMENTS => None,
            Act::Create { word, is_titled, slug, sections, links, labels } => {
                Some(self.take_new(by, library, (word, is_titled, slug, (sections, links), labels)))
            }
            Act::Comment { article, word: number } => Some(self.take_comment(by, article, None, number)),
            Act::Reply { article, parent, word: number } => {
                Some(self.take_comment(by, article, Some(parent), number))
            }
            Act::Approve { comment } => {
                let index = pick(comment, self.comments.len());
                let by = match (by, index) {
                    (Who::Owner, Some(index)) => self.articles[self.comments[index].article].owner,
                    (Who::Owner, None) => Who::Ann,
                    (by, _) => by,
                };
                let id = index.map_or_else(|| nobody("com"), |index| self.comments[index].id.clone());
                let outcome = self.approve(by, index);
                let input = json!({ "commentId": id });
                Some(Turn {
                    by,
                    mutation: "approveComment",
                    input,
                    outcome,
                    is_merged: None,
                    about: About::Comment,
                })
            }
            _ => Some(self.take_change(by, act, library)),
        }
    }

    fn take_new(&mut self, by: Who, library: &Library, given: (u16, bool, Slug, (u16, u16), u8)) -> Turn {
        let (number, is_titled, slug, (sections, links), labels) = given;
        let by = if by == Who::Owner { Who::Ann } else { by };
        let slug = self.given_slug(slug);
        let mut content = Content {
            title: if is_titled { format!("Story {}", word(0, number % 8)) } else { String::new() },
            slug: slug.clone().unwrap_or_default(),
            excerpt: (number % 2 == 0).then(|| format!("About {}", word(1, number))),
            ..Content::default()
        };
        labeled(&mut content, labels);
        content.links = (0..links).map(|index| Link::External(word(7, number + index))).collect();
        for index in 0..sections {
            content.sections.push(Section {
                key: self.new_section(),
                heading: (index > 0).then(|| format!("On {}", word(2, number + index))),
                level: 2,
                body: format!("{} is told.", word(3, number + index)),
            });
        }
        let mut input = Self::labels_input(&content, library);
        input["title"] = json!(content.title);
        input["excerpt"] = json!(content.excerpt);
        input["sections"] = content.sections.iter().map(|section| self.section_input(section)).collect();
        input["relatedLinks"] = content.links.iter().map(|link| self.link_input(link)).collect();
        let mut problems = Vec::new();
        if let Some(slug) = &slug {
            input["slug"] = json!(slug);
            if slug.contains(' ') {
                problems.push("INVALID");
                content.slug.clear();
            }
        }
        let outcome = self.create(by, content, slug.is_some(), problems);
        Turn { by, mutation: "createArticle", input, outcome, is_merged: None, about: About::NewArticle }
    }

    fn take_comment(&mut self, by: Who, article: usize, parent: Option<usize>, number: u16) -> Turn {
        let by = if by == Who::Owner { Who::Public } else { by };
        let article = pick(article, self.articles.len());
        let parent = parent.map(|parent| pick(parent, self.comments.len()));
        let body = if number == 0 { String::new() } else { format!("{} says a reader.", word(5, number)) };
        let parent_id = parent
            .map(|parent| parent.map_or_else(|| nobody("com"), |index| self.comments[index].id.clone()));
        let id = article.map_or_else(|| nobody("art"), |index| self.articles[index].id.clone());
        let input = json!({ "articleId": id, "parentId": parent_id, "authorName": "Rita", "authorEmail": "rita@reader.example", "body": body });
        let outcome = self.comment(article, parent, body);
        Turn { by, mutation: "submitComment", input, outcome, is_merged: None, about: About::NewComment }
    }

    fn take_change(&mut self, by: Who, act: Act, library: &Library) -> Turn {
        let (given, version, may_merge) = act.about();
        let article = pick(given, self.articles.len());
        let by = match (by, article) {
            (Who::Owner, Some(index)) => self.articles[index].owner,
            (Who::Owner, None) => Who::Ann,
            (by, _) => by,
        };
        let current = article.map_or(1, |index| self.articles[index].version);
        let version = match version {
            Version::Current => current,
            Version::Behind(by) => current - by,
            Version::Ahead => current + 1,
        };
        let id = article.map_or_else(|| nobody("art"), |index| self.articles[index].id.clone());
        let mut input = json!({ "articleId": id, "version": version });
        let from = (version, may_merge);
        let mut is_merged = None;
        let (mutation, outcome) = match act {
            Act::Submit { word: number, .. } => {
                let note = (number > 0).then(|| format!("Please see {}", word(6, number)));
                input["note"] = json!(note);
                ("submitForReview", self.submit(by, article, version, note))
            }
            Act::RequestChanges { word: number, .. } => {
                let note = if number > 0 { format!("Mend {}", word(6, number)) } else { String::new() };
                input["note"] = json!(note);
                ("requestChanges", self.request_changes(by, article, version, note))
            }
            Act::Publish { .. } => ("publishArticle", self.publish(by, article, version)),
            Act::Unpublish { .. } => ("unpublishArticle", self.unpublish(by, article, version)),
            Act::Revert { to, .. } => {
                input["toRevision"] = json!(to);
                ("revertArticle", self.revert(by, article, version, to))
            }
            Act::Assign { to, .. } => {
                let to = if matches!(to, Who::Public | Who::Owner) { by } else { to };
                let user = library.users.iter().find(|(who, _)| *who == to);
                input["ownerId"] = json!(user.map_or_else(|| nobody("usr"), |(_, id)| id.clone()));
                ("assignArticle", self.assign(by, article, version, to))
            }
            Act::Delete { .. } => ("deleteArticle", self.delete(by, article, version)),
            Act::Restore { .. } => ("restoreArticle", self.restore(by, article, version)),
            _ => {
                input["onConflict"] = json!(if may_merge { "MERGE" } else { "REFUSE" });
                let (mutation, outcome, merged) = self.take_edit(by, article, from, act, library, &mut input);
                is_merged = Some(merged);
                (mutation, outcome)
            }
        };
        Turn { by, mutation, input, outcome, is_merged, about: About::Article(article) }
    }

    fn take_edit(
        &mut self,
        by: Who,
        article: Option<usize>,
        from: (i32, bool),
        act: Act,
        library: &Library,
        input: &mut Value,
    ) -> (&'static str, Outcome, bool) {
        // What the editor looks at: the content of the version that the edit names, where there is one.
        let seen = article.map(|index| &self.articles[index]).map(|article| {
            let revision = article.revisions.iter().rev().find(|revision| revision.version <= from.0);
            revision.map_or_else(|| article.head().clone(), |revision| revision.content.clone())
        });
        let mut seen = seen.unwrap_or_default();
        let section = |number: usize, seen: &Content| {
            pick(number, seen.sections.len()).map(|index| seen.sections[index].key)
        };
        match act {
            Act::Retitle { word: number, .. } => {
                let title =
                    if number == 0 { String::new() } else { format!("Story {}", word(0, number % 8)) };
                input["title"] = json!(title);
                let (outcome, merged) =
                    self.edit(by, article, from, false, |base, _| Ok(Content { title, ..base.clone() }));
                ("updateArticle", outcome, merged)
            }
            Act::Reslug { slug, .. } => {
                let slug = self.given_slug(slug).unwrap_or_else(|| "name-0".to_owned());
                input["slug"] = json!(slug);
                let (outcome, merged) = self.edit(by, article, from, true, |base, problems| {
                    let is_good = !slug.contains(' ');
                    problems.extend((!is_good).then_some("INVALID"));
                    Ok(Content { slug: if is_good { slug } else { String::new() }, ..base.clone() })
                });
                ("updateArticle", outcome, merged)
            }
            Act::Relabel { labels, .. } => {
                let mut labels_alone = Content::default();
                labeled(&mut labels_alone, labels);
                let ids = Self::labels_input(&labels_alone, library);
                input.as_object_mut().unwrap().extend(ids.as_object().unwrap().clone());
                let (outcome, merged) = self.edit(by, article, from, false, |base, _| {
                    let mut mine = base.clone();
                    labeled(&mut mine, labels);
                    Ok(mine)
                });
                ("updateArticle", outcome, merged)
            }
            Act::Rewrite { turn, word: number, drops, adds, .. } => {
                if !seen.sections.is_empty() {
                    let turn = turn % seen.sections.len();
                    seen.sections.rotate_left(turn);
                    seen.sections[0].body = format!("{} is told anew.", word(3, number));
                    if drops {
                        seen.sections.pop();
                    }
                }
                if adds {
                    let key = self.new_section();
                    let body = format!("{} is added.", word(4, number));
                    seen.sections.push(Section { key, heading: None, level: 2, body });
                }
                input["sections"] = seen.sections.iter().map(|section| self.section_input(section)).collect();
                let (outcome, merged) = self.edit(by, article, from, false, |base, _| {
                    Ok(Content { sections: seen.sections, ..base.clone() })
                });
                ("updateArticle", outcome, merged)
            }
            Act::Relink { target, word: number, .. } => {
                let links =
                    vec![Link::Article(pick(target, self.articles.len())), Link::External(word(7, number))];
                input["relatedLinks"] = links.iter().map(|link| self.link_input(link)).collect();
                let (outcome, merged) =
                    self.edit(by, article, from, false, |base, _| Ok(Content { links, ..base.clone() }));
                ("updateArticle", outcome, merged)
            }
            Act::AddSection { word: number, place: at, level, .. } => {
                let key = self.new_section();
                let heading = (number % 3 == 0).then(|| format!("On {}", word(2, number)));
                let new = Section { key, heading, level, body: format!("{} is new.", word(4, number)) };
                input["heading"] = json!(new.heading);
                input["level"] = json!(level);
                input["body"] = json!(new.body);
                input["position"] = if at == 0 { Value::Null } else { json!(at) };
                let (outcome, merged) = self.edit(by, article, from, false, |base, problems| {
                    let mut mine = base.clone();
                    let last = mine.sections.len();
                    let index = if at == 0 { last } else { place(at, last + 1)? };
                    problems.extend((!(2..=4).contains(&level)).then_some("INVALID"));
                    mine.sections.insert(index, new);
                    Ok(mine)
                });
                ("addSection", outcome, merged)
            }
            Act::UpdateSection { section: which, word: number, .. } => {
                let key = section(which, &seen);
                let body = format!("{} is changed.", word(3, number));
                input["sectionId"] = json!(self.section_id(key));
                input["body"] = json!(body);
                let takes_heading = number % 5 == 0;
                if takes_heading {
                    input["heading"] = Value::Null;
                }
                let (outcome, merged) = self.edit(by, article, from, false, |base, _| {
                    let mut mine = base.clone();
                    let found = mine
                        .sections
                        .iter_mut()
                        .find(|section| Some(section.key) == key)
                        .ok_or("NOT_FOUND")?;
                    found.body = body;
                    if takes_heading {
                        found.heading = None;
                    }
                    Ok(mine)
                });
                ("updateSection", outcome, merged)
            }
            Act::MoveSection { section: which, place: to, .. } => {
                let key = section(which, &seen);
                input["sectionId"] = json!(self.section_id(key));
                input["position"] = json!(to);
                let (outcome, merged) = self.edit(by, article, from, false, |base, _| {
                    let mut mine = base.clone();
                    let index = mine
                        .sections
                        .iter()
                        .position(|section| Some(section.key) == key)
                        .ok_or("NOT_FOUND")?;
                    let to = place(to, mine.sections.len())?;
                    let moved = mine.sections.remove(index);
                    mine.sections.insert(to, moved);
                    Ok(mine)
                });
                ("moveSection", outcome, merged)
            }
            Act::RemoveSection { section: which, .. } => {
                let key = section(which, &seen);
                input["sectionId"] = json!(self.section_id(key));
                let (outcome, merged) = self.edit(by, article, from, false, |base, _| {
                    let mut mine = base.clone();
                    let index = mine
                        .sections
                        .iter()
                        .position(|section| Some(section.key) == key)
                        .ok_or("NOT_FOUND")?;
                    mine.sections.remove(index);
                    Ok(mine)
                });
                ("removeSection", outcome, merged)
            }
            Act::AddLink { word: number, place: at, .. } => {
                self.take_link(by, article, from, Link::External(word(7, number)), at, input)
            }
            Act::AddArticleLink { target, place: at, .. } => {
                self.take_link(by, article, from, Link::Article(pick(target, self.articles.len())), at, input)
            }
            Act::MoveLink { place: at, to, .. } => {
                input["position"] = json!(at);
                input["toPosition"] = json!(to);
                let (outcome, merged) = self.edit(by, article, from, false, |base, _| {
                    let mut mine = base.clone();
                    let index = place(at, mine.links.len())?;
                    let to = place(to, mine.links.len())?;
                    let moved = mine.links.remove(index);
                    mine.links.insert(to, moved);
                    Ok(mine)
                });
                ("moveRelatedLink", outcome, merged)
            }
            Act::RemoveLink { place: at, .. } => {
                input["position"] = json!(at);
                let (outcome, merged) = self.edit(by, article, from, false, |base, _| {
                    let mut mine = base.clone();
                    mine.links.remove(place(at, mine.links.len())?);
                    Ok(mine)
                });
                ("removeRelatedLink", outcome, merged)
            }
            other => panic!("{other:?} is no edit"),
        }
    }

    fn take_link(
        &mut self,
        by: Who,
        article: Option<usize>,
        from: (i32, bool),
        link: Link,
        at: i32,
        input: &mut Value,
    ) -> (&'static str, Outcome, bool) {
        input["link"] = self.link_input(&link);
        input["position"] = if at == 0 { Value::Null } else { json!(at) };
        let (outcome, merged) = self.edit(by, article, from, false, |base, _| {
            let mut mine = base.clone();
            let last = mine.links.len();
            mine.links.insert(if at == 0 { last } else { place(at, last + 1)? }, link);
            Ok(mine)
        });
        ("addRelatedLink", outcome, merged)
    }

    fn section_id(&self, key: Option<usize>) -> String {
        key.and_then(|key| self.section_ids[key].clone()).unwrap_or_else(|| nobody("sec"))
    }
}
