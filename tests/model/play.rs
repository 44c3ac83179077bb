//! A script is played on a desk and on the model at once; after each step everything that readers can ask, and what one user
//! sees on their desk, is compared.

use std::sync::Arc;

use copydesk::account::create_user::{NewUser, create_user};
use copydesk::clock::Clock as _;
use copydesk::operation::{Operation, Role, Viewer};
use serde_json::{Value, json};

use super::ADDRESS;
use super::compare::same;
use super::rules::{Model, Outcome, TAGS, USERS, Who};
use super::steps::{Act, Step};
use super::turns::{About, Library, Turn};
use crate::harness::{Actor, Answer, Desk, PASSWORD};

/// Sessions are prolonged before their access tokens are over.
const PROLONGED_AFTER_SECONDS: i64 = 450;

/// What the tags are called, in the order of their places.
const TAG_NAMES: [&str; TAGS] = ["Harbor", "Railway"];

/// What a mutation answers with about a draft.
pub const DRAFT: &str = "
    fragment Head on Draft {
        articleId version title slug stage stageNote revisionNumber isPublished hasUnpublishedChanges firstPublishedAt updatedAt trashedAt
        owner { name } publishedRevision { number } revisions(first: 1) { totalCount }
    }
    fragment Whole on Draft {
        ...Head
        content {
            title slug excerpt authors { slug } categories { slug } tags { slug }
            sections { id position heading level source } relatedLinks { title url article { articleId } }
        }
    }";

/// A user with a session.
struct Member {
    who: Who,
    actor: Actor,
    refresh: String,
}

/// A desk with the model's users and library, and the model beside it.
pub struct Stage {
    pub desk: Desk,
    members: Vec<Member>,
    library: Library,
    pub model: Model,
    prolonged_at: i64,
}

pub fn name(who: Who) -> String {
    format!("{who:?}")
}

/// What came of it: as the model puts it.
fn outcome(answer: &Answer, mutation: &str) -> Result<(bool, Vec<String>), String> {
    if let Some(errors) = answer.body["errors"].as_array() {
        let codes = errors.iter().filter_map(|error| error["extensions"]["code"].as_str());
        return match answer.body["data"][mutation] {
            Value::Null => Ok((true, codes.map(str::to_owned).collect())),
            _ => Err(format!("errors beside data: {}", answer.text)),
        };
    }
    let errors = answer.body["data"][mutation]["userErrors"].as_array();
    let errors = errors.ok_or_else(|| format!("neither errors nor userErrors: {}", answer.text))?;
    let mut codes: Vec<String> =
        errors.iter().filter_map(|error| error["code"].as_str()).map(str::to_owned).collect();
    codes.sort_unstable();
    Ok((false, codes))
}

impl Stage {
    /// Signs everybody in, and fills the library.
    pub async fn set(desk: Desk) -> Self {
        let mut members = Vec::new();
        let mut library = Library::default();
        for who in USERS {
            let role = match who {
                Who::Connie => Role::Contributor,
                Who::Mo => Role::Moderator,
                Who::Edda => Role::Editor,
                Who::Ada => Role::Admin,
                _ => Role::Author,
            };
            let email = format!("{}@desk.example", name(who).to_lowercase());
            let operator = Operation::new(Arc::clone(&desk.store), Viewer::Operator, "test");
            let new = NewUser { email: email.clone(), name: name(who), role, password: PASSWORD.into() };
            create_user(&operator, new).await.unwrap_or_else(|failure| panic!("{failure:?}"));
            let input = json!({ "email": email, "password": PASSWORD });
            let session = desk.stranger().run("SignIn", json!({ "input": input })).await;
            let session = &session.data()["signIn"]["session"];
            library.users.push((who, session["user"]["id"].as_str().unwrap().to_owned()));
            let actor = desk.stranger().with_token(session["accessToken"].as_str().unwrap());
            let refresh = session["refreshToken"].as_str().unwrap().to_owned();
            members.push(Member { who, actor, refresh });
        }
        let editor = members.iter().find(|member| member.who == Who::Edda).unwrap().actor.clone();
        library.tags = vec![editor.create_tag(TAG_NAMES[0]).await, editor.create_tag(TAG_NAMES[1]).await];
        library.tag_versions = vec![1; TAG_NAMES.len()];
        library.authors = vec![editor.create_author("Una Byline").await];
        let root = editor.create_category("News", None).await;
        library.categories = vec![root.clone(), editor.create_category("Local", Some(&root)).await];
        let tag_slugs = TAG_NAMES.map(str::to_lowercase).to_vec();
        let tag_addresses = tag_slugs.iter().cloned().zip(0..).collect();
        let model = Model { now: desk.clock.now().0, tag_slugs, tag_addresses, ..Model::default() };
        let prolonged_at = model.now;
        Self { desk, members, library, model, prolonged_at }
    }

