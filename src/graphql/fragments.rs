//! Fragments: parts of answers to the public, in bytes, kept for the next query that asks the same: what stands under a field of the
//! root, and each article in it, such as the cards of a front page for the next page of another length. What is asked is told by the
//! place in the document that asks it, and by the variables that are used there and below.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use async_graphql::indexmap::IndexMap;
use async_graphql::parser::types::{Directive, ExecutableDocument, Field, Selection, SelectionSet};
use async_graphql::registry::Registry;
use async_graphql::resolver_utils::Fields;
use async_graphql::{
    ContainerType, Context, ContextSelectionSet, Name, ObjectType, OutputType, Pos, Positioned, QueryEnv,
    ServerResult, Value, Variables,
};
use bytes::Bytes;

use super::at_hand::{self, AtOnce, Reading};
use super::json;
use crate::cache::recall;
use crate::operation::Operation;
use crate::reads;

/// Numbers documents.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// What a document asks of things, place by place.
pub struct Selections {
    document: u64,
    /// The variables that are used by each field that has fields, and below it. `None` where two such fields come under one key
    /// of the answer: what they ask is put together of parts, which bytes have not.
    used: Option<HashMap<Pos, Vec<Name>>>,
    /// The fields at the root of each operation that has fields with fields alone, under no condition.
    roots: HashMap<Option<Name>, Vec<Root>>,
}

/// A field at the root.
struct Root {
    key: Name,
    place: Pos,
}

impl Selections {
    /// Those of a document whose spreads end, which was bounded.
    pub fn of(document: &ExecutableDocument) -> Self {
        let mut walk = Walk { document, used: HashMap::new(), of_fragments: HashMap::new() };
        let is_plain = document
            .operations
            .iter()
            .all(|(_, operation)| walk.selections(&operation.node.selection_set.node).is_some());
        let used = is_plain.then_some(walk.used);
        let operations = document.operations.iter();
        let roots = operations.filter_map(|(name, operation)| {
            Some((name.cloned(), roots(&operation.node.selection_set.node)?))
        });
        Self { document: NEXT.fetch_add(1, Ordering::Relaxed), used, roots: roots.collect() }
    }
}

fn roots(set: &SelectionSet) -> Option<Vec<Root>> {
    let root = |selection: &Positioned<Selection>| match &selection.node {
        Selection::Field(field)
            if field.node.directives.is_empty() && !field.node.selection_set.node.items.is_empty() =>
        {
            Some(Root { key: field.node.response_key().node.clone(), place: field.pos })
        }
        _ => None,
    };
    set.items.iter().map(root).collect()
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
                    let mut by_field: HashSet<Name> =
                        arguments.flat_map(|(_, value)| in_value(&value.node)).collect();
                    let below = &field.node.selection_set.node;
                    if !below.items.is_empty() {
                        by_field.extend(self.selections(below)?);
                        let mut names: Vec<Name> = by_field.iter().cloned().collect();
                        names.sort_unstable();
                        self.used.insert(field.pos, names);
                    }
                    used.extend(by_field);
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
    selections: Arc<Selections>,
    /// Which of the document's operations: variables have their defaults from it.
    pub operation: Option<String>,
    /// With these variables.
    pub variables: Variables,
    /// What was there of the fields of the root, once it was looked for.
    found: OnceLock<HashMap<Pos, Bytes>>,
}

impl Asked {
    /// An operation of a document, with variables.
    pub fn new(selections: Arc<Selections>, operation: Option<String>, variables: Variables) -> Self {
        Self { selections, operation, variables, found: OnceLock::new() }
    }

    /// Whether no two fields that have fields come under one key.
    pub fn is_plain(&self) -> bool {
        self.selections.used.is_some()
    }

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

    /// The whole answer, where what stands under each field of the root was told before.
    pub async fn told(&self, operation: &Operation) -> Option<Value> {
        if !recall::keeps_fragments(operation) {
            return None;
        }
        let name = self.operation.as_deref().map(Name::new);
        let roots = match name {
            Some(_) => self.selections.roots.get(&name)?,
            None => self.selections.roots.values().next()?,
        };
        let mut found = HashMap::with_capacity(roots.len());
        for Root { place, .. } in roots {
            let bytes = recall::fragment(operation, &self.question(*place, ROOT)?).await;
            found.extend(bytes.map(|bytes| (*place, bytes)));
        }
        let found = self.found.get_or_init(|| found);
        let told = |Root { key, place }: &Root| Some((key.clone(), Value::Binary(found.get(place)?.clone())));
        roots.iter().map(told).collect::<Option<IndexMap<_, _>>>().map(Value::Object)
    }

