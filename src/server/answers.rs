//! Whole answers to public queries, kept until the log's entry that touches them, and how they go out: with an `ETag`, for how
//! long others may keep them, and, for a CDN, by which keys it is told to drop them.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use sha2::{Digest as _, Sha256};

use super::encoding::Forms;
use super::graphql::written::Form;
use super::negotiate::MediaType;
use crate::cache::flight::{First, Flights, Turn};
use crate::cache::recall;
use crate::cache::{self, Tagged, Told, told};
use crate::cdn;
use crate::clock::{Clock, Timestamp};
use crate::config::Caching;
use crate::operation::{Follows, Operation, Store};
use crate::reads::Sources;

/// Room for all headers that an answer has in the end.
const HEADERS: usize = 12;

/// What was asked, as it was sent, and in which form it is answered: all that an answer depends on beside what is published. The
/// settings and this version are the process's own, and so is what it keeps.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// The request's body, or its address's query.
    pub sent: Bytes,
    /// Which of the two.
    pub is_body: bool,
    /// In which media type it is answered.
    pub media_type: MediaType,
    /// Whether what it costs is told.
    pub tells_cost: bool,
}

impl Key {
    /// The same without the buffer around it that was read from the connection.
    fn alone(self) -> Self {
        Self { sent: Bytes::copy_from_slice(&self.sent), ..self }
    }
}

/// A whole answer without errors to a public query.
pub struct Answer {
    body: Bytes,
    /// The same compressed.
    forms: Forms,
    media_type: MediaType,
    /// What GET and HEAD name it by, when they come again: nothing else may be asked under a condition.
    etag: Option<HeaderValue>,
    /// What a CDN drops it by.
    keys: Option<(HeaderName, HeaderValue)>,
    until: Option<Timestamp>,
}

const TOLD: Told = [
    ("copydesk_answers_kept", "Whole answers in memory."),
    ("copydesk_answers_kept_bytes", "What they weigh."),
    ("copydesk_answers_found_total", "Answers that were in memory, since the start."),
    ("copydesk_answers_missed_total", "Public questions whose answer was not, since the start."),
];

/// An answer that is kept.
type Kept = Arc<cache::Kept<Key, Answer>>;

/// The answers of one node.
pub struct Answers {
    kept: Option<Arc<Tagged<Key, Answer>>>,
    flights: Flights<Key>,
    caching: Caching,
}

impl Answers {
    /// None yet.
    pub fn new(caching: Caching) -> Self {
        let kept = (caching.answers > 0).then(|| Arc::new(Tagged::new(caching.answers)));
        Self { kept, flights: Flights::default(), caching }
    }

    /// What is to follow the log; `None` where nothing is kept.
    pub fn follower(&self) -> Option<Arc<dyn Follows>> {
        Some(Arc::clone(self.kept.as_ref()?) as _)
    }

    /// Whether it matters what an answer was made of: to drop it, here or in a CDN, or to say how long it holds.
    pub fn ask_for_sources(&self) -> bool {
        let Caching { cdn, max_age, shared_max_age, .. } = &self.caching;
        self.kept.is_some() || cdn.is_some() || *max_age.max(shared_max_age) > 0
    }

    /// The answer that is kept, if it holds.
    pub fn get(&self, key: &Key, store: &Store) -> Option<Kept> {
        self.kept.as_ref()?.get(key, || store.clock.now())
    }

    /// How many answers are kept and how much they weigh; how often one was there, and was not.
    pub fn told(&self) -> [(u64, &'static str, &'static str); 4] {
        told(self.kept.as_deref(), TOLD)
    }

