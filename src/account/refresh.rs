//! `refreshSession`: a refresh token, once, for a new pair.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _};
use secrecy::{ExposeSecret as _, SecretString};

use super::entity::{sessions, users};
use super::sign_in::{SESSION_SECONDS, StartedSession, new_refresh_token, refresh_hash};
use super::{read, token};
use crate::error::{Failure, UserErrorCode};
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::{Operation, Viewer};

/// Prolongs a session: the token is spent in one conditional update, so of two requests with the same token one wins.
/// A spent token that is shown again was copied: the session ends.
pub async fn refresh(op: &Operation, given: &SecretString) -> Result<StartedSession, Failure> {
    let given_hash = refresh_hash(given.expose_secret());
    let (refresh_token, next_hash) = new_refresh_token(op);
    let now = op.now();
    let transaction = op.begin().await?;
    let spent = sessions::Entity::update_many()
        .col_expr(sessions::Column::RefreshHash, Expr::value(next_hash.clone()))
        .col_expr(sessions::Column::SpentHash, Expr::value(given_hash.clone()))
        .col_expr(sessions::Column::RefreshedAt, Expr::value(now))
        .col_expr(sessions::Column::ExpiresAt, Expr::value(now.plus_seconds(SESSION_SECONDS)))
        .filter(sessions::Column::RefreshHash.eq(&given_hash))
        .filter(sessions::Column::EndedAt.is_null())
        .filter(sessions::Column::ExpiresAt.gt(now))
        .exec(transaction.connection())
        .await?;
    if spent.rows_affected == 0 {
        drop(transaction);
        return end_if_copied(op, &given_hash).await;
    }
    let session = sessions::Entity::find()
        .filter(sessions::Column::RefreshHash.eq(&next_hash))
        .one(transaction.connection())
        .await?
        .ok_or_else(|| Failure::corrupt("a refreshed session is gone"))?;
    let user = users::Entity::find_by_id(session.user_id)
        .filter(users::Column::IsActive.eq(true))
        .one(transaction.connection())
        .await?
        .ok_or_else(not_good)?;
    let as_user = Operation::new(
        std::sync::Arc::clone(&op.store),
        Viewer::User { id: user.id, role: read::role_of(&user)? },
        op.request_id.clone(),
    );
    save(transaction, &as_user, NewChange::new(Action::SessionRefreshed, SubjectType::User, user.id)).await?;
    let (access_token, access_token_expires_at) = token::issue(&op.store, user.id, session.id)?;
    Ok(StartedSession { access_token, access_token_expires_at, refresh_token, user })
}

async fn end_if_copied(op: &Operation, given_hash: &str) -> Result<StartedSession, Failure> {
    let transaction = op.begin().await?;
    let copied = sessions::Entity::find()
        .filter(sessions::Column::SpentHash.eq(given_hash))
        .filter(sessions::Column::EndedAt.is_null())
        .one(transaction.connection())
        .await?;
    if let Some(session) = copied {
        sessions::Entity::update_many()
            .col_expr(sessions::Column::EndedAt, Expr::value(op.now()))
            .filter(sessions::Column::Id.eq(session.id))
            .exec(transaction.connection())
            .await?;
        save(transaction, op, NewChange::new(Action::SessionEnded, SubjectType::User, session.user_id))
            .await?;
    }
    Err(not_good())
}

fn not_good() -> Failure {
    let message = "The refresh token is not good any more. Sign in again.";
    Failure::refused(UserErrorCode::Invalid, &["input", "refreshToken"], message)
}
