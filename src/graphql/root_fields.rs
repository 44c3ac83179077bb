//! The fields at the root of a query that was executed before. async-graphql copies a document for each request and goes through all of
//! it twice before it executes it. It is given these fields bare instead, and each is told as what it is in whole.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::parser::types::{
    DocumentOperations, ExecutableDocument, Field, FragmentDefinition, InlineFragment, OperationDefinition,
    OperationType, Selection, SelectionSet,
};
use async_graphql::{ContainerType, Context, Name, ObjectType, Pos, Positioned, ServerResult, Value};

/// The fields at the root of a query.
pub struct RootFields {
    /// The query with no more than their names.
    pub bare: ExecutableDocument,
    /// Each in whole, by where it stands; what it spreads by a name stands in it.
    whole: HashMap<Pos, Positioned<Field>>,
    /// How many fields and fragments these are.
    selections: usize,
}

/// Those of each query of a document.
pub struct OfQueries(HashMap<Option<Name>, Arc<RootFields>>);

impl OfQueries {
    /// Of a document whose spreads end, which was bounded. A query with directives has none, nor has one for the schema.
    pub fn of(document: &ExecutableDocument) -> Self {
        let of_query = |(name, operation): (Option<&Name>, _)| {
            Some((name.cloned(), Arc::new(RootFields::of(document, name, operation)?)))
        };
        Self(document.operations.iter().filter_map(of_query).collect())
    }

    /// Of this operation; of the only one, where none is named.
    pub fn find(&self, operation: Option<&str>) -> Option<&Arc<RootFields>> {
        match operation {
            Some(name) => self.0.get(&Some(Name::new(name))),
            None => self.0.values().next(),
        }
    }

    /// How many fields and fragments they are.
    pub fn selections(&self) -> usize {
        self.0.values().map(|fields| fields.selections).sum()
    }
}

impl RootFields {
    fn of(
        document: &ExecutableDocument,
        name: Option<&Name>,
        operation: &Positioned<OperationDefinition>,
    ) -> Option<Self> {
        (operation.node.ty == OperationType::Query).then_some(())?;
        let mut operation = operation.clone();
        let (mut selections, mut whole) = (0, HashMap::new());
        let root = &mut operation.node.selection_set.node;
        spread(root, &document.fragments, &mut selections)?;
        take_out(root, &mut whole)?;
        let operations = match name {
            Some(name) => DocumentOperations::Multiple(HashMap::from([(name.clone(), operation)])),
            None => DocumentOperations::Single(operation),
        };
        Some(Self { bare: ExecutableDocument { operations, fragments: HashMap::new() }, whole, selections })
    }
}

/// Puts in place of each spread what it spreads. `None` where a directive stands, which may take out what it stands at.
fn spread(
    set: &mut SelectionSet,
    fragments: &HashMap<Name, Positioned<FragmentDefinition>>,
    selections: &mut usize,
) -> Option<()> {
    for Positioned { node: selection, .. } in &mut set.items {
        selection.directives().is_empty().then_some(())?;
        *selections += 1;
        if let Selection::FragmentSpread(spread) = selection {
            let fragment = fragments.get(&spread.node.fragment_name.node)?.node.clone();
            *selection = Selection::InlineFragment(spread.position_node(InlineFragment {
                type_condition: Some(fragment.type_condition),
                directives: fragment.directives,
                selection_set: fragment.selection_set,
            }));
        }
        let below = match selection {
            Selection::Field(field) => &mut field.node.selection_set,
            Selection::InlineFragment(fragment) => &mut fragment.node.selection_set,
            Selection::FragmentSpread(_) => return None,
        };
        spread(&mut below.node, fragments, selections)?;
    }
    Some(())
}

