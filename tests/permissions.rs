//! Who may do what, over HTTP: exact code, and where it is refused nothing happens.

use std::collections::{BTreeMap, BTreeSet};

use copydesk::account::policy::{self, GATES, Gate, Reach};
use copydesk::operation::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, CONTRACT, Desk, PASSWORD, fields_of, on_both};

/// What came of it, in a word.
fn outcome(answer: &Answer, mutation: &str) -> String {
    if let Some(errors) = answer.body["errors"].as_array() {
        assert_eq!(answer.body["data"][mutation], Value::Null, "{}", answer.text);
        return errors[0]["extensions"]["code"].as_str().unwrap().to_owned();
    }
    // Of one that does something to many, what it says of the first.
    let payload = &answer.body["data"][mutation];
    let payload = payload["results"].get(0).unwrap_or(payload);
    match payload["userErrors"].as_array().map(Vec::as_slice) {
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
const FORBIDDEN: &str = "FORBIDDEN";
const NOT_FOUND: &str = "NOT_FOUND";
const ADMINS: [&str; 6] = [NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "done"];
const EDITORS: [&str; 6] = [NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, "done", "done"];
const EDITS: [&str; 6] = [NOBODY, NOT_FOUND, NOT_FOUND, NOT_FOUND, "done", "done"];
const OWN_EDITS: [&str; 6] = [NOBODY, "done", "done", "", "done", "done"];
const MODERATES: [&str; 6] = [NOBODY, FORBIDDEN, NOT_FOUND, "done", "done", "done"];
const MODERATES_OWN: [&str; 6] = [NOBODY, FORBIDDEN, "done", "", "done", "done"];
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
    Case { operation: "AddSection", mutation: "addSection", others: EDITS, own: OWN_EDITS },
    Case { operation: "UpdateSection", mutation: "updateSection", others: EDITS, own: OWN_EDITS },
    Case { operation: "MoveSection", mutation: "moveSection", others: EDITS, own: OWN_EDITS },
    Case { operation: "RemoveSection", mutation: "removeSection", others: EDITS, own: OWN_EDITS },
    Case { operation: "AddRelatedLink", mutation: "addRelatedLink", others: EDITS, own: OWN_EDITS },
    Case { operation: "MoveRelatedLink", mutation: "moveRelatedLink", others: EDITS, own: OWN_EDITS },
    Case { operation: "RemoveRelatedLink", mutation: "removeRelatedLink", others: EDITS, own: OWN_EDITS },
    Case {
        operation: "DeleteArticle",
        mutation: "deleteArticle",
        others: [NOBODY, NOT_FOUND, NOT_FOUND, NOT_FOUND, "done", "done"],
        own: [NOBODY, FORBIDDEN, "done", "", "done", "done"],
    },
    Case {
        operation: "RestoreArticle",
        mutation: "restoreArticle",
        others: [NOBODY, NOT_FOUND, NOT_FOUND, NOT_FOUND, "done", "done"],
        own: [NOBODY, FORBIDDEN, FORBIDDEN, "", "done", "done"],
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
        operation: "AssignArticle",
        mutation: "assignArticle",
        others: [NOBODY, "NOT_FOUND", "NOT_FOUND", "NOT_FOUND", "done", "done"],
        own: [NOBODY, "FORBIDDEN", "FORBIDDEN", "", "done", "done"],
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
        operation: "SetArticleComments",
        mutation: "setArticleComments",
        others: [NOBODY, NOT_FOUND, NOT_FOUND, NOT_FOUND, "done", "done"],
        own: [NOBODY, FORBIDDEN, "done", "", "done", "done"],
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
    Case { operation: "UpdateAuthor", mutation: "updateAuthor", others: EDITORS, own: [""; 6] },
    Case { operation: "DeleteAuthor", mutation: "deleteAuthor", others: EDITORS, own: [""; 6] },
    Case { operation: "UpdateTag", mutation: "updateTag", others: EDITORS, own: [""; 6] },
    Case { operation: "DeleteTag", mutation: "deleteTag", others: EDITORS, own: [""; 6] },
    Case { operation: "MergeTags", mutation: "mergeTags", others: EDITORS, own: [""; 6] },
    Case { operation: "UpdateCategory", mutation: "updateCategory", others: EDITORS, own: [""; 6] },
    Case { operation: "MoveCategory", mutation: "moveCategory", others: EDITORS, own: [""; 6] },
    Case { operation: "DeleteCategory", mutation: "deleteCategory", others: EDITORS, own: [""; 6] },
    Case {
        operation: "DeleteImage",
        mutation: "deleteImage",
        others: [NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, "done", "done"],
        own: [NOBODY, "done", "done", "", "done", "done"],
    },
    Case {
        operation: "UpdateImage",
        mutation: "updateImage",
        others: [NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, "done", "done"],
        own: [NOBODY, "done", "done", "", "done", "done"],
    },
    Case { operation: "CreateRedirect", mutation: "createRedirect", others: EDITORS, own: [""; 6] },
    Case { operation: "UpdateRedirect", mutation: "updateRedirect", others: EDITORS, own: [""; 6] },
    Case { operation: "DeleteRedirect", mutation: "deleteRedirect", others: EDITORS, own: [""; 6] },
    Case {
        operation: "ApproveComment",
        mutation: "approveComment",
        others: [NOBODY, "FORBIDDEN", "NOT_FOUND", "done", "done", "done"],
        own: [NOBODY, "FORBIDDEN", "done", "", "done", "done"],
    },
    Case { operation: "RejectComment", mutation: "rejectComment", others: MODERATES, own: MODERATES_OWN },
    Case {
        operation: "MarkCommentAsSpam",
        mutation: "markCommentAsSpam",
        others: MODERATES,
        own: MODERATES_OWN,
    },
    Case { operation: "DeleteComment", mutation: "deleteComment", others: MODERATES, own: MODERATES_OWN },
    Case { operation: "ApproveComments", mutation: "approveComments", others: MODERATES, own: MODERATES_OWN },
    Case { operation: "RejectComments", mutation: "rejectComments", others: MODERATES, own: MODERATES_OWN },
    Case {
        operation: "MarkCommentsAsSpam",
        mutation: "markCommentsAsSpam",
        others: MODERATES,
        own: MODERATES_OWN,
    },
    Case { operation: "DeleteComments", mutation: "deleteComments", others: MODERATES, own: MODERATES_OWN },
    // The comment waits still: whoever may answer it is told so.
    Case {
        operation: "ReplyToComment",
        mutation: "replyToComment",
        others: [NOBODY, FORBIDDEN, NOT_FOUND, "WRONG_STATE", "WRONG_STATE", "WRONG_STATE"],
        own: [NOBODY, FORBIDDEN, "WRONG_STATE", "", "WRONG_STATE", "WRONG_STATE"],
    },
    Case {
        operation: "EraseComment",
        mutation: "eraseComment",
        others: [NOBODY, FORBIDDEN, FORBIDDEN, "done", "done", "done"],
        own: [NOBODY, FORBIDDEN, FORBIDDEN, "", "done", "done"],
    },
];

const USER_CASES: &[Case] = &[
    Case {
        operation: "",
        mutation: "createUser",
        others: [NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "done"],
        own: [""; 6],
    },
    Case {
        operation: "",
        mutation: "updateUser",
        others: [NOBODY, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, "done"],
        own: [NOBODY, "done", "done", "done", "done", "done"],
    },
    Case {
        operation: "",
        mutation: "setUserPassword",
        others: ADMINS,
        own: [NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "INVALID"],
    },
    Case {
        operation: "",
        mutation: "deactivateUser",
        others: ADMINS,
        own: [NOBODY, FORBIDDEN, FORBIDDEN, FORBIDDEN, FORBIDDEN, "WRONG_STATE"],
    },
    Case { operation: "", mutation: "reactivateUser", others: ADMINS, own: ADMINS },
    Case {
        operation: "",
        mutation: "endSession",
        others: [NOBODY, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND, NOT_FOUND],
        own: [NOBODY, "done", "done", "done", "done", "done"],
    },
    Case {
        operation: "",
        mutation: "changePassword",
        others: [""; 6],
        own: [NOBODY, "done", "done", "done", "done", "done"],
    },
    Case {
        operation: "",
        mutation: "signOut",
        others: [""; 6],
        own: [NOBODY, "done", "done", "done", "done", "done"],
    },
];

/// Mutations with no row here, and why.
const ELSEWHERE: &[&str] = &[
    "signIn",           // for everybody: tests/sessions.rs
    "refreshSession",   // for everybody: tests/sessions.rs
    "submitComment",    // for everybody: tests/operations.rs
    "editComment",      // for who has its token: tests/conversation.rs
    "uploadImage",      // refused before the body: tests/images.rs
    "replaceImageFile", // refused before the body, and by who may: tests/image_library.rs
];

/// Whether a mutation does something to many comments.
fn is_about_comments(operation: &str) -> bool {
    operation.contains("Comments") && operation != "SetArticleComments"
}

fn input(case: &Case, draft: &Value, comment: &str, helper: &Value) -> Value {
    let of_draft = json!({ "articleId": draft["articleId"], "version": draft["version"] });
    let mut input = match case.operation {
        "CreateArticle" => json!({ "title": "Another" }),
        "CreateAuthor" | "CreateCategory" | "CreateTag" => json!({ "name": "Another" }),
        "CreateRedirect" => {
            json!({ "from": format!("/from/{}", draft["articleId"].as_str().unwrap()), "to": "/to" })
        }
        "DeleteImage" => json!({ "imageId": draft["imageId"], "version": 1 }),
        "UpdateImage" => json!({ "imageId": draft["imageId"], "version": 1, "alt": "A bridge" }),
        "UpdateRedirect" => json!({ "redirectId": draft["redirectId"], "version": 1, "status": 302 }),
        "DeleteRedirect" => json!({ "redirectId": draft["redirectId"], "version": 1 }),
        "UpdateAuthor" => json!({ "authorId": draft["authorId"], "version": 1, "name": "Renamed" }),
        "DeleteAuthor" => json!({ "authorId": draft["authorId"], "version": 1 }),
        "UpdateTag" => json!({ "tagId": draft["tagId"], "version": 1, "name": "Renamed" }),
        "DeleteTag" => json!({ "tagId": draft["tagId"], "version": 1 }),
        "MergeTags" => {
            json!({ "tagId": draft["tagId"], "version": 1, "mergedTagIds": [draft["otherTagId"]] })
        }
        "UpdateCategory" => json!({ "categoryId": draft["categoryId"], "version": 1, "name": "Renamed" }),
        "MoveCategory" => {
            json!({ "categoryId": draft["categoryId"], "version": 1, "parentId": draft["otherCategoryId"] })
        }
        "DeleteCategory" => json!({ "categoryId": draft["categoryId"], "version": 1 }),
        "ReplyToComment" => json!({ "commentId": comment, "body": "Thank you." }),
        "SetArticleComments" => {
            json!({ "articleId": draft["articleId"], "version": 0, "comments": "CLOSED" })
        }
        operation if is_about_comments(operation) => json!({ "commentIds": [comment] }),
        operation if operation.contains("Comment") => json!({ "commentId": comment }),
        _ => of_draft,
    };
    match case.operation {
        "UpdateArticle" => input["title"] = json!("Changed"),
        "RequestChanges" => input["note"] = json!("Why"),
        "RevertArticle" => input["toRevision"] = json!(1),
        "AssignArticle" => input["ownerId"] = helper.clone(),
        "AddSection" => input["body"] = json!("More"),
        "UpdateSection" => {
            input["sectionId"] = draft["sectionId"].clone();
            input["body"] = json!("Other");
        }
        "RemoveSection" => input["sectionId"] = draft["sectionId"].clone(),
        "MoveSection" => {
            input["sectionId"] = draft["sectionId"].clone();
            input["position"] = json!(2);
        }
        "AddRelatedLink" => {
            input["link"] = json!({ "external": { "url": "https://c.example", "title": "C" } });
        }
        "MoveRelatedLink" => {
            input["position"] = json!(1);
            input["toPosition"] = json!(2);
        }
        "RemoveRelatedLink" => input["position"] = json!(1),
        _ => {}
    }
    input
}

/// The document of a mutation about users, and its input for this user with this session.
fn about(mutation: &str, user: &Value, session: &Value, number: usize) -> (String, Value) {
    let name = format!("{}{}", mutation[..1].to_uppercase(), &mutation[1..]);
    let document = format!(
        "mutation ($input: {name}Input) {{ {mutation}(input: $input) {{ userErrors {{ code message path }} }} }}"
    );
    // Only signOut takes no input.
    let document = if mutation == "signOut" { document } else { document.replace("Input)", "Input!)") };
    let input = match mutation {
        "createUser" => {
            json!({ "email": format!("new{number}@desk.example"), "name": format!("New {number}"), "role": "AUTHOR", "password": PASSWORD })
        }
        "updateUser" => {
            json!({ "userId": user["id"], "version": user["version"], "name": format!("Renamed {number}") })
        }
        "setUserPassword" => json!({ "userId": user["id"], "newPassword": "another horse battery" }),
        "deactivateUser" | "reactivateUser" => json!({ "userId": user["id"] }),
        "endSession" => json!({ "sessionId": session }),
        "changePassword" => json!({ "currentPassword": PASSWORD, "newPassword": "another horse battery" }),
        _ => Value::Null,
    };
    (document, input)
}

/// Checks that a refusal left no trace but, where somebody signed in was refused a right, the entry that says so.
async fn assert_nothing_happened(
    desk: &Desk,
    before: &(BTreeMap<String, String>, i64),
    code: &str,
    what: &str,
) {
    assert_eq!(desk.rows().await, before.0, "{what} changed a row");
    let entries = desk.log_after(before.1).await;
    let is_told = entries.iter().all(|entry| entry.starts_with("ACCESS_REFUSED ")) && entries.len() <= 1;
    assert!(is_told && (entries.is_empty() || code == FORBIDDEN), "{what} left {entries:?}");
}

/// Runs the case's mutation, by the contract where it is there.
async fn run(actor: &Actor, case: &Case, variables: Value) -> Answer {
    if CONTRACT.contains(&format!("mutation {}(", case.operation)) {
        return actor.run(case.operation, variables).await;
    }
    let (operation, mutation) = (case.operation, case.mutation);
    let results = if is_about_comments(operation) { "results { userErrors { code message } }" } else { "" };
    let document = format!(
        "mutation ($input: {operation}Input!) {{ {mutation}(input: $input) {{ {results} userErrors {{ code message path }} }} }}"
    );
    actor.query_with(&document, variables).await
}

/// A published article of the owner's with a comment that waits, put there by the owner or behind the scenes.
async fn prepare(desk: &Desk, owner: &Actor, editor: &Actor) -> (Value, String) {
    let link =
        |name: &str| json!({ "external": { "url": format!("https://{name}.example"), "title": name } });
    let sections = json!([{ "body": "A story begins here." }, { "body": "And goes on." }]);
    let content = json!({ "title": "A story", "sections": sections, "relatedLinks": [link("a"), link("b")] });
    let mut published = editor.publish(&owner.create(content).await).await;
    let content = editor.run("OneDraft", json!({ "articleId": published["articleId"] })).await;
    published["sectionId"] = content.data()["viewer"]["draft"]["content"]["sections"][0]["id"].clone();
    let old = format!("/old/{}", published["articleId"].as_str().unwrap());
    published["redirectId"] = editor.redirect(&old, "/new").await["id"].clone();
    published["authorId"] = json!(editor.create_author("Ann").await);
    published["tagId"] = json!(editor.create_tag("Trams").await);
    published["otherTagId"] = json!(editor.create_tag("Trams").await);
    published["otherCategoryId"] = json!(editor.create_category("City", None).await);
    published["categoryId"] = json!(editor.create_category("Lines", None).await);
    let comment = desk.stranger().comment(&published["articleId"], None, "Hello").await;
    (published, comment)
}

on_both! {
    async fn every_mutation_asks_the_policy(desk) {
        let helper = desk.user(Role::Editor, "Helper").await;
        let helper_id = helper.query("{ viewer { user { id } } }").await.data()["viewer"]["user"]["id"].clone();
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
                    let (mut draft, comment) = prepare(&desk, owner, &helper).await;
                    if ["UpdateImage", "DeleteImage"].contains(&case.operation) {
                        draft["imageId"] = json!(owner.image("A quay").await);
                    }
                    let before = (desk.rows().await, desk.log_length().await);
                    let variables = json!({ "input": input(case, &draft, &comment, &helper_id) });
                    let answer = run(actor, case, variables).await;
                    assert_eq!(outcome(&answer, case.mutation), expected, "{} by actor {index}: {}", case.mutation, answer.text);
                    if expected != "done" {
                        assert_nothing_happened(&desk, &before, expected, case.mutation).await;
                        assert!(!answer.text.contains("A story") || std::ptr::eq(owner, actor) || expected == "WRONG_STATE", "{}", answer.text);
                    }
                }
            }
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn every_mutation_about_users_asks_the_policy(desk) {
        let roles = [None, Some(Role::Contributor), Some(Role::Author), Some(Role::Moderator), Some(Role::Editor), Some(Role::Admin)];
        let admin = desk.admin().await;
        let mut number = 0;
        for case in USER_CASES {
            for (index, role) in roles.iter().enumerate() {
                for (is_own, expected) in [(false, case.others[index]), (true, case.own[index])] {
                    if expected.is_empty() {
                        continue;
                    }
                    number += 1;
                    // Each time somebody new: the last one's password or session is gone.
                    let other = desk.user(Role::Author, &format!("Other{number}")).await;
                    let actor = match role {
                        None => desk.stranger(),
                        // The only admin, so that it can't keep itself out.
                        Some(Role::Admin) if case.mutation == "deactivateUser" => admin.clone(),
                        Some(role) => desk.user(*role, &format!("Actor{number}")).await,
                    };
                    let target = if is_own && role.is_some() { &actor } else { &other };
                    let seen = target.query("{ viewer { user { id version } sessions { id } } }").await;
                    let viewer = &seen.data()["viewer"];
                    let (document, input) = about(case.mutation, &viewer["user"], &viewer["sessions"][0]["id"], number);
                    let before = (desk.rows().await, desk.log_length().await);
                    let answer = actor.query_with(&document, json!({ "input": input })).await;
                    let what = format!("{} by {role:?}, own: {is_own}: {}", case.mutation, answer.text);
                    assert_eq!(outcome(&answer, case.mutation), expected, "{what}");
                    if expected != "done" {
                        assert_nothing_happened(&desk, &before, expected, &what).await;
                        assert!(!answer.text.contains("Other"), "{what}");
                    }
                    if case.mutation != "deactivateUser" && role == &Some(Role::Admin) {
                        let id = actor_id(&desk, &format!("Actor{number}")).await;
                        admin.query_with("mutation ($id: ID!) { deactivateUser(input: { userId: $id }) { user { id } } }", json!({ "id": id })).await;
                    }
                }
            }
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_refusal_is_in_the_log_once_for_many(desk) {
        let (author, admin) = (desk.author().await, desk.admin().await);
        let before = desk.log_length().await;
        for _ in 0..10 {
            assert_eq!(author.query("mutation { createTag(input: { name: \"x\" }) { tag { id } } }").await.error_code(), FORBIDDEN);
        }
        assert_eq!(desk.log_after(before).await, vec!["ACCESS_REFUSED CreateTag"; 3]);
        let told = "{ viewer { changes(filter: { action: ACCESS_REFUSED }) { nodes { detail actor { name } subject { type } } } } }";
        let seen = admin.query(told).await;
        let expected = json!({ "detail": "CreateTag", "actor": { "name": "Arthur" }, "subject": { "type": "USER" } });
        assert_eq!(seen.data()["viewer"]["changes"]["nodes"][0], expected);
        assert_eq!(author.query(told).await.data()["viewer"]["changes"]["nodes"], json!([]));
    }

    async fn a_draft_says_what_may_be_done_to_it_and_mutations_agree(desk) {
        let (author, editor, moderator) = (desk.author().await, desk.editor().await, desk.moderator().await);
        let may = async |actor: &Actor, draft: &Value| -> BTreeMap<String, Option<String>> {
            let document = "query ($id: ID!) { viewer { draft(articleId: $id) { may { action isAllowed reason } } } }";
            let answer = actor.query_with(document, json!({ "id": draft["articleId"] })).await;
            let rights = answer.data()["viewer"]["draft"]["may"].as_array().unwrap().clone();
            rights.iter().map(|right| {
                assert_eq!(right["isAllowed"].as_bool().unwrap(), right["reason"].is_null());
                (right["action"].as_str().unwrap().to_owned(), right["reason"].as_str().map(str::to_owned))
            }).collect()
        };
        let draft = author.write("A story").await;
        let rights = may(&author, &draft).await;
        assert_eq!(rights.keys().collect::<Vec<_>>(), ["ASSIGN_ARTICLE", "EDIT_DRAFT", "PUBLISH_ARTICLE", "REQUEST_CHANGES", "RESTORE_ARTICLE", "SET_ARTICLE_COMMENTS", "SUBMIT_FOR_REVIEW", "TRASH_ARTICLE", "UNPUBLISH_ARTICLE"]);
        assert!(rights["PUBLISH_ARTICLE"].is_none() && rights["EDIT_DRAFT"].is_none());
        assert_eq!(rights["UNPUBLISH_ARTICLE"].as_deref(), Some("The article is not public."));
        assert_eq!(rights["REQUEST_CHANGES"].as_deref(), Some("Your role, author, may not request changes to the draft. Ask an editor."));
        assert_eq!(may(&editor, &draft).await["REQUEST_CHANGES"].as_deref(), Some("The article is not in review."));
        let early = json!({ "input": { "articleId": draft["articleId"], "version": draft["version"], "note": "x" } });
        assert_eq!(editor.run("RequestChanges", early).await.data()["requestChanges"]["userErrors"][0]["message"], "The article is not in review.");
        let published = author.publish(&draft).await;
        let rights = may(&author, &published).await;
        assert_eq!(rights["PUBLISH_ARTICLE"].as_deref(), Some("The newest revision is public already."));
        assert!(rights["UNPUBLISH_ARTICLE"].is_none());
        let none = moderator.query_with("query ($id: ID!) { viewer { draft(articleId: $id) { may { action } } } }", json!({ "id": draft["articleId"] })).await;
        assert_eq!(none.data()["viewer"]["draft"], Value::Null);
    }

    async fn capabilities_are_the_policys(desk) {
        for (role, name) in [(Role::Contributor, "C"), (Role::Author, "A"), (Role::Moderator, "M"), (Role::Editor, "E"), (Role::Admin, "X")] {
            let actor = desk.user(role, name).await;
            let answer = actor.query("{ viewer { capabilities { action reach } } }").await;
            let told = answer.data()["viewer"]["capabilities"].as_array().unwrap().clone();
            let expected: Vec<Value> = policy::asked_for().map(|action| {
                let reach = match policy::reach(role, action) { Reach::None => "NONE", Reach::Own => "OWN", Reach::Any => "ANY" };
                json!({ "action": shouted(action.name()), "reach": reach })
            }).collect();
            assert_eq!(told, expected);
        }
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

async fn actor_id(desk: &Desk, name: &str) -> Value {
    let operator = copydesk::operation::Operation::new(
        desk.store.clone(),
        copydesk::operation::Viewer::Operator,
        "test",
    );
    let email = format!("{}@desk.example", name.to_lowercase());
    let found = copydesk::account::user::by_email(&operator, &email)
        .await
        .unwrap_or_else(|failure| panic!("{failure:?}"));
    json!(found.unwrap().id.to_string())
}

/// `CreateTag` as GraphQL writes it: `CREATE_TAG`.
fn shouted(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_uppercase());
    }
    text
}

#[test]
fn no_mutation_and_no_field_of_the_viewer_escapes_the_policy() {
    let in_policy: BTreeSet<&str> = GATES.iter().map(|(field, _)| *field).collect();
    let viewer = fields_of("Viewer").into_iter().map(|field| format!("viewer.{field}"));
    let in_schema: BTreeSet<String> = fields_of("Mutation").into_iter().chain(viewer).collect();
    assert_eq!(in_policy.into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), in_schema);
}

#[test]
fn every_mutation_is_tried_and_what_is_expected_is_what_the_policy_says() {
    let cases = || CASES.iter().chain(USER_CASES);
    let covered: BTreeSet<String> =
        cases().map(|case| case.mutation).chain(ELSEWHERE.iter().copied()).map(str::to_owned).collect();
    assert_eq!(covered, fields_of("Mutation"));
    for case in cases() {
        let (_, gate) = GATES.iter().find(|(field, _)| *field == case.mutation).unwrap();
        let Gate::Right(action) = gate else { continue };
        for (role, (others, own)) in Role::ALL.into_iter().zip(case.others[1..].iter().zip(&case.own[1..])) {
            let refused = |code: &str| [FORBIDDEN, NOT_FOUND].contains(&code);
            let (may_others, may_own) = match policy::reach(role, *action) {
                Reach::None => (false, false),
                Reach::Own => (false, true),
                Reach::Any => (true, true),
            };
            assert!(
                others.is_empty() || refused(others) != may_others,
                "{} of others by {role:?}",
                case.mutation
            );
            assert!(own.is_empty() || refused(own) != may_own, "own {} by {role:?}", case.mutation);
        }
        assert!([case.others[0], case.own[0]].iter().all(|code| code.is_empty() || *code == NOBODY));
    }
}
