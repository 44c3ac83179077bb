//! What the schema says can be asked, and documents that ask for it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use async_graphql::parser::types::{
    BaseType, FieldDefinition, InputValueDefinition, Selection, SelectionSet, Type, TypeDefinition, TypeKind,
    TypeSystemDefinition,
};
use async_graphql::parser::{parse_query, parse_schema};
use async_graphql_value::Value as Given;
use serde_json::Value;

/// What is behind a door that strangers don't pass.
const NOT_PUBLIC: &str = "Query.viewer";

/// The schema's types by name.
pub struct Types(BTreeMap<String, TypeDefinition>);

pub fn base(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => base(inner),
    }
}

impl Types {
    pub fn read() -> Self {
        let document = parse_schema(copydesk::schema::sdl()).unwrap();
        let types = document.definitions.into_iter().filter_map(|definition| match definition {
            TypeSystemDefinition::Type(definition) => {
                Some((definition.node.name.node.to_string(), definition.node))
            }
            _ => None,
        });
        Self(types.collect())
    }

    fn kind(&self, name: &str) -> Option<&TypeKind> {
        self.0.get(name).map(|definition| &definition.kind)
    }

    pub fn fields(&self, name: &str) -> Vec<&FieldDefinition> {
        let fields = match self.kind(name) {
            Some(TypeKind::Object(object)) => &object.fields,
            Some(TypeKind::Interface(interface)) => &interface.fields,
            _ => return Vec::new(),
        };
        let fields = fields.iter().map(|field| &field.node);
        fields.filter(|field| format!("{name}.{}", field.name.node) != NOT_PUBLIC).collect()
    }

    fn field(&self, name: &str, field: &str) -> Option<&FieldDefinition> {
        self.fields(name).into_iter().find(|found| found.name.node == field)
    }

    fn is_composite(&self, name: &str) -> bool {
        matches!(self.kind(name), Some(TypeKind::Object(_) | TypeKind::Interface(_) | TypeKind::Union(_)))
    }

    /// The objects that a field of this type may give.
    fn objects(&self, name: &str) -> Vec<String> {
        match self.kind(name) {
            Some(TypeKind::Union(union)) => {
                union.members.iter().map(|member| member.node.to_string()).collect()
            }
            Some(TypeKind::Interface(_)) => {
                let implements = |definition: &TypeDefinition| match &definition.kind {
                    TypeKind::Object(object) => {
                        object.implements.iter().any(|implemented| implemented.node == name)
                    }
                    _ => false,
                };
                self.0
                    .iter()
                    .filter(|(_, definition)| implements(definition))
                    .map(|(name, _)| name.clone())
                    .collect()
            }
            Some(TypeKind::Object(_)) => vec![name.to_owned()],
            _ => Vec::new(),
        }
    }

    fn inputs(&self, name: &str) -> Vec<&InputValueDefinition> {
        match self.kind(name) {
            Some(TypeKind::InputObject(input)) => input.fields.iter().map(|member| &member.node).collect(),
            _ => Vec::new(),
        }
    }

