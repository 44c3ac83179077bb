//! How often what may happen: floods of sign-ins and comments, and who counts as one.

use serde_json::{Value, json};

use crate::harness::{Actor, Answer, CONTRACT, Desk, Engine, PASSWORD, on_both};

/// Sends an operation of the contract as if a proxy had passed it on for this address.
async fn from(at: &Actor, address: &str, operation: &str, input: Value) -> Answer {
    let body = json!({ "query": CONTRACT, "operationName": operation, "variables": { "input": input } });
    at.raw(|request| request.header("x-forwarded-for", address).json(&body)).await
}

async fn sign_in(at: &Actor, address: &str, email: &str, password: &str) -> Answer {
    from(at, address, "SignIn", json!({ "email": email, "password": password })).await
}

const PROXIED: &[(&str, &str)] = &[("trusted_proxies", "127.0.0.1/32")];
const EDDA: &str = "edda@desk.example";

/// Fails where it isn't the refusal of too many; gives the seconds to wait.
fn limited(answer: &Answer) -> u64 {
    assert_eq!(answer.error_code(), "RATE_LIMITED", "{}", answer.text);
    let seconds = answer.body["errors"][0]["extensions"]["retryAfter"].as_u64().unwrap();
    assert_eq!(answer.headers["retry-after"].to_str().unwrap(), seconds.to_string());
    seconds
}

on_both! {
    async fn an_account_is_tried_so_often_from_one_network(desk) {
        let editor = desk.editor().await;
        let stranger = desk.stranger();
        let try_as = async |email: &str, password: &str| stranger.run("SignIn", json!({ "input": { "email": email, "password": password } })).await;
        for _ in 0..10 {
            assert_eq!(try_as(EDDA, "wrong horse battery").await.user_errors("signIn"), ["INVALID"]);
        }
        let before = (desk.rows().await, desk.log_length().await);
        // The right password is not heard either, so nothing is learned; nor is another spelling of the address another account.
        assert_eq!(limited(&try_as(EDDA, PASSWORD).await), 90);
        limited(&try_as(" EDDA@desk.example ", PASSWORD).await);
        let change = "mutation ($old: String!) { changePassword(input: { currentPassword: $old, newPassword: \"another horse battery\" }) { userErrors { code } } }";
        limited(&editor.query_with(change, json!({ "old": PASSWORD })).await);
        assert_eq!((desk.rows().await, desk.log_length().await), before);
        // Nobody else is kept out by it, and who is signed in goes on.
        desk.author().await;
        assert_eq!(editor.query("{ viewer { user { id } } }").await.status, 200);
        desk.clock.advance_seconds(90);
        try_as(EDDA, PASSWORD).await.done("signIn", "session");
        // That it was right begins the count anew.
        for _ in 0..10 {
            assert_eq!(try_as(EDDA, "wrong horse battery").await.user_errors("signIn"), ["INVALID"]);
        }
    }

    async fn unknown_accounts_are_limited_and_held_back_alike(desk) {
        let try_one = || {
            let stranger = desk.stranger();
            tokio::spawn(async move { stranger.run("SignIn", json!({ "input": { "email": "nobody@desk.example", "password": PASSWORD } })).await })
        };
        for delay in [0, 0, 0, 0, 0, 1, 2, 4, 8, 10] {
            let one = try_one();
            if delay > 0 {
                while desk.store.limits.sign_ins_waiting.available_permits() == 1_000 {
                    tokio::task::yield_now().await;
                }
                assert!(!one.is_finished());
                desk.clock.advance_seconds(delay);
            }
            assert_eq!(one.await.unwrap().user_errors("signIn"), ["INVALID"]);
        }
        assert_eq!(limited(&try_one().await.unwrap()), 90 - 25);
    }

    async fn where_somebody_signed_in_before_no_account_is_held_back(desk) {
        desk.editor().await;
        desk.author().await;
        // The clock stands still: what is held back would never be answered.
        for email in [EDDA, "arthur@desk.example", "nobody@desk.example"] {
            for _ in 0..8 {
                let answer = desk.stranger().run("SignIn", json!({ "input": { "email": email, "password": "wrong horse battery" } })).await;
                assert_eq!(answer.user_errors("signIn"), ["INVALID"]);
            }
        }
    }

    async fn aliases_and_claimed_addresses_win_nothing(desk) {
        desk.editor().await;
        let stranger = desk.stranger();
        let twice = "mutation { a: signIn(input: { email: \"a\", password: \"b\" }) { userErrors { code } } b: signIn(input: { email: \"a\", password: \"b\" }) { userErrors { code } } }";
        assert_eq!(stranger.query(twice).await.error_code(), "BAD_REQUEST");
        for number in 0..10 {
            // Nobody vouches for this header.
            let answer = sign_in(&stranger, &format!("203.0.113.{number}"), EDDA, "wrong horse battery").await;
            assert_eq!(answer.user_errors("signIn"), ["INVALID"]);
        }
        limited(&sign_in(&stranger, "203.0.113.99", EDDA, PASSWORD).await);
        // Aliased, each attempt of another kind counts for itself.
        let article = { let editor = desk.author().await; editor.publish(&editor.write("A story").await).await["articleId"].clone() };
        let comment = |alias: usize| format!("c{alias}: submitComment(input: {{ articleId: {article}, authorName: \"R\", authorEmail: \"r@reader.example\", body: \"Hi\" }}) {{ userErrors {{ code }} }}");
        let desk = desk.restart_with(&[("comment_limit", "3")]).await;
        let many = format!("mutation {{ {} }}", (0..5).map(comment).collect::<Vec<_>>().join(" "));
        let answer = desk.stranger().query(&many).await;
        let codes: Vec<&str> = answer.body["errors"].as_array().unwrap().iter().map(|error| error["extensions"]["code"].as_str().unwrap()).collect();
        assert_eq!(codes, ["RATE_LIMITED"; 2]);
        assert_eq!(answer.body["data"]["c2"], json!({ "userErrors": [] }));
    }
}