    /// Plays a step, and compares. The step itself chooses whose desk is looked at, whatever came before it.
    pub async fn play(mut self, step: Step) -> Result<Self, String> {
        match step.1 {
            Act::Wait(seconds) => {
                self.desk.clock.advance_seconds(seconds);
                self.model.now += seconds * 1_000;
                if self.model.now > self.prolonged_at + PROLONGED_AFTER_SECONDS * 1_000 {
                    self.prolong().await;
                }
            }
            Act::Restart => {
                self.desk = self.desk.restart_with(ADDRESS).await;
                for member in &mut self.members {
                    member.actor = member.actor.at(&self.desk);
                }
            }
            Act::MergeTag { tag } => self.merge_tag(step.0, tag % TAGS).await?,
            _ => {
                if let Some(turn) = self.model.take(step, &self.library) {
                    self.perform(&turn).await?;
                }
            }
        }
        self.compare_public().await?;
        let chance: usize = format!("{step:?}").bytes().map(usize::from).sum();
        self.compare_desk(USERS[chance % USERS.len()]).await?;
        Ok(self)
    }

    /// What must hold at the end.
    pub async fn end(self) -> Result<(), String> {
        let problems = self.desk.verify().await;
        if problems.is_empty() { Ok(()) } else { Err(format!("verify finds: {}", problems.join("; "))) }
    }

    async fn prolong(&mut self) {
        let stranger = self.desk.stranger();
        for member in &mut self.members {
            let input = json!({ "input": { "refreshToken": member.refresh } });
            let answer = stranger.run("RefreshSession", input).await;
            let session = &answer.data()["refreshSession"]["session"];
            member.actor = member.actor.with_token(session["accessToken"].as_str().unwrap());
            member.refresh = session["refreshToken"].as_str().unwrap().to_owned();
        }
        self.prolonged_at = self.model.now;
    }

    pub fn actor(&self, who: Who) -> Actor {
        let member = self.members.iter().find(|member| member.who == who);
        member.map_or_else(|| self.desk.stranger(), |member| member.actor.clone())
    }

