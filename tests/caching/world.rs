//! A site with something of everything, random changes to it, and questions that between them ask for all that is public.

use serde_json::{Value, json};

use crate::harness::{Actor, Answer, Desk, picture};

/// A small generator of numbers: the same from the same seed.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    pub fn one<'a>(&mut self, of: &'a [Value]) -> Option<&'a Value> {
        if of.is_empty() { None } else { Some(&of[self.below(of.len())]) }
    }

    /// Up to two of these ids, each once.
    fn some(&mut self, of: &[Value]) -> Vec<Value> {
        let mut ids: Vec<Value> =
            (0..self.below(3)).filter_map(|_| self.one(of)).map(|thing| thing["id"].clone()).collect();
        ids.dedup();
        ids
    }
}

/// What there is now, as the desk sees it.
pub struct World {
    pub articles: Vec<Value>,
    pub authors: Vec<Value>,
    pub tags: Vec<Value>,
    pub categories: Vec<Value>,
    pub images: Vec<Value>,
    pub redirects: Vec<Value>,
    pub comments: Vec<Value>,
}

impl World {
    pub async fn look(editor: &Actor) -> Self {
        let document = "{ viewer {
            drafts(first: 50) { nodes { articleId version slug isPublished commentSettings { version } } }
            authors(first: 50) { nodes { id slug version } } tags(first: 50) { nodes { id slug version } }
            categories { id slug version } images(first: 50) { nodes { id version } } redirects(first: 50) { nodes { id from version } }
            pending: moderationQueue(first: 50) { nodes { id } } approved: moderationQueue(status: APPROVED, first: 50) { nodes { id } }
        } }";
        let seen = editor.query(document).await.data()["viewer"].clone();
        let nodes = |list: &str| seen[list]["nodes"].as_array().unwrap().clone();
        Self {
            articles: nodes("drafts"),
            authors: nodes("authors"),
            tags: nodes("tags"),
            categories: seen["categories"].as_array().unwrap().clone(),
            images: nodes("images"),
            redirects: nodes("redirects"),
            comments: [nodes("pending"), nodes("approved")].concat(),
        }
    }
}

/// How many kinds of changes there are.
pub const KINDS: usize = 24;
/// The one that takes so long that everybody has to sign in again.
pub const LATER: usize = 23;

async fn change(actor: &Actor, verb: &str, input: Value) -> Answer {
    let name = format!("{}{}", verb[..1].to_uppercase(), &verb[1..]);
    let document = format!(
        "mutation ($input: {name}Input!) {{ {verb}(input: $input) {{ userErrors {{ code message }} }} }}"
    );
    let answer = actor.query_with(&document, json!({ "input": input })).await;
    assert!(answer.body.get("errors").is_none(), "{verb}: {}", answer.text);
    answer
}

fn of(thing: &Value, kind: &str, more: Value) -> Value {
    let mut input = json!({ format!("{kind}Id"): thing["id"], "version": thing["version"] });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    input
}

