//! The conversation under an article: what moderators decide, what the desk answers, what readers may still change, and what
//! holds a comment.

use copydesk::log::check::Extent;
use copydesk::verify::Options;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, Desk, on_both};

/// Each decision, and where it leads.
const DECISIONS: [(&str, &str); 4] = [
    ("approveComment", "APPROVED"),
    ("rejectComment", "REJECTED"),
    ("markCommentAsSpam", "SPAM"),
    ("deleteComment", "DELETED"),
];

/// From where each decision leads to its end. From there it succeeds again, from elsewhere it is refused.
fn leads_from(verb: &str) -> &'static [&'static str] {
    match verb {
        "approveComment" => &["PENDING", "REJECTED", "SPAM"],
        "deleteComment" => &["PENDING", "APPROVED", "REJECTED", "SPAM"],
        _ => &["PENDING", "APPROVED"],
    }
}

async fn decide_with(by: &Actor, verb: &str, input: Value) -> Answer {
    let named = format!("{}{}Input", verb[..1].to_uppercase(), &verb[1..]);
    let document = format!(
        "mutation ($input: {named}!) {{ {verb}(input: $input) {{ comment {{ id status version heldFor isStaff }} userErrors {{ code message path }} }} }}"
    );
    by.query_with(&document, json!({ "input": input })).await
}

async fn decide(by: &Actor, verb: &str, comment: &str) -> Answer {
    decide_with(by, verb, json!({ "commentId": comment })).await
}

async fn decide_many(by: &Actor, verb: &str, comments: &[&str]) -> Answer {
    let named = format!("{}{}Input", verb[..1].to_uppercase(), &verb[1..]);
    let document = format!(
        "mutation ($input: {named}!) {{ {verb}(input: $input) {{ results {{ comment {{ id status }} userErrors {{ code path }} }} userErrors {{ code message path }} }} }}"
    );
    by.query_with(&document, json!({ "input": { "commentIds": comments } })).await
}

async fn reply(by: &Actor, comment: &str, body: &str) -> Answer {
    let document = "mutation ($input: ReplyToCommentInput!) { replyToComment(input: $input) { comment { id status parentId authorName authorEmail isStaff isByArticleAuthor } userErrors { code message path } } }";
    by.query_with(document, json!({ "input": { "commentId": comment, "body": body } })).await
}

/// Sends a comment from this address; gives the whole payload.
async fn send(desk: &Desk, article: &Value, email: &str, body: &str) -> Answer {
    send_with(desk, json!({ "articleId": article, "authorName": "Rita", "authorEmail": email, "body": body }))
        .await
}

async fn send_with(desk: &Desk, input: Value) -> Answer {
    let document = "mutation ($input: SubmitCommentInput!) { submitComment(input: $input) { comment { id status } editToken editTokenExpiresAt userErrors { code message path } } }";
    desk.stranger().query_with(document, json!({ "input": input })).await
}

async fn edit(desk: &Desk, token: &Value, body: &str) -> Answer {
    let document = "mutation ($input: EditCommentInput!) { editComment(input: $input) { comment { id status body { text } } userErrors { code message path } } }";
    desk.stranger().query_with(document, json!({ "input": { "editToken": token, "body": body } })).await
}

fn id(answer: &Answer, mutation: &str) -> String {
    answer.done(mutation, "comment")["id"].as_str().unwrap().to_owned()
}

/// What readers see: how many comments, and the threads.
async fn conversation(desk: &Desk, slug: &str) -> Value {
    let said = "authorName isStaff isByArticleAuthor body { text }";
    let document = format!(
        "query ($slug: String!) {{ article(by: {{ slug: $slug }}) {{ commentCount comments(first: 20) {{ totalCount nodes {{ {said} replies(first: 5) {{ nodes {{ {said} replies(first: 5) {{ nodes {{ {said} }} }} }} }} }} }} }} }}"
    );
    let answer = desk.stranger().query_with(&document, json!({ "slug": slug })).await;
    answer.data()["article"].clone()
}

/// The comments that stand somewhere, with why they were held.
async fn queue(by: &Actor, arguments: &str) -> Vec<Value> {
    let document = format!(
        "{{ viewer {{ moderationQueue({arguments}) {{ totalCount nodes {{ id status heldFor }} }} }} }}"
    );
    let answer = by.query(&document).await;
    let queue = &answer.data()["viewer"]["moderationQueue"];
    assert_eq!(queue["totalCount"], queue["nodes"].as_array().unwrap().len());
    queue["nodes"].as_array().unwrap().clone()
}

/// A public story of Arthur's, who is an author.
async fn public_story(desk: &Desk) -> (Actor, Value) {
    let arthur = desk.author().await;
    let draft = arthur.publish(&arthur.write("A story").await).await;
    (arthur, draft)
}