    /// Sends a command; compares what came of it, and learns the new ids.
    async fn perform(&mut self, turn: &Turn) -> Result<(), String> {
        let mutation = turn.mutation;
        let kind = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
        let is_comment = matches!(turn.about, About::NewComment | About::Comment);
        let asked = match (is_comment, turn.is_merged) {
            (true, _) => "comment { id status }",
            (false, Some(_)) => "isMerged draft { ...Whole }",
            (false, None) => "draft { ...Whole }",
        };
        let fragments = if is_comment { "" } else { DRAFT };
        let document = format!(
            "mutation ($input: {kind}!) {{ {mutation}(input: $input) {{ {asked} userErrors {{ code message path }} }} }} {fragments}"
        );
        let answer = self.actor(turn.by).query_with(&document, json!({ "input": turn.input })).await;
        let expected = match &turn.outcome {
            Outcome::Done => (false, Vec::new()),
            Outcome::Refused(codes) => (false, codes.iter().map(|&code| code.to_owned()).collect()),
            Outcome::Failed(code) => (true, vec![(*code).to_owned()]),
        };
        if outcome(&answer, mutation)? != expected {
            return Err(format!(
                "the model says {:?}, and Copydesk answers\n    {}",
                turn.outcome, answer.text
            ));
        }
        if let Outcome::Failed(_) = turn.outcome {
            return Ok(());
        }
        let payload = &answer.body["data"][mutation];
        if let Some(is_merged) = turn.is_merged {
            same("isMerged", &json!(is_merged), &payload["isMerged"])?;
        }
        match turn.about {
            About::NewArticle if turn.outcome == Outcome::Done => {
                let index = self.model.articles.len() - 1;
                let id = &payload["draft"]["articleId"];
                self.model.articles[index].id = id.as_str().ok_or("a new article has no id")?.to_owned();
                self.learn_sections(index, &payload["draft"])?;
                same("the draft", &self.draft(turn.by, index, true), &payload["draft"])
            }
            About::Article(Some(index)) if turn.by.reads(self.model.articles[index].owner) => {
                self.learn_sections(index, &payload["draft"])?;
                same("the draft", &self.draft(turn.by, index, true), &payload["draft"])
            }
            About::NewArticle | About::Article(_) => same("the draft", &Value::Null, &payload["draft"]),
            About::NewComment if turn.outcome == Outcome::Done => {
                let comment = self.model.comments.last_mut().unwrap();
                comment.id = payload["comment"]["id"].as_str().ok_or("a new comment has no id")?.to_owned();
                same("the comment's status", &json!("PENDING"), &payload["comment"]["status"])
            }
            About::Comment if turn.outcome == Outcome::Done => {
                same("the comment's status", &json!("APPROVED"), &payload["comment"]["status"])
            }
            About::NewComment | About::Comment => same("the comment", &Value::Null, &payload["comment"]),
        }
    }

    /// Merges a tag into the other, and puts a new one of its name in its place.
    async fn merge_tag(&mut self, by: Who, tag: usize) -> Result<(), String> {
        let by = if by == Who::Owner { Who::Edda } else { by };
        let other = (tag + 1) % TAGS;
        let input = json!({
            "tagId": self.library.tags[other], "version": self.library.tag_versions[other], "mergedTagIds": [self.library.tags[tag]],
        });
        let expected = match self.model.merge_tag(by, tag) {
            Outcome::Failed(code) => (true, vec![code.to_owned()]),
            _ => (false, Vec::new()),
        };
        let document = "mutation ($input: MergeTagsInput!) { mergeTags(input: $input) { tag { id version } userErrors { code message path } } }";
        let answer = self.actor(by).query_with(document, json!({ "input": input })).await;
        if outcome(&answer, "mergeTags")? != expected {
            return Err(format!(
                "the model says {expected:?} of a merge, and Copydesk answers\n    {}",
                answer.text
            ));
        }
        if expected.0 {
            return Ok(());
        }
        self.library.tag_versions[other] += 1;
        let made = json!({ "input": { "name": TAG_NAMES[tag] } });
        let made = self.actor(Who::Edda).run("CreateTag", made).await.done("createTag", "tag").clone();
        self.library.tags[tag] = made["id"].as_str().unwrap().to_owned();
        self.library.tag_versions[tag] = 1;
        self.model.put_tag(tag, made["slug"].as_str().unwrap().to_owned());
        Ok(())
    }

    /// The ids of sections that are new.
    fn learn_sections(&mut self, index: usize, draft: &Value) -> Result<(), String> {
        let keys: Vec<usize> =
            self.model.articles[index].head().sections.iter().map(|section| section.key).collect();
        let given = draft["content"]["sections"].as_array().ok_or("a draft without sections")?;
        for (key, section) in keys.into_iter().zip(given) {
            let id = section["id"].as_str().ok_or("a section without an id")?;
            let is_taken = self.model.section_ids.iter().flatten().any(|known| known == id);
            match &self.model.section_ids[key] {
                // Where another stands in its place, comparing says so.
                Some(_) => {}
                None if is_taken => {}
                None => self.model.section_ids[key] = Some(id.to_owned()),
            }
        }
        Ok(())
    }
}
