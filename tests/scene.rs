//! A site with something of everything, and every field of the schema asked for once on it: for tests that go through all of
//! them.

use copydesk::operation::Role;
use serde_json::{Value, json};

use crate::harness::{Actor, Desk, PASSWORD};

/// Who may do it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Asked by a stranger, and by an admin.
    Anybody,
    /// Asked by an admin.
    Admin,
    /// Asked by somebody whose sessions may end by it.
    Leaver,
}

/// One field of the schema, and a document that asks for it and for what is below it.
pub struct Row {
    pub field: &'static str,
    pub by: By,
    pub document: String,
    pub variables: Value,
}

fn query(field: &'static str, document: &str, variables: Value) -> Row {
    Row { field, by: By::Anybody, document: document.to_owned(), variables }
}

fn viewer(field: &'static str, selected: &str, variables: Value) -> Row {
    let declared = if variables.get("id").is_some() { "($id: ID!)" } else { "" };
    let document = format!("query {declared} {{ viewer {{ {selected} }} }}");
    Row { field, by: By::Admin, document, variables }
}

fn mutation(field: &'static str, by: By, selected: &str, input: Value) -> Row {
    let input_type = format!("{}{}Input", field[..1].to_uppercase(), &field[1..]);
    let document = format!(
        "mutation ($input: {input_type}!) {{ {field}(input: $input) {{ {selected} userErrors {{ code message path }} }} }}"
    );
    Row { field, by, document, variables: json!({ "input": input }) }
}

const CARD: &str = "id slug title excerpt publishedAt authors { name portrait { url } } leadFigure { image { url } caption } tags { name } categories { name } commentCount";
const RECORD: &str = "id slug name bio { text } isListed portrait { id alt } version";
const DRAFT: &str = "articleId version title slug stage isPublished owner { name } commentSettings { comments closeAfterDays version } may { action isAllowed } checks { code } content { sections { body { html } } leadFigure { image { url } } authors { name portrait { alt } } categories { name } tags { name } relatedLinks { title url article { title isPublished } } }";
const REDIRECT: &str = "redirect { id from to status version }";
const USER: &str = "id email name role isActive version";
const SESSION: &str = "accessTokenExpiresAt user { name role }";

