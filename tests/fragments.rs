//! Parts of answers that are told from memory: in documents of any shape the same bytes as without it, and dropped by what touches
//! them and by nothing else.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::caching::world::Chance;
use crate::harness::{Actor, Desk, on_both};

/// Documents in one run: `COPYDESK_TEST_FRAGMENTS` says otherwise.
const DOCUMENTS: usize = 150;

/// A type's fields without fields, and those with: the name, their arguments, their type.
type Fields = (&'static [&'static str], &'static [(&'static str, &'static str, &'static str)]);

fn fields_of(kind: &str) -> Fields {
    match kind {
        "Article" => (
            &[
                "id",
                "slug",
                "title",
                "excerpt",
                "commentsOpen",
                "commentsCloseAt",
                "publishedAt",
                "wordCount",
                "path",
                "commentCount",
            ],
            &[
                ("leadFigure", "", "Figure"),
                ("sections", "", "Section"),
                ("tableOfContents", "", "Heading"),
                ("authors", "", "Author"),
                ("categories", "", "Category"),
                ("tags", "", "Tag"),
                ("relatedLinks", "", "RelatedLink"),
                ("referencedBy", "first: $few", "Articles"),
                ("suggestedArticles", "first: 2", "Article"),
                ("comments", "first: $few, orderBy: $order", "Comments"),
                ("comments", "after: $cursor", "Comments"),
                ("seo", "", "Seo"),
            ],
        ),
        "Articles" => (
            &["totalCount"],
            &[("nodes", "", "Article"), ("edges", "", "ArticleEdge"), ("pageInfo", "", "PageInfo")],
        ),
        "ArticleEdge" => (&["cursor"], &[("node", "", "Article")]),
        "PageInfo" => (&["hasNextPage", "endCursor"], &[]),
        "Figure" => (&["caption", "credit"], &[("image", "", "Image")]),
        "Image" => (&["alt", "width", "url"], &[]),
        "Section" => (&["anchor", "heading"], &[("body", "", "RichText")]),
        "Heading" => (&["level", "text"], &[]),
        "RichText" => (&["html", "text", "wordCount"], &[]),
        "Author" => (
            &["name", "slug", "articleCount"],
            &[("portrait", "", "Image"), ("bio", "", "RichText"), ("articles", "first: $few", "Articles")],
        ),
        "Category" => (
            &["name", "path", "articleCount"],
            &[("parent", "", "Category"), ("articles", "first: 2", "Articles")],
        ),
        "Tag" => (&["name", "articleCount"], &[("articles", "first: $few", "Articles")]),
        "RelatedLink" => (&["__typename"], &[]),
        "Comments" => (&["totalCount"], &[("nodes", "", "Comment"), ("pageInfo", "", "PageInfo")]),
        "Comment" => (
            &["authorName", "createdAt"],
            &[("body", "", "RichText"), ("replies", "first: $few", "Comments")],
        ),
        "Seo" => (&["title", "jsonLd"], &[]),
        _ => unreachable!("{kind}"),
    }
}

/// Makes up a document.
struct Author<'a> {
    chance: &'a mut Chance,
    fragments: Vec<String>,
    aliases: usize,
    /// Whether it has directives.
    has_conditions: bool,
}

impl<'a> Author<'a> {
    fn new(chance: &'a mut Chance) -> Self {
        let has_conditions = chance.below(2) == 0;
        Self { chance, fragments: Vec::new(), aliases: 0, has_conditions }
    }
}

