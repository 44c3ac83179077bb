//! The signed-in user and what concerns users, under `viewer`.

use std::sync::Arc;

use async_graphql::{Context, Object};

use super::policy::Capability;
use super::sessions::OpenSession;
use super::user::{Colleague, UserObject};
use crate::account::User;
use crate::account::read::{self, Listed};
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::operation;
use crate::operation::Operation;

/// The signed-in user, under `viewer`.
#[derive(Default)]
pub struct AccountViewer;

#[Object]
impl AccountViewer {
    /// Who is signed in.
    async fn user(&self, ctx: &Context<'_>) -> Result<UserObject, Failure> {
        let op = operation(ctx)?;
        let id = op.viewer.user_id().ok_or(Failure::Unauthenticated)?;
        let found = read::user(&*op.snapshot().await?, id).await?;
        found.map(UserObject).ok_or_else(|| Failure::corrupt("the signed-in user is gone"))
    }

    /// How far each of the viewer's rights reaches: what a client offers, and what it leaves out. What may be done to one
    /// draft is said by `Draft.may`.
    async fn capabilities(&self, ctx: &Context<'_>) -> Result<Vec<Capability>, Failure> {
        Ok(Capability::all(operation(ctx)?.viewer))
    }

    /// Where the viewer is signed in, the place used last first; 100 at most.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<OpenSession>, Failure> {
        OpenSession::all(operation(ctx)?).await
    }

    /// The users, in the order in which they were added. Who does not manage users sees themselves alone.
    async fn users(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<UserObject>, Failure> {
        let arguments = PageArguments { first, after, last, before };
        page(operation(ctx)?, "viewer.users", Listed::Users, &arguments, UserObject, |user| &user.0).await
    }

    /// The users to whom the viewer can hand a draft on, in the order in which they were added.
    async fn assignees(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<Colleague>, Failure> {
        let arguments = PageArguments { first, after, last, before };
        page(operation(ctx)?, "viewer.assignees", Listed::Assignees, &arguments, Colleague, |user| &user.0)
            .await
    }
}

/// A page of users, each shown as `shown` makes it of its row.
async fn page<T>(
    op: &Arc<Operation>,
    name: &str,
    which: Listed,
    arguments: &PageArguments,
    shown: fn(User) -> T,
    row: fn(&T) -> &User,
) -> Result<Connection<T>, Failure> {
    let list = ListName::new(&[name]);
    let window = arguments.window(&op.store.keys, &list)?;
    let Page { rows, has_next, has_previous } =
        read::list(&*op.snapshot().await?, op.viewer, which, &window).await?;
    let page = Page { rows: rows.into_iter().map(shown).collect(), has_next, has_previous };
    let place = |shown: &T| {
        let user = row(shown);
        Position { key: SortKey::Number(user.created_at.0), id: user.id.0 }
    };
    Ok(Connection::listed(op, list, page, place, move |op| async move {
        read::count(&*op.snapshot().await?, op.viewer, which, COUNTED).await
    }))
}
