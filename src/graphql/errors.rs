//! Errors towards clients: the one place where a [`Failure`] becomes a GraphQL error, and its source goes to the log.
#![allow(clippy::disallowed_types, reason = "the one place that makes async-graphql's errors")]

use std::borrow::Cow;
use std::pin::Pin;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{
    ContextSelectionSet, Enum, Error, ErrorExtensions as _, OutputType, Positioned, ServerResult,
    SimpleObject, Value,
};
use futures_util::FutureExt as _;

use crate::error::{Failure, UserError as Violation, UserErrorCode as Code};

/// What kind of mistake a user error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Code")]
pub enum UserErrorCode {
    /// A value must be given and not be blank.
    Required,
    /// Longer, or more, than the limit that the message names.
    TooLong,
    /// Not a value of the form that the message describes.
    Invalid,
    /// Another thing has this unique value already: choose another.
    Taken,
    /// There is no such thing, or the viewer may not see it.
    NotFound,
    /// The thing has changed since the version that the edit names: merge with the current one in the payload and save again.
    Conflict,
    /// The thing is still referred to: take it out there first.
    InUse,
    /// The thing's state does not allow this: the payload holds it as it is.
    WrongState,
    /// A check before publishing blocks: mend what `path` names.
    CheckFailed,
}

/// What the caller did wrong with the data. Every violation found is reported, never the first alone.
#[derive(Clone, Debug, SimpleObject)]
pub struct UserError {
    /// For programs.
    code: UserErrorCode,
    /// For people: says what to do.
    message: String,
    /// The input field that it is about, outermost first; null when it is about the whole.
    path: Option<Vec<String>>,
}

impl From<Violation> for UserError {
    fn from(Violation { code, message, path }: Violation) -> Self {
        Self { code: code.into(), message, path: (!path.is_empty()).then_some(path) }
    }
}

/// A verb's outcome as a payload: what was done, or what was wrong with the data. Other failures stay errors.
pub fn outcome<T>(result: Result<T, Failure>) -> Result<(Option<T>, Vec<UserError>), Failure> {
    match result {
        Ok(done) => Ok((Some(done), Vec::new())),
        Err(Failure::Refused(violations)) => {
            Ok((None, violations.into_iter().map(UserError::from).collect()))
        }
        Err(other) => Err(other),
    }
}

/// What a deletion gives, in its two parts: the thing or why it stays, and what took its place.
pub fn parted<T>(deleted: Result<(T, Option<T>), Failure>) -> (Result<T, Failure>, Option<T>) {
    match deleted {
        Ok((thing, replacement)) => (Ok(thing), replacement),
        Err(failure) => (Err(failure), None),
    }
}

/// What a field that may be null resolves to. Its failure makes it null and leaves the rest, as the specification says;
/// async-graphql would let the failure of a `Result<Option<T>, _>` take the parent with it.
pub struct Nullable<T>(Result<Option<T>, Error>);

/// Resolves a field that may be null. Boxed where it is begun: what waits for it would be as large, several times over.
pub fn nullable<T>(
    resolve: impl Future<Output = Result<Option<T>, Failure>>,
) -> Pin<Box<impl Future<Output = Nullable<T>>>> {
    Box::pin(resolve.map(|resolved| Nullable(resolved.map_err(Error::from))))
}

impl<T: OutputType> OutputType for Nullable<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        T::type_name().into_owned()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        T::create_type_info(registry);
        T::type_name().into_owned()
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        let failed = match &self.0 {
            Ok(Some(value)) => match OutputType::resolve(value, ctx, field).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            },
            Ok(None) => return Ok(Value::Null),
            Err(error) => ctx.set_error_path(error.clone().into_server_error(field.pos)),
        };
        ctx.add_error(failed);
        Ok(Value::Null)
    }
}

/// The codes in `extensions.code`; `docs/errors.md` tells clients what to do about each.
pub mod code {
    /// Nobody is signed in, or the token is not good.
    pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
    /// The viewer sees the thing and may not do this.
    pub const FORBIDDEN: &str = "FORBIDDEN";
    /// The request asks for something that can't be.
    pub const BAD_REQUEST: &str = "BAD_REQUEST";
    /// Too often: wait `retryAfter` seconds.
    pub const RATE_LIMITED: &str = "RATE_LIMITED";
    /// The document that the request names is not known: send it once with its hash.
    pub const PERSISTED_QUERY_NOT_FOUND: &str = "PERSISTED_QUERY_NOT_FOUND";
    /// The document is none of those that the operator has listed.
    pub const DOCUMENT_NOT_TRUSTED: &str = "DOCUMENT_NOT_TRUSTED";
    /// A fault of ours: report the request's id.
    pub const INTERNAL: &str = "INTERNAL";
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Unauthenticated => coded(
                "Sign in first: send the access token as `Authorization: Bearer …`.",
                code::UNAUTHENTICATED,
            ),
            Failure::Forbidden { message } => coded(message, code::FORBIDDEN),
            Failure::BadRequest { message, argument } => {
                coded(message, code::BAD_REQUEST).extend_with(|_, extensions| {
                    if !argument.is_empty() {
                        extensions.set("argument", Value::from(argument.clone()));
                    }
                })
            }
            Failure::RateLimited { retry_after } => coded("Too many requests.", code::RATE_LIMITED)
                .extend_with(|_, extensions| extensions.set("retryAfter", retry_after)),
            // A refusal that no payload took: only a lookup in a query can come here.
            Failure::Refused(violations) => {
                let messages: Vec<String> =
                    violations.into_iter().map(|violation| violation.message).collect();
                coded(messages.join(" "), code::BAD_REQUEST)
            }
            Failure::Internal(fault) => {
                tracing::error!(error = %fault, "an operation failed");
                coded(
                    "Something went wrong on our side. The request's id helps to find it in the log.",
                    code::INTERNAL,
                )
            }
        }
    }
}

fn coded(message: impl Into<String>, code: &'static str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}
