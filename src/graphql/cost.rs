//! What an operation costs: one for each object that it may make us fetch, times the sizes of the pages above it, and what
//! it makes us work beside. Computed for every request, from its own variables, in one visit per fragment.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, Selection, SelectionSet, TypeDefinition,
    TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Positioned, Value as Constant, Variables};
use async_graphql_value::Value;
use rustc_hash::FxHashMap;

use super::connection::DEFAULT_PAGE;
use super::variables::InputTypes;

/// What a list without pages counts as: an article has a handful of authors, tags or sections.
const PLAIN_LIST: u64 = 2;

/// What fields cost beside what they fetch, because they work long for it.
const WORK: &[(&str, &str, u64)] =
    &[("Viewer", "compareRevisions", 1_000), ("Article", "suggestedArticles", 30), ("RichText", "blocks", 5)];

/// Lists of an input of which each member is a write of its own: what a mutation with such a list returns is counted once for
/// each.
const EACH_A_WRITE: &[&str] = &["commentIds"];

/// What the guard knows of the schema: what its fields return, and what its inputs take.
pub struct SchemaTypes {
    /// Of each type.
    fields: FxHashMap<String, FxHashMap<String, FieldType>>,
    /// What its inputs take.
    pub(super) inputs: InputTypes,
}

#[derive(Debug)]
struct FieldType {
    name: String,
    is_object: bool,
    is_connection: bool,
    is_list: bool,
}

impl SchemaTypes {
    /// Reads the schema's printed form.
    pub fn from_sdl(sdl: &str) -> Result<Self, async_graphql::parser::Error> {
        let document = parse_schema(sdl)?;
        let types: Vec<TypeDefinition> = document
            .definitions
            .into_iter()
            .filter_map(|definition| match definition {
                TypeSystemDefinition::Type(definition) => Some(definition.node),
                _ => None,
            })
            .collect();
        let is_object = |name: &str| {
            types.iter().any(|definition| {
                definition.name.node == name
                    && matches!(
                        definition.kind,
                        TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)
                    )
            })
        };
        let mut fields: FxHashMap<String, FxHashMap<String, FieldType>> = FxHashMap::default();
        for definition in &types {
            let of_type = match &definition.kind {
                TypeKind::Object(object) => &object.fields,
                TypeKind::Interface(interface) => &interface.fields,
                _ => continue,
            };
            for field in of_type {
                let name = base_name(&field.node.ty.node.base);
                let field_type = FieldType {
                    is_object: is_object(&name),
                    is_connection: name.ends_with("Connection"),
                    is_list: matches!(field.node.ty.node.base, BaseType::List(_)),
                    name,
                };
                let of_type = fields.entry(definition.name.node.to_string()).or_default();
                of_type.insert(field.node.name.node.to_string(), field_type);
            }
        }
        Ok(Self { fields, inputs: InputTypes::new(&types) })
    }

    fn field(&self, parent: &str, field: &str) -> Option<&FieldType> {
        self.fields.get(parent)?.get(field)
    }
}

fn base_name(base: &BaseType) -> String {
    match base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => base_name(&inner.base),
    }
}

/// The cost of an operation whose root type is this one.
pub fn of(
    document: &ExecutableDocument,
    types: &SchemaTypes,
    operation: &OperationDefinition,
    variables: &Variables,
    root: &str,
) -> u64 {
    let mut costing = Costing { document, types, operation, variables, fragments: HashMap::new() };
    costing.selections(root, &operation.selection_set.node)
}

/// Adds up what an operation can make us fetch: one for each object, times the sizes of the pages above it.
struct Costing<'a> {
    document: &'a ExecutableDocument,
    types: &'a SchemaTypes,
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    /// By names that a client chose: a hash that can't be foreseen.
    fragments: HashMap<&'a str, u64>,
}

