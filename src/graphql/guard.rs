//! The guard: bounds what a document can cost before anything is spent on it. async-graphql's own checks expand every
//! spread, so a document of a kilobyte could hold a thread for minutes; this pass visits each fragment once.

use std::collections::HashMap;

use async_graphql::parser::parse_query;
use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
};
use async_graphql::{Pos, Positioned, Variables};

use super::cost::{Costs, SchemaTypes};

/// Longest document in bytes. Content belongs into variables.
const LONGEST_DOCUMENT: usize = 200_000;
/// Deepest nesting of brackets that the parser is trusted with.
const DEEPEST_BRACKETS: u32 = 50;
/// Deepest nesting of selections, spreads included, that this pass follows.
const DEEPEST_VISIT: u32 = 120;
/// Most selections, fragments expanded.
const MOST_SELECTIONS: u64 = 4_000;
/// Most aliases, fragments expanded.
const MOST_ALIASES: u64 = 200;
/// Most variables of an operation.
const MOST_VARIABLES: usize = 200;
/// Most directives, fragments expanded.
const MOST_DIRECTIVES: u64 = 200;

/// What the settings allow.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Deepest selection.
    pub depth: u32,
    /// Highest cost.
    pub cost: u64,
    /// Whether the schema may be asked for.
    pub introspection: bool,
}

/// Why a document is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong, with the numbers, and what to do.
    pub message: String,
    /// Where.
    pub position: Option<Pos>,
    /// Whether it can't be read at all (400), rather than asks for too much (422).
    pub is_unreadable: bool,
}

impl Refusal {
    fn refused(message: impl Into<String>) -> Self {
        Self { message: message.into(), position: None, is_unreadable: false }
    }

    fn unreadable(message: impl Into<String>, position: Option<Pos>) -> Self {
        Self { message: message.into(), position, is_unreadable: true }
    }
}

/// What is known of an operation that may be executed.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    /// What kind of operation it is.
    pub operation: OperationType,
    /// What it costs.
    pub cost: u64,
}

/// Parses and bounds a document, whatever its variables are. Tells what is known of its costs.
pub fn read(
    types: &SchemaTypes,
    limits: Limits,
    query: &str,
) -> Result<(ExecutableDocument, Costs), Refusal> {
    check_text(query)?;
    let document = parse_query(query).map_err(|error| {
        let position = error.positions().next();
        Refusal::unreadable(format!("The document can't be read: {error}"), position)
    })?;
    let mut measuring = Measuring { document: &document, fragments: HashMap::new() };
    let mut total = Measure::default();
    for (_, operation) in document.operations.iter() {
        check_directives(&operation.node.directives)?;
        let variables = operation.node.variable_definitions.len();
        if variables > MOST_VARIABLES {
            return Err(Refusal::refused(format!(
                "The operation has {variables} variables; at most {MOST_VARIABLES} are allowed."
            )));
        }
        let measure = measuring.selections(&operation.node.selection_set.node, 0)?;
        check_measure(&measure, limits)?;
        total = total.beside(&measure);
    }
    for name in document.fragments.keys() {
        let measure = measuring.fragment(name.as_str(), 0)?;
        check_measure(&measure, limits)?;
    }
    check_measure(&total, limits)?;
    let costs = Costs::of(&document, types);
    Ok((document, costs))
}

/// Bounds what an operation of a document costs with these variables, and that they fit.
pub fn check(
    types: &SchemaTypes,
    limits: Limits,
    (document, costs): (&ExecutableDocument, &Costs),
    operation_name: Option<&str>,
    variables: &Variables,
) -> Result<Checked, Refusal> {
    let (place, operation) = choose(document, operation_name)?;
    types.inputs.check(operation, variables).map_err(Refusal::refused)?;
    let cost = costs.with(place, operation, variables);
    if cost > limits.cost {
        let message = format!(
            "The query costs {cost}; at most {} is allowed. Ask for smaller pages, or for less below them.",
            limits.cost
        );
        return Err(Refusal::refused(message));
    }
    Ok(Checked { operation: operation.ty, cost })
}

