//! What an operation costs: one for each object that it may make us fetch, times the sizes of the pages above it, and what
//! it makes us work beside. What hangs on the document alone is told once, and kept with it; with the variables of each
//! request it becomes a number.

use std::collections::HashMap;

use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
    TypeDefinition, TypeKind, TypeSystemDefinition,
};
use async_graphql::{Name, Value as Constant, Variables};
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

/// What the operations of a document cost, as far as that is known before their variables are.
#[derive(Debug)]
pub struct Costs {
    /// Of each operation, in the document's order.
    operations: Vec<Vec<Cost>>,
    /// Of each fragment that hangs on variables, behind those that it spreads.
    fragments: Vec<Vec<Cost>>,
}

/// What a part of a selection costs.
#[derive(Clone, Debug)]
enum Cost {
    Known(u64),
    /// As much as this one of [`Costs::fragments`].
    Fragment(usize),
    Field(Box<FieldCost>),
}

/// One for itself, times the sizes of the pages above it, and what it makes us work beside.
#[derive(Clone, Debug)]
struct FieldCost {
    below: Vec<Cost>,
    size: Number,
    itself: u64,
    times: Number,
    work: u64,
}

/// What hangs on variables or not.
#[derive(Clone, Debug)]
enum Number {
    Known(u64),
    /// The most that one of these arguments asks for; where they ask for nothing, so many.
    Page(Vec<Value>, u64),
    /// How many writes this input is for.
    Writes(Value),
}

impl Costs {
    /// What can be told of a document by itself, in one visit per fragment.
    pub fn of(document: &ExecutableDocument, types: &SchemaTypes) -> Self {
        let mut costing = Costing { document, types, fragments: HashMap::new(), costs: Vec::new() };
        let operations = document.operations.iter().map(|(_, operation)| {
            let root = match operation.node.ty {
                OperationType::Query => "Query",
                OperationType::Mutation => "Mutation",
                OperationType::Subscription => "Subscription",
            };
            costing.selections(root, &operation.node.selection_set.node)
        });
        let operations = operations.collect();
        Self { operations, fragments: costing.costs }
    }

    /// What the operation at this place of the document costs with these variables.
    pub fn with(&self, place: usize, operation: &OperationDefinition, variables: &Variables) -> u64 {
        let mut given = Given { operation, variables, fragments: Vec::new() };
        for fragment in &self.fragments {
            given.fragments.push(given.sum(fragment));
        }
        self.operations.get(place).map_or(0, |operation| given.sum(operation))
    }
}

/// What an operation is asked with, and what fragments cost with that.
struct Given<'a> {
    operation: &'a OperationDefinition,
    variables: &'a Variables,
    fragments: Vec<u64>,
}

