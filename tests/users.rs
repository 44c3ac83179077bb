//! Users: who manages them, what is refused, and what the log tells of it.

use copydesk::operation::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, PASSWORD, on_both};

const CREATE: &str = "mutation ($input: CreateUserInput!) { createUser(input: $input) { user { id email name role isActive version } userErrors { code path message } } }";
const UPDATE: &str = "mutation ($input: UpdateUserInput!) { updateUser(input: $input) { user { id email name role version } userErrors { code path } } }";
const DEACTIVATE: &str = "mutation ($id: ID!) { deactivateUser(input: { userId: $id }) { user { isActive } userErrors { code path } } }";

async fn create(by: &Actor, email: &str, name: &str) -> Answer {
    let input = json!({ "email": email, "name": name, "role": "AUTHOR", "password": PASSWORD });
    by.query_with(CREATE, json!({ "input": input })).await
}

async fn update(by: &Actor, user: &Value, change: Value) -> Answer {
    let mut input = change;
    input["userId"] = user["id"].clone();
    input["version"] = user["version"].clone();
    by.query_with(UPDATE, json!({ "input": input })).await
}

async fn me(actor: &Actor) -> Value {
    actor.query("{ viewer { user { id version email name role } } }").await.data()["viewer"]["user"].clone()
}

/// The paths of a mutation's user errors, each with its code.
fn problems(answer: &Answer, mutation: &str) -> Vec<String> {
    let errors = answer.data()[mutation]["userErrors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            format!("{} {}", error["path"][1].as_str().unwrap_or("?"), error["code"].as_str().unwrap())
        })
        .collect()
}

