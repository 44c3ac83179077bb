//! Articles in the schema. Types, queries, mutations and inputs; no rule stands here.

mod ahead;
mod archive;
mod article;
mod check;
mod commenting;
mod comparison;
mod content;
mod draft;
mod draft_content;
mod edits;
mod inputs;
mod lists;
mod mutations;
mod queries;
mod related;
mod search;
mod section;
mod seo;
mod shared;
mod uses;

pub use archive::ArchiveQuery;
pub use article::ArticleObject;
pub use comparison::{ComparisonViewer, RevisionComparison};
pub use draft::{DraftObject, DraftViewer};
pub use edits::EditMutation;
pub use lists::{OneOf, SubjectLists, articles_of};
pub use mutations::ArticleMutation;
pub use queries::{ArticleOrder, ArticleQuery};
pub use uses::{UseCounts, some_that_use};
