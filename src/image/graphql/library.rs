//! The library's images, as editors see them.
#![allow(clippy::disallowed_types, reason = "MergedObject's derive names async-graphql's error")]

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, InputObject, MergedObject, Object, SimpleObject};
use uuid::Uuid;

use super::shown::Shown;
use crate::account::policy;
use crate::article::graphql::UseCounts;
use crate::article::image_uses;
use crate::author;
use crate::author::graphql::AuthorRecord;
use crate::cache::recall::{KnownOf, told_of};
use crate::db::keyset::{Page, Position, SortKey};
use crate::error::Failure;
use crate::graphql::batch::{Batch, Member};
use crate::graphql::connection::{COUNTED, Connection, Count, PageArguments};
use crate::graphql::cursors::ListName;
use crate::graphql::operation;
use crate::graphql::scalars::DateTime;
use crate::id::ImageId;
use crate::image::address;
use crate::image::entity::image_records;
use crate::image::read::{self, LibraryFilter};
use crate::operation::{Operation, Store};
use crate::text::markdown::Picture;

/// A point in a picture.
#[derive(SimpleObject)]
pub struct FocalPoint {
    /// How far from the left, in ten-thousandths of the width.
    x: i32,
    /// How far from the top, in ten-thousandths of the height.
    y: i32,
}

/// What a page of the library's images loads together.
#[derive(Default)]
pub struct LibraryImageLoads {
    uses: UseCounts,
    portraits: Batch<PageArguments, KnownOf<Uuid, Page<AuthorRecord>>>,
    portrait_counts: Batch<(), HashMap<Uuid, i64>>,
}

/// What editors alone see of it.
#[derive(Clone)]
pub struct Kept(Member<image_records::Model, LibraryImageLoads>);

/// An image as editors see it, whether public or not.
#[derive(Clone, MergedObject)]
pub struct LibraryImage(Shown, Kept);

impl LibraryImage {
    fn new(member: Member<image_records::Model, LibraryImageLoads>) -> Self {
        Self(Shown::private(member.row(), &member.op().store), Kept(member))
    }

    /// An image alone on its page.
    pub fn alone(op: &Arc<Operation>, row: image_records::Model) -> Self {
        Self::new(Member::alone(op, row))
    }

    /// Images that load together, in their order.
    pub fn page(op: &Arc<Operation>, rows: Vec<image_records::Model>) -> Vec<Self> {
        Member::page(op, rows).into_iter().map(Self::new).collect()
    }

    /// The same, by their ids.
    pub fn by_id(
        op: &Arc<Operation>,
        rows: impl Iterator<Item = image_records::Model>,
    ) -> HashMap<ImageId, Self> {
        Self::page(op, rows.collect()).into_iter().map(|image| (image.record().id, image)).collect()
    }

    /// What rendering a preview needs of it.
    pub fn picture(row: &image_records::Model, store: &Store) -> Picture {
        Picture {
            url: address::signed(store, row),
            alt: row.alt.clone(),
            caption: row.caption.clone(),
            credit: row.credit.clone(),
            width: row.width,
            height: row.height,
        }
    }

    /// Its record.
    pub fn record(&self) -> &image_records::Model {
        self.1.0.row()
    }
}

impl Kept {
    fn record(&self) -> &image_records::Model {
        self.0.row()
    }
}

/// Merged into [`LibraryImage`].
#[Object]
impl Kept {
    /// What must stay in sight when it is cropped.
    async fn focal_point(&self) -> FocalPoint {
        FocalPoint { x: self.record().focal_x, y: self.record().focal_y }
    }

    /// The uploaded file's name.
    async fn file_name(&self) -> &str {
        &self.record().file_name
    }

    /// How many articles use it, in their newest revision or in their public one, those in the trash among them;
    /// `drafts(filter: { uses: … })` lists them.
    async fn usage_count(&self) -> Result<i64, Failure> {
        let cohort = self.0.cohort();
        let all = cohort.rows.iter().map(|row| row.id.0);
        cohort.loads.uses.of(&cohort.op, all, self.record().id.0).await
    }