/// Changes something; what can't be done is refused. Says what was tried.
pub async fn act(desk: &Desk, editor: &Actor, number: usize, kind: usize, chance: &mut Chance) -> String {
    let World { articles, authors, tags, categories, images, redirects, comments } =
        World::look(editor).await;
    let reader = desk.stranger();
    let article = chance.one(&articles).cloned().unwrap_or_default();
    let of_article = |more: Value| {
        let mut input = json!({ "articleId": article["articleId"], "version": article["version"] });
        input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        input
    };
    let (author, tag, category) = (
        chance.one(&authors).cloned().unwrap_or_default(),
        chance.one(&tags).cloned().unwrap_or_default(),
        chance.one(&categories).cloned().unwrap_or_default(),
    );
    let (verb, input) = match kind {
        0 | 1 => {
            let links: Vec<Value> = chance
                .one(&articles)
                .map(|target| json!({ "article": { "articleId": target["articleId"] } }))
                .into_iter()
                .collect();
            let lead = chance.one(&images).map(|image| json!({ "imageId": image["id"] }));
            let fields = json!({
                "title": format!("Trams and quays {number}"), "excerpt": "In the harbor.", "leadFigure": lead,
                "locale": if chance.below(4) == 0 { "de" } else { "en" },
                "sections": [{ "body": format!("Words of change {number}.") }], "relatedLinks": links,
                "authorIds": chance.some(&authors), "tagIds": chance.some(&tags), "categoryIds": chance.some(&categories),
            });
            let draft = if kind == 0 || articles.is_empty() {
                change(editor, "createArticle", fields).await;
                World::look(editor)
                    .await
                    .articles
                    .iter()
                    .find(|found| !articles.iter().any(|known| known["articleId"] == found["articleId"]))
                    .cloned()
            } else {
                change(editor, "updateArticle", of_article(fields)).await;
                World::look(editor)
                    .await
                    .articles
                    .iter()
                    .find(|found| found["articleId"] == article["articleId"])
                    .cloned()
            };
            let draft = draft.unwrap_or_default();
            ("publishArticle", json!({ "articleId": draft["articleId"], "version": draft["version"] }))
        }
        2 => ("unpublishArticle", of_article(json!({}))),
        3 => ("publishArticle", of_article(json!({}))),
        4 => ("deleteArticle", of_article(json!({}))),
        5 => (
            "createAuthor",
            json!({ "name": format!("Author {number}"), "isListed": number.is_multiple_of(2), "portraitImageId": chance.one(&images).map(|image| image["id"].clone()) }),
        ),
        6 => ("createTag", json!({ "name": format!("Tag {number}") })),
        7 => (
            "createCategory",
            json!({ "name": format!("Category {number}"), "parentId": chance.one(&categories).filter(|_| number.is_multiple_of(2)).map(|parent| parent["id"].clone()) }),
        ),
        8 => (
            "updateAuthor",
            of(
                &author,
                "author",
                json!({ "name": format!("Other {number}"), "slug": format!("other-{number}"), "isListed": number.is_multiple_of(2), "portraitImageId": chance.one(&images).map(|image| image["id"].clone()) }),
            ),
        ),
        9 => (
            "updateTag",
            of(&tag, "tag", json!({ "name": format!("Label {number}"), "slug": format!("label-{number}") })),
        ),
        10 => (
            "updateCategory",
            of(
                &category,
                "category",
                json!({ "name": format!("Subject {number}"), "slug": format!("subject-{number}") }),
            ),
        ),
        11 => (
            "moveCategory",
            of(
                &category,
                "category",
                json!({ "parentId": chance.one(&categories).filter(|_| number.is_multiple_of(2)).map(|parent| parent["id"].clone()) }),
            ),
        ),
        12 => (
            "mergeTags",
            of(
                &tag,
                "tag",
                json!({ "mergedTagIds": chance.one(&tags).map(|other| other["id"].clone()).into_iter().collect::<Vec<_>>() }),
            ),
        ),
        13 => (
            "deleteAuthor",
            of(
                &author,
                "author",
                json!({ "replacementId": chance.one(&authors).map(|other| other["id"].clone()) }),
            ),
        ),
        14 => (
            "deleteTag",
            of(&tag, "tag", json!({ "replacementId": chance.one(&tags).map(|other| other["id"].clone()) })),
        ),
        15 => (
            "deleteCategory",
            of(
                &category,
                "category",
                json!({ "replacementId": chance.one(&categories).map(|other| other["id"].clone()) }),
            ),
        ),
        16 | 17 => {
            let parent =
                chance.one(&comments).filter(|_| number.is_multiple_of(2)).map(|parent| parent["id"].clone());
            (
                "submitComment",
                json!({ "articleId": article["articleId"], "parentId": parent, "authorName": "Rita", "authorEmail": "rita@reader.example", "body": format!("Remark {number}.") }),
            )
        }
        18 => {
            let verb =
                ["approveComment", "approveComment", "rejectComment", "deleteComment"][chance.below(4)];
            (
                verb,
                json!({ "commentId": chance.one(&comments).map(|comment| comment["id"].clone()).unwrap_or("com_00000000000000000000000000000000".into()) }),
            )
        }
        19 => (
            "setArticleComments",
            json!({ "articleId": article["articleId"], "version": article["commentSettings"]["version"], "comments": if chance.below(2) == 0 { "OPEN" } else { "CLOSED" }, "closeAfterDays": 1 }),
        ),
        20 => match chance.one(&images) {
            Some(image) => (
                "updateImage",
                of(
                    image,
                    "image",
                    json!({ "alt": format!("A view {number}"), "caption": format!("Seen {number}.") }),
                ),
            ),
            None => return "nothing".to_owned(),
        },
        21 => {
            editor
                .upload(picture(40 + u32::try_from(number % 50).unwrap(), 30), &format!("A tram {number}"))
                .await;
            return "uploadImage".to_owned();
        }
        22 => match chance.one(&redirects) {
            Some(redirect) if number.is_multiple_of(2) => {
                ("deleteRedirect", of(redirect, "redirect", json!({})))
            }
            _ => (
                "createRedirect",
                json!({ "from": format!("/old-{}", number % 5), "to": format!("/new-{number}") }),
            ),
        },
        LATER.. => {
            desk.clock.advance_seconds(10 * 60 * 60);
            return "ten hours later".to_owned();
        }
    };
    let is_reader = verb == "submitComment";
    let answer = change(if is_reader { &reader } else { editor }, verb, input.clone()).await;
    desk.clock.advance_seconds(1);
    format!("{verb} {input}: {}", answer.text)
}