/// Every field of `Query`, `Viewer` and `Mutation`. No opaque text is asked for (tokens, cursors): a word may stand in it
/// by chance.
pub fn rows(things: &Value) -> Vec<Row> {
    let id = |name: &str| json!({ "id": things[name] });
    let of_draft =
        |name: &str| json!({ "articleId": things[name]["articleId"], "version": things[name]["version"] });
    let with = |mut input: Value, more: Value| {
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let section = |name: &str| json!({ "sectionId": things[name]["sectionId"] });
    let content = if things.is_null() { json!({}) } else { things["content"].clone() };
    let article = "{ article(by: { slug: \"a-line\" }) { id slug title excerpt locale publishedAt updatedAt wordCount readingMinutes leadFigure { image { id url alt } caption } tableOfContents { text } sections { heading body { markdown html } figures { image { url } } } authors { name slug bio { html blocks { __typename } } portrait { url } url seo { description } articleCount articles(first: 2) { nodes { title } } } categories { name path ancestors { name } children { name } parent { name } articles(first: 2) { nodes { title } } } tags { name articleCount articles(first: 2) { nodes { title } } } relatedLinks { ... on RelatedArticle { title article { slug title } } ... on ExternalLink { title url } } referencedBy(first: 2) { totalCount nodes { title } } suggestedArticles(first: 2) { title } commentCount commentsOpen commentsCloseAt comments(first: 2) { totalCount nodes { authorName isStaff isByArticleAuthor body { html } replies(first: 2) { nodes { body { text } parent { id } } } } } seo { title image { url } jsonLd openGraph { section tags authors } } } }";
    let articles = "query ($filter: ArticleFilter) { articles(first: 2, filter: $filter) { totalCount nodes { {CARD} } pageInfo { hasNextPage } } }";
    let node = "query ($id: ID!) { node(id: $id) { __typename id ... on Article { {CARD} } } }";
    let search = "{ search(query: \"trams\", first: 2) { totalCount edges { score snippet { html } node { {CARD} } } } }";
    let authors = "{ authors(first: 2) { totalCount nodes { name bio { html } portrait { url } articles(first: 2) { nodes { title } } } } }";
    let author = "query ($id: ID!) { author(by: { id: $id }) { name bio { html } portrait { url } articleCount articles(first: 2) { totalCount nodes { title } } } }";
    let category = "query ($id: ID!) { category(by: { id: $id }) { name ancestors { name } children { name } parent { name } articleCount articles(first: 2) { totalCount nodes { title } } } }";
    let carded = |document: &str| document.replace("{CARD}", CARD);
    let moderated = "id parentId authorName authorEmail status isStaff isByArticleAuthor heldFor version updatedAt body { text } article { slug title isPublished }";
    let decision = |field: &'static str| {
        let selected = format!("comment {{ {moderated} }}");
        mutation(field, By::Admin, &selected, json!({ "commentId": things["comments"][field] }))
    };
    let decisions = |field: &'static str| {
        let selected = format!("results {{ comment {{ {moderated} }} userErrors {{ code }} }}");
        mutation(field, By::Admin, &selected, json!({ "commentIds": [things["comments"][field]] }))
    };
    let draft = format!("draft {{ {DRAFT} }}");
    let user = format!("user {{ {USER} }}");
    let session = format!("session {{ {SESSION} }}");
    vec![
        query("article", article, json!({})),
        query(
            "articles",
            &carded(articles),
            json!({ "filter": { "tagSlug": "trams", "authorSlug": "ann-author", "categorySlug": "lines", "locale": "en" } }),
        ),
        query("author", author, id("author")),
        query("authors", authors, json!({})),
        query(
            "categories",
            "{ categories { name parent { name } children { name } articleCount articles(first: 2) { nodes { title } } } }",
            json!({}),
        ),
        query("category", category, id("category")),
        query(
            "image",
            "query ($id: ID!) { image(by: { id: $id }) { url alt caption credit width } }",
            id("image"),
        ),
        query("node", &carded(node), id("article")),
        query(
            "route",
            "{ route(path: \"/a-line\") { path status redirectTo thing { ... on Article { title url authors { name } } } } }",
            json!({}),
        ),
        query("archive", "{ archive { year articleCount months { month articleCount } } }", json!({})),
        query("search", &carded(search), json!({})),
        query("site", "{ site { name url locales paths { article } } }", json!({})),
        query(
            "tag",
            "{ tag(by: { slug: \"tram-lines\" }) { name articleCount articles(first: 2) { totalCount nodes { title } } } }",
            json!({}),
        ),
        query(
            "tags",
            "{ tags(first: 2) { totalCount nodes { name articles(first: 2) { nodes { title } } } } }",
            json!({}),
        ),
        query("viewer", "{ viewer { user { name } drafts(first: 2) { nodes { title } } } }", json!({})),
        viewer(
            "viewer.authors",
            &format!("authors(first: 2) {{ totalCount nodes {{ {RECORD} }} }}"),
            json!({}),
        ),
        viewer("viewer.assignees", "assignees(first: 2) { totalCount nodes { id name } }", json!({})),
        viewer("viewer.capabilities", "capabilities { action reach }", json!({})),
        viewer("viewer.categories", "categories { id slug name parentId version }", json!({})),
        viewer(
            "viewer.changes",
            "changes(first: 20) { totalCount nodes { sequence at actor { id name } action detail revisionNumber subject { id type } tags } }",
            json!({}),
        ),
        viewer(
            "viewer.draft",
            &format!(
                "draft(articleId: $id) {{ {DRAFT} publishedRevision {{ number actor {{ name }} }} revisions(first: 2) {{ nodes {{ number note actor {{ name }} }} }} }}"
            ),
            id("article"),
        ),
        viewer(
            "viewer.compareRevisions",
            "compareRevisions(articleId: $id, from: 1, to: 2) { from { number actor { name } } to { number } differing title { change text } authors { added { name } } leadFigure { before { image { url } } } relatedLinks { removed { title article { title } } } sections { change body { change text } } }",
            id("article"),
        ),
        viewer(
            "viewer.preview",
            "preview(articleId: $id) { title leadFigure { image { url } } sections { body { html } figures { image { url } } } authors { name portrait { url } } }",
            id("article"),
        ),
        viewer("viewer.drafts", &format!("drafts(first: 3) {{ totalCount nodes {{ {DRAFT} }} }}"), json!({})),
        viewer(
            "viewer.images",
            "images(first: 2, filter: { isUsed: true }) { totalCount nodes { id url alt fileName version usageCount portraitOf(first: 2) { totalCount nodes { id name } } } }",
            json!({}),
        ),
        viewer(
            "viewer.moderationQueue",
            &format!("moderationQueue(first: 2) {{ totalCount nodes {{ {moderated} }} }}"),
            json!({}),
        ),
        viewer(
            "viewer.redirects",
            "redirects(first: 2) { totalCount nodes { id from to status version } }",
            json!({}),
        ),
        viewer("viewer.sessions", "sessions { id createdAt isCurrent address }", json!({})),
        viewer(
            "viewer.tags",
            "tags(first: 2) { totalCount nodes { id slug name version usageCount } }",
            json!({}),
        ),
        viewer("viewer.user", &user, json!({})),
        viewer("viewer.users", &format!("users(first: 5) {{ totalCount nodes {{ {USER} }} }}"), json!({})),
        mutation(
            "approveComment",
            By::Admin,
            &format!("comment {{ {moderated} }}"),
            json!({ "commentId": things["comment"] }),
        ),
        mutation(
            "eraseComment",
            By::Admin,
            &format!("comment {{ {moderated} }}"),
            json!({ "commentId": things["comment"] }),
        ),
        decision("rejectComment"),
        decision("markCommentAsSpam"),
        decision("deleteComment"),
        decisions("approveComments"),
        decisions("rejectComments"),
        decisions("markCommentsAsSpam"),
        decisions("deleteComments"),
        mutation(
            "replyToComment",
            By::Admin,
            &format!("comment {{ {moderated} }}"),
            json!({ "commentId": things["approved"], "body": "Thank you." }),
        ),
        mutation(
            "editComment",
            By::Anybody,
            "comment { id status body { html } }",
            json!({ "editToken": things["editToken"], "body": "Changed" }),
        ),
        mutation("createArticle", By::Admin, &draft, with(content, json!({ "title": "Another" }))),
        mutation(
            "createAuthor",
            By::Admin,
            &format!("author {{ {RECORD} }}"),
            json!({ "name": "Bob Byline", "bio": "Writes.", "isListed": true, "portraitImageId": things["image"] }),
        ),
        mutation(
            "assignArticle",
            By::Admin,
            &draft,
            with(of_draft("assignArticle"), json!({ "ownerId": things["renamed"]["id"] })),
        ),
        mutation(
            "createCategory",
            By::Admin,
            "category { id slug name parentId }",
            json!({ "name": "Stops", "parentId": things["category"] }),
        ),
        mutation(
            "updateAuthor",
            By::Admin,
            &format!("author {{ {RECORD} }}"),
            json!({ "authorId": things["library"]["updateAuthor"], "version": 1, "name": "Ann Byline", "bio": null, "links": [{ "title": "Site", "url": "https://ann.example" }] }),
        ),
        mutation(
            "deleteAuthor",
            By::Admin,
            &format!("author {{ {RECORD} }} usedBy {{ title }}"),
            json!({ "authorId": things["library"]["deleteAuthor"], "version": 1 }),
        ),
        mutation(
            "updateTag",
            By::Admin,
            "tag { id slug name usageCount }",
            json!({ "tagId": things["library"]["updateTag"], "version": 1, "slug": things["newSlug"] }),
        ),
        mutation(
            "deleteTag",
            By::Admin,
            "tag { id slug name } usedBy { title }",
            json!({ "tagId": things["library"]["deleteTag"], "version": 1 }),
        ),
        mutation(
            "mergeTags",
            By::Admin,
            "tag { id slug name usageCount }",
            json!({ "tagId": things["library"]["mergeTags"], "version": 1, "mergedTagIds": [things["library"]["mergedTag"]] }),
        ),
        mutation(
            "updateCategory",
            By::Admin,
            "category { id slug name usageCount }",
            json!({ "categoryId": things["library"]["updateCategory"], "version": 1, "slug": things["newSlug"] }),
        ),
        mutation(
            "moveCategory",
            By::Admin,
            "category { id slug parentId position }",
            json!({ "categoryId": things["library"]["moveCategory"], "version": 1, "parentId": things["library"]["updateCategory"] }),
        ),
        mutation(
            "deleteCategory",
            By::Admin,
            "category { id slug name } usedBy { title }",
            json!({ "categoryId": things["library"]["deleteCategory"], "version": 1 }),
        ),
        mutation(
            "createRedirect",
            By::Admin,
            REDIRECT,
            json!({ "from": things["newPath"], "to": "https://example.org/elsewhere", "status": 302 }),
        ),
        mutation(
            "updateRedirect",
            By::Admin,
            REDIRECT,
            json!({ "redirectId": things["changedRedirect"]["id"], "version": 1, "to": things["newPath"] }),
        ),
        mutation(
            "deleteRedirect",
            By::Admin,
            REDIRECT,
            json!({ "redirectId": things["deletedRedirect"]["id"], "version": 1 }),
        ),
        mutation("createTag", By::Admin, "tag { id slug name }", json!({ "name": "Night lines" })),
        mutation(
            "createUser",
            By::Admin,
            &user,
            json!({ "email": things["newEmail"], "name": "New", "role": "AUTHOR", "password": PASSWORD }),
        ),
        mutation("deactivateUser", By::Admin, &user, json!({ "userId": things["active"]["id"] })),
        mutation(
            "publishArticle",
            By::Admin,
            &format!("article {{ {CARD} }} {draft}"),
            of_draft("publishArticle"),
        ),
        mutation("reactivateUser", By::Admin, &user, json!({ "userId": things["inactive"]["id"] })),
        mutation(
            "requestChanges",
            By::Admin,
            &draft,
            with(of_draft("requestChanges"), json!({ "note": "Check the figures" })),
        ),
        mutation(
            "revertArticle",
            By::Admin,
            &draft,
            with(of_draft("revertArticle"), json!({ "toRevision": things["toRevision"] })),
        ),
        mutation(
            "setUserPassword",
            By::Admin,
            &user,
            json!({ "userId": things["inactive"]["id"], "newPassword": PASSWORD }),
        ),
        mutation(
            "submitComment",
            By::Anybody,
            "comment { id status body { html } }",
            json!({ "articleId": things["article"], "parentId": things["approved"], "authorName": "Rita", "authorEmail": "rita@reader.example", "body": "When?" }),
        ),
        mutation("deleteArticle", By::Admin, &draft, of_draft("deleteArticle")),
        mutation("restoreArticle", By::Admin, &draft, of_draft("restoreArticle")),
        mutation(
            "addSection",
            By::Admin,
            &draft,
            with(of_draft("addSection"), json!({ "heading": "Two", "body": things["newName"] })),
        ),
        mutation(
            "updateSection",
            By::Admin,
            &draft,
            with(
                of_draft("updateSection"),
                with(section("updateSection"), json!({ "body": things["newName"] })),
            ),
        ),
        mutation(
            "moveSection",
            By::Admin,
            &draft,
            with(of_draft("moveSection"), with(section("moveSection"), json!({ "position": 2 }))),
        ),
        mutation(
            "removeSection",
            By::Admin,
            &draft,
            with(of_draft("removeSection"), section("removeSection")),
        ),
        mutation(
            "addRelatedLink",
            By::Admin,
            &draft,
            with(
                of_draft("addRelatedLink"),
                json!({ "link": { "article": { "articleId": things["article"] } } }),
            ),
        ),
        mutation(
            "moveRelatedLink",
            By::Admin,
            &draft,
            with(of_draft("moveRelatedLink"), json!({ "position": 1, "toPosition": 2 })),
        ),
        mutation(
            "removeRelatedLink",
            By::Admin,
            &draft,
            with(of_draft("removeRelatedLink"), json!({ "position": 1 })),
        ),
        mutation(
            "setArticleComments",
            By::Admin,
            &draft,
            json!({
                "articleId": things["setArticleComments"]["articleId"],
                "version": things["setArticleComments"]["commentSettings"]["version"],
                "comments": "OPEN",
                "closeAfterDays": things["round"],
            }),
        ),
        mutation("submitForReview", By::Admin, &draft, of_draft("submitForReview")),
        mutation("unpublishArticle", By::Admin, &draft, of_draft("unpublishArticle")),
        mutation(
            "updateArticle",
            By::Admin,
            &draft,
            with(of_draft("updateArticle"), json!({ "title": things["newName"], "tagIds": [things["tag"]] })),
        ),
        mutation(
            "updateUser",
            By::Admin,
            &user,
            json!({ "userId": things["renamed"]["id"], "version": things["renamed"]["version"], "name": things["newName"] }),
        ),
        mutation("uploadImage", By::Admin, "image { id }", json!({})),
        mutation(
            "updateImage",
            By::Admin,
            "image { id alt version focalPoint { x } }",
            json!({ "imageId": things["changedImage"], "version": 1, "alt": things["newName"], "focalPoint": { "x": 1, "y": 2 } }),
        ),
        mutation(
            "deleteImage",
            By::Admin,
            "image { id alt } usedBy { title }",
            json!({ "imageId": things["deletedImage"], "version": 1 }),
        ),
        mutation(
            "replaceImageFile",
            By::Admin,
            "image { id width version }",
            json!({ "imageId": things["replacedImage"], "version": 1 }),
        ),
        mutation(
            "signIn",
            By::Anybody,
            &session,
            json!({ "email": "ivy@desk.example", "password": PASSWORD }),
        ),
        // In this order: each leaves alone what the next needs.
        mutation("refreshSession", By::Anybody, &session, json!({ "refreshToken": things["refreshToken"] })),
        mutation(
            "endSession",
            By::Leaver,
            "sessions { id isCurrent }",
            json!({ "sessionId": things["session"] }),
        ),
        mutation(
            "changePassword",
            By::Leaver,
            &user,
            json!({ "currentPassword": PASSWORD, "newPassword": PASSWORD }),
        ),
        mutation("signOut", By::Leaver, "", json!({ "everywhere": true })),
    ]
}