fn choose<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<(usize, &'a OperationDefinition), Refusal> {
    let mut operations = document.operations.iter().enumerate();
    let found = match name {
        Some(name) => operations.find(|(_, (found, _))| found.is_some_and(|found| found.as_str() == name)),
        None if operations.len() == 1 => operations.next(),
        None => {
            return Err(Refusal::refused("The document holds several operations: give `operationName`."));
        }
    };
    let missing =
        || Refusal::refused(format!("The document has no operation named {:?}.", name.unwrap_or_default()));
    found.map(|(place, (_, operation))| (place, &operation.node)).ok_or_else(missing)
}

/// Bounds length and nesting, so that the parser's recursion is bounded.
fn check_text(query: &str) -> Result<(), Refusal> {
    if query.len() > LONGEST_DOCUMENT {
        let message = format!(
            "The document has {} bytes; at most {LONGEST_DOCUMENT} are allowed. Put content into variables.",
            query.len()
        );
        return Err(Refusal::refused(message));
    }
    let mut rest = query.as_bytes();
    let mut depth = 0_u32;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match byte {
            b'#' => after_line(after),
            b'"' if after.starts_with(b"\"\"") => after_block_string(&after[2..]),
            b'"' => after_string(after),
            b'{' | b'[' | b'(' => {
                depth += 1;
                after
            }
            b'}' | b']' | b')' => {
                depth = depth.saturating_sub(1);
                after
            }
            _ => after,
        };
        if depth > DEEPEST_BRACKETS {
            return Err(Refusal::refused(format!(
                "The document nests deeper than {DEEPEST_BRACKETS} brackets."
            )));
        }
    }
    Ok(())
}

fn after_line(text: &[u8]) -> &[u8] {
    text.iter().position(|&byte| matches!(byte, b'\n' | b'\r')).map_or(&[], |at| &text[at..])
}

fn after_string(text: &[u8]) -> &[u8] {
    let mut at = 0;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            b'"' | b'\n' | b'\r' => return &text[at + 1..],
            _ => at += 1,
        }
    }
    &[]
}

fn after_block_string(text: &[u8]) -> &[u8] {
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with(b"\\\"\"\"") {
            at += 4;
        } else if text[at..].starts_with(b"\"\"\"") {
            return &text[at + 3..];
        } else {
            at += 1;
        }
    }
    &[]
}

/// What a selection holds, fragments expanded.
#[derive(Clone, Copy, Debug, Default)]
struct Measure {
    selections: u64,
    aliases: u64,
    directives: u64,
    sign_ins: u64,
    introspections: u64,
    depth: u32,
}

impl Measure {
    fn beside(self, other: &Self) -> Self {
        Self {
            selections: self.selections.saturating_add(other.selections),
            aliases: self.aliases.saturating_add(other.aliases),
            directives: self.directives.saturating_add(other.directives),
            sign_ins: self.sign_ins.max(other.sign_ins),
            introspections: self.introspections.saturating_add(other.introspections),
            depth: self.depth.max(other.depth),
        }
    }

    fn within(self, other: &Self) -> Self {
        Self { sign_ins: self.sign_ins.saturating_add(other.sign_ins), ..self.beside(other) }
    }
}

fn check_measure(measure: &Measure, limits: Limits) -> Result<(), Refusal> {
    let bounds = [
        ("selections", measure.selections, MOST_SELECTIONS),
        ("aliases", measure.aliases, MOST_ALIASES),
        ("directives", measure.directives, MOST_DIRECTIVES),
        ("levels of selections", u64::from(measure.depth), u64::from(limits.depth)),
        ("signIn fields", measure.sign_ins, 1),
        ("introspection fields", measure.introspections, if limits.introspection { 10 } else { 0 }),
    ];
    for (what, found, allowed) in bounds {
        if found > allowed {
            let found = if found == u64::MAX { "too many to count".to_owned() } else { found.to_string() };
            return Err(Refusal::refused(format!(
                "The document has {found} {what}, fragments expanded; at most {allowed} are allowed."
            )));
        }
    }
    Ok(())
}