/// Why a comment that was sent just now is held; for no reason: it is public.
async fn held(by: &Actor, sent: &Answer) -> Value {
    let comment = sent.done("submitComment", "comment");
    if comment["status"] == "APPROVED" {
        return json!([]);
    }
    let waiting = queue(by, "first: 100").await;
    waiting.into_iter().find(|waiting| waiting["id"] == comment["id"]).unwrap()["heldFor"].clone()
}

on_both! {
    async fn every_decision_from_everywhere(desk) {
        let (moderator, (_, story)) = (desk.moderator().await, public_story(&desk).await);
        let article = &story["articleId"];
        for (verb, to) in DECISIONS {
            for (there, from) in [("", "PENDING")].into_iter().chain(DECISIONS) {
                let comment = desk.stranger().comment(article, None, &format!("{verb} from {from}")).await;
                if !there.is_empty() {
                    assert_eq!(decide(&moderator, there, &comment).await.done(there, "comment")["status"], from);
                }
                let (before, shown) = ((desk.rows().await, desk.log_length().await), conversation(&desk, "a-story").await);
                let answer = decide(&moderator, verb, &comment).await;
                let what = format!("{verb} from {from}: {}", answer.text);
                let is_repeated = from == to;
                if is_repeated || leads_from(verb).contains(&from) {
                    assert_eq!(answer.done(verb, "comment")["status"], to, "{what}");
                    assert_eq!(desk.log_length().await - before.1, i64::from(!is_repeated), "{what}");
                } else {
                    assert_eq!(answer.user_errors(verb), ["WRONG_STATE"], "{what}");
                    assert_eq!(answer.data()[verb]["comment"]["status"], from, "{what}");
                    assert_eq!((desk.rows().await, desk.log_length().await), before, "{what}");
                }
                let stands = answer.data()[verb]["comment"]["status"] == "APPROVED";
                let more = i64::from(stands) - i64::from(from == "APPROVED");
                let count = shown["commentCount"].as_i64().unwrap() + more;
                assert_eq!(conversation(&desk, "a-story").await["commentCount"], count, "{what}");
            }
        }
        // Nothing is decided about one that was erased.
        let comment = desk.stranger().comment(article, None, "Gone").await;
        let erase = "mutation ($id: ID!) { eraseComment(input: { commentId: $id }) { comment { status } userErrors { code } } }";
        moderator.query_with(erase, json!({ "id": comment })).await.done("eraseComment", "comment");
        for (verb, _) in DECISIONS {
            assert_eq!(decide(&moderator, verb, &comment).await.user_errors(verb), ["WRONG_STATE"], "{verb}");
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn what_is_taken_down_leaves_its_place_to_replies(desk) {
        let (moderator, (_, story)) = (desk.moderator().await, public_story(&desk).await);
        let article = &story["articleId"];
        let (reader, said) = (desk.stranger(), |seen: &Value| (seen["commentCount"].clone(), seen["comments"]["nodes"][0]["body"]["text"].clone()));
        for (verb, _) in &DECISIONS[1..] {
            let top = reader.comment(article, None, "Top").await;
            moderator.approve(&top).await;
            let answer = reader.comment(article, Some(&top), "Reply").await;
            moderator.approve(&answer).await;
            assert_eq!(said(&conversation(&desk, "a-story").await), (json!(2), json!("Top")));
            decide(&moderator, verb, &top).await.done(verb, "comment");
            let seen = conversation(&desk, "a-story").await;
            assert_eq!((&seen["commentCount"], &seen["comments"]["totalCount"]), (&json!(1), &json!(1)));
            let place = &seen["comments"]["nodes"][0];
            assert_eq!((&place["authorName"], &place["body"]), (&json!(""), &Value::Null));
            assert_eq!(place["replies"]["nodes"][0]["body"]["text"], "Reply");
            assert_eq!(desk.verify().await, Vec::<String>::new());
            // It is not there to be answered; approved again, it says what it said.
            assert_eq!(send_with(&desk, json!({ "articleId": article, "parentId": top, "authorName": "R", "authorEmail": "r@reader.example", "body": "Late" })).await.user_errors("submitComment"), ["NOT_FOUND"]);
            if *verb != "deleteComment" {
                moderator.approve(&top).await;
                assert_eq!(said(&conversation(&desk, "a-story").await), (json!(2), json!("Top")));
                decide(&moderator, verb, &top).await.done(verb, "comment");
            }
            decide(&moderator, "deleteComment", &answer).await.done("deleteComment", "comment");
            assert_eq!(conversation(&desk, "a-story").await["comments"]["totalCount"], 0);
        }
        // What is decided while the article is hidden shows when it is back.
        let comment = reader.comment(article, None, "Later").await;
        let editor = desk.editor().await;
        let down = editor.unpublish(&story).await;
        moderator.approve(&comment).await;
        let back = editor.publish(&down).await;
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 1);
        let down = editor.unpublish(&back).await;
        decide(&moderator, "markCommentAsSpam", &comment).await.done("markCommentAsSpam", "comment");
        editor.publish(&down).await;
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 0);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_decision_may_name_the_version_that_it_is_about(desk) {
        let (moderator, (_, story)) = (desk.moderator().await, public_story(&desk).await);
        let sent = send(&desk, &story["articleId"], "rita@reader.example", "Fine").await;
        let comment = id(&sent, "submitComment");
        edit(&desk, &sent.data()["submitComment"]["editToken"], "Buy this").await.done("editComment", "comment");
        let about = |version: i32| json!({ "commentId": comment, "version": version });
        let stale = decide_with(&moderator, "approveComment", about(1)).await;
        assert_eq!(stale.user_errors("approveComment"), ["CONFLICT"]);
        let payload = &stale.data()["approveComment"];
        assert_eq!((&payload["userErrors"][0]["path"], &payload["comment"]["version"]), (&json!(["input", "version"]), &json!(2)));
        assert_eq!(decide_with(&moderator, "approveComment", about(2)).await.done("approveComment", "comment")["version"], 3);
        // Its answer may have been lost.
        assert_eq!(decide_with(&moderator, "approveComment", about(2)).await.done("approveComment", "comment")["version"], 3);
        assert_eq!(decide_with(&moderator, "approveComment", about(1)).await.user_errors("approveComment"), ["CONFLICT"]);
    }

    async fn many_are_decided_about_each_for_itself(desk) {
        let (moderator, (arthur, story)) = (desk.moderator().await, public_story(&desk).await);
        let editor = desk.editor().await;
        let other = editor.publish(&editor.write("Another").await).await;
        let reader = desk.stranger();
        let one = reader.comment(&story["articleId"], None, "One").await;
        let two = reader.comment(&story["articleId"], None, "Two").await;
        let foreign = reader.comment(&other["articleId"], None, "Three").await;
        decide(&moderator, "deleteComment", &two).await.done("deleteComment", "comment");
        let nobody = format!("com_{}", "0".repeat(32));
        // An author decides about comments under own articles alone.
        let answer = decide_many(&arthur, "approveComments", &[&nobody, &one, &foreign, &two, &one]).await;
        let refused = |index: usize, code: &str| json!([{ "code": code, "path": ["input", "commentIds", index.to_string()] }]);
        assert_eq!(answer.done("approveComments", "results"), &json!([
            { "comment": null, "userErrors": refused(0, "NOT_FOUND") },
            { "comment": { "id": one, "status": "APPROVED" }, "userErrors": [] },
            { "comment": null, "userErrors": refused(2, "NOT_FOUND") },
            { "comment": { "id": two, "status": "DELETED" }, "userErrors": refused(3, "WRONG_STATE") },
            { "comment": { "id": one, "status": "APPROVED" }, "userErrors": [] },
        ]));
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 1);
        for (verb, status) in [("rejectComments", "REJECTED"), ("deleteComments", "DELETED")] {
            let answer = decide_many(&moderator, verb, &[&one, &foreign]).await;
            let statuses: Vec<&Value> = answer.done(verb, "results").as_array().unwrap().iter().map(|result| &result["comment"]["status"]).collect();
            assert_eq!(statuses, [status, status]);
        }
        let spam = reader.comment(&story["articleId"], None, "Buy").await;
        assert_eq!(decide_many(&moderator, "markCommentsAsSpam", &[&spam]).await.done("markCommentsAsSpam", "results")[0]["comment"]["status"], "SPAM");
        // Too many, none, and what is no id.
        let before = (desk.rows().await, desk.log_length().await);
        let many = decide_many(&moderator, "approveComments", &vec![spam.as_str(); 101]).await;
        assert_eq!((many.user_errors("approveComments"), &many.data()["approveComments"]["results"]), (vec!["TOO_LONG".to_owned()], &json!([])));
        assert_eq!(decide_many(&moderator, "approveComments", &[]).await.done("approveComments", "results"), &json!([]));
        assert_eq!(decide_many(&moderator, "approveComments", &[&spam, "x"]).await.error_code(), "BAD_REQUEST");
        assert_eq!(decide_many(&desk.stranger(), "approveComments", &[]).await.error_code(), "UNAUTHENTICATED");
        assert_eq!((desk.rows().await, desk.log_length().await), before);
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn the_desk_answers_under_its_own_name(desk) {
        let (editor, (arthur, story)) = (desk.editor().await, public_story(&desk).await);
        let article = &story["articleId"];
        // A reader may call themselves what they like.
        let forged = id(&send_with(&desk, json!({ "articleId": article, "authorName": "Edda", "authorEmail": "edda@desk.example", "body": "I am the editor" })).await, "submitComment");
        assert_eq!(reply(&editor, &forged, "No").await.user_errors("replyToComment"), ["WRONG_STATE"]);
        editor.approve(&forged).await;
        desk.clock.advance_seconds(1);
        let answer = reply(&editor, &forged, "You are **not**").await;
        let by_edda = id(&answer, "replyToComment");
        assert_eq!(answer.done("replyToComment", "comment"), &json!({
            "id": by_edda, "status": "APPROVED", "parentId": forged, "authorName": "Edda", "authorEmail": null, "isStaff": true, "isByArticleAuthor": false,
        }));
        desk.clock.advance_seconds(1);
        let by_arthur = reply(&arthur, &by_edda, "Nor are you me").await;
        let by_arthur = id(&by_arthur, "replyToComment");
        let said = |name: &str, is_staff: bool, is_author: bool, text: &str, replies: Value| json!({ "authorName": name, "isStaff": is_staff, "isByArticleAuthor": is_author, "body": { "text": text }, "replies": { "nodes": replies } });
        let last = json!([{ "authorName": "Arthur", "isStaff": true, "isByArticleAuthor": true, "body": { "text": "Nor are you me" } }]);
        let expected = said("Edda", false, false, "I am the editor", json!([said("Edda", true, false, "You are not", last)]));
        let seen = conversation(&desk, "a-story").await;
        assert_eq!((&seen["commentCount"], &seen["comments"]["nodes"]), (&json!(3), &json!([expected])));
        // Deeper than three levels it does not go, for nobody; the message says where to answer.
        let deep = reply(&editor, &by_arthur, "Deeper").await;
        let error = &deep.data()["replyToComment"]["userErrors"][0];
        assert_eq!((&error["code"], &error["path"]), (&json!("INVALID"), &json!(["input", "commentId"])));
        assert!(error["message"].as_str().unwrap().contains(&by_edda), "{error}");
        let deep = send_with(&desk, json!({ "articleId": article, "parentId": by_arthur, "authorName": "R", "authorEmail": "r@reader.example", "body": "x" })).await;
        assert_eq!((&deep.data()["submitComment"]["userErrors"][0]["code"], &deep.data()["submitComment"]["userErrors"][0]["path"]), (&json!("INVALID"), &json!(["input", "parentId"])));
        // What is said must be something; and an answer is moderated like the rest. Removed, it is marked as nobody's.
        assert_eq!(reply(&editor, &forged, " ").await.user_errors("replyToComment"), ["REQUIRED"]);
        decide(&editor, "rejectComment", &by_edda).await.done("rejectComment", "comment");
        let seen = conversation(&desk, "a-story").await;
        let place = &seen["comments"]["nodes"][0]["replies"]["nodes"][0];
        assert_eq!((&place["authorName"], &place["isStaff"], &place["body"]), (&json!(""), &json!(false), &Value::Null));
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // Nobody answers where nobody reads.
        let editors = editor.unpublish(&story).await;
        assert_eq!(reply(&editor, &forged, "Hello?").await.user_errors("replyToComment"), ["WRONG_STATE"]);
        editor.publish(&editors).await;
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 2);
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // The mark can't be put on by hand.
        desk.tamper("UPDATE comments SET is_staff = TRUE; UPDATE comment_records SET is_by_article_author = TRUE WHERE staff_id IS NULL").await;
        let found = desk.verify().await;
        assert!(found.iter().any(|line| line.starts_with(&format!("{forged}, isStaff"))), "{found:?}");
        assert!(found.iter().any(|line| line.starts_with(&format!("{forged}, record"))), "{found:?}");
    }

    async fn an_answer_that_is_missing_is_missed(desk) {
        let (editor, (_, story)) = (desk.editor().await, public_story(&desk).await);
        let top = desk.stranger().comment(&story["articleId"], None, "Top").await;
        editor.approve(&top).await;
        let answer = id(&reply(&editor, &top, "Indeed").await, "replyToComment");
        desk.tamper("DELETE FROM comments WHERE is_staff; UPDATE articles SET comment_count = 1; DELETE FROM comment_records WHERE staff_id IS NOT NULL").await;
        let found = desk.verify().await;
        assert!(found.iter().any(|line| line.starts_with(&format!("{answer}, record: is in the log, and its row is missing"))), "{found:?}");
    }

    async fn a_reader_changes_a_comment_for_a_while(desk) {
        let (moderator, (_, story)) = (desk.moderator().await, public_story(&desk).await);
        let article = &story["articleId"];
        let sent = send(&desk, article, "rita@reader.example", "Frist").await;
        let (comment, token) = (id(&sent, "submitComment"), &sent.data()["submitComment"]["editToken"]);
        assert_eq!(sent.data()["submitComment"]["editTokenExpiresAt"], "2026-11-24T09:15:00.000Z");
        moderator.approve(&comment).await;
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 1);
        // What was approved is not what it says now.
        desk.clock.advance_seconds(60);
        let edited = edit(&desk, token, "First").await;
        assert_eq!(edited.done("editComment", "comment"), &json!({ "id": comment, "status": "PENDING", "body": { "text": "First" } }));
        assert_eq!(conversation(&desk, "a-story").await["comments"]["totalCount"], 0);
        assert!(queue(&moderator, "first: 100").await[0]["heldFor"].as_array().unwrap().contains(&json!("EDITED")));
        let before = (desk.rows().await, desk.log_length().await);
        edit(&desk, token, " First ").await.done("editComment", "comment");
        assert_eq!((desk.rows().await, desk.log_length().await), before);
        assert_eq!(edit(&desk, token, "![](https://x.example/y.png)").await.user_errors("editComment"), ["INVALID"]);
        // Forged tokens, and what never was one.
        let whole = token.as_str().unwrap();
        let other = send(&desk, article, "otto@reader.example", "Other").await.data()["submitComment"]["editToken"].as_str().unwrap().to_owned();
        let mixed = format!("{}{}", &other[..22], &whole[22..]);
        let before = (desk.rows().await, desk.log_length().await);
        for forged in [mixed.as_str(), &whole[1..], &whole[..40], "", "x", &"A".repeat(54)] {
            let refused = edit(&desk, &json!(forged), "Forged").await;
            assert_eq!(refused.user_errors("editComment"), ["NOT_FOUND"], "{forged}");
        }
        assert_eq!((desk.rows().await, desk.log_length().await), before);
        // Another's token changes another's comment.
        assert_ne!(edit(&desk, &json!(other), "Another").await.done("editComment", "comment")["id"], comment);
        // One that was decided against is answered as a forged one is.
        let forged = edit(&desk, &json!("x"), "y").await.text;
        for (verb, _) in &DECISIONS[1..] {
            let sent = send(&desk, article, "rita@reader.example", verb).await;
            decide(&moderator, verb, &id(&sent, "submitComment")).await.done(verb, "comment");
            assert_eq!(edit(&desk, &sent.data()["submitComment"]["editToken"], "Again").await.text, forged, "{verb}");
        }
        // Nor is it good later, nor while the article is hidden.
        let editor = desk.editor().await;
        let down = editor.unpublish(&story).await;
        assert_eq!(edit(&desk, token, "Hidden").await.text, forged);
        editor.publish(&down).await;
        desk.clock.advance_seconds(14 * 60 - 1);
        edit(&desk, token, "In time").await.done("editComment", "comment");
        desk.clock.advance_seconds(1);
        assert_eq!(edit(&desk, token, "Late").await.text, forged);
        assert_eq!(desk.verify().await, Vec::<String>::new());
        let desk = desk.restart_with(&[("comment_edit_minutes", "0")]).await;
        let sent = send(&desk, article, "rita@reader.example", "Final").await;
        assert_eq!(sent.done("submitComment", "editToken"), &Value::Null);
        assert_eq!(sent.data()["submitComment"]["editTokenExpiresAt"], Value::Null);
    }

    async fn changes_are_counted_as_comments_are(desk) {
        let (_, story) = public_story(&desk).await;
        let desk = desk.restart_with(&[("comment_limit", "2")]).await;
        let sent = send(&desk, &story["articleId"], "rita@reader.example", "One").await;
        let token = &sent.data()["submitComment"]["editToken"];
        edit(&desk, token, "Two").await.done("editComment", "comment");
        assert_eq!(edit(&desk, token, "Three").await.error_code(), "RATE_LIMITED");
    }

    async fn first_comments_are_held_and_later_ones_are_not(desk) {
        let (editor, (_, story)) = (desk.editor().await, public_story(&desk).await);
        let article = &story["articleId"];
        // As it is set by default, everything waits.
        let first = send(&desk, article, "Rita@Reader.example", "Hello").await;
        assert_eq!(held(&editor, &first).await, json!(["ALWAYS_MODERATED", "FIRST_TIME_AUTHOR"]));
        let mut settings = vec![("comment_moderation", "first_time"), ("comment_links", "allow")];
        let mut desk = desk.restart_with(&settings).await;
        let editor = desk.sign_in("edda@desk.example").await;
        assert_eq!(held(&editor, &send(&desk, article, "rita@reader.example", "Again").await).await, json!(["FIRST_TIME_AUTHOR"]));
        editor.approve(&id(&first, "submitComment")).await;
        // One address, however it is spelled; and no other, however alike.
        for (number, known) in ["rita@reader.example", "RITA@READER.EXAMPLE", " rita@reader.example ", "\"rita\"@reader.example"].into_iter().enumerate() {
            let sent = send(&desk, article, known, &format!("Known {number}")).await;
            assert_eq!(held(&editor, &sent).await, json!([]), "{known}");
        }
        for other in ["rita+1@reader.example", "r.ita@reader.example", "rit\u{430}@reader.example", "rita@reader.example.org", "rita@sub.reader.example"] {
            assert_eq!(held(&editor, &send(&desk, article, other, "Hello there").await).await, json!(["FIRST_TIME_AUTHOR"]), "{other}");
        }
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 5);
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // The same words again, many links, and how links may be written.
        assert_eq!(held(&editor, &send(&desk, article, "rita@reader.example", "Known 0").await).await, json!(["REPEATED_TEXT"]));
        assert_eq!(held(&editor, &send(&desk, article, "rita@reader.example", "https://a.example [b](https://b.example)").await).await, json!([]));
        assert_eq!(held(&editor, &send(&desk, article, "rita@reader.example", "https://a.example https://b.example <a href='https://c.example'>c</a>").await).await, json!(["MANY_LINKS"]));
        settings[1] = ("comment_links", "hold");
        desk = desk.restart_with(&settings).await;
        let editor = desk.sign_in("edda@desk.example").await;
        for (number, link) in ["https://a.example", "www.a.example", "[a](https://a.example)", "<https://a.example>", "<A HREF=\"https://a.example\">a</A>", "[a][b]\n\n[b]: https://a.example"].into_iter().enumerate() {
            let sent = send(&desk, article, "rita@reader.example", &format!("{number} {link}")).await;
            assert_eq!(held(&editor, &sent).await, json!(["HAS_LINKS"]), "{link}");
        }
        // A change always waits; and once one is spam, its address is known for that.
        let sent = send(&desk, article, "rita@reader.example", "Plain words").await;
        assert_eq!(held(&editor, &sent).await, json!([]));
        let shown = conversation(&desk, "a-story").await["commentCount"].as_i64().unwrap();
        let edited = edit(&desk, &sent.data()["submitComment"]["editToken"], "Buy: https://a.example").await;
        assert_eq!(edited.done("editComment", "comment")["status"], "PENDING");
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], shown - 1);
        decide(&editor, "markCommentAsSpam", &id(&sent, "submitComment")).await.done("markCommentAsSpam", "comment");
        assert_eq!(held(&editor, &send(&desk, article, "rita@reader.example", "More words").await).await, json!(["FIRST_TIME_AUTHOR"]));
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // One that was accepted, and taken out by hand, is missed.
        desk.tamper("DELETE FROM comments WHERE body = 'Known 1'; UPDATE articles SET comment_count = comment_count - 1").await;
        let found = desk.verify_with(Options { extent: Extent::Public, ..Options::default() }).await;
        assert!(found.iter().any(|line| line.contains("public row: must be public, and is not")), "{found:?}");
    }

    async fn links_and_pictures_are_the_sites_to_allow(desk) {
        let (editor, (_, story)) = (desk.editor().await, public_story(&desk).await);
        let article = &story["articleId"];
        let email = "rita@reader.example";
        let html = async |desk: &Desk, comment: &str| {
            let answer = desk.stranger().query_with("query ($id: ID!) { node(id: $id) { ... on Comment { body { html } } } }", json!({ "id": comment })).await;
            answer.data()["node"]["body"]["html"].as_str().unwrap().trim().to_owned()
        };
        // Nobody's comment lends a link its good name.
        let sent = id(&send(&desk, article, email, "See https://a.example").await, "submitComment");
        editor.approve(&sent).await;
        assert_eq!(html(&desk, &sent).await, "<p>See <a href=\"https://a.example\" rel=\"nofollow ugc noopener\">https://a.example</a></p>");
        let picture = "![a tram](https://a.example/tram.jpg)";
        let image = format!("![]({})", editor.image("A quay").await);
        for refused in [picture, &image] {
            assert_eq!(send(&desk, article, email, refused).await.user_errors("submitComment"), ["INVALID"], "{refused}");
        }
        let desk = desk.restart_with(&[("comment_links", "refuse")]).await;
        for refused in ["https://a.example", "<a href='https://a.example'>a</a>"] {
            let answer = send(&desk, article, email, refused).await;
            assert_eq!(answer.data()["submitComment"]["userErrors"][0]["path"], json!(["input", "body"]), "{refused}");
        }
        // The desk may link all the same; a reader can't by a change.
        reply(&desk.sign_in("edda@desk.example").await, &sent, "See https://b.example").await.done("replyToComment", "comment");
        let plain = send(&desk, article, email, "Plain").await;
        assert_eq!(edit(&desk, &plain.data()["submitComment"]["editToken"], "www.a.example").await.user_errors("editComment"), ["INVALID"]);
        // A picture is never fetched from elsewhere: it is shown as a link, and held as one.
        let desk = desk.restart_with(&[("comment_links", "hold"), ("comment_images", "link")]).await;
        let editor = desk.sign_in("edda@desk.example").await;
        for refused in [&image, "![](javascript:x)", "![](/relative.png)"] {
            assert_eq!(send(&desk, article, email, refused).await.user_errors("submitComment"), ["INVALID"], "{refused}");
        }
        let sent = id(&send(&desk, article, email, picture).await, "submitComment");
        assert_eq!(queue(&editor, "first: 100").await.into_iter().find(|waiting| waiting["id"] == json!(sent)).unwrap()["heldFor"], json!(["ALWAYS_MODERATED", "HAS_LINKS"]));
        editor.approve(&sent).await;
        assert_eq!(html(&desk, &sent).await, "<p><a href=\"https://a.example/tram.jpg\" rel=\"nofollow ugc noopener\">a tram</a></p>");
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn the_queue_by_article_state_and_age(desk) {
        let (moderator, (arthur, story)) = (desk.moderator().await, public_story(&desk).await);
        let editor = desk.editor().await;
        let other = editor.publish(&editor.write("Another").await).await;
        let mut sent = Vec::new();
        for (article, body) in [(&story, "One"), (&other, "Two"), (&story, "Three")] {
            sent.push(desk.stranger().comment(&article["articleId"], None, body).await);
            desk.clock.advance_seconds(1);
        }
        let ids = async |by: &Actor, arguments: &str| -> Vec<usize> {
            let found = queue(by, arguments).await;
            found.iter().map(|comment| sent.iter().position(|id| comment["id"] == *id).unwrap()).collect()
        };
        let under = |draft: &Value| format!("filter: {{ articleId: {} }}", draft["articleId"]);
        assert_eq!(ids(&moderator, "first: 20").await, [0, 1, 2]);
        assert_eq!(ids(&moderator, "orderBy: CREATED_AT_DESC").await, [2, 1, 0]);
        assert_eq!(ids(&moderator, &under(&story)).await, [0, 2]);
        assert_eq!(ids(&moderator, &format!("{}, orderBy: CREATED_AT_DESC", under(&story))).await, [2, 0]);
        assert_eq!(ids(&arthur, "first: 20").await, [0, 2]);
        assert_eq!(ids(&arthur, &under(&other)).await, Vec::<usize>::new());
        decide(&moderator, "rejectComment", &sent[0]).await.done("rejectComment", "comment");
        assert_eq!(ids(&moderator, &under(&story)).await, [2]);
        assert_eq!(ids(&moderator, &format!("status: REJECTED, {}", under(&story))).await, [0]);
        // A cursor of one list is none of another.
        let page = moderator.query("{ viewer { moderationQueue(first: 1) { pageInfo { endCursor } } } }").await;
        let cursor = &page.data()["viewer"]["moderationQueue"]["pageInfo"]["endCursor"];
        let elsewhere = moderator.query(&format!("{{ viewer {{ moderationQueue(after: {cursor}, orderBy: CREATED_AT_DESC) {{ totalCount }} }} }}")).await;
        assert_eq!(elsewhere.error_code(), "BAD_REQUEST");
    }

    async fn comments_are_open_closed_or_close_by_themselves(desk) {
        let (editor, (arthur, story)) = (desk.editor().await, public_story(&desk).await);
        let article = &story["articleId"];
        let set = async |by: &Actor, version: i64, comments: &str, days: Value| {
            let document = "mutation ($input: SetArticleCommentsInput!) { setArticleComments(input: $input) { draft { version commentSettings { comments closeAfterDays version } } userErrors { code message path } } }";
            by.query_with(document, json!({ "input": { "articleId": article, "version": version, "comments": comments, "closeAfterDays": days } })).await
        };
        let told = async |desk: &Desk| {
            let answer = desk.stranger().query("{ article(by: { slug: \"a-story\" }) { commentsOpen commentsCloseAt } }").await;
            let article = answer.data()["article"].clone();
            (article["commentsOpen"].as_bool().unwrap(), article["commentsCloseAt"].clone())
        };
        let refused = async |desk: &Desk| {
            let before = (desk.rows().await, desk.log_length().await);
            let answer = send(desk, article, "rita@reader.example", "Too late?").await;
            assert_eq!(answer.user_errors("submitComment"), ["WRONG_STATE"]);
            assert_eq!((desk.rows().await, desk.log_length().await), before);
            let error = answer.data()["submitComment"]["userErrors"][0].clone();
            assert_eq!(error["path"], json!(["input", "articleId"]));
            error["message"].as_str().unwrap().to_owned()
        };
        assert_eq!(told(&desk).await, (true, Value::Null));
        let top = desk.stranger().comment(article, None, "Early").await;
        editor.approve(&top).await;
        // Closed by whose article it is; what was said stays, and the desk may answer.
        desk.clock.advance_seconds(60);
        let closed = set(&arthur, 0, "CLOSED", Value::Null).await;
        let settings = json!({ "comments": "CLOSED", "closeAfterDays": null, "version": 1 });
        assert_eq!(closed.done("setArticleComments", "draft"), &json!({ "version": story["version"], "commentSettings": settings }));
        assert_eq!(told(&desk).await, (false, Value::Null));
        assert_eq!(refused(&desk).await, "The comments under this article are closed since 2026-11-24T09:01:00.000Z.");
        reply(&arthur, &top, "Thank you all").await.done("replyToComment", "comment");
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 2);
        // From a stale version nothing is set; once more is done already.
        assert_eq!(set(&editor, 0, "OPEN", json!(1)).await.user_errors("setArticleComments"), ["CONFLICT"]);
        for again in [0, 1] {
            assert_eq!(set(&editor, again, "CLOSED", Value::Null).await.done("setArticleComments", "draft")["commentSettings"], settings);
        }
        assert_eq!(set(&editor, 1, "OPEN", json!(-1)).await.user_errors("setArticleComments"), ["INVALID"]);
        assert_eq!(set(&editor, 1, "OPEN", json!(36_501)).await.user_errors("setArticleComments"), ["INVALID"]);
        // Open for two days from its publication.
        set(&editor, 1, "OPEN", json!(2)).await.done("setArticleComments", "draft");
        assert_eq!(told(&desk).await, (true, json!("2026-11-26T09:00:00.000Z")));
        desk.clock.advance_seconds(2 * 86_400 - 61);
        let editor = desk.sign_in("edda@desk.example").await;
        send(&desk, article, "rita@reader.example", "In time").await.done("submitComment", "comment");
        desk.clock.advance_seconds(1);
        assert_eq!(told(&desk).await, (false, json!("2026-11-26T09:00:00.000Z")));
        assert_eq!(refused(&desk).await, "The comments under this article are closed since 2026-11-26T09:00:00.000Z.");
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // It stays said while the article is hidden, and counts when it is back: from the first publication.
        let draft = editor.run("OneDraft", json!({ "articleId": article })).await.data()["viewer"]["draft"].clone();
        let down = editor.unpublish(&draft).await;
        let document = "mutation ($id: ID!) { setArticleComments(input: { articleId: $id, version: 2, comments: SITE_DEFAULT, closeAfterDays: 3 }) { draft { articleId } userErrors { code } } }";
        editor.query_with(document, json!({ "id": article })).await.done("setArticleComments", "draft");
        assert_eq!(desk.verify().await, Vec::<String>::new());
        editor.publish(&down).await;
        assert_eq!(told(&desk).await, (true, json!("2026-11-27T09:00:00.000Z")));
        assert_eq!(desk.verify().await, Vec::<String>::new());
        // What the site says holds where the article does not.
        let desk = desk.restart_with(&[("comments_open", "closed")]).await;
        assert_eq!(told(&desk).await, (false, Value::Null));
        assert_eq!(refused(&desk).await, "Comments are closed on this site.");
        let desk = desk.restart_with(&[("comments_open", "open"), ("comments_close_after_days", "1")]).await;
        assert_eq!(told(&desk).await, (true, json!("2026-11-27T09:00:00.000Z")));
        let editor = desk.sign_in("edda@desk.example").await;
        let document = "mutation ($id: ID!) { setArticleComments(input: { articleId: $id, version: 3, comments: SITE_DEFAULT }) { draft { articleId } userErrors { code } } }";
        editor.query_with(document, json!({ "id": article })).await.done("setArticleComments", "draft");
        assert_eq!(told(&desk).await, (false, json!("2026-11-25T09:00:00.000Z")));
        // Opened by hand, it is found, wherever.
        assert_eq!(desk.verify().await, Vec::<String>::new());
        desk.tamper("UPDATE articles SET comments = 'OPEN', comments_close_after_days = 0").await;
        let article_id = article.as_str().unwrap();
        for extent in [Extent::Whole, Extent::Public] {
            let found = desk.verify_with(Options { extent, ..Options::default() }).await;
            for field in ["comments", "commentsCloseAfterDays"] {
                assert!(found.iter().any(|line| line.starts_with(&format!("{article_id}, {field}: "))), "{found:?}");
            }
        }
        desk.tamper("UPDATE comment_settings SET comments = 'OPEN', close_after_days = 0").await;
        let found = desk.verify().await;
        assert!(found.iter().any(|line| line.starts_with(&format!("{article_id}, commentSettings: "))) && found.len() == 1, "{found:?}");
        desk.tamper("DELETE FROM comment_settings").await;
        let found = desk.verify().await;
        assert!(found.iter().any(|line| line.contains("commentSettings: are in the log")), "{found:?}");
    }

    async fn threads_are_as_deep_as_the_site_says(desk) {
        let (editor, (_, story)) = (desk.editor().await, public_story(&desk).await);
        let article = &story["articleId"];
        let answer = async |desk: &Desk, parent: &str| send_with(desk, json!({ "articleId": article, "parentId": parent, "authorName": "R", "authorEmail": "r@reader.example", "body": "Reply" })).await;
        let mut thread = vec![desk.stranger().comment(article, None, "Top").await];
        for _ in 0..2 {
            editor.approve(thread.last().unwrap()).await;
            thread.push(id(&answer(&desk, thread.last().unwrap()).await, "submitComment"));
        }
        editor.approve(&thread[2]).await;
        let deep = answer(&desk, &thread[2]).await;
        assert_eq!(deep.data()["submitComment"]["userErrors"], json!([{ "code": "INVALID", "path": ["input", "parentId"], "message": format!("Threads are 3 levels deep: answer the comment above it, {}.", thread[1]) }]));
        // Where the site allows fewer levels now, what was said stays, and only new replies are refused.
        let desk = desk.restart_with(&[("comment_depth", "1")]).await;
        assert_eq!(conversation(&desk, "a-story").await["commentCount"], 3);
        let flat = answer(&desk, &thread[0]).await;
        assert_eq!(flat.data()["submitComment"]["userErrors"][0]["message"], "Comments are not answered here: begin a new thread.");
        let desk = desk.restart_with(&[("comment_depth", "4")]).await;
        answer(&desk, &thread[2]).await.done("submitComment", "comment");
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }
}