const CARD: &str = "id slug title excerpt locale publishedAt updatedAt commentCount path authors { id name slug } tags { name } categories { name path } leadFigure { image { url alt } caption }";

/// Questions whose answers hold, between them, all that is public of these things.
pub fn questions(world: &World) -> Vec<String> {
    let mut asked: Vec<String> = [
        "articles(first: 10) { totalCount nodes { CARD } pageInfo { hasNextPage endCursor } }",
        "articles(first: 3, orderBy: PUBLISHED_AT_ASC, filter: { locale: \"de\" }) { totalCount nodes { title } }",
        "archive { year articleCount months { month articleCount } }",
        "search(query: \"trams harbor\", first: 5) { totalCount edges { node { title } snippet { html } } }",
        "authors(first: 20) { totalCount nodes { id name slug articleCount portrait { url alt } links { url } articles(first: 3) { totalCount nodes { title } } } }",
        "authors(first: 20) { nodes { name } }",
        "tags(first: 20) { totalCount nodes { id name slug path articleCount articles(first: 3) { nodes { title } } } }",
        "tags(first: 20) { nodes { name } }",
        "categories { name path articleCount children { name articleCount articles(first: 3) { totalCount nodes { title } } children { name } } }",
        "site { name }",
    ]
    .map(str::to_owned)
    .to_vec();
    for article in &world.articles {
        let (id, slug) = (&article["articleId"], &article["slug"]);
        asked.push(format!("article(by: {{ slug: {slug} }}) {{ CARD sections {{ body {{ html }} }} relatedLinks {{ ... on RelatedArticle {{ title article {{ title slug }} }} }} seo {{ jsonLd }} }}"));
        asked.push(format!("article(by: {{ id: {id} }}) {{ title referencedBy(first: 5) {{ totalCount nodes {{ title }} }} suggestedArticles {{ title }} }}"));
        asked.push(format!("node(id: {id}) {{ id ... on Article {{ commentsOpen commentsCloseAt commentCount comments(first: 5) {{ totalCount nodes {{ id authorName body {{ html }} parent {{ id }} replies(first: 5) {{ nodes {{ id body {{ text }} }} }} }} }} }} }}"));
        asked.push(format!(
            "route(path: \"/{}\") {{ path status redirectTo thing {{ __typename }} }}",
            slug.as_str().unwrap()
        ));
    }
    for author in &world.authors {
        let slug = &author["slug"];
        asked.push(format!("author(by: {{ slug: {slug} }}) {{ name slug portrait {{ url alt }} articleCount articles(first: 5) {{ nodes {{ title }} }} }}"));
        asked.push(format!("articles(first: 5, filter: {{ authorSlug: {slug}, locale: \"en\" }}) {{ totalCount nodes {{ title }} }}"));
        asked.push(format!("node(id: {}) {{ __typename ... on Author {{ name }} }}", author["id"]));
    }
    for tag in &world.tags {
        let slug = &tag["slug"];
        asked.push(format!("tag(by: {{ slug: {slug} }}) {{ name slug articleCount articles(first: 5) {{ totalCount nodes {{ CARD }} }} }}"));
        asked.push(format!(
            "articles(first: 5, filter: {{ tagSlug: {slug} }}) {{ totalCount nodes {{ title }} }}"
        ));
    }
    for category in &world.categories {
        let slug = &category["slug"];
        asked.push(format!("category(by: {{ slug: {slug} }}) {{ name path ancestors {{ name }} children {{ name }} parent {{ name }} articleCount articles(first: 5) {{ totalCount nodes {{ title categories {{ name }} }} }} }}"));
        asked.push(format!("articles(first: 5, filter: {{ categorySlug: {slug} }}) {{ nodes {{ title }} }}"));
    }
    for image in &world.images {
        asked.push(format!("image(by: {{ id: {} }}) {{ id url alt caption width }}", image["id"]));
    }
    for number in 0..5 {
        asked.push(format!("route(path: \"/old-{number}\") {{ status redirectTo }}"));
    }
    for comment in &world.comments {
        asked.push(format!(
            "node(id: {}) {{ id ... on Comment {{ body {{ text }} replies(first: 5) {{ totalCount }} }} }}",
            comment["id"]
        ));
    }
    asked.into_iter().map(|question| format!("{{ {} }}", question.replace("CARD", CARD))).collect()
}
