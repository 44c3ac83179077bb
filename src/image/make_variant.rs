//! Makes a variant of a picture at its first request, or before it, and keeps it: once on a node, however many ask at once; where two nodes
//! make it, the one that comes second finds it there.

use std::collections::BTreeSet;
use std::sync::Arc;

use object_store::path::Path;

use super::picture::{NotMade, Recipe, scaled};
use super::store::{self, Kind};
use super::variant::{Format, Size, Source, Variant};
use crate::error::Failure;
use crate::operation::Store;
use crate::work::Place;

/// A variant's file.
#[derive(Clone, Debug)]
pub struct VariantFile {
    /// Where it is kept.
    pub path: Path,
    /// Another for other bytes.
    pub tag: String,
    recipe: Recipe,
    source: Source,
}

impl VariantFile {
    /// Where the variant of a picture is kept, in this format.
    pub fn of(store: &Store, source: &Source, variant: Variant, format: Format) -> Self {
        let quality = match format {
            Format::Jpeg => store.config.image_jpeg_quality,
            Format::WebP => store.config.image_webp_quality,
            Format::Avif => store.config.image_avif_quality,
            Format::Png => 100,
        };
        let recipe = Recipe { size: variant.size, focal_point: source.focal_point, format, quality };
        let name = Variant { format: Some(format), ..variant }.name(source);
        // Another quality makes another file.
        let name = format!("q{quality}-{name}");
        let tag = format!("{}-{name}", source.short_hash());
        Self { path: store::variant_path(&source.hash, &name), tag, recipe, source: source.clone() }
    }

    /// All that browsers will ask for where pages say neither a crop nor a format: every width, as the best browsers show it, as
    /// most do, and as all do.
    /// In an order by chance: nodes that make the same at once meet seldom, and find what the other has made.
    pub fn all_of(store: &Store, source: &Source) -> Vec<Self> {
        let browsers = ["image/avif,image/webp", "image/webp", "*/*"];
        let formats: BTreeSet<Format> = browsers
            .into_iter()
            .map(|accept| Format::best(accept, source, store.config.image_auto_avif))
            .collect();
        let widths = Variant::widths(source, &store.config.image_widths);
        let mut files: Vec<(u64, Self)> = Vec::new();
        for width in widths {
            for format in &formats {
                let mut place = [0; 8];
                store.chance.fill(&mut place);
                let variant = Variant { size: Size::Width(width), format: None };
                files.push((u64::from_le_bytes(place), Self::of(store, source, variant, *format)));
            }
        }
        files.sort_by_key(|(place, _)| *place);
        files.into_iter().map(|(_, file)| file).collect()
    }

    /// Makes it when nobody waits for anything else to be made, unless it is there, or being made.
    pub async fn make_when_idle(&self, store: &Arc<Store>) -> Result<(), Failure> {
        if store::is_there(store, &self.path).await? {
            return Ok(());
        }
        let place = store.work.idle_place().await?;
        // Not waited for: who makes it may wait for this very place.
        let Some(_turn) = store.work.alone_now(self.path.as_ref()) else { return Ok(()) };
        self.make_in(store, place).await
    }

    /// Makes it, if it isn't there. Who asked may go away: it is made nevertheless, for the next.
    pub async fn make(self, store: &Arc<Store>) -> Result<(), Failure> {
        let store = Arc::clone(store);
        tokio::spawn(async move { self.make_once(&store).await }).await?
    }

    async fn make_once(self, store: &Store) -> Result<(), Failure> {
        let _turn = store.work.alone(self.path.as_ref()).await?;
        if store::is_there(store, &self.path).await? {
            return Ok(());
        }
        let place = store.work.place().await?;
        self.make_in(store, place).await
    }

    async fn make_in(&self, store: &Store, place: Place) -> Result<(), Failure> {
        let missing = || Failure::corrupt(format!("the file {} is missing", self.source.hash));
        let rendition = store::get(store, Kind::Rendition, &self.source.hash).await?.ok_or_else(missing)?;
        let rendition = rendition.bytes().await?;
        let recipe = self.recipe;
        let made = store.work.run_in(place, move || scaled(&rendition, recipe)).await?;
        let made =
            made.map_err(|NotMade(why)| Failure::corrupt(format!("{} can't be made: {why}", self.path)))?;
        let (width, is_cropped) = match recipe.size {
            Size::Width(width) => (width, false),
            Size::Crop(width, _) => (width, true),
        };
        tracing::debug!(hash = %self.source.hash, width, is_cropped, bytes = made.len(), "a variant was made");
        store::put_new(store, &self.path, made).await
    }
}