impl Given<'_> {
    fn sum(&self, costs: &[Cost]) -> u64 {
        costs.iter().map(|cost| self.cost(cost)).fold(0, u64::saturating_add)
    }

    fn cost(&self, cost: &Cost) -> u64 {
        match cost {
            Cost::Known(cost) => *cost,
            Cost::Fragment(fragment) => self.fragments.get(*fragment).copied().unwrap_or_default(),
            Cost::Field(field) => {
                field.cost(self.sum(&field.below), self.number(&field.size), self.number(&field.times))
            }
        }
    }

    fn number(&self, number: &Number) -> u64 {
        match number {
            Number::Known(number) => *number,
            Number::Page(asked, otherwise) => {
                page(asked.iter().filter_map(|value| self.constant(value)), *otherwise)
            }
            Number::Writes(input) => self.constant(input).map_or(1, |input| writes(&input)),
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

impl FieldCost {
    fn cost(&self, below: u64, size: u64, times: u64) -> u64 {
        below.saturating_mul(size).saturating_add(self.itself).saturating_mul(times).saturating_add(self.work)
    }

    /// As a number, where nothing of it hangs on variables.
    fn known(self) -> Cost {
        match (known(&self.below), &self.size, &self.times) {
            (Some(below), Number::Known(size), Number::Known(times)) => {
                Cost::Known(self.cost(below, *size, *times))
            }
            _ => Cost::Field(Box::new(self)),
        }
    }
}

/// What a selection costs, where nothing of it hangs on variables.
fn known(costs: &[Cost]) -> Option<u64> {
    match costs {
        [] => Some(0),
        [Cost::Known(cost)] => Some(*cost),
        _ => None,
    }
}

impl Number {
    /// How many things a list's arguments ask for; where they ask for nothing, so many.
    fn of_page(field: &Field, otherwise: u64) -> Self {
        let arguments = ["first", "last"].iter().filter_map(|argument| field.get_argument(argument));
        let asked: Vec<Value> = arguments.map(|value| value.node.clone()).collect();
        let known: Option<Vec<Constant>> = asked.iter().cloned().map(Value::into_const).collect();
        match known {
            Some(known) => Self::Known(page(known, otherwise)),
            None => Self::Page(asked, otherwise),
        }
    }

    /// How many writes a mutation does, one after the other.
    fn of_writes(field: &Field) -> Self {
        let Some(input) = field.get_argument("input") else { return Self::Known(1) };
        let known = input.node.clone().into_const().map(|input| Self::Known(writes(&input)));
        known.unwrap_or_else(|| Self::Writes(input.node.clone()))
    }
}

/// The most things that one of the arguments asks for; where they ask for nothing, so many.
fn page(asked: impl IntoIterator<Item = Constant>, otherwise: u64) -> u64 {
    let sizes = asked.into_iter().filter_map(|asked| match asked {
        Constant::Number(number) => Some(number.as_u64().unwrap_or(0)),
        _ => None,
    });
    sizes.max().unwrap_or(otherwise)
}

fn writes(input: &Constant) -> u64 {
    let Constant::Object(input) = input else { return 1 };
    let longest = EACH_A_WRITE.iter().filter_map(|name| match input.get(*name) {
        Some(Constant::List(members)) => Some(members.len() as u64),
        _ => None,
    });
    longest.max().unwrap_or(1).max(1)
}

/// Adds up what an operation can make us fetch: one for each object, times the sizes of the pages above it.
struct Costing<'a> {
    document: &'a ExecutableDocument,
    types: &'a SchemaTypes,
    /// By names that a client chose: a hash that can't be foreseen.
    fragments: HashMap<&'a str, Cost>,
    /// Of those that hang on variables.
    costs: Vec<Vec<Cost>>,
}

impl<'a> Costing<'a> {
    /// What is known of it, as one number, and the rest.
    fn selections(&mut self, parent: &str, set: &'a SelectionSet) -> Vec<Cost> {
        let (mut known, mut rest) = (0_u64, Vec::new());
        for selection in &set.items {
            let costs = match &selection.node {
                Selection::Field(field) => vec![self.field(parent, &field.node)],
                Selection::InlineFragment(fragment) => {
                    let condition = fragment
                        .node
                        .type_condition
                        .as_ref()
                        .map(|condition| condition.node.on.node.as_str());
                    self.selections(condition.unwrap_or(parent), &fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => {
                    vec![self.fragment(spread.node.fragment_name.node.as_str())]
                }
            };
            for cost in costs {
                match cost {
                    Cost::Known(cost) => known = known.saturating_add(cost),
                    cost => rest.push(cost),
                }
            }
        }
        if known > 0 {
            rest.push(Cost::Known(known));
        }
        rest
    }

    fn fragment(&mut self, name: &str) -> Cost {
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Cost::Known(0);
        };
        if let Some(cost) = self.fragments.get(name.as_str()) {
            return cost.clone();
        }
        let costs = self.selections(
            fragment.node.type_condition.node.on.node.as_str(),
            &fragment.node.selection_set.node,
        );
        let cost = match known(&costs) {
            Some(cost) => Cost::Known(cost),
            None => {
                self.costs.push(costs);
                Cost::Fragment(self.costs.len() - 1)
            }
        };
        self.fragments.insert(name.as_str(), cost.clone());
        cost
    }

    fn field(&mut self, parent: &str, field: &'a Field) -> Cost {
        let name = field.name.node.as_str();
        if matches!(name, "__schema" | "__type") || parent.starts_with("__") {
            return self.introspection(name, field);
        }
        let types = self.types;
        let Some(field_type) = types.field(parent, name) else { return Cost::Known(0) };
        if !field_type.is_object || name == "pageInfo" {
            return Cost::Known(0);
        }
        let FieldType { name: type_name, is_connection, is_list, is_object: _ } = field_type;
        let below = self.selections(type_name, &field.selection_set.node);
        let size = match (is_connection, is_list) {
            (true, _) => Number::of_page(field, u64::try_from(DEFAULT_PAGE).unwrap_or_default()),
            // A connection's `nodes` and `edges` are the page that its arguments ask for.
            (false, true) if !parent.ends_with("Connection") => Number::of_page(field, PLAIN_LIST),
            (false, _) => Number::Known(1),
        };
        let times = if parent == "Mutation" { Number::of_writes(field) } else { Number::Known(1) };
        let work = WORK
            .iter()
            .find(|(of, field, _)| (*of, *field) == (parent, name))
            .map_or(0, |(_, _, work)| *work);
        FieldCost { below, size, itself: 1, times, work }.known()
    }

    /// The lists of the introspection schema have no sizes to ask for: each counts as what a schema like ours has.
    fn introspection(&mut self, name: &str, field: &'a Field) -> Cost {
        let times = match name {
            "types" => 100,
            "fields" | "inputFields" => 10,
            "enumValues" | "possibleTypes" | "directives" => 5,
            "args" => 3,
            "interfaces" => 2,
            _ => 0,
        };
        let below = self.selections("__", &field.selection_set.node);
        let (itself, times) = if times == 0 { (0, 1) } else { (1, times) };
        FieldCost { below, size: Number::Known(1), itself, times: Number::Known(times), work: 0 }.known()
    }
}
