//! Comments that are read before they are asked for: those under articles with the articles, replies with what they reply to.

use std::convert::Infallible;
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError};

use quick_cache::sync::Cache;
use uuid::Uuid;

use super::entity::comments;
use super::read::{Above, Asked, Pages, list};
use crate::article::read_parts::{self, Guest, Queries};
use crate::db::Engine;
use crate::db::keyset::Page;
use crate::db::per_parent::{self, Found};
use crate::db::rows::{Columns, Row};
use crate::db::union::Unions;
use crate::error::Failure;

/// The replies to the comments of a page, where they are read with them.
#[derive(Debug, Default)]
pub struct Replies {
    pub(super) expected: Option<Asked>,
    pub(super) read: OnceLock<Pages>,
}

impl Replies {
    /// Those that comments which are yet to be read will be asked for.
    pub fn expected(expected: Option<Asked>) -> Self {
        Self { expected, read: OnceLock::new() }
    }

    /// What was read of the replies to this comment; `None`: others are asked for, or it was not read with them.
    pub(super) fn to(&self, comment: Uuid, asked: &Asked) -> Option<&Page<comments::Model>> {
        self.read.get().filter(|_| self.expected.as_ref() == Some(asked))?.get(&comment)
    }
}

/// The comments under articles that are yet to be found, and the replies to them: read with the articles.
#[derive(Debug, Default)]
pub struct UnderArticles {
    expected: OnceLock<Expected>,
    read: Mutex<Option<Vec<comments::Model>>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Expected {
    comments: Asked,
    replies: Option<Asked>,
}

impl UnderArticles {
    /// These will be asked for.
    pub fn expect(&self, comments: Asked, replies: Option<Asked>) {
        // Who finds the articles is the only one to say so.
        let _ = self.expected.set(Expected { comments, replies });
    }

    /// What was read; `None`: others are asked for, or none were read, or somebody took them.
    pub(super) fn take_asked(
        &self,
        comments: &Asked,
        replies: Option<&Asked>,
    ) -> Option<Vec<comments::Model>> {
        let is_asked =
            |expected: &&Expected| expected.comments == *comments && expected.replies.as_ref() == replies;
        self.expected.get().filter(is_asked)?;
        self.read.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Guest for UnderArticles {
    fn queries(&self, engine: Engine, found: Found) -> Queries {
        // A site asks for the same few pages of comments over and over.
        static LATEST: LazyLock<Cache<(Engine, Found, Expected), Queries>> = LazyLock::new(|| Cache::new(64));
        let Some(expected) = self.expected.get() else { return Queries::default() };
        let Ok(queries) = LATEST.get_or_insert_with(&(engine, found, expected.clone()), || {
            let comments = list(Above::Article, &expected.comments);
            let replies = expected.replies.as_ref().map(|replies| list(Above::Comment, replies));
            let queries =
                per_parent::under_found::<comments::Entity>(engine, found, &comments, replies.as_ref());
            Ok::<_, Infallible>(Arc::new(queries))
        });
        queries
    }

    fn united(&self) -> &'static Unions {
        static UNITED: LazyLock<Unions> = LazyLock::new(read_parts::united_with::<comments::Entity>);
        &UNITED
    }

    fn take(&self, mut rows: Vec<Row>) -> Result<(), Failure> {
        let columns = Columns::<comments::Entity>::all();
        let rows = rows.iter_mut().map(|row| row.all(&columns)).collect::<Result<_, _>>()?;
        *self.read.lock().unwrap_or_else(PoisonError::into_inner) = Some(rows);
        Ok(())
    }
}
