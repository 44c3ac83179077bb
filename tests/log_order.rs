//! The log: order is commit order, and a follower misses nothing and repeats nothing.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use copydesk::db::Snapshot;
use copydesk::error::Failure;
use copydesk::log::follow::{self, Follower};
use copydesk::operation::{Committed, Follows, Store};
use serde_json::json;

use crate::harness::on_both;

/// By then it is told, or never.
const LONGEST: Duration = Duration::from_secs(30);

/// Notes what it is told, unless it fails.
#[derive(Default)]
struct Notes {
    fails: AtomicBool,
    told: Mutex<Vec<i64>>,
    caught_up: AtomicI64,
}

impl Follows for Notes {
    fn apply<'a>(
        &'a self,
        _: &'a Store,
        _: &'a Snapshot,
        entries: &'a [Committed],
    ) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>> {
        let fails = self.fails.load(Ordering::SeqCst) && !entries.is_empty();
        if !fails {
            self.told.lock().unwrap().extend(entries.iter().map(|entry| entry.sequence));
        }
        Box::pin(async move { if fails { Err(Failure::corrupt("it can't be taken")) } else { Ok(()) } })
    }

    fn caught_up(&self, sequence: i64, _: Instant) {
        self.caught_up.store(sequence, Ordering::SeqCst);
    }
}

impl Notes {
    async fn reach(&self, sequence: i64) {
        let reached = async {
            while self.caught_up.load(Ordering::SeqCst) < sequence {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(LONGEST, reached).await.expect("it is told what was committed");
    }

    fn told(&self) -> Vec<i64> {
        self.told.lock().unwrap().clone()
    }
}

on_both! {
    async fn a_follower_misses_nothing_while_many_write(desk) {
        let editor = desk.editor().await;
        let other = desk.second_node().await;
        let before = desk.log_length().await;
        let done = Arc::new(AtomicBool::new(false));
        let follower = tokio::spawn({
            let (store, done) = (Arc::clone(&desk.store), Arc::clone(&done));
            async move {
                let mut follower = Follower::after(before);
                let mut seen = Vec::new();
                loop {
                    let was_done = done.load(Ordering::SeqCst);
                    let rows = follower.next(&store.database.snapshot().await.unwrap(), 7).await.unwrap_or_else(|failure| panic!("{failure:?}"));
                    if rows.is_empty() && was_done {
                        return seen;
                    }
                    seen.extend(rows.into_iter().map(|row| row.sequence));
                    tokio::task::yield_now().await;
                }
            }
        });
        let writers: Vec<_> = (0..6)
            .map(|writer| {
                let editor = if writer % 2 == 0 { editor.clone() } else { editor.at(&other) };
                tokio::spawn(async move {
                    for number in 0..10 {
                        editor.create_tag(&format!("Tag {writer} {number}")).await;
                    }
                })
            })
            .collect();
        for writer in writers {
            writer.await.unwrap();
        }
        done.store(true, Ordering::SeqCst);
        let seen = follower.await.unwrap();
        assert_eq!(seen, (before + 1..=before + 60).collect::<Vec<_>>());
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn who_can_t_take_an_entry_is_told_it_again_and_holds_up_nobody_else(desk) {
        let editor = desk.editor().await;
        let before = desk.log_length().await;
        let (stuck, other) = (Arc::new(Notes::default()), Arc::new(Notes::default()));
        follow::follow(&desk.store, vec![Arc::clone(&stuck) as _, Arc::clone(&other) as _]);
        stuck.reach(before).await;
        stuck.fails.store(true, Ordering::SeqCst);
        editor.create_tag("A tag").await;
        other.reach(before + 1).await;
        assert_eq!((stuck.caught_up.load(Ordering::SeqCst), stuck.told()), (before, Vec::new()));
        stuck.fails.store(false, Ordering::SeqCst);
        editor.create_tag("Another tag").await;
        for notes in [stuck, other] {
            notes.reach(before + 2).await;
            assert_eq!(notes.told(), [before + 1, before + 2]);
        }
    }

    async fn everybody_sees_their_part_of_the_log(desk) {
        let (author, admin) = (desk.author().await, desk.admin().await);
        let editor = desk.editor().await;
        let mine = author.write("Mine").await;
        editor.write("Theirs").await;
        editor.create_tag("A tag").await;
        let subjects = async |actor: &crate::harness::Actor| {
            let answer = actor.query("{ viewer { changes(first: 100) { totalCount nodes { subject { id type } action actor { name } } } } }").await;
            let changes = answer.data()["viewer"]["changes"]["nodes"].as_array().unwrap().clone();
            assert_eq!(answer.data()["viewer"]["changes"]["totalCount"], changes.len());
            changes.into_iter().map(|change| change["subject"]["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(subjects(&author).await, ["ARTICLE"]);
        assert_eq!(subjects(&editor).await, ["ARTICLE", "ARTICLE", "TAG"]);
        assert_eq!(subjects(&admin).await.iter().filter(|kind| *kind == "USER").count(), 6);
        let answer = author.query("{ viewer { changes { nodes { subject { id } } } } }").await;
        assert_eq!(answer.data()["viewer"]["changes"]["nodes"], json!([{ "subject": { "id": mine["articleId"] } }]));
    }
}