on_both! {
    async fn an_admin_adds_changes_keeps_out_and_lets_in(desk) {
        let admin = desk.admin().await;
        let added = create(&admin, "New.Hand@Desk.example", "  New   Hand ").await.done("createUser", "user").clone();
        assert_eq!((added["email"].as_str(), added["name"].as_str(), added["role"].as_str()), (Some("new.hand@desk.example"), Some("New Hand"), Some("AUTHOR")));
        let hand = desk.sign_in("NEW.hand@desk.example").await;
        let changed = update(&admin, &added, json!({ "name": "Newer Hand", "role": "EDITOR", "email": "hand@desk.example" })).await;
        assert_eq!(changed.done("updateUser", "user")["version"], 2);
        assert_eq!(me(&hand).await["role"], "EDITOR");
        let stale = update(&admin, &added, json!({ "name": "Lost" })).await;
        assert_eq!(problems(&stale, "updateUser"), ["version CONFLICT"]);
        assert_eq!(stale.data()["updateUser"]["user"]["name"], "Newer Hand");
        let set = "mutation ($id: ID!, $new: String!) { setUserPassword(input: { userId: $id, newPassword: $new }) { user { id } userErrors { code path } } }";
        assert_eq!(problems(&admin.query_with(set, json!({ "id": added["id"], "new": "hand@desk.example" })).await, "setUserPassword"), ["newPassword INVALID"]);
        admin.query_with(set, json!({ "id": added["id"], "new": "another horse battery" })).await.done("setUserPassword", "user");
        assert_eq!(hand.query("{ __typename }").await.status, 401);
        let page = "query ($after: String) { viewer { users(first: 1, after: $after) { totalCount nodes { email } pageInfo { hasNextPage endCursor } } } }";
        let first = admin.query_with(page, Value::Null).await.data()["viewer"]["users"].clone();
        let second = admin.query_with(page, json!({ "after": first["pageInfo"]["endCursor"] })).await.data()["viewer"]["users"].clone();
        let mut emails = [&first["nodes"][0]["email"], &second["nodes"][0]["email"]].map(|email| email.as_str().unwrap().to_owned());
        emails.sort();
        assert_eq!((emails, &first["totalCount"], &second["pageInfo"]["hasNextPage"]), (["ada@desk.example", "hand@desk.example"].map(str::to_owned), &json!(2), &json!(false)));
        for _ in 0..2 {
            assert_eq!(admin.query_with(DEACTIVATE, json!({ "id": added["id"] })).await.done("deactivateUser", "user")["isActive"], false);
        }
        let editor = desk.editor().await;
        assert_eq!(editor.query("{ viewer { users { totalCount nodes { email } } } }").await.data()["viewer"]["users"], json!({ "totalCount": 1, "nodes": [{ "email": "edda@desk.example" }] }));
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn every_problem_of_a_new_user_is_named(desk) {
        let admin = desk.admin().await;
        let input = json!({ "email": "not an address", "name": "\u{202E}adA", "role": "AUTHOR", "password": "short" });
        let answer = admin.query_with(CREATE, json!({ "input": input })).await;
        assert_eq!(problems(&answer, "createUser"), ["email INVALID", "name INVALID", "password INVALID"]);
        let before = (desk.rows().await, desk.log_length().await);
        for (email, name, expected) in [
            ("ada@desk.example", "Other", "email TAKEN"),
            (" ADA@desk.example ", "Other", "email TAKEN"),
            ("\u{430}d\u{430}@desk.example", "Other", "email TAKEN"),
            ("b@desk.example", "\u{410}da", "name TAKEN"),
            ("b@desk.example", " \u{200B} ", "name REQUIRED"),
            ("b@desk.example\r\nBcc: c@desk.example", "Other", "email INVALID"),
            (&"x".repeat(1_000_000), "Other", "email TOO_LONG"),
            ("b@desk.example", &"x".repeat(101), "name TOO_LONG"),
        ] {
            assert_eq!(problems(&create(&admin, email, name).await, "createUser"), [expected], "{name}");
        }
        for password in ["password1234", "aaaaaaaaaaaa", "new@desk.example", &"x1".repeat(65), &"x".repeat(4_000_000)] {
            let input = json!({ "email": "new@desk.example", "name": "New", "role": "AUTHOR", "password": password });
            let answer = admin.query_with(CREATE, json!({ "input": input })).await;
            assert!(problems(&answer, "createUser")[0].starts_with("password "), "{}", answer.text);
            assert!(!answer.text.contains(password));
        }
        assert_eq!((desk.rows().await, desk.log_length().await), before);
        // A namesake is for an admin to allow.
        create(&admin, "b@desk.example", "Ada").await.done("createUser", "user");
    }

    async fn one_changes_ones_own_name_and_nothing_else(desk) {
        let author = desk.author().await;
        desk.editor().await;
        let user = me(&author).await;
        for change in [json!({ "role": "ADMIN" }), json!({ "email": "boss@desk.example" }), json!({ "name": "X", "role": "AUTHOR" })] {
            assert_eq!(update(&author, &user, change).await.error_code(), "FORBIDDEN");
        }
        for name in ["Edda", "\u{415}dda", "EDDA", "Ed\u{B7}da"] {
            assert_eq!(problems(&update(&author, &user, json!({ "name": name })).await, "updateUser"), ["name TAKEN"], "{name}");
        }
        assert_eq!(me(&author).await, user);
        let renamed = update(&author, &user, json!({ "name": "Arthur D." })).await;
        assert_eq!(renamed.done("updateUser", "user")["name"], "Arthur D.");
        // What changes nothing writes nothing.
        let before = desk.log_length().await;
        let same = update(&author, renamed.done("updateUser", "user"), json!({ "name": "Arthur D." })).await;
        assert_eq!((same.done("updateUser", "user")["version"].as_i64(), desk.log_length().await), (Some(2), before));
    }

    async fn the_last_admin_can_not_lock_everybody_out(desk) {
        let admin = desk.admin().await;
        let user = me(&admin).await;
        assert_eq!(problems(&admin.query_with(DEACTIVATE, json!({ "id": user["id"] })).await, "deactivateUser"), ["userId WRONG_STATE"]);
        assert_eq!(problems(&update(&admin, &user, json!({ "role": "EDITOR" })).await, "updateUser"), ["role WRONG_STATE"]);
        // Two who keep each other out at the same moment, on two nodes: one stays.
        let second = desk.user(Role::Admin, "Beth").await;
        let other = desk.second_node().await;
        let (here, there) = (admin.clone(), second.at(&other));
        let (one, two) = (me(&admin).await["id"].clone(), me(&second).await["id"].clone());
        let first = tokio::spawn(async move { here.query_with(DEACTIVATE, json!({ "id": two })).await });
        let second = tokio::spawn(async move { there.query_with(DEACTIVATE, json!({ "id": one })).await });
        let (first, second) = (first.await.unwrap(), second.await.unwrap());
        let done = |answer: &Answer| answer.status == 200 && answer.body["data"]["deactivateUser"]["userErrors"] == json!([]);
        assert!(done(&first) != done(&second), "{} {}", first.text, second.text);
        let active = desk.rows().await["users"].lines().filter(|row| row.contains("admin") && !row.contains(",f,") && !row.contains(",0,")).count();
        assert_eq!(active, 1);
    }

    async fn of_two_edits_from_one_version_one_is_refused(desk) {
        let admin = desk.admin().await;
        let other = desk.second_node().await;
        let user = create(&admin, "b@desk.example", "Ben").await.done("createUser", "user").clone();
        let edits: Vec<_> = ["Bo", "Bea", "Bill", "Bob"].into_iter().enumerate().map(|(number, name)| {
            let (by, user) = (if number % 2 == 0 { admin.clone() } else { admin.at(&other) }, user.clone());
            tokio::spawn(async move { update(&by, &user, json!({ "name": name })).await })
        }).collect();
        let mut outcomes = Vec::new();
        for edit in edits {
            outcomes.push(problems(&edit.await.unwrap(), "updateUser").join(""));
        }
        outcomes.sort();
        assert_eq!(outcomes, ["", "version CONFLICT", "version CONFLICT", "version CONFLICT"]);
    }

    async fn of_two_users_with_one_address_one_is_made(desk) {
        let admin = desk.admin().await;
        let other = desk.second_node().await;
        let there = admin.at(&other);
        let (one, two) = tokio::join!(create(&admin, "twin@desk.example", "Twin"), create(&there, "twin@desk.example", "Twin"));
        let mut outcomes = [problems(&one, "createUser").join(""), problems(&two, "createUser").join("")];
        outcomes.sort();
        assert_eq!(outcomes, ["", "email TAKEN"]);
    }

    async fn the_log_tells_who_came_who_failed_and_what_changed(desk) {
        let admin = desk.admin().await;
        let before = desk.log_length().await;
        let added = create(&admin, "b@desk.example", "Ben").await.done("createUser", "user").clone();
        let ben = desk.sign_in("b@desk.example").await;
        for (email, password) in [("b@desk.example", "my secret passphrase"), ("my other passphrase", "my secret passphrase")] {
            desk.stranger().run("SignIn", json!({ "input": { "email": email, "password": password } })).await.user_errors("signIn");
        }
        update(&admin, &added, json!({ "role": "EDITOR" })).await.done("updateUser", "user");
        ben.query("mutation { deactivateUser(input: { userId: \"usr_00000000000000000000000000000000\" }) { user { id } } }").await.error_code();
        ben.query("mutation { signOut { userErrors { code } } }").await.data();
        admin.query_with(DEACTIVATE, json!({ "id": added["id"] })).await.done("deactivateUser", "user");
        let expected = [
            "USER_CREATED author", "SESSION_STARTED", "SIGN_IN_FAILED", "SIGN_IN_FAILED", "USER_UPDATED author → editor",
            "ACCESS_REFUSED ManageUsers", "SESSION_ENDED", "USER_DEACTIVATED",
        ];
        assert_eq!(desk.log_after(before).await, expected);
        let list = "{ viewer { changes(first: 100) { nodes { action actor { name } subject { id type } detail } } } }";
        let seen = admin.query(list).await;
        let failed: Vec<&Value> = seen.data()["viewer"]["changes"]["nodes"].as_array().unwrap().iter().filter(|change| change["action"] == "SIGN_IN_FAILED").collect();
        assert_eq!(failed[0]["subject"]["id"], added["id"]);
        assert_eq!((failed[0]["actor"]["name"].as_str(), failed[1]["subject"]["id"].as_str()), (Some("Public"), Some("usr_00000000000000000000000000000000")));
        assert!(!seen.text.contains("passphrase"));
        for role in [Role::Contributor, Role::Author, Role::Moderator, Role::Editor] {
            let other = desk.user(role, &format!("Other{role:?}")).await;
            let seen = other.query(list).await;
            assert_eq!(seen.data()["viewer"]["changes"]["nodes"], json!([]), "{role:?}");
        }
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }
}
