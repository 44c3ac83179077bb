//! GraphQL over HTTP, first edition: which media type answers, and with which status.

use axum::http::{HeaderMap, StatusCode, header};
use mime::Mime;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MediaType {
    /// `application/graphql-response+json`: the status tells what happened.
    GraphqlResponse,
    /// `application/json`: 200 for every well-formed request.
    Json,
}

/// What an answer is about, as far as its status goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Data, whole.
    Data,
    /// Data, with errors at some fields.
    Partial,
    /// The document can't be parsed.
    UnreadableDocument,
    /// The document or its variables are refused.
    Refused,
}

impl MediaType {
    /// The header's value.
    pub fn header(self) -> &'static str {
        match self {
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }

    /// The status of an outcome in this form.
    pub fn status(self, outcome: Outcome) -> StatusCode {
        let number = match (self, outcome) {
            (Self::Json, _) | (_, Outcome::Data) => 200,
            (_, Outcome::Partial) => 294,
            (_, Outcome::UnreadableDocument) => 400,
            (_, Outcome::Refused) => 422,
        };
        StatusCode::from_u16(number).unwrap_or(StatusCode::OK)
    }
}

/// What the client accepts best; `None` where it accepts neither form. Without an `Accept` header, or where both are
/// accepted alike, the newer form answers.
pub fn accepted(headers: &HeaderMap) -> Option<MediaType> {
    let mut ranges = headers.get_all(header::ACCEPT).iter().peekable();
    if ranges.peek().is_none() {
        return Some(MediaType::GraphqlResponse);
    }
    let ranges: Vec<(Mime, f32)> = ranges
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| range.trim().parse::<Mime>().ok())
        .map(|range| {
            let quality =
                range.get_param("q").and_then(|quality| quality.as_str().parse().ok()).unwrap_or(1.0);
            (range, quality)
        })
        .collect();
    let quality = |essence: &str| {
        // The most specific range decides: a type, then `application/*`, then `*/*`.
        let of = |wanted: &str| {
            ranges.iter().find(|(range, _)| range.essence_str() == wanted).map(|(_, quality)| *quality)
        };
        of(essence).or_else(|| of("application/*")).or_else(|| of("*/*")).unwrap_or(0.0)
    };
    let (newer, older) = (quality("application/graphql-response+json"), quality("application/json"));
    if newer <= 0.0 && older <= 0.0 {
        None
    } else if newer >= older {
        Some(MediaType::GraphqlResponse)
    } else {
        Some(MediaType::Json)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_better_accepted_form_answers() {
        let of = |accept: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            accepted(&headers)
        };
        assert_eq!(accepted(&HeaderMap::new()), Some(MediaType::GraphqlResponse));
        assert_eq!(of("*/*"), Some(MediaType::GraphqlResponse));
        assert_eq!(of("application/json"), Some(MediaType::Json));
        assert_eq!(
            of("application/json;q=0.9, application/graphql-response+json"),
            Some(MediaType::GraphqlResponse)
        );
        assert_eq!(of("application/graphql-response+json;q=0.5, application/json"), Some(MediaType::Json));
        assert_eq!(of("application/json; charset=utf-8"), Some(MediaType::Json));
        assert_eq!(of("text/html"), None);
        assert_eq!(of("text/html, */*;q=0.1"), Some(MediaType::GraphqlResponse));
        assert_eq!(of("application/json;q=0, application/graphql-response+json;q=0"), None);
    }
}
