//! Sessions: what they are made of, how long they last, and how they are ended.
//!
//! A refresh token names its session and its generation and is sealed with the instance's secret and the session's salt: it
//! is not kept, a spent one gives the same successor again, and every older one of the family is told from a forgery.

use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, ConnectionTrait, EntityTrait as _, QueryFilter as _,
    QueryOrder as _, QuerySelect as _,
};
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::entity::{sessions, users};
use super::token;
use crate::clock::Timestamp;
use crate::error::Failure;
use crate::id::{GlobalId as _, SessionId, UserId};
use crate::keys::{Keys, Purpose};
use crate::operation::Operation;

pub use sessions::Model as Session;

const DAY: i64 = 24 * 60 * 60;
/// How long a session lasts unless prolonged.
const SLIDING_SECONDS: i64 = 30 * DAY;
/// How long it lasts at most, however often prolonged.
const ABSOLUTE_SECONDS: i64 = 90 * DAY;
/// How long the row of one that is over is kept: from where a user signed in counts for as long.
const KEPT_SECONDS: i64 = 90 * DAY;
/// Sessions of a user that last at once; one more ends the one that was not used for longest.
const MOST_SESSIONS: usize = 100;
/// How much is kept of what a program calls itself.
const USER_AGENT_CHARACTERS: usize = 200;

impl Session {
    /// Whether it was not ended, and its time is not over.
    pub fn lasts(&self, now: Timestamp) -> bool {
        self.ended_at.is_none() && self.expires_at > now
    }
}

/// What a client gets to keep.
pub struct StartedSession {
    /// The signed access token.
    pub access_token: SecretString,
    /// Until when it is good.
    pub access_token_expires_at: Timestamp,
    /// What prolongs the session, once.
    pub refresh_token: SecretString,
    /// Whose session it is.
    pub user: users::Model,
    /// Which session.
    pub id: SessionId,
}

impl StartedSession {
    /// The tokens of a session as it stands.
    pub(super) fn of(op: &Operation, session: &Session, user: users::Model) -> Result<Self, Failure> {
        let (access_token, access_token_expires_at) = token::issue(&op.store, user.id, session.id)?;
        let refresh_token = RefreshToken::of(session, &op.store.keys).text().into();
        Ok(Self { access_token, access_token_expires_at, refresh_token, user, id: session.id })
    }
}

/// When a session that was begun then and is prolonged now ends.
pub(super) fn end_of(created_at: Timestamp, now: Timestamp) -> Timestamp {
    now.plus_seconds(SLIDING_SECONDS).min(created_at.plus_seconds(ABSOLUTE_SECONDS))
}

/// A refresh token, read or made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RefreshToken {
    pub(super) session: SessionId,
    pub(super) generation: i32,
    seal: [u8; 16],
}

impl RefreshToken {
    /// The one that is good.
    pub(super) fn of(session: &Session, keys: &Keys) -> Self {
        Self::sealed(session.id, session.generation, &session.salt, keys)
    }

    pub(super) fn sealed(session: SessionId, generation: i32, salt: &str, keys: &Keys) -> Self {
        let (id, number) = (session.uuid(), generation.to_be_bytes());
        let seal = keys.mac(Purpose::RefreshToken, &[id.as_bytes(), &number, salt.as_bytes()]);
        Self { session, generation, seal }
    }

    /// What stands in a text, whoever made it.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix("cdr_")?.split('.');
        let (session, generation, seal) = (parts.next()?, parts.next()?, parts.next()?);
        let mut token = Self {
            session: format!("{}_{session}", SessionId::PREFIX).parse().ok()?,
            generation: generation.parse().ok()?,
            seal: [0; 16],
        };
        hex::decode_to_slice(seal, &mut token.seal).ok()?;
        // One spelling: `+1` and `01` are numbers too.
        (parts.next().is_none() && token.text() == text).then_some(token)
    }

    /// As clients keep it.
    pub(super) fn text(&self) -> String {
        format!("cdr_{}.{}.{}", self.session.uuid().simple(), self.generation, hex::encode(self.seal))
    }

    /// Whether this instance made it for this session.
    pub(super) fn is_ours(&self, session: &Session, keys: &Keys) -> bool {
        let ours = Self::sealed(self.session, self.generation, &session.salt, keys);
        self.session == session.id && bool::from(ours.seal.ct_eq(&self.seal))
    }

    /// What is kept of it.
    pub(super) fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.text()))
    }
}

