//! Markdown with the addresses of pictures.

use std::collections::HashMap;

use comrak::nodes::NodeValue;
use comrak::{Arena, parse_document};

use super::html::Picture;
use super::options::{Flavor, options};
use crate::id::{GlobalId as _, ImageId};

/// The text with the ids of images replaced by addresses, for those who render Markdown themselves. Replaced is what the
/// parser takes for a picture, and what defines a reference; an id in code stays.
pub fn with_addresses(markdown: &str, pictures: &HashMap<ImageId, Picture>) -> String {
    // An id has one spelling: without it nothing is replaced, and most texts need not be parsed.
    if !markdown.contains(ImageId::PREFIX) {
        return markdown.to_owned();
    }
    let arena = Arena::new();
    let root = parse_document(&arena, markdown, &options(Flavor::Article));
    let starts: Vec<usize> =
        std::iter::once(0).chain(markdown.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let mut replacements: Vec<(usize, usize, &str)> = Vec::new();
    for node in root.descendants() {
        let ast = node.data();
        let NodeValue::Image(link) = &ast.value else { continue };
        let Some(picture) = link.url.parse().ok().and_then(|id: ImageId| pictures.get(&id)) else { continue };
        let place = |line: usize, column: usize| {
            starts.get(line.saturating_sub(1)).map(|start| start + column.saturating_sub(1))
        };
        let (from, to) = (
            place(ast.sourcepos.start.line, ast.sourcepos.start.column),
            place(ast.sourcepos.end.line, ast.sourcepos.end.column),
        );
        let written = from.zip(to).and_then(|(from, to)| {
            markdown.get(from..(to + 1).min(markdown.len())).map(|written| (from, written))
        });
        if let Some((from, at)) =
            written.and_then(|(from, written)| written.rfind(&link.url).map(|at| (from, at)))
        {
            replacements.push((from + at, link.url.len(), &picture.url));
        }
    }
    for (line, start) in markdown.split('\n').zip(&starts) {
        let Some((label, address)) = line.split_once("]:") else { continue };
        let address_start =
            start + label.len() + 2 + (address.len() - address.trim_start_matches([' ', '\t', '<']).len());
        let id = markdown[address_start..]
            .split(|character: char| !(character.is_ascii_alphanumeric() || character == '_'))
            .next()
            .unwrap_or_default();
        let is_definition = label.trim_start().starts_with('[') && !label.starts_with("    ");
        if let Some(picture) =
            id.parse().ok().and_then(|id: ImageId| pictures.get(&id)).filter(|_| is_definition)
        {
            replacements.push((address_start, id.len(), &picture.url));
        }
    }
    replacements.sort_unstable();
    replacements.dedup();
    let mut replaced = String::with_capacity(markdown.len());
    let mut at = 0;
    for (start, length, url) in replacements {
        replaced.push_str(&markdown[at..start]);
        replaced.push_str(url);
        at = start + length;
    }
    replaced.push_str(&markdown[at..]);
    replaced
}
