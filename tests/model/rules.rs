//! The small model: what users, articles and comments are to those who use Copydesk, and the rules between them. Plain Rust,
//! written from the documents, with nothing of Copydesk in it.

use std::collections::{BTreeMap, BTreeSet};

use super::merging::merge;

/// Who acts. Each but the public has an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Who {
    Public,
    /// An author.
    Ann,
    /// Another author.
    Ben,
    /// A contributor.
    Connie,
    /// A moderator.
    Mo,
    /// An editor.
    Edda,
    /// An admin.
    Ada,
    /// Whoever owns the article that it is about.
    Owner,
}

pub const USERS: [Who; 6] = [Who::Ann, Who::Ben, Who::Connie, Who::Mo, Who::Edda, Who::Ada];

impl Who {
    fn edits_everything(self) -> bool {
        matches!(self, Self::Edda | Self::Ada)
    }

    pub fn writes(self) -> bool {
        !matches!(self, Self::Public | Self::Mo)
    }

    pub fn reads(self, owner: Self) -> bool {
        self.edits_everything() || (self.writes() && self == owner)
    }

    pub fn moderates(self, owner: Self) -> bool {
        self.edits_everything()
            || self == Self::Mo
            || (matches!(self, Self::Ann | Self::Ben) && self == owner)
    }

    fn may(self, action: Action, owner: Self) -> bool {
        match action {
            Action::Edit | Action::Submit => self.reads(owner),
            Action::Publish | Action::Unpublish | Action::Trash => {
                self.edits_everything() || (matches!(self, Self::Ann | Self::Ben) && self == owner)
            }
            Action::RequestChanges | Action::Assign | Action::Restore => self.edits_everything(),
        }
    }
}

/// What can be done to an article.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Edit,
    Submit,
    RequestChanges,
    Assign,
    Publish,
    Unpublish,
    Trash,
    Restore,
}

