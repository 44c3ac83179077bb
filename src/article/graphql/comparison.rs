//! What differs between two revisions, in the schema.

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use tokio::sync::Semaphore;

use super::draft::RevisionObject;
use super::draft_content::DraftRelatedLink;
use crate::article::compare::{
    self, Comparison, Field, FieldDifference, LeadFigureDifference, ListDifference, Place, SectionDifference,
};
use crate::article::content::{Content, LeadFigure};
use crate::article::draft;
use crate::article::referred::{self, Library};
use crate::article::resolve::resolve;
use crate::article::revision::{self, Revision};
use crate::error::Failure;
use crate::graphql::errors::{Nullable, nullable};
use crate::graphql::{ids, operation};
use crate::id::{ArticleId, GlobalId};
use crate::image::graphql::LibraryImage;
use crate::operation::Operation;
use crate::text::difference::{Change, Run};

/// Revisions compared at once.
static COMPARING: Semaphore = Semaphore::const_new(2);

/// What differs from one revision of an article to another.
pub struct RevisionComparison {
    from: RevisionObject,
    to: RevisionObject,
    comparison: Comparison,
    /// What the differences refer to.
    library: Library,
    op: Arc<Operation>,
}

impl RevisionComparison {
    /// Compares two revisions. The viewer must be one who may read them.
    pub async fn new(op: &Arc<Operation>, from: Revision, to: Revision) -> Result<Self, Failure> {
        let (before, after) = (from.clone(), to.clone());
        // It is work for a processor: up to a second for the longest articles. Others must get a turn.
        let _place =
            COMPARING.acquire().await.map_err(|_| Failure::corrupt("the queue of comparisons is closed"))?;
        let [mut before, mut after] = [revision::content(&before)?, revision::content(&after)?];
        resolve(op.snapshot().await?.connection(), [&mut before, &mut after]).await?;
        let compared = tokio::task::spawn_blocking(move || {
            let comparison = compare::compare(&before, &after);
            // The texts refer to nothing that a comparison shows.
            let [before, after] = [before, after].map(|content| Content { sections: Vec::new(), ..content });
            (comparison, before, after)
        });
        let (comparison, before, after) = compared.await?;
        let library = referred::library(op.snapshot().await?.connection(), &[&before, &after]).await?;
        let [from, to] = <[RevisionObject; 2]>::try_from(RevisionObject::page(op, vec![from, to]))
            .map_err(|_| Failure::corrupt("two revisions are not two"))?;
        Ok(Self { from, to, comparison, library, op: Arc::clone(op) })
    }

    /// The words of a text field that differs.
    fn words(&self, field: Field) -> Option<Vec<TextRun>> {
        self.comparison.fields.iter().find(|found| found.field() == field).and_then(|found| match found {
            FieldDifference::Title(runs)
            | FieldDifference::Slug(runs)
            | FieldDifference::Locale(runs)
            | FieldDifference::Excerpt(runs) => Some(text_runs(runs)),
            _ => None,
        })
    }

    fn count(&self, change: Change) -> i32 {
        count(self.comparison.count_words(change))
    }
}

/// What differs from one revision of an article to another. The other way round it is the mirror image.
#[Object]
impl RevisionComparison {
    /// The one before.
    async fn from(&self) -> RevisionObject {
        self.from.clone()
    }

    /// The one after.
    async fn to(&self) -> RevisionObject {
        self.to.clone()
    }

    /// Which fields differ, sections left out: each of them is told below by its name.
    async fn differing(&self) -> Vec<ComparedField> {
        self.comparison.fields.iter().map(|found| found.field().into()).collect()
    }

    /// The title, by its words; null where it is the same.
    async fn title(&self) -> Option<Vec<TextRun>> {
        self.words(Field::Title)
    }

    /// The name in addresses; null where it is the same.
    async fn slug(&self) -> Option<Vec<TextRun>> {
        self.words(Field::Slug)
    }

    /// The language; null where it is the same.
    async fn locale(&self) -> Option<Vec<TextRun>> {
        self.words(Field::Locale)
    }

    /// The excerpt, by its words; null where it is the same.
    async fn excerpt(&self) -> Option<Vec<TextRun>> {
        self.words(Field::Excerpt)
    }

    /// The picture above the text; null where it is the same.
    async fn lead_figure(&self) -> Option<LeadFigureComparison> {
        self.comparison.fields.iter().find_map(|found| match found {
            FieldDifference::LeadFigure(LeadFigureDifference { before, after, caption, credit }) => {
                let figure = |figure: &Option<LeadFigure>| {
                    let figure = figure.as_ref()?;
                    let image = self.library.images.get(&figure.image);
                    Some(ComparedFigure {
                        image_id: ids::global(figure.image),
                        image: image.map(|row| LibraryImage::alone(&self.op, row.clone())),
                    })
                };
                Some(LeadFigureComparison {
                    before: figure(before),
                    after: figure(after),
                    caption: text_runs(caption),
                    credit: text_runs(credit),
                })
            }
            _ => None,
        })
    }

