//! Words: what a text may hold, slugs, paths, anchors, Markdown, its blocks, differences, and the folding that search and sorting share. Pure functions.

pub mod anchors;
pub mod blocks;
pub mod difference;
pub mod fold;
pub mod input;
pub mod lookalike;
pub mod markdown;
pub mod markup;
pub mod shorten;
pub mod site_path;
pub mod slug;