/// Starts a session for a user. What of theirs is long over goes.
pub(super) async fn start(
    connection: &impl ConnectionTrait,
    op: &Operation,
    user: UserId,
) -> Result<Session, Failure> {
    let now = op.now();
    sessions::Entity::delete_many()
        .filter(sessions::Column::UserId.eq(user))
        .filter(sessions::Column::RefreshedAt.lt(now.plus_seconds(-SLIDING_SECONDS - KEPT_SECONDS)))
        .exec(connection)
        .await?;
    let lasting = lasting(connection, user, now).await?;
    for unused in lasting.iter().skip(MOST_SESSIONS - 1) {
        end(connection, now, unused.id).await?;
    }
    let (id, salt) = (op.new_id(), op.random_hex::<16>());
    let user_agent = op.client.user_agent.as_deref();
    let session = sessions::ActiveModel {
        id: Set(id),
        user_id: Set(user),
        refresh_hash: Set(RefreshToken::sealed(id, 1, &salt, &op.store.keys).hash()),
        salt: Set(salt),
        generation: Set(1),
        address: Set(op.client.address.map(|address| address.to_string())),
        network: Set(op.client.network().map(hex::encode)),
        user_agent: Set(user_agent.map(|name| name.chars().take(USER_AGENT_CHARACTERS).collect())),
        created_at: Set(now),
        refreshed_at: Set(now),
        expires_at: Set(end_of(now, now)),
        ended_at: Set(None),
    };
    Ok(session.insert(connection).await?)
}

/// A user's sessions that last, the one used last first.
pub(super) async fn lasting(
    connection: &impl ConnectionTrait,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<Session>, Failure> {
    Ok(sessions::Entity::find()
        .filter(sessions::Column::UserId.eq(user))
        .filter(sessions::Column::EndedAt.is_null())
        .filter(sessions::Column::ExpiresAt.gt(now))
        .order_by_desc(sessions::Column::RefreshedAt)
        .order_by_desc(sessions::Column::Id)
        .all(connection)
        .await?)
}

/// One session, locked to the transaction's end.
pub(super) async fn find(
    connection: &impl ConnectionTrait,
    id: SessionId,
) -> Result<Option<Session>, Failure> {
    Ok(sessions::Entity::find_by_id(id).lock_exclusive().one(connection).await?)
}

/// Ends one session.
pub(super) async fn end(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    id: SessionId,
) -> Result<(), Failure> {
    sessions::Entity::update_many()
        .col_expr(sessions::Column::EndedAt, Expr::value(now))
        .filter(sessions::Column::Id.eq(id))
        .filter(sessions::Column::EndedAt.is_null())
        .exec(connection)
        .await?;
    Ok(())
}

/// Ends all sessions of a user but this one.
pub(super) async fn end_all(
    connection: &impl ConnectionTrait,
    now: Timestamp,
    user: UserId,
    except: Option<SessionId>,
) -> Result<(), Failure> {
    let mut ending = sessions::Entity::update_many()
        .col_expr(sessions::Column::EndedAt, Expr::value(now))
        .filter(sessions::Column::UserId.eq(user))
        .filter(sessions::Column::EndedAt.is_null());
    if let Some(except) = except {
        ending = ending.filter(sessions::Column::Id.ne(except));
    }
    ending.exec(connection).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemChance;
    use proptest::prelude::*;

    #[test]
    fn a_token_reads_back_and_is_its_sessions_alone() {
        let directory = tempfile::tempdir().unwrap();
        let keys = Keys::load_or_create(directory.path(), &SystemChance).unwrap();
        let session = |number| SessionId(uuid::Uuid::from_u128(number));
        let token = RefreshToken::sealed(session(1), 3, "salt", &keys);
        assert_eq!(RefreshToken::parse(&token.text()), Some(token.clone()));
        for other in [
            RefreshToken::sealed(session(2), 3, "salt", &keys),
            RefreshToken::sealed(session(1), 4, "salt", &keys),
            RefreshToken::sealed(session(1), 3, "other", &keys),
        ] {
            assert_ne!(other.seal, token.seal);
        }
        let text = token.text();
        for forged in [
            text.replace(".3.", ".03."),
            text.replace(".3.", ".+3."),
            text.to_uppercase(),
            format!("{text}.x"),
            format!("{text} "),
        ] {
            assert_eq!(RefreshToken::parse(&forged), None, "{forged}");
        }
    }

    #[test]
    fn a_session_slides_thirty_days_and_ends_after_ninety() {
        let day = |number: i64| Timestamp(0).plus_seconds(number * DAY);
        assert_eq!(end_of(day(0), day(0)), day(30));
        assert_eq!(end_of(day(0), day(59)), day(89));
        assert_eq!(end_of(day(0), day(61)), day(90));
    }

    proptest! {
        #[test]
        fn what_is_no_token_is_told_at_once(text in "\\PC{0,80}") {
            if let Some(token) = RefreshToken::parse(&text) {
                prop_assert_eq!(token.text(), text);
            }
        }
    }
}