/// What comes of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// These user errors, sorted.
    Refused(Vec<&'static str>),
    /// An error of the whole mutation.
    Failed(&'static str),
}

pub fn refused(code: &'static str) -> Outcome {
    Outcome::Refused(vec![code])
}

/// An article's whole content. Sections are named by keys of the model; tags, authors and categories by their places in the
/// library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Content {
    pub title: String,
    pub slug: String,
    pub excerpt: Option<String>,
    pub sections: Vec<Section>,
    pub authors: Vec<usize>,
    pub categories: Vec<usize>,
    pub tags: Vec<usize>,
    pub links: Vec<Link>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub key: usize,
    pub heading: Option<String>,
    pub level: i32,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Link {
    /// To an article of the model, or to one that never was.
    Article(Option<usize>),
    External(String),
}

impl Content {
    /// The words that search finds it by.
    pub fn words(&self) -> BTreeSet<&str> {
        let texts = [Some(self.title.as_str()), self.excerpt.as_deref()].into_iter().flatten();
        let sections =
            self.sections.iter().flat_map(|section| [section.heading.as_deref(), Some(&section.body)]);
        let words = texts.chain(sections.flatten()).flat_map(str::split_whitespace);
        words.filter(|word| word.starts_with('q')).collect()
    }
}

#[derive(Clone, Debug)]
pub struct Revision {
    /// The version that the draft had when it was saved.
    pub version: i32,
    pub content: Content,
}

#[derive(Clone, Debug)]
pub struct Article {
    /// Learned from the answer.
    pub id: String,
    pub owner: Who,
    pub version: i32,
    pub is_in_review: bool,
    pub stage_note: Option<String>,
    pub revisions: Vec<Revision>,
    /// The number of the public revision, from 1.
    pub published: Option<usize>,
    pub first_published_at: Option<i64>,
    pub last_published_at: i64,
    pub trashed_at: Option<i64>,
    pub updated_at: i64,
}

impl Article {
    pub fn head(&self) -> &Content {
        &self.revisions[self.revisions.len() - 1].content
    }

    pub fn public(&self) -> Option<&Content> {
        self.published.map(|number| &self.revisions[number - 1].content)
    }

    pub fn has_unpublished_changes(&self) -> bool {
        self.published != Some(self.revisions.len())
    }

    /// The content that it had at a version.
    fn at_version(&self, version: i32) -> Option<usize> {
        if version > self.version {
            return None;
        }
        self.revisions.iter().rposition(|revision| revision.version <= version)
    }
}

#[derive(Clone, Debug)]
pub struct Comment {
    /// Learned from the answer.
    pub id: String,
    pub article: usize,
    pub parent: Option<usize>,
    pub is_approved: bool,
    pub created_at: i64,
    pub body: String,
}

/// A name in addresses: whose it is for ever, and whether they were public under it.
#[derive(Clone, Debug)]
pub struct Reserved {
    pub article: usize,
    pub was_published: bool,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub now: i64,
    pub articles: Vec<Article>,
    pub comments: Vec<Comment>,
    pub slugs: BTreeMap<String, Reserved>,
    /// The ids of sections, by key: learned from answers.
    pub section_ids: Vec<Option<String>>,
    /// The tags' names in addresses, by their places; learned from answers.
    pub tag_slugs: Vec<String>,
    /// To which tag each name leads that a tag has or had.
    pub tag_addresses: BTreeMap<String, usize>,
}

/// How many tags, authors and categories the library has: one more is nothing.
pub const TAGS: usize = 2;

impl Model {
    pub fn new_section(&mut self) -> usize {
        self.section_ids.push(None);
        self.section_ids.len() - 1
    }

    /// Whether the viewer sees the article, may do this to it, and it is there for it.
    fn find(&self, by: Who, article: Option<usize>, action: Action) -> Result<usize, Outcome> {
        if by == Who::Public {
            return Err(Outcome::Failed("UNAUTHENTICATED"));
        }
        let index = article
            .filter(|index| by.reads(self.articles[*index].owner))
            .ok_or_else(|| refused("NOT_FOUND"))?;
        let found = &self.articles[index];
        if !by.may(action, found.owner) {
            return Err(Outcome::Failed("FORBIDDEN"));
        }
        if found.trashed_at.is_some() && !matches!(action, Action::Trash | Action::Restore) {
            return Err(refused("WRONG_STATE"));
        }
        Ok(index)
    }

    /// The slug where it is free for the article; with numbers tried where it is derived.
    fn reserve(&mut self, article: usize, wanted: &str, is_given: bool) -> Option<String> {
        let is_free = |slug: &str| self.slugs.get(slug).is_none_or(|reserved| reserved.article == article);
        let slug = if is_given {
            is_free(wanted).then(|| wanted.to_owned())?
        } else {
            let wanted = if wanted.is_empty() { "article" } else { wanted };
            let numbered = (2..=20).map(|number| format!("{wanted}-{number}"));
            [wanted.to_owned()].into_iter().chain(numbered).find(|slug| is_free(slug))?
        };
        self.slugs.entry(slug.clone()).or_insert(Reserved { article, was_published: false });
        Some(slug)
    }

    /// Articles that had a tag have the other, in all that was ever saved; the first place counts.
    pub fn merge_tag(&mut self, by: Who, tag: usize) -> Outcome {
        match by {
            Who::Public => return Outcome::Failed("UNAUTHENTICATED"),
            by if !by.edits_everything() => return Outcome::Failed("FORBIDDEN"),
            _ => {}
        }
        let other = (tag + 1) % TAGS;
        for revision in self.articles.iter_mut().flat_map(|article| &mut article.revisions) {
            let mut merged = Vec::new();
            for had in &revision.content.tags {
                let has = if *had == tag { other } else { *had };
                if !merged.contains(&has) {
                    merged.push(has);
                }
            }
            revision.content.tags = merged;
        }
        for leads_to in self.tag_addresses.values_mut().filter(|leads_to| **leads_to == tag) {
            *leads_to = other;
        }
        Outcome::Done
    }

    /// A new tag stands in this place.
    pub fn put_tag(&mut self, place: usize, slug: String) {
        self.tag_addresses.insert(slug.clone(), place);
        self.tag_slugs[place] = slug;
    }

    /// Problems with what a content refers to.
    fn references(
        &self,
        by: Who,
        article: usize,
        before: Option<&Content>,
        content: &Content,
    ) -> Vec<&'static str> {
        let missing_tags = content.tags.iter().filter(|tag| **tag >= TAGS).map(|_| "NOT_FOUND");
        let missing_links = content.links.iter().filter(|link| match link {
            Link::External(_) => false,
            Link::Article(target) => {
                let is_seen = target
                    .and_then(|target| self.articles.get(target))
                    .is_some_and(|target| target.published.is_some() || by.reads(target.owner));
                !is_seen && !before.is_some_and(|before| before.links.contains(link))
            }
        });
        let itself = content.links.contains(&Link::Article(Some(article)));
        missing_tags.chain(missing_links.map(|_| "NOT_FOUND")).chain(itself.then_some("INVALID")).collect()
    }

    /// A new article; the problems are those of the input itself.
    pub fn create(
        &mut self,
        by: Who,
        mut content: Content,
        is_slug_given: bool,
        mut problems: Vec<&'static str>,
    ) -> Outcome {
        match by {
            Who::Public => return Outcome::Failed("UNAUTHENTICATED"),
            by if !by.writes() => return Outcome::Failed("FORBIDDEN"),
            _ => {}
        }
        let slugs = self.slugs.clone();
        let index = self.articles.len();
        problems.extend(self.references(by, index, None, &content));
        let wanted = if is_slug_given { content.slug.clone() } else { derived(&content.title) };
        if !(is_slug_given && wanted.is_empty()) {
            match self.reserve(index, &wanted, is_slug_given) {
                Some(slug) => content.slug = slug,
                None => problems.push("TAKEN"),
            }
        }
        if !problems.is_empty() {
            self.slugs = slugs;
            problems.sort_unstable();
            return Outcome::Refused(problems);
        }
        self.articles.push(Article {
            id: String::new(),
            owner: by,
            version: 1,
            is_in_review: false,
            stage_note: None,
            revisions: vec![Revision { version: 1, content }],
            published: None,
            first_published_at: None,
            last_published_at: 0,
            trashed_at: None,
            updated_at: self.now,
        });
        Outcome::Done
    }

    /// A save: `change` makes the edit of the content that the editor saw, notes what is wrong with its parts, or refuses it
    /// at once. Says also whether it was merged.
    pub fn edit(
        &mut self,
        by: Who,
        article: Option<usize>,
        from: (i32, bool),
        is_slug_given: bool,
        change: impl FnOnce(&Content, &mut Vec<&'static str>) -> Result<Content, &'static str>,
    ) -> (Outcome, bool) {
        let index = match self.find(by, article, Action::Edit) {
            Ok(index) => index,
            Err(outcome) => return (outcome, false),
        };
        let found = self.articles[index].clone();
        let (version, may_merge) = from;
        let seen = if version == found.version {
            Some(found.revisions.len() - 1)
        } else {
            found.at_version(version).filter(|_| may_merge)
        };
        let Some(seen) = seen else { return (refused("CONFLICT"), false) };
        let (base, head) = (&found.revisions[seen].content, found.head());
        let mut problems = Vec::new();
        let mine = match change(base, &mut problems) {
            Ok(mine) => mine,
            Err(code) => return (refused(code), false),
        };
        let is_older = seen + 1 < found.revisions.len();
        let is_merged = is_older && mine != *base;
        let mut content = if is_older { merge(base, head, &mine, &mut problems) } else { mine };
        problems.extend(self.references(by, index, Some(head), &content));
        let slugs = self.slugs.clone();
        let reserved = if is_slug_given && content.slug != head.slug && !content.slug.is_empty() {
            Some(self.reserve(index, &content.slug, true))
        } else if head.title.is_empty()
            && !content.title.is_empty()
            && !is_slug_given
            && found.first_published_at.is_none()
        {
            Some(self.reserve(index, &derived(&content.title), false))
        } else {
            None
        };
        match reserved {
            None => {}
            Some(Some(slug)) => content.slug = slug,
            Some(None) => problems.push("TAKEN"),
        }
        if !problems.is_empty() {
            self.slugs = slugs;
            problems.sort_unstable();
            return (Outcome::Refused(problems), false);
        }
        if content != *head {
            self.save(index, content);
        }
        (Outcome::Done, is_merged)
    }

    fn save(&mut self, index: usize, content: Content) {
        let now = self.now;
        let article = &mut self.articles[index];
        article.version += 1;
        article.revisions.push(Revision { version: article.version, content });
        article.is_in_review = false;
        article.stage_note = None;
        article.updated_at = now;
    }

    pub fn revert(&mut self, by: Who, article: Option<usize>, version: i32, to: usize) -> Outcome {
        let index = match self.find(by, article, Action::Edit) {
            Ok(index) => index,
            Err(outcome) => return outcome,
        };
        let found = &self.articles[index];
        if found.version != version {
            return refused("CONFLICT");
        }
        let Some(older) = to.checked_sub(1).and_then(|to| found.revisions.get(to)) else {
            return refused("NOT_FOUND");
        };
        if to < found.revisions.len() {
            let content = older.content.clone();
            self.save(index, content);
        }
        Outcome::Done
    }

    /// A transition that may be repeated: the version that it was made from, or the one that it led to, is good where it is
    /// done already; then nothing happens.
    fn transition(
        &mut self,
        by: Who,
        article: Option<usize>,
        version: i32,
        action: Action,
        is_done: impl FnOnce(&Article) -> bool,
        go: impl FnOnce(&mut Article, i64) -> Result<(), Vec<&'static str>>,
    ) -> Outcome {
        let index = match self.find(by, article, action) {
            Ok(index) => index,
            Err(outcome) => return outcome,
        };
        let now = self.now;
        let found = &mut self.articles[index];
        let is_done = is_done(found);
        if found.version != version && !(is_done && found.version == version + 1) {
            return refused("CONFLICT");
        }
        if !is_done {
            if let Err(codes) = go(found, now) {
                return Outcome::Refused(codes);
            }
            found.version += 1;
            found.updated_at = now;
        }
        Outcome::Done
    }

    pub fn submit(&mut self, by: Who, article: Option<usize>, version: i32, note: Option<String>) -> Outcome {
        self.transition(
            by,
            article,
            version,
            Action::Submit,
            |found| found.is_in_review,
            |found, _| {
                found.is_in_review = true;
                found.stage_note = note;
                Ok(())
            },
        )
    }

    pub fn request_changes(
        &mut self,
        by: Who,
        article: Option<usize>,
        version: i32,
        note: String,
    ) -> Outcome {
        self.transition(
            by,
            article,
            version,
            Action::RequestChanges,
            |_| false,
            |found, _| {
                if note.is_empty() {
                    return Err(vec!["REQUIRED"]);
                }
                if !found.is_in_review {
                    return Err(vec!["WRONG_STATE"]);
                }
                found.is_in_review = false;
                found.stage_note = Some(note);
                Ok(())
            },
        )
    }

    pub fn assign(&mut self, by: Who, article: Option<usize>, version: i32, to: Who) -> Outcome {
        self.transition(
            by,
            article,
            version,
            Action::Assign,
            |found| found.owner == to,
            |found, _| {
                if !to.writes() {
                    return Err(vec!["NOT_FOUND"]);
                }
                found.owner = to;
                Ok(())
            },
        )
    }

    pub fn publish(&mut self, by: Who, article: Option<usize>, version: i32) -> Outcome {
        let is_public = |found: &Article| !found.has_unpublished_changes();
        let before = article.map(|index| self.articles[index].version);
        let outcome = self.transition(by, article, version, Action::Publish, is_public, |found, now| {
            let head = found.head();
            let has_words = head.sections.iter().any(|section| !section.body.is_empty());
            let blocking = usize::from(head.title.is_empty()) + usize::from(!has_words);
            if blocking > 0 {
                return Err(vec!["CHECK_FAILED"; blocking]);
            }
            found.published = Some(found.revisions.len());
            found.first_published_at.get_or_insert(now);
            found.last_published_at = now;
            found.is_in_review = false;
            found.stage_note = None;
            Ok(())
        });
        if let Some(index) = article.filter(|index| before != Some(self.articles[*index].version)) {
            let slug = self.articles[index].head().slug.clone();
            if let Some(reserved) = self.slugs.get_mut(&slug) {
                reserved.was_published = true;
            }
        }
        outcome
    }

    pub fn unpublish(&mut self, by: Who, article: Option<usize>, version: i32) -> Outcome {
        self.transition(
            by,
            article,
            version,
            Action::Unpublish,
            |found| found.published.is_none(),
            |found, _| {
                found.published = None;
                Ok(())
            },
        )
    }

    pub fn delete(&mut self, by: Who, article: Option<usize>, version: i32) -> Outcome {
        self.transition(
            by,
            article,
            version,
            Action::Trash,
            |found| found.trashed_at.is_some(),
            |found, now| {
                found.published = None;
                found.trashed_at = Some(now);
                Ok(())
            },
        )
    }

    pub fn restore(&mut self, by: Who, article: Option<usize>, version: i32) -> Outcome {
        self.transition(
            by,
            article,
            version,
            Action::Restore,
            |found| found.trashed_at.is_none(),
            |found, _| {
                found.trashed_at = None;
                Ok(())
            },
        )
    }

    /// A comment, or the reply to one: `Some(None)` to one that never was.
    pub fn comment(
        &mut self,
        article: Option<usize>,
        parent: Option<Option<usize>>,
        body: String,
    ) -> Outcome {
        let mut problems = Vec::new();
        if body.is_empty() {
            problems.push("REQUIRED");
        }
        let index = article.filter(|index| self.articles[*index].published.is_some());
        if index.is_none() {
            problems.push("NOT_FOUND");
        }
        let is_there =
            |parent: usize| self.is_public(parent) && Some(self.comments[parent].article) == article;
        if parent.is_some_and(|parent| !parent.is_some_and(is_there)) {
            problems.push("NOT_FOUND");
        }
        match (index, problems.is_empty()) {
            (Some(article), true) => {
                self.comments.push(Comment {
                    id: String::new(),
                    article,
                    parent: parent.flatten(),
                    is_approved: false,
                    created_at: self.now,
                    body,
                });
                Outcome::Done
            }
            _ => {
                problems.sort_unstable();
                Outcome::Refused(problems)
            }
        }
    }

    /// Whether readers see a comment.
    pub fn is_public(&self, comment: usize) -> bool {
        let comment = &self.comments[comment];
        comment.is_approved && self.articles[comment.article].published.is_some()
    }

    pub fn approve(&mut self, by: Who, comment: Option<usize>) -> Outcome {
        match by {
            Who::Public => return Outcome::Failed("UNAUTHENTICATED"),
            Who::Connie => return Outcome::Failed("FORBIDDEN"),
            _ => {}
        }
        let owner = |comment: usize| self.articles[self.comments[comment].article].owner;
        match comment.filter(|comment| by.moderates(owner(*comment))) {
            None => refused("NOT_FOUND"),
            Some(comment) => {
                self.comments[comment].is_approved = true;
                Outcome::Done
            }
        }
    }
}

/// The slug that a title gives: the model's titles are plain words.
fn derived(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}
