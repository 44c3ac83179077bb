//! Access tokens: what is forged is refused whole, whatever its header brings along; keys change without anybody noticing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use copydesk::account::rotate_keys::{Rotation, rotate_keys};
use copydesk::operation::{Operation, Viewer};
use ed25519_dalek::pkcs8::EncodePrivateKey as _;
use ed25519_dalek::{Signer as _, SigningKey};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::harness::{Actor, Desk, Engine, on_both};

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

fn decoded(part: &str) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn parts(token: &str) -> [&str; 3] {
    token.split('.').collect::<Vec<_>>().try_into().unwrap()
}

fn kid(actor: &Actor) -> String {
    decoded(parts(actor.token.as_ref().unwrap())[0])["kid"].as_str().unwrap().to_owned()
}

/// A token of these, signed with this key.
fn signed(header: &Value, claims: &Value, key: &SigningKey) -> String {
    let head = format!("{}.{}", encoded(header), encoded(claims));
    format!("{head}.{}", URL_SAFE_NO_PAD.encode(key.sign(head.as_bytes()).to_bytes()))
}

/// The key that the instance signs with, as a thief of the folder would have it.
fn stolen_key(desk: &Desk) -> SigningKey {
    let text = std::fs::read_to_string(desk.folder.join("keys/token.key")).unwrap();
    SigningKey::from_bytes(&hex::decode(text.trim()).unwrap().try_into().unwrap())
}

async fn status(actor: &Actor) -> u16 {
    actor.query("{ viewer { user { id } } }").await.status
}

async fn rotate(desk: &Desk, at_once: bool) -> Rotation {
    let operator = Operation::new(desk.store.clone(), Viewer::Operator, "test");
    rotate_keys(&operator, at_once).await.unwrap_or_else(|failure| panic!("{failure:?}"))
}

async fn jwks(desk: &Desk) -> Vec<Value> {
    let answer = desk.http.get(format!("{}/.well-known/jwks.json", desk.address)).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/jwk-set+json");
    answer.json::<Value>().await.unwrap()["keys"].as_array().unwrap().clone()
}