/// What the rows ask for and act on.
pub struct Scene {
    pub admin: Actor,
    pub leaver: Actor,
    pub things: Value,
}

/// A site with something of everything, which the rounds leave as it is.
pub async fn furnish(desk: &Desk) -> Scene {
    let admin = desk.admin().await;
    let users =
        [(Role::Editor, "Ivy"), (Role::Author, "Dora"), (Role::Author, "Rex"), (Role::Author, "Nora")];
    for (role, name) in users {
        desk.user(role, name).await;
    }
    let image = admin.image("A quay").await;
    let byline = json!({ "input": { "name": "Ann Author", "portraitImageId": image, "bio": "Writes." } });
    let byline = admin.run("CreateAuthor", byline).await;
    let author = &byline.done("createAuthor", "author")["id"];
    let root = admin.create_category("City", None).await;
    let category = admin.create_category("Lines", Some(&root)).await;
    let tag = admin.run("CreateTag", json!({ "input": { "name": "Trams", "slug": "tram-lines" } })).await;
    let tag = tag.done("createTag", "tag")["id"].as_str().unwrap().to_owned();
    // Its first slug, by which it is asked for, is an old one.
    let renamed = "mutation ($id: ID!) { updateTag(input: { tagId: $id, version: 1, slug: \"trams\" }) { tag { slug } userErrors { code } } }";
    admin.query_with(renamed, json!({ "id": tag })).await.done("updateTag", "tag");
    let other = admin.publish(&admin.write("Another line").await).await;
    let content = json!({
        "title": "A line", "excerpt": "Short.", "leadFigure": { "imageId": image },
        "sections": [{ "heading": "One", "body": format!("Words about trams.\n\n![]({image})") }, { "heading": "More", "body": "More words." }],
        "authorIds": [author], "categoryIds": [category], "tagIds": [tag],
        "relatedLinks": [{ "external": { "url": "https://example.org/", "title": "Plan" } }, { "article": { "articleId": other["articleId"] } }],
    });
    let draft = admin.publish(&admin.create(content.clone()).await).await;
    // Its first slug, by which it is asked for, is an old one.
    let draft = admin.publish(&admin.save(&draft, json!({ "slug": "a-line-at-night" })).await).await;
    let approved = desk.stranger().comment(&draft["articleId"], None, "First").await;
    admin.approve(&approved).await;
    let reply = desk.stranger().comment(&draft["articleId"], Some(&approved), "Second").await;
    admin.approve(&reply).await;
    let mut drafts = json!({});
    for (field, ..) in DRAFTS {
        let mut content = content.clone();
        content["title"] = json!(format!("For {field}"));
        drafts[field] = admin.create(content).await["articleId"].clone();
    }
    let saved = json!({ "articleId": drafts["revertArticle"], "version": 1 });
    admin.save(&saved, json!({ "title": "Newer" })).await;
    let things = json!({
        "drafts": drafts, "image": image, "author": author, "category": category, "tag": tag, "content": content,
        "article": draft["articleId"], "approved": approved,
    });
    Scene { leaver: admin.clone(), admin, things }
}

