//! Ids in arguments and answers.

use async_graphql::ID;

use crate::error::Failure;
use crate::id::{GlobalId, NotAnId};

/// An id for a client.
pub fn global(id: impl GlobalId) -> ID {
    ID(id.to_string())
}

/// Reads an id that must be of one kind. `argument` is its path, outermost first.
pub fn parse<T: GlobalId>(id: &ID, argument: &[&str]) -> Result<T, Failure> {
    id.parse().map_err(|NotAnId| {
        let message = format!(
            "{:?} is not the id of one {}: such an id is {}_ and 32 hexadecimal digits.",
            shown(id),
            T::NOUN,
            T::PREFIX
        );
        Failure::bad_request(argument, message)
    })
}

/// Reads a list of ids of one kind.
pub fn parse_list<T: GlobalId>(ids: &[ID], argument: &[&str]) -> Result<Vec<T>, Failure> {
    ids.iter()
        .enumerate()
        .map(|(index, id)| {
            let index = index.to_string();
            let mut path = argument.to_vec();
            path.push(&index);
            parse(id, &path)
        })
        .collect()
}

/// What may be shown of an id that is none.
fn shown(id: &ID) -> String {
    id.chars().take(60).collect()
}