    /// What was told before under a field of the root.
    async fn told_at(&self, place: Pos, question: &str, operation: &Operation) -> Option<Bytes> {
        match self.found.get() {
            Some(found) => found.get(&place).cloned(),
            None => recall::fragment(operation, question).await,
        }
    }
}

/// Stands for the thing that a field of the root is asked of.
const ROOT: &str = "";

tokio::task_local! {
    /// An article is told: within it there are no others, it is kept whole.
    static IN_AN_ARTICLE: ();
}

/// Makes a part of an answer, and keeps it. `errors` counts those of the query so far.
async fn make_to_keep(
    operation: &Operation,
    question: String,
    errors: impl Fn() -> usize,
    make: impl Future<Output = ServerResult<Option<Value>>>,
) -> ServerResult<Option<Value>> {
    let failed_before = errors();
    let (made, sources) = reads::apart(make).await;
    reads::note_in_part(&sources);
    let Some(value) = made? else { return Ok(None) };
    // A null for what could not be told is no answer for others.
    if errors() != failed_before {
        return Ok(Some(value));
    }
    let bytes = match value {
        Value::Binary(bytes) => bytes,
        value => Bytes::from(json::written(&value)),
    };
    recall::keep_fragment(operation, question, &bytes, sources).await;
    Ok(Some(Value::Binary(bytes)))
}

fn errors(query: &QueryEnv) -> usize {
    query.errors.lock().map_or(usize::MAX, |errors| errors.len())
}

/// The public fields of the root: what stands under each is told from memory, where it was told before.
#[derive(Default)]
pub struct KeptFields<T>(T);

impl<T: ObjectType> ContainerType for KeptFields<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        // Boxed where it is begun: it is large, would be moved from hand to hand, and is not needed for what was told before.
        let make = || Box::pin(self.0.resolve_field(ctx));
        let kept = ctx.data_opt::<Arc<Operation>>().filter(|operation| recall::keeps_fragments(operation));
        let (Some(operation), Some(asked)) = (kept, ctx.data_opt::<Arc<Asked>>()) else {
            return make().await;
        };
        let Some(question) = asked.question(ctx.item.pos, ROOT) else { return make().await };
        match asked.told_at(ctx.item.pos, &question, operation).await {
            Some(bytes) => Ok(Some(Value::Binary(bytes))),
            None => Box::pin(make_to_keep(operation, question, || errors(ctx.query_env), make())).await,
        }
    }
}

is_what_it_holds!(KeptFields);

/// A public thing of which it can be kept what an answer tells of it.
pub trait Keepable: Reading {
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

impl<T: Keepable> OutputType for Kept<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let operation = self.0.operation();
        let asked = ctx.data_opt::<Arc<Asked>>().filter(|_| self.is_kept());
        let Some(question) = asked.and_then(|asked| asked.question(field.pos, &self.0.tag())) else {
            return at_hand::tell(&self.0, ctx, field).await;
        };
        if let Some(bytes) = recall::fragment(operation, &question).await {
            return Ok(Value::Binary(bytes));
        }
        let make = IN_AN_ARTICLE.scope((), async {
            operation.reads().note(self.0.tag());
            at_hand::tell(&self.0, ctx, field).await.map(Some)
        });
        let made = Box::pin(make_to_keep(operation, question, || errors(ctx.query_env), make)).await?;
        Ok(made.unwrap_or_default())
    }
}

impl<T: Keepable> Kept<T> {
    /// Whether it is kept by itself what an answer tells of it: of an article within another it is not.
    fn is_kept(&self) -> bool {
        recall::keeps_fragments(self.0.operation()) && IN_AN_ARTICLE.try_get().is_err()
    }
}

impl<T: Keepable> AtOnce for Kept<T> {
    fn write(&self, asked: &ContextSelectionSet<'_>, to: &mut Vec<u8>) -> bool {
        !self.is_kept() && at_hand::write(&self.0, asked, to)
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
