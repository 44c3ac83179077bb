//! Comments in the schema.

mod comment;
mod moderated;
mod moderator;
mod reader;

pub use comment::{CommentLists, CommentObject, CommentOrder, comments_under};
pub use moderated::CommentViewer;
pub use moderator::ModeratorMutation;
pub use reader::ReaderMutation;