/// async-graphql passes directives that it does not know, and `@skip` without its argument.
fn check_directives(directives: &[Positioned<Directive>]) -> Result<(), Refusal> {
    for directive in directives {
        let (name, position) = (directive.node.name.node.as_str(), Some(directive.pos));
        let message = if !matches!(name, "skip" | "include") {
            format!("The directive @{name} is not known.")
        } else if directive.node.get_argument("if").is_none() {
            format!("The directive @{name} needs the argument `if`.")
        } else {
            continue;
        };
        return Err(Refusal { message, position, is_unreadable: false });
    }
    Ok(())
}

struct Measuring<'a> {
    document: &'a ExecutableDocument,
    /// `None` while a fragment is being visited: meeting it again is a cycle.
    fragments: HashMap<&'a str, Option<Measure>>,
}

impl<'a> Measuring<'a> {
    fn selections(&mut self, set: &'a SelectionSet, visit: u32) -> Result<Measure, Refusal> {
        if visit > DEEPEST_VISIT {
            return Err(Refusal::refused(format!(
                "The document nests deeper than {DEEPEST_VISIT} selections and spreads."
            )));
        }
        let mut measure = Measure::default();
        for selection in &set.items {
            measure.selections = measure.selections.saturating_add(1);
            check_directives(selection.node.directives())?;
            measure.directives = measure.directives.saturating_add(selection.node.directives().len() as u64);
            let inner = match &selection.node {
                Selection::Field(field) => self.field(&field.node, visit)?,
                Selection::InlineFragment(fragment) => {
                    self.selections(&fragment.node.selection_set.node, visit + 1)?
                }
                Selection::FragmentSpread(spread) => {
                    self.fragment(spread.node.fragment_name.node.as_str(), visit + 1)?
                }
            };
            measure = measure.within(&inner);
        }
        Ok(measure)
    }

    fn field(&mut self, field: &'a Field, visit: u32) -> Result<Measure, Refusal> {
        let mut measure = self.selections(&field.selection_set.node, visit + 1)?;
        measure.depth = measure.depth.saturating_add(1);
        measure.aliases = measure.aliases.saturating_add(u64::from(field.alias.is_some()));
        measure.sign_ins = measure.sign_ins.saturating_add(u64::from(field.name.node == "signIn"));
        let is_introspection = matches!(field.name.node.as_str(), "__schema" | "__type");
        measure.introspections = measure.introspections.saturating_add(u64::from(is_introspection));
        Ok(measure)
    }