/// Takes what has fields out of the root, and leaves it bare. `None` where the schema is asked for: async-graphql tells that itself.
fn take_out(root: &mut SelectionSet, whole: &mut HashMap<Pos, Positioned<Field>>) -> Option<()> {
    for selection in &mut root.items {
        match &mut selection.node {
            Selection::Field(field) if field.node.selection_set.node.items.is_empty() => {}
            Selection::Field(field) => {
                (!field.node.name.node.starts_with("__")).then_some(())?;
                let bare = field.position_node(Field {
                    alias: field.node.alias.clone(),
                    name: field.node.name.clone(),
                    arguments: Vec::new(),
                    directives: Vec::new(),
                    selection_set: field.node.selection_set.position_node(SelectionSet::default()),
                });
                whole.insert(field.pos, std::mem::replace(field, bare));
            }
            Selection::InlineFragment(fragment) => take_out(&mut fragment.node.selection_set.node, whole)?,
            Selection::FragmentSpread(_) => return None,
        }
    }
    Some(())
}

/// The root of what can be asked: a field that comes bare is told as what it is in whole.
#[derive(Default)]
pub struct InWhole<T>(T);

impl<T: ObjectType> ContainerType for InWhole<T> {
    async fn resolve_field(&self, ctx: &Context<'_>) -> ServerResult<Option<Value>> {
        let fields = ctx.data_opt::<Arc<RootFields>>();
        let Some(field) = fields.and_then(|fields| fields.whole.get(&ctx.item.pos)) else {
            return self.0.resolve_field(ctx).await;
        };
        let mut ctx = ctx.clone();
        ctx.item = field;
        self.0.resolve_field(&ctx).await
    }
}

is_what_it_holds!(InWhole);

#[cfg(test)]
mod tests {
    use async_graphql::parser::parse_query;

    use super::*;

    fn of(document: &str, operation: Option<&str>) -> Option<Arc<RootFields>> {
        OfQueries::of(&parse_query(document).unwrap()).find(operation).cloned()
    }

    /// The names of what is selected, spreads and all.
    fn names(set: &SelectionSet) -> String {
        let name = |selection: &Positioned<Selection>| match &selection.node {
            Selection::Field(field) => {
                format!("{}{}", field.node.name.node, names(&field.node.selection_set.node))
            }
            Selection::InlineFragment(fragment) => {
                format!("...{}", names(&fragment.node.selection_set.node))
            }
            Selection::FragmentSpread(spread) => format!("...{}", spread.node.fragment_name.node),
        };
        let names: Vec<String> = set.items.iter().map(name).collect();
        if names.is_empty() { String::new() } else { format!("({})", names.join(" ")) }
    }

    #[test]
    fn a_query_is_left_bare_and_its_fields_are_whole() {
        let document = "query A($n: Int = 2) { one(a: $n) { b ...F } two ... on Query { three { c } } } query B { one { b } } fragment F on T { d { e } ...G } fragment G on T { f }";
        let fields = of(document, Some("A")).unwrap();
        let DocumentOperations::Multiple(operations) = &fields.bare.operations else { panic!() };
        assert_eq!(operations.len(), 1);
        let bare = &operations["A"].node;
        assert_eq!(names(&bare.selection_set.node), "(one two ...(three))");
        assert_eq!(bare.variable_definitions.len(), 1, "defaults are theirs");
        let mut whole: Vec<String> =
            fields.whole.values().map(|field| names(&field.node.selection_set.node)).collect();
        whole.sort_unstable();
        assert_eq!(whole, ["(b ...(d(e) ...(f)))", "(c)"]);
        assert_eq!(fields.selections, 11);
        assert!(of(document, Some("C")).is_none());
        assert!(of("{ one { b } }", None).is_some());
    }

    #[test]
    fn a_query_that_hangs_on_a_condition_or_asks_for_the_schema_is_executed_as_it_stands() {
        for document in [
            "{ one { b @skip(if: true) } }",
            "{ one { ... @include(if: true) { b } } }",
            "{ one { ...F } } fragment F on T { b { c @skip(if: true) } }",
            "{ one { ...F @skip(if: true) } } fragment F on T { b }",
            "{ __schema { types { name } } one { b } }",
            "mutation { one { b } }",
        ] {
            assert!(of(document, None).is_none(), "{document}");
        }
        assert!(of("{ __typename one { __typename } }", None).is_some());
    }
}