/// Each mutation of a draft has one of its own: in which stage it must be, and whether public.
const DRAFTS: [(&str, &str, bool); 17] = [
    ("addRelatedLink", "WRITING", false),
    ("addSection", "WRITING", false),
    ("assignArticle", "WRITING", false),
    ("deleteArticle", "WRITING", false),
    ("moveRelatedLink", "WRITING", false),
    ("moveSection", "WRITING", false),
    ("publishArticle", "WRITING", false),
    ("removeRelatedLink", "WRITING", false),
    ("removeSection", "WRITING", false),
    ("requestChanges", "IN_REVIEW", false),
    ("restoreArticle", "WRITING", false),
    ("revertArticle", "WRITING", false),
    ("setArticleComments", "WRITING", false),
    ("submitForReview", "WRITING", false),
    ("unpublishArticle", "WRITING", true),
    ("updateArticle", "WRITING", false),
    ("updateSection", "WRITING", false),
];

/// The finer edits: each begins from the same text and links.
const FINER: [&str; 7] = [
    "addRelatedLink",
    "addSection",
    "moveRelatedLink",
    "moveSection",
    "removeRelatedLink",
    "removeSection",
    "updateSection",
];

/// Each of these decisions has a comment of its own, which waits.
const DECISIONS: [&str; 7] = [
    "approveComments",
    "deleteComment",
    "deleteComments",
    "markCommentAsSpam",
    "markCommentsAsSpam",
    "rejectComment",
    "rejectComments",
];

