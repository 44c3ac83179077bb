//! `refreshSession`: a refresh token, once, for a new pair.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use secrecy::{ExposeSecret as _, SecretString};

use super::entity::sessions;
use super::read;
use super::session::{self, RefreshToken, Session, StartedSession};
use crate::clock::Timestamp;
use crate::error::{Failure, UserErrorCode};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::{Operation, Viewer};

/// How long a spent token gives the same successor: for two tabs that refresh at once, and for an answer that was lost.
const REPEATABLE_SECONDS: i64 = 30;

/// What a token that was shown means.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    /// It is the good one: it is spent.
    Good,
    /// It was spent just now: the answer is given again.
    Again,
    /// It was spent longer ago, so there are two who hold the family: all of it ends.
    Copied,
    /// The session is over, or the token is of no use.
    Over,
}

fn decide(session: &Session, generation: i32, now: Timestamp) -> Shown {
    match session.generation.checked_sub(generation) {
        _ if !session.lasts(now) => Shown::Over,
        Some(0) => Shown::Good,
        Some(1) if now <= session.refreshed_at.plus_seconds(REPEATABLE_SECONDS) => Shown::Again,
        Some(older) if older > 0 => Shown::Copied,
        // Sealed by us and from the future: of a database that was set back. Who holds it signs in again.
        _ => Shown::Over,
    }
}

/// Prolongs a session: the token is spent in one conditional update, so of any number of requests with the same token one
/// spends it and the rest get the same successor.
pub async fn refresh(op: &Operation, given: &SecretString) -> Result<StartedSession, Failure> {
    let token = RefreshToken::parse(given.expose_secret()).ok_or_else(not_good)?;
    // The seal never changes: what is forged is refused before it takes a lock.
    let found = read::session(op.snapshot().await?.connection(), token.session).await?;
    found.filter(|session| token.is_ours(session, &op.store.keys)).ok_or_else(not_good)?;
    let transaction = op.begin().await?;
    let now = op.now();
    let connection = transaction.connection();
    let session = session::find(connection, token.session).await?.ok_or_else(not_good)?;
    let user = read::active_user(connection, session.user_id).await?.ok_or_else(not_good)?;
    let viewer = Viewer::User { id: user.id, role: read::role_of(&user)?, session: session.id };
    match decide(&session, token.generation, now) {
        Shown::Good => {
            let prolonged = spend(connection, op, session).await?;
            let change = NewChange::new(Action::SessionRefreshed, SubjectType::User, user.id);
            // Made before the commit: where this node can't sign, the token is not spent.
            let started = StartedSession::of(op, &prolonged, user)?;
            save(transaction, &op.acting_as(viewer), change).await?;
            Ok(started)
        }
        Shown::Again => StartedSession::of(op, &session, user),
        Shown::Copied => {
            session::end(connection, now, session.id).await?;
            let change = NewChange::new(Action::SessionEnded, SubjectType::User, user.id)
                .detail("a spent refresh token was shown again");
            save(transaction, op, change).await?;
            Err(not_good())
        }
        Shown::Over => Err(not_good()),
    }
}

async fn spend(
    connection: &impl sea_orm::ConnectionTrait,
    op: &Operation,
    session: Session,
) -> Result<Session, Failure> {
    let now = op.now();
    let next = Session {
        generation: session.generation + 1,
        refreshed_at: now,
        expires_at: session::end_of(session.created_at, now),
        ..session
    };
    let next_hash = RefreshToken::of(&next, &op.store.keys).hash();
    let spent = sessions::Entity::update_many()
        .col_expr(sessions::Column::Generation, Expr::value(next.generation))
        .col_expr(sessions::Column::RefreshHash, Expr::value(next_hash.clone()))
        .col_expr(sessions::Column::RefreshedAt, Expr::value(next.refreshed_at))
        .col_expr(sessions::Column::ExpiresAt, Expr::value(next.expires_at))
        .filter(sessions::Column::Id.eq(next.id))
        .filter(sessions::Column::RefreshHash.eq(&next.refresh_hash))
        .filter(sessions::Column::EndedAt.is_null())
        .exec(connection)
        .await?;
    if spent.rows_affected == 0 {
        return Err(not_good());
    }
    Ok(Session { refresh_hash: next_hash, ..next })
}

fn not_good() -> Failure {
    let message = "The refresh token is not good any more. Sign in again.";
    Failure::refused(UserErrorCode::Invalid, &["input", "refreshToken"], message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{SessionId, UserId};

    #[test]
    fn a_spent_token_is_good_for_the_same_answer_for_thirty_seconds() {
        let session = Session {
            id: SessionId(uuid::Uuid::nil()),
            user_id: UserId(uuid::Uuid::nil()),
            salt: String::new(),
            generation: 5,
            refresh_hash: String::new(),
            address: None,
            network: None,
            user_agent: None,
            created_at: Timestamp(0),
            refreshed_at: Timestamp(100_000),
            expires_at: Timestamp(200_000),
            ended_at: None,
        };
        for (generation, millis, expected) in [
            (5, 100_000, Shown::Good),
            (5, 199_999, Shown::Good),
            (5, 200_000, Shown::Over),
            (4, 130_000, Shown::Again),
            (4, 130_001, Shown::Copied),
            (3, 100_000, Shown::Copied),
            (1, 100_000, Shown::Copied),
            (6, 100_000, Shown::Over),
            (i32::MIN, 100_000, Shown::Over),
        ] {
            assert_eq!(decide(&session, generation, Timestamp(millis)), expected, "{generation} at {millis}");
        }
        let ended = Session { ended_at: Some(Timestamp(1)), ..session };
        assert_eq!(decide(&ended, 5, Timestamp(100_000)), Shown::Over);
    }
}
