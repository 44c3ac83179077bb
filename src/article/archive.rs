//! The archive: how many public articles are from each month, in UTC. The counts move with every publication, so that a site's
//! archive costs the same however many articles it holds. Who writes holds the lock on the public tables.

use chrono::{DateTime, Datelike as _, Months, NaiveDate};
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait as _, DatabaseTransaction, EntityTrait as _, QueryFilter as _, QueryOrder as _};

use super::entity::public::archive_months;
use crate::clock::Timestamp;
use crate::db::{Snapshot, rows};
use crate::error::Failure;
use crate::reads::ARTICLES;

/// A month of a year, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// Of the Gregorian calendar.
    pub year: i32,
    /// 1 to 12.
    pub month: u32,
}

/// From a moment on, and up to another, which is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    /// Its first millisecond.
    pub start: Timestamp,
    /// The first millisecond after it.
    pub end: Timestamp,
}

impl Month {
    /// The month in which a moment lies.
    pub fn of(moment: Timestamp) -> Self {
        let date = DateTime::from_timestamp_millis(moment.0).unwrap_or_default();
        Self { year: date.year(), month: date.month() }
    }

    /// As it stands in the table.
    fn key(self) -> i32 {
        self.year * 100 + i32::try_from(self.month).unwrap_or_default()
    }

    fn from_key(key: i32) -> Self {
        Self { year: key.div_euclid(100), month: u32::try_from(key.rem_euclid(100)).unwrap_or_default() }
    }

    /// From its first moment to the first of the next; `None` where there is no such month.
    pub fn period(self) -> Option<Period> {
        period(NaiveDate::from_ymd_opt(self.year, self.month, 1)?, 1)
    }
}

/// The whole of a year; `None` where there is no such year.
pub fn year(year: i32) -> Option<Period> {
    period(NaiveDate::from_ymd_opt(year, 1, 1)?, 12)
}

fn period(first: NaiveDate, months: u32) -> Option<Period> {
    let moment = |date: NaiveDate| {
        date.and_hms_opt(0, 0, 0).map(|moment| Timestamp(moment.and_utc().timestamp_millis()))
    };
    Some(Period { start: moment(first)?, end: moment(first.checked_add_months(Months::new(months))?)? })
}

/// How many public articles are from each month, the newest month first; none that has none.
pub async fn months(snapshot: &Snapshot) -> Result<Vec<(Month, i32)>, Failure> {
    snapshot.reads().note(ARTICLES);
    let query = archive_months::Entity::find().order_by_desc(archive_months::Column::Month);
    let rows = rows::all(snapshot, &query).await?;
    Ok(rows.into_iter().map(|row| (Month::from_key(row.month), row.article_count)).collect())
}

/// An article of this moment has become public.
pub(super) async fn count_one_more(
    connection: &DatabaseTransaction,
    published_at: Timestamp,
) -> Result<(), Failure> {
    count_more(connection, Month::of(published_at), 1).await
}

/// So many articles of a month have become public.
pub(super) async fn count_more(
    connection: &DatabaseTransaction,
    month: Month,
    by: i32,
) -> Result<(), Failure> {
    let counted = archive_months::Entity::update_many()
        .col_expr(
            archive_months::Column::ArticleCount,
            Expr::col(archive_months::Column::ArticleCount).add(by),
        )
        .filter(archive_months::Column::Month.eq(month.key()))
        .exec(connection)
        .await?;
    if counted.rows_affected == 0 {
        let first = archive_months::ActiveModel { month: Set(month.key()), article_count: Set(by) };
        archive_months::Entity::insert(first).exec_without_returning(connection).await?;
    }
    Ok(())
}

/// An article of this moment is public no longer.
pub(super) async fn count_one_less(
    connection: &DatabaseTransaction,
    published_at: Timestamp,
) -> Result<(), Failure> {
    let month = archive_months::Column::Month.eq(Month::of(published_at).key());
    let last = archive_months::Entity::delete_many()
        .filter(month.clone())
        .filter(archive_months::Column::ArticleCount.eq(1))
        .exec(connection)
        .await?;
    if last.rows_affected == 0 {
        archive_months::Entity::update_many()
            .col_expr(
                archive_months::Column::ArticleCount,
                Expr::col(archive_months::Column::ArticleCount).sub(1),
            )
            .filter(month)
            .exec(connection)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_month_is_the_calendars() {
        let moment = |text| Timestamp::parse_rfc3339(text).unwrap();
        let december = Month { year: 2026, month: 12 };
        assert_eq!(Month::of(moment("2026-12-31T23:59:59.999Z")), december);
        assert_eq!(Month::of(moment("2027-01-01T00:59:59+01:00")), december);
        let period = december.period().unwrap();
        assert_eq!(period.start, moment("2026-12-01T00:00:00Z"));
        assert_eq!(period.end, moment("2027-01-01T00:00:00Z"));
        assert_eq!(year(2026).unwrap().end, period.end);
        assert_eq!(Month { year: 2026, month: 13 }.period(), None);
        assert_eq!(year(i32::MAX), None);
    }

    proptest! {
        #[test]
        fn a_moment_lies_in_its_month(milliseconds in 0_i64..4_102_444_800_000) {
            let month = Month::of(Timestamp(milliseconds));
            let period = month.period().unwrap();
            prop_assert!((period.start.0..period.end.0).contains(&milliseconds));
            prop_assert_eq!(Month::from_key(month.key()), month);
        }
    }
}
