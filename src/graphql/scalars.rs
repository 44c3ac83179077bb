//! Scalars beyond GraphQL's own.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

use super::json::Leaf;
use crate::clock::Timestamp;

/// A moment: RFC 3339 in UTC, in whole milliseconds, such as `2026-11-24T10:00:00.000Z`. Input may have any offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateTime(pub Timestamp);

#[Scalar(name = "DateTime", specified_by_url = "https://scalars.graphql.org/andimarek/date-time.html")]
impl ScalarType for DateTime {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Timestamp::parse_rfc3339(text).map(Self).ok_or_else(|| {
                InputValueError::custom("give a moment such as 2026-11-24T10:00:00Z (RFC 3339)")
            }),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if Timestamp::parse_rfc3339(text).is_some())
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339())
    }
}

impl Leaf for DateTime {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.to_rfc3339().write(to);
    }
}

/// An absolute web address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url(pub String);

#[Scalar(name = "URL", specified_by_url = "https://url.spec.whatwg.org/")]
impl ScalarType for Url {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text)),
            other => Err(InputValueError::expected_type(other)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.clone())
    }
}

impl Leaf for Url {
    fn write(&self, to: &mut Vec<u8>) {
        self.0.write(to);
    }
}

/// A file, sent by the GraphQL multipart request specification; null in `operations`, named in `map`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upload(pub usize);

impl Upload {
    /// What stands in the variables for the file of this number. A client that writes it itself names a file of its own
    /// request, or none: the number is looked up among the request's files alone.
    pub fn placeholder(number: usize) -> String {
        format!("{UPLOAD_MARK}{number}")
    }

    /// The upload that a placeholder stands for.
    pub fn from_placeholder(text: &str) -> Option<Self> {
        text.strip_prefix(UPLOAD_MARK)?.parse().ok().map(Self)
    }
}

const UPLOAD_MARK: &str = "copydesk-upload:";

#[Scalar(name = "Upload", specified_by_url = "https://github.com/jaydenseric/graphql-multipart-request-spec")]
impl ScalarType for Upload {
    fn parse(value: Value) -> InputValueResult<Self> {
        let placeholder = if let Value::String(text) = &value { Self::from_placeholder(text) } else { None };
        placeholder.ok_or_else(|| {
            InputValueError::custom("send the file by the GraphQL multipart request specification")
        })
    }

    fn is_valid(value: &Value) -> bool {
        matches!(value, Value::String(text) if Self::from_placeholder(text).is_some())
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}