    /// The authors whose portrait it is, by name.
    async fn portrait_of(
        &self,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
    ) -> Result<Connection<AuthorRecord>, Failure> {
        let (cohort, id) = (self.0.cohort(), self.record().id);
        let arguments = PageArguments { first, after, last, before };
        let list = ListName::new(&["image.portraitOf", &id.to_string()]);
        let window = arguments.window(&cohort.op.store.keys, &list)?;
        let pages = cohort.loads.portraits.get(arguments, || async {
            let images: Vec<Uuid> = cohort.rows.iter().map(|row| row.id.0).collect();
            let pages = author::read::with_portraits(&*cohort.op.snapshot().await?, &images, &window).await?;
            Ok(AuthorRecord::pages(&cohort.op, pages))
        });
        let page = told_of(&*pages.await?, id.0, &cohort.op);
        let counted = self.0.clone();
        Ok(Connection::new(&cohort.op, list, page, AuthorRecord::place, move || {
            let counted = counted.clone();
            async move {
                let cohort = counted.cohort();
                let counts = cohort.loads.portrait_counts.get((), || async {
                    let images: Vec<Uuid> = cohort.rows.iter().map(|row| row.id.0).collect();
                    author::read::portrait_counts(&*cohort.op.snapshot().await?, &images).await
                });
                let number = counts.await?.get(&id.0).copied().unwrap_or_default();
                Ok(Count::exactly(u64::try_from(number).unwrap_or_default()))
            }
        }))
    }

    /// Rises with every change; an edit names the one that it was made from.
    async fn version(&self) -> i32 {
        self.record().version
    }

    /// When it was uploaded.
    async fn created_at(&self) -> DateTime {
        DateTime(self.record().created_at)
    }
}

/// Which images: all conditions that are given hold.
#[derive(Default, InputObject)]
pub struct LibraryImageFilter {
    /// Only those that something uses, or only those that nothing does: articles in their newest revision or in their public
    /// one, those in the trash among them, and authors whose portrait it is. What nothing uses can be deleted.
    is_used: Option<bool>,
}

/// The library's images, under `viewer`.
#[derive(Default)]
pub struct ImageViewer;

#[Object]
impl ImageViewer {
    #[allow(clippy::too_many_arguments, reason = "the arguments of the field")]
    /// The library's images, newest first; none for roles that don't see the library.
    async fn images(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only those with all of these words, or parts of words, in alt text, caption, credit or file name."
        )]
        search: Option<String>,
        #[graphql(
            desc = "How many from the start; 20 where neither `first` nor `last` is given, 100 at most."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only those after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 100 at most.")] last: Option<i32>,
        #[graphql(desc = "Only those before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those for which all of this holds.")] filter: Option<LibraryImageFilter>,
    ) -> Result<Connection<LibraryImage>, Failure> {
        let op = operation(ctx)?;
        let LibraryImageFilter { is_used } = filter.unwrap_or_default();
        let filter = LibraryFilter {
            words: read::searched(search.as_deref()),
            uses: is_used.map(image_uses::condition),
        };
        let named: Vec<&str> = filter.words.iter().flatten().map(String::as_str).collect();
        let is_searched = if filter.words.is_some() { "searched" } else { "all" };
        let used = format!("{is_used:?}");
        let list = ListName::new(&[&["viewer.images", &used, is_searched], &named[..]].concat());
        let window = PageArguments { first, after, last, before }.window(&op.store.keys, &list)?;
        let sees = policy::sees_library(op.viewer);
        let Page { rows, has_next, has_previous } = if sees {
            read::library(&*op.snapshot().await?, &filter, &window).await?
        } else {
            Page::default()
        };
        let page = Page { rows: LibraryImage::page(op, rows), has_next, has_previous };
        let place = |image: &LibraryImage| Position {
            key: SortKey::Number(image.record().created_at.0),
            id: image.record().id.0,
        };
        Ok(Connection::listed(op, list, page, place, move |op| {
            let filter = filter.clone();
            async move {
                if sees { read::library_count(&*op.snapshot().await?, &filter, COUNTED).await } else { Ok(0) }
            }
        }))
    }
}