    /// The byline; null where it is the same.
    async fn authors(&self) -> Option<ListComparison> {
        self.comparison.fields.iter().find_map(|found| match found {
            FieldDifference::Authors(list) => Some(ListComparison::new(list, |id| {
                self.library.authors.get(&id).map(|author| author.name.clone())
            })),
            _ => None,
        })
    }

    /// The categories; null where they are the same.
    async fn categories(&self) -> Option<ListComparison> {
        self.comparison.fields.iter().find_map(|found| match found {
            FieldDifference::Categories(list) => Some(ListComparison::new(list, |id| {
                self.library.categories.get(&id).map(|category| category.name.clone())
            })),
            _ => None,
        })
    }

    /// The tags; null where they are the same.
    async fn tags(&self) -> Option<ListComparison> {
        self.comparison.fields.iter().find_map(|found| match found {
            FieldDifference::Tags(list) => {
                Some(ListComparison::new(list, |id| self.library.tags.get(&id).map(|tag| tag.name.clone())))
            }
            _ => None,
        })
    }

    /// The related links; null where they are the same. One whose title was changed was removed and added.
    async fn related_links(&self) -> Option<RelatedLinksComparison> {
        self.comparison.fields.iter().find_map(|found| match found {
            FieldDifference::RelatedLinks(ListDifference { added, removed, is_reordered }) => {
                let [added, removed] = [added, removed].map(|links| {
                    let shown = |link| DraftRelatedLink::new(self.op.viewer, &self.library, link);
                    links.iter().map(shown).collect()
                });
                Some(RelatedLinksComparison { added, removed, is_reordered: *is_reordered })
            }
            _ => None,
        })
    }

    /// The sections that differ, in the order after; one that was removed stands behind the one that it followed.
    async fn sections(&self) -> Vec<SectionComparison<'_>> {
        self.comparison.sections.iter().map(SectionComparison).collect()
    }

    /// How many words were added to sections' headings and bodies.
    async fn words_added(&self) -> i32 {
        self.count(Change::Added)
    }

    /// How many words were removed from sections' headings and bodies.
    async fn words_removed(&self) -> i32 {
        self.count(Change::Removed)
    }
}

/// A field of an article beside its sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Field")]
pub enum ComparedField {
    /// `title`.
    Title,
    /// `slug`.
    Slug,
    /// `locale`.
    Locale,
    /// `excerpt`.
    Excerpt,
    /// `leadFigure`.
    LeadFigure,
    /// `authors`.
    Authors,
    /// `categories`.
    Categories,
    /// `tags`.
    Tags,
    /// `relatedLinks`.
    RelatedLinks,
}

/// What became of a stretch of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Change")]
pub enum TextChange {
    /// It is in both texts.
    Same,
    /// It is in the one before only.
    Removed,
    /// It is in the one after only.
    Added,
}

/// A stretch of text with one fate: put together, all that are `SAME` or `REMOVED` make the text before, and all that are
/// `SAME` or `ADDED` the text after.
#[derive(SimpleObject)]
pub struct TextRun {
    /// What became of it.
    change: TextChange,
    /// Words, with their spaces and signs.
    text: String,
}

fn text_runs(runs: &[Run]) -> Vec<TextRun> {
    runs.iter().map(|Run { change, text }| TextRun { change: (*change).into(), text: text.clone() }).collect()
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}

/// How the picture above the text differs.
#[derive(SimpleObject)]
pub struct LeadFigureComparison {
    /// Which it was; null: there was none.
    before: Option<ComparedFigure>,
    /// Which it is; null: there is none.
    after: Option<ComparedFigure>,
    /// The caption for this place, by its words.
    caption: Vec<TextRun>,
    /// The credit for this place, by its words.
    credit: Vec<TextRun>,
}

/// An image that stands or stood above a text.
#[derive(SimpleObject)]
pub struct ComparedFigure {
    /// The image's id.
    image_id: ID,
    /// The image; null where it is not in the library any more.
    image: Option<LibraryImage>,
}

/// How a list of authors, categories or tags differs.
#[derive(SimpleObject)]
pub struct ListComparison {
    /// Those that are in the list after only, in its order.
    added: Vec<ListedThing>,
    /// Those that are in the list before only, in its order.
    removed: Vec<ListedThing>,
    /// Whether those that are in both stand in another order.
    is_reordered: bool,
}