impl Author<'_> {
    fn document(&mut self) -> String {
        let roots: Vec<String> = (0..=self.chance.below(2))
            .map(|number| {
                let (root, kind) = [
                    ("article(by: { slug: $slug })", "Article"),
                    ("articles(first: $few)", "Articles"),
                    ("articles(first: 3, filter: { locale: \"en\" })", "Articles"),
                    ("tag(by: { slug: \"trams\" })", "Tag"),
                    ("author(by: { slug: \"ann\" })", "Author"),
                ][self.chance.below(5)];
                // Now and then twice under one key.
                let alias = if self.chance.below(6) == 0 { String::new() } else { format!("root{number}: ") };
                format!("{alias}{root} {}", self.selection(kind, 4))
            })
            .collect();
        let (conditions, condition) = if self.has_conditions {
            (", $yes: Boolean = true, $no: Boolean!", "@skip(if: $yes) @include(if: $no)")
        } else {
            ("", "")
        };
        format!(
            "query Made($slug: String!, $few: Int = 2, $order: CommentOrder = CREATED_AT_ASC, $cursor: String{conditions}) {{ every: article(by: {{ slug: $slug }}) {condition} {{ comments(first: $few, orderBy: $order, after: $cursor) {{ totalCount }} }} {} }} query Order($order: CommentOrder, $cursor: String) {{ article(by: {{ slug: \"story-1\" }}) {{ comments(orderBy: $order, after: $cursor) {{ totalCount }} }} }} {}",
            roots.join(" "),
            self.fragments.join(" ")
        )
    }

    fn selection(&mut self, kind: &str, depth: usize) -> String {
        let (plain, deep) = fields_of(kind);
        let mut chosen = vec![plain[self.chance.below(plain.len())].to_owned()];
        for _ in 0..=self.chance.below(4) {
            let (name, arguments, below) = match self.chance.below(3) {
                0 => (plain[self.chance.below(plain.len())], "", None),
                _ if depth == 0 || deep.is_empty() => continue,
                _ => {
                    let (name, arguments, below) = deep[self.chance.below(deep.len())];
                    (name, arguments, Some(below))
                }
            };
            let arguments = if arguments.is_empty() { String::new() } else { format!("({arguments})") };
            // Under its own key now and then, so that selections meet under one; with arguments they may differ.
            let alias = if arguments.is_empty() && self.chance.below(3) > 0 {
                String::new()
            } else {
                self.aliases += 1;
                format!("a{}: ", self.aliases)
            };
            let directive = match self.chance.below(8) {
                0 if self.has_conditions => " @include(if: $yes)",
                1 if self.has_conditions => " @skip(if: $no)",
                _ => "",
            };
            let below = below.map(|below| self.selection(below, depth - 1)).unwrap_or_default();
            chosen.push(format!("{alias}{name}{arguments}{directive} {below}"));
        }
        if kind == "RelatedLink" && depth > 0 {
            let article = self.selection("Article", depth - 1);
            chosen.push(format!(
                "... on RelatedArticle {{ title article {article} }} ... on ExternalLink {{ url }}"
            ));
        }
        let chosen = chosen.join(" ");
        // Of one type, under any condition or none.
        let is_object =
            !matches!(kind, "Articles" | "ArticleEdge" | "Comments" | "Seo" | "Heading" | "RelatedLink");
        match self.chance.below(6) {
            0 if self.has_conditions => format!("{{ ... @include(if: $yes) {{ {chosen} }} }}"),
            0 => format!("{{ ... {{ {chosen} }} }}"),
            1 if is_object => {
                let condition = if self.has_conditions { "@skip(if: $no)" } else { "" };
                format!("{{ ... on {kind} {condition} {{ {chosen} }} __typename }}")
            }
            2 if is_object => {
                let name = format!("F{}", self.fragments.len());
                self.fragments.push(format!("fragment {name} on {kind} {{ {chosen} }}"));
                format!("{{ ...{name} }}")
            }
            _ => format!("{{ {chosen} }}"),
        }
    }
}

