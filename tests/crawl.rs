//! A crawl made from the schema looks for a draft's words in everything that a stranger can ask: through every field,
//! argument, filter, order, count, search, node and error, in each stage that an article can be hidden in. Wherever it is
//! hidden, every answer must be, byte for byte, what it would be if there were no such article.

use std::collections::BTreeSet;

use copydesk::text::fold::fold;
use serde_json::json;

use crate::harness::on_both;

mod asking;
mod hidden;
mod schema;
mod tries;

use asking::Crawl;
use hidden::{NEVER_SEEN, SAID, SEEN, Site, content, open_site, reader_comments, stock, verb};
use schema::Types;
use tries::{EDITED, SECRET, Tries, Twins, folded, no_ids, twins_of_ids, twins_of_words, word};

/// What has an id, and of which kind.
const KINDS: &[(&str, &str)] = &[
    ("article", "art"),
    ("section", "sec"),
    ("image", "img"),
    ("portrait", "img"),
    ("author", "aut"),
    ("tag", "tag"),
    ("comment", "com"),
    ("pending", "com"),
    ("edited image", "img"),
    ("edited portrait", "img"),
    ("edited author", "aut"),
    ("edited tag", "tag"),
    ("owner", "usr"),
];

fn is_edited(what: &str) -> bool {
    what.starts_with("edited ")
}

/// Checks that the crawl asks for everything that there is, and would find what is hidden: here it is public.
fn assert_finds_all(types: &Types, published: &Crawl, tries: &Tries) {
    let (everything, seen) = (types.everything(), published.seen(types));
    let missed: Vec<&String> = everything.difference(&seen.asked).collect();
    assert!(missed.is_empty(), "the crawl does not ask for {missed:?}");
    let fields = types.all_fields();
    let empty: Vec<&String> = fields.difference(&seen.answered).collect();
    assert!(empty.is_empty(), "nothing public has {empty:?}: the crawl sees no value of it");
    let ids = ["article", "section", "image", "portrait", "author", "tag", "comment"]
        .map(|what| tries.ids[what].clone());
    for word in folded(SECRET, &[SEEN, SAID].concat()).into_iter().chain(ids) {
        assert!(published.finds(&word), "{word} is public, and the crawl does not find it");
    }
}

