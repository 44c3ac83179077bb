//! Copydesk's program as a process of its own.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::json;

use super::{CONTRACT, PASSWORD, answer};

/// A program that ends with the test, however that ends.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Copydesk's program in this folder, with the bucket, or without.
pub fn program(folder: &Path, endpoint: Option<&str>, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_copydesk"));
    command
        .args(arguments)
        .current_dir(folder)
        .env("TMPDIR", folder)
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test");
    if let Some(endpoint) = endpoint {
        command.env("COPYDESK_MEDIA_BUCKET", "pictures/desk").env("COPYDESK_MEDIA_ENDPOINT", endpoint);
    }
    command
}

/// What a program said that did well.
pub fn said(output: &Output) -> String {
    let words =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{words}");
    words
}

/// The server in this folder, when it answers.
pub async fn serve(folder: &Path, endpoint: Option<&str>, http: &reqwest::Client) -> (Running, String) {
    let address = format!("127.0.0.1:{}", free_port());
    let child = program(folder, endpoint, &["serve", "--listen", &address])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut running = Running(child.unwrap());
    while http.get(format!("http://{address}/health/ready")).send().await.is_err() {
        assert!(running.0.try_wait().unwrap().is_none(), "the server ended before it answered");
        tokio::task::yield_now().await;
    }
    (running, format!("http://{address}"))
}

/// Adds Edda, an editor.
pub fn add_editor(folder: &Path, endpoint: Option<&str>) {
    let add = [
        "user",
        "add",
        "--email",
        "edda@desk.example",
        "--name",
        "Edda",
        "--role",
        "editor",
        "--password-stdin",
    ];
    let mut adding =
        program(folder, endpoint, &add).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    adding.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(adding.wait().unwrap().success());
}

/// Edda's access token.
pub async fn token(http: &reqwest::Client, address: &str) -> String {
    let variables = json!({ "input": { "email": "edda@desk.example", "password": PASSWORD } });
    let sign_in = json!({ "query": CONTRACT, "operationName": "SignIn", "variables": variables });
    let signed_in = answer(http.post(format!("{address}/graphql")).json(&sign_in)).await;
    signed_in.done("signIn", "session")["accessToken"].as_str().unwrap().to_owned()
}

/// An upload of a picture.
pub struct UploadForm {
    file: Vec<u8>,
    operations: String,
}

const MAP: &str = r#"{ "0": ["variables.input.file"] }"#;

impl UploadForm {
    /// Of this file, and what to tell of the image.
    pub fn new(file: Vec<u8>, selection: &str) -> Self {
        let operations = json!({
            "query": format!("mutation ($input: UploadImageInput!) {{ uploadImage(input: $input) {{ image {selection} userErrors {{ code message path }} }} }}"),
            "variables": { "input": { "file": null, "alt": "A quay" } },
        });
        Self { file, operations: operations.to_string() }
    }

    /// As a client sends it.
    pub fn multipart(self) -> reqwest::multipart::Form {
        let file = reqwest::multipart::Part::bytes(self.file).file_name("photo.jpg");
        reqwest::multipart::Form::new().text("operations", self.operations).text("map", MAP).part("0", file)
    }

    /// The whole request, byte by byte.
    pub fn request(&self, address: &str, token: &str) -> Vec<u8> {
        let part = |name: &str, more: &str| {
            format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"{more}\r\n\r\n")
        };
        let (operations, map) = (part("operations", ""), part("map", ""));
        let file = part("0", "; filename=\"photo.jpg\"");
        let texts = format!("{operations}{}\r\n{map}{MAP}\r\n{file}", self.operations);
        let body = [texts.as_bytes(), &self.file, b"\r\n--edge--\r\n"].concat();
        let host = address.trim_start_matches("http://");
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-type: multipart/form-data; boundary=edge\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        [head.as_bytes(), &body].concat()
    }
}
