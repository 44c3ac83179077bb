//! Fragments: public things as answers tell of them, in bytes, kept for the next query that asks the same of them: the cards of a
//! front page for the next page of another length. What is asked of a thing is told by the place in the document that asks it, and
//! by the variables that are used from there on.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::Fields;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Name, ObjectType, OutputType, Pos, Positioned, ServerResult,
    Value, Variables,
};
use bytes::Bytes;

use super::json;
use crate::cache::recall;
use crate::operation::Operation;
use crate::reads;

/// Numbers documents.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What a document asks of things, place by place.
pub struct Selections {
    document: u64,
    /// The variables that are used below each field that has fields. `None` where two such fields come under one key of the
    /// answer: what they ask is put together of parts, which bytes have not.
    used: Option<HashMap<Pos, Vec<Name>>>,
}

impl Selections {
    /// Those of a document whose spreads end, which was bounded.
    pub fn of(document: &ExecutableDocument) -> Self {
        let mut walk = Walk { document, used: HashMap::new(), of_fragments: HashMap::new() };
        let roots = document.operations.iter().map(|(_, operation)| &operation.node.selection_set.node);
        let is_plain = roots.into_iter().all(|root| walk.selections(root).is_some());
        let document = NEXT.fetch_add(1, Ordering::Relaxed);
        Self { document, used: is_plain.then_some(walk.used) }
    }
}

/// Finds which variables are used where.
struct Walk<'a> {
    document: &'a ExecutableDocument,
    used: HashMap<Pos, Vec<Name>>,
    of_fragments: HashMap<&'a Name, HashSet<Name>>,
}

impl<'a> Walk<'a> {
    /// The variables that are used by these; `None` where fields are to be merged.
    fn selections(&mut self, set: &'a SelectionSet) -> Option<HashSet<Name>> {
        self.is_plain(set, &mut HashSet::new(), &mut HashSet::new()).then_some(())?;
        let mut used = HashSet::new();
        for selection in &set.items {
            used.extend(in_directives(selection.node.directives()));
            match &selection.node {
                Selection::Field(field) => {
                    let arguments = field.node.arguments.iter();
                    used.extend(arguments.flat_map(|(_, value)| in_value(&value.node)));
                    let below = &field.node.selection_set.node;
                    if !below.items.is_empty() {
                        let below = self.selections(below)?;
                        let mut names: Vec<Name> = below.iter().cloned().collect();
                        names.sort_unstable();
                        self.used.insert(field.pos, names);
                        used.extend(below);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    used.extend(self.selections(&fragment.node.selection_set.node)?);
                }
                Selection::FragmentSpread(spread) => {
                    used.extend(self.fragment(&spread.node.fragment_name.node)?);
                }
            }
        }
        Some(used)
    }

    fn fragment(&mut self, name: &Name) -> Option<HashSet<Name>> {
        // One that is not there is refused elsewhere.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return Some(HashSet::new());
        };
        if let Some(used) = self.of_fragments.get(name) {
            return Some(used.clone());
        }
        let used = self.selections(&fragment.node.selection_set.node)?;
        self.of_fragments.insert(name, used.clone());
        Some(used)
    }

    /// Whether no two of these fields that have fields have one key. `spread` is what was spread among them already.
    fn is_plain(
        &self,
        set: &'a SelectionSet,
        keys: &mut HashSet<&'a Name>,
        spread: &mut HashSet<&'a Name>,
    ) -> bool {
        set.items.iter().all(|selection| match &selection.node {
            Selection::Field(field) => {
                field.node.selection_set.node.items.is_empty() || keys.insert(&field.node.response_key().node)
            }
            Selection::InlineFragment(fragment) => {
                self.is_plain(&fragment.node.selection_set.node, keys, spread)
            }
            Selection::FragmentSpread(found) => {
                let name = &found.node.fragment_name.node;
                let fragment = self.document.fragments.get(name);
                spread.insert(name)
                    && fragment
                        .is_none_or(|fragment| self.is_plain(&fragment.node.selection_set.node, keys, spread))
            }
        })
    }
}

