//! `createArticle`: a draft with its first revision, owned by who created it.

use sea_orm::ActiveModelTrait as _;
use sea_orm::ActiveValue::Set;

use super::draft::{self, Draft, Stage};
use super::entity::private::drafts;
use super::fields::{self, Fields};
use super::{referred, revision, uses};
use crate::account::policy::{self, act};
use crate::error::{Failure, Problems, UserErrorCode};
use crate::given::Given;
use crate::id::ArticleId;
use crate::log::{Action, NewChange, SubjectType, save};
use crate::operation::Operation;
use crate::text::slug;

/// Starts an article.
pub async fn create(op: &Operation, given: Fields) -> Result<Draft, Failure> {
    policy::allow_new::<act::CreateArticle>(op)?;
    let owner = op.viewer.user_id().ok_or(Failure::Unauthenticated)?;
    let slug_is_given = matches!(given.slug, Given::Value(_));
    let new_section_ids: Vec<Option<_>> = match &given.sections {
        Given::Value(sections) => sections.iter().map(|section| section.id).collect(),
        Given::Absent | Given::Null => Vec::new(),
    };
    let mut problems = Problems::default();
    for (index, _) in new_section_ids.iter().enumerate().filter(|(_, id)| id.is_some()) {
        let path = ["input", "sections", &index.to_string(), "id"];
        problems.add(UserErrorCode::NotFound, &path, "A new article has no sections yet: leave the id out.");
    }
    let language = op.store.config.site.default_language();
    let mut blank = fields::blank(op.random_hex::<16>());
    blank.locale = language.to_owned();
    let given = given.with_default_locale(language);
    let (mut content, note) = fields::apply(&blank, given, || op.new_id(), &mut problems);
    fields::check_size(&content, &mut problems);

    let transaction = op.begin().await?;
    transaction.share_library().await?;
    let id: ArticleId = op.new_id();
    let library = referred::library(transaction.connection(), &[&content]).await?;
    referred::check_references(op, None, &content, &library, &mut problems);
    let wanted = if slug_is_given { content.slug.clone() } else { slug::from_title(&content.title) };
    if !(slug_is_given && wanted.is_empty()) {
        content.slug =
            draft::reserve_slug(&transaction, op, id, &wanted, slug_is_given, &mut problems).await?;
    }
    problems.check()?;
    let now = op.now();
    let created = drafts::ActiveModel {
        article_id: Set(id),
        owner_id: Set(owner),
        stage: Set(Stage::Writing.name().to_owned()),
        stage_note: Set(None),
        version: Set(1),
        head_revision: Set(1),
        published_revision: Set(None),
        title: Set(content.title.clone()),
        slug: Set(content.slug.clone()),
        first_published_at: Set(None),
        created_at: Set(now),
        updated_at: Set(now),
        trashed_at: Set(None),
        erased_at: Set(None),
    }
    .insert(transaction.connection())
    .await?;
    let revision = revision::write(&transaction, op, &created, &content, note).await?;
    uses::add(&transaction, id, uses::of(&content)).await?;
    save(
        transaction,
        op,
        NewChange::new(Action::ArticleCreated, SubjectType::Article, id).revision(1, revision.hash),
    )
    .await?;
    Ok(created)
}
