//! Compares users, what their passwords are checked against, and the keys that sign tokens, with the log. Called by `verify`.
//! Sessions are not compared: who is signed in is no record of the house, and ends by itself.

use std::collections::HashMap;

use sea_orm::{ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _};
use uuid::Uuid;

use super::entity::{credentials, instance_keys, users};
use super::instance::TOKEN;
use super::rotate_keys::{self, AT_ONCE};
use super::user::hash;
use crate::clock::Timestamp;
use crate::db::ids::IdColumn;
use crate::error::Failure;
use crate::id::UserId;
use crate::keys::Term;
use crate::log::check::{Check, Problem, Since};
use crate::log::walk::{Things, entries};
use crate::log::{Action, Entry, SubjectType};

/// What is done to an account itself. Sessions and refusals, of which there may be millions, are about what a user does.
const ABOUT_ACCOUNTS: &[Action] = &[
    Action::UserCreated,
    Action::UserUpdated,
    Action::UserDeactivated,
    Action::UserReactivated,
    Action::PasswordSet,
];

/// All users.
pub fn all() -> Things {
    let users = IdColumn::of::<users::Entity>(users::Column::Id);
    let credentials = IdColumn::of::<credentials::Entity>(credentials::Column::UserId);
    Things::new(SubjectType::User, Some(Action::UserCreated), vec![users, credentials])
}

/// What the log tells of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Expected {
    made: Option<Since>,
    last: Option<Since>,
    hash: Option<String>,
    role: Option<(String, Since)>,
    is_active: Option<(bool, Since)>,
    version: i32,
    updated_at: Option<Timestamp>,
    password_at: Option<Timestamp>,
}

impl Expected {
    fn take(&mut self, entry: &Entry) {
        let since = Since::of(entry);
        match Action::from_name(&entry.action) {
            Some(Action::UserCreated) => {
                self.made = Some(since);
                self.role = entry.detail.clone().map(|role| (role, since));
                self.is_active = Some((true, since));
                self.password_at = Some(entry.at);
            }
            Some(Action::UserUpdated) => {
                // `old → new`, where the role changed.
                if let Some((_, role)) = entry.detail.as_deref().and_then(|detail| detail.split_once(" → "))
                {
                    self.role = Some((role.to_owned(), since));
                }
            }
            Some(Action::UserDeactivated) => self.is_active = Some((false, since)),
            Some(Action::UserReactivated) => self.is_active = Some((true, since)),
            Some(Action::PasswordSet) => self.password_at = Some(entry.at),
            _ => return,
        }
        // Another password is no other version of the user.
        if entry.action != Action::PasswordSet.name() {
            self.version += 1;
            self.updated_at = Some(entry.at);
        }
        self.hash.clone_from(&entry.hash);
        self.last = Some(since);
    }
}

/// Compares these users.
pub async fn compare(check: &mut Check<'_>, ids: &[Uuid]) -> Result<(), Failure> {
    let mut expected: HashMap<Uuid, Expected> = HashMap::new();
    entries(check, SubjectType::User, ids, ABOUT_ACCOUNTS, |id, entry| {
        expected.entry(id).or_default().take(&entry);
    })
    .await?;
    let connection = check.snapshot.connection();
    let users = users::Entity::find().filter(users::Column::Id.is_in(ids.to_vec())).all(connection).await?;
    let users: HashMap<Uuid, users::Model> = users.into_iter().map(|user| (user.id.0, user)).collect();
    let passwords = credentials::Entity::find()
        .filter(credentials::Column::UserId.is_in(ids.to_vec()))
        .all(connection)
        .await?;
    let passwords: HashMap<Uuid, credentials::Model> =
        passwords.into_iter().map(|password| (password.user_id.0, password)).collect();
    check.checked("users", ids.len());
    for id in ids {
        let expected = expected.remove(id).unwrap_or_default();
        compare_one(check, UserId(*id), &expected, users.get(id), passwords.get(id))?;
    }
    Ok(())
}

fn compare_one(
    check: &mut Check<'_>,
    id: UserId,
    expected: &Expected,
    user: Option<&users::Model>,
    password: Option<&credentials::Model>,
) -> Result<(), Failure> {
    let problem = |field: &str, message: &str| Problem::new(id, field, message).since(expected.last);
    let (Some(user), Some(password)) = (user, password) else {
        let field = if user.is_some() { "password" } else { "record" };
        check.found(problem(field, "is in the log, and its row is missing"));
        return Ok(());
    };
    let Some(made) = expected.made else {
        check.found(problem("record", "is there, and the log has no entry that made it"));
        return Ok(());
    };
    let mut named = 0;
    if let Some((role, since)) = expected.role.as_ref().filter(|(role, _)| *role != user.role) {
        check.found(problem("role", &format!("is {}, and was last made {role}", user.role)).since(*since));
        named += 1;
    }
    if let Some((is_active, since)) =
        expected.is_active.as_ref().filter(|(is_active, _)| *is_active != user.is_active)
    {
        let message = format!("is {}, and was last made {is_active}", user.is_active);
        check.found(problem("isActive", &message).since(*since));
        named += 1;
    }
    // The hash covers those two as well: what is left of it is the address, the name and the password.
    if expected.hash.as_deref() != Some(hash(user, &password.password_hash)?.as_str()) && named == 0 {
        let message = "the e-mail address, the name or the password is not what was last written";
        check.found(problem("record", message));
    }
    check.compare(
        &problem("", "is not what the log's entries about it tell"),
        &[
            ("version", user.version == expected.version),
            ("createdAt", user.created_at == made.at),
            ("updatedAt", Some(user.updated_at) == expected.updated_at),
            ("passwordSetAt", Some(password.updated_at) == expected.password_at),
        ],
    );
    Ok(())
}

