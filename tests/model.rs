//! The life of an article as a model: random users, commands and restarts, on both databases, against a small model
//! (`model/rules.rs`) with which every public answer is compared after each step.
//!
//! What fails is made small by dropping steps, and told as a script that can be pasted into `model/known.rs`, where it stays
//! as a test. `COPYDESK_TEST_MODEL_RUNS` says how many runs there are on each database, `COPYDESK_TEST_MODEL_STEPS` how long
//! they are, `COPYDESK_TEST_MODEL_SEED` with which seed the first begins: the same each time where it is not given, so that a
//! test that passed passes again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;

use crate::harness::{Desk, Engine, on_both};

mod compare;
mod dice;
mod known;
mod merging;
mod play;
mod rules;
mod steps;
mod turns;

use dice::Dice;
use known::KNOWN;
use play::Stage;
use rules::Model;
use steps::Step;
use turns::Library;

const RUNS: u64 = 6;
const STEPS: u64 = 40;

/// Where clients reach the desk: the same after a restart, so that its tokens stay good.
const ADDRESS: &[(&str, &str)] = &[("public_url", "https://desk.example.org"), ("comment_depth", "20")];

/// How long a failing script is made smaller.
const SHRINKING: Duration = Duration::from_secs(90);

fn number(variable: &str, default: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given
        .map_or(default, |given| given.parse().unwrap_or_else(|_| panic!("{variable} is no number: {given}")))
}

fn script(seed: u64, steps: u64) -> Vec<Step> {
    Dice(seed).script(usize::try_from(steps).unwrap())
}

/// Plays a script on a desk of its own; says at which step, and why, it fails.
async fn play(engine: Engine, script: &[Step]) -> Result<(), (usize, String)> {
    let mut stage = Stage::set(Desk::open_with(engine, ADDRESS).await.unwrap()).await;
    for (number, step) in script.iter().enumerate() {
        let played = std::panic::AssertUnwindSafe(stage.play(*step)).catch_unwind().await;
        stage =
            played.unwrap_or_else(|_| Err("it panics: see above".to_owned())).map_err(|why| (number, why))?;
    }
    stage.end().await.map_err(|why| (script.len() - 1, why))
}

/// Drops steps as long as the script fails without them.
async fn shrink(engine: Engine, mut script: Vec<Step>, mut why: String) -> (Vec<Step>, String) {
    let begun = Instant::now();
    let mut size = script.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < script.len() && begun.elapsed() < SHRINKING {
            let mut fewer = script.clone();
            fewer.drain(at..(at + size).min(script.len()));
            match play(engine, &fewer).await {
                Err((last, reason)) => {
                    fewer.truncate(last + 1);
                    (script, why) = (fewer, reason);
                }
                Ok(()) => at += size,
            }
        }
        size /= 2;
    }
    (script, why)
}

fn report(script: &[Step], why: &str) -> String {
    let steps: Vec<String> = script.iter().map(|step| format!("        {step:?},")).collect();
    format!("after the last of these steps,\n    &[\n{}\n    ],\n{why}", steps.join("\n"))
}

/// What happened between two states that a fault is likely to show in.
fn events(before: &Model, after: &Model) -> Vec<&'static str> {
    let mut events = Vec::new();
    for (index, now) in after.articles.iter().enumerate() {
        let Some(was) = before.articles.get(index) else { continue };
        let became_public = was.published.is_none() && now.published.is_some();
        let has_conversation = (0..after.comments.len())
            .any(|comment| after.comments[comment].article == index && after.is_public(comment));
        if became_public && was.first_published_at.is_some() {
            events.push("public again");
        }
        if became_public && has_conversation {
            events.push("public with a conversation");
        }
        if was.published.is_some()
            && now.published.is_some()
            && was.public().map(|content| &content.slug) != now.public().map(|content| &content.slug)
        {
            events.push("public under another slug");
        }
        if was.published.is_some() && now.trashed_at.is_some() {
            events.push("thrown away while public");
        }
        if was.trashed_at.is_some() && now.trashed_at.is_none() {
            events.push("restored");
        }
        if was.is_in_review && !now.is_in_review && now.revisions.len() > was.revisions.len() {
            events.push("saved while in review");
        }
    }
    if (0..before.comments.len())
        .any(|comment| before.is_public(comment) && before.comments[comment].parent.is_some())
    {
        events.push("a reply");
    }
    events
}

/// How many runs of the model alone are looked at.
const TRIED: u64 = 2_000;

