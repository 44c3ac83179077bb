//! The log in the schema, under `viewer`.

use std::collections::HashMap;

use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use uuid::Uuid;

use super::visible::visible;
use crate::account;
use crate::account::entity::users;
use crate::account::graphql::Actor;
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{COUNTED, Connection, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::operation;
use crate::graphql::scalars::DateTime;
use crate::id::UserId;
use crate::log::entity::changes;
use crate::log::read::{self, ChangeFilter as Filter};
use crate::log::{Action, Entry, SubjectType};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Action")]
pub enum ChangeAction {
    /// A draft and its first revision were made.
    ArticleCreated,
    /// A draft got a new revision.
    ArticleSaved,
    /// A draft got a new revision with the content of an older one.
    ArticleReverted,
    /// A draft was handed in for review.
    ArticleSubmitted,
    /// A draft was sent back to its owner.
    ArticleChangesRequested,
    /// A draft was handed on: `detail` is the new owner's id.
    ArticleAssigned,
    /// A revision became the public one.
    ArticlePublished,
    /// An article was taken down.
    ArticleUnpublished,
    /// An article was moved to the trash; if it was public, it is no longer.
    ArticleTrashed,
    /// An article was taken out of the trash.
    ArticleRestored,
    /// An article's comments were opened or closed, or are to close by themselves: `detail` says which.
    ArticleCommentsSet,
    /// An article's content was erased, with all its revisions.
    ArticleErased,
    /// The words by which published articles are found were made anew, the article's among them.
    SearchReindexed,
    /// An image was uploaded.
    ImageUploaded,
    /// An image's texts or its focal point were changed.
    ImageUpdated,
    /// An image got another file.
    ImageFileReplaced,
    /// An image was deleted.
    ImageDeleted,
    /// An author was added.
    AuthorCreated,
    /// An author was changed, or took over another's slugs.
    AuthorUpdated,
    /// An author was deleted: `detail` is the id of who took their place.
    AuthorDeleted,
    /// A tag was added.
    TagCreated,
    /// A tag was changed, or took over another's slugs.
    TagUpdated,
    /// A tag was deleted: `detail` is the id of what took its place.
    TagDeleted,
    /// A tag was merged into another: `detail` is that one's id.
    TagMerged,
    /// A category was added.
    CategoryCreated,
    /// A category was changed, or took over another's slugs.
    CategoryUpdated,
    /// A category has another place in the tree.
    CategoryMoved,
    /// A category was deleted: `detail` is the id of what took its place.
    CategoryDeleted,
    /// A redirect was set.
    RedirectCreated,
    /// A redirect was changed.
    RedirectUpdated,
    /// A redirect was taken away.
    RedirectDeleted,
    /// A reader sent a comment.
    CommentSubmitted,
    /// A reader sent a comment, and nothing held it: it was approved at once.
    CommentAccepted,
    /// A reader changed a comment: it waits again.
    CommentEdited,
    /// Somebody of the desk answered a comment: the subject is the answer.
    CommentReplied,
    /// A comment was approved.
    CommentApproved,
    /// A comment was rejected; if it was public, it is no longer.
    CommentRejected,
    /// A comment was marked as spam; if it was public, it is no longer.
    CommentMarkedAsSpam,
    /// A comment was taken away; if it was public, it is no longer.
    CommentDeleted,
    /// What a comment said was erased, with who sent it.
    CommentErased,
    /// A user was added.
    UserCreated,
    /// A user's name, e-mail address or role was changed.
    UserUpdated,
    /// A user may not sign in any more.
    UserDeactivated,
    /// A user may sign in again.
    UserReactivated,
    /// A user got another password.
    PasswordSet,
    /// A user signed in.
    SessionStarted,
    /// A session was prolonged with its refresh token.
    SessionRefreshed,
    /// Sessions were ended: the user signed out, or a spent refresh token was shown again.
    SessionEnded,
    /// Somebody gave a wrong password, or an e-mail address that no account has.
    SignInFailed,
    /// A signed-in user tried what their role may not do.
    AccessRefused,
    /// Another key signs access tokens.
    KeyRotated,
}

/// The kind of thing that an entry is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "SubjectType")]
pub enum ChangeSubjectType {
    /// An article, draft or public.
    Article,
    /// An image.
    Image,
    /// An author.
    Author,
    /// A tag.
    Tag,
    /// A category.
    Category,
    /// A redirect on the site.
    Redirect,
    /// A comment.
    Comment,
    /// A user, and the sessions that are theirs.
    User,
    /// A key of the instance.
    Key,
}

/// Which entries: all conditions that are given hold.
#[derive(Default, InputObject)]
#[graphql(name = "ChangeFilter")]
pub struct ChangeFilterInput {
    /// Only those about the thing of this id, whatever its kind.
    subject_id: Option<ID>,
    /// Only those of this action.
    action: Option<ChangeAction>,
}

/// What a page of the log loads together.
#[derive(Default)]
pub struct ChangeLoads {
    actors: Batch<(), HashMap<UserId, users::Model>>,
}

/// An entry of the log.
#[derive(Clone)]
pub struct Change {
    member: Member<changes::Model, ChangeLoads>,
    entry: Entry,
}

/// One entry of the log: what was done to what, by whom, in which order. Each is hashed to the one before, and signed.
#[Object]
impl Change {
    /// Its number, from 1, in the order of commits.
    async fn sequence(&self) -> i64 {
        self.member.row().sequence
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.member.row().at)
    }

    /// Who did it.
    async fn actor(&self) -> Result<Actor, Failure> {
        let cohort = self.member.cohort();
        let actors = cohort
            .loads
            .actors
            .get((), || async {
                let ids = cohort.rows.iter().filter_map(|change| change.actor_id).collect();
                account::read::users(&*cohort.op.snapshot().await?, ids).await
            })
            .await?;
        Ok(Actor::of(self.member.row().actor_id, &actors, &self.entry.actor))
    }

    /// What was done.
    async fn action(&self) -> Result<ChangeAction, Failure> {
        let row = self.member.row();
        Action::from_name(&row.action)
            .map(ChangeAction::from)
            .ok_or_else(|| Failure::corrupt(format!("entry {}: unknown action", row.sequence)))
    }

    /// To what.
    async fn subject(&self) -> Result<ChangeSubject, Failure> {
        let row = self.member.row();
        let kind = SubjectType::from_name(&row.subject_type)
            .ok_or_else(|| Failure::corrupt(format!("entry {}: unknown kind", row.sequence)))?;
        Ok(ChangeSubject { id: ID(self.entry.subject.clone()), r#type: kind.into() })
    }

    /// The number of the revision that it made, or made public.
    async fn revision_number(&self) -> Option<i32> {
        self.entry.revision
    }

    /// A word more about it: the new role, the right that was refused, the new owner's id.
    async fn detail(&self) -> Option<&str> {
        self.entry.detail.as_deref()
    }

    /// The cache tags that it touches.
    async fn tags(&self) -> &[String] {
        &self.entry.tags
    }

    /// SHA-256 of the entry's canonical bytes, hexadecimal.
    async fn hash(&self) -> &str {
        &self.member.row().hash
    }
}

/// What an entry is about.
#[derive(SimpleObject)]
pub struct ChangeSubject {
    /// Its id.
    id: ID,
    /// What it is.
    r#type: ChangeSubjectType,
}

/// The log, under `viewer`.
#[derive(Default)]
pub struct HistoryViewer;

#[Object]
impl HistoryViewer {
    /// The log, oldest first: what the viewer's role may see of it. Asking on after the last cursor misses nothing.
    async fn changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<ChangeFilterInput>,
    ) -> Result<Connection<Change>, Failure> {
        let op = operation(ctx)?;
        let ChangeFilterInput { subject_id, action } = filter.unwrap_or_default();
        let action = action.map(Action::from);
        let filter = Filter { subject: subject_id.as_ref().map(any_id).transpose()?, action };
        let list = ListName::new(&[
            "viewer.changes",
            subject_id.as_ref().map_or("", |id| id.as_str()),
            action.map_or("", Action::name),
        ]);
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let Page { rows, has_next, has_previous } =
            read::list(&*op.snapshot().await?, visible(op.viewer), &filter, &window).await?;
        let members =
            Member::page(op, rows).into_iter().map(|member: Member<changes::Model, ChangeLoads>| {
                let entry = serde_json::from_str(&member.row().entry)?;
                Ok(Change { member, entry })
            });
        let page = Page { rows: members.collect::<Result<_, Failure>>()?, has_next, has_previous };
        let place = |change: &Change| {
            let row = change.member.row();
            Position { key: SortKey::Number(row.sequence), id: row.subject_id }
        };
        Ok(Connection::listed(op, list, page, place, move |op| {
            let filter = filter.clone();
            async move { read::count(&*op.snapshot().await?, visible(op.viewer), &filter, COUNTED).await }
        }))
    }
}

/// The 16 bytes of an id of any kind.
fn any_id(id: &ID) -> Result<Uuid, Failure> {
    let digits = id.split_once('_').map(|(_, digits)| digits).filter(|digits| digits.len() == 32);
    digits
        .and_then(|digits| Uuid::try_parse(digits).ok())
        .ok_or_else(|| Failure::bad_request(&["filter", "subjectId"], "This is not the id of anything."))
}