impl<'a> Costing<'a> {
    fn selections(&mut self, parent: &str, set: &'a SelectionSet) -> u64 {
        let mut cost = 0_u64;
        for selection in &set.items {
            cost = cost.saturating_add(match &selection.node {
                Selection::Field(field) => self.field(parent, &field.node),
                Selection::InlineFragment(fragment) => {
                    let condition = fragment
                        .node
                        .type_condition
                        .as_ref()
                        .map(|condition| condition.node.on.node.as_str());
                    self.selections(condition.unwrap_or(parent), &fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => self.fragment(spread.node.fragment_name.node.as_str()),
            });
        }
        cost
    }

    fn fragment(&mut self, name: &str) -> u64 {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else { return 0 };
        if let Some(&cost) = self.fragments.get(name.as_str()) {
            return cost;
        }
        let cost = self.selections(
            fragment.node.type_condition.node.on.node.as_str(),
            &fragment.node.selection_set.node,
        );
        self.fragments.insert(name.as_str(), cost);
        cost
    }

    fn field(&mut self, parent: &str, field: &'a Field) -> u64 {
        let name = field.name.node.as_str();
        if matches!(name, "__schema" | "__type") || parent.starts_with("__") {
            return self.introspection(name, field);
        }
        let types = self.types;
        let Some(field_type) = types.field(parent, name) else { return 0 };
        if !field_type.is_object || name == "pageInfo" {
            return 0;
        }
        let FieldType { name: type_name, is_connection, is_list, is_object: _ } = field_type;
        let below = self.selections(type_name, &field.selection_set.node);
        let size = match (is_connection, is_list) {
            (true, _) => self.page_size(field),
            // A connection's `nodes` and `edges` are the page that its arguments ask for.
            (false, true) if !parent.ends_with("Connection") => self.asked(field).unwrap_or(PLAIN_LIST),
            (false, _) => 1,
        };
        let work = WORK
            .iter()
            .find(|(of, field, _)| (*of, *field) == (parent, name))
            .map_or(0, |(_, _, work)| *work);
        let times = if parent == "Mutation" { self.writes(field) } else { 1 };
        below.saturating_mul(size).saturating_add(1).saturating_mul(times).saturating_add(work)
    }

    /// How many writes a mutation does, one after the other.
    fn writes(&self, field: &Field) -> u64 {
        let Some(Constant::Object(input)) =
            field.get_argument("input").and_then(|value| self.constant(&value.node))
        else {
            return 1;
        };
        let longest = EACH_A_WRITE.iter().filter_map(|name| match input.get(*name) {
            Some(Constant::List(members)) => Some(members.len() as u64),
            _ => None,
        });
        longest.max().unwrap_or(1).max(1)
    }

    /// The lists of the introspection schema have no sizes to ask for: each counts as what a schema like ours has.
    fn introspection(&mut self, name: &str, field: &'a Field) -> u64 {
        let size = match name {
            "types" => 100,
            "fields" | "inputFields" => 10,
            "enumValues" | "possibleTypes" | "directives" => 5,
            "args" => 3,
            "interfaces" => 2,
            _ => 0,
        };
        let below = self.selections("__", &field.selection_set.node);
        if size == 0 { below } else { below.saturating_add(1).saturating_mul(size) }
    }

    fn page_size(&self, field: &Field) -> u64 {
        self.asked(field).unwrap_or_else(|| u64::try_from(DEFAULT_PAGE).unwrap_or_default())
    }

    /// How many things a list's arguments ask for.
    fn asked(&self, field: &Field) -> Option<u64> {
        let arguments = ["first", "last"].iter().filter_map(|argument| field.get_argument(argument));
        arguments.filter_map(|value| self.number(value)).max()
    }

    fn number(&self, value: &Positioned<Value>) -> Option<u64> {
        match self.constant(&value.node)? {
            Constant::Number(number) => Some(number.as_u64().unwrap_or(0)),
            _ => None,
        }
    }

    /// A value with its variables put in: what was given for each, else its default, else null.
    fn constant(&self, value: &Value) -> Option<Constant> {
        let of = |name: Name| {
            let given = self.variables.get(&name).cloned();
            let default = || {
                let mut all = self.operation.variable_definitions.iter();
                let definition = all.find(|definition| definition.node.name.node == name)?;
                Some(definition.node.default_value.as_ref()?.node.clone())
            };
            Ok::<_, std::convert::Infallible>(given.or_else(default).unwrap_or(Constant::Null))
        };
        value.clone().into_const_with(of).ok()
    }
}