    /// Waits for who makes the same answer already.
    pub async fn wait(&self, key: Key, store: &Store) -> Waited<'_> {
        let key = key.alone();
        let first = match &self.kept {
            None => None,
            Some(_) => match self.flights.turn(&key).await {
                Turn::First(first) => Some(first),
                Turn::Waited => match self.get(&key, store) {
                    Some(answer) => return Waited::Kept(answer),
                    None => None,
                },
            },
        };
        Waited::Make(Keeper { answers: self, key, _first: first })
    }

    /// An answer, with what it was made of.
    fn answer(&self, body: Vec<u8>, media_type: MediaType, asked: &Parts, sources: &Sources) -> Answer {
        let etag = || format!("W/\"{}\"", hex::encode(&Sha256::digest(&body)[..12]));
        // Digits and quotes.
        let etag =
            (asked.method != Method::POST).then(etag).and_then(|etag| HeaderValue::from_str(&etag).ok());
        Answer {
            body: body.into(),
            forms: Forms::default(),
            media_type,
            etag,
            keys: self.caching.cdn.as_ref().and_then(|cdn| {
                let (name, keys) = cdn::keys::header(cdn.kind, sources.tags.iter().copied());
                Some((HeaderName::from_static(name), HeaderValue::from_str(&keys).ok()?))
            }),
            until: sources.until,
        }
    }

    /// Keeps an answer that was read at this place of the log.
    fn keep(&self, key: Key, answer: Answer, sources: &Sources, sequence: i64) {
        if let Some(kept) = &self.kept {
            let keys = answer.keys.as_ref().map_or(0, |(_, value)| value.len());
            // Its compressed forms, which may come later, are a quarter of it each, about.
            let bytes = answer.body.len() * 3 / 2 + keys + key.sent.len();
            // One behind the other: who finds the one in memory reads on to the other.
            let mut body = Bytes::from([&*key.sent, &*answer.body].concat());
            let sent = body.split_to(key.sent.len());
            kept.keep(Key { sent, ..key }, Answer { body, ..answer }, bytes, sources, sequence);
        }
    }

    /// An answer on its way: whole, or, to GET and HEAD, that what the client has still holds.
    pub fn response(&self, answer: &Answer, form: Form<'_>, asked: &Parts, clock: &dyn Clock) -> Response {
        let is_known = answer.etag.as_ref().is_some_and(|etag| knows(&asked.headers, etag));
        let packed = form
            .encoding
            .filter(|_| !is_known)
            .and_then(|encoding| Some((encoding, answer.forms.get(&answer.body, encoding)?)));
        let mut response = Response::new(Body::empty());
        *response.status_mut() = if is_known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
        let written = response.headers_mut();
        written.reserve(HEADERS);
        if !is_known {
            written.insert(header::CONTENT_TYPE, HeaderValue::from_static(answer.media_type.header()));
        }
        if let Some((encoding, _)) = &packed {
            written.insert(header::CONTENT_ENCODING, encoding.header());
        }
        if let Some(etag) = &answer.etag {
            written.insert(header::ETAG, etag.clone());
        }
        written.insert(header::CACHE_CONTROL, self.cache_control(answer.until, clock));
        if let Some((name, value)) = &answer.keys {
            written.insert(name.clone(), value.clone());
        }
        if !is_known {
            *response.body_mut() = Body::from(packed.map_or_else(|| answer.body.clone(), |(_, bytes)| bytes));
        }
        response
    }

    /// For how long others may keep an answer: no longer than it holds.
    fn cache_control(&self, until: Option<Timestamp>, clock: &dyn Clock) -> HeaderValue {
        let Caching { max_age, shared_max_age, stale_while_revalidate, .. } = &self.caching;
        let left = |until: Timestamp| until.seconds().saturating_sub(clock.now().seconds() + 1).max(0);
        let left = until.map_or(i64::MAX, left);
        let most = |seconds: u32| i64::from(seconds).min(left);
        let (own, shared) = (most(*max_age), most((*shared_max_age).max(*max_age)));
        if shared == 0 {
            return HeaderValue::from_static("no-cache");
        }
        let mut words = format!("public, max-age={own}");
        if shared > own {
            words += &format!(", s-maxage={shared}");
        }
        // What ends at a moment is not shown after it.
        if *stale_while_revalidate > 0 && until.is_none() {
            words += &format!(", stale-while-revalidate={stale_while_revalidate}");
        }
        HeaderValue::from_str(&words).unwrap_or(HeaderValue::from_static("no-cache"))
    }
}

/// What comes of waiting.
pub enum Waited<'a> {
    /// Somebody made the answer.
    Kept(Kept),
    /// It is to be made.
    Make(Keeper<'a>),
}

/// Who makes an answer that may be kept.
pub struct Keeper<'a> {
    answers: &'a Answers,
    key: Key,
    _first: Option<First<'a, Key>>,
}

impl Keeper<'_> {
    /// The answer is made.
    pub async fn end(self, body: Vec<u8>, form: Form<'_>, operation: &Operation, asked: &Parts) -> Response {
        let sources = operation.reads().sources();
        let answer = self.answers.answer(body, form.media_type, asked, &sources);
        let response = self.answers.response(&answer, form, asked, &*operation.store.clock);
        // What reads nothing never changes. Where it can't be told from which place of the log was read, nothing is kept.
        let never = sources.tags.is_empty().then_some(i64::MAX);
        if self.answers.kept.is_some()
            && let Some(place) = recall::one_place(operation).await.ok().and_then(|place| place.or(never))
        {
            self.answers.keep(self.key, answer, &sources, place);
        }
        response
    }
}

/// Whether the client has what this tag names (RFC 9110, 13.1.2: compared without regard to `W/`).
fn knows(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let plain = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    let wanted = plain(etag.as_bytes());
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|tag| tag == b"*" || plain(tag) == wanted)
}