impl ListComparison {
    fn new<T: GlobalId>(list: &ListDifference<T>, name: impl Fn(T) -> Option<String>) -> Self {
        let ListDifference { added, removed, is_reordered } = list;
        let things =
            |ids: &[T]| ids.iter().map(|id| ListedThing { id: ids::global(*id), name: name(*id) }).collect();
        Self { added: things(added), removed: things(removed), is_reordered: *is_reordered }
    }
}

/// An author, category or tag that an article names or named.
#[derive(SimpleObject)]
pub struct ListedThing {
    /// Its id.
    id: ID,
    /// What it is called now; null where it is not in the library any more.
    name: Option<String>,
}

/// How the related links differ.
#[derive(SimpleObject)]
pub struct RelatedLinksComparison {
    /// Those that are in the list after only, in its order.
    added: Vec<DraftRelatedLink>,
    /// Those that are in the list before only, in its order.
    removed: Vec<DraftRelatedLink>,
    /// Whether those that are in both stand in another order.
    is_reordered: bool,
}

/// Whether a section came, went or stayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum SectionChange {
    /// It is in the text after only.
    Added,
    /// It is in the text before only.
    Removed,
    /// It is in both. `isMoved` and `isChanged` say what happened to it; where neither did, it has another id.
    Stayed,
}

/// A section that differs.
pub struct SectionComparison<'a>(&'a SectionDifference);

/// A section that differs, and how.
#[Object]
impl SectionComparison<'_> {
    /// Whether it came, went or stayed.
    async fn change(&self) -> SectionChange {
        match (self.0.before, self.0.after) {
            (None, _) => SectionChange::Added,
            (_, None) => SectionChange::Removed,
            _ => SectionChange::Stayed,
        }
    }

    /// Whether it stands elsewhere among those that stayed: one section put over five others is one that moved.
    async fn is_moved(&self) -> bool {
        self.0.is_moved
    }

    /// Whether it stayed, with another heading, level or body.
    async fn is_changed(&self) -> bool {
        self.0.is_changed()
    }

    /// Where it stood; null where it was added.
    async fn before(&self) -> Option<SectionPlace> {
        self.0.before.map(SectionPlace::from)
    }

    /// Where it stands; null where it was removed. It has another id than before where it was taken out and put in again,
    /// and recognised by its words.
    async fn after(&self) -> Option<SectionPlace> {
        self.0.after.map(SectionPlace::from)
    }

    /// Its heading, by its words; empty where it has none.
    async fn heading(&self) -> Vec<TextRun> {
        text_runs(&self.0.heading)
    }

    /// Its Markdown, by its words.
    async fn body(&self) -> Vec<TextRun> {
        text_runs(&self.0.body)
    }

    /// How many words were added to heading and body.
    async fn words_added(&self) -> i32 {
        count(self.0.count_words(Change::Added))
    }

    /// How many words were removed from heading and body.
    async fn words_removed(&self) -> i32 {
        count(self.0.count_words(Change::Removed))
    }
}

/// Where a section stands in a text.
#[derive(SimpleObject)]
pub struct SectionPlace {
    /// The section's id.
    id: ID,
    /// Its place, from 1.
    position: i32,
    /// The level of its heading: 2, 3 or 4.
    level: i32,
}

impl From<Place> for SectionPlace {
    fn from(Place { id, position, level }: Place) -> Self {
        Self { id: ids::global(id), position: count(position), level }
    }
}

/// Comparing revisions, under `viewer`.
#[derive(Default)]
pub struct ComparisonViewer;

#[Object]
impl ComparisonViewer {
    /// What differs from one revision of an article to another, by field and section; null where there is no draft that the
    /// viewer may read.
    async fn compare_revisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The article's id.")] article_id: ID,
        #[graphql(desc = "The number of the revision before.")] from: i32,
        #[graphql(desc = "The number of the revision after.")] to: i32,
    ) -> Nullable<RevisionComparison> {
        nullable(async {
            let op = operation(ctx)?;
            let id: ArticleId = ids::parse(&article_id, &["articleId"])?;
            let snapshot = op.snapshot().await?;
            let Some(draft) = draft::read(&snapshot, op.viewer, id).await? else { return Ok(None) };
            for (argument, number) in [("from", from), ("to", to)] {
                if !(1..=draft.head_revision).contains(&number) {
                    let message = format!("The article has the revisions 1 to {}.", draft.head_revision);
                    return Err(Failure::bad_request(&[argument], message));
                }
            }
            let found = revision::read_many(snapshot.connection(), &[(id, from), (id, to)]).await?;
            drop(snapshot);
            let revision = |number| {
                let found = found.get(&(id, number)).cloned();
                found.ok_or_else(|| Failure::corrupt(format!("{id} has no revision {number}")))
            };
            RevisionComparison::new(op, revision(from)?, revision(to)?).await.map(Some)
        })
        .await
    }
}