fn in_directives(directives: &[Positioned<Directive>]) -> HashSet<Name> {
    let arguments = directives.iter().flat_map(|directive| &directive.node.arguments);
    arguments.flat_map(|(_, value)| in_value(&value.node)).collect()
}

fn in_value(value: &async_graphql_value::Value) -> HashSet<Name> {
    use async_graphql_value::Value as Input;
    match value {
        Input::Variable(name) => HashSet::from([name.clone()]),
        Input::List(values) => values.iter().flat_map(in_value).collect(),
        Input::Object(fields) => fields.values().flat_map(in_value).collect(),
        _ => HashSet::new(),
    }
}

/// What a request asks, for what is kept of it.
pub struct Asked {
    /// By its document.
    pub selections: Arc<Selections>,
    /// Which of the document's operations: variables have their defaults from it.
    pub operation: Option<String>,
    /// With these variables.
    pub variables: Variables,
}

impl Asked {
    /// What is asked of a thing at this place, in words that nothing else is asked in.
    fn question(&self, place: Pos, thing: &str) -> Option<String> {
        let used = self.selections.used.as_ref()?.get(&place)?;
        let mut question = format!("{} {place} {thing}", self.selections.document);
        if !used.is_empty() {
            let _ = write!(question, " {:?}", self.operation);
        }
        for name in used {
            // Without a value it has its default, or none.
            let _ = match self.variables.get(name) {
                Some(value) => write!(question, " {name}={value}"),
                None => write!(question, " {name}"),
            };
        }
        Some(question)
    }
}

/// A public thing of which it can be kept what an answer tells of it.
pub trait Keepable: ObjectType {
    /// On whose behalf it was read.
    fn operation(&self) -> &Arc<Operation>;

    /// The tag of what it was made from: its id.
    fn tag(&self) -> String;
}

/// A thing that is told from memory, where it was told before.
#[derive(Clone)]
pub struct Kept<T>(pub T);

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Keepable> Kept<T> {
    async fn tell(
        &self,
        ctx: &ContextSelectionSet<'_>,
        field: &Positioned<Field>,
        question: String,
    ) -> ServerResult<Value> {
        let operation = self.0.operation();
        if let Some(bytes) = recall::fragment(operation, &question).await {
            return Ok(Value::Binary(bytes));
        }
        let failed = || ctx.query_env.errors.lock().map_or(usize::MAX, |errors| errors.len());
        let failed_before = failed();
        let make = async {
            operation.reads().note(self.0.tag());
            self.0.resolve(ctx, field).await
        };
        let (value, sources) = reads::apart(make).await;
        let value = value?;
        // A null for what could not be told is no answer for others.
        if failed() != failed_before {
            return Ok(value);
        }
        let bytes = Bytes::from(json::written(&value));
        recall::keep_fragment(operation, question, &bytes, sources).await;
        Ok(Value::Binary(bytes))
    }
}

impl<T: Keepable> OutputType for Kept<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        // Within a fragment that is made there are no others: it is kept whole.
        let is_apart = recall::keeps_fragments(self.0.operation()) && !reads::are_apart();
        let asked = ctx.data_opt::<Asked>().filter(|_| is_apart);
        match asked.and_then(|asked| asked.question(field.pos, &self.0.tag())) {
            // Boxed: what is nested is as deep as a document may be, and stands on one stack.
            Some(question) => Box::pin(self.tell(ctx, field, question)).await,
            None => Box::pin(self.0.resolve(ctx, field)).await,
        }
    }
}

impl<T: Keepable> ContainerType for Kept<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        self.0.resolve_field(ctx).await
    }

    fn collect_all_fields<'a>(
        &'a self,
        ctx: &ContextSelectionSet<'a>,
        fields: &mut Fields<'a>,
    ) -> ServerResult<()> {
        self.0.collect_all_fields(ctx, fields)
    }
}

impl<T: Keepable> ObjectType for Kept<T> {}
