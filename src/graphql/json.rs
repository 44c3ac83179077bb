//! Values as JSON: as serde writes them, but for bytes, which are JSON already.

use std::borrow::Cow;
use std::io::Write as _;
use std::sync::Arc;

use async_graphql::{ID, Value};

/// A value's JSON.
pub fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length(value));
    write(&mut bytes, value);
    bytes
}

/// What has no fields, and can be written at once.
pub trait Leaf {
    /// Appends its JSON.
    fn write(&self, to: &mut Vec<u8>);
}

macro_rules! texts {
    ($($text:ty),*) => {$(
        impl Leaf for $text {
            fn write(&self, to: &mut Vec<u8>) {
                string(to, self);
            }
        }
    )*};
}
texts!(str, String, Cow<'_, str>, ID);

impl Leaf for bool {
    fn write(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(if *self { b"true" } else { b"false" });
    }
}

macro_rules! numbers {
    ($($number:ident),*) => {$(
        impl Leaf for $number {
            fn write(&self, to: &mut Vec<u8>) {
                // A vector takes whatever is written.
                let _ = write!(to, "{self}");
            }
        }
    )*};
}
numbers!(i32, u32, usize);

impl<T: Leaf + ?Sized> Leaf for &T {
    fn write(&self, to: &mut Vec<u8>) {
        T::write(self, to);
    }
}

impl<T: Leaf + ?Sized> Leaf for Arc<T> {
    fn write(&self, to: &mut Vec<u8>) {
        T::write(self, to);
    }
}

impl<T: Leaf> Leaf for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Some(leaf) => leaf.write(to),
            None => to.extend_from_slice(b"null"),
        }
    }
}

/// Appends a key of an object that is a name of GraphQL: in it there is nothing to escape.
pub fn key(to: &mut Vec<u8>, name: &str) {
    to.push(b'"');
    to.extend_from_slice(name.as_bytes());
    to.extend_from_slice(b"\":");
}

/// About how many bytes a value's JSON has: what is longer is longer for what has to be escaped in it.
pub fn length(value: &Value) -> usize {
    match value {
        Value::Null | Value::Boolean(_) => 5,
        Value::Number(_) => 20,
        Value::String(text) => text.len() + 3,
        Value::Enum(name) => name.len() + 3,
        Value::Binary(json) => json.len() + 1,
        Value::List(items) => 2 + items.iter().map(length).sum::<usize>(),
        Value::Object(fields) => {
            2 + fields.iter().map(|(name, value)| name.len() + 4 + length(value)).sum::<usize>()
        }
    }
}

/// Appends a value's JSON.
pub fn write(to: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => to.extend(b"null"),
        Value::Boolean(flag) => flag.write(to),
        Value::Number(number) => {
            // A number can be written, and a vector takes it.
            let _ = serde_json::to_writer(to, number);
        }
        Value::String(text) => string(to, text),
        Value::Enum(name) => string(to, name),
        Value::Binary(json) => to.extend(json),
        Value::List(items) => {
            to.push(b'[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    to.push(b',');
                }
                write(to, item);
            }
            to.push(b']');
        }
        Value::Object(fields) => {
            to.push(b'{');
            for (place, (name, value)) in fields.iter().enumerate() {
                if place > 0 {
                    to.push(b',');
                }
                string(to, name);
                to.push(b':');
                write(to, value);
            }
            to.push(b'}');
        }
    }
}

/// Appends a text. Libraries that look at many bytes at once make room for six times as many as it has, which would stay with what is
/// kept.
fn string(to: &mut Vec<u8>, text: &str) {
    to.push(b'"');
    for chunk in text.as_bytes().chunks(32) {
        // Without an early end, so that the bytes are looked at together.
        if chunk.iter().fold(false, |found, byte| found | is_escaped(*byte)) {
            chunk.iter().for_each(|byte| escaped(to, *byte));
        } else {
            to.extend_from_slice(chunk);
        }
    }
    to.push(b'"');
}

fn is_escaped(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// Appends a byte of a text: as it is, or as JSON writes it.
fn escaped(to: &mut Vec<u8>, byte: u8) {
    let letter = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        0x00..0x20 => return to.extend(format!("\\u{byte:04x}").bytes()),
        _ => return to.push(byte),
    };
    to.extend([b'\\', letter]);
}

#[cfg(test)]
mod tests {
    use async_graphql::InputType as _;
    use proptest::prelude::*;

    use super::*;

    fn json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<String>().prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
                proptest::collection::btree_map(any::<String>(), inner, 0..6)
                    .prop_map(|fields| serde_json::Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_value_is_written_as_serde_writes_it(json in json()) {
            let value = Value::from_json(json).unwrap();
            prop_assert_eq!(written(&value), serde_json::to_vec(&value).unwrap());
        }

        #[test]
        fn a_leaf_is_written_as_its_value_is(text: Option<String>, number: i32, flag: bool) {
            fn bytes(leaf: impl Leaf) -> Vec<u8> {
                let mut bytes = Vec::new();
                leaf.write(&mut bytes);
                bytes
            }
            prop_assert_eq!(bytes(&text), written(&text.to_value()));
            prop_assert_eq!(bytes(number), written(&number.to_value()));
            prop_assert_eq!(bytes(flag), written(&flag.to_value()));
            let id = ID(text.unwrap_or_default());
            prop_assert_eq!(bytes(Cow::from(id.as_str())), bytes(&*id));
            prop_assert_eq!(bytes(&id), written(&id.to_value()));
        }
    }

    #[test]
    fn every_character_that_is_escaped_is_written_as_serde_writes_it() {
        let all: String = (0..0x200_u32).filter_map(char::from_u32).collect();
        assert_eq!(written(&Value::from(all.as_str())), serde_json::to_vec(&all).unwrap());
    }

    #[test]
    fn bytes_are_json_already() {
        let list = Value::List(vec![Value::Binary("{\"a\":1}".into()), Value::Null]);
        assert_eq!(written(&list), b"[{\"a\":1},null]");
    }
}
