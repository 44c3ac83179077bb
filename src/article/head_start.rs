//! With `image_variants = "publication"`, the variants that readers' browsers will ask for are made when an article is published,
//! or a public picture gets another file, not at the first request. A follower of the log, which only notes which pictures: no
//! publication waits for one to be made.
//!
//! What is noted is in memory, and bounded. What is lost with the process, or is too much, is made at its first request, as
//! everything is without it.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::time::Instant;

use tokio::sync::mpsc;

use super::read_parts::{self, Together};
use crate::config::ImageVariants;
use crate::db::Snapshot;
use crate::error::Failure;
use crate::id::{ArticleId, GlobalId as _, ImageId};
use crate::image;
use crate::image::make_variant::VariantFile;
use crate::image::variant::Source;
use crate::log::Action;
use crate::operation::{Committed, Follows, Store};

/// Pictures that wait at most.
const MOST_WAITING: usize = 1_000;

struct HeadStart(mpsc::Sender<Source>);

/// What is to follow the log, where the settings say so.
pub fn follower(store: &Arc<Store>) -> Option<Arc<dyn Follows>> {
    (store.config.image_variants == ImageVariants::AtPublication).then(|| {
        let (sender, waiting) = mpsc::channel(MOST_WAITING);
        tokio::spawn(make_all(Arc::downgrade(store), waiting));
        Arc::new(HeadStart(sender)) as _
    })
}

impl HeadStart {
    async fn note(&self, snapshot: &Snapshot, entries: &[Committed]) -> Result<(), Failure> {
        let of = |action: Action| entries.iter().filter(move |entry| entry.action == action.name());
        let articles: Vec<ArticleId> =
            of(Action::ArticlePublished).map(|entry| ArticleId::from_uuid(entry.subject_id)).collect();
        let replaced: Vec<ImageId> =
            of(Action::ImageFileReplaced).map(|entry| ImageId::from_uuid(entry.subject_id)).collect();
        let mut pictures = BTreeMap::new();
        if !articles.is_empty() {
            let figures = read_parts::figures(&Together::default(), snapshot, &articles).await?;
            pictures.extend(figures.values().flatten().map(|(_, image)| (image.id, Source::from(image))));
        }
        // Of those that nothing public shows, nobody will ask.
        let images = image::read::public(snapshot, replaced, &[]).await?;
        pictures.extend(images.values().map(|image| (image.id, Source::from(image))));
        for picture in pictures.into_values() {
            // Full: it is made at its first request.
            let _ = self.0.try_send(picture);
        }
        Ok(())
    }
}

impl Follows for HeadStart {
    fn apply<'a>(
        &'a self,
        _store: &'a Store,
        snapshot: &'a Snapshot,
        entries: &'a [Committed],
    ) -> Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>> {
        Box::pin(self.note(snapshot, entries))
    }

    fn caught_up(&self, _sequence: i64, _since: Instant) {}
}

/// Makes what is noted, one after the other, for as long as the store is there.
async fn make_all(store: Weak<Store>, mut waiting: mpsc::Receiver<Source>) {
    while let Some(picture) = waiting.recv().await {
        let Some(files) = store.upgrade().map(|store| VariantFile::all_of(&store, &picture)) else { return };
        for file in files {
            let Some(store) = store.upgrade() else { return };
            if let Err(failure) = file.make_when_idle(&store).await {
                tracing::warn!(?failure, hash = %picture.hash, "a variant can't be made ahead");
                break;
            }
        }
    }
}
