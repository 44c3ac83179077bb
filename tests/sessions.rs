//! Sessions: two tabs, a lost answer, a copied token; and that what ends them ends them at once, on every node.

use std::collections::BTreeSet;

use copydesk::operation::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, Desk, PASSWORD, on_both};

/// Signs in; gives who has the access token, and the refresh token.
async fn begin(desk: &Desk, email: &str) -> (Actor, String) {
    let answer =
        desk.stranger().run("SignIn", json!({ "input": { "email": email, "password": PASSWORD } })).await;
    let session = answer.done("signIn", "session").clone();
    let actor = desk.stranger().with_token(session["accessToken"].as_str().unwrap());
    (actor, session["refreshToken"].as_str().unwrap().to_owned())
}

async fn refresh(at: &Actor, token: &str) -> Answer {
    at.run("RefreshSession", json!({ "input": { "refreshToken": token } })).await
}

async fn refreshed(at: &Actor, token: &str) -> String {
    refresh(at, token).await.done("refreshSession", "session")["refreshToken"].as_str().unwrap().to_owned()
}

async fn status(actor: &Actor) -> u16 {
    actor.query("{ viewer { user { id } } }").await.status
}

/// Another node hears of a commit right after it: asks until it has.
async fn becomes_unauthenticated(actor: &Actor) {
    while status(actor).await != 401 {
        tokio::task::yield_now().await;
    }
}

