//! Values as JSON: as serde writes them, but for bytes, which are JSON already.

use async_graphql::{Name, Value};
use json_escape_simd::escape_into;

/// A value's JSON.
pub fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length(value));
    write(&mut bytes, value);
    bytes
}

/// The JSON of an object whose keys are names of GraphQL.
pub fn written_object<'a>(fields: impl Iterator<Item = (&'a Name, &'a Value)> + Clone) -> Vec<u8> {
    let length = fields.clone().map(|(name, value)| name.len() + 4 + length(value)).sum::<usize>();
    let mut bytes = Vec::with_capacity(2 + length);
    bytes.push(b'{');
    for (place, (name, value)) in fields.enumerate() {
        // In a name there is nothing to escape.
        bytes.extend(if place == 0 { b"\"".as_slice() } else { b",\"" });
        bytes.extend(name.as_bytes());
        bytes.extend(b"\":");
        write(&mut bytes, value);
    }
    bytes.push(b'}');
    bytes
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
        Value::Boolean(true) => to.extend(b"true"),
        Value::Boolean(false) => to.extend(b"false"),
        Value::Number(number) => {
            // A number can be written, and a vector takes it.
            let _ = serde_json::to_writer(to, number);
        }
        Value::String(text) => escape_into(text, to),
        Value::Enum(name) => escape_into(name, to),
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
                escape_into(name, to);
                to.push(b':');
                write(to, value);
            }
            to.push(b'}');
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::indexmap::IndexMap;
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
        fn an_object_of_fields_is_written_as_any_object_is(
            fields in proptest::collection::btree_map("[_A-Za-z][_0-9A-Za-z]{0,8}", json(), 0..6),
        ) {
            let fields = fields.into_iter().map(|(name, json)| (Name::new(name), Value::from_json(json).unwrap()));
            let fields: IndexMap<Name, Value> = fields.collect();
            prop_assert_eq!(written_object(fields.iter()), written(&Value::Object(fields)));
        }
    }

    #[test]
    fn bytes_are_json_already() {
        let list = Value::List(vec![Value::Binary("{\"a\":1}".into()), Value::Null]);
        assert_eq!(written(&list), b"[{\"a\":1},null]");
    }
}
