//! Variables are coerced before anything is executed, as the specification says (section 6.1.2): what is missing, of a wrong
//! type or unknown is a request error that names its place. async-graphql finds it only when a field comes to read it.

use std::collections::{HashMap, HashSet};

use async_graphql::parser::types::{BaseType, OperationDefinition, Type, TypeDefinition, TypeKind};
use async_graphql::{Name, Value, Variables};

use super::scalars::Upload;
use crate::clock::Timestamp;

/// What may be given for each input type.
pub struct InputTypes(HashMap<String, InputKind>);

enum InputKind {
    Enum(HashSet<String>),
    Object { fields: HashMap<String, InputField>, is_one_of: bool },
}

struct InputField {
    of_type: Type,
    has_default: bool,
}

impl InputTypes {
    /// From the schema's definitions.
    pub fn new<'a>(definitions: impl IntoIterator<Item = &'a TypeDefinition>) -> Self {
        let kinds = definitions.into_iter().filter_map(|definition| {
            let kind = match &definition.kind {
                TypeKind::Enum(kind) => InputKind::Enum(
                    kind.values.iter().map(|value| value.node.value.node.to_string()).collect(),
                ),
                TypeKind::InputObject(object) => InputKind::Object {
                    fields: object
                        .fields
                        .iter()
                        .map(|field| {
                            let field = &field.node;
                            let of_type = field.ty.node.clone();
                            (
                                field.name.node.to_string(),
                                InputField { of_type, has_default: field.default_value.is_some() },
                            )
                        })
                        .collect(),
                    is_one_of: definition
                        .directives
                        .iter()
                        .any(|directive| directive.node.name.node == "oneOf"),
                },
                _ => return None,
            };
            Some((definition.name.node.to_string(), kind))
        });
        Self(kinds.collect())
    }

    /// Checks what a request gives for an operation's variables.
    pub fn check(&self, operation: &OperationDefinition, given: &Variables) -> Result<(), String> {
        for definition in &operation.variable_definitions {
            let definition = &definition.node;
            let (name, of_type) = (definition.name.node.as_str(), &definition.var_type.node);
            match given.get(&definition.name.node) {
                Some(value) => self.value(of_type, value, &format!("${name}"))?,
                None if definition.default_value.is_none() && !of_type.nullable => {
                    return Err(format!("The variable ${name} of type {of_type} must be given."));
                }
                None => {}
            }
        }
        Ok(())
    }

    fn value(&self, of_type: &Type, value: &Value, place: &str) -> Result<(), String> {
        match (&of_type.base, value) {
            (_, Value::Null) if of_type.nullable => Ok(()),
            (_, Value::Null) => Err(format!("{place} must be a {of_type}; null is given.")),
            (BaseType::List(inner), Value::List(items)) => items
                .iter()
                .enumerate()
                .try_for_each(|(index, item)| self.value(inner, item, &format!("{place}.{index}"))),
            // One value stands for a list of one.
            (BaseType::List(inner), single) => self.value(inner, single, place),
            (BaseType::Named(name), value) => self.named(name, value, place),
        }
    }

    fn named(&self, name: &Name, value: &Value, place: &str) -> Result<(), String> {
        let wrong = || Err(format!("{place} must be a {name}."));
        match (self.0.get(name.as_str()), value) {
            (Some(InputKind::Enum(names)), Value::String(text)) if names.contains(text) => Ok(()),
            (Some(InputKind::Enum(names)), Value::Enum(text)) if names.contains(text.as_str()) => Ok(()),
            (Some(InputKind::Object { fields, is_one_of }), Value::Object(given)) => {
                if let Some(unknown) = given.keys().find(|key| !fields.contains_key(key.as_str())) {
                    return Err(format!("{place}.{unknown} is not a field of {name}."));
                }
                if *is_one_of && (given.len() != 1 || given.values().any(|value| *value == Value::Null)) {
                    return Err(format!("{place} must have exactly one field of {name}."));
                }
                fields.iter().try_for_each(|(key, field)| match given.get(key.as_str()) {
                    Some(value) => self.value(&field.of_type, value, &format!("{place}.{key}")),
                    None if !field.has_default && !field.of_type.nullable => {
                        Err(format!("{place}.{key} of type {} must be given.", field.of_type))
                    }
                    None => Ok(()),
                })
            }
            (Some(_), _) => wrong(),
            (None, value) if is_scalar(name, value) => Ok(()),
            (None, _) => wrong(),
        }
    }
}

fn is_scalar(name: &Name, value: &Value) -> bool {
    match (name.as_str(), value) {
        ("Int", Value::Number(number)) => number.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        ("Float", Value::Number(_))
        | ("Boolean", Value::Boolean(_))
        | ("String" | "ID" | "URL", Value::String(_)) => true,
        ("Upload", Value::String(text)) => Upload::from_placeholder(text).is_some(),
        ("ID", Value::Number(number)) => number.is_i64(),
        ("DateTime", Value::String(text)) => Timestamp::parse_rfc3339(text).is_some(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::parser::types::TypeSystemDefinition;
    use async_graphql::parser::{parse_query, parse_schema};
    use serde_json::json;

    use super::*;

    fn check(given: serde_json::Value) -> Result<(), String> {
        let schema = parse_schema(
            "enum Color { RED } input By @oneOf { id: ID slug: String }
             input Thing { name: String! color: Color size: Int! = 1 tags: [ID!] by: By inner: Thing at: DateTime }",
        )
        .unwrap();
        let definitions: Vec<TypeDefinition> = schema
            .definitions
            .into_iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => Some(definition.node),
                _ => None,
            })
            .collect();
        let document = parse_query("query ($thing: Thing!, $n: Int! = 2, $o: Boolean) { a }").unwrap();
        let (_, operation) = document.operations.iter().next().unwrap();
        InputTypes::new(&definitions).check(&operation.node, &Variables::from_json(given))
    }

    #[test]
    fn what_fits_passes() {
        for thing in [
            json!({ "name": "x" }),
            json!({ "name": "x", "color": "RED", "tags": ["a", 1], "by": { "slug": "s" }, "inner": { "name": "y" } }),
            json!({ "name": "x", "tags": "one", "color": null, "at": "2026-01-01T00:00:00Z" }),
        ] {
            assert_eq!(check(json!({ "thing": thing })), Ok(()));
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (given, words) in [
            (json!({}), "$thing of type Thing! must be given"),
            (json!({ "thing": null }), "$thing must be a Thing!"),
            (json!({ "thing": {} }), "$thing.name of type String! must be given"),
            (json!({ "thing": { "name": 1 } }), "$thing.name must be a String"),
            (json!({ "thing": { "name": "x", "colour": "RED" } }), "$thing.colour is not a field"),
            (json!({ "thing": { "name": "x", "color": "BLUE" } }), "$thing.color must be a Color"),
            (json!({ "thing": { "name": "x", "size": 3_000_000_000_i64 } }), "$thing.size must be a Int"),
            (json!({ "thing": { "name": "x", "tags": ["a", null] } }), "$thing.tags.1 must be a ID!"),
            (json!({ "thing": { "name": "x", "by": { "slug": "s", "id": "i" } } }), "exactly one field"),
            (json!({ "thing": { "name": "x", "inner": { "name": [] } } }), "$thing.inner.name"),
            (json!({ "thing": { "name": "x", "at": "today" } }), "$thing.at must be a DateTime"),
            (json!({ "thing": { "name": "x" }, "o": "true" }), "$o must be a Boolean"),
        ] {
            let message = check(given).unwrap_err();
            assert!(message.contains(words), "{message}");
        }
    }
}
