//! The site: what is at a path, redirects that were set by hand, addresses, and what a page's head says.

use serde_json::{Value, json};

use crate::harness::{Actor, Desk, on_both};

const ROUTE: &str = "query ($path: String!) { route(path: $path) { path status redirectTo thing { __typename ... on Article { slug } ... on Author { slug } ... on Tag { slug } ... on Category { slug } } } }";

async fn route(desk: &Desk, path: &str) -> Value {
    desk.stranger().query_with(ROUTE, json!({ "path": path })).await.data()["route"].clone()
}

/// What is at a path, in a line.
async fn told(desk: &Desk, path: &str) -> String {
    let route = route(desk, path).await;
    if route.is_null() {
        return "nothing".to_owned();
    }
    let to = route["redirectTo"].as_str().map(|to| format!(" -> {to}")).unwrap_or_default();
    let thing = route["thing"]["slug"]
        .as_str()
        .map(|slug| format!(" {}:{slug}", route["thing"]["__typename"].as_str().unwrap()));
    format!("{}{to}{}", route["status"], thing.unwrap_or_default())
}

async fn change(editor: &Actor, mutation: &str, input: Value) -> Value {
    let name = format!("{}{}", mutation[..1].to_uppercase(), &mutation[1..]);
    let document = format!(
        "mutation ($input: {name}Input!) {{ {mutation}(input: $input) {{ redirect {{ id from to status version }} userErrors {{ code message path }} }} }}"
    );
    editor.query_with(&document, json!({ "input": input })).await.data()[mutation].clone()
}

/// The one user error: its code and its field.
fn refused(payload: &Value) -> (String, String) {
    let error = &payload["userErrors"][0];
    (error["code"].as_str().unwrap().to_owned(), error["path"][1].as_str().unwrap().to_owned())
}