on_both! {
    async fn who_is_kept_out_is_out_at_once_on_every_node(desk) {
        let (admin, editor) = (desk.admin().await, desk.editor().await);
        let other = desk.second_node().await;
        let there = editor.at(&other);
        assert_eq!((status(&editor).await, status(&there).await), (200, 200));
        let id = editor.query("{ viewer { user { id } } }").await.data()["viewer"]["user"]["id"].clone();
        let deactivate = "mutation ($id: ID!) { deactivateUser(input: { userId: $id }) { user { isActive } userErrors { code } } }";
        let done = admin.query_with(deactivate, json!({ "id": id })).await;
        assert_eq!(done.done("deactivateUser", "user")["isActive"], false);
        let refused = editor.query("{ viewer { user { id } } }").await;
        assert_eq!((refused.status, refused.error_code()), (401, "UNAUTHENTICATED"));
        becomes_unauthenticated(&there).await;
        let again = desk.stranger().run("SignIn", json!({ "input": { "email": "edda@desk.example", "password": PASSWORD } })).await;
        assert_eq!(again.user_errors("signIn"), ["INVALID"]);
        // Let in again, the old sessions stay over.
        let reactivate = "mutation ($id: ID!) { reactivateUser(input: { userId: $id }) { user { isActive } userErrors { code } } }";
        admin.query_with(reactivate, json!({ "id": id })).await.done("reactivateUser", "user");
        assert_eq!(status(&editor).await, 401);
        assert_eq!(status(&desk.sign_in("edda@desk.example").await).await, 200);
    }

    async fn another_role_counts_from_the_next_request_on(desk) {
        let (admin, author) = (desk.admin().await, desk.author().await);
        let make_tag = "mutation { createTag(input: { name: \"Ports\" }) { tag { id } } }";
        assert_eq!(author.query(make_tag).await.error_code(), "FORBIDDEN");
        let me = author.query("{ viewer { user { id version } } }").await.data()["viewer"]["user"].clone();
        let change = "mutation ($id: ID!, $version: Int!, $role: Role!) { updateUser(input: { userId: $id, version: $version, role: $role }) { user { role } userErrors { code } } }";
        admin.query_with(change, json!({ "id": me["id"], "version": 1, "role": "EDITOR" })).await.done("updateUser", "user");
        assert!(author.query(make_tag).await.data()["createTag"]["tag"]["id"].is_string());
        admin.query_with(change, json!({ "id": me["id"], "version": 2, "role": "CONTRIBUTOR" })).await.done("updateUser", "user");
        assert_eq!(author.query(make_tag).await.error_code(), "FORBIDDEN");
    }

    async fn a_changed_password_ends_the_other_sessions(desk) {
        let here = desk.editor().await;
        let (elsewhere, refresh_token) = begin(&desk, "edda@desk.example").await;
        let change = "mutation ($old: String!, $new: String!) { changePassword(input: { currentPassword: $old, newPassword: $new }) { user { name } userErrors { code path } } }";
        let wrong = here.query_with(change, json!({ "old": "wrong horse battery", "new": "another horse battery" })).await;
        assert_eq!(wrong.data()["changePassword"]["userErrors"], json!([{ "code": "INVALID", "path": ["input", "currentPassword"] }]));
        for (new, code) in [("short", "INVALID"), ("qwertyuiop[]", "INVALID"), ("edda@desk.example", "INVALID"), (&"x".repeat(129), "TOO_LONG")] {
            let weak = here.query_with(change, json!({ "old": PASSWORD, "new": new })).await;
            assert_eq!(weak.data()["changePassword"]["userErrors"], json!([{ "code": code, "path": ["input", "newPassword"] }]), "{new}");
        }
        assert_eq!(status(&elsewhere).await, 200);
        here.query_with(change, json!({ "old": PASSWORD, "new": "another horse battery" })).await.done("changePassword", "user");
        assert_eq!((status(&here).await, status(&elsewhere).await), (200, 401));
        assert_eq!(refresh(&desk.stranger(), &refresh_token).await.user_errors("refreshSession"), ["INVALID"]);
        let old = desk.stranger().run("SignIn", json!({ "input": { "email": "edda@desk.example", "password": PASSWORD } })).await;
        assert_eq!(old.user_errors("signIn"), ["INVALID"]);
        let new = desk.stranger().run("SignIn", json!({ "input": { "email": "edda@desk.example", "password": "another horse battery" } })).await;
        new.done("signIn", "session");
    }

    async fn signing_out_ends_the_session_or_all(desk) {
        desk.editor().await;
        let (phone, phone_refresh) = begin(&desk, "edda@desk.example").await;
        let (laptop, _) = begin(&desk, "edda@desk.example").await;
        let (tablet, _) = begin(&desk, "edda@desk.example").await;
        assert_eq!(phone.query("mutation { signOut { userErrors { code } } }").await.user_errors("signOut"), Vec::<String>::new());
        assert_eq!((status(&phone).await, status(&laptop).await), (401, 200));
        assert_eq!(refresh(&desk.stranger(), &phone_refresh).await.user_errors("refreshSession"), ["INVALID"]);
        laptop.query("mutation { signOut(input: { everywhere: true }) { userErrors { code } } }").await.data();
        assert_eq!((status(&laptop).await, status(&tablet).await), (401, 401));
    }

    async fn one_sees_where_one_is_signed_in_and_ends_what_one_does_not_know(desk) {
        let editor = desk.editor().await;
        let stolen = desk.stranger().raw(|request| {
                let sign_in = json!({ "query": crate::harness::CONTRACT, "operationName": "SignIn", "variables": { "input": { "email": "edda@desk.example", "password": PASSWORD } } });
                request.header("user-agent", "A phone").json(&sign_in)
            })
            .await;
        let stolen = desk.stranger().with_token(stolen.done("signIn", "session")["accessToken"].as_str().unwrap());
        let list = "{ viewer { sessions { id isCurrent address userAgent createdAt refreshedAt expiresAt } } }";
        let seen = editor.query(list).await.data()["viewer"]["sessions"].clone();
        let sessions = seen.as_array().unwrap();
        assert_eq!(sessions.len(), 2);
        let other = sessions.iter().find(|session| session["isCurrent"] == false).unwrap();
        assert_eq!((other["userAgent"].as_str(), other["address"].as_str()), (Some("A phone"), Some("127.0.0.1")));
        assert_eq!((other["createdAt"].as_str(), other["expiresAt"].as_str()), (Some("2026-11-24T09:00:00.000Z"), Some("2026-12-24T09:00:00.000Z")));
        let end = "mutation ($id: ID!) { endSession(input: { sessionId: $id }) { sessions { id } userErrors { code path } } }";
        for _ in 0..2 {
            let left = editor.query_with(end, json!({ "id": other["id"] })).await;
            assert_eq!(left.done("endSession", "sessions").as_array().unwrap().len(), 1);
        }
        assert_eq!((status(&stolen).await, status(&editor).await), (401, 200));
        // Nobody else's session is there for one, not even to an admin.
        let admin = desk.admin().await;
        let mine = admin.query_with(end, json!({ "id": sessions.iter().find(|session| session["isCurrent"] == true).unwrap()["id"] })).await;
        assert_eq!(mine.user_errors("endSession"), ["NOT_FOUND"]);
        assert_eq!(status(&editor).await, 200);
    }

    async fn twenty_refreshes_at_once_get_one_successor(desk) {
        desk.editor().await;
        let (_, first) = begin(&desk, "edda@desk.example").await;
        let other = desk.second_node().await;
        let before = desk.log_length().await;
        let tabs: Vec<_> = (0..20)
            .map(|number| {
                let (at, first) = (if number % 2 == 0 { desk.stranger() } else { desk.stranger().at(&other) }, first.clone());
                tokio::spawn(async move { refreshed(&at, &first).await })
            })
            .collect();
        let mut successors = BTreeSet::new();
        for tab in tabs {
            successors.insert(tab.await.unwrap());
        }
        assert_eq!(successors.len(), 1);
        assert_eq!(desk.log_after(before).await, ["SESSION_REFRESHED"]);
    }

    async fn a_spent_token_gives_its_successor_for_thirty_seconds_and_then_ends_the_family(desk) {
        desk.editor().await;
        let reader = desk.stranger();
        let (actor, first) = begin(&desk, "edda@desk.example").await;
        let second = refreshed(&reader, &first).await;
        desk.clock.advance_seconds(30);
        // The answer was lost: asked again, the same comes, and works.
        assert_eq!(refreshed(&reader, &first).await, second);
        let third = refreshed(&reader, &second).await;
        assert_ne!(third, second);
        assert_eq!(status(&actor).await, 200);
        desk.clock.advance_seconds(31);
        let before = desk.log_length().await;
        let copied = refresh(&reader, &second).await;
        assert_eq!(copied.user_errors("refreshSession"), ["INVALID"]);
        assert_eq!(desk.log_after(before).await, ["SESSION_ENDED a spent refresh token was shown again"]);
        assert_eq!(refresh(&reader, &third).await.user_errors("refreshSession"), ["INVALID"]);
        assert_eq!(status(&actor).await, 401);
    }

    async fn the_oldest_token_of_a_family_ends_it_however_soon(desk) {
        desk.editor().await;
        let reader = desk.stranger();
        let (actor, first) = begin(&desk, "edda@desk.example").await;
        let second = refreshed(&reader, &first).await;
        let third = refreshed(&reader, &second).await;
        assert_eq!(refresh(&reader, &first).await.user_errors("refreshSession"), ["INVALID"]);
        assert_eq!(refresh(&reader, &third).await.user_errors("refreshSession"), ["INVALID"]);
        assert_eq!(status(&actor).await, 401);
    }

    async fn a_forged_refresh_token_is_nothing_and_ends_nothing(desk) {
        desk.editor().await;
        let reader = desk.stranger();
        let (actor, first) = begin(&desk, "edda@desk.example").await;
        let second = refreshed(&reader, &first).await;
        let (head, seal) = first.rsplit_once('.').unwrap();
        let before = (desk.rows().await, desk.log_length().await);
        for forged in [
            String::new(), "x".to_owned(), "\u{0}".to_owned(), "x".repeat(100_000), second.to_uppercase(), format!("{second}0"), format!(" {second}"),
            format!("{head}.{}", "0".repeat(32)), format!("{}.{seal}", second.rsplit_once('.').unwrap().0), actor.token.clone().unwrap(),
        ] {
            assert_eq!(refresh(&reader, &forged).await.user_errors("refreshSession"), ["INVALID"], "{forged}");
        }
        assert_eq!((desk.rows().await, desk.log_length().await), before);
        assert_eq!(status(&actor).await, 200);
        refreshed(&reader, &second).await;
    }

    async fn nothing_that_prolongs_a_session_is_kept(desk) {
        desk.editor().await;
        let (_, first) = begin(&desk, "edda@desk.example").await;
        let second = refreshed(&desk.stranger(), &first).await;
        let rows = desk.rows().await;
        for token in [&first, &second] {
            let seal = token.rsplit_once('.').unwrap().1;
            assert!(rows.values().all(|table| !table.contains(seal)));
        }
    }

    async fn a_session_slides_thirty_days_and_ends_after_ninety(desk) {
        desk.editor().await;
        let reader = desk.stranger();
        let day = 24 * 60 * 60;
        let (_, unused) = begin(&desk, "edda@desk.example").await;
        let (_, mut token) = begin(&desk, "edda@desk.example").await;
        for _ in 0..3 {
            desk.clock.advance_seconds(29 * day);
            token = refreshed(&reader, &token).await;
        }
        assert_eq!(refresh(&reader, &unused).await.user_errors("refreshSession"), ["INVALID"]);
        desk.clock.advance_seconds(3 * day);
        assert_eq!(refresh(&reader, &token).await.user_errors("refreshSession"), ["INVALID"]);
    }

    async fn where_the_log_can_not_be_followed_the_rows_are_asked(desk) {
        let editor = desk.editor().await;
        assert_eq!(status(&editor).await, 200);
        // The head names an entry that isn't there: the follower gets no further. What it kept must not count for long.
        desk.tamper("UPDATE log_head SET sequence = sequence + 1").await;
        desk.tamper("UPDATE users SET is_active = FALSE").await;
        becomes_unauthenticated(&editor).await;
        desk.tamper("UPDATE users SET is_active = TRUE").await;
        assert_eq!(status(&editor).await, 200);
    }

    async fn roles_and_names_are_not_in_the_token(desk) {
        use base64::Engine as _;
        let editor = desk.user(Role::Editor, "Edda").await;
        let token = editor.token.unwrap();
        let claims = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
        let claims: Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!(claims.as_object().unwrap().keys().collect::<Vec<_>>(), ["aud", "exp", "iat", "iss", "nbf", "sid", "sub"]);
    }

    async fn who_is_kept_out_while_sending_a_request_is_refused_at_its_end(desk) {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (admin, editor) = (desk.admin().await, desk.editor().await);
        let id = editor.query("{ viewer { user { id } } }").await.data()["viewer"]["user"]["id"].clone();
        let before = desk.rows().await["tag_records"].clone();
        let body = json!({ "query": "mutation { createTag(input: { name: \"Late\" }) { tag { id } } }" }).to_string();
        let mut connection = tokio::net::TcpStream::connect(desk.address.strip_prefix("http://").unwrap()).await.unwrap();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: desk\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
            editor.token.as_ref().unwrap(),
            body.len()
        );
        connection.write_all(head.as_bytes()).await.unwrap();
        // The server asks for the body once it knows who sends it.
        let mut asked = vec![0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        connection.read_exact(&mut asked).await.unwrap();
        assert!(asked.starts_with(b"HTTP/1.1 100"));
        let deactivate = "mutation ($id: ID!) { deactivateUser(input: { userId: $id }) { user { isActive } userErrors { code } } }";
        admin.query_with(deactivate, json!({ "id": id })).await.done("deactivateUser", "user");
        connection.write_all(body.as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
        assert_eq!(desk.rows().await["tag_records"], before);
    }

    async fn no_request_that_begins_after_a_revocation_is_answered(desk) {
        use std::sync::Arc;
        use std::sync::atomic::{AtomicBool, Ordering};
        let admin = desk.admin().await;
        for round in 0..5 {
            let editor = desk.user(Role::Editor, &format!("Editor{round}")).await;
            let id = editor.query("{ viewer { user { id } } }").await.data()["viewer"]["user"]["id"].clone();
            let is_out = Arc::new(AtomicBool::new(false));
            let many: Vec<_> = (0..4)
                .map(|_| {
                    let (editor, is_out) = (editor.clone(), Arc::clone(&is_out));
                    tokio::spawn(async move {
                        loop {
                            let began_after = is_out.load(Ordering::SeqCst);
                            let answered = status(&editor).await;
                            if began_after {
                                return answered;
                            }
                        }
                    })
                })
                .collect();
            let deactivate = "mutation ($id: ID!) { deactivateUser(input: { userId: $id }) { user { isActive } userErrors { code } } }";
            admin.query_with(deactivate, json!({ "id": id })).await.done("deactivateUser", "user");
            is_out.store(true, Ordering::SeqCst);
            for one in many {
                assert_eq!(one.await.unwrap(), 401);
            }
        }
    }

    async fn a_document_does_nothing_after_it_has_ended_its_own_session(desk) {
        let (admin, second) = (desk.admin().await, desk.user(Role::Admin, "Beth").await);
        let id = second.query("{ viewer { user { id } } }").await.data()["viewer"]["user"]["id"].clone();
        let create = "createUser(input: { email: \"evil@desk.example\", name: \"Evil\", role: ADMIN, password: \"another horse battery\" }) { user { id } }";
        let before = desk.rows().await["users"].clone();
        let out = admin.query(&format!("mutation {{ signOut {{ userErrors {{ code }} }} {create} }}")).await;
        assert_eq!((out.error_code(), &out.body["data"]["createUser"]), ("UNAUTHENTICATED", &Value::Null));
        assert_eq!(desk.rows().await["users"], before);
        let itself = second.query(&format!("mutation {{ deactivateUser(input: {{ userId: {id} }}) {{ userErrors {{ code }} }} {create} }}")).await;
        assert_eq!(itself.error_code(), "UNAUTHENTICATED");
        assert!(!desk.rows().await["users"].contains("evil"));
    }

    async fn who_waits_for_a_turn_and_loses_the_right_meanwhile_does_nothing(desk) {
        let (admin, evil) = (desk.admin().await, desk.user(Role::Admin, "Eve").await);
        let me = evil.query("{ viewer { user { id version } } }").await.data()["viewer"]["user"].clone();
        // Nobody's password is hashed for now, so the mutation waits.
        let turns = desk.store.limits.password_hashes.acquire_many(2).await.unwrap();
        let waiting = {
            let evil = evil.clone();
            tokio::spawn(async move {
                evil.query("mutation { createUser(input: { email: \"evil@desk.example\", name: \"Evil\", role: ADMIN, password: \"another horse battery\" }) { user { id } } }").await
            })
        };
        while desk.store.limits.password_queue.available_permits() == 64 {
            tokio::task::yield_now().await;
        }
        let demote = "mutation ($id: ID!) { updateUser(input: { userId: $id, version: 1, role: CONTRIBUTOR }) { user { role } userErrors { code } } }";
        admin.query_with(demote, json!({ "id": me["id"] })).await.done("updateUser", "user");
        let before = (desk.rows().await, desk.log_length().await);
        drop(turns);
        assert_eq!(waiting.await.unwrap().error_code(), "FORBIDDEN");
        assert_eq!((desk.rows().await, desk.log_length().await), before);
    }

    async fn the_log_tells_when_each_write_of_a_document_was_done(desk) {
        let editor = desk.editor().await;
        let turns = desk.store.limits.password_hashes.acquire_many(2).await.unwrap();
        let waiting = {
            let editor = editor.clone();
            tokio::spawn(async move {
                let change = format!("mutation {{ changePassword(input: {{ currentPassword: \"{PASSWORD}\", newPassword: \"another horse battery\" }}) {{ userErrors {{ code }} }} createTag(input: {{ name: \"Late\" }}) {{ tag {{ id }} }} }}");
                editor.query(&change).await
            })
        };
        while desk.store.limits.password_queue.available_permits() == 64 {
            tokio::task::yield_now().await;
        }
        desk.clock.advance_seconds(60);
        drop(turns);
        waiting.await.unwrap().data();
        let seen = editor.query("{ viewer { changes(filter: { action: TAG_CREATED }) { nodes { at } } } }").await;
        assert_eq!(seen.data()["viewer"]["changes"]["nodes"], json!([{ "at": "2026-11-24T09:01:00.000Z" }]));
    }
}
