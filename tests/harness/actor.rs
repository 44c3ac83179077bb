//! Who acts in a story: sends operations and reads answers.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::desk::Desk;
use super::picture;

/// The operations that every version answers, word for word.
pub const CONTRACT: &str = include_str!("../operations/contract.graphql");

/// Somebody who sends requests.
#[derive(Clone)]
pub struct Actor {
    http: reqwest::Client,
    address: String,
    pub token: Option<String>,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Value,
    pub text: String,
}

impl Answer {
    /// The data; fails where there are errors.
    pub fn data(&self) -> &Value {
        assert!(self.body.get("errors").is_none(), "{}", self.text);
        &self.body["data"]
    }

    /// The code of the only error.
    pub fn error_code(&self) -> &str {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("no errors: {}", self.text));
        assert_eq!(errors.len(), 1, "{}", self.text);
        errors[0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("no code: {}", self.text))
    }

    /// The codes of a mutation's user errors.
    pub fn user_errors(&self, mutation: &str) -> Vec<String> {
        let errors =
            self.data()[mutation]["userErrors"].as_array().unwrap_or_else(|| panic!("{}", self.text));
        errors.iter().map(|error| error["code"].as_str().unwrap().to_owned()).collect()
    }

    /// What a mutation made, which must have succeeded.
    pub fn done(&self, mutation: &str, field: &str) -> &Value {
        assert_eq!(self.user_errors(mutation), Vec::<String>::new(), "{}", self.text);
        &self.data()[mutation][field]
    }
}

impl Actor {
    pub fn new(desk: &Desk, token: Option<String>) -> Self {
        Self { http: desk.http.clone(), address: desk.address.clone(), token }
    }

    /// The same one at another node.
    pub fn at(&self, desk: &Desk) -> Self {
        Self { address: desk.address.clone(), ..self.clone() }
    }

