//! The archive in the schema.

use async_graphql::{Context, Object, SimpleObject};

use crate::article::archive::{self, Month};
use crate::error::Failure;
use crate::graphql::operation;

/// A year of the archive, in UTC.
#[derive(SimpleObject)]
pub struct ArchiveYear {
    /// Which.
    year: i32,
    /// How many published articles are from it.
    article_count: i32,
    /// Its months in which something was first published, the last month first. `articles(filter: { publishedIn: … })` lists
    /// their articles.
    months: Vec<ArchiveMonth>,
}

/// A month of the archive, in UTC.
#[derive(SimpleObject)]
pub struct ArchiveMonth {
    /// From 1.
    month: i32,
    /// How many published articles are from it.
    article_count: i32,
}

/// The public query for the archive.
#[derive(Default)]
pub struct ArchiveQuery;

#[Object]
impl ArchiveQuery {
    /// How many published articles are from each year and month, by when they were first published; the last year first.
    async fn archive(&self, ctx: &Context<'_>) -> Result<Vec<ArchiveYear>, Failure> {
        let months = archive::months(&*operation(ctx)?.snapshot().await?).await?;
        Ok(months
            .chunk_by(|(one, _), (next, _)| one.year == next.year)
            .filter_map(|months| {
                let (Month { year, month: _ }, _) = *months.first()?;
                Some(ArchiveYear {
                    year,
                    article_count: months.iter().map(|(_, count)| count).sum(),
                    months: months.iter().map(|(month, count)| month_of(*month, *count)).collect(),
                })
            })
            .collect())
    }
}

fn month_of(month: Month, article_count: i32) -> ArchiveMonth {
    ArchiveMonth { month: i32::try_from(month.month).unwrap_or_default(), article_count }
}