/// What a run of the model alone comes to: that chance leads everywhere, or else nothing is tested.
#[test]
fn chance_reaches_every_command_and_every_refusal() {
    let library = Library::default();
    let mut reached: BTreeSet<String> = BTreeSet::new();
    let mut runs_with: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for seed in 0..TRIED {
        let mut model = Model::default();
        for step in script(seed, STEPS) {
            let before = model.clone();
            let Some(turn) = model.take(step, &library) else { continue };
            for event in events(&before, &model) {
                runs_with.entry(event).or_default().insert(seed);
            }
            let merged = if turn.is_merged == Some(true) { " merged" } else { "" };
            reached.insert(format!("{} {:?}{merged}", turn.mutation, turn.outcome));
        }
    }
    let edits = [
        "updateArticle",
        "addSection",
        "updateSection",
        "moveSection",
        "removeSection",
        "addRelatedLink",
        "moveRelatedLink",
        "removeRelatedLink",
    ];
    let transitions = [
        "submitForReview",
        "requestChanges",
        "publishArticle",
        "unpublishArticle",
        "revertArticle",
        "assignArticle",
        "deleteArticle",
        "restoreArticle",
    ];
    let about_drafts = edits.iter().chain(&transitions);
    let missing = |what: String| assert!(reached.contains(&what), "chance never comes to {what}");
    for mutation in about_drafts {
        for outcome in
            ["Done", "Refused([\"NOT_FOUND\"])", "Refused([\"CONFLICT\"])", "Failed(\"UNAUTHENTICATED\")"]
        {
            missing(format!("{mutation} {outcome}"));
        }
        if !["deleteArticle", "restoreArticle"].contains(mutation) {
            missing(format!("{mutation} Refused([\"WRONG_STATE\"])"));
        }
    }
    for mutation in edits {
        missing(format!("{mutation} Done merged"));
    }
    for mutation in [
        "publishArticle",
        "unpublishArticle",
        "deleteArticle",
        "restoreArticle",
        "requestChanges",
        "assignArticle",
        "approveComment",
        "createArticle",
    ] {
        missing(format!("{mutation} Failed(\"FORBIDDEN\")"));
    }
    for (mutation, code) in [
        ("createArticle", "TAKEN"),
        ("createArticle", "INVALID"),
        ("createArticle", "NOT_FOUND"),
        ("updateArticle", "TAKEN"),
        ("updateArticle", "INVALID"),
        ("addSection", "INVALID"),
        ("moveSection", "INVALID"),
        ("addRelatedLink", "INVALID"),
        ("moveRelatedLink", "INVALID"),
        ("removeRelatedLink", "INVALID"),
        ("publishArticle", "CHECK_FAILED"),
        ("requestChanges", "REQUIRED"),
        ("submitComment", "REQUIRED"),
        ("submitComment", "NOT_FOUND"),
        ("approveComment", "NOT_FOUND"),
    ] {
        missing(format!("{mutation} Refused([\"{code}\"])"));
    }
    for mutation in ["createArticle", "submitComment", "approveComment"] {
        missing(format!("{mutation} Done"));
    }
    // And that so few runs as a test has see most of what may go wrong: each in one run of twenty, at least.
    for event in [
        "public again",
        "public with a conversation",
        "public under another slug",
        "thrown away while public",
        "restored",
        "saved while in review",
        "a reply",
    ] {
        let runs = runs_with.get(event).map_or(0, |runs| runs.len() as u64);
        assert!(runs * 20 > TRIED, "only {runs} of {TRIED} runs see an article {event}");
    }
}

on_both! {
    async fn an_article_lives_as_the_model_says(desk) {
        let engine = desk.engine;
        let seed = number("COPYDESK_TEST_MODEL_SEED", 1);
        for run in 0..number("COPYDESK_TEST_MODEL_RUNS", RUNS) {
            let seed = seed.wrapping_add(run);
            let mut failing = script(seed, number("COPYDESK_TEST_MODEL_STEPS", STEPS));
            if let Err((last, why)) = play(engine, &failing).await {
                failing.truncate(last + 1);
                let (script, why) = shrink(engine, failing, why).await;
                panic!("{engine:?}, seed {seed}: {}", report(&script, &why));
            }
        }
    }

    async fn scripts_that_are_kept(desk) {
        for (what, script) in KNOWN {
            if let Err((last, why)) = play(desk.engine, script).await {
                panic!("{what}: {}", report(&script[..=last], &why));
            }
        }
    }
}
