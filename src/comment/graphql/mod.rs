//! Comments in the schema.

mod ahead;
mod comment;
mod moderated;
mod moderator;
mod reader;

pub use ahead::expect_under;
pub use comment::{CommentLists, CommentObject, CommentOrder, comments_under};
pub use moderated::CommentViewer;
pub use moderator::ModeratorMutation;
pub use reader::ReaderMutation;