    /// The same one with another token.
    pub fn with_token(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// Sends to another address from now on.
    pub fn set_address(&mut self, address: &str) {
        self.address = address.to_owned();
    }

    fn post(&self) -> reqwest::RequestBuilder {
        let request = self.http.post(format!("{}/graphql", self.address));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    /// Runs an operation of the contract.
    pub async fn run(&self, operation: &str, variables: Value) -> Answer {
        self.send(json!({ "query": CONTRACT, "operationName": operation, "variables": variables })).await
    }

    /// Runs a document.
    pub async fn query(&self, document: &str) -> Answer {
        self.send(json!({ "query": document })).await
    }

    /// Runs a document with variables.
    pub async fn query_with(&self, document: &str, variables: Value) -> Answer {
        self.send(json!({ "query": document, "variables": variables })).await
    }

    pub async fn send(&self, body: Value) -> Answer {
        answer(self.post().json(&body)).await
    }

    /// Sends a request as it is.
    pub async fn raw(
        &self,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Answer {
        answer(change(self.post())).await
    }

    /// Uploads a picture by the multipart request specification.
    pub async fn upload(&self, file: Vec<u8>, alt: &str) -> Answer {
        self.upload_named(file, "photo.jpg", alt).await
    }

    /// The same under another name.
    pub async fn upload_named(&self, file: Vec<u8>, name: &str, alt: &str) -> Answer {
        let operations = json!({ "query": CONTRACT, "operationName": "UploadImage", "variables": { "input": { "file": null, "alt": alt, "credit": "The desk" } } });
        let form = reqwest::multipart::Form::new()
            .text("operations", operations.to_string())
            .text("map", r#"{ "0": ["variables.input.file"] }"#)
            .part("0", reqwest::multipart::Part::bytes(file).file_name(name.to_owned()));
        answer(self.post().multipart(form)).await
    }

    /// Gives the image of this id, in this version, another file.
    pub async fn replace_file(&self, file: Vec<u8>, name: &str, of: &Value) -> Answer {
        let document = "mutation ($input: ReplaceImageFileInput!) { replaceImageFile(input: $input) { image { id url width height version fileName alt focalPoint { x y } } userErrors { code message path } } }";
        let input = json!({ "imageId": of["imageId"], "version": of["version"], "file": null });
        let form = reqwest::multipart::Form::new()
            .text("operations", json!({ "query": document, "variables": { "input": input } }).to_string())
            .text("map", r#"{ "0": ["variables.input.file"] }"#)
            .part("0", reqwest::multipart::Part::bytes(file).file_name(name.to_owned()));
        answer(self.post().multipart(form)).await
    }

    /// Uploads a picture that is accepted; gives its id.
    pub async fn image(&self, alt: &str) -> String {
        let uploaded = self.upload(picture(40, 30), alt).await;
        uploaded.done("uploadImage", "image")["id"].as_str().unwrap().to_owned()
    }

    /// Creates an article; gives its draft.
    pub async fn write(&self, title: &str) -> Value {
        let input = json!({ "title": title, "excerpt": format!("About {title}"), "sections": [{ "body": format!("{title} begins here.") }] });
        self.create(input).await
    }

    pub async fn create(&self, input: Value) -> Value {
        self.run("CreateArticle", json!({ "input": input })).await.done("createArticle", "draft").clone()
    }

    /// Publishes a draft as it stands; gives the draft after.
    pub async fn publish(&self, draft: &Value) -> Value {
        let input = json!({ "articleId": draft["articleId"], "version": draft["version"] });
        self.run("PublishArticle", json!({ "input": input })).await.done("publishArticle", "draft").clone()
    }

    pub async fn unpublish(&self, draft: &Value) -> Value {
        let input = json!({ "articleId": draft["articleId"], "version": draft["version"] });
        self.run("UnpublishArticle", json!({ "input": input }))
            .await
            .done("unpublishArticle", "draft")
            .clone()
    }

    /// Saves an edit; gives the draft after.
    pub async fn save(&self, draft: &Value, mut fields: Value) -> Value {
        fields["articleId"] = draft["articleId"].clone();
        fields["version"] = draft["version"].clone();
        self.run("UpdateArticle", json!({ "input": fields })).await.done("updateArticle", "draft").clone()
    }

    pub async fn create_author(&self, name: &str) -> String {
        let answer = self.run("CreateAuthor", json!({ "input": { "name": name } })).await;
        answer.done("createAuthor", "author")["id"].as_str().unwrap().to_owned()
    }

    pub async fn create_tag(&self, name: &str) -> String {
        let answer = self.run("CreateTag", json!({ "input": { "name": name } })).await;
        answer.done("createTag", "tag")["id"].as_str().unwrap().to_owned()
    }

    /// Sets a redirect; gives its id and version.
    pub async fn redirect(&self, from: &str, to: &str) -> Value {
        let document = "mutation ($input: CreateRedirectInput!) { createRedirect(input: $input) { redirect { id from to status version } userErrors { code message path } } }";
        let answer = self.query_with(document, json!({ "input": { "from": from, "to": to } })).await;
        answer.done("createRedirect", "redirect").clone()
    }

    pub async fn create_category(&self, name: &str, parent: Option<&str>) -> String {
        let answer =
            self.run("CreateCategory", json!({ "input": { "name": name, "parentId": parent } })).await;
        answer.done("createCategory", "category")["id"].as_str().unwrap().to_owned()
    }

    /// Sends a comment; gives its id.
    pub async fn comment(&self, article: &Value, parent: Option<&str>, body: &str) -> String {
        let input = json!({ "articleId": article, "parentId": parent, "authorName": "Rita Reader", "authorEmail": "rita@reader.example", "body": body });
        let answer = self.run("SubmitComment", json!({ "input": input })).await;
        answer.done("submitComment", "comment")["id"].as_str().unwrap().to_owned()
    }

    pub async fn approve(&self, comment: &str) {
        self.run("ApproveComment", json!({ "input": { "commentId": comment } }))
            .await
            .done("approveComment", "comment");
    }
}

pub async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::Null);
    Answer { status, headers, body, text }
}
