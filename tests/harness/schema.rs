//! What the schema has.

use std::collections::BTreeSet;

/// The names of a type's fields in the schema.
pub fn fields_of(kind: &str) -> BTreeSet<String> {
    let sdl = copydesk::schema::sdl();
    let block = sdl.split(&format!("type {kind} {{")).nth(1).unwrap().split("\n}").next().unwrap().to_owned();
    let names =
        block.lines().filter(|line| line.starts_with('\t') && !line.starts_with("\t\t")).filter_map(|line| {
            let name: String = line.trim().chars().take_while(char::is_ascii_alphanumeric).collect();
            line.trim()[name.len()..].starts_with(['(', ':']).then_some(name)
        });
    names.collect()
}