async fn proxied(more: &[(&str, &str)]) -> Desk {
    Desk::open_with(Engine::Sqlite, &[PROXIED, more].concat()).await.unwrap()
}

#[tokio::test]
async fn a_network_is_an_ipv4_address_or_an_ipv6_64() {
    let desk = proxied(&[("sign_in_network_limit", "3")]).await;
    let stranger = desk.stranger();
    let try_from = async |address: &str, number: u32| {
        sign_in(&stranger, address, &format!("nobody{number}@desk.example"), PASSWORD).await
    };
    for number in 0..3 {
        assert_eq!(try_from("2001:db8:1:2::1", number).await.user_errors("signIn"), ["INVALID"]);
        assert_eq!(try_from("192.0.2.1", number + 10).await.user_errors("signIn"), ["INVALID"]);
    }
    assert_eq!(limited(&try_from("2001:db8:1:2:ffff::9", 3).await), 300);
    limited(&try_from("::ffff:192.0.2.1", 3).await);
    limited(&try_from("1.2.3.4, 192.0.2.1", 3).await);
    assert_eq!(try_from("2001:db8:1:3::1", 3).await.user_errors("signIn"), ["INVALID"]);
    assert_eq!(try_from("192.0.2.2", 3).await.user_errors("signIn"), ["INVALID"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_attacked_from_everywhere_waits_a_little_and_gets_in() {
    let desk = proxied(&[]).await;
    desk.editor().await;
    let stranger = desk.stranger();
    for number in 0..5 {
        for email in [EDDA, "nobody@desk.example"] {
            let answer =
                sign_in(&stranger, &format!("203.0.113.{number}"), email, "wrong horse battery").await;
            assert_eq!(answer.user_errors("signIn"), ["INVALID"]);
        }
    }
    // From a new place, the next try is held back for a second, then decided like any other; whoever the account is.
    let late = |email: &'static str, password: &'static str| {
        let stranger = stranger.clone();
        tokio::spawn(async move { sign_in(&stranger, "198.51.100.7", email, password).await })
    };
    let (right, nobody) = (late(EDDA, PASSWORD), late("nobody@desk.example", PASSWORD));
    while desk.store.limits.sign_ins_waiting.available_permits() > 998 {
        tokio::task::yield_now().await;
    }
    assert!(!right.is_finished() && !nobody.is_finished());
    // Meanwhile readers read.
    assert_eq!(stranger.query("{ articles { nodes { id } } }").await.status, 200);
    // From a place where the account signed in before, nothing is held back.
    sign_in(&stranger, "127.0.0.1", EDDA, PASSWORD).await.done("signIn", "session");
    desk.clock.advance_seconds(1);
    right.await.unwrap().done("signIn", "session");
    assert_eq!(nobody.await.unwrap().user_errors("signIn"), ["INVALID"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_sign_ins_takes_neither_memory_nor_readers() {
    let desk = proxied(&[("password_hashes", "1"), ("sign_in_network_limit", "1000")]).await;
    desk.editor().await;
    let flood: Vec<_> = (0..200)
        .map(|number| {
            let stranger = desk.stranger();
            let (address, email) =
                (format!("10.1.{}.{number}", number % 7), format!("nobody{number}@desk.example"));
            tokio::spawn(async move { sign_in(&stranger, &address, &email, PASSWORD).await })
        })
        .collect();
    while desk.store.limits.password_queue.available_permits() > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(desk.stranger().query("{ articles { nodes { id } } }").await.status, 200);
    let mut refused = 0;
    for one in flood {
        let answer = one.await.unwrap();
        if answer.body.get("errors").is_some() {
            limited(&answer);
            refused += 1;
        } else {
            assert_eq!(answer.user_errors("signIn"), ["INVALID"]);
        }
    }
    assert!(refused > 0, "32 wait at most, and all 200 were taken in");
    sign_in(&desk.stranger(), "127.0.0.1", EDDA, PASSWORD).await.done("signIn", "session");
}

#[tokio::test]
async fn comments_are_limited_by_network_and_article() {
    let desk = proxied(&[("comment_limit", "2"), ("comment_network_limit", "5")]).await;
    let editor = desk.editor().await;
    let mut articles = Vec::new();
    for title in ["One", "Two", "Three", "Four"] {
        articles.push(editor.publish(&editor.write(title).await).await["articleId"].clone());
    }
    let stranger = desk.stranger();
    let comment = async |address: &str, article: &Value| {
        let input = json!({ "articleId": article, "authorName": "R", "authorEmail": "r@reader.example", "body": "Hi" });
        from(&stranger, address, "SubmitComment", input).await
    };
    for article in &articles[..2] {
        for _ in 0..2 {
            comment("192.0.2.1", article).await.done("submitComment", "comment");
        }
    }
    let before = (desk.rows().await, desk.log_length().await);
    assert_eq!(limited(&comment("192.0.2.1", &articles[0]).await), 300);
    // That was the network's fifth.
    assert_eq!(limited(&comment("192.0.2.1", &articles[3]).await), 120);
    assert_eq!((desk.rows().await, desk.log_length().await), before);
    comment("192.0.2.2", &articles[0]).await.done("submitComment", "comment");
    desk.clock.advance_seconds(300);
    comment("192.0.2.1", &articles[0]).await.done("submitComment", "comment");
}

#[tokio::test]
async fn headers_that_would_break_out_are_nothing() {
    let desk = proxied(&[]).await;
    let editor = desk.editor().await;
    for value in ["\u{202E}", "<script>", "203.0.113.5%0d%0aX: y", "for=\"", ",,,,", &"9,".repeat(2_000)] {
        let answer = sign_in(&desk.stranger(), value, EDDA, PASSWORD).await;
        answer.done("signIn", "session");
    }
    let sessions = editor.query("{ viewer { sessions { address userAgent } } }").await;
    for session in sessions.data()["viewer"]["sessions"].as_array().unwrap() {
        assert_eq!(session["address"], "127.0.0.1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_held_back_and_signed_out_meanwhile_changes_nothing() {
    let desk = proxied(&[]).await;
    let editor = desk.editor().await;
    let stranger = desk.stranger();
    for number in 0..5 {
        sign_in(&stranger, &format!("203.0.113.{number}"), EDDA, "wrong horse battery")
            .await
            .user_errors("signIn");
    }
    let thief = editor.clone();
    let waiting = tokio::spawn(async move {
        let change = format!(
            "mutation {{ changePassword(input: {{ currentPassword: \"{PASSWORD}\", newPassword: \"another horse battery\" }}) {{ userErrors {{ code }} }} }}"
        );
        thief
            .raw(|request| {
                request.header("x-forwarded-for", "198.51.100.7").json(&json!({ "query": change }))
            })
            .await
    });
    while desk.store.limits.sign_ins_waiting.available_permits() == 1_000 {
        tokio::task::yield_now().await;
    }
    editor.query("mutation { signOut(input: { everywhere: true }) { userErrors { code } } }").await.data();
    desk.clock.advance_seconds(10);
    assert_eq!(waiting.await.unwrap().error_code(), "UNAUTHENTICATED");
    sign_in(&stranger, "127.0.0.1", EDDA, PASSWORD).await.done("signIn", "session");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_queue_counts_against_nobody_and_keeps_places_for_known_networks() {
    let desk = proxied(&[]).await;
    desk.editor().await;
    let stranger = desk.stranger();
    let flood = desk.store.limits.password_queue.acquire_many(64).await.unwrap();
    for _ in 0..20 {
        assert_eq!(limited(&sign_in(&stranger, "198.51.100.7", EDDA, PASSWORD).await), 5);
    }
    sign_in(&stranger, "127.0.0.1", EDDA, PASSWORD).await.done("signIn", "session");
    drop(flood);
    // None of the twenty counted: nothing is held back, nothing refused.
    sign_in(&stranger, "198.51.100.7", EDDA, PASSWORD).await.done("signIn", "session");
}