on_both! {
    async fn what_is_forged_is_refused_whole(desk) {
        let editor = desk.editor().await;
        let token = editor.token.clone().unwrap();
        let [head, body, signature] = parts(&token);
        let (header, claims) = (decoded(head), decoded(body));
        let ours = stolen_key(&desk);
        assert_eq!(status(&editor.with_token(&signed(&header, &claims, &ours))).await, 200, "the test signs as the server does");
        let with = |value: &Value, name: &str, new: Value| {
            let mut value = value.clone();
            value[name] = new;
            value
        };
        let without = |value: &Value, name: &str| {
            let mut value = value.clone();
            value.as_object_mut().unwrap().remove(name);
            value
        };
        let theirs = SigningKey::from_bytes(&[7; 32]);
        let their_public = URL_SAFE_NO_PAD.encode(theirs.verifying_key().to_bytes());
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "x": their_public, "kid": "mine" });
        let now = desk.store.clock.now().seconds();
        let hmac = |algorithm, secret: &[u8]| {
            let mut header = Header::new(algorithm);
            header.kid = Some(kid(&editor));
            jsonwebtoken::encode(&header, &claims, &EncodingKey::from_secret(secret)).unwrap()
        };
        let public = ours.verifying_key().to_bytes();
        let der = theirs.to_pkcs8_der().unwrap();
        let mut no_kid = Header::new(Algorithm::EdDSA);
        no_kid.kid = None;
        let forged = vec![
            ("alg none", format!("{}.{body}.", encoded(&with(&header, "alg", json!("none"))))),
            ("alg none, signed", format!("{}.{body}.{signature}", encoded(&with(&header, "alg", json!("none"))))),
            ("alg NONE", format!("{}.{body}.", encoded(&with(&header, "alg", json!("NONE"))))),
            ("our public key as an HMAC secret", hmac(Algorithm::HS256, &public)),
            ("the same in hexadecimal", hmac(Algorithm::HS512, hex::encode(public).as_bytes())),
            ("an HMAC header over our signature", format!("{}.{body}.{signature}", encoded(&with(&header, "alg", json!("HS256"))))),
            ("their key under our kid", signed(&header, &claims, &theirs)),
            ("their key in the header", signed(&with(&header, "jwk", jwk.clone()), &claims, &theirs)),
            ("their key and their kid in the header", signed(&with(&with(&header, "jwk", jwk), "kid", json!("mine")), &claims, &theirs)),
            ("their address of keys", signed(&with(&header, "jku", json!("http://127.0.0.1:9/jwks.json")), &claims, &theirs)),
            ("their certificates' address", signed(&with(&header, "x5u", json!("http://127.0.0.1:9/x")), &claims, &theirs)),
            ("a kid that is a path", signed(&with(&header, "kid", json!("../token.key")), &claims, &theirs)),
            ("a kid that is SQL", signed(&with(&header, "kid", json!("' OR 1=1 --")), &claims, &ours)),
            ("an unknown kid", signed(&with(&header, "kid", json!("0123456789abcdef")), &claims, &ours)),
            ("no kid", jsonwebtoken::encode(&no_kid, &claims, &EncodingKey::from_ed_der(der.as_bytes())).unwrap()),
            ("another user", signed(&header, &with(&claims, "sub", json!("usr_00000000000000000000000000000000")), &ours)),
            ("another session", signed(&header, &with(&claims, "sid", json!("ses_00000000000000000000000000000000")), &ours)),
            ("another issuer", signed(&header, &with(&claims, "iss", json!("https://evil.example")), &ours)),
            ("another audience", signed(&header, &with(&claims, "aud", json!("other")), &ours)),
            ("no audience", signed(&header, &without(&claims, "aud"), &ours)),
            ("no end", signed(&header, &without(&claims, "exp"), &ours)),
            ("over", signed(&header, &with(&claims, "exp", json!(now)), &ours)),
            ("not begun", signed(&header, &with(&claims, "nbf", json!(now + 60)), &ours)),
            ("an end that is text", signed(&header, &with(&claims, "exp", json!("9999999999")), &ours)),
            ("another body under our signature", format!("{head}.{}.{signature}", encoded(&with(&claims, "exp", json!(now + 99_999))))),
            ("half a signature", format!("{head}.{body}.{}", &signature[..40])),
            ("no signature", format!("{head}.{body}.")),
            ("two parts", format!("{head}.{body}")),
            ("four parts", format!("{token}.x")),
            ("nothing", String::new()),
            ("words", "let me in".to_owned()),
            ("a long one", "x".repeat(10_000)),
        ];
        let before = (desk.rows().await, desk.log_length().await);
        for (name, forged) in forged {
            let answer = editor.with_token(&forged).query("{ articles { nodes { id } } }").await;
            assert_eq!((answer.status, answer.error_code()), (401, "UNAUTHENTICATED"), "{name}");
            assert_eq!(answer.body["data"], Value::Null, "{name}");
        }
        let stranger = desk.stranger();
        for values in [vec!["Basic eDp5".to_owned()], vec!["Bearer".to_owned()], vec![format!("Bearer {token}"); 2], vec![token.clone()]] {
            let answer = stranger.raw(|request| {
                let request = values.iter().fold(request, |request, value| request.header("authorization", value));
                request.json(&json!({ "query": "{ __typename }" }))
            }).await;
            assert_eq!(answer.status, 401, "{values:?}");
            assert!(answer.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
        }
        assert_eq!((desk.rows().await, desk.log_length().await), before);
        assert_eq!(status(&editor).await, 200);
        desk.clock.advance_seconds(15 * 60);
        assert_eq!(status(&editor).await, 401);
    }

    async fn keys_change_and_nobody_notices(desk) {
        let old = desk.editor().await;
        let other = desk.second_node().await;
        assert_eq!(jwks(&desk).await.len(), 1);
        let made = rotate(&desk, false).await;
        // Announced before it signs, on every node.
        while jwks(&other).await.len() < 2 || jwks(&desk).await.len() < 2 {
            tokio::task::yield_now().await;
        }
        let announced = jwks(&desk).await;
        assert!(announced.iter().any(|key| key["kid"] == made.key_id && key["kty"] == "OKP" && key["alg"] == "EdDSA"));
        assert_eq!(kid(&desk.sign_in("edda@desk.example").await), kid(&old));
        desk.clock.advance_seconds(10 * 60);
        let new = desk.sign_in("edda@desk.example").await;
        assert_eq!(kid(&new), made.key_id);
        for actor in [&old, &old.at(&other), &new, &new.at(&other)] {
            assert_eq!(status(actor).await, 200);
        }
        // The old key counts until the last token that it signed is over.
        let [head, body, _] = parts(old.token.as_ref().unwrap());
        let mut claims = decoded(body);
        claims["exp"] = json!(desk.store.clock.now().seconds() + 9_999);
        let last_of_old = old.with_token(&signed(&decoded(head), &claims, &stolen_key(&desk)));
        assert_eq!(status(&last_of_old).await, 200);
        desk.clock.advance_seconds(15 * 60 + 10);
        assert_eq!(status(&last_of_old).await, 401);
        assert_eq!(jwks(&desk).await.len(), 1);
        let admin = desk.admin().await;
        let told = admin.query("{ viewer { changes(filter: { action: KEY_ROTATED }) { nodes { actor { name } subject { id type } detail } } } }").await;
        let entry = &told.data()["viewer"]["changes"]["nodes"][0];
        assert_eq!((entry["actor"]["name"].as_str(), entry["subject"]["type"].as_str()), (Some("Operator"), Some("KEY")));
        assert!(entry["subject"]["id"].as_str().unwrap().starts_with(&format!("key_{}", made.key_id)));
        assert_eq!(desk.verify().await, Vec::<String>::new());
        let desk = desk.restart().await;
        assert_eq!(kid(&desk.sign_in("edda@desk.example").await), made.key_id);
    }

    async fn a_stolen_key_counts_for_nothing_from_its_rotation_on(desk) {
        let editor = desk.editor().await;
        let other = desk.second_node().await;
        assert_eq!(status(&editor.at(&other)).await, 200);
        rotate(&desk, true).await;
        assert_eq!(status(&editor).await, 401);
        while status(&editor.at(&other)).await != 401 {
            tokio::task::yield_now().await;
        }
        let again = desk.sign_in("edda@desk.example").await;
        assert_eq!((status(&again).await, status(&again.at(&other)).await), (200, 200));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_without_the_new_key_says_what_to_copy_and_goes_on_once_it_is_there() {
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    let keys = tempfile::tempdir().unwrap();
    let copy =
        |name: &str| std::fs::copy(desk.folder.join("keys").join(name), keys.path().join(name)).unwrap();
    for name in ["seal.key", "secret.key", "token.key"] {
        copy(name);
    }
    let other = desk.second_node_with(&[("keys_dir", keys.path().to_str().unwrap())]).await;
    desk.editor().await;
    let made = rotate(&desk, true).await;
    let editor = desk.sign_in("edda@desk.example").await;
    assert_eq!((status(&editor).await, status(&editor.at(&other)).await), (200, 401));
    let refused =
        desk.try_second_node(&[("keys_dir", keys.path().to_str().unwrap())]).await.err().unwrap().to_string();
    assert!(refused.contains(&made.key_id) && refused.contains("copy the keys directory"), "{refused}");
    copy(&format!("token-{}.key", made.key_id));
    while status(&editor.at(&other)).await != 200 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_key_file_keeps_no_node_from_refusing_a_stolen_key() {
    let desk = Desk::open(Engine::Sqlite).await.unwrap();
    let editor = desk.editor().await;
    std::fs::write(desk.folder.join("keys/token-badcopy.key"), "x").unwrap();
    let made = rotate(&desk, true).await;
    assert_eq!(status(&editor).await, 401);
    let again = desk.sign_in("edda@desk.example").await;
    assert_eq!((kid(&again), status(&again).await), (made.key_id, 200));
    // Nor from starting.
    let desk = desk.restart().await;
    assert_eq!(status(&desk.sign_in("edda@desk.example").await).await, 200);
}
