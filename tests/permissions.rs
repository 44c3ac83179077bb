//! Who may do what, over HTTP: exact code, and where it is refused nothing happens.

use std::collections::BTreeSet;

use copydesk::operation::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, Desk, on_both};

/// What came of it, in a word.
fn outcome(answer: &Answer, mutation: &str) -> String {
    if let Some(errors) = answer.body["errors"].as_array() {
        assert_eq!(answer.body["data"][mutation], Value::Null, "{}", answer.text);
        return errors[0]["extensions"]["code"].as_str().unwrap().to_owned();
    }
    match answer.body["data"][mutation]["userErrors"].as_array().map(Vec::as_slice) {
        Some([]) => "done".to_owned(),
        Some([error, ..]) => error["code"].as_str().unwrap().to_owned(),
        None => panic!("{}", answer.text),
    }
}

/// Each mutation that has a row in the policy, on a draft of the owner's.
struct Case {
    operation: &'static str,
    mutation: &'static str,
    /// What each gets: public, contributor, author, moderator, editor, admin; on what isn't theirs, and on what is.
    others: [&'static str; 6],
    own: [&'static str; 6],
}

const NOBODY: &str = "UNAUTHENTICATED";
const CASES: &[Case] = &[
    Case {
        operation: "CreateArticle",
        mutation: "createArticle",
        others: [NOBODY, "done", "done", "FORBIDDEN", "done", "done"],
        own: [""; 6],
    },
    Case {
        operation: "UpdateArticle",
        mutation: "updateArticle",
        others: [NOBODY, "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "done", "done"],
        own: [NOBODY, "done", "done", "", "done", "done"],
    },
    Case {
        operation: "SubmitForReview",
        mutation: "submitForReview",
        others: [NOBODY, "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "done", "done"],
        own: [NOBODY, "done", "done", "", "done", "done"],
    },
    Case {
        operation: "RequestChanges",
        mutation: "requestChanges",
        others: [NOBODY, "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "WRONG_STATE", "WRONG_STATE"],
        own: [NOBODY, "FORBIDDEN", "FORBIDDEN", "", "WRONG_STATE", "WRONG_STATE"],
    },
    Case {
        operation: "PublishArticle",
        mutation: "publishArticle",
        others: [NOBODY, "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "done", "done"],
        own: [NOBODY, "FORBIDDEN", "done", "", "done", "done"],
    },
    Case {
        operation: "UnpublishArticle",
        mutation: "unpublishArticle",
        others: [NOBODY, "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "done", "done"],
        own: [NOBODY, "FORBIDDEN", "done", "", "done", "done"],
    },
    Case {
        operation: "RevertArticle",
        mutation: "revertArticle",
        others: [NOBODY, "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "done", "done"],
        own: [NOBODY, "done", "done", "", "done", "done"],
    },
    Case {
        operation: "CreateAuthor",
        mutation: "createAuthor",
        others: [NOBODY, "FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "done", "done"],
        own: [""; 6],
    },
    Case {
        operation: "CreateCategory",
        mutation: "createCategory",
        others: [NOBODY, "FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "done", "done"],
        own: [""; 6],
    },
    Case {
        operation: "CreateTag",
        mutation: "createTag",
        others: [NOBODY, "FORBIDDEN", "FORBIDDEN", "FORBIDDEN", "done", "done"],
        own: [""; 6],
    },
    Case {
        operation: "ApproveComment",
        mutation: "approveComment",
        others: [NOBODY, "FORBIDDEN", "NOT_FOUND", "done", "done", "done"],
        own: [NOBODY, "FORBIDDEN", "done", "", "done", "done"],
    },
];

/// Mutations with no row here, and why.
const ELSEWHERE: &[&str] = &[
    "signIn",         // for everybody: tests/operations.rs
    "refreshSession", // for everybody: tests/operations.rs
    "submitComment",  // for everybody: tests/operations.rs
    "uploadImage",    // refused before the body: tests/images.rs
];

fn input(case: &Case, draft: &Value, comment: &str) -> Value {
    let of_draft = json!({ "articleId": draft["articleId"], "version": draft["version"] });
    let mut input = match case.operation {
        "CreateArticle" => json!({ "title": "Another" }),
        "CreateAuthor" | "CreateCategory" | "CreateTag" => json!({ "name": "Another" }),
        "ApproveComment" => json!({ "commentId": comment }),
        _ => of_draft,
    };
    match case.operation {
        "UpdateArticle" => input["title"] = json!("Changed"),
        "RequestChanges" => input["note"] = json!("Why"),
        "RevertArticle" => input["toRevision"] = json!(1),
        _ => {}
    }
    input
}

/// A published article of the owner's with a comment that waits, put there by the owner or behind the scenes.
async fn prepare(desk: &Desk, owner: &Actor, editor: &Actor) -> (Value, String) {
    let draft = owner.write("A story").await;
    let published = editor.publish(&draft).await;
    let comment = desk.stranger().comment(&published["articleId"], None, "Hello").await;
    (published, comment)
}

on_both! {
    async fn every_mutation_asks_the_policy(desk) {
        let helper = desk.user(Role::Editor, "Helper").await;
        let outsider = desk.user(Role::Author, "Outsider").await;
        let actors = [
            desk.stranger(), desk.contributor().await, desk.author().await, desk.moderator().await, desk.editor().await, desk.admin().await,
        ];
        for case in CASES {
            for (index, actor) in actors.iter().enumerate() {
                for (owner, expected) in [(&outsider, case.others[index]), (actor, case.own[index])] {
                    if expected.is_empty() || (index == 0 && std::ptr::eq(owner, actor)) {
                        continue;
                    }
                    let (draft, comment) = prepare(&desk, owner, &helper).await;
                    let before = desk.log_length().await;
                    let variables = json!({ "input": input(case, &draft, &comment) });
                    let answer = actor.run(case.operation, variables).await;
                    assert_eq!(outcome(&answer, case.mutation), expected, "{} by actor {index}: {}", case.mutation, answer.text);
                    if expected != "done" {
                        assert_eq!(desk.log_length().await, before, "{} by actor {index} left an entry", case.mutation);
                        let one = helper.run("OneDraft", json!({ "articleId": draft["articleId"] })).await;
                        assert_eq!(one.data()["viewer"]["draft"]["version"], draft["version"]);
                        assert!(!answer.text.contains("A story") || std::ptr::eq(owner, actor) || expected == "WRONG_STATE", "{}", answer.text);
                    }
                }
            }
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn the_desk_shows_what_the_role_may_see(desk) {
        let (contributor, author, editor) = (desk.contributor().await, desk.author().await, desk.editor().await);
        let moderator = desk.moderator().await;
        contributor.write("By Connie").await;
        author.write("By Arthur").await;
        editor.create_tag("A tag").await;
        editor.image("A quay").await;
        let titles = async |actor: &Actor| {
            let answer = actor.query("{ viewer { drafts { totalCount nodes { title } } tags { totalCount } images { totalCount } } }").await;
            let viewer = answer.data()["viewer"].clone();
            let titles: Vec<String> = viewer["drafts"]["nodes"].as_array().unwrap().iter().map(|draft| draft["title"].as_str().unwrap().to_owned()).collect();
            assert_eq!(viewer["drafts"]["totalCount"], titles.len());
            (titles, viewer["tags"]["totalCount"].as_i64().unwrap(), viewer["images"]["totalCount"].as_i64().unwrap())
        };
        assert_eq!(titles(&contributor).await, (vec!["By Connie".to_owned()], 1, 1));
        assert_eq!(titles(&author).await, (vec!["By Arthur".to_owned()], 1, 1));
        assert_eq!(titles(&moderator).await, (Vec::new(), 0, 0));
        assert_eq!(titles(&editor).await.0.len(), 2);
        assert_eq!(desk.stranger().query("{ viewer { drafts { nodes { title } } } }").await.data()["viewer"], Value::Null);
    }
}

#[test]
fn no_mutation_escapes_the_table() {
    let sdl = copydesk::schema::sdl();
    let block = sdl.split("type Mutation {").nth(1).unwrap().split("\n}").next().unwrap();
    let in_schema: BTreeSet<&str> = block
        .lines()
        .filter_map(|line| line.trim().split_once('(').map(|(name, _)| name))
        .filter(|name| name.chars().all(char::is_alphanumeric))
        .collect();
    let covered: BTreeSet<&str> =
        CASES.iter().map(|case| case.mutation).chain(ELSEWHERE.iter().copied()).collect();
    assert_eq!(in_schema, covered);
}
