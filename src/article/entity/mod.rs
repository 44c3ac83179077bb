//! The tables of articles: private ones (the desk), and public ones (what readers see).

pub mod private;
pub mod public;
