//! Mutations of accounts. Each parses, calls its verb and answers with what became of it.

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use secrecy::SecretString;

use super::sessions::{OpenSession, SessionObject};
use super::user::{Role, UserObject};
use crate::account::create_user::NewUser;
use crate::account::update_user::UserEdit;
use crate::account::{
    User, change_password, create_user, deactivate_user, end_session, reactivate_user, read, refresh,
    set_user_password, sign_in, sign_out, update_user,
};
use crate::error::Failure;
use crate::graphql::errors::{Nullable, UserError, nullable, outcome};
use crate::graphql::{ids, operation};
use crate::id::UserId;
use crate::operation::{Operation, Role as StoredRole};

/// Who signs in.
#[derive(InputObject)]
pub struct SignInInput {
    /// The account's e-mail address.
    email: String,
    /// The account's password.
    password: String,
}

/// Which session to prolong.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The refresh token of the last `signIn` or `refreshSession`.
    refresh_token: String,
}

/// Which sessions end.
#[derive(Default, InputObject)]
pub struct SignOutInput {
    /// Whether all of the viewer's sessions end, not the one that asks alone.
    #[graphql(default)]
    everywhere: bool,
}

/// Which session ends.
#[derive(InputObject)]
pub struct EndSessionInput {
    /// Its id, from `viewer.sessions`.
    session_id: ID,
}

/// The old password and the new.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The present password.
    current_password: String,
    /// The new one: 12 to 128 characters, none of the most common passwords, not the e-mail address.
    new_password: String,
}

/// A new user.
#[derive(InputObject)]
pub struct CreateUserInput {
    /// Where they sign in with.
    email: String,
    /// As colleagues know them; 100 characters at most.
    name: String,
    /// What they may do.
    role: Role,
    /// 12 to 128 characters, none of the most common passwords, not the e-mail address.
    password: String,
}

/// What changes of a user; what is absent stays.
#[derive(InputObject)]
pub struct UpdateUserInput {
    /// Which user.
    user_id: ID,
    /// The version that the edit was made from.
    version: i32,
    /// As colleagues know them; 100 characters at most. Everybody may change their own.
    name: Option<String>,
    /// Where they sign in with; for admins.
    email: Option<String>,
    /// What they may do; for admins.
    role: Option<Role>,
}

/// Another password for a user.
#[derive(InputObject)]
pub struct SetUserPasswordInput {
    /// Which user.
    user_id: ID,
    /// 12 to 128 characters, none of the most common passwords, not the e-mail address.
    new_password: String,
}

/// Who is kept out.
#[derive(InputObject)]
pub struct DeactivateUserInput {
    /// Which user.
    user_id: ID,
}

/// Who is let in again.
#[derive(InputObject)]
pub struct ReactivateUserInput {
    /// Which user.
    user_id: ID,
}

/// The session, or why there is none.
#[derive(SimpleObject)]
pub struct SignInPayload {
    /// The session; null where it was refused.
    session: Option<SessionObject>,
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

/// The prolonged session, or why it is not.
#[derive(SimpleObject)]
pub struct RefreshSessionPayload {
    /// The session with its new tokens; null where it was refused.
    session: Option<SessionObject>,
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

/// That it was done.
#[derive(SimpleObject)]
pub struct SignOutPayload {
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

/// The sessions that are left.
#[derive(SimpleObject)]
pub struct EndSessionPayload {
    /// Where the viewer is signed in now.
    sessions: Vec<OpenSession>,
    /// What was wrong; empty where it was done.
    user_errors: Vec<UserError>,
}

macro_rules! user_payloads {
    ($($name:ident)*) => {$(
        /// What became of it.
        #[derive(SimpleObject)]
        pub struct $name {
            /// The user as it stands now, also where it was refused; null where the viewer may see none.
            user: Option<UserObject>,
            /// What was wrong; empty where it was done.
            user_errors: Vec<UserError>,
        }

        impl From<(Option<UserObject>, Vec<UserError>)> for $name {
            fn from((user, user_errors): (Option<UserObject>, Vec<UserError>)) -> Self {
                Self { user, user_errors }
            }
        }
    )*};
}

user_payloads! {
    ChangePasswordPayload CreateUserPayload UpdateUserPayload SetUserPasswordPayload DeactivateUserPayload ReactivateUserPayload
}

/// The user after a verb: as the verb left it, or, where it refused, as it stands.
async fn answer<P: From<(Option<UserObject>, Vec<UserError>)>>(
    op: &Operation,
    id: Option<UserId>,
    result: Result<User, Failure>,
) -> Result<Option<P>, Failure> {
    let (done, user_errors) = outcome(result)?;
    let current = match (done, id) {
        (Some(user), _) => Some(user),
        (None, Some(id)) => read::visible_user(op, id).await?,
        (None, None) => None,
    };
    Ok(Some(P::from((current.map(UserObject), user_errors))))
}

/// Mutations of accounts.
#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Starts a session. At most one stands in an operation. Tries are counted; too many are `RATE_LIMITED`.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The account and its password.")] input: SignInInput,
    ) -> Nullable<SignInPayload> {
        nullable(async {
            let SignInInput { email, password } = input;
            let (session, user_errors) =
                outcome(sign_in::sign_in(operation(ctx)?, &email, &SecretString::from(password)).await)?;
            Ok(Some(SignInPayload { session: session.map(SessionObject), user_errors }))
        })
        .await
    }

