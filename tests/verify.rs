//! `copydesk verify` finds what was changed behind Copydesk's back, and names it.

use serde_json::json;

use crate::harness::{Desk, on_both};

async fn published(desk: &Desk) -> String {
    let editor = desk.editor().await;
    let tag = editor.create_tag("Ports").await;
    let draft = editor.create(json!({ "title": "A story", "sections": [{ "heading": "One", "body": "First." }, { "heading": "Two", "body": "Second." }], "tagIds": [tag] })).await;
    let published = editor.publish(&draft).await;
    editor.write("A draft").await;
    published["articleId"].as_str().unwrap().to_owned()
}

/// Every tampering is undone by the next test's own database; each names the article, the revision and the field.
async fn expect(desk: Desk, sql: &str, words: &[&str]) {
    let article = published(&desk).await;
    assert_eq!(desk.verify().await, Vec::<String>::new());
    desk.tamper(sql).await;
    let problems = desk.verify().await;
    let all = problems.join("\n");
    assert!(!problems.is_empty(), "{sql}: nothing was found");
    for word in words {
        let word = word.replace("{article}", &article);
        assert!(all.contains(&word), "{sql}: {word:?} is not in\n{all}");
    }
}

on_both! {
    async fn a_link_put_into_a_section(desk) {
        expect(desk, "UPDATE sections SET body = body || ' [buy](https://spam.example)' WHERE position = 1", &["{article}, revision 1, section sec_"]).await;
    }
    async fn a_title_changed_by_hand(desk) {
        expect(desk, "UPDATE articles SET title = 'Another'", &["{article}, revision 1, title"]).await;
    }
    async fn a_story_removed(desk) {
        expect(desk, "DELETE FROM articles", &["{article}, revision 1, article: is published, and is not in the public tables"]).await;
    }
    async fn a_draft_slipped_out(desk) {
        expect(
            desk,
            "INSERT INTO articles (id, slug, title, locale, word_count, comment_count, published_at, updated_at)
             SELECT article_id, slug, title, 'en', 1, 0, 0, 0 FROM drafts WHERE published_revision IS NULL",
            &["is public, and the log does not say so"],
        ).await;
    }
    async fn a_label_taken_off(desk) {
        expect(desk, "DELETE FROM article_tags", &["{article}, revision 1, tags"]).await;
    }
    async fn an_address_led_elsewhere(desk) {
        expect(desk, "INSERT INTO article_slugs (slug, article_id) SELECT 'hijacked', id FROM articles", &["{article}, revision 1, slugs"]).await;
    }
    async fn a_kind_changed_in_the_log(desk) {
        expect(desk, "UPDATE changes SET subject_type = 'TAG' WHERE action = 'ARTICLE_CREATED'", &["the column subject_type"]).await;
    }
    async fn a_revision_replaced(desk) {
        expect(desk, "UPDATE revisions SET content = replace(content, 'First', 'Worst') WHERE number = 1", &["{article}, revision 1, content"]).await;
    }
    async fn an_entry_rewritten(desk) {
        expect(desk, "UPDATE changes SET entry = replace(entry, 'ARTICLE_PUBLISHED', 'ARTICLE_SAVED') WHERE action = 'ARTICLE_PUBLISHED'", &["log entry", "hash"]).await;
    }
    async fn an_entry_removed_from_the_middle(desk) {
        expect(desk, "DELETE FROM changes WHERE sequence = 3", &["log entry 4: entry 4 follows entry 2"]).await;
    }
    async fn the_newest_entries_cut(desk) {
        expect(desk, "DELETE FROM changes WHERE sequence = (SELECT MAX(sequence) FROM changes)", &["log: the head does not name entry"]).await;
    }
    async fn a_column_of_the_log_changed(desk) {
        expect(desk, "UPDATE changes SET actor_id = NULL WHERE sequence = 3", &["log entry 3: the column actor_id"]).await;
    }
}