/// The terms that rotations give to token keys, beginning with the first key, which no entry tells.
fn terms(first: String, rotations: &[Entry]) -> Vec<(Term, Option<Since>)> {
    let mut terms = vec![(Term { key_id: first, signs_from: Timestamp(0), refused_from: None }, None)];
    for entry in rotations {
        let is_at_once = entry.detail.as_deref() == Some(AT_ONCE);
        let (signs_from, old_refused_from) = rotate_keys::moments(entry.at, is_at_once);
        for (term, since) in &mut terms {
            if term.refused_from.is_none_or(|refused_from| refused_from > old_refused_from) {
                term.refused_from = Some(old_refused_from);
                *since = Some(Since::of(entry));
            }
        }
        // The log names a key by 16 bytes; the first 8 are its public id.
        let key_id = entry.subject.split_once('_').map_or("", |(_, digits)| digits);
        let key_id = key_id.get(..16).unwrap_or_default().to_owned();
        terms.push((Term { key_id, signs_from, refused_from: None }, Some(Since::of(entry))));
    }
    terms
}

/// Compares the keys' ids and terms. Which key was the first is not in the log: it was there before the first entry.
pub async fn compare_keys(check: &mut Check<'_>) -> Result<(), Failure> {
    let mut walk = Things::new(SubjectType::Key, Some(Action::KeyRotated), Vec::new());
    let mut rotations = Vec::new();
    loop {
        let ids: Vec<Uuid> = walk.next(check).await?.into_iter().map(|thing| thing.id).collect();
        if ids.is_empty() {
            break;
        }
        entries(check, SubjectType::Key, &ids, &[Action::KeyRotated], |_, entry| rotations.push(entry))
            .await?;
    }
    rotations.sort_by_key(|entry| entry.sequence);
    let rows = instance_keys::Entity::find()
        .order_by_asc(instance_keys::Column::SignsFrom)
        .order_by_asc(instance_keys::Column::KeyId)
        .all(check.snapshot.connection())
        .await?;
    check.checked("keys", rows.len());
    let told: Vec<String> =
        terms(String::new(), &rotations).into_iter().map(|(term, _)| term.key_id).collect();
    let first = rows.iter().find(|row| row.purpose == TOKEN && !told.contains(&row.key_id));
    let expected = terms(first.map(|row| row.key_id.clone()).unwrap_or_default(), &rotations);
    for row in &rows {
        let found = |field: &str, message: &str| Problem::new(format!("key {}", row.key_id), field, message);
        let ours = match row.purpose.as_str() {
            "seal" => row.key_id == check.store.keys.seal_id(),
            "secret" => row.key_id == check.store.keys.secret_id(),
            _ => {
                let Some((term, since)) = expected.iter().find(|(term, _)| term.key_id == row.key_id) else {
                    check.found(found("record", "signs tokens, and the log has no entry that made it"));
                    continue;
                };
                check.compare(
                    &found("", "is not what the log's entries about keys tell").since(*since),
                    &[
                        ("signsFrom", row.signs_from == term.signs_from),
                        ("refusedFrom", row.refused_from == term.refused_from),
                    ],
                );
                true
            }
        };
        if !ours {
            check.found(found("record", "is not this instance's"));
        }
    }
    for (term, since) in &expected {
        if !rows.iter().any(|row| row.purpose == TOKEN && row.key_id == term.key_id) {
            let key = format!("key {}", term.key_id);
            check.found(Problem::new(key, "record", "is in the log, and its row is missing").since(*since));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(sequence: i64, action: Action, detail: Option<&str>) -> Entry {
        Entry {
            action: action.name().to_owned(),
            actor: "operator".to_owned(),
            at: Timestamp(sequence * 1_000),
            detail: detail.map(str::to_owned),
            hash: Some(format!("hash {sequence}")),
            key: String::new(),
            previous: String::new(),
            revision: None,
            sequence,
            subject: format!("key_{sequence:032x}"),
            tags: Vec::new(),
        }
    }

    #[test]
    fn a_users_entries_tell_role_and_state() {
        let mut expected = Expected::default();
        for entry in [
            entry(1, Action::UserCreated, Some("author")),
            entry(2, Action::UserUpdated, None),
            entry(3, Action::UserUpdated, Some("author → editor")),
            entry(4, Action::UserDeactivated, None),
            entry(5, Action::PasswordSet, None),
            entry(6, Action::SessionStarted, None),
        ] {
            expected.take(&entry);
        }
        let since = |sequence| Since { sequence, at: Timestamp(sequence * 1_000) };
        assert_eq!(expected.role, Some(("editor".to_owned(), since(3))));
        assert_eq!(expected.is_active, Some((false, since(4))));
        assert_eq!(expected.hash.as_deref(), Some("hash 5"));
        assert_eq!(
            (expected.version, expected.updated_at, expected.password_at),
            (4, Some(Timestamp(4_000)), Some(Timestamp(5_000)))
        );
    }

    #[test]
    fn rotations_tell_the_terms_of_keys() {
        let with_overlap = entry(1, Action::KeyRotated, Some("with overlap"));
        let at_once = entry(2, Action::KeyRotated, Some(AT_ONCE));
        let told = terms("first".to_owned(), &[with_overlap.clone(), at_once.clone()]);
        let refused: Vec<Option<Timestamp>> = told.iter().map(|(term, _)| term.refused_from).collect();
        // The second rotation, at once, came before the first one's overlap was over.
        assert_eq!(refused, [Some(at_once.at), Some(at_once.at), None]);
        assert_eq!(told[1].0.signs_from, rotate_keys::moments(with_overlap.at, false).0);
        assert_eq!(told[2].0.signs_from, at_once.at);
        assert_eq!(terms("first".to_owned(), &[]).len(), 1);
    }
}