on_both! {
    async fn a_hidden_article_is_as_if_it_were_not(desk) {
        let desk = desk.restart_with(&[("max_cost", "1000000000"), ("max_depth", "20"), ("public_url", "https://cms.example.org"), ("site_description", "All quays."), ("site_logo", "https://www.example.org/logo.png")]).await;
        let (types, editor, stranger) = (Types::read(), desk.editor().await, desk.stranger());
        let Site { story, other, category, public } = open_site(&editor, &stranger).await;

        // What can be tried is known in the end only. So the site without the article is asked for twins that never were.
        let ids = no_ids(KINDS);
        let slugs = |secret: &str| ["slug", "tag", "byline", "title"].map(|place| fold(&word(secret, place)));
        let words = |secret: &'static str| [SEEN, SAID, NEVER_SEEN].concat().into_iter().map(move |place| word(secret, place));
        let files = ["image", "portrait", "edited image", "edited portrait"].map(|what| format!("/media/{}/{}.jpg", ids[what], "0".repeat(32)));
        let mut tries = Tries {
            ids,
            public,
            slugs: [slugs(SECRET), slugs(EDITED)].concat(),
            words: words(SECRET).chain(words(EDITED)).collect(),
            files: files.to_vec(),
        };
        let all_twins = |tries: &Tries| -> Twins { [twins_of_words(SECRET), twins_of_words(EDITED), twins_of_ids(&tries.ids, |_| true)].concat() };
        let nothing = Crawl::run(&desk, &types, &tries.twin(&all_twins(&tries)), true).await;

        // Never published; a public story points to it.
        let (first, second) = (stock(&editor, SECRET, 50).await, stock(&editor, EDITED, 60).await);
        let draft = editor.create(content(SECRET, &first, &category)).await;
        let draft = verb(&editor, "submitForReview", &draft, Some(word(SECRET, "stagenote"))).await;
        let seen = editor.run("OneDraft", json!({ "articleId": draft["articleId"] })).await;
        let seen = &seen.data()["viewer"]["draft"];
        for (what, id) in [("article", &draft["articleId"]), ("section", &seen["content"]["sections"][0]["id"]), ("owner", &seen["owner"]["id"])] {
            tries.ids.insert(what, id.as_str().unwrap().to_owned());
        }
        for (what, id) in [
            ("image", &first.image), ("portrait", &first.portrait), ("author", &first.author), ("tag", &first.tag),
            ("edited image", &second.image), ("edited portrait", &second.portrait), ("edited author", &second.author), ("edited tag", &second.tag),
        ] {
            tries.ids.insert(what, id.clone());
        }
        tries.files = [&first.files[..], &second.files].concat();
        let file_names = |files: &[String]| -> Vec<String> { files.iter().map(|file| file.rsplit('/').next().unwrap().to_owned()).collect() };
        let places = [SEEN, SAID, NEVER_SEEN].concat();
        let everything = |tries: &Tries| -> BTreeSet<String> {
            let words = folded(SECRET, &places).into_iter().chain(folded(EDITED, &places));
            words.chain(tries.ids.values().cloned()).chain(file_names(&tries.files)).collect()
        };
        let pointing = json!([
            { "external": { "url": "https://openurl.example/", "title": "Openlinktitle" } },
            { "article": { "articleId": other["articleId"] } },
            { "article": { "articleId": draft["articleId"], "title": word(SECRET, "linktitle") } },
        ]);
        editor.publish(&editor.save(&story, json!({ "relatedLinks": pointing })).await).await;
        let crawl = Crawl::run(&desk, &types, &tries, true).await;
        crawl.assert_nothing_of(&everything(&tries), "never published");
        crawl.assert_same_as(&nothing, &all_twins(&tries), "never published");

        // Public: found, but for what no reader ever sees.
        let public = editor.publish(&draft).await;
        let comment = reader_comments(&stranger, &public["articleId"], SECRET, "name", "comment").await;
        editor.approve(&comment).await;
        tries.ids.insert("comment", comment);
        tries.ids.insert("pending", reader_comments(&stranger, &public["articleId"], SECRET, "pending", "pending").await);
        let edited_twins: Twins = [twins_of_words(EDITED), twins_of_ids(&tries.ids, is_edited)].concat();
        let published = Crawl::run(&desk, &types, &tries.twin(&edited_twins), false).await;
        assert_finds_all(&types, &published, &tries);
        let mut never_seen = folded(SECRET, NEVER_SEEN);
        never_seen.extend(["pending", "owner"].map(|what| tries.ids[what].clone()));
        published.assert_nothing_of(&never_seen, "published");

        // Whatever is kept in memory of all this, and however often it is asked for, the answers are the same bytes.
        let keeps_nothing = desk.second_node_without(&["answer_cache", "fragment_cache", "article_cache"]).await;
        let fresh = Crawl::run(&keeps_nothing, &types, &tries.twin(&edited_twins), false).await;
        let keeps_parts = desk.second_node_without(&["answer_cache", "fragment_cache"]).await;
        let keeps_fragments = desk.second_node_without(&["answer_cache"]).await;
        for node in [&keeps_parts, &keeps_fragments, &keeps_fragments, &desk] {
            Crawl::run(node, &types, &tries.twin(&edited_twins), false).await.assert_same_as(&fresh, &Twins::new(), "published");
        }

        // Edited after publishing.
        let public = editor.save(&public, content(EDITED, &second, &category)).await;
        let crawl = Crawl::run(&desk, &types, &tries, false).await;
        let edited_ids = tries.ids.iter().filter(|(what, _)| is_edited(what)).map(|(_, id)| id.clone());
        let edited: BTreeSet<String> = folded(EDITED, &places).into_iter().chain(edited_ids).chain(file_names(&second.files)).collect();
        crawl.assert_nothing_of(&edited.union(&never_seen).cloned().collect(), "edited after publishing");
        crawl.assert_same_as(&published, &edited_twins, "edited after publishing");

        // Taken down. Cursors that were had before are good still, and tell nothing.
        let down = verb(&editor, "unpublishArticle", &public, None).await;
        let crawl = Crawl::run(&desk, &types, &tries, true).await;
        crawl.assert_nothing_of(&everything(&tries), "unpublished");
        crawl.assert_same_as(&nothing, &all_twins(&tries), "unpublished");
        let mut crawl = Crawl::default();
        for (list, cursors) in &published.cursors {
            for cursor in cursors {
                for arguments in [format!("first: 2, after: {cursor:?}"), format!("last: 2, before: {cursor:?}")] {
                    crawl.ask(&stranger, list.replace("ARGUMENTS", &arguments)).await;
                }
            }
        }
        crawl.assert_nothing_of(&everything(&tries), "unpublished, from a cursor of before");

        // Public again with its edit, and thrown away.
        let again = editor.publish(&down).await;
        let page = stranger.run("ArticlePage", json!({ "slug": fold(&word(SECRET, "slug")) })).await;
        assert_eq!(page.data()["article"]["title"], word(EDITED, "title"));
        verb(&editor, "deleteArticle", &again, None).await;
        let crawl = Crawl::run(&desk, &types, &tries, true).await;
        crawl.assert_nothing_of(&everything(&tries), "trashed");
        crawl.assert_same_as(&nothing, &all_twins(&tries), "trashed");
    }
}
