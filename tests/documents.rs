//! Documents that are named by their hash: learned from whoever sends one, or listed by the operator.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::{Actor, Answer, Desk, answer, on_both};

const QUERY: &str = "query One($n: Int) { articles(first: $n) { nodes { title } } }";

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn persisted(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash(text) } })
}

async fn named(actor: &Actor, text: &str) -> Answer {
    actor.send(json!({ "extensions": persisted(text), "variables": { "n": 1 } })).await
}

async fn get(desk: &Desk, parameters: &[(&str, &str)]) -> Answer {
    answer(desk.http.get(format!("{}/graphql", desk.address)).query(parameters)).await
}

on_both! {
    async fn a_document_is_sent_once_and_named_from_then_on(desk) {
        let (editor, reader) = (desk.editor().await, desk.stranger());
        editor.publish(&editor.write("Story").await).await;
        let unknown = named(&reader, QUERY).await;
        assert_eq!((unknown.error_code(), unknown.body["errors"][0]["message"].as_str().unwrap()), ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound"));
        let whole = reader.send(json!({ "query": QUERY, "extensions": persisted(QUERY), "variables": { "n": 1 } })).await;
        assert_eq!(whole.data()["articles"]["nodes"][0]["title"], "Story");
        assert_eq!(named(&reader, QUERY).await.text, whole.text);
        assert_eq!(named(&editor, QUERY).await.text, whole.text, "with a token too");
        let extensions = persisted(QUERY).to_string();
        for parameters in [[("extensions", extensions.as_str()), ("variables", "{\"n\":1}")], [("documentId", &format!("sha256:{}", hash(QUERY))), ("variables", "{\"n\":1}")]] {
            assert_eq!(get(&desk, &parameters).await.text, whole.text, "{parameters:?}");
        }
        // Variables are another matter each time.
        let much = reader.send(json!({ "extensions": persisted(QUERY), "variables": { "n": 1000 } })).await;
        assert_eq!(much.error_code(), "BAD_REQUEST");
        desk.clock.advance_seconds(1);
        editor.publish(&editor.write("News").await).await;
        assert_eq!(named(&reader, QUERY).await.data()["articles"]["nodes"][0]["title"], "News");
    }

    async fn nothing_is_learned_that_is_not_what_it_says(desk) {
        let reader = desk.stranger();
        let lied = reader.send(json!({ "query": "{ site { url } }", "extensions": persisted(QUERY) })).await;
        assert_eq!(lied.error_code(), "BAD_REQUEST");
        assert_eq!(named(&reader, QUERY).await.error_code(), "PERSISTED_QUERY_NOT_FOUND");
        for bad in ["{ nothing }", "{ site {", "{ articles(first: 1000) { nodes { title } } }"] {
            let refused = reader.send(json!({ "query": bad, "extensions": persisted(bad) })).await;
            assert_eq!(refused.error_code(), "BAD_REQUEST");
            assert_eq!(named(&reader, bad).await.error_code(), "PERSISTED_QUERY_NOT_FOUND", "{bad}");
        }
        for extensions in [json!({ "persistedQuery": 7 }), json!({ "persistedQuery": { "version": 2, "sha256Hash": hash(QUERY) } }), json!({ "persistedQuery": { "version": 1, "sha256Hash": "x" } })] {
            assert_eq!(reader.send(json!({ "extensions": extensions })).await.error_code(), "BAD_REQUEST", "{extensions}");
        }
        assert_eq!(reader.send(json!({})).await.error_code(), "BAD_REQUEST");
        assert_eq!(get(&desk, &[("extensions", "[")]).await.status, 400);
    }

    async fn only_listed_documents_are_executed(desk) {
        let editor = desk.editor().await;
        editor.publish(&editor.write("Story").await).await;
        let list = desk.folder.join("documents.json");
        let listed = json!({ "front": QUERY, hash(crate::harness::CONTRACT): crate::harness::CONTRACT });
        std::fs::write(&list, listed.to_string()).unwrap();
        let desk = desk.restart_with(&[("trusted_documents", list.to_str().unwrap()), ("public_url", "https://cms.example.org")]).await;
        let (editor, reader) = (desk.sign_in("edda@desk.example").await, desk.stranger());
        let front = reader.send(json!({ "documentId": "front", "variables": { "n": 1 } })).await;
        assert_eq!(front.data()["articles"]["nodes"][0]["title"], "Story");
        for same in [json!({ "query": QUERY, "variables": { "n": 1 } }), json!({ "extensions": persisted(QUERY), "variables": { "n": 1 } })] {
            assert_eq!(reader.send(same.clone()).await.text, front.text, "{same}");
        }
        for other in [json!({ "query": "{ site { name } }" }), json!({ "documentId": "back" }), json!({ "query": "{ site { name } }", "documentId": "front" })] {
            for actor in [&reader, &editor] {
                assert_eq!(actor.send(other.clone()).await.error_code(), "DOCUMENT_NOT_TRUSTED", "{other}");
            }
        }
        assert_eq!(reader.send(json!({ "variables": {} })).await.error_code(), "BAD_REQUEST");
    }
}
