//! What readers and users must get, as the model has it; and what they get.

use std::collections::BTreeMap;

use copydesk::clock::Timestamp;
use serde_json::{Value, json};

use super::play::{DRAFT, Stage, name};
use super::rules::{Content, Link, Who};
use super::turns::nobody;

const PUBLIC: &str = "
    fragment Whole on Article {
        id slug title excerpt publishedAt updatedAt authors { slug } categories { slug } tags { slug }
        sections { id position heading level body { markdown } }
        relatedLinks { __typename ... on RelatedArticle { title article { id } } ... on ExternalLink { title url } }
        commentCount comments(first: 20) { totalCount nodes { id body { markdown } replies(first: 20) { totalCount nodes { id } } } }
    }
    fragment Listed on ArticleConnection { totalCount nodes { id } }";

fn moment(millis: i64) -> Value {
    json!(Timestamp(millis).to_rfc3339())
}

/// Fails where the two differ, and says where.
pub fn same(what: &str, expected: &Value, found: &Value) -> Result<(), String> {
    let Some(place) = difference(expected, found, "") else { return Ok(()) };
    Err(format!("{what}: {place}"))
}

fn difference(expected: &Value, found: &Value, path: &str) -> Option<String> {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            let keys = expected.keys().chain(found.keys());
            keys.into_iter().find_map(|key| {
                let (expected, found) = (expected.get(key), found.get(key));
                let (expected, found) = (expected.unwrap_or(&Value::Null), found.unwrap_or(&Value::Null));
                difference(expected, found, &format!("{path}/{key}"))
            })
        }
        (Value::Array(expected), Value::Array(found)) if expected.len() == found.len() => {
            let mut both = expected.iter().zip(found).enumerate();
            both.find_map(|(index, (expected, found))| {
                difference(expected, found, &format!("{path}/{index}"))
            })
        }
        (expected, found) if expected == found => None,
        (expected, found) => {
            Some(format!("at {path} the model has\n    {expected}\nand Copydesk answers\n    {found}"))
        }
    }
}

impl Stage {
    fn labels(&self, content: &Content) -> Value {
        let slugs = |of: &[usize], names: &[&str]| -> Vec<Value> {
            of.iter().map(|index| json!({ "slug": names[*index] })).collect()
        };
        json!({
            "authors": slugs(&content.authors, &["una-byline"]),
            "categories": slugs(&content.categories, &["news", "local"]),
            "tags": slugs(&content.tags, &self.tag_slugs()),
        })
    }

    fn tag_slugs(&self) -> Vec<&str> {
        self.model.tag_slugs.iter().map(String::as_str).collect()
    }

    /// A draft as somebody who reads it gets it.
    pub fn draft(&self, reader: Who, index: usize, is_whole: bool) -> Value {
        let article = &self.model.articles[index];
        let head = article.head();
        let mut draft = json!({
            "articleId": article.id,
            "version": article.version,
            "title": head.title,
            "slug": head.slug,
            "stage": if article.is_in_review { "IN_REVIEW" } else { "WRITING" },
            "stageNote": article.stage_note,
            "revisionNumber": article.revisions.len(),
            "isPublished": article.published.is_some(),
            "hasUnpublishedChanges": article.has_unpublished_changes(),
            "firstPublishedAt": article.first_published_at.map(moment),
            "updatedAt": moment(article.updated_at),
            "trashedAt": article.trashed_at.map(moment),
            "owner": { "name": name(article.owner) },
            "publishedRevision": article.published.map(|number| json!({ "number": number })),
            "revisions": { "totalCount": article.revisions.len() },
        });
        if !is_whole {
            return draft;
        }
        let mut content = self.labels(head);
        content["title"] = json!(head.title);
        content["slug"] = json!(head.slug);
        content["excerpt"] = json!(head.excerpt);
        content["sections"] = self.sections(head, |body| ("source", json!(body)));
        let link = |link: &Link| match link {
            Link::External(word) => {
                json!({ "title": word, "url": format!("https://{word}.example/"), "article": null })
            }
            Link::Article(target) => {
                let target = &self.model.articles[target.unwrap()];
                let is_told = target.published.is_some() || reader.reads(target.owner);
                json!({ "title": null, "url": null, "article": is_told.then(|| json!({ "articleId": target.id })) })
            }
        };
        content["relatedLinks"] = head.links.iter().map(link).collect();
        draft["content"] = content;
        draft
    }

