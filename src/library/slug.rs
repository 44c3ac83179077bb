//! The slug of an author, a tag or a category: one that nothing else of its kind has or had.

use std::collections::HashSet;

use sea_orm::DatabaseTransaction;
use uuid::Uuid;

use super::former_slugs;
use crate::error::{Failure, Problems, UserErrorCode};
use crate::log::SubjectType;
use crate::operation::Operation;
use crate::text::slug;

/// A kind of thing that has a slug.
pub trait Slugged {
    /// As the log has it.
    const KIND: SubjectType;
    /// In our words: "tag".
    const NOUN: &'static str;

    /// Which of these slugs things of this kind have now, other than this one.
    fn present(
        connection: &DatabaseTransaction,
        slugs: Vec<String>,
        except: Option<Uuid>,
    ) -> impl Future<Output = Result<HashSet<String>, Failure>> + Send;
}

/// Notes where a slug that was given is not free for this thing.
pub async fn check<T: Slugged>(
    connection: &DatabaseTransaction,
    given: &str,
    except: Option<Uuid>,
    problems: &mut Problems,
) -> Result<(), Failure> {
    if !taken::<T>(connection, vec![given.to_owned()], except).await?.is_empty() {
        let message = format!("Another {} has or had this slug. Choose another.", T::NOUN);
        problems.add(UserErrorCode::Taken, &["input", "slug"], message);
    }
    Ok(())
}

/// The first free slug that a name gives.
pub async fn derived<T: Slugged>(
    connection: &DatabaseTransaction,
    op: &Operation,
    name: &str,
) -> Result<String, Failure> {
    let derived = slug::from_title(name);
    let base = if derived.is_empty() { T::NOUN } else { &derived };
    let candidates = slug::candidates(base, &op.random_hex::<4>());
    let taken = taken::<T>(connection, candidates.clone(), None).await?;
    Ok(slug::first_free(candidates, &taken))
}

async fn taken<T: Slugged>(
    connection: &DatabaseTransaction,
    slugs: Vec<String>,
    except: Option<Uuid>,
) -> Result<HashSet<String>, Failure> {
    let mut taken = T::present(connection, slugs.clone(), except).await?;
    taken.extend(former_slugs::taken(connection, T::KIND, slugs, except).await?);
    Ok(taken)
}
