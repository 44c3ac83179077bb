//! Values as JSON: as serde writes them, but for bytes, which are JSON already.

use async_graphql::Value;

/// A value's JSON.
pub fn written(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length(value));
    write(&mut bytes, value);
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
        Value::Number(number) => to.extend(number.to_string().bytes()),
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

fn string(to: &mut Vec<u8>, text: &str) {
    // A text can be written, and a vector takes it.
    let _ = serde_json::to_writer(to, text);
}

#[cfg(test)]
mod tests {
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
    }

    #[test]
    fn bytes_are_json_already() {
        let list = Value::List(vec![Value::Binary("{\"a\":1}".into()), Value::Null]);
        assert_eq!(written(&list), b"[{\"a\":1},null]");
    }
}