    fn sections(&self, content: &Content, body: impl Fn(&str) -> (&'static str, Value)) -> Value {
        let sections = content.sections.iter().zip(1..).map(|(section, position)| {
            let (name, body) = body(&section.body);
            let mut value =
                json!({ "position": position, "heading": section.heading, "level": section.level });
            value["id"] = json!(self.model.section_ids[section.key]);
            value[name] = body;
            value
        });
        sections.collect()
    }

    /// The articles that readers see and for which this holds, newest first.
    fn public(&self, holds: impl Fn(&Content) -> bool) -> Vec<usize> {
        let articles = self.model.articles.iter().enumerate();
        let mut found: Vec<usize> = articles
            .filter(|(_, article)| article.public().is_some_and(&holds))
            .map(|(index, _)| index)
            .collect();
        found.sort_by_key(|index| {
            let article = &self.model.articles[*index];
            std::cmp::Reverse((article.first_published_at, article.id.clone()))
        });
        found
    }

    fn listed(&self, articles: &[usize]) -> Value {
        let nodes: Vec<Value> =
            articles.iter().map(|index| json!({ "id": self.model.articles[*index].id })).collect();
        json!({ "totalCount": nodes.len(), "nodes": nodes })
    }

    /// The comments that readers see under an article, at the top or in reply to one.
    fn comments(&self, article: usize, parent: Option<usize>) -> Vec<usize> {
        let is_here = |comment: &usize| {
            let found = &self.model.comments[*comment];
            found.article == article && found.parent == parent && self.model.is_public(*comment)
        };
        let mut found: Vec<usize> = (0..self.model.comments.len()).filter(is_here).collect();
        found.sort_by_key(|comment| {
            (self.model.comments[*comment].created_at, self.model.comments[*comment].id.clone())
        });
        found
    }

    fn article(&self, index: usize) -> Value {
        let article = &self.model.articles[index];
        let content = article.public().unwrap();
        let mut value = self.labels(content);
        value["id"] = json!(article.id);
        value["slug"] = json!(content.slug);
        value["title"] = json!(content.title);
        value["excerpt"] = json!(content.excerpt);
        value["publishedAt"] = moment(article.first_published_at.unwrap());
        value["updatedAt"] = moment(article.last_published_at);
        value["sections"] = self.sections(content, |body| ("body", json!({ "markdown": body })));
        let links = content.links.iter().filter_map(|link| match link {
            Link::External(word) => {
                Some(json!({ "__typename": "ExternalLink", "title": word, "url": format!("https://{word}.example/") }))
            }
            Link::Article(target) => {
                let target = &self.model.articles[target.unwrap()];
                let title = &target.public()?.title;
                Some(json!({ "__typename": "RelatedArticle", "title": title, "article": { "id": target.id } }))
            }
        });
        value["relatedLinks"] = links.collect();
        let id = |comment: &usize| &self.model.comments[*comment].id;
        let threads: Vec<Value> = self
            .comments(index, None)
            .iter()
            .map(|comment| {
                let replies = self.comments(index, Some(*comment));
                let nodes: Vec<Value> = replies.iter().map(|reply| json!({ "id": id(reply) })).collect();
                let body = &self.model.comments[*comment].body;
                json!({ "id": id(comment), "body": { "markdown": body }, "replies": { "totalCount": nodes.len(), "nodes": nodes } })
            })
            .collect();
        let all = self.model.comments.iter().enumerate();
        value["commentCount"] = json!(
            all.filter(|(number, comment)| comment.article == index && self.model.is_public(*number)).count()
        );
        value["comments"] = json!({ "totalCount": threads.len(), "nodes": threads });
        value
    }

    /// Asks as a stranger for all that there is, and for all that there was.
    pub async fn compare_public(&self) -> Result<(), String> {
        let everything = self.public(|_| true);
        let addresses: String = (0..)
            .zip(self.model.tag_addresses.keys())
            .map(|(number, slug): (usize, _)| {
                format!(
                    "tagged{number}: articles(first: 9, filter: {{ tagSlug: \"{slug}\" }}) {{ ...Listed }} "
                )
            })
            .collect();
        let lists = format!(
            "{{ articles(first: 9) {{ totalCount nodes {{ ...Whole }} }} oldest: articles(first: 9, orderBy: PUBLISHED_AT_ASC) {{ ...Listed }}
                tags {{ totalCount nodes {{ slug articleCount articles(first: 9) {{ ...Listed }} }} }}
                authors {{ totalCount nodes {{ slug articleCount articles(first: 9) {{ ...Listed }} }} }}
                {addresses}
                categories {{ slug articleCount articles(first: 9) {{ ...Listed }} children {{ slug articleCount articles(first: 9) {{ ...Listed }} }} }}
                viewer {{ user {{ id }} }} }} {PUBLIC}"
        );
        let answer = self.desk.stranger().query(&lists).await;
        if answer.body.get("errors").is_some() {
            return Err(format!("the public lists: {}", answer.text));
        }
        let labeled = |slugs: &[&str], has: &dyn Fn(&Content, usize) -> bool| -> Value {
            let of_label = |index: usize| self.public(|content| has(content, index));
            let rows = slugs.iter().enumerate().map(|(index, slug)| (slug, of_label(index)));
            let rows: Vec<Value> = rows
                .filter(|(_, articles)| !articles.is_empty())
                .map(|(slug, articles)| json!({ "slug": slug, "articleCount": articles.len(), "articles": self.listed(&articles) }))
                .collect();
            json!({ "totalCount": rows.len(), "nodes": rows })
        };
        let news = self.public(|content| !content.categories.is_empty());
        let local = self.public(|content| content.categories.contains(&1));
        let oldest: Vec<usize> = everything.iter().rev().copied().collect();
        let whole: Vec<Value> = everything.iter().map(|index| self.article(*index)).collect();
        let mut expected = json!({
            "articles": { "totalCount": whole.len(), "nodes": whole },
            "oldest": self.listed(&oldest),
            "tags": labeled(&self.tag_slugs(), &|content, index| content.tags.contains(&index)),
            "authors": labeled(&["una-byline"], &|content, index| content.authors.contains(&index)),
            "categories": [{
                "slug": "news", "articleCount": news.len(), "articles": self.listed(&news),
                "children": [{ "slug": "local", "articleCount": local.len(), "articles": self.listed(&local) }],
            }],
            "viewer": null,
        });
        for (number, tag) in self.model.tag_addresses.values().enumerate() {
            expected[format!("tagged{number}")] =
                self.listed(&self.public(|content| content.tags.contains(tag)));
        }
        same("the public lists", &expected, &answer.body["data"])?;
        let lookups: Vec<(String, Value)> = self.lookups();
        for chunk in lookups.chunks(180) {
            self.compare_lookups(chunk).await?;
        }
        Ok(())
    }

    /// Each thing that ever was, by its names and its words, with what a stranger must get.
    fn lookups(&self) -> Vec<(String, Value)> {
        let mut lookups = Vec::new();
        for (slug, reserved) in &self.model.slugs {
            let article = &self.model.articles[reserved.article];
            let is_found = reserved.was_published && article.published.is_some();
            lookups.push((
                format!("article(by: {{ slug: {} }}) {{ id }}", json!(slug)),
                if is_found { json!({ "id": article.id }) } else { Value::Null },
            ));
        }
        for article in &self.model.articles {
            let id = json!(article.id);
            let is_public = article.published.is_some();
            let found = if is_public { json!({ "__typename": "Article", "id": id }) } else { Value::Null };
            lookups.push((format!("node(id: {id}) {{ __typename id }}"), found.clone()));
            lookups.push((format!("article(by: {{ id: {id} }}) {{ __typename id }}"), found));
        }
        for (number, comment) in self.model.comments.iter().enumerate() {
            let found = json!({ "__typename": "Comment", "id": comment.id });
            let found = if self.model.is_public(number) { found } else { Value::Null };
            lookups.push((format!("node(id: {}) {{ __typename id }}", json!(comment.id)), found));
        }
        let mut words: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, article) in self.model.articles.iter().enumerate() {
            for word in article.revisions.iter().flat_map(|revision| revision.content.words()) {
                let articles = words.entry(word).or_default();
                let is_public = article.public().is_some_and(|content| content.words().contains(word));
                if is_public && !articles.contains(&index) {
                    articles.push(index);
                }
            }
        }
        for (word, mut articles) in words {
            // Whose score is higher is the engines' matter: results are compared as a set.
            articles.sort_by_key(|index| self.model.articles[*index].id.clone());
            lookups.push((
                format!("search(query: \"{word}\", first: 9) {{ totalCount nodes {{ id }} }}"),
                self.listed(&articles),
            ));
        }
        lookups
    }

    pub async fn compare_lookups(&self, lookups: &[(String, Value)]) -> Result<(), String> {
        let aliased = lookups.iter().enumerate().map(|(number, (lookup, _))| format!("a{number}: {lookup}"));
        let document = format!("{{ {} }}", aliased.collect::<Vec<_>>().join("\n"));
        let mut answer = self.desk.stranger().query(&document).await;
        if answer.body.get("errors").is_some() {
            return Err(format!("the lookups: {}", answer.text));
        }
        for (number, (lookup, expected)) in lookups.iter().enumerate() {
            let found = &mut answer.body["data"][format!("a{number}")];
            if let Some(nodes) = found.get_mut("nodes").and_then(Value::as_array_mut) {
                nodes.sort_by_key(|node| node["id"].to_string());
            }
            same(lookup, expected, found)?;
        }
        Ok(())
    }

    /// Asks as a user for their desk.
    pub async fn compare_desk(&self, who: Who) -> Result<(), String> {
        let document = format!(
            "{{ viewer {{ user {{ name }} drafts(first: 9) {{ totalCount nodes {{ ...Head }} }}
                trash: drafts(first: 9, filter: {{ isTrashed: true }}) {{ totalCount nodes {{ ...Head }} }}
                public: drafts(first: 9, filter: {{ isPublished: true }}) {{ totalCount nodes {{ articleId }} }}
                review: drafts(first: 9, filter: {{ stage: IN_REVIEW }}) {{ totalCount nodes {{ articleId }} }}
                moderationQueue(first: 20) {{ totalCount nodes {{ id }} }} nothing: draft(articleId: \"{}\") {{ ...Whole }} {} }} }} {DRAFT}",
            nobody("art"),
            (0..self.model.articles.len())
                .map(|index| format!("d{index}: draft(articleId: \"{}\") {{ ...Whole }}", self.model.articles[index].id))
                .collect::<Vec<_>>()
                .join("\n"),
        );
        let answer = self.actor(who).query(&document).await;
        if answer.body.get("errors").is_some() {
            return Err(format!("{who:?}'s desk: {}", answer.text));
        }
        let list = |is_trashed: bool,
                    holds: &dyn Fn(usize) -> bool,
                    show: &dyn Fn(usize) -> Value|
         -> Value {
            let mut found: Vec<usize> = (0..self.model.articles.len())
                .filter(|index| {
                    let article = &self.model.articles[*index];
                    who.reads(article.owner) && article.trashed_at.is_some() == is_trashed && holds(*index)
                })
                .collect();
            found.sort_by_key(|index| {
                std::cmp::Reverse((
                    self.model.articles[*index].updated_at,
                    self.model.articles[*index].id.clone(),
                ))
            });
            let nodes: Vec<Value> = found.into_iter().map(show).collect();
            json!({ "totalCount": nodes.len(), "nodes": nodes })
        };
        let head = |index: usize| self.draft(who, index, false);
        let id = |index: usize| json!({ "articleId": self.model.articles[index].id });
        let mut waiting: Vec<usize> = (0..self.model.comments.len())
            .filter(|comment| {
                let comment = &self.model.comments[*comment];
                !comment.is_approved && who.moderates(self.model.articles[comment.article].owner)
            })
            .collect();
        waiting.sort_by_key(|comment| {
            (self.model.comments[*comment].created_at, self.model.comments[*comment].id.clone())
        });
        let waiting: Vec<Value> =
            waiting.iter().map(|comment| json!({ "id": self.model.comments[*comment].id })).collect();
        let mut expected = json!({
            "user": { "name": name(who) },
            "drafts": list(false, &|_| true, &head),
            "trash": list(true, &|_| true, &head),
            "public": list(false, &|index| self.model.articles[index].published.is_some(), &id),
            "review": list(false, &|index| self.model.articles[index].is_in_review, &id),
            "moderationQueue": { "totalCount": waiting.len(), "nodes": waiting },
        });
        expected["nothing"] = Value::Null;
        for (index, article) in self.model.articles.iter().enumerate() {
            let is_seen = who.reads(article.owner);
            expected[format!("d{index}")] = if is_seen { self.draft(who, index, true) } else { Value::Null };
        }
        same(&format!("{who:?}'s desk"), &expected, &answer.body["data"]["viewer"])
    }
}