/// Three stories with something of everything, which point at one another.
async fn site(editor: &Actor, desk: &Desk) -> Vec<Value> {
    let face = editor.image("A face").await;
    let tags = [editor.create_tag("Trams").await, editor.create_tag("Quays").await];
    let input = json!({ "input": { "name": "Ann", "portraitImageId": face, "bio": "Writes." } });
    let author = editor.run("CreateAuthor", input).await.done("createAuthor", "author")["id"].clone();
    let above = editor.create_category("Harbor", None).await;
    let category = editor.create_category("Ferries", Some(&above)).await;
    let mut stories: Vec<Value> = Vec::new();
    for number in 1..=3 {
        let mut links: Vec<Value> =
            stories.iter().map(|story| json!({ "article": { "articleId": story["articleId"] } })).collect();
        links.push(json!({ "external": { "url": "https://example.org/", "title": "Elsewhere" } }));
        let draft = editor.create(json!({
            "title": format!("Story {number}"), "excerpt": "\"Quoted\" \u{2028} & <b>",
            "sections": [{ "body": "Words." }, { "heading": "More", "body": format!("Of *{number}*.") }],
            "authorIds": [author], "tagIds": tags, "categoryIds": [category], "leadFigure": { "imageId": face },
            "relatedLinks": links,
        }));
        let story = editor.publish(&draft.await).await;
        let first = desk.stranger().comment(&story["articleId"], None, "Well said.").await;
        editor.approve(&first).await;
        let reply = desk.stranger().comment(&story["articleId"], Some(&first), "Indeed.").await;
        editor.approve(&reply).await;
        desk.clock.advance_seconds(60);
        stories.push(story);
    }
    stories
}

/// How many parts of answers a node had in memory so far, and how many it had not.
async fn looked_for(node: &Desk) -> (u64, u64) {
    (
        node.metric("copydesk_fragments_found_total").await,
        node.metric("copydesk_fragments_missed_total").await,
    )
}