async fn put_back(admin: &Actor, verb: &str, input: &Value) -> Value {
    let named = format!("{}{}", verb[..1].to_uppercase(), &verb[1..]);
    let document = format!(
        "mutation ($input: {named}Input!) {{ {verb}(input: $input) {{ draft {{ articleId version stage isPublished }} userErrors {{ code }} }} }}"
    );
    admin.query_with(&document, json!({ "input": input })).await.done(verb, "draft").clone()
}

/// Brings everything back to where one run of all rows can begin.
pub async fn set_up(desk: &Desk, scene: &mut Scene, round: usize) {
    let Scene { admin, leaver, things } = scene;
    things["round"] = json!(round);
    things["newName"] = json!(format!("Changed {round}"));
    things["newEmail"] = json!(format!("new{round}@desk.example"));
    things["newPath"] = json!(format!("/new/{round}"));
    for name in ["changedImage", "replacedImage", "deletedImage"] {
        things[name] = json!(admin.image("A quay").await);
    }
    for name in ["changedRedirect", "deletedRedirect"] {
        things[name] = admin.redirect(&format!("/{name}/{round}"), "/a-line").await;
    }
    things["newSlug"] = json!(format!("renamed-{round}"));
    things["library"] = json!({
        "updateAuthor": admin.create_author("Ann").await,
        "deleteAuthor": admin.create_author("Ann").await,
        "updateTag": admin.create_tag("Buses").await,
        "deleteTag": admin.create_tag("Buses").await,
        "mergeTags": admin.create_tag("Buses").await,
        "mergedTag": admin.create_tag("Buses").await,
        "updateCategory": admin.create_category("Stops", None).await,
    });
    // One alone below another, so that no sibling is numbered anew when it goes; and the last of the roots.
    let above = admin.create_category("Quays", None).await;
    things["library"]["moveCategory"] = json!(admin.create_category("Stops", Some(&above)).await);
    things["library"]["deleteCategory"] = json!(admin.create_category("Stops", None).await);
    things["comment"] = json!(desk.stranger().comment(&things["article"], None, "Hello").await);
    things["comments"] = json!({});
    for field in DECISIONS {
        things["comments"][field] =
            json!(desk.stranger().comment(&things["article"], None, &format!("For {field}")).await);
    }
    let sent = "mutation ($input: SubmitCommentInput!) { submitComment(input: $input) { editToken userErrors { code } } }";
    let input = json!({ "articleId": things["article"], "authorName": "Rita", "authorEmail": "rita@reader.example", "body": "Oops" });
    let sent = desk.stranger().query_with(sent, json!({ "input": input })).await;
    things["editToken"] = sent.done("submitComment", "editToken").clone();
    let mut drafts = Vec::new();
    for in_trash in [false, true] {
        let listed = format!(
            "{{ viewer {{ drafts(first: 100, filter: {{ isTrashed: {in_trash} }}) {{ nodes {{ articleId version stage isPublished revisionNumber trashedAt commentSettings {{ version }} }} }} }} }}"
        );
        let listed = admin.query(&listed).await;
        drafts.extend(listed.data()["viewer"]["drafts"]["nodes"].as_array().unwrap().clone());
    }
    for (field, stage, is_published) in DRAFTS {
        let mut draft =
            drafts.iter().find(|draft| draft["articleId"] == things["drafts"][field]).unwrap().clone();
        let mut input = json!({ "articleId": draft["articleId"], "version": draft["version"] });
        if FINER.contains(&field) {
            let same = json!({ "sections": things["content"]["sections"], "relatedLinks": things["content"]["relatedLinks"] });
            draft = admin.save(&draft, same).await;
            let content = admin.run("OneDraft", json!({ "articleId": draft["articleId"] })).await;
            draft["sectionId"] = content.data()["viewer"]["draft"]["content"]["sections"][0]["id"].clone();
            things[field] = draft;
            continue;
        }
        if field == "deleteArticle" && draft["trashedAt"] != Value::Null {
            draft = put_back(admin, "restoreArticle", &input).await;
        }
        if field == "restoreArticle" && draft["trashedAt"] == Value::Null {
            draft = put_back(admin, "deleteArticle", &input).await;
        }
        if field == "revertArticle" {
            things["toRevision"] = json!(draft["revisionNumber"].as_i64().unwrap() - 1);
        }
        match (draft["stage"] == stage, draft["isPublished"] == is_published) {
            (true, true) => {}
            (true, false) if is_published => draft = admin.publish(&draft).await,
            (true, false) => draft = admin.unpublish(&draft).await,
            (false, _) if stage == "IN_REVIEW" => {
                let answer = admin.run("SubmitForReview", json!({ "input": input })).await;
                draft = answer.done("submitForReview", "draft").clone();
            }
            (false, _) => {
                input["note"] = json!("Check the figures");
                let answer = admin.run("RequestChanges", json!({ "input": input })).await;
                draft = answer.done("requestChanges", "draft").clone();
            }
        }
        things[field] = draft;
    }
    let users = admin.query("{ viewer { users(first: 100) { nodes { id email isActive version } } } }").await;
    let users = users.data()["viewer"]["users"]["nodes"].as_array().unwrap();
    for (name, email, is_active, verb) in [
        ("active", "dora@desk.example", true, "reactivateUser"),
        ("inactive", "rex@desk.example", false, "deactivateUser"),
        ("renamed", "nora@desk.example", true, "reactivateUser"),
    ] {
        let user = users.iter().find(|user| user["email"] == email).unwrap();
        things[name] = user.clone();
        if user["isActive"] != is_active {
            let document = format!(
                "mutation ($id: ID!) {{ {verb}(input: {{ userId: $id }}) {{ user {{ isActive }} userErrors {{ code }} }} }}"
            );
            let answer = admin.query_with(&document, json!({ "id": user["id"] })).await;
            assert_eq!(answer.done(verb, "user")["isActive"], is_active);
        }
    }
    let input = json!({ "email": "ivy@desk.example", "password": PASSWORD });
    let signed_in = desk.stranger().run("SignIn", json!({ "input": input })).await;
    things["refreshToken"] = signed_in.done("signIn", "session")["refreshToken"].clone();
    *leaver = desk.sign_in("ivy@desk.example").await;
    let sessions = leaver.query("{ viewer { sessions { id isCurrent } } }").await;
    let sessions = sessions.data()["viewer"]["sessions"].as_array().unwrap();
    things["session"] = sessions.iter().find(|session| session["isCurrent"] == false).unwrap()["id"].clone();
}
