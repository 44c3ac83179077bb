//! Every mutation against itself: four times at once, the same input. Nothing is done twice that can be done once, nothing is
//! lost, and nobody is told of a fault of ours.

use serde_json::Value;

use crate::harness::{Answer, Desk, fields_of, on_both, picture};
use crate::scene::{By, Row, Scene, furnish, rows, set_up};

/// How many come at once.
const TOGETHER: usize = 4;

/// What comes of four at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// One is done; the others are refused for what has changed.
    OneIsDone(&'static str),
    /// The same, of what the log tells in two entries.
    OneIsDoneInTwo(&'static str),
    /// It is done once, and all are told so: a repeated transition succeeds.
    DoneOnce,
    /// Each is done: each makes something of its own.
    EachIsDone,
    /// One is done; with it ends what the others were signed in by.
    EndsTheOthers,
}

use Outcome::{DoneOnce, EachIsDone, EndsTheOthers, OneIsDone, OneIsDoneInTwo};

const OUTCOMES: [(&str, Outcome); 58] = [
    ("addRelatedLink", OneIsDone("CONFLICT")),
    ("addSection", OneIsDone("CONFLICT")),
    ("approveComment", DoneOnce),
    ("approveComments", DoneOnce),
    ("assignArticle", DoneOnce),
    ("changePassword", OneIsDone("CONFLICT")),
    ("createArticle", EachIsDone),
    ("createAuthor", EachIsDone),
    ("createCategory", EachIsDone),
    ("createRedirect", OneIsDone("TAKEN")),
    ("createTag", EachIsDone),
    ("createUser", OneIsDone("TAKEN")),
    ("deactivateUser", DoneOnce),
    ("deleteArticle", DoneOnce),
    ("deleteAuthor", OneIsDone("NOT_FOUND")),
    ("deleteCategory", OneIsDone("NOT_FOUND")),
    ("deleteTag", OneIsDone("NOT_FOUND")),
    ("deleteComment", DoneOnce),
    ("deleteComments", DoneOnce),
    ("editComment", DoneOnce),
    ("deleteImage", OneIsDone("NOT_FOUND")),
    ("deleteRedirect", OneIsDone("NOT_FOUND")),
    ("endSession", DoneOnce),
    ("eraseComment", DoneOnce),
    ("markCommentAsSpam", DoneOnce),
    ("markCommentsAsSpam", DoneOnce),
    ("mergeTags", OneIsDoneInTwo("CONFLICT")),
    ("moveCategory", OneIsDone("CONFLICT")),
    ("moveRelatedLink", OneIsDone("CONFLICT")),
    ("moveSection", OneIsDone("CONFLICT")),
    ("publishArticle", DoneOnce),
    ("reactivateUser", DoneOnce),
    ("refreshSession", DoneOnce),
    ("rejectComment", DoneOnce),
    ("rejectComments", DoneOnce),
    ("removeRelatedLink", OneIsDone("CONFLICT")),
    ("removeSection", OneIsDone("CONFLICT")),
    ("replaceImageFile", OneIsDone("CONFLICT")),
    ("replyToComment", EachIsDone),
    ("requestChanges", OneIsDone("CONFLICT")),
    ("restoreArticle", DoneOnce),
    ("revertArticle", OneIsDone("CONFLICT")),
    ("setArticleComments", DoneOnce),
    ("setUserPassword", EachIsDone),
    ("signIn", EachIsDone),
    ("signOut", EndsTheOthers),
    ("submitComment", EachIsDone),
    ("submitForReview", DoneOnce),
    ("unpublishArticle", DoneOnce),
    ("updateArticle", OneIsDone("CONFLICT")),
    ("updateAuthor", OneIsDone("CONFLICT")),
    ("updateCategory", OneIsDone("CONFLICT")),
    ("updateTag", OneIsDone("CONFLICT")),
    ("updateImage", OneIsDone("CONFLICT")),
    ("updateRedirect", OneIsDone("CONFLICT")),
    ("updateSection", OneIsDone("CONFLICT")),
    ("updateUser", OneIsDone("CONFLICT")),
    ("uploadImage", EachIsDone),
];

#[test]
fn every_mutation_is_raced() {
    let raced = OUTCOMES.iter().map(|(field, _)| (*field).to_owned()).collect();
    assert_eq!(fields_of("Mutation"), raced);
}

async fn race(desk: &Desk, scene: &Scene, row: &Row) -> Vec<Answer> {
    let actor = match row.by {
        By::Anybody => desk.stranger(),
        By::Admin => scene.admin.clone(),
        By::Leaver => scene.leaver.clone(),
    };
    let runs = (0..TOGETHER).map(|_| {
        let (actor, document, variables) = (actor.clone(), row.document.clone(), row.variables.clone());
        let field = row.field;
        tokio::spawn(async move {
            match field {
                "uploadImage" => actor.upload(picture(40, 30), "A quay").await,
                "replaceImageFile" => {
                    actor.replace_file(picture(50, 30), "photo.jpg", &variables["input"]).await
                }
                _ => actor.query_with(&document, variables).await,
            }
        })
    });
    let mut answers = Vec::new();
    for run in runs.collect::<Vec<_>>() {
        answers.push(run.await.unwrap());
    }
    answers
}

/// What an answer says, in a word.
fn told(field: &str, answer: &Answer) -> String {
    if let Some(errors) = answer.body["errors"].as_array() {
        return errors[0]["extensions"]["code"].as_str().unwrap().to_owned();
    }
    match answer.body["data"][field]["userErrors"].as_array().map(Vec::as_slice) {
        Some([]) => "done".to_owned(),
        Some([error, ..]) => error["code"].as_str().unwrap().to_owned(),
        None => panic!("{field}: {}", answer.text),
    }
}

on_both! {
    async fn nothing_is_done_twice_and_nothing_is_lost(desk) {
        let mut scene = furnish(&desk).await;
        set_up(&desk, &mut scene, 0).await;
        for row in rows(&scene.things) {
            let Some((_, outcome)) = OUTCOMES.iter().find(|(field, _)| *field == row.field) else { continue };
            let before = desk.log_length().await;
            let answers = race(&desk, &scene, &row).await;
            let mut all: Vec<String> = answers.iter().map(|answer| told(row.field, answer)).collect();
            all.sort_by_key(|word| word != "done");
            let entries = desk.log_after(before).await;
            let what = format!("{}: {all:?}, {entries:?}", row.field);
            let (done, others) = all.split_at(match outcome { OneIsDone(_) | OneIsDoneInTwo(_) | EndsTheOthers => 1, _ => TOGETHER });
            assert!(done.iter().all(|word| word == "done"), "{what}");
            match outcome {
                OneIsDoneInTwo(code) => assert!(entries.len() == 2 && others.iter().all(|word| word == code), "{what}"),
                OneIsDone(code) => assert!(entries.len() == 1 && others.iter().all(|word| word == code), "{what}"),
                DoneOnce => assert_eq!(entries.len(), 1, "{what}"),
                EachIsDone => assert_eq!(entries.len(), TOGETHER, "{what}"),
                EndsTheOthers => assert!(entries.len() == 1 && others.iter().all(|word| word == "UNAUTHENTICATED" || word == "done"), "{what}"),
            }
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn what_is_made_at_once_has_a_name_of_its_own(desk) {
        let mut scene = furnish(&desk).await;
        set_up(&desk, &mut scene, 0).await;
        for (field, thing) in [("createArticle", "draft"), ("createAuthor", "author"), ("createCategory", "category"), ("createTag", "tag")] {
            let rows = rows(&scene.things);
            let row = rows.iter().find(|row| row.field == field).unwrap();
            let mut slugs: Vec<Value> = race(&desk, &scene, row).await.iter().map(|answer| answer.done(field, thing)["slug"].clone()).collect();
            slugs.sort_by_key(ToString::to_string);
            slugs.dedup();
            assert_eq!(slugs.len(), TOGETHER, "{field}: {slugs:?}");
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }
}