on_both! {
    async fn documents_of_any_shape_are_answered_with_the_same_bytes_on_each_level(desk) {
        site(&desk.editor().await, &desk).await;
        let node = desk.second_node_without(&["answer_cache"]).await;
        let parts = desk.second_node_without(&["answer_cache", "fragment_cache"]).await;
        let plain = desk.second_node_without(&["answer_cache", "fragment_cache", "article_cache"]).await;
        let exact = plain.stranger();
        // Whole answers, parts as they were told, what they are made of.
        let levels = [desk.stranger(), node.stranger(), parts.stranger()];
        let documents = std::env::var("COPYDESK_TEST_FRAGMENTS").map_or(DOCUMENTS, |number| number.parse().unwrap());
        let mut chance = Chance(5);
        let mut answered = 0;
        for _ in 0..documents {
            let document = Author::new(&mut chance).document();
            for (number, variables) in (0..).zip([
                json!({ "slug": "story-1", "no": false }),
                json!({ "slug": "story-2", "no": false, "few": 1, "order": "CREATED_AT_DESC", "yes": false }),
                json!({ "slug": "story-1", "no": true, "few": 3, "cursor": "of no list" }),
                json!({ "slug": "nowhere", "no": false, "few": null, "cursor": null }),
            ]) {
                let asked = |document: &str| json!({ "query": document, "operationName": "Made", "variables": variables });
                // A document that is not known is validated and executed as it stands.
                let fresh = exact.send(asked(&format!("{document} # {number}"))).await;
                // Where something is to be merged, async-graphql makes values of all.
                let twice = "twice: tags(first: 1) { nodes { id } }";
                let merged = document.replacen(") {", &format!(") {{ {twice} {twice}"), 1);
                let mut merged = exact.send(asked(&merged)).await.body["data"].clone();
                let is_told = merged.as_object_mut().is_some_and(|data| data.remove("twice").is_some());
                assert_eq!((is_told, &merged), (merged.is_object(), &fresh.body["data"]), "{document}");
                let asked = asked(&document);
                for kept in levels.iter().flat_map(|level| [level, level]) {
                    assert_eq!(kept.send(asked.clone()).await.text, fresh.text, "{asked}");
                }
                answered += usize::from(fresh.body["data"].is_object());
            }
        }
        assert!(answered > documents * 2, "{answered} of {} had data", documents * 4);
        let (found, missed) = looked_for(&node).await;
        // Some have errors: those are never kept.
        assert!(found > missed / 2, "many articles were told from memory: {found}, {missed} were not");
    }

    async fn the_deepest_question_that_is_allowed_is_answered(desk) {
        site(&desk.editor().await, &desk).await;
        let node = desk.second_node_without(&["answer_cache"]).await;
        let (mut inner, mut depth) = ("title".to_owned(), 2);
        while depth + 3 <= 15 {
            inner = format!("authors {{ articles(first: 1) {{ nodes {{ {inner} }} }} }}");
            depth += 3;
        }
        for _ in 0..2 {
            let answer = node.stranger().query(&format!("{{ article(by: {{ slug: \"story-1\" }}) {{ {inner} }} }}")).await;
            assert!(answer.body.get("errors").is_none(), "{}", answer.text);
            assert!(answer.text.contains("Story 3"), "{}", answer.text);
        }
    }

    async fn a_document_that_was_answered_once_is_bounded_the_second_time_too(desk) {
        site(&desk.editor().await, &desk).await;
        let node = desk.second_node_without(&["answer_cache"]).await;
        let reader = node.stranger();
        let document = "query Made($few: Int, $filter: ArticleFilter) { articles(first: 3, filter: $filter) { nodes { comments(first: $few) { nodes { body { text } } } } } }";
        for _ in 0..2 {
            assert!(reader.query_with(document, json!({ "few": 1 })).await.data().is_object());
        }
        for refused in [json!({ "few": 1_000 }), json!({ "few": "one" }), json!({ "few": 1, "filter": { "nowhere": 1 } })] {
            for _ in 0..2 {
                let answer = reader.query_with(document, refused.clone()).await;
                assert!(answer.body["errors"].is_array(), "{refused}: {}", answer.text);
            }
        }
    }

    async fn variables_have_the_defaults_of_their_operation(desk) {
        site(&desk.editor().await, &desk).await;
        let node = desk.second_node_without(&["answer_cache"]).await;
        let plain = desk.second_node_without(&["answer_cache", "fragment_cache"]).await;
        let document = "query Few($many: Int = 1) { ...All } query Many($many: Int = 2) { ...All } fragment All on Query { article(by: { slug: \"story-3\" }) { relatedLinks { __typename } referencedBy(first: $many) { nodes { id } } suggestedArticles(first: 1) { referencedBy(first: $many) { nodes { id } } } } }";
        for operation in ["Few", "Many", "Few", "Many"] {
            let asked = json!({ "query": document, "operationName": operation });
            let answer = node.stranger().send(asked.clone()).await;
            assert_eq!(answer.text, plain.stranger().send(asked).await.text, "{operation}");
            assert!(answer.data().is_object());
        }
    }

    async fn of_two_things_that_a_page_asks_for_the_one_that_changed_is_made_anew(desk) {
        let editor = desk.editor().await;
        let stories = site(&editor, &desk).await;
        let node = desk.second_node_without(&["answer_cache"]).await;
        let (editor, reader) = (editor.at(&node), node.stranger());
        let tags = [reader.query("{ tag(by: { slug: \"trams\" }) { id } }").await.data()["tag"]["id"].clone()];
        // `None`: meanwhile the node did not hear of the log, and asked its memory less. Then it is told again, in other words.
        let story = async |attempt: u64| {
            let page = format!("query Page{attempt}($few: Int!) {{ story: article(by: {{ slug: \"story-1\" }}) {{ title commentCount }} trams: tag(by: {{ slug: \"trams\" }}) {{ articles(first: $few) {{ totalCount }} }} viewer {{ user {{ id }} }} }}");
            // How many parts were there, how many not, and what was answered.
            let asked = async |few: u32, parts: u64| {
                let before = looked_for(&node).await;
                let answer = reader.query_with(&page, json!({ "few": few })).await;
                let after = looked_for(&node).await;
                let count = |of: &Value| of.as_u64().unwrap();
                let data = answer.data();
                let told = (after.0 - before.0, after.1 - before.1, count(&data["story"]["commentCount"]), count(&data["trams"]["articles"]["totalCount"]));
                (told.0 + told.1 == parts).then_some(told)
            };
            // The two, the article in the one, and the viewer, of whom nothing is ever kept.
            let (found, missed, comments, articles) = asked(2, 4).await?;
            assert_eq!((found, missed), (0, 4));
            assert_eq!(asked(2, 3).await?, (2, 1, comments, articles));
            // The story uses no variable.
            assert_eq!(asked(1, 3).await?, (1, 2, comments, articles));
            let comment = reader.comment(&stories[0]["articleId"], None, "Really?").await;
            editor.approve(&comment).await;
            assert_eq!(asked(2, 4).await?, (1, 3, comments + 1, articles));
            editor.publish(&editor.create(json!({ "title": "Another", "sections": [{ "body": "Words." }], "tagIds": tags })).await).await;
            assert_eq!(asked(2, 3).await?, (1, 2, comments + 1, articles + 1));
            Some(())
        };
        for attempt in 0.. {
            assert!(attempt < 5, "the node does not hear of the log");
            if story(attempt).await.is_some() {
                break;
            }
        }
    }

    async fn a_change_drops_the_articles_that_show_it_and_no_others(desk) {
        let editor = desk.editor().await;
        let stories = site(&editor, &desk).await;
        let node = desk.second_node_without(&["answer_cache"]).await;
        let (editor, reader) = (editor.at(&node), node.stranger());
        let front = "query Front($first: Int!) { articles(first: $first) { nodes { title tags { name } sections { body { text } } relatedLinks { __typename ... on RelatedArticle { title } } comments { nodes { authorName } } } } }";
        // Of how many articles it is not known what this tells. It is asked for in another way each time, so the list is no part
        // that was told before. `None`: the node did not hear of the log meanwhile, and asked its memory less.
        let longer = AtomicUsize::new(3);
        let missed = async || {
            let before = looked_for(&node).await;
            let first = longer.fetch_add(1, Ordering::Relaxed);
            assert!(reader.query_with(front, json!({ "first": first })).await.data().is_object());
            let after = looked_for(&node).await;
            (after.0 + after.1 == before.0 + before.1 + 4).then(|| after.1 - before.1 - 1)
        };
        let all_are_known = async || {
            for _ in 0..100 {
                if missed().await == Some(0) {
                    return;
                }
            }
            panic!("what was told is not kept");
        };
        // So many articles are dropped by this. It is done again where the node did not hear of it at once.
        macro_rules! drops {
            ($dropped:literal, $change:expr) => {
                for attempt in 0.. {
                    assert!(attempt < 20, "the node hears of nothing");
                    all_are_known().await;
                    $change;
                    if let (Some(first), Some(second)) = (missed().await, missed().await) {
                        assert_eq!([first, second], [$dropped, 0]);
                        break;
                    }
                }
            };
        }
        let again = async |story: Value| editor.publish(&editor.save(&story, json!({ "excerpt": format!("Another, {}.", longer.load(Ordering::Relaxed)) })).await).await;
        // Published again: it, and the two that point at it. Nobody points at the last.
        let (mut pointed_at, mut last) = (stories[0].clone(), stories[2].clone());
        drops!(3, pointed_at = again(pointed_at.clone()).await);
        drops!(1, last = again(last.clone()).await);
        // A comment stands under one article, at which nobody points, once it is public.
        let mut comment = String::new();
        drops!(0, comment = reader.comment(&last["articleId"], None, "Really?").await);
        drops!(1, {
            editor.approve(&comment).await;
            comment = reader.comment(&last["articleId"], None, "Really?").await;
        });
        // A new tag changes nobody; another name of theirs all three.
        drops!(0, editor.create_tag(&format!("New {}", longer.load(Ordering::Relaxed))).await);
        let rename = "mutation ($input: UpdateTagInput!) { updateTag(input: $input) { userErrors { code } } }";
        drops!(3, {
            let tag = editor.query("{ viewer { tags(first: 99) { nodes { id slug version } } } }").await.data()["viewer"]["tags"]["nodes"]
                .as_array().unwrap().iter().find(|tag| tag["slug"] == "trams").unwrap().clone();
            let name = format!("Streetcars {}", longer.load(Ordering::Relaxed));
            let renamed = editor.query_with(rename, json!({ "input": { "tagId": tag["id"], "version": tag["version"], "name": name } })).await;
            assert_eq!(renamed.data()["updateTag"]["userErrors"], json!([]));
        });
    }
}