    fn members(&self, name: &str) -> Vec<String> {
        match self.kind(name) {
            Some(TypeKind::Enum(members)) => {
                members.values.iter().map(|member| member.node.value.node.to_string()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// All objects that a stranger may come to, each with a way there from the query: a document with a hole in it.
    pub fn ways(&self) -> BTreeMap<String, String> {
        let mut ways = BTreeMap::from([("Query".to_owned(), "{ HOLE }".to_owned())]);
        let mut open = VecDeque::from(["Query".to_owned()]);
        while let Some(name) = open.pop_front() {
            let way = ways[&name].clone();
            for field in self.fields(&name) {
                let needs: Vec<&str> = required(field).map(|argument| argument.name.node.as_str()).collect();
                let arguments = match needs.as_slice() {
                    [] => "",
                    ["query"] => "(query: \"quay\")",
                    // What has to be named is found by lists, too.
                    _ => continue,
                };
                for object in self.objects(base(&field.ty.node)) {
                    if !ways.contains_key(&object) {
                        let inside =
                            format!("{}{arguments} {{ ... on {object} {{ HOLE }} }}", field.name.node);
                        ways.insert(object.clone(), way.replace("HOLE", &inside));
                        open.push_back(object);
                    }
                }
            }
        }
        ways
    }

    /// Everything that a thing of this type has: below a type that it is part of, its own values alone.
    pub fn selection(&self, name: &str, above: &mut Vec<String>) -> String {
        let mut parts = vec!["__typename".to_owned()];
        let objects = self.objects(name);
        if objects != [name] {
            // Blocks stand in blocks: below themselves, and far down, their own values alone.
            let is_below = above.len() > 3 || objects.iter().any(|object| above.contains(object));
            for object in &objects {
                let inside = if is_below { self.values(object) } else { self.selection(object, above) };
                parts.push(format!("... on {object} {{ {inside} }}"));
            }
            return parts.join(" ");
        }
        let is_page = name.ends_with("Connection") || name.ends_with("Edge");
        if !is_page {
            above.push(name.to_owned());
        }
        for field in self.fields(name) {
            if required(field).next().is_some() {
                continue;
            }
            let (field_name, of) = (&field.name.node, base(&field.ty.node));
            // The same things stand in `nodes`, in full.
            let is_edge = name.ends_with("Edge") && field_name == "node";
            parts.push(match self.is_composite(of) {
                false => field_name.to_string(),
                true if is_edge || above.iter().any(|above| above == of) => {
                    format!("{field_name} {{ {} }}", self.values(of))
                }
                true => format!("{field_name} {{ {} }}", self.selection(of, above)),
            });
        }
        if !is_page {
            above.pop();
        }
        parts.join(" ")
    }

    /// The values of a thing alone.
    fn values(&self, name: &str) -> String {
        let values = self.fields(name).into_iter().filter(|field| !self.is_composite(base(&field.ty.node)));
        values.fold("__typename".to_owned(), |parts, field| format!("{parts} {}", field.name.node))
    }

    /// The values of a thing; of a page, also those of the things on it.
    pub fn glimpse(&self, name: &str) -> String {
        let objects = self.objects(name);
        if objects != [name] {
            let parts = objects.iter().map(|object| format!("... on {object} {{ {} }}", self.values(object)));
            return format!("__typename {}", parts.collect::<Vec<_>>().join(" "));
        }
        let mut parts = self.values(name);
        if name.ends_with("Connection") {
            for field in ["nodes", "edges", "pageInfo"] {
                let of = base(&self.field(name, field).unwrap().ty.node);
                parts = format!("{parts} {field} {{ {} }}", self.values(of));
            }
        }
        parts
    }

    /// Each way to give a field one argument, beside those that it needs.
    pub fn calls(&self, field: &FieldDefinition, values: &dyn Fn(&str, &str) -> Vec<String>) -> Vec<Call> {
        let all = |argument: &InputValueDefinition| {
            self.given(argument.name.node.as_str(), base(&argument.ty.node), values)
        };
        let needed: Vec<(String, String)> = required(field)
            .map(|argument| (argument.name.node.to_string(), all(argument).swap_remove(0)))
            .collect();
        let mut calls = Vec::new();
        for argument in &field.arguments {
            let name = argument.node.name.node.as_str();
            for value in all(&argument.node) {
                // What is wrong with a page, or is no moment, takes the whole answer with it.
                let is_alone =
                    matches!(name, "first" | "last" | "after" | "before") || value.contains("\"x\"");
                let others = needed.iter().filter(|(other, _)| other != name);
                let arguments = others
                    .map(|(other, value)| format!("{other}: {value}"))
                    .chain([format!("{name}: {value}")]);
                let text = format!("{}({})", field.name.node, arguments.collect::<Vec<_>>().join(", "));
                calls.push(Call { text, is_alone });
            }
        }
        calls
    }

    /// The interesting values of an argument or an input's member.
    fn given(&self, name: &str, of: &str, values: &dyn Fn(&str, &str) -> Vec<String>) -> Vec<String> {
        let members = self.inputs(of);
        if !members.is_empty() {
            let each = members.iter().flat_map(|member| {
                let name = &member.name.node;
                self.given(name, base(&member.ty.node), values)
                    .into_iter()
                    .map(move |value| format!("{{ {name}: {value} }}"))
            });
            return each.collect();
        }
        match self.kind(of) {
            Some(TypeKind::Enum(_)) => self.members(of),
            _ => values(name, of),
        }
    }

    /// All mutations, each with an input in which whatever takes an id or words gets one of these.
    pub fn mutations(&self, value: &dyn Fn(&str, &str) -> String) -> Vec<String> {
        let mutations = self.fields("Mutation").into_iter().filter(|field| field.name.node != "uploadImage");
        mutations
            .map(|field| {
                let arguments: Vec<String> = field
                    .arguments
                    .iter()
                    .map(|argument| {
                        format!("{}: {}", argument.node.name.node, self.input(&argument.node, value))
                    })
                    .collect();
                let name = &field.name.node;
                format!(
                    "mutation {{ {name}({}) {{ __typename userErrors {{ code message path }} }} }}",
                    arguments.join(", ")
                )
            })
            .collect()
    }

    fn input(&self, given: &InputValueDefinition, value: &dyn Fn(&str, &str) -> String) -> String {
        let (name, of) = (given.name.node.as_str(), base(&given.ty.node));
        let members = self.inputs(of);
        let one = if members.is_empty() {
            self.members(of).into_iter().next().unwrap_or_else(|| value(name, of))
        } else {
            let is_one_of = self.0[of].directives.iter().any(|directive| directive.node.name.node == "oneOf");
            let some = members.iter().take(if is_one_of { 1 } else { members.len() });
            let some: Vec<String> =
                some.map(|member| format!("{}: {}", member.name.node, self.input(member, value))).collect();
            format!("{{ {} }}", some.join(", "))
        };
        if matches!(given.ty.node.base, BaseType::List(_)) { format!("[{one}]") } else { one }
    }

    /// All fields of all objects that a stranger may come to.
    pub fn all_fields(&self) -> BTreeSet<String> {
        let named = |name: &String| -> Vec<String> {
            self.fields(name).iter().map(|field| format!("{name}.{}", field.name.node)).collect()
        };
        self.ways().keys().flat_map(named).collect()
    }

    /// Everything that there is to ask: fields, arguments, members of inputs, members of enums in arguments.
    pub fn everything(&self) -> BTreeSet<String> {
        let mut everything = self.all_fields();
        for name in self.ways().keys() {
            for field in self.fields(name) {
                for argument in &field.arguments {
                    let argument = &argument.node;
                    everything.insert(format!("{name}.{}({})", field.name.node, argument.name.node));
                    self.parts(base(&argument.ty.node), &mut everything);
                }
            }
        }
        everything
    }

    fn parts(&self, of: &str, everything: &mut BTreeSet<String>) {
        everything.extend(self.members(of).into_iter().map(|member| format!("{of}.{member}")));
        for member in self.inputs(of) {
            everything.insert(format!("{of}.{}", member.name.node));
            self.parts(base(&member.ty.node), everything);
        }
    }

    /// Notes what a document asks, and which of its fields have an answer that is something.
    pub fn note(&self, document: &str, answer: &Value, seen: &mut Seen) {
        let Ok(document) = parse_query(document) else { return };
        for (_, operation) in document.operations.iter() {
            self.note_selections("Query", &operation.node.selection_set.node, &answer["data"], seen);
        }
    }

    fn note_selections(&self, name: &str, set: &SelectionSet, answer: &Value, seen: &mut Seen) {
        for selection in &set.items {
            match &selection.node {
                Selection::InlineFragment(fragment) => {
                    let on = fragment
                        .node
                        .type_condition
                        .as_ref()
                        .map(|condition| condition.node.on.node.to_string());
                    let on = on.unwrap_or_else(|| name.to_owned());
                    // What another object answers is no answer of this one.
                    let is_it = answer["__typename"].as_str().is_none_or(|is| is == on);
                    let answer = if is_it { answer } else { &Value::Null };
                    self.note_selections(&on, &fragment.node.selection_set.node, answer, seen);
                }
                Selection::FragmentSpread(_) => panic!("the crawl uses no fragments"),
                Selection::Field(field) => {
                    let field = &field.node;
                    let Some(definition) = self.field(name, &field.name.node) else { continue };
                    let (place, of) = (format!("{name}.{}", field.name.node), base(&definition.ty.node));
                    let answer = &answer[field.response_key().node.as_str()];
                    seen.asked.insert(place.clone());
                    for (argument, value) in &field.arguments {
                        let known =
                            definition.arguments.iter().find(|known| known.node.name.node == argument.node);
                        seen.asked.insert(format!("{place}({})", argument.node));
                        self.note_input(base(&known.unwrap().node.ty.node), &value.node, seen);
                    }
                    let things = match answer {
                        Value::Array(things) => things.iter().collect(),
                        Value::Null => Vec::new(),
                        thing => vec![thing],
                    };
                    if !things.is_empty() {
                        seen.answered.insert(place);
                    }
                    let set = &field.selection_set.node;
                    for thing in things.iter().copied().chain(things.is_empty().then_some(&Value::Null)) {
                        self.note_selections(of, set, thing, seen);
                    }
                }
            }
        }
    }

    fn note_input(&self, of: &str, value: &Given, seen: &mut Seen) {
        match value {
            Given::Enum(member) => {
                seen.asked.insert(format!("{of}.{member}"));
            }
            Given::Object(members) => {
                for (member, value) in members {
                    seen.asked.insert(format!("{of}.{member}"));
                    if let Some(known) = self.inputs(of).into_iter().find(|known| known.name.node == *member)
                    {
                        self.note_input(base(&known.ty.node), value, seen);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A field with arguments.
pub struct Call {
    /// Without what is asked of what it gives.
    pub text: String,
    /// Whether it is sent alone, so that its error hides no other answer.
    pub is_alone: bool,
}

/// What was asked, and what was answered with something.
#[derive(Default)]
pub struct Seen {
    pub asked: BTreeSet<String>,
    pub answered: BTreeSet<String>,
}

pub fn required(field: &FieldDefinition) -> impl Iterator<Item = &InputValueDefinition> {
    field.arguments.iter().map(|argument| &argument.node).filter(|argument| is_required(argument))
}

fn is_required(argument: &InputValueDefinition) -> bool {
    !argument.ty.node.nullable && argument.default_value.is_none()
}