    fn fragment(&mut self, name: &str, visit: u32) -> Result<Measure, Refusal> {
        // A spread of a fragment that isn't there is for the validation to tell.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Ok(Measure::default());
        };
        match self.fragments.get(name.as_str()) {
            Some(Some(measure)) => Ok(*measure),
            Some(None) => {
                let mut refusal = Refusal::refused(format!("The fragment {name} spreads itself."));
                refusal.position = Some(fragment.pos);
                Err(refusal)
            }
            None => {
                self.fragments.insert(name.as_str(), None);
                let mut measure = self.selections(&fragment.node.selection_set.node, visit)?;
                measure.directives = measure.directives.saturating_add(fragment.node.directives.len() as u64);
                self.fragments.insert(name.as_str(), Some(measure));
                Ok(measure)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    const SDL: &str = "type Query { articles(first: Int, last: Int): ArticleConnection! article: Article title: String }
        type ArticleConnection { nodes: [Article!]! pageInfo: PageInfo! } type PageInfo { hasNextPage: Boolean! }
        type Article { id: ID! related: Article comments(first: Int): CommentConnection! } type CommentConnection { nodes: [Comment!]! }
        type Comment { id: ID! } type Mutation { signIn: Session approve(input: Ids!): Approved } type Session { id: ID! }
        input Ids { commentIds: [ID!]! } type Approved { results: [Comment!]! }";
    const LIMITS: Limits = Limits { depth: 15, cost: 10_000, introspection: true };

    fn run(query: &str) -> Result<Checked, Refusal> {
        run_with(query, serde_json::json!({}))
    }

    fn run_with(query: &str, variables: serde_json::Value) -> Result<Checked, Refusal> {
        run_named(query, None, variables)
    }

    fn run_named(query: &str, name: Option<&str>, variables: serde_json::Value) -> Result<Checked, Refusal> {
        let types = SchemaTypes::from_sdl(SDL).unwrap();
        let (document, costs) = read(&types, LIMITS, query)?;
        check(&types, LIMITS, (&document, &costs), name, &Variables::from_json(variables))
    }

    #[test]
    fn pages_multiply_what_is_below_them() {
        assert_eq!(run("{ article { id } }").unwrap().cost, 1);
        assert_eq!(run("{ articles(first: 5) { nodes { id } pageInfo { hasNextPage } } }").unwrap().cost, 6);
        assert_eq!(run("{ articles { nodes { id } } }").unwrap().cost, 21);
        let query =
            "query ($n: Int = 7) { articles(first: $n) { nodes { comments(first: 3) { nodes { id } } } } }";
        assert_eq!(run(query).unwrap().cost, 1 + 7 * (1 + 1 + 3));
        assert_eq!(run_with(query, serde_json::json!({"n": 2})).unwrap().cost, 1 + 2 * 5);
        assert_eq!(run("{ articles(first: null, last: 100) { nodes { id } } }").unwrap().cost, 101);
        let refusal = run_with(query, serde_json::json!({"n": 10_000})).err().unwrap();
        assert!(
            refusal.message.contains("50001") && refusal.message.contains("10000"),
            "{}",
            refusal.message
        );
    }

    #[test]
    fn what_a_fragment_costs_hangs_on_the_operation_that_spreads_it() {
        let query = "query A($n: Int = 2) { articles(first: 3) { nodes { ...Two } } article { ...Two } }
            query B($n: Int = 5) { article { ...Two related { ...One ...None } } }
            fragment Two on Article { ...One related { id } }
            fragment One on Article { comments(first: $n) { nodes { id } } }
            fragment None on Article { id }";
        let cost = |name, variables| run_named(query, Some(name), variables).unwrap().cost;
        let of_two = |n: u64| (1 + n) + 1;
        assert_eq!(cost("A", serde_json::json!({})), 1 + 3 * (1 + of_two(2)) + 1 + of_two(2));
        assert_eq!(cost("A", serde_json::json!({ "n": 10 })), 1 + 3 * (1 + of_two(10)) + 1 + of_two(10));
        assert_eq!(cost("B", serde_json::json!({})), 1 + of_two(5) + 1 + (1 + 5));
        assert_eq!(run("{ __type(name: \"A\") { ...F } } fragment F on Article { comments(first: 7) { nodes { id } } }").unwrap().cost, 8);
    }

    #[test]
    fn each_of_many_writes_counts() {
        let one = "mutation { approve(input: { commentIds: \"a\" }) { results { id } } }";
        assert_eq!(run(one).unwrap().cost, 2);
        let three = "mutation { approve(input: { commentIds: [\"a\", \"b\", \"c\"] }) { results { id } } }";
        assert_eq!(run(three).unwrap().cost, 6);
        let ids = serde_json::json!(["a", "b", "c", "d"]);
        let inside = "mutation ($ids: [ID!]!) { approve(input: { commentIds: $ids }) { results { id } } }";
        assert_eq!(run_with(inside, serde_json::json!({ "ids": ids })).unwrap().cost, 8);
        let whole = "mutation ($input: Ids!) { approve(input: $input) { results { id } } }";
        assert_eq!(run_with(whole, serde_json::json!({ "input": { "commentIds": ids } })).unwrap().cost, 8);
        let many = serde_json::json!(vec!["a"; 10_000]);
        assert!(
            run_with(inside, serde_json::json!({ "ids": many })).err().unwrap().message.contains("20000")
        );
    }

    #[test]
    fn a_fragment_bomb_is_refused_at_once() {
        let mut bomb = String::from("{ article { ...F0 } }");
        for n in 0..31 {
            bomb.push_str(&format!(" fragment F{n} on Article {{ ...F{m} ...F{m} }}", m = n + 1));
        }
        bomb.push_str(" fragment F31 on Article { id }");
        let types = SchemaTypes::from_sdl(SDL).unwrap();
        let started = Instant::now();
        let refusal = read(&types, LIMITS, &bomb).err().unwrap();
        assert!(started.elapsed() < Duration::from_millis(50), "{:?}", started.elapsed());
        assert!(refusal.message.contains("selections"), "{}", refusal.message);
    }

    #[test]
    fn cycles_depth_aliases_directives_and_sign_ins_are_bounded() {
        assert!(
            run("{ article { ...A } } fragment A on Article { ...B } fragment B on Article { ...A }")
                .err()
                .unwrap()
                .message
                .contains("itself")
        );
        let deep = format!("{{ article {}{{ id }}{} }}", "{ related ".repeat(16), "}".repeat(16));
        assert!(run(&deep).err().unwrap().message.contains("levels"));
        let aliases: String = (0..201).map(|n| format!("a{n}: title ")).collect();
        assert!(run(&format!("{{ {aliases} }}")).err().unwrap().message.contains("aliases"));
        for wrong in ["{ title @unknown }", "{ title @skip }", "query @skip(if: true) @other { title }"] {
            assert!(run(wrong).err().unwrap().message.contains("directive"), "{wrong}");
        }
        let many: String = (0..201).map(|number| format!("$v{number}: Int ")).collect();
        assert!(run(&format!("query ({many}) {{ title }}")).err().unwrap().message.contains("variables"));
        let directives = "@skip(if: false) ".repeat(201);
        assert!(run(&format!("{{ title {directives} }}")).err().unwrap().message.contains("directives"));
        assert!(
            run("mutation { a: signIn { id } b: signIn { id } }").err().unwrap().message.contains("signIn")
        );
        assert!(
            run("mutation { ...S ...S } fragment S on Mutation { signIn { id } }")
                .err()
                .unwrap()
                .message
                .contains("signIn")
        );
    }

    #[test]
    fn nothing_nests_deep_enough_to_hurt_the_parser() {
        for bomb in [
            "{a".repeat(100_000),
            "[".repeat(100_000),
            format!("{{ a(b: {}", "[".repeat(90_000)),
            "{ a(b: \"".to_owned(),
        ] {
            assert!(run(&bomb).is_err());
        }
        assert!(
            run(
                "{ title(text: \"{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{\") # ((((((\n }"
            )
            .is_ok()
        );
        let chain: String =
            (0..5_000).map(|n| format!("fragment F{n} on Article {{ ...F{} }} ", n + 1)).collect();
        assert!(run(&format!("{{ article {{ ...F0 }} }} {chain}")).is_err());
    }

    #[test]
    fn introspection_passes_and_its_bomb_does_not() {
        let query = "{ __schema { types { fields { args { type { ofType { ofType { name } } } } type { ofType { name } } } inputFields { name } } } }";
        assert!(run(query).is_ok());
        assert!(
            run("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }")
                .is_err()
        );
    }

    #[test]
    fn what_cannot_be_read_says_so() {
        let refusal = run("{ article { ").err().unwrap();
        assert!(refusal.is_unreadable && refusal.position.is_some());
        assert!(run("query A { title } query B { title }").is_err());
    }
}