on_both! {
    async fn a_path_leads_to_a_thing_a_redirect_or_nothing(desk) {
        let editor = desk.editor().await;
        let author = editor.create_author("Ann Author").await;
        let tag = editor.create_tag("Trams").await;
        let city = editor.create_category("City", None).await;
        let lines = editor.create_category("Lines", Some(&city)).await;
        let content = json!({ "title": "Größe zählt", "slug": "größe", "sections": [{ "body": "Words." }], "authorIds": [author], "tagIds": [tag], "categoryIds": [lines] });
        let public = editor.publish(&editor.create(content).await).await;
        let public = editor.publish(&editor.save(&public, json!({ "slug": "neue-größe" })).await).await;
        editor.write("A draft").await;
        let own = "/neue-gr%C3%B6%C3%9Fe";
        for (path, expected) in [
            ("/neue-größe", "200 Article:neue-größe".to_owned()),
            (own, "200 Article:neue-größe".to_owned()),
            ("/neue-gr%c3%b6%c3%9fe?page=2#top", "200 Article:neue-größe".to_owned()),
            ("/Neue-Größe", format!("301 -> {own} Article:neue-größe")),
            ("/neue-größe/", format!("301 -> {own} Article:neue-größe")),
            ("//neue-größe", format!("301 -> {own} Article:neue-größe")),
            ("/x/../neue-größe", format!("301 -> {own} Article:neue-größe")),
            ("/größe", format!("301 -> {own} Article:neue-größe")),
            ("/authors/ann-author", "200 Author:ann-author".to_owned()),
            ("/authors/ann-author/", "301 -> /authors/ann-author Author:ann-author".to_owned()),
            ("/tags/trams", "200 Tag:trams".to_owned()),
            ("/categories/lines", "200 Category:lines".to_owned()),
            ("/categories/city/lines", "nothing".to_owned()),
            ("/a-draft", "nothing".to_owned()),
            ("/trams", "nothing".to_owned()),
            ("/", "nothing".to_owned()),
            ("", "nothing".to_owned()),
            ("neue-größe", "nothing".to_owned()),
            ("/%zz", "nothing".to_owned()),
            ("/a\u{0}b", "nothing".to_owned()),
            ("/%00", "nothing".to_owned()),
            ("/neue-größe%2F", "nothing".to_owned()),
        ] {
            assert_eq!(told(&desk, path).await, expected, "{path:?}");
        }
        editor.unpublish(&public).await;
        for path in ["/neue-größe", "/größe", "/tags/trams"] {
            assert_eq!(told(&desk, path).await, "nothing");
        }
    }

    async fn paths_are_made_as_the_operator_says(desk) {
        let patterns = [("article_path", "/news/{year}/{month}/{slug}.html"), ("author_path", "/by/{slug}/"), ("tag_path", "/t/{slug}"), ("category_path", "/topics/{path}"),
            ("site_languages", "de-AT, en"), ("site_description", "Trams."), ("site_logo", "https://www.example.org/logo.png"), ("site_name", "The Line")];
        let desk = desk.restart_with(&patterns).await;
        let editor = desk.editor().await;
        let author = editor.create_author("Ann Author").await;
        let tag = editor.create_tag("Trams").await;
        let city = editor.create_category("City", None).await;
        let lines = editor.create_category("Lines", Some(&city)).await;
        let content = json!({ "title": "A line", "sections": [{ "body": "Words." }], "authorIds": [author], "tagIds": [tag], "categoryIds": [lines] });
        editor.publish(&editor.create(content).await).await;
        let asked = "{ article(by: { slug: \"a-line\" }) { publishedAt locale path url seo { canonicalUrl } authors { path url seo { title canonicalUrl description } } tags { path seo { canonicalUrl } } categories { path url seo { canonicalUrl } } }
            site { name description url logoUrl defaultLocale locales paths { article author tag category } } }";
        let answer = desk.stranger().query(asked).await;
        let article = &answer.data()["article"];
        let date = article["publishedAt"].as_str().unwrap();
        let path = format!("/news/{}/{}/a-line.html", &date[..4], &date[5..7]);
        assert_eq!(article["path"], path);
        assert_eq!(article["url"], format!("https://www.example.org{path}"));
        assert_eq!(article["seo"]["canonicalUrl"], article["url"]);
        assert_eq!(article["locale"], "de-AT");
        assert_eq!(article["authors"][0]["path"], "/by/ann-author/");
        assert_eq!(article["authors"][0]["seo"], json!({ "title": "Ann Author", "canonicalUrl": "https://www.example.org/by/ann-author/", "description": null }));
        assert_eq!(article["tags"][0], json!({ "path": "/t/trams", "seo": { "canonicalUrl": "https://www.example.org/t/trams" } }));
        assert_eq!(article["categories"][0]["url"], "https://www.example.org/topics/city/lines");
        assert_eq!(answer.data()["site"], json!({
            "name": "The Line", "description": "Trams.", "url": "https://www.example.org", "logoUrl": "https://www.example.org/logo.png", "defaultLocale": "de-AT", "locales": ["de-AT", "en"],
            "paths": { "article": "/news/{year}/{month}/{slug}.html", "author": "/by/{slug}/", "tag": "/t/{slug}", "category": "/topics/{path}" },
        }));
        assert_eq!(told(&desk, &path).await, "200 Article:a-line");
        assert_eq!(told(&desk, "/news/1999/01/a-line.html").await, format!("301 -> {path} Article:a-line"));
        assert_eq!(told(&desk, "/news/a-line.html").await, "nothing");
        assert_eq!(told(&desk, "/by/ann-author").await, "301 -> /by/ann-author/ Author:ann-author");
        assert_eq!(told(&desk, "/topics/city/lines").await, "200 Category:lines");
        assert_eq!(told(&desk, "/topics/lines").await, "301 -> /topics/city/lines Category:lines");
    }

    async fn redirects_are_set_changed_and_taken_away(desk) {
        let (editor, author) = (desk.editor().await, desk.author().await);
        let set = change(&editor, "createRedirect", json!({ "from": "/Old//Story/", "to": "https://www.example.org/a-story?x=1" })).await;
        let redirect = &set["redirect"];
        assert_eq!((&redirect["from"], &redirect["to"], &redirect["status"]), (&json!("/Old/Story"), &json!("/a-story?x=1"), &json!(301)));
        assert_eq!(told(&desk, "/Old/Story/?utm=1").await, "301 -> /a-story?x=1");
        assert_eq!(told(&desk, "/old/story").await, "nothing");

        // What is published there goes before it; an old slug after.
        let public = editor.publish(&editor.write("A story").await).await;
        change(&editor, "createRedirect", json!({ "from": "/a-story", "to": "/elsewhere", "status": 307 })).await;
        assert_eq!(told(&desk, "/a-story").await, "200 Article:a-story");
        assert_eq!(told(&desk, "/a-story/").await, "301 -> /a-story Article:a-story");
        let public = editor.publish(&editor.save(&public, json!({ "slug": "the-story" })).await).await;
        assert_eq!(told(&desk, "/a-story").await, "307 -> /elsewhere");
        editor.unpublish(&public).await;
        assert_eq!(told(&desk, "/a-story").await, "307 -> /elsewhere");

        // Another version is refused, and so is what leads nowhere.
        let input = json!({ "redirectId": redirect["id"], "version": 1, "to": "//evil.example", "status": 303, "from": "old" });
        let payload = change(&editor, "updateRedirect", input).await;
        assert_eq!(payload["userErrors"].as_array().unwrap().len(), 3, "{payload}");
        let changed = change(&editor, "updateRedirect", json!({ "redirectId": redirect["id"], "version": 1, "to": "/b", "status": 308 })).await;
        assert_eq!((&changed["redirect"]["version"], &changed["redirect"]["from"]), (&json!(2), &json!("/Old/Story")));
        assert_eq!(told(&desk, "/Old/Story").await, "308 -> /b");
        let again = change(&editor, "updateRedirect", json!({ "redirectId": redirect["id"], "version": 2, "to": "/b", "status": 308 })).await;
        assert_eq!(again["redirect"]["version"], 2);
        let stale = json!({ "redirectId": redirect["id"], "version": 1, "to": "/c" });
        assert_eq!(refused(&change(&editor, "updateRedirect", stale.clone()).await), ("CONFLICT".to_owned(), "version".to_owned()));
        let kept = change(&editor, "deleteRedirect", json!({ "redirectId": redirect["id"], "version": 1 })).await;
        assert_eq!((refused(&kept).0.as_str(), &kept["redirect"]["version"], &kept["redirect"]["to"]), ("CONFLICT", &json!(2), &json!("/b")));
        let taken = change(&editor, "createRedirect", json!({ "from": "/Old/Story", "to": "/x" })).await;
        assert_eq!(refused(&taken), ("TAKEN".to_owned(), "from".to_owned()));
        let onto = json!({ "redirectId": redirect["id"], "version": 2, "from": "/a-story" });
        assert_eq!(refused(&change(&editor, "updateRedirect", onto).await).0, "TAKEN");

        let listed = "{ viewer { redirects { totalCount nodes { from } } } }";
        let seen = editor.query(listed).await;
        assert_eq!(seen.data()["viewer"]["redirects"], json!({ "totalCount": 2, "nodes": [{ "from": "/Old/Story" }, { "from": "/a-story" }] }));
        assert_eq!(author.query(listed).await.data()["viewer"]["redirects"], json!({ "totalCount": 0, "nodes": [] }));
        let gone = change(&editor, "deleteRedirect", json!({ "redirectId": redirect["id"], "version": 2 })).await;
        assert_eq!(gone["redirect"]["to"], "/b");
        assert_eq!(told(&desk, "/Old/Story").await, "nothing");
        assert_eq!(refused(&change(&editor, "deleteRedirect", json!({ "redirectId": redirect["id"], "version": 2 })).await).0, "NOT_FOUND");
        let log = desk.log_after(0).await;
        let of_redirects: Vec<&str> = log.iter().map(|entry| entry.trim()).filter(|entry| entry.starts_with("REDIRECT")).collect();
        assert_eq!(of_redirects, ["REDIRECT_CREATED", "REDIRECT_CREATED", "REDIRECT_UPDATED", "REDIRECT_DELETED"]);
        assert_eq!(desk.verify().await, Vec::<String>::new());

        // Brought back behind the desk's back, it is found.
        desk.tamper("UPDATE redirects SET from_path = '/x' WHERE from_path = '/a-story'").await;
        assert!(desk.verify().await.iter().any(|line| line.contains("is not what was last written")));
    }

    async fn no_redirect_leads_back_to_itself(desk) {
        let editor = desk.editor().await;
        let first = change(&editor, "createRedirect", json!({ "from": "/r0", "to": "/R0/../r0/" })).await;
        assert_eq!(refused(&first), ("INVALID".to_owned(), "to".to_owned()));
        for number in 1..=10 {
            editor.redirect(&format!("/r{number}"), &format!("https://www.example.org/r{}?x#y", number - 1)).await;
        }
        let back = change(&editor, "createRedirect", json!({ "from": "/r0", "to": "/r3" })).await;
        assert_eq!(refused(&back), ("INVALID".to_owned(), "to".to_owned()));
        let long = change(&editor, "createRedirect", json!({ "from": "/r11", "to": "/r10" })).await;
        assert_eq!(refused(&long), ("INVALID".to_owned(), "to".to_owned()));
        editor.redirect("/r12", "/r9").await;
        let two = [("/p", "/q"), ("/q", "/p")];
        let both = two.map(|(from, to)| {
            let editor = editor.clone();
            tokio::spawn(async move { change(&editor, "createRedirect", json!({ "from": from, "to": to })).await })
        });
        let mut done = 0;
        for each in both {
            done += usize::from(each.await.unwrap()["userErrors"] == json!([]));
        }
        assert_eq!(done, 1, "of two redirects to each other, one is refused");
        assert_eq!(desk.verify().await, Vec::<String>::new());
    }

    async fn a_head_says_what_search_engines_ask_for(desk) {
        let desk = desk.restart_with(&[("site_logo", "https://www.example.org/logo.png"), ("site_name", "The </script> Line")]).await;
        let editor = desk.editor().await;
        let image = editor.image("A quay").await;
        let author = editor.create_author("Ann </script><script>alert(1)</script>").await;
        let tag = editor.create_tag("Trams & buses").await;
        let category = editor.create_category("City", None).await;
        let title = format!("A line {}", "very ".repeat(30));
        let content = json!({
            "title": title, "slug": "a-line", "locale": "de-AT", "leadFigure": { "imageId": image }, "authorIds": [author], "tagIds": [tag], "categoryIds": [category],
            "sections": [{ "body": format!("# Words\n\nFirst *words* \u{2028}<!-- {}", "of many ".repeat(40)) }],
        });
        let public = editor.publish(&editor.create(content).await).await;
        let asked = "{ article(by: { slug: \"a-line\" }) { publishedAt seo { title description canonicalUrl image { url } jsonLd openGraph { title description type url image { url width height alt } locale siteName publishedTime modifiedTime section tags authors } } } }";
        let answer = desk.stranger().query(asked).await;
        let (article, seo) = (&answer.data()["article"], &answer.data()["article"]["seo"]);
        let json_ld = seo["jsonLd"].as_str().unwrap();
        assert!(!json_ld.contains(['<', '>', '&', '\u{2028}']), "{json_ld}");
        let json_ld: Value = serde_json::from_str(json_ld).unwrap();
        // What Google's documentation of `Article` names, required and recommended.
        assert_eq!(json_ld["@type"], "NewsArticle");
        assert!(json_ld["headline"].as_str().unwrap().chars().count() <= 110);
        assert_eq!(json_ld["image"], json!([{ "@type": "ImageObject", "url": seo["image"]["url"], "width": 40, "height": 30 }]));
        assert_eq!(json_ld["datePublished"], article["publishedAt"]);
        assert!(json_ld["dateModified"].is_string());
        assert_eq!(json_ld["author"][0]["@type"], "Person");
        assert_eq!(json_ld["author"][0]["name"], "Ann </script><script>alert(1)</script>");
        assert!(json_ld["author"][0]["url"].as_str().unwrap().starts_with("https://www.example.org/authors/"));
        assert_eq!(json_ld["publisher"]["logo"]["url"], "https://www.example.org/logo.png");
        assert_eq!(json_ld["mainEntityOfPage"]["@id"], "https://www.example.org/a-line");
        assert_eq!((&json_ld["articleSection"], &json_ld["keywords"], &json_ld["inLanguage"]), (&json!(["City"]), &json!(["Trams & buses"]), &json!("de-AT")));
        assert!(json_ld["wordCount"].as_i64().unwrap() > 50);
        let description = seo["description"].as_str().unwrap();
        assert!(description.starts_with("Words First words") && description.chars().count() <= 160, "{description}");
        assert_eq!(json_ld["description"], description);
        let graph = &seo["openGraph"];
        assert_eq!((&graph["type"], &graph["locale"], &graph["section"], &graph["tags"]), (&json!("article"), &json!("de_AT"), &json!("City"), &json!(["Trams & buses"])));
        assert_eq!(graph["image"], json!({ "url": seo["image"]["url"], "width": 40, "height": 30, "alt": "A quay" }));
        assert_eq!((&graph["publishedTime"], &graph["url"]), (&article["publishedAt"], &seo["canonicalUrl"]));
        assert_eq!(graph["authors"][0], json_ld["author"][0]["url"]);

        // With an excerpt; without a byline and pictures.
        editor.publish(&editor.save(&public, json!({ "excerpt": "Short.", "authorIds": [], "leadFigure": null, "tagIds": [], "categoryIds": [] })).await).await;
        let answer = desk.stranger().query(asked).await;
        let seo = &answer.data()["article"]["seo"];
        let json_ld: Value = serde_json::from_str(seo["jsonLd"].as_str().unwrap()).unwrap();
        assert_eq!((&seo["description"], &json_ld["description"]), (&json!("Short."), &json!("Short.")));
        assert_eq!(json_ld["author"][0]["@type"], "Organization");
        assert!(json_ld["image"].is_null() && json_ld["keywords"].is_null() && seo["openGraph"]["image"].is_null());
    }

    async fn a_text_is_told_as_blocks_to_readers_and_at_the_desk(desk) {
        let editor = desk.editor().await;
        let image = editor.image("A quay").await;
        let author = editor.run("CreateAuthor", json!({ "input": { "name": "Ann", "bio": "Writes *much*." } })).await;
        let author = author.done("createAuthor", "author")["id"].clone();
        let body = format!("## Costs\n\n- [x] one\n\n![]({image} \"Placed\")\n\nhttps://video.example/1");
        let content = json!({ "title": "A story", "sections": [{ "heading": "Costs", "body": body }], "authorIds": [author] });
        let draft = editor.create(content).await;
        editor.publish(&draft).await;
        let comment = desk.stranger().comment(&draft["articleId"], None, "**Well**\nsaid").await;
        editor.approve(&comment).await;
        let parts = "fragment Blocks on RichText { blocks { __typename ... on HeadingBlock { level anchor spans { text } } ... on ListBlock { isOrdered items { isChecked blocks { ... on ParagraphBlock { spans { text } } } } }
            ... on FigureBlock { image { id url alt width height } caption credit } ... on EmbedBlock { url } ... on ParagraphBlock { spans { text marks href } } } }";
        let asked = format!("{{ article(by: {{ slug: \"a-story\" }}) {{ sections {{ body {{ ...Blocks }} figures {{ image {{ url }} }} }} authors {{ bio {{ ...Blocks }} }} comments {{ nodes {{ body {{ ...Blocks }} }} }} }} }} {parts}");
        let answer = desk.stranger().query(&asked).await;
        let article = &answer.data()["article"];
        let blocks = &article["sections"][0]["body"]["blocks"];
        assert_eq!(blocks[0], json!({ "__typename": "HeadingBlock", "level": 2, "anchor": "costs-2", "spans": [{ "text": "Costs" }] }));
        assert_eq!(blocks[1]["items"], json!([{ "isChecked": true, "blocks": [{ "spans": [{ "text": "one" }] }] }]));
        assert_eq!(blocks[2], json!({
            "__typename": "FigureBlock", "caption": "Placed", "credit": "The desk",
            "image": { "id": image, "url": article["sections"][0]["figures"][0]["image"]["url"], "alt": "A quay", "width": 40, "height": 30 },
        }));
        assert_eq!(blocks[3], json!({ "__typename": "EmbedBlock", "url": "https://video.example/1" }));
        assert_eq!(article["authors"][0]["bio"]["blocks"][0]["spans"][1], json!({ "text": "much", "marks": ["EMPHASIS"], "href": null }));
        assert_eq!(article["comments"]["nodes"][0]["body"]["blocks"][0]["spans"], json!([{ "text": "Well", "marks": ["STRONG"], "href": null }, { "text": " said", "marks": [], "href": null }]));
        let asked = format!("query ($id: ID!) {{ viewer {{ draft(articleId: $id) {{ content {{ sections {{ body {{ ...Blocks }} figures {{ image {{ url }} }} }} }} }} }} }} {parts}");
        let at_desk = editor.query_with(&asked, json!({ "id": draft["articleId"] })).await;
        let section = &at_desk.data()["viewer"]["draft"]["content"]["sections"][0];
        assert_eq!((&section["body"]["blocks"][0], &section["body"]["blocks"][1]), (&blocks[0], &blocks[1]));
        assert_eq!(section["body"]["blocks"][2]["image"]["url"], section["figures"][0]["image"]["url"]);
        // Nothing nests without end: depth is bounded as everywhere.
        let deep = (0..20).fold("__typename".to_owned(), |inside, _| format!("... on QuoteBlock {{ blocks {{ {inside} }} }}"));
        let answer = desk.stranger().query(&format!("{{ articles {{ nodes {{ sections {{ body {{ blocks {{ {deep} }} }} }} }} }} }}")).await;
        assert_eq!(answer.error_code(), "BAD_REQUEST");
    }
}
