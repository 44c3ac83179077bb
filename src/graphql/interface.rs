//! Interfaces over two object types that share fields, so that a frontend's one fragment reads both. What they say is taken
//! from the first of the two types.

use async_graphql::indexmap::IndexMap;
use async_graphql::registry::{MetaField, MetaType, Registry};

/// The fields that two object types share.
pub struct Shared {
    /// The interface's name.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The two types; the fields are described by the first.
    pub of: [&'static str; 2],
    /// Their names. One whose type is the first of another interface's types has that interface as its type here.
    pub fields: &'static [&'static str],
}

/// Adds the interfaces to the schema, whose types are there already.
pub fn register(registry: &mut Registry, interfaces: &[Shared]) {
    for shared in interfaces {
        let [first, second] = shared.of;
        let fields: IndexMap<String, MetaField> = registry
            .types
            .get(first)
            .and_then(MetaType::fields)
            .into_iter()
            .flatten()
            .filter(|(name, _)| shared.fields.contains(&name.as_str()))
            .map(|(name, field)| {
                (name.clone(), MetaField { ty: widened(&field.ty, interfaces), ..field.clone() })
            })
            .collect();
        let interface = MetaType::Interface {
            name: shared.name.to_owned(),
            description: Some(shared.description.to_owned()),
            fields,
            possible_types: [first.to_owned(), second.to_owned()].into_iter().collect(),
            extends: false,
            keys: None,
            visible: None,
            inaccessible: false,
            tags: Vec::new(),
            rust_typename: None,
            directive_invocations: Vec::new(),
            requires_scopes: Vec::new(),
        };
        registry.types.insert(shared.name.to_owned(), interface);
        registry.add_implements(first, shared.name);
        registry.add_implements(second, shared.name);
    }
}

/// The type of a field with the interface in the place of the object type.
fn widened(field_type: &str, interfaces: &[Shared]) -> String {
    let name = field_type.trim_matches(['[', ']', '!']);
    match interfaces.iter().find(|shared| shared.of[0] == name) {
        Some(shared) => field_type.replace(name, shared.name),
        None => field_type.to_owned(),
    }
}