    /// Prolongs a session: a new access token for a refresh token, which is spent by it. The spent one gives the same
    /// successor for 30 seconds more, for who lost the answer; shown later, it ends the session.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token.")] input: RefreshSessionInput,
    ) -> Nullable<RefreshSessionPayload> {
        nullable(async {
            let RefreshSessionInput { refresh_token } = input;
            let (session, user_errors) =
                outcome(refresh::refresh(operation(ctx)?, &SecretString::from(refresh_token)).await)?;
            Ok(Some(RefreshSessionPayload { session: session.map(SessionObject), user_errors }))
        })
        .await
    }

    /// Ends the session that asks: its tokens are refused from now on.
    async fn sign_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whether to sign out everywhere.")] input: Option<SignOutInput>,
    ) -> Nullable<SignOutPayload> {
        nullable(async {
            let SignOutInput { everywhere } = input.unwrap_or_default();
            let (_, user_errors) = outcome(sign_out::sign_out(operation(ctx)?, everywhere).await)?;
            Ok(Some(SignOutPayload { user_errors }))
        })
        .await
    }

    /// Ends one of the viewer's sessions.
    async fn end_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which session.")] input: EndSessionInput,
    ) -> Nullable<EndSessionPayload> {
        nullable(async {
            let EndSessionInput { session_id } = input;
            let op = operation(ctx)?;
            let id = ids::parse(&session_id, &["input", "sessionId"])?;
            let (_, user_errors) = outcome(end_session::end_session(op, id).await)?;
            Ok(Some(EndSessionPayload { sessions: OpenSession::all(op).await?, user_errors }))
        })
        .await
    }

    /// Changes the viewer's own password. All their other sessions end.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The passwords.")] input: ChangePasswordInput,
    ) -> Nullable<ChangePasswordPayload> {
        nullable(async {
            let ChangePasswordInput { current_password, new_password } = input;
            let op = operation(ctx)?;
            let (current, new) = (SecretString::from(current_password), SecretString::from(new_password));
            answer(op, op.viewer.user_id(), change_password::change_password(op, &current, &new).await).await
        })
        .await
    }

    /// Adds a user.
    async fn create_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user.")] input: CreateUserInput,
    ) -> Nullable<CreateUserPayload> {
        nullable(async {
            let CreateUserInput { email, name, role, password } = input;
            let op = operation(ctx)?;
            let new = NewUser { email, name, role: role.into(), password: password.into() };
            answer(op, None, create_user::create_user(op, new).await).await
        })
        .await
    }

    /// Changes a user. A new role counts from now on, in all sessions.
    async fn update_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What changes.")] input: UpdateUserInput,
    ) -> Nullable<UpdateUserPayload> {
        nullable(async {
            let UpdateUserInput { user_id, version, name, email, role } = input;
            let op = operation(ctx)?;
            let id = ids::parse(&user_id, &["input", "userId"])?;
            let edit = UserEdit { name, email, role: role.map(StoredRole::from) };
            answer(op, Some(id), update_user::update_user(op, id, version, edit).await).await
        })
        .await
    }

    /// Gives a user another password: for who has forgotten theirs. All their sessions end.
    async fn set_user_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The user and the password.")] input: SetUserPasswordInput,
    ) -> Nullable<SetUserPasswordPayload> {
        nullable(async {
            let SetUserPasswordInput { user_id, new_password } = input;
            let op = operation(ctx)?;
            let id = ids::parse(&user_id, &["input", "userId"])?;
            let new = SecretString::from(new_password);
            answer(op, Some(id), set_user_password::set_user_password(op, id, &new).await).await
        })
        .await
    }

    /// Keeps a user out: all their sessions end, and no new one begins. What they wrote stays theirs.
    async fn deactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which user.")] input: DeactivateUserInput,
    ) -> Nullable<DeactivateUserPayload> {
        nullable(async {
            let DeactivateUserInput { user_id } = input;
            let op = operation(ctx)?;
            let id = ids::parse(&user_id, &["input", "userId"])?;
            answer(op, Some(id), deactivate_user::deactivate_user(op, id).await).await
        })
        .await
    }

    /// Lets a user who was kept out sign in again.
    async fn reactivate_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which user.")] input: ReactivateUserInput,
    ) -> Nullable<ReactivateUserPayload> {
        nullable(async {
            let ReactivateUserInput { user_id } = input;
            let op = operation(ctx)?;
            let id = ids::parse(&user_id, &["input", "userId"])?;
            answer(op, Some(id), reactivate_user::reactivate_user(op, id).await).await
        })
        .await
    }
}
