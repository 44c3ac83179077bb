//! Handing a draft on: it is the new owner's own, and the old owner's no longer.

use copydesk::operation::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Answer, on_both};

const ASSIGN: &str = "mutation ($input: AssignArticleInput!) { assignArticle(input: $input) { draft { articleId version owner { id name } } userErrors { code path } } }";

async fn assign(by: &Actor, draft: &Value, owner: &Value) -> Answer {
    let input = json!({ "articleId": draft["articleId"], "version": draft["version"], "ownerId": owner });
    by.query_with(ASSIGN, json!({ "input": input })).await
}

async fn id_of(actor: &Actor) -> Value {
    actor.query("{ viewer { user { id } } }").await.data()["viewer"]["user"]["id"].clone()
}

async fn sees(actor: &Actor, draft: &Value) -> bool {
    !actor.run("OneDraft", json!({ "articleId": draft["articleId"] })).await.data()["viewer"]["draft"]
        .is_null()
}

on_both! {
    async fn a_draft_goes_to_who_writes_on(desk) {
        let (editor, author, contributor) = (desk.editor().await, desk.author().await, desk.contributor().await);
        let draft = contributor.write("Half a story").await;
        let to = id_of(&author).await;
        let handed = assign(&editor, &draft, &to).await.done("assignArticle", "draft").clone();
        assert_eq!((&handed["owner"]["id"], handed["version"].as_i64()), (&to, Some(2)));
        assert!(sees(&author, &draft).await && !sees(&contributor, &draft).await);
        // Its log is the new owner's to see, what came before included.
        let log = author.query("{ viewer { changes { nodes { action detail } } } }").await;
        assert_eq!(log.data()["viewer"]["changes"]["nodes"], json!([{ "action": "ARTICLE_CREATED", "detail": null }, { "action": "ARTICLE_ASSIGNED", "detail": to }]));
        // The answer was lost: asked again, it is done already.
        let before = desk.log_length().await;
        assert_eq!(assign(&editor, &draft, &to).await.done("assignArticle", "draft")["version"], 2);
        assert_eq!(desk.log_length().await, before);
        author.publish(&author.save(&handed, json!({ "title": "A whole story" })).await).await;
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn only_who_is_there_and_writes_can_own(desk) {
        let (admin, editor, moderator) = (desk.admin().await, desk.editor().await, desk.moderator().await);
        let gone = desk.user(Role::Author, "Gone").await;
        let gone_id = id_of(&gone).await;
        admin.query_with("mutation ($id: ID!) { deactivateUser(input: { userId: $id }) { user { id } userErrors { code } } }", json!({ "id": gone_id })).await.done("deactivateUser", "user");
        let draft = editor.write("A story").await;
        let nobody = json!(format!("usr_{}", "0".repeat(32)));
        for owner in [&id_of(&moderator).await, &gone_id, &nobody] {
            let answer = assign(&editor, &draft, owner).await;
            assert_eq!(answer.data()["assignArticle"]["userErrors"], json!([{ "code": "NOT_FOUND", "path": ["input", "ownerId"] }]));
        }
        let stale = assign(&editor, &json!({ "articleId": draft["articleId"], "version": 7 }), &id_of(&admin).await).await;
        assert_eq!(stale.user_errors("assignArticle"), ["CONFLICT"]);
        let names = async |actor: &Actor| {
            let answer = actor.query("{ viewer { assignees { totalCount nodes { id name } } } }").await;
            let list = answer.data()["viewer"]["assignees"].clone();
            let mut names: Vec<String> = list["nodes"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect();
            names.sort();
            assert_eq!(list["totalCount"], names.len());
            names
        };
        assert_eq!(names(&editor).await, ["Ada", "Edda"]);
        assert_eq!(names(&moderator).await, Vec::<String>::new());
    }

    async fn of_two_who_hand_on_at_once_one_is_told_so(desk) {
        let (editor, admin) = (desk.editor().await, desk.admin().await);
        let other = desk.second_node().await;
        let draft = desk.contributor().await.write("A story").await;
        let there = admin.at(&other);
        let (to_editor, to_admin) = (id_of(&editor).await, id_of(&admin).await);
        let (one, two) = tokio::join!(assign(&editor, &draft, &to_editor), assign(&there, &draft, &to_admin));
        let mut outcomes = [one.user_errors("assignArticle"), two.user_errors("assignArticle")];
        outcomes.sort();
        assert_eq!(outcomes, [vec![], vec!["CONFLICT".to_owned()]]);
    }
}
